"""Calls in, what their records should say out: `102 policy.pol:23 > 101 -`, by the interpreter."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from calls import suite

from policyc import api
from policyc.evaluate import evaluate
from policyc.files import MemoryFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyc.model import Policy


def way(policy: Policy, line: suite.Line) -> str:
    """Return what the record of a call should say, where files have plain names."""
    steps = evaluate(policy, line.call).steps
    return " > ".join(f"{one.extension} {one.rule.span.place if one.rule else '-'}" for one in steps)


def wrong(policy: Policy, lines: Iterable[suite.Line], said: Iterable[set[str]]) -> list[str]:
    """Return the calls whose records do not all say what they should; `said` has the texts of each."""
    return [
        f"{line}: {texts}, not {way(policy, line)!r}"
        for line, texts in zip(lines, said, strict=True)
        if texts != {way(policy, line)}
    ]


def call(called: str) -> suite.Line:
    """Return a call of a mobile from outside, on a Monday morning."""
    return suite.Line("0612345678", False, False, called, datetime(2026, 11, 23, 10), {}, "", None)


def chain(count: int, name: str) -> Policy:
    """Return a policy, in a file of a name, whose extensions from 100 on forward such calls, each to the next one."""
    numbers = range(100, 100 + count)
    text = "".join(f"poste {number} P{number}\n" for number in numbers)
    text += "".join(f"pour P{number}\n  depuis 06* vers extension P{number + 1}\n" for number in numbers[:-1])
    checked = api.examine(MemoryFiles({name: text}), [name])
    if checked.has_errors:
        raise api.PolicyError(checked.diagnostics)
    return checked.policy
