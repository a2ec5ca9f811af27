"""`rule_in_cdr`: what the record of a call says decided is what the interpreter says, and no call goes another way.

What real PBXs write is in `tests/pbx/test_rule_in_cdr.py`.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from calls import suite
from dialplan_xml import Call as XmlCall
from dialplan_xml import simulate
from freeswitch_model import AROUND, Model
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from judge.generate import generate
from judge.seeds import chosen, few
from strategies import policies
from test_docs import blocks, excerpt
from test_examples import POLICIES
from ways import way

import policyc
from policyc import api, cli
from policyc.diagnostics import has_errors
from policyc.files import MemoryFiles
from policyc.source import SourceFile, Span
from policyc.targets import ways
from policyc.targets.asterisk import reader
from policyc.targets.asterisk.dialect import MAX_USERFIELD
from policyc.targets.asterisk.reader.texts import encode

ON = {target: {"rule_in_cdr": True} for target in ("asterisk", "freeswitch")}
SEEDS = few(chosen(5000, 5005), 6)


def compiled(policy, target, **more):
    return policyc.compile(policy, targets=[target], settings={target: ON[target] | more}).files[target]


# -- what a step says --------------------------------------------------------------------------------------------------


def span(path, line=23):
    return Span(SourceFile(path, "\n" * (line - 1) + "x"), line - 1, line)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("cabinet.pol", "cabinet.pol:23"),
        ("règles/Cœur de ville.pol", "règles/Cœur de ville.pol:23"),
        ("re\u0300gles.pol", "règles.pol:23"),
        ("a;b.pol", r"a_b\.pol~[0-9a-f]{8}:23"),
        ("${SHELL(id)}.pol", r"__SHELL_id__\.pol~[0-9a-f]{8}:23"),
        ("a > 101 -.pol", r"a _ 101 -\.pol~[0-9a-f]{8}:23"),
        ('"a", b\n.pol', r"_a__ b_\.pol~[0-9a-f]{8}:23"),
        ("a  b.pol", r"a b\.pol~[0-9a-f]{8}:23"),
        ("X-Pre-Process.pol", r"x_pre_process\.pol~[0-9a-f]{8}:23"),
        ("\ufffd\u202e\U0001d4d0.pol", r"___\.pol~[0-9a-f]{8}:23"),
        ("d/" * 40 + "é" * 20 + ".pol", r"…[d/]*é{20}\.pol~[0-9a-f]{8}:23"),
        ("é" * 200, r"…é+~[0-9a-f]{8}:23"),
        ("", ":23"),
    ],
)
def test_a_rule_is_named_by_its_place(path, expected):
    name = ways.name(span(path))

    assert re.fullmatch(expected, name), name
    assert len(name.encode()) <= ways.MAX_NAME


@given(st.text(), st.integers(1, 10**6))
def test_no_name_holds_what_means_something(path, line):
    name = ways.name(Span(SourceFile(path, ""), 0, 0)).removesuffix("1") + str(line)

    assert re.fullmatch(r"…?[A-Za-z0-9À-ɏ ._+@=/-]*(~[0-9a-f]{8})?:\d+", name)
    assert "×" not in name
    assert "÷" not in name
    assert "x-pre-process" not in name.lower()
    assert name == " ".join(name.split(" "))


@given(st.lists(st.text("a;é/ .", max_size=80), min_size=2, max_size=2, unique=True))
def test_two_files_have_two_names(paths):
    one, other = (ways.name(span(path)) for path in paths)

    assert one != other


# -- the way of a call -------------------------------------------------------------------------------------------------


class AsteriskModel:
    """What the dialplan writes, by the lines that the reader says a call runs through."""

    def __init__(self, policy):
        self.policy = policy
        text = compiled(policy, "asterisk")["policyc.conf"]
        self.dialplan = reader.read({"policyc.conf": text}, "policyc.conf")

    def record(self, line, local):
        walk = reader.Walk(self.dialplan, self.policy.zone, outside=frozenset(("from-internal",)), instant=local)
        hidden = "unavailable" if line.presented is None else "prohib" if line.restricted else "allowed"
        entry = "policyc-internal" if line.internal else "policyc-external"
        walk.found(entry, encode(line.called), encode(line.presented or ""), hidden)
        userfield, before, extension = "", "", ""
        for _, text in walk.stops:
            if found := re.fullmatch(r"set\(POLICYC_EXTEN=(\d+)\)", text):
                extension = found[1]
            elif found := re.fullmatch(r"set\(CDR\(userfield\)=\$\{CDR\(policyc\)\}(.*)\)", text):
                userfield = before + found[1].replace("${POLICYC_EXTEN}", extension)
            elif text.startswith("set(CDR(policyc)=${CUT(CDR(userfield)"):
                before = f"{userfield} > "
        return userfield


class FreeSwitchModel:
    """What the dialplan writes, by an evaluator that shares nothing with policyc."""

    def __init__(self, policy):
        self.policy = policy
        self.model = Model(policy, ON["freeswitch"])

    def record(self, line, local):
        context = f"policyc-{'internal' if line.internal else 'external'}"
        instant = local.replace(tzinfo=self.policy.zone)
        call = XmlCall(context, line.called, instant, line.presented, line.restricted, states=line.states)
        return simulate(self.model.dialplan, call, AROUND).variables.get("policyc_rule", "")


MODELS = pytest.mark.parametrize("model", [AsteriskModel, FreeSwitchModel])


def differences(model, policy, lines):
    """Yield the calls whose record is not the way that the interpreter says."""
    read = model(policy)
    for line in lines:
        aware = line.instant if line.instant.tzinfo else line.instant.replace(tzinfo=policy.zone)
        local = datetime.fromtimestamp(aware.timestamp(), policy.zone).replace(tzinfo=None)
        said, expected = read.record(line, local), way(policy, line)
        if said != expected:
            yield f"{line}: {said!r}, not {expected!r}"


@MODELS
@pytest.mark.parametrize("path", few(suite.paths(), 10), ids=lambda path: path.stem)
def test_the_record_says_what_the_interpreter_says(model, path):
    case = suite.read(path)

    assert [] == list(differences(model, case.policy, case.lines))


@MODELS
@pytest.mark.parametrize("seed", SEEDS)
def test_the_record_of_random_calls_says_what_the_interpreter_says(model, seed):
    case = generate(seed, 60)
    lines = [
        suite.Line(
            one.call.presented, one.call.internal, one.call.restricted, one.call.called, one.call.instant, {}, "", None
        )
        for one in case.calls
    ]

    assert [] == list(differences(model, policyc.load_text(case.text), lines))


def test_the_suite_holds_chains_and_calls_that_no_rule_decides():
    ways = {way(case.policy, line) for case in map(suite.read, suite.paths()) for line in case.lines}

    assert max(one.count(" > ") for one in ways) > 2
    assert any(one.endswith(" -") for one in ways)
    assert "" in ways  # a number that is not the policy's


# -- no call goes another way ------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("target", sorted(ON))


def proof_of(policy, target):
    """Return whether what a policy compiles to with the setting is proved."""
    files = policyc.compile(policy, targets=[target], settings={target: {"rule_in_cdr": True}}).files
    return policyc.verify(policy, files, targets=[target])


@BOTH
@pytest.mark.parametrize("path", few(POLICIES, 7), ids=lambda path: path.stem)
def test_examples_are_proved(target, path):
    assert proof_of(policyc.load(path), target).holds


@BOTH
@pytest.mark.parametrize("path", few(suite.paths(), 20), ids=lambda path: path.stem)
def test_the_suite_is_proved(target, path):
    assert proof_of(suite.read(path).policy, target).holds


@BOTH
@pytest.mark.parametrize("seed", SEEDS)
def test_random_policies_are_proved(target, seed):
    assert proof_of(policyc.load_text(generate(seed).text), target).holds


@BOTH
@settings(max_examples=settings().max_examples // 5)
@given(policies())
def test_policies_whose_rules_have_one_place_are_proved(target, policy):
    """Their rules all stand in one line of one file: what tells them apart is never the text."""
    assume(not has_errors(policyc.check(policy)))

    assert proof_of(policy, target).holds


@BOTH
def test_hostile_file_names_are_text(target):
    """Names that would be comments, expressions, commands, lines: nothing of them reaches the dialplan."""
    names = [
        "a;--b",
        "a${SHELL(touch x)}",
        "$${x}",
        'a","b',
        "a\n[x]",
        "a)",
        "</include>",
        "<?x",
        "x-pre-process",
        "a\\",
    ]
    included = {f"{name}.pol": f'pour "P1{at}"\n  depuis 06* vers occupé\n' for at, name in enumerate(names)}
    postes = "".join(f'poste 1{at} "P1{at}"\n' for at in range(len(names)))
    checked = api.examine(MemoryFiles({"policy.pol": postes} | included), ["policy.pol", *included])
    assert not checked.has_errors

    written = re.compile(
        r"(?:\$\{CDR\(policyc\)\}|policyc_rule=\$\{policyc_way\})(1\d .*?[^-])(?:\)|\"/>)$", re.MULTILINE
    )
    steps = written.findall(text_of(checked.policy, target))

    assert proof_of(checked.policy, target).holds
    assert len(names) == len(steps)
    assert all(re.fullmatch(r"1\d [\w. /-]*~[0-9a-f]{8}:2", step) for step in steps), steps


def text_of(policy, target):
    return compiled(policy, target)["policyc.conf" if target == "asterisk" else "policyc.xml"]


@BOTH
def test_without_the_setting_nothing_is_noted(target):
    policy = policyc.load(POLICIES[0])
    plain = policyc.compile(policy, targets=[target]).files

    assert plain == policyc.compile(policy, targets=[target], settings={target: {"rule_in_cdr": False}}).files
    assert not re.search(r"CDR|policyc_rule|policyc_way", str(plain))


def test_a_way_that_is_cut_has_room():
    """The first steps, the mark and the last step fit in Asterisk's field, whatever the lengths."""
    for digits in (1, 4, 10):
        for length in (1, 20, 200):
            number = "1" + "0" * (digits - 1)
            checked = api.examine(
                MemoryFiles({f"{'a' * length}.pol": f"poste {number} A\npour A\n  depuis 06* vers occupé\n"}),
                [f"{'a' * length}.pol"],
            )
            text = text_of(checked.policy, "asterisk")
            [(room, steps)] = set(re.findall(r"LEN\(\$\{CDR\(userfield\)\}\)\} > (\d+)\]\?(\d+):99", text))
            step = f"{number} {ways.name(next(checked.policy.rules).span)}"
            assert int(steps) >= 1
            assert int(room) + len(" > ") + len(step) <= 255
            assert len((" > ".join([step] * int(steps)) + "  > … > " + step).encode()) <= 255


# -- what the page says ------------------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[1] / "docs" / "cdr.md"
[POLICY] = (block.text for block in blocks(PAGE, "policyc"))


@pytest.mark.parametrize(("language", "target"), [("asterisk", "asterisk"), ("xml", "freeswitch")])
def test_the_page_shows_lines_of_the_dialplan(language, target):
    [shown] = blocks(PAGE, language)

    assert excerpt(shown.text).search(text_of(policyc.load_text(POLICY, "cabinet.pol"), target))


def test_the_page_tells_what_records_say():
    policy = policyc.load_text(POLICY, "cabinet.pol")
    rows = re.findall(
        r"^\| `(\d+)` \| `(\d+)` \| `([^`]+)` \| (?:`([^`]+)`|vide.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )

    assert len(rows) == 5
    for caller, called, at, said in rows:
        line = suite.Line(caller, False, False, called, datetime.fromisoformat(at), {}, "", None)
        assert said == way(policy, line)


def test_the_page_follows_a_call(tmp_path, monkeypatch, capsys):
    [shown] = blocks(PAGE, "console")
    (tmp_path / "cabinet.pol").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    command, expected = shown.text.split("\n", 1)

    cli.run(shlex.split(command)[2:])

    printed = re.sub("[\u00a0\u202f]", " ", capsys.readouterr().out)
    assert excerpt(expected).fullmatch(printed), printed


def test_the_page_tells_how_a_name_is_changed():
    page = PAGE.read_text(encoding="utf-8")

    assert f"`{ways.name(span('docteur (1).pol', 4))}`" in page
    assert f"{ways.MAX_NAME} octets" in page
    assert f"{MAX_USERFIELD} octets" in page
