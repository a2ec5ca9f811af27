"""Targets that other packages bring: the one of the documentation, found by its entry point as an installed one is."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import policyc
from policyc import config, targets

ROOT = Path(__file__).resolve().parents[1]
SHEET = ROOT / "docs" / "exemple-cible"
POLICY = """
politique "Cabinet | Martin"
poste 101 Accueil messagerie
poste 102 "Dr Martin" messagerie, mobile 06 12 34 56 78
horaires bureau = lundi-vendredi 09:00-18:00
pour "Dr Martin"
  depuis 06* 07* pendant bureau vers extension Accueil messagerie
  depuis externe vers mobile rebond
"""


@pytest.fixture
def installed(tmp_path):
    """Return a folder that holds the package of the documentation, as pip would leave it."""
    project = tomllib.loads((SHEET / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / "site" / "policyc_fiche-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"][targets.ENTRY_POINTS].items()
    (info / "entry_points.txt").write_text(
        f"[{targets.ENTRY_POINTS}]\n" + "".join(f"{name} = {module}\n" for name, module in points)
    )
    (tmp_path / "site" / "policyc_fiche.py").write_bytes((SHEET / "policyc_fiche.py").read_bytes())
    return tmp_path / "site"


@pytest.fixture
def run(installed, tmp_path):
    """Run policyc beside the package, in a folder with the policy."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "cabinet.pol").write_text(POLICY, encoding="utf-8")
    path = os.pathsep.join((str(installed), str(ROOT)))

    def command(*arguments, settings=None):
        if settings is not None:
            (here / "policyc.toml").write_text(settings, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "policyc", *arguments],
            cwd=here,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    command.folder = here
    return command


def test_a_target_of_another_package_is_compiled_when_it_is_named(run):
    result = run("compile", "--target", "fiche")

    assert result.returncode == 0, result.stderr
    sheet = (run.folder / "build" / "fiche" / "fiches.md").read_text(encoding="utf-8")
    assert sheet.startswith("# Qui reçoit vos appels\n\nCabinet \\| Martin\n")
    assert "| 06\\*, 07\\*, 0700\\* | pendant bureau | messagerie de Accueil |" in sheet
    assert "| tous externe |  | mobile, à accepter |" in sheet


def test_it_is_not_among_the_default_ones(run):
    assert run("compile", "--no-verify", "--out", "out").returncode == 0
    assert not (run.folder / "out" / "fiche").exists()


def test_its_settings_are_those_of_policyc_toml(run):
    settings = '[policy]\ntargets = ["fiche"]\n[targets.fiche]\ntitle = "Nos appels"\n'

    assert run("compile", settings=settings).returncode == 0
    assert (run.folder / "build" / "fiche" / "fiches.md").read_text(encoding="utf-8").startswith("# Nos appels\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('titre = "x"', "vouliez-vous écrire `title`"),
        ("title = 3", "targets.fiche.title"),
        ('longest_list = "x"', "targets.fiche.longest_list"),
    ],
)
def test_wrong_settings_are_shown(run, line, said):
    result = run("check", settings=f"[targets.fiche]\n{line}\n")

    assert result.returncode == 1
    assert "PC006" in result.stderr
    assert said in result.stderr


def test_what_it_cannot_say_is_refused_rule_by_rule(run):
    (run.folder / "cabinet.pol").write_text(POLICY + "  depuis 01* jusqu'au 2030-12-31 vers occupé\n", encoding="utf-8")

    result = run("compile", "--no-verify", "--target", "fiche", "--target", "asterisk")

    assert result.returncode == 1
    assert "PC401" in result.stderr
    assert "cabinet.pol:9" in result.stderr
    assert "une date de fin" in result.stderr
    assert [path.name for path in (run.folder / "build").iterdir()] == ["asterisk"]


class _Point:
    """An entry point that leads to something."""

    def __init__(self, found):
        self.found = found

    def load(self):
        return self.found


def test_what_is_no_target_is_said_so(monkeypatch):
    monkeypatch.setattr(targets, "plugins", lambda: {"broken": _Point(object())})

    with pytest.raises(TypeError, match=r"'broken' of policyc\.targets is no target"):
        targets.find("broken")


def test_a_name_that_is_none():
    with pytest.raises(KeyError):
        policyc.compile(policyc.load_text(POLICY), targets=["nothing"])


def test_no_package_replaces_a_target_of_this_one(monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [_Named("asterisk"), _Named("fiche")])
    targets.plugins.cache_clear()
    try:
        assert list(targets.plugins()) == ["fiche"]
    finally:
        targets.plugins.cache_clear()
    assert "fiche" not in config.defaults().settings


class _Named:
    def __init__(self, name):
        self.name = name
