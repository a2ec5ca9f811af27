"""What was found of contexts, by what calls had of all that was looked at there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from policyc import values

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.diagrams import Diagram
    from policyc.targets.freeswitch.reader.texts import Value

KnownBy = tuple[str, "Value | None"]
"""A context, and the called number, where that is looked at."""


@values.value()
class Known:
    """What is known of a context, for calls that agree on some names."""

    diagram: Diagram
    need: int  # how many transfers must be left
    open: frozenset[int]  # the frames it holds for, if it goes back to them


class Memory:
    """Remembers what was found, in little space: there may be some contexts for each extension."""

    def __init__(self) -> None:
        self._names: dict[KnownBy, tuple[frozenset[str], ...]] = {}  # that were looked at, each time otherwise
        self._alike: dict[frozenset[str], frozenset[str]] = {}  # names that are the same are one object
        self._found: dict[tuple[Any, ...], Known] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._names.clear()
        self._alike.clear()
        self._found.clear()

    def of(self, known_by: KnownBy, env: Mapping[str, Any]) -> Sequence[tuple[frozenset[str], Known]]:
        """Return what is known for calls that agree with one on all names that were looked at, and those names."""
        looked_at = self._names.get(known_by)
        if looked_at is None:
            return ()
        found = []
        for names in looked_at:
            known = self._found.get((known_by, id(names), *map(env.get, names)))
            if known is not None:
                found.append((names, known))
        return found

    def keep(self, known_by: KnownBy, looked_at: AbstractSet[str], env: Mapping[str, Any], known: Known) -> None:
        """Remember what is known for calls that agree with one on the names that were looked at."""
        names = frozenset(looked_at)
        names = self._alike.setdefault(names, names)
        before = self._names.get(known_by, ())
        if not any(names is one for one in before):
            self._names[known_by] = (*before, names)
        self._found[known_by, id(names), *map(env.get, names)] = known
