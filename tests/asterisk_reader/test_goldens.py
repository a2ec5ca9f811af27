"""Every dialplan among the goldens is understood, for whoever calls."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from asterisk_reader.asking import explore
from policyc.targets.asterisk.reader import Numbers, plans, read

GOLDENS = sorted((Path(__file__).parents[1] / "cases/compile").glob("*/asterisk/policyc.conf"))
CALLERS = [
    (None, "unavailable"),
    (Numbers("06", 8), "prohib"),
    (Numbers("", 4), "allowed"),
    (Numbers("+33", 9), "allowed"),
]


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.parts[-3])
def test_a_golden_is_understood(path):
    dialplan = read({path.name: path.read_text(encoding="utf-8")}, path.name)
    extensions = [name.removeprefix("policyc-") for name in dialplan.contexts if name[8:].isdigit()]
    assert extensions
    for called in [*extensions, "99999"]:
        for numbers, presentation in CALLERS:
            for entry in ("policyc-internal", "policyc-external"):
                found = explore(dialplan, entry, called, numbers, presentation, ZoneInfo("Europe/Paris"))
                assert found.cases
                for case in found.cases:
                    assert not {plans.RanOut, plans.Failed} & {type(event) for event in case.plan.events}
