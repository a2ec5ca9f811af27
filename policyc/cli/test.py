"""`policyc test`: the tests and the guarantees of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from policyc.cli.places import find
from policyc.cli.printing import ERRORS, FINE, displayed, put, show, shown, tell
from policyc.cli.reporting import FORMS, as_form

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.diagnostics import Diagnostic
    from policyc.words import Words

# The forms that know of places with something wrong, and of nothing that is right.
_PLACES: Final = ("sarif", "github", "gitlab")


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("test")
    @options.policies
    @click.option("--coverage", is_flag=True, help=say("help.coverage"))
    @click.option(
        "--coverage-min",
        "minimum",
        type=click.FloatRange(0, 100),
        metavar=say("metavar.percent"),
        help=say("help.coverage_min"),
    )
    @options.form("help.test_format", ("text", "json", *FORMS, "tap"))
    def test(policies: tuple[str, ...], coverage: bool, minimum: float | None, form: str) -> int:
        return _test(say, policies, coverage, minimum, form)


def _test(say: Words, policies: Sequence[str], coverage: bool, minimum: float | None, form: str) -> int:
    from policyc import api, report, testing, verdicts
    from policyc.coverage import cover
    from policyc.outcomes import DecisionModel

    place = find(say, policies)
    checked = api.examine_workspace(place)
    catalogue = report.load_catalogue(say.language)

    def told(diagnostic: Diagnostic) -> str:
        return report.render_text([diagnostic], catalogue, color=False)

    if checked.has_errors:
        errors = [one for one in checked.diagnostics if one.is_error]
        show(say, place, errors)
        if form in _PLACES:
            put(as_form(form, place, errors, catalogue))
        else:
            put(verdicts.refused(form, shown(place, errors), say, catalogue, told))
        return ERRORS
    model = DecisionModel(checked.policy)
    run = verdicts.Run(
        checked.policy,
        testing.run(model),
        cover(model) if coverage or minimum is not None else None,
        minimum,
        tuple(policies),
        displayed(place),
    )
    match form:
        case "json":
            put(verdicts.to_json(run))
        case "junit":
            put(verdicts.to_junit(run, say, catalogue, lambda one: told(*shown(place, [one]))))
        case "tap":
            put(verdicts.to_tap(run, say, catalogue, lambda one: told(*shown(place, [one]))))
        case form if form in _PLACES:
            put(as_form(form, place, verdicts.problems(run), catalogue))
        case _:
            put(verdicts.to_text(run, say, catalogue))
            show(say, place, list(verdicts.problems(run)))
            if summary := verdicts.summary(run, say, catalogue):
                tell(summary)
    return FINE if run.passed else ERRORS
