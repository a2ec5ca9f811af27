"""What holds the proof to the calls finds a proof that is too easily content, one that is never, and one that lies."""

from datetime import datetime

import pytest

from faults.calls import Call
from faults.edits import COSMETIC, Fault
from faults.judging import Judged, Shows
from faults.on_asterisk import noticed
from faults.proof import Refused
from faults.trials import Result, Tally, confirmed, in_each_state, problems

CALL = Call(False, "0612345678", False, "102", datetime(2026, 11, 23, 10))
SHOWS = Shows(CALL, ("busy",), ("ring 102 20s",))
REFUSED = Refused((CALL,), ("rings, not busy",))


def fault(kind="number"):
    return Fault(kind, "line 1", "text", 0)


def judged(shows=None, kind="number"):
    return Judged(fault(kind), 10, shows)


RIGHT = {
    "a fault that a call shows, refused": Result(fault(), judged(SHOWS), REFUSED, (SHOWS,)),
    "… or not understood": Result(fault(), judged(SHOWS), Refused(not_understood="line 1")),
    "a fault that only the proof found": Result(fault(), judged(), REFUSED, (SHOWS,)),
    "a fault that is none": Result(fault(), judged(), None),
    "a fault that nobody notices, accepted": Result(fault(), judged(Shows(CALL, (), ("x",), noticed=False)), None),
    "a cosmetic edit": Result(fault(COSMETIC), judged(kind=COSMETIC), None),
    "a fault that cannot be judged": Result(fault(), None, None),
}
WRONG = {
    "a fault that a call shows, proved": Result(fault(), judged(SHOWS), None),
    "a false alarm": Result(fault(), judged(), REFUSED, (None,)),
    "a false counterexample of a real fault": Result(fault(), judged(SHOWS), REFUSED, (None,)),
    "a cosmetic edit, refused": Result(fault(COSMETIC), judged(kind=COSMETIC), REFUSED, (SHOWS,)),
    "… or not understood": Result(fault(COSMETIC), judged(kind=COSMETIC), Refused(not_understood="line 1")),
    "a cosmetic edit that is none": Result(fault(COSMETIC), judged(SHOWS, COSMETIC), None),
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_goes_together_is_no_problem(what):
    assert list(problems([RIGHT[what]])) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_is_one(what):
    assert len(list(problems([WRONG[what]]))) == 1


def test_what_is_not_understood_without_a_reason_is_counted():
    tally = Tally([Result(fault(), judged(), Refused(not_understood="line 1")), *RIGHT.values()])

    assert len(tally.unexplained) == 1
    assert len(tally.not_judged) == 1
    assert str(tally).startswith("8 faults, 2 change what calls do, 4 refused")


def test_a_call_of_the_proof_is_placed_with_lines_in_each_state():
    busy = confirmed(REFUSED, lambda call: SHOWS if call.state == "busy" else None)

    assert busy == (SHOWS,)
    assert confirmed(REFUSED, lambda _: None) == (None,)
    assert {call.state for call in in_each_state(CALL)} > {"answer", "busy", "silent", "noanswer"}


RING = "dial Local/ext-102@phones/n 20s "


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("answered", "voicemail 102@default u fr", "hangup 16"), ("voicemail 102@default u fr", "hangup 16")),
        ((RING, "voicemail 102@default u ", "hangup 19"), (RING, "voicemail 102@default u ", "end 0")),
        (("busy",), ("hangup 17",)),
        (("hangup 16",), ("end 0",)),
        (("ringing", RING, "hangup 16"), (RING, "hangup 16")),
    ],
)
def test_what_nobody_notices(one, other):
    assert noticed(one) == noticed(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("answered", RING, "hangup 16"), (RING, "hangup 16")),
        (("busy",), ("hangup 16",)),
        (("busy",), ("answered", "busy")),
        ((RING, "voicemail 102@default u ", "hangup 19"), (RING, "voicemail 102@default b ", "hangup 19")),
        ((RING, "voicemail 102@default u ", "hangup 16"), (RING, "voicemail 102@default u ", "busy")),
    ],
)
def test_what_people_notice(one, other):
    assert noticed(one) != noticed(other)
