"""Blocks in, rules out: who, when and where to."""

from collections.abc import Callable, Iterable

from policyc import digits, numbering, syntax
from policyc.diagnostics import Secondary, Text
from policyc.digits import NumberSet
from policyc.model import (
    Busy,
    Destination,
    Extension,
    External,
    Forward,
    Mailbox,
    Ring,
    Rule,
    ToSystem,
)
from policyc.resolve.times import Times
from policyc.source import fold
from policyc.syntax import Callers, Item, Target
from policyc.values import dataclass

# One for all rules that say so: most do.
_RING, _BUSY, _OWN_MAILBOX = Ring(), Busy(), Mailbox(None)


@dataclass(slots=True)
class Rules(Times):
    """What the rules of a program say."""

    def blocks(
        self, blocks: Iterable[syntax.Block]
    ) -> tuple[tuple[Rule, ...], dict[str, tuple[Rule, ...]], tuple[Rule, ...]]:
        first: list[Rule] = []
        rest: list[Rule] = []
        own: dict[str, list[Rule]] = {}
        for block in blocks:
            if block.extension is not None:
                extension = self.extension(block.extension)
                scope = [self.extensions[extension]] if extension else []
                rules = own.setdefault(extension or "", [])
                excepted: frozenset[str] = frozenset()
            else:
                excepted = frozenset(found for word in block.excepted if (found := self.extension(word)))
                scope = [one for one in self.extensions.values() if one.number not in excepted]
                rules = first if block.first else rest
            rules += [self.rule(node, scope, excepted) for node in block.rules]
        own.pop("", None)
        return tuple(first), {number: tuple(rules) for number, rules in own.items()}, tuple(rest)

    def rule(self, node: syntax.RuleNode, scope: list[Extension], excepted: frozenset[str]) -> Rule:
        callers, written = self.callers(node.callers)
        times, until, reason = self.clauses(node.clauses)
        destination = self.destination(node.destination, scope)
        if isinstance(destination, Busy):
            self.check_call_backs(node.callers, callers)
        # A rule that was reported still takes its calls: what follows it must not be blamed for them.
        return Rule(callers, times, until, destination or _RING, reason, excepted, node.span, written)

    def check_call_backs(self, node: Callers, callers: NumberSet) -> None:
        """Report emergency services refused by name: they call back those who hung up."""
        spelt = (item for item in node.items if item.kind in ("number", "named"))
        for item in spelt:
            for number in sorted(self.named_emergencies(item)):
                if not callers.isdisjoint(numbering.exactly(number) & digits.EXTERNAL):
                    self.report("PC307", item.span, number=number)

    def named_emergencies(self, item: Item) -> frozenset[str]:
        """Return the emergency numbers that an item spells out, through lists."""
        if item.kind == "number":
            return numbering.emergency_numbers() & {item.text}
        name = fold(item.text)
        if name in self.emergencies:
            return self.emergencies[name]
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [item]
        while waiting:
            one = waiting.pop()
            folded = fold(one.text)
            if one.kind == "number" and one.text in numbering.emergency_numbers():
                found.add(one.text)
            elif one.kind == "named" and folded in self.lists and folded not in seen:
                seen.add(folded)
                waiting += self.lists[folded].items
        self.emergencies[name] = frozenset(found)
        return self.emergencies[name]

    def destination(self, target: Target, scope: list[Extension]) -> Destination | None:
        match target.kind:
            case "ring":
                return _RING
            case "busy":
                return _BUSY
            case "mailbox":
                good = self.all_have(scope, "PC303", target, lambda one: one.mailbox)
                return _OWN_MAILBOX if good else None
            case "mobile":
                has_mobile = self.all_have(scope, "PC302", target, lambda one: one.mobile is not None)
                good = self.rebound(target, scope) and has_mobile
                return External(None, target.rebound) if good else None
            case "external":
                return self.external(target, scope)
            case "system":
                number = self.system(target.reference) if target.reference else None
                return ToSystem(number) if number else None
            case _:
                return self.forward(target)

    def external(self, target: Target, scope: list[Extension]) -> Destination | None:
        if target.reference is None:
            return None
        number = self.phone_number(target.reference)
        good = number is not None and self.check_outside(number, target.reference.span, alone=not target.rebound)
        good = self.rebound(target, scope) and good
        return External(number, target.rebound) if good else None

    def forward(self, target: Target) -> Destination | None:
        number = self.extension(target.reference) if target.reference else None
        if number is None:
            return None
        if not target.mailbox:
            return Forward(number)
        extension = self.extensions[number]
        if not extension.mailbox:
            self.report(
                "PC303",
                target.option or target.span,
                secondary=(Secondary(extension.span, "declared"),),
                help=(Text("add", {"number": number}),),
                names=(extension.name,),
            )
            return None
        return Mailbox(number)

    def rebound(self, target: Target, scope: list[Extension]) -> bool:
        """Tell whether `rebond`, if said, has a mailbox to fall back to."""
        return not target.rebound or self.all_have(scope, "PC304", target, lambda one: one.mailbox)

    def all_have(self, scope: list[Extension], code: str, target: Target, has: Callable[[Extension], bool]) -> bool:
        """Report a destination that some extension of the block has no means for."""
        lacking = [one for one in scope if not has(one)]
        if not lacking:
            return True
        shown = (Secondary(lacking[0].span, "declared"),)
        notes = (Text("others", {"count": len(lacking) - 1}),) if len(lacking) > 1 else ()
        names = tuple(one.name for one in lacking[:7])
        help_ = (Text("add", {"number": lacking[0].number}),)
        span = target.option if code == "PC304" and target.option else target.span
        self.report(code, span, secondary=shown, notes=notes, help=help_, names=names)
        return False
