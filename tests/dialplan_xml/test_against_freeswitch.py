"""The evaluator beside a real FreeSWITCH, on random dialplans."""

from __future__ import annotations

import pytest

from dialplan_xml.against_freeswitch import Tally, compare

pytestmark = [pytest.mark.pbx_freeswitch, pytest.mark.usefixtures("freeswitch")]


@pytest.mark.parametrize(("seed", "count", "bridges"), [(1, 300, False), (2, 300, False), (3, 60, True)])
def test_freeswitch_runs_what_the_evaluator_says(seed: int, count: int, bridges: bool) -> None:
    tally = Tally()

    compare(seed, count, tally, bridges=bridges)

    assert not tally.differences, "\n".join(tally.differences[:3])
    assert tally.dialplans == count
    assert tally.matched > count  # of three calls each, many do something
