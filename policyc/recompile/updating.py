"""A policy of which few rules changed since it was last compiled in, what compiling it whole would say out.

Read, checked and proved are only the extensions from which calls may go on to one whose rules changed; made anew are
only the pieces of these. Everything else is as it was: its doubts, its pieces, its proofs. Where that is not plain
there is no answer, and the policy is compiled whole. That is also so where anything is wrong.
"""

import contextlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from itertools import chain
from threading import Thread
from typing import Any, Final

from policyc import api, capabilities, checks, graph, processes, resources, revision, targets
from policyc.diagnostics import Diagnostic, arrange
from policyc.model import NamedPeriod, Policy
from policyc.progress import NOBODY, Watch
from policyc.proof import protocol, standing
from policyc.proof.checking import Verified
from policyc.proof.proving import Proof
from policyc.recompile import pieces, state
from policyc.recompile.pieces import Pieces
from policyc.recompile.places import Places
from policyc.recompile.state import Kept, Made, State
from policyc.revision import Read, Revision, Side
from policyc.revision.model import NotReadError, PartlyRead
from policyc.source import SourceFile, Span
from policyc.suppress import is_meant, suppress
from policyc.targets import InPieces
from policyc.workspace import Workspace

_MOST: Final = 3  # the rules of one extension out of so many are read at most: else all are read as quickly
_PLAIN_PATH: Final = re.compile(r"[\w./-]*\w")
_ACCEPTS: Final = re.compile(r"#\s*ignorer[^\n]*PC31[56]", re.IGNORECASE)
_LEAST: Final = revision.LEAST
_SHOWING: Final = 8  # extensions that are to show that rules for all decide something
# Doubts that may hang on the rules of many extensions, if they are about a rule for all, or count how often they arise.
_OF_ALL: Final = frozenset(("PC313", "PC314", "PC319"))
_COUNTED: Final = frozenset(("PC315", "PC316"))


Layers = Mapping[str, bytes | None]  # of pieces, by target: what was kept of the first, which is the large one


class _NotPlainError(Exception):
    """It takes compiling the policy whole to tell."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a compilation is told besides the text of the policy."""

    place: Workspace
    today: date
    targets: tuple[str, ...]

    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """Return all settings of the targets."""
        return api.all_settings(self.place.config, self.targets)

    def key(self, frame: str) -> str | None:
        """Return a name of all this, of a policy's frame and of the program; None if nobody knows when that changes."""
        program = resources.fingerprint()
        if program is None or not set(self.targets) <= set(targets.names()):
            return None
        settings = [(name, sorted(some.items())) for name, some in sorted(self.settings().items())]
        around = self.place.paths, self.targets, settings
        return standing.digest(repr((program, around, frame))).hex()


# -- remembering -------------------------------------------------------------------------------------------------------


def keeping(asked: Asked, checked: api.Checked, kept: Kept) -> api.Keeping | None:
    """Return what keeps the pieces of files, None if nothing is to be known of the policy the next time."""
    if _read(asked, checked) is None:
        return None
    return lambda made: kept.put(pieces.layer(pieces.made(made)))


def remember(asked: Asked, checked: api.Checked, compiled: api.Compiled, kept: Kept) -> None:
    """Keep what is to be known the next time, if the policy is one file, nothing is wrong, and all of it is proved."""
    verified, read = compiled.verified, _read(asked, checked)
    if read is None or verified is None or not verified.holds:
        return
    if compiled.has_errors or compiled.diagnostics != checked.diagnostics:
        return
    source, frame = read
    key = asked.key(frame)
    said = state.said(checked.diagnostics, Places(source, revision.blocks_of(source)))
    made = {
        proof.target: Made((layer,), state.encode_standing(proof.standing))
        for proof in verified.proofs
        if (layer := compiled.layers.get(proof.target)) and proof.standing
    }
    if key is None or said is None or made.keys() != set(asked.targets):
        return
    if (known := revision.known(source)) is not None:
        now = State(source.text, asked.today, _declared(checked.policy), known, said, made)
        kept.keep_last(key, state.encode(now))


def _read(asked: Asked, checked: api.Checked) -> tuple[SourceFile, str] | None:
    """Return the only file of a policy that was read, and its frame, if it is long and plain."""
    sources = checked.policy.sources
    frame = _frame(sources[0]) if revision.is_plain(asked.place) and len(sources) == 1 else None
    return None if frame is None else (sources[0], frame)


def _frame(source: SourceFile) -> str | None:
    """Return what a text says outside of the blocks of extensions, None if it is short or not plain."""
    return None if len(source.text) < _LEAST else revision.frame_of(source)


def _declared(policy: Policy) -> str:
    """Return a digest of all that a policy says but for the rules of single extensions, as it was understood."""
    extensions = [
        (one.number, one.name, one.mobile, one.mailbox, one.ring_seconds) for one in policy.extensions.values()
    ]
    systems = [(one.number, one.name, one.kind) for one in policy.systems.values()]
    shared = [
        (rule.callers.ends, [(clause.named.name, clause.inside) for clause in rule.times], rule.until, rule.destination)
        for rule in (*policy.first, *policy.rest)
    ]
    whole = policy.name, policy.zone.key, extensions, systems, [*map(_period, policy.periods)], policy.holidays, shared
    return standing.digest(repr(whole)).hex()


def _period(one: NamedPeriod) -> object:
    return one.name, one.kind, one.period.week, one.period.dates, one.spans, one.dates, one.closures


# -- a text after a change ---------------------------------------------------------------------------------------------


def updated(asked: Asked, kept: Kept, watch: Watch = NOBODY, lay: api.Lay | None = None) -> api.Compiled | None:
    """Return what compiling a policy comes to, or None; files are laid as `api.render` says."""
    source = revision.source_of(asked.place)
    frame = None if source is None else _frame(source)
    key = None if frame is None else asked.key(frame)
    data = None if key is None else kept.last(key)
    was = None if data is None else state.decode(data)
    if source is None or key is None or was is None or was.made.keys() != set(asked.targets):
        return None
    try:
        with _reading(was, kept) as layers:
            # Backwards, so that what is declared stands where it does in the new text.
            found = revision.between(source, SourceFile(source.path, was.text), was.known)
            change = None if found is None else _Change.of(found, was, asked.today)
        return None if change is None else _compiled(asked, kept, change, layers, key, watch, lay)
    except (_NotPlainError, NotReadError):
        return None


@contextlib.contextmanager
def _reading(was: State, kept: Kept) -> Iterator[Layers]:
    """Give the first layer of each target, in the end: while this process thinks, another thread of it reads."""
    found: dict[str, bytes | None] = {}

    def read() -> None:
        for name, made in was.made.items():
            found[name] = kept.get(made.layers[0])

    reader = Thread(target=read)
    reader.start()
    try:
        yield found
    finally:
        reader.join()


@dataclass(frozen=True, slots=True)
class _Change:
    """A policy of which the rules of some extensions `changed`.

    `affected` are all that must be checked and proved again; `true` are these, all that they lead to, and some more if
    there are rules for all: those of which the rules were `read`, and are in `model`.
    """

    now: Side
    before: Side
    was: State
    changed: Collection[str]
    affected: frozenset[str]
    true: frozenset[str]
    read: Read
    model: PartlyRead

    @staticmethod
    def of(found: Revision, was: State, today: date) -> "_Change":
        """Return the change from a text that was compiled, of a revision that goes back to it."""
        now, before = found.before, found.after
        numbers = list(now.policy.extensions)
        if _declared(now.policy) != was.declared or not _correspond(now, before):
            raise _NotPlainError
        if today != was.today and any(rule.until for rule in chain(now.policy.rules, before.policy.rules)):
            raise _NotPlainError
        # Comments may accept doubts that hang on the rules of many extensions.
        if any(map(is_meant, found.comments)) or any(_ACCEPTS.search(side.source.text) for side in (now, before)):
            raise _NotPlainError
        takers = graph.leading_to(found.changed, [now.mailboxes, before.mailboxes_of(found.changed)])
        affected = frozenset(found.affected(takers))
        # Of a rule for all that decides somewhere, nobody says that it never does: to see it takes some extensions.
        others = numbers[:: len(numbers) // _SHOWING + 1] if now.policy.first or now.policy.rest else ()
        true = frozenset(graph.reached({*affected, *others}, now.leads.__getitem__))
        if len(true) * _MOST > len(numbers):
            raise _NotPlainError
        read = found.read(now, true)
        policy = replace(now.policy, own={**now.policy.own, **read.rules})
        known = true.union(number for number in numbers if number not in policy.own)
        return _Change(now, before, was, found.changed, affected, true, read, PartlyRead(policy, known))

    @property
    def moves(self) -> bool:
        """Whether any line stands elsewhere than before."""
        lines = ([block.body.count("\n") for _, block in side.in_order] for side in (self.before, self.now))
        return next(lines) != next(lines)

    @property
    def stretches(self) -> AbstractSet[int]:
        """The stretches of text that are the blocks of the affected extensions."""
        return {2 * at + 1 for at, (number, _) in enumerate(self.now.in_order) if number in self.affected}

    def moved(self, known: Pieces) -> Pieces:
        """Return pieces of what did not change, which tell where rules stand now."""
        if not self.moves:
            return known
        before, now = self.before.source, self.now.source
        place = f"{now.path}:"
        if not _PLAIN_PATH.fullmatch(now.path) or place in now.text:
            raise _NotPlainError  # something that a policy says would be taken for a place
        was, places = _places(self.before), _places(self.now)

        @cache
        def line(number: bytes) -> bytes:
            start = before.start_of(int(number))
            return f"{place}{places.span(was.place(Span(before, start, start))).line}".encode()

        told = re.compile(re.escape(place).encode() + b"([0-9]+)")

        def piece(one: pieces.Made) -> pieces.Made:
            return replace(one, texts=tuple([told.sub(lambda found: line(found[1]), text) for text in one.texts]))

        return {number: piece(one) for number, one in known.items()}


def _places(side: Side) -> Places:
    return Places(side.source, [block for _, block in side.in_order])


def _correspond(now: Side, before: Side) -> bool:
    """Tell whether two texts are the same blocks, in the same order and at the same places of the same frame."""
    return _around(now) == _around(before)


def _around(side: Side) -> list[str]:
    """Return what stands before each block, with its first line, and behind the last one."""
    text, end = side.source.text, 0
    found = []
    for _, block in side.in_order:
        found.append(text[end : block.start] + block.header)
        end = block.end
    return [*found, text[end:]]


@dataclass(frozen=True, slots=True)
class _Done:
    """What was made of a target, files that were laid apart."""

    files: Mapping[str, str]
    proof: Proof
    made: Made
    laid: object = None


def _compiled(
    asked: Asked, kept: Kept, change: _Change, layers: Layers, key: str, watch: Watch, lay: api.Lay | None
) -> api.Compiled:
    settings = asked.settings()
    rules = sum(map(len, change.read.rules.values()))
    watch.stage("check", rules)
    own = _own_diagnostics(asked, change)
    watch.stage("compile", rules)
    # This process begins with the doubts, mostly: they are many, and take long to send. Of the targets the smallest one
    # is made meanwhile; so the others are begun at about the same time.
    least, *others = sorted(asked.targets, key=lambda name: len(layers.get(name) or ()))
    order = [least, *reversed(others)]
    tasks: list[Callable[[], Any]] = [partial(_diagnostics, own, change)]
    tasks += (partial(_made, name, settings[name], change, layers.get(name), kept, watch, lay) for name in order)
    jobs = processes.cores_for(change.now.source.text.count("\n"))
    shared = change.now.source, change.before.source
    found = processes.each([partial(_plain, one) for one in tasks], shared, jobs, meanwhile=watch.shows)
    if any(one is None for one in found):
        raise _NotPlainError
    diagnostics, said = found[0]
    by_name = dict(zip(order, found[1:], strict=True))
    made: Mapping[str, _Done] = {name: by_name[name] for name in asked.targets}
    if said is not None:
        after = {name: one.made for name, one in made.items()}
        known = change.was.known.after({number: change.now.policy.own[number] for number in sorted(change.changed)})
        now = State(change.now.source.text, asked.today, change.was.declared, known, said, after)
        kept.keep_last(key, state.encode(now))
    files = {name: one.files for name, one in made.items()}
    laid = {name: one.laid for name, one in made.items()}
    verified = Verified(tuple(one.proof for one in made.values()), (), ())
    return api.Compiled(files, diagnostics, verified, laid=laid)


def _plain(task: Callable[[], Any]) -> Any:
    """Return what a task returns, None if it is not plain: no error comes from one process to another."""
    try:
        return task()
    except (_NotPlainError, NotReadError):
        return None


def _made(
    name: str,
    settings: Mapping[str, Any],
    change: _Change,
    layer: bytes | None,
    kept: Kept,
    watch: Watch,
    lay: api.Lay | None,
) -> _Done:
    """Return what is made of a target."""
    target, proving = targets.find(name), protocol.find(name)
    policy, names = change.model.policy, change.was.made[name].layers
    stands = state.decode_standing(change.was.made[name].standing)
    known = pieces.of_layers([layer, *map(kept.get, names[1:])])
    changed = replace(policy, own={number: policy.own.get(number, ()) for number in change.changed})
    if (
        stands is None
        or known is None
        or known.keys() != policy.extensions.keys()
        or proving is None
        or not isinstance(target, InPieces)
        or capabilities.missing(changed, name, target.CAPABILITIES)
    ):
        raise _NotPlainError
    others = change.moved({number: one for number, one in known.items() if number not in change.changed})
    marks = pieces.marked(others)
    revised = target.revised(policy, settings, change.changed, marks)
    if revised is None:
        raise _NotPlainError
    own = pieces.made(revised)
    now = {**others, **own}
    frame = frame_before = pieces.frame(target.assembled(policy, settings, {**marks, **pieces.marked(own)}))
    if change.moves:  # some of what is around pieces tells lines, too
        frame_before = pieces.frame(target.assembled(change.before.policy, settings, pieces.marked(known)))
    files, before = pieces.filled(frame, now), pieces.filled(frame_before, known)
    if files is None or before is None:
        raise _NotPlainError
    both = {one: before[one] for one in proving.FILES}, {one: files[one] for one in proving.FILES}
    proof = standing.proved_again(change.model, (name, proving, settings), both, stands, change.affected, watch)
    if proof is None or proof.standing is None:
        raise _NotPlainError
    if change.moves or len(names) >= pieces.MOST_LAYERS:
        names = (kept.put(pieces.layer(now)),)
    elif own:
        names = (*names, kept.put(pieces.layer(own)))
    made = Made(names, state.encode_standing(proof.standing))
    proof = replace(proof, standing=None, proved={})  # which take long to come from one process to another
    if lay:
        return _Done({}, proof, made, lay(name, files))
    return _Done({one: data[:].decode() for one, data in files.items()}, proof, made)


# -- doubts ------------------------------------------------------------------------------------------------------------


def _diagnostics(own: Sequence[Diagnostic], change: _Change) -> tuple[tuple[Diagnostic, ...], tuple[bytes, ...] | None]:
    """Return all that is to be said of the policy, and how it is kept, if it can be.

    It is what was, but for the affected extensions, and what is of these.
    """
    places, affected = _places(change.now), change.stretches
    found, said = [], []
    for line, one in zip(change.was.diagnostics, state.each(change.was.diagnostics), strict=True):
        code, stretch, args = state.head_of(one)
        if _is_of_all(code, args, stretch):
            raise _NotPlainError
        if stretch not in affected:
            found.append(state.heard(one, places.span))
            said.append(line)
    also = state.said(own, places)
    return arrange((*found, *own)), None if also is None else (*said, *also)


def _own_diagnostics(asked: Asked, change: _Change) -> Sequence[Diagnostic]:
    """Return what is to be said of the affected extensions."""
    policy, rules = change.model.policy, change.read.rules
    extensions = {number: one for number, one in policy.extensions.items() if number in change.true}
    part = replace(policy, extensions=extensions, own=rules, tests=(), guarantees=())
    found = (*change.read.diagnostics, *checks.check(change.model.among(part), asked.today))
    places, affected = _places(change.now), change.stretches
    mine = []
    for one in found:
        stretch = None if one.primary is None else places.stretch(one.primary.start)
        if one.is_error or _is_of_all(one.code, one.args, stretch):
            raise _NotPlainError
        if stretch in affected:
            mine.append(one)
    comments = [one for one in change.read.comments if places.stretch(one.span.start) in affected]
    return arrange(suppress(mine, comments))


def _is_of_all(code: str, args: Mapping[str, Any], stretch: int | None) -> bool:
    """Tell whether a doubt may hang on the rules of any extension: it stands in no block, or counts."""
    is_outside = stretch is not None and stretch % 2 == 0
    return (is_outside and code in _OF_ALL) or (code in _COUNTED and args.get("case") == "rules")
