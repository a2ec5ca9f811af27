"""Time the yardstick: how long plain Lark takes to make a parse tree of a policy, and nothing else.

    python tests/bench/baseline.py POLICY.pol [--no-gc] [--both]

prints seconds (B); `--both` adds those of processor. Reading the file and building the parser are not counted:
what is left is what a compiler written on Lark would pay before its own work begins. Python's cyclic garbage
collector runs as it does by default; with so many small objects it costs 40 to 50 % of B, which `--no-gc` shows.
"""

import argparse
import gc
import os
import time
from pathlib import Path
from typing import NamedTuple

from lark import Lark

GRAMMAR = Path(__file__).with_name("baseline.lark")


class Seconds(NamedTuple):
    """Seconds by the clock, and of processor in this process and those it started."""

    clock: float
    processor: float


def now() -> Seconds:
    used = os.times()

    return Seconds(time.perf_counter(), used.user + used.system + used.children_user + used.children_system)


def since(start: Seconds) -> Seconds:
    end = now()

    return Seconds(end.clock - start.clock, end.processor - start.processor)


def parser(*, strict: bool = False) -> Lark:
    """Build the yardstick's parser; `strict` refuses every conflict and every collision of terminals."""
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        strict=strict,
    )


def measure(path: Path, *, collect: bool = True) -> Seconds:
    """Return what parsing `path` takes."""
    text = path.read_text(encoding="utf-8")
    lark = parser()
    if not collect:
        gc.disable()
    start = now()
    lark.parse(text)

    return since(start)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Time plain Lark on a policy.")
    arguments.add_argument("policy", type=Path)
    arguments.add_argument("--no-gc", action="store_true", help="without the cyclic garbage collector")
    arguments.add_argument("--both", action="store_true", help="by the clock, and of processor")
    asked = arguments.parse_args()
    taken = measure(asked.policy, collect=not asked.no_gc)
    print(f"{taken.clock:.3f} {taken.processor:.3f}" if asked.both else f"{taken.clock:.2f}")


if __name__ == "__main__":
    main()
