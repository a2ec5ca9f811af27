"""Where calls go on that jump: a context and a text in, whose steps are run, from which digits on, out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.call import EXTEN, Known
from policyc.targets.asterisk.reader.diagrams import ANY_LENGTH, LENGTHS, Apart, first_of
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.functions import wanted_by
from policyc.targets.asterisk.reader.matching import TOO_MANY, Pieces, pieces
from policyc.targets.asterisk.reader.patterns import Exten
from policyc.targets.asterisk.reader.questions import Ask, Inputs
from policyc.targets.asterisk.reader.rows import row
from policyc.targets.asterisk.reader.texts import (
    DIGITS,
    NeedsDigit,
    digits_from,
    has_clock,
    has_word,
    show,
    unknown_digits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from policyc.targets.asterisk.reader.call import Call
    from policyc.targets.asterisk.reader.dialplan import Dialplan

MOST_PARTS = 5_000
"""Of one step, or of one text that is looked for, on digits."""
FIXED = re.compile(r"(?:([^,$]{1,79}),)?([^,$]{1,79}),([1-9]\d{0,8})", re.ASCII | re.DOTALL)
"""The data of a `Goto` to one place, whoever calls: no expression."""

Spot = tuple[str, Exten | None, str | None]
"""A context, and whose steps calls are at, or None and by what text these are looked for."""
Spots = list[tuple[int, Spot]]
_Key = tuple[str, str, int]
"""A context, a text that is looked for there, and a priority."""


class Locator:
    """Finds where calls go on, and remembers it."""

    def __init__(self, dialplan: Dialplan, tail: str, *, at_instant: bool) -> None:
        """Take a dialplan, and what stands in texts for all digits of a number of any length.

        `at_instant`: one call is followed, each of its steps.
        """
        self._dialplan = dialplan
        self._tail = tail
        self._at_instant = at_instant
        self._located: dict[_Key, tuple[int, Spots]] = {}
        self._doors: dict[_Key, tuple[int, Spots]] = {}  # known for good
        self._alike: dict[object, Spot] = {}
        self._parts = 0

    def forget(self, doors: Collection[tuple[str, Exten | None]]) -> None:
        """Let go of what was found but for names of some extensions, of which it was not said before, for good."""
        for key, (digits, places) in self._located.items():
            if len(places) == 1 and places[0][1][:2] in doors:
                self._doors[key] = digits, places
        self._located = {}
        self._alike = {}

    def spots(self, call: Call, context: str, text: str | None, priority: int, ask: Ask) -> tuple[int, Spots]:
        """Return where calls go on: of how many digits, and from which on, at whose steps, or to be found by a text."""
        if text is None and call.exten is not None and priority in call.exten.steps:
            return 0, [(0, (context, call.exten, None))]
        if text is None:
            value = ask(EXTEN)
            text = "" if value is None else value.value
        key = context, text, priority
        known = self._located.get(key) or self._doors.get(key)
        if known is not None:
            return known
        if context not in self._dialplan.contexts or not self._dialplan.is_regular(context):
            return 0, [(0, (context, None, text))]
        digits, extens = self._extens(context, text, priority, ask)
        alike: dict[Exten | None, Spot] = {None: (context, None, text)}
        found: Spots = []
        last = None
        for low, exten in extens:
            spot = alike.get(exten)
            if spot is None:
                spot = alike[exten] = self._likened(context, exten, priority)
            if spot is not last:
                found.append((low, spot))
                last = spot
        if digits in (0, ANY_LENGTH, len(unknown_digits(text))):
            self._located[key] = digits, found
        return digits, found

    def _likened(self, context: str, exten: Exten | None, priority: int) -> Spot:
        """Return whose steps are run: of extensions that do nothing but go to one place, the first that was met."""
        spot = context, exten, None
        step = None if exten is None or exten is TOO_MANY else exten.steps[priority]
        if step is None or step.application != "goto" or self._at_instant:
            return self._alike.setdefault((context, exten, priority), spot)
        as_written = context, step.data, priority
        found = self._alike.get(as_written)
        if found is None:
            to = FIXED.fullmatch(step.data)
            if to is None:
                return self._alike.setdefault((context, exten, priority), spot)
            found = self._alike.setdefault((to[1] or context, to[2], to[3], priority), spot)
            self._alike[as_written] = found
        return found

    def _extens(self, context: str, text: str, priority: int, ask: Ask) -> tuple[int, Pieces]:
        """Return who takes a text of a context: of how many digits, and from which on."""
        if self._tail in text:
            return ANY_LENGTH, self._of_all_lengths(context, text, priority, ask)
        if text.startswith("_") or has_clock(text) or has_word(text):
            raise Unclear(What.EXTENSION, show(text))
        plain = text.replace("-", "")
        wanted = wanted_by(str(priority))
        unknown = unknown_digits(plain)
        if not unknown:
            return 0, [(0, self._dialplan.find(context, plain, wanted))]
        if unknown == digits_from(len(unknown)):
            return len(unknown), pieces(self._dialplan.roots(context), plain, wanted)
        self._parts = 0
        size = Inputs(ask).size
        return size, list(self._searched(context, plain, wanted, size, ""))

    def _of_all_lengths(self, context: str, text: str, priority: int, ask: Ask) -> Pieces:
        """Return the same where the text has a number of any length. Raises Apart."""
        before, _, behind = text.replace("-", "").partition(self._tail)
        own = self._dialplan.own(context)
        if own is not None and not behind and before.isascii() and not before.startswith("_"):
            plain = row(own, before, wanted_by(str(priority)))
            if plain is not None:
                return plain
        found: Pieces = []
        for length in LENGTHS:
            try:
                _, extens = self._extens(context, text.replace(self._tail, digits_from(length)), priority, ask)
            except Unclear:
                raise Apart from None
            found += ((first_of(length) + low, exten) for low, exten in extens)
        return found

    def _searched(
        self, context: str, text: str, wanted: Callable[[Exten], bool], size: int, digits: str
    ) -> Iterator[tuple[int, Exten | None]]:
        """Yield who takes a text that has not the last digits, for the numbers that begin with some."""
        try:
            found = self._dialplan.find(context, text.translate(Known.table(digits, size)), wanted)
        except NeedsDigit:
            self._parts += len(DIGITS)
            if self._parts > MOST_PARTS:
                raise Unclear(What.ENDLESS, str(MOST_PARTS)) from None
            for digit in sorted(DIGITS):
                yield from self._searched(context, text, wanted, size, digits + digit)
        else:
            yield (int(digits) * 10 ** (size - len(digits)) if digits else 0), found
