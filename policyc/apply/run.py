"""A PBX and what is wanted of it in, events out: look at everything first, then write one extension after the other.

Whatever stops a run is an `ApplyError` with diagnostics. Nothing is written before all is known to be readable, and the
first write that does not work is the last one.
"""

import contextlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from policyc.apply import plan, state
from policyc.apply.client import ApiError, Client
from policyc.apply.plan import Change, Plan, Present, Wanted
from policyc.diagnostics import Arg, Diagnostic, Text

# A PBX may take a moment until what it accepted can be read: seconds before each further look.
_LOOKS: Final = (0.0, 1.0, 2.0)

_CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("connection", "tls", "timeout", "busy", "server"), "PC601"),
    **dict.fromkeys(("token", "rights"), "PC602"),
    **dict.fromkeys(("missing", "refused", "size", "json", "shape", "redirect"), "PC603"),
}


class ApplyError(Exception):
    """A run that cannot go on; `diagnostics` say why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take at least one diagnostic."""
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)


class Verdict(Enum):
    """What is known of an extension whose write did not go well."""

    WRITTEN = "written"
    UNTOUCHED = "untouched"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Saved:
    """The state before the run is in a file; `resumed`: the file of an unfinished run, which it goes on with."""

    path: Path
    resumed: bool


@dataclass(frozen=True, slots=True)
class Writing:
    """From here on, an extension may be changed."""

    number: str


@dataclass(frozen=True, slots=True)
class Written:
    """An extension was written, read back, and is as wanted."""

    number: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A write that did not go well; `ApplyError` follows."""

    number: str
    verdict: Verdict


Event = Saved | Writing | Written | Failed


@dataclass(frozen=True, slots=True)
class Look:
    """What is to change on a PBX, the version it says it has, and whether its form of exceptions is known."""

    plan: Plan
    version: str | None
    is_form_known: bool


def look(client: Client, host: str, wanted: Sequence[Wanted]) -> Look:
    """Read all that the run is about and compare. Raises ApplyError; changes nothing."""
    try:
        version = client.version()
        present = _present(client, [one.number for one in wanted])
    except ApiError as error:
        raise ApplyError([problem(error, host)]) from None
    missing = [one.number for one in wanted if one.number not in present]
    if missing:
        raise ApplyError(Diagnostic("PC604", None, {"number": number, "host": host}) for number in missing)
    served = _served(present.values(), version, host)
    ours = plan.form(rule for one in wanted for rule in one.rules)
    if ours is not None and served is not None and ours != served:
        raise ApplyError([Diagnostic("PC605", None, {"case": ours, "host": host, "version": version or served})])
    return Look(plan.compare(wanted, present), version, served is not None)


def _present(client: Client, numbers: Iterable[str]) -> dict[str, Present]:
    return {number: Present(one.id, one.number, one.rules) for number, one in client.users(numbers).items()}


def _served(present: Iterable[Present], version: str | None, host: str) -> plan.Form | None:
    """Return the form of exceptions that a PBX has: as it shows them or, when it has none, as its version tells."""
    try:
        shown = plan.form(rule for one in present for rule in one.rules)
    except ValueError:
        error = ApiError("shape", detail="CallerId, Data")
        raise ApplyError([problem(error, host)]) from None
    return shown or (plan.form_of_version(version) if version else None)


def check_unchanged(client: Client, host: str, chosen: Plan) -> None:
    """Make sure that what was shown is still so, after a person took time to read it. Raises ApplyError."""
    try:
        present = _present(client, [one.number for one in chosen.changes])
    except ApiError as error:
        raise ApplyError([problem(error, host)]) from None
    moved = tuple(
        one.number
        for one in chosen.changes
        if (there := present.get(one.number)) is None
        or there.ident != one.ident
        or not plan.same(one.before, there.rules)
    )
    if moved:
        raise ApplyError([Diagnostic("PC610", None, {"numbers": moved, "host": host})])


def carry_out(client: Client, pbx: str, host: str, chosen: Plan, place: state.Place) -> Generator[Event, None, None]:
    """Save what is there, then write and read back each extension, yielding what happens. Raises ApplyError.

    Close the iterator when it is not read to its end: that leaves the file of state with those extensions only that
    may have been changed, or without it when there are none.
    """
    found = {one.number: tuple(plan.bare(rule) for rule in one.before) for one in chosen.changes}
    begun = place.held or state.State(pbx, "started", {})
    whole = begun.joined(found)
    if place.held is None or whole != begun:
        _save(place.path, whole, new=place.is_new)
    touched: list[str] = []
    finished = False
    try:
        yield Saved(place.path, place.held is not None)
        for change in chosen.changes:
            touched.append(change.number)
            yield Writing(change.number)
            failed = _write(client, host, change)
            if failed is not None:
                verdict = _verdict(client, change)
                if verdict is Verdict.UNTOUCHED:
                    touched.pop()
                yield Failed(change.number, verdict)
                raise ApplyError([failed])
            yield Written(change.number)
        finished = True
    finally:
        if not finished:
            _trim(place, begun, found, touched)
    _save(place.path, state.State(pbx, "done", whole.before), new=False)


def _write(client: Client, host: str, change: Change) -> Diagnostic | None:
    """Write an extension and read it back; return what is wrong, None if it is as wanted."""
    try:
        client.write(change.ident, plan.body(change.after))
    except ApiError as error:
        if error.kind in ("missing", "refused"):
            args: dict[str, Arg] = {"case": error.kind, "number": change.number, "host": host, "status": error.status}
            return Diagnostic("PC606", None, args, notes=_says(error))
        return problem(error, host)
    try:
        for wait in _LOOKS:
            client.pause(wait)
            there = client.user(change.ident)
            if there.number == change.number and plan.same(change.after, there.rules):
                return None
    except ApiError as error:
        return problem(error, host)
    case = "none" if plan.same(change.before, there.rules) else "other"
    return Diagnostic("PC607", None, {"case": case, "number": change.number, "host": host})


def _verdict(client: Client, change: Change) -> Verdict:
    """Look once more at an extension whose write failed."""
    client.hurry()
    try:
        there = client.user(change.ident)
    except ApiError:
        return Verdict.UNCERTAIN
    if there.number == change.number and plan.same(change.after, there.rules):
        return Verdict.WRITTEN
    return Verdict.UNTOUCHED if plan.same(change.before, there.rules) else Verdict.UNCERTAIN


def _trim(
    place: state.Place, begun: state.State, found: Mapping[str, tuple[plan.Raw, ...]], touched: Sequence[str]
) -> None:
    """Leave in a file of state what an unfinished run may have changed; what it did not is not its business."""
    # If this fails, the file still holds all that is needed, and more.
    with contextlib.suppress(state.StateError, OSError):
        left = begun.joined({number: found[number] for number in touched})
        if left.before:
            state.save(place.path, left, new=False)
        else:
            place.path.unlink()


def _save(path: Path, kept: state.State, *, new: bool) -> None:
    try:
        state.save(path, kept, new=new)
    except state.StateError as error:
        raise ApplyError([state_problem(error)]) from None


# -- diagnostics -------------------------------------------------------------------------------------------------------


def problem(error: ApiError, host: str) -> Diagnostic:
    """Return a request that failed as a diagnostic."""
    args: dict[str, Arg] = {"case": error.kind, "host": host, "status": error.status}
    return Diagnostic(_CODES[error.kind], None, args, notes=_says(error))


def _says(error: ApiError) -> tuple[Text, ...]:
    return (Text("says", {"detail": error.detail}),) if error.detail else ()


def state_problem(error: state.StateError) -> Diagnostic:
    """Return a file of state that cannot be used as a diagnostic."""
    notes = (Text("says", {"detail": error.detail}),) if error.detail else ()
    return Diagnostic("PC609", None, {"case": error.reason, "path": str(error.path)}, notes=notes)
