"""A report in, a GitLab Code Quality report out: JSON that merge requests compare with that of their target branch."""

from policyc.diagnostics import CODES, Severity
from policyc.report import json_text, visible
from policyc.reports.findings import Report, fingerprints

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor"}


def render(report: Report) -> str:
    """Return a list of what was found, empty where there is nothing."""
    found = []
    for one, fingerprint in zip(report.diagnostics, fingerprints(report.diagnostics), strict=True):
        place = report.place(one)
        found.append(
            {
                "description": visible(report.catalogue.message(one)),
                "check_name": f"{one.code} {CODES[one.code].name}",
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[one.severity],
                "location": {"path": place.path, "lines": {"begin": place.start[0], "end": place.end[0]}},
            }
        )
    return json_text(found)
