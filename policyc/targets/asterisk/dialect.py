"""How Asterisk writes things: patterns, quoting, limits. Facts are of Asterisk 22 (pbx.c, config.c)."""

import re

from policyc.digits import Block

MAX_MAILBOX_NAME = 79  # bytes; a longer name is cut in voicemail.conf
MAX_COMMENT = 200  # characters; a line of 8191 bytes is skipped, with all that it does
MAX_USERFIELD = 255  # bytes of a call's record; a longer text is cut, perhaps within a character
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


def pattern(letter: str, block: Block) -> str:
    """Return the extension that matches the callers of a block behind a letter.

    A `-` is ignored by Asterisk and N, X, Z are classes in patterns: prefixes hold digits and `+` only.
    """
    prefix = letter + block.prefix
    if block.more is None:
        return f"_{prefix}!"
    return f"_{prefix}{'X' * block.more}" if block.more else prefix


def comment(text: str) -> str:
    """Return text that stays a short comment on its line: `;--` would open one over many lines."""
    plain = _UNSAFE.sub(" ", text).replace(";", ",")
    return plain if len(plain) <= MAX_COMMENT else plain[: MAX_COMMENT - 1].rstrip() + "…"


def mailbox_name(text: str) -> str:
    """Return a name for voicemail.conf, whose fields end at commas, with nothing that expands or starts a comment."""
    kept = re.sub(r"[\x00-\x1f\x7f,;|$\[\]{}=<>\"\\]", " ", text)
    return " ".join(kept.encode()[:MAX_MAILBOX_NAME].decode(errors="ignore").split())
