"""Lines that are kept as they are say what each of them says when it is looked at alone."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from policyc.targets.asterisk.reader import NotUnderstood, files

LINES = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "exten => 1,1,NoOp()",
            " same => n,Goto(a,1) ; b",
            "exten => s,1,CUT(x,\\;,1)",
            "; a",
            "[b]",
            "[b](!)",
            "a = b",
            "exten => 2,1,A--; b",
            "exten => 3,1,A;-- b",
            "--;",
            ";--",
            ";--- a",
            " same =>",
            "#include x",
            "same => \0",
        ]
    ),
    st.text("a;-\\= >", max_size=8).map("exten => ".__add__),
)


def read(text):
    """Return the sections of a text with their entries, or what is not understood."""
    try:
        return [(one.name, one.place, list(one.entries())) for one in files.sections({"e": text}, "e")]
    except NotUnderstood as unclear:
        return str(unclear)


@given(st.lists(LINES, max_size=10), st.booleans())
def test_usual_lines_are_read_as_others(lines, ends):
    text = "\n".join(["[a]", *lines]) + "\n" * ends
    usual, files._USUAL = files._USUAL, re.compile("(?!)")
    try:
        alone = read(text)
    finally:
        files._USUAL = usual

    assert read(text) == alone
