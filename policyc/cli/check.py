"""`policyc check`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from policyc.cli.places import fails, find
from policyc.cli.printing import ERRORS, FINE, put, show, shown, tell

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.words import Words


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("check")
    @options.policies
    @options.form("help.check_format")
    @options.strict
    @options.today
    def check(policies: tuple[str, ...], form: str, strict: bool, today: date) -> int:
        return _check(say, policies, form, strict, today)


def _check(say: Words, policies: Sequence[str], form: str, strict: bool, today: date) -> int:
    from policyc import api, report

    place = find(say, policies)
    found = api.examine_workspace(place, today).diagnostics
    if form == "json":
        put(report.render_json(shown(place, found), report.load_catalogue(say.language)))
    else:
        show(say, place, found)
        tell(report.load_catalogue(say.language).summary(found))
    return ERRORS if fails(found, strict) else FINE
