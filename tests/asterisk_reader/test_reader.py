"""The reader, rule by rule: what a real Asterisk was seen to do, and dialplans made to mislead."""

from __future__ import annotations

import ast
import inspect
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from asterisk_reader.asking import explore, run
from policyc.schedule import WeekSpan, weekly
from policyc.targets.asterisk import reader
from policyc.targets.asterisk.reader import NotUnderstood, Numbers, Walk, What, plans, read

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 10)


def said(text, *, number="0612345678", exten="s", at=MONDAY, presentation="allowed"):
    """Return the digits that a call to context `in` hears, and how it ends."""
    plan = run(read({"main": text}, "main"), "in", exten, number, presentation, at, PARIS)
    assert plan.then is None
    return [event.digits for event in plan.events if isinstance(event, plans.SaidDigits)]


def value(text, **more):
    """Return what a text comes to."""
    [found] = said(f"[in]\nexten => s,1,SayDigits({text})\n same => n,Hangup()\n", **more)
    return found


def taken(*extens, number, more=""):
    """Return which of the extensions, told by their places, takes a number."""
    lines = "".join(f"exten => {exten},1,SayDigits({at})\n same => n,Hangup()\n" for at, exten in enumerate(extens))
    [found] = said(f"[in]\nexten => s,1,Goto(other,{number},1)\n[other]\n{lines}{more}")
    return extens[int(found)]


def refused(text, what, line=None, **more):
    with pytest.raises(NotUnderstood) as caught:
        said(text, **more)
    assert caught.value.what is what
    assert line is None or (caught.value.place.file, caught.value.place.line) == ("main", line)


def steps(*lines):
    return "[in]\nexten => s,1," + "\n same => n,".join(lines) + "\n"


# --- independence ---


def test_it_shares_nothing_with_what_writes():
    allowed = {"policyc.schedule", "policyc.digits", "policyc.diagnostics"}
    for path in Path(inspect.getfile(reader)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            own = [name for name in names if name.startswith("policyc") and not name.startswith(reader.__name__)]
            assert not set(own) - allowed, (path.name, own)
            assert not any(getattr(node, "level", 0) for name in names)


# --- files ---


def test_comments():
    text = "; [x]\n[in] ; (y\nexten => s,1,SayDigits(1) ; , 2\n"
    text += ";-- exten => s,n,SayDigits(2)\n more --;same => n,SayDigits(3)\n"

    assert said(text) == ["1", "3"]


def test_comments_within_a_line_and_nested():
    assert said("[in]\nexten => s,1,Say;-- a ;-- b --; --;Digits(1)\n;--- not one\n same => n,Hangup()\n") == ["1"]


def test_an_escaped_semicolon():
    assert value("${CUT(A,\\;,1)}1${LEN(a\\;--b)}") == "15"


@pytest.mark.parametrize("line", ["--; x", "no equal sign", "[in](+)", "#exec ls", "switch => Realtime/x", "a += b"])
def test_lines_that_are_not_understood(line):
    with pytest.raises(NotUnderstood) as caught:
        _ = read({"main": f"[in]\nexten => s,1,NoOp()\n{line}\n"}, "main").contexts["in"]

    assert caught.value.place.line == 3


def test_files_are_included_and_their_section_ends_with_them():
    files = {"main": '[in]\n#include "b.conf"\nsame => n,SayDigits(3)\n', "b.conf": "exten => s,1,SayDigits(1)\n[b]\n"}
    plan = run(read(files, "main"), "in", "s", None, "unavailable", MONDAY, PARIS)

    assert [event.digits for event in plan.events[:-1]] == ["1", "3"]


def test_a_missing_file_and_one_that_may_be_missing():
    assert read({"main": "#tryinclude x.conf\n"}, "main").contexts == {}
    with pytest.raises(NotUnderstood):
        read({"main": "#include x.conf\n"}, "main")


def test_a_line_too_long_is_no_line():
    refused(f"[in]\nexten => s,1,NoOp({'x' * 8191})\n", What.LINE, 2)


@pytest.mark.parametrize("setting", ["extenpatternmatchnew=yes", "autofallthrough=no", "overrideswitch=a/b"])
def test_settings_that_change_the_order(setting):
    refused(f"[general]\nstatic=yes\n{setting}\n", What.SETTING, 3)


# --- extensions ---


@pytest.mark.parametrize(
    ("number", "extens", "winner"),
    [
        ("0612345678", ["_0[67].", "_06."], "_06."),
        ("0612345678", ["_0.", "_0X!"], "_0X!"),
        ("0612345678", ["_0[67]12345678", "_06XXXXXXXX"], "_06XXXXXXXX"),
        ("01", ["_0X", "_0X!"], "_0X!"),  # the end comes last
        ("01", ["_0.", "_0!", "_0X"], "_0X"),
        ("05", ["_0X", "_0Z", "_0N", "_0[1-6]"], "_0[1-6]"),
        ("02", ["_0[13-9]", "_0[2-8]", "_0[2-9]"], "_0[2-8]"),
        ("15", ["_[16]5", "_[12]5"], "_[12]5"),
        ("65", ["_[26]5", "_[16]5"], "_[16]5"),
        ("15", ["_[0-24-9]5", "_[13-9]5"], "_[13-9]5"),
        ("0612", ["_06XX", "0612"], "0612"),
        ("0-612", ["_06XX", "06-12"], "06-12"),
        ("n", ["_X", "n"], "n"),
        ("7", ["_n", "_z", "8"], "_n"),
    ],
)
def test_the_order_of_patterns(number, extens, winner):
    assert taken(*extens, number=number) == winner
    assert taken(*reversed(extens), number=number) == winner


def test_a_contexts_own_pattern_beats_an_included_exact_match():
    assert taken("_0X.", number="012", more="include => q\n[q]\nexten => 012,1,SayDigits(9)\n") == "_0X."


def test_the_first_of_two_equal_ones_wins_and_equal_is_by_what_they_take():
    assert taken("_[0-9]1", "_X1", number="01") == "_[0-9]1"


def test_a_pattern_is_looked_for_anew_at_each_priority():
    text = "[in]\nexten => _06X.,1,SayDigits(1)\nexten => _0X.,1,SayDigits(2)\n same => n,SayDigits(3)\n"

    assert said(text, exten="0612") == ["1", "3"]


def test_next_goes_on_from_the_line_above_even_of_another_extension():
    assert said("[in]\nexten => s,1,Goto(b,2)\nexten => b,n,SayDigits(1)\n") == ["1"]


def test_labels_of_the_pattern_that_has_them():
    text = "[in]\nexten => _06.,1,Goto(far)\nexten => _0X.,1,NoOp()\n same => n(far),SayDigits(${PRIORITY})\n"

    assert said(text, exten="0612") == ["2"]


@pytest.mark.parametrize("place", ["in,,far", ",far"])
def test_an_empty_extension_is_this_one_with_a_number_and_no_one_with_a_label(place):
    """Held to a real Asterisk by random dialplans: seeds 3 and 4."""
    text = steps("Goto({})", "SayDigits(0)") + " same => n(far),SayDigits(1)\n"

    assert said(text.format("in,,3")) == ["1"]
    assert said(text.format(place)) == []


def test_i_takes_what_no_extension_does_and_an_end_is_no_i():
    text = "[in]\nexten => 1,1,SayDigits(1)\nexten => i,1,SayDigits(9${INVALID_EXTEN})\n"

    assert said(text, exten="2") == ["92"]
    assert said(text, exten="1") == ["1"]


@pytest.mark.parametrize("exten", ["101/_06X.", "_0.1", "_0!1", "_0[", "_[]", "1" * 80, "${X}", "_0[67"])
def test_extensions_that_are_not_understood(exten):
    with pytest.raises(NotUnderstood) as caught:
        _ = read({"main": f"[in]\nexten => {exten},1,NoOp()\n"}, "main").contexts["in"]

    assert caught.value.place.line == 2


# --- values ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${CALLERID(num):-4}", "5678"),
        ("${CALLERID(num):2:-4}", "1234"),
        ("${EXTEN}${CALLERID(num):0:0}", "s"),
        ("${LEN(é)}", "2"),  # bytes
        ("$[1 + 2 * 3]", "7"),
        ("$[ 06 = 6 ]", "1"),
        ('$["06" = "6"]', "0"),
        ('$["7" = 7]', "0"),
        ('$["" | 5]', '""'),  # a quoted text is something, be it empty
        ("$[007 | 1]$[0 | 007]", "7007"),
        ("$[5 & 0]$[5 & 6]", "05"),
        ("$[!0]$[!5]$[!a]", "101"),
        ("$[0612 : 06.]", "3"),
        ("$[-1 < 0]", "1"),
        ('${REGEX("[+]" +33)}${REGEX("^0[67]" 06)}${REGEX("^0[67]$" 061)}', "110"),
        ("${FILTER(0-9,+33 (0)6)}", "3306"),
        ("${IF($[1 = 2]?3:4)}", "4"),
        ("${IF(0?3)}5", "5"),
        ("${DIALPLAN_EXISTS(in,s,1)}${DIALPLAN_EXISTS(in,s,3)}${DIALPLAN_EXISTS(no,s,1)}", "100"),
        ("${NOTHING}1", "1"),
        ("$5 $x", "$5 $x"),
        ("${IF($[${LEN(${FILTER(0-9,${CALLERID(num)})})} = 10]?${CALLERID(num):0:2}:0)}", "06"),
        ("${IFTIME(9:00-9:59,*,*,*,Europe/Paris?1:2)}", "2"),
    ],
)
def test_values(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("${SHELL(ls)}", What.FUNCTION),
        ("${EVAL(${X})}", What.FUNCTION),
        ("${UNIQUEID}", What.VARIABLE),
        ("$[+33 = 1]", What.EXPRESSION),
        ("$[1 +]", What.EXPRESSION),
        ('$["b" > "a"]', What.EXPRESSION),
        ("$[1 / 2]", What.EXPRESSION),
        ('${REGEX("\\+33" 1)}', What.REGEX),  # the backslash is gone when the expression is read
        ("${X", What.EXPRESSION),
        ("${STRFTIME(${EPOCH},,%H)}", What.ZONE),
        ("${STRFTIME(${EPOCH},Asia/Tokyo,%H)}", What.ZONE),
        ("${STRFTIME(${EPOCH},Europe/Paris,%A)}", What.TIME),
    ],
)
def test_values_that_are_not_understood(text, what):
    refused(steps("NoOp()", f"SayDigits({text})"), what, 3)


def test_a_caller_that_is_an_expression():
    text = (
        steps('GotoIf($["${CALLERID(num)}" = "1"]?yes)', "SayDigits(0)", "Hangup()") + " same => n(yes),SayDigits(1)\n"
    )

    assert said(text, number='0" | "1"="1') == ["1"]  # as in Asterisk: why numbers are filtered first


# --- applications ---


def test_subroutines_arguments_and_their_own_variables():
    text = steps("Set(L=0)", "Gosub(sub,s,1(a,b))", "SayDigits(${L}${GOSUB_RETVAL}${ARG1})", "Hangup()")
    text += "[sub]\nexten => s,1,Set(LOCAL(L)=5)\n same => n,SayDigits(${L}${ARG2}${ARGC})\n same => n,Return(7)\n"

    assert said(text) == ["5b2", "07"]


def test_a_condition_is_what_begins_like_a_number_other_than_0():
    found = [
        said(steps(f"GotoIf({text}?+1:+2)", "SayDigits(1)", "SayDigits(2)"))
        for text in ("0", "", "00x", "x", "-1", " 3")
    ]

    assert found == [["2"], ["2"], ["2"], ["1", "2"], ["1", "2"], ["1", "2"]]


def test_execif_splits_beside_parentheses():
    assert said(steps("ExecIf(1?SayDigits(${IF(0?1:2)}):SayDigits(3))", "ExecIf(0?SayDigits(4):SayDigits(5))")) == [
        "2",
        "5",
    ]


def test_underscores_are_no_part_of_a_name():
    assert said(steps("Set(__A=1)", "Set(A=${A}2)", "SayDigits(${A})")) == ["12"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("System(reboot)", What.APPLICATION),
        ("Dial(PJSIP/1,20,g)", What.ARGUMENTS),
        ("Dial(PJSIP/1,abc)", What.ARGUMENTS),
        ("Dial(Local/s@in)", What.ARGUMENTS),
        ("Set(TESTTIME=1)", What.VARIABLE),
        ("Set(GLOBAL(A)=1)", What.FUNCTION),
        ("Goto(elsewhere,s,label)", What.CONTEXT),
        ("Gosub(elsewhere,s,1)", What.CONTEXT),
        ("GotoIfTime(9:00-25:00,*,*,*,Europe/Paris?1)", What.TIME),
        ("GotoIfTime(9:00-10:00,*,*,*?1)", What.ZONE),
        ("Goto(1)", What.ENDLESS),
    ],
)
def test_steps_that_are_not_understood(line, what):
    refused(steps("NoOp()", line), what, 3 if what is not What.ENDLESS else None)


# --- the record of a call ---

WAY = "Set(CDR(policyc)=${CUT(CDR(userfield),>,1-${IF($[${LEN(${CDR(userfield)})} > 200]?4:99)})} > ${CALLERID(name)})"


@pytest.mark.parametrize(
    "line",
    [
        "Set(CDR(userfield)=a\\;b,(c))",
        "Set(CDR(userfield)=${CDR(policyc)}${EXTEN} a b.pol:23)",
        WAY,
        "ExecIf($[${CALLERID(num):1:1} = 6]?Set(CDR(did)=x ${EXTEN}))",
    ],
)
def test_what_is_written_to_the_record_changes_nothing(line):
    assert said(steps("Set(A=1)", line, "SayDigits(${A})")) == ["1"]


def test_what_the_record_holds_is_not_looked_at():
    """A caller's digits stay unknown, and calls that differ in their records alone are one."""
    text = steps("GotoIf($[${CALLERID(num):1:1} = 6]?other)", WAY, "Goto(b,s,1)", "NoOp()")
    text = text.replace(
        "same => n,NoOp()", "same => n(other),Set(CDR(userfield)=${CALLERID(num)})\n same => n,Goto(b,s,1)"
    )
    found = explore(
        read({"m": text + "[b]\nexten => s,1,Hangup()\n"}, "m"), "in", "s", Numbers("0", 9), "allowed", PARIS
    )

    assert [case.numbers for case in found.cases] == [Numbers("0", 9)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Set(CDR(accountcode)=x)", What.FUNCTION),  # of the channel, and of those that it dials
        ("Set(CDR(AMAFLAGS)=x)", What.FUNCTION),
        ("Set(CDR_PROP(disable)=1)", What.FUNCTION),
        ("Set(CDR(a,u)=x)", What.FUNCTION),
        ("Set(CDR(userfield)=${SHELL(reboot)})", What.FUNCTION),
        ("Set(CDR(userfield)=${CUT(SHELL(reboot),>,1)})", What.FUNCTION),
        ("Set(CDR(userfield)=${CUT(${EXTEN},>,${SHELL(reboot)})})", What.FUNCTION),
        ("Set(CDR(userfield)=${${EXTEN}(reboot)})", What.FUNCTION),
        ("Set(CDR(userfield)=${EVAL(${CALLERID(name)})})", What.FUNCTION),
        ("Set(CDR(${CALLERID(name)})=x)", What.FUNCTION),
        ("GotoIf($[${CDR(userfield)} = 1]?1)", What.FUNCTION),
        ("Set(A=${CDR(userfield)})", What.FUNCTION),
    ],
)
def test_what_else_the_record_could_do_is_not_understood(line, what):
    refused(steps("NoOp()", line), what, 3)


def test_a_context_of_the_pbx_is_where_the_reading_ends():
    plan = run(read({"m": steps("Goto(from-internal,800,1)")}, "m"), "in", "s", "06", "allowed", MONDAY, PARIS)

    party = plans.Party("06", "", "allowed", "allowed")
    assert plan == plans.Plan((plans.HandedOver("from-internal", "800", 1, party),))


def test_a_context_of_the_pbx_may_hold_anything():
    dialplan = read({"m": steps("SayDigits(${DIALPLAN_EXISTS(from-internal,1,1)})")}, "m")

    with pytest.raises(NotUnderstood):
        run(dialplan, "in", "s", None, "unavailable", MONDAY, PARIS, outside=frozenset({"from-internal"}))


# --- times ---


@pytest.mark.parametrize(
    ("fields", "yes", "no"),
    [
        ("08:00-12:00,*,*,*", "2026-11-23 12:00:59", "2026-11-23 12:01"),  # the end minute is of it
        ("22:00-06:00,fri,*,*", "2026-11-27 05:00", "2026-11-28 05:00"),
        ("22:00-06:00,fri,*,*", "2026-11-27 22:00", "2026-11-26 23:00"),
        ("8:00-8:59&14:00-14:59,*,*,*", "2026-11-23 14:30", "2026-11-23 13:59"),
        ("*,sat-mon,*,*", "2026-11-23 10:00", "2026-11-24 10:00"),
        ("*,*,24,dec", "2031-12-24 10:00", "2031-11-24 10:00"),
        ("*,*,28-3,feb", "2028-02-29 10:00", "2028-02-04 10:00"),
        ("*,*,*,nov-feb", "2026-01-05 10:00", "2026-03-05 10:00"),
    ],
)
def test_times(fields, yes, no):
    text = (
        steps(f"GotoIfTime({fields},Europe/Paris?yes)", "SayDigits(0)", "Hangup()") + " same => n(yes),SayDigits(1)\n"
    )

    assert said(text, at=datetime.fromisoformat(yes)) == ["1"]
    assert said(text, at=datetime.fromisoformat(no)) == ["0"]


def test_what_the_clock_shows_is_a_period():
    condition = "$[${D} >= 1 & ${D} <= 5 & ${T} >= 830 & ${T} < 1230]"
    lines = ["Set(D=${STRFTIME(${EPOCH},Europe/Paris,%u)})", "Set(T=${STRFTIME(${EPOCH},Europe/Paris,%H%M)})"]
    dialplan = read({"m": steps(*lines, f"GotoIf({condition}?yes)", "Busy()") + " same => n(yes),Hangup()\n"}, "m")
    office = weekly([WeekSpan(frozenset(range(5)), 8 * 60 + 30, 12 * 60 + 30)])
    found = explore(dialplan, "in", "s", Numbers("0", 9), "allowed", PARIS, periods=[office])

    open_ = [case.instants for case in found.cases if case.plan.events == (plans.HungUp(None),)]
    assert open_ == [found.partition.mask(office)]
    assert len(found.cases) == 2


# --- blocks ---


def blocks(text, numbers=None):
    found = explore(read({"m": text}, "m"), "in", "s", numbers or Numbers("", 4), "allowed", PARIS)
    return {str(case.numbers): case.plan.events[0] for case in found.cases}, found


@pytest.mark.parametrize(
    ("presented", "national"), [(("06", 8), True), (("06123", 5), True), (("+336", 8), False), (("6", 8), False)]
)
def test_a_number_written_as_it_was_presented_is_shown_as_presented(presented, national):
    """Whoever is called sees the same."""

    def shown(*before):
        dialplan = read({"m": steps(*before, "Dial(PJSIP/102)")}, "m")
        [plan] = Walk(dialplan, PARIS).found("in", "s", Numbers(*presented).text, "allowed").plans
        return plan.events[0].caller.number

    assert shown() == plans.PRESENTED_NUMBER
    assert shown("Set(CALLERID(num)=${CALLERID(num)})") == plans.PRESENTED_NUMBER
    written = shown("Set(N=06${CALLERID(num):-8})", "Set(CALLERID(num)=${N})")
    assert (written == plans.PRESENTED_NUMBER) == national


def test_a_block_parts_only_where_a_digit_matters():
    text = steps("Goto(n,${CALLERID(num)},1)") + "[n]\nexten => _XXX,1,Busy()\nexten => _XXXX,1,Hangup()\n"
    found, explored = blocks(text)
    assert found == {"????": plans.HungUp(None)}
    assert explored.pieces == 1

    found, _ = blocks(text + "exten => _6[12]XX,1,Busy()\n")
    assert len(found) == 19
    assert [block for block, event in found.items() if event == plans.SoundedBusy()] == ["61??", "62??"]


@pytest.mark.parametrize(
    ("condition", "pieces"),
    [
        ('$["${CALLERID(num):0:1}" = "+"]', 1),
        ("$[${LEN(${CALLERID(num)})} > 3]", 1),
        ('$["${FILTER(0-9,${CALLERID(num)})}" = "12345"]', 1),
        ('${REGEX("^[0-9]+$" ${CALLERID(num)})}', 1),
        ("$[${CALLERID(num)} < 10000]", 1),
        ("$[${CALLERID(num)} < 5000]", 2),
        ('$["${CALLERID(num):0:1}" = "1"]', 3),
        ('${REGEX("^0[67]" ${CALLERID(num)})}', 3),
        ('$["${CALLERID(num):2}" = "12"]', 201),
    ],
)
def test_what_a_condition_has_to_know(condition, pieces):
    _, explored = blocks(steps(f"GotoIf({condition}?2:3)", "Busy()", "Hangup()"))

    assert explored.pieces == pieces


# --- dials ---


def test_what_follows_a_dial_parts_on_its_status():
    text = steps(
        "Dial(PJSIP/1,20)", 'GotoIf($["${DIALSTATUS}" = "BUSY"]?:+2)', "Busy()", "VoiceMail(1@default,u)", "Hangup()"
    )
    plan = run(read({"m": text}, "m"), "in", "s", "06", "allowed", MONDAY, PARIS)

    party = plans.Party("06", "", "allowed", "allowed")
    assert plan.events == (plans.Dialled(("PJSIP/1",), 20, "", party, None),)
    assert plan.then.asked == plans.Asked("status", 0, "BUSY")
    assert plan.then.yes.events == (plans.SoundedBusy(),)
    assert plan.then.no.events == (plans.LeftMessage(("1@default",), "u"), plans.HungUp("far"))


def test_all_statuses_are_told_apart_where_an_extension_is_made_of_one():
    text = steps("Dial(PJSIP/1)", "Goto(s-${DIALSTATUS},1)")
    text += "".join(f"exten => s-{status},1,Hangup({at + 1})\n" for at, status in enumerate(("BUSY", "CONGESTION")))
    text += "exten => _s-.,1,Busy()\n"
    plan = run(read({"m": text}, "m"), "in", "s", "06", "allowed", MONDAY, PARIS)

    assert plan.then.asked.value == "BUSY"
    assert plan.then.yes.events == (plans.HungUp("1"),)
    assert plan.then.no.then.no.then.yes.events == (plans.HungUp("2"),)


def test_a_confirmation_that_is_not_there_connects():
    plan = run(read({"m": steps("Dial(PJSIP/1,20,U(no))")}, "m"), "in", "s", "06", "allowed", MONDAY, PARIS)

    assert plan.events[0].confirm is None


def test_a_confirmation_inherits_and_cannot_ask_who_calls():
    text = steps("Set(__A=1)", "Set(B=1)", "Dial(PJSIP/1,20,U(ok))", "Hangup()")
    text += "[ok]\nexten => s,1,GotoIf($[${A}0 = 10 & 0${B} = 0]?+1:+2)\n"
    text += " same => n,Set(GOSUB_RESULT=CONTINUE)\n same => n,Return()\n"
    plan = run(read({"m": text}, "m"), "in", "s", "06", "allowed", MONDAY, PARIS)

    assert plan.events[0].confirm == plans.Plan((plans.Declined(),))
    refused(text.replace("${A}0", "${CALLERID(num)}"), What.FUNCTION, 7)
