"""What is compiled for 3CX does, for every caller of every shape, as the policy says; and what is not so is found.

More seeds: POLICYC_SEEDS=0..500.
"""

from __future__ import annotations

import ast
import json
import random
from datetime import date, datetime
from functools import cache
from pathlib import Path

import pytest
import test_threecx_calls
from judge.seeds import chosen, few
from pbx_3cx.model import Pbx, Phone

import policyc
from policyc import digits, evaluate, numbering
from policyc.digits import Caller, Kind
from policyc.outcomes import DecisionModel, Ending
from policyc.proof.checking import verify
from policyc.proof.protocol import Calls, NotUnderstood
from policyc.proof.shapes import shapes
from policyc.targets.threecx import counted, proof
from policyc.targets.threecx.reader import plans
from policyc.targets.threecx.reader.plans import Plan
from policyc.targets.threecx.render import DEFAULTS, render
from threecx_reader import proved

TESTS = Path(__file__).parents[1]
(FILE,) = proof.FILES
EVERY = (*DEFAULTS["presentations"], "33", "nine-digits")
SETTINGS = {
    "anonymous": {**DEFAULTS, "anonymous": "Masque"},
    "former": {**DEFAULTS, "anonymous": "Masque", "version": "20.0.8"},
    "default": {**DEFAULTS},
    "single": {**DEFAULTS, "one_pattern_per_rule": True},
    "national": {**DEFAULTS, "presentations": ("national",)},
    "every": {**DEFAULTS, "presentations": EVERY},
}
SOURCES = [
    *sorted((TESTS / "cases/compile").glob("*/policy.pol")),
    *sorted((TESTS.parent / "examples").glob("g*/*.pol")),
]


def compiled(policy, settings):
    """Return the file of a policy, None if it is refused."""
    rendered = render(policy, settings)
    return None if rendered.diagnostics else rendered.files[FILE]


def proves(policy, settings, text):
    """Return how many numbers were compared; all must be as the policy says."""
    count = [0]
    wrong = list(proved.wrong(policy, settings, text, count))
    assert not wrong, "\n".join(map(str, wrong[:5]))
    return count[0]


# --- what is compiled ---


@pytest.mark.parametrize("path", few(SOURCES, 3), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_examples_and_goldens_are_proved(path):
    """Each with the settings of both forms, and with others in turn."""
    policy = policyc.load(path)
    turn = [*SETTINGS][2 + SOURCES.index(path) % (len(SETTINGS) - 2)]
    done = {}
    for name in ("anonymous", "former", turn):
        text = compiled(policy, SETTINGS[name])
        if text is not None:
            done[name] = proves(policy, SETTINGS[name], text)
    assert done or path.parent.name == "kinds"
    assert all(count > 10**14 for count in done.values())


@pytest.mark.parametrize("path", sorted((TESTS / "cases/compile").glob("*/3cx/policyc-3cx.json")), ids=str)
def test_goldens_as_they_stand_are_understood(path):
    text = path.read_text(encoding="utf-8")
    policy = policyc.load_text((path.parents[1] / "policy.pol").read_text(encoding="utf-8"))
    version = "20.0.8" if '"CallerId"' in text else "20.0.9"
    reading = proof.read({FILE: text}, policy, {**DEFAULTS, "version": version, "anonymous": "anonymous"})
    asked = [one.calls for one in shapes(EVERY) if proof.listed({**DEFAULTS, "anonymous": "anonymous"}, one.calls)]
    for called in policy.extensions:
        assert len(reading.found(called, asked)) == len(asked) > 40


@cache
def taken(seed):
    """Return a random policy with settings in turn, and its file: None if it is refused."""
    settings = [*SETTINGS.values()][seed % len(SETTINGS)]
    _, policy = test_threecx_calls.adapted(seed, settings["version"])
    return policy, settings, compiled(policy, settings)


@pytest.mark.parametrize("seed", few(chosen(2000, 2005), 3))
def test_random_policies_are_proved(seed):
    policy, settings, text = taken(seed)
    assert text is None or proves(policy, settings, text)


def test_enough_random_policies_are_taken():
    assert sum(taken(seed)[2] is not None for seed in range(2000, 2006)) >= 2


@pytest.mark.parametrize("seed", few(chosen(2001, 2002), 2))
def test_what_is_found_is_what_the_interpreter_says(seed):
    """Without the decision model: calls drawn at the ends of pieces, and at instants of all sorts."""
    chance = random.Random(seed)
    settings = SETTINGS["anonymous"]
    _, policy = test_threecx_calls.adapted(seed, settings["version"])
    text = compiled(policy, settings)
    if text is None:
        return
    reading = proof.read({FILE: text}, policy, settings)
    every = [one for one in shapes(tuple(settings["presentations"])) if proof.listed(settings, one.calls)]
    instants = test_threecx_calls.boundary_instants(policy)
    compared = 0
    for called in policy.extensions:
        who = proof.counted(policy, settings, called)
        for shape, found in zip(every, reading.found(called, [one.calls for one in every]), strict=True):
            ends = (*found.starts[1:], shape.calls.size)
            for low, end, plan in zip(found.starts, ends, found.plans, strict=True):
                for unknown in {low, end - 1}:
                    shown, hidden = shape.presented(unknown), shape.calls.hidden
                    caller = numbering.canonical(shape.kind, shown, restricted=hidden)
                    if caller not in who or not is_listed(settings, shape.calls, unknown):
                        continue
                    for instant in chance.sample(instants, 2):
                        outcome = evaluate.evaluate(policy, evaluate.Call(caller, called, instant))
                        there = proof.normal(proved.at_instant(plan, instant))
                        ending = Ending(outcome.kind, outcome.extension, outcome.number)
                        assert there == proof.expected(policy, settings, ending, shape.calls), (shown, called, instant)
                        compared += 1
    assert compared > 200


def is_listed(settings, calls, unknown):
    return any(low <= unknown < high for low, high in proof.listed(settings, calls))


# --- what is not so is found ---

OFFICE = """politique "A"
poste 101 A messagerie
poste 102 B mobile 06 39 98 00 02, messagerie
poste 103 C messagerie
groupe 800 S
file 801 Q
horaires h
  lundi-vendredi 09:00-12:30 14:00-18:30
fériés France 2026..2028
pour B
  depuis 06 12 34 56 78 vers mobile rebond
  depuis 06* 07* externe pendant h vers extension A
  depuis 01 42* sauf 01 42 00 00 01 vers système S
  depuis 101 vers externe 04 42 93 06 98
  depuis * hors h vers messagerie
pour A
  depuis 07* vers occupé
"""


def office():
    policy = policyc.load_text(OFFICE)
    text = compiled(policy, DEFAULTS)
    assert proves(policy, DEFAULTS, text)
    return policy, json.loads(text)


def edited(value, path):
    """Yield the values that a fault may put in the place of one: its neighbours in meaning."""
    match path[-1], value:
        case "Data", str():
            patterns = value.split(" ")
            for at, one in enumerate(patterns):
                rest = patterns[:at] + patterns[at + 1 :]
                for other in (one.removesuffix("*") if one.endswith("*") else one + "*", one[:-2] + "3*", "05*"):
                    if other:
                        yield " ".join((*rest, other))
                if rest:
                    yield " ".join(rest)
        case "CallType", str():
            yield from sorted({"AllCalls", "InternalCallsOnly", "ExternalCallsOnly"} - {value})
        case "Type", str():
            yield from sorted({"AllHours", "SpecificHours", "SpecificHoursExcludingHolidays", "OutOfSpecificHours",
                        "OutOfSpecificHoursIncludingHolidays", "Never", "OfficeHours"} - {value})  # fmt: skip
        case "Start" | "Stop", str():
            yield from sorted({"09:01:00", "08:00:00", "12:29:00", "18:30:30"} - {value})
        case "DayOfWeek", str():
            yield from sorted({"Monday", "Sunday"} - {value})
        case "Enabled", bool():
            yield False
        case "To", str():
            yield from sorted(
                {"None", "ProceedWithNoExceptions", "VoiceMail", "Extension", "RingGroup", "Queue"} - {value}
            )
        case "Number" | "External", str():
            yield from sorted({"101", "103", "800", "801", "0639980003", ""} - {value})
        case int(), dict():
            yield ...  # without it


@pytest.mark.parametrize("seed", chosen(2000, 2000))
def test_faults_are_found(seed):
    """A change of one value is refused or, as the model of a 3CX shows, changes no call."""
    policy, value = office()
    found = {"misrouted": 0, "unclear": 0, "harmless": 0}
    for path, new in random.Random(seed).sample([*faults(value)], 40):
        changed = json.loads(json.dumps(value))
        inner = at_path(changed, path[:-1])
        if new is ...:
            del inner[path[-1]]
        else:
            inner[path[-1]] = new
        verdict = judged(policy, changed)
        found[verdict] += 1
        if verdict == "harmless":  # the model must not tell it from what was compiled
            assert_alike(policy, value, changed, (path, new))
    assert found["misrouted"] > 10 < 40 - found["harmless"]


def faults(value):
    """Yield the places of a document, each with the values that a fault puts there."""
    for path in paths(value):
        if path[-1] != "Number" or len(path) > 3:
            yield from ((path, new) for new in edited(at_path(value, path), path))


def judged(policy, value):
    try:
        wrong = next(proved.wrong(policy, DEFAULTS, json.dumps(value)), None)
    except NotUnderstood:
        return "unclear"
    return "harmless" if wrong is None else "misrouted"


def without_those_off(value):
    """Return a document for the model, which knows of no exceptions that are off."""
    lists = {one["Number"]: one["ForwardingExceptions"] for one in value["value"]}
    return {
        "value": [
            {"ForwardingExceptions": [one for one in some if one["Enabled"]], "Number": number}
            for number, some in lists.items()
        ]
    }


def assert_alike(policy, one, other, told):
    phones = {number: Phone(20, mailbox=True) for number in policy.extensions}
    holidays = frozenset(day for day, _ in proof.holidays(policy))
    pbxs = [Pbx(without_those_off(value), phones, holidays, "anonymous") for value in (one, other)]
    for called in policy.extensions:
        for shown in SHOWN:
            for internal in (False, True):
                if internal and len(shown) > 10:
                    continue
                for instant in (datetime(2026, 11, 23, 10), datetime(2026, 12, 25, 10), datetime(2026, 11, 22, 10)):
                    events = [pbx.events(shown, called, instant, internal=internal) for pbx in pbxs]
                    assert events[0] == events[1], (told, shown, called, instant)


SHOWN = [
    shown
    for number in ("0612345678", "0612345679", "0712345678", "0142000001", "0142000002", "0512345678", "0692123456")
    for shown in numbering.presentations(number)[:3]
]
SHOWN += ["101", "103", "3", "+442071234567", "00442071234567"]


def paths(value, before=()):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*before, key))


def at_path(value, path):
    for step in path:
        value = value[step]
    return value


def test_what_changes_nothing_is_no_fault():
    policy, value = office()
    lists = value["value"]
    for one in lists:
        for each in one["ForwardingExceptions"]:
            each["Data"] = " ".join(reversed(each["Data"].split(" ")))
            each["Hours"]["Periods"].reverse()
    lists.reverse()
    lists[-1]["ForwardingExceptions"].append(lists[-1]["ForwardingExceptions"][0])
    text = json.dumps(value, sort_keys=True)

    assert proves(policy, DEFAULTS, text)


def test_an_extension_less_is_a_fault():
    policy, value = office()
    del value["value"][0]

    assert {one.called for one in proved.wrong(policy, DEFAULTS, json.dumps(value))} == {"101", "102"}


# --- endings ---

ENDS = {
    Ending("ring", "101"): plans.Rang("101"),
    Ending("voicemail", "101"): plans.LeftMessage("101"),
    Ending("external", None, "0612345678"): plans.Dialled("0612345678"),
    Ending("rebound", "101", "0612345678"): plans.Rebounded("0612345678", "101", "101"),
    Ending("system", "800"): plans.HandedOver("800"),
    Ending("busy"): plans.SoundedBusy(),
    Ending("loop", "101"): plans.Looped(),
}


def test_endings_and_what_is_told_of_them():
    policy = policyc.load_text(OFFICE)
    told = set()
    for ending, event in ENDS.items():
        for settings in SETTINGS.values():
            plan = proof.expected(policy, settings, ending, Calls(False, ""))
            assert plan == proof.normal(Plan((event,))) == Plan((event,))
            told.add(tuple((key, *values.values()) for key, values in proof.happens(plan)))
    assert len(told) == len(ENDS)


def test_what_the_driver_may_ask():
    assert proof.expected(
        policyc.load_text(OFFICE), DEFAULTS, Ending("system", number="199"), Calls(False, "")
    ) == Plan((plans.HandedOver("199"),))
    with pytest.raises(AssertionError):
        proof.normal(Plan(()))


# --- who calls ---


def test_presentations_that_are_listed():
    def listed(presented, *forms, internal=False, **more):
        settings = {**DEFAULTS, "presentations": forms, **more}
        calls = Calls(internal, presented)
        return [*proof.listed(settings, calls)]

    whole = [(0, 10**9)]
    french = [(0, 10**7), (10**8, 10**9)]  # 001… is +1…
    assert listed("0?????????", "national") == french
    assert listed("0?????????", "e164") == french  # every number is presented as itself
    assert listed("+33?????????", "national") == [(0, 10**8)]  # +330… is none of France
    assert listed("+33?????????", "e164") == whole
    assert listed("0033?????????", "e164") == []  # 00330… is +330…
    assert listed("+336????????", "00") == []
    assert listed("0033?????????", "00") == whole
    assert listed("33?????????", "00") == [(0, 10**8)]
    assert listed("33?????????", "33") == whole
    assert listed("1????????", "national") == []
    assert listed("1????????", "nine-digits") == [(0, 10**8)]
    assert listed("+262692??????", "e164") == [(0, 10**6)]
    assert listed("+262612??????", "e164") == []  # no number of La Réunion
    assert listed("+508??????", "e164") == [(0, 10**6)]
    assert listed("+33700??????????", "e164") == [(0, 10**10)]
    assert listed("+44??????????", "00") == [(0, 10**10)]
    assert listed("0044??????????", "e164") == []
    assert listed("06 ?? ?? ?? ??", "national") == listed("06????????;verstat=x", "national") == []
    assert listed("????", "national", internal=True) == [(0, 10**4)]
    assert listed("?" * 11, "national", internal=True) == []
    assert listed("", "national") == listed("x", "national", anonymous="x") == [(0, 1)]
    assert listed("anonymous", "national") == listed("X", "national", anonymous="x") == []
    assert proof.listed(DEFAULTS, Calls(False, "+44??", hidden=True)) == ((0, 100),)


def form(shown):
    """Return the form of a presentation that is not the canonical one."""
    return "e164" if shown[0] == "+" else "00" if shown[0] == "0" else "nine-digits" if len(shown) == 9 else "33"


@pytest.mark.parametrize("forms", [DEFAULTS["presentations"], ("33",), ("nine-digits", "e164"), ()])
def test_listed_is_what_numbering_says(forms):
    """For numbers at the ends of the pieces: each is in one of its own presentations, of those that are listed."""
    settings = {**DEFAULTS, "presentations": forms}
    checked = 0
    for shape in shapes(EVERY):
        if shape.anonymous or shape.calls.internal or not set(shape.calls.presented) <= set("+0123456789?"):
            continue
        intervals = proof.listed(settings, shape.calls)
        ends = {end for low, high in intervals for end in (low - 1, low, high - 1, high)}
        for unknown in sorted(ends | {piece.low for piece in shape.pieces}):
            if not 0 <= unknown < shape.calls.size:
                continue
            shown = shape.presented(unknown)
            number = numbering.canonical(Kind.EXTERNAL, shown).number
            allowed = shown in numbering.presentations(number) and (shown == number or form(shown) in forms)
            if Caller(Kind.EXTERNAL, number) in digits.UNIVERSE:
                assert is_listed(settings, shape.calls, unknown) is allowed, shown
                checked += 1
    assert checked > 100


def test_who_counts():
    policy = policyc.load_text(
        OFFICE.replace("poste 103 C", "poste 0042 D").replace("depuis 101 vers", "depuis 3949 vers")
    )

    def counts(number, called, kind=Kind.EXTERNAL, **more):
        return Caller(kind, number) in proof.counted(policy, {**DEFAULTS, **more}, called)

    for number in ("0612345678", "07001234567890", "+442071234567", "3949", "39", "1", "2000", None):
        assert counts(number, "102")
    for number in ("0612", "0", "0012345678", "+33612", "+262612", "+0123", "06123456789"):
        assert not counts(number, "102")
    assert counts("0042", "101", Kind.INTERNAL)
    assert not counts("0042", "101")
    assert counts("4949", "800")
    listed = {"presentations": ("national", "nine-digits")}
    assert [counts(number, "102", **listed) for number in ("4949", "1")] == [False, True]
    assert not counts("33", "101", presentations=("33",))


NAMING = OFFICE.replace("poste 103 C", "poste 0042 D").replace("depuis 101 vers", "depuis 0042 vers")
ALONE = NAMING.replace("vers extension A", "vers occupé")


def test_a_number_that_a_rule_names_counts_where_every_list_on_the_way_names_it():
    policy = policyc.load_text(NAMING)
    alone = policyc.load_text(ALONE)

    assert Caller(Kind.EXTERNAL, "0042") in proof.counted(alone, DEFAULTS, "102")
    assert Caller(Kind.EXTERNAL, "0042") not in proof.counted(policy, DEFAULTS, "102")
    assert Caller(Kind.EXTERNAL, "00043") not in proof.counted(alone, DEFAULTS, "102")
    assert proves(alone, DEFAULTS, compiled(alone, DEFAULTS))


# --- what the PBX knows ---


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ("06* pendant h vers occupé", {date(2026, 12, 25), date(2026, 5, 1), date(2026, 8, 3), date(2026, 8, 4)}),
        ("06* pendant c vers occupé", {date(2026, 8, 3), date(2026, 8, 4)}),
        ("06* vers occupé", set()),
        (
            "06* vers occupé\n  depuis 06* pendant h vers messagerie\n  depuis * pendant c vers occupé",
            {date(2026, 8, 3), date(2026, 8, 4)},
        ),
    ],
)
def test_the_holidays_of_the_pbx(rules, days):
    policy = policyc.load_text(
        OFFICE.partition("pour B")[0].replace("2026..2028", "2026")
        + f"fermeture c = 03/08/2026..04/08/2026\npour B\n  depuis {rules}\n"
    )
    found = {first for first, last in proof.holidays(policy) if first == last}

    assert days <= found
    assert len(found) == (13 if days and date(2026, 5, 1) in days else len(days))
    text = compiled(policy, DEFAULTS)
    assert proves(policy, DEFAULTS, text)


@pytest.mark.parametrize("version", ["20.0.8", "18.0", "20.0.10", "21.0.0.1"])
def test_versions(version):
    policy = policyc.load_text(OFFICE.replace(" externe pendant", " pendant"))
    settings = {**DEFAULTS, "version": version}
    text = compiled(policy, settings)

    assert proves(policy, settings, text)
    other = "20.0.9" if version in ("20.0.8", "18.0") else "20.0.8"
    with pytest.raises(NotUnderstood) as caught:
        list(proved.wrong(policy, {**DEFAULTS, "version": other}, text))
    assert (caught.value.file, caught.value.what) == (FILE, "key")


def test_a_file_that_is_none_and_the_way_of_a_call():
    policy, value = office()
    with pytest.raises(NotUnderstood) as caught:
        proof.read({FILE: "{"}, policy, DEFAULTS)
    assert (caught.value.line, caught.value.what) == (1, "json")
    reading = proof.read({FILE: json.dumps(value, indent=1)}, policy, DEFAULTS)
    stops = reading.path("102", Calls(False, "0612345678"), datetime(2026, 11, 23, 10))
    assert [stop.file for stop in stops] == [FILE] * 3


# --- what is looked at ---


@pytest.mark.parametrize("text", [OFFICE, NAMING, ALONE])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_whoever_counts_is_asked_about(settings, text):
    policy = policyc.load_text(text)
    for called in (*policy.extensions, "800"):
        callers = proof.counted(policy, settings, called)
        for shape in shapes(frozenset(settings["presentations"])):
            if listed := proof.listed(settings, shape.calls):
                asked = proof._asked(policy, settings, shape.calls)
                for piece in shape.among(listed).of(callers).pieces:
                    assert any(low <= piece.low < piece.high <= high for low, high in asked), (shape.calls, piece)


def test_numbers_of_no_telephone_are_not_asked_about():
    policy = policyc.load_text(OFFICE)
    for calls, asked in (
        (Calls(False, "????"), ((1000, 10000),)),
        (Calls(True, "?????"), ((10000, 100000),)),
        (Calls(False, "", hidden=True), ((0, 1),)),
        (Calls(False, "anonymous"), ((0, 1),)),
    ):
        assert proof._asked(policy, DEFAULTS, calls) == asked


def test_nothing_is_concluded_of_what_is_not_asked_about(monkeypatch):
    policy = policyc.load_text(OFFICE)
    model, files = DecisionModel(policy), {"3cx": {FILE: compiled(policy, DEFAULTS)}}
    assert verify(model, files, ("3cx",), {"3cx": DEFAULTS}).holds

    monkeypatch.setattr(proof, "_asked", lambda *_: ((0, 10),))
    with pytest.raises(AssertionError, match="do not count"):
        verify(model, files, ("3cx",), {"3cx": DEFAULTS})


# --- independence ---


def test_it_shares_nothing_with_what_writes():
    allowed = {"policyc.schedule", "policyc.outcomes", "policyc.model", "policyc.digits", "policyc.numbering"}
    for module in (proof, counted):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("policyc"):
                names = {f"{node.module}.{one.name}" for one in node.names}
                inside = {
                    name for name in names
                    if name.startswith(("policyc.proof.protocol", "policyc.targets.threecx.reader",
                                        "policyc.targets.threecx.counted", "policyc.targets.threecx.parts"))
                }  # fmt: skip
                outside = names - inside
                assert all(any(name == one or name.startswith(one + ".") for one in allowed) for name in outside), names
