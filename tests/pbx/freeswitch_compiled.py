"""A policy in, the folder out that an instance of FreeSWITCH runs: its lines are the channels dialled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import policyc

LINES = {
    "extension_dial": "loopback/ext-{number}/phones",
    "external_dial": "loopback/out-{number}/phones",
}


def write(policy: policyc.Policy, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Compile into a folder, with the list of the policy's mailboxes beside.

    The tree for a trial stays out: the instance has its own, and plays the PBX's own context.
    """
    compiled = policyc.compile(policy, targets=["freeswitch"], settings={"freeswitch": {**LINES, **(settings or {})}})
    folder.mkdir(exist_ok=True)
    (folder / "policyc.xml").write_text(compiled.files["freeswitch"]["policyc.xml"], encoding="utf-8", newline="")
    boxes = sorted(number for number, extension in policy.extensions.items() if extension.mailbox)
    (folder / "mailboxes").write_text("\n".join(boxes), encoding="utf-8")
