"""The reader, fact by fact, and documents made to mislead."""

from __future__ import annotations

import ast
import inspect
import json
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from policyc.proof.protocol import Calls
from policyc.targets.threecx import reader
from policyc.targets.threecx.reader import NotUnderstood, What, read
from threecx_reader.documents import (
    BUSY,
    FILE,
    PBX,
    becomes,
    document,
    ends,
    entry,
    former,
    hours,
    pieces,
    reading,
    text_of,
    to,
)

MONDAY = datetime(2026, 11, 23, 10)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORK = "Monday 09:00:00 12:30:00"
FORMER = replace(PBX, current=False)


def one(*exceptions, **lists):
    return document(e101=list(exceptions), **lists)


def at(value, presented, local=MONDAY, **more):
    """Return what becomes of one call."""
    [(_, _, found)] = becomes(value, presented, local=local, **more)
    return found


def refused(value, what, presented="0612345678", pbx=PBX, **more):
    """Check that a call gets to what is not understood; return the line that is told, and its own text."""
    with pytest.raises(NotUnderstood) as caught:
        becomes(value, presented, local=MONDAY, pbx=pbx, **more)
    assert caught.value.what is what
    assert caught.value.file == FILE
    return caught.value.line, caught.value.text


# --- independence ---


def test_it_shares_nothing_with_what_writes():
    allowed = {"policyc", "policyc.schedule", "policyc.digits", "policyc.diagnostics"}
    for path in Path(inspect.getfile(reader)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            own = [name for name in names if name.startswith("policyc") and not name.startswith(reader.__name__)]
            assert not set(own) - allowed, (path.name, own)
            assert "policyc" not in own or {name.name for name in node.names} == {"schedule"}
            assert not getattr(node, "level", 0)


# --- lists and patterns ---


def test_the_first_that_matches_decides_and_else_it_rings():
    value = one(entry("0612345678", BUSY), entry("06* 07*", to("VoiceMail", "101")))

    assert becomes(value, "0?????????", local=MONDAY) == [
        (0, 599_999_999, "ring 101"),
        (600_000_000, 612_345_677, "voicemail 101"),
        (612_345_678, 612_345_678, "busy"),
        (612_345_679, 799_999_999, "voicemail 101"),
        (800_000_000, 999_999_999, "ring 101"),
    ]


@pytest.mark.parametrize(
    ("patterns", "presented", "expected"),
    [
        ("06*", "+336????????", [(0, 99_999_999, "ring 101")]),
        ("+336*", "+33??", [(0, 59, "ring 101"), (60, 69, "busy"), (70, 99, "ring 101")]),
        ("06*", "0?", [(0, 5, "ring 101"), (6, 6, "busy"), (7, 9, "ring 101")]),
        ("0612*", "0?", [(0, 9, "ring 101")]),  # longer than any of the numbers
        ("0600*", "06", [(0, 0, "ring 101")]),
        ("06", "0?", [(0, 5, "ring 101"), (6, 6, "busy"), (7, 9, "ring 101")]),
        ("06", "0??", [(0, 99, "ring 101")]),
        ("*", "+?", [(0, 9, "busy")]),
        ("+*", "+?", [(0, 9, "busy")]),
        ("+*", "?", [(0, 9, "ring 101")]),
        ("0*", "?", [(0, 0, "busy"), (1, 9, "ring 101")]),
        ("06* 061* 0619", "06??", [(0, 99, "busy")]),
        ("0610* 0612", "061?", [(0, 0, "busy"), (1, 1, "ring 101"), (2, 2, "busy"), (3, 9, "ring 101")]),
        ("06*", "06 ?? ??", [(0, 9999, "busy")]),
        ("0612*", "06 ?? ??", [(0, 9999, "ring 101")]),
        ("061*", "06?? ??", [(0, 999, "ring 101"), (1000, 1999, "busy"), (2000, 9999, "ring 101")]),
        ("0605 0625", "06?5", [(0, 0, "busy"), (1, 1, "ring 101"), (2, 2, "busy"), (3, 9, "ring 101")]),
        ("061", "061;?", [(0, 9, "ring 101")]),
        ("101", "101@host", [(0, 0, "ring 101")]),
    ],
)  # fmt: skip
def test_patterns_compare_as_texts(patterns, presented, expected):
    assert becomes(one(entry(patterns, BUSY)), presented, local=MONDAY) == expected


@pytest.mark.parametrize(
    "patterns", ["06**", "*06", "0*6", "06,07", "06*  07*", " 06*", "06* ", "", "06*;07*", "+", "06 X1", "anon*", "٠٦*"]
)
def test_patterns_of_another_kind_are_not_understood(patterns):
    value = one(entry(patterns, BUSY))
    line, text = refused(value, What.PATTERN)

    assert f'"Data": {json.dumps(patterns, ensure_ascii=False)}' in text_of(value).split("\n")[line - 1]
    assert text == patterns


def test_a_call_without_a_number():
    spelt = replace(PBX, anonymous="Masque")
    words = one(entry("Masque", BUSY))
    everyone = one(entry("06* +*", to("VoiceMail", "101")), entry("*", BUSY))

    for presented, hidden in (("", False), ("0?????????", True), ("", True)):
        assert at(words, presented, hidden=hidden, pbx=spelt) == "busy"
        assert at(everyone, presented, hidden=hidden, pbx=spelt) == "busy"
        assert at(everyone, presented, hidden=hidden) == "busy"
        refused(words, What.PATTERN, presented, hidden=hidden)  # nobody says how it is shown
    assert at(words, "Masque") == "busy"
    assert at(words, "Autre") == "ring 101"
    assert at(words, "0612345678") == "ring 101"
    refused(words, What.PATTERN, "MASQUE")  # whether case counts is not known


def test_kinds_and_those_that_are_off():
    value = one(
        entry("*", BUSY, Enabled=False),
        entry("1*", to("VoiceMail", "101"), CallType="InternalCallsOnly"),
        entry("1*", to("VoiceMail", "102"), CallType="ExternalCallsOnly"),
    )

    assert at(value, "1??", internal=True) == "voicemail 101"
    assert at(value, "1??") == "voicemail 102"


def test_the_former_form():
    value = one(former(entry("06*", BUSY)))

    assert at(value, "06????????", pbx=FORMER) == "busy"
    line, text = refused(value, What.KEY)
    assert (text_of(value).split("\n")[line - 1].split('"')[1], text) == ("CallerId", "CallerId")
    refused(one(entry("06*", BUSY)), What.KEY, pbx=FORMER)


# --- hours ---


@pytest.mark.parametrize(
    ("kind", "monday", "night", "christmas", "christmas_night"),
    [
        ("SpecificHours", True, False, True, False),
        ("SpecificHoursExcludingHolidays", True, False, False, False),
        ("OutOfSpecificHours", False, True, False, True),
        ("OutOfSpecificHoursIncludingHolidays", False, True, True, True),
    ],
)
def test_hours_of_periods(kind, monday, night, christmas, christmas_night):
    value = one(entry("*", BUSY, hours(kind, "Monday 09:00:00 18:00:00", "Friday 09:00:00 18:00:00")))
    instants = (datetime(2026, 11, 23, 9), datetime(2026, 11, 23, 18), datetime(2026, 12, 25, 17, 59, 59),
                datetime(2026, 12, 25, 8, 59))  # fmt: skip

    assert [at(value, "1", local) == "busy" for local in instants] == [monday, night, christmas, christmas_night]


def test_the_last_second_stands_for_midnight():
    value = one(entry("*", BUSY, hours("SpecificHours", "Sunday 00:00:00 23:59:59", WORK)))

    assert at(value, "1", datetime(2026, 11, 29, 23, 59, 59)) == "busy"
    assert at(value, "1", datetime(2026, 11, 30)) == "ring 101"
    assert at(value, "1", datetime(2026, 11, 30, 12, 29)) == "busy"
    assert at(value, "1", datetime(2026, 11, 30, 12, 30)) == "ring 101"


def test_never():
    assert at(one(entry("*", BUSY, hours("Never"))), "1") == "ring 101"


@pytest.mark.parametrize(
    "when",
    [
        *(hours(kind) for kind in ("OfficeHours", "OutOfOfficeHours", "BreakTime")),
        *(hours(kind) for kind in ("SpecificHours", "OutOfSpecificHours")),
        *(hours(kind, WORK) for kind in ("AllHours", "Never", "OfficeHours")),
        hours("SpecificHours", "Monday 09:00:30 12:00:00"),
        hours("SpecificHours", "Monday 09:00:00 12:00:59"),
        hours("SpecificHours", "Monday 22:00:00 06:00:00"),
        hours("SpecificHours", "Monday 09:00:00 09:00:00"),
        hours("SpecificHours", WORK, "Monday 18:00:00 00:00:00"),
    ],
)
def test_hours_that_are_not_understood(when):
    refused(one(entry("06*", BUSY, when)), What.HOURS)
    assert at(one(entry("07*", BUSY, when)), "06????????") == "ring 101"


# --- destinations ---


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        (to("None"), "busy"),
        (to("ProceedWithNoExceptions"), "ring 101"),
        (to("VoiceMail", "102"), "voicemail 102"),
        (to("External", "", "0442930698"), "external 0442930698"),
        (to("Boomerang", "102", "0612345678"), "rebound 0612345678 from 101 to 102"),
        (to("Queue", "801"), "system 801"),
        (to("RingGroup", "999"), "system 999"),  # of which nothing is known: it is not said to be another thing
        (to("Extension", "102"), "voicemail 102"),
        (to("Extension", "103"), "system 103"),  # it has no list here
    ],
)
def test_destinations(destination, expected):
    value = one(entry("*", destination), e102=[entry("*", to("VoiceMail", "102"))])

    assert at(value, "1", pbx=replace(PBX, systems={"801": "Queue"})) == expected


@pytest.mark.parametrize(
    "destination",
    [
        *(to(kind, "101") for kind in ("Fax", "Deflect", "VoiceMailOfDestination", "Callback", "RoutePoint")),
        *(to(kind, "801") for kind in ("RingGroup", "IVR", "Extension")),  # it is a queue
        to("Queue", "102"),  # a telephone
        *(to(kind, "101") for kind in ("None", "ProceedWithNoExceptions")),
        to("External", "101", "0612345678"),
        *(to(kind, "101", "0612345678") for kind in ("VoiceMail", "Extension", "Queue")),
    ],
)
def test_destinations_that_are_not_understood(destination):
    value = one(entry("06*", destination), e102=[])
    pbx = replace(PBX, systems={"801": "Queue"})

    refused(value, What.DESTINATION, pbx=pbx)
    assert at(value, "07", pbx=pbx) == "ring 101"


# --- from extension to extension ---


def test_forwarded_calls_keep_what_they_show_and_their_kind():
    value = one(
        entry("06*", to("Extension", "102")),
        e102=[entry("061*", BUSY, CallType="ExternalCallsOnly"), entry("*", to("Extension", "103"))],
        e103=[],
    )
    through = [(0, 0, "ring 103"), (1, 1, "busy"), (2, 9, "ring 103")]

    assert becomes(value, "06?", local=MONDAY) == through
    assert becomes(value, "06?", local=MONDAY, internal=True) == [(0, 9, "ring 103")]


def test_loops_are_those_of_the_same_caller_and_instant():
    work = hours("SpecificHours", WORK)
    value = one(
        entry("06*", to("Extension", "102")),
        entry("07*", to("Extension", "102"), work),
        e102=[
            entry("061*", to("Extension", "101")),
            entry("07*", to("Extension", "101"), hours("OutOfSpecificHours", WORK)),
        ],
        e103=[entry("*", to("Extension", "103"))],
    )

    assert becomes(value, "0???", local=MONDAY) == [
        (0, 599, "ring 101"),
        (600, 609, "ring 102"),
        (610, 619, "loop"),
        (620, 799, "ring 102"),
        (800, 999, "ring 101"),
    ]
    assert becomes(value, "07?", local=datetime(2026, 11, 23, 20)) == [(0, 9, "ring 101")]
    assert becomes(value, "07?", local=datetime(2026, 11, 23, 20), called="102") == [(0, 9, "ring 101")]
    assert at(value, "1", called="103") == "loop"


def test_a_long_chain_and_a_long_circle():
    numbers = [str(number) for number in range(1000, 2100)]
    lists = {f"e{one}": [entry("06*", to("Extension", after))] for one, after in pairwise(numbers)}
    chain = document(**lists, e2099=[entry("061*", BUSY)])
    circle = document(**lists, e2099=[entry("061*", to("Extension", "2090"))])

    ended = [(0, 0, "ring 2099"), (1, 1, "busy"), (2, 9, "ring 2099")]
    assert becomes(chain, "06?", local=MONDAY, called="1000") == ended
    ended[1] = (1, 1, "loop")
    assert becomes(circle, "06?", local=MONDAY, called="1000") == ended
    assert becomes(circle, "06?", local=MONDAY, called="2095") == ended


def test_no_question_is_asked_twice():
    work = hours("SpecificHours", WORK)
    value = one(entry("*", to("Extension", "102"), work), e102=[entry("*", BUSY, work)])
    (found,) = reading(value).found("101", [Calls(False, "1")])

    assert [ends(found.plans[0], local) for local in (MONDAY, datetime(2026, 11, 24))] == ["busy", "ring 101"]
    assert found.plans[0].then.yes.then is None


def test_numbers_without_a_list_are_the_pbx_s():
    assert at(one(), "1", called="102") == "system 102"


def test_alike_plans_are_one_object():
    value = one(entry("06*", BUSY), entry("07*", BUSY), e102=[entry("07*", BUSY)])
    read_ = reading(value)
    [found] = read_.found("101", [Calls(False, "0?")])
    [other] = read_.found("102", [Calls(True, "0?")])

    assert [low for low, _, _ in pieces(found, 10)] == [0, 6, 8]
    assert found.plans[0] is found.plans[2]
    assert found.plans[1] is other.plans[1]


# --- only what is reached matters ---


def test_what_no_call_gets_to_is_no_matter():
    odd = entry("06*", BUSY, hours("OfficeHours"))
    mornings = hours("SpecificHours", *(f"{day} 00:00:00 12:00:00" for day in DAYS))
    afternoons = hours("SpecificHours", *(f"{day} 12:00:00 23:59:59" for day in DAYS))
    busy = entry("06*", BUSY)

    assert at(one(busy, odd), "06?") == "busy"
    assert at(one(entry("06*", BUSY, mornings), entry("06*", BUSY, afternoons), odd), "06?") == "busy"
    assert at(one({**odd, "Enabled": False}, busy), "06?") == "busy"
    assert at(one({**odd, "CallType": "InternalCallsOnly"}, busy), "06?") == "busy"
    assert at(one(entry("07*", to("Extension", "102")), e102=[odd]), "06?") == "ring 101"
    assert at(one(busy, e102=["?"], e103={"much": 1}), "06?") == "busy"
    refused(one(entry("06*", BUSY, mornings), odd), What.HOURS)
    refused(one({**odd, "CallType": "InternalCallsOnly"}, busy), What.HOURS, internal=True)
    refused(one(entry("06*", to("Extension", "102")), e102=[odd]), What.HOURS)


def test_hours_known_at_one_extension_count_at_the_next():
    work = hours("SpecificHours", WORK)
    value = one(
        entry("*", to("Extension", "102"), work),
        e102=[
            entry("*", BUSY, hours("SpecificHours", "Monday 08:00:00 13:00:00")),
            entry("*", BUSY, hours("OfficeHours")),
        ],
    )

    assert at(value, "1") == "busy"
    refused(value, What.HOURS, called="102")


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"Type": "Never"}, What.KEY),
        ({"Type": "AllHours", "Periods": [], "Zone": ""}, What.KEY),
        ({"Type": ["AllHours"], "Periods": []}, What.VALUE),
        (hours("SpecificHours", "Monday 09:00:00 24:00:00"), What.VALUE),
    ],
)
def test_hours_like_others_that_are_known_are_looked_at(wrong, what):
    known = [entry("06*", BUSY), entry("07*", BUSY, hours("SpecificHours", WORK))]
    odd = [*known, entry("08*", BUSY, wrong), *known]
    value = one(*known, e102=odd, e103=odd)
    all_three = reading(value)

    all_three.found("101", [Calls(False, "06?")])
    for called in ("102", "103"):
        with pytest.raises(NotUnderstood) as caught:
            all_three.found(called, [Calls(False, "06?")])
        assert (caught.value.what, caught.value.line) == (what, refused(value, what, called=called)[0])


def test_what_is_not_understood_beside_what_goes_on():
    value = one(entry("06*", to("Extension", "102")), entry("07*", to("Fax")), e102=[entry("061*", BUSY)])

    assert at(value, "060?") == "ring 102"
    refused(value, What.DESTINATION, "0?")
    refused(value, What.DESTINATION, "07?")


# --- forms ---


def changed(value, path, new):
    """Return a document with one value replaced; `...` takes it away."""
    value = json.loads(json.dumps(value))
    *before, last = path
    inner = value
    for step in before:
        inner = inner[step]
    if new is ...:
        del inner[last]
    else:
        inner[last] = new
    return value


EXCEPTION = ("value", 0, "ForwardingExceptions", 0)


@pytest.mark.parametrize(
    ("path", "new", "what"),
    [
        (("Id",), -7, What.VALUE),
        (("Id",), False, What.VALUE),
        (("Id",), 0.0, What.VALUE),
        (("Id",), ..., What.KEY),
        (("More",), 1, What.KEY),
        (("Enabled",), 1, What.VALUE),
        (("Enabled",), None, What.VALUE),
        (("CallType",), "Both", What.VALUE),
        (("CallType",), ["AllCalls"], What.VALUE),
        (("Condition",), "Whatever", What.VALUE),
        (("Condition",), "BasedOnDID", What.CONDITION),
        (("Data",), 6, What.VALUE),
        (("Data",), None, What.VALUE),
        (("Destination",), [], What.VALUE),
        (("Destination", "To"), "none", What.VALUE),
        (("Destination", "Number"), None, What.VALUE),
        (("Destination", "Name"), "x", What.KEY),
        (("Hours", "Type"), "Always", What.VALUE),
        (("Hours", "Periods"), {}, What.VALUE),
        (("Hours", "Periods"), ..., What.KEY),
        (("Hours", "Periods", 0, "DayOfWeek"), "monday", What.VALUE),
        (("Hours", "Periods", 0, "Start"), "9:00", What.VALUE),
        (("Hours", "Periods", 0, "Start"), "24:00:00", What.VALUE),
        (("Hours", "Periods", 0, "Stop"), 12, What.VALUE),
        (("Hours", "Periods", 0, "Until"), "", What.KEY),
    ],
)
def test_a_value_of_another_form_spoils_the_list(path, new, what):
    good = one(entry("06*", BUSY, hours("SpecificHours", WORK)), entry("07*", BUSY), e102=[])
    value = changed(good, (*EXCEPTION, *path), new)
    line, _ = refused(value, what)

    named = path[-1] if new is not ... or isinstance(path[-1], int) else path[-2] if len(path) > 1 else None
    shown = text_of(value).split("\n")[line - 1]
    assert named is None or f'"{named}"' in shown
    assert at(value, "06?", called="102") == "ring 102"
    if what is not What.CONDITION:  # the API takes a list as a whole
        refused(value, what, "08?")


def test_too_many_exceptions():
    fifteen = [entry(f"06{number}*", BUSY) for number in range(15)]
    value = one(*fifteen, entry("07*", BUSY, Enabled=False))

    assert at(one(*fifteen), "068?") == "busy"
    line, text = refused(value, What.COUNT, "01")
    assert text == "16"
    assert '"Enabled": false' in "\n".join(text_of(value).split("\n")[line - 1 : line + 10])


@pytest.mark.parametrize(
    ("value", "what", "text"),
    [
        ({"ForwardingExceptions": []}, What.KEY, "ForwardingExceptions"),
        ({"value": {"ForwardingExceptions": []}}, What.VALUE, '{"ForwardingExceptions": []}'),
        ({"value": [{"ForwardingExceptions": []}]}, What.VALUE, '{"ForwardingExceptions": []}'),
        ({"value": [[{"ForwardingExceptions": [1]}]]}, What.VALUE, '[{"ForwardingExceptions": [1]}]'),
        ({"value": [{"Number": "101", "More": {"ForwardingExceptions": []}}]}, What.KEY, "More"),
        (one({"ForwardingExceptions": []}), What.KEY, "ForwardingExceptions"),
        (one(entry({"ForwardingExceptions": [1]}, BUSY)), What.VALUE, '{"ForwardingExceptions": [1]}'),
    ],
)
def test_lists_of_exceptions_where_none_belong(value, what, text):
    assert refused(value, what)[1] == text


def test_an_extension_with_two_lists():
    value = one(entry("06*", BUSY), e102=[])
    value["value"].append({"ForwardingExceptions": [], "Number": "101"})
    line, text = refused(value, What.EXTENSION)

    assert text == "101"
    assert text_of(value).split("\n")[line - 1].strip() == '"Number": "101"'
    assert line > text_of(value).index("102") // 40
    assert at(value, "06", called="102") == "ring 102"


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("", What.JSON, 1),
        ('{"value":\n [,]}', What.JSON, 2),
        ('{"value": []}\n]', What.JSON, 2),
        ('{"value": []}\n{"value": []}', What.JSON, 2),
        ("\ufeff{}", What.JSON, 1),
        ('{"value": [\n"NaN",\nNaN]}', What.JSON, 3),
        ('{"value": [\n"a \\" Infinity",\n-Infinity]}', What.JSON, 3),
        ('{"value": [' + "9" * 5000 + "]}", What.JSON, 1),
        ("[" * 100_000, What.JSON, 1),
        ('{"value": [{"ForwardingExceptions": ' + "[" * 900 + "]" * 900 + "}]}", What.JSON, 1),
        ("{}", What.KEY, 1),
        ("[]", What.VALUE, 1),
        ('{"value": [],\n"@odata.context": ""}', What.KEY, 2),
        ('{"value": [],\n"value": []}', What.KEY, 1),
        ('{"value": {}}', What.VALUE, 1),
        ('{"value": [\n{"Number": "101", "ForwardingExceptions": []},\n7]}', What.VALUE, 3),
        ('{"value": [{"Number":\n101}]}', What.VALUE, 1),
        ('{"value": [{"Number": "101",\n"Number": "101"}]}', What.VALUE, 1),
    ],
)
def test_what_is_no_document(text, what, line):
    with pytest.raises(NotUnderstood) as caught:
        read(FILE, text, PBX)
    assert (caught.value.what, caught.value.line) == (what, line)


def test_a_key_that_is_there_twice_matters_where_it_is_reached():
    text = text_of(one(entry("06*", BUSY), e102=[])).replace('"Id": 0', '"Id": 0,\n"Id": 0')
    both = read(FILE, text, PBX)

    assert ends(both.found("102", [Calls(False, "1")])[0].plans[0], MONDAY) == "ring 102"
    with pytest.raises(NotUnderstood) as caught:
        both.found("101", [Calls(False, "1")])
    assert (caught.value.what, caught.value.text, caught.value.line) == (What.KEY, "Id", 5)


def test_layout_and_the_order_of_keys_say_nothing():
    value = one(entry("061*", BUSY), e102=[])
    backwards = json.loads(text_of(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    for text in (json.dumps(value), json.dumps(backwards, indent="\t"), text_of(value).replace("06", "\\u00306")):
        (found,) = read(FILE, text, PBX).found("101", [Calls(False, "06?")])
        assert [(low, ends(plan, MONDAY)) for low, _, plan in pieces(found, 10)] == [
            (0, "ring 101"), (1, "busy"), (2, "ring 101"),
        ]  # fmt: skip


def test_lines_are_found_in_any_layout():
    value = one(entry('06* "é" \\', BUSY), e102=[entry("07* ;", BUSY)])
    for indent in (None, 1, "\t"):
        text = json.dumps(value, indent=indent, ensure_ascii=indent is None)
        for called, mark in (("101", "06*"), ("102", "07*")):
            with pytest.raises(NotUnderstood) as caught:
                read(FILE, text, PBX).found(called, [Calls(False, "1")])
            assert mark in text.split("\n")[caught.value.line - 1]


# --- the way of one call ---


def test_the_way_of_a_call():
    value = one(
        entry("07*", BUSY),
        entry("06*", to("Extension", "102"), hours("SpecificHours", WORK)),
        e102=[entry("05*", BUSY), entry("061*", to("VoiceMail", "102"))],
    )
    text = text_of(value).split("\n")

    def way(presented, local=MONDAY):
        stops = reading(value).path("101", Calls(False, presented), local)
        assert all(text[stop.line - 1].strip() == stop.text for stop in stops)
        return [stop.text.rstrip(",") for stop in stops]

    first = ['"Number": "101"', '"Data": "06*"', '"To": "Extension"', '"Number": "102"']
    assert way("0612") == [*first, '"Data": "061*"', '"To": "VoiceMail"']
    assert way("0622") == first
    assert way("0612", datetime(2026, 11, 23, 20)) == first[:1]
    assert reading(value).path("800", Calls(False, "1"), MONDAY) == []


def test_the_way_of_a_call_that_is_not_understood_or_goes_round():
    value = one(
        entry("06*", to("Extension", "101")),
        entry("05*", to("Fax")),
        entry("04* ?", BUSY),
        entry("*", BUSY, hours("OfficeHours")),
    )
    for presented in ("05", "04", "03"):
        with pytest.raises(NotUnderstood):
            reading(value).path("101", Calls(False, presented), MONDAY)
    assert len(reading(value).path("101", Calls(False, "06"), MONDAY)) == 3
