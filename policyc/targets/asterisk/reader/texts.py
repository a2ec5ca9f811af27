"""Texts of which some characters are not known, as ordinary strings.

A known character is a byte (Asterisk counts bytes), so a `str` of the code points 0 to 255. The others stand for what
only the call tells, and are private code points:

    a digit of the caller's number, by how many follow it: any of 0 to 9, independent of the others
    a digit that the clock shows, by its field: `times` knows them
    a word that the call itself gives: what became of a Dial, the cause from far away, a key that was pressed, now
    an input: a whole text that was there before, by its name, and that nothing has looked at yet

So cutting, joining and counting are those of strings; only a comparison may have to ask. One that needs a digit of the
caller raises `NeedsDigit`, and whoever drives the call runs it again for each of the ten; one that needs to look at an
input raises `NeedsInput`.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol

from policyc.schedule import Period
from policyc.targets.asterisk.reader.errors import Unclear, What

_CALLER, _CLOCK, _STATUS, _CAUSE, _KEY, _NOW, _INPUT = 0xE000, 0xE100, 0xE200, 0xE300, 0xE400, 0xE500, 0xE600
_MOST_INPUTS = 0xF8FF - _INPUT
DIGITS = frozenset("0123456789")
CALLERS = "\ue000-\ue0ff"
CLOCKS = "\ue100-\ue1ff"
STATUSES = "\ue200-\ue2ff"
CAUSES = "\ue300-\ue3ff"
KEYS = "\ue400-\ue4ff"
NOW = chr(_NOW)
"""The instant of the call, as a number of seconds."""
_UNKNOWN_DIGIT = re.compile(f"[{CALLERS}]")
_CLOCK_DIGIT = re.compile(f"[{CLOCKS}]")
_WORD = re.compile(f"[{STATUSES}{CAUSES}{KEYS}{NOW}]")
_STATUS_WORD = re.compile(f"[{STATUSES}]")
_FIRST_INPUT, _LAST_INPUT = "\ue600", "\uf8ff"
_INPUTS = re.compile(f"[{_FIRST_INPUT}-{_LAST_INPUT}]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_BYTES = re.compile(r"[\x00-\xff]+")


class NeedsDigit(Exception):  # noqa: N818  not a mistake: a question
    """What is asked depends on a digit of the caller that is not known."""


class NeedsInput(Exception):  # noqa: N818  not a mistake: a question
    """What is asked depends on an input: its character."""

    def __init__(self, char: str) -> None:
        super().__init__(char)
        self.char = char


class Questions(Protocol):
    """What only the call tells: each answer holds from then on."""

    def during(self, period: Period) -> bool:
        """Tell whether the instant of the call is in a period."""

    def word_is(self, word: str, value: str) -> bool:
        """Tell whether a word that the call gives has a value."""

    def candidates(self, word: str) -> Iterable[str]:
        """Return the values that a word can still have; raises Unclear for one that can have any."""


def digit_at(place: int) -> str:
    """Return the unknown digit of the caller's number that so many digits follow."""
    return chr(_CALLER + place)


def place_of(digit: str) -> int:
    """Return how many digits follow an unknown digit of the caller's number."""
    return ord(digit) - _CALLER


@lru_cache(maxsize=256)
def digits_from(place: int) -> str:
    """Return so many unknown digits, the last of the caller's number."""
    return "".join(chr(_CALLER + at) for at in range(place - 1, -1, -1))


def input_char(number: int) -> str:
    """Return the character of an input. Raises Unclear when there are more than can be told apart."""
    if number > _MOST_INPUTS:
        raise Unclear(What.ENDLESS, str(number))
    return chr(_INPUT + number)


def check_inputs(text: str) -> None:
    """Raise NeedsInput for the first input in a text, if there is one."""
    if not text.isascii() and (found := _INPUTS.search(text)):
        raise NeedsInput(found[0])


def with_inputs(text: str, value: Callable[[str], str]) -> str:
    """Return a text with a value in the place of each input, by its character."""
    if text.isascii():
        return text
    if len(text) == 1:  # as most are: a whole text that was there before
        return value(text) if _FIRST_INPUT <= text <= _LAST_INPUT else text
    return _INPUTS.sub(lambda found: value(found[0]), text)


def has_input(text: str) -> bool:
    """Tell whether an input stands in a text."""
    return not text.isascii() and _INPUTS.search(text) is not None


def clock_digit(field: int) -> str:
    """Return the digit of a field of the clock."""
    return chr(_CLOCK + field)


def status_word(number: int) -> str:
    """Return the word for what became of a Dial, by its number in the call."""
    return chr(_STATUS + number)


def cause_word(number: int) -> str:
    """Return the word for the hangup cause after a Dial."""
    return chr(_CAUSE + number)


def key_word(number: int) -> str:
    """Return the word for the keys that a Read got, by its number in the call."""
    return chr(_KEY + number)


def encode(text: str) -> str:
    """Return a text as Asterisk has it, a character a byte."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def decode(text: str) -> str:
    """Return a text as people read it; what is not known stays as it is."""
    return _BYTES.sub(lambda found: found[0].encode("latin-1").decode("utf-8", "replace"), text)


def show(text: str) -> str:
    """Return a text with a mark for each thing that is not known."""
    return _PRIVATE.sub(lambda found: "?" if found[0] < chr(_STATUS) else "…", text)


def has_unknown_digit(text: str) -> bool:
    """Tell whether a digit of the caller that is not known stands in a text."""
    return not text.isascii() and _UNKNOWN_DIGIT.search(text) is not None


def unknown_digits(text: str) -> str:
    """Return the digits of the caller that are not known in a text."""
    return "" if text.isascii() else "".join(_UNKNOWN_DIGIT.findall(text))


def has_clock(text: str) -> bool:
    """Tell whether a digit of the clock stands in a text."""
    return not text.isascii() and _CLOCK_DIGIT.search(text) is not None


def has_word(text: str) -> bool:
    """Tell whether a word that only the call gives stands in a text."""
    return not text.isascii() and _WORD.search(text) is not None


def is_known(text: str) -> bool:
    """Tell whether nothing in a text is unknown."""
    return text.isascii() or _PRIVATE.search(text) is None


def is_status(char: str) -> bool:
    """Tell whether a character is the word for what became of a Dial."""
    return _STATUS_WORD.match(char) is not None


def known(text: str, questions: Questions) -> str:
    """Return a text of which all is known, asking what can be asked. Raises NeedsDigit and Unclear."""
    if text.isascii():
        return text
    text = spelled(text, questions)
    if has_unknown_digit(text):
        raise NeedsDigit
    if not is_known(text):
        raise Unclear(What.VALUE, show(text))
    return text


def spelled(text: str, questions: Questions) -> str:
    """Return a text of fixed length: words of the call are spelled out, digits may stay unknown."""
    if text.isascii():
        return text
    check_inputs(text)
    while found := _WORD.search(text):
        word = found[0]
        value = next((one for one in questions.candidates(word) if questions.word_is(word, one)), None)
        if value is None:
            raise Unclear(What.VALUE, show(text))
        text = text.replace(word, value)
    return text


def same(one: str, other: str, questions: Questions) -> bool | None:
    """Tell whether two texts are equal; None where the clock must be asked, which `times` does."""
    if one == other:
        return True
    for text, against in ((one, other), (other, one)):
        words = _WORD.findall(text)
        if len(words) == 1 and is_known(against):
            before, after = text.split(words[0])
            if not is_known(before + after):
                break
            inner = against[len(before) : len(against) - len(after)]
            return before + inner + after == against and questions.word_is(words[0], inner)
    one, other = spelled(one, questions), spelled(other, questions)
    if len(one) != len(other):
        return False
    if has_clock(one + other):
        return None
    asks = False
    for left, right in zip(one, other, strict=True):
        if left != right:
            unknown = [char for char in (left, right) if has_unknown_digit(char)]
            if not unknown or (len(unknown) == 1 and not {left, right} & DIGITS):
                return False
            asks = True
    if asks:
        raise NeedsDigit
    return True


def is_nonzero(digits: str) -> bool:
    """Tell whether digits, of which some may be unknown, make a number other than 0. Raises NeedsDigit."""
    if any(char in "123456789" for char in digits):
        return True
    if has_unknown_digit(digits):
        raise NeedsDigit
    if not is_known(digits):
        raise Unclear(What.VALUE, show(digits))
    return False


def bounds(digits: str) -> tuple[int, int]:
    """Return the least and the greatest number that digits can make, of which some may be unknown."""
    return int(_UNKNOWN_DIGIT.sub("0", digits)), int(_UNKNOWN_DIGIT.sub("9", digits))


def kept(char: str, allowed: frozenset[str]) -> bool:
    """Tell whether a character is one of some. Raises NeedsDigit when that depends on which digit it is."""
    if char <= "\xff":
        return char in allowed
    digits = len(allowed & DIGITS)
    if digits in (0, 10):
        return digits == 10
    if has_unknown_digit(char):
        raise NeedsDigit
    raise Unclear(What.VALUE, show(char))
