"""Rules that others hide, in whole or in part: with who hides them, and a call that shows it."""

from collections.abc import Iterator, Mapping

from policyc import analysis, digits
from policyc.analysis import Hidden
from policyc.diagnostics import Diagnostic, Secondary, Text
from policyc.edits import without_rule
from policyc.model import Rule
from policyc.outcomes import DecisionModel

_USELESS = ("nobody", "same", "twin")  # what to do with such a rule is plain: no other place would be of use to it
MAX_SHOWN = 8  # rules that hide another: more would not be read


def shadowed_rules(model: DecisionModel) -> Iterator[Diagnostic]:
    """PC313: a rule never decides, because others take all its calls, or because it holds for nobody."""
    for hidden in filter(_is_news, analysis.hidden_rules(model)):
        case = "nobody" if not hidden.by else "other" if hidden.differs else "same"
        advice = case
        if hidden.twin is not None and hidden.differs:
            advice = "twin"
        elif hidden.differs and hidden.rule in model.policy.rest:
            shared = (*model.policy.first, *model.policy.rest)
            advice = "other" if all(one in shared for one in hidden.by) else "own"
        yield _report("PC313", hidden, {"case": case}, advice)


def partly_shadowed_rules(model: DecisionModel) -> Iterator[Diagnostic]:
    """PC314: a rule names callers that it never decides for, and whose calls end elsewhere."""
    for hidden in filter(_is_news, analysis.hidden_callers(model)):
        yield _report("PC314", hidden, {"count": hidden.callers.people})


def _is_news(hidden: Hidden) -> bool:
    """Tell whether no rule that hides has a `*` among other callers: that is reported, and explains the rest."""
    return not any(_has_star_among_others(rule) for rule in hidden.by)


def _has_star_among_others(rule: Rule) -> bool:
    parts = [part.callers for part in rule.written.parts]
    return len(parts) > 1 and digits.EVERYONE in parts


def _report(code: str, hidden: Hidden, args: Mapping[str, str | int], advice: str = "") -> Diagnostic:
    rule = hidden.rule
    twin = hidden.twin if advice == "twin" else None
    by = sorted(hidden.by, key=lambda one: one is not twin)
    inside = [one for one in hidden.spans if not rule.lists(one)]
    listed = [one for one in hidden.spans if rule.lists(one)]
    more = len(hidden.by) - MAX_SHOWN
    return Diagnostic(
        code,
        inside[0] if inside else rule.span,
        args,
        (
            *(Secondary(one, "also") for one in inside[1:MAX_SHOWN]),
            *(Secondary(one, "named") for one in listed[:MAX_SHOWN]),
            *(Secondary(one.span, "twin" if one is twin else "by") for one in by[:MAX_SHOWN]),
        ),
        (Text("more", {"more": more}),) if more > 0 else (),
        (Text(advice),) if advice else (),
        hidden.example,
        without_rule(rule.span, safe=True) if advice in _USELESS else None,
    )
