"""`# ignorer PCnnn : raison` accepts the diagnostics of its line, and only those that can be accepted."""

from __future__ import annotations

import pytest

from policyc import api
from policyc.diagnostics import CODES, Diagnostic
from policyc.files import MemoryFiles
from policyc.source import SourceFile, Span
from policyc.suppress import acceptable, suppress
from policyc.syntax import Comment


def place(text: str, found: str) -> Span:
    at = text.index(found)
    return Span(SourceFile("p.pol", text), at, at + len(found))


def comment(text: str, found: str, *, alone: bool = False) -> Comment:
    return Comment(found, place(text, found), alone)


TEXT = """\
depuis 12 vers occupé  # ignorer PC212 : ancien site
depuis 13 vers occupé
"""


def test_a_comment_accepts_the_diagnostic_of_its_line():
    found = [Diagnostic("PC212", place(TEXT, "12")), Diagnostic("PC212", place(TEXT, "13"))]

    left = suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")])

    assert [one.primary.line for one in left] == [2]


def test_it_accepts_no_other_code_of_its_line():
    found = [Diagnostic("PC308", place(TEXT, "12"))]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")]) == tuple(found)


def test_it_accepts_nothing_in_another_file():
    other = Span(SourceFile("q.pol", TEXT), 7, 9)
    found = [Diagnostic("PC212", other)]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")]) == tuple(found)


def test_a_diagnostic_without_a_place_stays():
    found = [Diagnostic("PC212", None)]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")]) == tuple(found)


def test_other_comments_are_left_alone():
    text = "# on peut ignorer cette ligne\n"

    assert suppress([], [comment(text, text.strip(), alone=True)]) == ()


@pytest.mark.parametrize(
    ("written", "alone", "key"),
    [
        ("# ignorer PC212", False, "form"),
        ("# ignorer PC212 :", False, "form"),
        ("# ignorer PC21 : raison", False, "form"),
        ("# ignorer PC999 : raison", False, "unknown"),
        ("# ignorer PC301 : raison", False, "unacceptable"),
        ("# ignorer PC101 : raison", False, "unacceptable"),
        ("# ignorer PC212 : raison", True, "end-of-line"),
    ],
)
def test_a_comment_that_cannot_accept_is_reported(written, alone, key):
    (found,) = suppress([], [comment(written, written, alone=alone)])

    assert (found.code, found.is_error) == ("PC213", False)
    assert [text.key for text in (*found.notes, *found.help)] == [key]


def test_what_can_be_accepted():
    accepted = {code for code in CODES if acceptable(code)}

    assert {code for code in CODES if code.startswith(("PC0", "PC1", "PC4"))} & accepted <= {"PC005"}
    assert not accepted & {"PC301", "PC302", "PC303", "PC304"}
    assert {"PC305", "PC306", "PC307", "PC212", "PC308"} <= accepted
    assert not acceptable("PC999")


def test_through_a_whole_policy():
    text = "poste 101 Anne messagerie\npour Anne\n  depuis 102 vers occupé{}\n"

    def codes(comment: str) -> list[str]:
        return [one.code for one in api.examine(MemoryFiles({"p.pol": text.format(comment)}), ["p.pol"]).diagnostics]

    assert codes("") == ["PC212"]
    assert codes("   # ignorer PC212 : poste de l'ancien site") == []
    assert codes("   # ignorer PC212") == ["PC212", "PC213"]
