"""Lines that are kept as they are say what each of them says when it is looked at alone."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from policyc.targets.asterisk.reader import NotUnderstood, dialplan, files

NOTHING = re.compile("(?!)")  # no line is a usual one then
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
    with patch.object(files, "_USUAL", NOTHING):
        alone = read(text)

    assert read(text) == alone


STEPS = st.sampled_from(
    [
        "exten => 1,1,NoOp()",
        "exten => _X.,1,Goto(a,${EXTEN},1) ; b)",
        "exten => _x-1,1,NoOp()",
        "exten => _,1,NoOp()",
        "exten => _X!X,1,NoOp()",
        "exten => 1,n,Dial(a(b)) c",
        "exten => 2,hint,a",
        "exten => 3,2,Set(a=b;c)",
        "exten=>4,1,busy()\r",
        "exten => 5,1,Hangup",
        "exten => 6,1, Set(a=)",
        " same => n,GotoIf($[1 = 1]?2)",
        "same => n,NoOp(a)b)c ; d",
        "same => n(a),NoOp()",
        "same => n+2,NoOp()",
        "same => s,NoOp()",
        "same => n,N1()",
        "include => b",
        "; a",
    ]
)


def context(lines):
    """Return what a context of some lines holds, or what is not understood."""
    try:
        found = dialplan.read({"e": "\n".join(["[a]", *lines, ""])}, "e").contexts["a"]
    except NotUnderstood as unclear:
        return str(unclear)
    return found.includes, [(one.name, one.begun, one.steps, one.labels) for one in found.extens.all]


@given(st.lists(STEPS, max_size=10))
def test_usual_steps_are_taken_as_others(lines):
    with patch.object(dialplan, "_STEP", NOTHING):
        one_by_one = context(lines)

    assert context(lines) == one_by_one
