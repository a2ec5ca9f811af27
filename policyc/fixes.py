"""Diagnostics that carry fixes in, repaired files out, round after round until nothing is left to repair.

A safe fix is made only where it is proved that no call ends otherwise for it. One that is not, or that repairs an
error, is made only on demand, and is taken back unless it leaves one error less.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policyc.diagnostics import Diagnostic, Edit
from policyc.diff import partition
from policyc.edits import first_word
from policyc.files import Files
from policyc.source import SourceFile, plain

if TYPE_CHECKING:
    from policyc.api import Checked

MAX_ROUNDS: Final = 10
MAX_TRIES: Final = 100  # states of the files that are checked in a round, when not all fixes are good together
_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Repaired:
    """Files after their repair.

    `files` are those that changed, `checked` the policy of all as they are now, `applied` counts the diagnostics whose
    fixes were made. `withheld` are those whose fix was called safe, which could not be proved.
    """

    files: Mapping[str, bytes]
    checked: "Checked"
    applied: int = 0
    withheld: tuple[Diagnostic, ...] = ()


class Patched:
    """Files of a project, some of which are other than they were."""

    def __init__(self, files: Files, changed: Mapping[str, bytes]) -> None:
        """Take files, and what is in the place of some of them."""
        self._files, self.changed = files, changed

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        return self.changed[path] if path in self.changed else self._files.read(path)

    def glob(self, pattern: str) -> list[str]:
        """See `Files.glob`."""
        return self._files.glob(pattern)


def repair(
    files: Files, checked: "Checked", examine: Callable[[Files], "Checked"], *, unsafe: bool = False
) -> Repaired:
    """Return files as the fixes of their diagnostics leave them; nothing is written.

    `checked` is the policy of the files, `examine` checks them as they would be. `unsafe`: make fixes that may change
    where calls go, or that repair errors, too. A policy that has errors sends no call anywhere: none of its fixes is
    safe.
    """
    now = _State(Patched(files, {}), checked)
    applied = 0
    refused: tuple[Diagnostic, ...] = ()
    for _ in range(MAX_ROUNDS):
        done = _Round(now, examine, refused, unsafe=unsafe).run()
        if done.made:
            now, refused = done.state, ()
            applied += len(done.made)
        elif len(done.refused) > len(refused):  # others may have waited for them
            refused = done.refused
        else:
            break
    withheld = tuple(one for one in refused if one.fix and one.fix.safe)
    return Repaired(now.files.changed, now.checked, applied, withheld)


@dataclass(frozen=True, slots=True)
class _State:
    """Files, and what is wrong with them."""

    files: Patched
    checked: "Checked"


class _Round:
    """What is repaired of a state at once: fixes that do not touch one another."""

    def __init__(
        self, start: _State, examine: Callable[[Files], "Checked"], refused: tuple[Diagnostic, ...], *, unsafe: bool
    ) -> None:
        self._start, self._examine = start, examine
        self.state = start
        self.made: tuple[Diagnostic, ...] = ()
        self.refused = refused
        self._tries = 0
        self._groups = self._sorted(unsafe=unsafe)

    def _sorted(self, *, unsafe: bool) -> list[tuple[list[Diagnostic], Callable[[_State, int], bool]]]:
        """Return what to try, with what makes it good."""
        known = set(map(id, self.refused))
        found = [one for one in self._start.checked.diagnostics if one.fix is not None and id(one) not in known]
        if self._start.checked.has_errors:
            return [([one for one in found if one.is_error], self._repairs)] if unsafe else []
        safe = [one for one in found if one.fix and one.fix.safe]
        others = [one for one in found if one.fix and not one.fix.safe] if unsafe else []
        return [(safe, self._keeps_calls), (others, self._keeps_sense)]

    def run(self) -> "_Round":
        """Make the fixes of the first group of which any can be made."""
        for found, is_good in self._groups:
            self._try(chosen(found), is_good)
            if self.made:
                break
        return self

    def _try(self, group: Sequence[Diagnostic], is_good: Callable[[_State, int], bool]) -> None:
        """Make as many fixes as there are good ones: all of a group, or those of its halves, each by itself."""
        if not group or self._tries == MAX_TRIES:
            return
        self._tries += 1
        together = (*self.made, *group)
        after = self._with(together)
        if after is not None and is_good(after, len(group)):
            self.state, self.made = after, together
        elif len(group) > 1:
            half = len(group) // 2
            self._try(group[:half], is_good)
            self._try(group[half:], is_good)
        else:
            self.refused += (group[0],)

    def _with(self, found: Iterable[Diagnostic]) -> _State | None:
        """Return the state after some fixes, or None if a file cannot be changed so."""
        by_file: dict[SourceFile, list[Edit]] = {}
        for edit in (edit for one in found if one.fix for edit in one.fix.edits):
            by_file.setdefault(edit.span.file, []).append(edit)
        changed = dict(self._start.files.changed)
        for file, edits in by_file.items():
            try:
                after = edited(self._start.files.read(file.path), edits)
            except OSError:  # its path is not text, and only shown
                after = None
            if after is None:
                return None
            changed[file.path] = after
        files = Patched(self._start.files, changed)
        return _State(files, self._examine(files))

    # What makes a state good after so many more fixes, by what they are.

    def _repairs(self, after: _State, count: int) -> bool:
        errors, left = (sum(one.is_error for one in state.checked.diagnostics) for state in (self.state, after))
        return left + count <= errors

    def _keeps_sense(self, after: _State, _count: int) -> bool:
        return not after.checked.has_errors

    def _keeps_calls(self, after: _State, _count: int) -> bool:
        return not after.checked.has_errors and partition.same(self._start.checked.model, after.checked.model)


# -- which fixes can be made together ----------------------------------------------------------------------------------


def chosen(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics whose fixes can be made at once: no two of a line, and no block loses all its lines.

    The others are told again of the files as they are then.
    """
    taken: set[tuple[SourceFile, int]] = set()
    kept: list[Diagnostic] = []
    for one in found:
        lines = {(edit.span.file, number) for edit in _edits(one) for number in _lines(edit)}
        if lines and taken.isdisjoint(lines):
            taken |= lines
            kept.append(one)
    gone: dict[SourceFile, set[int]] = {}
    for edit in (edit for one in kept if one.fix and one.fix.removes for edit in _edits(one)):
        gone.setdefault(edit.span.file, set()).add(edit.span.line)
    last = {(file, number) for file, lines in gone.items() for number in _last_of_blocks(file, lines)}
    return [one for one in kept if not any((edit.span.file, edit.span.line) in last for edit in _edits(one))]


def _edits(diagnostic: Diagnostic) -> tuple[Edit, ...]:
    return diagnostic.fix.edits if diagnostic.fix else ()


def _lines(edit: Edit) -> range:
    """Return the lines that an edit changes; a line is not changed by what takes out all before it."""
    first = edit.span.line
    last, column = edit.span.file.position(edit.span.end)
    return range(first, last + (column > 1 or last == first))


def _last_of_blocks(file: SourceFile, gone: set[int]) -> Iterator[int]:
    """Yield the last rule of each block whose rules are all gone while the line that opens it stays."""
    header = 0
    rules: list[int] = []
    for number in range(1, file.lines + 1) if len(gone) > 1 else ():
        word = first_word(file.line(number))
        if word == "depuis":
            rules.append(number)
        elif word:
            if rules and header not in gone and gone.issuperset(rules):
                yield rules[-1]
            header, rules = number, []
    if rules and header not in gone and gone.issuperset(rules):
        yield rules[-1]


# -- files as bytes ----------------------------------------------------------------------------------------------------


def edited(data: bytes, edits: Iterable[Edit]) -> bytes | None:
    """Return a file with edits made that speak of its normalised text; every other byte is what it was.

    None where it cannot be: the text is not that of the edits, or one of them starts within what the file writes as
    one letter.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    raw = _Lines(text)
    replacements = []
    for edit in edits:
        start, end = raw.offset(edit.span.file, edit.span.start), raw.offset(edit.span.file, edit.span.end)
        if start is None or end is None:
            return None
        replacements.append((start, end, edit.text.replace("\n", raw.line_end(edit.span.line))))
    parts, at = [], 0
    for start, end, new in sorted(replacements, key=lambda one: one[:2]):
        parts += [text[at:start], new]
        at = end
    return "".join((*parts, text[at:])).encode()


class _Lines:
    """The text of a file as it is written, and where in it the characters of its normalised text are."""

    def __init__(self, text: str) -> None:
        """Take the text as it was decoded."""
        start = len(_BOM) if text.startswith(_BOM) else 0
        self._text = text
        self._lines: list[tuple[int, int, str]] = []  # where a line starts, where its text ends, what ends it
        for found in _LINE_END.finditer(text, start):
            self._lines.append((start, found.start(), found[0]))
            start = found.end()
        self._lines.append((start, len(text), ""))

    def line_end(self, number: int) -> str:
        """Return what ends a line, or the first one where it has no end."""
        return self._lines[number - 1][2] or self._lines[0][2] or "\n"

    def offset(self, file: SourceFile, offset: int) -> int | None:
        """Return where an offset of the normalised text is, or None if the texts differ or it is within a letter."""
        number, column = file.position(offset)
        if file.lines != len(self._lines):
            return None
        start, end, _ = self._lines[number - 1]
        line, shown = self._text[start:end], file.line(number)
        if plain(line) != shown:
            return None
        if unicodedata.is_normalized("NFC", line):
            return start + column - 1
        # Where both sides of a cut, composed apart, are what they are together, nothing is cut in two.
        for at in range(len(line) + 1):
            if plain(line[:at]) == shown[: column - 1] and plain(line[at:]) == shown[column - 1 :]:
                return start + at
        return None


_LINE_END: Final = re.compile("\r\n|\r|\n")
