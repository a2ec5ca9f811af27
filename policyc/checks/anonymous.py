"""Anonymous callers who are turned away: customers whose number their operator hides, too."""

from collections.abc import Iterator
from functools import partial

from policyc import digits
from policyc.checks.reach import layers, witness
from policyc.decision import mask_of
from policyc.diagnostics import Diagnostic, Secondary, Text
from policyc.model import Busy, Policy

_FROM_OUTSIDE = digits.ANONYMOUS & digits.EXTERNAL


def anonymous_blocked(policy: Policy) -> Iterator[Diagnostic]:
    """PC319: a rule that names anonymous callers lets those from outside hear a busy line."""
    for extensions, rules in layers(policy):
        for rule in rules:
            if not isinstance(rule.destination, Busy) or rule.callers.isdisjoint(_FROM_OUTSIDE):
                continue
            named = [part.place for part in rule.written.parts if part.callers and part.callers <= digits.ANONYMOUS]
            if not named:
                continue
            call = witness(policy, extensions, rule, _FROM_OUTSIDE, partial(mask_of, rule=rule))
            if call is not None:
                in_lists = [span for span in named if span is not None and rule.lists(span)]
                shown = tuple(Secondary(one, "named") for one in in_lists)
                yield Diagnostic("PC319", rule.span, {}, shown, (Text("masked"),), witness=call)
