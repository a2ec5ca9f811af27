"""Extensions that forward calls to one another in a circle, found exactly and shown with one such call."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from policyc import decision
from policyc.decision import Region
from policyc.diagnostics import Diagnostic, Secondary, Text, Witness
from policyc.digits import Caller
from policyc.model import Forward, Policy, Rule
from policyc.outcomes import DecisionModel

MAX_CIRCLES = 25  # reported of one knot of extensions: when these are gone, the others come to light


def forward_loops(model: DecisionModel) -> Iterator[Diagnostic]:
    """PC301: some call is forwarded round and round. One diagnostic for each circle of extensions."""
    policy = model.policy
    for group in model.knots():
        partition = model.partition(group[0])
        left = {number: region for number in group if (region := model.looping(number, group[0]))}
        forwarded = _forwarded(model, group) if left else {}
        reported: set[tuple[str, ...]] = set()
        for start in sorted(left):
            while left[start] and len(reported) < MAX_CIRCLES:
                caller, instant = decision.witness(partition, left[start])
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


def _forwarded(model: DecisionModel, group: list[str]) -> dict[str, dict[str, Region]]:
    """Return, for each extension of a group, the calls that it forwards to others of the group, by where they go."""
    members = set(group)
    forwarded: dict[str, dict[str, Region]] = {}
    for number in group:
        cells: dict[str, list[tuple[int, int, int]]] = {}
        for rule, cell in decision.decided(model.table(number)):
            if isinstance(rule.destination, Forward) and rule.destination.extension in members:
                cells.setdefault(rule.destination.extension, []).append(cell)
        forwarded[number] = {to: decision.merge([tuple(found)]) for to, found in cells.items()}
    return forwarded


def _way(policy: Policy, start: str, caller: Caller, instant: datetime) -> dict[str, tuple[Rule, str]]:
    """Return the extensions a call goes through until it comes back to one, each with its rule and the next one."""
    from policyc.evaluate import deciding_rule  # few policies have loops

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
        witness=Witness.of(caller, names[0], instant),
    )
