"""What commands made, left to the end of the process."""

from __future__ import annotations

_made: list[object] = []


def leave(*made: object) -> None:
    """Keep what a command made until the process ends, or another command makes something.

    To free a policy, or what came of it, piece by piece takes a tenth of a check.
    """
    _made[:] = made
