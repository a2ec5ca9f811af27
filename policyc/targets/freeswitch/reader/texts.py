"""Texts of which some characters are not known, as ordinary strings.

A known character is a byte (FreeSWITCH's expressions see bytes), so a `str` of the code points 0 to 255. The others
stand for what only the call tells, and are private code points:

    an unknown digit of the caller's number, by its place from the end: so `+33` and nine digits, made `0` and the same
    nine digits, is the same text as a number that was presented so
    the caller's number as it was presented, and the caller's name; the number called
    the value of a variable that holds a number, whichever it is
    why a line that was dialled did not take the call
    a variable that nothing in the dialplan sets, and what a clock shows, both between two marks

Cutting and joining are those of strings. A value that depends on something is a `Choice` between texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

_DIGIT, _NUMBER, _CAUSE = 0xE000, 0xE200, 0xE400
DIGITS = "\ue000-\ue03f"
MOST_DIGITS = 0x40
PRESENTED = "\ue100"
NAME = "\ue101"
CALLED = "\ue102"
NUMBERS = "\ue200-\ue3ff"
MOST_NUMBERS = 0x200
CAUSES = "\ue400-\ue4ff"
_VARIABLE, _CLOCK, _END = "\ue500", "\ue501", "\ue502"
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_UNKNOWN_DIGIT = re.compile(f"[{DIGITS}]")
_NUMBER_SYMBOL = re.compile(f"[{NUMBERS}]")
_CAUSE_SYMBOL = re.compile(f"[{CAUSES}]")
_CLOCKS = re.compile(f"{_CLOCK}([^{_END}]*){_END}")
_BYTES = re.compile(r"[\x00-\xff]+")
_MOST_WAYS = 512


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Choice:
    """One of two values, as the answer to a question is: a set of callers, a `Period`, what a line did.

    `choice` makes them: equal ones are one object, since they stand in the keys of what is remembered.
    """

    asked: Hashable
    yes: Value
    no: Value
    is_plain: bool
    """Whether FreeSWITCH would expand none of the texts any further."""


Value = str | Choice
_CHOICES: WeakValueDictionary[tuple[Hashable, Value, Value], Choice] = WeakValueDictionary()


def is_plain(value: Value) -> bool:
    """Tell whether FreeSWITCH would expand a value no further."""
    return ("$" not in value and "\\" not in value) if isinstance(value, str) else value.is_plain


def choice(asked: Hashable, yes: Value, no: Value) -> Value:
    """Return the choice between two values, which is none where they are the same."""
    if yes == no:
        return yes
    key = asked, yes, no
    found = _CHOICES.get(key)
    if found is None:
        found = _CHOICES[key] = Choice(asked, yes, no, is_plain(yes) and is_plain(no))
    return found


def mapped(value: Value, function: Callable[[str], Value]) -> Value:
    """Return a value with a function applied to each text that it may be."""
    if isinstance(value, str):
        return function(value)
    return choice(value.asked, mapped(value.yes, function), mapped(value.no, function))


def joined(parts: Sequence[Value]) -> Value:
    """Return values put together."""
    at = 0
    while at < len(parts) and isinstance(parts[at], str):
        at += 1
    if at == len(parts):
        return "".join(parts)  # type: ignore[arg-type]  # all are texts
    before, behind = "".join(parts[:at]), joined(parts[at + 1 :])  # type: ignore[arg-type]  # those before are, too
    if isinstance(behind, str):
        return mapped(parts[at], lambda text: before + text + behind)
    return mapped(parts[at], lambda text: mapped(behind, lambda rest: before + text + rest))


def ways(value: Value) -> int:
    """Return how many texts a value may be, as it is built."""
    return 1 if isinstance(value, str) else ways(value.yes) + ways(value.no)


def too_many(value: Value) -> bool:
    """Tell whether a value may be more texts than are followed."""
    return not isinstance(value, str) and ways(value) > _MOST_WAYS


def digit(place: int) -> str:
    """Return the unknown digit at a place of the caller's number, counted from its end, from 0."""
    return chr(_DIGIT + place)


def place_of(char: str) -> int:
    """Return the place of an unknown digit; of another character, none below `MOST_DIGITS`."""
    return ord(char) - _DIGIT


def number_symbol(index: int) -> str:
    """Return what stands for the number that a variable holds."""
    return chr(_NUMBER + index)


def cause_symbol(dial: int) -> str:
    """Return what stands for why a line did not take the call, by the dial's number in the call."""
    return chr(_CAUSE + dial)


def dial_of(symbol: str) -> int:
    """Return the number of the dial of a cause."""
    return ord(symbol) - _CAUSE


def variable_token(name: str) -> str:
    """Return what stands for the value of a variable that the dialplan does not set."""
    return f"{_VARIABLE}{name}{_END}"


def clock_token(form: str) -> str:
    """Return what stands for what a clock shows, in a format of `strftime`."""
    return f"{_CLOCK}{form}{_END}"


def clock_form(text: str) -> str | None:
    """Return the format of a text that is what a clock shows and nothing else."""
    found = _CLOCKS.fullmatch(text)
    return found[1] if found else None


def is_known(text: str) -> bool:
    """Tell whether nothing in a text is unknown."""
    return text.isascii() or _PRIVATE.search(text) is None


def has_digit(text: str) -> bool:
    """Tell whether an unknown digit stands in a text."""
    return _UNKNOWN_DIGIT.search(text) is not None


def has_number(text: str) -> bool:
    """Tell whether a number stands in a text that is not spelt out."""
    return _NUMBER_SYMBOL.search(text) is not None


def is_number(text: str) -> bool:
    """Tell whether a text is a number that is not spelt out, and nothing else."""
    return len(text) == 1 and has_number(text)


def is_cause(text: str) -> bool:
    """Tell whether a text is why a line did not take the call, and nothing else."""
    return len(text) == 1 and _CAUSE_SYMBOL.match(text) is not None


def encode(text: str) -> str:
    """Return a text as FreeSWITCH has it, a character a byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def decode(text: str) -> str:
    """Return a text as people read it; what is not known stays as it is."""
    return _BYTES.sub(lambda found: found[0].encode("latin-1").decode("utf-8", "replace"), text)


def show(text: str) -> str:
    """Return a text for people, with marks for what is not known."""
    plain = re.sub(f"{_VARIABLE}([^{_END}]*){_END}", r"${\1}", _CLOCKS.sub(r"strftime(\1)", text))
    plain = plain.replace("${!", "$${")
    return _PRIVATE.sub(lambda found: "?" if found[0] <= "\ue03f" else "…", decode(plain))
