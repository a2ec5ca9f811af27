"""What targets can say, as data: `data/capabilities.toml` in, what a policy asks that a target cannot say out. Pure."""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType

from policyc import digits, resources
from policyc.diagnostics import Diagnostic
from policyc.digits import Kind
from policyc.model import Busy, External, Forward, Mailbox, Policy, Ring, Rule, ToSystem
from policyc.source import Span
from policyc.values import dataclass


class Level(Enum):
    """How far a target can say a feature; `capabilities.toml` tells what each means."""

    YES = "yes"
    PBX = "pbx"
    DEPENDS = "depends"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a policy may ask of a PBX; `guide` names the rows of the guide that ask for it."""

    key: str
    guide: str
    fr: str
    en: str
    levels: Mapping[str, Level]


@cache
def features() -> Mapping[str, Feature]:
    """Return all features by their keys, in the order of the table."""
    rows = tomllib.loads(resources.read_package("data/capabilities.toml"))["feature"]
    found = {}
    for row in rows:
        key, guide, fr, en = (str(row.pop(name, "")) for name in ("key", "guide", "fr", "en"))
        found[key] = Feature(key, guide, fr, en, MappingProxyType({name: Level(level) for name, level in row.items()}))
    return MappingProxyType(found)


def of(target: str) -> Mapping[str, Level]:
    """Return what a target of this package says of each feature."""
    return MappingProxyType({key: feature.levels[target] for key, feature in features().items()})


def asked(policy: Policy, of_rules: Collection[str] | None = None) -> Iterator[tuple[str, Span]]:
    """Yield the features that rules and declarations ask for, with the place of each that does.

    `of_rules` are those to look for in rules, all by default.
    """
    looked_for = {key: asks for key, asks in _OF_RULES.items() if of_rules is None or key in of_rules}
    for rule in policy.rules if looked_for else ():
        yield from ((key, rule.span) for key, asks in looked_for.items() if asks(rule))
    for extension in policy.extensions.values():
        yield "unanswered", extension.span
    # Hours leave out holidays and closures wherever there are any.
    for period in policy.periods:
        if period.kind == "hours" and period.closures:
            if policy.holidays:
                yield "holidays", period.span
            if policy.closures:
                yield "closures", period.span


def missing(policy: Policy, target: str, says: Mapping[str, Level]) -> tuple[Diagnostic, ...]:
    """Return PC401 for each place that asks a target for what it cannot say. Features it does not name it can."""
    cannot = [key for key, level in says.items() if level is Level.NO]
    found = dict.fromkeys((key, span) for key, span in asked(policy, cannot) if key in cannot)
    return tuple(Diagnostic("PC401", span, {"target": target, "what": f"<{key}>"}) for key, span in found)


def _tells_anonymous(rule: Rule) -> bool:
    return any(
        rule.callers & digits.ANONYMOUS & everyone and not everyone <= rule.callers
        for everyone in (digits.OF_KIND[kind] for kind in Kind)
    )


def _asks_for_time(kind: str) -> Callable[[Rule], bool]:
    return lambda rule: any(clause.named.kind == kind for clause in rule.times)


_OF_RULES: Mapping[str, Callable[[Rule], bool]] = {
    "anonymous": _tells_anonymous,
    "kinds": lambda rule: not rule.callers.is_kind_blind,
    "hours": _asks_for_time("hours"),
    "holidays": _asks_for_time("holidays"),
    "closures": _asks_for_time("closure"),
    "until": lambda rule: rule.until is not None,
    "zone": lambda rule: bool(rule.times) or rule.until is not None,
    "mailbox": lambda rule: isinstance(rule.destination, Mailbox),
    "extension": lambda rule: isinstance(rule.destination, Forward),
    "system": lambda rule: isinstance(rule.destination, ToSystem),
    "busy": lambda rule: isinstance(rule.destination, Busy),
    "external": lambda rule: isinstance(rule.destination, External) and not rule.destination.rebound,
    "rebound": lambda rule: isinstance(rule.destination, External) and rule.destination.rebound,
    "ring": lambda rule: isinstance(rule.destination, Ring),
}
