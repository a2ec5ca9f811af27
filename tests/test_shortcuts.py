"""What is told at little cost, of most, is what looking at each one tells."""

from pathlib import Path

import pytest
from bench import policies as large
from hypothesis import given
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import few
from strategies import BEGINNINGS, number_sets, policies
from test_cases import CASES, TODAY, files_of

from policyc import analysis, api, config, decision, digits, report, schedule
from policyc.decision import Row, Table
from policyc.digits import NumberSet
from policyc.files import Files, MemoryFiles
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.resolve.callers import CallerSets

# Policies of all sorts: each mistake there is, all that the language can say, lists and hours in many rules.
SOME = (*CASES, *range(40, 52), *large.POLICIES)


def files_for(one: Path | int | str) -> tuple[Files, str]:
    """The files of a case, of a seed or of a kind of large policy, and the one to read."""
    if isinstance(one, Path):
        return files_of(one), one.name
    text = generate(one, calls=0).text if isinstance(one, int) else large.POLICIES[one](large.LEAST_SIZE)
    return MemoryFiles({"p.pol": text}), "p.pol"


def said(files: Files, path: str) -> list[object]:
    """What the rules of a policy name, and all diagnostics; without the identity of their files."""
    checked = api.examine(files, (path,), TODAY, config.load(files)[0].company)
    named = [
        (rule.callers, one.callers, one.span.text, one.is_range, [part.callers for part in one.parts])
        for rule in checked.policy.rules
        for one in (*rule.written.named, *rule.written.excepted)
    ]
    return [*named, *report.render_text(checked.diagnostics, report.load_catalogue("fr"), color=False).split("\n")]


@pytest.mark.parametrize("one", few(SOME, 3), ids=lambda one: one.stem if isinstance(one, Path) else str(one))
def test_callers_of_whom_nothing_is_to_be_said_are_those_looked_at_one_by_one(
    one: Path | int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = files_for(one)
    quick = said(files, path)
    monkeypatch.setattr(CallerSets, "usual", lambda *_, **__: None)
    monkeypatch.setattr(analysis, "_decides_plainly", lambda *_: False)

    assert said(files, path) == quick


def rows(table: Table) -> list[object]:
    """What a table says, without the identity of its rows."""

    def one(row: Row | None) -> object:
        return row and ([(choice.rule, choice.asked, choice.taken) for choice in row.choices], row.left)

    return [table.starts, [one(row) for row in table.rows], table.deciding, table.overruled]


@given(policies())
def test_tables_that_share_what_many_extensions_have_are_those_of_their_rules_alone(policy: Policy) -> None:
    model = DecisionModel(policy)
    for extension in policy.extensions:
        assert rows(model.table(extension)) == rows(decision.lower(model.partition(extension), model.rules(extension)))


@given(st.sampled_from(BEGINNINGS), number_sets())
def test_numbers_that_start_so_within_others_are_cut_out_at_once(start: str, others: NumberSet) -> None:
    others &= digits.EVERYONE

    assert digits.starting(start, within=others) is digits.starting(start) & others


def test_the_minutes_of_a_day_are_preferred_by_how_round_they_are() -> None:
    def unusual(minute: int) -> tuple[int, int, int]:
        coarse = sum(minute % step > 0 for step in (60, 30, 15, 5))
        return coarse, abs(minute - 600), -minute

    assert schedule._preferred() == sorted(range(1440), key=unusual)
