"""The reader, rule by rule: what it shares, what it understands, and dialplans made to mislead."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policyc.schedule import Period, on_dates
from policyc.targets.freeswitch import normal, proof, reader
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, What, plans, read, texts
from policyc.targets.freeswitch.reader.errors import Unclear
from policyc.targets.freeswitch.reader.matching import Regex

PARIS = ZoneInfo("Europe/Paris")
CLOCK = '<action application="set" data="timezone=Europe/Paris" inline="true"/>'


@dataclass(frozen=True)
class Calls:
    presented: str
    internal: bool = False
    hidden: bool = False


def context(name, *extensions):
    return f'<context name="{name}">\n' + "\n".join(extensions) + "\n</context>\n"


def extension(*conditions, more=""):
    return f"<extension{more}>\n" + "\n".join(conditions) + "\n</extension>"


def condition(*actions, **attributes):
    said = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<condition{said}>\n" + "\n".join(actions) + "\n</condition>"


def action(application, data="", *, inline=False):
    more = ' inline="true"' if inline else ""
    return f'<action application="{application}" data="{data}"{more}/>'


def play(name):
    return action("playback", name)


def found(text, presented="0612345678", called="102", **more):
    reading = Reading(read({"x.xml": text}), PARIS, {False: "in", True: "in"})
    [answer] = reading.found(called, [Calls(presented, **more)])
    return answer


def events(text, *args, **more):
    answer = found(text, *args, **more)
    assert answer.starts == (0,)
    [plan] = answer.plans
    assert plan.then is None
    return plan.events


def refused(text, what, line=None, **more):
    with pytest.raises(NotUnderstood) as caught:
        found(text, **more)
    assert caught.value.what is what
    assert line is None or (caught.value.place.file, caught.value.place.line) == ("x.xml", line)


END = plans.HungUp("NORMAL_CLEARING")
GOES_ON = ' continue="true"'


# --- independence ---


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            yield node.module


def test_it_shares_nothing_with_what_writes():
    allowed = {"policyc", "policyc.schedule", "policyc.digits", "policyc.diagnostics"}
    for path in Path(inspect.getfile(reader)).parent.glob("*.py"):
        own = {name for name in imports(path) if name.startswith("policyc") and not name.startswith(reader.__name__)}
        assert not own - allowed, (path.name, own)


def test_neither_do_the_proof_and_the_normal_form():
    allowed = ("policyc.model", "policyc.outcomes", "policyc.proof.protocol", "policyc.targets.freeswitch.normal")
    for module in (proof, normal):
        own = {name for name in imports(Path(inspect.getfile(module))) if name.startswith("policyc")}
        others = {name for name in own if not name.startswith((*allowed, reader.__name__))}
        assert others <= {"policyc", "policyc.targets.freeswitch"}, (module.__name__, others)


# --- files ---


def test_comments_and_another_order_of_files_of_no_context():
    text = "<!-- <action/> -->" + context("in", extension(condition(play("a"))))

    assert events(f"<include>\n{text}</include>\n") == (plans.Played("a"), END)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('<!-- <X-PRE-PROCESS cmd="exec" data="x"/> -->', What.LINE),
        ("<!--#exec x -->", What.LINE),
        ("<?php ?> <extension/>", What.LINE),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>", What.FILE),
        ("<open>", What.FILE),
        ("<menu/>", What.ELEMENT),
    ],
)
def test_files_that_are_not_understood(line, what):
    with pytest.raises(NotUnderstood) as caught:
        read({"x.xml": f"\n{line}\n" + context("in", extension(condition(play("a"))))})
    assert caught.value.what is what
    assert what is What.FILE or caught.value.place.line == 2


def test_the_first_of_two_contexts_of_a_name_whatever_its_case():
    text = context("IN", extension(condition(play("a")))) + context("in", extension(condition(play("b"))))

    assert events(text) == (plans.Played("a"), END)


def test_lines_beyond_65535_have_their_number():
    text = "\n" * 70_000 + context("in", extension(condition(action("conference", "x"))))

    refused(text, What.APPLICATION, 70_004)


# --- only what a call gets to ---


ODD = extension(condition(action("conference", "x"), field="destination_number", expression="^999$"))


def test_odd_things_that_no_call_gets_to():
    text = context("in", ODD, extension(condition(play("a")))) + context("other", "<extension><odd/></extension>")

    assert events(text) == (plans.Played("a"), END)
    refused(text, What.APPLICATION, 4, called="999")


def test_odd_things_that_some_numbers_get_to():
    odd = extension(condition(action("conference", "x"), field="caller_id_number", expression="^07"))
    text = context("in", odd, extension(condition(play("a"))))

    assert events(text, "06????????") == (plans.Played("a"), END)
    refused(text, What.APPLICATION, presented="0?????????")


def test_odd_things_that_no_instant_gets_to():
    odd = condition(action("conference", "x"), hour="8")
    never = extension(condition(CLOCK), condition(hour="9"), odd)
    text = context("in", never, extension(condition(play("a"))))

    assert found(text).plans
    refused(text.replace('hour="9"', 'hour="8-9"'), What.APPLICATION)


@pytest.mark.parametrize(
    ("actions", "attributes", "what"),
    [
        ([action("read", "1 1 x y 5000")], {}, What.APPLICATION),
        ([action("playback", "x", inline=True)], {}, What.APPLICATION),
        ([action("set", "call_timeout_x=1")], {}, What.VARIABLE),
        ([action("transfer", "${uuid_kill(x)}")], {}, What.ARGUMENTS),
        ([action("bridge", "{leg_timeout=1,leg_delay_start=2}user/1")], {}, What.VARIABLE),
        ([play("a")], {"field": "caller_id_number", "expression": "(?i)x"}, What.REGEX),
        ([play("a")], {"field": "caller_id_name", "expression": "x"}, What.VALUE),
        ([play("a")], {"field": "${sip_from_host}", "expression": "x"}, What.VALUE),
        ([play("a")], {"hour": "8"}, What.ZONE),
        ([play("a")], {"date_time": "2026-01-01~2026-01-02"}, What.TIME),
        ([play("a")], {"field": "ani", "hour": "8"}, What.TIME),
        ([play("a")], {"break": "perhaps"}, What.ATTRIBUTE),
    ],
)
def test_what_is_not_understood(actions, attributes, what):
    refused(context("in", extension(condition(*actions, **attributes))), what)


def test_a_variable_that_nothing_reads_does_nothing():
    """Nor does one that only such variables are made of: calls that differ in them are one."""
    noted = action("set", "way=${way}x &gt; "), action("set", "rule=${way}a b.pol:23 ${destination_number}")
    some = context(
        "in",
        extension(condition(*noted, action("transfer", "1 XML b"), field="caller_id_number", expression="^06")),
        extension(condition(action("transfer", "1 XML b"))),
    )
    text = some + context("b", extension(condition(play("a"))))

    assert found(text, "????").starts == (0,)
    assert read({"x.xml": text}).read == frozenset()
    for reads in ("${rule}", "{x=${rule}}", "$&#123;rule}"):
        assert {"rule", "way"} <= read({"x.xml": text.replace('"a"', f'"{reads}"')}).read
    assert "way" in read({"x.xml": text.replace("rule=", "call_timeout=")}).read


@pytest.mark.parametrize(
    "value", ["${uuid_kill(${uuid})}", "a ${system reboot}", "${rule:1}", "a\\${x}", "$${x}${y(z)}"]
)
def test_a_variable_that_nothing_reads_runs_nothing(value):
    refused(context("in", extension(condition(action("set", f"rule={value}"), play("a")))), What.ARGUMENTS)


# --- numbers ---


@pytest.mark.parametrize(
    ("expression", "presented", "starts"),
    [
        ("^06", "??????????", (0, 600000000, 700000000)),
        ("^[+]33[67]", "+33?????????", (0, 600000000, 800000000)),
        ("5$", "0?", (0, 5, 6)),
        ("^(?!06)", "0???", (0, 600, 700)),
        ("^[0-9]{4}$", "????", (0,)),
        ("^1|2$", "??", (0, 2, 3, 10, 20, 22, 23, 32, 33, 42, 43, 52, 53, 62, 63, 72, 73, 82, 83, 92, 93)),
        ("(", "??", (0,)),
    ],
)
def test_a_shape_parts_where_an_expression_does(expression, presented, starts):
    text = context(
        "in",
        extension(condition(play("a"), field="caller_id_number", expression=expression)),
        extension(condition(play("b"))),
    )

    assert found(text, presented).starts == starts


def test_it_parts_in_the_same_places_behind_a_transfer():
    first = extension(
        condition(action("set", "n=0$1", inline=True), field="caller_id_number", expression=r"^(?:\+33|0)(\d{9})$"),
        condition(action("transfer", "${destination_number} XML next")),
    )
    second = context(
        "next",
        extension(condition(play("a"), field="${n}", expression="^06")),
        extension(condition(play("b"))),
    )
    reading = Reading(read({"x.xml": context("in", first) + second}), PARIS, {False: "in", True: "in"})
    one, other = reading.found("102", [Calls("+33?????????"), Calls("0?????????")])

    assert one.starts == other.starts == (0, 600000000, 700000000)
    assert all(map(lambda left, right: left is right, one.plans, other.plans))


def test_a_group_that_is_said_parts_by_what_it_holds():
    text = context("in", extension(condition(play("$1"), field="caller_id_number", expression="^0([67])?")))
    answer = found(text, "0?")

    assert answer.starts == (0, 6, 8)
    assert [plan.events[0].file for plan in answer.plans[::2]] == ["", ""]


def test_the_number_that_was_presented_is_a_mark():
    text = context("in", extension(condition(action("bridge", "user/${caller_id_number}"))))
    [dialled] = [event for event in found(text, "06????????").plans[0].events if isinstance(event, plans.Dialled)]

    assert dialled.shown.number == texts.PRESENTED


@pytest.mark.parametrize(
    ("expression", "yes", "no"),
    [
        (r"^(a|b)\.(?:c)?$", ["a.", "b.c"], ["ac", "a.cc"]),
        (r"^.*?(\d)x", ["ab1x"], ["abx"]),
        (r"^a{2,3}$", ["aa", "aaa\n"], ["a", "aaaa"]),
        (r"[^0-9+]", ["12a"], ["+12"]),
        (r"/^ABC$/i", ["abc"], ["abd"]),
        (r"^(?=1|a)..$", ["1x", "ax"], ["bx"]),
        (r"*1", [], ["1", "*1"]),
        (r"a)", [], ["a)"]),
    ],
)
def test_expressions(expression, yes, no):
    regex = Regex(expression)

    assert all(map(regex.matches, yes))
    assert not any(map(regex.matches, no))


@pytest.mark.parametrize("expression", ["_10X", r"\bx", "(?<n>x)", "[[:digit:]]", "(a)*", "a{,3}", "x++", "(?=(a))"])
def test_expressions_that_are_not_understood(expression):
    with pytest.raises(Unclear):
        Regex(expression).matches("x")


# --- times ---


def clocked(**attributes):
    text = context(
        "in", extension(condition(CLOCK), condition(play("a"), **attributes)), extension(condition(play("b")))
    )
    [plan] = found(text).plans
    return plan.then.asked


def test_times_are_periods():
    hours = clocked(wday="2-6", time_of_day="09:00-12:29:59")

    assert hours == Period(tuple((day * 1440 + 540, day * 1440 + 750) for day in range(5)), ((date.min, date.max),))
    assert clocked(year="2026", mon="11", mday="23-24") == on_dates([(date(2026, 11, 23), date(2026, 11, 24))])
    assert clocked(year="2000-2030") == on_dates([(date.min, date(2030, 12, 31))])  # no clock shows an earlier year


def test_variables_that_depend_on_the_time_make_one_period():
    is_open = action("set", "open=true", inline=True)
    off = action("set", "open=false", inline=True)
    text = context(
        "in",
        extension(condition(CLOCK, off), more=GOES_ON),
        extension(condition(is_open, wday="2-6"), more=GOES_ON),
        extension(condition(off, year="2026", mon="5", mday="1"), more=GOES_ON),
        extension(condition(play("a"), field="${open}", expression="^true$")),
        extension(condition(play("b"))),
    )
    [plan] = found(text).plans

    assert plan.then.yes.then is plan.then.no.then is None
    assert plan.then.asked.holds(datetime(2026, 5, 4, 10))
    assert not plan.then.asked.holds(datetime(2026, 5, 1, 10))
    assert not plan.then.asked.holds(datetime(2026, 5, 2, 10))


# --- setting variables ---


def test_what_sets_variables_is_told_apart_by_all_that_it_looks_at():
    zones = (
        extension(condition(action("set", "a=${b}", inline=True)), more=GOES_ON),
        extension(condition(play("${a}"), field="${b}", expression="^2$")),
        extension(condition(action("set", "c=${a}${a}", inline=True)), more=GOES_ON),
        extension(condition(play("${c}"))),
    )
    text = context("then", *zones)
    for one in "123":
        text += context(f"to{one}", extension(condition(action("set", f"b={one}"), action("transfer", "102 XML then"))))
    ways = (
        extension(condition(action("transfer", f"102 XML to{one}"), field="caller_id_number", expression=f"{one}$"))
        for one in "123"
    )
    answer = found(text + context("in", *ways, extension(condition(action("hangup")))), "0?")

    assert [plan.events[0] for plan in answer.plans[1:4]] == [plans.Played(one) for one in ("11", "2", "33")]


# --- transfers ---


def test_calls_that_go_round_end():
    text = context("in", extension(condition(action("transfer", "102 XML in"))))

    assert events(text) == (plans.HungUp("EXCHANGE_ROUTING_ERROR"),)
    refused(text.replace('<action application="transfer"', play("a") + '<action application="transfer"'), What.ENDLESS)


def test_who_only_passes_by_where_others_go_round_does_not():
    def sent(name, other, expression):
        return context(
            name,
            extension(
                condition(action("transfer", f"102 XML {other}"), field="caller_id_number", expression=expression)
            ),
            extension(condition(play(name))),
        )

    answer = found(sent("in", "b", "^0[67]") + sent("b", "in", "^07"), "0?")

    assert answer.starts == (0, 6, 7, 8)
    assert [plan.events[0] for plan in answer.plans] == [
        plans.Played("in"), plans.Played("b"), plans.HungUp("EXCHANGE_ROUTING_ERROR"), plans.Played("in"),
    ]  # fmt: skip


def test_calls_that_go_round_through_what_is_executed_hear_what_they_hear():
    executes = action("execute_extension", "5 XML b")
    text = context("in", extension(condition(action("transfer", "102 XML then"))))
    text += context("then", extension(condition(play("a"), executes)))
    text += context("b", extension(condition(action("transfer", "102 XML then"))))

    refused(text, What.ENDLESS)
    assert events(text.replace(play("a"), "")) == (plans.HungUp("EXCHANGE_ROUTING_ERROR"),)


def test_a_transfer_that_is_not_understood_is_not_taken_for_one_like_it():
    plain = action("transfer", "800 XML default")
    odd = plain.replace("/>", ' loop="x"/>')
    text = context(
        "then",
        extension(condition(odd, field="destination_number", expression="^1")),
        extension(condition(odd, field="${a}", expression="^1$")),
        extension(condition(plain)),
    ) + context(
        "in",
        extension(
            condition(action("set", "a=1", inline=True), field="caller_id_number", expression="^06"), more=GOES_ON
        ),
        extension(condition(action("transfer", "2 XML then"))),
    )

    refused(text, What.ATTRIBUTE, line=9, presented="0?")
    assert events(text.replace(odd, plain), "0?")
    assert events(text, "07")


def test_a_long_chain_of_transfers():
    limit = action("set", "max_session_transfers=5000", inline=True)
    chain = context("in", extension(condition(limit, action("transfer", "0 XML c0"))))
    for at in range(500):
        chain += context(f"c{at}", extension(condition(action("transfer", f"{at} XML c{at + 1}"))))
    chain += context("c500", extension(condition(play("end"))))

    assert events(chain) == (plans.Played("end"), END)
    assert events(chain.replace("=5000", "=400")) == (plans.HungUp("EXCHANGE_ROUTING_ERROR"),)


def test_a_context_that_is_not_there_is_the_pbxs():
    text = context("in", extension(condition(action("transfer", "800 XML default"))))
    [event] = events(text, hidden=True)

    assert (event.context, event.number, event.shown.hides_number) == ("default", "800", True)


# --- dialling ---


def test_what_follows_a_dial_parts_on_what_the_line_does():
    text = context("in", extension(condition(action("bridge", "user/102"), play("a"))))
    [plan] = found(text).plans
    [dialled] = plan.events

    assert (dialled.line, dialled.seconds, dialled.confirm) == ("user/102", 60, None)
    assert plan.then.asked == plans.Taken(0)
    assert plan.then.yes.events == (plans.Talked(), plans.Played("a"), END)
    assert plan.then.no.then.asked == plans.Failed(0, frozenset(("NO_ANSWER", "NO_USER_RESPONSE")))
    assert plan.then.no.then.no.events == (plans.HungUp(texts.cause_symbol(0)),)


# --- one call ---


def test_the_lines_of_one_call():
    text = context("in", ODD, extension(condition(play("a"), field="caller_id_number", expression="^06")))
    reading = Reading(read({"x.xml": text}), PARIS, {False: "in", True: "in"})
    places = reading.path("102", Calls("0612345678"), datetime(2026, 11, 23, 10))

    assert [place.line for place in places] == [7, 9]
