"""The texts of a policy before and after few of its rules changed in, both policies out, as far as they matter.

What extensions say in the same words leads calls alike, unless they go on to one that says something else. So only
blocks of text that differ are looked into, with all that forwards there and all that those forward to; of the others,
rules that stand in tell where they lead, when, and that they are right. Where that is not plain, there is no answer,
and policies are to be read whole.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cached_property
from typing import Final

from policyc import graph, syntax
from policyc.diagnostics import Diagnostic, has_errors
from policyc.files import MAX_BYTES, OutsideProjectError
from policyc.graph import Leads
from policyc.model import Forward, Mailbox, Named, Policy, Rule, Written
from policyc.project import Program, read_source
from policyc.resolve import Resolver
from policyc.revision.blocks import Block, Blocks, Part, split
from policyc.revision.known import Known, known_of
from policyc.revision.standing_in import stand_ins
from policyc.source import SourceFile, Span, fold
from policyc.syntax import Comment
from policyc.values import value
from policyc.workspace import Workspace

LEAST: Final = 1 << 17  # characters: of fewer, all is read as quickly

_Of = Callable[[Iterable[Rule]], set[str]]


@value()
class Read:
    """True rules of some extensions, by their numbers, with the comments among them and what is wrong with them."""

    rules: Mapping[str, tuple[Rule, ...]]
    comments: tuple[Comment, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class Side:
    """One of the two texts: its blocks by extension, and its policy, in which rules stand in for all of theirs."""

    def __init__(self, source: SourceFile, blocks: Mapping[str, list[Block]], policy: Policy) -> None:
        """Take what was found in the text."""
        self.source = source
        self.blocks = blocks
        self.policy = policy

    @cached_property
    def in_order(self) -> list[tuple[str, Block]]:
        """All blocks as they stand in the text, each with its extension."""
        found = [(number, block) for number, some in self.blocks.items() for block in some]
        return sorted(found, key=lambda pair: pair[1].start)

    @cached_property
    def leads(self) -> Leads:
        """The extensions that each one may forward to."""
        return self.leads_of(self.policy.extensions)

    @cached_property
    def mailboxes(self) -> Leads:
        """The extensions whose mailbox the rules of each one may send calls to, its own left out."""
        return self.mailboxes_of(self.policy.extensions)

    def leads_of(self, numbers: Iterable[str]) -> Leads:
        """Return what `leads` says of some."""
        return self._of_each(_forwarded, numbers)

    def mailboxes_of(self, numbers: Iterable[str]) -> Leads:
        """Return what `mailboxes` says of some."""
        return self._of_each(_boxes, numbers)

    def _of_each(self, of: "_Of", numbers: Iterable[str]) -> Leads:
        own, for_all = self.policy.own, (*self.policy.first, *self.policy.rest)
        common = [(to, rule.excepted) for rule in for_all for to in of([rule])]
        return {
            number: of(own.get(number, ())) | {to for to, excepted in common if number not in excepted}
            for number in numbers
        }


@value(eq=False)
class Revision:
    """A policy before and after a change: `changed` are the extensions whose blocks say something else."""

    before: Side
    after: Side
    changed: AbstractSet[str]
    resolver: Resolver

    @property
    def comments(self) -> tuple[Comment, ...]:
        """The comments that stand outside of blocks."""
        return self.resolver.program.comments

    def affected(self, also: Iterable[str] = ()) -> set[str]:
        """Return the extensions from which calls may go on to one that changed or is named, these among them."""
        return graph.behind({*self.changed, *also}, [self.before.leads, self.after.leads_of(self.changed)])

    def read(self, side: Side, numbers: Iterable[str]) -> Read:
        """Return the true rules of some extensions."""
        places = sorted((block.start, block.end) for number in numbers for block in side.blocks.get(number, ()))
        tree, found = syntax.parse(side.source, places)
        known = len(self.resolver.diagnostics)
        _, own, _ = self.resolver.blocks(_blocks_of(tree))
        return Read(own, tree.comments, (*found, *self.resolver.diagnostics[known:]))

    def moved(self, numbers: Iterable[str], before: Mapping[str, tuple[Rule, ...]]) -> Mapping[str, tuple[Rule, ...]]:
        """Return the rules after the change of those extensions, out of some, whose blocks say the same as before."""
        old, new = self.before.blocks, self.after.blocks
        return {
            number: tuple(_moved(before[number], old[number], new[number], self.after.source))
            for number in numbers
            if _are_alike(old.get(number, ()), new.get(number, ()))
        }


def of_workspaces(old: Workspace, new: Workspace) -> Revision | None:
    """Return the revision that makes of one project on disk the other, or None."""
    before, after = source_of(old), source_of(new)
    if before is None or after is None or min(len(before.text), len(after.text)) < LEAST:
        return None
    return between(before, after)


def is_plain(place: Workspace) -> bool:
    """Tell whether one file was asked for, and there are no settings that rules are to be held to."""
    return len(place.paths) == 1 and not place.diagnostics and not place.config.company


def source_of(place: Workspace) -> SourceFile | None:
    """Return the file of a project that is plain, if it can be read."""
    if not is_plain(place):
        return None
    try:
        data = place.files.read(place.paths[0])
    except (OSError, ValueError, OutsideProjectError):
        return None
    source, found = read_source(place.paths[0], data) if len(data) <= MAX_BYTES else (None, ())
    return None if found else source


def between(old: SourceFile, new: SourceFile, known: Known | None = None) -> Revision | None:
    """Return the revision from one policy of one file to another, or None if it takes reading all of them to tell.

    What is `known` of the new one, and stands in the old one in the same words, is not looked into again.
    """
    was, now = split(old.text), split(new.text)
    if was is None or now is None or _texts(old, was) != _texts(new, now):
        return None
    resolver = _declarations(old, was)
    if resolver is None:
        return None
    policy = resolver.policy()
    headers = {} if known is None else _headers(now, known.blocks)
    numbers = None if has_errors(resolver.diagnostics) else _numbers(resolver, (*was.blocks, *now.blocks), headers)
    if numbers is None:
        return None
    before, after = _by_extension(numbers, was), _by_extension(numbers, now)
    bodies, revised = _bodies(before), _bodies(after)
    changed = {number for number in (*bodies, *revised) if bodies.get(number) != revised.get(number)}
    own = _own(resolver, bodies, revised, {} if known is None else known.stand_ins(resolver, bodies.keys() - changed))
    if own is None:
        return None
    for_all = _for_all(new, now)
    if len(for_all) != sum(isinstance(one, syntax.Block) for one in resolver.program.statements):
        return None
    first, _, rest = resolver.blocks(for_all)
    return Revision(
        Side(old, before, replace(policy, own=own[0])),
        Side(new, after, replace(policy, own=own[1], first=first, rest=rest)),
        changed,
        resolver,
    )


def known(source: SourceFile) -> Known | None:
    """Return what is to be known of the text of a policy, or None if it takes reading all of it to tell."""
    found = between(source, source)
    if found is None:
        return None
    return known_of([number for number, _ in found.before.in_order], found.before.policy.own)


def frame_of(source: SourceFile) -> str | None:
    """Return the text of a policy outside of the blocks of extensions, or None if it is not plain where they end."""
    found = split(source.text)
    return None if found is None else _texts(source, found)


def blocks_of(source: SourceFile) -> Sequence[Block]:
    """Return the blocks of extensions of a text that is plain where they end."""
    found = split(source.text)
    return () if found is None else found.blocks


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
    parts: list[Part] = [(first.start(), end) for first, end in begun if first]
    tree, _ = syntax.parse(source, parts)
    return _blocks_of(tree)


def _blocks_of(tree: syntax.SyntaxTree) -> list[syntax.Block]:
    return [one for one in tree.statements if isinstance(one, syntax.Block)]


def _headers(blocks: Blocks, numbers: Sequence[str]) -> Mapping[str, str]:
    """Return the extension that each first line of a block names, if one is known of each block."""
    found = blocks.blocks
    return (
        {one.header: number for one, number in zip(found, numbers, strict=True)} if len(found) == len(numbers) else {}
    )


def _numbers(resolver: Resolver, blocks: Iterable[Block], known: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the extension that each first line of a block names, or None if one does not, or says more."""
    headers = tuple(dict.fromkeys(block.header for block in blocks if block.header not in known))
    found = dict(known)
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


def _own(
    resolver: Resolver, bodies: Mapping[str, str], revised: Mapping[str, str], known: Mapping[str, tuple[Rule, ...]]
) -> tuple[dict[str, tuple[Rule, ...]], dict[str, tuple[Rule, ...]]] | None:
    """Return the rules that stand in for those of extensions before and after, None if some may be wrong.

    Of some, which say the same in both texts, they are known.
    """
    first = {number: body for number, body in bodies.items() if number not in known}
    then = {number: body for number, body in revised.items() if body != bodies.get(number)}
    made = stand_ins(resolver, [*first.items(), *then.items()])
    if made is None or not all(made):
        return None
    before = {**known, **dict(zip(first, made, strict=False))}
    after = {**before, **dict(zip(then, made[len(first) :], strict=True))}
    return {number: before[number] for number in bodies}, {number: after[number] for number in revised}


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


# -- who leads to whom -------------------------------------------------------------------------------------------------


def _forwarded(rules: Iterable[Rule]) -> set[str]:
    return {rule.destination.extension for rule in rules if isinstance(rule.destination, Forward)}


def _boxes(rules: Iterable[Rule]) -> set[str]:
    found = (rule.destination for rule in rules)
    return {to.extension for to in found if isinstance(to, Mailbox) and to.extension is not None}
