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

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")])[:1] == tuple(found)


def test_it_accepts_nothing_in_another_file():
    other = Span(SourceFile("q.pol", TEXT), 7, 9)
    found = [Diagnostic("PC212", other)]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")])[:1] == tuple(found)


def test_a_diagnostic_without_a_place_stays():
    found = [Diagnostic("PC212", None)]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")])[:1] == tuple(found)


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


# What depends on the day or on the settings; what other commands raise cannot be accepted by a comment.
ON_SOME_DAYS = {"PC309", "PC318", "PC320"}


@pytest.mark.parametrize("code", sorted(code for code in CODES if acceptable(code)))
def test_a_comment_accepts_or_is_reported(code):
    """With it, there is neither its diagnostic nor another; without a diagnostic, the comment is one too many."""
    text = f"depuis 12 vers occupé  # ignorer {code} : ancien site\n"
    written = comment(text, f"# ignorer {code} : ancien site")

    assert suppress([Diagnostic(code, place(text, "12"))], [written]) == ()
    left = suppress([], [written])
    assert [one.code for one in left] == ([] if code in ON_SOME_DAYS else ["PC213"])
    for one in left:
        assert one.primary is written.span
        assert [(note.key, note.args) for note in one.notes] == [("unused", {"code": code})]


def test_an_error_elsewhere_keeps_comments_from_being_judged():
    found = [Diagnostic("PC202", place(TEXT, "13"))]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")]) == tuple(found)


def test_a_comment_that_accepts_several_is_useful():
    found = [Diagnostic("PC212", place(TEXT, "12")), Diagnostic("PC212", place(TEXT, "occupé"))]

    assert suppress(found, [comment(TEXT, "# ignorer PC212 : ancien site")]) == ()


def test_a_comment_on_what_it_says_itself_accepts_nothing():
    text = "depuis 12 vers occupé  # ignorer PC213 : pour voir\n"
    (found,) = suppress([], [comment(text, "# ignorer PC213 : pour voir")])

    assert found.code == "PC213"


def test_what_can_be_accepted():
    accepted = {code for code in CODES if acceptable(code)}

    assert {code for code in CODES if code.startswith(("PC0", "PC1", "PC4"))} & accepted <= {"PC005", "PC011"}
    assert not accepted & {"PC301", "PC302", "PC303", "PC304"}
    assert {"PC305", "PC306", "PC307", "PC318", "PC212", "PC308"} <= accepted
    assert not acceptable("PC999")


def test_through_a_whole_policy():
    text = "poste 101 Anne messagerie\npour Anne\n  depuis 102 vers occupé{}\n"

    def codes(comment: str) -> list[str]:
        return [one.code for one in api.examine(MemoryFiles({"p.pol": text.format(comment)}), ["p.pol"]).diagnostics]

    assert codes("") == ["PC212"]
    assert codes("   # ignorer PC212 : poste de l'ancien site") == []
    assert codes("   # ignorer PC212") == ["PC212", "PC213"]
    assert codes("   # ignorer PC308 : jamais le jour") == ["PC212", "PC213"]
    assert codes("   # ignorer PC308 : jamais le jour\n  depuis 103 vres occupé") == ["PC212", "PC101"]
