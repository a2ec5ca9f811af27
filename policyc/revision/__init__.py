"""A policy before and after few of its rules changed in, what the change may reach out, with most of both unread."""

from policyc.revision.blocks import Block
from policyc.revision.known import Known
from policyc.revision.reading import (
    LEAST,
    Read,
    Revision,
    Side,
    between,
    blocks_of,
    frame_of,
    is_plain,
    known,
    of_workspaces,
    source_of,
)

__all__ = [
    "LEAST",
    "Block",
    "Known",
    "Read",
    "Revision",
    "Side",
    "between",
    "blocks_of",
    "frame_of",
    "is_plain",
    "known",
    "of_workspaces",
    "source_of",
]
