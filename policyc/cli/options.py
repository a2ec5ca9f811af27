"""What the commands share on the command line: the words of their help, and the options that several have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from policyc import words
from policyc.cli import completion

if TYPE_CHECKING:
    from policyc.words import Words

_F = TypeVar("_F", bound=Callable[..., Any])
CONTEXT: Final = {"help_option_names": ["-h", "--help"]}


class Options:
    """How one language says the commands that are added to a group, and the options that several of them have."""

    def __init__(self, group: click.Group, say: Words) -> None:
        """Take the group that commands are added to, and its language."""
        self.group = group
        self.say = say
        self.policies = click.argument(
            "policies", nargs=-1, metavar=say("metavar.policies"), shell_complete=completion.policies
        )
        self.strict = click.option("--strict", is_flag=True, help=say("help.strict"))
        self.ca = click.option(
            "--ca", metavar=say("metavar.file"), help=say("help.ca"), shell_complete=completion.files
        )
        self.today = click.option("--today", metavar=say("metavar.date"), callback=_date(say), help=say("help.today"))

    def command(self, name: str) -> Callable[[Callable[..., int]], None]:
        """Return what adds a function as a command, whose help is the words' own; it returns the exit status."""

        def add(function: Callable[..., int]) -> None:
            @wraps(function)  # the options that decorators left on it too
            def run(*args: Any, **values: Any) -> None:
                click.get_current_context().exit(function(*args, **values))

            self.group.command(
                name,
                help=self.say.raw(f"help.{name}"),
                options_metavar=self.say("metavar.options"),
                context_settings=CONTEXT,
            )(lang(self.say)(run))

        return add

    def form(self, help_key: str, forms: tuple[str, ...] = ("text", "json")) -> Callable[[_F], _F]:
        """Return the option `--format`."""
        return click.option(
            "--format", "form", type=click.Choice(forms), default="text", show_default=True, help=self.say(help_key)
        )

    def targets(self, help_key: str) -> Callable[[_F], _F]:
        """Return the option `--target`, to be repeated."""
        return click.option(
            "--target",
            "-t",
            "named",
            multiple=True,
            metavar=self.say("metavar.name"),
            help=self.say(help_key),
            shell_complete=completion.targets,
        )


def lang(say: Words) -> Callable[[_F], _F]:
    """Return the option `--lang`: `language` has read it already, here it is known, checked and explained."""
    return click.option("--lang", type=click.Choice(words.LANGUAGES), expose_value=False, help=say("help.lang"))


def _date(say: Words) -> Callable[[click.Context, click.Parameter, str | None], date]:
    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date:
        if value is None:
            return date.today()  # noqa: DTZ011 - the administrator's own day
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(say("usage.bad_date", value=value)) from None

    return read


def instant(say: Words) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
    """Return what reads an option as an instant, aware or not; None stays None."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            raise click.BadParameter(say("usage.bad_instant", value=value)) from None

    return read
