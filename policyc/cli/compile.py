"""`policyc compile`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyc.cli import completion
from policyc.cli.ending import leave
from policyc.cli.places import fails, find, from_root, targets
from policyc.cli.printing import ERRORS, FINE, displayed, put, show, tell
from policyc.cli.progress import watching

if TYPE_CHECKING:
    from policyc.api import Compiled, Lay
    from policyc.cli.options import Options
    from policyc.model import Policy
    from policyc.output import Draft
    from policyc.progress import Watch
    from policyc.proof.checking import Verified
    from policyc.rope import Rope
    from policyc.store import Store
    from policyc.words import Words
    from policyc.workspace import Workspace


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("compile")
    @options.policies
    @options.targets("help.target")
    @click.option(
        "--out",
        "-o",
        default="build",
        show_default=True,
        metavar=say("metavar.folder"),
        help=say("help.out"),
        shell_complete=completion.folders,
    )
    @click.option("--no-verify", "unproved", is_flag=True, help=say("help.no_verify"))
    @click.option("--no-cache", "anew", is_flag=True, help=say("help.no_cache"))
    @options.strict
    @options.today
    def compile_(
        policies: tuple[str, ...],
        named: tuple[str, ...],
        out: str,
        unproved: bool,
        anew: bool,
        strict: bool,
        today: date,
    ) -> int:
        return _compile(say, policies, named, Path(out), strict, today, verify=not unproved, anew=anew)


def _compile(
    say: Words,
    policies: Sequence[str],
    named: Sequence[str],
    out: Path,
    strict: bool,
    today: date,
    *,
    verify: bool,
    anew: bool,
) -> int:
    from policyc import output

    place = find(say, policies)
    wanted = targets(say, place, named)
    with output.laying([out / name for name in wanted]) as mark:
        with watching(say, place, wanted) as watch:
            kept = None if anew or not verify else _kept()
            folder = from_root(place, out) if verify else None
            lay = partial(_lay, out, mark)
            compiled, policy = _made(place, wanted, today, folder, kept, watch, lay, strict)
        leave(compiled, policy)
        show(say, place, compiled.diagnostics)
        verified = compiled.verified
        if verified is not None and verified.refused and policy is not None:
            _account(say, place, policy, verified, out)
        if not compiled.files:
            tell(say("say.withheld_all"))
            return ERRORS
        failed = fails(compiled.diagnostics, strict)
        if not all(_publish(say, name, compiled, out) for name in wanted):  # what is behind one that fails is dropped
            return ERRORS
    if verified is not None:
        for name in verified.unproved:
            tell(say("say.unproved", target=name))
        if proved := [proof.target for proof in verified.proofs if proof.holds]:
            tell(say("say.proved", targets=", ".join(proved)))
    return ERRORS if failed else FINE


def _lay(out: Path, mark: str, name: str, files: Mapping[str, str | Rope]) -> tuple[Draft, ...] | OSError:
    """Write the files of a target, up to their names: in any process, so that an error is returned."""
    from policyc import output

    try:
        return output.draft(out / name, files, mark)
    except OSError as error:
        return error


def _publish(say: Words, name: str, compiled: Compiled, out: Path) -> bool:
    """Give the files of a target their names, or tell why it has none; return False if they cannot be written."""
    from policyc import output

    if name not in compiled.files:
        refused = compiled.verified is not None and name in compiled.verified.refused
        tell(say("say.withheld_unproved" if refused else "say.withheld", target=name))
        return True
    laid: tuple[Draft, ...] | OSError = compiled.laid[name]
    try:
        written = () if isinstance(laid, OSError) else output.publish(laid)
    except OSError as error:
        laid = error
    if isinstance(laid, OSError):
        tell(say("say.cannot_write", path=laid.filename or out / name, reason=laid.strerror or laid))
        return False
    for one in written:
        key = "say.file" if one.changed else "say.unchanged"
        tell(say(key, path=one.path, size=f"{one.size:,}".replace(",", "\u202f" if say.language == "fr" else ",")))
    return True


def _made(
    place: Workspace,
    wanted: Sequence[str],
    today: date,
    folder: str | None,
    kept: Store | None,
    watch: Watch,
    lay: Lay,
    strict: bool,
) -> tuple[Compiled, Policy | None]:
    """Return what a policy is compiled to, proved where there is a folder; and the policy, where all of it was read.

    Files are laid. If `strict`, nothing for a policy that is doubtful.
    """
    from policyc import api, recompile

    asked = recompile.Asked(place, today, tuple(wanted))
    if kept and (known := recompile.updated(asked, kept, watch, lay)):
        return (api.Compiled({}, known.diagnostics) if strict and known.diagnostics else known), None
    checked = api.examine_workspace(place, today, watch=watch)
    if strict and checked.diagnostics and not checked.has_errors:
        return api.Compiled({}, checked.diagnostics), None
    compiled = api.render(
        checked,
        wanted,
        place.config.settings,
        verify=folder is not None,
        folder=folder or "",
        watch=watch,
        kept=kept,
        keeping=recompile.keeping(asked, checked, kept) if kept else None,
        lay=lay,
    )
    if kept:
        recompile.remember(asked, checked, compiled, kept)
    return compiled, checked.policy


def _kept() -> Store | None:
    """Return the proofs of earlier runs, if this user keeps any."""
    from policyc import store

    folder = store.folder(os.environ)
    return store.Store(folder) if folder else None


def _account(say: Words, place: Workspace, policy: Policy, verified: Verified, folder: Path) -> None:
    """Tell the calls for which files decide otherwise than a policy."""
    from policyc.proof import telling

    told = telling.Told(verified, policy, displayed(place), folder.as_posix())
    text = telling.examples(told, say)
    put(text and text + "\n", err=True)
