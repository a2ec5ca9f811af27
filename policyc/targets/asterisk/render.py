"""A policy in, Asterisk's dialplan out: `policyc.conf`, and files for a self-contained trial.

Each extension has a context of its own, found by its name. In it the caller's canonical number is looked up as an
extension: one line a prefix, longest prefix first by Asterisk's own order. What a call does then (ring, mailbox,
rebound…) stands once, in contexts that all extensions share.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from policyc import capabilities, decision, numbering, prefixes, resources, schedule
from policyc.decision import Choice, Row, Table
from policyc.digits import KINDS, TO_OUTSIDE, Caller, Kind
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
from policyc.outcomes import DecisionModel
from policyc.prefixes import Entries, Sides
from policyc.targets import Piece, Rendered, sounds, ways
from policyc.targets.asterisk import times
from policyc.targets.asterisk.dialect import MAX_USERFIELD, comment, mailbox_name, pattern
from policyc.targets.asterisk.layout import Macro, layout
from policyc.targets.asterisk.plan import Context, Exten, Step
from policyc.targets.naming import dial_string, digest, layer_names, period_slug
from policyc.values import value

if TYPE_CHECKING:
    from jinja2 import Environment

NAME: Final = "asterisk"
DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "extension_channel": "PJSIP/{number}",
        "external_channel": "PJSIP/{number}@trunk",
        "system_context": "from-internal",
        "voicemail_context": "default",
        "presentations": ("national", "e164", "00", "33", "nine-digits"),
        "rebound_confirm": True,
        "language": "fr",
        "rule_in_cdr": False,
    }
)
CAPABILITIES: Final = capabilities.of(NAME)
_FEW: Final = 8  # of so many things that callers get one at most may be got on one side alone


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the files of a policy that has no errors. `settings` holds every key of `DEFAULTS`."""
    renderer = _Renderer(policy, settings, layer_names(policy), DecisionModel.of(policy))
    pieces = renderer.pieces(_sorted(policy))
    return Rendered(renderer.files(pieces), pieces=pieces)


def revised(
    policy: Policy,
    settings: Mapping[str, Any],
    changed: Collection[str],
    others: Mapping[str, Piece],  # noqa: ARG001 - no context depends on that of another extension
) -> Mapping[str, Piece]:
    """Return the pieces of changed extensions: their contexts, and what these ask for of the rest."""
    renderer = _Renderer(policy, settings, layer_names(policy), None)
    return renderer.pieces([policy.extensions[number] for number in sorted(changed)])


def assembled(policy: Policy, settings: Mapping[str, Any], pieces: Mapping[str, Piece]) -> Mapping[str, str]:
    """Return the files that the pieces of all extensions make."""
    return _Renderer(policy, settings, layer_names(policy), None).files(pieces)


def _sorted(policy: Policy) -> list[Extension]:
    return sorted(policy.extensions.values(), key=lambda one: one.number)


@dataclass(frozen=True, slots=True)
class _Way:
    """How much of a call's way a record shows: `room` bytes before the last step or, of a longer one, `steps`."""

    most: int
    room: int
    steps: int


def _way(policy: Policy, facts: Iterable[str]) -> _Way:
    """Return how much of a way fits, by the names of rules: those of all extensions and, by facts, those of each."""
    names = [_longest((*policy.first, *policy.rest)), *(int(fact) for fact in facts if fact.isdigit())]
    longest = max(map(len, policy.extensions), default=0) + 1 + (max(names) or 1)
    room = MAX_USERFIELD - longest - len(ways.THEN)
    return _Way(MAX_USERFIELD, room, (room - len(" > …".encode())) // (longest + len(ways.THEN)))


def _longest(rules: Iterable[Rule]) -> int:
    """Return how many bytes the longest name of some rules has in records; 0 of no rule."""
    return max((len(ways.name(rule.span).encode()) for rule in rules), default=0)


@dataclass(slots=True)
class _Renderer:
    policy: Policy
    settings: Mapping[str, Any]
    shared: Mapping[tuple[str, tuple[Rule, ...]], str]  # layers of `pour tous`, named
    model: DecisionModel | None  # knows the tables of all extensions; None where few are asked for
    environment: "Environment" = field(default_factory=lambda: resources.template_environment(NAME))
    lay_out: Callable[[Macro, Iterable[Exten]], str] = field(default_factory=layout)
    asked: set[str] = field(default_factory=set)  # periods that what is being made asks about, by name
    slugs: dict[NamedPeriod, str] = field(default_factory=dict)
    layers: dict[tuple[Rule, ...], "_Callers"] = field(default_factory=dict)

    def pieces(self, extensions: Iterable[Extension]) -> dict[str, Piece]:
        """Return the contexts of extensions.

        Facts are the periods that these ask about and, where records name rules, how long the longest name is.
        """
        shared = (rule.destination for _, rules in self.shared for rule in rules)
        outside = [one for one in shared if isinstance(one, External)]
        seconds, mobile = any(one.rebound for one in outside), any(one.number is None for one in outside)
        template: Any = self.environment.get_template("context.conf.j2").module
        found = {}
        for one in extensions:
            self.asked = set()
            context = self._extension(one, seconds=seconds, mobile=mobile)
            text = template.context(context, self.lay_out(template.line, context.extens))
            facts = sorted(self.asked)
            if self.settings["rule_in_cdr"]:
                facts.append(str(_longest(self.policy.own.get(one.number, ()))))
            found[one.number] = Piece((text,), tuple(facts))
        return found

    def files(self, pieces: Mapping[str, Piece]) -> dict[str, str]:
        """Return the files that the pieces of all extensions make."""
        policy, settings = self.policy, self.settings
        extensions = _sorted(policy)
        facts = {fact for one in extensions for fact in pieces[one.number].facts}
        common = {
            "policy": comment(policy.name),
            "settings": settings,
            "has_times": any(rule.times or rule.until for rule in policy.rules),
            "zone": policy.zone.key,
            "presentations": frozenset(settings["presentations"]),
            "overseas": numbering.overseas_codes(),
            "way": _way(policy, facts) if settings["rule_in_cdr"] else None,
        }
        mailboxes = [(one.number, mailbox_name(one.name)) for one in extensions if one.mailbox]
        systems = sorted(policy.systems.values(), key=lambda one: one.number)
        texts: Mapping[str, Mapping[str, Any]] = {
            "policyc.conf": {"contexts": self._contexts(facts), "lay_out": self.lay_out},
            "extensions.conf": {"systems": [(one.number, comment(one.name)) for one in systems]},
            "voicemail.conf": {"mailboxes": mailboxes},
        }
        files = {
            name: self.environment.get_template(f"{name}.j2").render(**given, **common) for name, given in texts.items()
        }
        files["policyc.conf"] += "".join([pieces[one.number].texts[0] for one in extensions])
        return files | {sounds.FILE: sounds.listing()}

    def _contexts(self, facts: set[str]) -> list[Context]:
        """Return what is made for this policy, the contexts of extensions apart, by the facts of these."""
        self.asked = set()
        layers = [self._layer(name, place, rules) for (place, rules), name in self.shared.items()]
        asked = facts | self.asked
        named = {clause.named: None for rule in self.policy.rules for clause in rule.times} if asked else {}
        return [*times.contexts(self.policy, [one for one in named if period_slug(one) in asked]), *layers]

    # -- layers of rules ----------------------------------------------------------------------------

    def _layer(self, name: str, place: str, rules: tuple[Rule, ...]) -> Context:
        if place == "first":
            title, rest = "avant les règles de chaque poste", "Goto(policyc-${POLICYC_EXTEN},own,1)"
        else:
            title = "après les règles de chaque poste"
            rest = self._undecided("policyc-${POLICYC_EXTEN},${POLICYC_EXTEN},1")
        return Context(name, f"Règles pour tous, {title}", tuple(self._lines(self._of_layer(rules), rules, None, rest)))

    def _extension(self, extension: Extension, *, seconds: bool, mobile: bool) -> Context:
        """Return an extension's context; `seconds`, `mobile`: shared layers ask for its own."""
        number = extension.number
        first, own, rest = self.policy.layers(number)
        after_own = self._enter("rest", rest) if rest else self._undecided(f"{number},1")
        callers = _callers(self._decisions(own, extension)) if own else None
        own_entry = f"Goto({callers.key}${{POLICYC_NUMBER}},1)" if callers else after_own
        start = [Step(f"Set(POLICYC_EXTEN={number})")]
        if seconds:
            start.append(Step(f"Set(POLICYC_SECONDS={extension.ring_seconds})"))
        if mobile and extension.mobile:
            start.append(Step(f"Set(POLICYC_MOBILE={self._outside(extension.mobile)})"))
        start.append(Step(self._enter("first", first) if first else own_entry))
        extens = [Exten("s", tuple(start))]
        if first:
            extens.append(Exten("own", (Step(own_entry),)))
        if callers:
            extens += self._lines(callers, own, extension, after_own)
        ring = Step(f"Dial({self._line(number)},{extension.ring_seconds})")
        after = Step(f"Goto(policyc-unanswered,{number},1)") if extension.mailbox else Step("Goto(policyc-busy,s,1)")
        # Dial takes its channel's identity from the extension it runs in: the number, which phones may be shown.
        extens.append(Exten(number, (ring, after)))
        place = comment(extension.span.place)
        return Context(f"policyc-{number}", f"Poste {number} « {comment(extension.name)} » ({place})", tuple(extens))

    def _enter(self, place: str, rules: tuple[Rule, ...]) -> str:
        """Return the step that enters a shared layer."""
        return f"Goto({self.shared[place, rules]},{self._of_layer(rules).key}${{POLICYC_NUMBER}},1)"

    def _undecided(self, line: str) -> str:
        """Return the step for calls that no rule decides: the extension's line rings."""
        return "Goto(policyc-undecided,s,1)" if self.settings["rule_in_cdr"] else f"Goto({line})"

    # -- tables -------------------------------------------------------------------------------------

    def _lines(
        self, callers: "_Callers", rules: tuple[Rule, ...], extension: Extension | None, rest: str
    ) -> list[Exten]:
        """Return a layer's lines: callers → what decides, then the chains of times and the outside numbers.

        `rest` is the step for calls that no rule of the layer takes.
        """
        table, lines = callers.table, callers.lines
        uses = Counter([row for _, rows in lines for row in rows])
        labels = self._labels(choice.rule for row in uses for choice in row.choices)
        asked: dict[tuple[Choice, int], list[Step]] = {}
        chains = {row: self._chain(table, row, extension, rest, labels, asked) for row in uses}
        pairs = {
            row for _, rows in lines if len(rows) > 1 and all(len(chains[row]) > 1 for row in rows) for row in rows
        }
        names = {  # of the chains that stand once: for many callers, or where two would be on one line
            row: f"when_{digest(' '.join([step.application for step in steps]))}"
            for row, steps in chains.items()
            if len(steps) > 1 and (uses[row] > 1 or row in pairs)
        }
        stand = chains | {row: (Step(f"Goto({name},1)", self._places(row)),) for row, name in names.items()}
        found = [Exten(name, self._parted(stand, *rows)) for name, rows in lines]
        chained = {name: chains[row] for row, name in names.items()}
        found += [Exten(label, steps) for label, steps in chained.items()]
        found += [Exten(label, self._decides(rule, extension)) for rule, label in labels.items()]
        found += self._outside_numbers(rules, extension)
        return found

    def _parted(self, stand: Mapping[Row, tuple[Step, ...]], inner: Row, outer: Row | None = None) -> tuple[Step, ...]:
        """Return the priorities for a row or, by where a call comes from, for one inside and one outside.

        Of one of these two at least, all that stands is a Goto.
        """
        if outer is None:
            return stand[inner]
        inside, outside = stand[inner], stand[outer]
        kind, (first, *_), other = ("i", inside, outside) if len(inside) == 1 else ("e", outside, inside)
        goal, note = _goal_of(first), first.note
        if len(other) == 1:
            goal, note, other = f"{goal}:{_goal_of(other[0])}", self._places(inner, outer), ()
        return (Step(f'GotoIf($["${{POLICYC_KIND}}" = "{kind}"]?{goal})', note), *other)

    def _of_layer(self, rules: tuple[Rule, ...]) -> "_Callers":
        """Return how callers are looked up in a layer that extensions share."""
        if rules not in self.layers:
            self.layers[rules] = _callers(self._decisions(rules, None))
        return self.layers[rules]

    def _decisions(self, rules: tuple[Rule, ...], extension: Extension | None) -> Table:
        """Return which rule of a layer decides; where an extension has no rules but these, the model knows it already.

        The classes of time are those of the model, which are there and tell apart all that they must.
        """
        if extension is None or self.model is None:
            return decision.lower(decision.partition_of(self.policy.zone, rules), rules)
        number = extension.number
        if rules == self.model.rules(number):
            return self.model.table(number)
        return decision.lower(self.model.partition(number), rules)

    def _places(self, *rows: Row) -> str:
        return comment(", ".join(dict.fromkeys(choice.rule.span.place for row in rows for choice in row.choices)))

    def _labels(self, rules: Iterable[Rule]) -> dict[Rule, str]:
        """Return the names of the extensions that note which rule decides, by the rules; none if nothing notes it."""
        if not self.settings["rule_in_cdr"]:
            return {}
        lines: Counter[int] = Counter()  # rules of several files may have one line
        labels = {}
        for rule in sorted(dict.fromkeys(rules), key=lambda one: (one.span.line, one.span.file.path)):
            line = rule.span.line
            lines[line] += 1
            labels[rule] = f"by_{line}" if lines[line] == 1 else f"by_{line}_{lines[line]}"
        return labels

    def _decides(self, rule: Rule, extension: Extension | None) -> tuple[Step, ...]:
        """Return the priorities that note that a rule decides, and do what it says."""
        own = extension.number if extension else "${POLICYC_EXTEN}"
        noted = Step(f"Set(CDR(userfield)=${{CDR(policyc)}}{own} {ways.name(rule.span)})")
        return noted, Step(f"Goto({self._goal(rule, extension)})")

    def _chain(
        self,
        table: Table,
        row: Row,
        extension: Extension | None,
        rest: str,
        labels: Mapping[Rule, str],
        known: dict[tuple[Choice, int], list[Step]],
    ) -> tuple[Step, ...]:
        """Return the priorities that find the rule of a row; `known` keeps those of choices, which rows share."""
        steps: list[Step] = []
        for at, choice in enumerate(row.choices):
            if (choice, at) not in known:
                rule = choice.rule
                goal = f"{labels[rule]},1" if rule in labels else self._goal(rule, extension)
                known[choice, at] = self._asked(table.partition, choice, goal, f"next{at + 1}")
            steps += known[choice, at]
        if row.left:
            steps.append(Step(rest))
        return tuple(steps)

    def _asked(self, partition: schedule.Partition, choice: Choice, goal: str, skip: str) -> list[Step]:
        """Return the priorities that go to a rule's goal at its times, unless what came before implies them."""
        note = comment(choice.rule.span.place)
        tests = self._tests(partition, choice.asked, choice.rule)
        if not tests:
            return [Step(f"Goto({goal})", note)]
        steps: list[Step] = []
        for number, (before, condition) in enumerate(tests):
            if before:
                steps.append(Step(before))
            if number + 1 < len(tests):
                steps.append(Step(f"GotoIf({condition}?:{skip})"))
            else:
                steps.append(Step(f"GotoIf({condition}?{goal})", note))
        if len(tests) > 1:
            steps.append(Step("NoOp()", label=skip))
        return steps

    def _tests(self, partition: schedule.Partition, asked: int, rule: Rule) -> list[tuple[str, str]]:
        """Return (step before, condition) for each clause that the instants asked about do not imply."""
        found = []
        for clause in rule.times:
            mask = decision.clause_mask(partition, clause)
            if asked & ~mask:
                if clause.named not in self.slugs:
                    self.slugs[clause.named] = period_slug(clause.named)
                slug = self.slugs[clause.named]
                self.asked.add(slug)
                condition = "${GOSUB_RETVAL}" if clause.inside else "$[!${GOSUB_RETVAL}]"
                found.append((f"Gosub(policyc-time,{slug},1)", condition))
            asked &= mask
        if rule.until is not None and asked & ~partition.mask(schedule.until(rule.until)):
            found.append(("", f"$[${{POLICYC_DATE}} <= {rule.until:%Y%m%d}]"))
        return found

    # -- where calls go -----------------------------------------------------------------------------

    def _goal(self, rule: Rule, extension: Extension | None) -> str:
        """Return where a rule's calls go, as the data of a Goto."""
        own = extension.number if extension else "${POLICYC_EXTEN}"
        match rule.destination:
            case Ring():
                return f"{own},1" if extension else f"policyc-{own},{own},1"
            case Mailbox(extension=other):
                return f"policyc-mailbox,{other or own},1"
            case Forward(extension=other):
                return f"policyc-forward,{other},1" if self.settings["rule_in_cdr"] else f"policyc-{other},s,1"
            case External() as external:
                return f"{_outside_name(external)},1"
            case ToSystem(number=number):
                return f"{self.settings['system_context']},{number},1"
            case Busy():
                return "policyc-busy,s,1"

    def _outside_numbers(self, rules: Sequence[Rule], extension: Extension | None) -> list[Exten]:
        """Return the extensions that dial the outside numbers of some rules."""
        own = extension.number if extension else "${POLICYC_EXTEN}"
        seconds = str(extension.ring_seconds) if extension else "${POLICYC_SECONDS}"
        found: dict[str, Exten] = {}
        for rule in rules:
            external = rule.destination
            if not isinstance(external, External):
                continue
            number = external.number or (extension.mobile if extension else None)
            dialled = self._outside(number) if number else "${POLICYC_MOBILE}"
            if external.rebound:
                step = Step(f"Gosub(policyc-rebound,{own},1({dialled},{seconds}))")
            else:
                step = Step(f"Gosub(policyc-outside,{own},1({dialled}))")
            found.setdefault(_outside_name(external), Exten(_outside_name(external), (step,)))
        return list(found.values())

    def _outside(self, number: str) -> str:
        return dial_string(self.settings["external_channel"], number, numbering.e164(number))

    def _line(self, number: str) -> str:
        return dial_string(self.settings["extension_channel"], number, number)


@value()
class _Callers:
    """How callers are looked up: `key` stands before their numbers.

    `lines` are the extensions that they are looked up among, each with what decides or, where that is not the same,
    with what decides inside and what outside.
    """

    table: Table
    key: str
    lines: list[tuple[str, tuple[Row, ...]]]


def _callers(table: Table) -> _Callers:
    """Return how callers are looked up: together, unless many lines would part those inside from those outside."""
    if _are_alike(table):
        return _Callers(table, "c", _lines_of("c", prefixes.entries(table)))
    inside, outside = (prefixes.entries(table, (kind,)) for kind in (Kind.INTERNAL, Kind.EXTERNAL))
    return _Callers(table, "${POLICYC_KIND}", [*_lines_of("i", inside), *_lines_of("e", outside)])


def _are_alike(table: Table) -> bool:
    """Tell whether callers inside get nearly what those outside with the same numbers do, those named by none apart."""
    aside = {id(None), *(id(table.row(Caller(kind, "9" * 20))) for kind in KINDS)}
    inside = {*map(id, table.rows_between(0, TO_OUTSIDE))} - aside
    outside = {*map(id, table.rows_between(TO_OUTSIDE, 2 * TO_OUTSIDE))} - aside
    return len(inside ^ outside) * _FEW <= len(inside | outside)


def _lines_of(letter: str, known: Entries[Row]) -> list[tuple[str, tuple[Row, ...]]]:
    anonymous = [] if known.anonymous is known.otherwise else [(f"{letter}anonymous", known.anonymous)]
    numbers = [(pattern(letter, entry.block), entry.value) for entry in known.numbers]
    found = [*anonymous, *numbers, (f"_{letter}.", known.otherwise)]
    return [(name, (row.inside, row.outside) if isinstance(row, Sides) else (row,)) for name, row in found]


def _goal_of(step: Step) -> str:
    """Return where a Goto goes."""
    return step.application.removeprefix("Goto(").removesuffix(")")


def _outside_name(external: External) -> str:
    return f"{'rebound' if external.rebound else 'outside'}_{external.number or 'mobile'}"
