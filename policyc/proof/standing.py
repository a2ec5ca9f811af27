"""What was proved of the files of a target as they stood in, and the files after a change; the proof of these out.

As in `keeping`, a proof about an extension follows from what all calls run through and from what is own to the
extensions that its calls may reach. So where few parts of the files are others than before, only those extensions are
proved again whose calls may come to one of these, or to one whose rules are others.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from policyc import graph
from policyc.graph import Edges, Leads
from policyc.outcomes import DecisionModel
from policyc.progress import NOBODY, Watch
from policyc.proof import protocol
from policyc.proof.cutting import Cut, Cutter, Run
from policyc.proof.parts import Parts
from policyc.proof.protocol import NotUnderstood, Proving
from policyc.proof.proving import Measure, Proof, Work, prove
from policyc.rope import Rope, encoded

SIZE: Final = 20  # bytes of a digest: two that differ are never alike by chance


@dataclass(frozen=True, slots=True)
class Standing:
    """The file of a target of which all is proved, as far as the next proof must know it.

    `around` is a digest of what all calls run through and of the circumstances, `file` one of the file itself, `runs`
    are how it is cut. `leads`, `mailboxes` are those of `Parts`, and `measures` what the proof took.
    """

    around: str
    file: str
    runs: Sequence[Run]
    leads: Leads
    mailboxes: Leads
    measures: Mapping[str, Measure] = field(default_factory=dict)

    def proved(self, proof: Proof) -> Proof:
        """Return a proof with what the next one may build upon: this, if it holds."""
        if not proof.holds:
            return proof
        own = {owner for run in self.runs for owner, _ in run}
        measures = {number: measure for number, measure in proof.proved.items() if number in own}
        return replace(proof, standing=replace(self, measures=measures))


def standing(parts: Parts, circumstances: str) -> Standing:
    """Return how a file stands, cut into parts, before anything is proved of it."""
    leads, boxes = _listed(parts, parts.own)
    return Standing(_around(parts, circumstances), _digest_of(parts.cut.data), parts.cut.runs, leads, boxes)


def _around(parts: Parts, circumstances: str) -> str:
    return digest(repr((parts.shared, sorted(parts.shared_leads), circumstances))).hex()


def _listed(parts: Parts, numbers: Iterable[str]) -> tuple[Leads, Leads]:
    """Return where parts of some lead, and which mailboxes take calls there, as it is read and written fastest."""
    leads, boxes = {}, {}
    for number in numbers:
        leads[number], boxes[number] = sorted(parts.leads[number]), sorted(parts.mailboxes[number])
    return leads, boxes


def _digest_of(data: Rope) -> str:
    found = hashlib.sha256()  # most processors have instructions for it
    for chunk in data.chunks:
        found.update(chunk)
    return found.hexdigest()


def proved_again(
    model: DecisionModel,
    work: tuple[str, Proving, Mapping[str, Any]],
    files: tuple[Mapping[str, Rope], Mapping[str, Rope]],
    was: Standing,
    affected: AbstractSet[str],
    watch: Watch = NOBODY,
) -> Proof | None:
    """Return the proof of files after a change; `files` are those that stand, and these.

    `affected` are all extensions from which calls may go on to one whose rules changed, by the policy before or after;
    the rules of these and of all that they may go on to must be there. None: that does not do, or not all is proved.
    """
    target, proving, settings = work
    policy = model.policy
    found = _parts(proving, files, was, policy.extensions.keys())
    if found is None:
        return None
    before, parts, cut_again = found
    around = _around(parts, protocol.circumstances(proving, policy, settings))
    if around != was.around or parts.cut.where.keys() != before.cut.where.keys():
        return None
    differing = {number for number in cut_again if parts.own[number] != before.own[number]}
    other_leads, other_boxes = _listed(parts, differing)
    takers = graph.leading_to(differing, (was.mailboxes, other_boxes))
    reaching = graph.behind({*differing, *takers}, (was.leads, other_leads)) if differing else set()
    if not reaching <= affected or not affected.isdisjoint(parts.shared_leads):  # where calls to anyone may go on to
        return None
    leads, boxes = {**was.leads, **other_leads}, {**was.mailboxes, **other_boxes}
    needed = reached({*affected, *parts.shared_leads}, lambda one: {*model.forwards(one), *leads.get(one, ())}, boxes)
    known = {number: measure for number, measure in was.measures.items() if number not in affected}
    try:
        reading = proving.read(parts.only(needed), policy, settings)
        proof = prove(model, [Work(target, proving, reading, settings, known)], 1, watch)[0]
    except NotUnderstood:  # whose lines are not those of the files
        return None
    stands = Standing(around, _digest_of(parts.cut.data), parts.cut.runs, leads, boxes)
    return stands.proved(proof) if proof.holds else None


def _parts(
    proving: Proving, files: tuple[Mapping[str, Rope], Mapping[str, Rope]], was: Standing, numbers: AbstractSet[str]
) -> tuple[Parts, Parts, AbstractSet[str]] | None:
    """Return the parts of a file that stands, of what became of it, and the extensions of which these may be others.

    None: it is another file, or cannot be cut.
    """
    cutter = getattr(proving, "parts", None)
    [(name, old)], [(_, new)] = (one.items() for one in files)
    if not isinstance(cutter, Cutter) or _digest_of(old) != was.file:
        return None
    before = Cut(name, old, was.runs)
    after = cutter.again(before, new, numbers)
    found = [cutter.parts(one, numbers) for one in (before, after[0])] if after else [None]
    return None if after is None or found[0] is None or found[1] is None else (found[0], found[1], after[1])


def reached(numbers: Iterable[str], leads: Edges, mailboxes: Leads) -> set[str]:
    """Return the extensions whose parts calls to some may run through, these among them."""
    found = graph.reached(numbers, leads)
    return found.union(*(mailboxes.get(number, ()) for number in found))


def digest(*parts: str | bytes) -> bytes:
    """Return the digest of texts and digests, each told from the next by its length."""
    found = hashlib.blake2b(digest_size=SIZE)
    for data in (encoded(part) if isinstance(part, str) else part for part in parts):
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.digest()
