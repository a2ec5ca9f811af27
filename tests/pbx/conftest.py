"""Tests marked `pbx` need an Asterisk: they are skipped without one, unless POLICYC_REQUIRE_ASTERISK=1."""

import os
from pathlib import Path

import pytest
from pbx.asterisk import NotInstalledError, find


@pytest.fixture(scope="session")
def asterisk() -> Path:
    """Return the folder of the Asterisk under test."""
    try:
        return find()
    except NotInstalledError as missing:
        if os.environ.get("POLICYC_REQUIRE_ASTERISK") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(autouse=True)
def _asterisk_or_skip(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("pbx"):
        request.getfixturevalue("asterisk")
