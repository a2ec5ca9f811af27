"""`policyc fmt`: policy files in their canonical layout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from policyc.cli.places import find
from policyc.cli.printing import ERRORS, FINE, Console, displayed, has_color, put, show, tell
from policyc.diagnostics import arrange, has_errors

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.formatting import Formatted
    from policyc.words import Words

_STREAM: Final = "-"  # standard input, and what diagnostics call it
_STYLES: Final = {"---": "bold", "+++": "bold", "@": "cyan", "-": "red", "+": "green"}  # how lines of a diff start


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("fmt")
    @options.policies
    @click.option("--check", is_flag=True, help=say("help.fmt_check"))
    @click.option("--diff", is_flag=True, help=say("help.fmt_diff"))
    def fmt(policies: tuple[str, ...], check: bool, diff: bool) -> int:
        if _STREAM not in policies:
            return _fmt(say, policies, check=check, diff=diff)
        if len(policies) > 1:
            raise click.UsageError(say("usage.stream_alone"))
        return _fmt_stream(say, check=check, diff=diff)


def _fmt(say: Words, policies: Sequence[str], *, check: bool, diff: bool) -> int:
    from policyc import output
    from policyc.formatting import format_files

    place = find(say, policies)
    path_of = displayed(place)
    formatted = dict(format_files(place.files, place.paths, included=not policies))
    found = [] if policies else list(place.diagnostics)  # of settings, which say what the files are
    for one in formatted.values():
        found += one.diagnostics
    show(say, place, arrange(one for one in found if one.is_error))
    changed = {path: one for path, one in formatted.items() if one.changed}
    is_dry = check or diff
    if not is_dry:
        try:
            output.rewrite({place.root / path: one.data for path, one in changed.items()})
        except OSError as error:
            tell(say("say.cannot_write", path=error.filename, reason=error.strerror or error))
            return ERRORS
    for path, one in sorted(changed.items()):
        if diff:
            _put_diff(one, path_of(path))
        if check or not diff:
            tell(say("fmt.possible" if is_dry else "fmt.made", path=path_of(path)))
    key = "fmt.summary_possible" if is_dry else "fmt.summary_made"
    tell(say(key, changed=len(changed), files=len(formatted)))
    return ERRORS if has_errors(found) or (check and changed) else FINE


def _fmt_stream(say: Words, *, check: bool, diff: bool) -> int:
    """Format standard input to standard output, as editors ask for it."""
    from policyc.formatting import format_data

    formatted = format_data(_STREAM, sys.stdin.buffer.read())
    if formatted.text is None:
        Console(say).report(formatted.diagnostics)
        return ERRORS
    if diff:
        _put_diff(formatted, _STREAM)
    elif not check:
        put(formatted.text)
    return ERRORS if check and formatted.changed else FINE


def _put_diff(formatted: Formatted, path: str) -> None:
    """Print what formatting changes; on a terminal, with colours and nothing that would act on it."""
    from policyc import report
    from policyc.formatting.changes import unified

    lines = unified(formatted.before, formatted.text or "", path)
    if not sys.stdout.isatty():
        put("".join(lines))
        return
    color = has_color(sys.stdout)
    for line in lines:
        style = next((style for start, style in _STYLES.items() if line.startswith(start)), "")
        put(report.paint((report.visible(line.removesuffix("\n")), style), color=color) + "\n", color=color)
