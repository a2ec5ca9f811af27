"""French public holidays, against what calendars of those years say."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

import policyc
from policyc.holidays_fr import FIRST_YEAR, KEPT, LAST_YEAR, REGIONS, by_library, holidays
from policyc.source import fold

KEPT_IN = Path(policyc.__file__).with_name("data") / "holidays.json"
FRANCE_2026 = (
    (date(2026, 1, 1), "Jour de l'an"),
    (date(2026, 4, 6), "Lundi de Pâques"),
    (date(2026, 5, 1), "Fête du Travail"),
    (date(2026, 5, 8), "Fête de la Victoire"),
    (date(2026, 5, 14), "Ascension"),
    (date(2026, 5, 25), "Lundi de Pentecôte"),
    (date(2026, 7, 14), "Fête nationale"),
    (date(2026, 8, 15), "Assomption"),
    (date(2026, 11, 1), "Toussaint"),
    (date(2026, 11, 11), "Armistice"),
    (date(2026, 12, 25), "Noël"),
)
# Written down from calendars: Easter Monday, Ascension Day, Whit Monday.
MOVING = {
    2024: (date(2024, 4, 1), date(2024, 5, 9), date(2024, 5, 20)),
    2025: (date(2025, 4, 21), date(2025, 5, 29), date(2025, 6, 9)),
    2026: (date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)),
    2027: (date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)),
    2028: (date(2028, 4, 17), date(2028, 5, 25), date(2028, 6, 5)),
    2030: (date(2030, 4, 22), date(2030, 5, 30), date(2030, 6, 10)),
    2038: (date(2038, 4, 26), date(2038, 6, 3), date(2038, 6, 14)),
}
# Code du travail, article L3422-2, and the days of the other collectivities.
OWN_DAYS_2026 = {
    "Alsace-Moselle": {date(2026, 4, 3): "Vendredi saint", date(2026, 12, 26): "Saint-Étienne"},
    "Guadeloupe": {date(2026, 5, 27): "Abolition de l'esclavage"},
    "Martinique": {date(2026, 5, 22): "Abolition de l'esclavage"},
    "Guyane": {date(2026, 6, 10): "Abolition de l'esclavage"},
    "La Réunion": {date(2026, 12, 20): "Abolition de l'esclavage"},
    "Mayotte": {date(2026, 4, 27): "Abolition de l'esclavage"},
    "Saint-Barthélemy": {date(2026, 10, 9): "Abolition de l'esclavage"},
    "Saint-Martin": {date(2026, 5, 28): "Abolition de l'esclavage"},
    "Nouvelle-Calédonie": {date(2026, 9, 24): "Fête de la Citoyenneté"},
    "Polynésie française": {date(2026, 3, 5): "Arrivée de l'Évangile", date(2026, 11, 20): "Matāri'i"},
    "Wallis-et-Futuna": {date(2026, 7, 29): "Fête du Territoire"},
}
NAMES = sorted({name for name, _ in REGIONS.values()})


def test_france_2026():
    """The eleven holidays of the code du travail, in order, with their French names."""
    assert FRANCE_2026 == holidays("France", 2026, 2026)


@pytest.mark.parametrize("year", MOVING)
def test_moving_feasts(year):
    """Easter Monday, Ascension Day and Whit Monday are where calendars have them."""
    names = {name: day for day, name in holidays("France", year, year)}

    assert MOVING[year] == (names["Lundi de Pâques"], names["Ascension"], names["Lundi de Pentecôte"])


@pytest.mark.parametrize("region", OWN_DAYS_2026)
def test_days_of_a_region(region):
    """A region has its own days, by its names, beside those of the whole country."""
    days = dict(holidays(region, 2026, 2026))

    assert OWN_DAYS_2026[region].items() <= days.items()
    assert set(FRANCE_2026) <= days.items()
    assert not OWN_DAYS_2026[region].keys() & dict(FRANCE_2026).keys()


@pytest.mark.parametrize(("year", "friday"), [(2025, date(2025, 4, 18)), (2027, date(2027, 3, 26))])
def test_alsace_moselle_has_two_days_more(year, friday):
    """Good Friday and 26 December, and nothing else."""
    own = {friday, date(year, 12, 26)}

    assert own == dict(holidays("Alsace-Moselle", year, year)).keys() - dict(holidays("France", year, year)).keys()


def test_saint_pierre_et_miquelon_has_the_days_of_france():
    """No day of its own."""
    assert holidays("France", 2026, 2030) == holidays("Saint-Pierre-et-Miquelon", 2026, 2030)


def test_what_is_kept_is_what_the_library_has(golden):
    """Each day and its name, of all regions and years that are kept."""
    found = {
        region: {year: {f"{day:%m%d}": name for day, name in by_library(region, year)} for year in KEPT}
        for region in ("France", *NAMES)
    }
    for region, years in found.items():
        for year, days in years.items() if region != "France" else ():
            assert days.keys() >= found["France"][year].keys()
            for day in [day for day, name in days.items() if found["France"][year].get(day) == name]:
                del days[day]
    lines = (
        f"{json.dumps(region, ensure_ascii=False)}: {{\n"
        + ",\n".join(f'"{year}": {json.dumps(days, ensure_ascii=False)}' for year, days in years.items())
        for region, years in found.items()
    )
    golden(KEPT_IN, "{\n" + "\n},\n".join(lines) + "\n}\n}\n")


@pytest.mark.parametrize("region", NAMES)
def test_years_that_are_kept_are_those_of_the_library(region):
    for year in KEPT:
        assert by_library(region, year) == holidays(region, year, year)


def test_two_holidays_on_one_date_are_one_entry():
    """Ascension Day was 1 May in 2008."""
    assert "Ascension et Fête du Travail" == dict(holidays("France", 2008, 2008))[date(2008, 5, 1)]


@pytest.mark.parametrize("region", NAMES)
def test_years_are_put_together(region):
    """Years include both ends, dates are unique and sorted, and each year stands for itself."""
    found = holidays(region, 2025, 2031)
    days = [day for day, _ in found]

    assert sorted(set(days)) == days
    assert set(range(2025, 2032)) == {day.year for day in days}
    assert holidays(region, 2025, 2027) + holidays(region, 2028, 2031) == found
    assert all(name == name.strip() != "" for _, name in found)


def test_no_years_have_no_holidays():
    """Years in the wrong order hold nothing."""
    assert () == holidays("France", 2030, 2026)


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_years_that_nobody_knows_are_refused(year):
    """Silence would say that there are no holidays."""
    assert holidays("France", FIRST_YEAR, FIRST_YEAR)
    assert holidays("France", LAST_YEAR, LAST_YEAR)

    with pytest.raises(ValueError, match=str(year)):
        holidays("France", year, year)


def test_easter_monday_follows_easter():
    """As the Gregorian computus has it, over all the years there are."""
    for year in range(1900, LAST_YEAR + 1):
        days = {name: day for day, joined in holidays("France", year, year) for name in joined.split(" et ")}

        assert easter(year) + timedelta(days=1) == days["Lundi de Pâques"]


def easter(year: int) -> date:
    """Return Easter Sunday by the anonymous Gregorian algorithm."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, odd = divmod(century, 4)
    epact = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * odd + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("france", "France"),
        ("ALSACE-MOSELLE", "Alsace-Moselle"),
        ("Réunion", "La Réunion"),
        ("la reunion", "La Réunion"),
        ("Saint-Barthelemy", "Saint-Barthélemy"),
        ("Polynésie Française", "Polynésie française"),
        ("nouvelle-caledonie", "Nouvelle-Calédonie"),
    ],
)
def test_regions_are_found_by_folded_name(written, name):
    """Case and accents do not matter; what is shown is the proper name."""
    assert name == REGIONS[fold(written)][0]


def test_keys_are_folded():
    """Every key can be found, and every region by the name it is shown with."""
    assert all(key == fold(key) for key in REGIONS)
    assert all(name == REGIONS[fold(name)][0] for name in NAMES)
    assert 13 == len(NAMES)
