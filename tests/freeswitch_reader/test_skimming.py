"""Extensions that are read without elements are what the parser makes of them."""

from __future__ import annotations

from itertools import pairwise

from faults import freeswitch
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate

import policyc
from policyc.targets.freeswitch.reader import elements
from policyc.targets.freeswitch.reader.extensions import Candidate, made
from policyc.targets.freeswitch.reader.matching import Regex
from policyc.targets.freeswitch.reader.parsing import Parser
from policyc.targets.freeswitch.reader.skimming import skimmed

FIELDS = ("destination_number", "${policyc_number}", "${A}b", "é", "", "a&amp;b")
EXPRESSIONS = ("^1$", "^([0-9]+)$", "", "^${x}$", "a>b", "&lt;", "\t", "$${g}")
DATA = ("", "101 XML next", "$1 XML next", "a=${b}", "l'un", "&quot;", "é", "*9a XML x-y")
BLANKS = ("", "\n", "\n  ", " \u00a0", "\r\n", "\r", "text")


def tag(draw, name, attributes, ends=""):
    written = [f'{key}="{draw(st.sampled_from(values))}"' for key, values in attributes]
    if draw(st.integers(0, 9)) == 0:
        written.reverse()
    if draw(st.integers(0, 9)) == 0:
        written.append(draw(st.sampled_from(('break="never"', 'inline="true"', 'wday="2"', 'loop="2"'))))
    return f"<{' '.join((name, *written))}{ends}>{draw(st.sampled_from(BLANKS[:3]))}"


@st.composite
def extensions(draw):
    """Draw the text of an extension, most often one as people write them."""
    text = []
    for _ in range(draw(st.integers(0, 3))):
        asked = ("field", FIELDS[:3]), ("expression", EXPRESSIONS[:5])
        if draw(st.integers(0, 4)) == 0:
            asked = ("field", FIELDS), ("expression", EXPRESSIONS)
        if draw(st.booleans()):
            text.append(tag(draw, "condition", asked, "/"))
            continue
        does = ("application", ("transfer", "set", "log", "")), ("data", DATA[: draw(st.sampled_from((5, 5, 8)))])
        inside = [tag(draw, draw(st.sampled_from(("action",) * 7 + ("anti-action",))), does, "/")]
        if draw(st.integers(0, 9)) == 0:
            inside.append(tag(draw, "condition", asked, "/"))
        text.append(tag(draw, "condition", asked) + "".join(inside * draw(st.integers(0, 2))) + "</condition>\n")
    if draw(st.integers(0, 9)) == 0:
        text.append(draw(st.sampled_from(BLANKS)))
    named = (("name", ("one", "é", "a>b")),), (("name", ("one",)), ("continue", ("true", "false", "")))
    return tag(draw, "extension", draw(st.sampled_from(named))) + "".join(text) + "</extension>"


def rows(text):
    """Return what a text is parsed from, and the rows of extensions in it."""
    source, some = elements.parse("x.xml", text)
    stack, found = list(some), []
    while stack:
        element = stack.pop()
        stack += element.children
        if element.unread is not None:
            found += [element.unread, *source.split(element.unread)]
    return source, found


def passing(extension):
    """Return an extension whose first condition is known to hold: less that one, if it does nothing, and is not all."""
    first, *others = extension.conditions or (None,)
    if not others or first.actions:
        return Candidate(extension, 1)
    return Candidate(made(extension.name, extension.goes_on, tuple(others), extension.place), 0)


def skims_as_parsed(text):
    """Hold all rows of a text to the parser; return how many were skimmed, and of how many."""
    source, found = rows(text)
    known = {}

    def regex(expression):
        return known.setdefault(expression, Regex(expression))

    count = 0
    for row in found:
        quick = skimmed(source, row, regex)
        if quick is not None:
            parsed = tuple(map(Parser("x.xml", regex).extension, source.read(row)))
            assert quick == tuple(Candidate(extension, 0) for extension in parsed)
            assert skimmed(source, row, regex, 1) == tuple(map(passing, parsed))
            count += 1
    return count, len(found)


@given(st.lists(extensions(), min_size=1, max_size=3), st.sampled_from(BLANKS))
def test_what_is_skimmed_is_what_is_parsed(some, blank):
    skims_as_parsed(f"<context>{blank.join(some)}</context>")


@given(st.lists(extensions(), min_size=1, max_size=4), st.sampled_from(BLANKS[:4]), st.lists(st.sampled_from("ab-")))
def test_rows_are_split_where_extensions_begin(some, blank, kinds):
    source, found = elements.parse("x.xml", f"<context>{blank.join(some)}</context>")
    parser = Parser("x.xml", Regex)

    def read(parts):
        return [
            (parser.extension(one).place, one.name, len(one.children)) for part in parts for one in source.read(part)
        ]

    for row in (element.unread for element in found[0].children if element.unread):
        ones = list(source.split(row))
        its = dict(zip((one.start for one in ones), kinds, strict=False))
        parts = list(source.split(row, lambda start: its.get(start, "-").strip("-") or None))  # noqa: B023  called here
        assert read(ones) == read(parts) == read([row])
        assert all(len(source.read(one)) == 1 for one in ones)
        assert [one.start for one in parts] == [
            one.start for before, one in pairwise((None, *ones)) if before is None or not alike(its, before, one)
        ]


def alike(kinds, one, other):
    return kinds.get(one.start, "-") == kinds.get(other.start, "-") != "-"


def names_and_values(element):
    return element.name, tuple(element.attributes.items())


def matters(element):
    """Tell whether variables may be set or read in an element, by what its attributes say."""
    sets = element.name.endswith("action") and element.attributes.get("application", "").endswith(("set", "export"))
    return sets or any("{" in value for value in element.attributes.values())


ASIDE = (
    "<!-- <action application='set' {a}> -->",
    "{a}",
    "<a>{a}</a>",
    "<b c='{d}>' e='\"'/>",
    "<![CDATA[<f g='{h}'/>]]>",
)


@given(st.lists(extensions(), min_size=1, max_size=3), st.sampled_from((*BLANKS, *ASIDE)), st.booleans())
def test_tags_that_may_set_or_read_variables_are_found(some, between, is_otherwise):
    text = f"<context>{between.join(some)}</context>"
    if is_otherwise:  # quoted
        text = text.replace("l'un", "one").translate(str.maketrans("\"'", "'\""))
    source, _ = elements.parse("x.xml", text)
    stack, wanted = list(source.parsed(text)), set()
    while stack:
        element = stack.pop()
        stack += element.children
        wanted |= {names_and_values(element)} if matters(element) else set()

    tags = source.tags()
    read = source.parsed("".join(f"{tag}/>" for tag in tags))

    assert wanted == {names_and_values(one) for one in read if matters(one)}
    assert len(read) == len(tags)


def test_of_generated_dialplans_many_are_skimmed_whatever_is_changed_in_them():
    policy = policyc.load_text(generate(17).text)
    text = policyc.compile(policy, targets=["freeswitch"]).files["freeswitch"]["policyc.xml"]
    for one in (text, *(fault.text for fault in freeswitch.faults(text, 17, 12))):
        count, whole = skims_as_parsed(one)
        assert count > whole / 5
