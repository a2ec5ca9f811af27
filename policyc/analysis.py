"""Questions to the decision model: rules, and callers of rules, that never decide, and which others take the calls."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from policyc import decision, digits, numbering
from policyc.decision import Region, Row, Table
from policyc.diagnostics import Witness
from policyc.digits import Kind, NumberSet
from policyc.model import Named, Rule
from policyc.outcomes import DecisionModel
from policyc.source import Span
from policyc.values import dataclass

Views = list[tuple[str, Table]]
"""Tables in which a rule has a part, each with an extension that it is the table of."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Callers that a rule names and never decides for, at any of its times.

    `by` are the rules that decide instead; `differs` says that some of these calls end otherwise than the rule would
    have it, and then the example is one of them. A rule that holds for no extension has neither. `twin` is one of `by`
    that takes all calls of the rule and ends them alike, but for those that exceptions before it take.
    """

    rule: Rule
    callers: NumberSet
    spans: tuple[Span, ...]  # where they are named, if they are not all that the rule names
    by: tuple[Rule, ...]
    differs: bool
    example: Witness | None
    elsewhere: tuple[Rule, ...] = ()  # those of `by` that end some of these calls otherwise
    twin: Rule | None = None


def hidden_rules(model: DecisionModel) -> Iterator[Hidden]:
    """Yield each rule that names calls and decides none, for any extension that it holds for."""
    for rule in model.policy.rules:
        if rule in model.deciding or not rule.callers:
            continue
        views = _distinct((extension, model.table(extension)) for extension in model.scopes.get(rule, ()))
        if not views:
            yield Hidden(rule, rule.callers, (), (), differs=False, example=None)
        elif decision.mask_of(views[0][1].partition, rule):
            hidden = _hidden(model, rule, rule.callers, (), views)
            yield replace(hidden, twin=_twin(model, hidden, views))


def _twin(model: DecisionModel, hidden: Hidden, views: Views) -> Rule | None:
    """Return a rule that takes all that another names, whenever it holds, and that ends alike what it decides."""
    rule = hidden.rule
    for one in hidden.by:
        if not rule.callers <= one.callers or not all(one in model.rules(extension) for extension, _ in views):
            continue
        masks = [
            (decision.mask_of(table.partition, rule), decision.mask_of(table.partition, one)) for _, table in views
        ]
        if any(mine & ~its for mine, its in masks):
            continue
        if not any(model.differing(extension, rule, one, cell) for extension, cell in _taken(rule, one, views)):
            return one
    return None


def _taken(rule: Rule, by: Rule, views: Views) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Yield the calls of a rule that another one decides, by extension."""
    for extension, table in views:
        mask = decision.mask_of(table.partition, rule)
        for low, high, row in table.within(rule.callers):
            for choice in row.choices:
                if choice.rule is by and choice.taken & mask:
                    yield extension, (low, high, choice.taken & mask)


def hidden_callers(model: DecisionModel) -> Iterator[Hidden]:
    """Yield, for rules that do decide, the callers they name one by one but never decide for, and that end elsewhere.

    An exception that stands before a wider rule is not hidden: the wider rule, or its list, does not single it out.
    What two ranges have in common is, when neither holds the other. What own rules take from a `pour tous` is not: that
    is there to be overridden.
    """
    ranged = {rule for rule in model.policy.rules if rule.written.has_range}
    for extension, rules in model.policy.own.items():
        table = model.table(extension)
        tried = model.rules(extension)
        for rule in table.overruled:
            if rule in rules and rule in model.deciding:
                crossing = _crossing(rule, tried, ranged)
                yield from _hidden_parts(model, rule, crossing, [(extension, table)], [(extension, table)])
    shared = (*model.policy.first, *model.policy.rest)
    tables = {extension: _shared(model, extension) for extension in model.policy.extensions} if shared else {}
    for rule in shared:
        if rule not in model.deciding:
            continue
        scope = model.scopes[rule]
        views = _distinct((one, tables[one]) for one in scope)
        if any(rule in table.overruled for _, table in views):
            real = _distinct((one, model.table(one)) for one in scope)
            yield from _hidden_parts(model, rule, _crossing(rule, shared, ranged), views, real, frozenset(shared))


def _crossing(rule: Rule, tried: tuple[Rule, ...], ranged: AbstractSet[Rule]) -> tuple[Rule, ...]:
    """Return the rules tried before another, if they or it name ranges."""
    if ranged.isdisjoint(tried):
        return ()
    before = tried[: tried.index(rule)]
    return before if rule in ranged else tuple(filter(ranged.__contains__, before))


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


def _hidden_parts(
    model: DecisionModel,
    rule: Rule,
    crossing: Sequence[Rule],
    views: Views,
    real: Views,
    among: frozenset[Rule] | None = None,
) -> Iterator[Hidden]:
    """Yield the callers that a rule names, that are hidden in every view, and that end otherwise, as one.

    `crossing` are the rules tried before, where it or they name ranges. Who takes calls is told by the `real` tables;
    of `among` alone, if given.
    """
    found: list[Hidden] = []
    is_plain = rule.written.is_plain
    for one in rule.written.named:
        count = 0
        dead = []
        for named, place, _ in one.one_by_one:
            if _decides_plainly(views[0][1], rule, named):
                count += 1
                continue
            part = named if is_plain else named & rule.callers
            count += bool(part)
            if part and not _decides_at(views[0][1], rule, part):
                meant = _meant(model, named) & part or part
                if not any(_decides(table, rule, meant) for _, table in views):
                    dead.append((named, place, part, meant))
        is_whole = len(dead) == count
        for named, place, part, meant in dead:
            hidden = _hidden(model, rule, meant, (), real, among)
            if hidden.differs and (is_whole or not _is_exception(hidden.by, named, one)):
                callers = part - _decided(rule, part, views)
                shown = one.span if is_whole else place
                found.append(replace(hidden, callers=callers, spans=(shown,) if shown else ()))
    for common, place in _crossed(rule, crossing):
        callers = common & rule.callers
        callers -= _decided(rule, callers, views)
        hidden = _hidden(model, rule, callers, (place,), real, among)
        if hidden.differs:
            found.append(hidden)
    if found:
        callers = digits.union(one.callers for one in found)
        spans = tuple(dict.fromkeys(span for one in found for span in one.spans))
        elsewhere = tuple(dict.fromkeys(one for part in found for one in part.elsewhere))
        yield Hidden(rule, callers, spans, elsewhere, differs=True, example=found[0].example)


def _crossed(rule: Rule, before: Sequence[Rule]) -> Iterator[tuple[NumberSet, Span]]:
    """Yield the callers that a rule and an earlier one name both, by ranges of which neither holds the other."""
    for other in (part for one in before for part in one.written.parts):
        for part in rule.written.parts:
            if part.place and (part.is_range or other.is_range) and not part.callers.isdisjoint(other.callers):
                common = part.callers & other.callers
                if common not in (part.callers, other.callers):
                    yield common, part.place


_OUTSIDE = digits.FRENCH | digits.FOREIGN


def _meant(model: DecisionModel, named: NumberSet) -> NumberSet:
    """Return the callers that a number stands for in the mind of its author.

    `06*` also names internal callers of ten digits, and `101` outside callers who present that number. When only these
    are left, the line is as dead as it can be.
    """
    if named <= _OUTSIDE:
        return named & digits.EXTERNAL
    first = named.smallest().number if named else None
    if first in model.numbers and named is numbering.exactly(first):
        return named & digits.INTERNAL
    return named


def _is_exception(rules: Iterable[Rule], callers: NumberSet, of: Named) -> bool:
    """Tell whether some rule singles out callers that a list holds: by themselves, or by a list within that list."""
    return any(
        any(part.callers is callers for part in one.parts) and one.callers <= of.callers
        if one.parts
        else one.callers is callers
        for rule in rules
        for one in rule.written.named
    )


def _decides_plainly(table: Table, rule: Rule, named: NumberSet) -> bool:
    """Tell at little cost, of most, that a rule decides for some whom it names, also in the mind of its author.

    What `_meant` leaves of them has their first rank or their last one; of those from outside alone, the last.
    """
    ends = named.ends
    is_last = bool(ends) and _is_choice(rule, table.at(ends[-2]))
    return is_last and (rule.written.kind is Kind.EXTERNAL or _is_choice(rule, table.at(ends[0])))


def _decides_at(table: Table, rule: Rule, callers: NumberSet) -> bool:
    """Tell at little cost, of most, that a rule decides for some of them, from inside and from outside."""
    ends = callers.ends
    return _is_choice(rule, table.at(ends[0])) and _is_choice(rule, table.at(ends[-2]))


def _decides(table: Table, rule: Rule, callers: NumberSet) -> bool:
    return any(_is_choice(rule, row) for low, high in callers.intervals for row in table.rows_between(low, high))


def _is_choice(rule: Rule, row: Row | None) -> bool:
    if row is not None:
        for choice in row.choices:  # not `any`: a generator takes three times as long, and this is asked most of all
            if choice.rule is rule:
                return True
    return False


def _decided(rule: Rule, callers: NumberSet, views: Views) -> NumberSet:
    return digits.from_intervals(
        (low, high) for _, table in views for low, high, row in table.within(callers) if _is_choice(rule, row)
    )


def _hidden(
    model: DecisionModel,
    rule: Rule,
    callers: NumberSet,
    spans: tuple[Span, ...],
    views: Views,
    among: frozenset[Rule] | None = None,
) -> Hidden:
    """Return who, of some rules or of all, takes the calls of some callers from a rule that never decides for them."""
    by: dict[Rule, None] = {}
    elsewhere: dict[Rule, None] = {}
    differing: Witness | None = None
    alike: Witness | None = None
    for extension, table in views:
        mask = decision.mask_of(table.partition, rule)
        taken = [
            (choice.rule, (low, high, choice.taken & mask))
            for low, high, row in table.within(callers)
            for choice in row.choices
            if choice.taken & mask and (among is None or choice.rule in among)
        ]
        by.update((other, None) for other, _ in taken)
        regions = [(other, model.differing(extension, rule, other, cell)) for other, cell in taken]
        elsewhere.update((other, None) for other, region in regions if region)
        differing = differing or _example(extension, table, decision.merge(region for _, region in regions))
        alike = alike or _example(extension, table, decision.merge([(cell,) for _, cell in taken]))
    example = differing or alike
    return Hidden(rule, callers, spans, tuple(by), differing is not None, example, tuple(elsewhere))


def _example(extension: str, table: Table, region: Region) -> Witness | None:
    if not region:
        return None
    caller, instant = decision.witness(table.partition, region)
    return Witness.of(caller, extension, instant)
