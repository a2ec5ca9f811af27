"""`policyc completion`: the script that a shell asks policyc by; and what it answers, a word begun in, its ends out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

from policyc.cli.printing import FINE, put

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from policyc.cli.options import Options

_SHELLS: Final = ("bash", "zsh", "fish")


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("completion")
    @click.argument("shell", type=click.Choice(_SHELLS), metavar=say("metavar.shell"))
    def completion(shell: str) -> int:
        return _completion(options.group, shell)


def _completion(group: click.Group, shell: str) -> int:
    from click.shell_completion import ShellComplete, get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise AssertionError(f"click does not know {shell}")
    # That of the class itself would ask which bash is here, and this may be for another machine.
    put(ShellComplete.source(found(group, {}, "policyc", "_POLICYC_COMPLETE")))
    return FINE


# -- what may stand for a word -----------------------------------------------------------------------------------------


def policies(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the policy files that begin so and, beside them, the folders."""
    folder, name = os.path.split(begun)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as found:  # noqa: PTH111 - a Path would lose `./`
            inside = sorted(one.name + "/" * one.is_dir() for one in found)
    except OSError:
        return []
    # As shells do: what is hidden is for those who write the dot. What is no line of text cannot be handed over.
    near = [one for one in inside if one.startswith(name) and one.isprintable() and (name or one[0] != ".")]
    if not any(one.endswith(".pol") for one in near):
        return folders(_context, _parameter, begun)  # the shell's own way, which goes on behind the `/`
    return _items([os.path.join(folder, one) for one in near if one.endswith((".pol", "/"))])  # noqa: PTH118 - as above


def folders(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return that the shell is to look for folders."""
    return _items([begun], "dir")


def files(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return that the shell is to look for files."""
    return _items([begun], "file")


def targets(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the targets that begin so."""
    from policyc import targets

    return _items([one for one in (*targets.names(), *targets.plugins()) if one.startswith(begun.lower())])


def codes(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Return the codes of diagnostics that begin so, each with its name; or the names that do, with their codes."""
    from click.shell_completion import CompletionItem

    from policyc.diagnostics import CODES

    known = CODES.values()
    by_code = [CompletionItem(one.id, help=one.name) for one in known if one.id.startswith(begun.upper())]
    return by_code or [CompletionItem(one.name, help=one.id) for one in known if one.name.startswith(begun.lower())]


def _items(values: list[str], kind: str = "plain") -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(one, type=kind) for one in values]
