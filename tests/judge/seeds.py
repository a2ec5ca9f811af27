"""Which random policies a test run looks at: few by default, those of POLICYC_SEEDS=0..500 when it is set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def chosen(first: int, last: int) -> range:
    """Return the seeds of this run; without POLICYC_SEEDS those given, both included."""
    asked = os.environ.get("POLICYC_SEEDS")
    if asked:
        first, last = (int(number) for number in asked.split(".."))
    return range(first, last + 1)


def few(values: Iterable[Any], step: int) -> list[Any]:
    """Return the parameters of a test: the default run tries each `step`-th, `make test-thorough` the others.

    Where POLICYC_SEEDS names the seeds, the default run tries all.
    """
    if "POLICYC_SEEDS" in os.environ:
        return list(values)
    return [pytest.param(value, marks=pytest.mark.thorough) if at % step else value for at, value in enumerate(values)]
