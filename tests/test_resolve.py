"""Names to numbers, callers to sets, times to periods; files, directories and what is wrong with any of them."""

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import checks, digits, numbering, project, resolve
from policyc.diagnostics import CODES, Diagnostic, arrange
from policyc.digits import ANONYMOUS, EVERYONE, EXTERNAL, INTERNAL, Caller, Kind
from policyc.files import MemoryFiles
from policyc.model import Busy, External, Forward, Mailbox, Policy, Ring, Rule, ToSystem

PRELUDE = """\
poste 100 Accueil messagerie
poste 101 Secrétariat messagerie, sonne 30s
poste 102 "Dr Martin" mobile 06 12 34 56 78, messagerie
poste 103 Atelier
groupe 800 Standard
file 810 Patients
svi 820 "Menu vocal"
"""


def resolved(text: str | bytes, **others: str | bytes) -> tuple[Policy, tuple[Diagnostic, ...]]:
    """Resolve `p.pol`, among other files whose names are given with `_` for the dot."""
    files = MemoryFiles({"p.pol": text} | {name.replace("_", "."): content for name, content in others.items()})
    program, problems = project.load(files, ["p.pol"])
    policy, more = resolve.resolve(program)
    return policy, arrange(problems + more + checks.check(policy))


def codes(text: str | bytes, **others: str | bytes) -> list[tuple[str, str]]:
    """The mistakes found: the codes, each with the text that its span holds."""
    return [(one.code, one.primary.text if one.primary else "") for one in resolved(text, **others)[1]]


def policy_of(text: str, **others: str) -> Policy:
    policy, problems = resolved(text, **others)
    assert not problems, problems
    return policy


def rule(line: str, before: str = "") -> Rule:
    """The rule that a line makes for extension 102."""
    [found] = policy_of(f"{PRELUDE}{before}\npour 102\n{line}").own["102"]
    return found


# -- callers -----------------------------------------------------------------------------------------------------

LISTS = "liste VIP = 06 00 00 00 00, 01 42 68 53 00\nliste Proches = vip 101\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("*", EVERYONE),
        ("anonyme", ANONYMOUS),
        ("anonyme externe", ANONYMOUS & EXTERNAL),
        ("interne", INTERNAL),
        ("externe sauf 06*", EXTERNAL - numbering.prefix("06")),
        ("06* 07*", numbering.prefix("06") | numbering.prefix("07")),
        ("+33 6*, 0033 7*", numbering.prefix("06") | numbering.prefix("07")),
        ("06* sauf 06 12*", numbering.prefix("06") - numbering.prefix("0612")),
        ("06* sauf 06 12* externe", (numbering.prefix("06") - numbering.prefix("0612")) & EXTERNAL),
        ("06 12 34 56 78", digits.exactly("0612345678")),
        ("+33 (0)6 12 34 56 78", digits.exactly("0612345678")),
        ("612345678", digits.exactly("0612345678")),
        ("+262 692 12 34 56", digits.exactly("0692123456")),
        ("0044 20 7123 4567", digits.exactly("+442071234567")),
        ("0140000000..0140009999", digits.between("0140000000", "0140009999")),
        ("+33 1 40 00 00 00 .. 01 40 00 99 99", digits.between("0140000000", "0140009999")),
        ("100..103", digits.between("100", "103")),
        ("101", digits.exactly("101")),
        ("Secrétariat", digits.exactly("101")),
        ("secretariat", digits.exactly("101")),
        ("SECRÉTARIAT", digits.exactly("101")),
        (unicodedata.normalize("NFD", "Secrétariat"), digits.exactly("101")),
        ("« dr  martin »", digits.exactly("102")),
        ("VIP", digits.exactly("0600000000") | digits.exactly("0142685300")),
        ("vip sauf 06*", digits.exactly("0142685300")),
        ("Proches", digits.exactly("0600000000") | digits.exactly("0142685300") | digits.exactly("101")),
        ("mobiles étranger", numbering.builtin_lists()["mobiles"][1] | digits.FOREIGN),
        ("etranger", digits.FOREIGN),
        ("demarchage", numbering.builtin_lists()["canvassing"][1]),
    ],
)
def test_callers(written: str, expected: digits.NumberSet) -> None:
    text = f"{PRELUDE}{LISTS}pour 102\ndepuis {written} vers sonnerie"
    policy, problems = resolved(text)

    assert [expected] == [one.callers for one in policy.own["102"]]
    assert {one.code for one in problems} <= {"PC901"}


def test_lists_may_stand_in_any_order_and_hold_one_another() -> None:
    text = "".join(f"liste L{at} = L{at + 1} 06 00 00 00 {at:02}\n" for at in range(50)) + "liste L50 = anonyme\n"
    found = rule("depuis L0 vers messagerie", text)

    assert ANONYMOUS | digits.between("0600000000", "0600000049") is found.callers


# -- destinations and times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sonnerie", Ring()),
        ("occupé", Busy()),
        ("messagerie", Mailbox(None)),
        ("mobile", External(None, rebound=False)),
        ("mobile rebond", External(None, rebound=True)),
        ("extension Secrétariat", Forward("101")),
        ("poste secretariat", Forward("101")),
        ("extension 101", Forward("101")),
        ("extension Secrétariat messagerie", Mailbox("101")),
        ("extension 101 messagerie", Mailbox("101")),
        ("externe 04 42 93 06 98", External("0442930698", rebound=False)),
        ("externe +33 4 42 93 06 98 rebond", External("0442930698", rebound=True)),
        ("externe 0044 20 7123 4567", External("+442071234567", rebound=False)),
        ("externe 3949", External("3949", rebound=False)),
        ("système Standard", ToSystem("800")),
        ("système 810", ToSystem("810")),
        ('système "menu VOCAL"', ToSystem("820")),
    ],
)
def test_destinations(written: str, expected: object) -> None:
    assert expected == rule(f"depuis * vers {written}").destination


TIMES = """\
horaires bureau = lundi-vendredi 09:00-18:00
horaires garde fériés compris = lundi-dimanche 22:00-06:00
fériés France 2026..2027
fermeture congés = 24/12/2026..2027-01-02
"""


@pytest.mark.parametrize(
    ("clauses", "local", "expected"),
    [
        ("pendant bureau", "2026-11-23 09:00", True),
        ("pendant bureau", "2026-11-23 18:00", False),
        ("pendant BUREAU", "2026-11-11 10:00", False),  # the armistice
        ("hors bureau", "2026-11-11 10:00", True),
        ("pendant bureau", "2026-12-28 10:00", False),  # closed
        ("pendant garde", "2026-11-11 23:00", True),
        ("pendant les fériés", "2026-12-25 03:00", True),
        ("hors les fériés hors congés", "2026-12-25 03:00", False),
        ("pendant conges pendant les feries", "2026-12-25 03:00", True),
        ("pendant congés", "2027-01-02 23:59", True),
        ("pendant congés", "2027-01-03 00:00", False),
        ("jusqu'au 2026-11-23", "2026-11-23 23:59", True),
        ("jusqu'au 2026-11-23", "2026-11-24 00:00", False),
    ],
)
def test_times(clauses: str, local: str, expected: bool) -> None:
    found = rule(f"depuis * {clauses} vers occupé", TIMES)

    assert expected == found.times_hold(datetime.fromisoformat(local))


def test_rules_that_say_the_same_of_time_share_it() -> None:
    lines = "  depuis 06* pendant bureau hors les fériés vers occupé\n  depuis 07* hors les fériés vers messagerie\n"
    before = "fériés France 2026\nhoraires bureau\n  lundi 9h-12h\n"
    one, other = policy_of(f"{PRELUDE}{before}pour 102\n{lines}").own["102"]

    assert [clause.inside for clause in one.times] == [True, False]
    assert one.times[1] is other.times[0]


def test_the_parts_of_a_policy() -> None:
    policy = policy_of(f'politique "Cabinet"\nfuseau Indian/Reunion\n{PRELUDE}{TIMES}')

    assert "Cabinet" == policy.name
    assert "Indian/Reunion" == policy.zone.key
    assert ["100", "101", "102", "103"] == list(policy.extensions)
    assert [("800", "group"), ("810", "queue"), ("820", "menu")] == [
        (one.number, one.kind) for one in policy.systems.values()
    ]
    martin = policy.extensions["102"]
    assert ("Dr Martin", "0612345678", True, 20) == (martin.name, martin.mobile, martin.mailbox, martin.ring_seconds)
    assert 30 == policy.extensions["101"].ring_seconds
    assert (date(2026, 11, 11), "Armistice") in policy.holidays
    assert ["congés"] == [one.name for one in policy.closures]


def test_a_policy_that_says_nothing_is_in_paris() -> None:
    assert "Europe/Paris" == policy_of("").zone.key


def test_rules_are_tried_in_layers_and_blocks_continue_one_another() -> None:
    policy = policy_of(
        PRELUDE
        + "pour tous\ndepuis 01* vers occupé\npour 102\ndepuis 02* vers occupé\n"
        + "pour tous en priorité sauf Accueil\ndepuis 03* vers occupé\npour tous sauf 101\ndepuis 04* vers occupé\n"
        + 'pour "Dr Martin"\ndepuis 05* vers messagerie\npour tous en priorité\ndepuis 06* vers occupé\n'
    )
    prefixes = {numbering.prefix(f"0{at}"): f"0{at}" for at in range(1, 7)}

    assert ["03", "06", "02", "05", "01", "04"] == [prefixes[one.callers] for one in policy.rules_for("102")]
    assert ["06", "01", "04"] == [prefixes[one.callers] for one in policy.rules_for("100")]
    assert ["03", "06", "01"] == [prefixes[one.callers] for one in policy.rules_for("101")]


# -- name spaces -------------------------------------------------------------------------------------------------


def test_callers_times_and_systems_have_names_of_their_own() -> None:
    policy = policy_of("poste 100 Accueil messagerie\ngroupe 800 Accueil\nhoraires Accueil = lundi 9h-12h\n"
                       "pour Accueil\ndepuis Accueil pendant Accueil vers système Accueil")  # fmt: skip
    [found] = policy.own["100"]

    assert digits.exactly("100") is found.callers
    assert ToSystem("800") == found.destination
    assert "Accueil" == found.times[0].named.name


@given(st.sampled_from(("Été", "Cœur", "L'Étage", "Œuvres", "Ümit", "Jean-Paul", "a b", "ﬁn")), st.data())
def test_names_are_found_whatever_their_case_and_accents(name: str, data: st.DataObject) -> None:
    spelling = name
    for change in (
        str.upper,
        str.lower,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("'", "’"),
    ):
        if data.draw(st.booleans()):
            spelling = change(spelling)
    policy, problems = resolved(f'poste 100 "{name}"\npour "{spelling}"\ndepuis "{spelling}" vers occupé')

    assert {one.code for one in problems} <= {"PC901"}
    assert [digits.exactly("100")] == [one.callers for one in policy.own["100"]]


# -- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Numbers.
        ("pour 102\ndepuis 06 12 34 56 7 vers occupé", [("PC105", "06 12 34 56 7")]),
        ("pour 102\ndepuis +33 6 12 vers occupé", [("PC105", "+33 6 12")]),
        ("pour 102\ndepuis * vers externe 04 42 93", [("PC105", "04 42 93")]),
        ("pour 102\ndepuis 061234567890 vers occupé", [("PC106", "061234567890")]),
        ("pour 102\ndepuis +44 20 7123 4567 8910 11 vers occupé", [("PC106", "+44 20 7123 4567 8910 11")]),
        ("pour 102\ndepuis 061234567890* vers occupé", [("PC106", "061234567890*")]),
        ("pour 102\ndepuis 0140009999..0140000000 vers occupé", [("PC111", "0140009999..0140000000")]),
        ("pour 102\ndepuis 100..0140000000 vers occupé", [("PC111", "100..0140000000")]),
        ("poste 12345678901 Long", [("PC114", "12345678901")]),
        ("poste +33 Signe", [("PC114", "+33")]),
        ("groupe 12345678901 Long", [("PC114", "12345678901")]),
        ("poste 104 B mobile 06 12 34", [("PC105", "06 12 34")]),
        # Names that are not known.
        ("pour 102\ndepuis Inconnu vers occupé", [("PC201", "Inconnu")]),
        ("liste A = Inconnu", [("PC201", "Inconnu")]),
        ("pour Inconnu\ndepuis * vers occupé", [("PC202", "Inconnu")]),
        ("pour 199\ndepuis * vers occupé", [("PC202", "199")]),
        ("pour 102\ndepuis * vers extension Inconnu", [("PC202", "Inconnu")]),
        ("pour tous sauf Inconnu\ndepuis * vers occupé", [("PC202", "Inconnu")]),
        ("pour 102\ndepuis * vers système Inconnu", [("PC203", "Inconnu")]),
        ("pour 102\ndepuis * vers système 899", [("PC203", "899")]),
        ("pour 102\ndepuis * pendant Inconnu vers occupé", [("PC204", "Inconnu")]),
        ("pour 102\ndepuis * pendant les fériés vers occupé", [("PC204", "pendant les fériés")]),
        # Names and numbers used twice.
        ("poste 104 accueil", [("PC205", "accueil")]),
        ("liste Accueil = 101", [("PC205", "Accueil")]),
        ("liste Mobiles = 101", [("PC205", "Mobiles")]),
        ("groupe 801 standard", [("PC205", "standard")]),
        ("fermeture a = 2026-12-24\nhoraires A = lundi 9h-12h", [("PC205", "A")]),
        ("poste 102 Autre", [("PC206", "102")]),
        ("file 800 Autre", [("PC206", "800")]),
        ("groupe 101 Autre", [("PC206", "101")]),
        # Names of the wrong kind.
        ("pour 102\ndepuis Standard vers occupé", [("PC207", "Standard")]),
        ("horaires A = lundi 9h-12h\npour 102\ndepuis A vers occupé", [("PC207", "A")]),
        ("pour 102\ndepuis * pendant Accueil vers occupé", [("PC207", "Accueil")]),
        ("pour 102\ndepuis * vers extension Standard", [("PC207", "Standard")]),
        ("pour 102\ndepuis * vers extension 800", [("PC207", "800")]),
        ("pour 102\ndepuis * vers extension mobiles", [("PC207", "mobiles")]),
        ("pour 102\ndepuis * vers système Accueil", [("PC207", "Accueil")]),
        ("pour 102\ndepuis * vers système 101", [("PC207", "101")]),
        # Holidays, zone, lists, settings.
        ("fériés Bretagne 2026", [("PC208", "Bretagne")]),
        ("fériés France 1789", [("PC108", "1789")]),
        ("fériés France 2027..2026", [("PC111", "2027..2026")]),
        ("fuseau Europe/Pariss", [("PC209", "Europe/Pariss")]),
        ("fuseau Europe", [("PC209", "Europe")]),
        ("liste A = A", [("PC210", "A")]),
        ("liste A = B\nliste B = C\nliste C = 06*, a", [("PC210", "a")]),
        ("fuseau Europe/Paris\nfuseau Europe/Paris", [("PC211", "fuseau Europe/Paris")]),
        ("politique A\npolitique B", [("PC211", "politique B")]),
        # Warnings about numbers.
        ("pour 102\ndepuis 199 vers occupé", [("PC212", "199")]),
        ("pour 102\ndepuis +1 212 555 010 vers occupé", [("PC214", "+1 212 555 010")]),
        # Destinations that cannot be.
        ("pour 101\ndepuis * vers mobile", [("PC302", "mobile")]),
        ("pour tous\ndepuis * vers mobile", [("PC302", "mobile")]),
        ("pour 103\ndepuis * vers messagerie", [("PC303", "messagerie")]),
        ("pour 102\ndepuis * vers extension 103 messagerie", [("PC303", "messagerie")]),
        ("pour 103\ndepuis * vers externe 0442930698 rebond", [("PC304", "rebond")]),
        ("pour 102\ndepuis * vers externe 101", [("PC305", "101")]),
        ("pour 102\ndepuis * vers externe 800", [("PC305", "800")]),
        ("pour 102\ndepuis * vers externe 112", [("PC306", "112")]),
        ("poste 104 B mobile 15", [("PC306", "15")]),
        ("pour 102\ndepuis 112 vers occupé", [("PC307", "112")]),
        ("liste Secours = 15 18\npour 102\ndepuis Secours vers occupé", [("PC307", "Secours")] * 2),
        # Rules that say nothing.
        ("horaires H = lundi 9h-12h\npour 102\ndepuis * pendant H hors H vers occupé",
         [("PC308", "depuis * pendant H hors H vers occupé")]),
        ("pour 102\ndepuis 06 12 * vers occupé", [("PC105", "06 12")]),  # of which the star is a part
        ("pour 102\ndepuis 06 12 34 56 78 * vers occupé", [("PC312", "*")]),
        ("pour 102\ndepuis 06*, * vers occupé", [("PC312", "*")]),
        ("pour 102\ndepuis 06* sauf mobiles vers occupé", [("PC311", "06* sauf mobiles")]),
        ("pour 102\ndepuis 06 12 34 56 78 sauf 06* vers occupé", [("PC311", "06 12 34 56 78 sauf 06*")]),
    ],
)  # fmt: skip
def test_mistakes_have_a_code_and_a_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == codes(PRELUDE + text)


def test_what_is_right_raises_nothing() -> None:
    text = (
        f"{LISTS}{TIMES}pour 102\ndepuis 3949 vers occupé\ndepuis 112 vers extension 101\n"
        "depuis * sauf 15 vers occupé\ndepuis interne sauf 112 vers occupé\n"
        "pour tous sauf 103\ndepuis * vers messagerie\n"
    )

    assert [("PC212", "3949")] == codes(PRELUDE + text)


def test_rules_that_have_ended_are_told_only_when_a_day_is_given() -> None:
    lines = "".join(f"depuis * vers occupé jusqu'au 2026-11-{day}\n" for day in (22, 23))
    policy = policy_of(f"{PRELUDE}pour 102\n{lines}")

    assert ["PC309", "PC320"] == [one.code for one in checks.check(policy, date(2026, 11, 23))]
    assert not checks.check(policy)


# -- tests and guarantees ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "caller", "local"),
    [
        ("appel de 07 11 22 33 44 pour 102 donne occupé", Caller(Kind.EXTERNAL, "0711223344"), None),
        ("appel de 101 pour 102 donne occupé", Caller(Kind.INTERNAL, "101"), None),
        ("appel de Secrétariat pour 102 donne occupé", Caller(Kind.INTERNAL, "101"), None),
        ("appel externe de 101 pour 102 donne occupé", Caller(Kind.EXTERNAL, "101"), None),
        ("appel interne de 0711223344 pour 102 donne occupé", Caller(Kind.INTERNAL, "0711223344"), None),
        ("appel de anonyme pour 102 donne occupé", Caller(Kind.EXTERNAL, None), None),
        ("appel interne de anonyme pour 102 donne occupé", Caller(Kind.INTERNAL, None), None),
        ("appel de +33 7 11 22 33 44 pour 102 le 23/11/2026 10h donne occupé",
         Caller(Kind.EXTERNAL, "0711223344"), datetime(2026, 11, 23, 10)),
    ],
)  # fmt: skip
def test_calls_of_tests(line: str, caller: Caller, local: datetime | None) -> None:
    [test] = policy_of(f"{PRELUDE}test T\n{line}").tests
    [call] = test.calls

    assert (caller, "102", local, "busy") == (call.caller, call.called, call.local, call.result.kind)


def test_promises_hold_for_the_extensions_they_name() -> None:
    [guarantee] = policy_of(
        PRELUDE + "garantie G\ndepuis * pour tous sauf Accueil 103 ne donne jamais externe surtaxés\n"
        "depuis 06* pour 102 donne messagerie Secrétariat"
    ).guarantees
    never, always = guarantee.promises

    assert (("101", "102"), True, "external") == (never.extensions, never.never, never.result.kind)
    assert numbering.builtin_lists()["premium"][1] is never.result.numbers
    assert (("102",), False, "voicemail", "101") == (
        *(always.extensions, always.never),
        *(always.result.kind, always.result.extension),
    )


# -- files -------------------------------------------------------------------------------------------------------


def test_includes_stand_where_they_are_written_in_byte_order_of_their_paths() -> None:
    inside = {"a/x/é.pol": "poste 4 D", "a/x/z.pol": "poste 3 C", "a/x/Z.pol": "poste 2 B", "b.pol": "poste 6 F"}
    outside = {"a/x/y/deep.pol": "poste 7 G", "a/x/other.txt": "?"}
    first = {"a/p.pol": 'poste 1 A\ninclure "x/*.pol"\nposte 5 E\ninclure "../b.pol"'}
    files = MemoryFiles(first | inside | outside)
    program, problems = project.load(files, ["a/p.pol"])
    policy, _ = resolve.resolve(program)

    assert not problems
    assert list("123456") == list(policy.extensions)
    assert ["a/p.pol", "a/x/Z.pol", "a/x/z.pol", "a/x/é.pol", "b.pol"] == [one.path for one in program.sources]


def test_a_block_ends_with_its_file() -> None:
    found = codes(PRELUDE + 'pour 102\ndepuis * vers occupé\ninclure "q.pol"\n', q_pol="depuis * vers sonnerie")

    assert [("PC104", "depuis")] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('inclure "absent.pol"', [("PC004", '"absent.pol"')]),
        ('inclure "x/*.pol"', [("PC004", '"x/*.pol"')]),
        ('inclure "../x.pol"', [("PC003", '"../x.pol"')]),
        ('inclure "/etc/passwd"', [("PC003", '"/etc/passwd"')]),
        ('inclure "C:\\x.pol"', [("PC003", '"C:\\x.pol"')]),
        ('inclure "p.pol"', [("PC005", '"p.pol"')]),
        ('inclure "q.pol"\ninclure "q.pol"', [("PC005", '"q.pol"')]),
        ('annuaire "absent.csv"', [("PC001", '"absent.csv"')]),
        ('annuaire "../x.csv"', [("PC003", '"../x.csv"')]),
        ('annuaire "q.csv"\nannuaire "q.csv"', [("PC005", '"q.csv"')]),
    ],
)
def test_files_that_cannot_be_taken(text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == codes(text, q_pol="", q_csv="numero,nom\n1,A\n")


def test_bytes_that_are_no_text_and_decomposed_text() -> None:
    assert [("PC002", "\ufffd")] == codes(b"poste 100 Secr\xe9tariat\r\n")
    assert [("PC901", "é")] == codes(unicodedata.normalize("NFD", "poste 100 Secrétariat"))
    assert [] == codes(b"\xef\xbb\xbfposte 100 Accueil\r\n")


DIRECTORY = [("104", "Café", "0612345679", True, 15), ("105", "L'Étage, 2", None, False, 20)]


@pytest.mark.parametrize(
    "content",
    [
        'numero,nom,mobile,messagerie,sonne\n104,Café,06 12 34 56 79,oui,15\n105,"L\'Étage, 2",,non,\n',
        "numero;nom;mobile;messagerie;sonne\n104;Café;+33 6 12 34 56 79;x;15s\n105;L'Étage, 2;;;\n",
        "\ufeffNuméro;Nom;Mobile;Messagerie;Sonne\r\n104;Café;06.12.34.56.79;OUI;15\r\n\r\n105;L’Étage, 2\r\n",
        'sonne;messagerie;nom;numero;mobile\n15;1;Café;104;"0612345679"\n;0;"L\'Étage, 2";105;\n',
    ],
)
def test_directories(content: str) -> None:
    policy = policy_of('annuaire "d.csv"', d_csv=content)

    assert DIRECTORY == [
        (one.number, one.name, one.mobile, one.mailbox, one.ring_seconds) for one in policy.extensions.values()
    ]


@pytest.mark.parametrize(
    ("content", "case", "span"),
    [
        ("", "missing", ""),
        ("numero\n1\n", "missing", "numero"),
        ("nom,mobile\nA,\n", "missing", "nom,mobile"),
        ("numero,nom,age\n1,A,3\n", "unknown", "age"),
        ("numero,nom,nom\n1,A,B\n", "repeated", "numero,nom,nom"),
        ("numero,nom\n1,A,B\n", "cells", "1,A,B"),
        ("numero,nom\n,A\n", "empty", ",A"),
        ("numero,nom\n1,\n", "empty", "1,"),
        ("numero,nom,messagerie\n1,A,peut-être\n", "value", "peut-être"),
        ("numero,nom,sonne\n1,A,longtemps\n", "value", "longtemps"),
        ("numero,nom,sonne\n1,A,601\n", "value", "601"),
        ("numero,nom,mobile\n1,A,portable\n", "value", "portable"),
    ],
)
def test_directories_with_a_mistake(content: str, case: str, span: str) -> None:
    _, problems = resolved('annuaire "d.csv"', d_csv=content)

    assert [("PC007", case, span)] == [
        (one.code, one.args["case"], one.primary.text if one.primary else "") for one in problems
    ]


def test_a_directory_is_checked_like_what_is_written() -> None:
    content = "numero,nom,mobile\n101,B,\n104,Accueil,\n12345678901,C,\n106,D,06 12\n"

    expected = [("PC105", "06 12"), ("PC114", "12345678901"), ("PC205", "Accueil"), ("PC206", "101")]
    assert expected == sorted(codes(PRELUDE + 'annuaire "d.csv"', d_csv=content))


# -- one mistake, one diagnostic ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'poste 104 "Sans fin\npour "Sans fin"\ndepuis "Sans fin" vers extension "Sans fin" messagerie\n',
        "poste 100000000000 Long\npour Long\ndepuis Long vers occupé\n",
        'inclure "absent.pol"\npour Ailleurs\ndepuis Ami vers système Autre\n',
        "liste A = 06 12\npour 102\ndepuis A vers occupé\n",
        "horaires H lundi\npour 102\ndepuis * pendant H vers occupé\n",
        "poste 104 A mobile 06 12\npour A\ndepuis * vers mobile\n",
        "fériés Bretagne 2026\npour 102\ndepuis * pendant les fériés vers occupé\n",
    ],
)  # fmt: skip
def test_what_follows_from_a_mistake_is_no_mistake(text: str) -> None:
    assert 1 == len(codes(PRELUDE + text))


def test_every_code_about_names_and_policies_is_raised_here() -> None:
    """So that a new code gets a test: those of the tables above, of loops and of what ends."""
    here = {code for code in CODES if code.startswith(("PC2", "PC3"))}
    marks = test_mistakes_have_a_code_and_a_place.pytestmark  # type: ignore[attr-defined]
    raised = {code for _, expected in marks[0].args[1] for code, _ in expected}

    others = {f"PC{number}" for number in range(313, 322)}  # doubts, and what the company's numbers decide: test_checks
    assert here - raised <= {"PC213", "PC301", "PC309", *others}
