"""policyc's own interpreter against the independent judge, on seeded random policies and calls at their edges.

More seeds: POLICYC_SEEDS=0..500.
"""

import pytest
from judge import differential
from judge.generate import generate
from judge.seeds import chosen, few


@pytest.mark.parametrize("seed", few(chosen(0, 39), 8))
def test_evaluate_agrees_with_the_judge(seed):
    case = generate(seed)

    found = differential.disagreements(case, differential.run_policyc, ambiguous=False)

    assert not found, differential.told(case, found)
