"""Two policies in, what they say of extensions, systems and themselves, whatever calls depend on it, out."""

from collections.abc import Iterator

from policyc.model import Extension, Policy, System
from policyc.values import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that differs. `number` is that of an extension or a system, None for the policy itself.

    `key` is name, zone, mobile, mailbox, ring, kind, extension or system; the last two: whether there is such a one at
    all, `before` and `after` being its name. None: not there, or none.
    """

    number: str | None
    key: str
    before: str | int | bool | None
    after: str | int | bool | None


def settings(old: Policy, new: Policy) -> Iterator[Setting]:
    """Yield the settings that differ, those of the policy first, then by number."""
    for key, before, after in (("name", old.name, new.name), ("zone", old.zone.key, new.zone.key)):
        if before != after:
            yield Setting(None, key, before, after)
    for number in sorted(
        {**old.extensions, **new.extensions, **old.systems, **new.systems}, key=lambda one: (len(one), one)
    ):
        yield from _pair("extension", number, old.extensions.get(number), new.extensions.get(number))
        yield from _pair("system", number, old.systems.get(number), new.systems.get(number))


def _pair(
    key: str, number: str, before: Extension | System | None, after: Extension | System | None
) -> Iterator[Setting]:
    if before is None or after is None:
        if before is not after:
            yield Setting(number, key, None if before is None else before.name, None if after is None else after.name)
        return
    for one, (was, now) in zip(_KEYS[key], zip(_values(before), _values(after), strict=True), strict=True):
        if was != now:
            yield Setting(number, one, was, now)


_KEYS = {"extension": ("name", "mobile", "mailbox", "ring"), "system": ("name", "kind")}


def _values(one: Extension | System) -> tuple[str | int | bool | None, ...]:
    if isinstance(one, Extension):
        return one.name, one.mobile, one.mailbox, one.ring_seconds
    return one.name, one.kind
