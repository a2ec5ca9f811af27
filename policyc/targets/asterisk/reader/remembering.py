"""What functions of texts gave is remembered, as texts of a dialplan return; and let go of, all at once.

Those that stand once only, in one extension, come among them. Each is small, but while it stays, the memory around it
is not free for others.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")
_MOST = 1024  # texts: those that many extensions share are far fewer
_forgets: list[Callable[[], None]] = []


def remembered(function: F) -> F:
    """Return a function that remembers what it gave."""
    found = lru_cache(maxsize=_MOST)(function)
    _forgets.append(found.cache_clear)
    return found  # type: ignore[return-value]  # it is called alike


def forget() -> None:
    """Let go of all that such functions remember."""
    for one in _forgets:
        one()
