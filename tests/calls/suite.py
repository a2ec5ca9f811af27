"""The conformance suite: each `*.toml` beside this file in, its policy and its calls out.

A file is one policy and the calls placed on it:

    policy = '''…'''                     # the policy; `policy.pol` to the files that it includes
    calls = [
      { from = "06 12 34 56 78", to = "102", gives = "ring 102 20s > voicemail 102 unavailable" },
    ]
    server_zone = "America/New_York"     # the zone of the PBX's own clock, if the file is about that
    prompts = false                      # the PBX has not the sound files of policyc, if the file is about that
    [files]                              # other files of the project, by their paths
    "annuaire/postes.csv" = '''…'''

Keys of a call:

    from        what the trunk or the phone presents; left out: no number at all
    kind        "internal", for a call of a phone of the company (default: from outside)
    restricted  true: the caller hides its number
    to          the number called
    at          "2026-11-23 10:00" on a clock of the policy's zone, or "2026-11-23 10:00+02:00" (default: that Monday)
    line        states of the lines that are dialled: answer, noanswer (default), busy, unavailable (no such line, or
                no free channel); and of a rebond: accept (presses 1), refuse (presses 2), silent (presses nothing),
                leave (hangs up, having pressed nothing)
    gives       what happens, in order, joined by " > "
    shown       what the far side is shown: a number, or "private" for a presentation that hides it

What happens is one of

    ring 102 20s                the extension's line is dialled, for that long
    voicemail 102 unavailable   the mailbox of 102; its greeting is `busy` where a ring found the line busy
    external 0442930698         an outside number is dialled, for as long as the caller waits
    rebound 0612345678 20s      … as a private call, for that long, to be accepted with key 1
    answer, play wait, digits 102, play unavailable     what the caller of a rebond hears
    system 800                  a system extension, or any number that is not the policy's: the PBX goes on
    busy, hangup                the caller hears the line as busy; the call ends as it failed far away

A call ends with its last event, or there with a conversation when the line dialled last answers.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyc import api, capabilities
from policyc.capabilities import Level
from policyc.evaluate import Call, call_from
from policyc.files import MemoryFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyc.model import Policy

DEFAULT_INSTANT = "2026-11-23 10:00"
"""A Monday, when offices are open."""
PRIVATE = "private"
_KEYS = {"policy", "calls", "server_zone", "prompts", "files"}
_CALL_KEYS = {"from", "kind", "restricted", "to", "at", "line", "gives", "shown"}


@dataclass(frozen=True, slots=True)
class Line:
    """One call of the suite, and what it gives."""

    presented: str | None
    internal: bool
    restricted: bool
    called: str
    instant: datetime  # naive: on a clock of the policy's zone
    states: Mapping[str, str]
    gives: str
    shown: str | None

    @property
    def call(self) -> Call:
        """The call as policyc sees it."""
        return call_from(
            self.presented or "",
            self.called,
            self.instant,
            internal=self.internal,
            restricted=self.restricted or self.presented is None,
        )

    @property
    def talks_with(self) -> str | None:
        """The line that answers at last."""
        event, *words = self.gives.rsplit(" > ", 1)[-1].split()
        return words[0] if event in ("ring", "external", "rebound") else None

    def gives_on(self, target: str) -> str:
        """What the call gives on a target, by what that target can say."""
        if capabilities.of(target)["greetings"] is Level.YES:
            return self.gives
        return re.sub(r"(voicemail \S+) busy", r"\1 unavailable", self.gives)

    def __str__(self) -> str:
        kind = "internal " if self.internal else ""
        hidden = ", restricted" if self.restricted else ""
        states = "".join(f", {line} {state}" for line, state in self.states.items())
        return f"{kind}{self.presented!r}{hidden} to {self.called} at {self.instant}{states}"


@dataclass(frozen=True, slots=True)
class Case:
    """One file of the suite."""

    name: str
    policy: Policy
    lines: tuple[Line, ...]
    prompts: bool = True
    server_zone: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


def load(sources: Mapping[str, str]) -> Policy:
    """Return the policy of `policy.pol` and the files it includes. Raises PolicyError when it has errors."""
    checked = api.examine(MemoryFiles(sources), ["policy.pol"])
    if checked.has_errors:
        raise api.PolicyError(checked.diagnostics)
    return checked.policy


def read(path: Path) -> Case:
    """Return one file of the suite. Raises ValueError for a mistake in it, PolicyError for one in its policy."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := data.keys() - _KEYS:
        raise ValueError(f"{path.name}: {unknown}")
    sources = {"policy.pol": data["policy"], **data.get("files", {})}
    return Case(
        name=path.stem,
        policy=load(sources),
        lines=tuple(_line(one) for one in data["calls"]),
        prompts=data.get("prompts", True),
        server_zone=data.get("server_zone"),
        sources=sources,
    )


def _line(data: Mapping[str, Any]) -> Line:
    if unknown := data.keys() - _CALL_KEYS:
        raise ValueError(f"{data}: {unknown}")
    if data.get("kind", "internal") != "internal":
        raise ValueError(f"{data}: the kind")
    return Line(
        presented=data.get("from"),
        internal="kind" in data,
        restricted=data.get("restricted", False),
        called=data["to"],
        instant=datetime.fromisoformat(data.get("at", DEFAULT_INSTANT)),
        states=data.get("line", {}),
        gives=data["gives"],
        shown=data.get("shown"),
    )


def paths() -> list[Path]:
    """Return the files of the suite, from easy to hard."""
    return sorted(Path(__file__).parent.glob("*.toml"))
