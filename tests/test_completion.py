"""Completion: what shells are told to put for a word begun, by click's own protocol and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class
from click.testing import CliRunner
from judge.seeds import few

from policyc import cli
from policyc.cli.group import COMMANDS, commands
from policyc.diagnostics import CODES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "regles").mkdir()
    (tmp_path / "vide").mkdir()
    for name in ("cabinet.pol", "mairie.pol", "notes.txt", ".cache.pol", "regles/a.pol", "deux\nlignes.pol"):
        (tmp_path / name).touch()
    return tmp_path


def completed(*words, shell="bash"):
    """Return what is told for the last word of a command line: kind, value, help."""
    completion = get_completion_class(shell)(commands(), {}, "policyc", "_POLICYC_COMPLETE")
    found = completion.get_completions(list(words[:-1]), words[-1])
    return [(one.type, one.value, one.help) for one in found]


def values(*words):
    return [value for _, value, _ in completed(*words)]


def test_commands_are_told_in_their_order_with_what_they_do(here):
    assert values("") == list(COMMANDS)
    assert completed("ch") == [("plain", "check", "Vérifie la politique sans rien écrire.")]


def test_options_and_their_choices(here):
    assert "--strict" in values("check", "--")
    assert {"text", "json"} <= set(values("check", "--format", ""))
    assert values("test", "--format", "j") == ["json", "junit"]
    assert values("check", "--lang", "") == ["fr", "en"]
    assert values("completion", "") == ["bash", "zsh", "fish"]


def test_targets(here):
    assert values("compile", "--target", "") == ["asterisk", "freeswitch", "3cx"]
    assert values("compile", "a.pol", "-t", "F") == ["freeswitch"]


def test_policies_are_files_and_folders(here):
    assert values("check", "") == ["cabinet.pol", "mairie.pol", "regles/", "vide/"]
    assert values("check", "m") == ["mairie.pol"]
    assert values("check", "cabinet.pol", "./c") == ["./cabinet.pol"]
    assert values("trace", "--to", "102", "regles/") == ["regles/a.pol"]
    assert values("check", ".") == [".cache.pol"]


def test_where_there_is_no_policy_the_shell_looks_for_folders(here):
    assert completed("check", "v") == [("dir", "v", None)]
    assert completed("check", "vide/") == [("dir", "vide/", None)]
    assert completed("check", "absent/x") == []
    assert completed("init", "") == [("dir", "", None)]
    assert completed("compile", "--out", "") == [("dir", "", None)]
    assert completed("apply", "3cx", "--from", "") == [("file", "", None)]


def test_a_home_is_looked_into_as_it_was_written(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))

    assert values("check", "~/m") == ["~/mairie.pol"]


def test_codes_of_diagnostics_have_their_names(here):
    assert completed("explain", "pc301") == [("plain", "PC301", "forward-loop")]
    assert completed("explain", "forward-l") == [("plain", "forward-loop", "PC301")]
    assert values("explain", "") == [one.id for one in CODES.values()]
    assert completed("explain", "zzz") == []


def test_help_is_in_the_language_asked_for():
    found = get_completion_class("zsh")(commands("en"), {}, "policyc", "_POLICYC_COMPLETE").get_completions([], "check")

    assert [one.help for one in found] == ["Check the policy and write nothing."]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_clicks_own(shell):
    script = CliRunner().invoke(cli.commands(), ["completion", shell], prog_name="policyc").stdout

    assert f"_POLICYC_COMPLETE={shell}_complete" in script
    assert "_policyc_completion" in script


def test_a_shell_that_is_not_known_is_bad_usage():
    assert CliRunner().invoke(cli.commands(), ["completion", "csh"]).exit_code == 2


# -- as shells do it ---------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    """A folder of programs with policyc in it, for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "policyc"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m policyc "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    "asked",
    few(
        [
            (("policyc", "check", "c"), ["cabinet.pol"]),
            (("policyc", "compl"), ["completion"]),
            (("policyc", "compile", "--target", "a"), ["asterisk"]),
            (("policyc", "explain", "PC30"), ["PC301", "PC302", "PC303"]),
            (("policyc", "check", "--stri"), ["--strict"]),
        ],
        3,
    ),
)
def test_in_a_real_bash(here, path, asked):
    words, expected = asked
    if shutil.which("bash") is None:
        pytest.skip("no bash in PATH")
    asked = " ".join(f"'{one}'" for one in words)
    script = f"""
        source <(policyc completion bash)
        complete -p policyc >&2
        COMP_WORDS=({asked}) COMP_CWORD={len(words) - 1}
        _policyc_completion policyc
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """

    # `compopt` speaks of the completion that is under way, and there is none: what it says goes nowhere.
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PATH": path, "POLICYC_LANG": "fr"},
        check=True,
    )

    assert "-F _policyc_completion policyc" in done.stderr
    assert done.stdout.splitlines()[: len(expected)] == expected


def test_it_loads_nothing_heavy(here):
    code = (
        "from policyc import cli\n"
        "import sys\n"
        "try:\n    cli.run([])\nexcept SystemExit:\n    pass\n"
        "heavy = 'lark jinja2 jsonschema rich phonenumbers holidays httpx policyc.api policyc.syntax'.split()\n"
        "print([one for one in heavy if one in sys.modules], file=sys.stderr)\n"
    )
    asked = {"_POLICYC_COMPLETE": "bash_complete", "COMP_WORDS": "policyc check ", "COMP_CWORD": "2"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **asked},
        check=True,
    )

    assert "plain,cabinet.pol" in done.stdout
    assert done.stderr == "[]\n"
