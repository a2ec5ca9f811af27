"""Measure routing on a real Asterisk: a whole policy against one of its extensions alone, harness subtracted.

    tests/pbx/asterisk-sandbox
    python tests/bench/routing.py [--extensions N] [--policy friendly|mixed] [--rounds N] [--json FILE]

The same calls are placed to one extension of 15 rules in a dialplan of its own, to the same one among all, and, step
for step alike, to extensions all over the policy. Which steps a call runs is seen on another instance beforehand; those
of an extension alone and among all must be the same.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `bench`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from bench import callers, commands, policies, tables
from bench.baseline import Seconds
from bench.quiet import AT_A_TIME, Loaded, Placed, Quiet, applications, costs
from pbx import compiled

import policyc

CALLS = 1000
"""Calls of each kind, placed in turn."""
SPREAD = 3000
"""Calls all over the policy among which those are chosen that run the same steps."""
CANDIDATES = 60
"""Extensions among which the one is chosen for most of whose rules there is a call."""
RELOADS, LONG = 3, 10.0
"""How often a dialplan is loaded again, unless that takes so many seconds."""

Figures = dict[str, Any]


def alone(text: str, number: str) -> str:
    """Return a policy without all extensions but one, and those that its rules name, which keep no rules."""
    head, *blocks = text.split("\npour ")
    lines = {words[1]: line for line in head.split("\n") if (words := line.split(maxsplit=2))[:1] == ["poste"]}
    names = {extension: _name(line) for extension, line in lines.items()}
    kept = [block for block in blocks if block.startswith(("tous", names[number] + "\n"))]
    said = "\n".join(kept)
    left = {line for extension, line in lines.items() if extension != number and not _names(said, extension, names)}

    return "\npour ".join(["\n".join(line for line in head.split("\n") if line not in left), *kept])


def _name(line: str) -> str:
    """Return the name in a line of an extension, as it is written: a word, or quoted."""
    rest = line.split(maxsplit=2)[2]
    closing = {'"': '"', "«": "»"}.get(rest[0])

    return rest[: rest.index(closing, 1) + 1] if closing else rest.split()[0]


def _names(said: str, extension: str, names: dict[str, str]) -> bool:
    bare = names[extension].strip('"«» ')

    return bare in said or f" {extension} " in said.replace("\n", " ").replace(",", " ")


async def seen(
    folder: Path, calls: Sequence[Placed], database: Mapping[str, str] | None = None
) -> list[tuple[str, ...]]:
    """Return the applications that each call runs on an instance of the tests; its events must be those expected."""
    async with Loaded(folder, database) as instance:
        observed = await asyncio.gather(
            *(instance.call(entry="external", caller=call.caller, to=call.to, at=call.at) for call in calls)
        )
    for call, one in zip(calls, observed, strict=True):
        if one.events != call.events:
            raise AssertionError(call, one.events)

    return [applications(one.steps) for one in observed]


def the_one(policy: policyc.Policy, draw: Random) -> tuple[str, list[Placed]]:
    """Choose an extension that has a call for most of its rules."""
    numbers = list(policy.own)[:CANDIDATES]

    return max(
        ((number, list(callers.for_extension(policy, number, draw))) for number in numbers), key=lambda one: len(one[1])
    )


async def measure(kind: str, extensions: int, rounds: int, folder: Path) -> Figures:
    """Measure one policy."""
    draw = Random(f"{kind} {extensions}")
    text = policies.POLICIES[kind](extensions)
    whole = policyc.load_text(text)
    number, calls = the_one(whole, draw)
    single = policyc.load_text(alone(text, number))
    compiled.write(whole, folder / "all", whole=False)
    compiled.write(single, folder / "one", whole=False)

    spread = callers.at_random(whole, min(SPREAD, 30 * extensions), draw)
    steps = await seen(folder / "all", [*calls, *spread])
    by_steps = defaultdict(list)
    for call, ran in zip(spread, steps[len(calls) :], strict=True):
        by_steps[ran].append(call)
    alike = await seen(folder / "one", calls)
    kept = [call for call, ran, apart in zip(calls, steps, alike, strict=False) if ran == apart and ran in by_steps]
    if len(kept) < len(calls) // 2:
        raise AssertionError(kind, len(kept), len(calls))
    same = [kept[nth % len(kept)] for nth in range(CALLS)]
    ran_by = dict(zip(calls, alike, strict=True))
    all_over = [by_steps[ran_by[call]][nth % len(by_steps[ran_by[call]])] for nth, call in enumerate(same)]

    async with AsyncExitStack() as stack:
        instances = {name: await stack.enter_async_context(Quiet(folder / name)) for name in ("one", "all")}
        found: Figures = {"load": {name: loaded(instance) for name, instance in instances.items()}}
        batches = {
            "one": (instances["one"], same),
            "same": (instances["all"], same),
            "spread": (instances["all"], all_over),
        }
        found["calls"] = {name: cost.as_data() for name, cost in costs(batches, rounds).items()}

    return found | {
        "rules": [extensions * policies.RULES_EACH, policies.RULES_EACH],
        "kept": [len(kept), len(calls)],
        "steps": [min(map(len, alike)), max(map(len, alike))],
        "extensions-called": len({call.to for call in all_over}),
        "placed": rounds * AT_A_TIME,
    }


def loaded(instance: Quiet) -> Figures:
    """Say what a dialplan weighs, what it takes to load it again (the quickest counts), and in memory, load by load."""
    size = sum(file.stat().st_size for file in instance.confdir.iterdir())
    memory, reloads = [instance.memory()], list[Seconds]()
    while len(reloads) < RELOADS and sum(one.clock for one in reloads) < LONG:
        reloads.append(instance.reload())
        memory.append(instance.memory())
    quickest = min(reloads, key=lambda one: one.clock)

    return {"bytes": size, "memory": memory, "clock": quickest.clock, "processor": quickest.processor}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Mesure le routage sur un vrai Asterisk.")
    arguments.add_argument("--extensions", type=int, default=policies.FULL_SIZE, help="postes : 100 à 10000")
    arguments.add_argument("--policy", choices=tuple(policies.POLICIES), help="une seule des politiques")
    arguments.add_argument("--rounds", type=int, default=120, help=f"tours de {AT_A_TIME} appels de chaque sorte")
    arguments.add_argument("--json", type=Path, help="écrire aussi les mesures dans ce fichier")
    asked = arguments.parse_args()

    found: Figures = {"what": "routing", "machine": commands.machine(), "extensions": asked.extensions, "policies": {}}
    for kind in policies.POLICIES:
        if asked.policy in (None, kind):
            with tempfile.TemporaryDirectory() as folder:
                found["policies"][kind] = asyncio.run(measure(kind, asked.extensions, asked.rounds, Path(folder)))
    if asked.json:
        commands.keep(asked.json, found)
    print(tables.routing(found))


if __name__ == "__main__":
    main()
