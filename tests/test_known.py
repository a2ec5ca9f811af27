"""What `docs/prouver.md` says that the readers know is what they know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyc.targets.asterisk.reader.applications import Runner
from policyc.targets.asterisk.reader.functions import Evaluator
from policyc.targets.asterisk.reader.records import OF_THE_CHANNEL
from policyc.targets.freeswitch.reader import applications, exploring, times

CONTROL = exploring._CONTROL
PAGE = (Path(__file__).parents[1] / "docs" / "prouver.md").read_text(encoding="utf-8")


def named(section, start, end):
    """Return what stands in backticks between two words of a section of the page."""
    text = PAGE[PAGE.index(f"**{section}.**") :]
    text = text[text.index(start) : text.index(end, text.index(start))]
    return sorted(re.findall(r"`([^`]+)`", text))


@pytest.mark.parametrize(
    ("section", "start", "end", "known"),
    [
        ("Asterisk", "Applications", "Fonctions", Runner.APPLICATIONS),
        ("Asterisk", "Fonctions", "Expressions", Evaluator.FUNCTIONS),
        ("Asterisk", "sauf `", "qui sont au canal", OF_THE_CHANNEL),
        ("FreeSWITCH", "Attributs d'heure", "Applications", times.READ),
        (
            "FreeSWITCH",
            "Applications",
            "**3CX",
            {*applications.SETTING, *applications.NOTHING, *applications.HEARD, *filter(str.isidentifier, CONTROL)},
        ),
    ],
)
def test_the_page_lists_what_is_known(section, start, end, known):
    listed = named(section, start, end)
    if section == "Asterisk" and start == "Applications":
        listed = sorted(one.lower() for one in listed)

    assert listed == sorted(known)
