"""The difference of texts of which most is not read, against that of policies that are read whole."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policyc import api, report, words, workspace
from policyc.diff import document, grouping, revised, telling
from policyc.diff.phrasing import Told
from policyc.files import MemoryFiles
from policyc.revision.blocks import split
from policyc.source import SourceFile

DECLARED = """politique "Cabinet"
poste 101 "Accueil" messagerie, mobile 06 12 34 56 78
poste 102 "Dr Martin" messagerie
poste 103 Atelier
poste 104 « Le "Quai" » messagerie
poste 0199 Long mobile 0612345679
groupe 200 "Standard"
fériés France 2026..2027
horaires bureau
  lundi-vendredi 8h-12h 14h-18h
horaires nuit = lundi-dimanche 22h-6h
liste VIP = 06 11 22 33 44, 07 55*
"""
FOR_ALL = (
    "",
    "pour tous en priorité\n  depuis VIP vers sonnerie\n",
    "pour tous sauf Accueil\n  depuis * hors bureau vers système Standard\n",
)
AFTER = (
    "",
    'test "ouvert"\n  appel de 0612345678 pour 101 donne sonnerie 101\n',
    "liste Autres = 03*\n",
    'garantie "VIP"\n  depuis VIP pour 103 ne donne jamais occupé\n',
)
CALLERS = """\
06 12 34 56 78
0612345678, 07 11 22 33 44
06 12 34 56 78 03 11 22 33 44 06*
05 31*
0531* sauf 05 31 22*, 0531441122
VIP
VIP, 06 98 76 54 32
102
101..103
06 00 00 00 00 .. 06 00 00 00 99
* externe
* interne
anonyme
+44 20 7123 4567
07 00 12 34 56 78 90
"Dr Martin"
* externe pendant bureau
* hors nuit jusqu'au 2026-03-01
externe sauf 0531*
0199887766
+33 6 12 34 56 78
""".splitlines()
WRONG_CALLERS = """\
06 12 34 56 7
Inconnu
112
06 12 34 56 78 12
06 99 .. 06 00 00 00 00
0612345678 pendant midi
0612345678 occupé
""".splitlines()
DESTINATIONS = """\
messagerie
occupé
sonnerie
extension Accueil
extension 102
poste "Dr Martin" messagerie
système Standard
externe 05 61 00 00 00
externe 0561000000 pendant nuit
occupé motif "06 12 34 56 78, vers rien"  # 06 12 34 56 78
sonnerie jusqu'au 2026-05-01
extension « Le "Quai" »
mobile
""".splitlines()
WRONG_DESTINATIONS = """\
mobile rebond
extension Personne
externe 112
externe 0561000000, 0561000001
messagerie messagerie
poste 103 messagerie
""".splitlines()
NAMES = ("101", "102", "103", "104", "0199", "Accueil", '"Dr Martin"', "Atelier")


def compared(difference):
    """Return all that is told of a difference."""
    told = Told(difference, str, str, False, None, ())
    say, catalogue = words.load("fr"), report.load_catalogue("fr")

    return telling.to_text(told, say, catalogue), document.to_json(told, say, catalogue)


def whole(old, new):
    """Return what is told of two texts that are read whole, or None for one with errors."""
    checked = [api.examine(MemoryFiles({name: text}), (name,)) for name, text in (("old.pol", old), ("new.pol", new))]
    if any(one.has_errors for one in checked):
        return None

    return compared(grouping.compare(*(one.model for one in checked)))


def spared(old, new):
    """Return what is told of two texts of which most is not read, or None where that does not do."""
    found = revised.difference(SourceFile("old.pol", old), SourceFile("new.pol", new))

    return found and compared(found)


def on_disk(folder, text):
    """Return a project of one file."""
    folder.mkdir()
    (folder / "politique.pol").write_text(text, encoding="utf-8")

    return workspace.find((), folder)


def lines(callers, destinations):
    return st.builds(
        lambda one, two: f"  depuis {one} vers {two}\n", st.sampled_from(callers), st.sampled_from(destinations)
    )


RULES = lines(CALLERS, DESTINATIONS)
OTHERS = RULES | st.sampled_from(("\n", "  # pour 101\n", "# depuis 101\n", "depuis * vers sonnerie\n"))


@st.composite
def blocks(draw, rules=OTHERS):
    """Draw a block with a rule at least."""
    return f"pour {draw(st.sampled_from(NAMES))}\n{draw(RULES)}{''.join(draw(st.lists(rules, max_size=4)))}"


@st.composite
def pairs(draw, rules=OTHERS):
    """Draw two texts with many of their blocks in common."""
    known = draw(st.lists(blocks(rules), min_size=1, max_size=6))
    changed = draw(st.lists(st.sampled_from(range(len(known))), max_size=2))
    others = [draw(blocks(rules)) if at in changed else one for at, one in enumerate(known)]
    first, between, last = (draw(st.sampled_from(FOR_ALL)) for _ in range(3))
    after = draw(st.sampled_from(AFTER))

    def text(some):
        half = len(some) // 2
        return "".join((DECLARED, first, *some[:half], between, *some[half:], last, after))

    return text(known), text(draw(st.permutations(others)) if draw(st.booleans()) else others)


@given(pairs())
def test_what_is_told_is_what_reading_all_would_tell(texts):
    found = spared(*texts)
    assume(found is not None)

    assert whole(*texts) == found


@settings(max_examples=50)
@given(pairs(OTHERS | lines(WRONG_CALLERS, DESTINATIONS) | lines(CALLERS, WRONG_DESTINATIONS)))
def test_nothing_is_told_of_policies_with_errors(texts):
    found = spared(*texts)

    assert found is None or whole(*texts) == found


@given(
    st.sampled_from(CALLERS + WRONG_CALLERS), st.sampled_from(DESTINATIONS + WRONG_DESTINATIONS), st.sampled_from(NAMES)
)
def test_no_error_of_a_line_is_missed(callers, destination, name):
    """Whatever one line says, and whoever says it."""
    old = f"{DECLARED}pour {name}\n  depuis {callers} vers {destination}\n"
    new = f"{DECLARED}pour {name}\n  depuis * vers sonnerie\n"

    assert spared(old, new) in (None, whole(old, new))


OLD = f"""{DECLARED}pour 101
  depuis 0612345678 vers occupé
pour 102
  depuis 05* vers extension 101
pour 103
  depuis * vers occupé
"""


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("vers occupé", "vers sonnerie"),
        ("0612345678", "06 12 34 56 78, 07 11 22 33 44"),
        ("pour 102\n  depuis 05* vers extension 101\n", ""),
        ("pour 103", "# note\npour 103\n  # note"),
        ("pour 103\n", "pour 102\n  depuis VIP vers messagerie pendant bureau\npour 103\n"),
    ],
)
def test_plain_changes_are_told(was, now):
    new = OLD.replace(was, now, 1)

    assert whole(OLD, new) == spared(OLD, new) != None  # noqa: E711 - both


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("06 11 22 33 44", "06 11 22 33 45"),  # a declaration
        ("poste 0199 Long", "poste 0123456789 Long"),  # a number that may be an extension's
        ("pour 103\n", "pour 103\n  depuis 05* vers extension 103\n"),  # perhaps a loop
        ("pour 103\n", "pour 103\n\n  Depuis 05* vers occupé\n"),  # another spelling
        ("pour 103\n", "pour 103\nfériés compris\n"),
        ("pour 103\n", "pour 103 104\n"),
        ("pour 103\n  depuis * vers occupé\n", "pour 103\n"),
        ("pour 103\n", 'inclure "autre.pol"\npour 103\n'),
        ("vers occupé", "vers occupé jusqu'au 2026-01-01 jusqu'au 2026-02-01"),
        ("0612345678 vers occupé", "0612345678 jusqu'au 2026-01-01 vers occupé jusqu'au 2026-02-01"),
    ],
)
def test_what_is_not_plain_is_read_whole(was, now):
    new = OLD.replace(was, now, 1)

    assert new != OLD
    assert spared(OLD, new) is None
    assert spared(new, OLD) is None


def test_numbers_in_names_are_no_numbers():
    old = OLD.replace("Atelier", '"Ligne, 0199887766"').replace("05* vers", '"Ligne, 0612345678" vers')

    assert whole(old, OLD) is None
    assert spared(old, old) is None


def test_large_projects_of_one_file_are_compared_so(tmp_path):
    rules = "".join(f"  depuis 06 {at:08} vers occupé\n" for at in range(100))
    blocks = "".join(f"pour {at}\n{rules}" for at in range(1001, 1060))
    old = "".join(f"poste {at} Poste{at}\n" for at in range(1001, 1060)) + blocks
    new = old.replace("06 00000042 vers occupé", "06 00000042 vers sonnerie", 1)
    before, after = on_disk(tmp_path / "old", old), on_disk(tmp_path / "new", new)
    found = revised.compare(before, after)

    assert found is not None
    assert compared(found) == compared(grouping.compare(*(api.examine_workspace(one).model for one in (before, after))))
    assert revised.compare(on_disk(tmp_path / "small", OLD), after) is None


@given(pairs())
def test_blocks_and_the_frame_are_the_text(texts):
    for text in texts:
        found = split(text)
        assume(found is not None)
        parts = [*found.frame, *((one.start, one.end) for one in found.blocks)]

        assert text == "".join(text[start:end] for start, end in sorted(parts))
        assert all(text[one.start : one.end] == f"{one.header}\n{one.body}" for one in found.blocks)
