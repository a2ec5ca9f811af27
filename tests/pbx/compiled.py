"""A policy in, the folder out that an instance of the harness runs: its lines are the channels dialled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import policyc

CHANNELS = {
    "extension_channel": "Local/ext-{number}@phones/n",
    "external_channel": "Local/out-{number}@phones/n",
}


def write(
    policy: policyc.Policy, folder: Path, settings: Mapping[str, Any] | None = None, *, whole: bool = True
) -> None:
    """Compile into a folder; without `whole` leave out the stubs of the PBX's own context.

    The harness then plays that context, and tells what system extensions are shown.
    """
    compiled = policyc.compile(policy, targets=["asterisk"], settings={"asterisk": {**CHANNELS, **(settings or {})}})
    folder.mkdir(exist_ok=True)
    for name, text in compiled.files["asterisk"].items():
        if whole or name != "extensions.conf":
            (folder / name).write_text(text, encoding="utf-8", newline="")
