"""Extensions that forward calls to one another in a circle, found exactly and shown with one such call."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from policyc import decision, digits
from policyc.decision import Region
from policyc.diagnostics import Diagnostic, Secondary, Text, Witness
from policyc.digits import Caller, Kind
from policyc.evaluate import deciding_rule
from policyc.model import Forward, Policy, Rule
from policyc.schedule import Partition

MAX_CIRCLES = 25  # reported of one knot of extensions: when these are gone, the others come to light


def forward_loops(policy: Policy) -> Iterator[Diagnostic]:
    """PC301: some call is forwarded round and round. One diagnostic for each circle of extensions."""
    for group in _knots(_forwards(policy)):
        rules = [rule for number in group for rule in policy.rules_for(number)]
        partition = decision.partition_of(policy.zone, rules)
        forwarded = _forwarded(policy, group, partition)
        left = _endless(forwarded)
        reported: set[tuple[str, ...]] = set()
        for start in sorted(left):
            while left[start] and len(reported) < MAX_CIRCLES:
                caller, instant = _witness(partition, left[start])
                way = _way(policy, start, caller, instant)
                alike = left[start]  # the calls that go the same way
                for number, (_, to) in way.items():
                    alike = decision.overlap(alike, forwarded[number][to])
                for number in way:
                    left[number] = decision.less(left[number], alike)
                circle = _circle(way)
                names = tuple(number for number, _ in circle)
                if names not in reported:
                    reported.add(names)
                    yield _report(policy, circle, caller, instant)


def _forwards(policy: Policy) -> dict[str, list[str]]:
    """Return which extensions each extension may forward to."""
    return {
        number: sorted(
            {
                rule.destination.extension
                for rule in policy.rules_for(number)
                if isinstance(rule.destination, Forward) and rule.destination.extension in policy.extensions
            }
        )
        for number in policy.extensions
    }


def _knots(forwards: Mapping[str, list[str]]) -> list[list[str]]:
    """Return the strongly connected groups that can hold a circle (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in forwards:
        if root in index:
            continue
        work = [(root, iter(forwards[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, further = work[-1]
            for other in further:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(forwards[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group: list[str] = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    if len(group) > 1 or node in forwards[node]:
                        found.append(sorted(group))
    return sorted(found)


def _forwarded(policy: Policy, group: list[str], partition: Partition) -> dict[str, dict[str, Region]]:
    """Return, for each extension of a group, the calls that it forwards to others of the group, by where they go."""
    members = set(group)
    forwarded: dict[str, dict[str, Region]] = {}
    for number in group:
        cells: dict[str, list[tuple[int, int, int]]] = {}
        table = decision.lower(partition, tuple(policy.rules_for(number)))
        for rule, cell in decision.decided(table):
            if isinstance(rule.destination, Forward) and rule.destination.extension in members:
                cells.setdefault(rule.destination.extension, []).append(cell)
        forwarded[number] = {to: decision.merge([tuple(found)]) for to, found in cells.items()}
    return forwarded


def _endless(forwarded: Mapping[str, Mapping[str, Region]]) -> dict[str, Region]:
    """Return, for each extension of a group, the calls that never leave it: the greatest fixed point."""
    endless = {number: decision.merge(to.values()) for number, to in forwarded.items()}
    waiting = set(forwarded)
    while waiting:
        changed = waiting.pop()
        for number in forwarded:
            if changed in forwarded[number]:
                kept = decision.merge(decision.overlap(cells, endless[to]) for to, cells in forwarded[number].items())
                if kept != endless[number]:
                    endless[number] = kept
                    waiting.add(number)
    return {number: region for number, region in endless.items() if region}


def _witness(partition: Partition, region: Region) -> tuple[Caller, datetime]:
    """Return a call of a region."""
    caller = digits.from_intervals((low, high) for low, high, _ in region).witness()
    position = digits.rank(caller)
    mask = next(mask for low, high, mask in region if low <= position < high)
    return caller, partition.witness(mask)


def _way(policy: Policy, start: str, caller: Caller, instant: datetime) -> dict[str, tuple[Rule, str]]:
    """Return the extensions a call goes through until it comes back to one, each with its rule and the next one."""
    way: dict[str, tuple[Rule, str]] = {}
    number = start
    while number not in way:
        rule = deciding_rule(policy, policy.extensions[number], caller, instant.replace(tzinfo=None))
        if rule is None or not isinstance(rule.destination, Forward):
            raise AssertionError(f"{caller} does not loop at {number}")
        way[number] = rule, rule.destination.extension
        number = rule.destination.extension
    return way


def _circle(way: Mapping[str, tuple[Rule, str]]) -> list[tuple[str, Rule]]:
    """Return the extensions and rules of the circle at the end of a way, told from the lowest number."""
    steps = [(number, rule) for number, (rule, _) in way.items()]
    *_, (_, again) = way.values()
    circle = steps[list(way).index(again) :]
    turn = min(range(len(circle)), key=lambda at: circle[at][0])
    return circle[turn:] + circle[:turn]


def _report(policy: Policy, circle: list[tuple[str, Rule]], caller: Caller, instant: datetime) -> Diagnostic:
    """Return the diagnostic of a circle that a call goes round."""
    names = [one for one, _ in circle]
    steps = " → ".join(f"{one} {policy.extensions[one].name}" for one in (*names, names[0]))
    return Diagnostic(
        "PC301",
        circle[0][1].span,
        {
            "case": "itself" if len(names) == 1 else "others",
            "first": names[0],
            "last": names[-1],
            "to": names[1 % len(names)],
            "from": names[0],
        },
        tuple(
            Secondary(rule.span, "then", {"from": one, "to": (*names, names[0])[at + 2]})
            for at, (one, rule) in enumerate(circle[1:])
        ),
        (Text("steps", {"steps": steps}),),
        (Text("default"),),
        witness=Witness(caller.number, caller.kind is Kind.INTERNAL, names[0], instant.replace(tzinfo=None)),
    )
