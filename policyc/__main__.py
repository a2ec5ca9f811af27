"""`python -m policyc`, and the `policyc` command: the arguments of the process in, its exit status out."""

import atexit
import gc
import os
import signal
import sys
import threading
from typing import NoReturn


def main() -> None:
    """Run the command that the process was given."""
    # What a command loads and makes lives until it ends: looking for cycles to free costs a quarter of its time.
    gc.disable()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        from policyc.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are being loaded
        status = 130
    _leave(status)


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
