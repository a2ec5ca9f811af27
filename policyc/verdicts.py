"""Verdicts on a policy's tests and guarantees in; diagnostics of those that fail, and reports in four formats, out.

Text is for people; JSON for programs; JUnit XML and TAP (version 14, the Test Anything Protocol) for CI servers.
"""

import json
import shlex
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from policyc.coverage import Coverage, RuleCoverage
from policyc.diagnostics import Arg, Diagnostic, Secondary, Text, Witness
from policyc.evaluate import Outcome
from policyc.model import Guarantee, Policy, Test
from policyc.report import Catalogue, as_data, json_text, visible
from policyc.reports import junit
from policyc.source import Span
from policyc.testing import Verdict
from policyc.words import Words


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the tests of a policy. `minimum` is the coverage that is asked for, in percent.

    `policies` are the files as the user named them; `shown_path` turns the path of a policy file into the one that
    people are shown.
    """

    policy: Policy
    verdicts: tuple[Verdict, ...]
    coverage: Coverage | None = None
    minimum: float | None = None
    policies: tuple[str, ...] = ()
    shown_path: Callable[[str], str] = str

    @property
    def covers_enough(self) -> bool:
        """Whether the coverage is what is asked for."""
        return self.coverage is None or self.minimum is None or self.coverage.percent >= self.minimum

    @property
    def passed(self) -> bool:
        """Whether nothing fails."""
        return self.covers_enough and all(verdict.passed for verdict in self.verdicts)


# -- diagnostics -------------------------------------------------------------------------------------------------------


def problems(run: Run) -> Iterator[Diagnostic]:
    """Yield what fails: PC701 of a test, PC702 of a guarantee, PC703 when too little is covered."""
    for verdict in run.verdicts:
        if verdict.counterexample is not None and verdict.outcome is not None:
            yield _problem(run, verdict, verdict.counterexample, verdict.outcome)
    if not run.covers_enough and run.coverage is not None and run.minimum is not None:
        yield Diagnostic("PC703", None, {"percent": int(run.coverage.percent), "minimum": f"{run.minimum:g}"})


def _problem(run: Run, verdict: Verdict, call: Witness, outcome: Outcome) -> Diagnostic:
    policy = run.policy
    args: dict[str, Arg] = {"case": outcome.kind, "extension": outcome.extension or "", "number": outcome.number or ""}
    deciding = [step.rule.span for step in outcome.steps if step.rule is not None]
    notes: list[Text] = []
    if outcome.kind == "ring" and outcome.extension is not None:
        mailbox = policy.extensions[outcome.extension].mailbox
        notes.append(Text("then-voicemail" if mailbox else "then-busy"))
    elif outcome.kind == "rebound":
        notes.append(Text("then-voicemail"))
    if len(outcome.steps) > 1 or outcome.kind == "system":
        names = [f"{step.extension} {policy.extensions[step.extension].name}" for step in outcome.steps]
        notes.append(Text("steps", {"steps": " → ".join(names)}))
    command = " ".join(("policyc trace", *map(shlex.quote, run.policies), _options(call)))
    return Diagnostic(
        "PC701" if isinstance(verdict.block, Test) else "PC702",
        verdict.stated.span,
        args,
        tuple(Secondary(span, "decides") for span in dict.fromkeys(deciding)),
        tuple(notes),
        (Text("trace", {"command": command}),),
        witness=call,
    )


def _options(call: Witness) -> str:
    """Return the options of `policyc trace` that follow a call."""
    internal = " --internal" if call.internal else ""
    return f"--from {call.caller or 'anonymous'} --to {call.called}{internal} --at {call.local:%Y-%m-%dT%H:%M}"


# -- text --------------------------------------------------------------------------------------------------------------


def to_text(run: Run, words: Words, catalogue: Catalogue) -> str:
    """Return a line for each test and guarantee, then the rules that are not covered."""
    lines = []
    for block, verdicts in _blocks(run):
        failed = sum(not verdict.passed for verdict in verdicts)
        calls = sum(verdict.calls for verdict in verdicts)
        if isinstance(block, Test):
            key = "test.test_failed" if failed else "test.test_passed"
        else:
            key = "test.guarantee_failed" if failed else "test.guarantee_passed" if calls else "test.guarantee_empty"
        lines.append(
            words(
                key,
                mark="✗" if failed else "✓" if calls else "–",
                name=block.name,
                failed=catalogue.number(failed),
                count=catalogue.number(len(verdicts)),
                calls=catalogue.number(calls),
            )
        )
    if not lines:
        lines.append(words("test.none"))
    if run.coverage is not None:
        lines += ["", *_covered(run, run.coverage, words, catalogue)]
    return "".join(visible(line) + "\n" for line in lines)


def summary(run: Run, words: Words, catalogue: Catalogue) -> str:
    """Return the last line that people read: how many lines there are, and how many fail; nothing without any."""
    if not run.verdicts:
        return ""
    failed = sum(not verdict.passed for verdict in run.verdicts)
    key = "test.summary_failed" if failed else "test.summary_passed"
    return words(key, failed=catalogue.number(failed), lines=catalogue.number(len(run.verdicts)))


def _covered(run: Run, coverage: Coverage, words: Words, catalogue: Catalogue) -> Iterator[str]:
    if not coverage.rules:
        yield words("test.no_rules")
        return
    rules = catalogue.counted("rule", len(coverage.rules))
    yield words("test.coverage", percent=_local_percent(coverage.percent, words), rules=rules)
    missing = _missing(coverage)
    if not missing:
        yield "  " + words("test.all_covered")
        return
    places = [f"{run.shown_path(one.rule.span.file.path)}:{one.rule.span.line}" for one in missing]
    width = max(map(len, places))
    for place, one in zip(places, missing, strict=True):
        key = "test.missed" if one.missed < one.callers else "test.missed_all"
        missed = words(key, missed=catalogue.counted("caller", one.missed), callers=catalogue.number(one.callers))
        yield f"  {place:<{width}}  {_text(one.rule.span)}"
        yield f"  {'':<{width}}    {missed}"


def _missing(coverage: Coverage) -> list[RuleCoverage]:
    """Return the rules with callers that nothing reaches, in the order of the source."""
    missing = [one for one in coverage.rules if one.missed]
    return sorted(missing, key=lambda one: (one.rule.span.file.path, one.rule.span.start))


def _percent(percent: float) -> str:
    """Return a percentage with one decimal, rounded down: what is not reached is never 100 %."""
    return f"{int(percent * 10 + 1e-9) / 10:.1f}"


def _local_percent(percent: float, words: Words) -> str:
    return _percent(percent).replace(".", words("test.decimal"))


def _text(span: Span) -> str:
    return " ".join(span.text.split())


def _blocks(run: Run) -> Iterator[tuple[Test | Guarantee, list[Verdict]]]:
    for _, group in groupby(run.verdicts, key=lambda verdict: id(verdict.block)):
        verdicts = list(group)
        yield verdicts[0].block, verdicts


# -- JSON --------------------------------------------------------------------------------------------------------------


def to_json(run: Run) -> str:
    """Return the run as JSON: lines from 1, callers as canonical numbers (null: anonymous), instants local."""
    data: dict[str, Any] = {
        "passed": run.passed,
        "tests": [
            {
                "kind": "test" if isinstance(block, Test) else "guarantee",
                "name": block.name,
                **_place(run, block.span),
                "passed": all(verdict.passed for verdict in verdicts),
                "lines": [_line(run, verdict) for verdict in verdicts],
            }
            for block, verdicts in _blocks(run)
        ],
    }
    if run.coverage is not None:
        data["coverage"] = {
            "percent": float(_percent(run.coverage.percent)),
            "minimum": run.minimum,
            "rules": [
                {
                    **_place(run, one.rule.span),
                    "text": _text(one.rule.span),
                    "callers": one.callers,
                    "missed": one.missed,
                }
                for one in run.coverage.rules
            ],
        }
    return json_text(data)


def _place(run: Run, span: Span) -> dict[str, Any]:
    return {"file": run.shown_path(span.file.path), "line": span.line}


def _line(run: Run, verdict: Verdict) -> dict[str, Any]:
    call, outcome = verdict.counterexample, verdict.outcome
    counterexample = None
    if call is not None and outcome is not None:
        end = {"kind": outcome.kind, "extension": outcome.extension, "number": outcome.number}
        counterexample = {
            "caller": call.caller,
            "kind": "internal" if call.internal else "external",
            "to": call.called,
            "at": call.local.isoformat(timespec="minutes"),
            "outcome": {key: value for key, value in end.items() if value is not None},
        }
    return {
        **_place(run, verdict.stated.span),
        "text": _text(verdict.stated.span),
        "passed": verdict.passed,
        "calls": verdict.calls,
        "counterexample": counterexample,
    }


# -- JUnit and TAP -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """One line as CI servers count it, by a name that no other has; and why it fails, if it does."""

    group: str
    name: str
    span: Span | None
    problem: Diagnostic | None


def _cases(run: Run, words: Words) -> list[_Case]:
    found = []
    for verdict in run.verdicts:
        problem = None
        if verdict.counterexample is not None and verdict.outcome is not None:
            problem = _problem(run, verdict, verdict.counterexample, verdict.outcome)
        span = verdict.stated.span
        name = words("test.at_line", name=_text(span), line=span.line)
        found.append(_Case(verdict.block.name, name, span, problem))
    if run.coverage is not None and run.minimum is not None:
        short = next((one for one in problems(run) if one.code == "PC703"), None)
        name = words("test.coverage_case", minimum=f"{run.minimum:g}".replace(".", words("test.decimal")))
        found.append(_Case(words("test.coverage_group"), name, None, short))
    return found


def to_junit(run: Run, words: Words, catalogue: Catalogue, told: Callable[[Diagnostic], str]) -> str:
    """Return the run as JUnit XML; `told` writes a diagnostic as text."""
    cases = _cases(run, words)
    counts = {"tests": str(len(cases)), "failures": str(sum(case.problem is not None for case in cases)), "errors": "0"}
    root = ET.Element("testsuites", {"name": "policyc", **counts})
    suite = ET.SubElement(
        root, "testsuite", {"name": junit.clean(run.policy.name or "policyc"), **counts, "skipped": "0"}
    )
    for case in cases:
        place = {} if case.span is None else {key: str(value) for key, value in _place(run, case.span).items()}
        names = {"classname": junit.clean(case.group), "name": junit.clean(case.name)}
        one = ET.SubElement(suite, "testcase", {**names, **{key: junit.clean(value) for key, value in place.items()}})
        if case.problem is not None:
            junit.explain(ET.SubElement(one, "failure"), case.problem, catalogue, told)
    return junit.document(root)


def to_tap(run: Run, words: Words, catalogue: Catalogue, told: Callable[[Diagnostic], str]) -> str:
    """Return the run as TAP, version 14; `told` writes a diagnostic as text."""
    cases = _cases(run, words)
    lines = ["TAP version 14", f"1..{len(cases)}"]
    for number, case in enumerate(cases, 1):
        name = visible(words("test.case", group=case.group, name=case.name))
        # `\\#` is how TAP 14 writes it, but readers of older versions would take what follows for a directive.
        escaped = name.replace("\\", "\\\\").replace("#", "\N{FULLWIDTH NUMBER SIGN}")
        lines.append(f"{'ok' if case.problem is None else 'not ok'} {number} - {escaped}")
        if case.problem is not None:
            message, whole = catalogue.message(case.problem), told(case.problem)
            lines += ["  ---", f"  message: {json.dumps(visible(message), ensure_ascii=False)}"]
            if case.span is not None:
                place = _place(run, case.span)
                lines.append(f"  at: {json.dumps(visible('{file}:{line}'.format(**place)), ensure_ascii=False)}")
            lines += [
                "  diagnostic: |",
                *(f"    {visible(line)}".rstrip() for line in whole.rstrip().split("\n")),
                "  ...",
            ]
    if run.coverage is not None:
        lines += [f"# {visible(line)}" for line in _covered(run, run.coverage, words, catalogue)]
    return "\n".join(lines) + "\n"


# -- policies that cannot be tested ------------------------------------------------------------------------------------


def refused(
    form: str,
    diagnostics: Sequence[Diagnostic],
    words: Words,
    catalogue: Catalogue,
    told: Callable[[Diagnostic], str],
) -> str:
    """Return what a program is told of a policy whose errors keep it from being tested; nothing as text."""
    if form == "json":
        found = [as_data(one, catalogue) for one in diagnostics]
        return json_text({"passed": False, "tests": [], "diagnostics": found})
    if form == "tap":
        first = diagnostics[0]
        shown = f"{first.code} {first.primary.place}" if first.primary else first.code
        return f"TAP version 14\n{visible(words('test.bail_out', count=catalogue.summary(diagnostics), first=shown))}\n"
    if form == "junit":
        counts = {"tests": str(len(diagnostics)), "failures": "0", "errors": str(len(diagnostics))}
        root = ET.Element("testsuites", {"name": "policyc", **counts})
        suite = ET.SubElement(root, "testsuite", {"name": "policyc", **counts, "skipped": "0"})
        for one in diagnostics:
            name = f"{one.code} {one.primary.place}" if one.primary else one.code
            case = ET.SubElement(suite, "testcase", {"classname": words("test.refused"), "name": junit.clean(name)})
            junit.explain(ET.SubElement(case, "error"), one, catalogue, told)
        return junit.document(root)
    return ""
