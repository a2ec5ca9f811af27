"""`policyc apply 3cx` against a local PBX, as strict as the published API and as faulty as those in the field."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_3cx import CLIENT_ID, SECRET, FakePbx

import policyc
from policyc import cli, words
from policyc.apply import access, client, plan, show, state
from policyc.cli import printing

ROOT = Path(__file__).resolve().parents[1]


def new(data, to="VoiceMail", number="101", external="", **more):
    """An exception as 20.0.9 and later have it."""
    hours = more.pop("hours", {"Type": "AllHours", "Periods": []})
    return {
        "CallType": "AllCalls",
        "Condition": "BasedOnCallerID",
        "Data": data,
        "Destination": {"To": to, "Number": number, "External": external},
        "Enabled": True,
        "Hours": hours,
        **more,
    }


def old(data, to="VoiceMail", number="101", external=""):
    """An exception as PBXs before 20.0.9 have it."""
    return {
        "CallerId": data,
        "Destination": {"To": to, "Number": number, "External": external},
        "Hours": {"Type": "AllHours", "Periods": []},
    }


MOBILES = new("06* 07* +336* +337*")
LANDLINES = new("01*", "Extension", "103")
BUSY = new("*", "None", "")
NIGHT = new(
    "*",
    "Boomerang",
    "102",
    "0612345678",
    CallType="ExternalCallsOnly",
    hours={
        "Type": "SpecificHoursExcludingHolidays",
        "Periods": [
            {"DayOfWeek": "Monday", "Start": "18:00:00", "Stop": "23:59:59"},
            {"DayOfWeek": "Friday", "Start": "18:00:00", "Stop": "23:59:59"},
        ],
    },
)


def compiled(*rules):
    """A compiled policy with one extension."""
    return json.dumps({"value": [{"Number": "101", "ForwardingExceptions": [{**one, "Id": 0} for one in rules]}]})


class Clock:
    """Time that only waits move."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    """A person at a keyboard."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """No test waits: the default waits are those of a clock of its own."""
    clock = Clock()
    monkeypatch.setattr(client, "WAITS", client.Waits(silence=5.0, sleep=clock.sleep, clock=clock))
    return clock


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing may go through it
    return tmp_path


class Site:
    """A folder, a PBX, and somebody who runs the command there."""

    def __init__(self, folder, pbx, monkeypatch, capsys, clock):
        self.folder, self.pbx, self.monkeypatch, self.capsys, self.clock = folder, pbx, monkeypatch, capsys, clock
        self.use(pbx)

    def use(self, pbx):
        for name, value in ((access.URL, pbx.url), (access.CLIENT_ID, CLIENT_ID), (access.CLIENT_SECRET, SECRET)):
            self.monkeypatch.setenv(name, value)

    def want(self, **rules):
        """Write the compiled policy: number → its exceptions."""
        value = [
            {"Number": name.lstrip("_"), "ForwardingExceptions": [{**rule, "Id": 0} for rule in one]}
            for name, one in rules.items()
        ]
        (self.folder / "wanted.json").write_text(json.dumps({"value": value}), encoding="utf-8")

    def run(self, *arguments, typed=None, language="fr"):
        self.monkeypatch.setattr(sys, "stdin", io.StringIO("") if typed is None else Terminal(typed))
        self.capsys.readouterr()
        self.status = cli.run(["apply", "3cx", *arguments, "--lang", language])
        self.out, self.err = (re.sub("[\u00a0\u202f]", " ", text) for text in self.capsys.readouterr())
        return self.status

    def apply(self, *arguments, **options):
        sure = () if "typed" in options or "--dry-run" in arguments else ("--yes",)
        return self.run("--from", "wanted.json", *sure, *arguments, **options)

    def restore(self, path, *arguments, **options):
        return self.run("--restore", str(path), "--yes", *arguments, **options)

    @property
    def files(self):
        """The files of state, by number."""
        found = sorted((self.folder / "build" / "3cx").glob("avant-*"), key=lambda path: (len(path.name), path.name))
        assert not list(self.folder.glob("build/3cx/.*")), "a temporary file was left"
        return found

    def before(self, path=None):
        """Return what a file of state holds: number → the patterns of each exception."""
        value = json.loads((path or self.files[0]).read_text(encoding="utf-8"))
        key = "Data" if self.pbx.form == "20.0.9" else "CallerId"
        return {one["Number"]: [rule[key] for rule in one["ForwardingExceptions"]] for one in value["extensions"]}

    def status_of(self, path=None):
        return json.loads((path or self.files[0]).read_text(encoding="utf-8"))["status"]


@pytest.fixture
def site(here, monkeypatch, capsys, clock):
    with FakePbx(version="20.0.10.995") as pbx:
        for number in ("101", "102", "103", "104"):
            pbx.add(number, new("02*"))
        found = Site(here, pbx, monkeypatch, capsys, clock)
        found.want(_101=[MOBILES], _102=[NIGHT, LANDLINES, BUSY], _103=[LANDLINES])
        yield found


def patterns(pbx, number):
    return [one.get("Data", one.get("CallerId")) for one in pbx.rules(number)]


# -- the plain case ----------------------------------------------------------------------------------------------------


def test_every_extension_is_written_and_read_back(site):
    assert site.apply() == 0, site.err

    assert site.pbx.rules("101") == [MOBILES]
    assert site.pbx.rules("102") == [NIGHT, LANDLINES, BUSY]
    assert site.pbx.rules("103") == [LANDLINES]
    assert site.pbx.written() == ["101", "102", "103"]
    assert site.pbx.count("user") == 3
    assert "version 20.0.10.995" in site.err
    assert "Postes écrits et relus : 3." in site.err


def test_extensions_that_the_policy_does_not_have_are_left_alone(site):
    kept = site.pbx.rules("104")
    site.apply()

    assert site.pbx.rules("104") == kept
    assert "104" not in json.dumps(site.pbx.requests)


def test_a_second_run_has_nothing_to_do(site):
    site.apply()
    site.apply()

    assert site.status == 0
    assert site.pbx.written() == ["101", "102", "103"]
    assert "Postes à changer : 0 ; déjà conformes : 3." in site.err
    assert len(site.files) == 1


def test_exceptions_of_an_extension_without_rules_are_removed(site):
    site.want(_101=[])

    assert site.apply() == 0
    assert site.pbx.rules("101") == []


def test_the_old_form_is_written_to_an_old_pbx(here, monkeypatch, capsys, clock):
    with FakePbx(form="20.0.8", version="20.0.8.1121") as pbx:
        pbx.add("101", old("02*"))
        pbx.add("102")
        site = Site(here, pbx, monkeypatch, capsys, clock)
        site.want(_101=[old("06* 07*")], _102=[old("*", "None", "")])

        assert site.apply() == 0, site.err
        assert pbx.rules("101") == [old("06* 07*")]
        assert site.before() == {"101": ["02*"], "102": []}
        assert site.restore(site.files[0]) == 0
        assert pbx.rules("101") == [old("02*")]


def test_many_extensions_are_read_in_batches_that_a_server_takes(site):
    numbers = [str(number) for number in range(200, 330)]
    for number in numbers:
        site.pbx.add(number, MOBILES)
    site.want(**{f"_{number}": [MOBILES] for number in numbers})

    assert site.apply() == 0
    assert "déjà conformes : 130." in site.err
    assert site.pbx.count("users") < 20
    assert all(int(options["$top"]) <= 100 for kind, _, options in site.pbx.requests if kind == "users")


def test_a_server_with_small_pages_is_read_to_the_end_and_its_links_are_not_followed(site):
    site.pbx.page = 2
    for number in range(200, 207):
        site.pbx.add(str(number), MOBILES)
    site.want(**{f"_{number}": [MOBILES] for number in range(200, 207)})

    assert site.apply("--dry-run") == 0
    assert "déjà conformes : 7." in site.err
    assert [one[2]["$skip"] for one in site.pbx.requests if one[0] == "users"] == ["0", "2", "4", "6"]


# -- what differs ------------------------------------------------------------------------------------------------------


def test_the_difference_is_shown_in_words(site):
    site.apply("--dry-run")

    assert (
        site.out
        == """\
Poste 101 (exceptions : 1 → 1)
  - 02* → messagerie de 101
  + +336* +337* 06* 07* → messagerie de 101
Poste 102 (exceptions : 1 → 3)
  - 02* → messagerie de 101
  + *, appels externes, aux heures dites, sauf jours fériés (lundi 18:00-23:59:59, vendredi 18:00-23:59:59) \
→ rebond vers 0612345678, puis messagerie de 102
  + 01* → poste 103
  + * → occupé
Poste 103 (exceptions : 1 → 1)
  - 02* → messagerie de 101
  + 01* → poste 103
"""
    )
    assert "Postes à changer : 3 ; déjà conformes : 0." in site.err


def test_the_difference_is_shown_in_english(site):
    site.apply("--dry-run", language="en")

    assert "Extension 101 (exceptions: 1 → 1)" in site.out
    assert "Extensions to change: 3; right already: 0." in site.err


def test_a_dry_run_changes_nothing_and_may_tell_by_its_status(site):
    assert site.apply("--dry-run") == 0
    assert site.apply("--dry-run", "--exit-code") == 3
    assert site.pbx.count("write") == 0
    assert site.files == []

    site.apply()
    assert site.apply("--dry-run", "--exit-code") == 0


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_exception_has_words(language):
    say = words.load(language)
    for to in show._DESTINATIONS | {"Callback"}:
        for hours in (*show._HOURS, "AllHours", "Lunch"):
            rule = plan.rule(new("06*", to, "800", "0612345678", hours={"Type": hours, "IgnoreHolidays": True}))
            text = show.describe(rule, say)
            assert "{" not in text
            assert "06*" in text
    odd = new(None, "Fax", CallType="Odd", Condition="BasedOnDID", Enabled=False, hours=None)
    assert re.search(r"Odd.*BasedOnDID", show.describe(plan.rule(odd), say))


def test_what_the_pbx_says_does_nothing_to_a_terminal(site):
    site.pbx.fault("write", "status", status=400, message="\x1b[2J\x07non\u202e")
    for ident in site.pbx.users:
        site.pbx.users[ident]["ForwardingExceptions"] = [new("\x1b]0;titre\x07" + "9" * 500)]
    site.apply()

    assert site.status == 1
    assert "non" in site.err
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", site.out + site.err)
    assert max(map(len, site.out.splitlines())) < 220


def test_colours_are_for_terminals(site, monkeypatch):
    monkeypatch.setattr(printing, "has_color", lambda _stream: True)
    site.apply("--dry-run")
    assert "\x1b[32m  + 01*" in site.out

    monkeypatch.undo()
    assert not printing.has_color(io.StringIO())


# -- comparing, without a PBX ------------------------------------------------------------------------------------------


SERVED = {
    **MOBILES,
    "Data": "07*   06* +336* +337*",
    "Id": 7,
    "@odata.type": "#Pbx.ExtensionRule",
    "Destination": {"To": "VoiceMail", "Number": "101", "External": None, "Name": "Anne", "Tags": [], "Type": "None"},
    "Hours": {"Type": "AllHours", "IgnoreHolidays": False, "Periods": []},
}


@pytest.mark.parametrize(
    ("wanted", "present", "expected"),
    [
        ([MOBILES], [SERVED], True),
        ([{"Data": MOBILES["Data"], "Destination": MOBILES["Destination"], "Hours": None}], [SERVED], True),
        ([MOBILES], [{**SERVED, "Enabled": False}], False),
        ([MOBILES], [{**SERVED, "CallType": "ExternalCallsOnly"}], False),
        ([MOBILES], [{**SERVED, "Condition": "BasedOnDID"}], False),
        ([MOBILES], [{**SERVED, "Data": "06*"}], False),
        ([MOBILES], [], False),
        ([], [], True),
        ([MOBILES, MOBILES], [SERVED, SERVED], True),
        ([MOBILES, MOBILES], [SERVED, LANDLINES], False),
        ([NIGHT], [{**NIGHT, "Hours": {**NIGHT["Hours"], "Periods": NIGHT["Hours"]["Periods"][::-1]}}], True),
        ([NIGHT], [{**NIGHT, "Hours": {**NIGHT["Hours"], "Periods": NIGHT["Hours"]["Periods"][:1]}}], False),
        ([NIGHT], [{**NIGHT, "Hours": {**NIGHT["Hours"], "Type": "SpecificHours"}}], False),
        (
            [{**NIGHT, "Hours": {**NIGHT["Hours"], "IgnoreHolidays": True}}],
            [{**NIGHT, "Hours": {**NIGHT["Hours"], "IgnoreHolidays": False}}],
            False,
        ),
    ],
)
def test_exceptions_are_compared_by_what_they_do(wanted, present, expected):
    assert plan.same(wanted, present) is expected
    assert plan.same(present, wanted) is expected


@pytest.mark.parametrize(
    ("first", "second", "matters"),
    [
        (new("06*"), new("07*", "None", ""), False),
        (new("06*"), new("0612*", "None", ""), True),
        (new("0612345678"), new("06*", "None", ""), True),
        (new("0612345678"), new("0612345679", "None", ""), False),
        (new("0612345678"), new("0612345678", "None", ""), True),
        (new("06*"), new("*", "None", ""), True),
        (new("06*"), new("*"), False),
        (new("*", CallType="InternalCallsOnly"), new("*", "None", "", CallType="ExternalCallsOnly"), False),
        (new("06*", Enabled=False), new("*", "None", ""), False),
        (new("06*", Condition="BasedOnDID"), new("07*", "None", ""), True),
        (new(""), new("07*", "None", ""), True),
    ],
)
def test_the_order_counts_where_a_call_could_tell(first, second, matters):
    assert plan.same([first, second], [second, first]) is not matters


def test_lines_tell_what_goes_comes_and_stays():
    signs = [sign for sign, _ in plan.lines([SERVED, LANDLINES], [MOBILES, BUSY])]

    assert signs == [" ", "-", "+"]


def test_what_is_sent_has_no_id_of_old_and_no_annotations():
    (sent,) = plan.body([{**SERVED, "Destination": {**SERVED["Destination"], "Type@odata.type": "#x"}}])

    assert sent["Id"] == 0
    assert "@" not in json.dumps(sent)
    assert sent["Destination"]["Name"] == "Anne"


@pytest.mark.parametrize(
    ("version", "form"),
    [("18.0", plan.OLD), ("20.0.8.1121", plan.OLD), ("20.0.9", plan.NEW), ("20.0.10.1", plan.NEW), ("20.1", plan.NEW)],
)
def test_versions_have_their_form(version, form):
    assert plan.form_of_version(version) == form


def test_texts_are_quoted_as_odata_does():
    assert client.literal("1' or 1 eq 1") == "'1'' or 1 eq 1'"


# -- asking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["o\n", "Oui\n", "y\n"])
def test_a_person_agrees(site, typed):
    assert site.apply(typed=typed) == 0
    assert "Changer 3 poste(s) sur 127.0.0.1 ? [o/N]" in site.err
    assert site.pbx.rules("101") == [MOBILES]


@pytest.mark.parametrize("typed", ["\n", "n\n", "", "peut-être\n"])
def test_a_person_does_not(site, typed):
    assert site.apply(typed=typed) == 1
    assert "Rien n'a été changé." in site.err
    assert site.pbx.count("write") == 0
    assert site.files == []


def test_without_a_terminal_nothing_is_even_asked_of_the_pbx(site):
    assert site.run("--from", "wanted.json") == 2
    assert "--yes" in site.err
    assert site.pbx.requests == []


def test_what_changes_while_a_person_reads_stops_the_run(site, monkeypatch):
    def typed(self, *_):
        site.pbx.users[10]["ForwardingExceptions"] = []
        return "o\n"

    monkeypatch.setattr(Terminal, "readline", typed)

    assert site.apply(typed="") == 1
    assert "PC610" in site.err
    assert "`101`" in site.err
    assert site.pbx.count("write") == 0


def test_a_pbx_that_goes_away_while_a_person_reads(site):
    site.pbx.fault("users", "cut_before", skip=1, times=99)

    assert site.apply(typed="o\n") == 1
    assert "PC601" in site.err
    assert site.pbx.count("write") == 0


def test_the_time_a_person_takes_is_not_counted(site, monkeypatch):
    def typed(self, *_):
        site.clock.now += 100_000
        return "o\n"

    monkeypatch.setattr(Terminal, "readline", typed)

    assert site.apply(typed="") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--exit-code", "--yes"),
        ("p.pol", "--from", "wanted.json", "--yes"),
        ("--restore", "x.json", "--from", "wanted.json", "--yes"),
        ("--timeout", "0", "--yes"),
        ("--ca", "absent.pem", "--from", "wanted.json", "--yes"),
        ("--ca", "wanted.json", "--from", "wanted.json", "--yes"),
    ],
)
def test_bad_usage(site, arguments):
    assert site.run(*arguments) == 2
    assert site.pbx.requests == []


def test_other_targets_are_none(site, monkeypatch):
    assert cli.run(["apply", "asterisk", "--yes"]) == 2


# -- access ------------------------------------------------------------------------------------------------------------


GOOD = {access.URL: "https://PBX.example.com:5001/", access.CLIENT_ID: "900", access.CLIENT_SECRET: "x"}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        (access.URL, None, "missing"),
        (access.CLIENT_ID, "  ", "missing"),
        (access.CLIENT_SECRET, "", "missing"),
        (access.URL, "http://pbx.example.com", "insecure"),
        (access.URL, "http://127.0.0.1.example.com", "insecure"),
        (access.URL, "http://localhost.example.com", "insecure"),
        (access.URL, "ftp://pbx.example.com", "address"),
        (access.URL, "pbx.example.com", "address"),
        (access.URL, "https://", "address"),
        (access.URL, "https://anne:motdepasse@pbx.example.com", "address"),
        (access.URL, "https://pbx.example.com/xapi", "address"),
        (access.URL, "https://pbx.example.com?x=1", "address"),
        (access.URL, "https://pbx.example.com:99999", "address"),
        (access.URL, "https://pbx.exa mple.com", "address"),
        (access.URL, "https://[::1", "address"),
    ],
)
def test_access_that_cannot_be_used(name, value, reason):
    environment = {key: one for key, one in {**GOOD, name: value}.items() if one is not None}

    with pytest.raises(access.AccessError) as caught:
        access.read(environment)
    assert (caught.value.variable, caught.value.reason) == (name, reason)
    assert "motdepasse" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "origin", "slug"),
    [
        ("https://PBX.example.com:5001/", "https://pbx.example.com:5001", "pbx.example.com_5001"),
        ("https://pbx.example.com", "https://pbx.example.com", "pbx.example.com"),
        ("http://localhost:80", "http://localhost:80", "localhost_80"),
        ("http://[::1]:5000", "http://[::1]:5000", "1_5000"),
    ],
)
def test_access_that_can_be_used(url, origin, slug):
    found = access.read({**GOOD, access.URL: url})

    assert (found.origin, found.slug) == (origin, slug)


def test_access_is_told_by_variable_and_never_shown(site, monkeypatch):
    monkeypatch.setenv(access.URL, f"http://x:{SECRET}@pbx")
    assert site.apply() == 2
    assert access.URL in site.err
    assert SECRET not in site.err

    monkeypatch.delenv(access.CLIENT_SECRET)
    site.monkeypatch.setenv(access.URL, site.pbx.url)
    assert site.apply() == 2
    assert access.CLIENT_SECRET in site.err


def test_secrets_and_tokens_go_nowhere_but_to_the_pbx(site):
    site.pbx.fault("token", "status", status=400, message=f"no {SECRET}")
    site.apply()
    site.pbx.fault("write", "status", status=403, message="non")
    first = site.err
    site.apply()
    written = "".join(path.read_text(encoding="utf-8") for path in site.folder.rglob("*.json"))

    for secret in (SECRET, "jeton-", "Bearer"):
        assert secret not in first + site.out + site.err + written
    assert SECRET not in repr(access.read(os.environ))
    assert SECRET not in json.dumps(site.pbx.requests)


def test_a_secret_that_is_wrong(site, monkeypatch):
    monkeypatch.setenv(access.CLIENT_SECRET, "faux")

    assert site.apply() == 1
    assert "PC602" in site.err
    assert "faux" not in site.err
    assert site.pbx.count("token") == 1


# -- checks before anything is written ---------------------------------------------------------------------------------


def test_extensions_unknown_to_the_pbx_are_named_before_anything_is_written(site):
    site.want(_101=[MOBILES], _198=[], _199=[BUSY])

    assert site.apply() == 1
    assert site.err.count("PC604") == 4  # twice with the line on details
    assert "`198`" in site.err
    assert "`199`" in site.err
    assert "Rien n'a été changé sur le PBX." in site.err
    assert site.pbx.count("write") == 0


@pytest.mark.parametrize(
    ("form", "version", "there", "wanted"),
    [
        ("20.0.8", "20.0.8.1", [], [MOBILES]),
        ("20.0.8", None, [old("02*")], [MOBILES]),
        ("20.0.8", "20.0.9.1", [old("02*")], [MOBILES]),  # what is seen counts more than what is said
        ("20.0.9", "20.0.9.1", [], [old("06*")]),
        ("20.0.9", None, [new("02*")], [old("06*")]),
    ],
)
def test_the_form_of_another_version_is_refused(here, monkeypatch, capsys, clock, form, version, there, wanted):
    with FakePbx(form=form, version=version) as pbx:
        pbx.add("101", *there)
        site = Site(here, pbx, monkeypatch, capsys, clock)
        site.want(_101=wanted)

        assert site.apply() == 1
        assert "PC605" in site.err
        assert pbx.count("write") == 0


def test_a_pbx_that_tells_nothing_of_its_form_is_tried_with_care(here, monkeypatch, capsys, clock):
    with FakePbx(form="20.0.8") as pbx:
        pbx.add("101")
        pbx.fault("defs", "status", status=403)
        site = Site(here, pbx, monkeypatch, capsys, clock)
        site.want(_101=[MOBILES])

        assert site.apply() == 1
        assert "ne dit pas sa version" in site.err
        assert "PC606" in site.err
        assert site.files == []


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("{", "pas du JSON"),
        ('{"value": [' + "[" * 100_000, "pas du JSON"),
        ('{"value": 1}', "PC608"),
        ('{"value": [{"Number": "1; drop", "ForwardingExceptions": []}]}', "PC608"),
        ('{"value": [{"Number": "101", "ForwardingExceptions": [{"Data": "06*"}]}]}', "PC608"),
        ('{"value": [{"Number": "101", "ForwardingExceptions": [{"Data": "\\ud800"}]}]}', "pas du JSON"),
        (compiled(new("06*", "Teleport")), "PC608"),
        (compiled({**MOBILES, "Priority": 1}), "PC608"),
        (compiled(new("06*", hours={"Type": "Lunch"})), "PC608"),
        (compiled({**NIGHT, "Hours": {"Type": "AllHours", "Periods": [{"DayOfWeek": "lundi"}]}}), "PC608"),
        (
            '{"value": [{"Number": "101", "ForwardingExceptions": []}, {"Number": "101", "ForwardingExceptions": []}]}',
            "deux fois le même poste",
        ),
        (
            compiled(MOBILES, old("01*")),
            "deux versions",
        ),
    ],
)
def test_a_file_that_is_no_compiled_policy(site, text, case):
    (site.folder / "wanted.json").write_text(text, encoding="utf-8")

    assert site.apply() == 1
    assert "PC608" in site.err
    assert case in site.err
    assert site.pbx.requests == []


def test_a_compiled_policy_that_is_not_there(site):
    (site.folder / "wanted.json").unlink()

    assert site.apply() == 1
    assert "impossible de lire `wanted.json`" in site.err


# -- answers that are not what they should be --------------------------------------------------------------------------


def page(*rows, **more):
    return json.dumps({"value": list(rows), **more}).encode()


ROW = {"Id": 10, "Number": "101", "ForwardingExceptions": []}


@pytest.mark.parametrize(
    ("data", "case"),
    [
        (b"{", "pas du JSON"),
        (b"<html>", "pas du JSON"),
        (b"\xff\xfe", "pas du JSON"),
        (b"[" * 100_000, "pas du JSON"),
        (b'{"value": [], "x": ' + b"9" * 5000 + b"}", "pas du JSON"),
        (b'{"value": [], "x": NaN}', "pas du JSON"),
        (b'{"value": [], "x": 1e999}', "pas du JSON"),
        (b'{"value": [], "x": "\\ud800"}', "pas du JSON"),
        (b"[]", "PC603"),
        (b'{"value": null}', "PC603"),
        (page({**ROW, "Id": "10"}), "PC603"),
        (page({**ROW, "Id": True}), "PC603"),
        (page({**ROW, "Number": 101}), "PC603"),
        (page({**ROW, "ForwardingExceptions": None}), "PC603"),
        (page({"Id": 10, "Number": "101"}), "PC603"),
        (page({**ROW, "ForwardingExceptions": [{"Data": 6}]}), "PC603"),
        (page({**ROW, "ForwardingExceptions": [{"Destination": []}]}), "PC603"),
        (page({**ROW, "ForwardingExceptions": [{"Hours": {"Periods": [1]}}]}), "PC603"),
        (page({**ROW, "ForwardingExceptions": [{"Data": "06*"}, {"CallerId": "07*"}]}), "PC60"),
        (page({**ROW, "Number": "999"}), "PC603"),
        (page(ROW, ROW), "PC603"),
        (b" " * (client.MAX_BYTES + 1), "trop longue"),
    ],
)
def test_an_answer_that_is_none(site, data, case):
    site.pbx.fault("users", "raw", data=data)

    assert site.apply() == 1
    assert case in site.err
    assert "Traceback" not in site.err
    assert site.pbx.count("write") == 0


@pytest.mark.parametrize("data", [b"{}", b'{"access_token": 1}', b'{"access_token": "a\\r\\nX: y"}', b"x"])
def test_a_token_that_is_none(site, data):
    site.pbx.fault("token", "raw", data=data)

    assert site.apply() == 1
    assert "PC603" in site.err


def test_an_answer_without_an_end_is_left(site):
    site.pbx.fault("users", "endless")

    assert site.apply() == 1
    assert "trop longue" in site.err


def test_an_answer_that_comes_drop_by_drop_is_left(site):
    def tick():
        site.clock.now += 10

    site.pbx.fault("users", "drip", times=99, tick=tick)

    assert site.apply() == 1
    assert "PC601" in site.err


def test_an_answer_that_was_packed_is_not_unpacked(site):
    site.pbx.fault("users", "raw", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    assert site.apply() == 1
    assert "PC603" in site.err


@pytest.mark.parametrize("request_", ["token", "users", "write"])
def test_no_redirection_is_followed(site, request_):
    with FakePbx() as other:
        site.pbx.fault(request_, "redirect", to=f"{other.url}/xapi/v1/Users", times=9)

        assert site.apply() == 1
        assert "PC603" in site.err
        assert other.requests == []


def test_a_pbx_that_mixes_both_forms_is_not_understood(site):
    site.pbx.users[10]["ForwardingExceptions"] = [{"Data": "06*"}, {"CallerId": "07*"}]

    assert site.apply() == 1
    assert "PC603" in site.err
    assert site.pbx.count("write") == 0


@pytest.mark.parametrize(("request_", "status"), [("token", 500), ("defs", 500), ("users", 400), ("users", 404)])
def test_a_pbx_that_does_not_let_itself_be_read(site, request_, status):
    site.pbx.fault(request_, "status", status=status)

    assert site.apply() == 1
    assert ("PC601" if status == 500 else "PC603") in site.err
    assert site.pbx.count("write") == 0


def test_a_pbx_that_reads_back_another_extension(site):
    site.pbx.fault("user", "raw", data=json.dumps({**ROW, "Id": 11}).encode(), times=99)

    assert site.apply() == 1
    assert "PC603" in site.err
    assert "Peut-être changé (1) : 101" in site.err


def test_a_server_that_is_no_3cx(site):
    site.pbx.fault("token", "status", status=404)

    assert site.apply() == 1
    assert "n'a pas cette API" in site.err


# -- faults on the way -------------------------------------------------------------------------------------------------


def test_a_pbx_that_is_not_there_is_told_at_once(site):
    with FakePbx() as gone:
        url = gone.url
    site.monkeypatch.setenv(access.URL, url)

    assert site.apply() == 1
    assert "PC601" in site.err
    assert site.clock.slept == []


def test_a_token_that_expires_is_replaced(site):
    site.pbx.token_uses = 3

    assert site.apply() == 0, site.err
    assert site.pbx.count("token") > 2
    assert site.pbx.rules("103") == [LANDLINES]


def test_a_token_is_replaced_once_for_a_request(site):
    site.pbx.fault("write", "status", status=401, times=99)

    assert site.apply() == 1
    assert "PC602" in site.err
    assert site.pbx.count("write") == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("request_", ["token", "users", "write", "user"])
def test_what_passes_is_tried_again(site, request_, status):
    site.pbx.fault(request_, "status", status=status, times=2)

    assert site.apply() == 0, site.err
    assert site.clock.slept[:2] == [1.0, 2.0] or request_ == "user"
    assert site.pbx.rules("101") == [MOBILES]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7.0), ("0", 0.0), ("100000", 30.0), ("bientôt", 1.0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)],
)
def test_the_wait_that_a_pbx_asks_for_is_kept_within_bounds(site, asked, waited):
    site.pbx.fault("users", "status", status=429, retry_after=asked)

    assert site.apply("--dry-run") == 0
    assert site.clock.slept == [waited]


@pytest.mark.parametrize(("status", "code"), [(429, "429"), (503, "503")])
def test_what_does_not_pass_ends_the_run(site, status, code):
    site.pbx.fault("users", "status", status=status, times=99)

    assert site.apply() == 1
    assert "PC601" in site.err
    assert code in site.err
    assert site.pbx.count("users") == 5
    assert site.clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_all_together_has_an_end(site):
    site.pbx.fault("users", "status", status=429, retry_after="30", times=99)

    assert site.apply("--timeout", "50") == 1
    assert "ne répond pas à temps" in site.err
    assert site.clock.now <= 50


@pytest.mark.parametrize("request_", ["users", "write", "user"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_connection_that_is_cut_is_made_again(site, request_, kind):
    site.pbx.fault(request_, kind, times=2)

    assert site.apply() == 0, site.err
    assert site.pbx.rules("101") == [MOBILES]
    assert site.pbx.rules("103") == [LANDLINES]


@pytest.mark.parametrize("request_", ["users", "write"])
def test_an_answer_that_is_late_is_asked_again(site, monkeypatch, request_):
    monkeypatch.setattr(client, "WAITS", client.Waits(silence=0.1, sleep=site.clock.sleep, clock=site.clock))
    site.pbx.fault(request_, "slow", seconds=0.2)

    assert site.apply() == 0, site.err
    assert site.pbx.rules("101") == [MOBILES]


def test_a_write_that_takes_effect_late_is_read_again(site):
    site.pbx.fault("write", "late", reads=2)

    assert site.apply() == 0, site.err
    assert site.clock.slept.count(0.0) == 3


# -- the first write that does not work is the last --------------------------------------------------------------------


def test_a_success_that_changes_nothing_is_an_error(site):
    site.pbx.fault("write", "ignored", skip=1)

    assert site.apply() == 1
    assert "sans rien changer" in site.err
    assert "`102`" in site.err
    assert site.pbx.written() == ["101", "102"]
    assert "Écrits (1) : 101" in site.err
    assert "Pas changés (2) : 102, 103" in site.err


@pytest.mark.parametrize("kind", ["mangled", "reversed"])
def test_a_success_that_keeps_something_else_is_an_error(site, kind):
    site.want(_102=[new("0612345678"), new("06*", "None", "")])
    site.pbx.fault("write", kind)

    assert site.apply() == 1
    assert "a gardé autre chose" in site.err
    assert "Peut-être changé (1) : 102" in site.err
    assert site.before() == {"102": ["02*"]}


def test_a_pbx_that_reorders_what_no_call_can_tell_apart_is_right(site):
    site.want(_102=[new("06*"), new("07*", "None", "")])
    site.pbx.fault("write", "reversed")

    assert site.apply() == 0, site.err
    assert site.apply("--dry-run", "--exit-code") == 0


@pytest.mark.parametrize(("status", "code"), [(400, "PC606"), (422, "PC606"), (403, "PC602"), (409, "PC606")])
def test_the_first_refusal_stops_before_anything_is_changed(site, status, code):
    site.pbx.fault("write", "status", status=status, message="Destination inconnue")
    there = {number: site.pbx.rules(number) for number in ("101", "102", "103")}

    assert site.apply() == 1
    assert code in site.err
    assert "Destination inconnue" in site.err
    assert "Rien n'a été changé sur le PBX." in site.err
    assert "Pas changés (3) : 101, 102, 103" in site.err
    assert site.pbx.count("write") == 1
    assert there == {number: site.pbx.rules(number) for number in there}
    assert site.files == []  # nothing to put back


def test_a_refusal_of_the_third_extension_tells_of_the_others(site):
    site.pbx.fault("write", "status", skip=2, status=400, message="non")

    assert site.apply() == 1
    assert "Écrits (2) : 101, 102" in site.err
    assert "Pas changés (1) : 103" in site.err
    assert "--restore build/3cx/avant-" in site.err
    assert site.before() == {"101": ["02*"], "102": ["02*"]}
    assert site.status_of() == "started"


def test_an_internal_error_is_not_tried_again_but_looked_at(site):
    site.pbx.fault("write", "status", skip=1, status=500)

    assert site.apply() == 1
    assert "PC601" in site.err
    assert site.pbx.written() == ["101", "102"]
    assert "Pas changés (2) : 102, 103" in site.err


def test_a_write_that_worked_although_its_answer_never_came(site):
    site.pbx.fault("write", "cut_after", skip=1, times=99)

    assert site.apply() == 1
    assert "Écrits (2) : 101, 102" in site.err
    assert "Pas changés (1) : 103" in site.err


def test_a_pbx_that_goes_away_in_the_middle(site):
    site.pbx.fault("write", "cut_before", skip=1, times=99)
    site.pbx.fault("user", "cut_before", skip=1, times=99)

    assert site.apply() == 1
    assert "Écrits (1) : 101" in site.err
    assert "Peut-être changé (1) : 102" in site.err
    assert "Pas changés (1) : 103" in site.err
    assert site.before() == {"101": ["02*"], "102": ["02*"]}


@pytest.mark.parametrize("request_", ["write", "user"])
def test_an_extension_that_vanishes_meanwhile(site, request_):
    site.pbx.fault(request_, "vanish", number="102", skip=1)

    assert site.apply() == 1
    assert ("a disparu" if request_ == "write" else "PC603") in site.err
    assert "Écrits (1) : 101" in site.err
    assert site.pbx.rules("103") == [new("02*")]


def test_an_id_that_became_another_extension_meanwhile(site):
    def swap():
        site.pbx.users[11]["Number"] = "555"

    site.pbx.fault("write", "call", skip=1, function=swap)

    assert site.apply() == 1
    assert "PC607" in site.err
    assert site.pbx.rules("103") == [new("02*")]


# -- going on ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "kind", "options"),
    [
        ("write", "status", {"status": 400, "message": "non", "times": 1}),
        ("write", "status", {"status": 503, "times": 99}),
        ("write", "ignored", {}),
        ("write", "cut_after", {"times": 99}),
        ("user", "cut_before", {"times": 99}),
    ],
)
def test_a_run_that_stopped_goes_on_with_what_is_left_and_keeps_the_first_state(site, request_, kind, options):
    site.pbx.fault(request_, kind, skip=1, **options)
    assert site.apply() == 1
    site.pbx._faults.clear()
    site.pbx.requests.clear()

    assert site.apply() == 0, site.err
    assert "Reprise" in site.err
    assert "101" not in site.pbx.written()
    assert len(site.files) == 1
    assert site.status_of() == "done"
    assert site.before() == {"101": ["02*"], "102": ["02*"], "103": ["02*"]}

    assert site.restore(site.files[0]) == 0
    assert [patterns(site.pbx, number) for number in ("101", "102", "103")] == [["02*"]] * 3


def test_going_on_with_another_policy_keeps_the_first_state_too(site):
    site.pbx.fault("write", "status", skip=1, status=400)
    site.apply()
    site.want(_101=[BUSY], _104=[MOBILES])

    assert site.apply() == 0
    assert site.before() == {"104": ["02*"], "101": ["02*"]}


def test_a_run_that_was_cut_off_before_saying_that_it_is_done(site):
    site.apply()
    path = site.files[0]
    path.write_text(path.read_text().replace('"done"', '"started"'))

    assert site.apply() == 0
    assert site.status_of() == "done"


def test_each_finished_run_has_its_own_state(site):
    site.apply()
    site.want(_101=[BUSY])
    assert site.apply() == 0
    site.want(_101=[LANDLINES])
    assert site.apply() == 0

    assert [site.before(path)["101"] for path in site.files] == [["02*"], [MOBILES["Data"]], ["*"]]
    assert [path.name.rpartition("_")[2].partition(".")[0].partition("-")[2] for path in site.files] == ["", "2", "3"]


def test_state_is_for_its_owner_alone_and_written_before_anything_else(site):
    def look():
        assert stat.S_IMODE(site.files[0].stat().st_mode) == 0o600
        seen.append(site.before())

    seen = []
    site.pbx.fault("write", "call", function=look)
    site.apply()

    assert seen == [{"101": ["02*"], "102": ["02*"], "103": ["02*"]}]
    assert stat.S_IMODE(site.files[0].stat().st_mode) == 0o600


def test_a_state_that_cannot_be_written_stops_before_anything_is(site):
    (site.folder / "build").write_text("a file, not a folder")

    assert site.apply() == 1
    assert "PC609" in site.err
    assert site.pbx.count("write") == 0


def test_an_interrupt_leaves_a_sound_state_and_says_where(site, monkeypatch):
    real = client.Client.write

    def interrupted(self, ident, rules):
        if ident == 11:
            raise KeyboardInterrupt
        real(self, ident, rules)

    monkeypatch.setattr(client.Client, "write", interrupted)

    assert site.apply() == 130
    assert "Interrompu." in site.err
    assert "Écrits (1) : 101" in site.err
    assert "Peut-être changé (1) : 102" in site.err
    assert f"L'état d'avant est dans {site.files[0].relative_to(site.folder)}" in site.err
    assert site.before() == {"101": ["02*"], "102": ["02*"]}

    monkeypatch.setattr(client.Client, "write", real)
    assert site.apply() == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_of_the_process(site):
    site.pbx.fault("write", "slow", skip=1, seconds=0.5)
    running = subprocess.Popen(
        [sys.executable, "-m", "policyc", "apply", "3cx", "--from", "wanted.json", "--yes"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    for _ in range(500):
        if site.pbx.count("write") == 2:
            break
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, messages = running.communicate(timeout=20)

    assert running.returncode == 130
    assert "Traceback" not in messages
    assert "Peut-être changé (1) : 102" in messages
    assert site.before() == {"101": ["02*"], "102": ["02*"]}


# -- going back --------------------------------------------------------------------------------------------------------


def test_a_state_is_put_back_by_the_same_path(site):
    site.apply()
    site.pbx.requests.clear()

    assert site.run("--restore", str(site.files[0]), "--dry-run", "--exit-code") == 3
    assert "  + 02* → messagerie de 101" in site.out
    assert site.pbx.count("write") == 0
    assert site.run("--restore", str(site.files[0]), typed="n\n") == 1
    assert site.pbx.count("write") == 0
    assert site.run("--restore", str(site.files[0]), typed="o\n") == 0, site.err

    assert [patterns(site.pbx, number) for number in ("101", "102", "103")] == [["02*"]] * 3
    assert site.status_of() == "restored"
    assert site.before(site.files[1])["101"] == [MOBILES["Data"]]  # putting back can be put back
    assert site.restore(site.files[1]) == 0
    assert site.pbx.rules("101") == [MOBILES]


def test_putting_back_goes_on_after_a_fault(site):
    site.apply()
    site.pbx.fault("write", "status", skip=1, status=400)

    assert site.restore(site.files[0]) == 1
    assert site.status_of() == "done"
    assert site.restore(site.files[0]) == 0
    assert site.status_of() == "restored"
    assert [patterns(site.pbx, number) for number in ("101", "102", "103")] == [["02*"]] * 3
    assert len(site.files) == 2


def test_an_unfinished_run_is_put_back(site):
    site.pbx.fault("write", "status", skip=1, status=400)
    site.apply()
    site.pbx.requests.clear()

    assert site.restore(site.files[0]) == 0, site.err
    assert site.pbx.written() == ["101"]
    assert patterns(site.pbx, "101") == ["02*"]
    assert site.status_of() == "restored"


def test_a_state_that_is_put_back_but_cannot_take_note_of_it(site, monkeypatch):
    site.apply()
    real = state.save

    def save(path, kept, *, new):
        if kept.status == "restored":
            raise state.StateError(path, "write", "disque plein")
        real(path, kept, new=new)

    monkeypatch.setattr(state, "save", save)

    assert site.restore(site.files[0]) == 0
    assert patterns(site.pbx, "101") == ["02*"]
    assert "n'a pas pu en prendre note" in site.err


def test_extensions_of_a_state_are_in_order(site):
    site.want(_1000=[], _103=[BUSY], _20=[])
    site.pbx.add("1000", BUSY)
    site.pbx.add("20", BUSY)
    site.apply()

    assert list(site.before()) == ["20", "103", "1000"]


def test_the_state_of_another_pbx_is_not_put_back(site):
    site.apply()
    with FakePbx() as other:
        site.use(other)

        assert site.restore(site.files[0]) == 1
        assert "celui d'un autre PBX" in site.err
        assert other.requests == []


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("", "PC609"),
        ("{", "PC609"),
        ("[" * 100_000, "PC609"),
        ('{"value": []}', "PC609"),
        ('{"format": "policyc-3cx-state", "version": 2}', "autre version de policyc"),
        ("extension twice", "PC609"),
        ("bad rule", "PC609"),
    ],
)
def test_a_file_that_is_no_state(site, text, case):
    empty = {"Number": "101", "ForwardingExceptions": []}
    value = {"format": "policyc-3cx-state", "version": 1, "pbx": site.pbx.url, "status": "done"}
    if text == "extension twice":
        text = json.dumps({**value, "extensions": [empty, empty]})
    elif text == "bad rule":
        text = json.dumps({**value, "extensions": [{**empty, "ForwardingExceptions": [{"Data": 1}]}]})
    (site.folder / "x.json").write_text(text)

    assert site.restore("x.json") == 1
    assert case in site.err
    assert site.pbx.requests == []


def test_a_state_that_is_not_there(site):
    assert site.restore("absent.json") == 1
    assert "n'existe pas" in site.err


def test_a_state_that_is_named(site):
    assert site.apply("--state", "avant.json") == 0
    assert site.files == []
    site.want(_101=[BUSY])

    assert site.apply("--state", "avant.json") == 1  # it holds what only it holds
    assert "que rien n'a remis" in site.err
    assert site.restore("avant.json", "--state", "avant.json") == 1
    assert site.restore("avant.json") == 0
    assert site.apply("--state", "avant.json") == 0  # it was put back, nobody needs it
    assert site.before(site.folder / "avant.json") == {"101": ["02*"]}


def test_a_named_state_is_gone_on_with(site):
    site.pbx.fault("write", "status", skip=1, status=400)
    assert site.apply("--state", "avant.json") == 1
    assert site.apply("--state", "avant.json") == 0
    assert site.before(site.folder / "avant.json") == {"101": ["02*"], "102": ["02*"], "103": ["02*"]}


def test_a_named_state_of_another_pbx_is_not_written_over(site):
    site.pbx.fault("write", "status", skip=1, status=400)
    site.apply("--state", "avant.json")
    with FakePbx() as other:
        site.use(other)

        assert site.apply("--state", "avant.json") == 1
        assert "autre PBX" in site.err


def test_a_file_that_appears_meanwhile_is_not_written_over(site):
    path = site.folder / "avant.json"
    path.write_text("précieux")
    kept = state.State(site.pbx.url, "started", {})

    with pytest.raises(state.StateError) as caught:
        state.save(path, kept, new=True)
    assert caught.value.reason == "held"
    assert path.read_text() == "précieux"


@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_links(tmp_path, monkeypatch, taken):
    def none(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "link", none)
    path = tmp_path / "avant.json"
    if taken:
        path.write_text("précieux")
        with pytest.raises(state.StateError):
            state.save(path, state.State("https://x", "started", {}), new=True)
        assert path.read_text() == "précieux"
    else:
        state.save(path, state.State("https://x", "started", {}), new=True)
        assert state.load(path).status == "started"
    assert len(list(tmp_path.iterdir())) == taken or not taken


def test_a_state_is_read_as_it_was_written(tmp_path):
    kept = state.State("https://x", "done", {"101": (MOBILES, NIGHT), "102": ()})
    state.save(tmp_path / "s.json", kept, new=True)

    assert state.load(tmp_path / "s.json") == kept


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    """A certificate of a private authority for 127.0.0.1, made by openssl."""
    path = tmp_path / "pbx.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(path), "-out", str(tmp_path / "cert.pem")),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("no openssl")
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


def test_only_a_certificate_that_is_trusted_will_do(site, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = site.pbx._server
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.monkeypatch.setenv(access.URL, site.pbx.url.replace("http://", "https://"))

    assert site.apply() == 1
    assert "n'est pas reconnu" in site.err
    assert site.pbx.requests == []
    assert site.clock.slept == []
    assert site.apply("--ca", str(certificate)) == 0, site.err


# -- from a policy -----------------------------------------------------------------------------------------------------


POLICY = """\
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 12 34 56 78, messagerie
groupe 800 Standard
horaires bureau
  lundi-vendredi 09:00-18:00

pour "Dr Martin"
  depuis 06 00 00 00 00 vers mobile rebond
  depuis 06* 07* pendant bureau vers extension Secrétariat messagerie
  depuis +44* vers externe 04 42 93 06 98
  depuis * vers système Standard
"""


@pytest.mark.parametrize("version", ["20.0.8", "20.0.9"])
def test_a_policy_is_compiled_and_applied(here, monkeypatch, capsys, clock, version):
    (here / "p.pol").write_text(POLICY, encoding="utf-8")
    (here / "policyc.toml").write_text(f'[targets.3cx]\nversion = "{version}"\n')
    with FakePbx(form=version, version=f"{version}.1") as pbx:
        pbx.add("101", (old if version == "20.0.8" else new)("02*"))
        pbx.add("102")
        site = Site(here, pbx, monkeypatch, capsys, clock)
        value = policyc.compile(here / "p.pol", targets=["3cx"]).files["3cx"]["policyc-3cx.json"]
        wanted = {one["Number"]: one["ForwardingExceptions"] for one in json.loads(value)["value"]}

        assert site.run("p.pol", "--yes") == 0, site.err
        for number, rules in wanted.items():
            assert pbx.rules(number) == [{key: rule[key] for key in rule if key != "Id"} for rule in rules]
        assert wanted["102"]
        assert site.run("p.pol", "--dry-run", "--exit-code") == 0


def test_a_policy_that_3cx_cannot_say_asks_nothing_of_the_pbx(site):
    (site.folder / "p.pol").write_text(POLICY + "  depuis anonyme vers occupé\n", encoding="utf-8")
    text = (site.folder / "p.pol").read_text(encoding="utf-8").replace("depuis * vers", "depuis 01* vers")
    (site.folder / "p.pol").write_text(text, encoding="utf-8")

    assert site.run("p.pol", "--yes") == 1
    assert "PC403" in site.err
    assert "Rien n'est écrit." in site.err
    assert site.pbx.requests == []


def test_a_policy_with_errors_asks_nothing_of_the_pbx(site):
    (site.folder / "p.pol").write_text("poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n", encoding="utf-8")

    assert site.run("p.pol", "--yes") == 1
    assert "PC303" in site.err
    assert site.pbx.requests == []
