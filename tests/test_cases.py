"""Policies with mistakes: each line says below it what it raises, and goldens hold the texts people read.

    pour Secrétariat
      depuis 06* vres messagerie
    #            ^^^^ PC101

A note marks columns of the nearest line above that is no note. Where a mark cannot stand (the `#` is in the way), or
in another file, it gives the place: `# 1-5 PC109`, `# postes.csv:2:5-9 PC007`, `# PC001` for no place at all.
A line without a note must raise nothing. Other files of a case lie in the folder `<case>.files`.
"""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from policyc import api, config, report
from policyc.diagnostics import CODES
from policyc.files import MemoryFiles

FOLDER = Path(__file__).parent / "cases" / "diagnostics"
CASES = sorted(FOLDER.glob("*.pol"))
TODAY = date(2026, 11, 23)
_MARKS = re.compile(r"#\s+(\^+)\s+(PC\d{3})")
_PLACE = re.compile(r"#\s+(?:(?:(\S+):(\d+):)?(\d+)-(\d+)\s+)?(PC\d{3})")


def files_of(case):
    others = FOLDER / f"{case.stem}.files"
    found = {case.name: case.read_bytes()}
    return MemoryFiles(
        found | {one.relative_to(others).as_posix(): one.read_bytes() for one in others.rglob("*") if one.is_file()}
    )


def diagnose(case):
    files = files_of(case)
    return api.examine(files, (case.name,), TODAY, config.load(files)[0].company).diagnostics


def expected_of(case):
    """Return what the notes of a case say: (file, line, first column, last column, code)."""
    for name, data in files_of(case).files.items():
        noted = 0
        for number, line in enumerate(data.decode(errors="replace").split("\n") if name.endswith(".pol") else (), 1):
            if marks := _MARKS.fullmatch(line):
                yield name, noted, marks.start(1) + 1, marks.end(1), marks[2]
            elif place := _PLACE.fullmatch(line):
                if place[3] is None:
                    yield None, None, None, None, place[5]
                else:
                    yield place[1] or name, int(place[2] or noted), int(place[3]), int(place[4]), place[5]
            else:
                noted = number


def found_in(diagnostics):
    for one in diagnostics:
        span = one.primary
        if span is None:
            yield None, None, None, None, one.code
        else:
            last = max(span.column, span.end_column - 1)
            yield span.file.path, span.line, span.column, last, one.code


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_raises_what_its_notes_say(case):
    expected = Counter(expected_of(case))

    assert expected == Counter(found_in(diagnose(case)))
    assert any(case.name.startswith(code) for *_, code in expected)


@pytest.mark.parametrize("language", report.LANGUAGES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_reads_as_its_golden(case, language, golden):
    catalogue = report.load_catalogue(language)
    diagnostics = diagnose(case)
    text = report.render_text(diagnostics, catalogue, color=False)

    golden(case.with_suffix(f".{language}.txt"), f"{text}{catalogue.summary(diagnostics)}\n")


def test_every_golden_has_its_case():
    wanted = {case.with_suffix(f".{language}.txt") for case in CASES for language in report.LANGUAGES}
    others = {case.with_suffix(".files") for case in CASES}

    assert set() == set(FOLDER.iterdir()) - wanted - others - set(CASES)


# Not of `check`: PC006 is policyc.toml's (test_config), PC008 to PC011 those of what `policyc diff` reads
# (test_revisions, test_records), PC4 are targets', PC6 a live PBX's, PC7 those of `policyc test` (test_messages), PC8
# those of `policyc verify` (test_proof).
ELSEWHERE = {
    *"PC006 PC008 PC009 PC010 PC011 PC701 PC702 PC703 PC705".split(),
    *(code for code in CODES if code.startswith(("PC4", "PC6", "PC8"))),
}


def test_every_code_has_a_case():
    assert set(CODES) == {case.name[:5] for case in CASES} | ELSEWHERE
