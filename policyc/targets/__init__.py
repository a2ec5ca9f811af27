"""Targets: what a PBX backend is, and the ones there are. Targets know nothing of each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from policyc.diagnostics import Diagnostic
from policyc.model import Policy


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a target makes of a policy: file name → text, and what it cannot say."""

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()


class Target(Protocol):
    """A backend: a module with its name, its settings and their defaults, and `render`."""

    NAME: str
    DEFAULTS: Mapping[str, Any]

    def render(self, policy: Policy, settings: Mapping[str, Any]) -> Rendered:
        """Return the files of a policy without errors; `settings` holds every key of `DEFAULTS`."""


_BUILT_IN = {
    "asterisk": "policyc.targets.asterisk.render",
    "freeswitch": "policyc.targets.freeswitch.render",
}


def names() -> tuple[str, ...]:
    """Return the targets there are, in the order they are compiled."""
    return tuple(_BUILT_IN)


def find(name: str) -> Target:
    """Return a target, loaded when first asked for. Raises KeyError for a name that is none."""
    return import_module(_BUILT_IN[name])
