"""What commands print: messages to standard error, data to standard output. The only module that prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from policyc.source import Quoted, SourceFile, Span

if TYPE_CHECKING:
    from policyc.diagnostics import Diagnostic
    from policyc.words import Words
    from policyc.workspace import Workspace

FINE, ERRORS, BAD_USAGE, CHANGES = 0, 1, 2, 3
INTERRUPTED, BROKEN_PIPE = 130, 141  # as shells say of a program that these signals end


class ReaderGoneError(Exception):
    """Nobody reads what is printed: `policyc … | head -1`. click would make a status of 1 of it: errors found."""


def put(text: str, *, err: bool = False, color: bool | None = None) -> None:
    """Print a text as it is, to standard output or to standard error."""
    try:
        click.echo(text, nl=False, err=err, color=color)
    except BrokenPipeError:
        raise ReaderGoneError from None


def tell(message: str) -> None:
    """Print a message to people."""
    put(message + "\n", err=True)


def show(say: Words, place: Workspace, found: Sequence[Diagnostic]) -> None:
    """Print diagnostics for people."""
    from policyc import report

    if not found:
        return
    color = has_color(sys.stderr)
    catalogue = report.load_catalogue(say.language)
    text = report.render_text(found, catalogue, color=color, shown=lambda some: shown(place, some))
    put(text, err=True, color=color)


def has_color(stream: TextIO) -> bool:
    """Tell whether colours are wanted on a stream."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def displayed(place: Workspace) -> Callable[[str], str]:
    """Return how a path of the project is shown: from the current folder, as the user's shell and editor know it."""
    whole = str(place.root)
    try:
        prefix = min(os.path.relpath(whole), whole, key=len)
    except ValueError:  # another drive
        prefix = whole

    def on_disk(path: str) -> str:
        # Policies are below the root; compiled files and private directories need not be.
        return Path(os.path.normpath(Path(prefix, path))).as_posix()

    past = place.past
    if past is None:
        return on_disk
    return lambda path: on_disk(path) if path.startswith("../") or Path(path).is_absolute() else past.prefix + path


def shown(place: Workspace, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics with the paths of their files as they are shown."""
    from policyc.diagnostics import Diagnostic, Edit, Fix, Secondary

    path_of = displayed(place)
    files: dict[SourceFile, SourceFile] = {}

    def moved(span: Span) -> Span:
        if isinstance(span.file, Quoted):
            return span
        file = files.get(span.file)
        if file is None:
            path = path_of(span.file.path)
            file = span.file if path == span.file.path else SourceFile(path, span.file.text)
            files[span.file] = file
        return Span(file, span.start, span.end)

    def one(diagnostic: Diagnostic) -> Diagnostic:
        primary, args, fix = diagnostic.primary, diagnostic.args, diagnostic.fix
        if primary is None and isinstance(path := args.get("path"), str):  # a file that cannot be read
            args = {**args, "path": path_of(path)}
        return Diagnostic(  # there may be tens of thousands, and `replace` is slow
            diagnostic.code,
            primary and moved(primary),
            args,
            tuple([Secondary(moved(other.span), other.key, other.args) for other in diagnostic.secondary]),
            diagnostic.notes,
            diagnostic.help,
            diagnostic.witness,
            fix and Fix(tuple([Edit(moved(edit.span), edit.text) for edit in fix.edits]), fix.safe),
        )

    return [one(diagnostic) for diagnostic in found]


class Console:
    """How `policyc.apply` talks to people."""

    def __init__(self, say: Words) -> None:
        self._say = say

    def out(self, parts: Sequence[tuple[str, str]]) -> None:
        """Print a line of data, whose parts are texts in styles."""
        from policyc import report

        color = has_color(sys.stdout)
        put("".join(report.paint(part, color=color) for part in parts) + "\n", color=color)

    def tell(self, message: str) -> None:
        """Print a message."""
        from policyc.report import visible

        tell(visible(message))

    def ask(self, question: str) -> bool:
        """Return whether the answer to a question is yes."""
        put(question, err=True)
        return sys.stdin.readline().strip().lower() in ("o", "oui", "y", "yes")

    def report(self, found: Iterable[Diagnostic]) -> None:
        """Print diagnostics."""
        from policyc import report

        color = has_color(sys.stderr)
        put(report.render_text(found, report.load_catalogue(self._say.language), color=color), err=True, color=color)
