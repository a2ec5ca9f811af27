"""Write the routing of the policy `friendly` by hand, as dialplans are written: its text in; Asterisk's files out.

Seven ways, from one long context to a database. Each decides as the policy does for the callers that a French trunk
presents in one of five forms, nothing more: no overseas number, no hidden caller, no check of what comes in from
outside but the filter. Ends (mailboxes, busy, the system) have the contexts that policyc gives them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

HOURS = ("09:00-12:29,mon-fri,*,*,Europe/Paris", "14:00-18:29,mon-fri,*,*,Europe/Paris")
"""The schedule of the policy: the end minute of Asterisk is included."""

ENTRIES = """
[policyc-external]
exten => _X.,1,Set(KIND=e)
 same => n,Gosub(caller,s,1)
 same => n,{start}
[policyc-internal]
exten => _X.,1,Set(KIND=i)
 same => n,Gosub(caller,s,1)
 same => n,{start}
[caller]
exten => s,1,Set(N=${{FILTER(0-9+,${{CALLERID(num)}})}})
 same => n,ExecIf($["${{N:0:3}}" = "+33"]?Set(N=0${{N:3}}))
 same => n,ExecIf($["${{N:0:4}}" = "0033"]?Set(N=0${{N:4}}))
 same => n,ExecIf($["${{N:0:2}}" = "33" & ${{LEN(${{N}})}} = 11]?Set(N=0${{N:2}}))
 same => n,ExecIf($["${{N:0:1}}" != "0" & ${{LEN(${{N}})}} = 9]?Set(N=0${{N}}))
 same => n,Set(CALLERID(num)=${{N}})
 same => n,Return()
"""
ENDS = """
[policyc-mailbox]
exten => _X.,1,VoiceMail(${EXTEN}@default,u)
[policyc-busy]
exten => s,1,Busy(20)
"""
RING = """
[ring]
exten => _X.,1,Dial(PJSIP/${EXTEN},20)
 same => n,Goto(policyc-mailbox,${EXTEN},1)
"""
BEHIND = """ same => n,Set(N=${{POLICYC_NUMBER}})
 same => n,Set(KIND=${{POLICYC_KIND}})
 same => n,Set(CALLERID(num)=${{N}})
 same => n,{start}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A rule: its callers, whole numbers or (ending in `*`) prefixes, and where it sends them."""

    callers: tuple[str, ...]
    goal: str
    """`Context,exten`; of another extension, its number."""


Routes = dict[str, list[Line]]


@dataclass(frozen=True, slots=True)
class Dialplan:
    """What is written by hand: where a call begins once its caller is read, and all contexts from there on."""

    start: str
    body: str
    database: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Return the whole dialplan, with a plain reading of the caller."""
        return ENTRIES.format(start=self.start) + ENDS + RING + self.body

    def behind(self, own: str) -> str:
        """Return it behind the entries, the reading of the caller and the ends of a dialplan that policyc wrote."""
        head = own[: own.index("\n; Poste ") + 1]
        first, found, rest = head.partition(" same => n,GotoIf(${DIALPLAN_EXISTS(")
        if not found:
            raise ValueError("the entries of policyc are others")
        start = BEHIND.format(start=self.start.replace("${EXTEN}", "${POLICYC_DIALLED}"))

        return first + start + rest.partition("\n")[2] + RING + self.body


def routes(policy: str) -> Routes:
    """Read a policy `friendly`: of each extension the rules about numbers; the two after them are the same for all."""
    numbers = dict(_declared(policy, "poste"))
    systems = {name: number for kind in ("groupe", "file", "svi") for name, number in _declared(policy, kind)}
    found: Routes = {}
    for block in policy.split("\npour ")[1:]:
        name, *rules = block.strip().split("\n")
        own = numbers[name.strip('"«» ')]
        *rules, inside, closed = rules
        if (inside, closed) != ("  depuis interne vers sonnerie", "  depuis * hors bureau vers messagerie"):
            raise ValueError(f"not a policy `friendly`: {name}")
        found[own] = [_line(rule, own, numbers, systems) for rule in rules]

    return found


def _declared(policy: str, kind: str) -> Iterator[tuple[str, str]]:
    for number, quoted, bare in re.findall(rf'^{kind} (\d+) (?:["«] ?(.+?) ?["»]|(\S+))', policy, re.MULTILINE):
        yield quoted or bare, number


def _line(rule: str, own: str, numbers: dict[str, str], systems: dict[str, str]) -> Line:
    callers, _, destination = rule.removeprefix("  depuis ").partition(" vers ")
    kind, _, name = destination.partition(" ")
    name = name.strip('"«» ')
    match kind:
        case "messagerie":
            goal = f"policyc-mailbox,{own}"
        case "occupé":
            goal = "policyc-busy,s"
        case "système":
            goal = f"from-internal,{systems[name]}"
        case "extension":
            goal = numbers[name]
        case _:
            raise ValueError(rule)

    return Line(tuple(callers.split()), goal)


# ---- pieces


def _last(own: str) -> list[str]:
    """Return what stands behind the rules about numbers: colleagues ring, everyone does in office hours."""
    return [
        f'GotoIf($["${{KIND}}" = "i"]?ring,{own},1)',
        *(f"GotoIfTime({hours}?ring,{own},1)" for hours in HOURS),
        f"Goto(policyc-mailbox,{own},1)",
    ]


def _by_regex(callers: Sequence[str]) -> str:
    """Return a condition in one regular expression."""
    either = "|".join(caller.removesuffix("*") if caller.endswith("*") else f"{caller}$" for caller in callers)

    return f'$[${{REGEX("^({either})" ${{N}})}}]'


def _by_text(callers: Sequence[str]) -> str:
    """Return a condition that compares texts."""
    tests = [
        f'"${{N:0:{len(caller) - 1}}}" = "{caller[:-1]}"' if caller.endswith("*") else f'"${{N}}" = "{caller}"'
        for caller in callers
    ]

    return f"$[{' | '.join(tests)}]"


def _steps(exten: str, applications: Sequence[str]) -> Iterator[str]:
    yield f"exten => {exten},1,{applications[0]}"
    for application in applications[1:]:
        yield f" same => n,{application}"


def _pattern(caller: str) -> str:
    return f"_{caller.removesuffix('*')}." if caller.endswith("*") else caller


def _dialplan(start: str, lines: Iterator[str]) -> Dialplan:
    return Dialplan(start, "\n".join(lines) + "\n")


def _chain(rules: Sequence[Line], own: str, condition: Callable[[Sequence[str]], str], to: str) -> list[str]:
    """Return rules one after another, in their order; `to`: where another extension begins."""
    return [
        *(f"GotoIf({condition(rule.callers)}?{_goal(rule, to)},1)" for rule in rules),
        *_last(own),
    ]


def _goal(rule: Line, to: str) -> str:
    return rule.goal if "," in rule.goal else to.format(rule.goal)


# ---- the layouts


def one_context_of_regexes(found: Routes) -> Dialplan:
    """All extensions in one context, each a chain of GotoIf with REGEX."""

    def lines() -> Iterator[str]:
        yield "[all]"
        for own, rules in found.items():
            yield from _steps(own, _chain(rules, own, _by_regex, "all,{}"))

    return _dialplan("Goto(all,${EXTEN},1)", lines())


def one_context_by_caller(found: Routes) -> Dialplan:
    """All extensions in one context, each rule an extension that matches the caller too (exten/callerid)."""

    def lines() -> Iterator[str]:
        yield "[all]"
        for own, rules in found.items():
            for rule in rules:
                for caller in rule.callers:
                    yield f"exten => {own}/{_pattern(caller)},1,Goto({_goal(rule, 'all,{}')},1)"
            yield from _steps(own, _last(own))

    return _dialplan("Goto(all,${EXTEN},1)", lines())


def context_each_of_regexes(found: Routes) -> Dialplan:
    """A context for each extension, a chain of GotoIf with REGEX."""
    return _contexts(found, _by_regex)


def context_each_of_texts(found: Routes) -> Dialplan:
    """A context for each extension, a chain of GotoIf that compares texts."""
    return _contexts(found, _by_text)


def _contexts(found: Routes, condition: Callable[[Sequence[str]], str]) -> Dialplan:
    def lines() -> Iterator[str]:
        for own, rules in found.items():
            yield f"[to-{own}]"
            yield from _steps("s", _chain(rules, own, condition, "to-{},s"))

    return _dialplan("Goto(to-${EXTEN},s,1)", lines())


def context_each_by_caller(found: Routes) -> Dialplan:
    """A context for each extension, whose `s` matches the caller (s/callerid)."""

    def lines() -> Iterator[str]:
        for own, rules in found.items():
            yield f"[to-{own}]"
            for rule in rules:
                for caller in rule.callers:
                    yield f"exten => s/{_pattern(caller)},1,Goto({_goal(rule, 'to-{},s')},1)"
            yield from _steps("s", _last(own))

    return _dialplan("Goto(to-${EXTEN},s,1)", lines())


def context_each_of_patterns(found: Routes) -> Dialplan:
    """A context for each extension, in which the caller is looked up as an extension, by patterns."""

    def lines() -> Iterator[str]:
        for own, rules in found.items():
            yield f"[to-{own}]"
            for rule in rules:
                for caller in rule.callers:
                    yield f"exten => {_pattern(caller)},1,Goto({_goal(rule, 'to-{},${{N}}')},1)"
            yield from _steps("_X.", _last(own))

    return _dialplan("Goto(to-${EXTEN},${N},1)", lines())


def database(found: Routes) -> Dialplan:
    """One context that looks the caller up in the AstDB: the whole number, then its first four digits."""
    steps = [
        "GotoIf(${DB_EXISTS(route/${EXTEN}/${N})}?found)",
        "GotoIf(${DB_EXISTS(route/${EXTEN}/${N:0:4})}?found)",
        *_last("${EXTEN}"),
    ]
    lines = ("[all]", *_steps("_X.", steps), " same => n(found),Goto(${DB_RESULT},1)")
    rows: dict[str, str] = {}
    for own, rules in found.items():
        for rule in rules:
            for caller in rule.callers:
                rows.setdefault(f"/route/{own}/{caller.removesuffix('*')}", _goal(rule, "all,{}"))

    return Dialplan("Goto(all,${EXTEN},1)", "\n".join(lines) + "\n", rows)


LAYOUTS: dict[str, Callable[[Routes], Dialplan]] = {
    "un seul contexte, chaînes de GotoIf et REGEX": one_context_of_regexes,
    "un seul contexte, poste/appelant": one_context_by_caller,
    "un contexte par poste, chaîne de GotoIf et REGEX": context_each_of_regexes,
    "un contexte par poste, chaîne de GotoIf et comparaisons": context_each_of_texts,
    "un contexte par poste, s/appelant": context_each_by_caller,
    "un contexte par poste, appelants en motifs": context_each_of_patterns,
    "recherche dans l'AstDB": database,
}
HEAVY = frozenset(name for name in LAYOUTS if name.startswith("un seul contexte"))
"""Those that take long to load."""
