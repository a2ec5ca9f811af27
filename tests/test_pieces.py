"""Files made of pieces: after the rules of an extension changed, its piece alone is made anew, and they are the same.

What `policyc` knows then of other extensions is less than a policy: rules that lead where theirs do, when theirs do.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.seeds import few

import policyc
from policyc import digits, targets
from policyc.model import UNWRITTEN, External, Policy
from policyc.source import SourceFile, Span
from policyc.targets import InPieces

TARGETS = ("asterisk", "freeswitch")
HEAD = """\
politique "Cabinet"
poste 8 Loge mobile 06 12 34 56 70, messagerie
poste 101 "Dr Martin" mobile 06 12 34 56 78, messagerie
poste 102 Atelier mobile 06 12 34 56 79, sonne 30s, messagerie
poste 110 Paie mobile 06 87 65 43 21, messagerie
poste 2001 Garde mobile 06 87 65 43 22, messagerie
groupe 801 Urgences
"""
TIMES = """\
fériés France 2026..2027
fermeture congés = 2026-12-24..2027-01-02
horaires ouverture
  lundi-vendredi 9h-18h
horaires "été, le matin" fériés compris
  lundi-samedi 8h-12h
"""
BUSY = ("8", "101", "102", "110")  # all but the one that others forward to
FORMER = "\npour tous en priorité{}\n  depuis 0899* vers occupé\n"
MOBILE = "\npour tous en priorité{}\n  depuis 0499* vers mobile pendant ouverture\n  depuis interne vers sonnerie\n"
LATTER = (
    "\npour tous{}\n  depuis 05* vers mobile rebond hors congés\n  depuis * vers extension 2001 jusqu'au 2027-03-01\n"
)
LAYERS = (
    "",
    FORMER.format(""),
    LATTER.format(" sauf 2001"),
    FORMER.format("") + LATTER.format(" sauf 101, 2001"),
    MOBILE.format(" sauf 102") + FORMER.format(" sauf 101") + LATTER.format(" sauf 2001"),
)
WHO = ("06*", "0142*", "0612345678", "*", "interne", "anonyme", "01* 02* sauf 0142*", "06* externe", "0033*")
WHERE = (
    *("sonnerie", "occupé", "messagerie", "système 801", "externe 0145678901", "externe 0145678902"),
    *("extension 101 messagerie", "extension 2001", "mobile", "mobile rebond"),
)
WHEN = (
    *("", "", "", " pendant ouverture", " hors ouverture", " pendant les fériés", " hors congés"),
    *(
        ' pendant "été, le matin"',
        ' hors ouverture hors "été, le matin"',
        " jusqu'au 2026-12-31",
        " jusqu'au 2027-01-31",
    ),
)
ENDS = (*(f"occupé{when}" for when in WHEN if when), "extension 2001", "mobile rebond")
LINES = st.builds("depuis {} vers {}{}".format, st.sampled_from(WHO), st.sampled_from(WHERE), st.sampled_from(WHEN))
RULES = st.lists(LINES, max_size=4, unique=True)
SETTINGS = st.sampled_from(({}, {}, {"rule_in_cdr": True}, {"presentations": ("e164",), "rebound_confirm": False}))


def policy_of(layers: str, blocks: dict[str, list[str]], last: str) -> Policy:
    """Return a policy whose last block is that of an extension: whatever it holds, no other rule changes its line."""
    order = sorted(blocks, key=lambda number: (number == last, number))
    text = "".join(
        f"\npour {number}\n" + "".join(f"  {line}\n" for line in blocks[number]) for number in order if blocks[number]
    )
    return policyc.load_text(HEAD + TIMES + layers + text)


def known_of(policy: Policy, changed: str) -> Policy:
    """Return a policy with rules that stand in for those of all extensions but one."""

    def standing_in(rule):
        to = rule.destination
        if isinstance(to, External) and to.number:
            to = replace(to, number="0199887766")
        nowhere = Span(SourceFile("ailleurs/une politique qui a un nom bien plus long.pol", "\n" * 12345), 12340, 12341)
        return replace(rule, callers=digits.ANONYMOUS, destination=to, span=nowhere, written=UNWRITTEN)

    own = {
        number: rules if number == changed else tuple(map(standing_in, rules)) for number, rules in policy.own.items()
    }
    return replace(policy, own=own)


def check(target, layers, number, one, two, settings):
    """Hold what is made of pieces, after the rules of an extension changed, to what is made of the whole policy.

    `one` and `two` are blocks of rules that differ in that extension's alone. Returns the files of both.
    """
    module = targets.find(target)
    assert isinstance(module, InPieces)
    chosen = {**module.DEFAULTS, **settings}
    policies = [policy_of(layers, blocks, number) for blocks in (one, two)]
    whole = [module.render(policy, chosen) for policy in policies]
    for policy, new, old in zip(policies, whole, reversed(whole), strict=True):
        assert new.pieces.keys() == policy.extensions.keys()
        known = known_of(policy, number)
        others = {other: piece for other, piece in old.pieces.items() if other != number}
        revised = module.revised(known, chosen, [number], others)
        assert revised == {number: new.pieces[number]}
        assert module.assembled(known, chosen, {**others, **revised}) == new.files
    return [one.files for one in whole]


@pytest.mark.parametrize("target", TARGETS)
@given(
    layers=st.sampled_from(LAYERS),
    blocks=st.fixed_dictionaries(dict.fromkeys(BUSY, RULES)),
    number=st.sampled_from(BUSY),
    rules=RULES,
    settings=SETTINGS,
)
def test_after_any_change_of_an_extension(target, layers, blocks, number, rules, settings):
    check(target, layers, number, blocks, {**blocks, number: rules}, settings)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("layers", [LAYERS[0], LAYERS[-1]])
@pytest.mark.parametrize("rest", few(ENDS, 6))
def test_what_stands_once_for_all(target, layers, rest):
    """It comes with the first rule that asks for it, and goes with the last one."""
    blocks = {"101": ["depuis 07* vers occupé"], "102": ["depuis 01* vers sonnerie"]}
    rules = [*blocks["102"], f"depuis 06* vers {rest}"]
    without, with_it = check(target, layers, "102", blocks, {**blocks, "102": rules}, {})

    assert without != with_it


@pytest.mark.parametrize("target", TARGETS)
def test_pieces_stand_in_files_as_they_are(target):
    module = targets.find(target)
    blocks = {"8": ["depuis 06* vers occupé"], "102": ["depuis * vers mobile"]}
    rendered = module.render(policy_of(LAYERS[-1], blocks, "8"), module.DEFAULTS)

    text = "".join(rendered.files.values())
    assert all(text.count(one) == 1 for piece in rendered.pieces.values() for one in piece.texts if one)


@pytest.mark.parametrize("names", [1, 100])
def test_records_of_asterisk_know_the_longest_name_of_a_rule(names):
    """How much of a way fits into a record depends on the rules of all extensions."""
    blocks = {number: ["depuis 06* vers extension 2001"] for number in BUSY}
    rules = [f"depuis 06{at:02}* vers extension 2001" for at in range(names)]

    check("asterisk", "", "102", {**blocks, "102": []}, {**blocks, "102": rules}, {"rule_in_cdr": True})
