"""Rules that stand line under line and could be one."""

from collections.abc import Hashable, Iterator
from itertools import groupby
from typing import Final

from policyc.diagnostics import Diagnostic, Edit, Fix, Secondary, Text
from policyc.digits import NumberSet
from policyc.edits import whole_line
from policyc.model import Policy, Rule
from policyc.source import Span

MAX_LINE: Final = 120


def mergeable_rules(policy: Policy) -> Iterator[Diagnostic]:
    """PC317: rules of an extension, line under line, say the same for other callers. One diagnostic for all of them.

    A line with a comment of its own, or one that names a list, stands for itself: its author told it apart.
    """
    for rules in policy.own.values():
        for lines in _line_under_line(rules):
            for said, run in groupby(lines, _said):
                one_line = [] if said is None else _side_by_side(list(run))
                if len(one_line) > 1:
                    others = tuple(Secondary(rule.span, "same") for rule in one_line[1:])
                    callers = ", ".join(_callers(rule) for rule in one_line)
                    help_ = (Text("merge", {"callers": callers}),)
                    args = {"count": len(one_line)}
                    yield Diagnostic("PC317", one_line[0].span, args, others, help=help_, fix=_merged(one_line))


def _line_under_line(rules: tuple[Rule, ...]) -> Iterator[list[Rule]]:
    """Yield rules in runs between which something else stands: a blank line, a comment, another block."""
    run: list[Rule] = []
    for rule in rules:
        if run and not (rule.span.file is run[-1].span.file and rule.span.line == run[-1].span.line + 1):
            yield run
            run = []
        run.append(rule)
    yield run


def _said(rule: Rule) -> Hashable:
    """Return all that a rule says but whom it is for; None when its callers cannot simply join those of another."""
    written = rule.written
    if written.excepted or not rule.callers or any(one.parts for one in written.named) or _has_comment(rule.span):
        return None
    times = frozenset((clause.named.period, clause.inside) for clause in rule.times)
    return rule.destination, times, rule.until, rule.reason, written.kind


def _has_comment(span: Span) -> bool:
    return span.file.line(span.line)[span.column - 1 + span.end - span.start :].strip() != ""


def _callers(rule: Rule) -> str:
    """Return how a rule names its callers, without its filter."""
    named = rule.written.named
    return named[0].span.to(named[-1].span).text if named else ""


def _merged(rules: list[Rule]) -> Fix | None:
    """Return a fix that makes one line of several, or None where it would be too long to read: that is for a list."""
    first, *others = rules
    more = "".join(f", {_callers(rule)}" for rule in others)
    file, end = first.span.file, first.written.named[-1].span.end
    if len(file.line(first.span.line)) + len(more) > MAX_LINE:
        return None
    gone = (Edit(whole_line(file, rule.span.line), "") for rule in others)
    return Fix((Edit(Span(file, end, end), more), *gone), safe=True)


def _side_by_side(run: list[Rule]) -> list[Rule]:
    """Return the rules whose callers no other rule holds, nor is held by: that is another matter."""
    nested = set()
    for one, other in _overlapping([rule.callers for rule in run]):
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
