"""Tests and guarantees in, what they expect of which calls out."""

from datetime import datetime, time, timedelta

from policyc import syntax
from policyc.digits import Caller, Kind
from policyc.model import (
    ExpectedCall,
    Guarantee,
    Promise,
    Result,
    Test,
)
from policyc.resolve.rules import Rules
from policyc.syntax import Target, Word
from policyc.values import dataclass


@dataclass(slots=True)
class Promises(Rules):
    """What the tests and guarantees of a program say."""

    def test(self, node: syntax.TestBlock) -> Test:
        return Test(node.name.text, tuple(one for call in node.calls if (one := self.call(call))), node.span)

    def call(self, node: syntax.CallTest) -> ExpectedCall | None:
        caller = self.test_caller(node)
        called = self.extension(node.called)
        result = self.result(node.result)
        if caller is None or called is None or result is None:
            return None
        local = None
        if node.day is not None and node.minute is not None:
            local = datetime.combine(node.day, time(0)) + timedelta(minutes=node.minute)
        return ExpectedCall(caller, called, local, result, node.span)

    def test_caller(self, node: syntax.CallTest) -> Caller | None:
        item = node.caller
        if item.kind == "anonymous":
            return Caller(node.kind or Kind.EXTERNAL, None)
        if item.kind == "named":
            number = self.extension(Word(item.text, item.span))
        else:
            number = self.number(item.text, item.span)
        if number is None:
            return None
        internal = number in self.extensions
        return Caller(node.kind or (Kind.INTERNAL if internal else Kind.EXTERNAL), number)

    def result(self, target: Target) -> Result | None:
        kind = "voicemail" if target.kind == "mailbox" else target.kind
        if target.items:
            before = len(self.diagnostics)
            numbers, _ = self.items(target.items, called=True)
            return None if self.has_failed_since(before) else Result(kind, None, numbers)
        if target.reference is None:
            return Result(kind, None, None)
        number = self.system(target.reference) if kind == "system" else self.extension(target.reference)
        return Result(kind, number, None) if number else None

    def guarantee(self, node: syntax.GuaranteeBlock) -> Guarantee:
        promises = tuple(one for line in node.assertions if (one := self.promise(line)))
        return Guarantee(node.name.text, promises, node.span)

    def promise(self, node: syntax.Assertion) -> Promise | None:
        callers, _ = self.callers(node.callers)
        times, until, _ = self.clauses(node.clauses)
        result = self.result(node.result)
        if node.extension is not None:
            extension = self.extension(node.extension)
            extensions: tuple[str, ...] = (extension,) if extension else ()
        else:
            excepted = {self.extension(word) for word in node.excepted}
            extensions = tuple(number for number in self.extensions if number not in excepted)
        if result is None or not extensions:
            return None
        return Promise(callers, times, until, extensions, node.never, result, node.span)
