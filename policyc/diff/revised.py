"""A policy before and after few of its rules were changed in, its difference out, with most of both texts unread.

What extensions say in the same words leads calls alike, unless they go on to one that says something else. So only
blocks of text that differ are looked into, with all that forwards there and all that those forward to; of the others,
rules that stand in tell where they lead, when, and that they are right. Where that is not plain, there is no answer,
and policies are to be read whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from policyc import graph, syntax
from policyc.decision import periods_of
from policyc.diagnostics import has_errors
from policyc.diff import grouping
from policyc.diff.blocks import Block, Blocks, Part, split
from policyc.diff.grouping import Difference
from policyc.diff.standing_in import stand_ins
from policyc.files import MAX_BYTES, OutsideProjectError
from policyc.model import Forward, Named, Policy, Rule, Written
from policyc.outcomes import DecisionModel
from policyc.project import Program, read_source
from policyc.resolve import Resolver
from policyc.schedule import Partition, Period
from policyc.source import SourceFile, Span, fold
from policyc.workspace import Workspace

_LEAST: Final = 1 << 17  # characters: of fewer, all is read as quickly


def compare(old: Workspace, new: Workspace) -> Difference | None:
    """Return the difference of a policy on disk before and after a change, or None."""
    before, after = _source(old), _source(new)
    if before is None or after is None or min(len(before.text), len(after.text)) < _LEAST:
        return None
    return difference(before, after)


def _source(place: Workspace) -> SourceFile | None:
    """Return the file of a project that has no other, and no settings that rules are to be held to."""
    if len(place.paths) != 1 or place.diagnostics or place.config.company:
        return None
    try:
        data = place.files.read(place.paths[0])
    except (OSError, ValueError, OutsideProjectError):
        return None
    source, found = read_source(place.paths[0], data) if len(data) <= MAX_BYTES else (None, ())
    return None if found else source


def difference(old: SourceFile, new: SourceFile) -> Difference | None:
    """Return the difference of two policies of one file each, or None if it takes reading all of them to tell."""
    was, now = split(old.text), split(new.text)
    if was is None or now is None or _texts(old, was) != _texts(new, now):
        return None
    resolver = _declarations(old, was)
    if resolver is None:
        return None
    policy = resolver.policy()
    numbers = None if has_errors(resolver.diagnostics) else _numbers(resolver, (*was.blocks, *now.blocks))
    if numbers is None:
        return None
    before, after = _by_extension(numbers, was), _by_extension(numbers, now)
    bodies, revised = _bodies(before), _bodies(after)
    changed = {number for number in (*bodies, *revised) if bodies.get(number) != revised.get(number)}
    asked = [*bodies.items(), *((number, body) for number, body in revised.items() if number in changed)]
    made = stand_ins(resolver, asked)
    if made is None or not all(made):
        return None
    read = [(number, rules) for (number, _), rules in zip(asked, made, strict=True)]
    sides = dict(read[: len(bodies)]), dict(read)
    for number in changed - revised.keys():
        del sides[1][number]
    for_all = _for_all(new, now)
    if len(for_all) != sum(isinstance(one, syntax.Block) for one in resolver.program.statements):
        return None
    first, _, rest = resolver.blocks(for_all)
    mine = replace(policy, own=sides[0])
    theirs = replace(policy, own=sides[1], first=first, rest=rest)
    leads = [_forwards(one) for one in (mine, theirs)]
    if any(map(_has_circle, leads)):  # of which only true callers tell whether calls go round in it
        return None
    affected = _behind(changed, [_turned(one) for one in leads])
    needed, also = (_behind(affected, [lead]) for lead in leads)
    sides[0].update(_true_rules(resolver, old, (block for number in needed for block in before.get(number, ()))))
    alike = {number for number in also & needed if _are_alike(before.get(number, ()), after.get(number, ()))}
    sides[1].update((number, tuple(_moved(sides[0][number], before[number], after[number], new))) for number in alike)
    sides[1].update(_true_rules(resolver, new, (block for number in also - alike for block in after.get(number, ()))))
    earlier = DecisionModel(mine)
    is_later = leads[0] == leads[1] and all(_periods(mine, number) == _periods(theirs, number) for number in changed)
    later = _Later(theirs, earlier, affected) if is_later else DecisionModel(theirs)
    return grouping.compare(earlier, later, affected)


class _Later(DecisionModel):
    """What a policy decides after a change that reaches some extensions: at the others, what was decided before.

    Nobody forwards to others than before, nor in a circle, nor at other times: classes of time are the same.
    """

    def __init__(self, policy: Policy, earlier: DecisionModel, affected: set[str]) -> None:
        super().__init__(policy)
        self._earlier = earlier
        self._affected = affected

    @cached_property
    def _partitions(self) -> Mapping[str, Partition]:
        return self._earlier._partitions  # noqa: SLF001 - its own

    def _follow(self, group: list[str]) -> None:
        if group[0] in self._affected:
            super()._follow(group)
        else:
            self._ways[group[0]] = self._earlier.outcomes(group[0])  # type: ignore[assignment]  # nothing goes onward


def _periods(policy: Policy, number: str) -> set[Period]:
    return {period for rule in policy.own.get(number, ()) for period in periods_of(rule)}


# -- what the texts say ------------------------------------------------------------------------------------------------


def _texts(source: SourceFile, blocks: Blocks) -> str:
    """Return the text of a frame."""
    return "".join(source.text[start:end] for start, end in blocks.frame)


def _declarations(source: SourceFile, blocks: Blocks) -> Resolver | None:
    """Return what resolves names as the frame of a policy declares them, if it is all of that there is."""
    tree, found = syntax.parse(source, blocks.frame)
    elsewhere = syntax.Include | syntax.Directory
    if found or any(isinstance(one, elsewhere) or _is_own(one) for one in tree.statements):
        return None
    return Resolver(Program(tree.statements, tree.comments, (source,), tree.doubtful))


def _is_own(statement: syntax.Statement) -> bool:
    return isinstance(statement, syntax.Block) and statement.extension is not None


def _for_all(source: SourceFile, blocks: Blocks) -> list[syntax.Block]:
    """Return the blocks of a frame, those whose first line is not indented, without reading what it declares."""
    begun = ((re.compile("^pour ", re.MULTILINE).search(source.text, *part), part[1]) for part in blocks.frame)
    return _read(source, [(first.start(), end) for first, end in begun if first])


def _numbers(resolver: Resolver, blocks: Iterable[Block]) -> Mapping[str, str] | None:
    """Return the extension that each first line of a block names, or None if one does not, or says more."""
    headers = tuple(dict.fromkeys(block.header for block in blocks))
    found = {}
    lines = syntax.lines(SourceFile("", "\n".join(headers)))
    for header, line in zip(headers, lines, strict=True):
        word = line.values[-1]
        number = word if line.types[-1:] == ("NUMBER",) else resolver.extension_names.get(fold(word))
        if line.types not in (("POUR", "NUMBER"), ("POUR", "NAME")) or number not in resolver.extensions:
            return None
        found[header] = number
    return found


def _by_extension(numbers: Mapping[str, str], blocks: Blocks) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for block in blocks.blocks:
        found.setdefault(numbers[block.header], []).append(block)
    return found


def _bodies(blocks: Mapping[str, list[Block]]) -> dict[str, str]:
    return {number: "".join(block.body for block in some) for number, some in blocks.items()}


def _true_rules(resolver: Resolver, source: SourceFile, blocks: Iterable[Block]) -> dict[str, tuple[Rule, ...]]:
    """Return the rules of blocks, by extension."""
    _, own, _ = resolver.blocks(_read(source, sorted((block.start, block.end) for block in blocks)))
    return own


def _are_alike(old: Sequence[Block], new: Sequence[Block]) -> bool:
    """Tell whether there are blocks that say the same."""
    return bool(old) and [one.body for one in old] == [one.body for one in new]


def _moved(rules: Iterable[Rule], old: list[Block], new: list[Block], source: SourceFile) -> Iterator[Rule]:
    """Yield the rules of blocks as they stand in the same words elsewhere; what lists say stands where it stood."""
    places = [(one.end, other.end - one.end) for one, other in zip(old, new, strict=True)]

    for rule in rules:
        shift = next(shift for end, shift in places if rule.span.start < end)

        def named(some: Iterable[Named], shift: int = shift) -> tuple[Named, ...]:
            return tuple([Named(one.callers, _at(one.span, shift, source), one.is_range, one.parts) for one in some])

        written = Written(named(rule.written.named), named(rule.written.excepted), rule.written.kind)
        yield Rule(
            rule.callers,
            rule.times,
            rule.until,
            rule.destination,
            rule.reason,
            rule.excepted,
            _at(rule.span, shift, source),
            written,
        )


def _at(span: Span, shift: int, source: SourceFile) -> Span:
    return Span(source, span.start + shift, span.end + shift)


def _read(source: SourceFile, parts: Iterable[Part]) -> list[syntax.Block]:
    tree, _ = syntax.parse(source, parts)
    return [one for one in tree.statements if isinstance(one, syntax.Block)]


# -- who leads to whom -------------------------------------------------------------------------------------------------

_Leads = Mapping[str, set[str]]


def _forwards(policy: Policy) -> _Leads:
    """Return the extensions that each one may forward to."""
    common = [(to, rule.excepted) for rule in (*policy.first, *policy.rest) for to in _forwarded([rule])]
    return {
        number: _forwarded(policy.own.get(number, ())) | {to for to, excepted in common if number not in excepted}
        for number in policy.extensions
    }


def _forwarded(rules: Iterable[Rule]) -> set[str]:
    return {rule.destination.extension for rule in rules if isinstance(rule.destination, Forward)}


def _has_circle(leads: _Leads) -> bool:
    edges = leads.__getitem__
    return any(graph.is_circle(group, edges) for group in graph.components(leads, edges))


def _turned(leads: _Leads) -> _Leads:
    """Return who leads to each."""
    found: dict[str, set[str]] = {number: set() for number in leads}
    for number, others in leads.items():
        for other in others:
            found[other].add(number)
    return found


def _behind(some: Iterable[str], ways: list[_Leads]) -> set[str]:
    """Return some extensions with all that they lead to, however many steps away."""
    return graph.reached(some, lambda one: set().union(*(leads[one] for leads in ways)))
