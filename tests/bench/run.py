"""Measure the compiler on generated policies, beside the yardstick of baseline.py.

    python tests/bench/run.py [--extensions N] [--policy friendly|mixed] [--repeat N]

Everything is written to a temporary folder. Baseline and stages run in a process of their own each, so that
no measure inherits the memory of another; of several runs the quickest counts.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import baseline
import policies
from baseline import Seconds

HERE = Path(__file__).resolve()
POLICY = "policy.pol"
BASELINE, BARE = "baseline", "baseline-no-gc"

Figures = dict[str, Seconds]


class FaultyPolicyError(Exception):
    """The compiler finds an error in a generated policy: figures would mean nothing."""


# The stages, in order. Each takes the folder of the policy and what the earlier ones returned, by name, and
# returns what the later ones need. Imports are inside: they count in the stage that needs them.


def parse(folder: Path, _done: dict[str, Any]) -> Any:
    from policyc.files import DiskFiles
    from policyc.project import load

    return accept(load(DiskFiles(folder), [POLICY]))


def resolve(_folder: Path, done: dict[str, Any]) -> Any:
    from policyc.resolve import resolve as stage

    return accept(stage(done["parse"]))


def check(_folder: Path, done: dict[str, Any]) -> Any:
    from policyc.checks import check as stage

    return accept((None, stage(done["resolve"])))


def lower(_folder: Path, done: dict[str, Any]) -> Any:
    from policyc import decision

    policy = done["resolve"]
    return [
        decision.lower(decision.partition_of(policy.zone, rules), rules)
        for number in policy.extensions
        for rules in policy.layers(number)
        if rules
    ]


def render(target: str) -> Callable[[Path, dict[str, Any]], Any]:
    """Return the stage that renders for a target. It lowers the rules anew where it needs tables."""

    def stage(_folder: Path, done: dict[str, Any]) -> Any:
        from policyc import targets

        found = targets.find(target)
        return found.render(done["resolve"], found.DEFAULTS).files

    return stage


def write(folder: Path, done: dict[str, Any]) -> Any:
    from policyc import output

    return [output.write(folder / "build" / target, done[f"render {target}"]) for target in TARGETS]


TARGETS = ("asterisk", "freeswitch", "3cx")
STAGES: list[tuple[str, Callable[[Path, dict[str, Any]], Any]]] = [
    ("parse", parse),
    ("resolve", resolve),
    ("check", check),
    ("lower", lower),
    *((f"render {target}", render(target)) for target in TARGETS),
    ("write", write),
]

# The command as a user types it, in the folder of the policy.
COMMAND = f"policyc compile {POLICY} --target asterisk --out build".split()


def accept(result: tuple[Any, tuple[Any, ...]]) -> Any:
    """Return the value of a stage whose diagnostics hold no error."""
    from policyc.diagnostics import has_errors

    value, diagnostics = result
    if has_errors(diagnostics):
        raise FaultyPolicyError(sorted({diagnostic.code for diagnostic in diagnostics}))

    return value


def run_stages(folder: Path) -> Figures:
    """Return what each stage takes."""
    done: dict[str, Any] = {}
    figures: Figures = {}
    for name, stage in STAGES:
        start = baseline.now()
        done[name] = stage(folder, done)
        figures[name] = baseline.since(start)

    return figures


def child(task: str, folder: Path) -> tuple[Figures, str]:
    """Do one measure in a fresh process and return its figures and its peak of memory, in words."""
    finished = subprocess.run(
        [sys.executable, str(HERE), "--child", task, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        env=environment(),
    )

    read = json.loads(finished.stdout)
    figures = {name: Seconds(*seconds) for name, seconds in read["figures"].items()}

    return figures, f"{read['peak']:.0f} Mio"


def environment() -> dict[str, str]:
    """Let the measured processes find a checkout that is not installed."""
    paths = (str(HERE.parents[2]), os.environ.get("PYTHONPATH", ""))

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def child_main(task: str, folder: Path) -> None:
    if task == "stages":
        figures = run_stages(folder)
    else:
        figures = {task: baseline.measure(folder / POLICY, collect=task == BASELINE)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"figures": figures, "peak": peak}, sys.stdout)


def whole(folder: Path) -> Seconds:
    """Return what the whole command takes."""
    start = baseline.now()
    command = [sys.executable, "-m", *COMMAND]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True, env=environment())
    return baseline.since(start)


def total(figures: Figures) -> Seconds:
    """Add the stages."""
    return Seconds(sum(one.clock for one in figures.values()), sum(one.processor for one in figures.values()))


def quickest(task: str, folder: Path, repeat: int) -> tuple[Figures, str]:
    """Measure several times and return the quickest."""
    return min((child(task, folder) for _ in range(repeat)), key=lambda measured: total(measured[0]).clock)


def report(kind: str, extensions: int, repeat: int, folder: Path) -> None:
    """Measure one policy and print its table, row by row."""
    load = os.getloadavg()[0]
    start = baseline.now()
    text = policies.POLICIES[kind](extensions)
    (folder / POLICY).write_text(text, encoding="utf-8")
    generated = baseline.since(start)
    rules, size = extensions * policies.RULES_EACH, len(text.encode()) / 1e6
    print(f"\n{kind} : {extensions} postes, {rules} règles, {size:.1f} Mo")
    print(f"charge de la machine : {load:.1f} pour {os.cpu_count()} cœurs")
    print(f"  {'':<26}{'horloge':>10}{'':>10}{'processeur':>12}")

    figures, peak = quickest(BASELINE, folder, repeat)
    yardstick = total(figures).clock
    row("écriture de la politique", generated, yardstick)
    row("B : Lark seul", total(figures), yardstick, peak)
    figures, peak = quickest(BARE, folder, repeat)
    row("B sans ramasse-miettes", total(figures), yardstick, peak)
    figures, peak = quickest("stages", folder, repeat)
    for name, seconds in figures.items():
        row(name, seconds, yardstick)
    row("somme des étapes", total(figures), yardstick, peak)
    row("commande entière", min(whole(folder) for _ in range(repeat)), yardstick)


def row(name: str, seconds: Seconds, yardstick: float, note: str = "") -> None:
    """Print a row: seconds by the clock, the same in B, seconds of processor."""
    figures = f"{seconds.clock:8.2f} s{seconds.clock / yardstick:8.2f} B{seconds.processor:10.2f} s"
    print(f"  {name:<26}{figures}  {note}".rstrip(), flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description="Mesure le compilateur sur des politiques engendrées.")
    arguments.add_argument("--extensions", type=int, default=policies.FULL_SIZE, help="postes : 100 à 10000")
    arguments.add_argument("--policy", choices=tuple(policies.POLICIES), help="une seule des politiques")
    arguments.add_argument("--repeat", type=int, default=1, help="garder la meilleure de tant de mesures")
    arguments.add_argument("--child", choices=(BASELINE, BARE, "stages"), help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.child:
        child_main(asked.child, asked.folder)
        return
    for kind in policies.POLICIES:
        if asked.policy in (None, kind):
            with tempfile.TemporaryDirectory() as folder:
                report(kind, asked.extensions, asked.repeat, Path(folder))


if __name__ == "__main__":
    main()
