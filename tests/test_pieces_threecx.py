"""Pieces of changed extensions, with those that all others have: the files that 3CX gets of the whole policy.

More seeds: POLICYC_SEEDS=0..500.
"""

import random
from collections import Counter
from dataclasses import replace

import pytest
from judge.generate import generate
from judge.seeds import chosen, few

import policyc
from policyc import digits, processes, project
from policyc.files import MemoryFiles
from policyc.model import UNWRITTEN, External, Rule
from policyc.resolve import resolve
from policyc.source import SourceFile, Span
from policyc.targets import InPieces, Target
from policyc.targets.threecx import assembly, render
from policyc.targets.threecx.report import Told

NOWHERE = Span(SourceFile("elsewhere.pol", ""), 0, 0)
SETTINGS = tuple(
    {**render.DEFAULTS, "version": version, "presentations": shown, "one_pattern_per_rule": single, "anonymous": name}
    for version in ("20.0.9", "20.0.9", "20.0.9", "20.0.8")
    for shown in (("national", "e164", "00"), ("national", "e164", "00", "33", "nine-digits"), ("national",))
    for single, name in ((False, ""), (False, "Masque"), (False, "Masque"), (True, "Masque"))
)
NUMBERS = range(101, 106)
DECLARED = "".join(f"poste {number} N{number} mobile 06 39 98 00 {number - 100:02}, messagerie\n" for number in NUMBERS)
DECLARED += """\
file 810 F
svi 820 M
horaires h = lundi-vendredi 9h-12h
horaires n fériés compris = lundi-dimanche 20h-6h
"""
PONT = "fermeture pont = 2026-07-13..2026-07-14\n"
TRAVAUX = "fermeture travaux = 2027-02-01..2027-02-02\n"
# Dates, and times that one calendar can serve together.
DATES = (
    ("", ()),
    (PONT, (" pendant pont", " hors pont")),
    ("fériés France 2026..2027\n", (" hors les fériés", " pendant les fériés")),
    (f"{PONT}{TRAVAUX}fériés France 2026..2027\n", ()),
    (PONT + TRAVAUX, (" pendant pont", " hors travaux")),  # but for these, which a list may need both
)
CALLERS = (
    *("01 99*", "01 99 00 0*", "04 65 71 06 01", "06*", "06* sauf 06 12 34 56 78", "03*, 04*", "+44*", "+33 1 99*"),
    *("interne", "* externe", "*", "N101, N102"),
)
HOURS = (*[""] * 4, *(" pendant h", " hors h", " pendant n"))
TO = (
    *("messagerie", "occupé", "sonnerie", "mobile", "mobile rebond", "système F", "système M"),
    *("externe 04 65 71 06 09", f"extension N{max(NUMBERS)}"),
)


def drawn(rng):
    """Return a small policy that 3CX mostly can say."""
    declared, dated = rng.choice(DATES)

    def rules(most):
        whens = rng.sample((*HOURS, *dated), 2)
        return "".join(
            f"  depuis {rng.choice(CALLERS)}{rng.choice(whens)} vers {rng.choice(TO)}\n"
            for _ in range(rng.randint(1, most))
        )

    blocks = [f"pour {number}\n{rules(4)}" for number in NUMBERS[:-1] if rng.random() < 0.85]
    if rng.random() < 0.4:
        blocks.insert(0, f"pour tous en priorité sauf N102\n{rules(1)}")
    if rng.random() < 0.4:
        blocks.append(f"pour tous sauf N103\n{rules(2)}")
    files = MemoryFiles({"p.pol": (DECLARED + declared + "".join(blocks)).encode()})
    return resolve(project.load(files, ["p.pol"])[0])[0]  # some rules never decide, which `load_text` would refuse


def changed(rng, policy):
    """Return the policy with other rules of one extension, and which one."""
    number = rng.choice(sorted(policy.extensions))
    every = [rule for rules in policy.own.values() for rule in rules]
    rules = list(policy.own.get(number, ()))
    change = rng.choice(("leave out", "take", "turn round", "other times", "other callers"))
    if change == "leave out" and rules:
        del rules[rng.randrange(len(rules))]
    elif change == "take" and every:
        rules.insert(rng.randint(0, len(rules)), replace(rng.choice(every)))
    elif change == "turn round":
        rules.reverse()
    elif rules:
        at, other = rng.randrange(len(rules)), rng.choice(every)
        what = {"times": other.times, "until": other.until} if change == "other times" else {"callers": other.callers}
        rules[at] = replace(rules[at], **what)
    return replace(policy, own={**policy.own, number: tuple(rules)}), number


def standing_in(policy, number):
    """Return a policy in which the rules of other extensions tell where they lead and when, and nothing else."""
    own = {one: rules if one == number else tuple(map(stand_in, rules)) for one, rules in policy.own.items()}
    return replace(policy, own=own)


def stand_in(rule: Rule) -> Rule:
    to = rule.destination
    if isinstance(to, External) and to.number is not None:
        to = External("0199887766", to.rebound)
    return replace(rule, callers=digits.EXTERNAL, destination=to, span=NOWHERE, written=UNWRITTEN)


def told(policy, settings, rng):
    """Hold a change of a policy to the law; tell what became of it."""
    before = render.render(policy, settings)
    if before.diagnostics:
        return "refused"
    assert set(policy.extensions) == set(before.pieces)
    assert before.files == render.assembled(policy, settings, before.pieces)
    new, number = changed(rng, policy)
    now = render.render(new, settings)
    others = {one: piece for one, piece in before.pieces.items() if one != number}
    given = standing_in(new, number)
    pieces = render.revised(given, settings, [number], others)
    if pieces is None:
        assert now.diagnostics or calendars(before) != calendars(now)
        return "refused now" if now.diagnostics else "others too"
    assert [number] == list(pieces)
    assert now.pieces == {**others, **pieces}
    assert now.files == render.assembled(given, settings, {**others, **pieces})
    return "made"


def calendars(rendered):
    return {assembly.read(piece.facts).calendar for piece in rendered.pieces.values()}


@pytest.mark.parametrize("seed", few(chosen(0, 7), 4))
def test_the_files_are_those_of_the_whole_policy(seed):
    rng = random.Random(f"pieces {seed}")

    for _ in range(8):
        told(drawn(rng), rng.choice(SETTINGS), rng)


@pytest.mark.thorough
def test_mostly_the_others_stay():
    rng = random.Random("pieces")

    found = Counter(told(drawn(rng), rng.choice(SETTINGS), rng) for _ in range(40))

    assert found["made"] > max(10, 5 * found["others too"])


@pytest.mark.parametrize("seed", few(chosen(5000, 5011), 6))
def test_the_files_are_those_of_the_whole_random_policy(seed):
    rng = random.Random(f"pieces {seed}")
    policy = policyc.load_text(generate(seed, calls=1).text)

    for _ in range(2):
        told(policy, rng.choice(SETTINGS), rng)


RULES = "pour 101\n  depuis 06* pendant pont vers occupé\npour 102\n  depuis 06* vers messagerie\n"


def revised(before, after, *numbers):
    """Return the pieces of extensions, and those that the whole policy gives; the lines of others must be the same."""
    policies = [policyc.load_text(DECLARED + PONT + TRAVAUX + text) for text in (before, after)]
    old, new = (render.render(one, render.DEFAULTS) for one in policies)
    others = {one: piece for one, piece in old.pieces.items() if one not in numbers}
    found = render.revised(policies[1], render.DEFAULTS, numbers, others)
    return found, {one: new.pieces[one] for one in numbers} if new.pieces else None


def test_several_extensions_are_changed_at_once():
    after = RULES.replace("06* vers messagerie", "07* vers occupé").replace("06* pendant", "01* pendant")

    found, expected = revised(RULES, after, "101", "102")

    assert found == expected is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RULES, RULES.replace("06* vers", "06* pendant pont vers")),
        (RULES, RULES.replace("06* vers", "06* hors pont vers")),
        (RULES.replace("06* vers", "06* pendant pont vers"), RULES),
    ],
)
def test_others_stay_where_the_pbx_needs_the_same_holidays(before, after):
    found, expected = revised(before, after, "102")

    assert found == expected is not None


@pytest.mark.parametrize(
    ("before", "after", "number"),
    [
        (RULES, RULES.replace("pendant pont ", ""), "101"),  # the only ones that asked for them
        (RULES.replace("pendant pont ", ""), RULES, "101"),
        (RULES, RULES.replace("06* vers", "06* pendant travaux vers"), "102"),  # one calendar cannot serve both
        (RULES, RULES.replace("vers messagerie", "vers messagerie jusqu'au 2026-12-31"), "102"),
        (RULES, RULES.replace("06* vers", "anonyme vers"), "102"),
        (
            RULES,
            RULES + "".join(f"  depuis 01 99 00 {at:02} 02 vers externe 04 65 71 06 {at:02}\n" for at in range(16)),
            "102",
        ),
    ],
)
def test_all_is_made_anew_where_more_would_change_or_something_cannot_be_said(before, after, number):
    found, _ = revised(before, after, number)

    assert found is None


def test_a_rule_that_never_decides_asks_for_no_holidays():
    found, expected = revised(RULES, RULES + "  depuis 06 12* pendant travaux vers occupé\n", "102")

    assert found == expected is not None


def test_pieces_tell_when_their_rules_need_holidays():
    policy = policyc.load_text(DECLARED + PONT + RULES)

    pieces = render.render(policy, render.DEFAULTS).pieces

    facts = [assembly.read(piece.facts) for piece in pieces.values()]
    assert ['[[true, "closure", "pont"]]'] == [name for one in facts for name in one.dated]
    marks = {one.calendar for one in facts}
    assert 1 == len(marks)
    assert "" not in marks


@pytest.mark.parametrize(
    "facts",
    [
        assembly.Facts(Told(), "", ()),
        assembly.Facts(Told(frozenset({"AllHours", "SpecificHours"}), frozenset({"810", "820"}), 17), "a1", ("x", "y")),
    ],
)
def test_facts_are_read_as_they_were_kept(facts):
    assert facts == assembly.read(facts.texts())


def test_times_that_no_rule_has_are_an_error():
    policy = policyc.load_text(DECLARED + PONT + RULES)
    pieces = render.render(policy, render.DEFAULTS).pieces

    with pytest.raises(ValueError, match="pont"):
        render.assembled(replace(policy, own={}), render.DEFAULTS, pieces)


def test_pieces_are_the_same_by_any_number_of_processes(monkeypatch):
    policy = policyc.load_text(DECLARED + PONT + RULES)
    alone = render.render(policy, render.DEFAULTS)
    monkeypatch.setattr(processes, "_MANY", 1)
    monkeypatch.setattr(processes, "cores", lambda: 2)
    monkeypatch.setattr(render, "_TOGETHER", 2)

    assert alone == render.render(policy, render.DEFAULTS)


def test_it_is_a_target_made_in_pieces():
    assert isinstance(render, Target)
    assert isinstance(render, InPieces)
