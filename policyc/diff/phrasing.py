"""A difference in, the words of a language for its parts out: extensions, callers, times, endings, settings.

Every form that people read is made of these. What comes from a policy goes through `quote`, which makes it harmless
in that form; everything else is our own words, digits and signs.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final

from policyc.diff.callers import Item, Phrase
from policyc.diff.grouping import OWN, Difference, Example, Group, Share
from policyc.diff.phrasing_times import Times, listed
from policyc.diff.redacting import Mask, mask
from policyc.diff.replay import Moved, Replay
from policyc.diff.settings import Setting
from policyc.digits import Kind
from policyc.evaluate import Step
from policyc.formatting import tokens
from policyc.model import Policy
from policyc.outcomes import Ending
from policyc.report import Catalogue, visible
from policyc.values import dataclass
from policyc.words import Words

_MOST_ITEMS: Final = 6
_MOST_EXTENSIONS: Final = 4  # that are named one by one; of more, a few are
_FEW_EXTENSIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What is told. `old_path` and `new_path` turn the path of a policy file into the one that people are shown.

    `redact`: personal numbers are masked. `most` groups are told, the largest; None: all, with the rules that decide.
    `policies` are the files of the new policy as the user named them; `replayed` is what became of calls of records.
    """

    difference: Difference
    old_path: Callable[[str], str] = str
    new_path: Callable[[str], str] = str
    redact: bool = False
    most: int | None = 20
    policies: tuple[str, ...] = ()
    replayed: Replay | None = None
    mask: Mask = field(init=False)

    def __post_init__(self) -> None:
        """Make the mask."""
        shown = mask(self.difference.old, self.difference.new) if self.redact else Mask()
        object.__setattr__(self, "mask", shown)

    def place(self, step: Step, *, after: bool) -> tuple[str, int, str] | None:
        """Return the file, the line and the text of the rule that decides a step, if one does."""
        if step.rule is None:
            return None
        span = step.rule.span
        path = (self.new_path if after else self.old_path)(span.file.path)
        return self.mask.text(path), span.line, self.mask.rule(" ".join(span.text.split()))


class Phrasing:
    """How one language says the parts of a difference."""

    def __init__(self, told: Told, words: Words, catalogue: Catalogue, quote: Callable[[str], str] = visible) -> None:
        """Take what is told, and what makes a text of the policies ready to be shown."""
        self.told = told
        self.words = words
        self.count = catalogue.number
        self.quote = quote
        self._difference = told.difference
        self._mask = told.mask
        self._times = Times(words, self._text)

    # -- a group -------------------------------------------------------------------------------------------------------

    def line(self, group: Group) -> str:
        """Return a group in one line."""
        times = self.times(group)
        return self.words(
            "diff.line",
            extensions=self.extensions(group),
            callers=self.callers(group),
            times=times and f", {times}",
            before=self.before(group),
            after=self.after(group),
        )

    def extensions(self, group: Group) -> str:
        """Return the extensions of a group, by name if there is one."""
        numbers = group.extensions
        if len(numbers) == 1:
            return self.extension(numbers[0])
        if len(numbers) == self._difference.extensions:
            return self.words("diff.all_extensions", count=self.count(len(numbers)))
        if len(numbers) <= _MOST_EXTENSIONS:
            return listed(numbers, self.words("diff.and"))
        others = self.count(len(numbers) - _FEW_EXTENSIONS)
        return self.words("diff.and_others", first=", ".join(numbers[:_FEW_EXTENSIONS]), count=others)

    def extension(self, number: str) -> str:
        """Return the number and the name of an extension or a system."""
        for policy in (self._difference.new, self._difference.old):
            if known := policy.extensions.get(number) or policy.systems.get(number):
                return self._text(f"{number} {known.name}")
        return number

    def callers(self, group: Group, most: int | None = _MOST_ITEMS) -> str:
        """Return the callers of a group, and how many numbers they have if that says more."""
        phrases = [self._phrase(one, most) for one in group.phrases]
        if not phrases:
            return self.words("diff.beyond")
        text = self.words("diff.also").join(phrases)
        kinds = [item.kind for phrase in group.phrases for item in phrase.items]
        if "everyone" in kinds or kinds in (["number"], ["anonymous"]):
            return text
        numbers = group.callers.numbers
        return self.words("diff.number" if numbers == 1 else "diff.numbers", count=self.count(numbers), callers=text)

    def is_cut(self, group: Group) -> bool:
        """Tell whether the callers of a group have more names than are told."""
        return any(max(len(one.items), len(one.excepted)) > _MOST_ITEMS for one in group.phrases)

    def times(self, group: Group) -> str:
        """Return the times of a group, or nothing where they are all instants."""
        return self._times.describe(group.described)

    def before(self, group: Group) -> str:
        """Return where calls of a group ended."""
        return self._ending(group.before, group, self._difference.old)

    def after(self, group: Group) -> str:
        """Return where calls of a group end now."""
        return self._ending(group.after, group, self._difference.new)

    def _ending(self, ending: Ending, group: Group, policy: Policy) -> str:
        extension, number = ending.extension, ending.number
        alone = policy.extensions.get(group.extensions[0]) if len(group.extensions) == 1 else None
        if number is not None:
            own = number == OWN
            kind = "own_mobile" if own else "mobile" if alone and number == alone.mobile else "number"
            text = self.words(f"diff.{kind}_{ending.kind}", number=self._mask.display(number))
            away = extension not in (None, OWN) and group.extensions != (extension,)
            return self.words("diff.of_extension", ending=text, extension=extension) if away else text
        if extension in (None, OWN) and not (ending.kind == "system" and len(group.extensions) == 1):
            return self.words(f"diff.own_{ending.kind}")
        return self.words(f"diff.to_{ending.kind}", extension=extension or group.extensions[0])

    def _phrase(self, phrase: Phrase, most: int | None) -> str:
        text, kind = self._items(phrase.items, most), phrase.kind and phrase.kind.value
        first = phrase.items[0].kind
        whole = len(phrase.items) == 1 and first in ("everyone", "anonymous")
        if kind and whole:
            text = self.words(f"diff.{first}_{kind}")
        if phrase.excepted:
            key = "diff.whole_except" if whole else "diff.except"
            text = self.words(key, callers=text, excepted=self._items(phrase.excepted, most))
        return self.words(f"diff.{kind}", callers=text) if kind and not whole else text

    def _items(self, items: Sequence[Item], most: int | None) -> str:
        texts = list(dict.fromkeys(map(self._item, items)))  # numbers that are masked may look alike
        shown = texts[:most]
        short = all(item.kind == "prefix" for item in items) and not any(" " in one for one in shown)
        between = " " if short else ", "
        return between.join(shown) + ("" if len(shown) == len(texts) else f"{between}…")

    def _item(self, item: Item) -> str:
        match item.kind:
            case "everyone":
                return self.words("diff.everyone")
            case "anonymous":
                return self.words("diff.anonymous")
            case "name":
                return self._text(tokens.name(item.text))
            case "number":
                return self._mask.display(item.text)
            case "range":
                ends = (self._mask.display(_compact(end)) for end in item.text.split(".."))
                return self.quote("..".join(dict.fromkeys(ends)))  # masked, they may look alike
        return self._prefix(self._mask.prefix(_compact(item.text)), item.length)

    def _prefix(self, prefix: str, length: int | None) -> str:
        if not prefix:
            return self.words("diff.long_numbers" if length else "diff.all_numbers", count=length)
        shown = self.quote(tokens.prefix(prefix) if prefix.startswith("0") else f"{prefix}*")
        if length is None:
            return shown
        return self.words("diff.long_prefix" if length else "diff.any_prefix", prefix=shown, count=length)

    # -- why -----------------------------------------------------------------------------------------------------------

    def steps(self, group: Group, *, after: bool) -> list[str]:
        """Return the rules that decide the example of a group in one of the policies, a line each."""
        example = group.example
        steps = example.after if after else example.before
        if not steps:
            return [self.words("diff.undeclared", extension=example.called)]
        return [self._step(step, after=after, named=len(steps) > 1) for step in steps]

    def _step(self, step: Step, *, after: bool, named: bool) -> str:
        place = self.told.place(step, after=after)
        if place is None:
            text = self.words("diff.no_rule")
        else:
            file, line, written = place
            text = self.words("diff.rule", place=self.quote(f"{file}:{line}"), text=self.quote(written))
        return self.words("diff.step", extension=step.extension, text=text) if named else text

    def command(self, example: Example) -> str:
        """Return the command that follows an example through the new policy."""
        caller = example.caller
        number = "anonymous" if caller.number is None else self._mask.number(caller.number)
        internal = ("--internal",) if caller.kind is Kind.INTERNAL else ()
        at = f"{example.local:%Y-%m-%dT%H:%M}"
        files = (self._mask.text(one) for one in self.told.policies)
        parts = ("policyc", "trace", *files, "--from", number, "--to", example.called, *internal, "--at", at)
        return self.quote(shlex.join(parts))

    # -- all of it -----------------------------------------------------------------------------------------------------

    def verdict(self) -> str:
        """Return how much differs, or that it is proved that no call does."""
        difference = self._difference
        extensions = self.count(difference.extensions)
        if not difference.groups:
            return self.words("diff.proved_one" if difference.extensions == 1 else "diff.proved", extensions=extensions)
        changed = len({extension for group in difference.groups for extension in group.extensions})
        return self.words(
            "diff.summary",
            changes=self.changes(len(difference.groups)),
            extensions=self.words(
                "diff.on_one" if changed == 1 else "diff.on_many", count=self.count(changed), extensions=extensions
            ),
        )

    def changes(self, count: int) -> str:
        """Return how many groups."""
        return self.words("diff.change" if count == 1 else "diff.changes", count=self.count(count))

    def more(self, count: int) -> str:
        """Return that there are so many more groups."""
        return self.words("diff.more_one" if count == 1 else "diff.more", count=self.count(count))

    def others(self, count: int) -> str:
        """Return how many groups there are besides the largest."""
        return self.words("diff.other" if count == 1 else "diff.others", count=self.count(count))

    def left_out(self, count: int) -> str:
        """Return that so many more do not fit."""
        return self.words("diff.left_out_one" if count == 1 else "diff.left_out", count=self.count(count))

    def shares(self) -> list[str]:
        """Return the shares of those populations of callers that change destination, the largest first."""
        found = sorted((one for one in self._difference.shares if one.part), key=lambda one: -one.part)
        return [self.words(f"diff.share_{one.callers}", percent=self._percent(one)) for one in found]

    def _percent(self, share: Share) -> str:
        percent = min(round(100 * share.part, 1), 100.0 if share.part >= 1 else 99.9)
        text = f"{max(percent, 0.1):g}".replace(".", self.words("test.decimal"))
        return self.words("diff.less_than", percent=text) if percent < 0.1 else text

    def replayed(self, replayed: Replay) -> str:
        """Return how many calls of records would have ended elsewhere."""
        key = {0: "diff.replayed_none", 1: "diff.replayed_one"}.get(replayed.count, "diff.replayed")
        return self.words(key, calls=self.calls(replayed.calls), moved=self.calls(replayed.count))

    def moved(self, moved: Moved) -> str:
        """Return how many calls of records would have ended elsewhere alike, and the first of them."""
        group, caller = moved.group, moved.caller.number
        return self.words(
            "diff.moved",
            count=self.calls(moved.count),
            extension=self.extension(moved.extension),
            before=self.before(group),
            after=self.after(group),
            line=self.count(moved.first.line),
            caller=self.words("diff.anonymous") if caller is None else self._mask.display(caller),
            at=self._times.instant(moved.first.local),
        )

    def calls(self, count: int) -> str:
        """Return a number of calls."""
        return self.words("diff.call" if count == 1 else "diff.calls", count=self.count(count))

    def zones(self) -> str:
        """Return how calls were compared where the time zones differ, or nothing."""
        before, after = self._difference.old.zone.key, self._difference.new.zone.key
        return "" if before == after else self.words("diff.zones", before=self.quote(before), after=self.quote(after))

    def setting(self, setting: Setting) -> str:
        """Return a setting that differs."""
        key, before, after = setting.key, setting.before, setting.after
        if key in ("extension", "system", "mailbox"):
            key = f"{key}_{'added' if after not in (None, False) else 'removed'}"
        return self.words(
            f"diff.setting_{'policy_' if setting.number is None else ''}{key}",
            extension=setting.number and self.extension(setting.number),
            number=setting.number,
            before=self._value(setting.key, before),
            after=self._value(setting.key, after),
        )

    def _value(self, key: str, value: str | int | bool | None) -> str:
        if value is None:
            return self.words("diff.none")
        match key:
            case "mobile":
                return self._mask.display(str(value))
            case "kind":
                return self.words(f"diff.kind_{value}")
            case "ring":
                return self.count(int(value))
        return self._text(str(value))

    def _text(self, text: str) -> str:
        return self.quote(self._mask.text(text))


def _compact(written: str) -> str:
    """Return the digits, and perhaps the sign, of a number or a prefix."""
    return re.sub(r"[^0-9+]", "", written.replace("(0)", ""))
