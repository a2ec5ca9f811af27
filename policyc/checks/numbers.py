"""Numbers that mean something else: a company's own called from outside, an emergency number as an extension."""

from collections.abc import Iterator
from functools import partial

from policyc import numbering
from policyc.checks.reach import layers, witness
from policyc.decision import mask_of
from policyc.diagnostics import Diagnostic, Secondary, Text, Witness
from policyc.digits import Caller, Kind, NumberSet
from policyc.model import Extension, External, Policy, Rule

MAX_SHOWN = 6  # extensions whose mobile is meant, of one rule


def forwards_to_own_company(policy: Policy, company: NumberSet) -> Iterator[Diagnostic]:
    """PC318: a rule sends calls out to a number of the company, from where they come back in."""
    if not company:
        return
    inward = {one.number for one in policy.extensions.values() if one.mobile and _is_in(company, one.mobile)}
    for extensions, rules in layers(policy):
        for rule in rules:
            match rule.destination:
                case External(number=None):
                    scope = [one for one in extensions if one in inward and one not in rule.excepted]
                    if scope:
                        call = witness(policy, scope, rule, rule.callers, partial(mask_of, rule=rule))
                        yield _mobiles(rule, [policy.extensions[one] for one in scope], call)
                case External(number=str(number)) if _is_in(company, number):
                    call = witness(policy, extensions, rule, rule.callers, partial(mask_of, rule=rule))
                    args = {"case": "number", "number": numbering.display(number)}
                    yield Diagnostic("PC318", rule.span, args, witness=call)


def emergency_extensions(policy: Policy) -> Iterator[Diagnostic]:
    """PC321: who dials an emergency number inside the company gets an extension."""
    for number in sorted(numbering.emergency_numbers()):
        for declared in (policy.extensions.get(number), policy.systems.get(number)):
            if declared is not None:
                yield Diagnostic("PC321", declared.span, {"number": number, "name": declared.name})


def _is_in(company: NumberSet, number: str) -> bool:
    return Caller(Kind.EXTERNAL, number) in company


def _mobiles(rule: Rule, scope: list[Extension], call: Witness | None) -> Diagnostic:
    """Return the diagnostic of a rule that calls mobiles, some of which are numbers of the company."""
    more = len(scope) - MAX_SHOWN
    return Diagnostic(
        "PC318",
        rule.span,
        {"case": "mobile", "number": numbering.display(scope[0].mobile or "")},
        tuple(Secondary(one.span, "mobile") for one in scope[:MAX_SHOWN]),
        (Text("others", {"count": more}),) if more > 0 else (),
        (Text("mobile"),),
        call,
    )
