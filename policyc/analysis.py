"""Questions to the decision model: rules, and callers of rules, that never decide, and which others take the calls."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from policyc import decision, digits, numbering
from policyc.decision import Region, Row, Table
from policyc.digits import Caller, NumberSet
from policyc.model import Policy, Rule
from policyc.outcomes import DecisionModel
from policyc.source import Span

Views = list[tuple[str, Table]]
"""Tables in which a rule has a part, each with an extension that it is the table of."""


@dataclass(frozen=True, slots=True)
class Example:
    """One call that shows something: who, to which extension, at which local instant."""

    caller: Caller
    called: str
    local: datetime


@dataclass(frozen=True, slots=True)
class Hidden:
    """Callers that a rule names and never decides for, at any of its times.

    `by` are the rules that decide instead; `differs` says that some of these calls end otherwise than the rule would
    have it, and then the example is one of them. A rule that holds for no extension has neither.
    """

    rule: Rule
    callers: NumberSet
    spans: tuple[Span, ...]  # where they are named, if they are not all that the rule names
    by: tuple[Rule, ...]
    differs: bool
    example: Example | None


def hidden_rules(model: DecisionModel) -> Iterator[Hidden]:
    """Yield each rule that names calls and decides none, for any extension that it holds for."""
    scopes = _scopes(model)
    tables = {id(table): table for table in map(model.table, model.policy.extensions)}
    deciding = {choice.rule for table in tables.values() for row in _rows(table) for choice in row.choices}
    for rule in model.policy.rules:
        if rule in deciding or not rule.callers:
            continue
        views = _distinct((extension, model.table(extension)) for extension in scopes.get(rule, ()))
        if not views:
            yield Hidden(rule, rule.callers, (), (), differs=False, example=None)
        elif decision.mask_of(views[0][1].partition, rule):
            yield _hidden(model, rule, rule.callers, (), views)


def hidden_callers(model: DecisionModel) -> Iterator[Hidden]:
    """Yield, for rules that do decide, the callers they name one by one but never decide for, and that end elsewhere.

    An exception that stands before a wider rule is not hidden: the wider rule, or its list, does not single it out. Nor
    are the calls that extensions' own rules take from a `pour tous`, which is there to be overridden.
    """
    scopes = _scopes(model)
    for extension, rules in model.policy.own.items():
        table = model.table(extension)
        sizes = _sizes(table)
        for rule in rules:
            if 0 < sizes.get(rule, 0) < rule.callers.size:
                yield from _hidden_parts(model, rule, [(extension, table)])
    for rule in (*model.policy.first, *model.policy.rest):
        views = _distinct((one, _shared(model, one)) for one in scopes.get(rule, ()))
        sizes_here = [_sizes(table).get(rule, 0) for _, table in views]
        if any(sizes_here) and min(sizes_here) < rule.callers.size:
            yield from _hidden_parts(model, rule, views)


def _scopes(model: DecisionModel) -> dict[Rule, list[str]]:
    """Return the extensions that each rule holds for."""
    scopes: dict[Rule, list[str]] = {}
    for extension in model.policy.extensions:
        for rule in model.rules(extension):
            scopes.setdefault(rule, []).append(extension)
    return scopes


def _shared(model: DecisionModel, extension: str) -> Table:
    """Return the table of an extension without rules of its own."""
    first, _, rest = model.policy.layers(extension)
    return model.table_of(model.partition(extension), (*first, *rest))


def _distinct(views: Iterable[tuple[str, Table]]) -> Views:
    """Return each table once, with the first extension that has it."""
    found: dict[int, tuple[str, Table]] = {}
    for extension, table in views:
        found.setdefault(id(table), (extension, table))
    return list(found.values())


def _rows(table: Table) -> set[Row]:
    return {row for row in table.rows if row is not None}


def _sizes(table: Table) -> dict[Rule, int]:
    """Return for how many ranks of callers each rule decides something."""
    of_rows: dict[Row, int] = {}
    for low, high, row in table.cells:
        of_rows[row] = of_rows.get(row, 0) + high - low
    sizes: dict[Rule, int] = {}
    for row, size in of_rows.items():
        for choice in row.choices:
            sizes[choice.rule] = sizes.get(choice.rule, 0) + size
    return sizes


def _hidden_parts(model: DecisionModel, rule: Rule, views: Views) -> Iterator[Hidden]:
    """Yield the callers of the parts of a rule that are hidden in every view and end otherwise, as one."""
    callers: list[NumberSet] = []
    spans: list[Span] = []
    for named, span in rule.written.parts:
        part = named & rule.callers if rule.written.narrowed or rule.written.kind else named
        if not part or _decides_at(views[0][1], rule, part.ends[0], part.ends[-2]):  # both inside and outside, mostly
            continue
        meant = _meant(model.policy, named) & part or part
        if not any(_decides(table, rule, meant) for _, table in views):
            hidden = _hidden(model, rule, meant, (), views)
            if hidden.differs and not (rule.lists(span) and _is_named(hidden.by, named)):
                callers.append(part - _decided(rule, part, views))
                spans += () if span is None else (span,)
    if callers:
        yield _hidden(model, rule, digits.union(callers), tuple(spans), views)


_OUTSIDE = digits.FRENCH | digits.FOREIGN


def _meant(policy: Policy, named: NumberSet) -> NumberSet:
    """Return the callers that a number stands for in the mind of its author.

    `06*` also names internal callers of ten digits, and `101` outside callers who present that number. When only these
    are left, the line is as dead as it can be.
    """
    if named <= _OUTSIDE:
        return named & digits.EXTERNAL
    first = named.smallest().number if named else None
    if first in policy.extensions and named is numbering.exactly(first):
        return named & digits.INTERNAL
    return named


def _is_named(rules: Iterable[Rule], callers: NumberSet) -> bool:
    """Tell whether some rule names just these callers: then it is an exception to whoever names a list of them."""
    return any(callers is other for rule in rules for other, _ in rule.written.parts)


def _decides_at(table: Table, rule: Rule, *positions: int) -> bool:
    """Tell whether a rule decides something for the callers of each of some ranks."""
    rows = (table.at(position) for position in positions)
    return all(row is not None and any(choice.rule is rule for choice in row.choices) for row in rows)


def _decides(table: Table, rule: Rule, callers: NumberSet) -> bool:
    return any(choice.rule is rule for _, _, row in table.within(callers) for choice in row.choices)


def _decided(rule: Rule, callers: NumberSet, views: Views) -> NumberSet:
    return digits.from_intervals(
        (low, high)
        for _, table in views
        for low, high, row in table.within(callers)
        if any(choice.rule is rule for choice in row.choices)
    )


def _hidden(model: DecisionModel, rule: Rule, callers: NumberSet, spans: tuple[Span, ...], views: Views) -> Hidden:
    """Return who takes the calls of some callers from a rule that never decides for them."""
    by: dict[Rule, None] = {}
    differing: Example | None = None
    alike: Example | None = None
    for extension, table in views:
        mask = decision.mask_of(table.partition, rule)
        taken = [
            (choice.rule, (low, high, choice.taken & mask))
            for low, high, row in table.within(callers)
            for choice in row.choices
            if choice.taken & mask
        ]
        by.update((other, None) for other, _ in taken)
        if differing is None:
            region = decision.merge(model.differing(extension, rule, other, cell) for other, cell in taken)
            differing = _example(extension, table, region)
        if alike is None:
            alike = _example(extension, table, decision.merge([(cell,) for _, cell in taken]))
    return Hidden(rule, callers, spans, tuple(by), differing is not None, differing or alike)


def _example(extension: str, table: Table, region: Region) -> Example | None:
    if not region:
        return None
    caller, instant = decision.witness(table.partition, region)
    return Example(caller, extension, instant.replace(tzinfo=None))
