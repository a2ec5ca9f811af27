"""Blocks of rules in, rules that stand in for theirs out: they lead where those do, when those do, for other callers.

Most lines of a large policy are alike but for the numbers in them, and whether a line is right does not depend on which
French numbers stand there, nor on which extension of those that have a mailbox is meant, nor on other lines. So of the
lines that are alike one is read; and callers and destinations apart, which lines put together. Of 150,000 lines, those
are some hundreds, or 15,000 where people wrote them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from policyc import syntax
from policyc.diagnostics import has_errors
from policyc.model import Extension, Forward, Mailbox, Rule
from policyc.resolve import Resolver
from policyc.source import SourceFile, fold
from policyc.values import value

# French numbers and prefixes where nothing in front or behind goes on such a number: several callers, or where a call
# goes outside. What starts with 0700 or 0901 may have fourteen digits, and before `..` stands the start of a range.
_NUMBER: Final = r"(?!7 ?00|9 ?01)[1-9](?: ?[0-9]{2}){4}(?=[ ,\n])(?! *\.\.)"  # behind its 0
_PREFIX: Final = r"[1-9](?: ?[0-9]){0,7}\*(?=[ ,\n])"
_NUMBERS: Final = re.compile(
    # The 0 comes first: one character is found faster than one of several words.
    rf"0(?:(?<=depuis 0)|(?<=sauf 0)|(?<=, 0))(?:{_NUMBER}|{_PREFIX})(?:[ ,]+0(?:{_NUMBER}|{_PREFIX}))*"
    rf"|0(?<=externe 0){_NUMBER}"
)
_ONE: Final = "0199887766"  # stands for all of them
_LIKE_IT: Final = re.compile(r"0[1-9][0-9]{8}")
_EXTENSION: Final = re.compile(r"""((?:extension|poste) )("[^"«»“”]*"|[^\W\d_](?:[\w'./]*[\w'])?)(?= |$)""")
_ANYONE: Final = "  depuis *"  # to read a destination alone
_SERVED, _REFUSED = " vers sonnerie", " vers occupé"  # to read callers alone: some must not be refused

_Scope = tuple[bool, bool]  # what an extension has that rules may need: a mailbox, a mobile
_Reading = tuple[_Scope | None, str]  # a line to be read for extensions of a scope, or for whichever


@value()
class _Line:
    """What a line is made of: itself, or callers and a destination, which leads to an extension of that number."""

    readings: tuple[_Reading, ...]
    number: str | None = None


def stand_ins(resolver: Resolver, blocks: Sequence[tuple[str, str]]) -> list[tuple[Rule, ...]] | None:
    """Return the rules that stand in for those of blocks, each an extension and its lines; None: some may be wrong.

    `resolver` knows all that the policy declares.
    """
    text = "\0".join(body for _, body in blocks)
    declared = (*resolver.spans, *resolver.caller_names, *resolver.system_names, *resolver.periods)
    if text.count("\0") >= max(len(blocks), 1) or any(map(_LIKE_IT.search, declared)):
        return None
    bodies = [body.split("\n") for body in _NUMBERS.sub(_ONE, text).split("\0")] if blocks else []
    scopes = [_scope(resolver.extensions[number]) for number, _ in blocks]
    lines: dict[_Scope, dict[str, None]] = {}
    for scope, body in zip(scopes, bodies, strict=True):
        lines.setdefault(scope, {}).update(dict.fromkeys(body))
    examples = {_scope(one): one for one in resolver.extensions.values()}
    names = {scope: syntax.as_name(one.name) for scope, one in examples.items()}
    made = {scope: {line: _line(resolver, names, scope, line) for line in some} for scope, some in lines.items()}
    readings = dict.fromkeys(one for some in made.values() for line in some.values() for one in line.readings)
    read = _read(resolver, readings, {scope: examples[scope].number for scope in lines})
    if read is None:
        return None
    rules = {scope: {text: _rule(read, line) for text, line in some.items()} for scope, some in made.items()}
    if any(line.readings and rules[scope][text] is None for scope, some in made.items() for text, line in some.items()):
        return None
    return [
        tuple([rule for line in body if (rule := rules[scope][line]) is not None])
        for scope, body in zip(scopes, bodies, strict=True)
    ]


def _scope(extension: Extension) -> _Scope:
    return extension.mailbox, extension.mobile is not None


def _line(resolver: Resolver, names: Mapping[_Scope, str], scope: _Scope, text: str) -> _Line:
    """Return what a line is made of: nothing, if it holds no rule."""
    if not text.lstrip(" ").startswith("depuis "):
        return _Line(())
    callers, keyword, destination = text.partition(" vers ")
    if not keyword or callers.count('"') % 2:  # perhaps a `vers` of a name; one that is taken for another is an error
        return _Line(((scope, text),))
    is_refused = destination.lstrip(" ,")[:4].casefold() == "occu"
    who = None, callers + (_REFUSED if is_refused else _SERVED)
    found = _EXTENSION.match(destination)
    folded = fold(found[2].strip('"')) if found else ""
    number = resolver.extension_names.get(folded)
    if found is None or number is None or (found[2][0] != '"' and folded in syntax.keywords()):
        return _Line((who, (scope, _ANYONE + keyword + destination)))
    name = names[_scope(resolver.extensions[number])]
    where = f"{_ANYONE}{keyword}{found[1]}{name}{destination[found.end() :]}"
    return _Line((who, (scope, where)), number)


def _read(
    resolver: Resolver, readings: Iterable[_Reading], examples: Mapping[_Scope, str]
) -> Mapping[_Reading, Rule] | None:
    """Return the rules that lines are, each in the block of an extension of its scope; None if one is wrong."""
    blocks: dict[str, list[_Reading]] = {number: [] for number in examples.values()}
    for one in readings:
        blocks[examples[one[0]] if one[0] else next(iter(blocks))].append(one)
    text = "".join(f"pour {number}\n" + "".join(f"{line}\n" for _, line in block) for number, block in blocks.items())
    tree, found = syntax.parse(SourceFile("", text))
    _, own, _ = resolver.blocks([one for one in tree.statements if isinstance(one, syntax.Block)])
    if found or has_errors(resolver.diagnostics):
        return None
    return {one: rule for number, block in blocks.items() for one, rule in zip(block, own[number], strict=True)}


def _rule(read: Mapping[_Reading, Rule], line: _Line) -> Rule | None:
    """Return the rule of a line; None if callers and destination each say until when it holds, or give a reason."""
    if len(line.readings) < 2:
        return read[line.readings[0]] if line.readings else None
    callers, to = map(read.__getitem__, line.readings)
    if (callers.until and to.until) or (callers.reason is not None and to.reason is not None):
        return None
    destination = to.destination
    if line.number is not None:
        destination = Forward(line.number) if isinstance(destination, Forward) else Mailbox(line.number)
    return Rule(
        callers.callers,
        (*callers.times, *to.times),
        callers.until or to.until,
        destination,
        callers.reason or to.reason,
        to.excepted,
        to.span,
    )
