"""The command line: arguments in, files, standard output and an exit status out. The only place that prints.

Messages go to standard error, data to standard output. Status: 0 fine, 1 errors found, 2 bad usage, 3 changes
(with `--exit-code`).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click

from policyc import words
from policyc.cli.group import commands
from policyc.cli.language import language
from policyc.cli.printing import BROKEN_PIPE, ERRORS, FINE, INTERRUPTED, ReaderGoneError

__all__ = ["commands", "language", "run"]


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
    except ReaderGoneError:
        # What is still buffered has no reader; without this, closing the streams at exit would complain.
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nothing, stream.fileno())
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - whatever the user wrote, this is a bug: it is shown whole
        import traceback

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
