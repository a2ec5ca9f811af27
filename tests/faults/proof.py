"""Generated files in, what policyc's own proof says of them out: the only place here that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faults.calls import Call
from policyc import api
from policyc.digits import Kind

if TYPE_CHECKING:
    from policyc.model import Policy


@dataclass(frozen=True, slots=True)
class Refused:
    """The proof does not hold: by calls that end otherwise, or because something is not understood."""

    calls: tuple[Call, ...] = ()
    told: tuple[str, ...] = ()
    not_understood: str = ""

    def __str__(self) -> str:
        return self.not_understood or "; ".join(
            f"{call}: {told}" for call, told in zip(self.calls, self.told, strict=True)
        )


def refused(policy: Policy, target: str, files: Mapping[str, str], settings: Mapping[str, Any]) -> Refused | None:
    """Return what stands against the proof that files decide as a policy, None if it holds."""
    verified = api.verify(policy, {target: files}, settings={target: settings})
    if verified.holds:
        return None
    for proof in verified.proofs:
        if proof.examples:
            calls = tuple(
                Call(one.caller.kind is Kind.INTERNAL, one.presented, one.hidden, one.called, one.local)
                for one in proof.examples
            )
            return Refused(calls, tuple(f"{one.found}, not {one.expected}" for one in proof.examples))
    return Refused(not_understood="; ".join(f"{one.code} {dict(one.args)}" for one in verified.diagnostics))
