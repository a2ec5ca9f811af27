"""A small target for policyc: `fiches.md`, a sheet for each extension that says who reaches whom, and when.

It shows what a target is made of; docs/ecrire-une-cible.md goes through it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from policyc import digits, numbering
from policyc.capabilities import Level
from policyc.digits import Block, Caller, Kind
from policyc.model import Busy, External, Forward, Mailbox, Policy, Ring, Rule, ToSystem
from policyc.targets import Rendered

NAME = "fiche"
DEFAULTS = MappingProxyType({"title": "Qui reçoit vos appels", "longest_list": 6})
CAPABILITIES = MappingProxyType({"until": Level.NO})  # a sheet on the wall does not know the date


def render(policy: Policy, settings: Mapping[str, Any]) -> Rendered:
    """Return the sheets of a policy without errors."""
    lines = [f"# {plain(settings['title'])}", "", plain(policy.name)]
    for number, extension in sorted(policy.extensions.items()):
        lines += ["", f"## {number} {plain(extension.name)}", "", "| Appelants | Quand | Où |", "|---|---|---|"]
        for rule in policy.rules_for(number):
            who = callers(rule, settings["longest_list"])
            lines.append(f"| {who} | {times(rule)} | {destination(policy, number, rule)} |")
        lines.append(f"| tous les autres | | sonne {extension.ring_seconds} s |")
    return Rendered({"fiches.md": "\n".join(lines) + "\n"})


def plain(text: str) -> str:
    """Return text of the policy that stays one cell of one line: names are hostile until a target escapes them."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>()#|" else char for char in kept)


def callers(rule: Rule, longest: int) -> str:
    """Return who a rule is for; a set of callers gives its numbers as few blocks."""
    if rule.callers is digits.EVERYONE:
        return "tous"
    parts = list(dict.fromkeys(named(rule)))
    return ", ".join(parts[:longest]) + (f" et {len(parts) - longest} autres" if len(parts) > longest else "")


def named(rule: Rule) -> Iterator[str]:
    """Yield the callers of a rule; those of one kind only say so, unless numbers of the other kind read alike."""
    both = rule.callers.is_kind_blind
    for kind, word in ((Kind.EXTERNAL, "externe"), (Kind.INTERNAL, "interne")):
        suffix = "" if both else f" {word}"
        if digits.OF_KIND[kind] <= rule.callers:
            yield f"tous{suffix}"
            continue
        for block in rule.callers.cover(kind):
            yield shown(block) + suffix
        if Caller(kind, None) in rule.callers:
            yield f"anonyme{suffix}"


def shown(block: Block) -> str:
    """Return a block of numbers as a person writes it."""
    return numbering.display(block.prefix) if block.more == 0 else f"{block.prefix}\\*"


def times(rule: Rule) -> str:
    """Return when a rule holds."""
    return ", ".join(f"{'pendant' if one.inside else 'hors'} {plain(one.named.name)}" for one in rule.times)


def destination(policy: Policy, own: str, rule: Rule) -> str:
    """Return where a rule sends calls."""
    match rule.destination:
        case Ring():
            return "sonne"
        case Mailbox(extension=other):
            return f"messagerie de {plain(policy.extensions[other or own].name)}"
        case Forward(extension=other):
            return plain(policy.extensions[other].name)
        case External(number=None, rebound=rebound):
            return "mobile" + (", à accepter" if rebound else "")
        case External(number=str(number), rebound=rebound):
            return numbering.display(number) + (", à accepter" if rebound else "")
        case ToSystem(number=number):
            return plain(policy.systems[number].name)
        case Busy():
            return "occupé"
    raise AssertionError(rule.destination)
