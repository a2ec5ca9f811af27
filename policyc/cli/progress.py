"""How far long work has come, shown on a terminal while it goes on, and gone when it is done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from policyc.progress import NOBODY, Step, Watch

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from policyc.words import Words
    from policyc.workspace import Workspace

_LARGE: Final = 1 << 18  # bytes of policy files: reading fewer is done before anyone could look
_MANY: Final = 2_000  # rules
_PAUSE: Final = 0.1  # seconds between two looks


@contextmanager
def watching(say: Words, place: Workspace, targets: Iterable[str] = ()) -> Iterator[Watch]:
    """Show how far work has come until it is done: on a terminal, where no program reads along, and if it is long."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb" or os.environ.get("CI"):
        yield NOBODY
        return
    shown = _Shown(say, place, targets)
    try:
        yield shown
    finally:
        shown.end()


def _bytes_of(place: Workspace) -> int:
    found = 0
    for path in place.paths:
        try:
            found += (place.root / path).stat().st_size
        except OSError:  # told when it is read
            continue
    return found


class _Shown(Watch):
    """A display that nothing but the work itself brings up to date: processes cannot be forked beside a thread."""

    def __init__(self, say: Words, place: Workspace, targets: Iterable[str]) -> None:
        from multiprocessing import get_context

        self._say = say
        self._place = place
        self._process = os.getpid()
        self._display: Progress | None = None
        self._stage: TaskID | None = None
        self._looked = 0.0
        context = get_context()
        self._proofs = {target: context.Array("q", 2) for target in targets}  # done, and of how many
        self._bars: dict[str, TaskID] = {}

    def stage(self, name: str, size: int) -> None:
        is_long = _bytes_of(self._place) >= _LARGE if name == "read" else size >= _MANY
        if self._display is None and is_long:
            self._begin()
        if self._display is not None:
            if self._stage is not None:
                self._display.remove_task(self._stage)
            self._stage = self._display.add_task(self._say(f"progress.{name}"), total=None, count="")
            self._display.refresh()

    def proof(self, target: str, calls: int) -> Step:
        counts = self._proofs[target]
        counts[1] = calls

        def step(more: int) -> None:
            with counts.get_lock():
                counts[0] += more
            if time.monotonic() - self._looked >= _PAUSE:
                self.shows()

        return step

    def shows(self) -> None:
        self._looked = time.monotonic()
        if self._display is None or os.getpid() != self._process:  # the terminal is one process's
            return
        for target, (done, of) in [(target, counts[:]) for target, counts in self._proofs.items()]:
            if of and target not in self._bars:
                said = self._say("progress.proof", target=target)
                self._bars[target] = self._display.add_task(said, total=of, count="")
            if of:
                self._display.update(self._bars[target], completed=done, count=f"{done}/{of}")
        self._display.refresh()

    def end(self) -> None:
        """Take the display away."""
        if self._display is not None:
            self._display.stop()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[count]}")
        self._display = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
        self._display.start()
