"""The conformance suite (`tests/calls`) on what policyc writes, as the reader reads it."""

from __future__ import annotations

from datetime import datetime

import pytest
from calls import suite
from judge.seeds import few

from asterisk_reader.asking import run
from asterisk_reader.played import Playing, compiled


def presentation(line):
    return "unavailable" if line.presented is None else "prohib_passed_screen" if line.restricted else "allowed"


@pytest.mark.parametrize("path", few(suite.paths(), 10), ids=lambda path: path.stem)
def test_calls_do_what_the_suite_says(path):
    case = suite.read(path)
    read = compiled(case.policy)
    wrong = []
    for line in case.lines:
        zone = case.policy.zone
        aware = line.instant if line.instant.tzinfo else line.instant.replace(tzinfo=zone)
        local = datetime.fromtimestamp(aware.timestamp(), zone).replace(tzinfo=None)
        entry = "policyc-internal" if line.internal else "policyc-external"
        plan = run(read.dialplan, entry, line.called, line.presented, presentation(line), local, zone)
        playing = Playing(line.states, read.mailboxes, line.restricted)
        events = playing.play(plan)
        if events != line.gives or playing.connected != line.talks_with:
            wrong.append(f"{line}: {events}, not {line.gives}")
        last = playing.shown[-1] if playing.shown else None
        if line.shown == suite.PRIVATE:
            right = (
                last and last.number_presentation.startswith("prohib") and last.name_presentation.startswith("prohib")
            )
        else:
            right = line.shown is None or (last and (last.number, last.number_presentation) == (line.shown, "allowed"))
        if not right:
            wrong.append(f"{line}: shown {last}, not {line.shown}")

    assert not wrong, "\n".join(wrong)
