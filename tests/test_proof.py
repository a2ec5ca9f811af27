"""The proof of files: exactly the calls for which they decide otherwise are found, whoever reads the files."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import fake_proof
import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from judge.seeds import few
from strategies import numbers

import policyc
from policyc import cli, digits, evaluate, numbering, report, targets, words
from policyc.digits import Caller, Kind
from policyc.outcomes import DecisionModel
from policyc.proof import checking, protocol, proving, shapes, telling
from policyc.proof.protocol import UNKNOWN

TARGETS = Path(targets.__file__).parent

# -- shapes ------------------------------------------------------------------------------------------------------------

ALL = shapes.shapes()
BY_TEMPLATE = {(one.calls.internal, one.calls.hidden, one.calls.presented): one for one in ALL}
FORMS = ("national", "e164", "00", "33", "nine-digits")


def edges(shape):
    """Yield unknown digits at which something changes, and those around them."""
    for piece in shape.pieces:
        for edge in (piece.low, piece.high):
            yield from (one for one in range(edge - 2, edge + 3) if 0 <= one < shape.calls.size)
    yield from (0, shape.calls.size - 1)


def shape_of(text):
    """Return the one shape of a presented external number and its unknown digits, None if there is none."""
    sign = text[:1] if text.startswith("+") else ""
    plain = text[len(sign) :]
    fixed = "00" if not sign and len(plain) in (16, 17) and plain.startswith("00") else ""
    template = sign + fixed + UNKNOWN * (len(plain) - len(fixed))
    shape = BY_TEMPLATE.get((False, False, template))
    return None if shape is None else (shape, int(plain[len(fixed) :]))


def test_the_shapes_are_few():
    assert len(ALL) < 100
    assert len({one.calls for one in ALL}) == len(ALL)


@pytest.mark.parametrize("listed", [FORMS, FORMS[:1], FORMS[:2], FORMS[:3], ("national", "33"), ("national", "00")])
def test_who_is_presented_is_who_the_numbering_plan_says(listed):
    """At each edge: canonical, and in a presentation that the settings list; and nobody else counts."""
    for shape in shapes.shapes(listed):
        for unknown in edges(shape):
            presented = shape.presented(unknown)
            found = numbering.recognise(shape.kind, presented, restricted=shape.calls.hidden)
            rank = shape.rank(unknown)
            form = found.form.removeprefix("overseas-").removeprefix("foreign-")
            form = "national" if found.form == "foreign-e164" else form
            if rank is not None:
                assert rank == digits.rank(found.caller), presented
                assert form in listed or form not in FORMS, presented
            else:
                spelt = any(char not in "+0123456789" for char in presented)
                left_out = form in set(FORMS) - set(listed)
                assert left_out or spelt or found.caller not in digits.UNIVERSE, presented


@given(numbers())
def test_every_number_of_the_universe_is_of_one_shape(text):
    caller = numbering.canonical(Kind.EXTERNAL, text)
    if caller not in digits.UNIVERSE:
        return
    shape, unknown = shape_of(text)

    assert text == shape.presented(unknown)
    assert shape.rank(unknown) == digits.rank(caller)


@given(st.integers(1, 10).flatmap(lambda length: st.text("0123456789", min_size=length, max_size=length)))
def test_every_extension_is_of_one_shape(number):
    shape = BY_TEMPLATE[True, False, UNKNOWN * len(number)]

    assert shape.rank(int(number)) == digits.rank(Caller(Kind.INTERNAL, number))


def test_together_they_hold_everyone():
    for kind in Kind:
        ranks = digits.from_intervals(
            (piece.rank, piece.rank + (1 if shape.anonymous else piece.high - piece.low))
            for shape in ALL
            if shape.kind is kind
            for piece in shape.pieces
        )
        assert ranks is digits.UNIVERSE & digits.OF_KIND[kind]


def test_spellings_add_nobody():
    signs = [shape for shape in ALL if re.search(r"[^0-9+?]", shape.calls.presented) and not shape.anonymous]

    assert len(signs) == 8
    for shape in signs:
        assert "0612345678" == numbering.canonical(Kind.EXTERNAL, shape.presented(612345678)).number
        assert shape.size == 9 * 10**8


def test_anonymous_callers_are_spelt_in_every_way():
    spelt = {shape.calls.presented for shape in ALL if shape.anonymous and not shape.calls.hidden}

    assert {"", "anonymous", "Restricted", "unknown", "Private", "unavailable", "withheld", "blocked"} <= spelt
    assert all(shape.calls.hidden for shape in ALL if shape.anonymous and UNKNOWN in shape.calls.presented)


@given(st.sampled_from([one for one in ALL if not one.anonymous]), st.data())
def test_a_shape_of_some_callers_has_just_them(shape, data):
    cut = data.draw(st.integers(0, digits.END - 1))
    callers = digits.from_ends((cut, digits.END)) & digits.UNIVERSE
    some = shape.of(callers)
    for unknown in (*edges(shape), *edges(some)):
        rank = shape.rank(unknown)
        assert some.rank(unknown) == (None if rank is None or rank < cut else rank)


def test_a_shape_among_intervals_has_just_those():
    shape = BY_TEMPLATE[False, False, UNKNOWN * 11].among([(5, 10), (33_100_000_000, 33_200_000_000)])

    assert [(piece.low, piece.high) for piece in shape.pieces] == [(5, 10), (33_100_000_000, 33_200_000_000)]
    assert shape.rank(33_112_345_678) == digits.rank(Caller(Kind.EXTERNAL, "0112345678"))


# -- proving -----------------------------------------------------------------------------------------------------------

POLICY = """\
politique "Cabinet Martin"
poste 100 Accueil messagerie
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie, sonne 25s
poste 103 Atelier
groupe 800 Standard
horaires bureau
  lundi-vendredi 09:00-12:30 14:00-18:30
  samedi 9h-12h
fériés France 2026..2027
fermeture congés = 2026-08-01..2026-08-15
pour "Dr Martin"
  depuis 06 39 98 00 20 vers mobile rebond
  depuis 06* 07* pendant bureau vers extension Secrétariat messagerie
  depuis étranger vers occupé
  depuis 01 99* vers externe 04 65 71 00 01
  depuis interne vers sonnerie
  depuis anonyme hors bureau vers messagerie
pour Secrétariat
  depuis 08* vers extension Atelier
  depuis 103 vers occupé jusqu'au 2026-12-31
pour Atelier
  depuis * hors bureau vers système Standard
pour tous sauf Accueil
  depuis * pendant congés vers extension Accueil
"""
SETTINGS = {"presentations": FORMS}


def work(text, policy=POLICY, settings=None):
    loaded = policyc.load_text(policy)
    settings = {**SETTINGS, **(settings or {})}
    reading = fake_proof.read({"politique.txt": text}, loaded, settings)
    return DecisionModel(loaded), proving.Work("fake", fake_proof, reading, settings)


def prove(text, policy=POLICY, settings=None, jobs=1):
    model, job = work(text, policy, settings)
    return proving.prove(model, [job], jobs)[0]


def test_a_policy_decides_as_itself():
    proof = prove(POLICY)

    assert proof.holds
    assert (proof.extensions, proof.others) == (4, len(proving._strangers(policyc.load_text(POLICY))))
    assert proof.numbers == sum(shape.size for shape in ALL)
    model = DecisionModel(policyc.load_text(POLICY))
    moments = [model.partition(extension).count for extension in model.policy.extensions]
    assert proof.moments == max(moments)
    assert proof.calls == proof.numbers * (sum(moments) + proof.others)
    assert proof.comparisons > 1000


def test_what_nobody_notices_is_no_difference():
    """Comments, names, the order of lines that do not meet, and events without effect."""
    other = POLICY.replace("Cabinet Martin", "Autre").replace("Atelier", "Garage").replace("Standard", "Maison")
    other = other.replace(
        "  depuis étranger vers occupé\n  depuis 01 99* vers externe 04 65 71 00 01\n",
        "  depuis 01 99* vers externe 04 65 71 00 01\n  # d'ailleurs\n  depuis étranger vers occupé\n",
    )

    assert other != POLICY
    assert prove(other).holds
    assert prove("# redite\n" + POLICY).holds


# What is changed in the file, and the extensions for which some call differs.
FAULTS = {
    "a number": ("06 39 98 00 20", "06 39 98 00 21", ["102"]),
    "a prefix less": ("depuis 06* 07* pendant", "depuis 06* pendant", ["102"]),
    "an hour": ("14:00-18:30", "14:00-18:31", ["101", "102", "103"]),
    "a day": ("lundi-vendredi 09:00", "lundi-jeudi 09:00", ["101", "102", "103"]),
    "holidays": ("fériés France 2026..2027\n", "", ["101", "102", "103"]),
    "a holiday's year": ("France 2026..2027", "France 2026..2026", ["101", "102", "103"]),
    "the last day of a closure": ("2026-08-15", "2026-08-16", ["101", "102"]),
    "the last day of a rule": ("2026-12-31", "2027-01-01", ["101"]),
    "inside for outside": ("anonyme hors bureau", "anonyme pendant bureau", ["102"]),
    "a kind": ("depuis interne vers", "depuis externe vers", ["102"]),
    "an order": ("  depuis interne vers sonnerie\n", "  depuis anonyme interne vers occupé\n", ["102"]),
    "a mailbox": ("extension Secrétariat messagerie", "extension Accueil messagerie", ["102"]),
    "a mailbox for a line": ("extension Secrétariat messagerie", "extension Secrétariat", ["102"]),
    "seconds": ("sonne 25s", "sonne 26s", ["102"]),
    "an outside number": ("04 65 71 00 01", "04 65 71 00 02", ["102"]),
    "a mobile": ("mobile 06 39 98 00 02", "mobile 06 39 98 00 03", ["102"]),
    "a rebound": ("vers mobile rebond", "vers mobile", ["102"]),
    "busy": ("depuis étranger vers occupé", "depuis étranger vers messagerie", ["102"]),
    "a system": ("groupe 800 Standard", "groupe 801 Standard", ["101", "103"]),
    "a forward": ("depuis 08* vers extension Atelier", "depuis 08* vers sonnerie", ["101"]),
    "an exception": ("pour tous sauf Accueil", "pour tous sauf Accueil Secrétariat", ["101"]),
    "a mailbox that is not there": ("Accueil messagerie\nposte", "Accueil\nposte", ["100", "101", "102"]),
    "a presentation": ("", "# sans e164\n", ["100", "101", "102", "103"]),
    "another presentation": ("", "# sans nine-digits\n", ["100", "101", "102", "103"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_it_is_and_shown_by_a_call_that_is_true(fault):
    old, new, called = FAULTS[fault]
    text = POLICY.replace(old, new, 1) if old else new + POLICY
    assert text != POLICY

    proof = prove(text)

    assert not proof.holds
    assert called == [number for number in proof.differing if number in ("100", "101", "102", "103")]
    assert {example.called for example in proof.examples} == {*proof.differing[: proving.EXAMPLES]}
    for example in proof.examples:
        assert_true(example, text)


def assert_true(example, text):
    """Hold a counterexample to the interpreter: of the policy, and of the policy that the file is."""
    call = policyc.call_from(
        example.presented,
        example.called,
        example.local,
        internal=example.caller.kind is Kind.INTERNAL,
        restricted=example.hidden,
    )
    mine, theirs = policyc.load_text(POLICY), policyc.load_text(text)

    assert call.caller == example.caller
    assert example.outcome == evaluate.evaluate(mine, call) or example.outcome.steps
    assert policyc.events(mine, call) == events(example.expected)
    assert example.expected != example.found
    if "# sans" not in text:
        assert policyc.events(theirs, call) == events(example.found)


def events(account):
    """Return an account as the interpreter tells it when nobody answers."""
    found = []
    for key, values in account:
        match key:
            case "ring":
                found.append(f"ring {values['extension']} {values['seconds']}s")
            case "voicemail":
                found.append(f"voicemail {values['mailbox']} unavailable")
            case "external":
                found += [f"external {values['number']}", "hangup"]
            case "rebound":
                found.append(f"rebound {values['number']} {values['seconds']}s")
            case "system":
                found.append(f"system {values['number']}")
            case "busy":
                found.append("busy")
    if found and found[0].startswith("rebound"):
        own = found[-1].split()[1]
        found = ["answer", "play wait", f"digits {own}", found[0], "play unavailable", found[-1]]
    return " > ".join(found)


def test_counterexamples_look_like_calls_that_happen():
    (example,) = prove(POLICY.replace("depuis 06* 07* pendant", "depuis 07* pendant", 1)).examples

    assert (example.presented, example.caller.number, example.hidden) == ("0612345678", "0612345678", False)
    assert example.local.weekday() < 5
    assert example.local.minute == 0
    assert [stop.text for stop in example.stops] == [
        'poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie, sonne 25s'
    ]


def test_a_presentation_that_is_not_recognised_is_shown_as_it_is():
    proof = prove("# sans e164\n" + POLICY)

    assert all(example.presented.startswith("+") for example in proof.examples)


def test_a_presentation_that_the_settings_leave_out_is_not_proved():
    assert prove("# sans e164\n" + POLICY, settings={"presentations": ("national", "00", "33", "nine-digits")}).holds


def test_periods_that_the_policy_does_not_have_are_judged_exactly():
    """The file asks about hours of its own, which make no difference where they are those of the policy in two."""
    hours = "  lundi-vendredi 09:00-12:30 14:00-18:30\n"
    split = POLICY.replace(
        hours, "  lundi mardi 09:00-12:30 14:00-18:30\n  mercredi-vendredi 09:00-12:30 14:00-18:30\n"
    )
    twice = POLICY.replace(
        "  depuis 06* 07* pendant bureau vers extension Secrétariat messagerie\n",
        "  depuis 06* 07* pendant ouvrables vers extension Secrétariat messagerie\n"
        "  depuis 06* 07* pendant matinées vers extension Secrétariat messagerie\n",
    ).replace(
        "fériés France",
        "horaires ouvrables = lundi-vendredi 09:00-12:30 14:00-18:30\nhoraires matinées = samedi 9h-12h\nfériés France",
    )
    short = twice.replace("samedi 9h-12h\nfériés", "samedi 9h-11h59\nfériés")

    assert prove(split).holds
    assert prove(twice).holds
    (example,) = prove(short).examples
    assert f"{example.local:%a %H:%M}" == "Sat 11:59"


def test_periods_of_other_extensions_are_judged_where_they_do_not_belong():
    """Both do the same in the file, so what it does was met before where the policy has no period at all."""
    hours = "poste 101 Un\nposte 102 Deux\nhoraires bureau = lundi-vendredi 9h-12h\n"
    one = "pour Un\n  depuis * pendant bureau vers externe 04 65 71 00 01\n  depuis * vers occupé\n"
    other = "pour Deux\n  depuis * vers occupé\n"

    proof = prove(hours + one + one.replace("Un", "Deux"), hours + one + other)

    assert proof.differing == ("102",)
    assert proof.examples[0].local.hour in range(9, 12)


def test_periods_are_answered_behind_the_state_of_a_line():
    """Plans may ask for the time again once a line did not answer."""
    model, job = work(POLICY)
    office = next(period.period for period in model.policy.periods if period.name == "bureau")

    class Asking:
        """Reads each ring as one that asks, after it, whether it is office hours; both answers are the same, or not."""

        def __init__(self, same):
            self.same = same

        def found(self, called, calls):
            return [replace(one, plans=list(map(self.asking, one.plans))) for one in job.reading.found(called, calls)]

        def asking(self, plan):
            parting = plan.then
            if parting is None or parting.asked != "answered":
                return plan if parting is None else replace(plan, then=self.both(parting))
            no = fake_proof.Plan((), fake_proof.Parted(office, parting.no, parting.no if self.same else parting.yes))
            return replace(plan, then=replace(parting, no=no))

        def both(self, parting):
            return replace(parting, yes=self.asking(parting.yes), no=self.asking(parting.no))

        def path(self, *_):
            return []

    assert proving.prove(model, [replace(job, reading=Asking(same=True))])[0].holds
    proof = proving.prove(model, [replace(job, reading=Asking(same=False))])[0]
    assert proof.differing == ("100", "101", "102")  # 103 rings in office hours only
    assert not any(office.holds(example.local) for example in proof.examples)


def test_calls_to_numbers_that_are_no_extensions_are_the_pbxs():
    policy = policyc.load_text(POLICY)
    strangers = proving._strangers(policy)
    text = POLICY.replace("poste 103 Atelier", "poste 103 Atelier\nposte 1000 Intrus")

    assert "800" in strangers
    assert "1000" in strangers
    assert prove(text).differing == ("1000",)


def test_what_is_not_understood_proves_nothing():
    proof = prove("# obscur 102\n" + POLICY.replace("sonne 25s", "sonne 26s"))

    assert not proof.holds
    assert (proof.unclear.file, proof.unclear.line, proof.unclear.what) == ("politique.txt", 1, "application")
    assert (proof.differing, proof.examples) == ((), ())


def test_each_target_answers_for_its_own_callers(monkeypatch):
    """A target may leave out numbers that nobody has, and spellings that it does not read."""
    text = POLICY.replace("depuis 08* vers extension Atelier", "depuis 08* 0612* vers extension Atelier")
    assert prove(text).differing == ("101",)

    real = digits.UNIVERSE - numbering.prefix("0612")
    monkeypatch.setattr(fake_proof, "counted", lambda policy, settings, called: real, raising=False)
    assert prove(text).holds
    assert prove(text).numbers < sum(shape.size for shape in ALL)

    monkeypatch.delattr(fake_proof, "counted")
    monkeypatch.setattr(
        fake_proof, "listed", lambda settings, calls: None if "+" not in calls.presented else (), raising=False
    )
    assert prove("# sans e164\n" + POLICY).holds


def test_a_fault_in_one_instant_of_one_number_is_found():
    """Nothing is sampled."""
    text = POLICY.replace(
        'pour "Dr Martin"\n',
        "horaires minute = mercredi 10:07-10:08\n"
        'pour "Dr Martin"\n  depuis 06 39 98 12 34 pendant minute vers occupé\n',
    )

    (example,) = prove(text).examples

    assert example.caller.number == "0639981234"
    assert f"{example.local:%a %H:%M}" == "Wed 10:07"


@pytest.mark.parametrize("text", [POLICY, POLICY.replace("14:00-18:30", "14:00-18:31"), "# obscur 103\n" + POLICY])
def test_several_processes_find_the_same(text):
    assert summary(prove(text)) == summary(prove(text, jobs=3))


def summary(proof):
    unclear = proof.unclear and (proof.unclear.file, proof.unclear.line, proof.unclear.what, proof.unclear.text)
    told = replace(
        proof, examples=(), unclear=None, **({"calls": 0, "comparisons": 0, "numbers": 0} if unclear else {})
    )
    shown = [(one.presented, one.called, one.local, one.expected, one.found) for one in proof.examples]
    return told if not unclear else (told.target, unclear), shown


def test_few_extensions_are_not_shared(monkeypatch):
    monkeypatch.setattr(proving.processes, "cores", lambda: 2)

    assert proving._jobs(proving.MANY - 1) == 1
    assert proving._jobs(proving.MANY) == 2


class _Shelf:
    """Lays what a reading finds out on two sources: that of some calls backwards, in pieces, behind that of others."""

    def __init__(self, reading):
        self._reading = reading
        self._windows = {}
        self.path = reading.path

    def laid(self, called, calls):
        found = self._reading.found(called, calls)
        rows, windows = ([], []), []
        ends = [0, 0]
        for at, (one, its) in enumerate(zip(calls, found, strict=True)):
            cuts = sorted({*its.starts[::3], 0, one.size // 7})
            own = []
            for low, high in reversed(list(pairwise([*cuts, one.size]))):
                plans = [(start, plan) for start, plan in zip(its.starts, its.plans, strict=True) if start < high]
                inside = [(max(start, low), plan) for start, plan in plans]
                begins = dict(inside)  # of those before `low`, the last counts
                own.append((low, at % 2, ends[at % 2]))
                rows[at % 2].extend((start - low + ends[at % 2], plan) for start, plan in begins.items())
                ends[at % 2] += high - low
            windows.append(tuple(reversed(own)))
        sources = [fake_proof.Found(*zip(*row, strict=True)) for row in rows]
        return SimpleNamespace(windows=self._windows.setdefault(tuple(windows), windows), sources=sources)


@pytest.mark.parametrize("fault", few([None, *FAULTS, "obscure"], 5))
def test_however_found_plans_are_laid_out_the_proof_is_the_same(fault):
    old, new, _ = FAULTS.get(fault, ("", "# obscur 103\n" if fault else "", []))
    text = POLICY.replace(old, new, 1) if old else new + POLICY
    model, job = work(text)
    (laid,) = proving.prove(model, [replace(job, reading=_Shelf(job.reading))], 1)

    assert summary(replace(laid, comparisons=0)) == summary(replace(prove(text), comparisons=0))


_YEAR = datetime(2026, 1, 1)
_loaded = cache(policyc.load_text)


@cache
def _differing(old, new):
    return prove(POLICY.replace(old, new, 1)).differing


@given(st.sampled_from([name for name, (old, _, _) in FAULTS.items() if old]), st.data())
def test_what_is_told_of_a_number_is_so_for_every_call(fault, data):
    """A random call differs by the interpreter only if its called number is among those that differ."""
    old, new, _ = FAULTS[fault]
    mine, theirs = _loaded(POLICY), _loaded(POLICY.replace(old, new, 1))
    differing = _differing(old, new)
    presented = data.draw(numbers().filter(lambda text: shape_of(text) is not None))
    called = data.draw(st.sampled_from(("100", "101", "102", "103")))
    local = data.draw(st.datetimes(min_value=_YEAR, max_value=_YEAR.replace(year=2028)))
    call = policyc.call_from(presented, called, local)
    if policyc.events(mine, call) != policyc.events(theirs, call):
        assert called in differing


# -- of files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fake(monkeypatch):
    """Make the fake target the proof of every target."""
    monkeypatch.setattr(protocol, "find", lambda name: None if name == "fiche" else fake_proof)
    return fake_proof


def verify(text, name="asterisk", **options):
    files = {name: {} if text is None else {"politique.txt": text}}
    settings = {name: SETTINGS}
    return checking.verify(DecisionModel(policyc.load_text(POLICY)), files, [name], settings, "build", **options)


def test_files_that_decide_as_the_policy_are_proved(fake):
    verified = verify(POLICY)

    assert verified.holds
    assert (verified.diagnostics, verified.unproved, verified.refused) == ((), (), frozenset())
    assert [proof.target for proof in verified.proofs] == ["asterisk"]


def test_a_counterexample_has_both_places(fake):
    text = POLICY.replace("depuis 06* 07* pendant", "depuis 07* pendant", 1)
    (found,) = verify(text).diagnostics

    assert found.code == "PC801"
    assert found.primary.text == "depuis 06* 07* pendant bureau vers extension Secrétariat messagerie"
    assert [one.span.place for one in found.secondary] == ["build/asterisk/politique.txt:4"]
    assert found.secondary[0].span.text == 'poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie, sonne 25s'
    assert found.witness.caller == "0612345678"
    assert found.notes == ()


def test_how_a_number_is_presented_is_told_where_it_matters(fake):
    found = verify("# sans e164\n" + POLICY).diagnostics

    assert len(found) == proving.EXAMPLES
    assert {note.key for one in found for note in one.notes} == {"presented", "more"}
    assert [one.args["count"] for diagnostic in found for one in diagnostic.notes if one.key == "more"] == [1]


@pytest.mark.parametrize(
    ("text", "what", "line"), [("# obscur 102\n" + POLICY, "application", 1), (POLICY + "  # @\n", "function", 26)]
)
def test_what_is_not_understood_is_shown_at_its_line(fake, text, what, line):
    verified = verify(text)
    (found,) = verified.diagnostics

    assert (found.code, found.args["case"], found.primary.line) == ("PC802", what, line)
    assert found.primary.file.path == "build/asterisk/politique.txt"
    assert verified.refused == {"asterisk"}


def test_a_file_that_is_missing(fake):
    (found,) = verify(None).diagnostics

    assert (found.code, found.args["case"], found.args["path"]) == (
        "PC803",
        "missing",
        "build/asterisk/politique.txt",
    )


def test_a_target_that_does_not_say_how_it_is_proved(fake):
    verified = verify(POLICY, "fiche")

    assert not verified.holds
    assert (verified.unproved, verified.diagnostics) == (("fiche",), ())


def test_a_target_of_another_package_may_say_it(monkeypatch):
    monkeypatch.setattr(targets, "find", lambda name: type("Target", (), {"PROOF": fake_proof} if name == "x" else {}))

    assert protocol.find("x") is fake_proof
    assert protocol.find("y") is None


def test_files_that_cannot_be_read(fake, tmp_path, monkeypatch):
    for target, data in (("asterisk", b"\xff"), ("freeswitch", POLICY.encode()), ("3cx", None)):
        (tmp_path / target).mkdir()
        if data is not None:
            (tmp_path / target / "politique.txt").write_bytes(data)
    (tmp_path / "3cx" / "politique.txt").mkdir()
    files, unread = checking.load(tmp_path, ["asterisk", "freeswitch", "3cx", "other"], "build")

    assert {"asterisk": {}, "freeswitch": {"politique.txt": POLICY}, "3cx": {}, "other": {}} == files
    assert [("not-utf8", "build/asterisk/politique.txt"), ("unreadable", "build/3cx/politique.txt")] == [
        (one.args["case"], one.args["path"]) for one in unread
    ]
    monkeypatch.setattr(checking, "MAX_BYTES", 10)
    _, unread = checking.load(tmp_path, ["freeswitch"], "build")
    assert ["large"] == [one.args["case"] for one in unread]


# -- what people read --------------------------------------------------------------------------------------------------


PROOFS = sorted(TARGETS.glob("*/proof.py"))  # of the targets that say how they are proved


def keys_of(path):
    """Return the keys that `happens` may give: each `("key", {values})` of the module, with the names of its values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict):
            key, values = node.elts
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, {one.value for one in values.keys if isinstance(one, ast.Constant)}


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.parent.name)
def test_every_key_has_a_sentence(path):
    keys = list(keys_of(path))

    assert len(keys) > 3
    for language in words.LANGUAGES:
        table = words.load(language).tables["proof"]
        assert {key for key, _ in keys} <= table.keys()
        for key, values in keys:
            asked = set(re.findall(r"\{([\w-]+)\}", table[key]))
            assert asked <= values, (key, asked, values)


@pytest.mark.parametrize("name", targets.names())
def test_every_target_of_this_package_is_proved(name):
    proving_ = protocol.find(name)

    assert proving_ is not None
    assert proving_.FILES


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_account_of_a_counterexample(fake, language):
    verified = verify(POLICY.replace("sonne 25s", "sonne 26s"))
    told = telling.Told(verified, policyc.load_text(POLICY), folder="build")
    text = telling.to_text(told, words.load(language), report.load_catalogue(language))

    assert "✗ asterisk" in text
    assert "build/asterisk/politique.txt:4: poste 102" in text
    assert re.search(r"≠ 1\. 102 (sonne|rings for) 25", text)
    assert re.search(r"≠ 1\. 102 (sonne|rings for) 26", text)
    assert re.search(r"^    3\. .*102", text, re.MULTILINE)
    assert "{" not in text


def test_what_has_no_sentence_is_told_by_its_key():
    say = words.load("fr")

    assert telling.said(say, "teleports", {"to": "Mars"}) == "teleports to=Mars"
    assert telling.said(say, "voicemail", {}) == say("proof.voicemail", mailbox="…", greeting="…")
    assert telling.said(say, "state", {"state": "busy"}) == say("proof.state", state=say("proof.state_busy"))
    assert "06 12 34 56 78" in telling.said(say, "external", {"number": "0612345678"})


# -- the command and the library ---------------------------------------------------------------------------------------

SCHEMA = json.loads(resources.files("policyc").joinpath("proof", "schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def here(fake, tmp_path, monkeypatch):
    """A folder with the policy, what was compiled of it, and settings that name one target."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    (tmp_path / "cabinet.pol").write_text(POLICY, encoding="utf-8")
    (tmp_path / "policyc.toml").write_text('[policy]\ntargets = ["asterisk"]\n')
    (tmp_path / "build" / "asterisk").mkdir(parents=True)
    (tmp_path / "build" / "asterisk" / "politique.txt").write_text(POLICY, encoding="utf-8")
    return tmp_path


def change(here, old, new):
    (here / "build" / "asterisk" / "politique.txt").write_text(POLICY.replace(old, new, 1), encoding="utf-8")


def run(*arguments, language="fr"):
    return CliRunner().invoke(cli.commands(language), list(arguments), prog_name="policyc")


def told(*arguments):
    result = run("verify", *arguments, "--format", "json")
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert data["passed"] is (result.exit_code == 0)
    return data


def test_verify_says_what_is_proved(here):
    result = run("verify", "cabinet.pol", "build")

    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert first == "✓ asterisk\xa0: prouvé, les fichiers décident comme la politique"
    assert "4 postes" in second
    data = told("build")
    assert [one["target"] for one in data["proved"]] == ["asterisk"]
    assert data["proved"][0]["calls"] == prove(POLICY).calls
    assert ([], [], [], []) == tuple(data[key] for key in ("unproved", "differing", "counterexamples", "diagnostics"))


def test_verify_shows_a_call(here):
    change(here, "depuis 06* 07* pendant", "depuis 07* pendant")
    result = run("verify", "cabinet.pol", "build")

    assert result.exit_code == 1
    assert "Appel externe de 06 12 34 56 78 vers 102 Dr Martin" in result.stdout
    assert "cabinet.pol:14: depuis 06* 07* pendant bureau" in result.stdout
    assert "build/asterisk/politique.txt:4: poste 102" in result.stdout
    assert "PC801" in result.stderr
    assert "┌─ build/asterisk/politique.txt:4:1" in result.stderr
    (shown,) = told("cabinet.pol", "build")["counterexamples"]
    assert shown["call"]["presented"] == "0612345678"
    assert shown["policy"]["events"] == [{"event": "voicemail", "mailbox": "101", "greeting": "unavailable"}]
    assert shown["policy"]["path"][0]["file"] == "cabinet.pol"
    assert shown["files"]["path"][0]["file"] == "build/asterisk/politique.txt"
    assert [one["event"] for one in shown["files"]["events"]] == ["ring", "state", "voicemail"]


def test_verify_from_another_folder_shows_paths_as_they_are_there(here, monkeypatch):
    change(here, "sonne 25s", "sonne 26s")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    result = run("verify", "../cabinet.pol", "../build")

    assert result.exit_code == 1
    assert "../cabinet.pol:" in result.stderr
    assert "┌─ ../build/asterisk/politique.txt:4:1" in result.stderr
    assert "../build/asterisk/politique.txt:4: poste" in result.stdout


def test_verify_of_a_folder_that_is_none_is_bad_usage(here):
    result = run("verify", "cabinet.pol")

    assert result.exit_code == 2
    assert "« cabinet.pol » n'est pas un dossier" in result.stderr.replace("\xa0", " ")
    assert run("verify").exit_code == 2
    assert run("verify", "build", "--target", "asterix").exit_code == 2


def test_verify_asks_for_all_targets_of_the_settings_or_for_those_named(here):
    (here / "policyc.toml").write_text('[policy]\ntargets = ["asterisk", "freeswitch"]\n')

    result = run("verify", "build")
    assert result.exit_code == 1
    assert "✗ freeswitch" in result.stdout
    assert "le fichier `build/freeswitch/politique.txt` manque" in result.stderr
    assert ["PC803"] == [one["code"] for one in told("build")["diagnostics"]]
    assert run("verify", "build", "--target", "asterisk").exit_code == 0


def test_verify_of_a_policy_with_errors(here):
    (here / "cabinet.pol").write_text("poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n", encoding="utf-8")

    result = run("verify", "build")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "PC303" in result.stderr
    assert ["PC303"] == [one["code"] for one in told("build")["diagnostics"]]


class _Renders:
    """A target that writes what it is told, whatever the policy says."""

    NAME = "asterisk"
    DEFAULTS = SETTINGS
    CAPABILITIES = {}  # noqa: RUF012

    def __init__(self, text):
        self.text = text

    def render(self, policy, settings):
        return targets.Rendered({"politique.txt": self.text})


@pytest.mark.parametrize("fault", ["depuis 07* pendant", "depuis 06* 07* pendant"])
def test_compile_writes_what_is_proved_and_nothing_else(here, monkeypatch, fault):
    text = POLICY.replace("depuis 06* 07* pendant", fault, 1)
    monkeypatch.setattr(targets, "find", lambda name: _Renders(text))
    result = run("compile", "--out", "out")

    if text == POLICY:
        assert result.exit_code == 0
        assert "Prouvé pour tout appel, à tout instant\xa0: asterisk" in result.stderr
    else:
        assert result.exit_code == 1
        assert "PC801" in result.stderr
        assert "Appel externe de 06 12 34 56 78 vers 102 Dr Martin" in result.stderr
        assert "out/asterisk/politique.txt:4" in result.stderr
    assert (here / "out" / "asterisk").exists() is (text == POLICY)
    assert run("compile", "--out", "any", "--no-verify").exit_code == 0
    assert (here / "any" / "asterisk" / "politique.txt").exists()


def test_compile_withholds_only_the_target_that_is_not_proved(here, monkeypatch):
    (here / "policyc.toml").write_text('[policy]\ntargets = ["asterisk", "freeswitch"]\n')
    wrong = POLICY.replace("sonne 25s", "sonne 26s")
    monkeypatch.setattr(targets, "find", lambda name: _Renders(wrong if name == "asterisk" else POLICY))
    result = run("compile")

    assert result.exit_code == 1
    assert (here / "build" / "freeswitch").exists()
    assert (here / "build" / "asterisk" / "politique.txt").read_text(encoding="utf-8") == POLICY  # as it was
    assert "Rien n'est écrit pour asterisk\xa0: il n'est pas prouvé" in result.stderr


def test_compile_says_that_a_target_is_not_proved(here, monkeypatch):
    monkeypatch.setattr(targets, "find", lambda name: _Renders(POLICY))
    monkeypatch.setattr(protocol, "find", lambda name: None)
    result = run("compile", "--out", "out")

    assert result.exit_code == 0
    assert "rien n'est prouvé pour asterisk" in result.stderr
    assert "Prouvé" not in result.stderr


def test_the_library_proves_when_it_is_asked(here, monkeypatch):
    wrong = POLICY.replace("sonne 25s", "sonne 26s")
    monkeypatch.setattr(targets, "find", lambda name: _Renders(wrong))
    policy = policyc.load("cabinet.pol")

    assert policyc.compile(policy, targets=["asterisk"]).files
    assert policyc.compile(policy, targets=["asterisk"]).verified is None
    compiled = policyc.compile(policy, targets=["asterisk"], verify=True)
    assert ({}, ["PC801"]) == (dict(compiled.files), [one.code for one in compiled.diagnostics])
    assert compiled.has_errors
    assert policyc.verify(policy, "build", targets=["asterisk"]).holds
    assert policyc.verify("cabinet.pol", here / "build").holds
    assert policyc.verify(policy, {"asterisk": {"politique.txt": POLICY}}).holds
    assert not policyc.verify(policy, {"asterisk": {"politique.txt": wrong}}).holds
    with pytest.raises(policyc.PolicyError):
        policyc.verify(_bad(here), "build")


def _bad(here):
    (here / "bad.pol").write_text("poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n", encoding="utf-8")
    return here / "bad.pol"
