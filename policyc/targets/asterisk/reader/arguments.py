"""Arguments as Asterisk separates them (`__ast_app_separate_args`), and the few other ways it cuts a text."""

import re

from policyc.targets.asterisk.reader.remembering import remembered

_HOLDING = re.compile(r'[()\[\]"\\]')


def separate(text: str, delimiter: str, most: int, *, plain: bool = False) -> list[str]:
    """Return at most so many arguments; parentheses, brackets and quotes hold a delimiter. The last is left as it is.

    Unless `plain`, quotes and backslashes are taken off what is looked through.
    """
    if not _HOLDING.search(text):
        return text.split(delimiter, most - 1) if text else []
    return [*_separated(text, delimiter, most, plain)]


@remembered
def _separated(text: str, delimiter: str, most: int, plain: bool) -> tuple[str, ...]:
    """Return the same, looked through character by character."""
    found: list[str] = []
    at = parens = brackets = 0
    quoted = ended = False
    while at < len(text) and len(found) < most - 1:
        argument: list[str] = []
        ended = False
        while at < len(text):
            char = text[at]
            at += 1
            if char == '"' and delimiter != '"':
                quoted = not quoted
                if not plain:
                    continue
            elif char == "\\":
                argument += [char] if plain else []
                argument += text[at : at + 1]
                at += 1
                continue
            elif char == delimiter and not parens and not quoted and not brackets:
                ended = True
                break
            else:
                parens = max(0, parens + {"(": 1, ")": -1}.get(char, 0))
                brackets = max(0, brackets + {"[": 1, "]": -1}.get(char, 0))
            argument.append(char)
        found.append("".join(argument))
    if at < len(text) or ended:
        found.append(text[at:])
    return tuple(found)


def split(text: str, delimiter: str, most: int) -> list[str | None]:
    """Return so many parts as `strsep` gives them, None where there is none; the last is the whole rest."""
    parts: list[str | None] = [*text.split(delimiter, most - 1)]
    return parts + [None] * (most - len(parts))


def leading_number(text: str) -> int | None:
    """Return the number that a text begins with, as `sscanf` reads it."""
    found = re.match(r"[ \t\n\r\v\f]*([+-]?[0-9]{1,29})", text)
    return int(found[1]) if found else None
