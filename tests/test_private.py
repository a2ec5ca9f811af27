"""Private folders: directories of extensions are read from them, nothing else is, and mistakes in them show nothing."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import test_docs
from click.testing import CliRunner

from policyc import api, cli, config, project, workspace
from policyc.files import MemoryFiles, OutsideProjectError, PrivateFolders

ROOT = Path(__file__).resolve().parents[1]
POLICY = 'annuaire "{}"\npour Martin\n  depuis 06* vers mobile\n'
STAFF = "numero,nom,mobile\n102,Martin,06 39 98 00 02\n"
MOBILE = "0639980002"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project, which is the current folder, beside a private folder with a directory and one that is not named."""
    for name in ("projet", "prive", "autre"):
        (tmp_path / name).mkdir()
    for name in ("prive", "autre"):
        (tmp_path / name / "postes.csv").write_text(STAFF)
    (tmp_path / "projet" / "policyc.toml").write_text('[policy]\nprivate_directories = ["../prive"]\n')
    monkeypatch.chdir(tmp_path / "projet")
    return tmp_path


def examined(place, directory, settings=None):
    """Examine a project whose policy names a directory."""
    (place / "projet" / "p.pol").write_text(POLICY.format(directory), encoding="utf-8")
    if settings is not None:
        (place / "projet" / "policyc.toml").write_text(settings, encoding="utf-8")
    return api.examine_workspace(workspace.find([place / "projet" / "p.pol"]))


def codes(checked):
    return [one.code for one in checked.diagnostics]


def run(*arguments, language="fr"):
    return CliRunner().invoke(cli.commands(language), list(arguments), prog_name="policyc")


# -- what is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directory", ["../prive/postes.csv", "..\\prive\\postes.csv", "./x/../../prive/./postes.csv"])
def test_a_directory_of_a_private_folder_is_read(place, directory):
    checked = examined(place, directory)

    assert codes(checked) == []
    assert checked.policy.extensions["102"].mobile == MOBILE


def test_folders_and_files_may_be_named_by_whole_paths(place):
    settings = f'[policy]\nprivate_directories = ["{(place / "prive").as_posix()}/"]\n'

    assert codes(examined(place, (place / "prive" / "postes.csv").as_posix(), settings)) == []
    assert codes(examined(place, "../prive/postes.csv", settings)) == []


def test_folders_are_relative_to_the_settings_and_files_to_what_names_them(place, monkeypatch):
    inner = place / "projet" / "regles"
    inner.mkdir()
    (place / "projet" / "p.pol").write_text('inclure "regles/*.pol"\n')
    (inner / "a.pol").write_text(POLICY.format("../../prive/postes.csv"))
    monkeypatch.chdir(place)

    assert codes(api.examine_workspace(workspace.find(["projet/p.pol"]))) == []


def test_a_folder_inside_the_project_may_be_private(place):
    """One that git ignores: it is read from disk whatever revision of the project is looked at."""
    (place / "projet" / "prive").mkdir()
    (place / "projet" / "prive" / "postes.csv").write_text(STAFF)
    examined(place, "prive/postes.csv", '[policy]\nprivate_directories = ["prive"]\n')
    revision = MemoryFiles({"p.pol": POLICY.format("prive/postes.csv")})

    program, problems = project.load(revision, ["p.pol"], workspace.find([]).private)

    assert problems == ()
    assert MOBILE in {one.mobile.text for one in program.statements if getattr(one, "mobile", None)}


def test_files_of_another_time_have_the_private_folders_of_then(place):
    """What `diff --git` needs: files and settings of a revision, private folders of the disk."""
    old = MemoryFiles(
        {
            "p.pol": POLICY.format("../autre/postes.csv"),
            "policyc.toml": '[policy]\nprivate_directories = ["../autre"]\n',
        }
    )
    now = workspace.find([])
    then = replace(now, config=config.load(old)[0])

    assert codes(api.examine(old, ["p.pol"], private=then.private)) == []
    assert codes(api.examine(old, ["p.pol"], private=now.private)) == ["PC003"]


def test_a_revision_of_git_is_told_with_the_private_folders_of_today(place, monkeypatch):
    """They are in no revision: what is compared is the policy, with the same directory on both sides."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    examined(place, "../prive/postes.csv")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for arguments in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "--message", "a")):
        subprocess.run(["git", *arguments], cwd=place / "projet", check=True)
    (place / "prive" / "postes.csv").write_text(STAFF.replace("00 02", "00 03"))

    same = run("diff", "--git", "HEAD", "--exit-code")
    (place / "projet" / "p.pol").write_text(POLICY.format("../prive/postes.csv").replace("06*", "07*"))
    changed = run("diff", "--git", "HEAD", "--exit-code", "--redact")

    assert same.exit_code == 0, same.output
    assert changed.exit_code == 3, changed.output
    assert "639980003" not in "".join(changed.output.split())


# -- what is not -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "directory",
    [
        "../autre/postes.csv",
        "../prive/../autre/postes.csv",
        "../prive2/postes.csv",
        "../privé/postes.csv",
        "..",
        "../",
        "/etc/passwd",
        "//etc/passwd",
        "~/prive/postes.csv",
        "\\\\serveur\\prive\\postes.csv",
        "C:\\prive\\postes.csv",
        "c:postes.csv",
    ],
)
def test_what_is_in_no_private_folder_is_refused_and_the_setting_is_named(place, directory):
    (place / "prive2").mkdir()
    (place / "prive2" / "postes.csv").write_text(STAFF)

    (found,) = examined(place, directory).diagnostics

    assert (found.code, found.primary.text) == ("PC003", f'"{directory}"')
    assert "private_directories" in run("check", "p.pol").stderr


def test_what_has_no_place_is_in_no_private_folder_either(place):
    settings = '[policy]\nprivate_directories = [".."]\n'
    for directory in ("~/postes.csv", "C:/postes.csv", "\\\\serveur\\postes.csv"):
        assert codes(examined(place, directory, settings)) == ["PC003"]


def test_only_directories_are_read_from_there(place):
    (place / "prive" / "r.pol").write_text("poste 101 A\n")
    for written in ("../prive/r.pol", "../prive/*.pol", (place / "prive" / "r.pol").as_posix()):
        (place / "projet" / "p.pol").write_text(f'inclure "{written}"\n')

        assert [one.code for one in api.check("p.pol")] == ["PC003"]


def test_without_the_setting_nothing_is_read_from_outside(place):
    assert codes(examined(place, "../prive/postes.csv", "")) == ["PC003"]


def test_links_are_worth_where_they_lead(place):
    outside, project_, private = place / "autre" / "postes.csv", place / "projet", place / "prive"
    (private / "dehors.csv").symlink_to(outside)
    (private / "dedans.csv").symlink_to(private / "postes.csv")
    (project_ / "lien.csv").symlink_to(private / "postes.csv")
    (place / "detour").symlink_to(private)

    assert codes(examined(place, "../prive/dehors.csv")) == ["PC003"]
    assert codes(examined(place, "../prive/dedans.csv")) == []
    assert codes(examined(place, "../detour/postes.csv")) == []
    assert codes(examined(place, "lien.csv")) == ["PC003"]  # the policy itself must say that it looks there
    assert codes(examined(place, "../detour/postes.csv", '[policy]\nprivate_directories = ["../detour"]\n')) == []


@pytest.mark.parametrize(
    ("directory", "case"), [("../prive/absent.csv", "absent"), ("../prive", "folder"), ("../manque/x.csv", "absent")]
)
def test_what_cannot_be_read_is_told(place, directory, case):
    (found,) = examined(place, directory, '[policy]\nprivate_directories = ["../prive", "../manque"]\n').diagnostics

    assert (found.code, found.args["case"], found.args["path"]) == ("PC001", case, directory)


def test_the_folders_themselves(tmp_path):
    private = PrivateFolders(tmp_path / "projet", (tmp_path / "prive",))
    with pytest.raises(OutsideProjectError):
        private.read("../autre/x.csv")
    with pytest.raises(FileNotFoundError):
        private.read("../prive/x.csv")

    assert private.hold("../prive/x.csv")
    assert not private.hold("../prive2/x.csv")


@pytest.mark.parametrize("value", ["~/prive", "~", "a\\u0000b", "a\\nb"])
def test_a_folder_that_is_none_is_an_error_of_the_settings(value):
    settings, (found,) = config.load(MemoryFiles({"policyc.toml": f'[policy]\nprivate_directories = ["{value}"]\n'}))

    assert (found.code, found.args["reason"], found.primary.line) == ("PC006", "private-directory", 2)
    assert settings.private == ()


# -- what is shown -----------------------------------------------------------------------------------------------------

# Each mistake that a line of a directory can have, next to a mobile. `06399800029` is too long for one.
WRONG = {
    "value": "numero,nom,mobile,sonne\n102,Martin,0639980002,dix\n",
    "mobile": "numero,nom,mobile\n102,Martin,06 39 98 00 02 ou 0639980003\n",
    "no number": "numero,nom,mobile\n102,Martin,063998000\n",
    "too long": "numero,nom,mobile\n102,Martin,06399800029\n",
    "twice": "numero,nom,mobile\n102,Martin,0639980002\n102,Martin,0639980002\n",
    "no headers": "0639980002;102\n",
    "cells": "numero,nom\n102,Martin,0639980002\n",
    "quotes": 'numero,nom,mobile\n102,Martin,"0639980002\n',
    "not utf-8": b"numero,nom,mobile\n102,Martin\xe9,0639980002\n",
    "not nfc": "numero,nom,mobile\n102,Andr\u0065\u0301,0639980002\n",
    "no mailbox": "numero,nom,mobile\n102,Martin,0639980002\n",
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_in_a_private_file_shows_where_and_never_what(place, case, language):
    text = WRONG[case]
    (place / "prive" / "postes.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    rule = "depuis 06* vers messagerie" if case == "no mailbox" else "depuis 06* vers occupé"
    (place / "projet" / "p.pol").write_text(f'annuaire "../prive/postes.csv"\npour 102\n  {rule}\n')

    said = run("check", "p.pol", language=language)
    data = run("check", "p.pol", "--format", "json", language=language).stdout

    assert said.exit_code == (case != "not nfc")
    assert "../prive/postes.csv:" in said.stderr
    assert "06399" not in "".join((said.stderr + data).split())
    assert "../prive/postes.csv" in {label["file"] for one in json.loads(data) for label in one["labels"]}


def test_a_mistake_of_the_projects_own_directory_is_shown_as_ever(place):
    (place / "projet" / "postes.csv").write_text(WRONG["mobile"])
    examined(place, "postes.csv")

    assert "06 39 98 00 02 ou 0639980003" in run("check", "p.pol").stderr


def test_paths_are_shown_from_the_current_folder(place, monkeypatch):
    (place / "prive" / "postes.csv").write_text(WRONG["value"])
    examined(place, "../prive/postes.csv")
    monkeypatch.chdir(place)

    assert "prive/postes.csv:2:23" in run("check", "projet/p.pol").stderr


def test_the_files_of_a_pbx_hold_the_mobiles(place):
    examined(place, "../prive/postes.csv")

    assert run("compile", "p.pol", "--target", "asterisk").exit_code == 0
    assert MOBILE in (place / "projet" / "build" / "asterisk" / "policyc.conf").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", WRONG)
def test_repairs_never_touch_a_private_file(place, case):
    text = WRONG[case].encode() if isinstance(WRONG[case], str) else WRONG[case]
    (place / "prive" / "postes.csv").write_bytes(text)
    examined(place, "../prive/postes.csv")

    assert run("check", "p.pol", "--fix", "--unsafe-fixes").exit_code != 2
    assert run("fmt").exit_code == 0

    assert (place / "prive" / "postes.csv").read_bytes() == text


# -- the page that tells about it --------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "annuaire-prive.md"


@pytest.mark.parametrize("block", test_docs.blocks(PAGE, "console"), ids=lambda block: block.place)
def test_a_command_of_the_page_prints_what_is_shown(block, tmp_path, monkeypatch, capsys):
    for language in ("toml", "policyc", "csv"):
        for other in test_docs.blocks(PAGE, language):
            if "faute" not in other.words or "faute" in block.words:
                (tmp_path / other.words[1]).parent.mkdir(exist_ok=True)
                (tmp_path / other.words[1]).write_text(other.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "telephonie")
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    command, shown = block.text.split("\n", 1)

    cli.run(command.split()[2:])

    captured = capsys.readouterr()
    printed = (captured.out + captured.err).replace("\u00a0", " ").replace("\u202f", " ")
    assert test_docs.excerpt(shown).fullmatch(printed), printed
