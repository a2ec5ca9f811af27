"""`policyc explain`: the page of a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policyc.cli import completion
from policyc.cli.places import close
from policyc.cli.printing import FINE, put
from policyc.diagnostics import CODES

if TYPE_CHECKING:
    from policyc.cli.options import Options
    from policyc.words import Words


def add(options: Options) -> None:
    """Add the command."""
    say = options.say

    @options.command("explain")
    @click.argument("code", metavar=say("metavar.code"), shell_complete=completion.codes)
    def explain(code: str) -> int:
        return _explain(say, code)


def _explain(say: Words, code: str) -> int:
    from policyc import report

    try:
        put(report.explain(code, say.language).rstrip("\n") + "\n")
    except KeyError:
        names = [one.name for one in CODES.values()]
        message = close(say, say("usage.unknown_code", code=code), code.strip().lower(), names)
        raise click.UsageError(message) from None
    return FINE
