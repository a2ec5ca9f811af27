"""Extensions that are laid out by the shape of their lines read as the template's macro lays each line out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import resources
from policyc.targets.asterisk import render
from policyc.targets.asterisk.layout import layout
from policyc.targets.asterisk.plan import Context, Exten, Step

HOSTILE = ["{", "{0}", "}{1!r}", "%s", "${x}", "$[1]", "\\1", "\\0", "é « »", "a b", "<&>"]
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
STEPS = st.builds(Step, TEXTS, st.just("") | TEXTS, st.just("") | TEXTS)
EXTENS = st.builds(Exten, TEXTS, st.lists(STEPS, min_size=1, max_size=4).map(tuple))


def written(extens, *, by_shape):
    """Return the dialplan with some extensions in a context of its own, laid out by shape or by the macro alone."""

    def each(macro, some):
        return "".join(macro("" if at else one.name, step) for one in some for at, step in enumerate(one.steps))

    template = resources.template_environment("asterisk").get_template("policyc.conf.j2")
    return template.render(
        policy="",
        settings=render.DEFAULTS,
        has_times=False,
        presentations=(),
        overseas=(),
        contexts=[Context("tried", "", tuple(extens))],
        lay_out=layout() if by_shape else each,
    )


@given(st.lists(EXTENS, max_size=6))
def test_by_shape_as_by_the_macro(extens):
    """Whatever the texts hold, and whatever lines of the same shape went before."""
    assert written(extens, by_shape=True) == written(extens, by_shape=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_come_out_as_they_went_in(text):
    """Each shape of line, twice."""
    steps = tuple(Step(text, note, label) for note in ("", text) for label in ("", text))
    found = written([Exten(text, steps)] * 2, by_shape=True).split("[tried]\n")[1]

    n = " same => n"
    assert (
        found == 2 * f"exten => {text},1,{text}\n{n}({text}),{text}\n{n},{text} ; {text}\n{n}({text}),{text} ; {text}\n"
    )
