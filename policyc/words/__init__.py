"""The words of the command line, in French and English: a key and its values in, a sentence out."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from policyc import resources
from policyc.values import dataclass

LANGUAGES: Final = ("fr", "en")
DEFAULT: Final = "fr"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. A key that is missing is a bug, and a KeyError."""

    language: str
    tables: Mapping[str, Mapping[str, Any]]

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence, `table.name`, with its values filled in."""
        table, name = key.split(".")
        return str(self.tables[table][name]).format(**values)

    def raw(self, key: str) -> str:
        """Return a text that has no values, whatever braces it holds."""
        table, name = key.split(".")
        return str(self.tables[table][name])

    def sequence(self, key: str) -> tuple[str, ...]:
        """Return a list of words: days, months."""
        table, name = key.split(".")
        return tuple(self.tables[table][name])


@cache
def load(language: str = DEFAULT) -> Words:
    """Return the words of a language."""
    return Words(language, resources.read_tables(f"words/{language}.toml"))
