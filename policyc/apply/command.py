"""`policyc apply` once its arguments are read: what is wanted in, a talk with a person, an exit status out.

The command line hands in a `Console`; nothing is printed here.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from policyc.apply import client, run, show, state
from policyc.apply.access import Access
from policyc.apply.client import Client
from policyc.apply.plan import Plan, Wanted
from policyc.apply.run import ApplyError, Verdict
from policyc.diagnostics import Diagnostic
from policyc.words import Words

FINE, ERRORS, CHANGES = 0, 1, 3
_MOST_LISTED: Final = 20


class Console(Protocol):
    """How the command talks to people."""

    def out(self, parts: Sequence[show.Part]) -> None:
        """Print a line of data."""

    def tell(self, message: str) -> None:
        """Print a message."""

    def ask(self, question: str) -> bool:
        """Return whether a person agrees."""

    def report(self, found: Iterable[Diagnostic]) -> None:
        """Print diagnostics."""


class AuthorityError(Exception):
    """The file of certificates to trust cannot be used."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done: exceptions that are wanted, or a file of state to put back, and how."""

    wanted: tuple[Wanted, ...] = ()
    restore: Path | None = None
    state: Path | None = None
    is_dry: bool = False
    exit_code: bool = False
    is_sure: bool = False
    ca: str | None = None
    seconds: float | None = None


def perform(job: Job, access: Access, console: Console, say: Words) -> int:
    """Bring a PBX in line with what is wanted and return the exit status. Raises AuthorityError."""
    try:
        return _perform(job, access, console, say)
    except state.StateError as error:
        console.report([run.state_problem(error)])
    except ApplyError as error:
        console.report(error.diagnostics)
    console.tell(say("apply.nothing_changed"))
    return ERRORS


def _perform(job: Job, access: Access, console: Console, say: Words) -> int:
    restored = None if job.restore is None else _restored(job.restore, access)
    wanted = job.wanted if restored is None else _wanted(restored)
    # Before anything is asked of the PBX: a file of state that cannot be used would stop the run later.
    place = None if job.is_dry else state.choose(access.origin, access.slug, job.state, job.restore)
    with _connect(job, access) as talk:
        found = run.look(talk, access.host, wanted)
        _show(found, access, console, say)
        if place is None:
            return CHANGES if job.exit_code and found.plan.changes else FINE
        if found.plan.changes and not _agreed(job, talk, found.plan, access, console, say):
            console.tell(say("apply.declined"))
            return ERRORS
        status = _carry_out(talk, found.plan, place, access, console, say)
    if status == FINE and job.restore is not None and restored is not None:
        _mark_restored(job.restore, restored, console, say)
    return status


def _connect(job: Job, access: Access) -> Client:
    waits = client.WAITS if job.seconds is None else replace(client.WAITS, total=job.seconds)
    try:
        return Client(access, ca=job.ca, waits=waits)
    except OSError as error:  # that of TLS is one
        raise AuthorityError(error.strerror or str(error)) from None


def _mark_restored(path: Path, restored: state.State, console: Console, say: Words) -> None:
    try:
        state.save(path, replace(restored, status="restored"), new=False)
    except state.StateError as error:  # the PBX is as it shall be: only the next run would not know
        console.report([run.state_problem(error)])
        console.tell(say("apply.restore_unmarked"))


def _restored(path: Path, access: Access) -> state.State:
    found = state.load(path)
    if found.pbx != access.origin:
        raise state.StateError(path, "pbx", found.pbx)
    return found


def _wanted(restored: state.State) -> tuple[Wanted, ...]:
    return tuple(Wanted(number, rules) for number, rules in restored.before.items())


def _show(found: run.Look, access: Access, console: Console, say: Words) -> None:
    key = "apply.pbx" if found.version is None else "apply.pbx_version"
    console.tell(say(key, host=access.host, version=found.version))
    if not found.is_form_known:
        console.tell(say("apply.form_unknown"))
    for line in show.difference(found.plan, say):
        console.out(line)
    console.tell(say("apply.summary", changed=len(found.plan.changes), unchanged=found.plan.unchanged))


def _agreed(job: Job, talk: Client, chosen: Plan, access: Access, console: Console, say: Words) -> bool:
    """Ask, and make sure that the PBX is still as it was shown. Raises ApplyError if it is not."""
    if job.is_sure:
        return True
    start = talk.now
    agreed = console.ask(say("apply.question", count=len(chosen.changes), host=access.host))
    talk.credit(talk.now - start)
    if agreed:
        run.check_unchanged(talk, access.host, chosen)
    return agreed


def _carry_out(talk: Client, chosen: Plan, place: state.Place, access: Access, console: Console, say: Words) -> int:
    if not chosen.changes:
        if place.held is not None:  # an unfinished run left nothing to do
            state.save(place.path, replace(place.held, status="done"), new=False)
        return FINE
    progress = _Progress(chosen)
    try:
        with closing(run.carry_out(talk, access.origin, access.host, chosen, place)) as events:
            for event in events:
                progress.note(event)
                match event:
                    case run.Saved(path, resumed):
                        console.tell(say("apply.resumed" if resumed else "apply.saved", path=path))
                    case run.Written(number):
                        console.tell(say("apply.written", number=number))
    except ApplyError as error:
        console.report(error.diagnostics)
        _tell_stop(progress, place, console, say)
        return ERRORS
    except KeyboardInterrupt:
        _tell_stop(progress, place, console, say)
        raise
    console.tell(say("apply.finished", count=len(chosen.changes), path=place.path))
    return FINE


class _Progress:
    """What is known of each extension of a plan while it is carried out."""

    def __init__(self, chosen: Plan) -> None:
        self.left = [one.number for one in chosen.changes]
        self.written: list[str] = []
        self.uncertain: list[str] = []

    def note(self, event: run.Event) -> None:
        match event:
            case run.Writing(number):
                self.left.remove(number)
                self.uncertain = [number]
            case run.Written(number) | run.Failed(number, Verdict.WRITTEN):
                self.uncertain = []
                self.written.append(number)
            case run.Failed(number, Verdict.UNTOUCHED):
                self.uncertain = []
                self.left.insert(0, number)


def _tell_stop(progress: _Progress, place: state.Place, console: Console, say: Words) -> None:
    """Say what was and was not done, and how to go on or back."""
    if not progress.written and not progress.uncertain:
        console.tell(say("apply.nothing_changed"))
    for key, numbers in (
        ("apply.stopped_written", progress.written),
        ("apply.stopped_uncertain", progress.uncertain),
        ("apply.stopped_left", progress.left),
    ):
        if numbers:
            shown = ", ".join(numbers[:_MOST_LISTED]) + (", …" if len(numbers) > _MOST_LISTED else "")
            console.tell(say(key, count=len(numbers), numbers=shown))
    if place.path.exists():
        console.tell(say("apply.go_on", path=place.path))
