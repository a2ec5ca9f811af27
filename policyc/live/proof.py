"""A running Asterisk in, what `policyc.proof` holds to a policy out."""

from collections.abc import Mapping
from typing import Any

from policyc.live.access import Access
from policyc.live.ami import Waits
from policyc.live.asterisk import read_live
from policyc.model import Policy
from policyc.proof.protocol import NotUnderstood, Reading
from policyc.targets.asterisk import proof, reader


def read(
    access: Access, policy: Policy, settings: Mapping[str, Any], *, ca: str | None = None, waits: Waits | None = None
) -> Reading | NotUnderstood:
    """Return the dialplan of a running Asterisk, or the setting there that changes how all calls run.

    Raises LiveError, and OSError when `ca` cannot be used.
    """
    try:
        dialplan = read_live(access, settings, ca=ca, waits=waits)
    except reader.NotUnderstood as unclear:
        return NotUnderstood(unclear.place.file, unclear.place.line, unclear.what.value, unclear.text)
    return proof.reading(dialplan, policy, settings)
