"""Classes of plain values, quick to make: the classes when policyc starts, and their values, hundreds of thousands.

`dataclass` is that of `dataclasses`, but for when the methods of a class are written: each when it is first called.
To write and compile all of them takes 0.4 ms a class, or 0.7 if frozen, which for the hundred classes that a small
policy needs is as long as the rest of loading policyc; so it takes 0.05, and 0.1 for each method that is called.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass  # for mypy, they are one

__all__ = ["dataclass", "value"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(*, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a dataclass with slots that is frozen in the eyes of mypy, and hashed as such.

    At run time nothing keeps its fields from being assigned: made frozen there, a value takes four times as long to
    make (0.8 µs for three fields and not 0.2).
    """
    return dataclass(slots=True, eq=eq, unsafe_hash=eq)


if not TYPE_CHECKING:

    def dataclass(
        *, frozen: bool = False, slots: bool = False, eq: bool = True, unsafe_hash: bool = False
    ) -> Callable[[type[T]], type[T]]:
        """Make a dataclass whose methods are written when they are first called."""

        def make(kind: type[T]) -> type[T]:
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(kind)
            methods = {"__init__": _later(made, "__init__", _init_frozen if frozen else _init), "__repr__": _repr}
            if eq:
                methods["__eq__"] = _later(made, "__eq__", _eq)
                methods["__hash__"] = _later(made, "__hash__", _hash) if frozen or unsafe_hash else None
            if frozen:
                methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
            if frozen and slots:
                methods |= {"__getstate__": _state, "__setstate__": _restore}
            for name, method in methods.items():
                if vars(kind).get(name) is None:
                    setattr(made, name, method)
            return made

        return make


def _later(made: type, name: str, write: Callable[[type], str]) -> Callable[..., Any]:
    """Return a method that gives way, when it is first called, to the one that is written for a class."""

    def method(self: object, *args: Any, **given: Any) -> Any:
        known: dict[str, Any] = {"_fields": made.__dataclass_fields__, "_set": object.__setattr__}  # type: ignore[attr-defined]
        exec(write(made), known)  # noqa: S102 - as dataclasses do: its text is of names of fields, and nothing else
        known[name].__qualname__ = f"{made.__qualname__}.{name}"
        setattr(made, name, known[name])
        return known[name](self, *args, **given)

    return method


def _init(made: type, assigned: str = "self.{0} = {1}") -> str:
    """Write what takes the fields of a class. Defaults are those of the fields themselves."""
    taken, body = ["self"], []
    for one in dataclasses.fields(made):
        given = one.name
        if one.default is not dataclasses.MISSING:
            taken.append(f"{one.name}=_fields[{one.name!r}].default")
        elif one.default_factory is not dataclasses.MISSING:
            taken.append(f"{one.name}=_fields")
            given = f"_fields[{one.name!r}].default_factory() if {one.name} is _fields else {one.name}"
        elif one.init:
            taken.append(one.name)
        else:
            continue  # __post_init__ sets it
        body.append(assigned.format(one.name, given))
    if hasattr(made, "__post_init__"):
        body.append("self.__post_init__()")
    return f"def __init__({', '.join(taken)}):\n " + "\n ".join(body or ["pass"])


def _init_frozen(made: type) -> str:
    return _init(made, "_set(self, {0!r}, {1})")


def _eq(made: type) -> str:
    mine, theirs = _compared(made, "self"), _compared(made, "other")
    return (
        f"def __eq__(self, other):\n return {mine} == {theirs} if other.__class__ is self.__class__ else NotImplemented"
    )


def _hash(made: type) -> str:
    return f"def __hash__(self):\n return hash({_compared(made, 'self')})"


def _compared(made: type, name: str) -> str:
    return "(" + "".join(f"{name}.{one.name}, " for one in dataclasses.fields(made) if one.compare) + ")"


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, content in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, content)
