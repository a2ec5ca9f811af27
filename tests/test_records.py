"""Files of call records: real ones of an Asterisk, the templates of FreeSWITCH, plain ones, and broken ones."""

import csv
import io
import re
import tempfile
import tracemalloc
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import records, report
from policyc.records import Reason, Record, journal, rows
from policyc.records.instants import Clock

RECORDED = Path(__file__).parent / "recorded" / "journals"
PARIS, UTC, REUNION = (ZoneInfo(name) for name in ("Europe/Paris", "UTC", "Indian/Reunion"))
AT = datetime(2026, 11, 23, 10, 0, 30)


def read(content, folder=None, **more):
    """Return the calls of a file's content, and the journal when all were read."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(folder or temporary) / "appels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with records.read(path, more.pop("zone", PARIS), **more) as found:
            return list(found), found


def calls(content, **more):
    """Return who called whom, of a file of which nothing is left out."""
    found, whole = read(content, **more)

    assert Counter() == whole.left_out
    return [(one.caller, one.called) for one in found]


def problem(content, **more):
    with pytest.raises(records.JournalError) as caught:
        read(content, **more)
    diagnostic = caught.value.diagnostic
    assert "PC010" == diagnostic.code
    return diagnostic.args["case"]


def doubts():
    """Yield every doubt that a journal may leave: `test_messages` makes sure that each can be told."""
    yield journal.problem("unreadable", "appels.csv", "…")
    yield from (journal.problem(case, "appels.csv") for case in ("unknown", *records.FORMS))
    plain = "de,vers,le,provenance\n06,102,2026-11-23 10:00,?\n06,102,2026-11-31 10:00,\n06\n"
    plain += "06,102,2026-10-25 02:30,\n\0\n06,Élodie,2026-11-23 10:00,\n"
    yield from read(plain, zone=REUNION, server_zone=PARIS)[1].diagnostics()
    yield from read(asterisk(dcontext="policyc-101", dst="101"))[1].diagnostics()


def told(diagnostics):
    return report.render_text(diagnostics, report.load_catalogue("fr"), color=False).replace("\xa0", " ")


# -- Asterisk


CDR_CSV = "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec"
CDR_CSV += " disposition amaflags uniqueid userfield"
ROW = {
    "src": "0639980001",
    "dst": "102",
    "dcontext": "policyc-external",
    "clid": '"Élodie ""x""" <0639980001>',
    "channel": "PJSIP/trunk-00000001",
    "lastapp": "Dial",
    "lastdata": "PJSIP/102,20",
    "start": "2026-11-23 10:00:30",
    "answer": "2026-11-23 10:00:32",
    "end": "2026-11-23 10:01:00",
    "duration": "30",
    "billsec": "28",
    "disposition": "ANSWERED",
    "amaflags": "DOCUMENTATION",
    "uniqueid": "1795816089.0",
}


def asterisk(*changes, columns=CDR_CSV, header=False, delimiter=",", **change):
    """Return rows as Asterisk writes them, each with some columns of its own."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n", delimiter=delimiter)
    if header:
        writer.writerow(columns.split())
    for one in changes or [change]:
        writer.writerow([{**ROW, **one}.get(name, "") for name in columns.split()])
    return text.getvalue()


WAYS = """
0639980001 102 102 cabinet.pol:12
0199000001 102 102 cabinet.pol:7
0261910001 102 102 cabinet.pol:8 > 103 -
0261910002 102 102 cabinet.pol:8 > 103 -
0353010001 102 102 cabinet.pol:9
0465710001 102 102 cabinet.pol:10
0465710002 102 102 cabinet.pol:10
0536490001 102 102 cabinet.pol:11
0536490002 102 102 cabinet.pol:11
0739980001 102 102 cabinet.pol:13
anonymous 102 102 cabinet.pol:14
0639980009 102 102 cabinet.pol:14
101 102 102 -
0199000003 101 101 -
0199000004 777 None
"""


@pytest.mark.parametrize("module", ["cdr-csv", "cdr-custom"])
def test_records_of_a_real_asterisk_that_notes_the_way(module):
    """It wrote 19 or 20 rows of these calls: those that rang first, then a mailbox or a busy tone, have two."""
    with records.read(RECORDED / f"asterisk-{module}.csv", PARIS) as found:
        made = sorted(found, key=lambda one: one.local)
    raw = (RECORDED / f"asterisk-{module}.csv").read_text().splitlines()

    assert WAYS.split("\n")[1:-1] == [f"{one.caller} {one.called} {one.way}" for one in made]
    assert {Reason.REPEATED: len(raw) - len(made)} == found.left_out
    assert [] == list(found.diagnostics())
    assert all(f'"{one.local}"' in raw[one.line - 1] and f'"{one.caller}"' in raw[one.line - 1] for one in made)


@pytest.mark.parametrize("module", ["cdr-csv", "cdr-custom"])
def test_records_of_a_real_asterisk_that_does_not(module):
    """policyc's dialplan moves on from the extension called: only where calls came to at last is known."""
    with records.read(RECORDED / f"asterisk-{module}-plain.csv", PARIS) as found:
        made = [(one.caller, one.called, one.way) for one in found]

    assert [("0639980001", "800", None), ("0199000004", "777", None)] == made
    assert 13 == found.left_out[Reason.WAY]
    [doubt] = found.diagnostics()
    assert ["PC011", ("way",)] == [doubt.code, tuple(one.key for one in doubt.help)]


def test_a_rule_is_that_of_the_extension_called():
    way, *others = read(asterisk(userfield="102 cabinet.pol:8 > 103 autre.pol:9"))[0]

    assert ("102", "cabinet.pol:8", None, []) == (way.called, way.rule, way.internal, others)
    assert [None] == [one.rule for one in read(asterisk(userfield="102 - > 103 -"))[0]]
    assert ["102 a/é b.pol:1"] == [one.way for one in read(asterisk(userfield="102 a/é b.pol:1;de l'autre"))[0]]


def test_a_user_field_of_someone_else_is_no_way():
    for field in ("client 42", "102", "102 :", "102 - x", "102 a.pol", "x 102 -", "102 a>b.pol:1"):
        [one] = read(asterisk(userfield=field))[0]

        assert (None, None, False) == (one.way, one.rule, one.internal)


@pytest.mark.parametrize(
    ("contexts", "dcontext", "internal"),
    [
        ({}, "policyc-internal", True),
        ({}, "policyc-external", False),
        ({}, "from-trunk", None),
        ({}, "", None),
        ({"external": ["from-trunk"]}, "from-trunk", False),
        ({"internal": ["postes"], "external": ["from-trunk"]}, "postes", True),
        ({"internal": ["policyc-101"]}, "policyc-101", True),
    ],
)
def test_contexts_tell_from_where_calls_come(contexts, dcontext, internal):
    assert [internal] == [one.internal for one in read(asterisk(dcontext=dcontext), **contexts)[0]]


def test_rows_of_one_call_are_one_call():
    """A queue that rings one member after another, and a transfer, have a row each for whoever called."""
    rows_ = asterisk(
        {"dst": "102"},
        {"dst": "103", "start": "2026-11-23 10:01:00"},
        {"channel": "Local/103@from-queue-00000003;2", "uniqueid": "1795816089.7"},
        {"channel": "PJSIP/trunk-00000002", "uniqueid": "1795816090.9"},
    )
    found, whole = read(rows_)

    assert [1, 4] == [one.line for one in found]
    assert {Reason.REPEATED: 1, Reason.LEG: 1} == whole.left_out
    assert [] == list(whole.diagnostics())


def test_without_ids_channels_tell_the_calls():
    """Names of channels begin anew when Asterisk is restarted. A user field in the place of the id is none."""
    columns = CDR_CSV.replace(" uniqueid", "")
    text = asterisk(
        {"userfield": "client"},
        {"userfield": "client", "dst": "103", "start": ROW["end"], "end": "2026-11-23 10:02:00"},
        {"userfield": "client", "dst": "103", "start": "2026-11-23 10:02:00"},
        {"userfield": "client", "channel": "PJSIP/trunk-00000002"},
        {"userfield": "client", "start": "2026-11-23 12:00:00"},
        columns=columns,
    )

    assert [1, 4, 5] == [one.line for one in read(text)[0]]


def test_a_way_that_comes_after_rows_of_the_pbx_itself():
    """A menu of the PBX took the call first, and gave it to the policy."""
    text = asterisk({"dst": "820", "dcontext": "svi"}, {"userfield": "102 cabinet.pol:8"}, {"userfield": "102 a.pol:9"})

    assert [("820", None), ("102", "102 cabinet.pol:8")] == [(one.called, one.way) for one in read(text)[0]]


def test_a_leg_that_enters_the_policy_is_a_call():
    text = asterisk(channel="Local/102@policyc-external-00000003;2", userfield="102 -")

    assert ["102"] == [one.called for one in read(text)[0]]


@pytest.mark.parametrize("called", ["s", "h", "", "vmu102", "102@x", "1 02", "t"])
def test_what_was_not_dialled_is_no_number(called):
    found, whole = read(asterisk(dst=called))

    assert ([], {Reason.UNDIALLED: 1}, []) == (found, whole.left_out, list(whole.diagnostics()))


FREEPBX = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,"
    "accountcode,uniqueid,userfield,did,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,recordingfile,linkedid,"
    "peeraccount,sequence"
).replace(",", " ")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_an_export_is_read_by_its_headers(delimiter):
    row = {"calldate": ROW["start"], "dcontext": "ext-local"}
    [one] = read(asterisk(row, columns=FREEPBX, header=True, delimiter=delimiter))[0]

    assert Record(2, "0639980001", "102", AT) == one


def test_headers_may_be_in_any_order_and_case():
    text = asterisk({}, columns="END dst Start src".lower(), header=True).replace("dst", " DST ", 1)

    assert [("0639980001", "102")] == calls(text)


# -- FreeSWITCH


DEFAULT = '"${name}","${from}","${to}","${context}","${start}","${answer}","${end}","${30}","${28}","${cause}"'
DEFAULT += ',"${uuid}","${bleg}"'
SQL = "INSERT INTO cdr VALUES ("
TEMPLATES = {
    "built in": DEFAULT + ', "${account}"',
    "example": DEFAULT + ',"${account}","${PCMA}","${PCMA}"',
    "snom": DEFAULT + ', "${account}","${PCMA}","${PCMA}","${Snom}","${x}","${rx}","${tx}","${file}"',
    "linksys": DEFAULT + ',"${account}","${PCMA}","${PCMA}","${Linksys}","${stat}"',
    "sql": SQL + DEFAULT + ', "${account}");',
    "asterisk": '"${account}","${from}","${to}","${context}","${id}","${sofia/internal/x}","${bridge}","${app}"'
    ',"${arg}","${start}","${answer}","${end}","${30}","${28}","${cause}","${flags}","${uuid}","${user}"',
    "policyc": DEFAULT + ',"${account}","${rule}"',
}
A_LEG, B_LEG = "6857cd9e-ba47-491e-ac0b-30cbeb863aab", "fdc5f14d-9dc9-47f6-83c8-de08acb4d103"


def freeswitch(template, **values):
    """Return a row as a template of `mod_cdr_csv` writes it, which escapes nothing."""
    known = {
        "name": "Élodie",
        "from": "+33639980001",
        "to": "102",
        "context": "public",
        "start": "2026-11-23 10:00:30",
        "answer": "",
        "end": "2026-11-23 10:01:00",
        "uuid": A_LEG,
        "bleg": B_LEG,
        "account": "",
        "rule": "",
        **values,
    }
    return re.sub(r"\$\{([^}]*)\}", lambda name: known.get(name[1], name[1]), TEMPLATES[template]) + "\n"


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_templates_of_freeswitch(template):
    text = freeswitch(template) + freeswitch(template, **{"uuid": B_LEG, "bleg": "", "from": "0199000001"})[:-1]
    if template != "asterisk":
        text = freeswitch(template) + freeswitch(template, **{"uuid": A_LEG[:-1] + "c", "from": "0199000001"})
    [one, other] = read(text, external=["public"])[0]

    assert Record(1, "+33639980001", "102", AT, internal=False) == one
    assert Record(2, "0199000001", "102", AT, internal=False) == other


def test_a_way_of_freeswitch_is_in_the_last_column():
    row = freeswitch("policyc", context="policyc-10x", to="103", rule="102 cabinet.pol:8 > 103 -")

    assert [("102", "cabinet.pol:8", None)] == [(one.called, one.rule, one.internal) for one in read(row)[0]]
    assert Reason.WAY in read(freeswitch("policyc", context="policyc-10x"))[1].left_out


@pytest.mark.parametrize("b_first", [True, False])
def test_the_other_leg_is_the_same_call(b_first):
    """With `legs` of `ab`, FreeSWITCH writes both: that of the phone has no other, and usually comes first."""
    legs = [freeswitch("example"), freeswitch("example", uuid=B_LEG, bleg="", start="2026-11-23 10:00:31")]
    found, whole = read("".join(reversed(legs) if b_first else legs))

    assert [AT] == [one.local for one in found]
    assert {Reason.LEG: 1} == whole.left_out


def test_quotes_that_freeswitch_does_not_escape_cost_one_row():
    found, whole = read(freeswitch("example", name='L\'"As"') + freeswitch("example", name='"') + freeswitch("example"))

    assert ([3], {Reason.UNREADABLE: 2}) == ([one.line for one in found], whole.left_out)


# -- plain


@pytest.mark.parametrize(
    "text",
    [
        "de,vers,le,provenance\n06 39 98 00 01,102,2026-11-23 10:00:30,externe\n",
        "from;to;at;kind\r\n06 39 98 00 01;102;2026-11-23T10:00:30;external\r\n",
        "\ufeff\n\nProvenance,Le,Vers,De\nExterne,23/11/2026 10:00:30,102,06 39 98 00 01",
        "le,de,vers,provenance,remarque\n2026-11-23T09:00:30Z,06 39 98 00 01,102,externe,\n",
        "le,de,vers,provenance\n2026-11-23 13:00:30+04:00,06 39 98 00 01,102,externe\n\n\n",
    ],
)
def test_a_plain_file(text):
    [one] = read(text)[0]

    assert ("06 39 98 00 01", "102", AT, False) == (one.caller, one.called, one.local, one.internal)


def test_a_plain_file_may_leave_the_kind_out():
    text = (
        "de,vers,le,provenance\nanonyme,102,2026-11-23 10h00\n101,102,2026-11-23 10h00,\n101,102,23/11/2026 10h,interne"
    )

    assert [None, None, True] == [one.internal for one in read(text)[0]]
    assert {datetime(2026, 11, 23, 10)} == {one.local for one in read(text)[0]}
    assert [("anonyme", "102")] == calls("de,vers,le\nanonyme,102,2026-11-23 10:00\n")


# -- instants


@pytest.mark.parametrize(
    "written",
    [
        *("", "hier", "2026-11-31 10:00:00", "2026-02-29 10:00:00", "1970-01-01 01:00:00", "9999-12-31 23:59:59"),
        *("0001-01-01 00:00:00", "2026-11-23", "2026-11-23 24:00:00", "2026-W48-1 10:00", "31/02/2026 10:00"),
        *("٢٠٢٦-11-23 10:00:00", "2026-11-23 10:00:00+99:99", "1795816089", "2026-11-23 10:60"),
    ],
)
def test_what_is_no_instant(written):
    found, whole = read(f"de,vers,le\n06,102,2026-11-23 10:00\n06,102,{written}\n")

    assert ([2], {Reason.INSTANT: 1}) == ([one.line for one in found], whole.left_out)


@pytest.mark.parametrize(
    ("server", "written", "local", "doubtful"),
    [
        (PARIS, "2026-10-25 02:30:00", datetime(2026, 10, 25, 2, 30), 0),  # the policy's clock says the same twice
        (UTC, "2026-10-25 00:30:00", datetime(2026, 10, 25, 2, 30), 0),
        (UTC, "2026-10-25 01:30:00", datetime(2026, 10, 25, 2, 30), 0),
        (UTC, "2026-07-01 22:30:00", datetime(2026, 7, 2, 0, 30), 0),
        (REUNION, "2026-12-31 23:30:00", datetime(2026, 12, 31, 20, 30), 0),
    ],
)
def test_the_clock_of_the_server(server, written, local, doubtful):
    clock = Clock(PARIS, server)

    assert (local, doubtful) == (clock.read(written), clock.doubtful)


def test_an_hour_that_comes_twice_is_taken_the_first_time():
    text = "".join(f"06,102,2026-10-25 0{hour}:30\n" for hour in (1, 2, 2, 3))
    found, whole = read("de,vers,le\n" + text, zone=REUNION, server_zone=PARIS)

    assert [3, 4, 4, 6] == [one.local.hour for one in found]
    assert 2 == whole.doubtful
    assert "appels.csv` a 2 appels dans l'heure qui passe deux fois" in told(whole.diagnostics())


def test_an_hour_that_never_was_is_no_instant():
    assert Reason.INSTANT in read("de,vers,le\n06,102,2026-03-29 02:30\n", zone=UTC, server_zone=PARIS)[1].left_out
    assert 1 == len(read("de,vers,le\n06,102,2026-03-29 02:30\n")[0])


@given(st.datetimes(datetime(1995, 1, 1), datetime(2095, 1, 1)).map(lambda one: one.replace(microsecond=0)))
def test_instants_are_those_of_the_zones(instant):
    expected = instant.replace(tzinfo=UTC).astimezone(PARIS).replace(tzinfo=None, fold=0)

    assert expected == Clock(PARIS, UTC).read(f"{instant}")
    assert expected == Clock(PARIS).read(f"{instant.isoformat()}+00:00")
    assert instant == Clock(PARIS).read(f"{instant}")


# -- broken and hostile files


@pytest.mark.parametrize(
    ("content", "case"),
    [
        *((b"", "unknown"), (b"\n\n\n", "unknown"), (b"\0" * 5000, "unknown"), (b"\xff\xfed\0e\0,\0", "unknown")),
        *((b'"' * 1000, "unknown"), (b"a,b,c\n1,2,3\n", "unknown"), (b"de,vers\n06,102\n", "unknown")),
        (b"\x7fELF" + bytes(range(256)) * 500, "unknown"),
        (b"x" * 1_000_000, "unknown"),
        (b"poste 101 Accueil\n", "unknown"),
    ],
)
def test_what_is_no_journal_is_told(content, case):
    assert case == problem(content)


@pytest.mark.parametrize("form", records.FORMS)
def test_a_form_that_is_asked_for_is_kept_to(form):
    contents = {
        "asterisk": asterisk(),
        "freeswitch": freeswitch("example"),
        "plain": "de,vers,le\n06,102,2026-11-23 10:00",
    }

    for name, content in contents.items():
        if name == form:
            assert form == read(content, form=form)[1].layout.form
        else:
            assert form == problem(content, form=form)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path, "a\0b"):
        with pytest.raises(records.JournalError) as caught:
            records.read(path, PARIS)

        assert "unreadable" == caught.value.diagnostic.args["case"]
        assert told([caught.value.diagnostic])


def test_rows_that_cannot_be_read_are_counted_and_named():
    lines = [
        asterisk(),
        '"06,\n',
        "\0\n",
        asterisk(start="2026-11-23 99:99:99", uniqueid="1795816089.1"),
        "x\n",
        "\n",
        "a,b,c\n",
        '"a"b,"c"\n',
        asterisk(uniqueid="1795816089.2", userfield="x").rstrip('"\n'),
    ]
    found, whole = read("".join(lines))

    assert [1] == [one.line for one in found]
    assert {Reason.UNREADABLE: 4, Reason.COLUMNS: 2, Reason.INSTANT: 1} == whole.left_out
    text = told(whole.diagnostics())
    assert "4 lignes illisibles, guillemets ouverts ou octets nuls : `2`, `3`, `8` et `9`" in text
    assert "1 ligne sans date et heure possibles : `4`" in text


def test_many_faults_are_counted_and_few_named():
    _, whole = read("de,vers,le\n" + "06,102,?\n" * 100)

    assert "100 lignes sans date et heure possibles : `2`, `3`, `4`, `5`, `6`, `7`, …" in told(whole.diagnostics())


def test_an_open_quote_costs_its_line_alone():
    text = asterisk({}).replace('"102"', '"102') + asterisk({"uniqueid": "1795816089.5"}) * 1
    found, whole = read(text)

    assert ([2], {Reason.UNREADABLE: 1}) == ([one.line for one in found], whole.left_out)


def test_names_in_any_encoding_are_no_matter():
    utf, latin = (asterisk(uniqueid=f"179581608{at}.0").encode(name) for at, name in enumerate(("utf-8", "latin-1")))
    mixed = latin + utf + latin.replace(b"1.0", b"2.0").replace(b"\xc9", b"\x81\xff")

    assert [1, 2, 3] == [one.line for one in read(mixed)[0]]


def test_a_long_line_is_one_line():
    long = b"x" * (3 * rows.MAX_LINE) + b"\n"
    found, whole = read(b"de,vers,le\n" + long + b"06,102,2026-11-23 10:00\n" + long[:-1])

    assert ([3], {Reason.UNREADABLE: 2}) == ([one.line for one in found], whole.left_out)


def test_a_damaged_start_does_not_hide_what_follows():
    found, whole = read('"","0639\n' * 50 + asterisk())

    assert ([51], 50) == ([one.line for one in found], whole.left_out[Reason.UNREADABLE])


@given(st.binary(max_size=300))
def test_any_bytes_end_without_a_traceback(data):
    for start in (b"", asterisk().encode(), freeswitch("example").encode(), b"de,vers,le\n"):
        try:
            found, whole = read(start + data)
        except records.JournalError as error:
            told([error.diagnostic])
        else:
            told(whole.diagnostics())
            assert all(re.fullmatch("[0-9*#+]+", one.called) for one in found)


TEXTS = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=("Cs",)), max_size=20)
MADE = st.lists(
    st.tuples(
        TEXTS.map(str.strip),
        st.from_regex("[0-9]{1,6}", fullmatch=True),
        st.integers(0, 10**8).map(lambda seconds: datetime(2026, 1, 1) + timedelta(seconds=seconds)),
        st.sampled_from([True, False, None]),
    ),
    max_size=20,
)
CONTEXTS = {True: "policyc-internal", False: "policyc-external", None: "autre"}


def as_asterisk(made):
    """Write calls with the quoting of `cdr_csv`."""
    rows_ = [
        {
            "src": caller,
            "dst": to,
            "start": f"{at}",
            "dcontext": CONTEXTS[kind],
            "clid": caller,
            "uniqueid": f"17958160{n:02}.1",
        }
        for n, (caller, to, at, kind) in enumerate(made)
    ]
    return asterisk(*rows_) if made else ""


def as_plain(delimiter):
    def write(made):
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(["de", "vers", "le", "provenance"])
        words = {True: "interne", False: "external", None: ""}
        writer.writerows([caller, to, at.isoformat(" "), words[kind]] for caller, to, at, kind in made)
        return text.getvalue()

    return write


@pytest.mark.parametrize("write", [as_asterisk, as_plain(","), as_plain(";")], ids=["asterisk", "comma", "semicolon"])
def test_what_is_written_is_read_back(write):
    @given(MADE)
    def law(made):
        if not made:
            return
        found, whole = read(write(made))

        assert made == [(one.caller, one.called, one.local, one.internal) for one in found]
        assert Counter() == whole.left_out

    law()


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    """A month of a large PBX is read in one go: what is kept of it is bounded."""
    monkeypatch.setattr(journal, "_RECENT", 1000)
    path = tmp_path / "appels.csv"
    peaks = []
    for count in (2_000, 7_000):
        with path.open("w") as file:
            for at in range(count):
                file.write(freeswitch("example", uuid=f"{at:08x}{A_LEG[8:]}", bleg=f"{at:08x}{B_LEG[8:]}"))
        tracemalloc.start()
        with records.read(path, PARIS) as found:
            assert count == sum(1 for _ in found)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 200_000


@pytest.mark.parametrize("language", report.LANGUAGES)
def test_the_pages_of_diagnostics_show_what_is_read(language):
    good, bad = (
        re.search(r"```csv \S+\n(.*?)```", report.explain(code, language), re.DOTALL)[1] for code in ("PC010", "PC011")
    )

    assert [False, True] == [one.internal for one in read(good)[0]]
    assert ["PC011"] == [one.code for one in read(bad)[1].diagnostics()]


def test_the_page_of_the_documentation_is_true():
    page = (Path(__file__).parent.parent / "docs" / "journal-appels.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^```(csv|xml)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))

    assert [False, False, True] == [one.internal for one in read(shown["csv"])[0]]
    template = re.search(r">(.*)</template>", shown["xml"])[1]
    values = {"caller_id_number": "0639980001", "destination_number": "103", "context": "policyc-10x"}
    values |= {"start_stamp": str(AT), "end_stamp": str(AT), "duration": "1", "billsec": "0"}
    values |= {"policyc_rule": "102 cabinet.pol:8 > 103 -"}
    row = re.sub(r"\$\{(\w+)\}", lambda name: values.get(name[1], ""), template)
    assert [Record(1, "0639980001", "102", AT, None, values["policyc_rule"])] == read(row)[0]
