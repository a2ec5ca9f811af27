"""Calls that were first one and then another: what they know, said in terms of what was known before the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyc.targets.asterisk.reader.call import EXTEN, MARKED, Call, Names, Variable
from policyc.targets.asterisk.reader.texts import decode, with_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyc.targets.asterisk.reader.call import Known
    from policyc.targets.asterisk.reader.questions import Ask, Value

RETURNED = "GOSUB_RETVAL"


class Composer:
    """Puts calls together."""

    def __init__(self, names: Names, nothing: Known) -> None:
        """Take the names of inputs, and what there is to look at where no input is known."""
        self._names = names
        self._nothing = nothing

    def looked_at(self, text: str, ask: Ask) -> str:
        """Return a text with all its inputs looked at."""

        def value(char: str) -> str:
            name = self._names.name(char)
            return self._nothing.text(name, ask(name))

        return with_inputs(text, value)

    def marks(self, call: Call) -> dict[str, str | None]:
        """Return what marks of what was presented stand for after a call; most write none."""
        if call.written.keys().isdisjoint(MARKED):
            return {}
        return {
            self._names.char(name): None if (value := call.written[name]) is None else decode(value.value)
            for name in MARKED
            if name in call.written
        }

    def composed(self, first: Call, then: Call, given: Mapping[str, Value]) -> Call:
        """Return a call that was first one and then another, whose inputs are what the first left and was given."""
        text = self._translation(first, given)
        written = dict(first.written)
        written |= {name: then.translated(value, text) for name, value in then.written.items()}
        saved = {name: then.translated(value, text) for name, value in then.saved.items()} | first.saved
        if EXTEN in given:
            written[EXTEN] = given[EXTEN]
        returns = None if then.returns is None else text(then.returns)
        goes = then.goes
        if goes is not None and goes[1] is not None:
            goes = goes[0], text(goes[1]), goes[2]
        made = then.copy()
        made.goes, made.known, made.written, made.saved, made.returns = goes, first.known, written, saved, returns
        return made

    def back(self, call: Call, end: Call, given: Mapping[str, Value]) -> Call:
        """Return the call that went into a Gosub, when it is back from it."""
        text = self._translation(call, given)
        written = dict(call.written)
        for name, value in end.written.items():
            if name not in given and name not in end.saved:
                written[name] = end.translated(value, text)
        for name, value in end.saved.items():
            if value is None or value.value != self._names.char(name):
                written[name] = end.translated(value, text)
        written[RETURNED] = Variable(text(end.returns or ""))
        made = call.copy()
        made.written, made.words, made.dials, made.readings = written, end.words, end.dials, end.readings
        made.inherited, made.events, made.enters = end.inherited, (), None
        made.goes = call.context, None, call.priority + 1
        return made

    def _translation(self, first: Call, given: Mapping[str, Value]) -> Callable[[str], str]:
        def value(char: str) -> str:
            name = self._names.name(char)
            left = given if name in given else first.written
            return self._nothing.text(name, left[name]) if name in left else char

        return lambda text: with_inputs(text, value)
