"""Diagnostics in, a report for a program out, with the paths that people are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from policyc.cli.printing import displayed, shown

if TYPE_CHECKING:
    from policyc.diagnostics import Diagnostic
    from policyc.report import Catalogue
    from policyc.workspace import Workspace

# Those of `policyc.reports`, which no command should have to load for its help.
FORMS: Final = ("sarif", "github", "gitlab", "junit")


def as_form(
    form: str, place: Workspace, found: Iterable[Diagnostic], catalogue: Catalogue, *, strict: bool = False
) -> str:
    """Return a report in one of `FORMS`."""
    from policyc import reports

    files = tuple(map(displayed(place), place.paths))
    return reports.render(form, reports.Report(tuple(shown(place, found)), files, catalogue, strict))
