"""The commands of policyc, in the order in which help lists them."""

from __future__ import annotations

from functools import cache
from typing import Final

import click

from policyc import words
from policyc.cli import apply, check, compile, completion, diff, explain, fmt, init, test, trace, verify
from policyc.cli.language import teach
from policyc.cli.options import CONTEXT, Options, lang

# As one comes to need them: to begin, to write a policy, to bring it to a PBX, to understand.
_COMMANDS: Final = (init, check, fmt, test, trace, diff, compile, verify, apply, explain, completion)


class _Group(click.Group):
    """A group that lists its commands in the order in which they were added; click would sort them by name."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)


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
        help=say.raw("help.main"),
        options_metavar=say("metavar.options"),
        subcommand_metavar=say("metavar.commands"),
        context_settings=CONTEXT,
    )
    @lang(say)
    @click.version_option(message=say("say.version", version=__version__), version="", help=say("help.version"))
    def main() -> None:
        pass

    options = Options(main, say)
    for module in _COMMANDS:
        module.add(options)
    return main
