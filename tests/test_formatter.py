"""The canonical layout: what it looks like, and that it never changes what a policy says."""

from __future__ import annotations

import os
import random
import re
import stat
import unicodedata
from dataclasses import fields, is_dataclass
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from judge import differential
from judge.generate import generate
from judge.seeds import chosen, few
from scrambling import scramble
from strategies import grammar, lines, numbers

import policyc
from policyc import cli, lexer, syntax
from policyc.files import MemoryFiles
from policyc.formatting import UnfaithfulError, format_data, format_files, formatter, tokens
from policyc.formatting.changes import unified
from policyc.project import read_source
from policyc.source import SourceFile, Span, plain
from policyc.syntax import shapes

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "cases" / "format"
CASES = sorted(path for path in FOLDER.glob("*.pol") if not path.name.endswith(".formatted.pol"))
# What people start from: the examples, and what `policyc init` writes.
EXAMPLES = sorted((*(ROOT / "examples").rglob("*.pol"), *(ROOT / "policyc" / "starter").rglob("*.pol")))
SEEDS = few(chosen(0, 39), 8)


def formatted(text):
    """Return the canonical text, from which formatting must change nothing more."""
    found = policyc.format_text(text)

    assert found == policyc.format_text(found)
    return found


def said(text):
    """Return what a text says, by another way than the formatter's own proof: its tree without places, its comments."""

    def bare(node):
        if isinstance(node, Span):
            return None
        if isinstance(node, tuple):
            return tuple(map(bare, node))
        if is_dataclass(node):
            return type(node).__name__, *(bare(getattr(node, one.name)) for one in fields(node))
        return node

    source, _ = read_source("p.pol", text.encode())
    tree, problems = syntax.parse(source)

    assert [] == [one for one in problems if one.is_error]
    comments = [(one.text, one.alone, statements_before(tree, one)) for one in tree.comments]
    return bare(tree.statements), comments


def statements_before(tree, comment):
    """Return how many lines of the language start above a comment or on its line."""
    above = tree.source.text[: comment.span.start].split("\n")
    return sum(not line.lstrip(" ,").startswith("#") and line.strip(" ,") != "" for line in above)


# -- what it looks like ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_policy_is_laid_out_as_its_golden(case, golden):
    data = case.read_bytes()
    found = format_data(case.name, data)

    assert () == found.diagnostics
    golden(case.with_suffix(".formatted.pol"), found.text)
    assert said(data.decode()) == said(found.text)


def test_every_golden_has_its_case():
    assert {case.with_suffix(".formatted.pol") for case in CASES} | set(CASES) == set(FOLDER.iterdir())


def names_of(tree):
    if isinstance(tree, tuple):
        yield tree[0]
        for child in tree[1]:
            yield from names_of(child)


def test_the_cases_show_every_form_of_the_language():
    forms, words = set(), set()
    for case in CASES:
        source, _ = read_source(case.name, case.read_bytes())
        for line in lexer.lex(source, syntax.keywords()):
            if line.tokens:
                words |= {token.type for token in line.tokens}
                forms |= set(names_of(shapes.shape_of(shapes.types_of(line.tokens)).tree))
    rules = {str(rule.alias or rule.origin.name) for rule in grammar().rules}

    assert set() == {name for name in rules if not name.startswith("_")} - forms - {"line"}
    assert set() == {terminal.name for terminal in grammar().terminals} - words


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_examples_are_in_their_canonical_layout(path):
    assert path.read_text(encoding="utf-8") == policyc.format_text(path.read_text(encoding="utf-8"), path.name)


def test_the_page_shows_what_is_done():
    page = (ROOT / "docs" / "mise-en-forme.md").read_text(encoding="utf-8")
    before, after = (
        re.search(rf"^```policyc {word}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1] for word in ("avant", "apres")
    )

    assert after == formatted(before)


def test_an_empty_file_stays_empty():
    assert formatted("") == formatted("\n\n") == formatted("\ufeff") == formatted(" \n ,\n") == ""


def test_the_ends_of_lines_and_accents_of_other_systems_are_put_right():
    text = 'politique "Été"  # l’été\n\npour tous\n  depuis * vers occupé\n'
    for other in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text, text + "\n\n", text.rstrip()):
        assert text == formatted(other) == formatted(unicodedata.normalize("NFD", other))


def test_a_comment_at_the_end_of_a_block_stays_where_its_indentation_puts_it():
    block = "pour 100\n  depuis * vers occupé\n"
    above_the_next = block + "# le suivant\n" + block
    still_of_it = block + "    # une règle d'avant\n" + block

    assert block + "\n# le suivant\n" + block == formatted(above_the_next)
    assert block + "  # une règle d'avant\n\n" + block == formatted(still_of_it)
    assert block + "  # dernier\n" == formatted(block + " # dernier")
    assert block + "\n# dernier\n" == formatted(block + "# dernier")


# -- what a change of a line changes -----------------------------------------------------------------------------------


def changed_lines(before, after):
    diff = [line for line in unified(before, after, "p.pol") if not line.startswith(("---", "+++", "@@"))]
    return [line for line in diff if line[0] != " "]


RULES = """\
pour 100
  depuis 06* vers occupé  # un
  depuis 07* vers messagerie  # deux
  depuis 08* vers sonnerie

test "t"
  appel de 06 12 34 56 78 pour 100 donne occupé  # un
  appel de 07 12 34 56 78 pour 100 donne messagerie 100  # deux

garantie "g"
  depuis 06* pour 100 donne occupé  # un
  depuis 07* pour 100 donne messagerie 100  # deux
"""


@pytest.mark.parametrize("number", [number for number, line in enumerate(RULES.split("\n")) if "depuis" in line])
def test_a_changed_rule_changes_no_other_line(number):
    """Reviews look at what changed: that a neighbour moved to the right is no change."""
    every = RULES.split("\n")
    every[number] = every[number].replace("depuis ", "depuis 01 42 68* 02*, ") + " # plus long"
    after = formatted("\n".join(every))

    assert RULES == formatted(RULES)
    assert 2 == len(changed_lines(RULES, after))


def test_a_new_declaration_moves_only_those_it_stands_with():
    """Declarations are a table; a blank line, or a comment, parts two of them."""
    text = "poste 1 A   messagerie\n\nposte 2 B   messagerie\n# ici\nposte 3 C   messagerie\n"
    after = formatted(text + 'poste 4 "Un nom plus long" messagerie\n')

    assert text == formatted(text)
    assert ["-poste 3 C   messagerie\n", "+poste 3 C                    messagerie\n"] == changed_lines(text, after)[:2]
    assert 3 == len(changed_lines(text, after))


# -- that it says the same ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_policy_says_the_same(seed):
    case = generate(seed)
    text = formatted(case.text)
    calls = [one.call for one in case.calls]

    assert said(case.text) == said(text)
    assert differential.run_policyc(case.text, calls) == differential.run_policyc(text, calls)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_layout_is_put_right(seed):
    rng = random.Random(seed)
    text = formatted(generate(seed, calls=0).text)
    for _ in range(5):
        scrambled = scramble(text, rng)

        assert text == policyc.format_text(scrambled), scrambled


@pytest.mark.parametrize("path", few([*EXAMPLES, *CASES], 6), ids=lambda path: path.stem)
def test_a_bad_layout_of_what_people_wrote_is_put_right(path):
    text = policyc.format_text(path.read_text(encoding="utf-8"))
    for seed in range(20):
        scrambled = scramble(text, random.Random(seed))

        assert text == policyc.format_text(scrambled), scrambled


def test_scrambling_really_spoils_the_layout():
    """What comes back unchanged from a scrambler that changes nothing would prove nothing."""
    text = policyc.format_text((ROOT / "examples" / "cabinet" / "cabinet.pol").read_text(encoding="utf-8"))
    scrambled = "".join(scramble(text, random.Random(seed)) for seed in range(5))
    kept = sum(line in text.split("\n") for line in scrambled.split("\n") if "depuis" in line)

    assert 0.1 > kept / scrambled.count("depuis")
    assert [] == [
        sign for sign in ("\t", "\u00a0", "«\u00a0", "“", "\r\n", " s", "DEPUIS", "–") if sign not in scrambled
    ]
    assert re.search(r"\d/\d+/\d{4}", scrambled)
    assert re.search(r"\dh", scrambled)


@given(st.lists(lines(), max_size=8))
def test_any_lines_of_the_grammar_say_the_same(drawn):
    opener = {
        "list_line": "liste X\n",
        "hours_line": "horaires X\n",
        "rule": "pour X\n",
        "call": 'test "X"\n',
        "assertion": 'garantie "X"\n',
    }
    body = {
        "list": "06*",
        "hours": "lundi 9h-10h",
        "own_block": "depuis * vers occupé",
        "all_block": "depuis * vers occupé",
    }
    body |= {"test": "appel de 1 pour X donne occupé", "guarantee": "depuis * pour X donne occupé"}
    text = ""
    for types, line in drawn:
        rule = shapes.shape_of(types).rule
        text += f"{opener.get(rule, '')}{line}\n{body.get(rule, '')}\n"
    found = format_data("p.pol", text.encode())
    if found.text is None:  # an hour or a setting too many: only what can be read is formatted
        assert found.diagnostics
    else:
        assert said(text) == said(found.text)


BITS = (
    *'"«»“”,#*=-.:/',
    " ",
    "\n",
    "..",
    "0",
    "06",
    "+33 ",
    "(0)",
    "s",
    "h",
    "\u0301",
    "\u00a0",
    "\u2028",
    "sauf ",
    '"a"',
)


@given(st.data())
def test_a_slip_of_the_hand_is_told_of_or_says_the_same(data):
    text = data.draw(st.sampled_from(CASES)).read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(BITS)) + text[at + data.draw(st.integers(0, 2)) :]
    found = format_data("p.pol", text.encode())

    assert (found.text is None) is bool(found.diagnostics)
    assert found.text is None or said(text) == said(found.text)


def one_token(text):
    [line] = lexer.lex(SourceFile("p", plain(text)), syntax.keywords())
    [token] = line.tokens
    return token.type, token.value


@given(numbers(), st.sampled_from(("", "00")))
def test_numbers_are_read_back(number, sign):
    number = sign + number.removeprefix("+") if sign else number

    assert ("NUMBER", number) == one_token(tokens.number(number))
    assert ("PREFIX", number) == one_token(tokens.prefix(number))


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        *(("06 12 34 56 78", "0612345678"), ("07 00 12 34 56 78 90", "07001234567890"), ("118008", "118008")),
        *(("+33 6 12 34 56 78", "+33612345678"), ("0033 6 12 34 56 78", "0033612345678")),
        *(("+44 20 7123 4567", "+442071234567"), ("0044 20 7123 4567", "00442071234567"), ("101", "101")),
        *(("+262 692 12 34 56", "+262692123456"), ("+99912345678", "+99912345678"), ("(0)", "")),
    ],
)
def test_numbers_are_grouped_as_people_read_them(shown, value):
    assert shown == tokens.number(value)


@given(st.text(st.characters(exclude_characters='"\n\r', exclude_categories=["Cs"])))
def test_names_are_read_back(name):
    name = unicodedata.normalize("NFC", name)
    meant = ("NAME", " ".join(plain(name).split()))

    assert meant == one_token(tokens.name(f'"{name}"')) == one_token(tokens.text(f'"{name}"'))
    assert tokens.name(f'"{name}"') == tokens.name(tokens.name(f'"{name}"'))


# -- that a fault of the formatter writes nothing ----------------------------------------------------------------------


def drifting():
    """A fault that each time does more of the same."""
    times = count(2)
    return lambda text: text.replace("vers", " " * next(times) + "vers")


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ("says something else", lambda text: text.replace("06*", "07*")),
        ("says something else", lambda text: text.replace("  depuis 06* vers occupé  # un\n", "  # un\n")),
        ("other comments", lambda text: text.replace("# un", "# une")),
        (
            "other comments",
            lambda text: text.replace("  depuis 06* vers occupé  # un", "  # un\n  depuis 06* vers occupé"),
        ),
        ("no policy", lambda text: text.replace("pour 100", "pour")),
        ("otherwise", drifting()),
    ],
)
def test_a_formatter_that_changes_a_policy_is_stopped(told, fault, monkeypatch, tmp_path):
    lay_out = formatter.lay_out
    monkeypatch.setattr(formatter, "lay_out", lambda rows, text: fault(lay_out(rows, text)))
    path = tmp_path / "p.pol"
    path.write_text(RULES.replace("  ", "\t"), encoding="utf-8")
    other = tmp_path / "a.pol"
    other.write_text("poste  1  A\n", encoding="utf-8")
    before = path.read_bytes(), other.read_bytes()
    with pytest.raises(UnfaithfulError, match=told):
        format_data("p.pol", path.read_bytes())

    assert 1 == cli.run(["fmt", str(other), str(path)])
    assert before == (path.read_bytes(), other.read_bytes())


# -- the command -------------------------------------------------------------------------------------------------------

BAD = "POSTE 100 Accueil\npour 100\n  depuis  * vers occupe\n"
GOOD = "poste 100 Accueil\n\npour 100\n  depuis * vers occupé\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    return tmp_path


def run(*arguments, given=None):
    return CliRunner().invoke(cli.commands("fr"), ["fmt", *arguments], input=given, prog_name="policyc")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_files_are_rewritten_in_place(here):
    path = write(here / "p.pol", BAD)
    path.chmod(0o640)

    result = run("p.pol")

    assert (0, "") == (result.exit_code, result.stdout)
    assert GOOD == path.read_text(encoding="utf-8")
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert ["p.pol  mis en forme", "Fichiers mis en forme\u00a0: 1 sur 1"] == result.stderr.splitlines()
    assert [path] == list(here.iterdir())


def test_a_file_in_its_canonical_layout_is_not_touched(here):
    path = write(here / "p.pol", GOOD)
    os.utime(path, ns=(1, 1))

    result = run("p.pol")

    assert (0, "Fichiers mis en forme\u00a0: 0 sur 1\n") == (result.exit_code, result.stderr)
    assert 1 == path.stat().st_mtime_ns


def test_a_link_stays_a_link(here):
    path = write(here / "vrai" / "p.pol", BAD)
    link = here / "p.pol"
    link.symlink_to(Path("vrai") / "p.pol")

    assert 0 == run("p.pol").exit_code
    assert link.is_symlink()
    assert GOOD == path.read_text(encoding="utf-8")


def test_check_names_files_and_writes_nothing(here):
    write(here / "a.pol", BAD)
    write(here / "b.pol", GOOD)

    result = run("--check")

    assert (1, "") == (result.exit_code, result.stdout)
    assert ["a.pol  à mettre en forme", "Fichiers à mettre en forme\u00a0: 1 sur 2"] == result.stderr.splitlines()
    assert BAD == (here / "a.pol").read_text(encoding="utf-8")
    assert 0 == run("--check", "b.pol").exit_code


def test_diff_shows_what_would_change_and_writes_nothing(here):
    write(here / "p.pol", BAD)
    expected = (
        "--- p.pol\n+++ p.pol\n@@ -1,3 +1,4 @@\n-POSTE 100 Accueil\n+poste 100 Accueil\n+\n pour 100\n"
        "-  depuis  * vers occupe\n+  depuis * vers occupé\n"
    )
    shown, checked = run("--diff"), run("--check", "--diff")

    assert (0, expected) == (shown.exit_code, shown.stdout)
    assert (1, expected) == (checked.exit_code, checked.stdout)
    assert "p.pol  à mettre en forme" in checked.stderr
    assert BAD == (here / "p.pol").read_text(encoding="utf-8")


def test_a_diff_does_nothing_to_a_terminal_and_has_its_colours(here, monkeypatch, capsys):
    write(here / "p.pol", BAD + "# \x1b[31m\n")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    cli.run(["fmt", "--diff", "p.pol"])
    colored = capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    cli.run(["fmt", "--diff", "p.pol"])
    plain_ = capsys.readouterr().out

    assert "\x1b[31m-POSTE" in colored
    assert "\x1b[32m+poste" in colored
    assert "\x1b" not in plain_
    assert "-POSTE 100 Accueil\n" in plain_


def test_an_editor_formats_by_the_standard_streams(here):
    assert (0, GOOD) == ((result := run("-", given=BAD)).exit_code, result.stdout)
    assert (0, GOOD) == ((result := run("-", given=GOOD)).exit_code, result.stdout)
    assert (1, "") == ((result := run("-", "--check", given=BAD)).exit_code, result.stdout)
    assert (0, "") == ((result := run("-", "--check", given=GOOD)).exit_code, result.stdout)
    assert run("-", "--diff", given=BAD).stdout.startswith("--- -\n+++ -\n@@")
    assert (1, "") == ((result := run("-", given="poste 1\n")).exit_code, result.stdout)
    assert "erreur[PC101]" in result.stderr
    assert "-:1:8" in result.stderr
    assert 2 == run("-", "p.pol", given=BAD).exit_code


def test_without_files_the_policy_and_what_it_includes_are_formatted(here):
    write(here / "policyc.toml", '[policy]\nsources = ["cabinet.pol"]\n')
    write(here / "cabinet.pol", 'inclure "regles/*"\nannuaire "postes.csv"\n')
    write(here / "regles" / "a.pol", BAD + 'inclure "plus/c.pol"\n')
    write(here / "regles" / "plus" / "c.pol", BAD + 'inclure "../a.pol"\ninclure "absent.pol"\ninclure "/dehors.pol"\n')
    write(here / "regles" / "b.txt", BAD)
    write(here / "autre.pol", BAD)
    write(here / "postes.csv", "numero , nom\n101 , Anne\n")

    result = run()

    assert 0 == result.exit_code
    assert ["regles/a.pol  mis en forme", "regles/plus/c.pol  mis en forme"] == result.stderr.splitlines()[:2]
    for left in ("regles/b.txt", "autre.pol"):
        assert BAD == (here / left).read_text(encoding="utf-8")
    assert "numero , nom\n101 , Anne\n" == (here / "postes.csv").read_text(encoding="utf-8")


def test_named_files_are_formatted_alone(here):
    write(here / "cabinet.pol", 'inclure  "regles/*.pol"\n')
    write(here / "regles" / "a.pol", BAD)

    run("cabinet.pol", "cabinet.pol")

    assert 'inclure "regles/*.pol"\n' == (here / "cabinet.pol").read_text(encoding="utf-8")
    assert BAD == (here / "regles" / "a.pol").read_text(encoding="utf-8")


def test_a_file_with_errors_is_left_alone_and_told_of(here):
    write(here / "a.pol", BAD)
    wrong = write(here / "b.pol", BAD + "  depuis 06* vres messagerie\n")
    latin = here / "c.pol"
    latin.write_bytes("poste 1 Été\n".encode("latin-1"))

    result = run("a.pol", "b.pol", "c.pol", "absent.pol")

    assert 1 == result.exit_code
    assert ["PC001", "PC002", "PC101"] == sorted(re.findall(r"^erreur\[(PC\d+)\]", result.stderr, re.MULTILINE))
    assert GOOD == (here / "a.pol").read_text(encoding="utf-8")
    assert BAD + "  depuis 06* vres messagerie\n" == wrong.read_text(encoding="utf-8")
    assert "poste 1 Été\n".encode("latin-1") == latin.read_bytes()


def test_what_is_no_matter_of_layout_is_not_told(here):
    """Unknown names are for `check`; so is the spelling of a short number."""
    write(here / "p.pol", "pour Personne\n  depuis 12 Nul vers mobile\n")

    result = run("p.pol")

    assert (0, "Fichiers mis en forme\u00a0: 0 sur 1\n") == (result.exit_code, result.stderr)


def test_usage(here):
    assert 2 == run().exit_code
    write(here / "policyc.toml", "[policy]\nsources = 3\n")
    result = run()
    assert 1 == result.exit_code
    assert "erreur[PC006]" in result.stderr


def test_a_file_that_cannot_be_written_is_told(here, monkeypatch):
    def full(target, *_, **__):
        raise OSError(28, "plus de place", str(target))

    write(here / "p.pol", BAD)
    monkeypatch.setattr("policyc.output.beside", full)
    result = run("p.pol")

    assert 1 == result.exit_code
    assert re.search(r"impossible d'écrire .*/p\.pol\s: plus de place\n", result.stderr)
    assert BAD == (here / "p.pol").read_text(encoding="utf-8")


def test_the_library_raises_what_is_wrong():
    with pytest.raises(policyc.PolicyError) as raised:
        policyc.format_text("poste 1\n", "p.pol")

    assert ["PC101 p.pol:1"] == str(raised.value).split("; ")
    with pytest.raises(policyc.PolicyError):
        policyc.format_text("\ud800")


def test_included_files_are_found_once_in_memory():
    files = MemoryFiles({"a.pol": 'inclure "*.pol"\n', "b.pol": 'inclure "a.pol"\n', "c.txt": ""})

    assert ["a.pol", "b.pol"] == [path for path, _ in format_files(files, ["a.pol"], included=True)]
    assert ["a.pol"] == [path for path, _ in format_files(files, ["a.pol"], included=False)]


# -- diffs -------------------------------------------------------------------------------------------------------------


def applied(before, diff):
    """Return a text with a diff applied to it, as `patch` does."""
    old, new, at = before.splitlines(keepends=True), [], 0
    for line in re.sub(r"\n\\ No newline at end of file", "", diff).splitlines(keepends=True)[2:]:
        if head := re.fullmatch(r"@@ -(\d+),(\d+) \+(\d+),\d+ @@\n", line):
            start = int(head[1]) - (head[2] != "0")
            new += old[at:start]
            at = start
            assert int(head[3]) in (len(new), len(new) + 1)
            continue
        if line[0] in " -":
            assert old[at].rstrip("\r\n") == line[1:].rstrip("\r\n")
            at += 1
        if line[0] in " +":
            new.append(line[1:])
    return "".join(new + old[at:])


@pytest.mark.parametrize("seed", few(range(20), 5))
def test_a_diff_leads_from_one_to_the_other(seed):
    text = policyc.format_text(generate(seed, calls=0).text)
    before = scramble(text, random.Random(seed)).replace("\r\n", "\n").replace("\r", "\n")
    every = text.split("\n")
    some = "\n".join(line + " " * (random.Random(f"{seed} {at}").random() < 0.1) for at, line in enumerate(every))
    for one in (before, some):
        diff = "".join(unified(one, text, "p.pol"))

        assert text == applied(one, diff).removeprefix("\ufeff")
    assert "" == "".join(unified(text, text, "p.pol"))


def test_a_diff_shows_three_lines_around_a_change_and_no_more():
    before = "".join(f"poste {number} P{number}\n" for number in range(100, 130)).replace("112 P", "112  P")
    diff = "".join(unified(before, before.replace("112  P", "112 P"), "p.pol"))

    assert "@@ -10,7 +10,7 @@\n" in diff
    assert 11 == diff.count("\n")
    assert "\\ No newline at end of file\n" in "".join(unified("poste 1 A", "poste 1 A\n", "p.pol"))
