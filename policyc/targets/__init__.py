"""Targets: what a PBX backend is, and the ones there are. Targets know nothing of each other.

A target is a module, or any object, with what `Target` names. Other packages bring theirs by an entry point of the
group `policyc.targets`; docs/ecrire-une-cible.md shows how.
"""

from collections.abc import Collection, Mapping
from dataclasses import field
from functools import cache
from importlib import import_module
from typing import Any, Final, Protocol, runtime_checkable

from policyc.capabilities import Level
from policyc.diagnostics import Diagnostic
from policyc.model import Policy
from policyc.values import dataclass

ENTRY_POINTS: Final = "policyc.targets"


@dataclass(frozen=True, slots=True)
class Piece:
    """What files say of one extension.

    `texts` stand in them as they are; `facts` are all that the rest of the files depends on, in words of the target's
    own.
    """

    texts: tuple[str, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a target makes of a policy: file name → text, and what it cannot say.

    `pieces` are what the files are made of, by the numbers of all extensions; none, if they are made as a whole.
    """

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()
    pieces: Mapping[str, Piece] = field(default_factory=dict)


@runtime_checkable
class Target(Protocol):
    """A backend.

    `DEFAULTS` are its settings, the keys of its table in `policyc.toml`: texts, truth values, integers or tuples of
    texts. `CAPABILITIES` says of features (`capabilities.toml`) how far it can say them: what it cannot say at all is
    refused whatever `render` returns, and what it does not name it can.
    """

    NAME: str
    DEFAULTS: Mapping[str, Any]
    CAPABILITIES: Mapping[str, Level]

    def render(self, policy: Policy, settings: Mapping[str, Any]) -> Rendered:
        """Return the files of a policy without errors; `settings` holds every key of `DEFAULTS`."""


@runtime_checkable
class InPieces(Protocol):
    """A target whose files are made of pieces: after few rules changed, the others need not be read again."""

    def revised(
        self, policy: Policy, settings: Mapping[str, Any], changed: Collection[str], others: Mapping[str, Piece]
    ) -> Mapping[str, Piece] | None:
        """Return the pieces of changed extensions; `others` are those of all others, which are to stay as they are.

        Of the rules of others `policy` tells no more than where they lead and when. None: it takes all rules to tell,
        other pieces would change too, or something cannot be said.
        """

    def assembled(self, policy: Policy, settings: Mapping[str, Any], pieces: Mapping[str, Piece]) -> Mapping[str, str]:
        """Return the files that the pieces of all extensions make: those of `render`."""


_BUILT_IN: Final = {
    "asterisk": "policyc.targets.asterisk.render",
    "freeswitch": "policyc.targets.freeswitch.render",
    "3cx": "policyc.targets.threecx.render",
}


def names() -> tuple[str, ...]:
    """Return the targets of this package, in the order they are compiled."""
    return tuple(_BUILT_IN)


@cache
def plugins() -> Mapping[str, Any]:
    """Return the entry points of targets that other packages bring, by name; none replaces one of this package."""
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    return {name: point for name, point in sorted(found.items()) if name not in _BUILT_IN}


def find(name: str) -> Target:
    """Return a target, loaded when first asked for.

    Raises KeyError for a name that is none, TypeError for an entry point that leads to no target.
    """
    target = import_module(_BUILT_IN[name]) if name in _BUILT_IN else plugins()[name].load()
    if not isinstance(target, Target):
        raise TypeError(f"the entry point {name!r} of {ENTRY_POINTS} is no target: see policyc.targets.Target")
    return target
