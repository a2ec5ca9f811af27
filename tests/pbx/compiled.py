"""A policy in, the folder out that an instance of the harness runs: its lines are the channels dialled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policyc.model import Policy
from policyc.targets.asterisk import render

CHANNELS = {
    "extension_channel": "Local/ext-{number}@phones/n",
    "external_channel": "Local/out-{number}@phones/n",
}


def write(
    policy: Policy, folder: Path, settings: Mapping[str, Any] | None = None, *, whole: bool = True
) -> None:
    """Compile into a folder; without `whole` leave out the stubs of the PBX's own context.

    The harness then plays that context, and tells what system extensions are shown.
    """
    rendered = render.render(policy, {**render.DEFAULTS, **CHANNELS, **(settings or {})})
    for name, text in rendered.files.items():
        if whole or name != "extensions.conf":
            (folder / name).write_text(text, encoding="utf-8", newline="")
