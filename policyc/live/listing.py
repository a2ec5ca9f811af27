"""What Asterisk says of its dialplan in, contexts out: two listings, each of which lacks what the other has.

`ShowDialPlan` gives every text whole; `dialplan show` gives contexts without extensions, which extensions are for some
callers only, and the line of the file, but cuts what is long. They come in one order, so each line of the second is
made from the first and compared; where they differ, nothing is concluded.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policyc.live.ami import Message
from policyc.targets.asterisk.reader import Entry, ListedContext, ListedStep, Place

_LONGEST: Final = 1023  # what `dialplan show` shows of a step
_CONTEXT: Final = re.compile(r"\[ Context '(.*)' created by '(.*)' \]", re.DOTALL)
_SUMMARY: Final = re.compile(r"-= \d+ extensions? \(\d+ priorit(?:y|ies)\) in \d+ contexts?\. =-")
_PLACE: Final = re.compile(r"\[(?:(.+):([0-9]{1,9})|[^\[\]]*)\]\s*")
_VARIABLES: Final = re.compile(r"(.*?)\n *-- (\d+) variable\(s\)\n*", re.DOTALL)
_OTHERS: Final = {
    "IncludeContext": "Include =>",
    "IgnorePattern": "Ignore pattern =>",
    "Switch": "Alt. Switch =>",
}


class UnlikeError(Exception):
    """A line that is not as Asterisk is known to write it, or does not say what the other listing does."""


def contexts(host: str, shown: Sequence[str], items: Iterable[Message]) -> Iterator[ListedContext]:
    """Yield the contexts of `dialplan show` and `ShowDialPlan`. Raises UnlikeError."""
    waiting = iter(items)
    section: _Section | None = None
    lines = iter(shown)
    for line in lines:
        if found := _CONTEXT.fullmatch(line):
            if section:
                yield section.built()
            section = _Section(host, found[1])
        elif _SUMMARY.fullmatch(line):
            break
        elif line not in ("", "Autohints support enabled"):
            item = next(waiting, None)
            if section is None or item is None or item["Context"] != section.name:
                raise UnlikeError(line)
            section.take(line, item)
    else:
        raise UnlikeError("…")  # no summary: it is not all
    if section:
        yield section.built()
    if (more := next(waiting, None)) is not None:
        raise UnlikeError(more["Context"])


class _Section:
    """A context as it is listed."""

    def __init__(self, host: str, name: str) -> None:
        self.host, self.name = host, name
        self.steps: list[ListedStep] = []
        self.includes: list[tuple[str, Place]] = []
        self.switches: list[tuple[str, Place]] = []
        self.exten: str | None = None
        self.caller: str | None = None  # of the extension that is listed

    def built(self) -> ListedContext:
        return ListedContext(self.name, tuple(self.steps), tuple(self.includes), tuple(self.switches))

    def take(self, line: str, item: Message) -> None:
        for key, head in _OTHERS.items():
            if value := item[key]:
                place = self.place(line, head, f"'{value}'")
                if key == "IncludeContext":
                    self.includes.append((value, place))
                elif key == "Switch":
                    self.switches.append((value, place))
                return
        self.step(line, item)

    def step(self, line: str, item: Message) -> None:
        exten, priority, label = item["Extension"], item["Priority"], item["ExtensionLabel"]
        start = f"  '{exten}'"
        if line.startswith((f"{start} =>", f"{start} (CID match '")):
            self.exten, self.caller, head = exten, None, f"'{exten}' =>"
            if not line.startswith(f"{start} =>"):
                self.caller = line[len(start) + len(" (CID match '") :].partition("') => ")[0]
                head = f"'{exten}' (CID match '{self.caller}') => "
        elif exten == self.exten:
            head = f"   [{label}]" if label else ""
        else:
            raise UnlikeError(line)
        application, data = item["Application"], item["AppData"]
        if priority == "hint":
            self.place(line, head, f"hint: {application}")
            return
        if not re.fullmatch(r"[0-9]{1,9}", priority, re.ASCII):
            raise UnlikeError(line)
        place = self.place(line, head, f"{priority}. {application}({data})", int(priority))
        self.steps.append(ListedStep(exten, int(priority), label, application, data, place, self.caller))

    def place(self, line: str, head: str, text: str, number: int = 0) -> Place:
        """Return the place that a line tells, or one in the PBX itself. Raises UnlikeError for another line."""
        wanted = f"  {head:<17} {text[:_LONGEST]:<45} "
        found = _PLACE.fullmatch(line, len(wanted)) if line.startswith(wanted) else None
        if found is None:
            raise UnlikeError(line)
        return Place(found[1], int(found[2])) if found[1] else Place(f"{self.host}:{self.name}", number)


def variables(shown: Sequence[str]) -> dict[str, str]:
    """Return the global variables that `dialplan show globals` prints. Raises UnlikeError."""
    told = _VARIABLES.fullmatch("\n".join(shown))
    if told is None:
        raise UnlikeError(next(reversed(shown), "…"))
    found: dict[str, str] = {}
    last = ""
    for line in told[1].split("\n")[:-1]:
        name, equals, value = line.partition("=")
        if equals and line.startswith("   "):
            last = name.strip()
            found[last] = value
        elif last:
            found[last] += f"\n{line}"  # a value of several lines
        else:
            raise UnlikeError(line)
    if int(told[2]) != len(found):
        raise UnlikeError(shown[-1])
    return found


def settings(section: Message, file: str) -> Iterator[Entry]:
    """Yield the settings of a section of a file, as `GetConfig` tells them."""
    for key, value in section.headers:
        if key.startswith("Line-"):
            name, _, text = value.partition("=")
            yield Entry(name.strip(), text.strip(), Place(file, 0))
