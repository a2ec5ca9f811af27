"""Diagnostics in, a report for a program out: a module for each form. With nothing to say it is still a good report.

Text for people, and JSON of policyc's own, are made by `policyc.report`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from policyc.reports import github, gitlab, junit, sarif
from policyc.reports.findings import Report

__all__ = ["FORMS", "Report", "render"]

_RENDERERS: Final[Mapping[str, Callable[[Report], str]]] = {
    "sarif": sarif.render,
    "github": github.render,
    "gitlab": gitlab.render,
    "junit": junit.render,
}
FORMS: Final = tuple(_RENDERERS)


def render(form: str, report: Report) -> str:
    """Return a report in one of `FORMS`."""
    return _RENDERERS[form](report)
