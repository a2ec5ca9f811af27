"""What was proved of the files of a target as they stood in, and the files after a change; the proof of these out.

As in `keeping`, a proof about an extension follows from what all calls run through and from what is own to the
extensions that its calls may reach. So where few parts of the files are others than before, only those extensions are
proved again whose calls may come to one of these, or to one whose rules are others.
"""

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from policyc import graph
from policyc.graph import Edges, Leads
from policyc.outcomes import DecisionModel
from policyc.progress import NOBODY, Watch
from policyc.proof import protocol
from policyc.proof.parts import Files, Parts
from policyc.proof.protocol import NotUnderstood, Proving
from policyc.proof.proving import Measure, Proof, Work, prove

SIZE: Final = 20  # bytes of a digest: two that differ are never alike by chance


@dataclass(frozen=True, slots=True)
class Standing:
    """The files of a target, of which all is proved, as far as the next proof must know them.

    `around` is a digest of what all calls run through and of the circumstances. `written` and `own` are digests of what
    is there for each extension, with and without what decides nothing; `leads`, `mailboxes` are those of `Parts`, and
    `measures` what the proof took.
    """

    around: str
    written: Mapping[str, str]
    own: Mapping[str, str]
    leads: Leads
    mailboxes: Leads
    measures: Mapping[str, Measure] = field(default_factory=dict)

    def proved(self, proof: Proof) -> Proof:
        """Return a proof with what the next one may build upon: this, if it holds."""
        if not proof.holds:
            return proof
        measures = {number: measure for number, measure in proof.proved.items() if number in self.own}
        return replace(proof, standing=replace(self, measures=measures))


def standing(parts: Parts, circumstances: str) -> Standing:
    """Return how files stand, cut into parts, before anything is proved of them."""
    return Standing(
        _around(parts, circumstances),
        {number: digest(text).hex() for number, text in parts.written.items()},
        {number: digest(text).hex() for number, text in parts.own.items()},
        {number: to for number, to in parts.leads.items() if to},
        {number: boxes for number, boxes in parts.mailboxes.items() if boxes},
    )


def _around(parts: Parts, circumstances: str) -> str:
    return digest(repr((parts.shared, sorted(parts.shared_leads), circumstances))).hex()


def proved_again(
    model: DecisionModel,
    work: tuple[str, Proving, Mapping[str, Any]],
    files: Files,
    was: Standing,
    affected: AbstractSet[str],
    watch: Watch = NOBODY,
) -> Proof | None:
    """Return the proof of files after a change.

    `affected` are all extensions from which calls may go on to one whose rules changed, by the policy before or after;
    the rules of these and of all that they may go on to must be there. None: that does not do, or not all is proved.
    """
    target, proving, settings = work
    policy = model.policy
    parts = protocol.parts(proving, files, policy)
    if parts is None:
        return None
    around = _around(parts, protocol.circumstances(proving, policy, settings))
    written = {number: digest(text).hex() for number, text in parts.written.items()}
    if around != was.around or written.keys() != was.written.keys():
        return None
    others = [number for number, one in written.items() if one != was.written[number]]
    own = {**was.own, **{number: digest(parts.own[number]).hex() for number in others}}
    differing = {number for number in others if own[number] != was.own[number]}
    leads = {**was.leads, **{number: parts.leads[number] for number in differing}}
    boxes = {**was.mailboxes, **{number: parts.mailboxes[number] for number in differing}}
    takers = graph.leading_to(differing, (was.mailboxes, boxes))
    reaching = graph.behind({*differing, *takers}, (was.leads, leads)) if differing else set()
    if not reaching <= affected or not affected.isdisjoint(parts.shared_leads):  # where calls to anyone may go on to
        return None
    needed = reached({*affected, *parts.shared_leads}, lambda one: {*model.forwards(one), *leads.get(one, ())}, boxes)
    known = {number: measure for number, measure in was.measures.items() if number not in affected}
    try:
        reading = proving.read(parts.only(needed), policy, settings)
        proof = prove(model, [Work(target, proving, reading, settings, known)], 1, watch)[0]
    except NotUnderstood:  # whose lines are not those of the files
        return None
    return Standing(around, written, own, leads, boxes).proved(proof) if proof.holds else None


def reached(numbers: Iterable[str], leads: Edges, mailboxes: Leads) -> set[str]:
    """Return the extensions whose parts calls to some may run through, these among them."""
    found = graph.reached(numbers, leads)
    return found.union(*(mailboxes.get(number, ()) for number in found))


def digest(*parts: str | bytes) -> bytes:
    """Return the digest of texts and digests, each told from the next by its length."""
    found = hashlib.blake2b(digest_size=SIZE)
    for data in (part.encode(errors="surrogatepass") if isinstance(part, str) else part for part in parts):
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.digest()
