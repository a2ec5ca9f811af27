"""A guide in, the files that whoever follows it has at each step out.

A fenced block says what it is after the name of its language:

    ```asterisk avant extensions.conf      what stands in the file before
    ```diff extensions.conf essai          lines that the step `essai` changes in it
    ```asterisk fin extensions.conf essai  lines that the step puts at its end
    ```lua nouveau policyc.lua essai       a file that the step makes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROLES = {"avant", "fin", "nouveau"}


@dataclass(frozen=True)
class Block:
    """A fenced block: the line it starts at, its language, what follows that name, and its text."""

    line: int
    language: str
    words: tuple[str, ...]
    text: str


class Guide:
    """One page, and what its blocks make."""

    def __init__(self, name: str) -> None:
        self.path = DOCS / f"rattacher-{name}.md"
        self.text = self.path.read_text(encoding="utf-8")
        self.blocks = [
            Block(self.text.count("\n", 0, found.start()) + 1, found[1], tuple(found[2].split()), found[3])
            for found in re.finditer(r"^```(\w+)\b([^\n]*)\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        ]

    def all(self, language: str, *words: str) -> list[Block]:
        """Return the blocks of a language that have all of the words."""
        return [one for one in self.blocks if one.language == language and set(words) <= set(one.words)]

    def one(self, language: str, *words: str) -> str:
        """Return the text of the only such block."""
        (block,) = self.all(language, *words)
        return block.text

    @property
    def steps(self) -> list[str]:
        """The names of the steps, in the order of the page."""
        return list(dict.fromkeys(step for _, _, step, _ in self._changes() if step))

    def files(self, *steps: str) -> dict[str, str]:
        """Return the files of the PBX once the steps are done."""
        made: dict[str, str] = {}
        for role, file, step, text in self._changes():
            if step and step not in steps:
                continue
            if role in ("avant", "nouveau"):
                assert file not in made, f"{self.path.name}: {file} is there already"
                made[file] = text
            elif role == "fin":
                made[file] = f"{made.get(file, '')}\n{text}"
            else:
                made[file] = changed(made[file], text)
        return made

    def _changes(self) -> list[tuple[str, str, str, str]]:
        """Return role, file, step and text of each block that makes or changes a file."""
        found = []
        for block in self.blocks:
            if block.language == "diff":
                file, step = block.words
                found.append(("diff", file, step, block.text))
            elif block.words and block.words[0] in ROLES:
                role, file, *step = block.words
                assert len(step) == (0 if role == "avant" else 1), f"{self.path.name}:{block.line}: {block.words}"
                found.append((role, file, "".join(step), block.text))
        return found


def changed(text: str, diff: str) -> str:
    """Return the text with a change done: lines with ` ` and `-` must follow one another there, once."""
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " -")
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " +")
    assert {line[0] for line in diff.splitlines()} <= set(" -+"), diff
    assert f"\n{text}".count(f"\n{before}") == 1, f"not there, or more than once:\n{before}"
    return f"\n{text}".replace(f"\n{before}", f"\n{after}", 1)[1:]


def reverse(diff: str) -> str:
    """Return the change that takes a change back."""
    swapped = {"+": "-", "-": "+", " ": " "}
    lines = [swapped[line[0]] + line[1:] for line in diff.splitlines(keepends=True)]
    return "".join(lines)


def excerpt(text: str) -> re.Pattern[str]:
    """Return a pattern for what a console shows, in which `…` alone on a line, or within one, leaves something out."""
    lines = ["(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in text.splitlines()]
    return re.compile("".join(lines))
