"""A difference in, Markdown for a comment on a pull or merge request out: `<!-- policyc diff -->`, a verdict, lists.

Everything that a policy says stands in a code span: there, neither GitHub nor GitLab sees mentions, references, emoji,
links or HTML. What does not fit into a comment is counted, never cut.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from policyc.diff.grouping import Group
from policyc.diff.phrasing import Phrasing, Told
from policyc.report import Catalogue, visible
from policyc.words import Words

MARKER: Final = "<!-- policyc diff -->"
MOST: Final = 60_000  # characters: GitHub takes 65,536
_SPARE: Final = 1_000  # for titles, and for how many are left out
_FEWEST: Final = 80  # characters that an entry has at least
_MOST_SHOWN: Final = 20


def to_markdown(told: Told, words: Words, catalogue: Catalogue) -> str:
    """Return a comment: the verdict, the largest groups, and in folds the others, their rules and the settings."""
    say = Phrasing(told, words, catalogue, code)
    groups, settings = told.difference.groups, told.difference.settings
    head = [MARKER, f"### {say.words('diff.title')}", f"**{say.verdict()}**"]
    if shares := say.shares():
        head.append(say.words("diff.shares", shares=", ".join(shares)))
    if zones := say.zones():
        head.append(zones)
    text = "\n\n".join(head) + "\n"
    most = told.most or _MOST_SHOWN
    room = _Room(MOST - _SPARE - len(text))
    text += room.section("", (f"- {say.line(one)}\n" for one in groups[:most]), len(groups[:most]), say)
    if (replayed := told.replayed) is not None:
        moved = replayed.moved
        text += f"\n{say.replayed(replayed)}\n"
        text += room.section("", (f"- {say.moved(one)}\n" for one in moved), len(moved), say)
    if settings:
        title = say.words("diff.settings_count", count=say.count(len(settings)))
        text += room.section(title, (f"- {say.setting(one)}\n" for one in settings), len(settings), say)
    if rest := groups[most:]:
        text += room.section(say.others(len(rest)), (f"- {say.line(one)}\n" for one in rest), len(rest), say)
    if groups:
        title = say.words("diff.rules")
        text += room.section(title, (_why(say, one) for one in groups), len(groups), say)
    return text


def _why(say: Phrasing, group: Group) -> str:
    """Return a group with the rules that decide an example of it."""
    lines = [f"- {say.line(group)}\n"]
    for side, after in (("diff.before", False), ("diff.after_", True)):
        lines += (f"  - {say.words(side)}{step}\n" for step in say.steps(group, after=after))
    lines.append(f"  - {say.words('diff.example', command=say.command(group.example))}\n")
    return "".join(lines)


class _Room:
    """How many characters are left."""

    def __init__(self, left: int) -> None:
        self._left = left

    def section(self, title: str, entries: Iterable[str], count: int, say: Phrasing) -> str:
        """Return a list of those entries that fit, and how many do not; with a title, in a fold."""
        shown = list(self._fitting(entries))
        if len(shown) < count:
            shown.append(f"- {say.left_out(count - len(shown))}\n")
        text = "".join(shown)
        if title:
            return f"\n<details>\n<summary>{title}</summary>\n\n{text}\n</details>\n"
        return f"\n{text}" if shown else ""

    def _fitting(self, entries: Iterable[str]) -> Iterator[str]:
        for entry in entries:
            if self._left < _FEWEST:
                return
            if len(entry) <= self._left:
                self._left -= len(entry)
                yield entry


def code(text: str) -> str:
    """Return a text as a code span, whatever is in it."""
    inner = visible(" ".join(text.split()))
    fence = "`" * (max(map(len, re.findall("`+", inner)), default=0) + 1)
    blank = " " if inner.startswith("`") or inner.endswith("`") or not inner else ""
    return f"{fence}{blank}{inner}{blank}{fence}"
