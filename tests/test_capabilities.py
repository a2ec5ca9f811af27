"""What targets can say: the table is whole, the page shows it, and a policy's wishes are found where they are."""

from datetime import date
from pathlib import Path

import pytest

from policyc import api, capabilities, report, targets
from policyc.capabilities import Level
from policyc.files import MemoryFiles

PAGE = Path(__file__).parent.parent / "docs" / "cibles.md"
HEAD = "| Guide | Une politique demande | Asterisk | FreeSWITCH | 3CX |\n|---|---|---|---|---|\n"
WORDS = {Level.YES: "oui", Level.PBX: "PBX", Level.DEPENDS: "selon", Level.NO: "non"}
BASE = """
poste 101 Accueil messagerie
poste 102 "Dr Martin" mobile 06 12 34 56 78, messagerie
groupe 800 Standard
horaires bureau = lundi-vendredi 09:00-18:00
horaires astreinte = samedi 09:00-18:00 fériés compris
fériés France 2026..2027
fermeture congés = 2026-08-01..2026-08-15
"""


def policy_of(rule, base=BASE):
    text = f'{base}\npour "Dr Martin"\n  {rule}\n'
    checked = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"], date(2026, 11, 23))
    assert not checked.has_errors, checked.diagnostics
    return checked.policy


def asked(rule):
    """Return what one rule asks for."""
    policy = policy_of(rule)
    [span] = {one.span for one in policy.rules}
    return {key for key, place in capabilities.asked(policy) if place == span}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("depuis * vers occupé", {"busy"}),
        ("depuis 06* vers messagerie", {"mailbox"}),
        ("depuis 06* externe vers extension Accueil", {"kinds", "extension"}),
        ("depuis interne vers sonnerie", {"kinds", "ring"}),
        ("depuis anonyme vers système Standard", {"anonymous", "system"}),
        ("depuis anonyme externe vers occupé", {"anonymous", "kinds", "busy"}),
        ("depuis * externe vers occupé", {"kinds", "busy"}),
        ("depuis * sauf anonyme vers occupé", {"busy"}),
        ("depuis * pendant bureau vers mobile", {"hours", "zone", "external"}),
        ("depuis * hors les fériés vers mobile rebond", {"holidays", "zone", "rebound"}),
        ("depuis * pendant congés vers occupé", {"closures", "zone", "busy"}),
        ("depuis * jusqu'au 2030-01-01 vers occupé", {"until", "zone", "busy"}),
    ],
)
def test_what_a_rule_asks_for(rule, expected):
    assert asked(rule) == expected


def test_hours_ask_for_the_days_that_they_leave_out():
    policy = policy_of("depuis * vers occupé")
    found = {key for key, place in capabilities.asked(policy) if "bureau" in place.text}
    assert found == {"holidays", "closures"}
    assert not [key for key, place in capabilities.asked(policy) if "astreinte" in place.text]


def test_what_a_target_cannot_say_is_an_error_at_each_place_that_asks():
    policy = policy_of("depuis 06* jusqu'au 2030-01-01 vers occupé\n  depuis 07* jusqu'au 2030-01-01 vers occupé")

    found = capabilities.missing(policy, "mur", {"until": Level.NO, "busy": Level.PBX, "ring": Level.DEPENDS})

    assert [one.code for one in found] == ["PC401", "PC401"]
    assert len({one.primary for one in found}) == 2
    said = {language: report.load_catalogue(language).message(found[0]) for language in ("fr", "en")}
    assert "une date de fin" in said["fr"]
    assert "a last day" in said["en"]


def test_every_target_says_something_of_every_feature():
    names = set(targets.names())
    for feature in capabilities.features().values():
        assert set(feature.levels) == names, feature.key
        assert feature.fr, feature.key
        assert feature.en, feature.key


def test_what_is_asked_is_a_feature():
    assert set(capabilities._OF_RULES) <= set(capabilities.features())


def test_the_page_shows_the_table(bless):
    rows = "".join(
        f"| {feature.guide} | {feature.fr} | {' | '.join(WORDS[feature.levels[name]] for name in targets.names())} |\n"
        for feature in capabilities.features().values()
    )
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(HEAD)
    after = rest[rest.index("\n- **oui**") :]
    if bless:
        PAGE.write_text(before + HEAD + rows + after, encoding="utf-8")
        text = PAGE.read_text(encoding="utf-8")

    assert text == before + HEAD + rows + after, "--bless rewrites it"


def test_rules_that_hold_for_all_times_and_callers_ask_for_little():
    """A policy of the guide's first rows asks for nothing that some target cannot say."""
    policy = policy_of(
        "depuis 06* 07* vers extension Accueil messagerie", 'poste 101 Accueil messagerie\nposte 102 "Dr Martin"'
    )

    for name in targets.names():
        assert capabilities.missing(policy, name, capabilities.of(name)) == ()
