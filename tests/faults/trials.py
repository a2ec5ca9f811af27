"""Faults, what calls show of them and what the proof says in; where the two do not go together out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.generate import generate

import policyc
from faults.calls import STATES, Call
from faults.proof import Refused, refused

if TYPE_CHECKING:
    from faults.edits import Fault
    from faults.judging import Judged, Shows
    from policyc.model import Policy

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = {"asterisk": "policyc.conf", "freeswitch": "policyc.xml", "3cx": "policyc-3cx.json"}


@cache
def policy(name: str) -> Policy:
    """Return an example by the name of its file, or the random policy of a seed."""
    if name.startswith("random-"):
        return policyc.load_text(generate(int(name.removeprefix("random-"))).text)
    (path,) = EXAMPLES.rglob(f"{name}.pol")
    return policyc.load(path)


def compiled(name: str, target: str, settings: dict[str, Any]) -> str:
    """Return the file of a policy that is proved."""
    files = policyc.compile(policy(name), targets=[target], settings={target: settings}).files
    return files[target][FILES[target]]


def takes(name: str, target: str) -> bool:
    """Tell whether a target takes a policy."""
    return target in policyc.compile(policy(name), targets=[target]).files


def refusal(name: str, target: str, text: str, settings: dict[str, Any]) -> Refused | None:
    """Return what the proof says of a file that stands for that of a policy: for other processes too."""
    return refused(policy(name), target, {FILES[target]: text}, settings)


def first_random(seed: int, target: str = "asterisk") -> str:
    """Return the name of a random policy that a target takes: of the seed, or of one that comes after it."""
    return next(name for at in range(100) if takes(name := f"random-{1000 * seed + at}", target))


@dataclass(frozen=True, slots=True)
class Result:
    """A fault, what calls show of it (None: it cannot be judged), what the proof says, and what its calls show."""

    fault: Fault
    judged: Judged | None
    refused: Refused | None
    confirmed: tuple[Shows | None, ...] = ()
    """Of each call that the proof says ends otherwise."""


@dataclass(slots=True)
class Tally:
    """Many results, told in a few lines."""

    results: list[Result] = field(default_factory=list)

    def __str__(self) -> str:
        of_kinds = Counter(one.fault.kind for one in self.results)
        changes = Counter(one.fault.kind for one in self.results if one.judged and one.judged.changes)
        refused = Counter(one.fault.kind for one in self.results if one.refused)
        rows = [f"  {kind:13}{of_kinds[kind]:4} drawn{changes[kind]:4} change what calls do{refused[kind]:4} refused"
                for kind in of_kinds]  # fmt: skip
        placed = sum(one.judged.placed for one in self.results if one.judged)
        whole = (
            f"{len(self.results)} faults, {sum(changes.values())} change what calls do, {sum(refused.values())} refused"
        )
        more = f"{len(self.not_judged)} not judged, {len(self.unexplained)} not understood though nothing is seen"
        unclear = [f"  {one.fault}: {one.refused}" for one in self.unexplained]
        return "\n".join([f"{whole}, {placed} calls; {more}", *rows, *unclear])

    @property
    def not_judged(self) -> list[Result]:
        """Those of which no call could be placed."""
        return [one for one in self.results if one.judged is None and not one.fault.cosmetic]

    @property
    def unexplained(self) -> list[Result]:
        """Those not understood of which no call shows anything."""
        return [one for one in self.results if one.refused and one.refused.not_understood and not one.fault.cosmetic
                and one.judged and one.judged.shows is None]  # fmt: skip


def problems(results: Iterable[Result]) -> Iterator[str]:
    """Yield where calls and the proof do not go together."""
    for one in results:
        if one.fault.cosmetic:
            if one.judged and one.judged.shows:
                yield f"{one.fault}\n   is no cosmetic edit: {one.judged.shows}"
            elif one.refused:
                yield f"{one.fault}\n   is refused, though no call can show it: {one.refused}"
            continue
        if one.judged and one.judged.changes and one.refused is None:
            yield f"{one.fault}\n   is proved, though a call shows it: {one.judged.shows}"
        if one.refused:
            for call, told, shows in zip(one.refused.calls, one.refused.told, one.confirmed, strict=False):
                if shows is None:
                    yield f"{one.fault}\n   is refused by a call that does the same: {call}: {told}"


def in_each_state(call: Call, more: Iterable[str] = ()) -> list[Call]:
    """Return a call of the proof with lines in each state, and in each way to present no number."""
    ways = [call.presented, None] if call.presented == "" else [call.presented]
    return [replace(call, state=state, presented=way) for state in (*STATES, *more, "silent", "answer") for way in ways]


def confirmed(refused: Refused | None, differs: Callable[[Call], Shows | None]) -> tuple[Shows | None, ...]:
    """Return what each call of the proof shows, by a judge of single calls."""
    found = []
    for call in refused.calls if refused else ():
        found.append(next(filter(None, map(differs, in_each_state(call))), None))
    return tuple(found)


def told(found: Sequence[str]) -> str:
    """Return problems as a test reports them."""
    return "\n".join((f"{len(found)} of them:", *found[:12]))
