"""French public holidays: a region and years in, dates with their French names out.

The dates come from the `holidays` library, which knows the laws behind them and the years each of them held. To import
it takes as long as to check a policy of 100 extensions, so what it says of the years in use is kept in
`data/holidays.json`, which a test holds to it: after a change of the library, `pytest tests/test_holidays.py --bless`
writes it. Other years are asked of the library itself.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType

from policyc import resources
from policyc.source import fold

# What the library covers; outside it would answer, in silence, that there are no holidays.
FIRST_YEAR = 1803
LAST_YEAR = 2100
KEPT = range(2020, 2061)
"""The years that are kept."""

# Name as shown -> subdivision in the library. Moselle (57) has the holidays of Alsace, by the same local law.
_SUBDIVISIONS: Mapping[str, str | None] = {
    "France": None,
    "Alsace-Moselle": "6AE",
    "Guadeloupe": "971",
    "Martinique": "972",
    "Guyane": "973",
    "La Réunion": "974",
    "Mayotte": "976",
    "Saint-Barthélemy": "BL",
    "Saint-Martin": "MF",
    "Saint-Pierre-et-Miquelon": "PM",
    "Nouvelle-Calédonie": "NC",
    "Polynésie française": "PF",
    "Wallis-et-Futuna": "WF",
}
_ALIASES = {"Réunion": "La Réunion"}

# Folded name -> (name as shown, subdivision in the library).
REGIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        **{fold(name): (name, subdivision) for name, subdivision in _SUBDIVISIONS.items()},
        **{fold(alias): (name, _SUBDIVISIONS[name]) for alias, name in _ALIASES.items()},
    }
)


def holidays(region: str, first_year: int, last_year: int) -> tuple[tuple[date, str], ...]:
    """Return the holidays of a region, by its name as shown, from one year to another, both included.

    There is one entry a date, in order of dates; two holidays on one date share it: "Ascension et Fête du
    Travail". A year that the library does not cover, `FIRST_YEAR` to `LAST_YEAR`, is a `ValueError`.
    """
    return tuple(day for year in range(first_year, last_year + 1) for day in _year(region, year))


@lru_cache(maxsize=1024)
def _year(region: str, year: int) -> tuple[tuple[date, str], ...]:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"no holidays are known for {year}: only for {FIRST_YEAR} to {LAST_YEAR}")
    if year not in KEPT:
        return by_library(region, year)
    days = _kept()["France"][str(year)] | (_kept()[region][str(year)] if region != "France" else {})
    return tuple((date(year, int(day[:2]), int(day[2:])), days[day]) for day in sorted(days))


def by_library(region: str, year: int) -> tuple[tuple[date, str], ...]:
    """Return the holidays of a region in a year as the library has them."""
    from holidays import country_holidays

    days = country_holidays("FR", subdiv=_SUBDIVISIONS[region], years=year, language="fr", expand=False)
    return tuple((day, " et ".join(days.get_list(day))) for day in sorted(days))


@cache
def _kept() -> Mapping[str, Mapping[str, dict[str, str]]]:
    """Return what is kept: the holidays of each year, month and day, and of regions those that France has not so."""
    import json

    found: dict[str, dict[str, dict[str, str]]] = json.loads(resources.read_package("data/holidays.json"))
    return found
