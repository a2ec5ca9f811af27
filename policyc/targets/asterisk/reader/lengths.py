"""Calls that are alike but for how many digits a number has: the number that stands in texts, as a whole, found."""

from __future__ import annotations

import re
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from policyc.targets.asterisk.reader.diagrams import LENGTHS
from policyc.targets.asterisk.reader.plans import Unclear
from policyc.targets.asterisk.reader.texts import CALLERS, digits_from, has_unknown_digit

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(f"([0-9]*)([{CALLERS}]+)")


def number_in(texts: Iterable[str]) -> tuple[str, int] | None:
    """Return the one number of which unknown digits stand in texts: the digits that are known before it, how many not.

    None if there are none, or others than all of them, or if the number is longer than numbers of unknown length are.
    """
    before: list[str] = []
    unknown: set[str] = set()
    for text in texts:
        for found in () if text.isascii() else _NUMBER.finditer(text):
            before.append(found[1][::-1])
            unknown.add(found[2])
    if len(unknown) != 1:
        return None
    more = len(next(iter(unknown)))
    if unknown != {digits_from(more)} or more > LENGTHS[-1]:
        return None
    alike = takewhile(lambda chars: len(set(chars)) == 1, zip(*before, strict=False))
    return "".join(chars[0] for chars in islice(alike, LENGTHS[-1] - more))[::-1], more


def tells_digits(value: Any) -> bool:
    """Tell whether a digit of the caller that is not known stands in events, or any part of one, or may."""
    if isinstance(value, str):
        return not value.isascii() and has_unknown_digit(value)
    if isinstance(value, tuple):
        return any(map(tells_digits, value))
    names = getattr(value, "__dataclass_fields__", ())
    return isinstance(value, Unclear) or any(tells_digits(getattr(value, name)) for name in names)
