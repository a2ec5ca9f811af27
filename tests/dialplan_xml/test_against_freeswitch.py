"""The evaluator beside a real FreeSWITCH, on random dialplans."""

from __future__ import annotations

import os

import pytest
from pbx import freeswitch

from dialplan_xml.against_freeswitch import Tally, compare

pytestmark = pytest.mark.pbx_freeswitch


@pytest.fixture(autouse=True)
def _freeswitch_or_skip() -> None:
    try:
        freeswitch.modules(freeswitch.find())
    except freeswitch.NotInstalledError as missing:
        if os.environ.get("POLICYC_REQUIRE_FREESWITCH") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.mark.parametrize(("seed", "count", "bridges"), [(1, 300, False), (2, 300, False), (3, 60, True)])
def test_freeswitch_runs_what_the_evaluator_says(seed: int, count: int, bridges: bool) -> None:
    tally = Tally()

    compare(seed, count, tally, bridges=bridges)

    assert not tally.differences, "\n".join(tally.differences[:3])
    assert tally.dialplans == count
    assert tally.matched > count  # of three calls each, many do something
