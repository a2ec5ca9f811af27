"""Lines to typed nodes: what each statement says, where it stands, and how lines make blocks."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import lines

from policyc import lexer, suppress, syntax
from policyc.diagnostics import Diagnostic
from policyc.project import read_source
from policyc.source import Span
from policyc.syntax import Block, GuaranteeBlock, HoursDecl, Item, ListDecl, SyntaxTree, Word, shapes


def parse(text: str) -> tuple[SyntaxTree, tuple[Diagnostic, ...]]:
    source, _ = read_source("test.pol", text.encode())
    assert source is not None
    return syntax.parse(source)


def show(value: object) -> object:
    """A node without its spans: words as text, callers of one item as short as they read."""
    if isinstance(value, Word):
        return value.text
    if isinstance(value, Item):
        return f"{value.kind} {value.text}" + (f"..{value.last}" if value.last else "")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [show(one) for one in value if not isinstance(one, Span)]
    if is_dataclass(value) and not isinstance(value, date):
        shown = {field.name: show(getattr(value, field.name)) for field in fields(value) if field.type is not Span}
        return {name: one for name, one in shown.items() if one not in (None, False, [], "") and name != "option"}
    return value


def statement(text: str) -> object:
    tree, problems = parse(text)
    assert not problems, problems
    [found] = tree.statements
    return show(found)


def codes(text: str) -> list[tuple[str, str]]:
    """What is wrong with a text: the codes, each with the text of its span."""
    return [(one.code, one.primary.text if one.primary else "") for one in parse(text)[1]]


# -- statements --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('politique "Cabinet Martin"', {"name": "Cabinet Martin"}),
        ("fuseau Indian/Reunion", {"name": "Indian/Reunion"}),
        ('inclure "annuaire/*.pol"', {"pattern": "annuaire/*.pol"}),
        ('annuaire "postes.csv"', {"path": "postes.csv"}),
        ("poste 100 Accueil", {"number": "100", "name": "Accueil"}),
        (
            'extension 102 "Dr Martin" mobile 06 12 34 56 78, messagerie, sonne 20s',
            {"number": "102", "name": "Dr Martin", "mobile": "0612345678", "mailbox": True, "ring_seconds": 20},
        ),
        ("groupe 800 Standard", {"kind": "group", "number": "800", "name": "Standard"}),
        ("file 810 Patients", {"kind": "queue", "number": "810", "name": "Patients"}),
        ('svi 820 "Menu vocal"', {"kind": "menu", "number": "820", "name": "Menu vocal"}),
        (
            "liste VIP = 06 00 00 00 00, 01 42*\n 100..199 # trois\n\n Confrères *, anonyme",
            {
                "name": "VIP",
                "items": [
                    *("number 0600000000", "prefix 0142", "range 100..199", "named Confrères", "everyone *"),
                    "anonymous anonyme",
                ],
            },
        ),
        (
            "horaires bureau\n lundi-vendredi 09:00-12:30 14h-18h30\n samedi dimanche 22:00-06:00\n fériés compris",
            {
                "name": "bureau",
                "openings": [
                    {"days": frozenset(range(5)), "spans": [[540, 750], [840, 1110]]},
                    {"days": frozenset((5, 6)), "spans": [[1320, 360]]},
                ],
                "holidays_included": True,
            },
        ),
        (
            "horaires nuit fériés compris = vendredi-lundi 20h-24h",
            {
                "name": "nuit",
                "openings": [{"days": frozenset((4, 5, 6, 0)), "spans": [[1200, 1440]]}],
                "holidays_included": True,
            },
        ),
        ("fériés France 2026..2030", {"region": "France", "first": "2026", "last": "2030"}),
        ("feries Alsace Moselle 2026", {"region": "Alsace Moselle", "first": "2026", "last": "2026"}),
        (
            "fermeture congés = 24/12/2026..2027-01-02, 2026-05-15",
            {
                "name": "congés",
                "ranges": [[date(2026, 12, 24), date(2027, 1, 2)], [date(2026, 5, 15), date(2026, 5, 15)]],
            },
        ),
    ],
)
def test_declarations(text: str, expected: object) -> None:
    assert expected == statement(text)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('pour "Dr Martin"', {"extension": "Dr Martin"}),
        ("pour 102", {"extension": "102"}),
        ("pour tous", {}),
        ("pour tous sauf Accueil 101", {"excepted": ["Accueil", "101"]}),
        ("pour tous en priorité", {"first": True}),
        ("pour tous en priorité sauf Accueil", {"excepted": ["Accueil"], "first": True}),
        ("pour tous sauf Accueil en priorité", {"excepted": ["Accueil"], "first": True}),
    ],
)
def test_blocks(header: str, expected: dict[str, object]) -> None:
    rule = {"callers": {"items": ["everyone *"]}, "destination": {"kind": "busy"}}

    assert expected | {"rules": [rule, rule]} == statement(f"{header}\n  depuis * vers occupé\n\ndepuis * vers occupé")


@pytest.mark.parametrize(
    ("callers", "expected"),
    [
        ("*", {"items": ["everyone *"]}),
        ("06* 07*", {"items": ["prefix 06", "prefix 07"]}),
        (
            "06* 07* sauf 06 12* VIP interne",
            {"items": ["prefix 06", "prefix 07"], "excepted": ["prefix 0612", "named VIP"], "kind": "internal"},
        ),
        ("anonyme externe", {"items": ["anonymous anonyme"], "kind": "external"}),
        ("interne", {"items": ["everyone *"], "kind": "internal"}),
        ("interne sauf 101", {"items": ["everyone *"], "excepted": ["number 101"], "kind": "internal"}),
        ("0140000000..0140009999, 3949", {"items": ["range 0140000000..0140009999", "number 3949"]}),
    ],
)
def test_callers(callers: str, expected: object) -> None:
    found = statement(f"pour 102\ndepuis {callers} vers occupé")

    assert [expected] == [rule["callers"] for rule in found["rules"]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ("pendant bureau", [{"period": "bureau", "inside": True}]),
        ("hors « Été »", [{"period": "Été"}]),
        ("pendant les fériés hors congés", [{"inside": True}, {"period": "congés"}]),
        ("jusqu’au 31/12/2026", [{"last": date(2026, 12, 31)}]),
        ('motif "campagne"', [{"text": "campagne"}]),
    ],
)
def test_clauses_stand_before_or_behind_the_destination(clauses: str, expected: object) -> None:
    for line in (f"depuis * {clauses} vers occupé", f"depuis * vers occupé {clauses}"):
        assert expected == statement(f"pour 102\n{line}")["rules"][0]["clauses"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("messagerie", {"kind": "mailbox"}),
        ("mobile", {"kind": "mobile"}),
        ("mobile rebond", {"kind": "mobile", "rebound": True}),
        ("extension Secrétariat", {"kind": "extension", "reference": "Secrétariat"}),
        ("poste 101 messagerie", {"kind": "extension", "reference": "101", "mailbox": True}),
        ("externe 04 42 93 06 98", {"kind": "external", "reference": "0442930698"}),
        ("externe 0442930698 rebond", {"kind": "external", "reference": "0442930698", "rebound": True}),
        ("système Standard", {"kind": "system", "reference": "Standard"}),
        ("occupé", {"kind": "busy"}),
        ("sonnerie", {"kind": "ring"}),
    ],
)
def test_destinations(destination: str, expected: object) -> None:
    assert expected == statement(f"pour 102\ndepuis * vers {destination}")["rules"][0]["destination"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'appel de 07 11 22 33 44 pour "Dr Martin" le 2026-11-23 10:00 donne messagerie Secrétariat',
            {
                "caller": "number 0711223344",
                "called": "Dr Martin",
                "day": date(2026, 11, 23),
                "minute": 600,
                "result": {"kind": "mailbox", "reference": "Secrétariat"},
            },
        ),
        (
            "appel interne de Accueil pour 102 donne sonnerie 102",
            {
                "kind": "internal",
                "caller": "named Accueil",
                "called": "102",
                "result": {"kind": "ring", "reference": "102"},
            },
        ),
        (
            "appel externe de anonyme pour 102 donne externe 0442930698",
            {
                "kind": "external",
                "caller": "anonymous anonyme",
                "called": "102",
                "result": {"kind": "external", "reference": "0442930698", "items": ["number 0442930698"]},
            },
        ),
        (
            "appel de 101 pour 102 donne occupé",
            {"caller": "number 101", "called": "102", "result": {"kind": "busy"}},
        ),
    ],
)
def test_calls_of_tests(line: str, expected: object) -> None:
    assert {"name": "essai", "calls": [expected]} == statement(f"test essai\n  {line}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "depuis * pour tous ne donne jamais externe surtaxés",
            {"never": True, "result": {"kind": "external", "items": ["named surtaxés"]}},
        ),
        (
            "depuis * pendant bureau pour tous sauf 100 101 jusqu'au 2026-12-31 donne sonnerie",
            {
                "clauses": [{"period": "bureau", "inside": True}, {"last": date(2026, 12, 31)}],
                "excepted": ["100", "101"],
                "result": {"kind": "ring"},
            },
        ),
        (
            "depuis * pour 102 donne messagerie 101",
            {"extension": "102", "result": {"kind": "mailbox", "reference": "101"}},
        ),
        (
            "depuis * pour 102 donne rebond 06*",
            {"extension": "102", "result": {"kind": "rebound", "items": ["prefix 06"]}},
        ),
        ("depuis * pour 102 donne système", {"extension": "102", "result": {"kind": "system"}}),
        ("depuis * pour 102 ne donne jamais occupé", {"extension": "102", "never": True, "result": {"kind": "busy"}}),
    ],
)
def test_guarantees(line: str, expected: dict[str, object]) -> None:
    full = {"callers": {"items": ["everyone *"]}} | expected

    assert {"name": "promis", "assertions": [full]} == statement(f"garantie promis\n  {line}")


def test_a_block_ends_with_the_next_statement_and_comments_are_kept() -> None:
    tree, problems = parse(
        "# tête\npour 102 # le docteur\ndepuis * vers occupé\nliste A\n 101 #un\n102\npour 101\ndepuis * vers occupé"
    )

    assert not problems
    assert ["Block", "ListDecl", "Block"] == [type(one).__name__ for one in tree.statements]
    assert [("# tête", True), ("# le docteur", False), ("#un", False)] == [
        (one.text, one.alone) for one in tree.comments
    ]


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("# ignorer PC307 : une raison", "PC307"),
        ("#ignorer pc307: raison", "PC307"),
        ("# ignorer PC307", None),
        ("# ignorer PC307 :", None),
        ("# ignorer PC30 : raison", None),
        ("# à ignorer PC307 : raison", None),
        ("# ignorer PC307, PC319 : raison", "PC307 PC319"),
        ("# ignorer PC307 PC319 : raison", "PC307 PC319"),
        ("# ignorer PC307, : raison", None),
    ],
)
def test_a_comment_accepts_a_diagnostic_with_a_reason(comment: str, code: str | None) -> None:
    [found] = parse(comment)[0].comments

    assert (() if code is None else tuple(code.split())) == suppress._codes(found)


# -- where nodes stand -------------------------------------------------------------------------------------------

_BLOCKS = ListDecl | HoursDecl | Block | syntax.TestBlock | GuaranteeBlock


def nodes(value: object, parent: object) -> Iterator[tuple[object, object]]:
    """Every node with the one it is part of."""
    if isinstance(value, tuple | list):
        for one in value:
            yield from nodes(one, parent)
    elif is_dataclass(value) and hasattr(value, "span"):
        yield value, parent
        for field in fields(value):
            yield from nodes(getattr(value, field.name), value)


def assert_places(tree: SyntaxTree) -> None:
    """Every node starts and ends with words, and stands within what it is part of."""
    words = [token for line in lexer.lex(tree.source, syntax.keywords()) for token in line.tokens]
    starts, ends = {word.start: word for word in words}, {word.end for word in words}
    for node, parent in nodes(tree.statements, None):
        span = node.span  # type: ignore[attr-defined]
        assert span.start in starts
        assert span.end in ends
        assert span.start < span.end
        assert tree.source is span.file
        if isinstance(parent, _BLOCKS):
            assert parent.span.start <= span.start  # lines of a block stand below its header
        elif parent is not None:
            assert parent.span.start <= span.start < span.end <= parent.span.end  # type: ignore[attr-defined]
        if isinstance(node, Word) and span.text.count(" ") == 0:
            assert node.text == starts[span.start].value
        if isinstance(node, Item) and node.kind != "everyone":
            assert node.text == starts[span.start].value


_HEADERS = {
    "rule": "pour 102",
    "call": "test T",
    "assertion": "garantie G",
    "list_line": "liste L",
    "hours_line": "horaires H",
}
# What may be wrong with a line that the grammar takes: settings given twice, impossible spans, blocks without lines.
_MEANING = {"PC107", "PC111", "PC112", "PC211"}


@given(st.lists(lines(), max_size=6))
def test_every_line_of_the_grammar_is_understood_and_its_nodes_stand_where_they_were_written(
    given_lines: list[tuple[tuple[str, ...], str]],
) -> None:
    text, statements = "", 0
    for shape, line in given_lines:
        parsed = shapes.shape_of(shape)
        assert isinstance(parsed, shapes.Shape)
        header = _HEADERS.get(parsed.rule, "")
        text += f"{header}\n{line}\n"
        statements += 1
    tree, problems = parse(text)

    assert {one.code for one in problems} <= _MEANING
    assert statements == len(tree.statements)
    assert_places(tree)
    for problem in problems:
        assert problem.primary is not None
        assert problem.primary.text


@given(st.lists(lines().map(lambda line: line[1]) | st.text(max_size=20), max_size=6).map("\n".join))
def test_any_lines_at_all_make_diagnostics_within_the_text(text: str) -> None:
    tree, problems = parse(text.replace("\ufeff", ""))

    assert_places(tree)
    for problem in problems:
        assert problem.primary is not None
        assert 0 <= problem.primary.start <= problem.primary.end <= len(tree.source.text)


def test_spans_of_the_parts_of_a_rule() -> None:
    line = "depuis 06* 07* sauf 06 12* externe pendant bureau vers poste Secrétariat messagerie motif « x »"
    [block] = parse(f'pour "Dr Martin"\n  {line}  # fin')[0].statements
    assert isinstance(block, Block)
    [rule] = block.rules

    assert 'pour "Dr Martin"' == block.span.text
    assert '"Dr Martin"' == (block.extension and block.extension.span.text)
    assert line == rule.span.text
    assert (2, 3) == (rule.span.line, rule.span.column)
    assert "06* 07* sauf 06 12* externe" == rule.callers.span.text
    assert ["06*", "07*"] == [item.span.text for item in rule.callers.items]
    assert ["06 12*"] == [item.span.text for item in rule.callers.excepted]
    assert ["pendant bureau", "motif « x »"] == [clause.span.text for clause in rule.clauses]
    assert "poste Secrétariat messagerie" == rule.destination.span.text
    assert "messagerie" == (rule.destination.option and rule.destination.option.text)
    assert "Secrétariat" == (rule.destination.reference and rule.destination.reference.span.text)


# -- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # PC101: a word that does not fit, and a line that ends too early.
        ("pour 102\ndepuis 06* verz occupé", [("PC101", "verz")]),
        ("pour 102\ndepuis *", [("PC101", "")]),
        ("poste Accueil 100", [("PC101", "Accueil")]),
        # PC102, PC103
        ("pour 102 ; 101\ndepuis * vers occupé", [("PC102", ";")]),
        ('pour "102\ndepuis * vers occupé', [("PC103", '"')]),
        # PC104: a line of a block without its block, once for a run of them.
        ("depuis * vers occupé\ndepuis * vers sonnerie", [("PC104", "depuis")]),
        ("appel de 101 pour 102 donne occupé", [("PC104", "appel")]),
        ("liste A = 101\nlundi 9h-12h", [("PC104", "lundi")]),
        # PC107, PC108: impossible and badly written hours and dates.
        ("horaires H = lundi 25:00-26:00", [("PC107", "25:00"), ("PC107", "26:00")]),
        ("horaires H = lundi 24:00-06:00", [("PC107", "24:00")]),
        ("horaires H = lundi 09:00-09:00", [("PC107", "09:00-09:00")]),
        ("horaires H = lundi 9:5-12h", [("PC107", "9:5")]),
        ("fermeture F = 2026-02-30", [("PC108", "2026-02-30")]),
        ("fermeture F = 31/04/2026..01/05/2026", [("PC108", "31/04/2026")]),
        ("pour 102\ndepuis * vers occupé jusqu'au 1/2/26", [("PC108", "1/2/26")]),
        # PC109, PC110
        ("postes 100 Accueil", [("PC109", "postes")]),
        ("06 12 34 56 78", [("PC109", "06 12 34 56 78")]),
        ("poste 103 mobile", [("PC110", "mobile")]),
        # PC111, PC112, PC113
        ("fermeture F = 2026-12-24..2026-12-23", [("PC111", "2026-12-24..2026-12-23")]),
        ("pour 102", [("PC112", "pour 102")]),
        ("liste A", [("PC112", "liste A")]),
        ("horaires H", [("PC112", "horaires H")]),
        ("test T\ngarantie G", [("PC112", "test T"), ("PC112", "garantie G")]),
        ("poste 100 A sonne 0s", [("PC113", "0s")]),
        ("poste 100 A sonne 601s", [("PC113", "601s")]),
        ("poste 100 A sonne 99999999999s", [("PC113", "99999999999s")]),
        # PC211: said twice on a line.
        ("poste 100 A messagerie messagerie", [("PC211", "messagerie")]),
        ("pour tous en priorité en priorité\ndepuis * vers occupé", [("PC211", "pour tous en priorité en priorité")]),
        ('pour 102\ndepuis * motif "a" vers occupé motif "b"', [("PC211", 'motif "b"')]),
        ("pour 102\ndepuis * jusqu'au 2026-1-1 jusqu'au 2026-1-2 vers occupé", [("PC211", "jusqu'au 2026-1-2")]),
    ],
)
def test_mistakes_have_a_code_and_a_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == codes(text)


def test_one_run_reports_every_mistake_and_each_once() -> None:
    lines_ = (
        "postes 100 Accueil",
        "poste 101 mobile",
        "pour 102",
        "depuis 06* verz occupé",
        "depuis 07* vers occupé",
        'pour "101',
        "depuis * vers occupé",
        "horaires H = lundi 9h-9h",
    )

    assert ["PC109", "PC110", "PC101", "PC103", "PC107"] == [code for code, _ in codes("\n".join(lines_))]
