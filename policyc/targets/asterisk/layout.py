"""Extensions of a dialplan in, their lines out, laid out by a macro of the template.

A dialplan has many lines of few shapes. So the macro lays out one line of each shape, with marks in place of its texts,
and the texts of every line of that shape take the places of the marks: for 1,000 extensions of 15 rules that takes
0.1 s, where a loop of the template takes 0.5 s.
"""

import re
from collections.abc import Callable, Iterable

from policyc.targets.asterisk.plan import Exten, Step

Macro = Callable[[str, Step], str]
"""Lays out a priority: the first one of an extension with the extension's name, any other with none."""
_MARKED = re.compile("\0([0-9]+)\0")


def layout() -> Callable[[Macro, Iterable[Exten]], str]:
    """Return a function that lays extensions out by a macro, a priority a line.

    The macro must ask for no more of a priority than which texts it has.
    """
    patterns: dict[tuple[bool, bool, bool], Callable[..., str]] = {}

    def lay_out(macro: Macro, extens: Iterable[Exten]) -> str:
        lines: list[str] = []
        for exten in extens:
            name = exten.name
            for step in exten.steps:
                shape = name != "", step.note != "", step.label != ""
                pattern = patterns.get(shape)
                if pattern is None:
                    pattern = patterns[shape] = _pattern(macro, *shape)
                lines.append(pattern(name, step.note, step.label, step.application))
                name = ""
        return "".join(lines)

    return lay_out


def _pattern(macro: Macro, *shape: bool) -> Callable[..., str]:
    """Return what makes lines of a shape (has it a name, a note, a label?) of these texts and its application."""
    name, note, label = (f"\0{at}\0" if there else "" for at, there in enumerate(shape))
    laid_out = macro(name, Step(f"\0{len(shape)}\0", note, label))
    return _MARKED.sub(r"{\1}", laid_out.replace("{", "{{").replace("}", "}}")).format
