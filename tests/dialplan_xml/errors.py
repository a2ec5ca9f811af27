"""What stops an evaluation: nothing is assumed of what is not understood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a dialplan file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class DialplanError(Exception):
    """A dialplan that cannot be evaluated; `place` is the line at fault."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place


class UnsupportedError(DialplanError):
    """The line has something whose effect on FreeSWITCH is not modelled here, or that FreeSWITCH handles wrongly."""


class InjectionError(DialplanError):
    """Text that came with the call would be expanded as `${…}`: a caller could run a command of FreeSWITCH."""
