"""Classes of plain values, of which a policy makes hundreds of thousands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(*, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a dataclass with slots that is frozen in the eyes of mypy, and hashed as such.

    At run time nothing keeps its fields from being assigned: made frozen there, a value takes four times as long to
    make (0.8 µs for three fields and not 0.2), and its class nearly twice.
    """
    return dataclass(slots=True, eq=eq, unsafe_hash=eq)
