"""`policyc diff`: which callers change destination from one policy to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from policyc.cli import completion
from policyc.cli.places import find
from policyc.cli.printing import CHANGES, ERRORS, FINE, displayed, put, show, tell
from policyc.values import dataclass

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.diagnostics import Diagnostic
    from policyc.diff.grouping import Difference
    from policyc.diff.replay import Replay
    from policyc.records import Form
    from policyc.words import Words
    from policyc.workspace import Workspace

_MOST: Final = 20  # changes that are told without --all


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the user asked for: `most` changes, in a form, and what makes the command fail."""

    form: str
    most: int | None
    redact: bool
    exit_code: bool
    most_moved: float | None  # in percent
    records: str | None
    records_form: Form | None
    records_zone: ZoneInfo | None


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("diff")
    @click.argument("policies", nargs=-1, metavar=say("metavar.two_policies"), shell_complete=completion.policies)
    @click.option("--git", "revision", metavar=say("metavar.revision"), help=say("help.git"))
    @options.form("help.diff_format", ("text", "json", "markdown", "html"))
    @click.option("--all", "everything", is_flag=True, help=say("help.diff_all"))
    @click.option("--redact", is_flag=True, help=say("help.redact"))
    @click.option("--exit-code", is_flag=True, help=say("help.diff_exit_code"))
    @click.option("--max-moved", metavar=say("metavar.percent"), callback=_percent(say), help=say("help.max_moved"))
    @click.option("--cdr", metavar=say("metavar.file"), help=say("help.cdr"), shell_complete=completion.files)
    @click.option("--cdr-format", type=click.Choice(("asterisk", "freeswitch", "plain")), help=say("help.cdr_format"))
    @click.option("--cdr-zone", metavar=say("metavar.zone"), callback=_zone(say), help=say("help.cdr_zone"))
    def diff(
        policies: tuple[str, ...],
        revision: str | None,
        form: str,
        everything: bool,
        redact: bool,
        exit_code: bool,
        max_moved: float | None,
        cdr: str | None,
        cdr_format: Form | None,
        cdr_zone: ZoneInfo | None,
    ) -> int:
        most = None if everything else _MOST
        asked = _Asked(form, most, redact, exit_code, max_moved, cdr, cdr_format, cdr_zone)
        if revision is not None:
            return _since(say, policies, revision, asked)
        if len(policies) != 2:
            raise click.UsageError(say("usage.two_policies"))
        old, new = (find(say, (), Path(one)) if Path(one).is_dir() else find(say, (one,)) for one in policies)
        return _diff(say, old, new, asked, policies[1:])


def _zone(say: Words) -> Callable[[click.Context, click.Parameter, str | None], ZoneInfo | None]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> ZoneInfo | None:
        try:
            return None if value is None else ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
            raise click.BadParameter(say("usage.bad_zone", value=value)) from None

    return read


def _percent(say: Words) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
        if value is None:
            return None
        try:
            percent = float(value.replace(",", ".").removesuffix("%"))
        except ValueError:
            percent = -1
        if not 0 <= percent <= 100:
            raise click.BadParameter(say("usage.bad_percent", value=value))
        return percent

    return read


def _since(say: Words, policies: Sequence[str], revision: str, asked: _Asked) -> int:
    """Compare a project with what it was in git."""
    from policyc import revisions

    place = find(say, policies)
    try:
        sides = revisions.sides(place, revision)
    except revisions.RevisionError as error:
        return _refused(say, place, [error.diagnostic])
    for side, key in ((sides.old, "note.not_before"), (sides.new, "note.not_after")):
        if not side.paths:
            tell(say(key, revision=revision))
    return _diff(say, sides.old, sides.new, asked, policies)


def _diff(say: Words, old: Workspace, new: Workspace, asked: _Asked, policies: Sequence[str]) -> int:
    from policyc import api, report
    from policyc.diff import grouping, revised
    from policyc.diff.phrasing import Told
    from policyc.records import JournalError

    # Records may be of any call, for which the rules must all be there.
    difference = revised.compare(old, new) if asked.records is None else None
    if difference is None:
        before, after = api.examine_workspace(old), api.examine_workspace(new)
        if before.has_errors or after.has_errors:
            return max(_refused(say, place, side.diagnostics) for place, side in ((old, before), (new, after)))
        difference = grouping.compare(before.model, after.model)
    replayed = None
    if asked.records is not None:
        try:
            replayed, doubts = _replayed(difference, asked.records, asked)
        except JournalError as error:
            return _refused(say, new, [error.diagnostic])
        show(say, new, doubts)
    told = Told(
        difference, displayed(old), displayed(new), asked.redact, asked.most, tuple(policies), replayed=replayed
    )
    catalogue = report.load_catalogue(say.language)
    match asked.form:
        case "json":
            from policyc.diff import document

            put(document.to_json(told, say, catalogue))
        case "markdown":
            from policyc.diff import markdown

            put(markdown.to_markdown(told, say, catalogue))
        case "html":
            from policyc.diff import html

            put(html.to_html(told, say, catalogue))
        case _:
            from policyc.diff import telling

            put(telling.to_text(told, say, catalogue))
    if asked.most_moved is not None and 100 * difference.moved > asked.most_moved:
        show(say, new, [grouping.too_many(difference, asked.most_moved)])
        return ERRORS
    return CHANGES if asked.exit_code and not difference.is_empty else FINE


def _replayed(difference: Difference, path: str, asked: _Asked) -> tuple[Replay, list[Diagnostic]]:
    """Return what becomes of the calls of a file of records, and what is doubtful about it. Raises JournalError."""
    from policyc import records
    from policyc.diff.replay import replay

    with records.read(path, difference.new.zone, form=asked.records_form, server_zone=asked.records_zone) as journal:
        return replay(difference, journal), list(journal.diagnostics())


def _refused(say: Words, place: Workspace, found: Iterable[Diagnostic]) -> int:
    """Tell the errors that keep policies from being compared; return the exit status."""
    errors = [one for one in found if one.is_error]
    show(say, place, errors)
    return ERRORS if errors else FINE
