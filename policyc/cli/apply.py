"""`policyc apply`: a live PBX brought in line."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from policyc.cli import completion
from policyc.cli.places import fails, find, targets
from policyc.cli.printing import ERRORS, Console, show, tell

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.words import Words


def add(options: Options) -> None:
    """Add the command."""
    say = options.say
    file = partial(click.option, metavar=say("metavar.file"), shell_complete=completion.files)

    @options.command("apply")
    @click.argument("target", type=click.Choice(("3cx",)), metavar=say("metavar.pbx"))
    @options.policies
    @file("--from", "compiled", help=say("help.apply_from"))
    @file("--restore", help=say("help.restore"))
    @file("--state", help=say("help.state"))
    @click.option("--dry-run", is_flag=True, help=say("help.dry_run"))
    @click.option("--exit-code", is_flag=True, help=say("help.exit_code"))
    @click.option("--yes", "-y", is_flag=True, help=say("help.yes"))
    @options.ca
    @click.option("--timeout", type=click.IntRange(1, 86400), metavar=say("metavar.seconds"), help=say("help.timeout"))
    @options.strict
    @options.today
    def apply(target: str, policies: tuple[str, ...], strict: bool, today: date, **given: Any) -> int:
        return _apply(say, target, policies, strict, today, given)


def _apply(
    say: Words, target: str, policies: Sequence[str], strict: bool, today: date, options: Mapping[str, Any]
) -> int:
    from policyc.apply import access, command, document

    dry, compiled, restore = options["dry_run"], options["compiled"], options["restore"]
    if sum(map(bool, (policies, compiled, restore))) > 1:
        raise click.UsageError(say("usage.apply_sources"))
    if options["exit_code"] and not dry:
        raise click.UsageError(say("usage.exit_code_alone"))
    if not (dry or options["yes"] or sys.stdin.isatty()):
        raise click.UsageError(say("usage.no_terminal"))
    try:
        pbx = access.read(os.environ)
    except access.AccessError as error:
        raise click.UsageError(say(f"usage.access_{error.reason}", variable=error.variable)) from None
    console = Console(say)
    wanted: tuple[Any, ...] = ()
    if not restore:
        try:
            if compiled:
                wanted = document.load(Path(compiled))
            else:
                text = _compiled(say, policies, target, strict, today)
                if text is None:
                    return ERRORS
                wanted = document.read(text.encode(), document.NAME)
        except document.DocumentError as error:
            console.report([error.diagnostic])
            return ERRORS
    job = command.Job(
        wanted,
        Path(restore) if restore else None,
        Path(options["state"]) if options["state"] else None,
        is_dry=dry,
        exit_code=options["exit_code"],
        is_sure=options["yes"],
        ca=options["ca"],
        seconds=options["timeout"],
    )
    try:
        return command.perform(job, pbx, console, say)
    except command.AuthorityError as error:
        raise click.UsageError(say("usage.bad_ca", path=options["ca"], reason=error)) from None


def _compiled(say: Words, policies: Sequence[str], target: str, strict: bool, today: date) -> str | None:
    """Return what a policy compiles to for 3CX, None if it does not; tell what is wrong with it."""
    from policyc import api
    from policyc.apply import document

    place = find(say, policies)
    (name,) = targets(say, place, (target,))
    compiled = api.render(api.examine_workspace(place, today), (name,), place.config.settings, verify=True)
    show(say, place, compiled.diagnostics)
    if name in compiled.files and not fails(compiled.diagnostics, strict):
        return compiled.files[name][document.NAME]
    tell(say("say.withheld_all"))
    return None
