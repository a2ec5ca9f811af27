"""Words of a line: numbers in groups, hours, dates, names, typographic forms, and where each stands."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import DIGITS

from policyc import lexer, syntax
from policyc.lexer import Line, Token
from policyc.project import read_source
from policyc.source import SourceFile, fold


def read(text: str) -> tuple[SourceFile, list[Line]]:
    source, _ = read_source("test.pol", text.encode())
    assert source is not None
    return source, [*lexer.lex(source, syntax.keywords())]


def words(text: str) -> str:
    """The tokens of all lines as `TYPE value`, or just the type where the value is the word itself."""
    tokens = [token for line in read(text)[1] for token in line.tokens]
    return ", ".join(f"{token.type} {token.value}" for token in tokens)


# -- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # One number, and one prefix.
        ("06 00 00 00 00 07*", "NUMBER 0600000000, PREFIX 07"),
        ("06* 07*", "PREFIX 06, PREFIX 07"),
        ("06*07*", "PREFIX 06, PREFIX 07"),
        ("01 42 68*", "PREFIX 014268"),
        ("+33 6*", "PREFIX +336"),
        ("0*", "PREFIX 0"),
        ("+* 00*", "PREFIX +, PREFIX 00"),
        ("06 12 34 56 78*", "PREFIX 0612345678"),
        # Incomplete: resolving it says so.
        ("06 12 34 56 7", "NUMBER 061234567"),
        # The zero that some write behind +33.
        ("+33 (0)6 12 34 56 78", "NUMBER +33612345678"),
        ("+33(0)612345678", "NUMBER +33612345678"),
        ("+33 (0) 6 12 34 56 78", "NUMBER +33612345678"),
        ("0033 6 12 34 56 78 06*", "NUMBER 0033612345678, PREFIX 06"),
        # A full French number takes no further group.
        ("06 12 34 56 78 06 12 34 56 79", "NUMBER 0612345678, NUMBER 0612345679"),
        ("+33 6 12 34 56 78 06 12 34 56 79", "NUMBER +33612345678, NUMBER 0612345679"),
        ("+262 692 12 34 56 06 12 34 56 78", "NUMBER +262692123456, NUMBER 0612345678"),
        ("0692 12 34 56 101", "NUMBER 0692123456, NUMBER 101"),
        ("06 12 34 56 78 9", "NUMBER 0612345678, NUMBER 9"),
        # A spaced foreign number runs to the comma.
        ("+44 20 7123 4567, 06*", "NUMBER +442071234567, PREFIX 06"),
        ("0044 20 7123 4567, 101", "NUMBER 00442071234567, NUMBER 101"),
        ("+44 20 7123 4567 101", "NUMBER +442071234567101"),
        ("+44 20 7123 4567 +33 6*", "NUMBER +442071234567, PREFIX +336"),
        ("+44 20 7123 4567 vers occupé", "NUMBER +442071234567, VERS vers, OCCUPE occupe"),
        # The star stands alone.
        ("*", "STAR *"),
        ("06 *", "NUMBER 06, STAR *"),
        # Short numbers take no groups.
        ("101 102", "NUMBER 101, NUMBER 102"),
        ("101,102", "NUMBER 101, NUMBER 102"),
        ("3949 06*", "NUMBER 3949, PREFIX 06"),
        ("101*", "PREFIX 101"),
        ("06, 12", "NUMBER 06, NUMBER 12"),
        # Ranges.
        ("0140000000..0140009999", "NUMBER 0140000000, JUSQUE .., NUMBER 0140009999"),
        ("01 40 00 00 00 .. 01 40 00 99 99", "NUMBER 0140000000, JUSQUE .., NUMBER 0140009999"),
        ("100..199", "NUMBER 100, JUSQUE .., NUMBER 199"),
        ("2026..2030", "NUMBER 2026, JUSQUE .., NUMBER 2030"),
        # Separators within a number.
        ("06.12.34.56.78", "NUMBER 0612345678"),
        ("06-12-34-56-78", "NUMBER 0612345678"),
        # Fourteen digits behind 0700 and 0901.
        ("07 00 12 34 56 78 90", "NUMBER 07001234567890"),
        ("0700 1234567890", "NUMBER 07001234567890"),
        ("09 01 12 34 56 78 90, 06*", "NUMBER 09011234567890, PREFIX 06"),
        ("07 00 12 34 56 06 12 34 56 78", "NUMBER 0700123456, NUMBER 0612345678"),
        ("07 01 12 34 56 78 90", "NUMBER 0701123456, NUMBER 78, NUMBER 90"),
    ],
)
def test_groups_of_digits_make_numbers(text: str, expected: str) -> None:
    assert expected == words(text)


def groups(number: str) -> st.SearchStrategy[str]:
    """Spellings of a number that starts with `0` or `+`: cut anywhere, with any of the blanks people use."""
    first = 2 if number.startswith("+") else 1
    blanks = st.sampled_from(("", "", " ", " ", "  ", "\u00a0", "\u202f", "\t"))
    return st.lists(blanks, min_size=len(number), max_size=len(number)).map(
        lambda gaps: "".join(
            (gap if at >= first else "") + char for at, (gap, char) in enumerate(zip(gaps, number, strict=True))
        )
    )


@st.composite
def french_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A national or a +33 number of ten digits, and a spelling of it."""
    start = draw(st.sampled_from(("01", "04", "06", "07", "08", "09")))
    rest = draw(st.text(DIGITS, min_size=8, max_size=8))
    number = start + rest
    if number.startswith(("0700", "0901")):  # may be longer: groups that follow are theirs
        number = "0612345678"
    number = draw(st.sampled_from((number, "+33" + number[1:], "0033" + number[1:])))
    return number, draw(groups(number))


@given(st.lists(french_numbers(), min_size=1, max_size=5), st.sampled_from((" ", ", ", ",", "  ")))
def test_full_french_numbers_are_told_apart_with_or_without_commas(numbers: list[tuple[str, str]], gap: str) -> None:
    source, [line] = read(gap.join(spelling for _, spelling in numbers))

    assert [number for number, _ in numbers] == [token.value for token in line.tokens]
    assert [spelling.translate({0xA0: " ", 0x202F: " ", 9: " "}) for _, spelling in numbers] == [
        source.text[token.start : token.end] for token in line.tokens
    ]


# -- other words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00 9h 9h30 9H 24h", "TIME 09:00, TIME 9h, TIME 9h30, TIME 9H, TIME 24h"),
        ("09:00-12:30", "TIME 09:00, TIRET -, TIME 12:30"),
        ("9h–12h", "TIME 9h, TIRET -, TIME 12h"),
        ("22:00 - 06:00", "TIME 22:00, TIRET -, TIME 06:00"),
        ("25:99 9h60", "TIME 25:99, TIME 9h60"),  # impossible: its own message
        ("2026-12-24 24/12/2026 1/2/2026", "DATE 2026-12-24, DATE 24/12/2026, DATE 1/2/2026"),
        ("24/12/2026..2027-01-02", "DATE 24/12/2026, JUSQUE .., DATE 2027-01-02"),
        ("2026-12-24..2026-12-26", "DATE 2026-12-24, JUSQUE .., DATE 2026-12-26"),
        ("2026-13-45 32/1/26", "DATE 2026-13-45, DATE 32/1/26"),
        ("2026–12–24", "DATE 2026-12-24"),
        ("20s 20S sonne 20 s", "DURATION 20s, DURATION 20S, SONNE sonne, DURATION 20s"),
        ("sonne 0.5 s", "SONNE sonne, NUMBER 05, NAME s"),
        ("sonne 20* s", "SONNE sonne, PREFIX 20, NAME s"),
        ("poste 104 S", "POSTE poste, NUMBER 104, NAME S"),
        ("101Accueil*", "NUMBER 101, NAME Accueil, BAD_CHARACTER *"),
        ("+33 700 12 34 56 78 90, 0033 7 00 12 34 56", "NUMBER +337001234567890, NUMBER 0033700123456"),
        ("lundi-vendredi", "LUNDI lundi, TIRET -, VENDREDI vendredi"),
        ("Lundi – Vendredi", "LUNDI lundi, TIRET -, VENDREDI vendredi"),
        ("Aix-en-Provence lundi-matin", "NAME Aix-en-Provence, NAME lundi-matin"),
        ("Europe/Paris l'été d’Aix", "NAME Europe/Paris, NAME l'été, NAME d'Aix"),
        ('"Dr Martin" « Dr Martin » «Dr  Martin» “Dr Martin”', ", ".join(["NAME Dr Martin"] * 4)),
        ("«\u00a0Dr\u202fMartin\u00a0»", "NAME Dr Martin"),
        ('"mobile" mobile', "NAME mobile, MOBILE mobile"),
        ('"a # b" # c', "NAME a # b"),
        ('"06*" 06*', "NAME 06*, PREFIX 06"),
        ("jusqu'au jusqu’au JUSQU'AU", ", ".join(["JUSQU_AU jusqu'au"] * 3)),
        ("occupe Occupé OCCUPÉ", "OCCUPE occupe, OCCUPE occupe, OCCUPE occupe"),
        ("systeme fériés feries", "SYSTEME systeme, FERIES feries, FERIES feries"),
        ("pourtous pour", "NAME pourtous, POUR pour"),
        ("VIP = a, b", "NAME VIP, EGAL =, NAME a, NAME b"),
        ("a\tb", "NAME a, NAME b"),
        ("; é", "BAD_CHARACTER ;, NAME é"),
        ('a "b', 'NAME a, UNCLOSED_QUOTE "b'),
        ("« b", "UNCLOSED_QUOTE « b"),
        ("\ufeff a", "NAME a"),
    ],
)  # fmt: skip
def test_words(text: str, expected: str) -> None:
    assert expected == words(text)


@given(st.sampled_from(sorted(syntax.keywords())), st.sampled_from((str.upper, str.capitalize, str.swapcase, str)))
def test_keywords_are_read_in_any_case_with_or_without_accents_composed_or_not(folded: str, change: object) -> None:
    terminal = syntax.keywords()[folded]
    for spelling in (folded, syntax.spelling()[terminal]):
        for form in ("NFC", "NFD"):
            text = unicodedata.normalize(form, change(spelling))  # type: ignore[operator]

            assert f"{terminal} {folded}" == words(text)


def test_names_of_two_spellings_keep_theirs_and_fold_alike() -> None:
    assert "NAME Secrétariat" == words(unicodedata.normalize("NFD", "Secrétariat"))
    assert fold("SECRETARIAT") == fold("Secrétariat")
    assert fold("Cœur") == fold("coeur")


# -- lines, comments and positions -------------------------------------------------------------------------------


def test_lines_end_with_any_line_end_and_comments_stand_apart() -> None:
    text = 'pour "A" # celui-ci\r\n\r\n  # seul\r\tdepuis *\n\n   \nvers "#" #'
    source, lines = read(text)

    assert ["pour A", "", "depuis *", "vers #"] == [" ".join(token.value for token in line.tokens) for line in lines]
    assert ["# celui-ci", "# seul", None, "#"] == [line.comment and line.comment.value for line in lines]
    assert ['pour "A" # celui-ci', "  # seul", " depuis *", 'vers "#" #'] == [
        source.text[line.start : line.end] for line in lines
    ]


PIECES = (
    *('"Dr Martin"', "« Été »", "Secrétariat", "depuis", "jusqu’au", "06 12 34 56 78", "06*", "+33 (0)6 12*", "*"),
    *("09:00–12:30", "9h", "2026-12-24", "24/12/2026", "20s", "lundi-vendredi", "..", "=", ",", "# non", "\n", "\r\n"),
    *("\t", "\u00a0", "\u202f", "é", "e\u0301", "\\", "$", '"', "«", "»", "(", "-", "0", "+", "101", "h", ":", "œ"),
)


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_any_text_makes_tokens_that_stand_where_they_were_written(text: str) -> None:
    source, lines = read(text.replace("\ufeff", ""))
    end = 0
    for line in lines:
        assert end <= line.start <= line.end <= len(source.text)
        assert "\n" not in source.text[line.start : line.end]
        end = line.start
        for token in (*line.tokens, *((line.comment,) if line.comment else ())):
            assert end <= token.start < token.end <= line.end
            assert_written(source, token)
            end = token.end
        left = source.text[line.start : line.comment.start if line.comment else line.end]
        assert line.tokens or not left.strip(" ,")


def assert_written(source: SourceFile, token: Token) -> None:
    """A token's span holds what its value was made of, and no blanks around it."""
    written = source.text[token.start : token.end]
    if token.type == "COMMENT":  # it goes on to the end of the line
        written = written.rstrip()

    assert written == written.strip(" ")
    match token.type:
        case "NUMBER" | "PREFIX":
            star = "*" * (token.type == "PREFIX")
            assert token.value + star == "".join(char for char in written.replace("(0)", "") if char not in " .-()")
        case "NAME":
            quoted = written[0] in '"«“'
            assert token.value == (" ".join(written[1:-1].split()) if quoted else written)
        case lexer.UNCLOSED_QUOTE:
            assert token.value[0] == written
        case name if name in syntax.keywords().values():
            assert token.value == fold(written)
        case _:
            assert token.value == written


NUMBERS = (
    *("06", "12", "34", "56", "78", "0", "00", "+33", "33", "6", "07 00", "0901", "+262", "(0)", "06.12-34", "2026"),
    *("+33 6 12 34 56 78", "0612345678", "06 12*", "=*", "a*", "*,", "0123-12-24", "7*", "..0", "s", "sonne", "09 01*"),
)


@given(
    st.lists(st.sampled_from((*PIECES, *NUMBERS)) | st.text(max_size=2), max_size=9),
    st.sampled_from(("", " ", " ", ", ", "  ")),
)
def test_lines_mean_the_same_piece_by_piece_and_word_by_word(parts: list[str], gap: str) -> None:
    assert_read_alike(gap.join(parts))


@pytest.mark.parametrize(
    "text",
    [
        # Stars that are none, where others would be.
        *("depuis * vers *x", "depuis *x", "depuis *, *", "* *", "depuis a*", "a* vers b", "liste a=*", "a *é"),
        # Numbers that groups go on, or that go on groups.
        *("0700123456 78 90", "0901123456 78 90, 06*", "07 00 12 34 56 78 90", "+33 7 00 12 34 56 78 90", "0700123456"),
        *("06 12 34 56 789", "06 12 34 56 78h", "06 12 34 56 78s", "06 12 34 56 78..90", "0612345678x"),
        *("+44 20 06 12 34 56 78", "+33 6 06 12 34 56 78 90", "06 06 12*", "00 06 12*", "+262 06 12 34 56 78"),
        # Prefixes that are longer than a number.
        *("06 123 45678 9*", "06 12 34 56 78*", "06 12 34 56 7*", "+33 6 12 34 56 78 9*", "0033 6 12 34 56 7*"),
        # What looks like a date but for what follows, and digits with signs.
        *("0123-12-24-", "0123-12-24 06", "06-(", "0612345678-(1)", "(0)6 12", "01 23-12-24 24", "06 12/3*"),
    ],
)  # fmt: skip
def test_tricky_lines_mean_the_same_piece_by_piece_and_word_by_word(text: str) -> None:
    assert_read_alike(text)


def assert_read_alike(text: str) -> None:
    source, lines = read(text)
    keywords = syntax.keywords()
    texts = [source.text[line.start : line.end] for line in lines]

    assert [lexer._word_by_word(text, line.start, keywords) for text, line in zip(texts, lines, strict=True)] == lines


def test_what_is_usual_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would hold one way of reading to itself, and policies would be read slowly."""
    monkeypatch.delattr(lexer, "_word_by_word")
    usual = (
        'poste 104 "Dr Martin" mobile 06 12 34 56 78, messagerie\n'
        "depuis 06* 07 12*, +33 6 12 34 56 78 sauf * hors bureau vers occupé\n"
        "horaires bureau = lundi mardi 09:00-12:30 9h–12h\n  depuis 100..199 le 24/12/2026 motif « fermé »\n"
        '  # un commentaire, "sans fin\n\npour 104  # et un autre '
    )

    assert len(read(usual)[1]) == 6
    with pytest.raises(NameError):
        read("sonne 20 s")


@given(st.lists(st.sampled_from((*PIECES, *NUMBERS, "\n", ",\n", "#")), max_size=30).map(" ".join), st.integers(1, 40))
def test_lines_are_the_same_however_many_are_taken_apart_at_a_time(text: str, portion: int) -> None:
    whole = read(text)[1]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lexer, "_PORTION", portion)
        assert read(text)[1] == whole

    source = read(text)[0]
    ends = [*(line.end for line in whole), len(source.text)]
    parts = [(start, end) for start, end in zip([0, *ends], ends, strict=False) if start < end]
    assert [*lexer.lex(source, syntax.keywords(), parts)] == whole


def test_days_are_names_where_they_are_no_keywords() -> None:
    [line] = lexer.lex(SourceFile("policyc.toml", "lundi-mardi"), {})

    assert line.tokens == (Token("NAME", "lundi-mardi", 0, 11),)


def test_blanks_without_an_end_take_no_time() -> None:
    for blanks in (" " * 50_000, "," * 50_000, " ," * 25_000):
        read(f"poste 104{blanks}")
        read(f"{blanks}x")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_between_tokens_there_are_only_blanks_and_commas(text: str) -> None:
    source, lines = read(text)
    for line in lines:
        parts = [*line.tokens, *((line.comment,) if line.comment else ())]
        if any(token.type == lexer.UNCLOSED_QUOTE for token in parts):
            continue  # it goes on to the end of the line
        at = line.start
        for token in parts:
            assert not source.text[at : token.start].strip(" ,")
            at = token.end
        assert not source.text[at : line.end].strip(" ,")
