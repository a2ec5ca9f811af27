"""The documentation keeps its word: its policies compile, its tests hold, its mistakes are found."""

import json
import re
import shlex
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from policyc import api, cli, config, holidays_fr, numbering, syntax, targets, testing
from policyc.files import MemoryFiles
from policyc.source import fold

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
LANGUAGE = ROOT / "docs" / "langage.md"
# Lines that stand inside a block: a fragment that starts with one gets the block opened for it.
_OPENERS = {"depuis": 'pour "Dr Martin"', "appel": 'test "…"'}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: where it starts, what follows the name of its language, and its text."""

    place: str
    words: tuple[str, ...]
    text: str


def blocks(page, language):
    """Return the fenced blocks of a language."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(f"{page.name}:{text.count(chr(10), 0, found.start()) + 1}", tuple(found[1].split()), found[2])
        for found in re.finditer(rf"^```{language}\b([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


PREAMBLE = next(block.text for block in blocks(LANGUAGE, "policyc") if "preambule" in block.words)
PAGES = [README, *sorted(ROOT.glob("docs/*.md"))]
# Those in a named file are there to be wrong; what is said of them is compared below.
POLICIES = [block for page in PAGES for block in blocks(page, "policyc") if "fichier" not in block.words]


def examined(block):
    """Check the policy of a block; a fragment stands behind the preamble."""
    text = block.text
    if "fragment" in block.words or "erreur" in block.words:
        text = f"{PREAMBLE}\n{_OPENERS.get(text.split()[0], '')}\n{text}"
    return api.examine(MemoryFiles({"doc.pol": text}), ["doc.pol"], date(2026, 11, 23))


@pytest.mark.parametrize("block", POLICIES, ids=lambda block: block.place)
def test_a_policy_of_the_documentation(block):
    checked = examined(block)

    expected = sorted(word for word in block.words if word.startswith("PC"))
    assert ("erreur" in block.words) is bool(expected)
    assert expected == sorted(one.code for one in checked.diagnostics)
    if not expected:
        assert [] == [verdict.stated.span.place for verdict in testing.run(checked.policy) if not verdict.passed]


def test_every_word_is_listed():
    page = LANGUAGE.read_text(encoding="utf-8")
    listed = page.partition("Les voici tous :")[2].partition("`poste` et")[0]

    assert {fold(word) for word in re.findall(r"[\w']+", listed)} == set(syntax.keywords())


def test_canonical_forms_are_as_the_table_says():
    page = LANGUAGE.read_text(encoding="utf-8")
    table = page.partition("### Forme canonique de l'appelant")[2].partition("Dans l'ordre")[0]
    checked = 0
    for presented, canonical in re.findall(r"^\| (.*?) \| (.*?) \|$", table, re.MULTILINE):
        for shown in re.findall("`([^`]*)`", presented):
            caller = numbering.canonical(numbering.Kind.EXTERNAL, shown)
            if canonical == "eux-mêmes":
                expected = shown
            else:
                expected = None if canonical == "appelant anonyme" else canonical.strip("`")

            assert expected == caller.number
            checked += 1

    assert checked > 15


def test_every_region_of_holidays_is_told():
    page = LANGUAGE.read_text(encoding="utf-8")

    assert [] == [name for name, _ in holidays_fr.REGIONS.values() if f"| `{name}`" not in page]


def test_the_date_of_the_numbering_data_is_told():
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
    year, month = numbering.plan_date().split("-")

    assert f"Données de {months[int(month) - 1]} {year}" in LANGUAGE.read_text(encoding="utf-8")


def test_every_prefix_of_the_built_in_lists_is_told():
    """Prefixes are told one by one or as "09475 à 09479"."""
    page = LANGUAGE.read_text(encoding="utf-8")
    table = page.partition("### Listes fournies")[2].partition("```")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    for name, numbers in numbering.builtin_lists().values():
        if fold(name) == "etranger":
            continue
        told = re.sub(
            r"(\d+) à (\d+)",
            lambda found: " ".join(str(one).zfill(len(found[1])) for one in range(int(found[1]), int(found[2]) + 1)),
            rows[name].partition("(")[0],
        )
        prefixes = re.findall(r"\d+", told)

        assert numbers is numbering.digits.union(numbering.prefix(one) for one in prefixes)


# -- what the README shows ---------------------------------------------------------------------------------------

MARTIN = blocks(README, "policyc")[0].text


def excerpt(text):
    """Return a pattern for an excerpt, in which `…` alone on a line, or within one, leaves something out."""
    lines = []
    for line in text.rstrip("\n").split("\n"):
        lines.append("(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n")
    return re.compile("".join(lines))


@pytest.mark.parametrize(
    ("language", "target", "file"),
    [
        ("asterisk", "asterisk", "policyc.conf"),
        ("xml", "freeswitch", "policyc.xml"),
        ("json", "3cx", "policyc-3cx.json"),
    ],
)
def test_what_the_readme_shows_of_a_target_is_true(language, target, file):
    checked = api.examine(MemoryFiles({"martin.pol": MARTIN}), ["martin.pol"])
    produced = api.render(checked, [target], {}).files[target][file]
    [shown] = blocks(README, language)

    assert excerpt(shown.text).search(produced), produced


@pytest.mark.parametrize("block", blocks(README, "console"), ids=lambda block: block.place)
def test_a_command_of_the_readme_prints_what_is_shown(block, tmp_path, monkeypatch, capsys):
    (tmp_path / "martin.pol").write_text(MARTIN, encoding="utf-8")
    for other in blocks(README, "policyc"):
        if "fichier" in other.words:
            (tmp_path / other.words[-1]).write_text(other.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    command, shown = block.text.split("\n", 1)
    prompt, program, *arguments = shlex.split(command)
    assert ["$", "policyc"] == [prompt, program]
    if arguments[0] == "verify":  # what the command before it wrote
        cli.run(["compile", "martin.pol", "--no-verify"])
        capsys.readouterr()

    cli.run(arguments)

    captured = capsys.readouterr()
    printed = re.sub("[\u00a0\u202f]", " ", captured.out + captured.err)
    assert excerpt(shown).fullmatch(printed), printed


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README.read_text(encoding="utf-8").partition("## Dépendances")[2].partition("## ")[0]

    needed = {re.match(r"[\w-]+", one)[0] for one in project["dependencies"]}
    assert needed == set(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE))


# -- what the page on Asterisk says ------------------------------------------------------------------------------


TARGETS = sorted(targets.names())


@pytest.mark.parametrize("target", TARGETS)
def test_every_setting_is_told_with_its_default(target):
    page = (ROOT / "docs" / f"{target}.md").read_text(encoding="utf-8")
    table = page.partition(f"| `[targets.{target}]`")[2].partition("\n\n")[0]
    told = {name: json.loads(value) for name, value in re.findall(r"^\| `(\w+)` \| `(.*?)` \|", table, re.MULTILINE)}
    defaults = config.defaults().settings[target]

    assert {name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()} == told


@pytest.mark.parametrize(
    ("target", "file", "context"),
    [
        ("asterisk", "policyc.conf", r"^\[(policyc-[a-z]+)\]"),
        ("freeswitch", "policyc.xml", r'<context name="(policyc-[a-z]+)"'),
    ],
)
def test_every_context_and_prompt_is_told(target, file, context):
    page = (ROOT / "docs" / f"{target}.md").read_text(encoding="utf-8")
    policy = api.load(ROOT / "examples" / "cabinet" / "cabinet.pol")
    files = api.compile(policy, targets=[target]).files[target]
    contexts = re.findall(context, files[file], re.MULTILINE)

    assert len(contexts) > 5
    assert [] == [name for name in contexts if f"`{name}`" not in page]
    assert [] == [line for line in files["policyc-sounds.txt"].split("\n") if line.partition(":")[0] not in page]
    assert [] == [name for name in files if f"`{name}`" not in page]


SETTINGS = [block for page in PAGES for block in blocks(page, "toml") if "[targets." in block.text]


@pytest.mark.parametrize("block", SETTINGS, ids=lambda block: block.place)
def test_settings_that_are_shown_are_good(block):
    assert () == config.load(MemoryFiles({"policyc.toml": block.text}))[1]


def test_every_module_has_its_place_on_the_architecture_page():
    """A page that forgets modules is not true any more."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = [path for path in (ROOT / "policyc").glob("*.py") if not path.name.startswith("__")]
    # What carries positions, words and data, and needs no explanation.
    small = {"source.py", "resources.py"}

    assert set() == {path.name for path in modules if f"{path.name}" not in page} - small
