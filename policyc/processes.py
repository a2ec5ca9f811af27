"""Independent tasks in, what they return out: done by as many processes as there are cores, where that is possible."""

import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import IO, Any, Final, TypeVar

T = TypeVar("T")
_MOST: Final = 8  # processes: more would cost more memory than they save time
_MANY: Final = 2_000  # rules: of fewer, processes take longer to make than they save
_SOON: Final = 0.1  # seconds
_SHARING: Final = ContextVar("sharing", default=1)  # processes that share the cores, this one among them
# How many of the processes that were begun together, at any depth, have no more to do: their cores are free.
_FREE: Final[ContextVar[Any]] = ContextVar("free", default=None)


def cores() -> int:
    """Return how many processes are worth their while here: one where they cannot be forked, or not safely so."""
    if not _can_fork():
        return 1
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(found, _MOST) // _SHARING.get())


def _can_fork() -> bool:
    return hasattr(os, "fork") and threading.active_count() == 1  # a thread may hold what its copy would wait for


def cores_for(rules: int) -> int:
    """Return how many processes are worth their while for what is made of so many rules."""
    return cores() if rules >= _MANY else 1


def each(
    tasks: Sequence[Callable[[], T]],
    shared: Iterable[object] = (),
    jobs: int = 1,
    *,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[T]:
    """Return what each task returns, in their order. The first ones are begun first: let them be the longest.

    With more than one job processes are forked that share the work with this one, so that what tasks need is never
    sent. What a task returns there comes back by a file, but for the `shared` objects, which are not copied: they are
    the caller's own again. A task that fails there raises ChildProcessError here, and tells why on standard error.
    While this process waits, `meanwhile` is called some ten times a second. Whatever ends this function ends the
    others. Tasks find as many `cores` as their process has to itself.
    """
    jobs = min(jobs, len(tasks))
    if jobs < 2:
        return [task() for task in tasks]
    from multiprocessing import connection, get_context

    context = get_context("fork")
    kept = {id(one): one for one in shared}
    begun = context.Value("i", 0)
    with ExitStack() as ending:
        ending.enter_context(_shared_by(jobs))
        free = _FREE.get()
        if free is None:
            free = context.Value("i", 0)
            ending.callback(_FREE.reset, _FREE.set(free))
        files, others = [], []
        for _ in range(jobs - 1):
            file = ending.enter_context(tempfile.TemporaryFile())
            process = context.Process(target=_work, args=(tasks, kept, begun, file))
            process.start()
            ending.callback(_end, process)
            files.append(file)
            others.append(process)
        found = dict(_taken(tasks, begun))
        while working := [one for one in others if one.is_alive()]:
            meanwhile()
            connection.wait([one.sentinel for one in working], _SOON)
            if failed := next((one for one in others if one.exitcode), None):
                raise ChildProcessError(f"a process ended with status {failed.exitcode}")
        for file in files:
            found |= _results(file, kept)
        _add(free, -jobs)  # this process goes on, and the others' cores are whose they were before
    return [found[at] for at in range(len(tasks))]


@contextmanager
def free_core() -> Iterator[bool]:
    """Take a core whose process has no more to do, if there is one: so for a while, two jobs are worth their while."""
    free = _FREE.get()
    if free is None or not _can_fork():
        yield False
        return
    with free.get_lock():
        taken = free.value > 0
        free.value -= taken
    try:
        yield taken
    finally:
        _add(free, int(taken))


def with_all_cores(task: Callable[[], T]) -> T:
    """Return what a task returns that shares the cores with no other, even if it is one of several."""
    before = _SHARING.set(1)
    try:
        return task()
    finally:
        _SHARING.reset(before)


@contextmanager
def _shared_by(jobs: int) -> Iterator[None]:
    """Have the cores of this process shared by some, those that are forked here among them."""
    before = _SHARING.set(_SHARING.get() * jobs)
    try:
        yield
    finally:
        _SHARING.reset(before)


def _taken(tasks: Sequence[Callable[[], T]], begun: Any) -> Iterator[tuple[int, T]]:
    """Yield what the tasks return that no other process has begun."""
    while True:
        with begun.get_lock():
            at = begun.value
            begun.value += 1
        if at >= len(tasks):
            _add(_FREE.get(), 1)
            return
        yield at, tasks[at]()


def _add(free: Any, more: int) -> None:
    with free.get_lock():
        free.value += more


def _end(process: Any) -> None:
    if process.is_alive():
        process.terminate()
    process.join()


def _work(tasks: Sequence[Callable[[], Any]], kept: dict[int, object], begun: Any, file: IO[bytes]) -> None:
    """Take tasks, and write what they return to a file."""
    # Ctrl-C is sent to all processes of a terminal: the first one ends the others, and those what they have begun.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    for found in _taken(tasks, begun):
        _Pickler(file, kept).dump(found)
    file.flush()


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _results(file: IO[bytes], kept: dict[int, object]) -> Iterator[tuple[int, Any]]:
    file.seek(0)
    while file.peek(1):  # type: ignore[attr-defined]  # it is buffered
        yield _Unpickler(file, kept).load()


class _Pickler(pickle.Pickler):
    """Names shared objects by where they are in memory, which is the same in a process that was forked."""

    def __init__(self, file: IO[bytes], kept: dict[int, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._kept = kept

    def persistent_id(self, value: object) -> int | None:
        return id(value) if id(value) in self._kept else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], kept: dict[int, object]) -> None:
        super().__init__(file)
        self._kept = kept

    def persistent_load(self, name: Any) -> object:
        return self._kept[name]
