"""`policyc check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from policyc.cli.ending import leave
from policyc.cli.patches import put_diff
from policyc.cli.places import fails, find
from policyc.cli.printing import ERRORS, FINE, displayed, put, show, shown, tell
from policyc.cli.progress import watching
from policyc.cli.reporting import FORMS, as_form
from policyc.values import dataclass

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.files import Files
    from policyc.fixes import Repaired
    from policyc.words import Words
    from policyc.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Fixing:
    """What is asked of fixes: all of them, and to show what they change in the place of writing it."""

    unsafe: bool
    diff: bool


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("check")
    @options.policies
    @options.form("help.check_format", ("text", "json", *FORMS))
    @options.strict
    @click.option("--fix", is_flag=True, help=say("help.fix"))
    @click.option("--unsafe-fixes", "unsafe", is_flag=True, help=say("help.unsafe_fixes"))
    @click.option("--diff", is_flag=True, help=say("help.fix_diff"))
    @options.today
    def check(
        policies: tuple[str, ...], form: str, strict: bool, fix: bool, unsafe: bool, diff: bool, today: date
    ) -> int:
        for option, is_given in (("--unsafe-fixes", unsafe), ("--diff", diff)):
            if is_given and not fix:
                raise click.UsageError(say("usage.fix_alone", option=option))
        if diff and form != "text":
            raise click.UsageError(say("usage.diff_text"))
        return _check(say, policies, form, strict, today, _Fixing(unsafe, diff) if fix else None)


def _check(say: Words, policies: Sequence[str], form: str, strict: bool, today: date, fixing: _Fixing | None) -> int:
    from policyc import api, report

    place = find(say, policies)
    with watching(say, place) as watch:
        checked = api.examine_workspace(place, today, watch=watch)
    leave(checked)
    repaired = None
    if fixing is not None:
        from policyc import fixes

        def examine(files: Files) -> api.Checked:
            return api.examine_workspace(place, today, files)

        repaired = fixes.repair(place.files, checked, examine, unsafe=fixing.unsafe)
        if not fixing.diff and repaired.files:
            if not _write(say, place, repaired.files):
                return ERRORS
            checked = repaired.checked
    found, catalogue = checked.diagnostics, report.load_catalogue(say.language)
    if form == "json":
        put(report.render_json(shown(place, found), catalogue))
    elif form in FORMS:
        put(as_form(form, place, found, catalogue, strict=strict))
    else:
        show(say, place, found)
    if repaired is not None and fixing is not None:
        _account(say, place, repaired, fixing)
    if form == "text":
        tell(catalogue.summary(found))
    return ERRORS if fails(found, strict) else FINE


def _write(say: Words, place: Workspace, files: Mapping[str, bytes]) -> bool:
    """Write repaired files, and tell whether that could be done."""
    from policyc import output

    try:
        output.rewrite({place.root / path: data for path, data in files.items()})
    except OSError as error:
        tell(say("say.cannot_write", path=error.filename, reason=error.strerror or error))
        return False
    return True


def _account(say: Words, place: Workspace, repaired: Repaired, fixing: _Fixing) -> None:
    """Tell what was repaired, or what would be, and what was not."""
    from policyc import report

    catalogue, path_of = report.load_catalogue(say.language), displayed(place)
    for path, data in sorted(repaired.files.items()):
        if fixing.diff:
            put_diff(path_of(path), place.files.read(path).decode(), data.decode())
        else:
            tell(say("fix.file", path=report.visible(path_of(path))))
    for one in shown(place, repaired.withheld):
        tell(say("fix.unproved", code=one.code, place=one.primary.place if one.primary else ""))
    if repaired.checked.has_errors and not fixing.unsafe:
        tell(say("fix.errors"))
    else:
        key = "fix.possible" if fixing.diff else "fix.made"
        tell(say(key, count=catalogue.number(repaired.applied)))
    left = sum(one.fix is not None and not one.fix.safe for one in repaired.checked.diagnostics)
    if left and not fixing.unsafe:
        tell(say("fix.unsafe", count=catalogue.number(left)))
