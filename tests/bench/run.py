"""Measure the compiler on generated policies, beside the yardstick of baseline.py.

    python tests/bench/run.py [--extensions N] [--policy friendly|mixed] [--only NAME]... [--repeat N] [--json FILE]

Everything is written to a temporary folder. What is measured is the command as users type it, in a process of its own
each time; compiled bytecode is there, caches and output are not, unless the measure is of a warm run. B is measured
before and after; the quicker one counts, which is the stricter.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `bench`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from bench import changes, commands, policies, tables
from bench.baseline import Seconds
from bench.commands import PatienceError, Ran, policyc

HERE = Path(__file__).resolve().parent
POLICY = "policy.pol"
TARGETS = ("asterisk", "freeswitch", "3cx")
SMALL_CHECK = 200
CHECKS = 15
"""How often `check` and the imports are run in turn."""
CHANGED_RULES = 10
WARM_PLACES = (0.3, 0.5, 0.7)
MEASURES = ("compile", "proof", "memory", "warm", "check", "diff", "growth")

Figures = dict[str, Any]


class FaultyPolicyError(Exception):
    """A command fails where it should not: figures would mean nothing."""


class Place:
    """A folder with a policy, and a cache of its own beside it: as cold as can be."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder / "project"
        self.cache = folder / "cache"
        self.folder.mkdir(parents=True)
        self.write(text)

    def write(self, text: str) -> None:
        (self.folder / POLICY).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> Ran:
        return commands.run(policyc(*arguments), self.folder, self.cache)

    def files(self) -> dict[str, bytes]:
        """Return what was compiled, by path."""
        build = self.folder / "build"
        files = [file for target in TARGETS for file in (build / target).rglob("*") if file.is_file()]

        return {str(file.relative_to(build)): file.read_bytes() for file in files}

    def withheld(self, targets: Sequence[str]) -> list[str]:
        """Name the targets for which nothing was written."""
        return [target for target in targets if not (self.folder / "build" / target).is_dir()]


def compiling(targets: Sequence[str], *more: str) -> list[str]:
    return ["compile", POLICY, *(word for target in targets for word in ("--target", target)), *more]


def compiled(place: Place, targets: Sequence[str], *more: str) -> Figures:
    """Compile in a place. Errors are accepted only where they withhold a target and no other."""
    ran = place.run(*compiling(targets, *more))
    withheld = place.withheld(targets)
    if ran.status not in ((1,) if withheld else (0,)) or len(withheld) == len(targets):
        raise FaultyPolicyError(ran.status, ran.errors[-2000:])

    return figures(ran.seconds) | {"withheld": withheld, "bytes": sum(map(len, place.files().values()))}


def figures(seconds: Seconds) -> Figures:
    return {"clock": seconds.clock, "processor": seconds.processor}


def quickest(measure: Callable[[], Figures], repeat: int) -> Figures:
    return min((measure() for _ in range(repeat)), key=lambda one: one["clock"])


def yardstick(text: str, repeat: int = 1, *more: str) -> Figures:
    """Measure B in a process of its own."""

    def once() -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder), text)
            ran = commands.run([sys.executable, str(HERE / "baseline.py"), "--both", *more, POLICY], place.folder)
            if ran.status:
                raise FaultyPolicyError(ran.errors)
            clock, processor = map(float, ran.output.split())
            return {"clock": clock, "processor": processor}

    return quickest(once, repeat)


# ---- the measures


class Bench:
    """One policy at one size, and what was found of it."""

    def __init__(self, kind: str, extensions: int, only: Sequence[str], repeat: int) -> None:
        self.kind = kind
        self.extensions = extensions
        self.only = only
        self.repeat = repeat
        self.text = policies.POLICIES[kind](extensions)
        self.found: Figures = {}

    def measure(self) -> Figures:
        """Do what is asked, B first and last."""
        self.found |= {"bytes": len(self.text.encode()), "rules": self.extensions * policies.RULES_EACH}
        self.found["load"] = [os.getloadavg()[0]]
        self.found["B"] = [self._said("B", partial(yardstick, self.text))]
        self._keep("B-bare", partial(yardstick, self.text, 1, "--no-gc"))
        for name in MEASURES:
            if name in self.only:
                getattr(self, f"_{name}")()
        self.found["B"].append(self._said("B", partial(yardstick, self.text)))
        self.found["load"].append(os.getloadavg()[0])

        return self.found

    def _said(self, name: str, measure: Callable[[], Figures]) -> Figures:
        """Do one measure, and say so: it may take long."""
        try:
            found = measure()
        except PatienceError as given_up:
            found = {"given_up": str(given_up)}
        print(f"  {self.kind:<9} {name:<28} {tables.spent(found)}", file=sys.stderr, flush=True)

        return found

    def _keep(self, name: str, measure: Callable[[], Figures]) -> None:
        self.found[name] = self._said(name, measure)

    def _cold(self, targets: Sequence[str], *more: str) -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            return compiled(Place(Path(folder), self.text), targets, *more)

    def _target_sets(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield all targets and, where some cannot say the policy, those that can."""
        yield "", TARGETS
        if withheld := self.found.get("compile", {}).get("withheld"):
            yield "-said", [target for target in TARGETS if target not in withheld]

    def _compile(self) -> None:
        for name, targets in self._target_sets():
            self._keep(f"compile{name}", partial(quickest, partial(self._cold, targets, "--no-verify"), self.repeat))

    def _proof(self) -> None:
        for name, targets in self._target_sets():
            self._keep(f"proof{name}", partial(quickest, partial(self._cold, targets), self.repeat))

    def _memory(self) -> None:
        for name, more in (("memory", ()), ("memory-without", ("--no-verify",))):
            self._keep(name, partial(self._sampled, more))

    def _sampled(self, more: Sequence[str]) -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder), self.text)
            result = Path(folder) / "sampled.json"
            command = policyc(*compiling(TARGETS, *more))
            commands.run([sys.executable, str(HERE / "sampler.py"), str(result), *command], place.folder, place.cache)

            found = dict(json.loads(result.read_text(encoding="utf-8")))
            if found["exit"] != (1 if place.withheld(TARGETS) else 0):
                raise FaultyPolicyError(found["exit"])

            return found

    def _warm(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder) / "warm", self.text)
            first = self._said("warm: the cold run", partial(compiled, place, TARGETS))
            if "given_up" in first:
                self.found["warm"] = first
                return
            self._keep("warm-same", partial(compiled, place, TARGETS))
            text, taken = self.text, []
            for share in WARM_PLACES:
                text = changes.rule(text, share)
                place.write(text)
                taken.append(self._said("warm", partial(compiled, place, TARGETS)))
            self.found["warm"] = sorted(taken, key=lambda one: one.get("clock", float("inf")))[len(taken) // 2]
            text = changes.line(text)
            place.write(text)
            self._keep("warm-line", partial(compiled, place, TARGETS))

            if "given_up" in self.found["warm-line"]:
                return
            other = Place(Path(folder) / "cold", text)  # a warm run that is quick and wrong would be no use
            compiled(other, TARGETS, "--no-verify")
            if other.files() != place.files():
                raise FaultyPolicyError("a warm run wrote other files than a cold one")

    def _check(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder), policies.POLICIES[self.kind](SMALL_CHECK))
            imports = [sys.executable, "-c", "import lark, jinja2"]

            def check() -> Seconds:
                ran = place.run("check", POLICY)
                if ran.status:
                    raise FaultyPolicyError(ran.errors)
                return ran.seconds

            def others() -> Seconds:
                return commands.run(imports, place.folder).seconds

            check(), others()  # bytecode
            ours, theirs = commands.alternated((check, others), CHECKS)
            self.found["check"] = figures(ours) | {"against": figures(theirs), "times": CHECKS}
            self._said("check", lambda: self.found["check"])

    def _diff(self) -> None:
        def once() -> Figures:
            with tempfile.TemporaryDirectory() as folder:
                place = Place(Path(folder), self.text)
                (place.folder / "new.pol").write_text(changes.rules(self.text, CHANGED_RULES), encoding="utf-8")
                ran = place.run("diff", "--exit-code", POLICY, "new.pol")
                if ran.status != 3:
                    raise FaultyPolicyError(ran.status, ran.errors[-2000:])

                return figures(ran.seconds) | {"told": ran.output.strip().splitlines()[-1]}

        self._keep("diff", partial(quickest, once, self.repeat))

    def _growth(self) -> None:
        """Measure a tenth of the size: the quickest of three, which is the stricter."""
        size = self.extensions // 10
        if size < policies.LEAST_SIZE:
            return
        small = Bench(self.kind, size, (), 3)
        small.found |= {
            "rules": size * policies.RULES_EACH,
            "B": [small._said(f"{size}: B", partial(yardstick, small.text, 3))],
        }
        for name in ("compile", "proof"):
            if name in self.found:
                more = ("--no-verify",) if name == "compile" else ()
                small.found[name] = small._said(
                    f"{size}: {name}", partial(quickest, partial(small._cold, TARGETS, *more), 3)
                )
        self.found["small"] = small.found


def main() -> None:
    arguments = argparse.ArgumentParser(description="Mesure le compilateur sur des politiques engendrées.")
    arguments.add_argument("--extensions", type=int, default=policies.FULL_SIZE, help="postes : 100 à 10000")
    arguments.add_argument("--policy", choices=tuple(policies.POLICIES), help="une seule des politiques")
    arguments.add_argument("--only", choices=MEASURES, action="append", help="une mesure ; à répéter pour d'autres")
    arguments.add_argument("--repeat", type=int, default=1, help="garder la meilleure de tant de mesures à froid")
    arguments.add_argument("--json", type=Path, help="écrire aussi les mesures dans ce fichier")
    asked = arguments.parse_args()

    found: Figures = {"what": "compiler", "machine": commands.machine(), "extensions": asked.extensions, "policies": {}}
    commands.run(policyc("--version"), HERE)  # bytecode
    for kind in policies.POLICIES:
        if asked.policy in (None, kind):
            bench = Bench(kind, asked.extensions, asked.only or MEASURES, asked.repeat)
            found["policies"][kind] = bench.measure()
            if asked.json:  # of what is long, one policy is better than none
                commands.keep(asked.json, found)
    print(tables.compiler(found))


if __name__ == "__main__":
    main()
