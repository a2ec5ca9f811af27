"""Tests marked `pbx` need an Asterisk, those marked `pbx_freeswitch` a FreeSWITCH.

They are skipped without one, unless POLICYC_REQUIRE_ASTERISK=1, or POLICYC_REQUIRE_FREESWITCH=1.
"""

import os
from pathlib import Path

import pytest
from pbx import freeswitch as of_freeswitch
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


@pytest.fixture(scope="session")
def freeswitch() -> Path:
    """Return the program of the FreeSWITCH under test."""
    try:
        of_freeswitch.modules(program := of_freeswitch.find())
    except of_freeswitch.NotInstalledError as missing:
        if os.environ.get("POLICYC_REQUIRE_FREESWITCH") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    else:
        return program


@pytest.fixture(scope="module", autouse=True)
def _freeswitch_or_skip(request: pytest.FixtureRequest) -> None:
    # before the fixtures that start one for a whole module
    if request.node.get_closest_marker("pbx_freeswitch"):
        request.getfixturevalue("freeswitch")
