"""The harness of the benchmarks measures what it says, and refuses what would make figures mean nothing."""

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from bench import callers, changes, commands, layouts, policies, routing, run, sampler, tables
from bench.baseline import Seconds

import policyc

SMALL = policies.LEAST_SIZE
PLAIN = """
poste 101 Accueil messagerie
poste 102 "Dr Martin"
pour "Dr Martin"
  depuis 06* vers extension Accueil messagerie
"""
BEYOND_3CX = """
poste 101 Accueil messagerie
pour Accueil
  depuis 06* vers messagerie jusqu'au 2035-12-31
"""


@pytest.fixture(scope="module", params=policies.POLICIES)
def text(request):
    return policies.POLICIES[request.param](SMALL)


def different(old, new):
    return [pair for pair in zip(old.split("\n"), new.split("\n"), strict=True) if pair[0] != pair[1]]


# ---- changes


def test_one_rule_changes_and_then_another(text):
    once = changes.rule(text, 0.3)
    twice = changes.rule(once, 0.7)

    assert [1, 1, 2] == [len(different(*pair)) for pair in ((text, once), (once, twice), (text, twice))]


def test_as_many_rules_change_as_asked(text):
    changed = different(text, changes.rules(text, 10))

    assert 10 == len(changed)
    assert all(old.endswith(changes.BEFORE) and new.endswith(changes.AFTER) for old, new in changed)


def test_an_inserted_line_is_all_that_is_new(text):
    longer = changes.line(text).split("\n")
    longer.remove("# relu")

    assert text == "\n".join(longer)


def test_changed_policies_are_valid(text):
    changed = changes.line(changes.rules(text, 10))

    assert len(list(policyc.load_text(text).rules)) == len(list(policyc.load_text(changed).rules))


# ---- commands


def test_a_command_is_given_up():
    with pytest.raises(commands.PatienceError):
        commands.run([sys.executable, "-c", "import time; time.sleep(60)"], Path(), patience=0.2)


def test_measures_take_turns():
    turns = []
    medians = commands.alternated([lambda name=name: turns.append(name) or Seconds(len(turns), 0) for name in "ab"], 3)

    assert "ababab" == "".join(turns)
    assert [3, 4] == [one.clock for one in medians]


@pytest.mark.parametrize(("text", "withheld"), [(PLAIN, []), (BEYOND_3CX, ["3cx"])])
def test_a_target_that_is_withheld_is_told(tmp_path, text, withheld):
    found = run.compiled(run.Place(tmp_path / "place", text), run.TARGETS, "--no-verify")

    assert withheld == found["withheld"]
    assert found["bytes"] > 1000


def test_a_faulty_policy_is_no_measure(tmp_path):
    with pytest.raises(run.FaultyPolicyError):
        run.compiled(run.Place(tmp_path / "place", "pour Personne\n"), run.TARGETS, "--no-verify")


def test_a_place_is_cold(tmp_path):
    """Nothing that another run of policyc may have kept is found from there."""
    place = run.Place(tmp_path / "place", PLAIN)

    assert [] == list(place.folder.parent.glob("cache*"))
    assert str(place.cache) == commands.environment(place.cache)["XDG_CACHE_HOME"]


# ---- memory


@contextmanager
def forked():
    """A process and its child, each holding 20 MB that the other has not, until they are let go."""
    code = "import os, sys; os.fork(); held = bytearray(os.urandom(20_000_000)); print(flush=True); sys.stdin.read(1)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            process.stdout.readline()
            yield process.pid
        finally:
            process.stdin.close()


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="of Linux")
def test_memory_is_that_of_the_whole_family():
    with forked() as process:
        family = list(sampler.family(process))
        sizes = [sampler.shared_out(one) for one in family]

    assert 2 == len(family)
    assert min(sizes) > 20_000_000
    assert 40_000_000 < sum(sizes) < 80_000_000  # PSS: what both have of Python counts once


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="of Linux")
def test_the_sampler_tells_how_the_command_ended(tmp_path):
    result = tmp_path / "sampled.json"
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    subprocess.run([sys.executable, sampler.__file__, str(result), *command], check=True)

    assert 3 == json.loads(result.read_text())["exit"]


# ---- calls and layouts


def test_a_policy_of_one_extension(text):
    whole = policyc.load_text(text)
    number = list(whole.own)[7]
    single = policyc.load_text(routing.alone(text, number))

    assert [number] == list(single.own)
    assert [policies.RULES_EACH] * 2 == [len(policy.own[number]) for policy in (single, whole)]
    assert (len(whole.first), len(whole.rest)) == (len(single.first), len(single.rest))


def test_each_call_is_decided_by_its_rule(text):
    policy = policyc.load_text(text)
    calls = list(callers.for_extension(policy, list(policy.own)[3], Random("calls")))

    assert len(calls) >= policies.RULES_EACH // 2
    assert all(re.fullmatch(r"\+33[1-79]\d{8}", call.caller) for call in calls)
    assert all(call.events.split()[0] in callers.ENDS for call in calls)


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_a_layout_names_every_extension_and_every_caller(name):
    routes = layouts.routes(policies.friendly(SMALL))
    dialplan = layouts.LAYOUTS[name](routes)
    said = dialplan.text + "\n".join(f"{key} {value}" for key, value in dialplan.database.items())

    assert SMALL == len(routes)
    for own, rules in routes.items():
        assert own in said
        assert all(caller.removesuffix("*") in said for rule in rules for caller in rule.callers)


@pytest.fixture(scope="module")
def own():
    policy = policyc.load_text(policies.friendly(SMALL))

    return policyc.compile(policy, targets=["asterisk"]).files["asterisk"]["policyc.conf"]


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_a_layout_behind_the_entry_of_policyc_has_none_of_its_extensions(name, own):
    text = layouts.LAYOUTS[name](layouts.routes(policies.friendly(SMALL))).behind(own)

    assert "[policyc-caller]" in text
    assert "DIALPLAN_EXISTS" not in text
    assert not re.search(r"^\[policyc-\d+\]", text, re.MULTILINE)


@pytest.mark.pbx
@pytest.mark.usefixtures("asterisk")
def test_calls_are_measured(tmp_path):
    found = asyncio.run(routing.measure("friendly", SMALL, 2, tmp_path))

    assert {"one", "same", "spread"} == set(found["calls"])
    assert found["load"]["one"]["bytes"] < found["load"]["all"]["bytes"]


# ---- tables


def test_the_page_has_a_place_for_every_table():
    page = tables.PAGE.read_text(encoding="utf-8")
    for name in tables.TELLING:
        replaced = tables.replaced(page, name, "un tableau")

        assert "un tableau" in replaced
        assert replaced == tables.replaced(replaced, name, "un tableau")


def test_figures_are_written_as_french_does():
    assert "1\u202f234,50" == tables.number(1234.5)
    assert ["0,069 s", "1,50 s", "12,3 s"] == [tables.seconds(value) for value in (0.069, 1.5, 12.34)]


@pytest.mark.parametrize(("value", "word"), [(0.5, "atteint"), (0.6, "au-delà"), (0.71, "manqué")])
def test_a_figure_is_held_to_its_goal(value, word):
    assert word in tables.verdict(value, 0.5, 0.7)


def test_columns_align():
    lines = tables.table(("a", "bcd"), [["efgh", "i"]]).split("\n")

    assert {len(lines[0])} == {len(line) for line in lines}


def test_what_was_given_up_is_told():
    took = {"clock": 2.0, "processor": 1.5}
    one = {"rules": 1500, "bytes": 1, "load": [0, 0], "B": [took, took], "B-bare": took}
    one |= {"compile": took | {"withheld": ["3cx"]}, "proof": {"given_up": "plus de 900 s"}}
    told = tables.compiler({"machine": commands.machine(), "extensions": SMALL, "policies": {"mixed": one}})

    assert "1,00 B" in told
    assert "plus de 900 s" in told
    assert "3cx ne sait pas dire" in told


def test_memory_of_this_machine_is_told():
    assert str(os.cpu_count()) in tables.told_machine(commands.machine())
