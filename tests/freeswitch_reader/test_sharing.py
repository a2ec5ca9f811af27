"""What the reader shares and puts off says the same as if it did not: extensions read late, calls laid out together."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from dialplan_xml.random_dialplans import draw
from freeswitch_model import DIALS
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import few

import policyc
from freeswitch_reader.traps import TRAPS
from policyc.proof.shapes import shapes
from policyc.targets.freeswitch.reader import NotUnderstood, Reading, elements, read

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
ENTRIES = {True: "policyc-internal", False: "policyc-external"}

# -- extensions that are read late -------------------------------------------------------------------------------------

ASIDE = ("", "\n", " ", "text", "<!-- <extension> -->", "<!--\n</extension>-->", "<![CDATA[<extension>]]>", "é$${g}")
NAMES = ("extension", "extension", "extension", "extensions", "condition", "action")
ATTRIBUTES = ("", " name='a>b'", ' name="x/"\n', ' data="&#65;\'&gt;{x}"', ' name="</extension"'.replace("<", "&lt;"))


@st.composite
def written(draw_, inside):
    name, attributes, end = (draw_(st.sampled_from(some)) for some in (NAMES, ATTRIBUTES, ("", " ", "\n")))
    if draw_(st.booleans()):
        return f"<{name}{attributes}/>"
    return f"<{name}{attributes}>{''.join(draw_(st.lists(inside, max_size=3)))}</{name}{end}>"


ELEMENTS = st.recursive(st.sampled_from(ASIDE), lambda inside: written(inside) | st.sampled_from(ASIDE), max_leaves=6)


def told(source, some):
    """Yield elements and what is in them, with how deep they are."""
    for element in some:
        if element.unread is not None:
            for one in source.split(element.unread):
                yield from told(source, source.read(one))
            continue
        yield element.name, dict(element.attributes), element.line, element.said
        yield list(told(source, element.children))


def same_late_and_at_once(text):
    source, late = elements.parse("x.xml", text)

    assert list(told(source, late)) == list(told(source, source.parsed(source.text)))


@given(st.lists(ELEMENTS, max_size=6))
def test_extensions_read_late_are_those_of_the_whole_text(some):
    text = "".join(some)
    same_late_and_at_once(f"<context>{text}</context>\n<!-- {text.replace('--', '')} -->{text}")


def test_extensions_of_generated_and_of_random_dialplans_are_read_late():
    texts = [draw(random.Random(seed), f"r{seed}", NOW, bridges=True)[0] for seed in range(20)]
    texts += [trap.calls()[0] for trap in TRAPS]
    policy = policyc.load_text(generate(17).text)
    generated = policyc.compile(policy, targets=["freeswitch"]).files["freeswitch"]["policyc.xml"]
    for text in (*texts, generated):
        same_late_and_at_once(text)

    _, some = elements.parse("x.xml", generated)
    contexts = [one for one in some if one.name == "context"]
    assert contexts
    assert all(child.unread for one in contexts for child in one.children)


ONE = '<extension name="b"></extension>'


@pytest.mark.parametrize(
    ("text", "is_shared"),
    [
        (f'<include>\n<context name="a">\n{ONE}\n</context>\n</include>\n', True),
        (f'<context name="a">\n{ONE}\n<include>\n{ONE}</context>', False),
        (f'\ufeff<context name="a">\n{ONE}\n</context>', False),
        ('<context name="a">\n<extension name="b\n<include>\n"></extension>\n</context>', False),
    ],
)
def test_the_text_of_a_file_is_there_once_if_its_extensions_stand_in_it_as_they_are(text, is_shared):
    source, some = elements.parse("x.xml", text)
    before = list(told(source, some))

    source.share(text)

    assert (source.text is text) is is_shared
    assert list(told(source, some)) == before


# -- calls that are laid out together ----------------------------------------------------------------------------------


def said(reading, called, calls):
    try:
        return [(one.starts, one.plans) for one in reading.found(called, calls)]
    except NotUnderstood as error:
        return str(error)


@pytest.mark.parametrize("seed", few([4101, 4102], 2))
def test_calls_to_a_policy_are_found_together_as_one_by_one(seed):
    chance = random.Random(seed)
    policy = policyc.load_text(generate(seed, 1).text)
    files = policyc.compile(policy, targets=["freeswitch"], settings={"freeswitch": DIALS}).files["freeswitch"]
    dialplan = read({"policyc.xml": files["policyc.xml"]})
    reading = Reading(dialplan, policy.zone, ENTRIES)
    every = [shape.calls for shape in shapes()]
    called = [*policy.extensions, "0199000001"]
    layouts = set()
    for number in called:
        together = said(reading, number, every)
        layouts.add(id(reading.laid(number, every).windows))
        for at in chance.sample(range(len(every)), 4):
            apart = Reading(dialplan, policy.zone, ENTRIES)
            assert said(apart, number, [every[at]]) == [together[at]]
        reading.forget()
        assert said(reading, number, every) == together

    assert len(layouts) < len(called)


def test_calls_to_any_dialplan_are_found_together_as_one_by_one():
    every = [shape.calls for shape in shapes()][::9]
    for seed in range(25):
        name = f"r{seed}"
        text, calls = draw(random.Random(seed), name, NOW, bridges=seed % 2 == 0)
        dialplan = read({"x.xml": text})
        entries = {True: name, False: name}
        for call in calls:
            apart = [said(Reading(dialplan, PARIS, entries), call.called, [one]) for one in every]
            if any(isinstance(one, str) for one in apart):
                continue
            together = said(Reading(dialplan, PARIS, entries), call.called, every)
            assert together == [one for [one] in apart]
