"""A policy in, FreeSWITCH's XML dialplan out: `policyc.xml`, and a tree for a self-contained trial.

A call to 102 goes by way of the context of its bucket, `policyc-10x`, which holds the lines of ten extensions at most:
hunting reads a context from top to bottom, so contexts stay small however many extensions there are. Rules are lines
in the order written, and the first whose conditions hold decides, as in the policy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from policyc import capabilities, digits, numbering, resources
from policyc.digits import NumberSet
from policyc.model import (
    Busy,
    Extension,
    External,
    Forward,
    Mailbox,
    NamedPeriod,
    Policy,
    Ring,
    Rule,
    ToSystem,
)
from policyc.targets import Rendered, sounds, ways
from policyc.targets.freeswitch import times, trial
from policyc.targets.freeswitch.callers import matches
from policyc.targets.freeswitch.dialect import chunks, none_of, one_of, text
from policyc.targets.freeswitch.layout import layout
from policyc.targets.freeswitch.plan import FALSE, TRUE, Action, Condition, Context, Field, Line, transfer, var
from policyc.targets.freeswitch.presented import forms
from policyc.targets.naming import dial_string, layer_names

NAME: Final = "freeswitch"
DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "extension_dial": "user/{number}@${domain_name}",
        "external_dial": "sofia/gateway/trunk/{number}",
        "system_context": "default",
        "voicemail_profile": "default",
        "voicemail_domain": "${domain_name}",
        "presentations": ("national", "e164", "00", "33", "nine-digits"),
        "rebound_confirm": True,
        "language": "fr",
        "rule_in_cdr": False,
    }
)
CAPABILITIES: Final = capabilities.of(NAME)
_CALLED: Final = "${destination_number}"
_TRANSFERS = 100  # in one call, whatever comes of it; and so many for each extension that forwards
_TRANSFERS_EACH = 12
_FORWARDING = 1000
# Of a leg that must not show who calls. The flags alone leave name and number in SIP's From and Remote-Party-ID
# (sofia_glue.c), so both are replaced, and the network is asked for privacy (RFC 3323).
_PRIVATE: Final = (
    "origination_caller_id_name=Anonymous,origination_caller_id_number=anonymous,"
    "origination_privacy=hide_name:hide_number,sip_cid_type=none,sip_h_Privacy=id"
)
_CONFIRM_SECONDS = 15  # to hear the question twice and press a key
_ALTERNATIVES = 64  # of a line that shares calls out: more are shared out in two steps


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the files of a policy that has no errors. `settings` holds every key of `DEFAULTS`."""
    environment = resources.template_environment(NAME)
    renderer = _Renderer(policy, settings, layer_names(policy))
    contexts = renderer.contexts()
    forwarding = sum(isinstance(rule.destination, Forward) for rule in policy.rules)
    dialplan = environment.get_template("policyc.xml.j2").render(
        policy=text(policy.name),
        settings=settings,
        contexts=contexts,
        lay_out=layout(environment.filters["escape"]),
        entries=[(kind.value, forms(kind, settings["presentations"])) for kind in digits.Kind],
        private=_PRIVATE,
        confirm_seconds=_CONFIRM_SECONDS,
        transfers=_TRANSFERS + _TRANSFERS_EACH * min(forwarding, _FORWARDING),
    )
    return Rendered(
        {
            "policyc.xml": dialplan,
            sounds.FILE: sounds.listing(".wav"),
            "freeswitch.xml": trial.configuration(policy, settings, environment),
        }
    )


@dataclass(slots=True)
class _Renderer:
    policy: Policy
    settings: Mapping[str, Any]
    shared: Mapping[tuple[str, tuple[Rule, ...]], str]  # layers of `pour tous`, named
    periods: dict[NamedPeriod, None] = field(default_factory=dict)  # those that rules ask about
    ends: set[date] = field(default_factory=set)  # last days that rules ask about
    callers: dict[NumberSet, tuple[tuple[Condition, ...], ...]] = field(default_factory=dict)  # their conditions

    def contexts(self) -> list[Context]:
        """Return what is made for this policy, the fixed contexts apart."""
        enter: dict[str, list[Line]] = {}
        own: dict[str, list[Line]] = {}
        ring: dict[str, list[Line]] = {}
        for number in sorted(self.policy.extensions):
            extension = self.policy.extensions[number]
            first, rules, rest = self.policy.layers(number)
            bucket = _bucket(number)
            lines = [*self._own(extension, rules), self._after(extension, rest)]
            if first:
                enter.setdefault(bucket, []).append(self._first(extension, first))
                own.setdefault(bucket, []).extend(lines)
            else:
                enter.setdefault(bucket, []).extend(lines)
            if first or rest:
                ring.setdefault(bucket, []).append(self._line(extension, "sonne", self._ring(extension)))
        unknown = Line("inconnu de la politique", (), (transfer(_CALLED, self.settings["system_context"]),))
        layers = [self._layer(name, place, rules) for (place, rules), name in self.shared.items()]
        route, *further = _share_out("policyc-route", "policyc", enter, unknown)
        instant = times.lines(self.policy, self.periods, self.ends)
        found = [replace(route, lines=(*instant, *route.lines)), *further]
        if own:
            found += _share_out("policyc-own", "policyc-own", own, None)
        if ring:
            found += _share_out("policyc-ring", "policyc-ring", ring, None)
        found += layers
        found += [
            Context(f"policyc-{bucket}", f"Postes {bucket}", (*lines, unknown)) for bucket, lines in enter.items()
        ]
        for part, title, buckets in (("own", "leurs propres règles", own), ("ring", "leur sonnerie", ring)):
            found += [
                Context(f"policyc-{part}-{bucket}", f"Postes {bucket}, {title}", tuple(lines))
                for bucket, lines in buckets.items()
            ]
        return found

    # -- layers of rules ----------------------------------------------------------------------------

    def _layer(self, name: str, place: str, rules: tuple[Rule, ...]) -> Context:
        title = "avant" if place == "first" else "après"
        after = "policyc-own" if place == "first" else "policyc-ring"
        lines = [
            Line(text(rule.span.place), conditions, (*self._decided(rule, None), *self._actions(rule, None)))
            for rule in rules
            for conditions in self._asked(rule)
        ]
        decided = self._decided(None, None) if place == "rest" else ()
        lines.append(Line("sans exception", (), (*decided, transfer(_CALLED, after))))
        return Context(name, f"Règles pour tous, {title} les règles de chaque poste", tuple(lines))

    def _own(self, extension: Extension, rules: Iterable[Rule]) -> Iterator[Line]:
        called = _called(extension)
        for rule in rules:
            name = f"{extension.number} {text(rule.span.place)}"
            actions = (*self._decided(rule, extension), *self._actions(rule, extension))
            for conditions in self._asked(rule):
                yield Line(name, (called, *conditions), actions)

    def _line(self, extension: Extension, name: str, actions: tuple[Action, ...]) -> Line:
        return Line(f"{extension.number} {name}", (_called(extension),), actions)

    def _first(self, extension: Extension, first: tuple[Rule, ...]) -> Line:
        actions = (*self._said_to(extension, first), transfer(extension.number, self.shared["first", first]))
        return self._line(extension, "règles pour tous", actions)

    def _after(self, extension: Extension, rest: tuple[Rule, ...]) -> Line:
        """Return what comes when none of an extension's own rules decides."""
        title = text(f"{extension.name} {extension.span.place}")
        if not rest:
            return self._line(extension, title, (*self._decided(None, extension), *self._ring(extension)))
        actions = (*self._said_to(extension, rest), transfer(extension.number, self.shared["rest", rest]))
        return self._line(extension, title, actions)

    def _said_to(self, extension: Extension, rules: Iterable[Rule]) -> Iterator[Action]:
        """Yield what rules for all need to know of an extension."""
        outside = [rule.destination for rule in rules if isinstance(rule.destination, External)]
        if any(one.rebound for one in outside):
            yield Action("set", f"policyc_seconds={extension.ring_seconds}")
        if extension.mobile and any(one.number is None for one in outside):
            yield Action("set", f"policyc_mobile={self._outside(extension.mobile)}")

    # -- rules --------------------------------------------------------------------------------------

    def _asked(self, rule: Rule) -> tuple[tuple[Condition, ...], ...]:
        """Return the conditions of a rule; any of these lists will do."""
        found = self.callers.get(rule.callers)
        if found is None:
            found = self.callers[rule.callers] = tuple(_callers(rule.callers))
        when = tuple(self._when(rule))
        return tuple((*callers, *when) for callers in found) if when else found

    def _when(self, rule: Rule) -> Iterator[Condition]:
        for clause in rule.times:
            self.periods[clause.named] = None
            yield Field(var(times.variable(clause.named)), TRUE if clause.inside else FALSE)
        if rule.until is not None:
            self.ends.add(rule.until)
            yield Field(var(times.until_variable(rule.until)), TRUE)

    def _decided(self, rule: Rule | None, extension: Extension | None) -> tuple[Action, ...]:
        """Return what notes for the call's record which rule decides, None for none; nothing if nothing notes it."""
        if not self.settings["rule_in_cdr"]:
            return ()
        name = ways.name(rule.span) if rule else ways.NO_RULE
        step = f"{extension.number if extension else _CALLED} {name}"
        return (
            Action("set", f"policyc_rule={var('policyc_way')}{step}"),
            Action("set", f"policyc_way={var('policyc_rule')}{ways.THEN}"),
        )

    def _actions(self, rule: Rule, extension: Extension | None) -> tuple[Action, ...]:
        """Return what a rule does with calls; `extension` is None in a layer that extensions share."""
        own = extension.number if extension else _CALLED
        match rule.destination:
            case Ring():
                return self._ring(extension) if extension else (transfer(own, "policyc-ring"),)
            case Mailbox(extension=other):
                return (transfer(other or own, "policyc-mailbox"),)
            case Forward(extension=other):
                return (transfer(other, f"policyc-{_bucket(other)}"),)
            case External() as external:
                return self._external(external, extension)
            case ToSystem(number=number):
                return (transfer(number, self.settings["system_context"]),)
            case Busy():
                return (transfer(own, "policyc-busy"),)

    def _ring(self, extension: Extension) -> tuple[Action, ...]:
        line = dial_string(self.settings["extension_dial"], extension.number, extension.number)
        return (
            # A limit of the leg is never short of its seconds; that of the call, which may be, only stands behind it.
            Action("set", f"call_timeout={extension.ring_seconds + 2}"),
            Action("set", "continue_on_fail=true"),
            Action("set", "hangup_after_bridge=true"),
            Action("bridge", f"{{${{policyc_caller_id}},leg_timeout={extension.ring_seconds}}}{line}"),
            transfer(extension.number, "policyc-mailbox" if extension.mailbox else "policyc-busy"),
        )

    def _external(self, external: External, extension: Extension | None) -> tuple[Action, ...]:
        number = external.number or (extension.mobile if extension else None)
        line = self._outside(number) if number else var("policyc_mobile")
        own = extension.number if extension else _CALLED
        if not external.rebound:
            return (Action("set", f"policyc_line={line}"), transfer(own, "policyc-outside"))
        # Layers that extensions share find the seconds where the extension left them.
        seconds = (Action("set", f"policyc_seconds={extension.ring_seconds}"),) if extension else ()
        return (Action("set", f"policyc_line={line}"), *seconds, transfer(own, "policyc-rebound"))

    def _outside(self, number: str) -> str:
        return dial_string(self.settings["external_dial"], number, numbering.e164(number))


def _called(extension: Extension) -> Condition:
    return Field("destination_number", one_of([extension.number]))


def _callers(callers: NumberSet) -> Iterator[tuple[Condition, ...]]:
    for match in matches(callers):
        kind = () if match.kind is None else (Field("${policyc_kind}", one_of([match.kind.value])),)
        but = tuple(Field("${policyc_number}", none_of(some)) for some in chunks(match.but))
        for some in chunks(match.among) or [()]:
            among = (Field("${policyc_number}", one_of(some)),) if some else ()
            yield (*kind, *among, *but)


# -- sharing calls out to buckets -------------------------------------------------------------------


def _bucket(number: str) -> str:
    """Return the name of the few extensions that an extension shares a context with: those but for the last digit."""
    return f"{number[:-1]}x"


def _share_out(name: str, family: str, buckets: Iterable[str], otherwise: Line | None) -> Iterator[Context]:
    """Yield the contexts that send a number to its bucket: one, or a tree of them where buckets are many and apart."""
    by_length: dict[int, list[str]] = {}
    for bucket in buckets:
        by_length.setdefault(len(bucket), []).append(bucket.removesuffix("x"))
    yield from _tree(name, family, by_length, "", otherwise)


def _tree(
    name: str, family: str, by_length: Mapping[int, list[str]], start: str, otherwise: Line | None
) -> Iterator[Context]:
    lines: list[Line] = []
    deeper: dict[str, dict[int, list[str]]] = {}
    for length, starts in sorted(by_length.items()):
        alternatives = _starts(starts)
        if len(alternatives) <= _ALTERNATIVES:
            expression = f"^({'|'.join(alternatives)})[0-9]$"
            title = f"postes à {length} chiffres"
            lines.append(Line(title, (Field("destination_number", expression),), (transfer(_CALLED, f"{family}-$1x"),)))
        else:
            for one in starts:
                deeper.setdefault(one[: len(start) + 1], {}).setdefault(length, []).append(one)
    for further in sorted(deeper):
        condition = Field("destination_number", f"^{further}")
        lines.append(Line(f"{further}…", (condition,), (transfer(_CALLED, f"{name}-{further}"),)))
    if otherwise:
        lines.append(otherwise)
    yield Context(name if not start else f"{name}-{start}", "Du numéro appelé à son contexte", tuple(lines))
    for further, some in sorted(deeper.items()):
        yield from _tree(name, family, some, further, otherwise)


def _starts(starts: Iterable[str]) -> tuple[str, ...]:
    """Return numbers of one length, less their last digit, as alternatives."""
    some = tuple(starts)
    if some[0] == "":
        return ("",)
    numbers = digits.union(digits.exactly(one, (digits.Kind.INTERNAL,)) for one in some)
    [match] = matches(numbers)
    return match.among
