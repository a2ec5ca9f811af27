"""Lines of a dialplan in, their XML out, laid out by a macro of the template.

A dialplan has many lines of few shapes. So the macro lays out one line of each shape, with marks in place of its texts,
and the texts of every line of that shape, escaped, take the places of the marks. For 1,000 extensions of 15 rules that
takes 0.1 s; the macro, called for each line, took 0.7 s.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from policyc.targets.freeswitch.plan import Action, Field, Instant, Line

Macro = Callable[[Line], str]
_Shape = tuple[int, tuple[tuple[bool, bool], ...], bool]
_MARKED = re.compile("\0([0-9]+)\0")


def layout(escape: Callable[[str], str]) -> Callable[[Macro, Iterable[Line | str]], str]:
    """Return a function that lays lines out by a macro, one below the other. `escape` is the template's own filter.

    What is text is laid out already, and stands as it is.

    The macro must ask for no more of a line without instants than its shape: how many fields, whether each action has
    data and is inline, whether it goes on.
    """
    escaped = cache(lambda text: str(escape(text)))
    patterns: dict[_Shape, str] = {}

    def lay_out(macro: Macro, lines: Iterable[Line | str]) -> str:
        return "".join([line if isinstance(line, str) else laid_out(macro, line) for line in lines])

    def laid_out(macro: Macro, line: Line) -> str:
        texts = [line.name]
        for condition in line.conditions:
            if isinstance(condition, Instant):
                return macro(line)
            texts += (condition.field, condition.expression)
        for action in line.actions:
            texts += (action.application, action.data)
        shape = (
            len(line.conditions),
            tuple([(action.data != "", action.inline) for action in line.actions]),
            line.goes_on,
        )
        pattern = patterns.get(shape)
        if pattern is None:
            pattern = patterns[shape] = _pattern(macro, shape)
        return pattern.format(*map(escaped, texts))

    return lay_out


def _pattern(macro: Macro, shape: _Shape) -> str:
    """Return what `str.format` makes lines of a shape of, given their texts in the order of `Line`."""
    fields, actions, goes_on = shape
    marks = (f"\0{at}\0" for at in range(1 + 2 * (fields + len(actions))))
    name = next(marks)
    conditions = tuple(Field(next(marks), next(marks)) for _ in range(fields))
    done = []
    for has_data, inline in actions:
        application, data = next(marks), next(marks)
        done.append(Action(application, data if has_data else "", inline))
    laid_out = macro(Line(name, conditions, tuple(done), goes_on))
    return _MARKED.sub(r"{\1}", laid_out.replace("{", "{{").replace("}", "}}"))
