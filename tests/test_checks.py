"""Checks of hours, of rules that could be one, of numbers: exact, and silent where nothing is wrong."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import NOWHERE, PARIS, PERIODS, destinations, number_sets, policies, typical_callers

import policyc
from policyc import api, checks, config, decision, digits, evaluate, hours, resolve, schedule
from policyc.checks.merging import mergeable_rules
from policyc.checks.reach import layers, witness
from policyc.digits import Caller, Kind
from policyc.files import MemoryFiles
from policyc.model import Named, Policy, Rule, TimeClause, Written
from policyc.outcomes import DecisionModel
from policyc.project import load
from policyc.resolve.openings import doubtful_hours
from policyc.schedule import MINUTES_PER_DAY, MINUTES_PER_WEEK
from policyc.source import SourceFile, Span
from policyc.syntax import HoursDecl, Opening, Word

TODAY = date(2026, 11, 23)
POSTES = (
    "poste 101 Accueil messagerie\nposte 102 Martin mobile 06 39 98 00 02, messagerie\nposte 103 Leroy messagerie\n"
)


def codes(text: str, today: date | None = None, settings: str = "") -> list[str]:
    """The codes of all that is said about a policy."""
    files = MemoryFiles({"p.pol": text, "policyc.toml": settings})
    found, unsettled = config.load(files)
    assert not unsettled
    return [one.code for one in api.examine(files, ["p.pol"], today, found.company).diagnostics]


# -- minutes of the week ---------------------------------------------------------------------------------------------


def minutes(week) -> set[int]:
    return {minute for start, end in week for minute in range(start, end)}


@st.composite
def openings(draw: st.DrawFn) -> HoursDecl:
    """Some lines of hours, often near one another and near midnight; the span of each says which it is."""
    bounds = st.sampled_from((0, 1, 5, 6, 480, 484, 485, 486, 490, 720, 1435, 1436, 1439, 1440))
    lines = []
    for at in range(draw(st.integers(1, 4))):
        days = draw(st.frozensets(st.integers(0, 6), min_size=1, max_size=3))
        start, end = draw(bounds.filter(lambda minute: minute < MINUTES_PER_DAY)), draw(bounds)
        if start != end:
            lines.append(Opening(days, ((start, end, Span(FILE, at, at + 1)),), holidays_included=False, span=NOWHERE))
    return HoursDecl(Word("bureau", NOWHERE), tuple(lines), holidays_included=False, span=NOWHERE)


FILE = SourceFile("p.pol", "x" * 10)


def weeks(node: HoursDecl, *, whole: bool = True) -> list[tuple[int, set[int]]]:
    """The place and the minutes of each line, by the definition of an overnight span; else up to midnight only."""
    found = []
    for line in node.openings:
        for start, end, span in line.spans:
            length = (end - start) % MINUTES_PER_DAY or MINUTES_PER_DAY
            length = length if whole else min(length, MINUTES_PER_DAY - start)
            first = {day * MINUTES_PER_DAY + start for day in line.days}
            found.append((span.start, {(one + more) % MINUTES_PER_WEEK for one in first for more in range(length)}))
    return found


@given(openings())
def test_hours_said_twice_are_those_that_two_lines_have_in_common_on_a_day(node: HoursDecl) -> None:
    whole_days = {span.start for line in node.openings for start, end, span in line.spans if (start, end) == (0, 1440)}
    lines = [line for line in weeks(node, whole=False) if line[0] not in whole_days]
    expected = {
        (later, earlier) for at, (later, week) in enumerate(lines) for earlier, other in lines[:at] if week & other
    }
    found = [one for one in doubtful_hours(node) if one.code == "PC315"]

    assert expected == {(one.primary.start, other.span.start) for one in found for other in one.secondary}
    assert len(found) == len({one.primary.start for one in found})


@given(openings())
def test_small_gaps_are_all_minutes_left_out_between_near_ends(node: HoursDecl) -> None:
    lines = weeks(node)
    taken = set().union(*(week for _, week in lines))
    expected: set[int] = set()
    closed: list[int] = []
    start = min(taken, default=0)
    for minute in (*range(start, MINUTES_PER_WEEK), *range(start + 1)) if taken else ():  # once round the week
        if minute not in taken:
            closed.append(minute)
            continue
        if len(closed) <= hours.MAX_GAP:
            expected.update(closed)
        closed = []
    week = [bounds for line in node.openings for bounds in schedule.weekly(_spans(line)).week]
    found = [piece for gap in hours.small_gaps(week) for piece in hours.within_week(*gap)]

    assert expected == minutes(found)
    late = any(end == MINUTES_PER_DAY - 1 for line in node.openings for _, end, _ in line.spans)
    assert (bool(expected) or late) is any(one.code == "PC316" for one in doubtful_hours(node))


def _spans(line: Opening) -> list[schedule.WeekSpan]:
    return [schedule.WeekSpan(line.days, start, end) for start, end, _ in line.spans]


@given(openings())
def test_hours_are_written_as_a_policy_would(node: HoursDecl) -> None:
    week = hours.union(bounds for line in node.openings for bounds in schedule.weekly(_spans(line)).week)
    if week:
        lines = "".join(f"\n  {line}" for line in hours.written(week).split(", "))
        program, problems = load(MemoryFiles({"p.pol": f"horaires bureau{lines}\n"}), ["p.pol"])
        policy, more = resolve.resolve(program)

        assert not [one for one in problems + more if one.is_error]
        assert week == policy.periods[0].period.week


# -- which calls come to a rule --------------------------------------------------------------------------------------


@given(policies())
def test_a_witness_is_a_call_that_the_rule_decides_and_is_found_if_there_is_one(policy: Policy) -> None:
    partition = decision.partition_of(policy.zone, policy.rules)
    instants = [partition.witness(1 << time).replace(tzinfo=None) for time in range(partition.count)]
    callers = typical_callers(*(rule.callers for rule in policy.rules))
    deciding = {
        evaluate.deciding_rule(policy, extension, caller, instant)
        for extension in policy.extensions.values()
        for caller in callers
        for instant in instants
    }
    for extensions, rules in layers(policy):
        for rule in rules:
            call = witness(policy, extensions, rule, rule.callers, lambda part, one=rule: decision.mask_of(part, one))

            assert (call is not None) is (rule in deciding)
            if call is not None:
                caller = Caller(Kind.INTERNAL if call.internal else Kind.EXTERNAL, call.caller)
                assert rule is evaluate.deciding_rule(policy, policy.extensions[call.called], caller, call.local)


# -- rules that never hold -------------------------------------------------------------------------------------------


@given(policies())
def test_a_rule_without_time_is_one_that_holds_at_no_instant_by_itself(policy: Policy) -> None:
    never = [
        rule
        for rule in policy.rules
        if rule.times and not decision.mask_of(decision.partition_of(policy.zone, (rule,)), rule)
    ]

    assert len(list(checks.rules_without_time(DecisionModel(policy)))) == len(never)


def test_a_rule_without_time_is_told_even_if_it_holds_for_no_extension() -> None:
    hours = "horaires bureau\n  lundi 9h-12h\n"
    rule = "  depuis * pendant bureau hors bureau vers occupé\n"

    assert codes(f"{POSTES}{hours}pour tous sauf 101 102 103\n{rule}") == ["PC308", "PC313"]


# -- rules that could be one -----------------------------------------------------------------------------------------


@st.composite
def near_rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    """Rules that often say the same for other callers; each has a span of its own."""
    times = st.lists(st.builds(TimeClause, st.sampled_from(PERIODS[:2]), st.booleans()), max_size=1).map(tuple)
    choices = draw(st.lists(st.tuples(times, destinations()), min_size=1, max_size=2))
    rules = []
    for at in range(draw(st.integers(2, 6))):
        when, to = draw(st.sampled_from(choices))
        span = Span(FILE, at, at + 1)
        excepted = draw(st.sampled_from(((), (), (), (Named(digits.ANONYMOUS, span),))))
        written = Written((), excepted, None)
        rules.append(Rule(draw(number_sets()), when, None, to, None, frozenset(), span, written))
    return tuple(rules)


def policy_of(rules: tuple[Rule, ...]) -> Policy:
    postes = {"101": policyc.load_text("poste 101 Accueil messagerie").extensions["101"]}
    return Policy("", PARIS, postes, {}, PERIODS, (), (), (), {"101": rules}, (), (), ())


@given(near_rules())
def test_one_line_instead_of_mergeable_rules_changes_no_call(rules: tuple[Rule, ...]) -> None:
    partition = decision.partition_of(PARIS, rules)
    for found in mergeable_rules(policy_of(rules)):
        assert found.primary is not None
        members = {found.primary.start, *(one.span.start for one in found.secondary)}
        one_line = digits.union(rules[at].callers for at in members)
        first = rules[found.primary.start]
        merged = [rule for rule in rules if rule.span.start not in members or rule is first]
        at = merged.index(first)
        merged[at] = Rule(one_line, first.times, None, first.destination, None, frozenset(), NOWHERE)

        assert ends(partition, rules) == ends(partition, tuple(merged))


@pytest.mark.parametrize(
    ("rules", "counts"),
    [
        ("06* vers occupé|07* vers occupé", [2]),
        ("06* vers occupé|07* vers occupé|01* vers occupé", [3]),
        ('06* vers occupé|07* vers occupé motif "x"', []),
        ("06* vers occupé|07* vers messagerie", []),
        ("06* vers occupé|07* externe vers occupé", []),
        ("06* externe vers occupé|07* externe vers occupé", [2]),
        ("06* vers occupé|07* sauf 07 44* vers occupé", []),
        ("06* vers occupé|07* pendant matin vers occupé", []),
        ("06* hors matin vers occupé|07* pendant matin vers occupé", []),
        ("06* vers occupé|07* vers occupé jusqu'au 2030-12-31", []),
        ("06* vers occupé|02* vers messagerie|07* vers occupé", []),
        # One holds the other: that is no exception of its own, and neither of the two is put with a third.
        ("06 12* vers occupé|06* vers occupé", []),
        ("06 12* vers occupé|06* vers occupé|07* vers occupé", []),
        ("06* vers occupé|06* vers occupé|07* vers occupé", []),
        ("06 12* vers occupé|06* vers occupé|07* vers occupé|01* vers occupé", [2]),
        ("06* vers occupé|* vers occupé", []),
        # Some callers in common: one line says it all the same.
        ("06* 01* vers occupé|01* 02* vers occupé", [2]),
    ],
)
def test_rules_that_one_line_would_say(rules: str, counts: list[int]) -> None:
    lines = "".join(f"depuis {rule}\n" for rule in rules.split("|"))
    found = api.examine(MemoryFiles({"p.pol": f"{POSTES}{HOURS}pour Martin\n{lines}"}), ["p.pol"]).diagnostics

    assert counts == [one.args["count"] for one in found if one.code == "PC317"]


def ends(partition: schedule.Partition, rules: tuple[Rule, ...]) -> dict[str, decision.Region]:
    """Which calls end where."""
    found: dict[str, list[decision.Region]] = {}
    for rule, cell in decision.decided(decision.lower(partition, rules)):
        found.setdefault(repr(rule.destination), []).append((cell,))
    return {to: decision.merge(cells) for to, cells in found.items()}


# -- one by one ------------------------------------------------------------------------------------------------------

HOURS = """\
horaires matin = lundi-vendredi 8h-12h
horaires midi = lundi-vendredi 11h30-14h
horaires large = lundi-vendredi 7h-19h
horaires tard = lundi-vendredi 12h03-18h
horaires férié fériés compris = lundi-vendredi 8h-12h
fériés France 2026..2027
"""


GAP = "depuis 06* pendant matin vers occupé\ndepuis 06* pendant tard vers mobile"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant midi vers messagerie", ["PC315"]),
        ("depuis 06* pendant midi vers occupé\ndepuis 06* pendant matin vers messagerie", ["PC315"]),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant large vers messagerie", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant férié vers messagerie", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant midi vers occupé motif «deux»", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 07* pendant midi vers messagerie", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* externe pendant midi vers messagerie", []),
        ("depuis 0* externe pendant matin vers occupé\ndepuis 0* pendant midi vers messagerie", []),
        ("depuis 06* pendant large vers occupé\ndepuis 06* pendant matin vers messagerie", ["PC313"]),
        ("depuis 06* hors matin vers occupé\ndepuis 06* pendant midi vers messagerie", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant midi hors matin vers messagerie", []),
        ("depuis 06* pendant matin vers occupé\ndepuis 06* pendant tard vers messagerie", ["PC316"]),
        ("depuis 06* pendant tard vers occupé\ndepuis 06* pendant matin vers messagerie", ["PC316"]),
        ("depuis 06* pendant férié vers occupé\ndepuis 06* pendant tard vers messagerie", ["PC316"]),
        ("depuis 06* pendant matin vers occupé\ndepuis 07* pendant tard vers messagerie", []),
        (f"depuis * pendant midi vers sonnerie\n{GAP}", []),
        (f"depuis 06 12* 0* pendant midi vers sonnerie jusqu'au 2030-12-31\n{GAP}", ["PC316"]),
        ("depuis 06* pendant troué vers occupé\ndepuis 06* pendant soir vers mobile", []),
        (f"depuis * vers sonnerie\n{GAP}", ["PC313", "PC313"]),
        (f"{GAP}\ndepuis * vers sonnerie", ["PC316"]),
    ],
)
def test_hours_of_rules(rules: str, expected: list[str]) -> None:
    held = "horaires troué = lundi-vendredi 8h-12h 12h03-18h   # ignorer PC316 : le temps d'un café\n"
    held += "horaires soir = lundi-vendredi 18h-22h\n"

    assert expected == codes(f"{POSTES}{HOURS}{held}pour Martin\n{rules}\n")


def test_hours_that_cross_are_reported_once_with_the_number_of_places() -> None:
    rules = "depuis 06* pendant matin vers occupé\ndepuis 06* pendant midi vers messagerie\n"
    text = POSTES + HOURS + "".join(f"pour {name}\n{rules}" for name in ("Accueil", "Martin", "Leroy"))
    (found,) = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"]).diagnostics

    assert found.primary is not None
    assert text.count("\n", 0, text.index(rules)) + 2 == found.primary.line
    assert [2] == [note.args["count"] for note in found.notes if note.key == "others"]
    assert 3 == len(found.secondary)
    assert found.witness is not None
    assert (found.witness.called, found.witness.local.hour) == ("101", 11)


def test_rules_of_pour_tous_that_no_extension_shares_do_not_meet() -> None:
    text = POSTES + HOURS
    text += "pour tous sauf 101 103\ndepuis 06* pendant matin vers occupé\n"
    text += "pour tous sauf {}\ndepuis 06* pendant midi vers messagerie\n"

    assert [] == codes(text.format("102"))
    assert ["PC315"] == codes(text.format("103"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("depuis anonyme vers occupé", ["PC319"]),
        ("depuis anonyme externe vers occupé", ["PC319"]),
        ("depuis anonyme interne vers occupé", []),
        ("depuis anonyme vers messagerie", []),
        ("depuis * vers occupé", []),
        ("depuis * sauf anonyme vers occupé", []),
        ("depuis 08* anonyme sauf anonyme vers occupé", []),
        ("depuis anonyme externe vers sonnerie\ndepuis anonyme 08* vers occupé", []),
        ("depuis anonyme pendant matin vers sonnerie\ndepuis anonyme 08* vers occupé", ["PC319"]),
    ],
)
def test_anonymous_callers_who_are_refused(rule: str, expected: list[str]) -> None:
    found = codes(f"{POSTES}{HOURS}pour Martin\n{rule}\n")

    assert expected == [code for code in found if code != "PC314"]


@pytest.mark.parametrize(("days", "expected"), [(-1, ["PC309"]), (0, ["PC320"]), (30, ["PC320"]), (31, [])], ids=str)
def test_a_rule_that_ends_soon(days: int, expected: list[str]) -> None:
    last = TODAY + timedelta(days=days)
    text = f"{POSTES}pour Martin\ndepuis 06* vers messagerie jusqu'au {last}\n"

    assert expected == codes(text, TODAY)
    assert [] == codes(text)


@pytest.mark.parametrize("number", sorted(policyc.numbering.emergency_numbers()))
def test_no_emergency_number_is_an_extension(number: str) -> None:
    assert ["PC321"] == codes(f"poste {number} Accueil\n")
    assert ["PC321"] == codes(f"file {number} Accueil\n")
    assert [] == codes(f"poste 9{number} Accueil\n")


OWN = '[policy]\ncompany_numbers = ["01 99 00 12 00", "06 39 98*"]\n'


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("externe 01 99 00 12 00", ["PC318"]),
        ("externe +33199001200 rebond", ["PC318"]),
        ("externe 01 99 00 12 01", []),
        ("mobile", ["PC318"]),
        ("externe 102", ["PC305"]),
    ],
)
def test_calls_that_would_come_back(destination: str, expected: list[str]) -> None:
    text = f"{POSTES}pour Martin\ndepuis 07* vers {destination}\n"

    assert expected == codes(text, settings=OWN)
    assert [code for code in expected if code != "PC318"] == codes(text)


def test_a_mobile_that_no_rule_calls_is_no_matter() -> None:
    text = "poste 101 Un mobile 01 99 00 12 00\nposte 102 Deux mobile 01 42 00 12 00\n"
    rule = "depuis 07* vers mobile\n"

    assert ["PC318"] == codes(f"{text}pour tous\n{rule}", settings=OWN)
    assert [] == codes(f"{text}pour tous sauf 101\n{rule}", settings=OWN)
    assert [] == codes(f"{text}pour 102\n{rule}", settings=OWN)


def test_the_library_knows_the_numbers_of_the_company() -> None:
    policy = policyc.load_text(f"{POSTES}pour Martin\ndepuis 07* vers externe 01 99 00 12 00\n")

    assert () == policyc.check(policy)
    assert ["PC318"] == [one.code for one in policyc.check(policy, company=digits.exactly("0199001200"))]


# -- only of what was understood -------------------------------------------------------------------------------------

DOUBTFUL = """\
horaires bureau = lundi-vendredi 9h-12h 11h-18h
horaires nuit = lundi-dimanche 0h-23h59
poste 112 Secours
pour Accueil
  depuis 06* vers messagerie jusqu'au 2026-11-30
  depuis 07* vers messagerie jusqu'au 2026-11-30
  depuis anonyme vers occupé
"""
DOUBTS = ["PC315", "PC316", "PC321", "PC317", "PC320", "PC320", "PC319"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("pour Martin\n  depuis 06* vres occupé", "PC101"),
        ("pour Martin\n  depuis 06* vers extension Durand", "PC202"),
        ("pour Leroy\n  depuis 112 vers occupé", "PC307"),
    ],
)
def test_doubts_wait_for_errors_to_be_repaired(line: str, code: str) -> None:
    assert DOUBTS == codes(POSTES + DOUBTFUL, TODAY)
    assert [code] == codes(f"{POSTES}{DOUBTFUL}{line}\n", TODAY)


def test_an_error_that_is_accepted_holds_nothing_back() -> None:
    text = f"{POSTES}{DOUBTFUL}pour Leroy\n  depuis 112 vers occupé   # ignorer PC307 : ligne d'ascenseur\n"

    assert DOUBTS == codes(text, TODAY)


def test_loops_and_calls_that_come_back_are_told_besides() -> None:
    text = (
        f"{POSTES}{DOUBTFUL}pour Martin\n  depuis 08* vers externe 01 99 00 12 00\n  depuis * vers extension Martin\n"
    )

    assert sorted([*DOUBTS, "PC318", "PC301"]) == sorted(codes(text, TODAY, OWN))


def test_every_check_is_run_on_a_policy_by_itself() -> None:
    files = MemoryFiles({"p.pol": POSTES + DOUBTFUL})
    policy = api.examine(files, ["p.pol"]).policy

    found = {one.code for one in checks.check(policy, TODAY)}
    assert set(DOUBTS) - {"PC315", "PC316"} == found  # those two stand in lines of hours, which a policy has no more
    assert set() == {one.code for one in checks.check(policy, TODAY, doubts=False)}
