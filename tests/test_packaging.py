"""The wheel holds every data file as it stands in the checkout, and every dependency has a pinned version."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# Where a folder of the checkout goes in the wheel.
PLACES = {"policyc": "policyc", "grammar": "policyc/_data/grammar", "templates": "policyc/_data/templates"}


def data_files():
    """Every file the wheel must carry besides the code: name in the wheel → file of the checkout."""
    return {
        f"{place}/{path.relative_to(ROOT / folder).as_posix()}": path
        for folder, place in PLACES.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".j2", ".json", ".lark", ".md", ".pol", ".toml", ".yml"}
    }


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("--wheel",), id="direct"),
        pytest.param((), id="by-way-of-sdist", marks=pytest.mark.thorough),
    ],
)
def wheel(request, tmp_path_factory):
    """A wheel, built from the checkout or (as an installer may) from the sdist; needs no network."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", *request.param, "--outdir", str(out)]
    build = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)

    assert build.returncode == 0, build.stdout + build.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.mark.packaging
def test_wheel_carries_the_data_files_unchanged(wheel):
    with zipfile.ZipFile(wheel) as archive:
        actual = {
            name: archive.read(name)
            for name in archive.namelist()
            if name.startswith("policyc/") and not name.endswith((".py", ".typed"))
        }
    expected = {name: path.read_bytes() for name, path in data_files().items()}

    assert sorted(expected) == sorted(actual)
    assert expected == actual


@pytest.mark.packaging
def test_wheel_installs_nothing_outside_its_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {"policyc", "policyc-0.1.0.dist-info"} == tops


@pytest.mark.packaging
def test_data_is_read_from_inside_the_zipped_wheel(wheel, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
        "from policyc import resources\n"
        "sys.stdout.buffer.write(resources.__file__.encode() + b'\\n')\n"
        "sys.stdout.buffer.write(resources.read_grammar('policy.lark').encode())\n"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True, cwd=tmp_path)
    origin, _, grammar = run.stdout.partition(b"\n")

    assert origin.decode().startswith(str(wheel))
    assert (ROOT / "grammar" / "policy.lark").read_bytes() == grammar


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_constraints_are_exact_versions_and_nothing_else():
    assert [line for line in pins() if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert sorted(pins()) == pins()


def test_every_dependency_has_a_pinned_version_in_its_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
    ]
    versions = dict(line.split("==") for line in pins())

    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement
