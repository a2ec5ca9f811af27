"""The command line: arguments in, files, standard output and an exit status out. The only place that prints.

Messages go to standard error, data to standard output. Status: 0 fine, 1 errors found, 2 bad usage, 3 changes
(`apply --dry-run --exit-code`).
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from gettext import gettext, ngettext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO, TypeVar

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from policyc import words
from policyc.diagnostics import CODES, Diagnostic, has_errors
from policyc.source import Quoted, SourceFile, Span, fold

if TYPE_CHECKING:
    from policyc.model import Policy
    from policyc.proof.checking import Verified
    from policyc.proof.telling import Told
    from policyc.words import Words
    from policyc.workspace import Workspace

FINE, ERRORS, BAD_USAGE = 0, 1, 2
INTERRUPTED, BROKEN_PIPE = 130, 141  # as shells say of a program that these signals end

_CONTEXT: Final = {"help_option_names": ["-h", "--help"]}
_F = TypeVar("_F", bound=Callable[..., Any])


# -- language ----------------------------------------------------------------------------------------------------------


def language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language that `--lang`, wherever it stands, or POLICYC_LANG asks for.

    It is looked for before click reads the arguments: the help and the errors of reading them are in it too.
    """
    chosen = environment.get("POLICYC_LANG", "")
    for at, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" and at + 1 < len(arguments):
            chosen = arguments[at + 1]
        elif argument.startswith("--lang="):
            chosen = argument.removeprefix("--lang=")
    chosen = chosen[:2].lower()  # en, en_GB.UTF-8
    return chosen if chosen in words.LANGUAGES else words.DEFAULT


# Where click asks gettext for its own sentences. It ships no translations, and gettext would look for files by the
# locale of the machine; here the language is an option.
_CLICK: Final = (click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)


def _teach(say: Words) -> None:
    """Make click speak a language."""
    table = say.tables["click"]

    def one(message: str) -> str:
        return str(table.get(message) or gettext(message))

    def several(singular: str, plural: str, count: int) -> str:
        found = table.get(singular if count == 1 else plural)
        return str(found or ngettext(singular, plural, count))

    for module in _CLICK:
        for name, function in (("_", one), ("ngettext", several)):
            if hasattr(module, name):
                setattr(module, name, function)


# -- commands ----------------------------------------------------------------------------------------------------------


@cache
def _commands(chosen: str) -> click.Group:
    say = words.load(chosen)

    def lang(function: _F) -> _F:
        # Read by `language` already; here so that it is known, checked and explained.
        names = click.Choice(words.LANGUAGES)
        return click.option("--lang", type=names, expose_value=False, help=say("help.lang"))(function)

    def command(name: str) -> Callable[[Callable[..., None]], None]:
        def add(function: Callable[..., None]) -> None:
            main.command(
                name,
                help=say.raw(f"help.{name}"),
                options_metavar=say("metavar.options"),
                context_settings=_CONTEXT,
            )(lang(function))

        return add

    def form(help_key: str, forms: tuple[str, ...] = ("text", "json")) -> Callable[[_F], _F]:
        names = click.Choice(forms)
        return click.option("--format", "form", type=names, default="text", show_default=True, help=say(help_key))

    policies = click.argument("policies", nargs=-1, metavar=say("metavar.policies"))
    strict = click.option("--strict", is_flag=True, help=say("help.strict"))
    ca = click.option("--ca", metavar=say("metavar.file"), help=say("help.ca"))
    today = click.option("--today", metavar=say("metavar.date"), callback=_date(say), help=say("help.today"))

    @click.group(
        help=say.raw("help.main"),
        options_metavar=say("metavar.options"),
        subcommand_metavar=say("metavar.commands"),
        context_settings=_CONTEXT,
    )
    @lang
    @click.version_option(message=say("say.version", version=_version()), version="", help=say("help.version"))
    def main() -> None:
        pass

    @command("compile")
    @policies
    @click.option("--target", "-t", "named", multiple=True, metavar=say("metavar.name"), help=say("help.target"))
    @click.option(
        "--out", "-o", default="build", show_default=True, metavar=say("metavar.folder"), help=say("help.out")
    )
    @click.option("--no-verify", "unproved", is_flag=True, help=say("help.no_verify"))
    @strict
    @today
    def compile_(
        policies: tuple[str, ...], named: tuple[str, ...], out: str, unproved: bool, strict: bool, today: date
    ) -> None:
        _end(_compile(say, policies, named, Path(out), strict, today, verify=not unproved))

    @command("check")
    @policies
    @form("help.check_format")
    @strict
    @today
    def check(policies: tuple[str, ...], form: str, strict: bool, today: date) -> None:
        _end(_check(say, policies, form, strict, today))

    @command("test")
    @policies
    @click.option("--coverage", is_flag=True, help=say("help.coverage"))
    @click.option(
        "--coverage-min",
        "minimum",
        type=click.FloatRange(0, 100),
        metavar=say("metavar.percent"),
        help=say("help.coverage_min"),
    )
    @form("help.test_format", ("text", "json", "junit", "tap"))
    def test(policies: tuple[str, ...], coverage: bool, minimum: float | None, form: str) -> None:
        _end(_test(say, policies, coverage, minimum, form))

    @command("verify")
    @policies
    @click.argument("folder", required=False, metavar=f"[{say('metavar.folder')}]")
    @click.option("--target", "-t", "named", multiple=True, metavar=say("metavar.name"), help=say("help.verify_target"))
    @click.option("--live", type=click.Choice(("asterisk",)), metavar=say("metavar.pbx"), help=say("help.live"))
    @click.option("--host", metavar=say("metavar.host"), help=say("help.host"))
    @click.option("--port", type=click.IntRange(1, 65535), metavar=say("metavar.port"), help=say("help.port"))
    @click.option("--user", metavar=say("metavar.user"), help=say("help.user"))
    @ca
    @form("help.verify_format")
    def verify(
        policies: tuple[str, ...], folder: str | None, named: tuple[str, ...], live: str | None, form: str, **pbx: Any
    ) -> None:
        if live is not None:
            _end(_verify_live(say, (*policies, *filter(None, (folder,))), live, named, form, pbx))
            return
        if alone := next((name for name, value in pbx.items() if value is not None), None):
            raise click.UsageError(say("usage.live_alone", option=f"--{alone}"))
        if folder is None:
            raise click.MissingParameter(param_hint=f"'{say('metavar.folder')}'", param_type="argument")
        _end(_verify(say, policies, Path(folder), named, form))

    @command("trace")
    @policies
    @click.option("--from", "caller", required=True, metavar=say("metavar.number"), help=say("help.from"))
    @click.option("--to", "called", required=True, metavar=say("metavar.extension"), help=say("help.to"))
    @click.option("--internal", is_flag=True, help=say("help.internal"))
    @click.option("--restricted", is_flag=True, help=say("help.restricted"))
    @click.option("--at", "instant", metavar=say("metavar.instant"), callback=_instant(say), help=say("help.at"))
    @form("help.trace_format")
    def trace(
        policies: tuple[str, ...],
        caller: str,
        called: str,
        internal: bool,
        restricted: bool,
        instant: datetime | None,
        form: str,
    ) -> None:
        _end(_trace(say, policies, caller, called, internal, restricted, instant, form))

    @command("apply")
    @click.argument("target", type=click.Choice(("3cx",)), metavar=say("metavar.pbx"))
    @policies
    @click.option("--from", "compiled", metavar=say("metavar.file"), help=say("help.apply_from"))
    @click.option("--restore", metavar=say("metavar.file"), help=say("help.restore"))
    @click.option("--state", metavar=say("metavar.file"), help=say("help.state"))
    @click.option("--dry-run", is_flag=True, help=say("help.dry_run"))
    @click.option("--exit-code", is_flag=True, help=say("help.exit_code"))
    @click.option("--yes", "-y", is_flag=True, help=say("help.yes"))
    @ca
    @click.option("--timeout", type=click.IntRange(1, 86400), metavar=say("metavar.seconds"), help=say("help.timeout"))
    @strict
    @today
    def apply(target: str, policies: tuple[str, ...], strict: bool, today: date, **options: Any) -> None:
        _end(_apply(say, target, policies, strict, today, options))

    @command("explain")
    @click.argument("code", metavar=say("metavar.code"))
    def explain(code: str) -> None:
        _end(_explain(say, code))

    return main


def commands(chosen: str = words.DEFAULT) -> click.Group:
    """Return the commands, with click speaking the language too."""
    _teach(words.load(chosen))
    return _commands(chosen)


def _end(status: int) -> None:
    click.get_current_context().exit(status)


def _version() -> str:
    from policyc import __version__

    return __version__


def _date(say: Words) -> Callable[[click.Context, click.Parameter, str | None], date]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date:
        if value is None:
            return date.today()  # noqa: DTZ011 - the administrator's own day
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(say("usage.bad_date", value=value)) from None

    return read


def _instant(say: Words) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            raise click.BadParameter(say("usage.bad_instant", value=value)) from None

    return read


# -- what the commands do ----------------------------------------------------------------------------------------------


def _compile(
    say: Words, policies: Sequence[str], named: Sequence[str], out: Path, strict: bool, today: date, *, verify: bool
) -> int:
    from policyc import api, output

    place = _find(say, policies)
    wanted = _targets(say, place, named)
    checked = api.examine_workspace(place, today)
    if strict and checked.diagnostics and not checked.has_errors:
        compiled = api.Compiled({}, checked.diagnostics)
    else:
        folder = _from_root(place, out)
        compiled = api.render(checked, wanted, place.config.settings, verify=verify, folder=folder)
    _report(say, place, compiled.diagnostics)
    verified = compiled.verified
    if verified is not None and verified.refused:
        _account(say, place, checked.policy, verified, out)
    failed = _fails(compiled.diagnostics, strict)
    if not compiled.files:
        _tell(say("say.withheld_all"))
        return ERRORS
    for name in wanted:
        if name not in compiled.files:
            refused = verified is not None and name in verified.refused
            _tell(say("say.withheld_unproved" if refused else "say.withheld", target=name))
            continue
        try:
            written = output.write(out / name, compiled.files[name])
        except OSError as error:
            _tell(say("say.cannot_write", path=error.filename or out / name, reason=error.strerror or error))
            return ERRORS
        for one in written:
            key = "say.file" if one.changed else "say.unchanged"
            _tell(say(key, path=one.path, size=f"{one.size:,}".replace(",", "\u202f" if say.language == "fr" else ",")))
    if verified is not None:
        for name in verified.unproved:
            _tell(say("say.unproved", target=name))
        if proved := [proof.target for proof in verified.proofs if proof.holds]:
            _tell(say("say.proved", targets=", ".join(proved)))
    return ERRORS if failed else FINE


def _account(say: Words, place: Workspace, policy: Policy, verified: Verified, folder: Path) -> None:
    """Tell the calls for which files decide otherwise than a policy."""
    from policyc.proof import telling

    told = telling.Told(verified, policy, _displayed(place), folder.as_posix())
    text = telling.examples(told, say)
    _print(text and text + "\n", err=True)


def _verify(say: Words, policies: Sequence[str], folder: Path, named: Sequence[str], form: str) -> int:
    from policyc import api
    from policyc.proof import checking, telling

    place = _find(say, policies)
    wanted = _targets(say, place, named)
    if not folder.is_dir():
        raise click.UsageError(say("usage.no_folder", path=folder))
    checked = api.examine_workspace(place)
    if checked.has_errors:
        return _unverified(say, place, checked.diagnostics, form)
    shown = _from_root(place, folder)
    files, unread = checking.load(folder, wanted, shown)
    settings = api.all_settings(place.config, wanted)
    verified = checking.verify(checked.model, files, wanted, settings, shown, unread=unread)
    return _verified(say, place, telling.Told(verified, checked.policy, _displayed(place), folder.as_posix()), form)


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
    place = _find(say, policies)
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
    return _verified(say, place, telling.Told(verified, checked.policy, _displayed(place), host=pbx.host), form)


def _unverified(say: Words, place: Workspace, found: Iterable[Diagnostic], form: str) -> int:
    """Tell the errors that keep anything from being proved; return the exit status."""
    from policyc import report
    from policyc.proof import telling

    errors = [one for one in found if one.is_error]
    _report(say, place, errors)
    if form == "json":
        _print(telling.refused(_shown(place, errors), report.load_catalogue(say.language)))
    return ERRORS


def _verified(say: Words, place: Workspace, told: Told, form: str) -> int:
    """Tell what was proved and what was not; return the exit status."""
    from policyc import report
    from policyc.proof import telling

    catalogue, found = report.load_catalogue(say.language), told.verified.diagnostics
    if form == "json":
        _print(telling.to_json(told, catalogue, _shown(place, found)))
    else:
        _print(telling.to_text(told, say, catalogue))
        _report(say, place, found)
    return FINE if told.verified.holds else ERRORS


def _from_root(place: Workspace, folder: Path) -> str:
    """Return a folder as paths of a project are: from its root, or whole where there is no way from there."""
    try:
        return Path(os.path.relpath(folder, place.root)).as_posix()
    except ValueError:  # another drive
        return folder.absolute().as_posix()


def _targets(say: Words, place: Workspace, named: Sequence[str]) -> tuple[str, ...]:
    """Return the targets to compile, those that were asked for by name in that order."""
    from policyc import targets

    for name in named:
        if name not in targets.names() and name not in targets.plugins():
            known = (*targets.names(), *targets.plugins())
            raise click.UsageError(
                _close(say, say("usage.unknown_target", name=name, known=", ".join(known)), name, known)
            )
    return tuple(dict.fromkeys(named)) or place.config.targets


def _check(say: Words, policies: Sequence[str], form: str, strict: bool, today: date) -> int:
    from policyc import api, report

    place = _find(say, policies)
    found = api.examine_workspace(place, today).diagnostics
    if form == "json":
        _print(report.render_json(_shown(place, found), report.load_catalogue(say.language)))
    else:
        _report(say, place, found)
        _tell(report.load_catalogue(say.language).summary(found))
    return ERRORS if _fails(found, strict) else FINE


def _test(say: Words, policies: Sequence[str], coverage: bool, minimum: float | None, form: str) -> int:
    from policyc import api, report, testing, verdicts
    from policyc.coverage import cover
    from policyc.outcomes import DecisionModel

    place = _find(say, policies)
    checked = api.examine_workspace(place)
    catalogue = report.load_catalogue(say.language)

    def told(diagnostic: Diagnostic) -> str:
        return report.render_text([diagnostic], catalogue, color=False)

    if checked.has_errors:
        errors = [one for one in checked.diagnostics if one.is_error]
        _report(say, place, errors)
        _print(verdicts.refused(form, _shown(place, errors), say, catalogue, told))
        return ERRORS
    model = DecisionModel(checked.policy)
    run = verdicts.Run(
        checked.policy,
        testing.run(model),
        cover(model) if coverage or minimum is not None else None,
        minimum,
        tuple(policies),
        _displayed(place),
    )
    match form:
        case "json":
            _print(verdicts.to_json(run))
        case "junit":
            _print(verdicts.to_junit(run, say, catalogue, lambda one: told(*_shown(place, [one]))))
        case "tap":
            _print(verdicts.to_tap(run, say, catalogue, lambda one: told(*_shown(place, [one]))))
        case _:
            _print(verdicts.to_text(run, say, catalogue))
            _report(say, place, list(verdicts.problems(run)))
            if summary := verdicts.summary(run, say, catalogue):
                _tell(summary)
    return FINE if run.passed else ERRORS


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

    place = _find(say, policies)
    checked = api.examine_workspace(place)
    if checked.has_errors:
        _report(say, place, [one for one in checked.diagnostics if one.is_error])
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
        policy, call, presented=presented, restricted=restricted, confirm=confirm, shown_path=_displayed(place)
    )
    if form == "json":
        _print(json_text(trace.to_json(found)))
    else:
        _print("\n".join(visible(line) for line in trace.to_text(found, say).split("\n")))
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
            _tell(say("note.no_digits", value=written))
        if caller.number in policy.extensions or fold(written) in names:
            _tell(say("note.extension_outside", number=caller.number or written))
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
        _tell(say("note.undeclared_caller", number=number))
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
        _tell(say("note.not_an_extension", number=number))
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


def _close(say: Words, message: str, name: str, known: Iterable[str]) -> str:
    """Return a message with the nearest of some names, if one is near."""
    near = get_close_matches(name, list(known), 1)
    return f"{message} {say('usage.did_you_mean', name=near[0])}" if near else message


def _local(say: Words, policy: Policy, instant: datetime | None) -> datetime:
    """Return an instant as the policy's clocks show it."""
    from policyc import schedule

    if instant is None:
        return datetime.now(policy.zone).replace(microsecond=0, tzinfo=None)
    if instant.tzinfo is not None:
        return instant.astimezone(policy.zone).replace(tzinfo=None)
    if not schedule.exists(instant.replace(tzinfo=policy.zone)):
        _tell(say("note.gap", at=f"{instant:%Y-%m-%dT%H:%M}", zone=policy.zone.key))
    return instant


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
    console = _Console(say)
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

    place = _find(say, policies)
    (name,) = _targets(say, place, (target,))
    compiled = api.render(api.examine_workspace(place, today), (name,), place.config.settings, verify=True)
    _report(say, place, compiled.diagnostics)
    if name in compiled.files and not _fails(compiled.diagnostics, strict):
        return compiled.files[name][document.NAME]
    _tell(say("say.withheld_all"))
    return None


class _Console:
    """How `policyc.apply` talks to people."""

    def __init__(self, say: Words) -> None:
        self._say = say

    def out(self, parts: Sequence[tuple[str, str]]) -> None:
        from policyc import report

        color = _has_color(sys.stdout)
        _print("".join(report.paint(part, color=color) for part in parts) + "\n", color=color)

    def tell(self, message: str) -> None:
        from policyc.report import visible

        _tell(visible(message))

    def ask(self, question: str) -> bool:
        _print(question, err=True)
        return sys.stdin.readline().strip().lower() in ("o", "oui", "y", "yes")

    def report(self, found: Iterable[Diagnostic]) -> None:
        from policyc import report

        color = _has_color(sys.stderr)
        _print(report.render_text(found, report.load_catalogue(self._say.language), color=color), err=True, color=color)


def _explain(say: Words, code: str) -> int:
    from policyc import report

    try:
        _print(report.explain(code, say.language).rstrip("\n") + "\n")
    except KeyError:
        names = [one.name for one in CODES.values()]
        message = _close(say, say("usage.unknown_code", code=code), code.strip().lower(), names)
        raise click.UsageError(message) from None
    return FINE


# -- what they share ---------------------------------------------------------------------------------------------------


def _find(say: Words, policies: Sequence[str]) -> Workspace:
    from policyc import workspace

    try:
        place = workspace.find(policies)
    except FileNotFoundError:  # the current folder was removed
        raise click.UsageError(say("usage.no_policy")) from None
    if not place.paths and not has_errors(place.diagnostics):
        raise click.UsageError(say("usage.no_policy"))
    return place


def _fails(found: Iterable[Diagnostic], strict: bool) -> bool:
    return any(strict or one.is_error for one in found)


class _ReaderGoneError(Exception):
    """Nobody reads what is printed: `policyc … | head -1`. click would make a status of 1 of it: errors found."""


def _print(text: str, *, err: bool = False, color: bool | None = None) -> None:
    try:
        click.echo(text, nl=False, err=err, color=color)
    except BrokenPipeError:
        raise _ReaderGoneError from None


def _tell(message: str) -> None:
    _print(message + "\n", err=True)


def _report(say: Words, place: Workspace, found: Sequence[Diagnostic]) -> None:
    """Print diagnostics for people."""
    from policyc import report

    if not found:
        return
    color = _has_color(sys.stderr)
    text = report.render_text(_shown(place, found), report.load_catalogue(say.language), color=color)
    _print(text, err=True, color=color)


def _has_color(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _displayed(place: Workspace) -> Callable[[str], str]:
    """Return how a path of the project is shown: from the current folder, as the user's shell and editor know it."""
    whole = str(place.root)
    try:
        prefix = min(os.path.relpath(whole), whole, key=len)
    except ValueError:  # another drive
        prefix = whole
    # Policies are below the root; compiled files need not be.
    return lambda path: Path(os.path.normpath(Path(prefix, path))).as_posix()


def _shown(place: Workspace, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return diagnostics with the paths of their files as they are shown."""
    displayed = _displayed(place)
    files: dict[SourceFile, SourceFile] = {}

    def moved(span: Span) -> Span:
        if isinstance(span.file, Quoted):
            return span
        file = files.get(span.file)
        if file is None:
            file = files[span.file] = SourceFile(displayed(span.file.path), span.file.text)
        return Span(file, span.start, span.end)

    def one(diagnostic: Diagnostic) -> Diagnostic:
        args = diagnostic.args
        if diagnostic.primary is None and isinstance(path := args.get("path"), str):  # a file that cannot be read
            args = {**args, "path": displayed(path)}
        return replace(
            diagnostic,
            primary=diagnostic.primary and moved(diagnostic.primary),
            args=args,
            secondary=tuple(replace(other, span=moved(other.span)) for other in diagnostic.secondary),
        )

    return [one(diagnostic) for diagnostic in found]


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status. A signal or a reader that goes away ends it without a traceback."""
    say = words.load(language(arguments, os.environ))
    _set_encodings()
    try:
        status = commands(say.language).main(list(arguments), "policyc", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(say("say.interrupted"), err=True)
        return INTERRUPTED
    except _ReaderGoneError:
        # What is still buffered has no reader; without this, closing the streams at exit would complain.
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nothing, stream.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - whatever the user wrote, this is a bug: it is shown whole
        traceback.print_exc()
        click.echo(say("say.bug", error=type(error).__name__), err=True)
        return ERRORS
    return status if isinstance(status, int) else FINE


def _set_encodings() -> None:
    """Make data UTF-8 wherever it goes, and let a terminal that has no `→` show the rest."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if stream is sys.stdout and not stream.isatty():
                stream.reconfigure(encoding="utf-8")
