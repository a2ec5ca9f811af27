"""A policy and the files of its targets, or a PBX that runs, in; what is proved and a diagnostic of what is not out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from policyc.diagnostics import Arg, Diagnostic, Secondary, Text, Witness, arrange, has_errors
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.progress import NOBODY, Watch
from policyc.proof import keeping, protocol
from policyc.proof.keeping import Kept
from policyc.proof.protocol import NotUnderstood, Reading, Stop
from policyc.proof.proving import Counterexample, Proof, Work, prove
from policyc.source import Quoted, SourceFile, Span

MAX_BYTES = 1 << 28  # a file of 10,000 extensions has some tens of millions of bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of proving some targets.

    `proofs` are of those whose files could be read back; `unproved` are targets that nobody says how to prove;
    `diagnostics` tell all that stands against the others.
    """

    proofs: tuple[Proof, ...]
    unproved: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def holds(self) -> bool:
        """Whether all that was asked is proved."""
        return not self.unproved and not has_errors(self.diagnostics)

    @property
    def refused(self) -> frozenset[str]:
        """The targets that something stands against."""
        return frozenset(str(one.args["target"]) for one in self.diagnostics if one.is_error)


def verify(
    model: DecisionModel,
    files: Mapping[str, Mapping[str, str]],
    wanted: Iterable[str],
    settings: Mapping[str, Mapping[str, Any]],
    folder: str = "",
    *,
    unread: Sequence[Diagnostic] = (),
    watch: Watch = NOBODY,
    kept: Kept | None = None,
) -> Verified:
    """Return what is proved of the files of some targets: target → file name → text.

    `settings` hold every key of each target; `folder` is where diagnostics say that the folders of the targets are.
    A file that is not there is an error: PC803, unless `unread` says already why. What is `kept` of earlier proofs is
    not proved again, and what is proved now is kept.
    """
    found = list(unread)
    told = {one.args["path"] for one in unread}
    works: list[Work] = []
    places: dict[str, _Place] = {}
    proofs: list[Proof] = []
    unproved: list[str] = []
    for name in dict.fromkeys(wanted):
        proving = protocol.find(name)
        if proving is None:
            unproved.append(name)
            continue
        place = _Folder(name, folder, files.get(name, {}))
        if missing := [one for one in proving.FILES if one not in place.files]:
            paths = [path for one in missing if (path := place.path(one)) not in told]
            found += (_unread(name, path, "missing") for path in paths)
            continue
        own = settings.get(name, {})
        read = {one: place.files[one] for one in proving.FILES}
        places[name] = place
        try:
            if kept and (proof := keeping.proved(model, (name, proving, own), read, kept, watch)):
                proofs.append(proof)
            else:
                works.append(Work(name, proving, proving.read(read, model.policy, own), own))
        except NotUnderstood as error:
            found.append(_unclear(place, error))
    proofs += prove(model, works, watch=watch) if works else ()
    return _judged(model, proofs, places, unproved, found)


def together(parts: Iterable[Verified]) -> Verified:
    """Return what came of proving targets one by one as if they had been proved at once."""
    found = tuple(parts)
    return Verified(
        tuple(proof for part in found for proof in part.proofs),
        tuple(name for part in found for name in part.unproved),
        arrange(one for part in found for one in part.diagnostics),
    )


def verify_live(
    model: DecisionModel,
    target: str,
    reading: Reading | NotUnderstood,
    settings: Mapping[str, Any],
    host: str,
    *,
    jobs: int | None = None,
    watch: Watch = NOBODY,
) -> Verified:
    """Return what is proved of a PBX that runs: what was read of it, or why that is not understood.

    `settings` hold every key of the target; `host` is the machine, as diagnostics call it.
    """
    proving = protocol.find(target)
    if proving is None:
        return Verified((), (target,), ())
    place = _Running(target, host)
    if isinstance(reading, NotUnderstood):
        return Verified((), (), (_unclear(place, reading),))
    proofs = prove(model, [Work(target, proving, reading, settings)], jobs, watch)
    return _judged(model, proofs, {target: place}, (), ())


def _judged(
    model: DecisionModel,
    proofs: Sequence[Proof],
    places: Mapping[str, "_Place"],
    unproved: Iterable[str],
    found: Iterable[Diagnostic],
) -> Verified:
    """Return proofs, and what they find beside what was already found."""
    problems = [one for proof in proofs for one in _problems(places[proof.target], model.policy, proof)]
    return Verified(tuple(proofs), tuple(unproved), arrange((*found, *problems)))


def load(folder: Path, wanted: Iterable[str], shown: str) -> tuple[dict[str, dict[str, str]], tuple[Diagnostic, ...]]:
    """Return the files that are to be proved, of targets in their folders below one, and PC803 for those unreadable.

    Those that are not there are left out; `shown` is what diagnostics call the folder.
    """
    files: dict[str, dict[str, str]] = {}
    found = []
    for name in dict.fromkeys(wanted):
        proving = protocol.find(name)
        files[name] = {}
        for file in proving.FILES if proving else ():
            path = _Folder(name, shown, {}).path(file)
            try:
                if (folder / name / file).stat().st_size > MAX_BYTES:
                    found.append(_unread(name, path, "large"))
                    continue
                files[name][file] = (folder / name / file).read_bytes().decode("utf-8")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except UnicodeDecodeError:
                found.append(_unread(name, path, "not-utf8"))
            except OSError as error:
                found.append(_unread(name, path, "unreadable", error.strerror or str(error)))
    return files, tuple(found)


def _unread(target: str, path: str, case: str, reason: str = "") -> Diagnostic:
    notes = (Text("says", {"detail": reason}),) if reason else ()
    return Diagnostic("PC803", None, {"case": case, "target": target, "path": path}, notes=notes)


# -- where lines are ---------------------------------------------------------------------------------------------------


class _Place(Protocol):
    """Where what was read of a target stands."""

    @property
    def label(self) -> str:
        """Which sentence labels a line of it."""

    @property
    def help(self) -> tuple[Text, ...]:
        """What repairs it, where that is not what always does."""

    def args(self, code: str, what: str = "") -> dict[str, Arg]:
        """Return what the sentences of a code need to speak of it; `what` is not understood."""

    def path(self, file: str) -> str:
        """Return how a file is called in diagnostics."""

    def line(self, file: str, number: int, text: str) -> Span | None:
        """Return a line, less the blanks around it; `text` is what its reader says of it."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """The files of a target, and where they are."""

    target: str
    folder: str
    files: Mapping[str, str]
    label: str = "file"
    help: tuple[Text, ...] = ()

    def args(self, code: str, what: str = "") -> dict[str, Arg]:
        return {"target": self.target} if code == "PC801" else {"case": what, "target": self.target}

    def path(self, file: str) -> str:
        return "/".join(filter(None, (self.folder, self.target, file)))

    def line(self, file: str, number: int, text: str) -> Span:
        """Return a line; the last there is, of a file that is shorter."""
        source = SourceFile(self.path(file), self.files.get(file, ""))
        number = min(max(number, 1), source.lines)
        text = source.line(number)
        start = source.start_of(number) + len(text) - len(text.lstrip())
        return Span(source, start, start + max(len(text.strip()), 1))


@dataclass(frozen=True, slots=True)
class _Running:
    """A PBX that runs: of its lines nothing is here but what it says itself."""

    target: str
    host: str
    label: str = "live"
    help: tuple[Text, ...] = (Text("live"),)

    def args(self, code: str, what: str = "") -> dict[str, Arg]:
        case = "live" if code == "PC801" else f"live-{what}"
        return {"case": case, "target": self.target, "host": self.host}

    def path(self, file: str) -> str:
        return on_host(self.host, file)

    def line(self, file: str, number: int, text: str) -> Span | None:
        """Return a line; None where the PBX does not say which it is."""
        text = " ".join(text.split())
        quoted = Quoted(self.path(file), text, number)
        return Span(quoted, 0, max(len(text), 1)) if number > 0 else None


def on_host(host: str, file: str) -> str:
    """Return how people know a file of a PBX that runs; what is in no file has the name of its host already."""
    return file if file.startswith(f"{host}:") else f"{host}:{file}"


# -- what stands against a proof ---------------------------------------------------------------------------------------


def _unclear(place: _Place, error: NotUnderstood) -> Diagnostic:
    """Return PC802 for what a reader does not understand."""
    line = place.line(error.file, error.line, error.text)
    notes = () if line else (Text("in", {"path": place.path(error.file)}),)
    args = place.args("PC802", error.what) | {"text": " ".join(error.text.split())}
    return Diagnostic("PC802", line, args, notes=notes, help=place.help)


def _problems(place: _Place, policy: Policy, proof: Proof) -> Iterator[Diagnostic]:
    """Yield what stands against a proof: PC802, or PC801 for each counterexample."""
    if proof.unclear is not None:
        yield _unclear(place, proof.unclear)
    for number, example in enumerate(proof.examples):
        more = len(proof.differing) - len(proof.examples) if number + 1 == len(proof.examples) else 0
        yield _differs(place, policy, example, more)


def _differs(place: _Place, policy: Policy, example: Counterexample, more: int) -> Diagnostic:
    rules = deciding(policy, example)
    lines = (place.line(stop.file, stop.line, stop.text) for stop in _decisive(example.stops))
    shown = Text("hidden" if example.hidden else "presented", {"presented": example.presented})
    notes = [shown] if example.presented and example.presented != example.caller.number else []
    if more:
        notes.append(Text("more", {"count": more}))
    return Diagnostic(
        "PC801",
        rules[-1] if rules else None,
        place.args("PC801") | {"called": example.called},
        tuple(Secondary(line, place.label) for line in lines if line),
        tuple(notes),
        place.help,
        witness=Witness.of(example.caller, example.called, example.local),
    )


def _decisive(stops: Sequence[Stop]) -> Sequence[Stop]:
    """Return the last of the lines that a call runs through."""
    return stops[-1:]


def deciding(policy: Policy, example: Counterexample) -> list[Span]:
    """Return what decides at each extension of a call: a rule or, where none does, the declaration."""
    steps = example.outcome.steps
    return [step.rule.span if step.rule else policy.extensions[step.extension].span for step in steps]
