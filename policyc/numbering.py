"""The French numbering plan: what a trunk presents or a person writes in, canonical numbers and sets out. Pure.

Canonical form: French numbers are national (`0612345678`), others with a country code are `+442071234567`, short ones
are themselves, internal ones too; None is the anonymous caller. Data and sources: `data/france.toml`.
"""

import re
import tomllib
from functools import cache, lru_cache
from typing import Any

from policyc import digits, resources
from policyc.digits import Caller, Kind, NumberSet
from policyc.values import dataclass

# What separates or wraps digits in a presented number; anything that is no digit is dropped, as a PBX can do it too.
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_FRENCH = re.compile(r"0[0-9]{9}|0(?:700|901)[0-9]{10}")
_NINE = re.compile(r"[1-9][0-9]{8}")
_LONG = re.compile(r"(?:700|901)[0-9]{10}")


@cache
def _plan() -> dict[str, Any]:
    return tomllib.loads(resources.read_package("data/france.toml"))


def plan_date() -> str:
    """Return the year and month of the numbering data, `2026-03`."""
    return str(_plan()["date"])


@cache
def emergency_numbers() -> frozenset[str]:
    """Return the emergency numbers of the French plan."""
    return frozenset(_plan()["emergency"])


@cache
def overseas() -> tuple[tuple[str, str], ...]:
    """Return (country code, national prefix) of the overseas territories within the French plan."""
    return tuple((code, prefix) for code, prefixes in _plan()["overseas"].items() for prefix in prefixes)


@cache
def overseas_codes() -> tuple[str, ...]:
    """Return the country codes whose numbers are national French ones: 262, 590, 594, 596, 508."""
    return tuple(_plan()["overseas"])


@cache
def builtin_lists() -> dict[str, tuple[str, NumberSet]]:
    """Return the built-in lists: key → (French name, callers)."""
    found = {}
    for key, table in _plan()["lists"].items():
        # Abroad is all that is no French number; the prefix `+` holds those too.
        callers = digits.FOREIGN if key == "foreign" else digits.union(builtin_parts(key))
        found[key] = (str(table["name"]), callers)
    return found


@cache
def builtin_parts(key: str) -> tuple[NumberSet, ...]:
    """Return the prefixes of a built-in list, each as a set; one that is no list of prefixes is one set."""
    if key == "foreign":
        return (builtin_lists()[key][1],)
    return tuple(map(prefix, _plan()["lists"][key]["prefixes"]))


def is_french(number: str) -> bool:
    """Tell whether a canonical number is a French one: `0` and nine digits, or fourteen behind 0700 and 0901."""
    return _FRENCH.fullmatch(number) is not None


def canonical(kind: Kind, presented: str, *, restricted: bool = False) -> Caller:
    """Return who calls, from the kind of call and the number as presented by a trunk or a phone.

    `restricted` is the presentation restricted by the caller (CLIR): anonymous, even when the number is known.
    """
    if restricted:
        return Caller(kind, None)
    return _canonical(kind, presented)


@lru_cache(maxsize=1 << 16)
def _canonical(kind: Kind, presented: str) -> Caller:
    shown = presented.partition(";")[0].partition("@")[0]
    plain = _NOT_A_DIGIT.sub("", shown)
    if not plain:  # nothing, or a spelling of anonymous: none of them has a digit
        return Caller(kind, None)
    if kind is Kind.INTERNAL:
        return Caller(kind, plain)
    before = shown[: shown.index(plain[0])]
    return Caller(kind, canonical_number("+" + plain if "+" in before else plain))


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who calls, and how a presented text was read for it.

    `form` is one of the presentations that settings list (national, e164, 00, 33, nine-digits), or overseas-e164,
    overseas-00 (`code`: +262…), foreign-e164, foreign-00, irregular (with a French `code`, but no French number),
    as-is (short and other numbers), extension, anonymous (a spelling of it), empty, restricted. `dropped` tells what
    was left out to read it: separators, tail (`;…`, `@…`).
    """

    caller: Caller
    form: str
    code: str | None = None
    dropped: tuple[str, ...] = ()


def recognise(kind: Kind, presented: str, *, restricted: bool = False) -> Recognised:
    """Return who calls, as `canonical` does, and in which form the number was presented."""
    caller = canonical(kind, presented, restricted=restricted)
    shown = presented.partition(";")[0].partition("@")[0]
    if caller.number is None:
        return Recognised(caller, "restricted" if restricted else "anonymous" if shown.strip() else "empty")
    plain = _NOT_A_DIGIT.sub("", shown)
    sign = "+" if kind is Kind.EXTERNAL and "+" in shown[: shown.index(plain[0])] else ""
    left_out = (("separators", shown != sign + plain), ("tail", shown != presented))
    dropped = tuple(name for name, is_so in left_out if is_so)
    form, code = ("extension", None) if kind is Kind.INTERNAL else _form(sign + plain, caller.number)
    return Recognised(caller, form, code, dropped)


def _form(written: str, number: str) -> tuple[str, str | None]:
    """Return the form of an external number of digits and perhaps a leading `+`, and its French country code if any."""
    if written.startswith("+"):
        style, international = "e164", written[1:]
    elif number == written:
        return ("national" if is_french(number) else "as-is"), None
    elif written.startswith("00"):
        style, international = "00", written[2:]
    else:  # only nine digits become another number, alone or behind 33
        return ("nine-digits", None) if len(written) == 9 else ("33", "33")
    code = next((one for one in ("33", *overseas_codes()) if international.startswith(one)), None)
    if number.startswith("+"):
        return (f"foreign-{style}", None) if code is None else ("irregular", code)
    return (style if code == "33" else f"overseas-{style}"), code


def canonical_number(number: str) -> str:
    """Return the canonical form of an external number made of digits and perhaps a leading `+`."""
    if number.startswith("+"):
        code = number[1:]
    elif re.match(r"00[1-9][0-9]{3,14}$", number):
        code = number[2:]
    elif number.startswith("33") and _NINE.fullmatch(number[2:]):
        code = number
    elif _NINE.fullmatch(number):
        return "0" + number
    else:
        return number
    area, rest = code[:2], code[2:]
    if area == "33" and (_NINE.fullmatch(rest) or _LONG.fullmatch(rest)):
        return "0" + rest
    area, rest = code[:3], code[3:]
    if area in overseas_codes() and _NINE.fullmatch(rest):
        return "0" + rest
    if area == "508" and re.fullmatch(r"[0-9]{6}", rest):  # six digits abroad, 0508 and the same six at home
        return "0508" + rest
    return "+" + code


def e164(number: str) -> str:
    """Return a canonical external number with its country code: `+33612345678`. Short numbers have none."""
    if number.startswith("+") or not is_french(number):
        return number
    for code, start in overseas():
        if number.startswith(start):
            return "+508" + number[4:] if code == "508" else f"+{code}{number[1:]}"
    return "+33" + number[1:]


def presentations(number: str) -> tuple[str, ...]:
    """Return every spelling, of those trunks use, that has this external canonical form."""
    found = [number]
    if is_french(number) and number[1] != "0":  # 0001234567 is but itself
        found += ["+33" + number[1:], "0033" + number[1:]]
        if len(number) == 10:
            found += ["33" + number[1:], number[1:]]
        international = e164(number)
        if not international.startswith("+33"):
            found += [international, "00" + international[1:]]
    elif number.startswith("+") and number[1] != "0":
        found.append("00" + number[1:])
    return tuple(found)


def display(number: str) -> str:
    """Return a canonical number as the French write it: `06 12 34 56 78`; others as they are."""
    if is_french(number):
        return " ".join(number[at : at + 2] for at in range(0, len(number), 2))
    return number


@lru_cache(maxsize=1 << 16)
def prefix(written: str) -> NumberSet:
    """Return the callers that a prefix names, whichever way it is written: `06`, `+336` and `00336` are one set.

    `0` and more digits names French numbers; `+` or `00` and more, every external number whose form with a country
    code starts so; other digits, the short and internal numbers that start so.
    """
    if written.startswith("00") and not written.startswith("000"):
        written = "+" + written[2:]
    if not written.startswith("+"):
        return digits.starting(written, within=digits.FRENCH if written.startswith("0") else None)
    if written.startswith("+33"):
        return digits.starting("0" + written[3:].removeprefix("0"), within=digits.FRENCH)
    found = digits.starting(written)
    if "+33".startswith(written):
        found |= digits.FRENCH
    for code, start in overseas():
        abroad = "+508" if code == "508" else f"+{code}{start[1:]}"
        if written.startswith(abroad):
            return digits.starting(start + written[len(abroad) :], within=digits.FRENCH)
        if abroad.startswith(written):
            found |= digits.starting(start) & digits.FRENCH
    return found


@lru_cache(maxsize=1 << 16)
def exactly(number: str) -> NumberSet:
    """Return the callers that a canonical number names: from outside, and from inside if it may be an extension's."""
    return digits.exactly(number)
