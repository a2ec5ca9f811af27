"""Presentations that a trunk uses in, the expressions that bring a presented number to its canonical form out."""

from collections.abc import Collection
from typing import NamedTuple

from policyc import numbering
from policyc.digits import Kind


class Form(NamedTuple):
    """A form of digits behind an optional `+`, and its canonical number, where `$1` is what the form captures."""

    expression: str
    canonical: str


def forms(kind: Kind, presentations: Collection[str]) -> tuple[Form, ...]:
    """Return the forms of a kind of caller: of those that match, the last one counts."""
    if kind is Kind.INTERNAL:
        return (Form("^[+]?([0-9]{1,10})$", "$1"),)
    found = [Form("^([0-9]{1,15}|[+][0-9]{4,15})$", "$1")]
    abroad = [sign for name, sign in (("e164", "[+]"), ("00", "00")) if name in presentations]
    if "00" in abroad:
        found.append(Form("^00([1-9][0-9]{3,14})$", "+$1"))
    if abroad:
        sign = f"(?:{'|'.join(abroad)})"
        found += [
            Form(f"^{sign}33((?:700|901)[0-9]{{10}})$", "0$1"),
            Form(f"^{sign}(?:{'|'.join(numbering.overseas_codes())})([1-9][0-9]{{8}})$", "0$1"),
            Form(f"^{sign}508([0-9]{{6}})$", "0508$1"),
        ]
    starts = [f"{sign}33" for sign in abroad]
    starts += [start for name, start in (("33", "33"), ("nine-digits", "")) if name in presentations]
    if starts:
        found.append(Form(f"^(?:{'|'.join(starts)})([1-9][0-9]{{8}})$", "0$1"))
    return tuple(found)
