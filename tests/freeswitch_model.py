"""A policy in, what a call does in the FreeSWITCH dialplan it compiles to out, by the evaluator of `dialplan_xml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from dialplan_xml import Call, Line, Outcome, Surroundings, read, simulate

import policyc

DIALS: Final = {
    "extension_dial": "loopback/ext-{number}/phones",
    "external_dial": "loopback/out-{number}/phones",
}
AROUND: Final = Surroundings(
    lines=(
        Line("extension", r"loopback/ext-(?P<number>[^/]+)/phones"),
        Line("external", r"loopback/out-(?P<number>[^/]+)/phones"),
    ),
    prompts={r"policyc/veuillez-patienter\.wav": "wait", r"policyc/indisponible\.wav": "unavailable"},
    variables={"domain_name": "pbx"},
)


class Model:
    """The dialplan of one policy, read once."""

    def __init__(self, policy: policyc.Policy, settings: Mapping[str, Any] | None = None) -> None:
        """Compile a policy; `settings` go before those that make lines recognisable."""
        compiled = policyc.compile(
            policy, targets=["freeswitch"], settings={"freeswitch": {**DIALS, **(settings or {})}}
        )
        self.zone = policy.zone
        self.text = compiled.files["freeswitch"]["policyc.xml"]
        self.dialplan = read({"policyc.xml": self.text})

    def run(
        self,
        called: str,
        caller: str | None,
        at: datetime,
        *,
        internal: bool = False,
        restricted: bool = False,
        lines: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Return what becomes of a call; `at` is local to the policy's zone when it has none."""
        context = f"policyc-{'internal' if internal else 'external'}"
        instant = at if at.tzinfo else at.replace(tzinfo=self.zone)
        return simulate(self.dialplan, Call(context, called, instant, caller, restricted, states=lines or {}), AROUND)

    def events(self, *args: Any, **options: Any) -> str:
        """Return what happens on a call, as the conformance suite says it."""
        return self.run(*args, **options).events
