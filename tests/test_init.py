"""`policyc init`: a first policy that is right, in two languages of comments, and that never takes another's place."""

from __future__ import annotations

import re
from datetime import date

import pytest
from click.testing import CliRunner

from policyc import api, cli, config, lexer, resources, syntax, testing, workspace
from policyc.files import MemoryFiles
from policyc.project import read_source

LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    return tmp_path / "here"


def run(*arguments, language="fr"):
    return CliRunner().invoke(cli.commands(language), list(arguments), prog_name="policyc")


def names(folder):
    return sorted(one.name for one in folder.iterdir())


@LANGUAGES
def test_what_it_writes_is_sound_as_it_tells_to_see(here, language):
    assert run("init", language=language).exit_code == 0
    assert names(here) == [".gitignore", "policyc.toml", "politique.pol"]

    for arguments in (
        ("check", "--strict"),
        ("fmt", "--check"),
        ("test",),
        ("trace", "--from", "0639981234", "--to", "Dr Martin"),
        ("compile",),
    ):
        result = run(*arguments)

        assert result.exit_code == 0, (arguments, result.output)
    assert "asterisk, freeswitch, 3cx" in result.stderr.splitlines()[-1]  # all three are proved
    assert names(here / "build") == ["3cx", "asterisk", "freeswitch"]


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2034, 12, 31)])
def test_it_does_not_age(here, today):
    run("init")

    assert api.check([here / "politique.pol"], today=today) == ()
    assert all(verdict.passed for verdict in testing.run(api.load("politique.pol")))


def test_it_tells_what_to_do_next(here):
    told = run("init", "un cabinet").stderr

    assert "un cabinet/politique.pol\u00a0: une première politique" in told
    steps = told.partition("Ensuite\u00a0:\n")[2].splitlines()
    assert steps[:3] == ["  cd 'un cabinet'", "  policyc check", "  policyc test"]


def test_a_folder_is_made_with_those_around_it(here):
    assert run("init", "a/b").exit_code == 0
    assert names(here / "a" / "b") == [".gitignore", "policyc.toml", "politique.pol"]


@pytest.mark.parametrize("name", ["politique.pol", "policyc.toml", "autre.pol"])
def test_what_is_there_is_never_touched(here, name):
    (here / name).write_text("à moi")

    result = run("init")

    assert (result.exit_code, result.stderr) == (1, f"{name} est déjà là.\nRien n'est écrit.\n")
    assert names(here) == [name]
    assert (here / name).read_text() == "à moi"


def test_a_link_to_nothing_is_there_too(here):
    (here / "politique.pol").symlink_to(here.parent / "ailleurs")

    assert run("init").exit_code == 1
    assert names(here.parent) == ["here"]


@pytest.mark.parametrize(("content", "is_told"), [("*.log\n", True), ("build\n", False), ("x\n/build/\n", False)])
def test_what_git_ignores_already_is_left_to_its_owner(here, content, is_told):
    (here / ".gitignore").write_text(content)

    result = run("init")

    assert result.exit_code == 0
    assert (here / ".gitignore").read_text() == content
    assert ("ajoutez-y la ligne /build/" in result.stderr) is is_told


def test_a_place_where_nothing_can_be_written_is_told(here):
    (here / "fichier").write_text("")

    result = run("init", "fichier")

    assert result.exit_code == 1
    assert "impossible d'écrire fichier" in result.stderr


# -- what is in the files ----------------------------------------------------------------------------------------------


def starter(name, language):
    return resources.read_package(f"starter/{language}/{name}")


def tokens(language):
    source, _ = read_source("p.pol", starter("politique.pol", language).encode())
    return [[token.value for token in line.tokens] for line in lexer.lex(source, syntax.keywords()) if line.tokens]


def test_both_languages_have_one_policy_and_comments_of_their_own():
    assert tokens("fr") == tokens("en")
    english = starter("politique.pol", "en")
    comments = re.findall("#.*", english)
    assert len(comments) == len(re.findall("#.*", starter("politique.pol", "fr")))
    assert not set(comments) & set(re.findall("#.*", starter("politique.pol", "fr")))
    assert not [one for one in comments if re.search(" (le|la|les|un|une|est|des) ", one)]


# What the guide of exceptions can do (G14 and G15 are told in comments), as the policy shows it.
SHOWN = {
    "an extension's own": r"pour \"Dr Martin\"",
    "a number": r"depuis 06 39 98 00 20 vers",
    "every call": r"depuis \* vers",
    "mobiles": r"depuis 06\* 07\* ",
    "own mailbox": r"vers messagerie$",
    "own mobile": r"vers mobile$",
    "another extension": r"vers extension \w+$",
    "its mailbox": r"vers extension \w+ messagerie$",
    "outside": r"vers externe [0-9 ]+$",
    "system": r"vers système",
    "busy": r"vers occupé$",
    "rebound, own mobile": r"vers mobile rebond$",
    "rebound, outside": r"vers externe [0-9 ]+ rebond$",
    "internal only": r"depuis interne ",
    "external only": r" externe .*vers",
    "let ring": r"vers sonnerie$",
    "fifteen": r"# .*15 exceptions",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_the_policy_shows_what_the_guide_can_do(shown):
    assert re.search(shown, starter("politique.pol", "fr"), re.MULTILINE)


@LANGUAGES
def test_outside_numbers_are_those_reserved_for_fiction(language):
    found = re.findall(r"\b0[1-9](?: \d\d){4}\b", starter("politique.pol", language))

    assert len(found) > 5
    assert not [one for one in found if not re.match("0(1 99 00|2 61 91|3 53 01|4 65 71|5 36 49|6 39 98)", one)]


@LANGUAGES
def test_every_setting_is_shown_with_its_default(language):
    """Taking the `#` away changes nothing, and no key is left out."""
    text = starter("policyc.toml", language)
    uncommented = re.sub(r"^# (\w+ = .*)$", r"\1", text, flags=re.MULTILINE)
    settings, found = config.load(MemoryFiles({"policyc.toml": uncommented}))
    keys = set(re.findall(r"^(\w+) = ", uncommented, re.MULTILINE))
    tables = config.schema()["properties"]
    known = {*tables["policy"]["properties"]}.union(
        *(one["properties"] for one in tables["targets"]["properties"].values())
    )

    assert found == ()
    assert (settings.sources, settings.targets) == (("politique.pol",), config.defaults().targets)
    assert (settings.settings, settings.company, settings.private) == (
        config.defaults().settings,
        config.defaults().company,
        (),
    )
    assert keys == known
    assert config.load(MemoryFiles({"policyc.toml": text})) == (config.defaults(), ())


def test_the_settings_of_a_new_project_say_nothing(here):
    run("init")

    assert workspace.find([]).config == config.defaults()
