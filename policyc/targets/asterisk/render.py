"""A policy in, Asterisk's dialplan out: `policyc.conf`, and files for a self-contained trial.

Each extension has a context of its own, found by its name. In it the caller's canonical number is looked up as an
extension: one line a prefix, longest prefix first by Asterisk's own order. What a call does then (ring, mailbox,
rebound…) stands once, in contexts that all extensions share.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from policyc import decision, numbering, prefixes, resources, schedule
from policyc.decision import Partition, Row, Table
from policyc.digits import Kind
from policyc.model import Busy, Extension, External, Forward, Mailbox, NamedPeriod, Policy, Ring, Rule, ToSystem
from policyc.source import fold
from policyc.targets import Rendered
from policyc.targets.asterisk.dialect import channel, comment, mailbox_name, pattern

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
    }
)
# Sound files, below Asterisk's folder of sounds, with what is heard.
SOUNDS: Final = (
    ("policyc/veuillez-patienter", "Veuillez patienter pendant que nous localisons le poste"),
    ("policyc/indisponible", "Utilisateur indisponible, redirection vers la boîte vocale"),
    ("policyc/accepter", "Un appel vous est transmis. Appuyez sur 1 pour l'accepter"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One priority: an application with its data, an optional label, and what the line says to its reader."""

    application: str
    note: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Exten:
    """One extension of a context, with its priorities."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """One context, headed by lines of comment."""

    name: str
    title: str
    extens: tuple[Exten, ...]


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the files of a policy that has no errors. `settings` holds every key of `DEFAULTS`."""
    environment = resources.template_environment(NAME)
    renderer = _Renderer(policy, settings)
    contexts = renderer.contexts()
    common = {
        "policy": comment(policy.name),
        "settings": settings,
        "has_times": renderer.has_times,
        "zone": policy.zone.key,
        "presentations": frozenset(settings["presentations"]),
        "overseas": numbering.overseas_codes(),
    }
    mailboxes = [(one.number, mailbox_name(one.name)) for one in _sorted(policy) if one.mailbox]
    systems = [(one.number, comment(one.name)) for one in sorted(policy.systems.values(), key=lambda one: one.number)]
    return Rendered(
        {
            "policyc.conf": environment.get_template("policyc.conf.j2").render(contexts=contexts, **common),
            "extensions.conf": environment.get_template("extensions.conf.j2").render(systems=systems, **common),
            "voicemail.conf": environment.get_template("voicemail.conf.j2").render(mailboxes=mailboxes, **common),
            "policyc-sounds.txt": "".join(f"{file}: {text}\n" for file, text in SOUNDS),
        }
    )


def _sorted(policy: Policy) -> list[Extension]:
    return sorted(policy.extensions.values(), key=lambda one: one.number)


def _slug(period: NamedPeriod) -> str:
    """Return the name of the extension that tells whether a period holds; a name of its own for each period."""
    letters = "".join(char if char.isascii() and char.isalnum() else "_" for char in fold(period.name))
    plain = letters.replace("_", "").isalnum() and fold(period.name).replace(" ", "_") == letters
    return f"is_{letters[:40]}" if plain and len(letters) <= 40 else f"is_{letters[:40]}_{_digest(period.name)}"  # noqa: PLR2004


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(slots=True)
class _Renderer:
    policy: Policy
    settings: Mapping[str, Any]
    periods: dict[str, NamedPeriod] = field(default_factory=dict)  # those that rules ask for, by slug
    shared: dict[tuple[str, tuple[Rule, ...]], str] = field(default_factory=dict)  # layers of `pour tous`, named
    seconds_asked: bool = False
    mobile_asked: bool = False

    @property
    def has_times(self) -> bool:
        """Whether any rule asks for the time."""
        rules = [*self.policy.first, *self.policy.rest, *(rule for rules in self.policy.own.values() for rule in rules)]
        return any(rule.times or rule.until for rule in rules)

    def contexts(self) -> list[Context]:
        """Return what is made for this policy, the fixed contexts apart."""
        self._name_layers()
        layers = [self._layer(name, place, rules) for (place, rules), name in self.shared.items()]
        extensions = [self._extension(one) for one in _sorted(self.policy)]
        return [*self._times(), *layers, *extensions]

    # -- layers of rules ------------------------------------------------------------------------------------------

    def _name_layers(self) -> None:
        """Name the layers that extensions share; the one without exceptions has the plain name."""
        whole = {"first": self.policy.first, "rest": self.policy.rest}
        for number in sorted(self.policy.extensions):
            first, _, rest = self.policy.layers(number)
            for place, rules in (("first", first), ("rest", rest)):
                if rules and (place, rules) not in self.shared:
                    plain = f"policyc-{place}"
                    kept = _digest(" ".join(rule.span.text for rule in rules))
                    self.shared[place, rules] = plain if rules == whole[place] else f"{plain}-{kept}"
                    self.seconds_asked |= any(isinstance(rule.destination, External) and rule.destination.rebound for rule in rules)
                    self.mobile_asked |= any(rule.destination == External(None, rule.destination.rebound) for rule in rules if isinstance(rule.destination, External))

    def _layer(self, name: str, place: str, rules: tuple[Rule, ...]) -> Context:
        title = "avant les règles de chaque poste" if place == "first" else "après les règles de chaque poste"
        return Context(name, f"Règles pour tous, {title}", tuple(self._table(rules, None, place)))

    def _extension(self, extension: Extension) -> Context:
        number = extension.number
        first, own, _ = self.policy.layers(number)
        start = [Step(f"Set(POLICYC_EXTEN={number})")]
        if self.seconds_asked:
            start.append(Step(f"Set(POLICYC_SECONDS={extension.ring_seconds})"))
        if self.mobile_asked and extension.mobile:
            start.append(Step(f"Set(POLICYC_MOBILE={self._outside(extension.mobile)})"))
        start.append(Step(self._enter("first", number) if first else self._own_entry(number)))
        extens = [Exten("s", tuple(start))]
        if first:
            extens.append(Exten("own", (Step(self._own_entry(number)),)))
        if own:
            extens += self._table(own, extension, "own")
        ring = Step(f"Dial({self._line(number)},{extension.ring_seconds})")
        after = Step(f"Goto(policyc-unanswered,{number},1)") if extension.mailbox else Step("Goto(policyc-busy,s,1)")
        extens.append(Exten("ring", (ring, after)))
        place = comment(extension.span.place)
        return Context(f"policyc-{number}", f"Poste {number} « {comment(extension.name)} » ({place})", tuple(extens))

    def _own_entry(self, number: str) -> str:
        """Return the step that enters an extension's own rules, or what follows when it has none."""
        if not self.policy.own.get(number):
            return self._after_own(number)
        return f"Goto({self._key(self.policy.own[number])}${{POLICYC_NUMBER}},1)"

    def _after_own(self, number: str) -> str:
        _, _, rest = self.policy.layers(number)
        return self._enter("rest", number) if rest else "Goto(ring,1)"

    def _enter(self, place: str, number: str) -> str:
        """Return the step that enters a shared layer."""
        layers = self.policy.layers(number)
        rules = layers[0] if place == "first" else layers[2]
        return f"Goto({self.shared[place, rules]},{self._key(rules)}${{POLICYC_NUMBER}},1)"

    def _partition(self, rules: Sequence[Rule]) -> Partition:
        return decision.partition_of(self.policy.zone, rules)

    def _key(self, rules: tuple[Rule, ...]) -> str:
        """Return what stands before the caller's number: the kind of call, if these rules tell kinds apart."""
        return "c" if _kind_blind(rules) else "${POLICYC_KIND}"

    # -- tables ---------------------------------------------------------------------------------------------------

    def _table(self, rules: tuple[Rule, ...], extension: Extension | None, place: str) -> list[Exten]:
        """Return the lines of a layer: callers → what decides, then the chains of times and the outside numbers."""
        table = decision.lower(self._partition(rules), rules)
        blind = _kind_blind(rules)
        found: list[Exten] = []
        uses: dict[Row, int] = {}
        lines: list[tuple[str, Row]] = []
        for letter, kind in (("c", Kind.EXTERNAL),) if blind else (("i", Kind.INTERNAL), ("e", Kind.EXTERNAL)):
            known = prefixes.entries(table, kind, lambda row: row)
            if known.anonymous != known.otherwise:
                lines.append((f"{letter}anonymous", known.anonymous))
            lines += [(pattern(letter, entry.block), entry.value) for entry in known.numbers]
            lines.append((f"_{letter}.", known.otherwise))
        for _, row in lines:
            uses[row] = uses.get(row, 0) + 1
        chained: dict[str, Row] = {}
        for name, row in lines:
            steps = self._chain(table, row, extension, place)
            if len(steps) > 1 and uses[row] > 1:
                label = f"when_{_digest(' '.join(step.application for step in steps))}"
                chained[label] = row
                found.append(Exten(name, (Step(f"Goto({label},1)", self._places(row)),)))
            else:
                found.append(Exten(name, steps))
        found += [Exten(label, self._chain(table, row, extension, place)) for label, row in chained.items()]
        found += self._outside_numbers(rules, extension)
        return found

    def _places(self, row: Row) -> str:
        return ", ".join(comment(choice.rule.span.place) for choice in row.choices)

    def _chain(self, table: Table, row: Row, extension: Extension | None, place: str) -> tuple[Step, ...]:
        """Return the priorities that find the rule of a row: each rule's times, unless what came before implies them."""
        steps: list[Step] = []
        for at, choice in enumerate(row.choices):
            rule = choice.rule
            note = comment(f"{rule.span.place} {rule.span.text}")
            goal = self._goal(rule, extension)
            tests = self._tests(table.partition, choice.asked, rule)
            if not tests:
                steps.append(Step(f"Goto({goal})", note))
                continue
            skip = f"next{at + 1}"
            for number, (before, condition) in enumerate(tests):
                if before:
                    steps.append(Step(before))
                if number + 1 < len(tests):
                    steps.append(Step(f"GotoIf({condition}?:{skip})"))
                else:
                    steps.append(Step(f"GotoIf({condition}?{goal})", note))
            if len(tests) > 1:
                steps.append(Step("NoOp()", label=skip))
        if row.left:
            steps.append(Step(self._fall(extension, place)))
        return tuple(steps)

    def _fall(self, extension: Extension | None, place: str) -> str:
        """Return the step for calls that no rule of a layer takes."""
        if extension is not None:
            return self._after_own(extension.number)
        if place == "rest":
            return "Goto(policyc-${POLICYC_EXTEN},ring,1)"
        return "Goto(policyc-${POLICYC_EXTEN},own,1)"

    def _tests(self, partition: Partition, asked: int, rule: Rule) -> list[tuple[str, str]]:
        """Return (step before, condition) for each clause of a rule that the instants asked about do not imply."""
        found = []
        for clause in rule.times:
            mask = partition.mask(clause.named.period)
            mask = mask if clause.inside else partition.everything & ~mask
            if asked & ~mask:
                slug = _slug(clause.named)
                self.periods[slug] = clause.named
                condition = "${GOSUB_RETVAL}" if clause.inside else "$[!${GOSUB_RETVAL}]"
                found.append((f"Gosub(policyc-time,{slug},1)", condition))
            asked &= mask
        if rule.until is not None and asked & ~partition.mask(schedule.until(rule.until)):
            found.append(("", f"$[${{POLICYC_DATE}} <= {rule.until:%Y%m%d}]"))
        return found

    # -- where calls go ---------------------------------------------------------------------------------------------

    def _goal(self, rule: Rule, extension: Extension | None) -> str:
        """Return where a rule's calls go, as the data of a Goto."""
        own = extension.number if extension else "${POLICYC_EXTEN}"
        match rule.destination:
            case Ring():
                return "ring,1" if extension else "policyc-${POLICYC_EXTEN},ring,1"
            case Mailbox(extension=other):
                return f"policyc-mailbox,{other or own},1"
            case Forward(extension=other):
                return f"policyc-{other},s,1"
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
                step = Step(f"Gosub(policyc-rebound,s,1({own},{dialled},{seconds}))")
            else:
                step = Step(f"Gosub(policyc-outside,s,1({dialled}))")
            found.setdefault(_outside_name(external), Exten(_outside_name(external), (step,)))
        return list(found.values())

    def _outside(self, number: str) -> str:
        return channel(self.settings["external_channel"], number, numbering.e164(number))

    def _line(self, number: str) -> str:
        return channel(self.settings["extension_channel"], number, number)

    # -- times ------------------------------------------------------------------------------------------------------

    def _times(self) -> list[Context]:
        """Return the contexts that tell times: one extension for each period, and the days off."""
        for rules in (*self.policy.own.values(), self.policy.first, self.policy.rest):
            for rule in rules:
                for clause in rule.times:
                    self.periods.setdefault(_slug(clause.named), clause.named)
        closed = any(period.closures for period in self.periods.values())
        extens = [self._period(slug, period) for slug, period in sorted(self.periods.items())]
        if closed:
            extens.append(self._closed())
        holidays = tuple(Exten(f"{day:%Y%m%d}", (Step("NoOp()", comment(name)),)) for day, name in self.policy.holidays)
        found = []
        if extens:
            found.append(Context("policyc-time", "Périodes : 1 si l'instant de l'appel en est, 0 sinon", tuple(extens)))
        if holidays and extens:
            found.append(Context("policyc-holidays", "Jours fériés", holidays))
        return found

    def _period(self, slug: str, period: NamedPeriod) -> Exten:
        steps: list[Step] = []
        note = f"{comment(period.name)} ({comment(period.span.place)})"
        if period.kind == "holidays":
            return Exten(slug, (Step("Return(${DIALPLAN_EXISTS(policyc-holidays,${POLICYC_DATE},1)})", note),))
        if period.closures:
            steps.append(Step("Gosub(policyc-time,closed,1)", note))
            steps.append(Step("GotoIf(${GOSUB_RETVAL}?no)"))
        if period.kind == "hours":
            steps += [Step(f"GotoIf($[{condition}]?yes)", note if not steps else "") for condition in _week(period)]
        else:
            steps += [Step(f"GotoIf($[{condition}]?yes)", note if not steps else "") for condition in _dates(period)]
        return Exten(slug, (*steps, Step("Return(0)", label="no"), Step("Return(1)", label="yes")))

    def _closed(self) -> Exten:
        steps = []
        if self.policy.holidays:
            steps.append(Step("GotoIf(${DIALPLAN_EXISTS(policyc-holidays,${POLICYC_DATE},1)}?yes)", "jours fériés"))
        for closure in self.policy.closures:
            note = f"{comment(closure.name)} ({comment(closure.span.place)})"
            steps += [Step(f"GotoIf($[{condition}]?yes)", note) for condition in _dates(closure)]
        return Exten("closed", (*steps, Step("Return(0)"), Step("Return(1)", label="yes")))


def _kind_blind(rules: Sequence[Rule]) -> bool:
    """Tell whether rules treat a number alike whether it calls from inside or from outside."""
    return all(rule.callers.is_kind_blind for rule in rules)


def _outside_name(external: External) -> str:
    return f"{'rebound' if external.rebound else 'outside'}_{external.number or 'mobile'}"


def _week(period: NamedPeriod) -> list[str]:
    """Return conditions on POLICYC_DAY (Monday 1) and POLICYC_TIME (0930), any of which must hold."""
    by_day: dict[int, list[tuple[int, int]]] = {}
    for start, end in schedule.weekly(period.spans).week:
        for day in range(start // 1440, (end - 1) // 1440 + 1):
            low, high = max(start, day * 1440), min(end, (day + 1) * 1440)
            by_day.setdefault(day + 1, []).append((low - day * 1440, high - day * 1440))
    alike: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for day, spans in sorted(by_day.items()):
        alike.setdefault(tuple(spans), []).append(day)
    found = []
    for spans, days in alike.items():
        runs = []
        for day in days:
            if runs and runs[-1][1] == day - 1:
                runs[-1][1] = day
            else:
                runs.append([day, day])
        on = " | ".join(
            f"${{POLICYC_DAY}} = {first}" if first == last else f"(${{POLICYC_DAY}} >= {first} & ${{POLICYC_DAY}} <= {last})"
            for first, last in runs
        )
        at = " | ".join(
            f"(${{POLICYC_TIME}} >= {_clock(start)} & ${{POLICYC_TIME}} < {_clock(end)})" for start, end in spans
        )
        found.append(f"({on}) & ({at})")
    return found


def _clock(minute: int) -> int:
    """Return a minute of the day as hours and minutes in one number: 750 is 1230."""
    return minute // 60 * 100 + minute % 60


def _dates(period: NamedPeriod) -> list[str]:
    return [
        f"${{POLICYC_DATE}} = {first:%Y%m%d}"
        if first == last
        else f"${{POLICYC_DATE}} >= {first:%Y%m%d} & ${{POLICYC_DATE}} <= {last:%Y%m%d}"
        for first, last in period.dates
    ]
