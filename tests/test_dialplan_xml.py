"""The evaluator of FreeSWITCH dialplans, rule by rule: what a real FreeSWITCH was seen to do."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from dialplan_xml import Call, InjectionError, Line, Surroundings, UnsupportedError, read, simulate
from dialplan_xml.regexes import RefusedError, search

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=PARIS)
AROUND = Surroundings(
    lines=(
        Line("extension", r"loopback/ext-(?P<number>\d+)/phones"),
        Line("external", r"loopback/out-(?P<number>\+?\d+)/phones"),
    ),
    prompts={r"policyc/veuillez-patienter(\.wav)?": "wait", "policyc/indisponible": "unavailable"},
)


def call(*contexts, to="102", caller="0612345678", around=AROUND, instant=MONDAY, states=None, **more):
    """Place a call to the context `in` of contexts: texts of extensions, the first of `in`, others after their name."""
    named = ["in", *contexts] if len(contexts) % 2 else list(contexts)
    text = "".join(
        f'<context name="{name}">\n{extensions}\n</context>\n'
        for name, extensions in zip(named[::2], named[1::2], strict=True)
    )
    dialplan = read({"policyc.xml": f"<include>\n{text}</include>\n"})
    return simulate(dialplan, Call("in", to, instant, caller, states=states or {}, **more), around)


def ran(*contexts, **more):
    """Return the data of the `log` actions that ran, without their level."""
    outcome = call(*contexts, **more)
    return [data.removeprefix("INFO ") for name, data in outcome.applications if name == "log"]


def log(text):
    return f'<action application="log" data="INFO {text}"/>'


def inline(text):
    return f'<action application="set" data="{text}" inline="true"/>'


def action(application, data=""):
    return f'<action application="{application}" data="{data}"/>'


def extension(*parts, attributes=""):
    return f"<extension {attributes}>" + "".join(parts) + "</extension>"


def condition(*parts, attributes=""):
    return f"<condition {attributes}>" + "".join(parts) + "</condition>"


TO_102 = 'field="destination_number" expression="^102$"'
TO_999 = 'field="destination_number" expression="^999$"'


# --- hunting ---


def test_the_first_extension_that_matches_is_run_alone():
    assert ran(
        extension(condition(log("no"), attributes=TO_999))
        + extension(condition(log("first"), attributes=TO_102))
        + extension(condition(log("second")))
    ) == ["first"]


def test_hunting_goes_on_after_an_extension_that_continues():
    assert ran(
        extension(condition(log("first")), attributes='continue="true"') + extension(condition(log("second")))
    ) == ["first", "second"]


def test_an_extension_without_conditions_is_ignored():
    assert ran(extension() + extension(condition(log("second")))) == ["second"]


def test_no_match_at_all_has_no_route():
    outcome = call(extension(condition(log("no"), attributes=TO_999)))

    assert (outcome.ended, outcome.events, outcome.steps) == ("NO_ROUTE_DESTINATION", "hangup", ())


def test_a_queue_that_runs_out_hangs_up():
    assert call(extension(condition(log("x")))).ended == "NORMAL_CLEARING"


def test_auto_hunt_begins_at_the_extension_of_that_name():
    two = extension(condition(log("first"))) + extension(condition(log("second")), attributes='name="102"')

    assert ran(two, variables={"auto_hunt": "true"}) == ["second"]
    assert ran(two, variables={"auto_hunt": "true"}, to="103") == ["first"]


# --- conditions ---


def test_conditions_beside_each_other_must_all_hold():
    both = extension(condition(attributes=TO_102), condition(log("both"), attributes='field="ani" expression="^06"'))

    assert ran(both) == ["both"]
    assert ran(both, caller="07") == []


def test_actions_of_a_condition_leak_when_a_later_one_fails():
    assert ran(
        extension(condition(log("leaks"), attributes=TO_102), condition(attributes=TO_999))
        + extension(condition(log("second")))
    ) == ["leaks", "second"]


def test_actions_leak_even_if_nothing_matches():
    assert ran(extension(condition(log("leaks")), condition(attributes=TO_999))) == ["leaks"]


def test_actions_of_a_condition_come_before_its_nested_ones():
    assert ran(extension(condition(condition(log("inner")), log("outer")))) == ["outer", "inner"]


def test_a_nested_condition_that_fails_fails_its_extension():
    assert ran(extension(condition(condition(attributes=TO_999))) + extension(condition(log("second")))) == ["second"]


def test_require_nested_stands_on_the_parent():
    lenient = extension(condition(condition(attributes=TO_999), log("outer"), attributes='require-nested="false"'))

    assert ran(lenient + extension(condition(log("second")))) == ["outer"]


def test_the_last_condition_decides():
    """A condition that breaks never and fails, at the end, is no match; another behind it makes one."""
    never = condition(attributes=f'{TO_999} break="never"')

    assert ran(extension(never) + extension(condition(log("second")))) == ["second"]
    assert ran(extension(never, condition(log("first"))) + extension(condition(log("second")))) == ["first"]


@pytest.mark.parametrize(
    ("breaks", "expected"),
    [("on-false", ["a", "n", "b"]), ("on-true", ["a"]), ("always", ["a"]), ("never", ["a", "n", "b"])],
)
def test_breaks_of_a_condition_that_holds(breaks, expected):
    """`on-true` and `always` leave its own nested conditions too."""
    first = condition(condition(log("n")), log("a"), attributes=f'{TO_102} break="{breaks}"')

    assert ran(extension(first, condition(log("b")))) == expected


@pytest.mark.parametrize(
    ("breaks", "expected"), [("on-false", ["c"]), ("on-true", ["b"]), ("always", ["c"]), ("never", ["b"])]
)
def test_breaks_of_a_condition_that_fails(breaks, expected):
    first = condition(log("a"), attributes=f'{TO_999} break="{breaks}"')

    assert ran(extension(first, condition(log("b"))) + extension(condition(log("c")))) == expected


def test_an_anti_action_is_a_match_and_gets_no_groups():
    anti = condition(
        '<anti-action application="log" data="INFO $1"/>', attributes='field="destination_number" expression="^(9)"'
    )

    assert ran(extension(anti) + extension(condition(log("second")))) == ["$1"]


def test_a_missing_expression_matches_everything():
    assert ran(extension(condition(log("x"), attributes='field="ani"'))) == ["x"]


def test_expressions_are_not_anchored():
    assert ran(extension(condition(log("x"), attributes='field="destination_number" expression="0"'))) == ["x"]


def test_an_unknown_field_is_empty():
    assert ran(extension(condition(log("x"), attributes='field="no_such_field" expression="^$"'))) == ["x"]


def test_names_of_fields_ignore_case():
    assert ran(extension(condition(log("x"), attributes='field="Destination_Number" expression="^102$"'))) == ["x"]


def test_a_field_that_exists_but_is_not_known_here_is_refused():
    with pytest.raises(UnsupportedError, match=r"policyc.xml:3: the field network_addr"):
        ran(extension(condition(attributes='field="network_addr" expression="^10"')))


def test_hidden_callers_are_seen_by_privacy():
    hidden = extension(condition(log("hidden"), attributes='field="privacy_hide_number" expression="^true$"'))

    assert ran(hidden, hidden=True) == ["hidden"]
    assert ran(hidden) == []


def test_a_caller_without_a_number_has_an_empty_one():
    """… from SIP; by another way in, it has the zeros of FreeSWITCH."""
    number = extension(condition(log("[${caller_id_number}]")))

    assert ran(number, caller=None) == ["[]"]
    assert ran(number, caller=None, around=Surroundings(no_number="0000000000")) == ["[0000000000]"]


def test_a_loop_repeats_an_action():
    assert ran(extension(condition('<action application="log" data="INFO x" loop="2"/>'))) == ["x", "x"]


def test_conditions_nested_over_a_hundred_deep_fail():
    def nest(depth):
        return extension("<condition>" * depth + log("deep") + "</condition>" * depth)

    assert ran(nest(101)) == ["deep"]
    assert ran(nest(102)) == []


# --- regex="all", regex="any" ---


def regexes(kind, *expressions):
    inside = "".join(f'<regex field="destination_number" expression="{one}"/>' for one in expressions)
    return extension(condition(inside, log("[$1]"), attributes=f'regex="{kind}"')) + extension(condition(log("second")))


@pytest.mark.parametrize(
    ("kind", "expressions", "expected"),
    [
        ("all", ["1", "0"], "[$1]"),
        ("all", ["1", "9"], "second"),
        ("all", ["(1)", "0"], "[1]"),
        ("all", ["(1)", "(0)"], "[0]"),
        ("any", ["9", "0"], "[$1]"),
        ("any", ["9", "8"], "second"),
        ("any", ["(9)", "(0)"], "[0]"),
        ("any", ["(9)", "0"], "[$1]"),
    ],
)
def test_several_regexes(kind, expressions, expected):
    assert ran(regexes(kind, *expressions)) == [expected]


def test_a_group_that_matched_makes_a_failed_all_a_match():
    """Its actions do not stand, and yet no other extension is tried."""
    assert ran(regexes("all", "(1)", "9")) == []


@pytest.mark.parametrize("expression", ["(1)", "${v}"])
def test_a_group_of_a_variable_among_several_regexes_is_refused(expression):
    """FreeSWITCH takes `$1` from memory that it has freed."""
    several = condition(f'<regex field="${{v}}" expression="{expression}"/>', attributes='regex="all"')

    with pytest.raises(UnsupportedError, match="freed memory"):
        ran(extension(condition(inline("v=(1)")), several))


def test_a_regex_may_be_of_time_or_absolute():
    timed = extension(condition('<regex hour="3"/><regex/>', log("x"), attributes='regex="any"'))

    assert ran(timed) == ["x"]
    assert ran(timed.replace("any", "all")) == []


# --- groups and variables ---


def test_groups_are_substituted_only_if_the_expression_has_a_parenthesis():
    def data(expression):
        return ran(extension(condition(log("$1-${2}"), attributes=f'field="ani" expression="{expression}"')))

    assert data("^(06)(12)") == ["06-12"]
    assert data("^(06)") == ["06-"]
    assert data("^(?:06)") == ["-"]
    with pytest.raises(UnsupportedError, match=r"\{2\}|2"):  # … else `${2}` is a variable
        data("^06")


def test_a_substitution_is_cut_where_its_buffer_ends():
    assert ran(
        extension(condition(log("$1" * 20), attributes='field="destination_number" expression="^(102)$"'))
    ) == [("102" * 20)[: (45 + 3 + 10) * 2 - 1 - 5]]  # fmt: skip


def test_a_quote_behind_a_backslash_takes_the_action_away():
    assert ran(extension(condition(log("a\\'b"), log("c")))) == ["c"]
    assert ran(
        extension(condition(log("$1"), log("c"), attributes='field="ani" expression="^(.*)$"')), caller="06\\'"
    ) == ["c"]


def test_hunting_ends_before_actions_run():
    assert (
        ran(
            extension(condition(action("set", "v=1")), attributes='continue="true"')
            + extension(condition(log("set"), attributes='field="${v}" expression="^1$"'))
        )
        == []
    )


def test_inline_variables_are_seen_by_later_conditions():
    assert ran(
        extension(condition(inline("v=1")), attributes='continue="true"')
        + extension(condition(log("set"), attributes='field="${v}" expression="^1$"'))
    ) == ["set"]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (inline("V=1"), "1-"),
        (inline("v,1"), "1-"),
        (inline("v=1") + inline("v="), "-"),
        (inline("v=1") + '<action application="unset" data="v" inline="true"/>', "-"),
        ('<action application="multiset" data="v=1 w=2" inline="true"/>', "1-2"),
        ('<action application="multiset" data="^^;v=a b;w=2" inline="true"/>', "a b-2"),
        (('<action application="multiset" data="v=1 w=2" inline="true"/>'
         '<action application="multiunset" data="v w" inline="true"/>'), "-"),
        ('<action application="export" data="v=1" inline="true"/>', "1-"),
        (inline("v=1") + '<action application="eval" data="v=2" inline="true"/>', "1-"),
        (inline("w=1") + inline("v=${w}2"), "12-1"),
    ],
)  # fmt: skip
def test_applications_that_set(actions, expected):
    given = inline("v=") + inline("w=") + actions

    assert ran(extension(condition(given, log("${v}-${w}")))) == [expected]


def test_a_variable_that_nothing_sets_is_refused():
    with pytest.raises(UnsupportedError, match="the variable domain_name"):
        ran(extension(condition(log("${domain_name}"))))


def test_a_variable_that_something_sets_is_empty_before():
    assert ran(extension(condition(log("[${v}]"), action("set", "v=1")))) == ["[]"]


def test_variables_given_are_read():
    around = Surroundings(variables={"domain_name": "pbx"})

    assert ran(extension(condition(log("${domain_name} ${v}"))), around=around, variables={"v": "1"}) == ["pbx 1"]


@pytest.mark.parametrize(
    "data",
    ["${system(id)}", "${system id}", "${v:1}", "${v[0]}", "${${v}}", "${}", "\\${v}", "a$${v}", "${v", "%[a=1]x"],
)
def test_other_expansions_are_refused(data):
    with pytest.raises(UnsupportedError):
        ran(extension(condition(inline("v=1"), action("log", data))))


@pytest.mark.parametrize(
    "variable",
    ["transfer_on_fail", "sip_h_X-a", "execute_on_answer", "bypass_media", "park_after_bridge"],
)
def test_variables_that_change_what_is_not_modelled_are_refused(variable):
    with pytest.raises(UnsupportedError, match=f"the variable {variable}"):
        ran(extension(condition(inline(f"{variable}=true"))))


HOSTILE = "${system(touch x)}"


@pytest.mark.parametrize(
    "plan",
    [
        condition(log("${caller_id_number}")),
        condition(inline("v=${caller_id_number}")),
        condition(log("$1"), attributes='field="caller_id_number" expression="^(.*)$"'),
        condition(log("x"), attributes='field="${caller_id_number}" expression="x"'),
        condition(attributes='field="destination_number" expression="^${caller_id_number}$"'),
    ],
)
def test_an_expansion_that_a_caller_could_make_is_an_injection(plan):
    with pytest.raises(InjectionError):
        ran(extension(plan), caller=HOSTILE)
    ran(extension(plan), caller="0612345678")


def test_an_injection_of_two_halves():
    with pytest.raises(InjectionError):
        ran(extension(condition(inline("v=${caller_id_number}{system(id)}"))), caller="06$")
    with pytest.raises(InjectionError):
        ran(extension(condition(log("$$1"), attributes='field="ani" expression="^(.*)$"')), caller="{system(id)}")


def test_a_field_is_compared_without_an_expansion():
    assert ran(
        extension(condition(log("x"), attributes='field="caller_id_number" expression="system"')), caller=HOSTILE
    )


def test_calls_from_sip_come_neutralised():
    assert ran(extension(condition(log("${caller_id_number}"))), caller="${a}", neutralised=True) == ["%{a}"]


def test_scope_variables_from_a_caller_are_an_injection():
    with pytest.raises(InjectionError):
        ran(extension(condition(action("eval", "${caller_id_number}"))), caller="%[a=1]")


# --- time ---


def holds(attributes, instant=MONDAY, before=""):
    return ran(extension(condition(before), condition(log("x"), attributes=attributes)), instant=instant) == ["x"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('wday="2"', True),
        ('wday="mon-fri"', True),
        ('wday="sat-mon"', True),
        ('wday="7-1,4"', False),
        ('hour="9-10"', True),
        ('hour="11-9"', False),
        ('minute="0"', True),
        ('minute-of-day="601"', True),
        ('minute-of-day="600"', False),
        ('year="2026" mon="11" mday="20-25"', True),
        ('year="2026" mon="11" mday="24"', False),
        ('yday="327"', True),
        ('week="47"', True),
        ('mweek="4"', True),
        ('time-of-day="10:00-10:00"', True),
        ('time-of-day="08:00-09:59:59,10:00:01-12:00"', False),
        ('time-of-day="09:00-10:00:00"', True),
        ('time-of-day="22:00-10:00"', True),
    ],
)
def test_time_attributes(attributes, expected):
    assert holds(attributes) is expected


def test_the_end_second_is_included():
    assert holds('time-of-day="08:00-12:00"', MONDAY.replace(hour=12))
    assert not holds('time-of-day="08:00-12:00"', MONDAY.replace(hour=12, second=1))


def test_the_week_of_the_month_begins_on_sunday():
    assert holds('mweek="1"', datetime(2026, 8, 1, 10, tzinfo=PARIS))  # a Saturday
    assert holds('mweek="2"', datetime(2026, 8, 2, 10, tzinfo=PARIS))


def test_the_time_zone_is_that_of_the_variable_set_inline_before():
    assert holds('hour="18"', before=inline("timezone=Asia/Tokyo"))
    assert holds('hour="10"', before=action("set", "timezone=Asia/Tokyo"))


def test_an_offset_in_hours_is_stronger_than_the_time_zone():
    assert holds('hour="4"', before=inline("timezone=Asia/Tokyo") + inline("tod_tz_offset=-5"))
    assert holds('hour="18"', before=inline("timezone=Asia/Tokyo") + inline("tod_tz_offset=x"))


def test_without_one_the_zone_is_that_of_the_server():
    around = Surroundings(server_zone=ZoneInfo("America/New_York"))

    assert ran(extension(condition(log("x"), attributes='hour="4"')), around=around) == ["x"]


def test_a_time_in_a_zone_is_read_by_strftime_tz():
    evening = extension(condition(log("x"), attributes='field="${strftime_tz(Asia/Tokyo %H:%M)}" expression="^18:00$"'))

    assert ran(evening) == ["x"]
    assert ran(evening, instant=MONDAY.replace(minute=1)) == []


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(UnsupportedError, match="the time zone Mars/Olympus"):
        holds('hour="18"', before=inline("timezone=Mars/Olympus"))


@pytest.mark.parametrize(
    "attributes",
    ['date-time="2026-11-23 10:00:00"', 'tz-offset="1"', 'dst="true"', 'wday="monday"', 'hour="9-"',
     'time-of-day="9-12"',
     f'hour="9" {TO_102}'],
)  # fmt: skip
def test_other_time_attributes_are_refused(attributes):
    with pytest.raises(UnsupportedError, match=r"policyc\.xml:3"):
        holds(attributes)


# --- contexts and transfers ---


def test_a_transfer_ends_the_queue_and_hunts_in_its_context():
    first = extension(condition(action("transfer", "103 XML Next"), log("never")))
    then = extension(condition(log("${destination_number} ${context} ${rdnis}")))

    assert ran("in", first, "next", then) == ["103 Next 102"]


def test_inline_variables_last_through_a_transfer():
    first = extension(condition(inline("v=1"), action("transfer", "103 XML next")))

    assert ran("in", first, "next", extension(condition(log("${v}")))) == ["1"]


def test_of_two_contexts_of_a_name_the_first_is_taken():
    assert ran("in", extension(condition(log("first"))), "IN", extension(condition(log("second")))) == ["first"]


def test_a_context_of_the_pbx_ends_what_is_known():
    outcome = call(extension(condition(action("transfer", "800 XML default"))))

    assert (outcome.events, outcome.ended, outcome.shown) == ("system 800", "system", "0612345678")


def test_a_missing_context_falls_back_to_global():
    contexts = (
        "in",
        extension(condition(action("transfer", "1 XML x"))),
        "global",
        extension(condition(log("global"))),
    )

    assert ran(*contexts) == ["global"]
    assert call(*contexts, around=Surroundings(system_contexts=frozenset({"X"}))).events == "system 1"


def test_a_call_may_be_transferred_seventy_times():
    circle = extension(condition(log("x"), action("transfer", "${destination_number} XML in")))
    outcome = call(circle)

    assert outcome.ended == "EXCHANGE_ROUTING_ERROR"
    assert len(ran(circle)) == 71


def test_the_limit_of_transfers_is_that_of_a_variable():
    circle = extension(condition(log("x"), action("transfer", "102 XML in")))

    assert len(ran(circle, variables={"max_forwards": "4"})) == 4
    assert len(ran(circle, variables={"max_forwards": "4", "max_session_transfers": "3"})) == 3


def test_execute_extension_hunts_at_once_and_returns():
    first = extension(condition(action("execute_extension", "103 XML next"), log("${destination_number}")))
    then = extension(condition(log("${destination_number}")))

    assert ran("in", first, "next", then) == ["103", "102"]


def test_a_transfer_within_execute_extension_leaves_both():
    first = extension(condition(action("execute_extension", "103 XML next"), log("never")))
    then = extension(condition(action("transfer", "104 XML last"), log("never")))

    assert ran("in", first, "next", then, "last", extension(condition(log("${rdnis}")))) == ["103"]


def test_execute_extension_goes_no_deeper_than_its_limit():
    circle = extension(condition(log("x"), action("execute_extension", "102 XML in")))

    assert len(ran(circle)) == 34


@pytest.mark.parametrize("data", ["-bleg 102 XML in", "102 inline in", ""])
def test_other_transfers_are_refused(data):
    with pytest.raises(UnsupportedError, match="transfer"):
        ran(extension(condition(action("transfer", data))))


# --- bridge ---

RING = action("set", "call_timeout=20") + action("set", "hangup_after_bridge=true")
GO_ON = action("set", "continue_on_fail=true")
EXT = action("bridge", "loopback/ext-102/phones")
OUT = action("bridge", "loopback/out-0612345678/phones")
MAILBOX = action("answer") + action("voicemail", "default pbx 102")


def events(*actions, **more):
    return call(extension(condition(*actions)), **more).events


def test_a_ring_that_is_not_answered_goes_on():
    assert events(RING, GO_ON, EXT, MAILBOX) == "ring 102 20s > voicemail 102 unavailable"
    assert events(RING, GO_ON, EXT, action("hangup", "USER_BUSY")) == "ring 102 20s > busy"


def test_a_ring_that_is_answered_is_the_end():
    outcome = call(extension(condition(RING, GO_ON, EXT, MAILBOX)), states={"102": "answer"})

    assert outcome.events == "ring 102 20s"
    assert (outcome.ended, outcome.answered) == ("NORMAL_CLEARING", True)


def test_without_hangup_after_bridge_the_dialplan_goes_on_after_the_conversation():
    assert events(EXT, MAILBOX, states={"102": "answer"}) == "ring 102 60s > voicemail 102 unavailable"


@pytest.mark.parametrize(
    ("continues", "state", "expected"),
    [
        (None, "busy", "ring 102 60s > busy"),
        (None, "unavailable", "ring 102 60s > hangup"),
        (None, "noanswer", "ring 102 60s > play x > hangup"),  # it always goes on
        ("false", "noanswer", "ring 102 60s > hangup"),
        ("true", "busy", "ring 102 60s > play x > hangup"),
        ("user_busy,NO_ANSWER", "busy", "ring 102 60s > play x > hangup"),
        ("17", "busy", "ring 102 60s > play x > hangup"),
        ("NO_ANSWER", "busy", "ring 102 60s > busy"),
    ],
)
def test_whether_a_failed_bridge_goes_on(continues, state, expected):
    setting = action("set", f"continue_on_fail={continues}") if continues else ""

    assert events(setting, EXT, action("playback", "x"), states={"102": state}) == expected


def test_the_cause_of_a_failed_bridge_can_be_told():
    busy = events(GO_ON, EXT, action("playback", "${originate_disposition}"), states={"102": "busy"})

    assert busy == "ring 102 60s > play USER_BUSY > hangup"


@pytest.mark.parametrize(
    ("before", "dialled", "expected"),
    [
        ("", "", "external 0612345678"),
        (action("set", "call_timeout=15"), "", "external 0612345678 15s"),
        ("", "{originate_timeout=12}", "external 0612345678 12s"),
        (action("set", "call_timeout=15"), "{originate_timeout=12}", "external 0612345678 12s"),
        (action("set", "call_timeout=15"), "[leg_timeout=9]", "external 0612345678 9s"),
        (action("set", "call_timeout=15"), "{leg_timeout=20}", "external 0612345678 15s"),
    ],
)
def test_how_long_a_line_is_dialled(before, dialled, expected):
    given = events(before, action("bridge", f"{dialled}loopback/out-0612345678/phones"))

    assert given == f"{expected} > hangup"


def test_leg_timeout_is_no_no_answer():
    """… and so the dialplan does not go on by itself."""
    outcome = call(extension(condition(action("bridge", "[leg_timeout=9]loopback/out-06/phones"), log("never"))))

    assert outcome.ended == "ALLOTTED_TIMEOUT"


def test_a_limit_that_no_caller_waits_for_is_none():
    assert events(action("set", "call_timeout=86400"), OUT) == "external 0612345678 > hangup"


@pytest.mark.parametrize(
    ("before", "expected"),
    [("", "[]"), (action("playback", "x"), "[EARLY MEDIA]"), (action("answer"), "[ANSWER]"), (EXT, "[ANSWER]")],
)
def test_how_far_the_channel_is_up(before, expected):
    outcome = call(extension(condition(before, log("[${endpoint_disposition}]"))), states={"102": "answer"})

    assert outcome.applications[-1] == ("log", f"INFO {expected}")


def test_call_timeout_lasts_into_the_next_bridge():
    assert events(RING, GO_ON, EXT, OUT) == "ring 102 20s > external 0612345678 20s > hangup"


@pytest.mark.parametrize(
    ("before", "dialled", "expected"),
    [
        ("", "", "0612345678"),
        (action("set", "effective_caller_id_number=0142"), "", "0142"),
        ("", "{origination_caller_id_number=0143}", "0143"),
        ("", "{origination_privacy=hide_name:hide_number}", "private"),
        ("", "[origination_privacy='hide_number']".replace("'", ""), "private"),
        (action("privacy", "full"), "", "private"),
    ],
)
def test_what_the_far_side_is_shown(before, dialled, expected):
    plan = extension(condition(before, action("bridge", f"{dialled}loopback/out-06/phones")))

    assert call(plan).shown == expected


def test_a_hidden_caller_stays_hidden():
    assert call(extension(condition(OUT)), hidden=True).shown == "private"
    shows = extension(condition(action("bridge", "{origination_privacy=screen}loopback/out-06/phones")))
    assert call(shows, hidden=True).shown == "0612345678"


@pytest.mark.parametrize(
    "data",
    [
        "user/102",
        "loopback/ext-102/phones,loopback/ext-103/phones",
        "loopback/ext-102/phones|loopback/ext-103/phones",
        "loopback/ext-102/phones:_:loopback/ext-103/phones",
        "{sip_h_X=1}loopback/ext-102/phones",
        "{origination_privacy}loopback/ext-102/phones",
    ],
)
def test_other_destinations_are_refused(data):
    with pytest.raises(UnsupportedError, match=r"policyc\.xml:3"):
        events(action("bridge", data))


# --- a line asked whether it accepts ---

ASK = (
    "{origination_privacy=hide_name:hide_number,group_confirm_key=exec,"
    "group_confirm_file='execute_extension accept XML confirm',group_confirm_cancel_timeout=true}"
)
REBOND = extension(
    condition(
        action("answer"),
        action("playback", "policyc/veuillez-patienter"),
        action("say", "fr number iterated 102"),
        RING,
        GO_ON,
        action("bridge", f"{ASK}loopback/out-0612345678/phones"),
        action("playback", "policyc/indisponible"),
        action("voicemail", "default pbx 102"),
    )
)
CONFIRM = extension(
    condition(
        action("play_and_get_digits", "1 1 1 5000 # policyc/accepter silence key ^1$"),
        action("execute_extension", "decide XML confirm"),
        attributes='field="destination_number" expression="^accept$"',
    )
) + extension(
    condition(attributes='field="destination_number" expression="^decide$"'),
    condition('<anti-action application="hangup" data="CALL_REJECTED"/>', attributes='field="${key}" expression="^1$"'),
)
BEFORE = "answer > play wait > digits 102 > rebound 0612345678 20s"
AFTER = " > play unavailable > voicemail 102 unavailable"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("accept", BEFORE),
        ("refuse", BEFORE + AFTER),
        ("silent", BEFORE + AFTER),
        ("leave", BEFORE + AFTER),
        ("answer", BEFORE + AFTER),
        ("noanswer", BEFORE + AFTER),
        ("busy", BEFORE + AFTER),
        ("unavailable", BEFORE + AFTER),
    ],
)
def test_a_line_that_must_accept(state, expected):
    outcome = call("in", REBOND, "confirm", CONFIRM, states={"0612345678": state})

    assert (outcome.events, outcome.shown) == (expected, "private")


def test_a_line_that_is_not_hung_up_has_accepted():
    """However little it pressed: the confirmation must hang up."""
    assert (
        call("in", REBOND, "confirm", extension(condition(log("x"))), states={"0612345678": "silent"}).events == BEFORE
    )


def test_what_the_line_runs_is_not_the_callers():
    outcome = call("in", REBOND, "confirm", CONFIRM, states={"0612345678": "accept"})

    assert "play_and_get_digits" not in [name for name, _ in outcome.applications]
    assert [step.application for step in outcome.steps if step.leg == "called"] == [
        "execute_extension",
        "play_and_get_digits",
        "execute_extension",
    ]


def test_exported_variables_reach_the_line():
    exported = REBOND.replace("<condition >", f"<condition >{action('export', 'v=yes')}", 1)
    confirm = extension(condition(log("${v}")))
    outcome = call("in", exported, "confirm", confirm, states={"0612345678": "accept"})

    assert "INFO yes" in [step.data for step in outcome.steps if step.leg == "called"]


def test_a_confirmation_that_the_dial_may_cut_short_is_refused():
    with pytest.raises(UnsupportedError, match="group_confirm_cancel_timeout"):
        call(
            "in",
            REBOND.replace(",group_confirm_cancel_timeout=true", ""),
            "confirm",
            CONFIRM,
            states={"0612345678": "accept"},
        )


# --- other ends ---


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (action("answer") + action("playback", "tone_stream://%(500,500,440);loops=20"), "answer > busy"),
        (action("hangup", "USER_BUSY"), "busy"),
        (action("hangup", "17"), "busy"),
        (action("respond", "486 Busy Here"), "busy"),
        (action("hangup"), "hangup"),
        (action("respond", "603 Decline"), "hangup"),
        (action("answer") + action("hangup", "USER_BUSY"), "answer > hangup"),
        (action("sleep", "1000") + MAILBOX, "voicemail 102 unavailable"),
        (MAILBOX + action("hangup", "USER_BUSY"), "voicemail 102 unavailable"),
    ],
)
def test_ends(last, expected):
    assert events(last) == expected


# --- what is not read ---


@pytest.mark.parametrize(
    "text",
    [
        '<action application="lua" data="x.lua"/>',
        '<action application="hangup" inline="true"/>',
        '<action application="set" data="a=1" inlined="true"/>',
        '<action application="set">a=1</action>',
        '<action application="set" data="a&#10;=1"/>',
        '<action application="voicemail" data="check default pbx 102"/>',
        '<action application="say" data="fr 102"/>',
        '<action application="hangup" data="BUSY"/>',
        '<regex field="ani" expression="1"/>',
        "<expression>1</expression>",
        "text",
    ],
)
def test_what_is_not_understood_names_its_line(text):
    with pytest.raises(UnsupportedError, match=r"^policyc\.xml:5: "):
        call(f"<extension>\n<condition>\n{text}\n</condition></extension>")


@pytest.mark.parametrize(
    "attributes",
    [
        'expression="1"',
        'field="ani" expression="(?i)a"',
        'regex="xor"',
        f'regex="all" {TO_102}',
        'break="true"',
        'a="1"',
    ],
)
def test_conditions_that_are_not_understood_name_their_line(attributes):
    with pytest.raises(UnsupportedError, match=r"^policyc\.xml:4: "):
        call(f"<extension>\n<condition {attributes}/></extension>")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('<X-PRE-PROCESS cmd="exec" data="id"/>', "preprocessor"),
        ('<!-- <x-pre-process cmd="exec" data="id"/> -->', "preprocessor"),
        ('<!--#exec cmd="id"-->', "preprocessor"),
        ('<context name="$${domain}"/>', "global variable"),
        ("<include><context/></include>", "leaves out"),
        ("<context/>", "without a name"),
        ("<!-- a -- b -->", "not well-formed"),
        ("<!-- " + "a" * (1 << 20) + " -->", "so long"),
    ],
)
def test_lines_that_the_preprocessor_changes_are_refused(line, what):
    with pytest.raises(UnsupportedError, match=rf"^a\.xml:2: .*{what}"):
        read({"a.xml": f'<context name="a"/>\n{line}\n'})


def test_a_document_type_is_refused():
    with pytest.raises(UnsupportedError):
        read({"a.xml": '<!DOCTYPE a [<!ENTITY b "c">]><context name="a"/>'})


def test_a_whole_configuration_is_read():
    text = """<?xml version="1.0"?>
    <document type="freeswitch/xml">
    <section name="configuration"><configuration name="switch.conf"/></section>
    <section name="dialplan" description="x"><context name="In"/></section>
    </document>"""

    assert list(read({"freeswitch.xml": text}).contexts) == ["in"]


def test_several_files_are_one_dialplan():
    one, two = '<context name="a"/>', '<context name="b"/>\n<context name="A"/>'

    assert {name: context.place.file for name, context in read({"1": one, "2": two}).contexts.items()} == {
        "a": "1",
        "b": "2",
    }


@pytest.mark.parametrize(
    ("expression", "subject", "groups"),
    [
        ("^\\+33(\\d+)$", "+336", ("+336", "6")),
        ("a{2,}", "baaa", ("aaa",)),
        ("(a)?(b)", "b", ("b", None, "b")),
        ("/ABC/i", "xabcx", ("abc",)),
        ("^.$", "é", None),  # bytes
        ("^..$", "é", ("é",)),
        ("[0-9*#+-]+", "-1", ("-1",)),
        ("", "x", ("",)),
        ("^(?!102$|9).*$", "1021", ("1021",)),
        ("^(?!102$|9).*$", "102", None),
        ("(", "(", None),
        (")", ")", None),
        ("*1", "1", None),
        ("a{3,2}", "aaa", None),
    ],
)
def test_expressions(expression, subject, groups):
    found = search(expression, subject)

    assert (found.groups if found else None) == groups


@pytest.mark.parametrize(
    "expression",
    ["_X.", "\\Z", "\\bx", "\\1", "\\x41", "(?i)a", "(?<=a)b", "(?P<n>a)", "(?!(a))", "(?=a)*", "(*FAIL)",
     "[[:digit:]]", "[]a]", "[a&&b]", "a{,3}", "a{x", "a++", "^*", "(a)*", "[é]", "[", "/a/x", "\\"],
)  # fmt: skip
def test_expressions_that_python_may_read_otherwise_are_refused(expression):
    with pytest.raises(RefusedError):
        search(expression, "a")
