"""Syntax in, `Policy` out: names become numbers, callers sets and times periods; every mistake is told.

Each module is a step that knows the ones before it: `names`, `callers`, `times`, `rules`, `promises`.
"""

from typing import TypeVar

from policyc import numbering, syntax
from policyc.diagnostics import Diagnostic
from policyc.model import Part, Policy
from policyc.project import Program
from policyc.resolve.promises import Promises
from policyc.source import fold

_T = TypeVar("_T")


def resolve(program: Program) -> tuple[Policy, tuple[Diagnostic, ...]]:
    """Return the policy of a program and what is wrong with it.

    With errors among the diagnostics the policy is what could be understood: not for output.
    """
    resolver = Resolver(program)
    policy = resolver.policy()
    return policy, tuple(resolver.diagnostics)


class Resolver(Promises):
    """All steps together, for those who go on with more blocks of rules once the policy is known."""

    __slots__ = ()

    def policy(self) -> Policy:
        """Return the policy of the program; what is wrong with it is among the diagnostics then."""
        by_type: dict[type, list[object]] = {}
        for statement in self.program.statements:
            by_type.setdefault(type(statement), []).append(statement)

        def of(kind: type[_T]) -> list[_T]:
            return by_type.get(kind, [])  # type: ignore[return-value]

        self.doubtful += self.program.doubtful
        for key, (name, numbers) in numbering.builtin_lists().items():
            self.builtin[fold(name)] = numbers
            self.builtin_parts[fold(name)] = tuple(Part(one, None) for one in numbering.builtin_parts(key))
            self.builtin_spelling[fold(name)] = name
            self.caller_names[fold(name)] = None
        title = self.only(of(syntax.Header))
        zone = self.zone(self.only(of(syntax.Zone)))
        for extension in of(syntax.ExtensionDecl):
            self.declare_extension(extension)
        for system in of(syntax.SystemDecl):
            self.declare_system(system)
        for mobile in of(syntax.ExtensionDecl):
            self.check_mobile(mobile)
        for one in of(syntax.ListDecl):
            if self.declare_caller(one.name):
                self.lists[fold(one.name.text)] = one
        for one in of(syntax.ListDecl):
            self.list_set(fold(one.name.text))
        self.times(of(syntax.HolidaysDecl), of(syntax.ClosureDecl), of(syntax.HoursDecl))
        first, own, rest = self.blocks(of(syntax.Block))
        return Policy(
            name=title.name.text if title else "",
            zone=zone,
            extensions=self.extensions,
            systems=self.systems,
            periods=tuple(self.periods.values()),
            holidays=tuple(sorted(self.holidays.items())),
            closures=tuple(one for one in self.periods.values() if one.kind == "closure"),
            first=first,
            own=own,
            rest=rest,
            tests=tuple(self.test(one) for one in of(syntax.TestBlock)),
            guarantees=tuple(self.guarantee(one) for one in of(syntax.GuaranteeBlock)),
        )
