"""`policyc verify`: files, or a PBX that runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from policyc.cli import completion
from policyc.cli.places import find, from_root, targets
from policyc.cli.printing import ERRORS, FINE, displayed, put, show, shown
from policyc.cli.progress import watching

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.diagnostics import Diagnostic
    from policyc.proof.telling import Told
    from policyc.words import Words
    from policyc.workspace import Workspace


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("verify")
    @options.policies
    @click.argument("folder", required=False, metavar=f"[{say('metavar.folder')}]", shell_complete=completion.folders)
    @options.targets("help.verify_target")
    @click.option("--live", type=click.Choice(("asterisk",)), metavar=say("metavar.pbx"), help=say("help.live"))
    @click.option("--host", metavar=say("metavar.host"), help=say("help.host"))
    @click.option("--port", type=click.IntRange(1, 65535), metavar=say("metavar.port"), help=say("help.port"))
    @click.option("--user", metavar=say("metavar.user"), help=say("help.user"))
    @options.ca
    @options.form("help.verify_format")
    def verify(
        policies: tuple[str, ...], folder: str | None, named: tuple[str, ...], live: str | None, form: str, **pbx: Any
    ) -> int:
        if live is not None:
            return _verify_live(say, (*policies, *filter(None, (folder,))), live, named, form, pbx)
        if alone := next((name for name, value in pbx.items() if value is not None), None):
            raise click.UsageError(say("usage.live_alone", option=f"--{alone}"))
        if folder is None:
            raise click.MissingParameter(param_hint=f"'{say('metavar.folder')}'", param_type="argument")
        return _verify(say, policies, Path(folder), named, form)


def _verify(say: Words, policies: Sequence[str], folder: Path, named: Sequence[str], form: str) -> int:
    from policyc import api
    from policyc.proof import checking, telling

    place = find(say, policies)
    wanted = targets(say, place, named)
    if not folder.is_dir():
        raise click.UsageError(say("usage.no_folder", path=folder))
    shown = from_root(place, folder)
    with watching(say, place, wanted) as watch:
        checked = api.examine_workspace(place, watch=watch)
        if not checked.has_errors:
            files, unread = checking.load(folder, wanted, shown)
            settings = api.all_settings(place.config, wanted)
            verified = checking.verify(checked.model, files, wanted, settings, shown, unread=unread, watch=watch)
    if checked.has_errors:
        return _unverified(say, place, checked.diagnostics, form)
    return _verified(say, place, telling.Told(verified, checked.policy, displayed(place), folder.as_posix()), form)


def _verify_live(
    say: Words, policies: Sequence[str], target: str, named: Sequence[str], form: str, options: Mapping[str, Any]
) -> int:
    from policyc import api
    from policyc.apply.access import AccessError
    from policyc.live import access, asterisk, proof
    from policyc.proof import checking, telling

    if other := next((name for name in named if name != target), None):
        raise click.UsageError(say("usage.live_target", live=target, name=other))
    if folder := next((one for one in policies if Path(one).is_dir()), None):
        raise click.UsageError(say("usage.live_folder", path=folder))
    place = find(say, policies)
    try:
        pbx = access.read(os.environ, options["host"], options["port"], options["user"])
    except AccessError as error:
        raise click.UsageError(say(f"usage.access_{error.reason}", variable=error.variable)) from None
    checked = api.examine_workspace(place)
    if checked.has_errors:
        return _unverified(say, place, checked.diagnostics, form)
    settings = api.all_settings(place.config, (target,))[target]
    try:
        reading = proof.read(pbx, checked.policy, settings, ca=options["ca"])
    except asterisk.LiveError as error:
        return _unverified(say, place, (error.diagnostic,), form)
    except OSError as error:  # that of TLS is one
        reason = error.strerror or error
        raise click.UsageError(say("usage.bad_ca", path=options["ca"], reason=reason)) from None
    verified = checking.verify_live(checked.model, target, reading, settings, pbx.host)
    return _verified(say, place, telling.Told(verified, checked.policy, displayed(place), host=pbx.host), form)


def _unverified(say: Words, place: Workspace, found: Iterable[Diagnostic], form: str) -> int:
    """Tell the errors that keep anything from being proved; return the exit status."""
    from policyc import report
    from policyc.proof import telling

    errors = [one for one in found if one.is_error]
    show(say, place, errors)
    if form == "json":
        put(telling.refused(shown(place, errors), report.load_catalogue(say.language)))
    return ERRORS


def _verified(say: Words, place: Workspace, told: Told, form: str) -> int:
    """Tell what was proved and what was not; return the exit status."""
    from policyc import report
    from policyc.proof import telling

    catalogue, found = report.load_catalogue(say.language), told.verified.diagnostics
    if form == "json":
        put(telling.to_json(told, catalogue, shown(place, found)))
    else:
        put(telling.to_text(told, say, catalogue))
        show(say, place, found)
    return FINE if told.verified.holds else ERRORS
