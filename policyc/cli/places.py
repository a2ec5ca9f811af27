"""What commands are told in: the project of some policies, the targets of some names, the folder of some files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyc.diagnostics import Diagnostic, has_errors

if TYPE_CHECKING:
    from policyc.words import Words
    from policyc.workspace import Workspace


def find(say: Words, policies: Sequence[str], here: Path | None = None) -> Workspace:
    """Return the project of some policies; of none, that of a folder, the current one by default."""
    from policyc import workspace

    try:
        place = workspace.find(policies, here)
    except FileNotFoundError:  # the current folder was removed
        raise click.UsageError(say("usage.no_policy")) from None
    if not place.paths and not has_errors(place.diagnostics):
        raise click.UsageError(say("usage.no_policy"))
    return place


def fails(found: Iterable[Diagnostic], strict: bool) -> bool:
    """Tell whether diagnostics make a command fail."""
    return any(strict or one.is_error for one in found)


def from_root(place: Workspace, folder: Path) -> str:
    """Return a folder as paths of a project are: from its root, or whole where there is no way from there."""
    try:
        return Path(os.path.relpath(folder, place.root)).as_posix()
    except ValueError:  # another drive
        return folder.absolute().as_posix()


def targets(say: Words, place: Workspace, named: Sequence[str]) -> tuple[str, ...]:
    """Return the targets to compile, those that were asked for by name in that order."""
    from policyc import targets

    for name in named:
        if name not in targets.names() and name not in targets.plugins():
            known = (*targets.names(), *targets.plugins())
            raise click.UsageError(
                close(say, say("usage.unknown_target", name=name, known=", ".join(known)), name, known)
            )
    return tuple(dict.fromkeys(named)) or place.config.targets


def close(say: Words, message: str, name: str, known: Iterable[str]) -> str:
    """Return a message with the nearest of some names, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1)
    return f"{message} {say('usage.did_you_mean', name=near[0])}" if near else message
