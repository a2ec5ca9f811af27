"""Independent tasks in, what they return out: done by as many processes as there are cores, where that is possible."""

import io
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")
_MOST = 8  # processes: more would cost more memory than they save time


def cores() -> int:
    """Return how many processes are worth their while: one where they cannot be forked, or not safely so."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, _MOST)


def each(tasks: Sequence[Callable[[], T]], shared: Iterable[object] = (), jobs: int = 1) -> list[T]:
    """Return what each task returns, in their order. The first ones are begun first: let them be the longest.

    What a task returns goes from process to process, but for the `shared` objects, which are not copied: they are the
    caller's own again. A task that fails in another process raises EOFError here, and tells why on standard error.
    """
    jobs = min(jobs, len(tasks))
    if jobs < 2:
        return [task() for task in tasks]
    from multiprocessing import get_context

    context = get_context("fork")  # what tasks need is there already, and is never sent
    kept = {id(one): one for one in shared}
    begun = context.Value("i", 0)
    others = []
    for _ in range(jobs - 1):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(tasks, kept, begun, sender), daemon=True)
        process.start()
        sender.close()
        others.append((process, receiver))
    found = dict(_taken(tasks, begun))
    for process, receiver in others:
        found |= _Unpickler(io.BytesIO(receiver.recv_bytes()), kept).load()
        process.join()
    return [found[at] for at in range(len(tasks))]


def _work(tasks: Sequence[Callable[[], Any]], kept: dict[int, object], begun: Any, sender: "Connection") -> None:
    found = dict(_taken(tasks, begun))
    whole = io.BytesIO()
    _Pickler(whole, kept).dump(found)
    sender.send_bytes(whole.getbuffer())


def _taken(tasks: Sequence[Callable[[], T]], begun: Any) -> Iterable[tuple[int, T]]:
    """Yield what the tasks return that no other process has begun."""
    while True:
        with begun.get_lock():
            at = begun.value
            begun.value += 1
        if at >= len(tasks):
            return
        yield at, tasks[at]()


class _Pickler(pickle.Pickler):
    """Names shared objects by where they are in memory, which is the same in a process that was forked."""

    def __init__(self, file: io.BytesIO, kept: dict[int, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._kept = kept

    def persistent_id(self, value: object) -> int | None:
        return id(value) if id(value) in self._kept else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, kept: dict[int, object]) -> None:
        super().__init__(file)
        self._kept = kept

    def persistent_load(self, name: Any) -> object:
        return self._kept[name]
