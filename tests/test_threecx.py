"""What policies compile to for 3CX: sets of texts as patterns, lists within their limits, files and what is told."""

import json
import re
from collections import Counter
from functools import reduce
from itertools import product
from operator import or_, xor
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import chosen, few
from strategies import BEGINNINGS, number_sets
from test_compile import CASES

import policyc
from policyc import config, decision, digits, numbering
from policyc.diagnostics import CODES
from policyc.digits import Caller, Kind
from policyc.files import MemoryFiles
from policyc.targets.threecx import dialect, presented, report, times
from policyc.targets.threecx.building import tree_of
from policyc.targets.threecx.deciding import deciding
from policyc.targets.threecx.growing import grown
from policyc.targets.threecx.nodes import PartError
from policyc.targets.threecx.patterns import Search
from policyc.targets.threecx.presented import Space
from policyc.targets.threecx.render import DEFAULTS, render

SPACE = Space(frozenset(DEFAULTS["presentations"]), frozenset({"101", "0042"}))
EVERY = Space(frozenset({"national", "e164", "00", "33", "nine-digits"}), frozenset())


def compiled(text, **settings):
    """Return the exceptions of a policy: extension → list; the policy must compile."""
    rendered = render(policyc.load_text(text), {**DEFAULTS, **settings})

    assert () == rendered.diagnostics
    document = json.loads(rendered.files["policyc-3cx.json"])
    return {one["Number"]: one["ForwardingExceptions"] for one in document["value"]}


def told(text, **settings):
    """Return the report on a policy."""
    return render(policyc.load_text(text), {**DEFAULTS, **settings}).files["policyc-3cx-report.md"]


def refused(text, **settings):
    """Return what is wrong with a policy: code and line, sorted."""
    found = render(policyc.load_text(text), {**DEFAULTS, **settings}).diagnostics
    return sorted((one.code, one.primary.line) for one in found)


# -- texts -----------------------------------------------------------------------------------------------------------


def texts(numbers):
    """Return the positions of some texts."""
    spans = (presented.interval(number, len(number.removeprefix("+"))) for number in numbers)
    return presented.joined(spans)


@given(number_sets())
def test_texts_are_the_presentations(numbers):
    """A set of callers becomes the texts that its numbers are presented as, no more."""
    numbers &= digits.UNIVERSE & digits.EXTERNAL - digits.ANONYMOUS
    for caller in (numbers.smallest(), numbers.witness()) if numbers else ():
        rank = digits.rank(caller)
        found = EVERY.presented(rank, rank + 1)

        assert set(numbering.presentations(caller.number)) == {presented.text_at(low) for _, low, _ in found}


@pytest.mark.parametrize("number", [*BEGINNINGS, "0612345678", "+442071234567", "00447911123456789"])
def test_a_text_has_a_position(number):
    if number == "+":
        return
    low, high = presented.interval(number, presented.digits_of(number))

    assert (low + 1, number) == (high, presented.text_at(low))


@given(st.sampled_from(["", "+"]), st.integers(1, 6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_blocks_are_an_interval_and_few(sign, length, first, size):
    low, high = presented.interval(sign, length)
    first = min(low + first, high - 1)
    span = first, min(first + 1 + size, high)
    found = presented.blocks(*span)

    ends = [presented.interval(text, presented.digits_of(text) + more) for text, more in found]
    assert (span,) == presented.joined(ends)
    assert len(found) <= 18 * length


@given(number_sets())
def test_blocks_are_presented_as_their_numbers_are(numbers):
    for low, high in (numbers & digits.UNIVERSE - digits.ANONYMOUS).intervals:
        spans = [(first, end) for _, first, end in EVERY.presented(low, high)]
        count, found = EVERY.blocks(low, high)

        assert len(spans) == count
        assert sorted(block for span in spans for block in presented.blocks(*span)) == sorted(found)


# -- patterns --------------------------------------------------------------------------------------------------------


def asked(needed, forbidden, anonymous=""):
    """Return a search with what is needed and what is forbidden, for two disjoint sets of positions."""
    tree = tree_of(sorted((*span, label) for label, spans in enumerate((needed, forbidden)) for span in spans))
    return Search(tree, anonymous), tree.labelled.get(0, 0), tree.labelled.get(1, 0)


def texts_of(found):
    """Return patterns as they are written."""
    return None if found is None else tuple(text for text, _, _ in found)


def cover(needed, forbidden, anonymous=""):
    search, *sets = asked(needed, forbidden, anonymous)
    return texts_of(search.cover(*sets))


ALPHABET = "012"
SMALL = ["".join(one) for length in (1, 2, 3) for one in product(ALPHABET, repeat=length)]
ALL_PATTERNS = [*SMALL, *(text + "*" for text in SMALL)]


def matches(pattern, text):
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def fewest(needed, forbidden):
    """Return by brute force how few patterns match all of one set and none of another."""
    useful = {frozenset(one for one in needed if matches(pattern, one)) for pattern in ALL_PATTERNS
              if not any(matches(pattern, one) for one in forbidden)}  # fmt: skip
    left, count = set(needed), 0
    while left:
        # Prefixes are nested or apart, so the widest pattern for a text that is left is always a best choice.
        text = min(left)
        left -= max((one for one in useful if text in one), key=len)
        count += 1
    return count


@given(st.sets(st.sampled_from(SMALL), min_size=1), st.sets(st.sampled_from(SMALL)))
def test_patterns_are_the_set_and_few(needed, others):
    forbidden = (others - needed) | {"3"}  # so that `*` itself is out
    search, inside, outside = asked(texts(needed), texts(forbidden))
    made = search.cover(inside, outside)
    found, narrow = texts_of(made), texts_of(search.narrowed(made, inside))

    assert needed == {one for one in needed if any(matches(pattern, one) for pattern in found)}
    assert not [one for one in forbidden if any(matches(pattern, one) for pattern in found)]
    assert fewest(needed, forbidden) == len(found)
    assert len(narrow) == len(found)
    assert needed == {one for one in needed if any(matches(pattern, one) for pattern in narrow)}


@given(st.sets(st.sampled_from(SMALL), min_size=1), st.sets(st.sampled_from(SMALL)))
def test_what_is_carved_out_is_what_is_too_much(needed, others):
    forbidden = (others - needed) | {"3"}
    search, *sets = asked(texts(needed), texts(forbidden))
    found = search.carve(*sets)
    if found is None:
        return

    patterns = texts_of(search.carved(*sets))
    too_much = {one for one in forbidden if any(matches(pattern, one) for pattern in patterns)}
    assert needed == {one for one in needed if any(matches(pattern, one) for pattern in patterns)}
    assert fewest(too_much - {"3"}, needed) + ("3" in too_much) == found.before
    assert len(patterns) == found.count
    assert found.atoms == search.tree.matched(patterns, "")
    assert found.count + found.before < fewest(needed, forbidden)


FOUR = ["".join(one) for one in product("0123456789", repeat=4)]
STARTS = st.text("01239", min_size=1, max_size=4)


@given(
    st.sets(st.tuples(STARTS, st.sampled_from((2, 4, 6))), max_size=9),
    st.sets(st.sampled_from((1, 3, 5, 7)), min_size=1, max_size=3),
    st.sets(st.sampled_from((1, 3, 5, 7)), min_size=1),
    st.booleans(),
)
def test_pieces_laid_upon_a_tree_make_one_of_their_cells(pieces, needed, others, fine):
    """A tree that grew of pieces answers as one that was built of cells does, or says that it must be fine."""
    labels = [reduce(xor, (bits for start, bits in pieces if text.startswith(start)), 1) for text in FOUR]
    low, high = presented.interval("", 4)
    built = tree_of([(low + at, low + at + 1, label) for at, label in enumerate(labels)])
    whole = tree_of([(low, high, 1)])
    once = {(start, 4 - len(start)): 0 for start, _ in pieces}
    for start, bits in pieces:
        once[start, 4 - len(start)] ^= bits
    grew = grown(whole, [(*block, bits) for block, bits in once.items() if bits], fine=fine)
    answers = []
    for tree in (built, grew):
        assert tree.labelled == {
            label: sum(1 << at for at, one in enumerate(tree.labels) if one == label and 1 << at & tree.everything)
            for at, label in enumerate(tree.labels)
            if 1 << at & tree.everything
        }
        sets = [reduce(or_, (tree.labelled.get(label, 0) for label in some), 0) for some in (needed, others - needed)]
        search = Search(tree)
        try:
            made = search.carve(*sets)
            found = search.cover(*sets)
            if found is not None:
                assert reduce(or_, (atoms for _, _, atoms in found), 0) == tree.matched(texts_of(found), "")
        except PartError:
            assert tree is grew
            assert not fine
            return
        carved = made and (made.count, made.before, texts_of(search.carved(*sets)))
        answers.append((search.fewest(*sets), texts_of(found), carved))

    assert answers[0] == answers[1]


@given(st.sets(st.tuples(STARTS, st.sampled_from((2, 4, 6))), min_size=1, max_size=6))
def test_a_tree_is_told_without_its_nodes_as_they_have_it(pieces):
    low, high = presented.interval("", 4)
    whole = tree_of([(low, high - 4000, 1), (high - 4000, high, 3)])

    tree = grown(whole, [(start, 4 - len(start), bits) for start, bits in pieces])

    assert tree.mask == tree.root.mask
    assert {patch.side: patch.alone for patch in tree.nodes.patches} == dict(tree.tips.sides)
    assert all(patch.is_sparse for patch in tree.nodes.patches) or not tree.tips.sparse
    for atom, pattern in tree.tips.patterns.items():
        _, own, node, _, prefix, digit = tree.spots[atom]
        assert (prefix + digit, own, node.mask) == (pattern.removesuffix("*"), atom, atom)
        assert pattern.endswith("*") is not node.is_number
        assert tree.tips.matched[pattern] == atom


def told_apart(numbers):
    """Return the texts of a set of callers, from outside, and of all other callers."""
    care = SPACE.care([numbers]) & digits.EXTERNAL
    return tuple(
        presented.joined(
            (low, high) for interval in (one & care).intervals for _, low, high in SPACE.presented(*interval)
        )
        for one in (numbers, ~numbers)
    )


def matched_by(found):
    """Return the positions of all texts that some patterns match, worked out without a tree."""
    spans = []
    for pattern in found:
        text = pattern.removesuffix("*")
        lengths = presented.lengths(text) if pattern.endswith("*") else [presented.digits_of(text)]
        spans += [(presented.ANONYMOUS, presented.BEYOND + 1)] if pattern == "*" else []
        if pattern == "anonymous":
            spans.append((presented.ANONYMOUS, presented.ANONYMOUS + 1))
        else:
            spans += [presented.interval(text, length) for length in lengths]
            spans += [presented.interval("+", length) for length in presented.lengths("+") if pattern == "*"]
    return presented.joined(spans)


def is_within(some, others):
    return presented.joined([*some, *others]) == presented.joined(others)


def is_apart(some, others):
    size = sum(high - low for low, high in presented.joined([*some, *others]))
    return size == sum(high - low for low, high in (*some, *others))


@given(number_sets())
def test_the_patterns_of_a_set_match_it_in_every_presentation(numbers):
    inside, outside = told_apart(numbers)
    search, needed, forbidden = asked(inside, outside, "anonymous")
    found = search.cover(needed, forbidden)
    if found is None:
        return

    for made in (found, search.narrowed(found, needed)):
        assert is_within(inside, matched_by(texts_of(made)))
        assert is_apart(outside, matched_by(texts_of(made)))


def test_narrow_patterns_match_every_length():
    """Of each length, and not only of the shortest and the longest, texts may part early."""
    inside = texts(["+33100000000", "+590690000000", "+339019999999999"])
    search, needed, forbidden = asked(inside, texts(["7"]))

    assert ("+*",) == texts_of(search.narrowed(search.cover(needed, forbidden), needed))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("06", "+2626* +336* +59069* +594694* +59669* 002626* 00336* 0059069* 00594694* 0059669* 06*"),
        ("07", "+337* 00337* 07*"),
        ("0612", "+33612* 0033612* 0612*"),
        ("+44", "+44* 0044*"),
        ("39", "39*"),
        ("0692", "+262692* +33692* 00262692* 0033692* 0692*"),
        ("0508", "+33508* +508* 0033508* 00508* 0508*"),
    ],
)
def test_prefixes_as_the_guide_writes_them(written, expected):
    inside, outside = told_apart(numbering.prefix(written))
    search, needed, forbidden = asked(inside, outside)

    assert expected.split() == list(texts_of(search.narrowed(search.cover(needed, forbidden), needed)))


def test_sets_that_patterns_cannot_say():
    assert cover(*told_apart(digits.ANONYMOUS)) is None
    assert ("anonymous",) == cover(*told_apart(digits.ANONYMOUS), "anonymous")
    assert cover(*told_apart(digits.between("1000", "9999"))) is None
    assert ("*",) == cover(*told_apart(digits.EVERYONE))
    assert 11 == len(cover(*told_apart(digits.EVERYONE - digits.ANONYMOUS)))


# -- times -----------------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 12), min_size=1), st.sets(st.integers(0, 12)))
def test_hours_say_the_times_they_are_made_of(ordinary, holiday):
    """The type and the periods of hours, read as the API names them, give the same times back."""
    cuts = tuple(range(0, 10081, 840))
    week = times.Week(cuts)
    mask = week.joined(
        sum(1 << at for at in ordinary if at < week.count), sum(1 << at for at in holiday if at < week.count)
    )
    if not mask:
        return
    hours = week.hours(mask)
    if hours is None:
        assert all(part != mask for part in week.parts(mask))
        return
    minutes = {minute for start, end in hours.week for minute in range(start, end, 840)}
    for at in range(week.count):
        within = cuts[at] in minutes
        said = {
            "AllHours": (True, True),
            "SpecificHours": (within, within),
            "SpecificHoursExcludingHolidays": (within, False),
            "OutOfSpecificHoursIncludingHolidays": (not within, True),
        }[hours.type]
        assert said == (bool(mask >> at & 1), bool(mask >> week.count + at & 1))


def test_the_end_of_the_day():
    assert ["00:00:00", "09:30:00", "23:59:59"] == [times.clock(minute) for minute in (0, 570, 1440)]


# -- lists -----------------------------------------------------------------------------------------------------------

TWO = "poste 101 A messagerie\nposte 102 B mobile 06 39 98 00 02, messagerie\ngroupe 800 S\nfile 810 F\nsvi 820 M\n"


def rules(*lines):
    return TWO + "pour B\n" + "".join(f"  depuis {line}\n" for line in lines)


def shown(text, **settings):
    """Return the list of 102: callers, kind, where to."""
    return [
        (one["Data"], one["CallType"], "/".join(filter(None, one["Destination"].values())))
        for one in compiled(text, **settings)["102"]
    ]


def test_every_destination():
    lines = [
        f"01 99 00 00 {at:02} vers {to}"
        for at, to in enumerate(
            (
                "messagerie",
                "mobile",
                "mobile rebond",
                "extension A",
                "extension A messagerie",
                "externe 04 65 71 06 98",
                "externe 04 65 71 06 98 rebond",
                "occupé",
                "système S",
                "système F",
                "système M",
            )
        )
    ]
    found = compiled(rules(*lines))["102"]

    assert [
        {"To": "VoiceMail", "Number": "102", "External": ""},
        {"To": "External", "Number": "", "External": "0639980002"},
        {"To": "Boomerang", "Number": "102", "External": "0639980002"},
        {"To": "Extension", "Number": "101", "External": ""},
        {"To": "VoiceMail", "Number": "101", "External": ""},
        {"To": "External", "Number": "", "External": "0465710698"},
        {"To": "Boomerang", "Number": "102", "External": "0465710698"},
        {"To": "None", "Number": "", "External": ""},
        {"To": "RingGroup", "Number": "800", "External": ""},
        {"To": "Queue", "Number": "810", "External": ""},
        {"To": "IVR", "Number": "820", "External": ""},
    ] == [one["Destination"] for one in found]
    assert [] == compiled(rules("01* vers sonnerie"))["102"]


def test_an_allow_rule_goes_before_a_block():
    found = shown(rules("06 39 98 00 10 vers sonnerie", "* vers occupé"))

    assert ["ProceedWithNoExceptions", "None"] == [to for _, _, to in found]
    assert "*" == found[1][0]


def test_the_excepted_go_before_too():
    expected = [("201", "AllCalls", "ProceedWithNoExceptions"), ("*", "AllCalls", "None")]

    assert expected == shown(rules("* sauf 201 vers occupé").replace("poste 101", "poste 201"))


def test_few_are_left_out_by_prefixes_so_that_order_is_free():
    text = rules("01 9* sauf 01 99* vers occupé")

    assert 1 == len(shown(text))
    assert "L'ordre compte" not in told(text)


def test_rules_with_one_destination_are_one_exception():
    text = rules("01* vers occupé", "02* vers messagerie", "03* vers occupé")

    assert [2, 1] == [len(re.findall(r"\b0[13]\*", data)) or 1 for data, _, _ in shown(text)]
    assert "réunit 2 règles" in told(text)


def test_kinds():
    assert "ExternalCallsOnly" == shown(rules("06* externe vers occupé"))[0][1]
    assert [("*", "InternalCallsOnly", "None")] == shown(rules("interne vers occupé"))
    assert "AllCalls" == shown(rules("06* vers occupé"))[0][1]


def test_dead_rules_are_left_out():
    text = rules("06* vers occupé", "06 12* vers messagerie")

    assert 1 == len(shown(text))
    assert re.search(r"Sans effet.*policy.pol:8", told(text))


def test_every_extension_stands_in_the_file():
    """A list that is not there would stay what it was."""
    assert {"101": [], "102": []} == compiled(TWO)


def test_all_layers_are_in_the_list():
    text = rules("02* vers messagerie") + "pour tous en priorité\n  depuis 01* vers occupé\n"
    text += "pour tous sauf A\n  depuis 02* 03* vers système S\n"

    found = compiled(text)
    assert ["None", "VoiceMail", "RingGroup"] == [one["Destination"]["To"] for one in found["102"]]
    assert ["None"] == [one["Destination"]["To"] for one in found["101"]]


@pytest.mark.parametrize(("count", "wrong"), [(15, []), (16, [("PC402", 22)])])
def test_fifteen_exceptions_and_no_more(count, wrong):
    lines = [f"01 99 00 00 {at:02} vers externe 04 65 71 06 {at:02}" for at in range(count)]

    assert wrong == refused(rules(*lines))


def test_a_list_that_is_too_long_is_made_shorter():
    """Three exceptions for two rules where their order is free, two where it is not: near the limit, the fewer."""

    def pairs(count):
        lines = []
        for at in range(count):
            lines.append(f"01 9{at}* pendant h vers extension A messagerie")
            lines.append(f"01 9{at}* 02 {at}0* vers externe 04 65 71 06 0{at}")
        return rules(*lines).replace("pour B", "horaires h = lundi 9h-12h\npour B")

    few, many = pairs(4), pairs(8)
    assert (9, 9) == (len(shown(few)), len(shown(many)))
    assert ("L'ordre compte" in told(few), "L'ordre compte" in told(many)) == (False, True)


def test_one_pattern_per_rule():
    found = shown(rules("07* vers occupé"), one_pattern_per_rule=True)

    assert [("+337*", "AllCalls", "None"), ("00337*", "AllCalls", "None"), ("07*", "AllCalls", "None")] == found
    assert [("PC402", 7)] == refused(rules("06* 07* 09* vers occupé"), one_pattern_per_rule=True)


def test_presentations_are_those_of_the_settings():
    assert "06*" == shown(rules("06* vers occupé"), presentations=("national",))[0][0]
    assert "+337* 00337* 07*" == shown(rules("07* vers occupé"))[0][0]


def test_presentations_without_a_sign():
    """Prefixes take along texts that no trunk presents then, but no call of a phone and no short number."""
    bare = ("national", "nine-digits")

    assert "07* 337*" == shown(rules("07* externe vers occupé"), presentations=("national", "33"))[0][0]
    assert [("07*", "AllCalls", "None"), ("7*", "ExternalCallsOnly", "None")] == shown(
        rules("07* vers occupé"), presentations=bare
    )
    assert [("PC406", 7)] == refused(rules("01* vers occupé"), presentations=bare)
    assert [("PC406", 7)] == refused(rules("07* vers occupé", "7* vers messagerie"), presentations=bare)
    # 337001234 may be the end of 33 7 00 12 34 56, and all of 03 37 00 12 34.
    assert [("PC406", 7)] == refused(rules("07* externe vers occupé"), presentations=(*bare, "33"))


def test_numbers_that_are_none_but_named_are_told_apart():
    """0612 is no telephone; but here it is an extension, that 06* does not name."""
    text = rules("06* vers occupé").replace("poste 101", "poste 0612")

    assert [] == [one for one in shown(text) if one[0].split()[-1] == "06*" and len(shown(text)) == 1]


# -- what cannot be said ---------------------------------------------------------------------------------------------

DAYS = "fériés France 2026..2027\nfermeture c = 2026-08-01..2026-08-15\nhoraires h = lundi-vendredi 9h-18h\n"
DAYS += "horaires n fériés compris = lundi-dimanche 20h-6h\n"


def timed(*lines, days=DAYS):
    return rules(*lines).replace("pour B", days + "pour B")


def test_anonymous_callers():
    assert [("PC403", 7)] == refused(rules("anonyme vers occupé"))
    assert [("PC403", 7)] == refused(rules("06* anonyme vers occupé"))
    assert [("anonymous", "AllCalls", "None")] == shown(rules("anonyme vers occupé"), anonymous="anonymous")
    # The numbers alone need no spelling.
    assert "+* 0* 1* 2* 3* 4* 5* 6* 7* 8* 9*" == shown(rules("* sauf anonyme vers occupé"))[0][0]
    assert [("*", "AllCalls", "None")] == shown(rules("anonyme vers occupé", "* vers occupé"))


def test_kinds_before_they_were_told():
    assert [("PC404", 7)] == refused(rules("interne vers occupé"), version="20.0.8")
    assert [("PC404", 7)] == refused(rules("interne vers sonnerie", "* vers occupé"), version="20.0.8")
    assert [] == refused(rules("06* vers occupé"), version="18.0")


def test_days_off():
    assert [("PC405", 11)] == refused(timed("* pendant les fériés vers occupé", "* hors h vers messagerie"))
    assert [("PC405", 11), ("PC405", 12)] == refused(
        timed("* pendant les fériés vers occupé", "* pendant c vers messagerie")
    )
    assert [("PC405", 11)] == refused(timed("* pendant les fériés pendant n vers occupé"))
    assert [] == refused(timed("* pendant h vers occupé", "* pendant n vers messagerie"))
    assert [] == refused(timed("* pendant les fériés vers occupé", "* pendant n vers messagerie"))


def test_last_days():
    assert [("PC401", 7)] == refused(rules("* vers occupé jusqu'au 2026-12-31"))


def test_too_many_patterns():
    assert [("PC406", 7)] == refused(rules("1000..9999 vers occupé"))


def test_everything_that_cannot_be_said_is_told_at_once():
    text = timed(
        "anonyme vers occupé",
        "* pendant les fériés vers messagerie",
        "3000..8999 vers système S",
        "* pendant h vers occupé",
    )

    assert [("PC403", 11), ("PC405", 12), ("PC406", 13)] == refused(text)


def test_rules_that_never_decide_are_not_refused():
    assert [] == refused(rules("* vers occupé", "anonyme vers messagerie jusqu'au 2026-12-31"))


@pytest.mark.parametrize("seed", few(chosen(3000, 3012), 6))
def test_rules_decide_that_do_by_the_tables(seed):
    policy = policyc.load_text(generate(seed, calls=1).text)
    every = tuple(policy.rules)
    lists = [tuple(policy.rules_for(number)) for number in policy.extensions]
    tables = [decision.lower(decision.partition_of(policy.zone, rules), rules) for rules in lists]
    expected = {choice.rule for table in tables for _, _, row in table.cells for choice in row.choices}

    assert [rule for rule in every if rule in expected] == list(deciding(policy, every, lists))


def test_lists_of_a_refused_policy_are_as_long_as_they_would_be():
    """Nothing is written of it, so lists that are not too long are left as they are found."""
    lines = [f"01 99 00 00 {at:02} vers externe 04 65 71 06 {at:02}" for at in range(17)]
    alone, among = rules(*lines), rules("05* vers occupé jusqu'au 2026-12-31", *lines)
    count, more = (
        next(one.args["count"] for one in render(policyc.load_text(text), DEFAULTS).diagnostics if "count" in one.args)
        for text in (alone, among)
    )

    assert (17, 18) == (count, more)


def test_of_many_lists_that_cannot_be_said_the_first_are_looked_at_further():
    many = "".join(f"poste {number} P{number} messagerie\n" for number in range(200, 300))
    own = "".join(f"pour {number}\n  depuis anonyme vers occupé\n" for number in range(200, 300))
    codes = Counter(
        code for code, _ in refused(many + own + "pour tous\n  depuis 06* vers occupé jusqu'au 2026-12-31\n")
    )

    assert {"PC401": 1, "PC403": 50} == codes
    assert {"PC403": 100} == Counter(code for code, _ in refused(many + own))


# -- files -----------------------------------------------------------------------------------------------------------

FORMER = {"CallerId", "Destination", "Hours", "Id"}
CURRENT = {"CallType", "Condition", "Data", "Destination", "Enabled", "Hours", "Id"}


@pytest.mark.parametrize(
    ("version", "keys"),
    [
        ("18", FORMER),
        ("20.0", FORMER),
        ("20.0.8", FORMER),
        ("20.0.8.999", FORMER),
        ("20.0.9", CURRENT),
        ("20.1", CURRENT),
    ],
)
def test_the_form_is_that_of_the_version(version, keys):
    (found,) = compiled(rules("06* vers occupé"), version=version)["102"]

    assert keys == set(found)
    assert 0 == found["Id"]


def test_every_golden_is_what_the_sdk_takes():
    """The models of 3cx-xapi-python-sdk, which follow the published document, read each exception and say it back."""
    from threecx.models._generated import ExtensionRule  # takes a second: whoever only collects the tests has none

    checked = 0
    for path in CASES.glob("*/3cx/policyc-3cx.json"):
        for extension in json.loads(path.read_text(encoding="utf-8"))["value"]:
            for one in extension["ForwardingExceptions"]:
                if "CallType" in one:
                    read = ExtensionRule.model_validate(one, strict=False)
                    assert one == json.loads(read.model_dump_json(by_alias=True, exclude_unset=True))
                    checked += 1

    assert checked > 15


@pytest.mark.parametrize(
    "change",
    [
        {"CallType": "Internal"},
        {"Data": "06*  07*"},
        {"Data": "06* *"},
        {"Data": ""},
        {"Condition": "ForwardAll"},
        {"Destination": {"To": "Callback", "Number": "", "External": ""}},
        {"Destination": {"To": "VoiceMail", "Number": "", "External": ""}},
        {"Destination": {"To": "External", "Number": "", "External": "06 12"}},
        {"Hours": {"Type": "AllHours", "Periods": [{"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "10:00:00"}]}},
        {"Hours": {"Type": "SpecificHours", "Periods": []}},
        {"Id": 7},
        {"Surprise": 1},
    ],
)
def test_the_schema_refuses(change):
    """The schema is narrower than the API's: it knows only what is meant to be written."""
    (found,) = compiled(rules("06* vers occupé"))["102"]
    good = {"Number": "102", "ForwardingExceptions": [found]}
    dialect.Validator(current=True).validate([good])
    bad = {"Number": "102", "ForwardingExceptions": [{**found, **change}]}

    with pytest.raises(jsonschema.ValidationError):
        dialect.Validator(current=True).validate([bad])
    with pytest.raises(jsonschema.ValidationError):
        dialect.Validator(current=False).validate([good])


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(dialect.schema(current=True))


def test_output_is_stable_and_plain():
    text = rules("06* vers occupé", "07* vers messagerie")
    one, two = (render(policyc.load_text(text), DEFAULTS).files for _ in range(2))

    assert one == two
    for file in one.values():
        assert file.endswith("\n")
        assert not file.endswith("\n\n")
        assert file == "\n".join(line.rstrip() for line in file.split("\n"))


def test_names_make_no_markup():
    text = 'politique "<b>*x*</b> | [a](b)"\nposte 101 "`rm` | <i> \\\\ # _x_" messagerie\n'
    shown_to = told(text + "pour 101\n  depuis 06* vers occupé\n")

    assert r"\<b\>\*x\*\</b\> \| \[a\]\(b\)" in shown_to
    assert "<i>" not in shown_to.replace(r"\<i\>", "")
    assert r"\`rm\` \|" in shown_to


def test_the_report_tells_what_the_pbx_must_hold():
    found = told(timed("* pendant h vers occupé", "06* vers mobile rebond"))

    assert "`Europe/Paris`" in found
    assert "- 01/08/2026 au 15/08/2026 : c, Assomption" in found
    assert "- 25/12/2027 : Noël" in found
    assert "| 102 | B | 20 s | sa messagerie |" in found
    assert "L'ordre compte" not in found


def test_the_report_of_a_quiet_policy():
    found = told(TWO)

    assert "Aucune exception ne dépend de l'heure" in found
    assert "Postes sans exception (leur liste est vidée) : 101, 102." in found


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (times.ALL_HOURS, "toutes"),
        (
            times.Hours("SpecificHours", ((540, 750), (840, 1110))),
            "lundi 09:00-12:30 14:00-18:30, fériés du PBX compris",
        ),
        (
            times.Hours("SpecificHoursExcludingHolidays", ((540, 750), (1980, 2190))),
            "lundi à mardi 09:00-12:30, hors fériés du PBX",
        ),
        (times.Hours("OutOfSpecificHoursIncludingHolidays", ((0, 10080),)), "les fériés du PBX"),
        (
            times.Hours("OutOfSpecificHoursIncludingHolidays", ((0, 60),)),
            "hors lundi 00:00-01:00, et les fériés du PBX",
        ),
    ],
)
def test_hours_as_people_read_them(hours, expected):
    assert expected == report._hours(hours)


def test_a_caller_is_one_text_among_others():
    caller = Caller(Kind.EXTERNAL, "0612345678")
    rank = digits.rank(caller)

    found = SPACE.presented(rank, rank + 1)
    assert {"0612345678", "+33612345678", "0033612345678"} == {presented.text_at(low) for _, low, _ in found}


# -- the page --------------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent / "docs" / "3cx.md").read_text(encoding="utf-8")


def test_every_setting_is_told_with_its_default():
    table = PAGE.partition("| `[targets.3cx]`")[2].partition("\n\n")[0]
    shown_there = {
        name: json.loads(value) for name, value in re.findall(r"^\| `(\w+)` \| `(.*?)` \|", table, re.MULTILINE)
    }

    assert {name: list(value) if isinstance(value, tuple) else value for name, value in DEFAULTS.items()} == shown_there


def test_every_refusal_is_told():
    assert {code for code in CODES if code.startswith("PC4")} == set(re.findall(r"^\| (PC\d+) \|", PAGE, re.MULTILINE))


def test_every_destination_is_told():
    whole = dialect.schema(current=True)
    kinds = {
        kind
        for one in whole["$defs"]["destination"]["oneOf"]
        for kind in one["properties"]["To"].get("enum", [one["properties"]["To"].get("const")])
    }

    assert set() == {kind for kind in kinds if f"`{kind}`" not in PAGE}


def test_settings_that_are_shown_are_good():
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        assert () == config.load(MemoryFiles({"policyc.toml": text}))[1]
