"""How FreeSWITCH is proved: what policyc writes holds, what nobody notices holds, and every fault is refused."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from judge.generate import generate
from judge.seeds import chosen, few

import policyc
from policyc.outcomes import DecisionModel
from policyc.proof import proving
from policyc.proof.protocol import NotUnderstood
from policyc.targets.freeswitch import proof
from policyc.targets.freeswitch.reader import plans, texts
from policyc.targets.freeswitch.render import DEFAULTS

CASES = sorted((Path(__file__).parents[1] / "cases/compile").glob("*/freeswitch/policyc.xml"))
PRESENTED = ("??????????", "???????????", "+???????????", "???", "anonymous", "+33?????????")
FEW = SimpleNamespace(**vars(proof), listed=lambda _, calls: None if calls.presented in PRESENTED else ())
"""The proof, of a few presentations: that is much faster."""


def proved(policy, text, settings=None, by=FEW):
    """Return what comes of proving a dialplan, None where it is not understood."""
    whole = {**DEFAULTS, **(settings or {})}
    try:
        work = proving.Work("freeswitch", by, proof.read({"policyc.xml": text}, policy, whole), whole)
    except NotUnderstood:
        return None
    [found] = proving.prove(guide_model() if policy is guide() else DecisionModel(policy), [work], jobs=1)
    return None if found.unclear else found


def holds(policy, text, settings=None, by=FEW):
    found = proved(policy, text, settings, by)
    return found is not None and found.holds


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parts[-3])
def test_a_golden_is_proved(path):
    folder = path.parents[1]
    settings = {}
    if (folder / "policyc.toml").exists():
        settings = tomllib.loads((folder / "policyc.toml").read_text(encoding="utf-8"))
        settings = settings.get("targets", {}).get("freeswitch", {})
    policy = policyc.load(folder / "policy.pol")

    assert holds(policy, path.read_text(encoding="utf-8"), settings, proof)


@pytest.mark.parametrize("seed", chosen(700, 700))
def test_what_a_random_policy_compiles_to_is_proved(seed):
    policy = policyc.load_text(generate(seed, 1).text)
    files = policyc.compile(policy, targets=["freeswitch"]).files["freeswitch"]

    assert holds(policy, files["policyc.xml"], by=proof)


@pytest.mark.parametrize(
    "settings",
    [
        {"extension_dial": "[leg_timeout=9]user/{number}@$${domain}", "voicemail_domain": "$${domain}"},
        {"external_dial": "sofia/gateway/a/{e164}|sofia/gateway/b/{number}", "rebound_confirm": False},
        {"system_context": "standard.interne", "language": "en", "presentations": ["e164"]},
    ],
)
def test_settings(settings):
    policy = guide()
    files = policyc.compile(policy, targets=["freeswitch"], settings={"freeswitch": settings}).files["freeswitch"]

    assert holds(policy, files["policyc.xml"], settings)


# --- faults, and what is none ---


@functools.cache
def guide():
    path = Path(__file__).parents[2] / "examples/guide/4-chaque-exception.pol"
    return policyc.load(path)


@functools.cache
def guide_model():
    return DecisionModel(guide())


@functools.cache
def guide_text():
    return policyc.compile(guide(), targets=["freeswitch"]).files["freeswitch"]["policyc.xml"]


def changed(pattern, replacement, count=1):
    text, times = re.subn(pattern, replacement, guide_text(), count=count)
    assert times
    return text


HARMLESS = [
    (r"<!--.*?-->", "<!-- autre -->", 0),  # comments
    (r"\n\s*", "\n", 0),  # white space
    ("policyc-busy", "tonalite", 0),  # the name of a context
    (r'<extension name="[^"]*"', '<extension name="x"', 0),
    (r'<action application="answer"/>', '<action application="answer"/><action application="answer"/>', 0),
    (r'<action application="answer"/>\s*(<action application="sleep")', r"\1", 1),  # the mailbox answers
    ('data="500"', 'data="700"', 1),
    ("call_timeout=22", "call_timeout=90", 0),  # behind the limit of the leg
    ("policyc_kind", "genre", 0),
    (r'(<action application="voicemail"[^>]*/>)\s*<action application="hangup"[^>]*/>', r"\1", 0),
    (r"\[0-9\]\{8\}", r"\\d{8}", 0),
    ("NORMAL_CLEARING", "16", 0),
    ("hangup_after_bridge=true", "hangup_after_bridge=false", 1),  # outside, after which nothing comes
]
FAULTS = [
    ("leg_timeout=20", "leg_timeout=25", 1),
    ("call_timeout=22", "call_timeout=12", 1),
    ("continue_on_fail=true", "continue_on_fail=user_busy", 1),
    ("continue_on_fail=false", "continue_on_fail=true", 1),
    ("hangup_after_bridge=true", "hangup_after_bridge=false", 0),
    ('data="USER_BUSY"', 'data="CALL_REJECTED"', 0),
    ("veuillez-patienter", "bonjour", 1),
    ("group_confirm_key=1", "group_confirm_key=2", 1),
    ("group_confirm_timeout=15", "group_confirm_timeout=5", 1),
    ("origination_privacy=hide_name:hide_number,", "", 0),
    ("number iterated", "number pronounced", 1),
    (r"XML default", "XML public", 1),
    (r'voicemail" data="default', 'voicemail" data="autre', 1),
    (r'<action application="answer"/>\s*(<action application="playback")', r"\1", 1),
    (r"0\[67\]\[0-9\]\{8\}", "0[67][0-9]{7}", 1),
    (r"\^\(\?:\[\+\]33\|0033\|33\|\)", "^(?:[+]33|0033|)", 0),
    (r'privacy_hide_number" expression="\^true', 'privacy_hide_number" expression="^false', 1),
    (r'(policyc_shown=\$1[^"]*") inline="true"', r"\1", 0),
    (' continue="true"', "", 1),
    (r'data="(\d+) XML policyc-mailbox"', r'data="9\1 XML policyc-mailbox"', 1),
]  # fmt: skip


@pytest.mark.parametrize("change", few(HARMLESS, 4), ids=lambda change: change[0])
def test_what_nobody_notices_is_proved(change):
    assert holds(guide(), changed(*change))


@pytest.mark.parametrize("change", few(FAULTS, 4), ids=lambda change: change[0])
def test_a_fault_is_refused(change):
    assert not holds(guide(), changed(*change))


def test_a_counterexample_has_both_accounts_and_the_lines():
    found = proved(guide(), changed("leg_timeout=20", "leg_timeout=25"))
    example = found.examples[0]

    assert example.expected != example.found
    assert any("bridge" in stop.text for stop in example.stops)


# --- normal forms ---


def plan(*events):
    return plans.Plan(events)


def test_normal_forms():
    busy, clear = plans.HungUp("USER_BUSY"), plans.HungUp("NORMAL_CLEARING")
    box, answer, play = plans.LeftMessage("default", "d", "102"), plans.Answered(), plans.Played("x")

    assert proof.normal(plan(answer, plans.Waited("500"), box, clear)) == proof.normal(plan(box, busy))
    assert proof.normal(plan(answer, answer, play, busy)) == plan(answer, play, busy)
    assert proof.normal(plan(plans.Waited("5000"), box)) != proof.normal(plan(box))
    assert proof.normal(plan(answer, play, busy)) != proof.normal(plan(play, busy))
    assert proof.normal(plan(play, busy)) != proof.normal(plan(play, clear))


def test_causes_are_told_apart_only_where_they_matter():
    def failed(names, yes, no):
        asked = plans.Parted(plans.Failed(0, frozenset(names)), plan(plans.HungUp(yes)), plan(plans.HungUp(no)))
        return plans.Plan((), plans.Parted(plans.Taken(0), plan(plans.Talked()), plans.Plan((), asked)))

    every = texts.cause_symbol(0)
    assert proof.normal(failed(["USER_BUSY"], every, every)).then.no == plan(plans.HungUp(every))
    others = set(proof.causes.FAILURES) - {"USER_BUSY"}
    assert proof.normal(failed(["USER_BUSY"], "USER_BUSY", every)) == proof.normal(failed(others, every, "USER_BUSY"))
