"""What targets make up alike from the policy and their settings: names, stable and plain, and dial strings."""

import hashlib

from policyc.model import NamedPeriod, Policy, Rule
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


def layer_names(policy: Policy) -> dict[tuple[str, tuple[Rule, ...]], str]:
    """Return names for the layers of `pour tous` that extensions share, by place (`first` or `rest`) and rules.

    The layer without exceptions has the plain name; those that leave rules out for some extensions have a digest.
    """
    whole = {"first": policy.first, "rest": policy.rest}
    names: dict[tuple[str, tuple[Rule, ...]], str] = {}
    for number in sorted(policy.extensions):
        first, _, rest = policy.layers(number)
        for place, rules in (("first", first), ("rest", rest)):
            if rules and (place, rules) not in names:
                plain = f"policyc-{place}"
                # blocks that read alike may hold for different extensions
                said = [f"{rule.span.text} {' '.join(sorted(rule.excepted))}" for rule in rules]
                kept = digest("\n".join(said))
                names[place, rules] = plain if rules == whole[place] else f"{plain}-{kept}"
    return names


def dial_string(template: str, number: str, e164: str) -> str:
    """Return how a number is dialled, by a template with `{number}` or `{e164}`."""
    return template.replace("{number}", number).replace("{e164}", e164)
