"""The conformance suite (`tests/calls`) on policyc's own interpreter."""

import pytest
from calls import suite
from judge.seeds import few

import policyc
from policyc import PolicyError, evaluate


@pytest.mark.parametrize("path", suite.paths(), ids=lambda path: path.stem)
def test_calls(path):
    case = suite.read(path)

    wrong = [
        f"{line}: {given}, not {line.gives}"
        for line in case.lines
        if (given := evaluate.events(case.policy, line.call, line.states)) != line.gives
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", few(suite.paths(), 10), ids=lambda path: path.stem)
def test_what_is_compiled_of_the_suite_is_proved(path):
    """What a target cannot say withholds it; nothing is refused for want of a proof."""
    compiled = policyc.compile(suite.read(path).policy, targets=["asterisk", "freeswitch"], verify=True)

    assert not [one for one in compiled.diagnostics if one.code.startswith("PC8")]
    assert ["asterisk", "freeswitch"] == list(compiled.files)


def test_the_suite_is_not_empty():
    """A suite that is not found must not pass."""
    assert sum(len(suite.read(path).lines) for path in suite.paths()) > 400


@pytest.mark.parametrize(
    "text",
    [
        "policy = ''\ncall = []",
        "policy = ''\ncalls = [{ to = '1', gives = 'busy', form = '06' }]",
        "policy = ''\ncalls = [{ to = '1', gives = 'busy', kind = 'external' }]",
        "policy = 'pour'\ncalls = []",
    ],
)
def test_a_mistake_in_the_suite_is_seen(tmp_path, text):
    file = tmp_path / "99-wrong.toml"
    file.write_text(text)

    with pytest.raises((ValueError, PolicyError), match=r"call|form|kind|PC1"):
        suite.read(file)
