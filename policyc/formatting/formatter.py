"""The bytes of a policy file in, its canonical text out, proved to say the same on every run."""

import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from policyc import lexer, project, syntax
from policyc.diagnostics import Diagnostic, has_errors
from policyc.files import MAX_BYTES, Files, OutsideProjectError, join
from policyc.formatting.layout import comment_of, lay_out
from policyc.lexer import Line
from policyc.source import SourceFile, Span, plain
from policyc.syntax import Include, SyntaxTree


class UnfaithfulError(Exception):
    """A formatted text does not say what its source says, or is not formatted yet: a bug of policyc."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """A policy file: as it was read, its canonical text, and what the file says.

    The text is None, and `tree` only what could be understood, if the file has errors.
    """

    before: str
    text: str | None
    tree: SyntaxTree | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the file is not in its canonical form."""
        return self.text is not None and self.text != self.before

    @property
    def data(self) -> bytes:
        """The bytes of the canonical text."""
        return (self.text or "").encode()


def format_data(path: str, data: bytes) -> Formatted:
    """Return a policy file in its canonical form; `path` is what diagnostics call it. Raises UnfaithfulError.

    Formatting is about layout alone: what is wrong with the words of a line is told, what they mean is not looked at.
    """
    source, unread = project.read_source(path, data)
    if source is None:
        return Formatted("", None, None, unread)
    before = data.decode()
    # As `source.text`, character by character, but as it was typed: typographic signs are kept where they may stand.
    text = unicodedata.normalize("NFC", before.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    lines = list(lexer.lex(source, syntax.keywords()))
    tree, found = syntax.parse_lines(source, lines)
    if has_errors(found):
        return Formatted(before, None, tree, found)
    formatted = lay_out(lines, text)
    if formatted != text:  # else there is nothing to prove
        _prove(tree, lines, text, formatted)
    return Formatted(before, formatted, tree)


def format_files(files: Files, paths: Iterable[str], *, included: bool) -> Iterator[tuple[str, Formatted]]:
    """Yield policy files in their canonical form, each one once; `included`: also the .pol files that they include.

    What includes nothing, or what is not of the project, is no matter of layout: `check` tells.
    """
    waiting = deque(paths)
    seen: set[str] = set()
    while waiting:
        path = waiting.popleft()
        if path in seen:
            continue
        seen.add(path)
        formatted = _format_file(files, path)
        yield path, formatted
        if included and formatted.tree is not None:
            waiting += _included(files, path, formatted.tree)


def _format_file(files: Files, path: str) -> Formatted:
    try:
        data = files.read(path)
    except (OSError, ValueError, OutsideProjectError):
        data = None
    if data is None or len(data) > MAX_BYTES:
        return Formatted("", None, None, project.load(files, (path,))[1])
    return format_data(path, data)


def _included(files: Files, path: str, tree: SyntaxTree) -> Iterator[str]:
    for statement in tree.statements:
        if isinstance(statement, Include):
            with suppress(OSError, ValueError, NotImplementedError, OutsideProjectError):
                yield from (one for one in files.glob(join(path, statement.pattern.text)) if one.endswith(".pol"))


def _prove(tree: SyntaxTree, lines: Sequence[Line], text: str, formatted: str) -> None:
    """Read a formatted text, and raise UnfaithfulError unless it says the same and would be formatted to itself."""
    source = SourceFile(tree.source.path, plain(formatted))
    again = list(lexer.lex(source, syntax.keywords()))
    copy, found = syntax.parse_lines(source, again)
    if found:
        told = "is no policy any more"
    elif not alike(tree.statements, copy.statements):
        told = "says something else"
    elif _comments(lines, text) != _comments(again, formatted):
        told = "has other comments, or has them elsewhere"
    elif lay_out(again, formatted) != formatted:
        told = "would be formatted otherwise"
    else:
        return
    raise UnfaithfulError(f"{tree.source.path}: once formatted, it {told}; nothing was written")


def alike(one: Any, other: Any) -> bool:
    """Tell whether two syntax trees say the same, wherever it stands."""
    kind = one.__class__
    if kind is not other.__class__:
        return False
    if kind is Span:
        return True
    if kind is not tuple:
        content = _content_of(kind)
        if content is None:
            return bool(one == other)
        one, other = content(one), content(other)
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):  # noqa: SIM110 - a generator for each node would double the time
        if left is not right and not alike(left, right):
            return False
    return True


@cache
def _content_of(kind: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return what gives the fields of a node, without its place; None for what is no node."""
    if not is_dataclass(kind):
        return None
    names = [field.name for field in fields(kind) if field.name != "span"]
    return attrgetter(*names, names[0])  # twice the first, so that it is a tuple even if there is but one


def _comments(lines: Iterable[Line], text: str) -> list[tuple[str, bool, int]]:
    """Return each comment, whether it has a line of its own, and how many lines of the language stand above."""
    found: list[tuple[str, bool, int]] = []
    above = 0
    for line in lines:
        if line.comment:
            found.append((comment_of(line, text), not line.tokens, above))
        above += bool(line.tokens)
    return found
