"""Names that targets make up from the policy's own: stable, short, plain ASCII."""

import hashlib

from policyc.model import NamedPeriod
from policyc.source import fold

_MAX_SLUG = 40


def digest(text: str) -> str:
    """Return a short name made from text: the same for the same text, so that unrelated changes leave it alone."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def period_slug(period: NamedPeriod) -> str:
    """Return a name of a period in lower-case letters, digits and `_`; each period has its own."""
    if period.kind == "holidays":
        return "holidays"
    folded = fold(period.name)
    letters = "".join(char if char.isascii() and char.isalnum() else "_" for char in folded)
    if len(letters) <= _MAX_SLUG and letters == folded.replace(" ", "_") and "_" not in folded:
        return f"is_{letters}"
    return f"is_{letters[:_MAX_SLUG]}_{digest(folded)}"
