"""A policy in, FreeSWITCH's XML dialplan out: `policyc.xml`, and a tree for a self-contained trial.

A call to 102 goes by way of the context of its bucket, `policyc-10x`, which holds the lines of ten extensions at most:
hunting reads a context from top to bottom, so contexts stay small however many extensions there are. Rules are lines
in the order written, and the first whose conditions hold decides, as in the policy.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment

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
from policyc.targets import Piece, Rendered, sounds, ways
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
    renderer = _Renderer(policy, settings, layer_names(policy))
    pieces = renderer.pieces(sorted(policy.extensions))
    return Rendered(renderer.files(pieces), pieces=pieces)


def revised(
    policy: Policy,
    settings: Mapping[str, Any],
    changed: Collection[str],
    others: Mapping[str, Piece],  # noqa: ARG001 - no line depends on those of another extension
) -> Mapping[str, Piece]:
    """Return the pieces of changed extensions: their lines, and what these ask for of the rest."""
    return _Renderer(policy, settings, layer_names(policy)).pieces(sorted(changed))


def assembled(policy: Policy, settings: Mapping[str, Any], pieces: Mapping[str, Piece]) -> Mapping[str, str]:
    """Return the files that the pieces of all extensions make."""
    return _Renderer(policy, settings, layer_names(policy)).files(pieces)


@dataclass(slots=True)
class _Renderer:
    policy: Policy
    settings: Mapping[str, Any]
    shared: Mapping[tuple[str, tuple[Rule, ...]], str]  # layers of `pour tous`, named
    environment: Environment = field(default_factory=lambda: resources.template_environment(NAME))
    asked: set[str] = field(default_factory=set)  # periods, by name, and last days that lines so far ask about
    variables: dict[NamedPeriod, str] = field(default_factory=dict)
    callers: dict[NumberSet, tuple[tuple[Condition, ...], ...]] = field(default_factory=dict)  # their conditions

    def pieces(self, numbers: Iterable[str]) -> dict[str, Piece]:
        """Return the lines of extensions: those of its own rules and behind them, that for `pour tous`, its ringing.

        Facts are the periods and the last days that they ask about.
        """
        template: Any = self.environment.get_template("line.xml.j2").module
        lay_out = layout(self.environment.filters["escape"])
        found = {}
        for number in numbers:
            extension = self.policy.extensions[number]
            first, rules, rest = self.policy.layers(number)
            self.asked = set()
            lines = [*self._own(extension, rules), self._after(extension, rest)]
            entering = [self._first(extension, first)] if first else []
            ringing = [self._line(extension, "sonne", self._ring(extension))] if first or rest else []
            texts = [lay_out(template.line, some) for some in (lines, entering, ringing)]
            found[number] = Piece(tuple(texts), tuple(sorted(self.asked)))
        return found

    def files(self, pieces: Mapping[str, Piece]) -> dict[str, str]:
        """Return the files that the pieces of all extensions make."""
        policy, settings = self.policy, self.settings
        forwarding = (rule for rule in policy.rules if isinstance(rule.destination, Forward))
        dialplan = self.environment.get_template("policyc.xml.j2").render(
            policy=text(policy.name),
            settings=settings,
            contexts=self._contexts(pieces),
            lay_out=layout(self.environment.filters["escape"]),
            entries=[(kind.value, forms(kind, settings["presentations"])) for kind in digits.Kind],
            private=_PRIVATE,
            confirm_seconds=_CONFIRM_SECONDS,
            transfers=_TRANSFERS + _TRANSFERS_EACH * sum(1 for _ in islice(forwarding, _FORWARDING)),
        )
        return {
            "policyc.xml": dialplan,
            sounds.FILE: sounds.listing(".wav"),
            "freeswitch.xml": trial.configuration(policy, settings, self.environment),
        }

    def _contexts(self, pieces: Mapping[str, Piece]) -> list[Context]:
        """Return what is made for this policy, the fixed contexts apart."""
        enter: dict[str, list[str]] = {}
        own: dict[str, list[str]] = {}
        ring: dict[str, list[str]] = {}
        for number in sorted(self.policy.extensions):
            lines, entering, ringing = pieces[number].texts
            bucket = _bucket(number)
            enter.setdefault(bucket, []).append(entering or lines)
            if entering:
                own.setdefault(bucket, []).append(lines)
            if ringing:
                ring.setdefault(bucket, []).append(ringing)
        unknown = Line("inconnu de la politique", (), (transfer(_CALLED, self.settings["system_context"]),))
        self.asked = {fact for piece in pieces.values() for fact in piece.facts}
        layers = [self._layer(name, place, rules) for (place, rules), name in self.shared.items()]
        route, *further = _share_out("policyc-route", "policyc", enter, unknown)
        found = [replace(route, lines=(*self._instant(), *route.lines)), *further]
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

    def _instant(self) -> list[Line]:
        """Return the lines for the periods and the last days that are asked about."""
        named = {clause.named: None for rule in self.policy.rules for clause in rule.times} if self.asked else {}
        ends = [date.fromisoformat(one) for one in self.asked if one[0].isdigit()]
        return times.lines(self.policy, [one for one in named if times.variable(one) in self.asked], ends)

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
            if clause.named not in self.variables:
                self.variables[clause.named] = times.variable(clause.named)
            variable = self.variables[clause.named]
            self.asked.add(variable)
            yield Field(var(variable), TRUE if clause.inside else FALSE)
        if rule.until is not None:
            self.asked.add(rule.until.isoformat())
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
