"""Rules for the same callers whose hours do not fit together: they overlap, or leave out a few minutes."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import lru_cache

from policyc import hours, schedule
from policyc.checks.reach import layers, witness
from policyc.diagnostics import Diagnostic, Secondary, Text, Witness
from policyc.model import NamedPeriod, Policy, Rule
from policyc.schedule import MINUTES_PER_WEEK, Partition, Period, Range, WeekSpan
from policyc.values import dataclass

_Spans = tuple[WeekSpan, ...]


@dataclass(slots=True)
class _Found:
    """Two rules that show a problem, the later one last, with a call; and how many other places there are."""

    earlier: Rule
    later: Rule
    call: Witness
    help: Text
    args: dict[str, str] = field(default_factory=dict)
    others: int = 0

    def diagnostic(self, code: str, *notes: Text) -> Diagnostic:
        declared = dict.fromkeys((_hours(self.earlier).span, _hours(self.later).span))
        more = (Text("others", {"count": self.others}),) if self.others else ()
        return Diagnostic(
            code,
            self.later.span,
            {"case": "rules", "first": _hours(self.earlier).name, "second": _hours(self.later).name, **self.args},
            (Secondary(self.earlier.span, "rule"), *(Secondary(one, "declared") for one in declared)),
            (*notes, *more),
            (self.help,),
            self.call,
        )


def overlapping_hours(policy: Policy) -> Iterator[Diagnostic]:
    """PC315: two rules send the same callers to different places in hours that cross.

    Hours that have much of one in common, or all of it, are no mistake: the rule for them comes first. Hours that cross
    are reported once, at the first two rules that show it.
    """
    found: dict[frozenset[NamedPeriod], _Found] = {}
    crossing: dict[frozenset[NamedPeriod], bool] = {}
    for extensions, rules in layers(policy):
        for alike in _by_callers(rules):
            for at, later in enumerate(alike):
                for earlier in alike[:at]:
                    pair = frozenset((_hours(earlier), _hours(later)))
                    if len(pair) < 2 or earlier.destination == later.destination:
                        continue
                    if pair not in crossing:
                        crossing[pair] = _cross(policy, _hours(earlier).period, _hours(later).period)
                    if crossing[pair] and (call := _both(policy, extensions, earlier, later)):
                        if pair in found:
                            found[pair].others += 1
                        else:
                            found[pair] = _Found(earlier, later, call, Text("rules"))
    for one in found.values():
        yield one.diagnostic("PC315", Text("first"))


def gapped_hours(policy: Policy) -> Iterator[Diagnostic]:
    """PC316: the hours of two rules for the same callers leave out a few minutes between them."""
    found: dict[tuple[NamedPeriod, NamedPeriod], _Found] = {}
    for layer in layers(policy):
        for alike in _by_callers(layer[1]):
            if not _gaps(tuple(map(_spans, alike))):
                continue
            covering = (rule for rule in layer[1] if _covers(rule, alike[0]))
            for around, gaps in _gaps(tuple(map(_spans, alike)), tuple(map(_spans, covering))).items():
                before, after = (alike[at] for at in around)
                earlier, later = (alike[at] for at in sorted(around))
                pair = _hours(before), _hours(after)
                call = _left_out(policy, layer[0], pair, later, gaps)
                if call is not None and pair in found:
                    found[pair].others += 1
                elif call is not None:
                    left_out = [piece for gap in gaps for piece in hours.within_week(*gap)]
                    args = {"hours": hours.written(left_out)}
                    args |= {"first": pair[0].name, "second": pair[1].name}
                    help_ = hours.repair(gaps[0], names=(pair[0].name, pair[1].name))
                    found[pair] = _Found(earlier, later, call, help_, args)
    for problem in found.values():
        yield problem.diagnostic("PC316")


def _hours(rule: Rule) -> NamedPeriod:
    return rule.times[0].named


def _in_hours(rule: Rule) -> bool:
    """Tell whether all that a rule says of time is `pendant` an `horaires`; a last day aside."""
    return len(rule.times) == 1 and rule.times[0].inside and _hours(rule).kind == "hours"


def _by_callers(rules: Iterable[Rule]) -> Iterator[list[Rule]]:
    """Yield the rules in some hours that have the very same callers and last day, in order."""
    groups: dict[Hashable, list[Rule]] = {}
    for rule in rules:
        if rule.callers and _in_hours(rule):
            groups.setdefault((rule.callers, rule.until), []).append(rule)
    yield from (group for group in groups.values() if len(group) > 1)


# -- overlaps ----------------------------------------------------------------------------------------------------------


def _cross(policy: Policy, one: Period, two: Period) -> bool:
    """Tell whether two periods share instants, but less than a quarter of the week's minutes of either."""
    partition = schedule.partition(policy.zone, (one, two))
    first, second = partition.mask(one), partition.mask(two)
    if not (first & second and first & ~second and second & ~first):
        return False
    shared = _minutes((max(a, c), min(b, d)) for a, b in one.week for c, d in two.week)
    return 4 * shared < min(_minutes(one.week), _minutes(two.week))


def _minutes(week: Iterable[Range]) -> int:
    return sum(max(end - start, 0) for start, end in week)


def _both(policy: Policy, extensions: tuple[str, ...], earlier: Rule, later: Rule) -> Witness | None:
    """Return a call that comes to the first of two rules when the second would take it too."""
    one, two = _hours(earlier).period, _hours(later).period
    last = () if earlier.until is None else (schedule.until(earlier.until),)

    def shared(partition: Partition) -> int:
        mask = partition.mask(one) & partition.mask(two)
        for period in last:
            mask &= partition.mask(period)
        return mask

    scope = (extension for extension in extensions if extension not in later.excepted)
    return witness(policy, scope, earlier, earlier.callers, shared, (one, two, *last))


# -- gaps --------------------------------------------------------------------------------------------------------------


def _covers(rule: Rule, other: Rule) -> bool:
    """Tell whether a rule takes all callers of another in some hours, at least as long as that one holds."""
    return _in_hours(rule) and rule.until in (None, other.until) and other.callers <= rule.callers


def _spans(rule: Rule) -> _Spans:
    return _hours(rule).spans


@lru_cache(maxsize=1024)
def _week(spans: _Spans) -> tuple[Range, ...]:
    return schedule.weekly(spans).week


@lru_cache(maxsize=1024)
def _gaps(alike: tuple[_Spans, ...], covering: tuple[_Spans, ...] = ()) -> Mapping[tuple[int, int], tuple[Range, ...]]:
    """Return the small gaps that some hours leave between them, others that cover some aside.

    They are filed by which of the hours end before the gap and which begin after it.
    """
    found: dict[tuple[int, int], tuple[Range, ...]] = {}
    for gap in hours.small_gaps(bounds for spans in (*alike, *covering) for bounds in _week(spans)):
        before = [at for at, spans in enumerate(alike) if _meets(gap[0], (end for _, end in _week(spans)))]
        after = [at for at, spans in enumerate(alike) if _meets(gap[1], (start for start, _ in _week(spans)))]
        # Hours that go on by themselves were reported where they are declared.
        if before and after and not {alike[at] for at in before} & {alike[at] for at in after}:
            around = before[0], after[0]
            found[around] = (*found.get(around, ()), gap)
    return found


def _meets(minute: int, bounds: Iterable[int]) -> bool:
    return any((bound - minute) % MINUTES_PER_WEEK == 0 for bound in bounds)


@lru_cache(maxsize=1024)
def _on_days_of(period: Period, gaps: tuple[Range, ...]) -> Period:
    week = tuple(piece for gap in gaps for piece in hours.within_week(*gap))
    return Period(week, period.dates)


def _left_out(
    policy: Policy,
    extensions: tuple[str, ...],
    pair: tuple[NamedPeriod, NamedPeriod],
    later: Rule,
    gaps: tuple[Range, ...],
) -> Witness | None:
    """Return a call in a gap that no rule before the later one takes, on a day that neither period leaves out."""
    periods = [_on_days_of(named.period, gaps) for named in pair]
    if later.until is not None:
        periods.append(schedule.until(later.until))

    def gap(partition: Partition) -> int:
        mask = partition.everything
        for period in periods:
            mask &= partition.mask(period)
        return mask

    return witness(policy, extensions, later, later.callers, gap, periods)
