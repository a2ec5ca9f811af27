"""What every test may use: `--bless`, golden files, the PBXs under test, and the Hypothesis profiles."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from pbx import freeswitch as of_freeswitch
from pbx.asterisk import NotInstalledError, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The default run gives the same verdict each time and on any machine, so neither chance nor a clock decides, and so
# does `make test-thorough`, which tries more; what looks for new examples is HYPOTHESIS_PROFILE=thorough make test
for profile, examples in (("fast", 6), ("more", 30)):
    settings.register_profile(
        profile,
        derandomize=True,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=3000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

os.environ["POLICYC_CACHE"] = ""  # what is proved here is proved anew, whatever earlier runs have proved


def pytest_collection_finish() -> None:
    """Keep what was collected from being gone through each time Python looks for cycles: a tenth of a run."""
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite the golden files; review the diff")


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten in this run."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture(scope="session")
def golden(bless: bool) -> Callable[[Path, str], None]:
    """Compare a text with its golden file, or write the file under `--bless`."""

    def compare(path: Path, actual: str) -> None:
        if bless:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8", newline="\n")
        if not path.is_file():
            pytest.fail(f"no golden file {path}: make it with --bless")
        with path.open(encoding="utf-8", newline="") as file:
            expected = file.read()

        assert expected == actual, f"{path} differs: --bless rewrites it"

    return compare


@pytest.fixture(scope="session")
def asterisk() -> Path:
    """Return the folder of the Asterisk under test; skip without one, fail if POLICYC_REQUIRE_ASTERISK=1."""
    try:
        return find()
    except NotInstalledError as missing:
        if os.environ.get("POLICYC_REQUIRE_ASTERISK") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def freeswitch() -> Path:
    """Return the program of the FreeSWITCH under test; skip without one, fail if POLICYC_REQUIRE_FREESWITCH=1."""
    try:
        of_freeswitch.modules(program := of_freeswitch.find())
    except of_freeswitch.NotInstalledError as missing:
        if os.environ.get("POLICYC_REQUIRE_FREESWITCH") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    else:
        return program
