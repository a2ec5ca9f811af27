"""The lines of a file in, its canonical text out: a line for each, with blanks, indentation and columns of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from policyc.formatting.plans import ALONE, BODY, COLUMNS, OPENING, OPTIONAL, plan_of
from policyc.lexer import Line
from policyc.syntax.shapes import types_of

_INDENT = "  "
_GUTTER = "   "  # before the options of an extension


@dataclass(slots=True)
class _Row:
    """A line to be written: its columns (none: only a comment), its comment, and how it stands among the others."""

    rule: str
    columns: tuple[str, ...]
    comment: str
    at: int  # the column of its first character in the source, from 0
    blank: bool  # whether a blank line goes before it
    deep: bool = False  # whether it stands in a block
    opens: bool = False  # whether it opens one
    text: str = ""


def lay_out(lines: Iterable[Line], text: str) -> str:
    """Return the canonical text of the lines of a file, each of them one of the language; `text` is what was typed."""
    rows = list(_rows(lines, text))
    _find_blocks(rows)
    _indent_comments(rows)
    _set_apart(rows)
    _align(rows)
    return "".join([("\n" if row.blank else "") + row.text + "\n" for row in rows])


def comment_of(line: Line, text: str) -> str:
    """Return the comment of a line as it was typed, or nothing."""
    return text[line.comment.start : line.comment.end].rstrip() if line.comment else ""


def _rows(lines: Iterable[Line], text: str) -> Iterator[_Row]:
    """Yield what is to be written. A line of nothing but commas counts as a blank one."""
    end = -1
    for line in lines:
        tokens = line.tokens
        if not tokens and not line.comment:
            continue
        blank = end >= 0 and line.start > end + 1
        end = line.end
        comment = comment_of(line, text)
        if tokens:
            plan = plan_of(types_of(tokens))
            yield _Row(plan.rule, plan.write(tokens, text), comment, tokens[0].start - line.start, blank)
        elif line.comment:
            yield _Row("", (), comment, line.comment.start - line.start, blank)


def _find_blocks(rows: Sequence[_Row]) -> None:
    """Tell which lines stand in a block, and which open one."""
    following = ""
    for row in reversed(rows):
        if row.columns:
            row.deep = row.rule in BODY
            row.opens = row.rule in OPENING or (row.rule in OPTIONAL and following in BODY)
            following = row.rule


def _indent_comments(rows: Sequence[_Row]) -> None:
    """Put a comment on a line of its own where the line that follows stands.

    At the end of a block, the author's indentation tells whether it still belongs to it.
    """
    opened = 0  # how far the line that opens the block stands to the right; nothing follows the last comments
    following: list[_Row | None] = []
    after: _Row | None = None
    for row in reversed(rows):
        following.append(after)
        after = row if row.columns else after
    inside = False
    for row, after in zip(rows, reversed(following), strict=True):
        if row.columns:
            inside = row.deep or row.opens
            opened = row.at if row.opens else opened
        else:
            row.deep = after is not None and after.deep
            row.deep |= inside and row.at > (opened if after is None else after.at)
            inside &= row.deep


def _set_apart(rows: Sequence[_Row]) -> None:
    """Put a blank line before and behind each block, none at the top of one, and keep all others."""
    within = False
    for at, row in enumerate(rows):
        if row.opens:
            first = at  # of the comments that stand right above it
            while first and not rows[first].blank and not rows[first - 1].columns and not rows[first - 1].deep:
                first -= 1
            rows[first].blank = first > 0
        elif within and not row.deep:
            row.blank = True
        elif at and rows[at - 1].opens:
            row.blank = False
        within = row.opens or row.deep


def _align(rows: Sequence[_Row]) -> None:
    """Write each line: declarations that follow one another in columns, and their comments likewise.

    Rules, and the lines of tests and guarantees, are not put in columns: to change one must not change the next.
    """
    for rule in COLUMNS:
        for run in _runs(rows, _is_of(rule)):
            _declare(run)
    for row in rows:
        if len(row.columns) < 2:
            row.text = (_INDENT if row.deep else "") + (row.columns[0] if row.columns else row.comment)
    for run in _runs(rows, lambda row: bool(row.columns and row.comment)):
        width = max(len(row.text) for row in run)
        for row in run:
            row.text = f"{row.text:<{0 if row.rule in ALONE else width}}  {row.comment}"


def _is_of(rule: str) -> Callable[[_Row], bool]:
    return lambda row: row.rule == rule


def _runs(rows: Sequence[_Row], belongs: Callable[[_Row], bool]) -> Iterator[list[_Row]]:
    """Yield the lines of a kind that follow one another, none but these between them."""
    run: list[_Row] = []
    for row in rows:
        if run and (row.blank or row.deep is not run[-1].deep or not belongs(row)):
            yield run
            run = []
        if belongs(row):
            run.append(row)
    if run:
        yield run


def _declare(run: Sequence[_Row]) -> None:
    """Write declarations in columns: keyword, number, name, options."""
    keyword, number = (max(len(row.columns[at]) for row in run) for at in (0, 1))
    name = max((len(row.columns[2]) for row in run if len(row.columns) > 3), default=0)
    for row in run:
        first, second, third, *options = row.columns
        row.text = f"{first:<{keyword}} {second:<{number}} {third}"
        if options:
            row.text += " " * (name - len(third)) + _GUTTER + options[0]
