"""A policy in which most rules only stand in for true ones in, what it decides where they are true out."""

from collections.abc import Container, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property

from policyc.decision import Table
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.schedule import Partition


class NotReadError(Exception):
    """Somebody asked what decides at an extension whose rules were not read."""


class PartlyRead(DecisionModel):
    """What a policy decides at the extensions whose rules are true; of others, where they lead and when."""

    def __init__(self, policy: Policy, true: Container[str]) -> None:
        """Take a policy, and the extensions that have true rules, or none of their own."""
        super().__init__(policy)
        self._true = true

    def table(self, extension: str) -> Table:
        """Return which rule decides at an extension. Raises NotReadError."""
        if extension not in self._true:
            raise NotReadError(extension)
        return super().table(extension)

    def among(self, policy: Policy) -> DecisionModel:
        """Return what a part of the policy decides, with all of its extensions' classes of time."""
        return _Among(policy, self)


class _Among(DecisionModel):
    def __init__(self, policy: Policy, whole: PartlyRead) -> None:
        super().__init__(policy)
        self._whole = whole

    @property
    def numbers(self) -> AbstractSet[str]:
        return self._whole.numbers

    @cached_property
    def _partitions(self) -> Mapping[str, Partition]:
        return self._whole._partitions  # noqa: SLF001 - its own
