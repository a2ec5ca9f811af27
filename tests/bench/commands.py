"""Run what is measured, each in a process of its own: a command in; seconds, exit status and texts out."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.baseline import Seconds, now, since

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900.0
"""Seconds after which a command is given up."""


class PatienceError(Exception):
    """A command took too long."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that is over."""

    seconds: Seconds
    status: int
    output: str
    errors: str


def policyc(*arguments: str) -> list[str]:
    """Return the command as users type it, of this checkout."""
    script = Path(sys.executable).with_name("policyc")
    program = [str(script)] if script.exists() else [sys.executable, "-m", "policyc"]

    return [*program, *arguments]


def environment(cache: Path | None = None) -> dict[str, str]:
    """Return the environment of what is measured: this checkout, and caches in a folder of their own, or none."""
    paths = (str(ROOT), os.environ.get("PYTHONPATH", ""))
    added = {"PYTHONPATH": os.pathsep.join(path for path in paths if path), "POLICYC_CACHE": ""}
    if cache is not None:
        added |= {"XDG_CACHE_HOME": str(cache), "POLICYC_CACHE": str(cache / "policyc")}

    return {**os.environ, **added}


def run(command: Sequence[str], folder: Path, cache: Path | None = None, patience: float = PATIENCE) -> Ran:
    """Run a command to its end, or raise PatienceError."""
    start = now()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment(cache),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as running:
        try:
            output, errors = running.communicate(timeout=patience)
        except BaseException as stopped:
            os.killpg(running.pid, signal.SIGKILL)  # and what it started
            if isinstance(stopped, subprocess.TimeoutExpired):
                raise PatienceError(f"plus de {patience:.0f} s") from None
            raise

    return Ran(since(start), running.returncode, output, errors)


def alternated(measures: Sequence[Callable[[], Seconds]], times: int) -> list[Seconds]:
    """Do some measures in turn, so many times, and return the medians of each: what disturbs one disturbs all."""
    taken: list[list[Seconds]] = [[] for _ in measures]
    for _ in range(times):
        for measure, kept in zip(measures, taken, strict=True):
            kept.append(measure())

    return [
        Seconds(statistics.median(one.clock for one in kept), statistics.median(one.processor for one in kept))
        for kept in taken
    ]


def machine() -> dict[str, object]:
    """Describe this machine, and how busy it is."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    memory = next((int(line.split()[1]) / 2**20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)

    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory": round(memory, 1),
        "system": f"{os.uname().sysname} {os.uname().machine}",
        "python": sys.version.split()[0],
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "load": round(os.getloadavg()[0], 2),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def keep(file: Path, found: dict[str, object]) -> None:
    """Write what was measured."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
