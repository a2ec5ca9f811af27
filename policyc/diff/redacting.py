"""Numbers and texts in, what may be shown of them out: personal numbers lose their last four digits.

French itemised bills do so: `06 12 34 xx xx`. Extensions, short numbers (3949, 118008) and names stay.
"""

import re
from dataclasses import dataclass
from typing import Final

from policyc import lexer, numbering
from policyc.model import Policy
from policyc.source import SourceFile
from policyc.syntax import keywords

_HIDDEN: Final = 4
_MOST: Final = 8  # digits of a number that are shown, however long it is: nine may be all of another one
_KEPT: Final = 6  # digits of a prefix, or of a short number
_DIGIT = re.compile(r"[0-9]")
# What people may have written a number as, in a name or a reason: nine digits or more with little between two.
_RUN = re.compile(r"[0-9](?:[\s./()_-]{0,2}[0-9]){8,}")


@dataclass(frozen=True, slots=True)
class Mask:
    """What is shown of numbers: all of them as they are, or not if it `hides`; those of `own` always are."""

    hides: bool = False
    own: frozenset[str] = frozenset()

    def number(self, number: str) -> str:
        """Return a canonical number: `061234xxxx`."""
        return _without_end(number) if self._is_personal(number) else number

    def display(self, number: str) -> str:
        """Return a canonical number as the French write it: `06 12 34 xx xx`."""
        shown = numbering.display(number)
        return _without_end(shown) if self._is_personal(number) else shown

    def prefix(self, prefix: str) -> str:
        """Return the digits of a prefix, and perhaps its sign."""
        return _start(prefix) if self.hides else prefix

    def rule(self, text: str) -> str:
        """Return the text of a rule, its numbers and prefixes masked as its language reads them."""
        if not self.hides:
            return text
        found: list[str] = []
        at = 0
        for line in lexer.lex(SourceFile("", text), keywords()):
            for token in line.tokens:
                written = text[token.start : token.end]
                if token.type == "NUMBER":
                    written = _without_end(written) if self._is_personal(token.value) else written
                elif token.type == "PREFIX":
                    written = f"{_start(written).rstrip(' .-*')}*" if _digits(token.value) > _KEPT else written
                else:
                    written = self.text(written)
                found += (text[at : token.start], written)
                at = token.end
        return "".join((*found, self.text(text[at:])))

    def text(self, text: str) -> str:
        """Return a name, a reason or a path: of what may be a number, a few digits stay."""
        return _RUN.sub(lambda run: _without_end(run[0], _KEPT), text) if self.hides else text

    def _is_personal(self, number: str) -> bool:
        return self.hides and number not in self.own and (number.startswith("+") or len(number) > _KEPT)


def mask(old: Policy, new: Policy) -> Mask:
    """Return what hides the personal numbers of two policies."""
    own = old.extensions.keys() | new.extensions.keys() | old.systems.keys() | new.systems.keys()
    return Mask(hides=True, own=frozenset(own))


def _digits(text: str) -> int:
    return len(_DIGIT.findall(text))


def _without_end(text: str, most: int = _MOST) -> str:
    """Return a number, however it is written, with `x` for its last digits, and for all but the `most` first ones."""
    return _start(text, "x", min(max(_digits(text) - _HIDDEN, 0), most))


def _start(text: str, others: str = "", kept: int = _KEPT) -> str:
    """Return a number, however it is written, with its first digits only; each of the others becomes another text."""
    seen = 0

    def shown(digit: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return digit[0] if seen <= kept else others

    return _DIGIT.sub(shown, text)
