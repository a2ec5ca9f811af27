"""The language of a run: arguments and the environment in, `fr` or `en` out; click taught to speak it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from gettext import gettext, ngettext
from typing import TYPE_CHECKING, Final

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from policyc import words

if TYPE_CHECKING:
    from policyc.words import Words


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


def teach(say: Words) -> None:
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
