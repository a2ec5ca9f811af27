"""The commands of policyc, in the order in which help lists them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Final

import click

from policyc import words
from policyc.cli.language import teach
from policyc.cli.options import CONTEXT, Options, lang

# As one comes to need them: to begin, to write a policy, to bring it to a PBX, to understand.
COMMANDS: Final = (
    "init", "check", "fmt", "test", "trace", "diff", "compile", "verify", "apply", "explain", "completion",
)  # fmt: skip


class _Group(click.Group):
    """A group that lists its commands in their order, where click would sort them by name, and loads those asked for.

    A run needs one of them, and all take 10 ms.
    """

    def __init__(self, *args: Any, language: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._options = Options(self, words.load(language))

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS and name not in self.commands:
            import_module(f"policyc.cli.{name}").add(self._options)
        return super().get_command(context, name)


def commands(chosen: str = words.DEFAULT) -> click.Group:
    """Return the commands in a language, with click speaking it too."""
    teach(words.load(chosen))
    return _commands(chosen)


@cache
def _commands(chosen: str) -> click.Group:
    from policyc import __version__

    say = words.load(chosen)

    @click.group(
        cls=_Group,
        language=chosen,
        help=say.raw("help.main"),
        options_metavar=say("metavar.options"),
        subcommand_metavar=say("metavar.commands"),
        context_settings=CONTEXT,
    )
    @lang(say)
    @click.version_option(message=say("say.version", version=__version__), version="", help=say("help.version"))
    def main() -> None:
        pass

    return main
