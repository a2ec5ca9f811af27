"""The command line, and the library below it: statuses, streams, formats and both languages."""

from __future__ import annotations

import json
import os
import re
import signal
import string
import subprocess
import sys
import time
import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

import policyc
from policyc import api, cli, words, workspace
from policyc.cli import printing
from policyc.cli.group import COMMANDS
from policyc.diagnostics import Diagnostic, Secondary
from policyc.source import SourceFile, Span

ROOT = Path(__file__).resolve().parents[1]

POLICY = """\
politique "Cabinet Martin"
fuseau Europe/Paris
poste 100 Accueil messagerie
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 12 34 56 78, messagerie, sonne 25s
poste 103 Atelier
groupe 800 Standard
liste VIP = 06 00 00 00 00
horaires bureau
  lundi-vendredi 09:00-18:00

pour "Dr Martin"
  depuis VIP vers mobile rebond
  depuis 07* vers extension Secrétariat
  depuis 01* vers externe 04 42 93 06 98
  depuis +44* vers extension Secrétariat messagerie
  depuis anonyme externe vers messagerie
  depuis * hors bureau vers système Standard

pour Secrétariat
  depuis 07* vers extension Atelier
  depuis 08* vers occupé
"""
BAD = "poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n  depuis 07* vers extension Zut\n"
WARNED = "poste 101 Anne\npour Anne\n  depuis 105 vers occupé\n"
ENDED = "poste 101 Anne\npour Anne\n  depuis 06* vers occupé jusqu'au 2026-01-31\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    return folder


@pytest.fixture
def cabinet(here):
    (here / "cabinet.pol").write_text(POLICY, encoding="utf-8")
    return here


def run(*arguments: str, language: str = "fr"):
    return CliRunner().invoke(cli.commands(language), list(arguments), prog_name="policyc")


def process(*arguments: str, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "policyc", *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        check=False,
        **options,
    )


def traced(*arguments: str) -> dict:
    result = run("trace", "cabinet.pol", "--at", "2026-11-23T10:00", "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


# -- compile -----------------------------------------------------------------------------------------------------------


def test_compile_writes_a_folder_a_target_and_nothing_to_stdout(cabinet):
    (cabinet / "policyc.toml").write_text('[targets.3cx]\nanonymous = "anonymous"\n')

    result = run("compile", "cabinet.pol")

    assert (result.exit_code, result.stdout) == (0, "")
    assert (cabinet / "build" / "asterisk" / "policyc.conf").read_bytes().endswith(b"\n")
    size = (cabinet / "build" / "asterisk" / "policyc.conf").stat().st_size
    listed = {line.split("  ")[0]: line for line in result.stderr.splitlines()}
    assert re.sub(r"\D", "", listed["build/asterisk/policyc.conf"].split("  ")[1]) == str(size)
    assert {"asterisk", "freeswitch", "3cx"} == {path.name for path in (cabinet / "build").iterdir()}


def test_compile_again_changes_nothing(cabinet):
    arguments = ("compile", "cabinet.pol", "-o", "out", "--no-verify")
    run(*arguments)
    before = {path: path.stat().st_mtime_ns for path in cabinet.rglob("out/*/*")}

    result = run(*arguments)

    assert before == {path: path.stat().st_mtime_ns for path in cabinet.rglob("out/*/*")}
    assert result.stderr.count("inchangé") == len(before) > 0


def test_a_policy_with_errors_writes_nothing(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    result = run("compile", "bad.pol")

    assert result.exit_code == 1
    assert {"PC303", "PC202"} <= set(re.findall(r"PC\d{3}", result.stderr))
    assert not (here / "build").exists()


def test_strict_withholds_for_a_warning(here):
    (here / "p.pol").write_text(WARNED, encoding="utf-8")

    assert run("compile", "p.pol", "--strict").exit_code == 1
    assert not (here / "build").exists()
    assert run("compile", "p.pol").exit_code == 0
    assert (here / "build" / "asterisk").is_dir()


def test_what_one_target_cannot_say_withholds_that_one(cabinet):
    """A 3CX tells anonymous calls apart only once it is known how it shows them."""
    result = run("compile", "cabinet.pol")

    assert result.exit_code == 1
    assert "PC403" in result.stderr
    assert {path.name for path in (cabinet / "build").iterdir()} == {"asterisk", "freeswitch"}


def test_a_target_that_is_none_is_bad_usage(cabinet):
    result = run("compile", "cabinet.pol", "--target", "asterix")

    assert result.exit_code == 2
    assert "Vouliez-vous dire « asterisk »" in result.stderr


def test_targets_of_the_settings(cabinet):
    (cabinet / "policyc.toml").write_text('[policy]\ntargets = ["freeswitch"]\n')

    assert run("compile").exit_code == 0
    assert [path.name for path in (cabinet / "build").iterdir()] == ["freeswitch"]


def test_settings_reach_the_target(cabinet):
    (cabinet / "policyc.toml").write_text('[targets.asterisk]\nexternal_channel = "PJSIP/{e164}@operateur"\n')

    assert run("compile", "--target", "asterisk").exit_code == 0
    assert "@operateur" in (cabinet / "build" / "asterisk" / "policyc.conf").read_text(encoding="utf-8")


def test_wrong_settings_withhold_all_and_are_shown_with_the_policys_errors(here):
    (here / "p.pol").write_text(BAD, encoding="utf-8")
    (here / "policyc.toml").write_text('[targets.asterisk]\nlanguage = "fr;"\n')

    result = run("compile")

    assert result.exit_code == 1
    assert {"PC006", "PC303", "PC202"} <= set(re.findall(r"PC\d{3}", result.stderr))


def test_an_output_that_cannot_be_written(cabinet):
    (cabinet / "build").write_text("a file, not a folder")

    result = run("compile", "cabinet.pol")

    assert result.exit_code == 1
    assert "impossible d'écrire" in result.stderr


# -- check -------------------------------------------------------------------------------------------------------------


def test_check_of_a_sound_policy(cabinet):
    result = run("check", "cabinet.pol")

    assert (result.exit_code, result.stdout) == (0, "")
    assert not (cabinet / "build").exists()


def test_check_reports_every_error_on_stderr(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    result = run("check", "bad.pol")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "bad.pol:3" in result.stderr
    assert "bad.pol:4" in result.stderr


def test_check_as_json_on_stdout(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    result = run("check", "bad.pol", "--format", "json")

    assert (result.exit_code, result.stderr) == (1, "")
    assert [(one["code"], one["file"], one["line"]) for one in json.loads(result.stdout)] == [
        ("PC303", "bad.pol", 3),
        ("PC202", "bad.pol", 4),
    ]


def test_a_sound_policy_as_json_is_an_empty_list(cabinet):
    assert json.loads(run("check", "cabinet.pol", "--format", "json").stdout) == []


def test_strict_makes_warnings_fail(here):
    (here / "p.pol").write_text(WARNED, encoding="utf-8")

    assert run("check", "p.pol").exit_code == 0
    assert run("check", "p.pol", "--strict").exit_code == 1


def test_today_is_for_rules_that_have_ended(here):
    (here / "p.pol").write_text(ENDED, encoding="utf-8")

    assert "PC309" not in run("check", "p.pol", "--today", "2026-01-31").stderr
    assert "PC309" in run("check", "p.pol", "--today", "2026-02-01").stderr
    assert run("check", "p.pol", "--today", "demain").exit_code == 2


def test_a_comment_accepts_a_diagnostic(here):
    (here / "p.pol").write_text(WARNED.rstrip() + "  # ignorer PC212 : ancien poste\n", encoding="utf-8")

    assert run("check", "p.pol", "--strict").exit_code == 0


def test_a_file_that_is_not_there_is_an_error_of_the_policy(here):
    result = run("check", "sub/nope.pol")

    assert result.exit_code == 1
    assert "PC001" in result.stderr
    assert "sub/nope.pol" in result.stderr


# -- which files -------------------------------------------------------------------------------------------------------


def test_without_a_policy_all_files_of_the_folder_are_one(here):
    (here / "a.pol").write_text("poste 101 Anne messagerie\n")
    (here / "b.pol").write_text("pour Anne\n  depuis 06* vers messagerie\n")

    assert run("check", "--strict").exit_code == 0


def test_files_of_the_folder_may_include_one_another(here):
    (here / "a.pol").write_text("poste 101 Anne messagerie\n")
    (here / "b.pol").write_text('inclure "a.pol"\ninclure "c.pol"\n')
    (here / "c.pol").write_text("pour Anne\n  depuis 06* vers messagerie\n")

    assert run("check", "--strict").exit_code == 0


def test_without_a_policy_those_of_the_settings(here):
    (here / "règles").mkdir()
    (here / "règles" / "a.pol").write_text("pour Anne\n  depuis 06* vers messagerie\n")
    (here / "annuaire.pol").write_text("poste 101 Anne messagerie\n")
    (here / "not-this.pol").write_text("zut\n")
    (here / "policyc.toml").write_text('[policy]\nsources = ["annuaire.pol", "règles/*.pol"]\n', encoding="utf-8")

    assert run("check", "--strict").exit_code == 0


def test_sources_that_match_nothing_or_lead_out_are_errors_at_their_key(here):
    (here / "policyc.toml").write_text('[policy]\nsources = ["*.zut", "../*.pol"]\n')

    found = json.loads(run("check", "--format", "json").stdout)

    assert {(one["code"], one["file"], one["line"]) for one in found} == {("PC004", "policyc.toml", 2)} | {
        ("PC003", "policyc.toml", 2) for one in found if one["code"] == "PC003"
    }


def test_nothing_at_all_is_bad_usage(here):
    result = run("check")

    assert result.exit_code == 2
    assert "aucune politique" in result.stderr


def test_settings_that_cannot_be_read_are_an_error(here):
    (here / "policyc.toml").write_text("x =\n")
    (here / "p.pol").write_text("poste 101 Anne\n")

    result = run("check")

    assert result.exit_code == 1
    assert "policyc.toml:1" in result.stderr


def test_settings_beside_the_policy_count_from_anywhere(here, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "p.pol").write_text("poste 101 Anne\n")
    (other / "policyc.toml").write_text('[targets.asterisk]\nsystem_context = "a b"\n')
    (here / "policyc.toml").write_text('[targets.asterisk]\nlanguage = "de"\n')

    place = workspace.find([other / "p.pol"])

    assert place.root == other
    assert place.config.settings["asterisk"]["language"] == "fr"
    assert [one.code for one in place.diagnostics] == ["PC006"]


def test_settings_of_the_current_folder_count_for_what_is_below_it(here):
    (here / "sub").mkdir()
    (here / "sub" / "p.pol").write_text('inclure "../all.pol"\n')
    (here / "all.pol").write_text("poste 101 Anne\n")
    (here / "policyc.toml").write_text('[targets.asterisk]\nlanguage = "de"\n')

    place = workspace.find(["sub/p.pol"])

    assert (place.root, place.paths) == (here, ("sub/p.pol",))
    assert place.config.settings["asterisk"]["language"] == "de"
    assert run("check", "sub/p.pol").exit_code == 0


def test_files_of_several_folders_are_one_policy(here):
    for name, text in {
        "a/p.pol": "poste 101 Anne messagerie\n",
        "b/q.pol": "pour Anne\n  depuis 06* vers occupé\n",
    }.items():
        (here / name).parent.mkdir()
        (here / name).write_text(text, encoding="utf-8")

    assert run("check", "a/p.pol", "b/q.pol").exit_code == 0
    assert run("check", "b/q.pol").exit_code == 1


def test_paths_are_shown_from_the_current_folder(here):
    (here / "sub").mkdir()
    (here / "sub" / "bad.pol").write_text(BAD, encoding="utf-8")

    found = json.loads(run("check", "sub/bad.pol", "--format", "json").stdout)

    assert {one["file"] for one in found} == {"sub/bad.pol"}
    assert {label["file"] for one in found for label in one["labels"]} == {"sub/bad.pol"}


def test_every_place_of_a_diagnostic_is_shown_from_there(here):
    span = Span(SourceFile("p.pol", "ab"), 0, 1)
    place = workspace.Workspace(here / "sub", ("p.pol",), workspace.config.defaults(), (), gathered=False, home=here)

    (shown,) = printing.shown(place, [Diagnostic("PC301", span, {}, (Secondary(span, "then"),))])

    assert (shown.primary.place, shown.secondary[0].span.place) == ("sub/p.pol:1", "sub/p.pol:1")


# -- trace -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "called", "outcome"),
    [
        ("0142424242", "103", {"kind": "ring", "extension": "103"}),
        ("06 00 00 00 00", "102", {"kind": "rebound", "extension": "102", "number": "0612345678"}),
        ("+33600000000", "102", {"kind": "rebound", "extension": "102", "number": "0612345678"}),
        ("0711223344", "102", {"kind": "ring", "extension": "103"}),
        ("0142424242", "102", {"kind": "external", "number": "0442930698"}),
        ("00442071234567", "102", {"kind": "voicemail", "extension": "101"}),
        ("anonymous", "102", {"kind": "voicemail", "extension": "102"}),
        ("08 99 00 12 34", "101", {"kind": "busy", "extension": "101"}),
        ("0612121212", "800", {"kind": "system", "extension": "800"}),
        ("0612121212", "999", {"kind": "system", "extension": "999"}),
        ("0711223344", "dr martin", {"kind": "ring", "extension": "103"}),
        ("0711223344", "SECRETARIAT", {"kind": "ring", "extension": "103"}),
        ("0711223344", "standard", {"kind": "system", "extension": "800"}),
    ],
)
def test_trace_gives_every_outcome_as_json(cabinet, caller, called, outcome):
    found = traced("--from", caller, "--to", called)["outcome"]

    assert {key: value for key, value in found.items() if key != "attempts"} == outcome


def test_trace_tells_call_and_steps(cabinet):
    found = traced("--from", "+33711223344", "--to", "102")

    assert found["call"] == {
        "caller": "0711223344",
        "kind": "external",
        "to": "102",
        "at": "2026-11-23T10:00:00+01:00",
        "presented": "+33711223344",
        "presentation": "e164",
        "dropped": [],
    }
    assert [{key: value for key, value in step.items() if key != "tried"} for step in found["steps"]] == [
        {
            "extension": "102",
            "name": "Dr Martin",
            "rule": {"file": "cabinet.pol", "line": 14, "text": "depuis 07* vers extension Secrétariat"},
            "decision": {"kind": "forward", "extension": "101"},
        },
        {
            "extension": "101",
            "name": "Secrétariat",
            "rule": {"file": "cabinet.pol", "line": 21, "text": "depuis 07* vers extension Atelier"},
            "decision": {"kind": "forward", "extension": "103"},
        },
        {"extension": "103", "name": "Atelier", "rule": None, "decision": {"kind": "ring", "extension": "103"}},
    ]
    assert [step["tried"] for step in found["steps"]] == [
        [
            {
                "file": "cabinet.pol",
                "line": 13,
                "text": "depuis VIP vers mobile rebond",
                "layer": "own",
                "matched": False,
                "failed": [{"reason": "caller", "excepted": False}],
                "closed": [],
            },
            {**found["steps"][0]["rule"], "layer": "own", "matched": True, "failed": [], "closed": []},
        ],
        [{**found["steps"][1]["rule"], "layer": "own", "matched": True, "failed": [], "closed": []}],
        [],
    ]
    assert found["outcome"]["attempts"] == [
        {"kind": "ring", "extension": "103", "seconds": 20, "caller": "0711223344", "private": False},
        {"kind": "busy"},
    ]


def test_trace_tells_every_attempt_of_a_rebound(cabinet):
    assert traced("--from", "0600000000", "--to", "102")["outcome"]["attempts"] == [
        {"kind": "answer"},
        {"kind": "play", "prompt": "wait", "text": "Veuillez patienter pendant que nous localisons"},
        {"kind": "digits", "digits": "102"},
        {"kind": "dial", "number": "0612345678", "seconds": 25, "confirm": True, "caller": None, "private": True},
        {
            "kind": "play",
            "prompt": "unavailable",
            "text": "Utilisateur indisponible, redirection vers la boîte vocale",
        },
        {"kind": "voicemail", "extension": "102", "caller": "0600000000", "private": False},
    ]


def test_trace_of_an_outside_number_shows_the_caller_there(cabinet):
    assert traced("--from", "0142424242", "--to", "102")["outcome"]["attempts"] == [
        {
            "kind": "dial",
            "number": "0442930698",
            "seconds": None,
            "confirm": False,
            "caller": "0142424242",
            "private": False,
        }
    ]


def test_trace_of_internal_calls(cabinet):
    for caller in ("100", "accueil"):
        call = traced("--internal", "--from", caller, "--to", "103")["call"]
        assert (call["caller"], call["kind"]) == ("100", "internal")
    assert traced("--internal", "--from", "anonyme", "--to", "103")["call"]["caller"] is None


def test_trace_of_a_restricted_number_is_anonymous(cabinet):
    found = traced("--restricted", "--from", "0142424242", "--to", "102")

    assert found["call"]["caller"] is None
    assert found["call"]["presentation"] == "restricted"
    assert found["outcome"]["kind"] == "voicemail"


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(
    ("arguments", "form", "told"),
    [
        (("--from", "0639981234"), "national", "un numéro national : 06 39 98 12 34"),
        (("--from", "+33639981234"), "e164", "un numéro français avec indicatif (+33) : 06 39 98 12 34"),
        (("--from", "+33 (0)6 39981234"), "e164", "+33 6 39981234, séparateurs ôtés, lu comme un numéro français"),
        (("--from", "0033639981234"), "00", "un numéro français avec indicatif (0033) : 06 39 98 12 34"),
        (("--from", "33639981234"), "33", "sans + ni 00 (33) : 06 39 98 12 34"),
        (("--from", "639981234"), "nine-digits", "sans son 0 (neuf chiffres) : 06 39 98 12 34"),
        (("--from", "+262692123456"), "overseas-e164", "d'outre-mer avec indicatif (+262) : 06 92 12 34 56"),
        (("--from", "00262692123456"), "overseas-00", "d'outre-mer avec indicatif (00262) : 06 92 12 34 56"),
        (("--from", "+442071234567"), "foreign-e164", "un numéro étranger avec indicatif (+) : +442071234567"),
        (("--from", "00442071234567"), "foreign-00", "un numéro étranger avec indicatif (00) : +442071234567"),
        (("--from", "+33063998123"), "irregular", "en +33 sans la forme d'un numéro français : +33063998123"),
        (("--from", "3949"), "as-is", "tel quel : 3949"),
        (("--from", "accueil", "--internal"), "extension", "présenté 100, lu comme un numéro de poste : 100 Accueil"),
        (("--from", "Privé"), "anonymous", "présenté Privé, lu comme un appelant anonyme"),
        (("--from", ""), "empty", "aucun numéro présenté : appelant anonyme"),
        (("--from", "3949", "--restricted"), "restricted", "présenté 3949, mais présentation restreinte"),
        (("--from", "", "--restricted"), "restricted", "aucun numéro présenté : appelant anonyme"),
        (("--from", "0639981234;a=b"), "national", "présenté 0639981234;a=b, suite ôtée, lu comme"),
        (("--from", "06-39981234@h"), "national", "présenté 06-39981234@h, séparateurs et suite ôtés, lu comme"),
    ],
)
def test_trace_tells_the_presentation_it_recognised(cabinet, arguments, form, told, language):
    assert traced(*arguments, "--to", "102")["call"]["presentation"] == form

    text = run("trace", *arguments, "--to", "102", "--at", "2026-11-23T10:00", language=language).stdout
    line = text.split("\n")[1].replace("\u00a0", " ")
    assert told in line if language == "fr" else line.startswith(("presented as", "no number presented"))
    assert "{" not in line


@pytest.mark.parametrize(
    ("at", "shown", "kind"),
    [
        ("2026-11-23T17:59:59", "2026-11-23T17:59:59+01:00", "ring"),
        ("2026-11-23T18:00", "2026-11-23T18:00:00+01:00", "system"),
        ("2026-11-23 18:00", "2026-11-23T18:00:00+01:00", "system"),
        ("2026-07-01T17:30+00:00", "2026-07-01T19:30:00+02:00", "system"),
        ("2026-07-01T15:30Z", "2026-07-01T17:30:00+02:00", "ring"),
        ("2026-11-22", "2026-11-22T00:00:00+01:00", "system"),
    ],
)
def test_instants_are_those_of_the_policys_zone(cabinet, at, shown, kind):
    result = run("trace", "cabinet.pol", "--from", "0612121212", "--to", "102", "--format", "json", "--at", at)

    found = json.loads(result.stdout)
    assert (found["call"]["at"], found["outcome"]["kind"]) == (shown, kind)
    assert result.stderr == ""


def test_an_hour_that_daylight_saving_leaves_out_is_said(cabinet):
    result = run("trace", "cabinet.pol", "--from", "0612121212", "--to", "102", "--at", "2026-03-29T02:30")

    assert result.exit_code == 0
    assert "n'existe pas" in result.stderr
    assert "n'existe pas" not in run("trace", "--from", "1", "--to", "102", "--at", "2026-10-25T02:30").stderr


@pytest.mark.parametrize("at", ["demain", "2026-13-01T10:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"])
def test_an_instant_that_is_none_is_bad_usage(cabinet, at):
    assert run("trace", "--from", "1", "--to", "102", "--at", at).exit_code == 2


def test_without_an_instant_it_is_now(cabinet):
    found = json.loads(run("trace", "--from", "1", "--to", "103", "--format", "json").stdout)

    at = datetime.fromisoformat(found["call"]["at"])
    assert abs((datetime.now(at.tzinfo) - at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("--from", "Dupont", "--to", "102"), "aucun chiffre"),
        (("--from", "100", "--to", "102"), "sans --internal"),
        (("--internal", "--from", "199", "--to", "102"), "199 n'est pas un poste"),
        (("--from", "0612345678", "--to", "999"), "999 n'est pas un poste"),
    ],
)
def test_what_may_surprise_is_said(cabinet, arguments, note):
    result = run("trace", "cabinet.pol", *arguments)

    assert result.exit_code == 0
    assert note in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "1", "--to", "Secretaria"), "Vouliez-vous dire « Secrétariat »"),
        (("--internal", "--from", "Acueil", "--to", "102"), "Vouliez-vous dire « Accueil »"),
        (("--internal", "--from", "12345678901", "--to", "102"), "1 à 10 chiffres"),
        (("--from", "1"), "--to"),
    ],
)
def test_an_extension_that_is_none_is_bad_usage(cabinet, arguments, message):
    result = run("trace", "cabinet.pol", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_trace_as_text(cabinet):
    result = run("trace", "cabinet.pol", "--from", "0600000000", "--to", "102", "--at", "2026-11-23T10:00")

    assert result.stderr == ""
    assert (
        result.stdout.replace("\u00a0", " ")
        == """\
Appel externe de 06 00 00 00 00 vers 102 Dr Martin
présenté 0600000000, lu comme un numéro national : 06 00 00 00 00
lundi 23 novembre 2026 à 10:00 (Europe/Paris)

Chemin
  102 Dr Martin
  └─ ✓ cabinet.pol:13 : depuis VIP vers mobile rebond
     → rebond vers 06 12 34 56 78

Déroulement
  1. le PBX décroche
  2. annonce : « Veuillez patienter pendant que nous localisons »
  3. annonce des chiffres : 102
  4. 06 12 34 56 78 est appelé 25 s, numéro affiché : masqué ; la personne presse 1 pour accepter
  5. sinon, annonce : « Utilisateur indisponible, redirection vers la boîte vocale »
  6. messagerie de 102 Dr Martin

Résultat : rebond vers 06 12 34 56 78, puis messagerie de 102 Dr Martin
"""
    )


def test_trace_shows_why_as_a_tree(cabinet):
    text = run("trace", "--from", "+33711223344", "--to", "102", "--at", "2026-11-23T10:00").stdout

    assert (
        text.replace("\u00a0", " ").partition("Chemin\n")[2].partition("\n\n")[0]
        == """\
  102 Dr Martin
  ├─ ✗ cabinet.pol:13 : depuis VIP vers mobile rebond
  │  └─ l'appelant n'en est pas
  └─ ✓ cabinet.pol:14 : depuis 07* vers extension Secrétariat
     → renvoi vers 101 Secrétariat
  101 Secrétariat
  └─ ✓ cabinet.pol:21 : depuis 07* vers extension Atelier
     → renvoi vers 103 Atelier
  103 Atelier
  └─ aucune règle ne s'applique : le poste sonne"""
    )


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(
    ("caller", "called"),
    [("0711223344", "102"), ("0142424242", "102"), ("+442071234567", "102"), ("x", "102"), ("1", "800"), ("1", "9")],
)
def test_every_outcome_has_words(cabinet, caller, called, language):
    result = run("trace", "--from", caller, "--to", called, "--at", "2026-11-23T10:00", language=language)

    assert result.exit_code == 0
    assert "{" not in result.stdout
    assert "None" not in result.stdout


def test_a_setting_may_leave_the_key_out(cabinet):
    (cabinet / "policyc.toml").write_text("[targets.asterisk]\nrebound_confirm = false\n")

    attempts = traced("--from", "0600000000", "--to", "102")["outcome"]["attempts"]

    assert [one["confirm"] for one in attempts if one["kind"] == "dial"] == [False]


def test_trace_of_a_policy_with_errors(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    result = run("trace", "bad.pol", "--from", "1", "--to", "101")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "PC202" in result.stderr


def test_a_policy_cannot_draw_on_the_terminal(here):
    (here / "p.pol").write_text('poste 101 "A\x1b[31mnne"\n', encoding="utf-8")

    for result in (run("trace", "p.pol", "--from", "1\x1b[2J", "--to", "101"), run("check", "p.pol")):
        assert "\x1b" not in result.output


# -- explain, help, languages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["PC999", "zut", "../fr", ""])
def test_explain_of_no_code_is_bad_usage(code):
    assert run("explain", code).exit_code == 2


def test_version_is_that_of_the_package():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    assert policyc.__version__ == told
    assert run("--version").stdout == f"policyc {told}\n"


ENGLISH = re.compile(r"Usage:|Options:|Commands:|Show |Error|Try |default:|required|Missing|No such|Invalid|Did you")


@pytest.mark.parametrize("command", [(), *((one,) for one in COMMANDS)])
def test_help_is_in_french_with_examples(command):
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "Utilisation :" in result.stdout
    assert re.search(r"Exemples?\s:\n\s+policyc ", result.stdout)
    assert not ENGLISH.search(result.stdout)


@pytest.mark.parametrize("command", [(), *((one,) for one in COMMANDS)])
def test_help_is_in_english_when_asked(command):
    result = run(*command, "--help", language="en")

    assert "Usage:" in result.stdout
    assert re.search(r"Examples?:\n\s+policyc ", result.stdout)
    assert not re.search(r"[àéèêç]", result.stdout)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_help_lists_commands_in_their_order_and_cuts_no_sentence(language):
    listed = run("--help", language=language).stdout.split("\n\n")[-1].splitlines()[1:]

    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert [] == [line for line in listed if not line.endswith(".") or line.endswith("...")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("chek",),
        ("check", "--strit"),
        ("check", "--strict=1"),
        ("check", "--format", "xml"),
        ("check", "--format"),
        ("check", "--today"),
        ("trace", "x.pol", "--to", "1"),
        ("explain",),
        ("explain", "PC301", "PC302"),
        ("--lang", "de", "check"),
    ],
)
def test_bad_usage_is_told_in_french(here, arguments):
    result = run(*arguments)

    assert result.exit_code == 2
    assert "Erreur : " in result.stderr
    assert not ENGLISH.search(result.stderr), result.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "chosen"),
    [
        ((), {}, "fr"),
        ((), {"POLICYC_LANG": "en"}, "en"),
        ((), {"POLICYC_LANG": "en_GB.UTF-8"}, "en"),
        ((), {"POLICYC_LANG": "zz"}, "fr"),
        (("--lang", "en", "check"), {}, "en"),
        (("check", "p.pol", "--lang=en"), {}, "en"),
        (("check", "--lang", "fr"), {"POLICYC_LANG": "en"}, "fr"),
        (("check", "--", "--lang", "en"), {}, "fr"),
        (("check", "--lang"), {}, "fr"),
    ],
)
def test_the_language_is_found_before_arguments_are_read(arguments, environment, chosen):
    assert cli.language(arguments, environment) == chosen


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things():
    french, english = words.load("fr").tables, words.load("en").tables

    for table in french.keys() - {"click"}:
        assert french[table].keys() == english[table].keys(), table
        for key, text in french[table].items():
            if isinstance(text, list):
                assert len(text) == len(english[table][key])
            elif table != "help":
                assert fields(text) == fields(english[table][key]), key
    for message, translated in french["click"].items():
        assert fields(message) == fields(translated), message


def test_every_sentence_is_said_somewhere():
    files = (*(ROOT / "policyc").rglob("*.py"), *(ROOT / "templates" / "diff").iterdir())
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    tables = words.load("fr").tables
    traced = r"trace\.(external|internal|decision|outcome|ring|voicemail|dial|answer|play|digits|system|busy|layer_"
    traced += r"|failed_(external|internal|during|except|caller|excepted)_|(read|dropped|form)_)"
    # What happens on calls is said by the keys of `targets/<pbx>/proof.py`: test_proof.
    told = r"diff\.((own|own_mobile|to|mobile|number|setting|kind|share|everyone|anonymous)_|internal|external)"
    stages = r"progress\.(read|check|compile)"
    said = set(re.findall(r"[\"']([^\"'\s]+)(?=[\"'])", sources))
    made = re.compile(rf"{traced}|{told}|{stages}|apply\.(to|hours)_|usage\.access_|verify\.(presented|hidden)|proof\.")

    for table in tables.keys() - {"click", "help"}:
        for key in tables[table]:
            assert f"{table}.{key}" in said or made.match(f"{table}.{key}"), f"{table}.{key}"


def test_many_warnings_of_one_kind_are_counted(here):
    rules = "".join(
        f"pour {n}\n  depuis 06 {n % 90 + 10}* vers occupé\n  depuis 06 {n % 90 + 10} 1* vers sonnerie\n"
        for n in range(201, 231)
    )
    text = "".join(f"poste {n} P{n}\n" for n in range(201, 231)) + rules
    (here / "many.pol").write_text(text, encoding="utf-8")
    shown = run("check", "many.pol")
    data = json.loads(run("check", "many.pol", "--format", "json").stdout)

    assert 0 == shown.exit_code
    assert 4 == shown.stderr.count("jamais atteinte")
    assert "avertissement[PC313]: 26 autres comme ceux-ci\n  ┌─ many.pol:45, 48, " in shown.stderr
    assert "30 avertissements" in shown.stderr
    assert ["PC313"] * 30 == [one["code"] for one in data]
    assert all(one["witness"]["to"] == str(201 + at) for at, one in enumerate(data))


def test_the_shown_ones_of_many_warnings_have_as_many_causes_as_can_be(here):
    hidden = {n: "06 12*" if n < 216 else "07 12*" for n in range(201, 221)}
    text = "".join(f"poste {n} P{n}\n" for n in hidden)
    text += "pour tous en priorité\n  depuis 06* vers occupé\n  depuis 07* vers occupé\n"
    text += "".join(f"pour {n}\n  depuis {callers} vers sonnerie\n" for n, callers in hidden.items())
    (here / "many.pol").write_text(text, encoding="utf-8")
    shown = run("check", "many.pol")

    assert 1 == shown.stderr.count("\n  depuis 06 12*") + shown.stderr.count("│   depuis 06 12*")
    assert 1 == shown.stderr.count("│   depuis 07 12*")
    assert "avertissement[PC313]: 18 autres comme ceux-ci" in shown.stderr


# -- test --------------------------------------------------------------------------------------------------------------

TESTED = (
    POLICY
    + """
test "les mobiles"
  appel de 07 39 98 00 01 pour "Dr Martin" donne sonnerie Atelier
  appel de 01 39 98 00 01 pour "Dr Martin" donne externe 04 42 93 06 98
garantie "jamais surtaxé"
  depuis * pour tous ne donne jamais externe surtaxés
"""
)


@pytest.fixture
def tested(here):
    (here / "cabinet.pol").write_text(TESTED, encoding="utf-8")
    return here


def test_a_policy_that_keeps_its_word(tested):
    result = run("test", "cabinet.pol")

    assert 0 == result.exit_code
    assert 2 == result.stdout.count("✓")
    assert "garantie «\u00a0jamais surtaxé\u00a0»" in result.stdout
    assert "3 sur 3" in result.stderr


def test_what_fails_is_shown_with_a_call(tested):
    (tested / "cabinet.pol").write_text(TESTED.replace("sonnerie Atelier", "sonnerie Accueil"), encoding="utf-8")
    result = run("test", "cabinet.pol")

    assert 1 == result.exit_code
    assert "✗ essai" in result.stdout
    assert "PC701" in result.stderr
    assert "policyc trace cabinet.pol --from 0739980001 --to 102" in result.stderr
    assert "1 en échec sur 3" in result.stderr


def test_coverage_names_rules_and_counts_callers(tested):
    result = run("test", "cabinet.pol", "--coverage")

    assert 0 == result.exit_code
    assert "cabinet.pol:13  depuis VIP vers mobile rebond" in result.stdout
    assert "jamais atteinte\u00a0: 1 appelant\n" in result.stdout
    assert "cabinet.pol:14" not in result.stdout
    assert 1 == run("test", "cabinet.pol", "--coverage-min", "90").exit_code
    assert 0 == run("test", "cabinet.pol", "--coverage-min", "10").exit_code
    assert 2 == run("test", "cabinet.pol", "--coverage-min", "101").exit_code
    assert "PC703" in run("test", "cabinet.pol", "--coverage-min", "90").stderr


@pytest.mark.parametrize("form", ["json", "junit", "tap"])
def test_reports_for_programs_are_alone_on_standard_output(tested, form):
    result = run("test", "cabinet.pol", "--format", form, "--coverage-min", "90")

    assert 1 == result.exit_code
    assert "" == result.stderr
    if form == "json":
        assert json.loads(result.stdout)["coverage"]["minimum"] == 90
    elif form == "tap":
        assert result.stdout.startswith("TAP version 14\n1..4\n")
    else:
        assert result.stdout.startswith("<?xml")


def test_a_policy_without_tests_says_so(cabinet):
    result = run("test", "cabinet.pol")

    assert (0, "") == (result.exit_code, result.stderr)
    assert "Aucun essai" in result.stdout


def test_a_guarantee_of_no_call_is_not_said_to_be_proved(tested):
    text = TESTED + 'garantie "vide"\n  depuis * pendant bureau hors bureau pour Accueil donne occupé\n'
    (tested / "cabinet.pol").write_text(text, encoding="utf-8")
    result = run("test", "cabinet.pol")

    assert "– garantie «\u00a0vide\u00a0»\u00a0: ne vaut pour aucun appel" in result.stdout
    assert "PC308" in run("check", "cabinet.pol").stderr


@pytest.mark.parametrize("form", ["text", "json", "junit", "tap"])
def test_a_policy_with_errors_is_not_tested(here, form):
    """Programs are told so in their own way; people, as by `check`."""
    (here / "bad.pol").write_text(BAD, encoding="utf-8")
    result = run("test", "bad.pol", "--format", form)

    assert 1 == result.exit_code
    assert "PC303" in result.stderr
    match form:
        case "text":
            assert "" == result.stdout
        case "json":
            data = json.loads(result.stdout)
            assert (False, []) == (data["passed"], data["tests"])
            assert {"PC303", "PC202"} == {one["code"] for one in data["diagnostics"]}
        case "tap":
            assert result.stdout.startswith("TAP version 14\nBail out! 2 erreurs")
        case _:
            assert 'errors="2"' in result.stdout
            assert '<error message="' in result.stdout
            assert "bad.pol:3" in result.stdout


# -- the process -------------------------------------------------------------------------------------------------------


def test_as_a_process(cabinet):
    assert process("check", "cabinet.pol").returncode == 0
    assert process("check", "nope.pol").returncode == 1
    assert process("check", "--zut").returncode == 2
    assert process().returncode == 2
    english = process("chek", env={"POLICYC_LANG": "en"})
    assert "Error: No such command" in english.stderr


def test_data_is_utf8_whatever_the_locale(cabinet):
    result = process(
        "trace", "--from", "0711223344", "--to", "102", "--format", "json", env={"PYTHONIOENCODING": "ascii"}
    )

    assert "Secrétariat" in result.stdout
    assert json.loads(result.stdout)["outcome"]["kind"] == "ring"


@pytest.mark.skipif(os.name == "nt", reason="arguments are text there")
def test_an_argument_that_is_no_text_is_told_all_the_same(cabinet):
    for form in ("text", "json"):
        result = process("trace", "--from", b"06\xff12", "--to", "102", "--format", form)

        assert (result.returncode, result.stderr) == (0, "")
        told = json.loads(result.stdout)["call"]["presented"] if form == "json" else result.stdout
        assert "06\udcff12" == told if form == "json" else "présenté 06\ufffd12, séparateurs" in told


def test_messages_do_not_fail_on_a_terminal_without_accents(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    result = process("check", "bad.pol", env={"PYTHONIOENCODING": "ascii"})

    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_no_color_where_no_terminal_is(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    assert "\x1b" not in process("check", "bad.pol").stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_a_reader_that_goes_away_ends_it_quietly(cabinet):
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "policyc", "trace", "--from", "1", "--to", "102"],
            stdout=write,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    finally:
        os.close(write)

    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_an_interrupt_ends_it_quietly(here):
    os.mkfifo(here / "slow.pol")  # reading it waits until somebody writes
    running = subprocess.Popen(
        [sys.executable, "-m", "policyc", "check", "slow.pol"],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    descriptor = None
    for _ in range(200):  # opening the writing end works as soon as the process waits at the other
        time.sleep(0.05)
        try:
            descriptor = os.open(here / "slow.pol", os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError:
            continue
    assert descriptor is not None
    time.sleep(0.3)  # Python loses a signal that comes between its last look for one and its read
    running.send_signal(signal.SIGINT)
    _, messages = running.communicate(timeout=20)
    os.close(descriptor)

    assert running.returncode == 130
    assert "Traceback" not in messages
    assert "Interrompu" in messages


def test_a_bug_asks_to_be_reported(cabinet, monkeypatch, capsys):
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(api, "examine_workspace", fails)

    assert cli.run(["check", "cabinet.pol"]) == 1
    assert "Merci de la signaler" in capsys.readouterr().err


HEAVY = ("lark", "jinja2", "jsonschema", "rich", "phonenumbers", "holidays", "httpx", "click")
HEAVY += ("policyc.api", "policyc.syntax")


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import policyc", ()),
        ("from policyc import cli; cli.run(['--version'])", ("click",)),
        ("from policyc import cli; cli.run(['check', '--help'])", ("click",)),
        (
            "from policyc import cli; cli.run(['check', 'p.pol'])",
            ("click", "lark", "policyc.api", "policyc.syntax"),
        ),
    ],
)
def test_what_is_heavy_is_loaded_where_it_is_needed(here, code, allowed):
    (here / "p.pol").write_text("poste 101 Anne messagerie\npour Anne\n  depuis 06* vers messagerie\n")

    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint([one for one in {HEAVY!r} if one in sys.modules])"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    ).stdout.splitlines()[-1]

    assert [one for one in HEAVY if f"'{one}'" in told and one not in allowed] == []


# -- the library -------------------------------------------------------------------------------------------------------


def test_load_text_and_events():
    policy = policyc.load_text(POLICY)
    call = policyc.call_from("+33711223344", "102", datetime(2026, 11, 23, 10))

    assert policyc.events(policy, call, {"103": "busy"}) == "ring 103 20s > busy"
    assert policyc.evaluate.evaluate(policy, call).kind == "ring"


def test_a_policy_with_errors_raises_with_its_diagnostics():
    with pytest.raises(policyc.PolicyError, match=r"PC303 p\.pol:3; PC202 p\.pol:4") as caught:
        policyc.load_text(BAD, "p.pol")

    assert [one.code for one in caught.value.diagnostics] == ["PC303", "PC202"]


def test_load_check_and_compile_of_files(cabinet):
    policy = policyc.load("cabinet.pol")

    assert policyc.check(cabinet / "cabinet.pol") == policyc.check(policy) == ()
    compiled = policyc.compile(policy, targets=["asterisk"])
    assert compiled == policyc.compile(["cabinet.pol"], targets=["asterisk"])
    assert "policyc.conf" in compiled.files["asterisk"]
    assert not compiled.has_errors


def test_settings_given_go_before_those_of_the_file(cabinet):
    (cabinet / "policyc.toml").write_text('[targets.asterisk]\nexternal_channel = "PJSIP/{e164}@file"\n')

    def text(**given: object) -> str:
        return policyc.compile("cabinet.pol", **given).files["asterisk"]["policyc.conf"]

    assert "@file" in text()
    assert "@given" in text(settings={"asterisk": {"external_channel": "PJSIP/{number}@given"}})


def test_compile_of_a_policy_with_errors_has_no_files(here):
    (here / "bad.pol").write_text(BAD, encoding="utf-8")

    compiled = policyc.compile("bad.pol")

    assert (compiled.files, compiled.has_errors) == ({}, True)


def test_check_warns_of_rules_that_ended(here):
    policy = policyc.load_text(ENDED)

    assert policyc.check(policy) == ()
    assert [one.code for one in policyc.check(policy, today=date(2026, 3, 1))] == ["PC309"]


def test_every_public_name_is_there():
    for name in policyc.__all__:
        assert getattr(policyc, name) is not None
    assert set(policyc.__all__) <= set(dir(policyc))
    with pytest.raises(AttributeError):
        policyc.zut  # noqa: B018
