"""Hold policyc (or a PBX) to the independent judge, over seeded random policies and calls.

    python tests/judge/differential.py 0 200        # seeds 0..200, both included, on policyc's own interpreter
    …  --engine asterisk        the compiled dialplan on a real Asterisk (tests/pbx/asterisk-sandbox fetches it)
    …  --engine freeswitch      … on a real FreeSWITCH (of PATH, or of $POLICYC_FREESWITCH)
    …  --ambiguous              also calls whose answer hangs on a reading of the contract (which is named)
    …  --shrink                 reduce each disagreeing policy to a few plain lines
    …  --without nfd --with curly-quotes      features of the spelling, see generate.py
    …  --print 17               the policy and calls of one seed, nothing run

Exit status: 0 agreement, 1 disagreements or policies refused, 2 bad usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `judge`
    sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from judge.generate import FEATURES, OPTIONAL, Case, TaggedCall, generate, render, witness
from judge.judge import Block, Call, NumberList, Policy, events

# --- adapters: the only places that know an engine ----------------------------------------------------------


def run_policyc(policy_text: str, calls: Sequence[Call]) -> list[str]:
    """The events of each call as policyc says; any exception counts as the policy being refused."""
    import policyc

    policy = policyc.load_text(policy_text)
    return [
        policyc.events(
            policy,
            policyc.call_from(
                each.presented, each.called, each.instant, internal=each.internal, restricted=each.restricted
            ),
            each.lines,
        )
        for each in calls
    ]


def run_asterisk(policy_text: str, calls: Sequence[Call]) -> list[str]:
    """The events of each call as a real Asterisk plays them from the compiled dialplan."""
    return asyncio.run(on_asterisk(policy_text, calls))


async def on_asterisk(policy_text: str, calls: Sequence[Call]) -> list[str]:
    """The same, for callers that run several side by side."""
    from pbx.asterisk import Asterisk
    from pbx.compiled import write

    import policyc

    policy = policyc.load_text(policy_text)
    with tempfile.TemporaryDirectory(prefix="policyc-judge-") as folder:
        write(policy, Path(folder))
        async with Asterisk(folder) as asterisk:
            if asterisk.log:
                raise ValueError("\n".join(asterisk.log))
            seen = await asyncio.gather(
                *(
                    asterisk.call(
                        entry="internal" if each.internal else "external",
                        caller=each.presented,
                        restricted=each.restricted,
                        to=each.called,
                        at=each.instant.replace(tzinfo=policy.zone),
                        lines=each.lines,
                    )
                    for each in calls
                )
            )
    return [each.events for each in seen]


def run_freeswitch(policy_text: str, calls: Sequence[Call]) -> list[str]:
    """The events of each call as a real FreeSWITCH plays them from the compiled dialplan."""
    return asyncio.run(on_freeswitch(policy_text, calls))


async def on_freeswitch(policy_text: str, calls: Sequence[Call]) -> list[str]:
    """The same, for callers that run several side by side."""
    from pbx.freeswitch import FreeSwitch
    from pbx.freeswitch_compiled import write

    import policyc

    policy = policyc.load_text(policy_text)
    with tempfile.TemporaryDirectory(prefix="policyc-judge-") as folder:
        write(policy, Path(folder))
        async with FreeSwitch(folder) as freeswitch:
            if freeswitch.log:
                raise ValueError("\n".join(freeswitch.log))
            seen = await asyncio.gather(
                *(
                    freeswitch.call(
                        entry="internal" if each.internal else "external",
                        caller=each.presented,
                        restricted=each.restricted,
                        to=each.called,
                        at=each.instant.replace(tzinfo=policy.zone),
                        lines=each.lines,
                    )
                    for each in calls
                )
            )
    return [greeted(each.events, call.lines) for each, call in zip(seen, calls, strict=True)]


def greeted(seen: str, lines: Mapping[str, str]) -> str:
    """The events with the greeting that the others give: a mailbox of FreeSWITCH has one, whatever the line."""
    last = re.search(r"ring (\S+) \d+s > voicemail \S+ (?P<greeting>unavailable)$", seen)
    busy = last is not None and lines.get(last[1]) == "busy"
    return f"{seen[: last.start('greeting')]}busy" if last and busy else seen


ENGINES: dict[str, Callable[[str, Sequence[Call]], list[str]]] = {
    "policyc": run_policyc,
    "asterisk": run_asterisk,
    "freeswitch": run_freeswitch,
}

# --- comparing ----------------------------------------------------------------------------------------------

Engine = Callable[[str, Sequence[Call]], list[str]]


def disagreements(case: Case, engine: Engine, ambiguous: bool) -> list[tuple[TaggedCall, str]]:
    tagged = [each for each in case.calls if ambiguous or not each.hangs_on]
    answers = engine(case.text, [each.call for each in tagged])
    if len(answers) != len(tagged):
        raise ValueError(f"{len(tagged)} calls, {len(answers)} answers")
    return [(each, answer) for each, answer in zip(tagged, answers, strict=True) if answer != each.expected]


def smaller(policy: Policy) -> Iterator[Policy]:
    """Every policy with one thing less, large things first."""
    for at, block in enumerate(policy.blocks):
        before, after = policy.blocks[:at], policy.blocks[at + 1 :]
        yield replace(policy, blocks=before + after)
        if len(block.rules) > 1:
            for i in range(len(block.rules)):
                less = replace(block, rules=block.rules[:i] + block.rules[i + 1 :])
                yield replace(policy, blocks=(*before, less, *after))
        yield from (replace(policy, blocks=(*before, less, *after)) for less in simpler_blocks(block))
    unused = [each for each in policy.lists if f"ListRef(name={each.name!r})" not in repr(policy.blocks)]
    yield from (replace(policy, lists=tuple(x for x in policy.lists if x is not each)) for each in unused)
    for known in policy.lists:
        for i in range(len(known.items) if len(known.items) > 1 else 0):
            less_list = NumberList(known.name, known.items[:i] + known.items[i + 1 :])
            yield replace(policy, lists=tuple(less_list if x is known else x for x in policy.lists))
    for hours in policy.hours:
        if f"name={hours.name!r}" not in repr(policy.blocks):
            yield replace(policy, hours=tuple(x for x in policy.hours if x is not hours))
    for closure in policy.closures:
        if f"name={closure.name!r}" not in repr(policy.blocks):
            yield replace(policy, closures=tuple(x for x in policy.closures if x is not closure))
    if policy.holidays and "kind='holidays'" not in repr(policy.blocks):
        yield replace(policy, holidays=frozenset(), holiday_years=None)


def simpler_blocks(block: Block) -> Iterator[Block]:
    for i, rule in enumerate(block.rules):
        variants = []
        for name in ("callers", "excepted", "times"):
            parts = getattr(rule, name)
            if len(parts) > (name == "callers"):
                variants += [replace(rule, **{name: parts[:k] + parts[k + 1 :]}) for k in range(len(parts))]
        if rule.until:
            variants.append(replace(rule, until=None))
        if rule.only:
            variants.append(replace(rule, only=""))
        for variant in variants:
            yield replace(block, rules=(*block.rules[:i], variant, *block.rules[i + 1 :]))


def shrink(policy: Policy, call: Call, engine: Engine) -> tuple[str, str, str] | None:
    """A smaller policy, written plainly, on which the same call still disagrees: text, expected, answer.

    None when the plain spelling of the whole policy agrees: the fault is in reading the fancy one.
    """

    def attempt(candidate: Policy) -> tuple[str, str, str] | None:
        text = render(candidate, random.Random(0), plain=True)
        expected = events(candidate, call)
        try:
            [answer] = engine(text, [call])
        except Exception:  # noqa: BLE001  a refused candidate is no candidate
            return None
        return (text, expected, answer) if answer != expected else None

    found = attempt(policy)
    while found:
        for candidate in smaller(policy):
            if less := attempt(candidate):
                policy, found = candidate, less
                break
        else:
            break
    return found


def report(case: Case, tagged: TaggedCall, answer: str) -> str:
    lines = [
        f"seed {case.seed}: {witness(case.policy, tagged.call)}",
        f"    judge  {tagged.expected}",
        f"    engine {answer}",
    ]
    if tagged.hangs_on:
        lines.append(f"    hangs on {', '.join(tagged.hangs_on)}")
    return "\n".join(lines)


def told(case: Case, found: Sequence[tuple[TaggedCall, str]]) -> str:
    """Disagreements as a test reports them, with how to look closer."""
    reports = [report(case, tagged, answer) for tagged, answer in found]
    return "\n".join((*reports, f"python tests/judge/differential.py {case.seed} {case.seed} --shrink"))


def dump(case: Case, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case.seed}.pol").write_text(case.text, encoding="utf-8", newline="")
    calls = [
        {
            "presented": each.call.presented,
            "internal": each.call.internal,
            "restricted": each.call.restricted,
            "called": each.call.called,
            "instant": each.call.instant.isoformat(),
            "lines": dict(each.call.lines),
            "expected": each.expected,
            "hangs_on": each.hangs_on,
        }
        for each in case.calls
    ]
    (folder / f"{case.seed}.json").write_text(json.dumps(calls, ensure_ascii=False, indent=1), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    known = sorted(FEATURES | OPTIONAL)
    parser = argparse.ArgumentParser(description="policyc against the independent judge")
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=50)
    parser.add_argument("--calls", type=int, default=80, help="calls per policy")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="policyc")
    parser.add_argument("--ambiguous", action="store_true")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--show", type=int, default=3, help="disagreements shown per seed")
    parser.add_argument("--with", dest="more", action="append", default=[], choices=known, metavar="FEATURE")
    parser.add_argument("--without", dest="less", action="append", default=[], choices=known, metavar="FEATURE")
    parser.add_argument("--dump", type=Path, help="write every policy and its calls into this folder")
    parser.add_argument("--traceback", action="store_true", help="of refusals")
    parser.add_argument("--print", dest="only", type=int, metavar="SEED")
    asked = parser.parse_args(arguments)
    features = FEATURES.union(asked.more).difference(asked.less)

    if asked.only is not None:
        case = generate(asked.only, asked.calls, features)
        print(case.text)
        for each in case.calls:
            print(witness(case.policy, each.call), "=>", each.expected, *each.hangs_on)
        return 0

    engine = ENGINES[asked.engine]
    counts: Counter[str] = Counter()
    for seed in range(asked.first, asked.last + 1):
        case = generate(seed, asked.calls, features)
        counts["policies"] += 1
        if asked.dump:
            dump(case, asked.dump)
        try:
            found = disagreements(case, engine, asked.ambiguous)
        except Exception as error:  # noqa: BLE001  every refusal is reported, whatever its type
            counts["refused"] += 1
            print(f"seed {seed}: refused: {type(error).__name__}: {error}")
            if asked.traceback:
                traceback.print_exc(file=sys.stdout)
            continue
        counts["calls"] += sum(asked.ambiguous or not each.hangs_on for each in case.calls)
        counts["disagreements"] += len(found)
        for tagged, answer in found[: asked.show]:
            print(report(case, tagged, answer))
        if len(found) > asked.show:
            print(f"    … and {len(found) - asked.show} more of seed {seed}")
        if found and asked.shrink:
            reduced = shrink(case.policy, found[0][0].call, engine)
            if reduced is None:
                print("    written plainly, the policy agrees: the fault is in how a spelling is read")
            else:
                print(f"    reduced; judge {reduced[1]!r}, engine {reduced[2]!r}:")
                print("".join(f"      | {line}\n" for line in reduced[0].splitlines() if line), end="")
    print(", ".join(f"{counts[name]} {name}" for name in ("policies", "calls", "disagreements", "refused")))
    return 1 if counts["disagreements"] or counts["refused"] else 0


if __name__ == "__main__":
    sys.exit(main())
