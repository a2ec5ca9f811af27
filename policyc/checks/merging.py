"""Rules that stand line under line and could be one."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from policyc import digits
from policyc.diagnostics import Diagnostic, Edit, Fix, Secondary, Text
from policyc.digits import NumberSet
from policyc.edits import whole_line
from policyc.model import Policy, Rule
from policyc.schedule import Period
from policyc.source import Span

MAX_LINE: Final = 120


def mergeable_rules(policy: Policy) -> Iterator[Diagnostic]:
    """PC317: rules of an extension, line under line, say the same for other callers. One diagnostic for all of them.

    A line with a comment of its own, or one that names a list, stands for itself: its author told it apart.
    """
    for rules in policy.own.values():
        for run in _runs(rules):
            one_line = _side_by_side(run)
            if len(one_line) > 1:
                others = tuple(Secondary(rule.span, "same") for rule in one_line[1:])
                callers = [_callers(rule) for rule in one_line]
                help_ = (Text("merge", {"callers": ", ".join(callers)}),)
                args = {"count": len(one_line)}
                yield Diagnostic("PC317", one_line[0].span, args, others, help=help_, fix=_merged(one_line, callers))


def _runs(rules: tuple[Rule, ...]) -> Iterator[list[Rule]]:
    """Yield rules, two at least, that stand line under line and say the same of callers that can simply be joined."""
    run: list[Rule] = []
    for one, other in pairwise(rules):
        alike = _say_the_same(one, other) and (run or _is_plain(one)) and _is_plain(other)
        if alike and _is_under(other.span, one.span):
            run += [other] if run else [one, other]
        elif run:
            yield run
            run = []
    if run:
        yield run


def _say_the_same(one: Rule, other: Rule) -> bool:
    """Tell whether two rules say the same but for whom it is."""
    return (
        type(one.destination) is type(other.destination)  # as of few: it is quicker than to compare them
        and one.destination == other.destination
        and one.until == other.until
        and one.reason == other.reason
        and one.written.kind is other.written.kind
        and (one.times == other.times or _times(one) == _times(other))
    )


def _times(rule: Rule) -> frozenset[tuple[Period, bool]]:
    return frozenset((clause.named.period, clause.inside) for clause in rule.times)


def _is_plain(rule: Rule) -> bool:
    """Tell whether a rule names callers, all on its own line, and leaves out none of them."""
    written = rule.written
    return bool(rule.callers) and not written.excepted and not any(one.parts for one in written.named)


def _is_under(other: Span, one: Span) -> bool:
    """Tell whether a rule stands on the line under another one, with no comment behind either."""
    text = one.file.text
    between = text[one.end : other.start]
    end = text.find("\n", other.end)
    behind = text[other.end : end if end >= 0 else len(text)]
    return one.file is other.file and between.count("\n") == 1 and not between.strip() and not behind.strip()


def _callers(rule: Rule) -> str:
    """Return how a rule names its callers, without its filter."""
    named = rule.written.named
    return named[0].span.to(named[-1].span).text if named else ""


def _merged(rules: list[Rule], callers: list[str]) -> Fix | None:
    """Return a fix that makes one line of several, or None where it would be too long to read: that is for a list."""
    first, *others = rules
    more = "".join(f", {written}" for written in callers[1:])
    file, end = first.span.file, first.written.named[-1].span.end
    if len(file.line(first.span.line)) + len(more) > MAX_LINE:
        return None
    gone = (Edit(whole_line(file, rule.span.line), "") for rule in others)
    return Fix((Edit(Span(file, end, end), more), *gone), safe=True)


def _side_by_side(run: list[Rule]) -> list[Rule]:
    """Return the rules whose callers no other rule holds, nor is held by: that is another matter."""
    sets = [rule.callers for rule in run]
    if digits.are_disjoint(sets):  # as nearly always
        return run
    nested = set()
    for one, other in _overlapping(sets):
        both = run[one].callers & run[other].callers
        if both in (run[one].callers, run[other].callers):
            nested |= {one, other}
    return [rule for at, rule in enumerate(run) if at not in nested]


def _overlapping(sets: list[NumberSet]) -> set[tuple[int, int]]:
    """Return which sets have callers in common."""
    found = set()
    going: list[tuple[int, int]] = []  # end, set
    for low, high, at in sorted((low, high, at) for at, callers in enumerate(sets) for low, high in callers.intervals):
        going = [(end, other) for end, other in going if end > low]
        found |= {(other, at) for _, other in going}
        going.append((high, at))
    return found
