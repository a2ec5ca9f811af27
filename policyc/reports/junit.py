"""A report in, JUnit XML out: a suite for each file, with a test case for each diagnostic.

What makes the command fail is a failure. Other warnings are skipped tests: servers show them, and stay green. A file
of which there is nothing to say has one test case, which passes.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from policyc.diagnostics import CODES, Diagnostic
from policyc.report import Catalogue, render_text, visible
from policyc.reports.findings import Report


def render(report: Report) -> str:
    """Return the report."""

    def told(diagnostic: Diagnostic) -> str:
        return render_text([diagnostic], report.catalogue, color=False)

    by_file: dict[str, list[Diagnostic]] = {path: [] for path in report.files}
    for one in report.diagnostics:
        by_file.setdefault(report.place(one).path, []).append(one)
    root = ET.Element("testsuites", {"name": "policyc check", **_counts(report, by_file)})
    for path, found in by_file.items():
        suite = ET.SubElement(root, "testsuite", {"name": clean(path), **_counts(report, {path: found})})
        for one in found:
            (line, column), code = report.place(one).start, CODES[one.code]
            name = f"{code.id} {code.name} ({line}:{column})"
            case = ET.SubElement(suite, "testcase", {"classname": clean(path), "name": name, "file": clean(path)})
            case.set("line", str(line))
            if report.fails(one):
                explain(ET.SubElement(case, "failure"), one, report.catalogue, told)
            else:
                ET.SubElement(case, "skipped", {"message": clean(report.catalogue.message(one))})
        if not found:
            ET.SubElement(suite, "testcase", {"classname": clean(path), "name": report.catalogue.words["nothing"]})
    return document(root)


def _counts(report: Report, by_file: Mapping[str, Sequence[Diagnostic]]) -> dict[str, str]:
    found = [one for same in by_file.values() for one in same]
    failures = sum(map(report.fails, found))
    passed = sum(not same for same in by_file.values())
    counts = {"tests": len(found) + passed, "failures": failures, "errors": 0, "skipped": len(found) - failures}
    return {name: str(count) for name, count in counts.items()}


def explain(element: ET.Element, problem: Diagnostic, catalogue: Catalogue, told: Callable[[Diagnostic], str]) -> None:
    """Write into a failure what the problem is; `told` writes a diagnostic as text."""
    element.set("message", clean(catalogue.message(problem)))
    element.set("type", problem.code)
    element.text = "\n".join(map(clean, told(problem).rstrip("\n").split("\n")))


def document(root: ET.Element) -> str:
    """Return XML as the text of a file."""
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


# What XML 1.0 has no place for, however it is escaped.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return a text that XML can hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", visible(text))
