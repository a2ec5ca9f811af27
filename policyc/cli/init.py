"""`policyc init`: a first policy, its settings, and what git must leave out."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from policyc import resources
from policyc.cli import completion
from policyc.cli.printing import ERRORS, FINE, tell

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.words import Words

_STARTER: Final = {"politique.pol": "init.policy", "policyc.toml": "init.settings"}
_IGNORE: Final = ".gitignore"
_BUILT: Final = "/build/"  # what `policyc compile` writes
_NEXT: Final = (
    "policyc check",
    "policyc test",
    'policyc trace --from 0639981234 --to "Dr Martin"',
    "policyc compile",
)


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("init")
    @click.argument("folder", default=".", metavar=f"[{say('metavar.folder')}]", shell_complete=completion.folders)
    def init(folder: str) -> int:
        return _init(say, Path(folder))


def _init(say: Words, folder: Path) -> int:
    from policyc import output

    try:
        names = os.listdir(folder) if os.path.lexists(folder) else []  # noqa: PTH208 - no need for paths
        ignored = (folder / _IGNORE).read_text(errors="replace").split() if _IGNORE in names else None
        # Any policy file: those of a folder are one policy.
        if there := sorted(one for one in names if one in _STARTER or one.endswith(".pol")):
            for name in there:
                tell(say("init.there", path=(folder / name).as_posix()))
            tell(say("say.withheld_all"))
            return ERRORS
        files = {name: resources.read_package(f"starter/{say.language}/{name}") for name in _STARTER}
        output.write(folder, files if ignored is not None else {**files, _IGNORE: _BUILT})
    except OSError as error:
        tell(say("say.cannot_write", path=error.filename or folder, reason=error.strerror or error))
        return ERRORS
    for name, key in _STARTER.items():
        tell(say(key, path=(folder / name).as_posix()))
    if ignored is None:
        tell(say("init.ignore", path=(folder / _IGNORE).as_posix()))
    elif not {_BUILT.strip("/"), _BUILT.lstrip("/"), _BUILT.rstrip("/"), _BUILT} & set(ignored):
        tell(say("init.add_ignored", path=(folder / _IGNORE).as_posix(), line=_BUILT))
    tell(say("init.next"))
    for command in ((f"cd {shlex.quote(str(folder))}",) if folder != Path() else ()) + _NEXT:
        tell(f"  {command}")
    return FINE
