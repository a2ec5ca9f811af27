"""`policyc trace`: one call, followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NoReturn

import click

from policyc.cli.options import Options, instant
from policyc.cli.places import find
from policyc.cli.printing import ERRORS, FINE, displayed, put, show, tell
from policyc.source import fold

if TYPE_CHECKING:
    from policyc.model import Policy
    from policyc.words import Words


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("trace")
    @options.policies
    @click.option("--from", "caller", required=True, metavar=say("metavar.number"), help=say("help.from"))
    @click.option("--to", "called", required=True, metavar=say("metavar.extension"), help=say("help.to"))
    @click.option("--internal", is_flag=True, help=say("help.internal"))
    @click.option("--restricted", is_flag=True, help=say("help.restricted"))
    @click.option("--at", "local", metavar=say("metavar.instant"), callback=instant(say), help=say("help.at"))
    @options.form("help.trace_format")
    def trace(
        policies: tuple[str, ...],
        caller: str,
        called: str,
        internal: bool,
        restricted: bool,
        local: datetime | None,
        form: str,
    ) -> int:
        return _trace(say, policies, caller, called, internal, restricted, local, form)


def _trace(
    say: Words,
    policies: Sequence[str],
    caller: str,
    called: str,
    internal: bool,
    restricted: bool,
    instant: datetime | None,
    form: str,
) -> int:
    from policyc import api, trace
    from policyc.evaluate import call_from
    from policyc.report import json_text, visible

    place = find(say, policies)
    checked = api.examine_workspace(place)
    if checked.has_errors:
        show(say, place, [one for one in checked.diagnostics if one.is_error])
        return ERRORS
    policy = checked.policy
    presented = _caller(say, policy, caller, internal=internal)
    number = _called(say, policy, called)
    try:
        local = _local(say, policy, instant)
    except (OverflowError, ValueError):  # the first or last day of the calendar, in a zone that makes it another
        raise click.UsageError(say("usage.bad_instant", value=instant)) from None
    call = call_from(presented, number, local, internal=internal, restricted=restricted)
    confirm = bool(place.config.settings["asterisk"]["rebound_confirm"])
    found = trace.follow(
        policy, call, presented=presented, restricted=restricted, confirm=confirm, shown_path=displayed(place)
    )
    if form == "json":
        put(json_text(trace.to_json(found)))
    else:
        put("\n".join(visible(line) for line in trace.to_text(found, say).split("\n")))
    return FINE


def _caller(say: Words, policy: Policy, written: str, *, internal: bool) -> str:
    """Return the number that `--from` means, and say what may surprise."""
    from policyc import numbering
    from policyc.digits import Kind

    names = _names(policy, systems=False)
    if not internal:
        written = written.replace("(0)", "")  # as people write +33 (0)6; no trunk presents it
        caller = numbering.canonical(Kind.EXTERNAL, written)
        if caller.number is None and fold(written) not in _ANONYMOUS:
            tell(say("note.no_digits", value=written))
        if caller.number in policy.extensions or fold(written) in names:
            tell(say("note.extension_outside", number=caller.number or written))
        return written
    if fold(written) in names:
        return names[fold(written)]
    if fold(written) in _ANONYMOUS:
        return written
    number = "".join(written.split())
    if not (number.isascii() and number.isdigit()):
        _unknown(say, policy, written, names)
    if len(number) > 10:
        raise click.UsageError(say("usage.not_internal", value=written))
    if number not in policy.extensions:
        tell(say("note.undeclared_caller", number=number))
    return number


# What people and trunks write for a caller who withholds the number.
_ANONYMOUS: Final = frozenset(
    ("", "anonyme", "anonymous", "inconnu", "masque", "prive", "private", "restricted", "unavailable", "unknown")
)


def _called(say: Words, policy: Policy, written: str) -> str:
    """Return the number that `--to` means, and say so when it is no extension's."""
    names = _names(policy, systems=True)
    if fold(written) in names:
        return names[fold(written)]
    number = "".join(written.split())
    if not number or not all(char in "0123456789+*#" for char in number):
        _unknown(say, policy, written, names)
    if number not in policy.extensions and number not in policy.systems:
        tell(say("note.not_an_extension", number=number))
    return number


def _names(policy: Policy, *, systems: bool) -> dict[str, str]:
    """Return folded name → number. An extension goes before a system of the same name."""
    found = {fold(one.name): one.number for one in policy.systems.values()} if systems else {}
    return found | {fold(one.name): one.number for one in policy.extensions.values()}


def _unknown(say: Words, policy: Policy, written: str, names: Mapping[str, str]) -> NoReturn:
    near = get_close_matches(fold(written), names, 1)
    message = say("usage.unknown_extension", name=written)
    if near:
        number = names[near[0]]
        known = policy.extensions.get(number) or policy.systems[number]
        message += " " + say("usage.did_you_mean", name=known.name)
    raise click.UsageError(message)


def _local(say: Words, policy: Policy, instant: datetime | None) -> datetime:
    """Return an instant as the policy's clocks show it."""
    from policyc import schedule

    if instant is None:
        return datetime.now(policy.zone).replace(microsecond=0, tzinfo=None)
    if instant.tzinfo is not None:
        return instant.astimezone(policy.zone).replace(tzinfo=None)
    if not schedule.exists(instant.replace(tzinfo=policy.zone)):
        tell(say("note.gap", at=f"{instant:%Y-%m-%dT%H:%M}", zone=policy.zone.key))
    return instant
