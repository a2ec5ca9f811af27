"""Tests marked `pbx` need an Asterisk, those marked `pbx_freeswitch` a FreeSWITCH.

They are skipped without one: see the fixtures of `tests/conftest.py`.
"""

import pytest


@pytest.fixture(autouse=True)
def _asterisk_or_skip(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("pbx"):
        request.getfixturevalue("asterisk")


@pytest.fixture(scope="module", autouse=True)
def _freeswitch_or_skip(request: pytest.FixtureRequest) -> None:
    # before the fixtures that start one for a whole module
    if request.node.get_closest_marker("pbx_freeswitch"):
        request.getfixturevalue("freeswitch")
