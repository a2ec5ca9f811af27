"""How FreeSWITCH writes things, as measured and read in its sources (mod_dialplan_xml.c, switch_xml.c)."""

import re
from collections.abc import Iterable

MAX_TEXT = 120
MAX_ALTERNATIVES = 100
"""Of one regular expression: PCRE2 refuses one of more than 64 KiB, and then it silently never matches."""

_KEPT = re.compile(r"[^\w\s.,:;/'’()«»*@&+=!-]")
_PREPROCESSED = re.compile(r"x-pre-process", re.IGNORECASE)


def text(raw: str) -> str:
    """Return text for names and comments: short, on one line, nothing that the preprocessor or XML would read.

    The preprocessor works line by line before XML is parsed: it reads `$${x}`, `<!--#exec` and `X-PRE-PROCESS` even
    in comments, and drops lines with `<?` or `<include>`. `--` must not stand in a comment.
    """
    plain = _PREPROCESSED.sub("x pre process", _KEPT.sub(" ", raw))
    plain = " ".join(re.sub(r"-{2,}", "-", plain).split())
    return plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1].rstrip() + "…"


def one_of(alternatives: Iterable[str]) -> str:
    """Return the expression of one of some alternatives, whole."""
    some = tuple(alternatives)
    return f"^{some[0]}$" if len(some) == 1 else f"^(?:{'|'.join(some)})$"


def none_of(alternatives: Iterable[str]) -> str:
    """Return the expression of anything but some alternatives."""
    return f"^(?!(?:{'|'.join(alternatives)})$)"


def chunks(alternatives: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return alternatives in as many parts as expressions need."""
    return [alternatives[at : at + MAX_ALTERNATIVES] for at in range(0, len(alternatives), MAX_ALTERNATIVES)]
