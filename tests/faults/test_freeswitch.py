"""Faults in the dialplan of a FreeSWITCH: what calls show of them, and what the proof says.

`record.py` kept what a real FreeSWITCH did; of dialplans that are not those of the record any more, the evaluator of
`dialplan_xml` judges, and the tests say of how many. Tests marked `pbx_freeswitch` place the calls, and hold the record
and the evaluator to what they do. More faults: POLICYC_SEEDS=0..50.
"""

import asyncio
from collections import Counter

import pytest
from freeswitch_model import DIALS
from judge.seeds import chosen

from faults import on_freeswitch, proof, record
from faults.judging import Shows
from faults.trials import FILES, Result, Tally, compiled, confirmed, policy, problems, refusal, told

SEEDS = chosen(0, 0)
ANEW = "record what a real FreeSWITCH does anew: python tests/faults/record.py"


def tried(name, seed, count, by=None):
    """Return the results of faults in a policy; `by` counts who judged them."""
    its = record.drawn(name, seed, count)
    for fault, judged in zip(its.faults, its.judged, strict=True):
        row = record.table().get(record.digest(its.text, fault.text))
        if by is not None:
            by["a real FreeSWITCH" if row else "the evaluator, since the dialplan is not the recorded one"] += 1
        refused = refusal(name, "freeswitch", fault.text, DIALS)
        differs = differing(its.text, fault, its.its)
        yield Result(fault, row.judged(fault) if row else judged, refused, confirmed_by(row, refused, differs))


def confirmed_by(row, refused, differs):
    """Return what each call of the proof shows: by the record, by the evaluator where it does not have the call."""
    known = row.of_proof if row else {}
    return tuple(
        known[call] if call in known else confirmed(proof.Refused((call,), ("",)), differs)[0]
        for call in (refused.calls if refused else ())
    )


def differing(text, fault, calls):
    """Return what a call shows of a fault, None for nothing; what the evaluator does not understand shows itself."""
    before = on_freeswitch.model(text, calls)

    def differs(call):
        try:
            ran = before.told(call)
            seen = on_freeswitch.model(fault.text, calls).told(call)
        except on_freeswitch.NotJudgedError as error:
            return Shows(call, (), (f"not understood: {error}",))
        return None if ran == seen else Shows(call, ran, seen)

    return differs


def check(tally):
    print(tally)
    found = list(problems(tally.results))

    assert not found, told(found)
    assert len(tally.unexplained) <= max(2, len(tally.results) // 25), tally.unexplained
    assert len(tally.not_judged) <= max(2, len(tally.results) // 10), tally.not_judged


@pytest.mark.parametrize("name", ["cabinet", "4-chaque-exception"])
def test_what_is_generated_is_proved(name):
    text = compiled(name, "freeswitch", DIALS)

    assert proof.refused(policy(name), "freeswitch", {FILES["freeswitch"]: text}, DIALS) is None


@pytest.mark.thorough
def test_few_faults():
    by = Counter()
    tally = Tally(list(tried(*record.FEW, by)))

    print(dict(by))
    check(tally)
    assert sum(bool(one.judged and one.judged.changes) for one in tally.results) > 6


@pytest.mark.pbx
@pytest.mark.parametrize("seed", SEEDS)
def test_many_faults(seed):
    """Needs no PBX, but more time than the tests of each run have."""
    by, tally = Counter(), Tally()
    for name, own, count in record.many_faults(seed):
        tally.results += tried(name, own, count, by)

    print(dict(by))
    check(tally)
    assert len(tally.results) >= 100
    assert sum(bool(one.judged and one.judged.changes) for one in tally.results) > 40


# -- the record --------------------------------------------------------------------------------------------------------


def test_the_record_is_of_many_faults():
    rows = record.table().values()

    assert len(rows) >= 120
    assert sum(row.shows is not None for row in rows) > 60
    assert all(row.calls for row in rows)
    assert record.TABLE.stat().st_size < 400_000


def test_the_evaluator_judges_as_a_real_freeswitch_did():
    """Of the recorded faults that are still drawn: the call that shows one does the same by the evaluator."""
    rows = record.table()
    its = record.drawn(*record.FEW)
    pairs = [(fault, row) for fault in its.faults if (row := rows.get(record.digest(its.text, fault.text)))]
    print(f"{len(pairs)} of {len(its.faults)} are recorded")

    wrong = [text for fault, row in pairs for text in otherwise(its, fault, row)]

    assert not wrong, told(wrong)


def otherwise(its, fault, row):
    """Return what the evaluator says otherwise of the calls of a row."""
    tried = [(one.call, one.before, one.after) for one in (row.shows, *row.of_proof.values()) if one]
    return record.otherwise(its, fault, tried)


@pytest.mark.pbx_freeswitch
@pytest.mark.usefixtures("freeswitch")
@pytest.mark.parametrize(("name", "seed", "count"), record.recorded_faults())
def test_the_record_is_of_what_is_generated(name, seed, count):
    its = record.drawn(name, seed, count)
    stale = [fault for fault in its.faults if record.digest(its.text, fault.text) not in record.table()]

    assert not stale, f"{len(stale)} of {count} faults are not in the record; {ANEW}"


@pytest.mark.pbx_freeswitch
@pytest.mark.usefixtures("freeswitch")
@pytest.mark.parametrize("seed", SEEDS)
def test_faults_on_a_real_freeswitch(seed, tmp_path):
    """Calls that are placed now agree with the proof, with the record, and with the evaluator."""
    tally, wrong = Tally(), []
    for name, own, count in record.many_faults(seed):
        its = record.drawn(name, own, count, PLACED)
        refused = [refusal(name, "freeswitch", fault.text, DIALS) for fault in its.faults]
        for one, other in zip(asyncio.run(record.placed(its, refused, tmp_path / name)), refused, strict=True):
            tally.results.append(Result(one.fault, one.judged, other, tuple(shows for _, shows in one.of_proof)))
            row = record.table().get(record.digest(its.text, one.fault.text))
            wrong += record.otherwise(its, one.fault, one.placed)
            wrong += [f"{one.fault}: the record has {row.shows}, now {one.shows}"] if differs(row, one) else []

    check(tally)
    assert not wrong, told(wrong)


PLACED = 10
"""Calls of each fault: the record has more."""


def differs(row, one):
    """Tell whether a fault of the record did something else with the same call."""
    again = {call: (before, after) for call, before, after in one.placed}
    return row is not None and row.shows is not None and row.shows.call in again and (
        again[row.shows.call] != (row.shows.before, row.shows.after))  # fmt: skip
