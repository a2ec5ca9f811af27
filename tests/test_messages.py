"""Catalogues and pages say, in both languages, what the code reports: no more, no less."""

import json
import re
import string
import unicodedata
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import test_cases
import test_records

from policyc import api, config, coverage, report, revisions, testing, verdicts
from policyc.apply import client, document, plan, run, state
from policyc.diagnostics import CODES, Diagnostic, Secondary, Severity, Text
from policyc.files import MemoryFiles
from policyc.live import access, ami, asterisk
from policyc.outcomes import DecisionModel
from policyc.source import SourceFile, Span
from policyc.targets.asterisk import reader as asterisk_reader

FRENCH, ENGLISH = (report.load_catalogue(language) for language in report.LANGUAGES)

# Settings that are wrong in each way that has a sentence.
SETTINGS = [
    "[policy\n",
    "policy = 1\n",
    "[policy]\nsources = 1\ntargets = []\n",
    '[policy]\nsources = [1]\ntargets = ["asterisk", "asterisk"]\n',
    '[policy]\ntargets = ["asterix"]\n',
    '[policy]\ntargets = ["cisco"]\n',
    '[policy]\nsource = ["a.pol"]\npresentations = ["national"]\nsomething = 1\n',
    '[targets.asterisk]\npresentations = ["e164"]\nrebound_confirm = 1\nsystem_context = "a b"\nlanguage = "1"\n',
    '[targets.freeswitch]\nvoicemail_domain = "a b"\n',
    '[policy]\ncompany_numbers = ["01 99"]\nprivate_directories = ["~/prive"]\n',
    '[targets.asterisk]\nextension_channel = "PJSIP/{numbre}"\nexternal_channel = "PJSIP/{number};"\n',
    '[targets.asterisk]\nextension_channel = "PJSIP/(number"\nexternal_channel = "PJSIP/x"\n',
    '[targets.3cx]\nversion = "x"\nanonymous = "06"\n',
    f'[targets.asterisk]\nextension_channel = "{"x" * 2000}{{number}}"\nexternal_channel = ""\n',
]


def _elsewhere():
    """Yield diagnostics that no case of tests/cases/diagnostics can raise."""
    for text in SETTINGS:
        yield from config.load(MemoryFiles({"policyc.toml": text}))[1]
    huge = MemoryFiles({"p.pol": 'annuaire "p.csv"\n', "p.csv": "numero,nom\n101," + "x" * 200_000})
    yield from api.examine(huge, ("p.pol",)).diagnostics
    span = Span(SourceFile("p.pol", "depuis * vers occupé\n"), 0, 20)
    yield Diagnostic("PC401", span, {"target": "3cx", "what": "…"})
    for case in ("folder", "denied", "large", "lfs", "submodule", "other"):
        yield Diagnostic("PC001", span, {"case": case, "path": "p.pol", "reason": "…"})
    yield from _of_3cx()
    yield from _applied()
    yield from _read_live()
    yield from test_records.doubts()
    for case in get_args(revisions.Unknown):
        yield from (revisions.unknown(case, "main", is_shallow=shallow) for shallow in (False, True))
    yield from (revisions.unusable(case, Path("cabinet"), "fatal: …") for case in get_args(revisions.Unusable))
    yield from _unproved(span)
    for callers in ("internal", "french", "foreign", "anonymous"):
        yield Diagnostic("PC705", None, {"case": callers, "percent": 13, "most": "10"})
    yield from problems_of(api.load_text(FAILING), minimum=100.0)


def _unproved(span):
    """Yield what only files that are held to a policy raise: tests/test_proof.py has them."""
    for shown in ("presented", "hidden"):
        notes = (Text(shown, {"presented": "+33612345678"}), Text("more", {"count": 2}))
        args = {"target": "asterisk", "called": "102"}
        yield Diagnostic("PC801", span, args, (Secondary(span, "file"),), notes)
        live = {"case": "live", "host": "127.0.0.1", **args}
        yield Diagnostic("PC801", span, live, (Secondary(span, "live"),), notes, (Text("live"),))
    args = {"target": "asterisk", "text": "Frob(1)"}
    for what in ("", "other", *(what.value for what in asterisk_reader.What)):
        yield Diagnostic("PC802", span, {"case": what, **args})
    for what in asterisk_reader.What:  # a dialplan that runs has no files and no directives
        if what not in (asterisk_reader.What.FILE, asterisk_reader.What.DIRECTIVE):
            live = {"case": f"live-{what.value}", "host": "127.0.0.1", **args}
            notes = (Text("in", {"path": "127.0.0.1:extensions.conf"}),)
            yield Diagnostic("PC802", None, live, notes=notes, help=(Text("live"),))
    for case in ("missing", "unreadable", "not-utf8", "large"):
        notes = (Text("says", {"detail": "…"}),)
        yield Diagnostic("PC803", None, {"case": case, "target": "asterisk", "path": "policyc.conf"}, notes=notes)


# Tests and guarantees that fail, by each kind of outcome.
FAILING = """
poste 101 Un messagerie
poste 102 Deux
poste 103 Trois mobile 06 39 98 00 03, messagerie
groupe 800 Standard
pour Un
  depuis 01* vers extension Deux
  depuis 02* vers messagerie
  depuis 03* vers externe 04 42 93 06 98
  depuis 04* vers extension Trois
  depuis 05* vers système Standard
  depuis 06* vers occupé
pour Trois
  depuis 04* vers mobile rebond
  depuis 09* vers sonnerie
test "essai"
  appel de 01 99 00 00 01 pour Un donne sonnerie Un
  appel de 02 61 91 00 01 pour Un donne sonnerie Un
  appel de 03 53 01 00 01 pour Un donne sonnerie Un
  appel de 04 65 71 00 01 pour Un donne sonnerie Un
  appel de 05 36 49 00 01 pour Un donne sonnerie Un
  appel de 06 39 98 00 01 pour Un donne sonnerie Deux
  appel de 07 39 98 00 01 pour Un donne sonnerie Deux
garantie "garantie"
  depuis 01* pour Un ne donne jamais occupé
  depuis 02* pour Un donne sonnerie Un
  depuis 03* pour Un ne donne jamais externe
  depuis 04* pour Un ne donne jamais externe
  depuis 05* pour Un donne sonnerie Un
  depuis 06* pour Un donne sonnerie Un
  depuis 07* pour Un ne donne jamais messagerie
"""


def problems_of(policy, minimum):
    """Return what `policyc test --coverage-min` reports of a policy."""
    model = DecisionModel(policy)
    return verdicts.problems(verdicts.Run(policy, testing.run(model), coverage.cover(model), minimum))


def _of_3cx():
    """Yield what only a compilation for 3CX raises."""
    hours = "poste 101 A\nfériés France 2026..2026\nhoraires h fériés compris = lundi 9h-12h\n"
    hours += "pour A\n  depuis * pendant les fériés pendant h vers occupé\n"
    for files in (*(page_files(code, "fr") for code in OF_3CX), {"exemple.pol": hours}):
        held = MemoryFiles(files)
        yield from api.render(api.examine(held, ("exemple.pol",)), ["3cx"], config.load(held)[0].settings).diagnostics


def _applied():
    """Yield what only a live PBX raises: tests/test_apply.py has the PBX."""
    says = (Text("says", {"detail": "…"}),)
    pbx = {"host": "pbx.example.com", "number": "101", "status": 400}
    for kind in client.KINDS:
        yield run.problem(client.ApiError(kind, 400, "…"), "pbx.example.com")
    for reason in get_args(state.Reason):
        yield run.state_problem(state.StateError(Path("avant.json"), reason, "…"))
    for case in ("shape", "json", "large", "twice", "mixed", "unreadable"):
        yield document.DocumentError(case, "policyc-3cx.json", "…").diagnostic
    yield Diagnostic("PC604", None, pbx)
    for case in get_args(plan.Form):
        yield Diagnostic("PC605", None, {"case": case, "host": "pbx.example.com", "version": "20.0.8"})
    for code, cases in (("PC606", ("refused", "missing")), ("PC607", ("none", "other"))):
        for case in cases:
            yield Diagnostic(code, None, {**pbx, "case": case}, notes=says if code == "PC606" else ())
    yield Diagnostic("PC610", None, {"host": "pbx.example.com", "numbers": ("101", "102")})


def _read_live():
    """Yield what only a running Asterisk raises: tests/test_live.py has it."""
    for kind in ami.KINDS:
        error = ami.AmiError(kind, "" if kind == "changes" else "…")
        yield asterisk.problem(error, access.Access("pbx.example.com", 5039, True, "policyc", ""))


@pytest.fixture(scope="module")
def reported():
    return [*_elsewhere(), *(one for case in test_cases.CASES for one in test_cases.diagnose(case))]


def sentences(catalogue):
    """Return every sentence by its place: `PC301.labels.then`."""
    found = {}
    for code, entry in catalogue.sentences.items():
        for key, value in entry.items():
            if isinstance(value, str):
                found[f"{code}.{key}"] = value
            else:
                found |= {f"{code}.{key}.{name}": text for name, text in value.items()}
    return found


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def used(catalogue, diagnostic):
    """Yield the places of the sentences that a diagnostic is told with, and the arguments each may use."""
    code, args = diagnostic.code, diagnostic.args
    entry = catalogue.sentences[code]
    case = args.get("case", args.get("reason", ""))
    for key in ("title", "primary"):
        is_case = case in entry.get(key + "s", {})
        if is_case or key in entry:
            yield f"{code}.{key}s.{case}" if is_case else f"{code}.{key}", set(args)
    for table, texts in (("labels", diagnostic.secondary), ("notes", diagnostic.notes), ("helps", diagnostic.help)):
        for text in texts:
            yield f"{code}.{table}.{text.key}", {*args, *text.args}
    if "help" in entry and not diagnostic.help:
        yield f"{code}.help", set(args)


def test_both_languages_have_the_same_sentences():
    assert set(sentences(FRENCH)) == set(sentences(ENGLISH))


def test_both_languages_have_the_same_placeholders():
    english = sentences(ENGLISH)

    assert [] == [key for key, text in sentences(FRENCH).items() if placeholders(text) != placeholders(english[key])]


def test_every_code_has_its_sentences():
    assert {*CODES, "words", "terminals"} == set(FRENCH.sentences)
    assert [] == [code for code in CODES if not {"title", "primary"} <= set(FRENCH.sentences[code])]


def test_what_is_reported_has_its_sentences_and_arguments(reported):
    known = sentences(FRENCH)
    for diagnostic in reported:
        for place, args in used(FRENCH, diagnostic):
            assert place in known, place
            assert placeholders(known[place]) <= args, place


# A title that tells no case apart is never used where every case has its own, and must be there for the next one.
SPARE = {
    *("PC001.title", "PC007.title", "PC107.title", "PC107.primary", "PC108.title", "PC108.primary"),
    *("PC111.title", "PC111.primary", "PC313.title", "PC701.title", "PC702.title"),
    # Sentences for rules of the schema that no setting has today.
    *(f"PC006.notes.{key}" for key in ("type-integer", "type-number")),
}


def test_every_sentence_is_used(reported):
    said = {place for diagnostic in reported for place, _ in used(FRENCH, diagnostic)}
    known = {key for key in sentences(FRENCH) if key.startswith("PC")}

    assert set() == known - said - SPARE


@pytest.mark.parametrize("catalogue", [FRENCH, ENGLISH], ids=report.LANGUAGES)
def test_everything_reported_can_be_told(reported, catalogue):
    text = report.render_text(reported, catalogue, color=False)
    colored = report.render_text(reported, catalogue, color=True)
    data = json.loads(report.render_json(reported, catalogue))

    assert not re.search(r"\{\w*\}", re.sub(r"`[^`]*`|.*│.*", "", text))
    assert text == re.sub(r"[ ]+$", "", re.sub(r"\x1b\[[0-9;]*m", "", colored), flags=re.MULTILINE)
    assert [one.code for one in reported] == [one["code"] for one in data]
    assert all(one["message"] and isinstance(one["help"], list) for one in data)


def test_french_is_typeset_as_such():
    for place, text in sentences(FRENCH).items():
        if place in ("words.note", "words.help", "words.details"):
            continue  # the labels of the frame, as in `= aide : …`
        prose = re.sub(r"`[^`]*`|\{[^}]*\}", "x", text)

        assert not re.search(r"(?<!\xa0)[;!?»]|(?<!\xa0):(?!/)|«(?!\xa0)", prose), place
        assert "illégal" not in prose
        assert unicodedata.is_normalized("NFC", text)


def test_sentences_end_without_a_stop():
    for catalogue in (FRENCH, ENGLISH):
        assert [] == [place for place, text in sentences(catalogue).items() if text.endswith(".")]


# -- pages


def page_files(code, language, *, repaired=False):
    """Return the files that the example of a page has, as they are or as its repair leaves them."""
    example, _, repair = re.split("^## (Réparation|Repair)$", report.explain(code, language), flags=re.MULTILINE)
    found = {name or "exemple.pol": text for _, name, text in page_blocks(example)}
    for sort, name, text in page_blocks(repair) if repaired else ():
        path = name or "exemple.pol"
        found[path] = patched(found[path], text) if sort == "diff" else text
    return found


def page_blocks(text):
    return re.findall(r"```(\S+)(?: (\S+))?\n(.*?)```", text, re.DOTALL)


def patched(text, changes):
    """Return a text with the lines of a diff in the place of those that it takes out; they stand there once."""
    lines = changes.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in "- ")
    after = "".join(line[1:] for line in lines if line[0] in "+ ")

    assert {line[0] for line in lines} <= set("-+ ")
    assert 1 == f"\n{text}".count(f"\n{before}"), changes
    return f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]


# Examples that raise their code only in another form of the same text, or from nowhere yet.
ENCODED = {
    "PC002": lambda text: text.encode("latin-1"),
    "PC901": lambda text: unicodedata.normalize("NFD", text).encode(),
}
OF_3CX = ("PC401", "PC402", "PC403", "PC404", "PC405", "PC406")
OF_TESTS = ("PC701", "PC702", "PC703")
# Raised by git, by call records, by a live PBX, or by files that were changed.
UNRAISED = {
    *"PC008 PC009 PC010 PC011 PC705 PC801 PC802 PC803".split(),
    *(f"PC{number}" for number in range(601, 611)),
}


def raised_by(code, files):
    """Return the codes of all that policyc says of the files of a page, by the command that says it."""
    held = MemoryFiles(files)
    settings, unsettled = config.load(held)
    found = list(unsettled)
    if "exemple.pol" in files:
        checked = api.examine(held, ("exemple.pol",), date(2026, 11, 23), settings.company)
        found += checked.diagnostics
        if code in OF_TESTS:
            found += problems_of(checked.policy, 90.0 if code == "PC703" else 0.0)
        if code in OF_3CX:
            found += api.render(checked, ["3cx"], settings.settings).diagnostics
    return {one.code for one in found}


@pytest.mark.parametrize("language", report.LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_page_raises_its_code(code, language):
    encode = ENCODED.get(code, str.encode)
    codes = raised_by(code, {name: encode(text) for name, text in page_files(code, language).items()})

    assert codes == (set() if code in UNRAISED else {code}) or (code == "PC213" and codes == {"PC212", "PC213"})


@pytest.mark.parametrize("language", report.LANGUAGES)
@pytest.mark.parametrize("code", sorted(CODES.keys() - UNRAISED))
def test_the_repair_of_a_page_leaves_nothing_to_say(code, language):
    files = page_files(code, language, repaired=True)

    assert (files != page_files(code, language)) is (code not in ENCODED)
    assert set() == raised_by(code, files)


@pytest.mark.parametrize("code", CODES)
def test_pages_show_the_same_example_and_are_short(code):
    french, english = (report.explain(code, language) for language in report.LANGUAGES)

    assert page_files(code, "fr") == page_files(code, "en")
    assert page_files(code, "fr", repaired=True) == page_files(code, "en", repaired=True)
    for page in (french, english):
        assert page.startswith(f"# {code} {CODES[code].name}")
        assert 10 <= page.count("\n") <= 40


def test_a_page_is_found_by_code_and_by_name():
    assert report.explain("pc301", "fr") == report.explain("forward-loop", "fr")
    with pytest.raises(KeyError):
        report.explain("PC999", "fr")


# -- how arguments are told


@pytest.mark.parametrize(
    ("expected", "french", "english"),
    [
        (("vers",), "`vers`", "`vers`"),
        (("a", "b", "c"), "`a`, `b` ou `c`", "`a`, `b` or `c`"),
        (("<NUMBER>", "<END>"), "un numéro ou la fin de la ligne", "a number or the end of the line"),
        (tuple("abcdefgh"), "`a`, `b`, `c`, `d`, `e`, `f`, …", "`a`, `b`, `c`, `d`, `e`, `f`, …"),
    ],
)
def test_lists_are_joined_as_people_do(expected, french, english):
    found = Diagnostic("PC101", None, {"word": "<END>", "expected": expected})

    assert f"attendu\xa0: {french}\xa0; trouvé\xa0: la fin de la ligne" == FRENCH.message(found)
    assert f"expected: {english}; found: the end of the line" == ENGLISH.message(found)


@pytest.mark.parametrize(
    ("errors", "warnings", "french", "english"),
    [
        (0, 0, "aucune erreur, aucun avertissement", "no errors, no warnings"),
        (1, 0, "1 erreur", "1 error"),
        (2, 1, "2 erreurs, 1 avertissement", "2 errors, 1 warning"),
    ],
)
def test_the_summary_counts(errors, warnings, french, english):
    codes = {one.severity: one.id for one in CODES.values()}
    found = [Diagnostic(codes[Severity.ERROR], None)] * errors + [Diagnostic(codes[Severity.WARNING], None)] * warnings

    assert french == FRENCH.summary(found)
    assert english == ENGLISH.summary(found)


def test_a_sentence_that_is_missing_is_no_traceback():
    found = Diagnostic("PC101", None, {"word": "x", "expected": ()}, notes=(Text("not-there"),))

    assert ("not-there",) == FRENCH.notes(found)


def test_text_from_a_policy_does_nothing_to_a_terminal():
    file = SourceFile("\x1b[2J.pol", "poste \x1b[31m\u202eevil\n")
    found = Diagnostic("PC201", Span(file, 6, 12), {"name": "\x1b]0;title\x07"})

    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", report.render_text([found], FRENCH, color=False))


def test_a_place_that_is_no_text_can_be_printed():
    found = Diagnostic("PC001", None, {"path": "\udce9.pol", "reason": "…"})

    assert report.render_text([found], FRENCH, color=False).encode()
    assert "\udce9.pol" == json.loads(report.render_json([found], FRENCH))[0]["args"]["path"]
