"""Whatever is in the files of a policy, people get diagnostics: never a traceback, and always some to read."""

import json
import re
import string
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from policyc import api, checks, project, report, syntax
from policyc.diagnostics import CODES, arrange, has_errors
from policyc.files import MemoryFiles
from policyc.resolve import resolve

CATALOGUES = [report.load_catalogue(language) for language in report.LANGUAGES]
TODAY = date(2026, 11, 23)

POLICY = """\
politique "Cabinet Martin"
fuseau Europe/Paris
poste 100 Accueil messagerie
poste 101 Secrétariat messagerie, sonne 30s
poste 102 "Dr Martin" mobile 06 12 34 56 78, messagerie, sonne 20s
poste 103 Atelier
groupe 800 Standard
file 810 Patients
svi 820 « Menu vocal »
liste VIP = 06 00 00 00 00, 01 42 68 53 00
liste Confrères
  04 91 00 00 00 +33 6* 0033 1 42 68 53 01
  0140000000..0140009999 VIP anonyme
horaires bureau
  lundi-vendredi 09:00-12:30 14:00-18:30
  samedi 9h-12h
horaires nuit fériés compris = lundi mardi 22h-6h
fériés France 2026..2027
fermeture congés = 24/12/2026..2027-01-02, 2026-05-15
annuaire "postes.csv"
inclure "plus/*.pol"
pour "Dr Martin"
  depuis VIP vers mobile rebond
  depuis démarchage vers occupé
  depuis 06* 07* sauf 06 12* pendant bureau vers extension Secrétariat messagerie
  depuis anonyme externe vers messagerie jusqu'au 2026-12-31 motif "campagne"
  depuis interne vers sonnerie
  depuis * hors bureau hors les fériés vers système Standard
pour Accueil
  depuis 01* vers extension "Dr Martin"
pour Secrétariat
  depuis * pendant nuit vers extension Accueil
pour tous sauf Accueil, 103 en priorité
  depuis étranger vers externe 04 42 93 06 98 rebond
test "les mobiles vont chez la secrétaire"
  appel externe de 07 11 22 33 44 pour "Dr Martin" le 2026-11-23 10:00 donne messagerie Secrétariat
garantie "jamais de renvoi surtaxé"
  depuis * pour tous ne donne jamais externe surtaxés
"""
OTHERS = {
    "postes.csv": "numero;nom;mobile;messagerie;sonne\n104;Cave;;oui;\n105;Loge;06 12 34 56 79;x;15\n",
    "plus/un.pol": "poste 106 Jardin messagerie\npour Jardin\n  depuis VIP vers extension Atelier\n",
}
WORDS = [
    *re.findall(r'"[^"\n]*"|«[^»]*»|[^\s"«»,]+|,', POLICY),
    *syntax.spelling().values(),
    "é" * 40,
    "\0",
    "''",
    "0" * 5000,
]


def tell(diagnostics):
    """Tell diagnostics in every way, and hold them to what they promise."""
    for one in diagnostics:
        assert one.code in CODES
        if one.primary is not None:
            assert 0 <= one.primary.start <= one.primary.end <= len(one.primary.file.text)
            assert one.primary.line <= one.primary.end_line
    for catalogue in CATALOGUES:
        text = report.render_text(diagnostics, catalogue, color=False)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
        assert len(diagnostics) == len(json.loads(report.render_json(diagnostics, catalogue)))


def run(files):
    """Take files as far as they go, and as the library does."""
    held = MemoryFiles(files)
    program, found = project.load(held, ("p.pol",))
    policy, unresolved = resolve(program)
    everything = (*found, *unresolved)
    if not has_errors(everything):
        everything += checks.check(policy, TODAY)
    tell(arrange(everything))
    api.examine(held, ("p.pol",), TODAY)
    return everything


def test_the_policy_that_is_mutated_is_good():
    assert [] == [one for one in run({"p.pol": POLICY, **OTHERS}) if one.is_error]


@given(st.binary(max_size=400))
def test_any_bytes(data):
    run({"p.pol": data})


@given(st.text(max_size=400))
def test_any_text(text):
    run({"p.pol": text})


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=12).map("\n".join))
def test_words_of_the_language_in_any_order(text):
    run({"p.pol": "poste 101 Accueil\nliste VIP = 06*\n" + text})


@st.composite
def mutated(draw, text):
    """Return a text with some of its words deleted, doubled, swapped or replaced, or characters put in."""
    words = re.findall(r'"[^"\n]*"|«[^»\n]*»|[ ]+|\n|[^\s"«»,]+|,', text)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(("delete", "double", "swap", "replace", "insert", "cut", "character"))):
            case "delete":
                words[at] = ""
            case "double":
                words[at] += " " + words[at]
            case "swap":
                words[at], words[other] = words[other], words[at]
            case "replace":
                words[at] = draw(st.sampled_from(WORDS))
            case "insert":
                words[at] += " " + draw(st.sampled_from(WORDS)) + " "
            case "cut":
                words[at] = words[at][: draw(st.integers(0, 9))]
            case _:
                place = draw(st.integers(0, len(words[at])))
                sign = draw(st.one_of(st.characters(), st.sampled_from(string.punctuation + "0123456789 \n")))
                words[at] = words[at][:place] + sign + words[at][place:]
    return "".join(words)


@given(mutated(POLICY))
def test_a_policy_with_mistakes(text):
    run({"p.pol": text, **OTHERS})


@given(st.data())
def test_other_files_with_mistakes(data):
    changed = {name: data.draw(mutated(text)) for name, text in OTHERS.items()}
    run({"p.pol": POLICY, **changed})


@given(st.one_of(st.binary(max_size=200), st.text(alphabet=string.printable + "é«\"'\x00\u2028", max_size=200)))
def test_any_directory(data):
    content = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    run({"p.pol": 'annuaire "p.csv"\n', "p.csv": b"numero,nom,mobile,messagerie,sonne\n" + content})


@given(st.text(alphabet="0123456789+ .()-*,", min_size=1, max_size=40))
def test_any_number(text):
    found = run(
        {"p.pol": f"poste 101 Accueil\npour 101\n  depuis {text} vers occupé\n  depuis * vers externe {text}\n"}
    )

    assert len(found) <= 2 * len(text)


@given(st.text(max_size=60))
def test_any_name_in_quotes_works_or_is_reported(name):
    quoted = f'poste 101 "{name}"\npour "{name}"\n  depuis * vers extension 102\nposte 102 Autre\n'
    found = run({"p.pol": quoted})

    assert has_errors(found) or not any(char in name for char in '"\n')


def test_lists_and_files_name_one_another_at_any_depth():
    depth = 1050
    chain = "".join(f"liste L{at} = L{at + 1}\n" for at in range(depth)) + f"liste L{depth} = 112\n"
    rule = "poste 101 Accueil\npour Accueil\n  depuis L0 vers occupé\n"
    nested = {f"{at}.pol": f'inclure "{at + 1}.pol"\n' for at in range(depth)}

    assert ["PC307"] == [one.code for one in run({"p.pol": chain + rule})]
    assert ["PC210"] == [one.code for one in run({"p.pol": chain.replace("112", "L0") + rule})]
    assert ["PC004"] == [one.code for one in run({"p.pol": 'inclure "0.pol"\n', **nested})]


def test_a_circle_of_many_extensions_is_one_mistake():
    count = 150
    posts = "".join(
        f"poste {1000 + at} P{at}\npour P{at}\n  depuis * vers extension P{(at + 1) % count}\n" for at in range(count)
    )

    assert ["PC301"] == [one.code for one in run({"p.pol": posts})]
