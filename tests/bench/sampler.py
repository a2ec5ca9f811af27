"""Run a command and measure the memory of all its processes together: a command in, its peak as JSON out.

    python tests/bench/sampler.py RESULT.json COMMAND...

Memory is PSS, where a page that several processes share counts once, divided among them: what the machine
really gives. It is sampled, so that a peak shorter than the interval may be missed; that of the largest
process alone, which the kernel keeps, stands beside it. The sampler is a process of its own, whose memory is
not counted and whose processor time is told. Linux only.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

INTERVAL = 0.05
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
"""What the kernel answers about a process that ends while it is looked at."""


def family(process: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield process
    with suppress(*GONE):
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            with suppress(*GONE):
                for child in children.read_text().split():
                    yield from family(int(child))


def shared_out(process: int) -> int:
    """Return the PSS of a process in bytes; 0 once it is gone."""
    with suppress(*GONE):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024

    return 0


def sample(command: list[str]) -> dict[str, float]:
    """Run a command to its end, sampling all along."""
    peak = together = samples = 0
    start = time.perf_counter()
    with subprocess.Popen(command) as running:
        while running.poll() is None:
            sizes = [size for process in family(running.pid) if (size := shared_out(process))]
            samples += 1
            if sum(sizes) > peak:
                peak, together = sum(sizes), len(sizes)
            time.sleep(INTERVAL)
    used = os.times()

    return {
        "exit": running.returncode,
        "peak": peak,
        "processes": together,
        "samples": samples,
        "clock": time.perf_counter() - start,
        "sampler": used.user + used.system,
    }


if __name__ == "__main__":
    result, *asked = sys.argv[1:]
    Path(result).write_text(json.dumps(sample(asked)), encoding="utf-8")
