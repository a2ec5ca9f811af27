"""Measure policyc's files beside what others have: two linters that read them, and layouts written by hand in Asterisk.

    tests/pbx/asterisk-sandbox
    python tests/bench/peers.py [--extensions N] [--rounds N] [--only linters|layouts] [--json FILE]

asterisklint and frslint are installed into a temporary environment, and are nothing policyc depends on. They check the
syntax and the names in files; `policyc verify` runs every call through them. Both are measured: reading alone, which is
the nearest to what they do, and the whole proof. The layouts (layouts.py) are first seen to route sample calls as the
policy says.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `bench`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from bench import callers, commands, layouts, policies, tables
from bench.commands import PatienceError
from bench.quiet import AT_A_TIME, Quiet, costs
from bench.routing import CALLS, loaded, seen
from pbx import compiled

import policyc

HERE = Path(__file__).resolve()
KIND = "friendly"
LINTERS = ("asterisklint==0.4.3", "frslint==0.1.0")
READING = {
    "asterisk": {
        "asterisklint dialplan-check": ["asterisklint", "dialplan-check", "build/asterisk/extensions.conf"],
    },
    "freeswitch": {
        "frslint lint": ["frslint", "lint", "build/freeswitch/freeswitch.xml"],
        "frslint analyze": ["frslint", "analyze", "build/freeswitch/freeswitch.xml"],
    },
}
OURS = "policyc"
ENTRY, STRANGER = "policyc, l'entrée seule : un numéro hors de la politique", "99999"
BEHIND = ", derrière l'entrée de policyc"
TURNS = 2
"""How often each reader reads; the quicker counts."""
PATIENCE = 300.0
"""Seconds after which a reader is given up."""
SAMPLE_SIZE, SAMPLE = policies.LEAST_SIZE, 150
"""Extensions and calls of the trial that each layout routes as the policy says."""

Figures = dict[str, Any]


# ---- linters


def installed(folder: Path) -> Path | str:
    """Return the folder of programs of an environment with the linters, or why there is none."""
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    ran = commands.run([str(programs / "python"), "-m", "pip", "install", "-q", *LINTERS], folder, patience=PATIENCE)

    return programs if ran.status == 0 else ran.errors.strip().splitlines()[-1]


def read(target: str, build: Path) -> None:
    """Read the file of a target as `policyc verify` does before it follows calls, and every line of it."""
    if target == "asterisk":
        from policyc.targets.asterisk import reader

        file = "policyc.conf"
        dialplan = reader.read({file: (build / target / file).read_text(encoding="utf-8")}, file)
        list(dialplan.contexts.values())  # each is read when it is asked for
    else:
        from policyc.targets.freeswitch.reader import dialplan as xml

        file = "policyc.xml"
        found = xml.read({file: (build / target / file).read_text(encoding="utf-8")})
        for context in found.contexts.values():
            context.candidates()


def linters(extensions: int, folder: Path) -> Figures:
    """Measure readers of the files of one policy, each in a process of its own."""
    (folder / "policy.pol").write_text(policies.POLICIES[KIND](extensions), encoding="utf-8")
    ran = commands.run(commands.policyc("compile", "policy.pol", "--no-verify"), folder, folder / "cache")
    if ran.status:
        raise AssertionError(ran.errors)
    programs = installed(folder / "programs")
    found: Figures = {}
    for target, theirs in READING.items():
        size = sum(file.stat().st_size for file in (folder / "build" / target).iterdir())
        commands_of = {
            "policyc, lecture": [sys.executable, str(HERE), "--read", target, "build"],
            "policyc verify, preuve comprise": commands.policyc("verify", "policy.pol", "build", "--target", target),
        }
        rows: Figures = {}
        for name, (program, *arguments) in theirs.items():
            if isinstance(programs, str):
                rows[name] = {"given_up": programs}
            else:
                commands_of[name] = [str(programs / program), *arguments]
        for _ in range(TURNS):
            for name, command in commands_of.items():
                if "given_up" not in rows.get(name, {}):
                    rows[name] = quicker(rows.get(name), timed(command, folder))
        found[target] = {"extensions": extensions, "bytes": size, "rows": rows}
        for name, row in rows.items():
            print(f"  {target:<11}{name:<34}{tables.spent(row)}", file=sys.stderr, flush=True)

    return found


def quicker(before: Figures | None, now: Figures) -> Figures:
    """Return the better of two measures."""
    return now if before is None or ("clock" in now and now["clock"] < before["clock"]) else before


def timed(command: Sequence[str], folder: Path) -> Figures:
    """Measure one reading, with nothing kept of others, and keep what it says: its last words, or that all is well."""
    with tempfile.TemporaryDirectory() as cache:
        try:
            ran = commands.run(command, folder, Path(cache), PATIENCE)
        except PatienceError as given_up:
            return {"given_up": str(given_up)}
    lines = (ran.output + ran.errors).strip().splitlines()
    said = next((line for line in lines if line.startswith("✓")), lines[-1] if lines else "")

    return {"clock": ran.seconds.clock, "processor": ran.seconds.processor, "status": ran.status, "said": said}


# ---- layouts


def written(own: Path, layout: layouts.Dialplan, behind: bool, folder: Path) -> Path:
    """Write a dialplan beside the mailboxes of what policyc compiled; `behind` its reading of the caller, or whole."""
    shutil.copytree(own, folder, ignore=shutil.ignore_patterns("policyc.conf"))
    text = layout.behind((own / "policyc.conf").read_text(encoding="utf-8")) if behind else layout.text
    (folder / "policyc.conf").write_text(text, encoding="utf-8")

    return folder


class Sized:
    """The policy at one size: what policyc makes of it, what is written by hand, and calls."""

    def __init__(self, size: int, calls: int, folder: Path) -> None:
        text = policies.POLICIES[KIND](size)
        policy = policyc.load_text(text)
        self.size = size
        self.folder = folder / str(size)
        self.folder.mkdir()
        self.own = self.folder / "own"
        self.routes = layouts.routes(text)
        self.calls = callers.at_random(policy, calls, Random(f"calls {size}"), forwarded=True)
        compiled.write(policy, self.own, whole=False)

    def layout(self, name: str, behind: bool) -> tuple[Path, Mapping[str, str]]:
        """Write a layout, and return its folder and its database."""
        made = layouts.LAYOUTS[name](self.routes)
        folder = self.folder / f"{list(layouts.LAYOUTS).index(name)}-{'behind' if behind else 'whole'}"

        return written(self.own, made, behind, folder), made.database


def kinds() -> Iterator[tuple[str, bool]]:
    """Yield the layouts, whole and then, but for those that take long to load, behind policyc's reading."""
    for behind in (False, True):
        for name in layouts.LAYOUTS:
            if not (behind and name in layouts.HEAVY):
                yield name, behind


async def tried(folder: Path) -> None:
    """See that each layout routes some calls of a small policy as it says."""
    small = Sized(SAMPLE_SIZE, SAMPLE, folder)
    for name, behind in kinds():
        place, database = small.layout(name, behind)
        await seen(place, small.calls, database)


async def compared(extensions: int, rounds: int, folder: Path) -> Figures:
    """Load every layout and place the same calls in all; one that does not load in time is loaded at a tenth."""
    (folder / "trial").mkdir()
    await tried(folder / "trial")
    sizes = [Sized(one, CALLS, folder) for one in dict.fromkeys((extensions, max(extensions // 10, SAMPLE_SIZE)))]
    batches = {}
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(Quiet(sizes[0].own))
        found: Figures = {OURS: {"extensions": extensions, "load": loaded(own)}}
        found[ENTRY] = found[OURS]
        batches[OURS] = (own, sizes[0].calls)
        batches[ENTRY] = (own, [replace(call, to=STRANGER) for call in sizes[0].calls])
        for name, behind in kinds():
            key = f"{name}{BEHIND if behind else ''}"
            found[key] = {"behind": behind}
            for sized in sizes:
                print(f"  {key:<80}{sized.size} postes", file=sys.stderr, flush=True)
                instance = Quiet(*sized.layout(name, behind))
                try:
                    await stack.enter_async_context(instance)
                except TimeoutError:
                    found[key]["given_up"] = sized.size
                    continue
                found[key] |= {"extensions": sized.size, "load": loaded(instance)}
                batches[key] = (instance, sized.calls)
                break
        for key, cost in costs(batches, rounds).items():
            found[key] = {**found[key], "calls": cost.as_data()}

    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description="Mesure ce que d'autres font des mêmes fichiers, du même routage.")
    arguments.add_argument("--extensions", type=int, default=policies.FULL_SIZE, help="postes : 100 à 10000")
    arguments.add_argument("--rounds", type=int, default=60, help=f"tours de {AT_A_TIME} appels dans chaque plan")
    arguments.add_argument("--only", choices=("linters", "layouts"), help="une moitié seulement")
    arguments.add_argument("--json", type=Path, help="écrire aussi les mesures dans ce fichier")
    arguments.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.read:
        read(asked.read[0], Path(asked.read[1]))
        return

    found: Figures = {"what": "peers", "machine": commands.machine(), "extensions": asked.extensions}
    with tempfile.TemporaryDirectory() as folder:
        if asked.only != "layouts":
            (Path(folder) / "linters").mkdir()
            found["linters"] = linters(asked.extensions, Path(folder) / "linters")
        if asked.only != "linters":
            found["layouts"] = asyncio.run(compared(asked.extensions, asked.rounds, Path(folder)))
    if asked.json:
        commands.keep(asked.json, found)
    print(tables.peers(found))


if __name__ == "__main__":
    main()
