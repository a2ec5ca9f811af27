"""Calls laid out on lines, and asked one by one: the same becomes of them."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from judge.seeds import chosen, few

from policyc.proof.protocol import Calls
from policyc.proof.shapes import shapes
from policyc.targets.threecx.reader import NotUnderstood
from policyc.targets.threecx.reader.layout import EXTERNAL, LIKENESSES, layout
from policyc.targets.threecx.reader.plans import NotAsked
from threecx_reader.documents import BUSY, PBX, document, entry, hours, reading, to
from threecx_reader.test_against_model import NUMBERS, SHAPES, Drawing

ABROAD, FRENCH = LIKENESSES
ASKED = [
    *(shape.calls for shape in shapes(frozenset({"national", "e164", "00"}))),
    *(Calls(internal, shown) for shown in SHAPES for internal in (False, True)),
]


def unfolded(laid, calls):
    """Return what becomes of each of the calls, as `found` does: starts and plans."""
    for one, windows in zip(calls, laid.windows, strict=True):
        assert windows[0][0] == 0
        starts, plans = [], []
        ends = [*(start for start, _, _ in windows[1:]), one.size]
        for (start, source, at), end in zip(windows, ends, strict=True):
            found = laid.sources[source]
            first, last = bisect_right(found.starts, at) - 1, bisect_left(found.starts, at + end - start)
            for place, plan in zip(found.starts[first:last], found.plans[first:last], strict=True):
                if not plans or plan is not plans[-1]:
                    starts.append(start + max(place - at, 0))
                    plans.append(plan)
        yield tuple(starts), tuple(plans)


class Everywhere(Drawing):
    """Draws lists that are mostly for callers in whatever presentation."""

    def exception(self):
        found = super().exception()
        texts = found["Data"].split()
        if self.chance.random() < 0.95:
            texts = [form for text in texts for form in forms(text)]
        return {**found, "Data": " ".join(dict.fromkeys(texts))}


def forms(text):
    for short in ("+33", "0033"):
        if text.startswith(short) and text[len(short) : len(short) + 1] not in ("", "*", "0"):
            text = "0" + text.removeprefix(short)
    if text[:1] == "0" and text[1:2] not in ("", "*", "0"):
        return [text, f"+33{text[1:]}", f"0033{text[1:]}"]
    if text in ("0*", "+*", "00*"):
        return ["*"]
    abroad = text.lstrip("+0")
    return [f"+{abroad}", f"00{abroad}"] if text[0] in "+0" and abroad else [text]


@pytest.mark.parametrize("seed", few(chosen(2000, 2006), 4))
def test_it_is_the_same(seed):
    alike = Counter()
    for drawing in (Drawing(seed), *(Everywhere(seed + 1000 * more) for more in range(1, 6))):
        read_ = reading(drawing.document(), replace(PBX, anonymous="Masque"))
        for called in (*NUMBERS, "199"):
            laid = read_.laid(called, ASKED)
            alike[read_.takes_alike(called)] += 1
            assert laid.windows is read_.laid(called, ASKED).windows
            for calls, given, found in zip(ASKED, unfolded(laid, ASKED), read_.found(called, ASKED), strict=True):
                assert given == (found.starts, found.plans), (called, calls)
                assert all(one is other for one, other in zip(given[1], found.plans, strict=True))

    assert alike[LIKENESSES] > 4
    assert alike[()]


@pytest.mark.parametrize("seed", few(chosen(2100, 2106), 4))
def test_it_is_the_same_where_it_is_asked_about(seed):
    chance = random.Random(seed)
    for drawing in (Drawing(seed), Everywhere(seed), Everywhere(seed + 1000)):
        asked = {one: drawn(chance, one.size) for one in ASKED}
        read_ = reading(drawing.document(), replace(PBX, anonymous="Masque"), asked.__getitem__)
        for called in (*NUMBERS, "199"):
            laid = read_.laid(called, ASKED)
            assert laid.windows is read_.laid(called, ASKED).windows
            for calls, given, found in zip(ASKED, unfolded(laid, ASKED), read_.found(called, ASKED), strict=True):
                some = asked[calls]
                for cut in {*given[0], *found.starts, *(end for both in some for end in both)} - {calls.size}:
                    there, here = (plans[bisect_right(starts, cut) - 1] for starts, plans in (given, told(found)))
                    inside = any(low <= cut < high for low, high in some)
                    assert there is here if inside else there.events == (NotAsked(),)


def told(found):
    return found.starts, found.plans


def drawn(chance, size):
    """Return intervals of the digits of calls."""
    if chance.random() < 0.3:
        return [(0, size)]
    parts = 10 ** chance.randint(1, 4)
    ends = sorted({min(chance.randint(0, parts) * size // parts, size) for _ in range(chance.choice((0, 2, 4, 8)))})
    return list(pairwise(ends))[::2]


def test_what_is_not_understood_is_told_whoever_it_is_for():
    value = document(
        e101=[entry("0612 0613", to("Fax"))],
        e102=[entry("0613", to("Extension", "101"))],
        e103=[entry("0612*", BUSY)],
        e104=[entry("0612", BUSY), entry("0613", to("VoiceMail", "104"), hours("OfficeHours"))],
    )
    read_ = reading(value, asked=lambda _: [(1000, 10000)])
    calls = [Calls(False, "????")]
    for called in ("101", "102", "104"):
        with pytest.raises(NotUnderstood):
            read_.laid(called, calls)
    assert next(unfolded(read_.laid("103", calls), calls))[0] == (0, 1000)


def test_extensions_that_are_alike_are_laid_out_alike():
    mobile = entry("0612* +33612* 00336120*", BUSY)
    read_ = reading(
        document(
            e101=[entry("0612* +33612* 0033612*", BUSY)],
            e102=[entry("07* +337* 00337*", BUSY), entry("*", to("Extension", "101"))],
            e103=[mobile],
            e104=[entry("07* +337* 00337*", BUSY), entry("*", to("Extension", "103"))],
            e105=[entry("07*", BUSY, CallType="InternalCallsOnly")],
        )
    )
    assert {number: read_.takes_alike(number) for number in ("101", "102", "103", "104", "105", "199")} == {
        "101": LIKENESSES,
        "102": LIKENESSES,
        "103": (FRENCH,),
        "104": (FRENCH,),
        "105": LIKENESSES,
        "199": LIKENESSES,
    }
    assert read_.laid("101", ASKED).windows is read_.laid("102", ASKED).windows
    assert read_.laid("103", ASKED).windows is read_.laid("104", ASKED).windows


def test_texts_have_the_places_of_those_that_are_alike():
    [plain], lines = by_text("0033?????????", ())
    assert plain == (0, "0033?????????", 0)
    assert lines == ["0033?????????"]
    windows, _ = by_text("?????????????", LIKENESSES)  # 00 and a number abroad or in France, then others
    assert windows == [
        (0, "?????????????", 0),
        (1 * 10**10, "+???????????", 1 * 10**10),
        (33 * 10**9 + 10**8, "??????????", 10**8),
        (34 * 10**9, "+???????????", 34 * 10**9),
        (10**11, "?????????????", 10**11),
    ]
    assert by_text("+???????????", (ABROAD,))[0] == [(0, "+???????????", 0)]
    assert by_text("????????????", (FRENCH,))[0] == [(0, "????????????", 0)]  # which may be 33 and more, but no +33


def by_text(presented, alike):
    """Return the windows of external calls, with the text and the unknown digits in it in place of a place."""
    made = layout((Calls(False, presented),), "", alike)
    shapes = [
        [one for group in line.groups for one in zip(group.places, group.shapes, strict=True)] for line in made.lines
    ]
    found = []
    for start, kind, at in made.windows[0]:
        place, its = max((one for one in shapes[kind] if one[0] <= at), key=lambda one: one[0])
        found.append((start, its.text, at - place))
    return found, [its.text for _, its in shapes[EXTERNAL]]


def test_the_first_trouble_is_told_as_if_calls_were_asked_one_by_one():
    value = document(e101=[entry("1 2 # 3", BUSY), entry("0612*", to("Fax"))])
    read_ = reading(value)
    for calls in (ASKED, ASKED[::-1]):
        told = []
        for ask in (read_.laid, read_.found):
            with pytest.raises(NotUnderstood) as caught:
                ask("101", calls)
            told.append((caught.value.line, caught.value.what, caught.value.text))
        assert told[0] == told[1]


def test_what_nobody_asks_for_may_be_in_trouble():
    read_ = reading(document(e101=[entry("01* +331* 00331*", to("Fax"))]))
    asked = [Calls(False, "00331????????")]
    with pytest.raises(NotUnderstood):
        read_.laid("101", asked)
    asked = [Calls(False, "0034?????????")]
    assert list(unfolded(read_.laid("101", asked), asked)) == [
        (found.starts, found.plans) for found in read_.found("101", asked)
    ]
