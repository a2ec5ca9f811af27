"""A report in, annotations of a GitHub Actions step out: one workflow command a line.

GitHub shows the first ten errors and the first ten warnings of a step; the others are in its log only. So errors come
first, and the last line of each message tells the place, which the log does not.
"""

from policyc.diagnostics import Diagnostic
from policyc.report import visible
from policyc.reports.findings import Report


def render(report: Report) -> str:
    """Return a line for each diagnostic, errors first; none where there is none."""
    ordered = sorted(report.diagnostics, key=lambda one: not one.is_error)
    return "".join(f"{_command(report, one)}\n" for one in ordered)


def _command(report: Report, diagnostic: Diagnostic) -> str:
    place = report.place(diagnostic)
    (line, column), (end_line, end_column) = place.start, place.end
    properties: dict[str, str | int] = {"file": place.path, "line": line, "endLine": end_line}
    if line == end_line:  # GitHub takes columns of one line only
        properties |= {"col": column, "endColumn": end_column}
    properties["title"] = diagnostic.code
    message = "\n".join((*report.message(diagnostic), f"{visible(place.path)}:{line}:{column}"))
    listed = ",".join(f"{name}={_property(visible(str(value)))}" for name, value in properties.items())
    return f"::{diagnostic.severity.value} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
