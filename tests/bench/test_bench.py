"""The benchmarks measure what they say: fixed policies, valid, and a yardstick without conflicts."""

import hashlib

import pytest
from bench import baseline, policies
from judge.seeds import few

from policyc.checks import check
from policyc.diagnostics import has_errors
from policyc.files import MemoryFiles
from policyc.project import load
from policyc.resolve import resolve

SMALL = 200
DIGESTS = {
    "friendly": "4caf6a818f9a775cac861d0a8aeb4cd79b3492923fb02add4bf034b3d127cc0a",
    "mixed": "6e742890b9fe1ab922b446375b8a6e1816e70732764acf6f5d3c67836dc62da9",
}


@pytest.mark.parametrize("kind", policies.POLICIES)
def test_policy_is_always_the_same(kind):
    """Figures of two days compare only if the policies do: a change here is a change of benchmark."""
    digest = hashlib.sha256(policies.POLICIES[kind](SMALL).encode()).hexdigest()

    assert DIGESTS[kind] == digest


@pytest.mark.parametrize("kind", few(policies.POLICIES, 2))
def test_policy_has_no_error(kind):
    """Warnings are another matter: `mixed` has dead rules on purpose."""
    files = MemoryFiles({"policy.pol": policies.POLICIES[kind](SMALL).encode()})
    program, read = load(files, ["policy.pol"])
    policy, resolved = resolve(program)

    assert not has_errors((*read, *resolved, *check(policy)))


@pytest.mark.parametrize("kind", few(policies.POLICIES, 2))
def test_yardstick_reads_the_policy(kind):
    tree = baseline.parser(strict=True).parse(policies.POLICIES[kind](SMALL))
    blocks = [len(list(block.find_data("rule"))) for block in tree.find_data("block")]

    assert blocks.count(policies.RULES_EACH) == SMALL


def test_sizes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="between"):
        policies.friendly(10)
