"""Which random policies a test run looks at: few by default, those of POLICYC_SEEDS=0..500 when it is set."""

from __future__ import annotations

import os


def chosen(first: int, last: int) -> range:
    """Return the seeds of this run; without POLICYC_SEEDS those given, both included."""
    asked = os.environ.get("POLICYC_SEEDS")
    if asked:
        first, last = (int(number) for number in asked.split(".."))
    return range(first, last + 1)
