"""A policy and the files of its targets in; what is proved of them, and a diagnostic of all that is not, out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policyc.diagnostics import Arg, Diagnostic, Secondary, Text, Witness, arrange, has_errors
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.proof import protocol
from policyc.proof.protocol import NotUnderstood, Stop
from policyc.proof.proving import Counterexample, Proof, Work, prove
from policyc.source import SourceFile, Span

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
    jobs: int | None = None,
) -> Verified:
    """Return what is proved of the files of some targets: target → file name → text.

    `settings` hold every key of each target; `folder` is where diagnostics say that the folders of the targets are.
    A file that is not there is an error: PC803, unless `unread` says already why.
    """
    found = list(unread)
    told = {one.args["path"] for one in unread}
    works: list[Work] = []
    unproved: list[str] = []
    for name in dict.fromkeys(wanted):
        proving = protocol.find(name)
        if proving is None:
            unproved.append(name)
            continue
        place = _Place(name, folder, files.get(name, {}))
        if missing := [one for one in proving.FILES if one not in place.files]:
            paths = [path for one in missing if (path := place.path(one)) not in told]
            found += (_unread(name, path, "missing") for path in paths)
            continue
        own = settings.get(name, {})
        try:
            reading = proving.read({one: place.files[one] for one in proving.FILES}, model.policy, own)
        except NotUnderstood as error:
            found.append(place.unclear(error))
            continue
        works.append(Work(name, proving, reading, own))
    proofs = prove(model, works, jobs)
    for proof in proofs:
        found += _Place(proof.target, folder, files[proof.target]).problems(model.policy, proof)
    return Verified(proofs, tuple(unproved), arrange(found))


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
            path = _Place(name, shown, {}).path(file)
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


@dataclass(frozen=True, slots=True)
class _Place:
    """The files of a target, and where they are."""

    target: str
    folder: str
    files: Mapping[str, str]

    def path(self, file: str) -> str:
        """Return how a file is called in diagnostics."""
        return "/".join(filter(None, (self.folder, self.target, file)))

    def line(self, file: str, number: int) -> Span:
        """Return a line of a file, less the blanks around it; the last line there is, of one that is shorter."""
        source = SourceFile(self.path(file), self.files.get(file, ""))
        number = min(max(number, 1), source.lines)
        text = source.line(number)
        start = source.start_of(number) + len(text) - len(text.lstrip())
        return Span(source, start, start + max(len(text.strip()), 1))

    def unclear(self, error: NotUnderstood) -> Diagnostic:
        """Return PC802 for what a reader does not understand."""
        args: dict[str, Arg] = {"case": error.what, "target": self.target, "text": " ".join(error.text.split())}
        return Diagnostic("PC802", self.line(error.file, error.line), args)

    def problems(self, policy: Policy, proof: Proof) -> Iterator[Diagnostic]:
        """Yield what stands against a proof: PC802, or PC801 for each counterexample."""
        if proof.unclear is not None:
            yield self.unclear(proof.unclear)
        for number, example in enumerate(proof.examples):
            more = len(proof.differing) - len(proof.examples) if number + 1 == len(proof.examples) else 0
            yield self._differs(policy, example, more)

    def _differs(self, policy: Policy, example: Counterexample, more: int) -> Diagnostic:
        rules = deciding(policy, example)
        stops = self.decisive(example.stops)
        shown = Text("hidden" if example.hidden else "presented", {"presented": example.presented})
        notes = [shown] if example.presented and example.presented != example.caller.number else []
        if more:
            notes.append(Text("more", {"count": more}))
        return Diagnostic(
            "PC801",
            rules[-1] if rules else None,
            {"target": self.target, "called": example.called},
            tuple(Secondary(self.line(stop.file, stop.line), "file") for stop in stops),
            tuple(notes),
            witness=Witness.of(example.caller, example.called, example.local),
        )

    @staticmethod
    def decisive(stops: Sequence[Stop]) -> Sequence[Stop]:
        """Return the last of the lines that a call runs through."""
        return stops[-1:]


def deciding(policy: Policy, example: Counterexample) -> list[Span]:
    """Return what decides at each extension of a call: a rule or, where none does, the declaration."""
    steps = example.outcome.steps
    return [step.rule.span if step.rule else policy.extensions[step.extension].span for step in steps]
