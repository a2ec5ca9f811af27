"""A policy before and after few of its rules changed in, what the change may reach out, with most of both unread."""

from policyc.revision.reading import (
    LEAST,
    Read,
    Revision,
    Side,
    between,
    frame_of,
    is_plain,
    of_workspaces,
    source_of,
)

__all__ = [
    "LEAST",
    "Read",
    "Revision",
    "Side",
    "between",
    "frame_of",
    "is_plain",
    "of_workspaces",
    "source_of",
]
