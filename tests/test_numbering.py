"""The French numbering plan: canonical forms, spellings, prefixes and the built-in lists."""

import re
import tomllib
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import BEGINNINGS, DIGITS, boundary_callers, callers, numbers

from policyc import digits, numbering
from policyc.digits import ANONYMOUS, EVERYONE, EXTERNAL, FOREIGN, FRENCH, Caller, Kind
from policyc.numbering import Recognised

PLAN = tomllib.loads(files("policyc").joinpath("data", "france.toml").read_text(encoding="utf-8"))


def external(presented: str) -> str | None:
    return numbering.canonical(Kind.EXTERNAL, presented).number


# -- canonical form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("presented", "canonical"),
    [
        *(
            (presented, "0612345678")
            for presented in (
                *("0612345678", "+33612345678", "0033612345678", "33612345678", "612345678"),
                *("06 12 34 56 78", "+33612345678;verstat=TN-Validation-Passed", "+33612345678@sip.example.net"),
                *("06.12.34.56.78", "06-12-34-56-78", "+33 6 12 34 56 78", "sip:+33612345678@example.net"),
            )
        ),
        *((presented, "+442071234567") for presented in ("+442071234567", "00442071234567", "+44 20 7123 4567")),
        *((presented, "0692123456") for presented in ("+262692123456", "00262692123456", "0692123456")),
        *((short, short) for short in ("3949", "118008", "17")),
        ("+3361234", "+3361234"),
        *((presented, None) for presented in ("anonymous", "Restricted", "unknown", "", "Private", " ", "+", ";17")),
        # The overseas codes, one by one; Saint-Pierre-et-Miquelon has six digits from abroad.
        ("+262262123456", "0262123456"),
        ("+262639123456", "0639123456"),
        ("+590590123456", "0590123456"),
        ("00594694123456", "0694123456"),
        ("+596696123456", "0696123456"),
        ("+508411234", "0508411234"),
        ("00508411234", "0508411234"),
        ("+508508411234", "0508411234"),
        # Fourteen digits behind 0700 and 0901.
        ("07001234567890", "07001234567890"),
        ("+337001234567890", "07001234567890"),
        ("00339011234567890", "09011234567890"),
        # As they are: too short or too long for what they start like.
        ("061234567", "061234567"),
        ("336123456", "0336123456"),  # nine digits, not starting with 0
        ("33061234567", "33061234567"),
        ("+330612345678", "+330612345678"),
        ("00123", "00123"),
        ("0000", "0000"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_what_a_trunk_presents_has_one_canonical_form(presented: str, canonical: str | None) -> None:
    assert canonical == external(presented)


@pytest.mark.parametrize("presented", ["101", "0612345678", "612345678", "33612345678", "0033612345678"])
def test_an_internal_caller_is_as_it_is(presented: str) -> None:
    assert Caller(Kind.INTERNAL, presented) == numbering.canonical(Kind.INTERNAL, presented)


@pytest.mark.parametrize("kind", Kind)
def test_a_restricted_caller_is_anonymous_even_when_known(kind: Kind) -> None:
    assert Caller(kind, None) == numbering.canonical(kind, "0612345678", restricted=True)


@given(st.sampled_from(Kind), numbers())
@example(Kind.EXTERNAL, "+508508508508")
def test_a_canonical_form_presented_again_is_itself(kind: Kind, presented: str) -> None:
    once = numbering.canonical(kind, presented)

    assert once == numbering.canonical(kind, once.number or "")


@given(st.text(max_size=30))
def test_whatever_is_presented_makes_a_caller(presented: str) -> None:
    caller = numbering.canonical(Kind.EXTERNAL, presented)

    assert caller in EVERYONE
    assert caller.number is None or re.fullmatch(r"\+?[0-9]+", caller.number)


@given(numbers())
def test_every_presentation_is_of_a_caller_of_the_universe(presented: str) -> None:
    assert numbering.canonical(Kind.EXTERNAL, presented) in EVERYONE


@given(callers().filter(lambda caller: caller.kind is Kind.EXTERNAL and caller.number is not None))
@example(Caller(Kind.EXTERNAL, "0001234567"))
@example(Caller(Kind.EXTERNAL, "+0123"))
def test_every_presentation_of_a_number_leads_back_to_it(caller: Caller) -> None:
    number = caller.number or ""
    shown = numbering.presentations(number)

    assert number == shown[0]
    assert len(shown) == len(set(shown))
    for presented in shown:
        assert number == external(presented), presented
        assert number == external(" ".join(presented))
        assert number == external(presented + ";verstat=x@y")


@given(st.text(DIGITS, min_size=8, max_size=8), st.sampled_from("123456789"))
def test_a_french_number_has_five_presentations_and_an_overseas_one_seven(rest: str, second: str) -> None:
    number = "0" + second + rest
    expected = [number, "+33" + number[1:], "0033" + number[1:], "33" + number[1:], number[1:]]
    shown = numbering.presentations(number)

    assert expected == [*shown[:5]]
    abroad = [code for code, start in numbering.overseas() if number.startswith(start)]
    assert len(shown) == (7 if abroad else 5)


# -- what was presented ------------------------------------------------------------------------------------------

OVERSEAS = [("262", "0692123456"), ("590", "0690123456"), ("594", "0694123456"), ("596", "0696123456")]


@pytest.mark.parametrize(
    ("presented", "form", "code", "dropped"),
    [
        ("0612345678", "national", None, ()),
        ("07001234567890", "national", None, ()),
        ("0001234567", "national", None, ()),
        ("+33612345678", "e164", "33", ()),
        ("+337001234567890", "e164", "33", ()),
        ("0033612345678", "00", "33", ()),
        ("33612345678", "33", "33", ()),
        ("612345678", "nine-digits", None, ()),
        ("336123456", "nine-digits", None, ()),
        *((f"+{code}{number[1:]}", "overseas-e164", code, ()) for code, number in OVERSEAS),
        *((f"00{code}{number[1:]}", "overseas-00", code, ()) for code, number in OVERSEAS),
        ("+508411234", "overseas-e164", "508", ()),
        ("00508508411234", "overseas-00", "508", ()),
        ("+442071234567", "foreign-e164", None, ()),
        ("00442071234567", "foreign-00", None, ()),
        ("+3361234", "irregular", "33", ()),
        ("+330612345678", "irregular", "33", ()),
        ("00330612345678", "irregular", "33", ()),
        ("+2626921234", "irregular", "262", ()),
        *(
            (presented, "as-is", None, ())
            for presented in ("3949", "118008", "17", "061234567", "33061234567", "00123")
        ),
        ("06.12.34.56.78", "national", None, ("separators",)),
        ("+33612345678;verstat=TN-Validation-Passed", "e164", "33", ("tail",)),
        ("sip:+33 6 12 34 56 78@example.net", "e164", "33", ("separators", "tail")),
        ("06+12345678", "national", None, ("separators",)),
        *(
            (presented, "anonymous", None, ())
            for presented in ("anonymous", "Restricted", "+", "anonymous@anonymous.invalid")
        ),
        *((presented, "empty", None, ()) for presented in ("", " ", ";17", "@host")),
    ],
)
def test_what_is_presented_has_a_form(presented: str, form: str, code: str | None, dropped: tuple[str, ...]) -> None:
    found = numbering.recognise(Kind.EXTERNAL, presented)

    assert (form, code, dropped) == (found.form, found.code, found.dropped)


@pytest.mark.parametrize("presented", ["101", "+33612345678", "06 12"])
def test_an_internal_caller_is_read_as_an_extension(presented: str) -> None:
    found = numbering.recognise(Kind.INTERNAL, presented)

    assert ("extension", None, () if presented == "101" else ("separators",)) == (found.form, found.code, found.dropped)
    assert "anonymous" == numbering.recognise(Kind.INTERNAL, "anonyme").form


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("presented", ["0612345678", "anonymous", ""])
def test_a_restricted_number_is_read_as_restricted(kind: Kind, presented: str) -> None:
    assert Recognised(Caller(kind, None), "restricted") == numbering.recognise(kind, presented, restricted=True)


def read_again(found: Recognised, written: str) -> str | None:
    """Return the canonical number that a form says is meant by the digits (and `+`) that were presented."""
    code = found.code or ""
    match found.form:
        case "national" | "as-is" | "extension" | "foreign-e164":
            return written
        case "33" | "e164" | "00" | "nine-digits":
            sign = {"e164": "+33", "00": "0033", "33": "33", "nine-digits": ""}[found.form]
            assert written.startswith(sign)
            return "0" + written.removeprefix(sign)
        case "overseas-e164" | "overseas-00":
            sign = ("+" if found.form == "overseas-e164" else "00") + code
            assert written.startswith(sign)
            rest = written.removeprefix(sign)
            return "0508" + rest if len(rest) == 6 else "0" + rest
        case "irregular":
            assert re.match(rf"(\+|00){code}", written)
            return "+" + written.removeprefix("+").removeprefix("00")
        case "foreign-00":
            return "+" + written.removeprefix("00")
        case _:
            return None


@given(st.sampled_from(Kind), numbers() | callers().map(lambda caller: caller.number or "privé"), st.data())
@example(Kind.EXTERNAL, "+0033612345", None)
def test_the_form_of_a_number_leads_to_its_canonical_form(
    kind: Kind, presented: str, data: st.DataObject | None
) -> None:
    spellings = numbering.presentations(presented) if presented in (external(presented), "+") else (presented,)
    for written in spellings:
        between = data.draw(st.sampled_from(("", " ", ".", "\u00a0"))) if data else ""
        tail = data.draw(st.sampled_from(("", ";verstat=x@y", "@host"))) if data else ""
        shown = between.join(written) + tail
        found = numbering.recognise(kind, shown)
        plain = written.removeprefix("+") if kind is Kind.INTERNAL else written

        assert numbering.canonical(kind, shown) == found.caller
        assert found.caller.number == read_again(found, plain)
        if found.caller.number is not None:
            separated = (between != "" and len(written) > 1) or plain != written
            assert (separated, tail != "") == ("separators" in found.dropped, "tail" in found.dropped)
            is_french = numbering.is_french(found.caller.number)
            named = found.form in ("national", "e164", "00", "33", "nine-digits", "overseas-e164", "overseas-00")
            assert kind is Kind.INTERNAL or is_french is named


@given(st.sampled_from(Kind), st.text(max_size=30), st.booleans())
def test_whatever_is_presented_is_recognised_as_who_calls(kind: Kind, presented: str, restricted: bool) -> None:
    found = numbering.recognise(kind, presented, restricted=restricted)

    assert numbering.canonical(kind, presented, restricted=restricted) == found.caller
    assert (found.caller.number is None) is (found.form in ("anonymous", "empty", "restricted"))


@given(callers().filter(lambda caller: caller.kind is Kind.EXTERNAL and caller.number is not None))
@example(Caller(Kind.EXTERNAL, "0692123456"))
@example(Caller(Kind.EXTERNAL, "0508411234"))
@example(Caller(Kind.EXTERNAL, "+442071234567"))
def test_the_presentations_of_a_number_have_their_forms(caller: Caller) -> None:
    number = caller.number or ""
    forms = [numbering.recognise(Kind.EXTERNAL, presented).form for presented in numbering.presentations(number)]

    if numbering.is_french(number) and number[1] != "0":
        short = ["33", "nine-digits"] if len(number) == 10 else []
        expected = ["national", "e164", "00", *short, "overseas-e164", "overseas-00"][: len(forms)]
        assert expected == forms
    elif caller in FOREIGN:
        assert set(forms) in ({"foreign-e164"}, {"foreign-e164", "foreign-00"}, {"irregular"})
    else:
        assert [("national" if numbering.is_french(number) else "as-is")] == forms


# -- forms to dial and to show -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "e164", "display"),
    [
        ("0612345678", "+33612345678", "06 12 34 56 78"),
        ("0692123456", "+262692123456", "06 92 12 34 56"),
        ("0939912345", "+262939912345", "09 39 91 23 45"),
        ("0508411234", "+508411234", "05 08 41 12 34"),
        ("07001234567890", "+337001234567890", "07 00 12 34 56 78 90"),
        ("+442071234567", "+442071234567", "+442071234567"),
        ("3949", "3949", "3949"),
        ("101", "101", "101"),
    ],
)
def test_forms_of_a_number(number: str, e164: str, display: str) -> None:
    assert e164 == numbering.e164(number)
    assert display == numbering.display(number)


OUTSIDE = (FRENCH | FOREIGN) & EXTERNAL


@given(st.sampled_from(OUTSIDE.intervals).flatmap(lambda ends: st.integers(ends[0], ends[1] - 1)).map(digits.caller_at))
def test_the_form_with_a_country_code_is_a_spelling_of_the_number(caller: Caller) -> None:
    number = caller.number or ""
    if number[:2] != "00":
        assert number == external(numbering.e164(number))


# -- prefixes ----------------------------------------------------------------------------------------------------


def names(written: str, caller: Caller) -> bool:
    """Say by the definition whether a prefix as written names a caller."""
    number = caller.number
    if number is None:
        return False
    if re.match("00(?!0)", written):
        written = "+" + written[2:]
    if written.startswith("+33"):
        written = "0" + written[3:].removeprefix("0")
    for code, start in numbering.overseas():  # `+262 692*` and `0692*` are one set
        abroad = numbering.e164(start.ljust(10, "0"))[: len(code) + 1 + (0 if code == "508" else len(start) - 1)]
        if written.startswith(abroad):
            written = start + written[len(abroad) :]
    if written.startswith("0"):
        return numbering.is_french(number) and number.startswith(written)
    if written.startswith("+"):
        return numbering.e164(number).startswith(written)
    return number.startswith(written)


@given(
    st.sampled_from(BEGINNINGS) | numbers().filter(lambda number: len(number) < 12), st.lists(callers(), max_size=20)
)
@example("+", [])
@example("+2626", [])
def test_a_prefix_names_the_numbers_that_start_so_in_any_spelling(written: str, some: list[Caller]) -> None:
    found = numbering.prefix(written)
    for caller in (*some, *boundary_callers(found, FRENCH, EVERYONE)):
        if len(caller.number or "") < 20:
            assert names(written, caller) == (caller in found), caller


@given(st.text(DIGITS, min_size=8, max_size=8), st.sampled_from("123456789"), st.integers(1, 10))
@example("92123456", "6", 6)
def test_the_beginning_of_any_spelling_with_a_sign_or_a_zero_names_the_number(
    rest: str, second: str, length: int
) -> None:
    number = "0" + second + rest
    for spelling in (number, "+33" + number[1:], numbering.e164(number), "00" + numbering.e164(number)[1:]):
        assert Caller(Kind.EXTERNAL, number) in numbering.prefix(spelling[:length])


@pytest.mark.parametrize(
    "spellings",
    [
        ("06", "+336", "00336", "+3306"),
        ("0142", "+33142", "0033142"),
        ("0", "+33", "0033"),
        ("+", "00"),
        ("+44", "0044"),
        ("+442071", "00442071"),
        ("0692", "+262692", "00262692", "+33692"),
        ("0508", "+508", "00508", "+33508"),
        ("0700", "+33700"),
    ],
)
def test_spellings_of_a_prefix_are_one_set(spellings: tuple[str, ...]) -> None:
    assert len({numbering.prefix(one) for one in spellings}) == 1


def test_prefixes_with_a_country_code_hold_more_the_shorter_they_are() -> None:
    assert numbering.prefix("0") is FRENCH
    assert FRENCH <= numbering.prefix("+3") <= numbering.prefix("+")
    assert FRENCH | FOREIGN is numbering.prefix("+")
    assert numbering.prefix("0692") <= numbering.prefix("+262")
    assert FOREIGN.isdisjoint(FRENCH)
    assert digits.starting("1") is numbering.prefix("1")


# -- data --------------------------------------------------------------------------------------------------------


def test_the_data_is_dated_and_sourced() -> None:
    assert re.fullmatch(r"20[0-9]{2}-(?:0[1-9]|1[0-2])", numbering.plan_date())
    for table in PLAN["lists"].values():
        assert set(table) == {"name", "prefixes", "source"}
        assert re.search(r"ARCEP|UIT", table["source"])
        assert len(table["prefixes"]) == len(set(table["prefixes"]))


def test_built_in_lists_hold_french_numbers_but_for_those_abroad() -> None:
    lists = dict(numbering.builtin_lists().values())

    assert {"mobiles", "fixes", "étranger", "surtaxés", "démarchage"} == set(lists)
    assert FOREIGN is lists.pop("étranger")
    for table in PLAN["lists"].values():
        for prefix in table["prefixes"]:
            assert prefix == "+" or numbering.prefix(prefix) <= FRENCH
            assert numbering.prefix(prefix)
    for callers_ in lists.values():
        assert callers_ <= FRENCH
        assert callers_.isdisjoint(FOREIGN | ANONYMOUS)


def test_lists_hold_what_their_names_say() -> None:
    lists = dict(numbering.builtin_lists().values())
    inside = {
        "mobiles": ("0612345678", "0732345678", "0692123456", "0799999999"),
        "fixes": ("0142685300", "0508411234", "0590123456"),
        "étranger": ("+442071234567", "+3361234"),
        "surtaxés": ("0899123456", "0812345678", "0825123456"),
        "démarchage": ("0162123456", "0949123456", "0947512345", "0268812345"),
    }
    outside = {
        "mobiles": ("07001234567890", "0712345678", "0142685300", "+447911123456"),
        "fixes": ("0612345678", "0912345678"),
        "étranger": ("0612345678", "0692123456", "3949"),
        "surtaxés": ("0800123456", "0806123456", "3949"),
        "démarchage": ("0937123456", "0142685300", "0947012345"),
    }
    for name, callers_ in lists.items():
        assert all(Caller(Kind.EXTERNAL, number) in callers_ for number in inside[name]), name
        assert all(Caller(Kind.EXTERNAL, number) not in callers_ for number in outside[name]), name


def test_there_are_twelve_emergency_numbers_and_none_is_french() -> None:
    assert 12 == len(numbering.emergency_numbers())
    assert not any(numbering.is_french(number) for number in numbering.emergency_numbers())
    assert all(number == external(number) for number in numbering.emergency_numbers())


def test_exactly_is_a_number_from_inside_and_from_outside() -> None:
    assert {Caller(kind, "101") for kind in Kind} == {
        caller for kind in Kind if (caller := Caller(kind, "101")) in numbering.exactly("101")
    }
    assert 1 == (numbering.exactly("0612345678") & EXTERNAL).count
