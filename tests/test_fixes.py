"""What diagnostics repair: each by a case, all by laws: no call changes, and no other byte."""

import json
import re
import subprocess
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
import test_cases
import test_docs
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from judge import differential
from judge.generate import generate
from judge.seeds import chosen as seeds
from judge.seeds import few
from test_fuzz import OTHERS, POLICY, mutated

from policyc import api, cli, fixes
from policyc.cli.patches import put_diff
from policyc.diagnostics import Diagnostic, Edit, Fix
from policyc.diff import partition
from policyc.edits import without_rule
from policyc.files import MemoryFiles
from policyc.project import read_source
from policyc.source import SourceFile, Span, plain

TODAY = date(2026, 11, 23)
HEAD = """\
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie
groupe 800 Standard
horaires bureau
  lundi-vendredi 9h-18h
"""


def examine(files):
    return api.examine(files, ["p.pol"], TODAY)


def repair(text, *, unsafe=False, **others):
    """Return a policy as fixes leave it, and what is said of it then."""
    files = MemoryFiles({"p.pol": text, **others})
    done = fixes.repair(files, examine(files), examine, unsafe=unsafe)
    return done.files.get("p.pol", files.read("p.pol")).decode(), done


# -- each code ---------------------------------------------------------------------------------------------------------

# Code, what is repaired and what it becomes, both after HEAD.
SAFE = [
    ("PC005", 'annuaire "p.csv"\nannuaire "p.csv"  # encore\n', 'annuaire "p.csv"\n'),
    (
        "PC213",
        "pour 101\n  depuis 06* vers messagerie   # ignorer PC308 : pour voir\n",
        "pour 101\n  depuis 06* vers messagerie\n",
    ),
    (
        "PC213",
        "pour 101\n  depuis 105 vers messagerie # ignorer PC308, PC212 PC313 : ancien site\n",
        "pour 101\n  depuis 105 vers messagerie # ignorer PC212 : ancien site\n",
    ),
    (
        "PC308",
        "pour 101\n  depuis 06* pendant bureau hors bureau vers occupé  # jamais\n  depuis 07* vers occupé\n",
        "pour 101\n  depuis 07* vers occupé\n",
    ),
    (
        "PC308",
        'garantie "g"\n  depuis * pendant bureau hors bureau pour 101 donne occupé\n# fin\n',
        "# fin\n",
    ),
    (
        "PC311",
        "pour 101\n  depuis 06* sauf 06* vers occupé\npour 102\n  depuis 07* vers occupé\n",
        "pour 102\n  depuis 07* vers occupé\n",
    ),
    (
        "PC313",
        "pour 101\n  depuis 06* vers messagerie\n  depuis 06 39 98 00 01 vers messagerie\n",
        "pour 101\n  depuis 06* vers messagerie\n",
    ),
    (
        "PC313",
        "pour 101\n  depuis 07* vers occupé\npour tous sauf 101 102\n  depuis 06* vers messagerie\n",
        "pour 101\n  depuis 07* vers occupé\n",
    ),
    (
        "PC317",
        "pour 101\n  depuis 06* externe vers occupé\n  depuis 07* 8* externe vers occupé\n\n  depuis 09* vers occupé\n",
        "pour 101\n  depuis 06*, 07* 8* externe vers occupé\n\n  depuis 09* vers occupé\n",
    ),
]
UNSAFE = [
    ("PC101", "pour 101\n  depuis 06* vres occupé\n", "pour 101\n  depuis 06* vers occupé\n"),
    ("PC101", "pour 101\n  depuis * occupé\n", "pour 101\n  depuis * vers occupé\n"),
    (
        "PC101",
        "pour 101\n  depuis * pendant bureau et hors bureau vers occupé\n",
        "pour 101\n  depuis * pendant bureau hors bureau vers occupé\n",
    ),
    (
        "PC101",
        "pour 101\n  depuis 06* vers occupé, depuis 07* vers messagerie\n",
        "pour 101\n  depuis 06* vers occupé\ndepuis 07* vers messagerie\n",
    ),
    ("PC101", "poste 103 Jean Paul Dupont\n", 'poste 103 "Jean Paul Dupont"\n'),
    (
        "PC106",
        "pour 101\n  depuis 0140000000-0140009999 vers occupé\n",
        "pour 101\n  depuis 0140000000..0140009999 vers occupé\n",
    ),
    ("PC109", "post 103 Accueil\n", "poste 103 Accueil\n"),
    ("PC110", "poste 103 Mobile messagerie\n", 'poste 103 "Mobile" messagerie\n'),
    ("PC201", "pour 101\n  depuis Secretarait vers occupé\n", "pour 101\n  depuis Secrétariat vers occupé\n"),
    ("PC201", "pour 101\n  depuis Martin vers occupé\n", 'pour 101\n  depuis "Dr Martin" vers occupé\n'),
    ("PC201", "pour 101\n  depuis Dr Martin vers occupé\n", 'pour 101\n  depuis "Dr Martin" vers occupé\n'),
    ("PC201", "pour 101\n  depuis 06* et 07* vers occupé\n", "pour 101\n  depuis 06* 07* vers occupé\n"),
    (
        "PC201",
        "pour 101\n  depuis 06* pandant bureau vers occupé\n",
        "pour 101\n  depuis 06* pendant bureau vers occupé\n",
    ),
    ("PC202", "pour Secretarait\n  depuis 06* vers occupé\n", "pour Secrétariat\n  depuis 06* vers occupé\n"),
    (
        "PC203",
        "pour 101\n  depuis 06* vers système Standar\n",
        "pour 101\n  depuis 06* vers système Standard\n",
    ),
    (
        "PC204",
        "pour 101\n  depuis 06* pendant bureaux vers occupé\n",
        "pour 101\n  depuis 06* pendant bureau vers occupé\n",
    ),
    (
        "PC207",
        "pour 101\n  depuis 06* vers extension Standard\n",
        "pour 101\n  depuis 06* vers système Standard\n",
    ),
    (
        "PC207",
        "pour 101\n  depuis 06* vers Système 102\n",
        "pour 101\n  depuis 06* vers extension 102\n",
    ),
    ("PC208", "fériés Guadeloup 2026..2027\n", "fériés Guadeloupe 2026..2027\n"),
    ("PC208", "fériés La Reunio 2026..2027\n", 'fériés "La Réunion" 2026..2027\n'),
    ("PC209", "fuseau Europe/Pariss\n", "fuseau Europe/Paris\n"),
    ("PC305", "pour 101\n  depuis 06* vers externe 102\n", "pour 101\n  depuis 06* vers extension 102\n"),
    ("PC305", "pour 101\n  depuis 06* vers externe 800\n", "pour 101\n  depuis 06* vers système 800\n"),
    (
        "PC309",
        "pour 101\n  depuis 06* vers occupé jusqu'au 2026-01-31\n  depuis 07* vers occupé\n",
        "pour 101\n  depuis 07* vers occupé\n",
    ),
    ("PC316", "horaires h = lundi 8h-12h 12h01-18h\n", "horaires h = lundi 8h-12h 12h-18h\n"),
    ("PC316", "horaires h = lundi 08:00-11:59 12:00-18:00\n", "horaires h = lundi 08:00-12:00 12:00-18:00\n"),
    ("PC316", "horaires h = lundi 8h - 23h59\n", "horaires h = lundi 8h - 24h\n"),
    (
        "PC316",
        "horaires h\n  lundi 18:00-23:59\n  mardi 0h01-9h\n",
        "horaires h\n  lundi 18:00-24:00\n  mardi 0h-9h\n",
    ),
]
CSV = {"p.csv": "numero,nom\n201,Paul\n"}


@pytest.mark.parametrize(("code", "before", "after"), SAFE)
def test_a_safe_fix_repairs(code, before, after):
    found = [one for one in examine(MemoryFiles({"p.pol": HEAD + before, **CSV})).diagnostics if one.fix]

    assert {code} == {one.code for one in found}
    assert all(one.fix.safe for one in found)
    text, done = repair(HEAD + before, **CSV)
    assert HEAD + after == text
    assert () == done.checked.diagnostics
    assert () == done.withheld


@pytest.mark.parametrize(("code", "before", "after"), UNSAFE)
def test_an_unsafe_fix_repairs_on_demand_only(code, before, after):
    found = [one for one in examine(MemoryFiles({"p.pol": HEAD + before})).diagnostics if one.fix]

    assert {code} == {one.code for one in found}
    assert not any(one.fix.safe for one in found)
    assert (HEAD + before, 0) == (repair(HEAD + before)[0], repair(HEAD + before)[1].applied)
    text, done = repair(HEAD + before, unsafe=True)
    assert code not in {one.code for one in done.checked.diagnostics}
    assert HEAD + after == text or code == "PC101"  # what it uncovers is repaired too


def test_an_unsafe_fix_of_syntax_does_one_thing():
    for code, before, after in UNSAFE:
        if code == "PC101":
            [found] = [one for one in examine(MemoryFiles({"p.pol": HEAD + before})).diagnostics if one.fix]

            assert HEAD + after == fixes.edited((HEAD + before).encode(), found.fix.edits).decode()


# Rewritten whole files have tests of their own below.
OF_BYTES = {"PC901"}


def test_the_page_tells_every_fix():
    page = (test_docs.ROOT / "docs" / "rapports.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ((?:`PC\d+` ?)+) \| .* \| (sûre|à relire) \|$", page, re.MULTILINE)
    codes = {code: kind for listed, kind in told for code in re.findall(r"PC\d+", listed)}

    expected = {code: "à relire" for code, *_ in UNSAFE} | {code: "sûre" for code, *_ in SAFE}
    assert expected | dict.fromkeys(OF_BYTES, "sûre") == codes


def test_every_code_that_carries_a_fix_has_a_case():
    fixed = {one.code for case in test_cases.CASES for one in test_cases.diagnose(case) if one.fix}

    assert fixed == {code for code, *_ in (*SAFE, *UNSAFE)} | OF_BYTES


@pytest.mark.parametrize("case", test_cases.CASES, ids=lambda case: case.stem)
def test_fixes_of_every_case_do_good_or_nothing(case):
    """Whatever is wrong with a policy: with safe fixes no call changes, with all there are fewer errors."""
    files = test_cases.files_of(case)

    def examined(held):
        return api.examine(held, (case.name,), TODAY)

    safe = fixes.repair(files, examined(files), examined)
    all_ = fixes.repair(files, examined(files), examined, unsafe=True)

    errors = sum(one.is_error for one in examined(files).diagnostics)
    assert () == safe.withheld
    if errors:
        assert 0 == safe.applied
    else:
        assert partition.same(examined(files).model, safe.checked.model)
        assert not any(one.fix and one.fix.safe for one in safe.checked.diagnostics)
    left = sum(one.is_error for one in all_.checked.diagnostics)
    assert left < errors if all_.applied and errors else left == errors


# -- what is not repaired ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        # Hidden by rules that do something else: it may have to go before them.
        "pour 101\n  depuis 06* vers messagerie\n  depuis 06 39 98 00 01 vers occupé\n",
        "pour 101\n  depuis 06* vers messagerie\n  depuis 07* 06 39 98 00 01 vers occupé\n",
        # Kept apart by a comment.
        "pour 101\n  depuis 06* vers messagerie\n  depuis 07* vers messagerie  # les autres\n",
        # Everyone, or whom else? Both may be meant.
        "pour 101\n  depuis VIP * vers messagerie\nliste VIP = 06*\n",
        # A line that nobody would read.
        "pour 101\n" + "".join(f"  depuis 06 39 98 0{at:03}* vers messagerie\n" for at in range(9)),
        # A prefix, or everyone.
        "pour 101\n  depuis 06 39 98 00 01 * vers messagerie\n",
        # A range, of numbers that are none.
        "pour 101\n  depuis 014-015 vers messagerie\n",
        # A keyword that would have to go, too.
        "pour 101\n  depuis 06* vers externe 102 rebond\n",
        # An `inclure` that names other files, too.
        'inclure "*.pol"\ninclure "*.pol"\n',
    ],
)
def test_what_has_two_repairs_has_no_fix(text):
    found = examine(MemoryFiles({"p.pol": HEAD + text, "q.pol": "poste 109 Luc\n"})).diagnostics

    assert [] == [one.code for one in found if one.fix]


def test_an_include_of_a_file_that_was_named_stays():
    """`check b.pol a.pol` may be followed by `check a.pol`."""
    files = MemoryFiles({"a.pol": 'inclure "b.pol"\ninclure "c.pol"\ninclure "c.pol"\n', "b.pol": "", "c.pol": ""})
    first, second = api.examine(files, ["b.pol", "a.pol"]).diagnostics

    assert ("PC005", "b.pol", None) == (first.code, first.args["path"], first.fix)
    assert ("PC005", "c.pol", True) == (second.code, second.args["path"], second.fix.safe)


def test_a_policy_with_errors_has_no_safe_fix():
    text = HEAD + "pour 101\n  depuis 06* pendant bureau hors bureau vers occupé\n  depuis 07* vers extension Zut\n"
    after, done = repair(text)

    assert (text, 0) == (after, done.applied)
    assert "PC308" in {one.code for one in done.checked.diagnostics if one.fix}


def test_a_fix_that_leaves_as_many_errors_is_taken_back():
    """In quotes it is a name, but nobody has it."""
    text = "poste 101 Anne\npour Mobile\n  depuis 06* vers occupé\n"
    after, done = repair(text, unsafe=True)

    assert (text, 0) == (after, done.applied)
    assert any(one.fix for one in done.checked.diagnostics)


def test_of_several_fixes_those_that_help_stay():
    good, bad = "  depuis 06* vres occupé\n", "  depuis Rebond vers occupé\n"
    after, done = repair(HEAD + "pour 101\n" + bad + good + bad + good, unsafe=True)

    assert 2 == done.applied
    assert HEAD + "pour 101\n" + (bad + good.replace("vres", "vers")) * 2 == after


def test_a_fix_that_is_not_proved_is_withheld():
    """A fix may call itself safe; only the proof lets it through."""
    text = HEAD + "pour 101\n  depuis 06* vers occupé\n  depuis 07* pendant bureau hors bureau vers messagerie\n"

    def lying(files):
        checked = examine(files)
        rules = [rule for rule in checked.policy.rules if "06*" in rule.span.text]
        told = (Diagnostic("PC308", rule.span, fix=without_rule(rule.span, safe=True)) for rule in rules)
        return replace(checked, diagnostics=(*told, *checked.diagnostics))

    files = MemoryFiles({"p.pol": text})
    done = fixes.repair(files, lying(files), lying)

    assert 1 == done.applied
    assert HEAD + "pour 101\n  depuis 06* vers occupé\n" == done.files["p.pol"].decode()
    assert ["PC308"] == [one.code for one in done.withheld]


def test_a_block_never_loses_all_its_lines():
    dead = "  depuis 06* pendant bureau hors bureau vers occupé\n"
    text = f"# un\npour 101\n{dead}\n  # deux\n{dead}{dead}pour 102\n  depuis 06* vers occupé\n"
    after, done = repair(HEAD + text)

    assert HEAD + "# un\n\n  # deux\npour 102\n  depuis 06* vers occupé\n" == after
    assert (3, ()) == (done.applied, done.checked.diagnostics)


def test_files_are_changed_together():
    files = MemoryFiles(
        {
            "p.pol": HEAD + 'inclure "q/*.pol"\npour 101\n  depuis 06* sauf 06* vers occupé\n',
            "q/q.pol": "pour 102\n  depuis 06* vers messagerie\n  depuis 07* vers messagerie\n",
            "q/r.pol": "pour 101\n  depuis 07* vers messagerie\n",
        }
    )
    done = fixes.repair(files, examine(files), examine)

    assert {"p.pol", "q/q.pol"} == set(done.files)
    assert (2, ()) == (done.applied, done.checked.diagnostics)


def test_a_private_directory_is_no_part_of_a_fix(tmp_path):
    """Its text is not to be shown, and reports show fixes."""
    (tmp_path / "project").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "project" / "policyc.toml").write_text('[policy]\nprivate_directories = ["../private"]\n')
    (tmp_path / "project" / "p.pol").write_text('annuaire "../private/p.csv"\n')
    (tmp_path / "private" / "p.csv").write_bytes(unicodedata.normalize("NFD", "numero,nom\n201,Hélène\n").encode())

    [found] = api.check(tmp_path / "project" / "p.pol")

    assert ("PC901", None) == (found.code, found.fix)


# -- bytes -------------------------------------------------------------------------------------------------------------

DEAD = "pour 101\n  depuis 06* sauf 06* vers occupé\n  depuis 07* vers messagerie\n"
LIVING = "pour 101\n  depuis 07* vers messagerie\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("last", ["", "# fin"])
def test_all_other_bytes_stay(end, mark, form, last):
    """Tabs, typographic signs and blanks, decomposed letters, ends of lines and the mark of their order."""
    head = "# l\u2019été\u00a0: «\u202fé\u202f»\t\u2013 ☎ \U0001f600\n" + HEAD.replace("  lundi", "\tlundi")

    def written(text):
        return (mark + unicodedata.normalize(form, text + last).replace("\n", end)).encode()

    files = MemoryFiles({"p.pol": written(head + DEAD)})
    checked = examine(files)
    fixed = [one for one in checked.diagnostics if one.code == "PC311"]

    assert written(head + LIVING) == fixes.edited(files.read("p.pol"), fixed[0].fix.edits)


def test_decomposed_letters_are_composed_and_nothing_else():
    text = "# l\u2019été\t\u00a0fini\nposte 101 Secrétariat\r\n# l\u2019hiver\r\n"
    decomposed = unicodedata.normalize("NFD", text).encode()
    files = MemoryFiles({"p.pol": decomposed})
    done = fixes.repair(files, examine(files), examine)

    assert ["PC901"] == [one.code for one in examine(files).diagnostics]
    assert text.encode() == done.files["p.pol"]
    assert (1, ()) == (done.applied, done.checked.diagnostics)


def test_a_directory_is_only_composed():
    written = unicodedata.normalize("NFD", "numero;nom\r\n201;Hélène\r\n").encode()
    _, done = repair('annuaire "p.csv"\n', **{"p.csv": written})

    assert {"p.csv": "numero;nom\r\n201;Hélène\r\n".encode()} == done.files


def test_new_lines_end_as_the_others_do():
    text = "poste 101 Anne\r\npour Anne\r\n  depuis 06* vers occupé depuis 07* vers occupé\r\n"
    after, _ = repair(text, unsafe=True)

    assert "  depuis 06* vers occupé\r\ndepuis 07* vers occupé\r\n" in after or "06*, 07*" in after
    assert not re.search("(?<!\r)\n", after)


def test_a_text_that_is_another_by_now_is_left_alone():
    file = SourceFile("p.pol", "poste 101 Anne\n")
    edits = [Edit(Span(file, 10, 14), "Luc")]

    assert b"poste 101 Luc\n" == fixes.edited(b"poste 101 Anne\n", edits)
    assert None is fixes.edited(b"poste 101 Anna\n", edits)
    assert None is fixes.edited(b"poste 101 Anne\n\n", edits)
    assert None is fixes.edited(b"\xff", edits)


def test_a_letter_is_not_cut_in_two():
    """U+0958 is two characters once normalised, of which one alone stands for nothing that is written."""
    source, _ = read_source("p.pol", "a\u0958b\n".encode())

    assert 5 == len(source.text)
    assert None is fixes.edited("a\u0958b\n".encode(), [Edit(Span(source, 2, 3), "")])
    assert b"ab\n" == fixes.edited("a\u0958b\n".encode(), [Edit(Span(source, 1, 3), "")])


SIGNS = st.text(st.sampled_from("ae\u0301\u0327é\u2019'\t\u00a0 #\n\r\u0958\U0001f600\u212b1*"), max_size=30)


@given(SIGNS, st.data())
def test_edits_of_normalised_text_are_edits_of_the_file(text, data):
    """The file reads as its normalised text with the same edits; what stands outside of them is as it was."""
    source, _ = read_source("p.pol", text.encode())
    starts = sorted(data.draw(st.lists(st.integers(0, len(source.text)), max_size=6)))
    spans = [Span(source, start, end) for start, end in zip(starts[::2], starts[1::2], strict=False)]
    edits = [Edit(span, data.draw(st.sampled_from(["", "x", "x\ny"]))) for span in spans]
    after = fixes.edited(text.encode(), edits)

    if after is None:
        assert any(not unicodedata.is_normalized("NFC", line) for line in re.split("[\r\n]", text))
        return
    expected = source.text
    for edit in reversed(edits):
        expected = expected[: edit.span.start] + edit.text + expected[edit.span.end :]
    again = after.decode().replace("\r\n", "\n").replace("\r", "\n")
    # Beyond the edits nothing composes that was apart, but at their edges: what follows an accent that is gone.
    assert plain(expected) == plain(again)
    if not edits:
        assert text.encode() == after


# -- laws --------------------------------------------------------------------------------------------------------------


def spoilt(text, rng):
    """Add to a policy what fixes repair: rules said twice, rules for nobody, comments that accept nothing."""
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        if re.match(r"\s*depuis\b", line, re.IGNORECASE) and "#" not in line and rng.random() < 0.5:
            sort = rng.randrange(4)
            if sort == 0:
                lines.append(line)
            elif sort == 1:
                lines[-1] += "  # ignorer PC317 : ancien"
            elif sort == 2:
                lines.insert(-1, "  depuis 06* sauf 06* vers occupé  # personne")
            else:
                lines += [f"  depuis 09 8{at}* vers occupé" for at in (1, 2)]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", few(seeds(0, 24), 6))
def test_no_call_changes_with_safe_fixes(seed):
    """By the interpreter, which knows nothing of the proof, for calls at the edges of the policy as it was."""
    import random

    case = generate(seed)
    text = spoilt(case.text.replace("\r\n", "\n"), random.Random(seed))
    files = MemoryFiles({"p.pol": text})
    checked = examine(files)
    assert not checked.has_errors, [one.code for one in checked.diagnostics if one.is_error]
    done = fixes.repair(files, checked, examine)
    after = done.files.get("p.pol", text.encode()).decode()
    calls = [tagged.call for tagged in case.calls]

    assert (done.applied > 0) is any(one.fix and one.fix.safe for one in checked.diagnostics)
    assert () == done.withheld
    assert differential.run_policyc(text, calls) == differential.run_policyc(after, calls)
    assert [] == [one.code for one in done.checked.diagnostics if one.fix and one.fix.safe]
    assert len(checked.diagnostics) >= len(done.checked.diagnostics) + done.applied


@given(mutated(POLICY))
def test_whatever_is_written_fixes_do_no_harm(text):
    """Errors become fewer or stay; with none, no call changes; and the files can still be read."""
    files = MemoryFiles({"p.pol": text, **OTHERS})
    checked = examine(files)
    safe = fixes.repair(files, checked, examine)
    done = fixes.repair(files, checked, examine, unsafe=True)
    before, after = (sum(one.is_error for one in state.diagnostics) for state in (checked, done.checked))

    assert after + (done.applied if before else 0) <= before or not after
    assert not (before and safe.applied)
    assert partition.same(checked.model, safe.checked.model)


# -- the command line --------------------------------------------------------------------------------------------------

UNTIDY = HEAD + "pour 101\n  depuis 06* sauf 06* vers occupé\n  depuis 07* vers occupé jusqu'au 2026-01-31\n"
TIDY = HEAD + "pour 101\n  depuis 07* vers occupé jusqu'au 2026-01-31\n"


@pytest.fixture
def policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "p.pol"
    path.write_text(UNTIDY, encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(cli.commands("fr"), ["check", *arguments, "--today", "2026-11-23"], prog_name="policyc")


def test_fix_writes_and_tells(policy):
    policy.chmod(0o640)
    result = run("p.pol", "--fix")

    assert (0, "") == (result.exit_code, result.stdout)
    assert TIDY == policy.read_text(encoding="utf-8")
    assert 0o640 == policy.stat().st_mode & 0o777
    assert [policy] == list(policy.parent.iterdir())
    assert "PC311" not in result.stderr
    assert "PC309" in result.stderr
    assert "p.pol  corrigé\nCorrections faites\u00a0: 1.\n" in result.stderr
    assert "--unsafe-fixes en ferait d'autres\u00a0: 1." in result.stderr


def test_unsafe_fixes_repair_more(policy):
    result = run("p.pol", "--fix", "--unsafe-fixes")

    assert 0 == result.exit_code
    assert HEAD == policy.read_text(encoding="utf-8")
    assert "Corrections faites\u00a0: 2.\naucune erreur, aucun avertissement\n" in result.stderr


def test_diff_shows_and_writes_nothing(policy):
    result = run("p.pol", "--fix", "--diff", "--strict")

    assert 1 == result.exit_code
    assert UNTIDY == policy.read_text(encoding="utf-8")
    assert "PC311" in result.stderr
    assert "Corrections possibles\u00a0: 1. Rien n'a été écrit." in result.stderr
    assert result.stdout.startswith("--- p.pol\n+++ p.pol\n@@ ")
    assert "\n-  depuis 06* sauf 06* vers occupé\n" in result.stdout


def test_a_diff_can_be_applied(policy):
    policy.write_bytes(UNTIDY.replace("\n", "\r\n").encode())
    (policy.parent / "fix.patch").write_bytes(run("p.pol", "--fix", "--diff").stdout_bytes)
    subprocess.run(["git", "apply", "-p0", "fix.patch"], cwd=policy.parent, check=True)

    assert TIDY.replace("\n", "\r\n").encode() == policy.read_bytes()


def test_a_diff_does_nothing_to_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    put_diff("p.pol", "a\x1b[2J\nb\n", "a\x1b[2J\nc")

    lines = ("--- p.pol", "+++ p.pol", "@@ -1,2 +1,2 @@", " a\ufffd[2J", "-b", "+c", "\\ No newline at end of file", "")
    assert "\n".join(lines) == capsys.readouterr().out


def test_a_diff_says_that_a_last_line_has_no_end(policy):
    policy.write_bytes((HEAD + "pour 101\n  depuis 06* vers occupé # ignorer PC212 : x").encode())
    result = run("p.pol", "--fix", "--diff")

    assert result.stdout.endswith(
        "-  depuis 06* vers occupé # ignorer PC212 : x\n\\ No newline at end of file\n"
        "+  depuis 06* vers occupé\n\\ No newline at end of file\n"
    )


def test_with_errors_nothing_is_repaired_but_on_demand(policy):
    text = UNTIDY + "  depuis 08* vres occupé\n"
    policy.write_text(text, encoding="utf-8")
    result = run("p.pol", "--fix")

    assert 1 == result.exit_code
    assert text == policy.read_text(encoding="utf-8")
    assert "--fix ne la corrige qu'avec --unsafe-fixes" in result.stderr
    assert 0 == run("p.pol", "--fix", "--unsafe-fixes").exit_code
    assert HEAD + "pour 101\n  depuis 08* vers occupé\n" == policy.read_text(encoding="utf-8")


def test_nothing_to_repair(policy):
    policy.write_text(HEAD, encoding="utf-8")
    before = policy.stat()
    result = run("p.pol", "--fix")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "Corrections faites\u00a0: 0.\n" in result.stderr
    assert before == policy.stat()


def test_a_link_is_followed(policy):
    policy.rename(policy.with_name("real.pol"))
    policy.symlink_to("real.pol")

    assert 0 == run("p.pol", "--fix").exit_code
    assert policy.is_symlink()
    assert TIDY == policy.with_name("real.pol").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_told(policy, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "p.pol")

    monkeypatch.setattr("policyc.output.beside", refuse)
    result = run("p.pol", "--fix")

    assert 1 == result.exit_code
    assert "p.pol" in result.stderr
    assert "Permission denied" in result.stderr
    assert UNTIDY == policy.read_text(encoding="utf-8")


def test_a_fix_that_is_not_proved_is_told(policy, monkeypatch):
    monkeypatch.setattr("policyc.diff.partition.same", lambda *_: False)
    result = run("p.pol", "--fix")

    assert 0 == result.exit_code
    assert UNTIDY == policy.read_text(encoding="utf-8")
    assert "PC311 (p.pol:7) n'est pas corrigé\u00a0: il n'est pas prouvé" in result.stderr


def test_the_report_after_fixes_is_of_what_is_left(policy):
    result = run("p.pol", "--fix", "--format", "json")

    [left] = json.loads(result.stdout)
    place = {"file": "p.pol", "line": 7, "column": 1, "end_line": 8, "end_column": 1}
    header = {**place, "line": 6, "end_line": 7}
    assert ("PC309", False) == (left["code"], left["fix"]["safe"])
    assert [{**header, "text": ""}, {**place, "text": ""}] == left["fix"]["edits"]


@pytest.mark.parametrize(
    "options", [("--unsafe-fixes",), ("--diff",), ("--fix", "--diff", "--format", "json")], ids=" ".join
)
def test_options_that_do_not_go_together(policy, options):
    assert 2 == run("p.pol", *options).exit_code
    assert UNTIDY == policy.read_text(encoding="utf-8")


def test_a_fix_of_lines_says_so():
    file = SourceFile("p.pol", "a\nb\n")

    assert Fix((Edit(Span(file, 0, 2), ""),)).removes
    assert not Fix((Edit(Span(file, 0, 1), ""),)).removes
    assert not Fix((Edit(Span(file, 0, 2), "c"),)).removes
