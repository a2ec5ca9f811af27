"""`python -m policyc`, and the `policyc` command: the arguments of the process in, its exit status out."""

import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

_ROOM = 1 << 17  # values of 8 bytes: deeper calls find pieces of a stack, as they would without it


def main() -> None:
    """Run the command that the process was given."""
    # What a command loads and makes lives until it ends: looking for cycles to free costs a quarter of its time.
    gc.disable()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        from policyc.cli import run

        status = _with_room(run, sys.argv[1:])
    except KeyboardInterrupt:  # while modules are being loaded
        status = 130
    _leave(status)


def _with_room(run: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a command where the calls within it stand on one piece of Python's stack.

    CPython takes a piece of 16 KiB from the system whenever calls go deeper than the last one, and gives it back when
    they are over (`_PyThreadState_BumpFramePointerSlow`). Calls that come and go at such a place do that each time: in
    a proof of 10,000 extensions, 1.5 million times, which is a tenth of it. A frame that claims a large stack makes
    one piece as large again; it is never touched, and costs no memory.
    """
    return run(arguments)


_with_room.__code__ = _with_room.__code__.replace(co_stacksize=_ROOM)


def _leave(status: int) -> NoReturn:
    """End the process, and leave what it made to the system: to free it piece by piece takes a tenth of a check."""
    if threading.active_count() == 1:
        atexit._run_exitfuncs()  # noqa: SLF001 - as Python does when it ends; there is no other name for it
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):  # told by Python, as it ends
            sys.exit(status)
        os._exit(status)
    sys.exit(status)


def _interrupted(_number: int, _frame: object) -> None:
    """End as with Ctrl-C: so no unfinished file is left, and no process of ours."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
