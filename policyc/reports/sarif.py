"""A report in, a SARIF 2.1.0 log out: what GitHub's code scanning, and viewers in editors, read.

Paths are URIs relative to the folder in which the command ran, which readers know as `%SRCROOT%`. Columns count in
characters.
"""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from policyc.diagnostics import CODES, Edit, Severity
from policyc.report import Catalogue, explain, json_text, visible
from policyc.reports.findings import LineHashes, Place, Report, fingerprints
from policyc.source import Quoted, SourceFile

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
_LONGEST: Final = 1024  # characters of a description that GitHub takes
# How sure a diagnostic is: errors are facts, a warning may be what its author meant.
_PRECISION: Final = {Severity.ERROR: "very-high", Severity.WARNING: "high"}


def render(report: Report) -> str:
    """Return the log: one run, the rules that it speaks of, and a result for each diagnostic."""
    from policyc import __version__

    codes = sorted({one.code for one in report.diagnostics})
    driver = {
        "name": "policyc",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code, report.catalogue) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "language": report.catalogue.language,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": report.catalogue.words["source-root"]}}},
        "invocations": [{"executionSuccessful": True}],
        "results": list(_results(report, codes)),
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, catalogue: Catalogue) -> dict[str, Any]:
    known, page = CODES[code], explain(code, catalogue.language)
    title, description = _summary(page)
    return {
        "id": code,
        "name": known.name,
        "shortDescription": {"text": title[:_LONGEST]},
        "fullDescription": {"text": description[:_LONGEST]},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": known.severity.value},
        "properties": {"precision": _PRECISION[known.severity], "problem.severity": known.severity.value},
    }


def _summary(page: str) -> tuple[str, str]:
    """Return the title of a page, without its code, name and severity, and its first paragraph as one line."""
    heading, paragraph = page.split("\n\n")[:2]
    title = re.fullmatch(r"# PC[0-9]{3} [a-z0-9-]+\s?: (.*) \([^()]*\)", heading)
    return title[1] if title else heading, " ".join(paragraph.split())


def _results(report: Report, codes: list[str]) -> Iterable[dict[str, Any]]:
    catalogue = report.catalogue
    hashes: dict[SourceFile, LineHashes] = {}
    for one, fingerprint in zip(report.diagnostics, fingerprints(report.diagnostics), strict=True):
        prints = {"policyc/v1": fingerprint}
        if one.primary is not None and not isinstance(file := one.primary.file, Quoted):
            if file not in hashes:
                hashes[file] = LineHashes(file)
            prints["primaryLocationLineHash"] = hashes[file].of(one.primary.line)
        else:
            prints["primaryLocationLineHash"] = f"{fingerprint[:16]}:1"
        result: dict[str, Any] = {
            "ruleId": one.code,
            "ruleIndex": codes.index(one.code),
            "level": one.severity.value,
            "message": {"text": "\n".join(report.message(one))},
            "locations": [_location(report.place(one), catalogue.label(one))],
            "partialFingerprints": prints,
        }
        others = zip(one.secondary, catalogue.labels(one), strict=True)
        if related := [_location(Place.of(other.span), text) for other, text in others]:
            result["relatedLocations"] = [{"id": at, **location} for at, location in enumerate(related, 1)]
        if one.fix is not None:
            done = catalogue.advice(one)[0]
            changes = list(_changes(one.fix.edits))
            fix = {"description": {"text": visible(done)}, "artifactChanges": changes}
            result["fixes"] = [{**fix, "properties": {"safe": one.fix.safe}}]
        yield result


def _location(place: Place, message: str) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": _artifact(place.path), "region": _region(place)},
        **({"message": {"text": visible(message)}} if message else {}),
    }


def _artifact(path: str) -> dict[str, str]:
    uri = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _region(place: Place) -> dict[str, int]:
    (line, column), (end_line, end_column) = place.start, place.end
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _changes(edits: Iterable[Edit]) -> Iterable[dict[str, Any]]:
    """Yield what changes in each file."""
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in edits:
        place = Place.of_edit(edit.span)
        one: dict[str, Any] = {"deletedRegion": _region(place)}
        if edit.text:
            one["insertedContent"] = {"text": edit.text}
        by_file.setdefault(place.path, []).append(one)
    for path, replacements in by_file.items():
        yield {"artifactLocation": _artifact(path), "replacements": replacements}
