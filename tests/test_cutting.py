"""Files cut again after a change: as if they were cut as a whole. And made of pieces nobody looks at: as of texts."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.seeds import chosen, few

import policyc
from policyc import rope, targets
from policyc.proof import protocol
from policyc.proof.cutting import Cut
from policyc.recompile import pieces
from policyc.recompile.places import Places
from policyc.revision.blocks import split
from policyc.rope import Rope
from policyc.source import SourceFile, Span

TARGETS = ("asterisk", "freeswitch", "3cx")
NUMBERS = ("100", "101", "102", "110", "111", "1001", "2000", "2001")
POLICY = (
    'politique "Cabinet"\n'
    + "".join(f"poste {number} P{number} messagerie, mobile 06 12 34 56 78\n" for number in NUMBERS)
    + "horaires ouverture = lundi-vendredi 9h-18h\n"
    + "pour tous en priorité\n  depuis 0899* vers occupé\n"
    + "".join(f"pour {number}\n  depuis 06* vers occupé pendant ouverture\n" for number in NUMBERS[:-1])
)
# What bears upon where files are cut, and may be anywhere in one that somebody wrote.
ODD = (
    *("[policyc-101]\n", "\n[policyc-102]\n", "\n [policyc-101]", "[", ";", ";--", "--;", "\n#include x\n", "\\;"),
    *('<context name="x">\n', "</context>\n", "<context ", "<!--", "-->", "<![CDATA[", "]]>", "<anti-action/>"),
    *("</extension>\n", '  <extension name="x">\n', '"^101$"', "X-PRE-PROCESS", "<include>", "<?"),
    *(",\n", "\n  ]\n}\n", '{\n  "value": [\n', "    }", '"Number": "102"', '"Number": "100"', "[]"),
    *("é", "x", "\n", " ", "\0", "0612"),
)


@cache
def made(target):
    """Return the file of a target that is proved, whole, and what the policy's extensions are."""
    policy = policyc.load_text(POLICY)
    module = targets.find(target)
    [name] = protocol.find(target).FILES
    rendered = module.render(policy, module.DEFAULTS)
    return policy, name, rendered


def ropes_of(texts, rng):
    """Return texts as ropes: of lines, or of single characters, so that they are alike to the last one."""
    if rng.random() < 0.5:
        return [Rope([line.encode() for line in text.splitlines(keepends=True)]) for text in texts]
    return [Rope([character.encode() for character in text]) for text in texts]


def changed(text, rng):
    """Return a text that somebody changed in a few places beside each other."""
    at = rng.randrange(len(text))
    for _ in range(rng.randint(1, 3)):
        start = min(len(text), max(0, at + rng.randint(-200, 200)))
        end = min(len(text), start + rng.choice((0, 0, 1, 5, 40, 400)))
        added = rng.choice((rng.choice(ODD), "", text[end : end + rng.choice((9, 300))]))
        text = text[:start] + added + text[end:]
    return text


def said(parts):
    """Return what parts say."""
    by_number = (parts.own, parts.leads, parts.mailboxes)

    return parts.shared, parts.shared_leads, [dict(one) for one in by_number], parts.only(("101", "2001"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", few(chosen(0, 200), 40))
def test_what_is_cut_again_is_cut_as_a_whole(target, seed):
    policy, name, rendered = made(target)
    numbers, cutter = policy.extensions.keys(), protocol.find(target).parts
    rng = random.Random(seed)
    text = rendered.files[name]
    for _ in range(12):
        other = changed(text, rng)
        first, whole = (cutter({name: one}, numbers) for one in (text, other))
        if first is None:
            return
        before, after = ropes_of((text, other), rng)
        found = cutter.again(Cut(name, before, first.cut.runs), after, numbers)
        if whole is None:
            assert found is None or cutter.parts(found[0], numbers) is None
            continue
        cut, touched = found
        assert said(cutter.parts(cut, numbers)) == said(whole)
        assert cut.runs == whole.cut.runs
        assert cut.data[:] == other.encode()
        assert {one for one in whole.own if whole.own[one] != first.own.get(one)} <= touched
        text = other


@pytest.mark.parametrize("target", TARGETS)
def test_only_what_is_around_a_change_is_cut_again(target):
    policy, name, rendered = made(target)
    numbers, cutter = policy.extensions.keys(), protocol.find(target).parts
    text = rendered.files[name]
    own = next(own for own in rendered.pieces["1001"].texts if own in text)
    start, end = text.split(own)
    before, after = (Rope([one.encode() for one in (start, said, end)]) for said in (own, own.replace("06", "07")))
    _, touched = cutter.again(Cut(name, before, cutter({name: text}, numbers).cut.runs), after, numbers)

    assert "1001" in touched
    assert "2001" not in touched


@pytest.mark.parametrize("target", TARGETS)
def test_files_are_filled_with_pieces(target):
    policy, _, rendered = made(target)
    module = targets.find(target)
    kept = pieces.of_layers([pieces.layer(pieces.made(rendered.pieces))])
    files = module.assembled(policy, module.DEFAULTS, pieces.marked(kept))
    filled = pieces.filled(pieces.frame(files), kept)

    assert {name: data[:].decode() for name, data in filled.items()} == rendered.files


def test_marks_of_nothing_are_not_filled():
    assert pieces.filled(pieces.frame({"x": "a\x00101 0\x00b"}), {}) is None


@given(st.lists(st.binary(max_size=4)), st.integers(-2, 20), st.integers(-2, 20))
def test_a_rope_says_what_its_bytes_do(chunks, start, end):
    whole = b"".join(chunks)
    found = Rope(chunks)

    assert len(found) == len(whole)
    assert found[start:end] == whole[start:end]
    assert found[:] == whole


@given(*(st.lists(st.sampled_from([b"", b"a", b"ab", b"c"])),) * 2)
def test_what_is_alike_of_two_ropes_is_alike(one, other):
    start, end = rope.alike(Rope(one), Rope(other))
    first, second = b"".join(one), b"".join(other)

    assert start + end <= min(len(first), len(second))
    assert first[:start] == second[:start]
    assert first[len(first) - end :] == second[len(second) - end :]
    assert one != other or start == len(first)


def test_places_stay_what_they_are_when_something_else_changes():
    first, second = "poste 100\n", "pour 100\n  depuis 06* vers occupé\n"
    text = f"{first}{second}\npour 101\n  depuis 07* vers occupé\n# fin\n"
    longer = text.replace("06*", "06* 07* 08*")
    one, other = (Places(file, split(file.text).blocks) for file in (SourceFile("p", text), SourceFile("p", longer)))
    for said in ("poste 100", "pour 101", "depuis 07*", "# fin"):
        start = text.index(said)
        place = one.place(Span(one.source, start, start + len(said)))

        assert other.span(place).text == said
    with pytest.raises(ValueError, match=r"^p$"):
        one.place(Span(other.source, 0, 1))
