"""`python -m policyc`, and the `policyc` command: the arguments of the process in, its exit status out."""

import gc
import signal
import sys


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
    sys.exit(status)


def _interrupted(_number: int, _frame: object) -> None:
    """End as with Ctrl-C: so no unfinished file is left, and no process of ours."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
