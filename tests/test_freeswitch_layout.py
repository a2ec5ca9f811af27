"""Lines that are laid out by their shape read as the template's macro lays each of them out."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import resources
from policyc.targets.freeswitch.layout import layout
from policyc.targets.freeswitch.plan import Action, Context, Field, Instant, Line

HOSTILE = ["", "a b", "{", "{0}", "}{1!r}", "%s", "&", "&amp;", "<", '"', "'", "]]>", "--><x/>", "${x}", "\\1", "é « »"]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=8)
LINES = st.builds(
    Line,
    TEXTS,
    st.lists(
        st.builds(Field, TEXTS, TEXTS)
        | st.just(Instant(({"year": "2026"},)))
        | st.just(Instant(({"mon": "1"}, {"wday": "1<2"}))),
        max_size=4,
    ).map(tuple),
    st.lists(st.builds(Action, TEXTS, TEXTS, st.booleans()), max_size=4).map(tuple),
    st.booleans(),
)


def written(lines, *, by_shape):
    """Return the dialplan with some lines in a context of its own, laid out by shape or by the macro alone."""
    environment = resources.template_environment("freeswitch")

    def each(macro, some):
        return "".join(macro(one) for one in some)

    return environment.get_template("policyc.xml.j2").render(
        policy="",
        settings={
            "rule_in_cdr": False,
            "rebound_confirm": False,
            "language": "fr",
            "voicemail_profile": "default",
            "voicemail_domain": "default",
        },
        contexts=[Context("tried", "", tuple(lines))],
        entries=[],
        private="",
        confirm_seconds=15,
        transfers=100,
        lay_out=layout(environment.filters["escape"]) if by_shape else each,
    )


@given(st.lists(LINES, max_size=6))
def test_by_shape_as_by_the_macro(lines):
    """Whatever the texts hold, and whatever lines of the same shape went before."""
    assert written(lines, by_shape=True) == written(lines, by_shape=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_come_out_as_they_went_in(text):
    """What XML reads in a text stays text."""
    line = Line(text, (Field(text, text), Field("f", text)), (Action(text, text), Action("set", text, inline=True)))

    root = ET.fromstring(written([line, line], by_shape=True))  # noqa: S314 - our own

    [*_, context] = root.iter("context")
    assert [one.tag for one in context] == ["extension"] * 2
    for extension in context:
        one, two = extension.findall("condition")
        first, second = two.findall("action")
        given = {"data": text} if text else {}
        assert extension.attrib == {"name": text}
        assert one.attrib == {"field": text, "expression": text}
        assert two.attrib == {"field": "f", "expression": text}
        assert first.attrib == {"application": text, **given}
        assert second.attrib == {"application": "set", **given, "inline": "true"}
