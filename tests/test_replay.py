"""Call records held to a difference, and `policyc diff` as a command."""

import json
import subprocess
from datetime import datetime

import jsonschema
import pytest

import policyc
from policyc import cli, evaluate, report, resources, words
from policyc.diff import document, grouping, html, markdown, telling
from policyc.diff.phrasing import Told
from policyc.diff.replay import replay
from policyc.records import Record

OLD = """\
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie
horaires bureau
  lundi-vendredi 09:00-18:00
pour "Dr Martin"
  depuis 06* 07* pendant bureau vers extension Secrétariat messagerie
  depuis anonyme vers occupé
"""
NEW = OLD.replace("extension Secrétariat messagerie", "mobile rebond").replace(
    "poste 101", "poste 103 Nouveau\nposte 101"
)
WEDNESDAY, NIGHT = datetime(2026, 11, 25, 10), datetime(2026, 11, 25, 22)


@pytest.fixture
def difference():
    return policyc.compare(policyc.load_text(OLD), policyc.load_text(NEW))


def moved(difference, *records):
    return replay(difference, [Record(line, *rest) for line, rest in enumerate(records, 1)])


def test_calls_are_moved_as_the_interpreter_says(difference):
    records = [
        Record(line, caller, called, local, internal)
        for line, (caller, called, local, internal) in enumerate(
            (caller, called, local, internal)
            for caller in ("0639981234", "+33639981234", "0199001234", "anonymous", "101", "", "0700123456")
            for called in ("101", "102", "103")
            for local in (WEDNESDAY, NIGHT)
            for internal in (True, False, None)
        )
    ]
    found = replay(difference, records)

    assert found.calls == len(records)
    expected = 0
    for one in records:
        internal = one.caller == "101" if one.internal is None else one.internal
        call = evaluate.call_from(one.caller, one.called, one.local, internal=internal)
        ends = [evaluate.evaluate(policy, call) for policy in (difference.old, difference.new)]
        expected += (ends[0].kind, ends[0].number) != (ends[1].kind, ends[1].number)
    assert found.count == expected > 0


def test_a_caller_is_inside_where_a_record_says_so_or_the_number_is_an_extension():
    old = policyc.load_text("poste 101 A\nposte 102 B\n")
    new = policyc.load_text("poste 101 A\nposte 102 B\npour B\n  depuis interne vers occupé\n")
    difference = policyc.compare(old, new)

    kinds = [("101", True), ("101", False), ("101", None), ("0639981234", None), ("0639981234", True)]

    assert [moved(difference, (caller, "102", NIGHT, kind)).count for caller, kind in kinds] == [1, 0, 1, 0, 1]


def test_what_most_calls_are_of_comes_first_and_the_first_call_is_named(difference):
    found = moved(
        difference,
        ("0199001234", "103", NIGHT),
        ("0639981234", "102", NIGHT),
        ("0639981234", "102", WEDNESDAY),
        ("0699001234", "102", WEDNESDAY),
        ("0639981234", "999", WEDNESDAY),
    )

    assert (found.calls, found.others, found.count) == (4, 1, 3)
    assert [(one.extension, one.count, one.first.line, one.caller.number) for one in found.moved] == [
        ("102", 2, 3, "0639981234"),
        ("103", 1, 1, "0199001234"),
    ]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_every_form_tells_it(difference, language, count):
    found = moved(difference, *[("+33639981234", "102", WEDNESDAY)] * count, ("0199001234", "102", NIGHT))
    told = Told(difference, redact=True, replayed=found)
    speech = words.load(language), report.load_catalogue(language)
    data = json.loads(document.to_json(told, *speech))

    jsonschema.validate(data, json.loads(resources.read_package("diff/schema.json")))
    assert (data["replay"]["calls"], data["replay"]["moved"]) == (count + 1, count)
    for one in data["replay"]["changes"]:
        assert "102" in data["changes"][one["change"]]["extensions"]
        assert one["first"]["caller"] == "063998xxxx"
    for render in (telling.to_text, markdown.to_markdown, html.to_html):
        text = render(told, *speech)
        assert ("06 39 98 xx xx" in text) is (count > 0)
        assert "06 39 98 12 34" not in text
        assert {0: ("aucun", "none"), 1: ("aboutirait", "1 call"), 2: ("2", "2 calls")}[count][language == "en"] in text


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for name, text in (("ancienne", OLD), ("nouvelle", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pol").write_text(text)
        (tmp_path / f"{name}.pol").write_text(text)
    return tmp_path


def diff(capsys, *arguments):
    status = cli.run(["diff", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def git(folder, *arguments):
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


def test_files_and_folders_are_compared(here, capsys):
    files, folders = diff(capsys, "ancienne.pol", "nouvelle.pol"), diff(capsys, "ancienne", "nouvelle")

    assert files == folders
    assert files[0] == 0
    assert "102 Dr Martin" in files[1]
    assert "messagerie 101 → mobile rebond" in files[1]


def test_the_exit_status_tells_changes_only_if_it_is_asked_to(here, capsys):
    changed, same = ("ancienne.pol", "nouvelle.pol"), ("ancienne.pol", "ancienne.pol")

    assert [diff(capsys, *one)[0] for one in (changed, same)] == [0, 0]
    assert [diff(capsys, *one, "--exit-code")[0] for one in (changed, same)] == [3, 0]
    (here / "sonne.pol").write_text(
        OLD.replace("secretariat messagerie", "x").replace("messagerie\nh", "messagerie, sonne 30s\nh")
    )
    status, out, _ = diff(capsys, "ancienne.pol", "sonne.pol", "--exit-code")
    assert status == 3  # a setting is a change too
    assert "sonne 20 s → 30 s" in out.replace("\u00a0", " ")
    assert "Aucun appel ne change de destination" in out


@pytest.mark.parametrize(("most", "status"), [("100%", 0), ("60,5 %", 0), ("33", 1), ("0", 1)])
def test_too_many_callers_moved_are_an_error(here, capsys, most, status):
    """Extension 103 is new: a third of all, whoever calls; 102 adds a part of the French numbers."""
    found, out, err = diff(capsys, "ancienne.pol", "nouvelle.pol", "--max-moved", most)

    assert found == status
    assert "102 Dr Martin" in out
    assert ("PC705" in err) is bool(status)


@pytest.mark.parametrize(
    "arguments",
    [
        ("ancienne.pol",),
        ("ancienne.pol", "nouvelle.pol", "nouvelle.pol"),
        ("ancienne.pol", "nouvelle.pol", "--max-moved", "beaucoup"),
        ("ancienne.pol", "nouvelle.pol", "--max-moved", "101%"),
        ("ancienne.pol", "nouvelle.pol", "--max-moved", "nan"),
        ("ancienne.pol", "nouvelle.pol", "--cdr", "j.csv", "--cdr-zone", "Europe/Pariss"),
        ("ancienne.pol", "nouvelle.pol", "--cdr", "j.csv", "--cdr-zone", "../Paris"),
        ("ancienne.pol", "nouvelle.pol", "--format", "pdf"),
    ],
)
def test_bad_usage(here, capsys, arguments):
    assert diff(capsys, *arguments)[0] == 2


@pytest.mark.parametrize("wrong", [0, 1])
def test_errors_of_either_side_are_told_of_that_side(here, capsys, wrong):
    files = ["ancienne.pol", "nouvelle.pol"]
    (here / files[wrong]).write_text("poste 101 A\npour B\n  depuis * vers occupé\n")

    status, out, err = diff(capsys, *files)

    assert (status, out) == (1, "")
    assert f"{files[wrong]}:2" in err
    assert files[1 - wrong] not in err


def test_a_project_is_compared_with_what_it_was(here, capsys):
    git(here, "init", "-q")
    (here / "ancienne.pol").unlink()
    (here / "nouvelle.pol").rename("p.pol")
    (here / "p.pol").write_text(OLD)
    git(here, "add", "p.pol")
    git(here, "commit", "-qm", "première")
    (here / "p.pol").write_text(NEW)

    status, out, err = diff(capsys, "--git", "HEAD", "p.pol", "--all")

    assert (status, err) == (0, "")
    assert "HEAD:p.pol:6" in out
    assert "p.pol:7" in out
    (here / "q.pol").write_text(OLD)
    status, out, err = diff(capsys, "--git", "HEAD", "q.pol")
    assert status == 0
    assert "n'est pas dans HEAD" in err
    assert "hors politique → sonnerie" in out
    status, out, err = diff(capsys, "--git", "absente", "p.pol")
    assert (status, out) == (1, "")
    assert "PC008" in err


def test_records_are_replayed(here, capsys):
    (here / "j.csv").write_text(
        "de,vers,le\n06 39 98 12 34,102,2026-11-25 09:00\n06 39 98 12 34,102,2026-11-25 08:59\n,,\n"
    )

    status, out, err = diff(capsys, "ancienne.pol", "nouvelle.pol", "--cdr", "j.csv")
    assert status == 0
    assert "Journal : 2 appels vers les postes, 1 appel aboutirait ailleurs" in out.replace("\u00a0", " ")

    _, out, _ = diff(capsys, "ancienne.pol", "nouvelle.pol", "--cdr", "j.csv", "--cdr-zone", "UTC", "--lang", "en")
    assert "2 calls to extensions, 2 calls would end elsewhere" in out

    status, out, err = diff(capsys, "ancienne.pol", "nouvelle.pol", "--cdr", "absent.csv")
    assert (status, out) == (1, "")
    assert "PC010" in err


@pytest.mark.parametrize("form", ["json", "markdown", "html"])
def test_forms_go_to_standard_output(here, capsys, form):
    status, out, err = diff(capsys, "ancienne.pol", "nouvelle.pol", "--format", form)

    assert (status, err) == (0, "")
    assert out.startswith({"json": "{", "markdown": "<!-- policyc diff -->", "html": "<!DOCTYPE html>"}[form])


def test_grouping_confirms_what_it_tells(difference, monkeypatch):
    """A model that is wrong is found out by the interpreter."""
    monkeypatch.setattr(grouping, "_ending", lambda outcome: None)
    with pytest.raises(AssertionError, match="does not confirm"):
        policyc.compare(difference.old, difference.new)
