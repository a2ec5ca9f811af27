"""What a PBX had before a run, in a file: enough to put it back, and to go on after a fault.

A file holds one run. `started`: it may have changed some of these extensions, and another run goes on with it, keeping
what the first one found. `done`: all was written. `restored`: it was put back, and nobody needs the file any more.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, cast

from policyc import output, resources
from policyc.apply import client, plan

VERSION: Final = 1
MAX_BYTES: Final = 256 << 20
FOLDER: Final = Path("build", "3cx")
_MOST_FILES: Final = 10_000

Status = Literal["started", "done", "restored"]
# pbx: the state of another one; held: that of a run which nothing has put back
Reason = Literal["absent", "unreadable", "shape", "version", "pbx", "held", "write"]


class StateError(Exception):
    """A file of state that cannot be used: where, why, and a detail for people."""

    def __init__(self, path: Path, reason: Reason, detail: str = "") -> None:
        """Take one of `Reason`."""
        self.path = path
        self.reason = reason
        self.detail = detail
        super().__init__(path, reason, detail)


@dataclass(frozen=True, slots=True)
class State:
    """What the extensions of one PBX had before a run, by number."""

    pbx: str
    status: Status
    before: Mapping[str, tuple[plan.Raw, ...]]

    def joined(self, before: Mapping[str, tuple[plan.Raw, ...]]) -> "State":
        """Return the state with more extensions; those that it has already keep what was found first."""
        return replace(self, before={**before, **self.before})


def load(path: Path) -> State:
    """Read a file. Raises StateError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise StateError(path, "absent") from None
    except OSError as error:
        raise StateError(path, "unreadable", error.strerror or str(error)) from None
    if len(data) > MAX_BYTES:
        raise StateError(path, "unreadable", f"> {MAX_BYTES >> 20} Mio")
    try:
        value = client.parse(data)
    except ValueError as error:
        raise StateError(path, "shape", str(error)) from None
    if isinstance(value, dict) and value.get("format") == "policyc-3cx-state" and value.get("version") != VERSION:
        raise StateError(path, "version", str(value.get("version")))
    _check(path, value)
    extensions: dict[str, tuple[plan.Raw, ...]] = {}
    for one in value["extensions"]:
        if one["Number"] in extensions:
            raise StateError(path, "shape", one["Number"])
        extensions[one["Number"]] = tuple(one["ForwardingExceptions"])
    return State(value["pbx"], cast("Status", value["status"]), extensions)


def _check(path: Path, value: Any) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(resources.read_package("apply/state.schema.json"))
    wrong = next(Draft202012Validator(schema).iter_errors(value), None)
    if wrong is None:
        rules = client.validator("rules")
        for one in value["extensions"]:
            wrong = wrong or next(rules.iter_errors(one["ForwardingExceptions"]), None)
    if wrong is not None:
        raise StateError(path, "shape", wrong.json_path)


def text(state: State) -> str:
    """Return the text of a file of state."""
    ordered = sorted(state.before.items(), key=lambda one: (len(one[0]), one[0]))
    value = {
        "format": "policyc-3cx-state",
        "version": VERSION,
        "pbx": state.pbx,
        "status": state.status,
        "extensions": [{"Number": number, "ForwardingExceptions": list(one)} for number, one in ordered],
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def save(path: Path, state: State, *, new: bool) -> None:
    """Write a file whole or not at all, for its owner alone. `new`: never over another one. Raises StateError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = output.beside(path, text(state).encode(), 0o600)
        try:
            if new:
                _place(temporary, path)
            else:
                temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise StateError(path, "held") from None
    except OSError as error:
        raise StateError(path, "write", error.strerror or str(error)) from None


def _place(temporary: Path, path: Path) -> None:
    """Give a file its name unless the name is taken. Raises FileExistsError."""
    try:
        os.link(temporary, path)  # unlike renaming, it fails where something is
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(17, os.strerror(17), str(path)) from None
        temporary.replace(path)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps what was there: a path, and the state of an unfinished run that is in it already."""

    path: Path
    held: State | None
    is_new: bool


def choose(pbx: str, slug: str, named: Path | None, restored: Path | None) -> Place:
    """Return where a run keeps the state before it. Raises StateError; writes nothing.

    `named` is what the user wants, `restored` the file that the run puts back, which is none to write into. Without a
    name: the unfinished run of this PBX, or else the first number that is free: `avant-<host>.json`, `…-2.json`.
    """
    if named is not None:
        return _named(pbx, named, restored)
    for count in range(1, _MOST_FILES):
        path = FOLDER / (f"avant-{slug}.json" if count == 1 else f"avant-{slug}-{count}.json")
        if not os.path.lexists(path):
            return Place(path, None, is_new=True)
        if _is_same(path, restored):
            continue
        found = load(path)
        if found.pbx == pbx and found.status == "started":
            return Place(path, found, is_new=False)
    raise StateError(FOLDER / f"avant-{slug}.json", "held")


def _named(pbx: str, path: Path, restored: Path | None) -> Place:
    if not os.path.lexists(path):
        return Place(path, None, is_new=True)
    if _is_same(path, restored):
        raise StateError(path, "held")
    found = load(path)
    if found.status == "restored":
        return Place(path, None, is_new=False)
    if found.pbx != pbx:
        raise StateError(path, "pbx", found.pbx)
    if found.status == "done":
        raise StateError(path, "held")
    return Place(path, found, is_new=False)


def _is_same(path: Path, other: Path | None) -> bool:
    try:
        return other is not None and path.samefile(other)
    except OSError:
        return False
