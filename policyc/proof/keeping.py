"""What a proof about each extension follows from in, one short key out: what was proved under it holds again.

A call to an extension runs through what all calls share, and through what is own to that extension and to those that it
goes on to; where it should end is said by the rules of the same extensions. So the key of an extension is a digest of
all that, along the ways that calls may take, by the files as well as by the policy; and of policyc itself.

What is proved of the classes of time of a policy holds for instants, and so whatever those classes are.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from policyc import graph, resources, targets
from policyc.model import Destination, Forward, Mailbox, Rule, TimeClause
from policyc.outcomes import DecisionModel
from policyc.progress import NOBODY, Watch
from policyc.proof import protocol, standing
from policyc.proof.parts import Files, Parts
from policyc.proof.protocol import NotUnderstood, Proving
from policyc.proof.proving import Measure, Proof, Work, prove
from policyc.proof.standing import digest

Keys = Mapping[str, bytes]  # by number
Ways = Mapping[str, set[str]]  # by number, the extensions that its calls may go on to


class Kept(Protocol):
    """What was proved before, wherever it is kept. It may forget; it never makes anything up."""

    def known(self, target: str) -> Mapping[bytes, Measure]:
        """Return what is known of a target, by keys."""

    def keep(self, target: str, used: Iterable[bytes], new: Mapping[bytes, Measure]) -> None:
        """Take what was proved, and which of what is known was of use."""


def proved(
    model: DecisionModel,
    work: tuple[str, Proving, Mapping[str, Any]],
    files: Files,
    kept: Kept,
    watch: Watch = NOBODY,
) -> Proof | None:
    """Return the proof of a target (name, module, settings), made of what is kept and of what is not.

    None: its files are one whole; or it is of another package, and who knows when that changes? The proof is the one
    that there would be if nothing were kept. Raises NotUnderstood.
    """
    target, proving, settings = work
    program = resources.fingerprint() if target in targets.names() else None
    parts = protocol.parts(proving, files, model.policy) if program else None
    if parts is None:
        return None
    circumstances = protocol.circumstances(proving, model.policy, settings)
    around = program, target, sorted(settings.items()), circumstances
    stands = standing.standing(parts, circumstances)
    leads = ways(model, parts)
    own, table = keys(model, parts, leads, around), kept.known(target)
    known = {number: table[key] for number, key in own.items() if key in table}
    unknown = (number for number in model.policy.extensions if number not in known)
    needed = parts.only(reached(parts, leads, unknown)) if known else None
    del parts  # as large as the files, or several times so

    def prove_of(some: Files, known: Mapping[str, Measure]) -> Proof:
        reading = proving.read(some, model.policy, settings)
        return prove(model, [Work(target, proving, reading, settings, known)], watch=watch)[0]

    proof = None
    if needed is not None:
        with contextlib.suppress(NotUnderstood):  # whose lines are not those of the files
            proof = prove_of(needed, known)
    if proof is None or not proof.holds:
        proof = prove_of(files, {})
    new = {own[one]: measure for one, measure in proof.proved.items() if one in own and one not in known}
    kept.keep(target, map(own.__getitem__, known), new)
    return stands.proved(proof)


def keys(model: DecisionModel, parts: Parts, leads: Ways, circumstances: Iterable[object]) -> Keys:
    """Return the key of each extension that has a part of the files.

    `circumstances` are all else that proofs follow from, as texts or what a `repr` says everything of.
    """
    policy = model.policy
    around = digest(repr(tuple(circumstances)), policy.zone.key, parts.shared)
    digests = _Digests(model, parts)
    behind: dict[str, bytes] = {}
    for group in graph.components(policy.extensions, leads.__getitem__):
        members = map(digests.of, group)
        onward = {other for number in group for other in leads[number]}.difference(group)
        knot = digest(around, *members, *(behind[other] for other in sorted(onward)))
        behind.update((number, digest(knot, number)) for number in group)
    return {number: behind[number] for number in policy.extensions if number in parts.own}


def reached(parts: Parts, leads: Ways, numbers: Iterable[str]) -> Collection[str]:
    """Return the extensions whose parts calls to some of them may run through, these among them."""
    return standing.reached({*parts.shared_leads, *numbers}, leads.__getitem__, parts.mailboxes)


def ways(model: DecisionModel, parts: Parts) -> Ways:
    """Return the extensions that calls to each may go on to, by the policy or by the files."""
    extensions = model.policy.extensions
    own = extensions.keys()
    shared = own & parts.shared_leads
    return {one: {*model.forwards(one), *(own & parts.leads.get(one, ())), *shared} - {one} for one in extensions}


class _Digests:
    """Makes digests of what is own to extensions."""

    def __init__(self, model: DecisionModel, parts: Parts) -> None:
        self._model = model
        self._parts = parts
        self._times: dict[tuple[TimeClause, ...], str] = {}
        self._goals: dict[Destination, str] = {}

    def of(self, number: str) -> bytes:
        """Return the digest of an extension: of its part of the files, and of its rules."""
        boxes = (part for other in sorted(self._parts.mailboxes.get(number, ())) for part in self._part(other))
        return digest(*self._part(number), *boxes, repr([*map(self._rule, self._model.rules(number))]))

    def _part(self, number: str) -> tuple[str, str]:
        return self._extension(number), self._parts.own.get(number, "")

    def _extension(self, number: str) -> str:
        one = self._model.policy.extensions.get(number)
        return "" if one is None else repr((one.number, one.name, one.mobile, one.mailbox, one.ring_seconds))

    def _rule(self, rule: Rule) -> object:
        """Return all that a rule says, for a `repr`; what only tells people about it left out."""
        times = self._times.get(rule.times)
        if times is None:
            times = repr(
                [(clause.named.period.week, clause.named.period.dates, clause.inside) for clause in rule.times]
            )
            self._times[rule.times] = times
        to = rule.destination
        goal = self._goals.get(to)
        if goal is None:
            there = self._extension(to.extension) if isinstance(to, Forward | Mailbox) and to.extension else ""
            goal = self._goals[to] = repr((to, there))
        return rule.callers.ends, times, rule.until, goal
