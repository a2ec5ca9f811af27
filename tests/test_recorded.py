"""What a real FreeSWITCH ran, recorded in `tests/recorded`, replayed by the evaluator of `dialplan_xml`.

Of policies, on what they compile to now: what happens must be the same, and as long as the dialplan decides by the
same things as when it was recorded, each application that runs too. Of dialplans written by hand, one trap each: they
hold the evaluator to FreeSWITCH where there is none.
"""

import functools
import itertools
import json
import re

import pytest
from calls import suite
from dialplan_xml import DialplanError, read
from freeswitch_model import Model
from judge.seeds import few
from recorded import table
from recorded.record import FAULTS, row_of
from recorded.table import HERE, Seen

from policyc import capabilities, evaluate

TABLES = {one.name: one for one in table.policies()}
TRAPS = {one.name: (one, text) for one, text in table.traps()}
PATHS = sorted(path for path in HERE.rglob("*.json") if path.parent.name in ("calls", "traps"))


@functools.cache
def policy(name):
    return table.policy_of(TABLES[name])


@functools.cache
def compiled(name):
    return Model(policy(name), TABLES[name].settings)


@functools.cache
def replayed(name):
    one = TABLES[name]
    return tuple((row, table.outcome(compiled(name).dialplan, row, one.around)) for row in one.rows)


def wrong(pairs, *, actions):
    return "\n".join(text for row, found in pairs for text in table.differences(row, found, actions=actions))


# --- policies ---


@pytest.mark.parametrize("name", few(TABLES, 5))
def test_what_happens_is_what_freeswitch_did(name):
    assert not wrong(replayed(name), actions=False)


@pytest.mark.parametrize("name", few(TABLES, 5))
def test_each_application_that_runs_is_one_that_freeswitch_ran(name):
    if table.digest(compiled(name).dialplan) != TABLES[name].dialplan:
        pytest.skip("the dialplan has changed since: python tests/recorded/record.py records it anew")

    assert not wrong(replayed(name), actions=True)


@pytest.mark.parametrize("name", TABLES)
def test_freeswitch_did_what_evaluate_says(name):
    one = TABLES[name]
    found = []
    for row in one.rows:
        call = evaluate.call_from(
            row.caller or "",
            row.called,
            row.at,
            internal=row.entry == "internal",
            restricted=row.restricted or row.caller is None,
        )
        lines = dict(row.lines)
        if not one.settings.get("rebound_confirm", True):  # whoever answers has accepted
            lines = {line: "accept" if state == "answer" else state for line, state in lines.items()}
        expected = as_on_freeswitch(evaluate.events(policy(name), call, lines))
        if row.seen.events != expected:
            found.append(f"{row}: {expected}, recorded {row.seen.events}")

    assert not found, "\n".join(found)


def as_on_freeswitch(events):
    if capabilities.of("freeswitch")["greetings"] is capabilities.Level.YES:
        return events
    return re.sub(r"(voicemail \S+) busy", r"\1 unavailable", events)


# --- dialplans written by hand ---


@pytest.mark.parametrize("name", TRAPS)
def test_the_evaluator_does_what_freeswitch_did(name):
    one, text = TRAPS[name]

    found = [problem for row in one.rows for problem in problems(row, text, one.around)]

    assert not found, "\n".join(found)


def problems(row, text, around):
    """Return what is wrong with the evaluation of a row: a refusal must be the one foreseen."""
    try:
        found = table.outcome(read({"trap.xml": text}), row, around)
    except DialplanError as error:
        return [] if row.refused and row.refused in str(error) else [f"{row}: {error}"]
    if row.refused:
        return [f"{row}: not refused: {row.refused}"]
    return table.differences(row, found)


# --- what the tables cover ---


def test_the_tables_are_not_empty():
    assert sum(len(one.rows) for one in TABLES.values()) > 500
    assert sum(len(one.rows) for one, _ in TRAPS.values()) > 150
    assert all(one.rows for one in (*TABLES.values(), *(one for one, _ in TRAPS.values())))


def test_each_file_of_the_suite_is_covered():
    assert {path.stem for path in suite.paths()} <= TABLES.keys()


@pytest.mark.parametrize("path", sorted((HERE / "policies").glob("*.toml")), ids=lambda path: path.stem)
def test_the_policies_beside_the_suite_are_covered_and_give_what_they_say(path):
    case = suite.read(path)
    seen = {str(row): row.seen.events for row in TABLES[path.stem].rows}
    given = {str(row_of(case.policy, line)): line.gives_on("freeswitch") for line in case.lines}

    assert TABLES[path.stem].sources == case.sources
    assert seen == {row: given[row] for row in seen}


FEATURES = {
    "a ring": r"^ring \d+ \d+s$",
    "a mailbox after a ring": r"^ring \d+ \d+s > voicemail \d+ unavailable$",
    "a mailbox alone": r"^voicemail \d+ unavailable$",
    "no mailbox": r"^ring \d+ \d+s > busy$",
    "busy": r"^busy$",
    "an outside number": r"^external \+?\d+$",
    "… that is busy": r"^external \d+ > busy$",
    "… that fails": r"^external \d+ > hangup$",
    "a rebond that is accepted": r"^answer > play wait > digits \d+ > rebound \+?\d+ \d+s$",
    "… and one that is not": r"rebound \+?\d+ \d+s > play unavailable > voicemail \d+ unavailable$",
    "a number of the PBX": r"^system \d+$",
}


@pytest.mark.parametrize("name", FEATURES)
def test_each_outcome_is_covered(name):
    rows = [row for one in TABLES.values() for row in one.rows if re.search(FEATURES[name], row.seen.events)]

    assert len(rows) >= 2


def test_each_way_to_call_is_covered():
    rows = [row for one in TABLES.values() for row in one.rows]

    assert {row.entry for row in rows} == {"internal", "external"}
    assert {row.restricted for row in rows} == {False, True}
    assert {state for row in rows for state in row.lines.values()} >= set(
        "answer busy unavailable accept refuse silent leave".split()
    )
    assert sum(row.caller is None for row in rows) > 3
    assert len({row.at for row in rows}) > 150
    assert len({row.at.utcoffset() for row in rows}) > 3
    assert {one.server_zone for one in TABLES.values()} > {None, "America/New_York", "Asia/Tokyo"}
    assert {text.split(" ")[1] for row in rows for text in row.seen.shown} >= {"private", "", "0612345678"}
    assert {row.seen.cause for row in rows} > {None, "USER_BUSY"}


def test_each_trap_is_covered():
    assert (
        {
            "anchored-newline", "anti-action", "asterisk-pattern", "auto-hunt", "backslash-from-caller", "bad-regex",
            "break", "break-never-last", "context-case", "context-global", "context-twice", "continue",
            "continue-on-fail", "date-time", "dates", "field-and-time", "first-match", "groups", "groups-cut",
            "hidden-caller", "injection", "injection-by-group", "inline", "leak-inline", "leak-nested",
            "leak-to-next-extension", "leak-without-match", "line-left-out", "missing-expression",
            "no-extension-conditions", "quote-behind-backslash", "regex-all", "regex-all-group", "regex-any",
            "regex-xor", "require-nested", "time-of-day", "timezone", "timezone-daylight-saving", "tod-tz-offset",
            "transfers-run-out", "tz-offset", "unanchored", "unknown-field", "wday",
        }
        <= TRAPS.keys()
    )  # fmt: skip


def test_all_is_of_one_freeswitch():
    versions = {one.freeswitch for one in (*TABLES.values(), *(one for one, _ in TRAPS.values()))}

    assert len(versions) == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[a-z]+)?", versions.pop())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_table_is_written_as_it_is_read(path, tmp_path):
    table.write(table.read(path), tmp_path / path.name)

    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_nothing_is_of_the_machine_that_recorded():
    for path in PATHS:
        ran = json.dumps([row["ran"] for row in json.loads(path.read_text(encoding="utf-8"))["rows"] if "ran" in row])
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-|(?<![\w:/])/\w|127\.0\.0\.1|policyc-freeswitch-", ran), path


# --- a dialplan that is wrong is found ---

WRONG = [
    ("01-ring", r"call_timeout=\d+", "call_timeout=21"),
    ("01-ring", r'(loopback/ext-\d+)/phones"', r'\g<1>0/phones"'),
    ("02-destinations", 'data="continue_on_fail=false"', 'data="continue_on_fail=true"'),
    ("02-destinations", 'hangup" data="USER_BUSY"', 'hangup" data="CALL_REJECTED"'),
    ("03-rebond", "origination_privacy=hide_name:hide_number,", ""),
    ("03-rebond", "group_confirm_key=1", "group_confirm_key=2"),
    *(("04-callers", *fault) for fault in FAULTS),
    *(("05-presentations", *fault) for fault in FAULTS[:1]),
    *(("18-hostile-callers", *fault) for fault in FAULTS),
    ("06-anonymous", 'expression="^true$"', 'expression="^yes$"'),
    ("07-kinds", "policyc_kind=internal", "policyc_kind=external"),
    ("10-hours", "12:29:59", "12:30:00"),
    ("10-hours", "12:29:59", "12:29:58"),
    ("10-hours", r'data="timezone=[^"]*" inline="true"', 'data="timezone=Asia/Tokyo" inline="true"'),
    ("11-days-off", r'mday="14"', 'mday="15"'),
    ("13-zone-martinique", r'(data="timezone=[^"]*") inline="true"', r"\1"),
    ("18-hostile-callers", "policyc_number=anonymous", "policyc_number=unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "pattern", "instead"), WRONG)
def test_a_wrong_dialplan_is_found(name, pattern, instead):
    text = compiled(name).text
    literal = pattern in text
    changed = text.replace(pattern, instead) if literal else re.sub(pattern, instead, text)

    assert changed != text
    assert fails(name, changed)


@pytest.mark.parametrize("name", ["02-destinations", "04-callers", "09-chains"])
def test_a_rule_behind_the_line_that_rings_is_found(name):
    """The last line of a number takes every call: what stands behind it is dead."""
    text = compiled(name).text
    lines = re.findall(r"(?s)  <extension name=.*?</extension>\n", text)
    swapped = [
        text.replace(rule + ring, ring + rule, 1)
        for rule, ring in itertools.pairwise(lines)
        if number(rule) == number(ring) != "" and ring.count("<condition") == 1
    ]

    assert len(swapped) >= 2
    assert all(fails(name, one) for one in swapped)


def number(line):
    """Return the number called that a line is for, if it is for one."""
    found = re.search(r'field="destination_number" expression="\^(\d+)\$"', line)
    return found[1] if found else ""


def fails(name, text):
    """Tell whether a replay on another text of a policy's dialplan is not what was recorded."""
    one = TABLES[name]
    dialplan = read({"policyc.xml": text})
    for row in one.rows:
        try:
            found = table.outcome(dialplan, row, one.around)
        except DialplanError:
            return True
        if table.differences(row, found, actions=False):
            return True
    return False


WRONG_TRAPS = [
    ("time-of-day", "12:00", "11:59:59"),
    ("break", ' break="on-true"', ""),
    ("require-nested", ' require-nested="false"', ""),
    ("unanchored", '"10"', '"^10"'),
    ("timezone", "Asia/Tokyo", "UTC"),
    ("groups", "(?:1)", "1"),
    ("context-twice", "INFO first", "INFO second"),
]


@pytest.mark.parametrize(("name", "part", "instead"), WRONG_TRAPS)
def test_another_dialplan_than_the_recorded_one_is_found(name, part, instead):
    one, text = TRAPS[name]
    changed = text.replace(part, instead)

    assert changed != text
    assert any(problems(row, changed, one.around) for row in one.rows)


def test_what_was_seen_is_compared_in_each_of_its_parts():
    row = TABLES["03-rebond"].rows[0]
    others = [
        Seen(row.seen.ran[:-1], row.seen.events, row.seen.shown, row.seen.cause),
        Seen(row.seen.ran, "busy", row.seen.shown, row.seen.cause),
        Seen(row.seen.ran, row.seen.events, ("0612345678 0600000000",), row.seen.cause),
        Seen(row.seen.ran, row.seen.events, row.seen.shown, "USER_BUSY"),
    ]

    assert not table.differences(row, row.seen)
    assert all(len(table.differences(row, other)) == 1 for other in others)


def test_a_digest_is_of_what_decides():
    text = compiled("01-ring").text
    same = re.sub(r"<!--.*?-->", "<!-- -->", re.sub(r'extension name="[^"]*"', 'extension name="x"', text))

    assert same != text
    assert table.digest(read({"a": text})) == table.digest(read({"a": same}))
    assert table.digest(read({"a": text})) != table.digest(read({"a": text.replace("USER_BUSY", "CALL_REJECTED")}))
