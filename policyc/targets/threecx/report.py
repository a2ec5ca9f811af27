"""Plans in, the report out: what each exception comes from, what the PBX must hold, and what rests on inference.

The report is in French and in Markdown, for the person who applies the exceptions. Nothing that a policy says can make
markup of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from policyc.digits import Kind
from policyc.model import Busy, Extension, External, Forward, Mailbox, Policy, Rule, ToSystem
from policyc.targets.threecx import dialect
from policyc.targets.threecx.plan import ForwardingException, Plan
from policyc.targets.threecx.times import DAYS, Calendar, Hours
from policyc.values import value

_DAYS: Final = dict(zip(DAYS, ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"), strict=True))
_KINDS: Final[Mapping[Kind | None, str]] = {
    None: "tous",
    Kind.INTERNAL: "internes",
    Kind.EXTERNAL: "externes",
}
_SYSTEMS: Final = {"group": "groupe d'appel", "queue": "file d'attente", "menu": "menu vocal"}
_SPELLINGS: Final = {
    "national": "`0612345678`",
    "e164": "`+33612345678`",
    "00": "`0033612345678`",
    "33": "`33612345678`",
    "nine-digits": "`612345678`",
}
_WIDER: Final = """\
`06*` prend tout ce qui commence par 06, comme dans le guide : aussi `0612` ou `+336123`, que personne ne présente.
Il en est ainsi des numéros qui commencent par 0 sans être français, et de ceux qui portent l'indicatif de la France ou
d'un territoire d'outre-mer sans en avoir les chiffres ; mais pas d'un numéro ou d'un poste que la politique nomme."""
_INFERRED: Final = """\
- Les exceptions sont essayées dans l'ordre de la liste, et la première qui convient décide : l'ancien manuel le dit,
  l'interface actuelle n'a pas de champ de priorité. Là où l'ordre compte, ce rapport le dit.
- `Condition` vaut `BasedOnCallerID`, y compris pour `*`.
- Plusieurs motifs dans une exception, séparés par un blanc, comme dans la boîte de dialogue du guide ; sinon, réglez
  `one_pattern_per_rule = true`. Le schéma publié ne fixe pas de longueur maximale à ce champ ; le plus long a ici
  {longest} caractères.
- `*` prend aussi les appels sans numéro ; un préfixe n'en prend aucun.
- Un motif est comparé au numéro tel que l'opérateur le présente : {spellings}.
- `None` est le signal d'occupation, `ProceedWithNoExceptions` la sonnerie ordinaire du poste.
- `External` appelle le numéro en montrant celui de l'appelant ; `Boomerang` est le rebond, avec retour à la messagerie
  du poste. Le numéro du mobile est écrit tel quel : il ne suit pas celui du compte.
- Les heures vont jusqu'à `Stop` non compris ; `23:59:59` y est mis pour minuit.
- Un appel renvoyé à un autre poste garde sa provenance : venu du dehors, il y est externe.
- `SpecificHours` ignore les jours fériés ; `OutOfSpecificHoursIncludingHolidays` est le complément exact de
  `SpecificHoursExcludingHolidays`.
"""


@value()
class Told:
    """What lists have of that which is told of all of them together.

    `hours` are the types of hours in them, `systems` those that they send calls to, `longest` how long the patterns of
    an exception are at most.
    """

    hours: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    longest: int = 0


def told(exceptions: Sequence[ForwardingException], *, single: bool) -> Told:
    """Return what one list has of it; `single`: exceptions are given one pattern each."""
    return Told(
        frozenset([one.hours.type for one in exceptions]),
        frozenset([one.destination.number for one in exceptions if isinstance(one.destination, ToSystem)]),
        max(
            (max(map(len, one.patterns)) if single else len(dialect.data(one.patterns)) for one in exceptions),
            default=0,
        ),
    )


def together(parts: Iterable[Told]) -> Told:
    """Return what several lists have of it."""
    parts = list(parts)
    return Told(
        frozenset().union(*(one.hours for one in parts)),
        frozenset().union(*(one.systems for one in parts)),
        max((one.longest for one in parts), default=0),
    )


def section(policy: Policy, extension: Extension, plan: Plan) -> str:
    """Return what is told of the list of one extension, if anything is."""
    if plan.exceptions or plan.dead or plan.idle:
        return "\n".join([*_extension(policy, extension, plan), ""])
    return ""


def report(
    policy: Policy,
    settings: Mapping[str, Any],
    sections: Iterable[str],
    every: Told,
    without: Sequence[str],
    dates: Calendar,
) -> str:
    """Return the report on all lists, of their sections and what they have together.

    `without` are the extensions without exceptions.
    """
    lines = [
        f"# 3CX : {_plain(policy.name) or 'politique'}",
        "",
        f"Exceptions pour 3CX {settings['version']}. Chaque règle est nommée par son fichier et sa ligne.",
        "",
        "## À régler dans le PBX",
        "",
        *_zone(policy, every.hours),
        "",
        *_holidays(policy, every.hours, dates),
        "",
        *_lines(policy),
        *_systems(policy, every.systems),
        "## Exceptions",
        "",
        *filter(None, sections),
    ]
    if without:
        lines += [f"Postes sans exception (leur liste est vidée) : {', '.join(without)}.", ""]
    lines += ["## Ce que les motifs prennent en plus", "", *_wider(settings), ""]
    lines += ["## Ce qui est déduit, et non documenté", "", _inferred(settings, every.longest)]
    return "\n".join(lines).rstrip("\n") + "\n"


# -- what the PBX must hold --------------------------------------------------------------------------------------------


def _zone(policy: Policy, hours: AbstractSet[str]) -> Iterator[str]:
    if hours - {"AllHours"}:
        yield f"**Fuseau horaire.** Le PBX compte les heures dans le sien : réglez-le sur `{policy.zone.key}`."
    else:
        yield "**Fuseau horaire.** Aucune exception ne dépend de l'heure."


def _holidays(policy: Policy, hours: AbstractSet[str], dates: Calendar) -> Iterator[str]:
    """Yield the dates to enter as holidays, if any exception asks for them."""
    if not any("Holidays" in one for one in hours) or not dates.holidays:
        yield "**Jours fériés du PBX.** Aucune exception n'en dépend."
        return
    yield "**Jours fériés du PBX.** Son calendrier doit contenir exactement ces dates, journées entières :"
    yield ""
    for first, last in dates.holidays:
        span = f"{first:%d/%m/%Y}" if first == last else f"{first:%d/%m/%Y} au {last:%d/%m/%Y}"
        names = _plain(", ".join(dict.fromkeys(_occasions(policy, first, last))))
        yield f"- {span} : {names}"


def _occasions(policy: Policy, first: date, last: date) -> Iterator[str]:
    days = [first + timedelta(days) for days in range((last - first).days + 1)]
    for closure in policy.closures:
        if any(start <= day <= end for start, end in closure.dates for day in days):
            yield closure.name
    yield from (name for day, name in policy.holidays if first <= day <= last)


def _lines(policy: Policy) -> Iterator[str]:
    yield "**Postes.** Ce qui suit est dans la politique, mais c'est au profil de statut du poste de le faire : durée"
    yield "de sonnerie (`NoAnswerTimeout`), puis renvoi sur non-réponse, sur occupation et sur poste non enregistré."
    yield ""
    yield "| Poste | Nom | Sonnerie | Ensuite |"
    yield "|---|---|---|---|"
    for number in sorted(policy.extensions):
        one = policy.extensions[number]
        after = "sa messagerie" if one.mailbox else "occupé"
        yield f"| {number} | {_plain(one.name)} | {one.ring_seconds} s | {after} |"
    yield ""
    used = _mailboxes(policy)
    if used:
        yield f"**Messageries** que le PBX doit avoir : {', '.join(used)}."
        yield ""
    if any(isinstance(rule.destination, External) and rule.destination.rebound for rule in policy.rules):
        yield "**Rebond.** La durée de l'appel, les annonces et la touche qui l'accepte sont celles du PBX."
        yield ""
    if any(isinstance(rule.destination, External) for rule in policy.rules):
        yield "**Numéros extérieurs.** Ils sont composés tels quels : les règles sortantes du PBX doivent les accepter."
        yield ""


def _mailboxes(policy: Policy) -> list[str]:
    used = {number for number, one in policy.extensions.items() if one.mailbox}
    return sorted(used)


def _systems(policy: Policy, asked: AbstractSet[str]) -> Iterator[str]:
    if not asked:
        return
    yield "**Postes système**, déclarés par la politique et tenus par le PBX :"
    yield ""
    for number in sorted(asked):
        system = policy.systems[number]
        yield f"- {number}, {_SYSTEMS[system.kind]} : {_plain(system.name)}"
    yield ""


# -- one extension -----------------------------------------------------------------------------------------------------


def _extension(policy: Policy, extension: Extension, plan: Plan) -> Iterator[str]:
    places = _Places()
    sources = [_sources(one, places) for one in plan.exceptions]
    count = len(plan.exceptions)
    how_many = f"{count} exception{'s' if count > 1 else ''}" if count else "aucune exception"
    yield f"### {extension.number} {_plain(extension.name)} : {how_many}"
    if plan.exceptions:
        yield ""
        yield "| n° | Appelants | Appels | Heures | Vers | Règles |"
        yield "|---|---|---|---|---|---|"
        for at, one in enumerate(plan.exceptions):
            callers, to = _code(dialect.data(one.patterns)), _destination(policy, one, extension)
            yield f"| {at + 1} | {callers} | {_KINDS[one.kind]} | {_hours(one.hours)} | {to} | {sources[at]} |"
    notes = [*_merged(plan, places), *_split(plan, places), *_order(plan, sources), *_left_out(plan, places)]
    if notes:
        yield ""
        yield from notes


def _destination(policy: Policy, one: ForwardingException, extension: Extension) -> str:
    match one.destination:
        case Mailbox(extension=other):
            return f"messagerie {other or extension.number}"
        case Forward(extension=other):
            return f"poste {other}"
        case External(number=given, rebound=rebound):
            mobile = "" if given else " (mobile)"
            return f"{'rebond' if rebound else 'externe'} {given or extension.mobile or ''}{mobile}"
        case ToSystem(number=number):
            return f"{_SYSTEMS[policy.systems[number].kind]} {number}"
    return "occupé" if isinstance(one.destination, Busy) else "sonnerie"


class _Places(dict[Rule, str]):
    """Where the rules of a list are, as the report names them."""

    def __missing__(self, rule: Rule) -> str:
        self[rule] = place = f"`{_path(rule.span.file.path)}:{rule.span.line}`"
        return place

    def listed(self, rules: Iterable[Rule]) -> str:
        return ", ".join([self[rule] for rule in rules])


def _sources(one: ForwardingException, places: _Places) -> str:
    return ", ".join(filter(None, (places.listed(one.rules), "appels sans règle" if one.rings else "")))


def _merged(plan: Plan, places: _Places) -> Iterator[str]:
    for at, one in enumerate(plan.exceptions):
        if len(one.rules) > 1:
            yield f"- L'exception {at + 1} réunit {len(one.rules)} règles : {places.listed(one.rules)}."


def _split(plan: Plan, places: _Places) -> Iterator[str]:
    parts: dict[Rule, list[int]] = {}
    for at, one in enumerate(plan.exceptions):
        for rule in one.rules:
            parts.setdefault(rule, []).append(at + 1)
    for rule, ranks in parts.items():
        if len(ranks) > 1:
            yield f"- La règle {places[rule]} occupe les exceptions {_listed(ranks)}."


def _order(plan: Plan, sources: Sequence[str]) -> Iterator[str]:
    """Yield, for each exception that hangs on others, which must stay before it; `sources` are those of each."""
    before: dict[int, list[int]] = {}
    for first, second in plan.order:
        before.setdefault(second, []).append(first)
    for second, firsts in sorted(before.items()):
        ranks = _listed(at + 1 for at in firsts)
        rules = ", ".join(dict.fromkeys(sources[at] for at in (*firsts, second)))
        yield f"- **L'ordre compte** : l'exception {second + 1} doit rester après {ranks} ({rules})."


def _left_out(plan: Plan, places: _Places) -> Iterator[str]:
    if plan.idle:
        yield f"- Sans exception, car le poste sonne de lui-même : {places.listed(plan.idle)}."
    if plan.dead:
        yield f"- Sans effet sur ce poste, les règles d'avant prenant tous leurs appels : {places.listed(plan.dead)}."


@lru_cache(maxsize=1024)
def _hours(hours: Hours) -> str:
    if hours.type == "AllHours":
        return "toutes"
    week = _week(hours)
    match hours.type:
        case "SpecificHours":
            return f"{week}, fériés du PBX compris"
        case "SpecificHoursExcludingHolidays":
            return f"{week}, hors fériés du PBX"
        case _:
            return "les fériés du PBX" if week == _WHOLE else f"hors {week}, et les fériés du PBX"


_WHOLE: Final = "lundi à dimanche 00:00-24:00"


def _week(hours: Hours) -> str:
    """Return hours as a person would write them: days with the same hours together."""
    spans: dict[str, list[str]] = {day: [] for day in DAYS}
    for day, start, end in hours.periods():
        spans[day].append(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    runs: list[tuple[list[str], list[str]]] = []
    for day, found in spans.items():
        if runs and runs[-1][1] == found:
            runs[-1][0].append(_DAYS[day])
        else:
            runs.append(([_DAYS[day]], found))
    told = []
    for days, found in runs:
        if found:
            told.append(f"{days[0] if len(days) == 1 else f'{days[0]} à {days[-1]}'} {' '.join(found)}")
    return ", ".join(told)


# -- what is taken on trust --------------------------------------------------------------------------------------------


def _wider(settings: Mapping[str, Any]) -> Iterator[str]:
    yield _WIDER
    listed = set(settings["presentations"])
    if others := [text for name, text in _SPELLINGS.items() if name not in listed]:
        yield f"Les présentations que les réglages n'annoncent pas ({', '.join(others)}) ne sont pas prises en compte."


def _inferred(settings: Mapping[str, Any], longest: int) -> str:
    listed = set(settings["presentations"])
    spellings = ", ".join(text for name, text in _SPELLINGS.items() if name in listed)
    text = _INFERRED.format(longest=longest, spellings=spellings)
    if settings["anonymous"]:
        text += f"- Un appel sans numéro se présente comme {_code(settings['anonymous'])} (réglage `anonymous`).\n"
    return text


# -- text --------------------------------------------------------------------------------------------------------------


def _listed(numbers: Iterable[int]) -> str:
    found: Sequence[str] = [str(number) for number in numbers]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} et {found[-1]}"


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+|~!&])", r"\\\1", _CONTROL.sub(" ", text))


def _code(text: str) -> str:
    """Return text as code, which no sign of its own ends."""
    return f"`{_escaped(text)}`"


def _escaped(text: str) -> str:
    kept = text if text.isprintable() else _CONTROL.sub(" ", text)
    return kept.replace("`", "'").replace("|", "\\|")


_path = lru_cache(maxsize=64)(_escaped)
