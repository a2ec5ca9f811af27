"""Items and lists in, sets of callers out."""

from collections.abc import Iterable, Sequence
from dataclasses import field

from policyc import digits, edits, numbering
from policyc.diagnostics import Text
from policyc.digits import Kind, NumberSet
from policyc.model import Named, Part, Written
from policyc.resolve.names import Names, is_too_long_abroad, respelt, suggest_close
from policyc.source import Span, fold
from policyc.syntax import Callers, Item
from policyc.values import dataclass

# Keywords that follow callers; misspelt, they look like the name of one.
_CALLER_WORDS = ("sauf", "interne", "externe", "anonyme", "pendant", "hors")
MAX_SHORT_DIGITS = 6  # longer numbers without a leading 0 are no extension that someone misspelt


@dataclass(slots=True)
class CallerSets(Names):
    """Who is meant where callers are named."""

    list_parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    filtered: dict[tuple[NumberSet, Kind], NumberSet] = field(default_factory=dict)  # `*` and lists come back
    names_known: dict[str, tuple[NumberSet, tuple[Part, ...]]] = field(default_factory=dict)  # and so do names

    def list_set(self, folded: str) -> NumberSet:
        """Return the callers of a declared list, those it names worked out before it: at any depth."""
        waiting = [folded]
        while waiting and folded in self.lists:
            name = waiting[-1]
            items = self.lists[name].items
            if name not in self.list_sets:
                self.list_sets[name] = None
                inner = {fold(item.text) for item in items if item.kind == "named"}
                waiting += sorted(one for one in inner if one in self.lists and one not in self.list_sets)
                continue
            waiting.pop()
            if self.list_sets[name] is None:
                before, excused = len(self.diagnostics), self.excused
                self.list_sets[name], named = self.items(items, in_list=True)
                self.list_parts[name] = tuple(Written(named).parts)
                if not items or self.excused > excused or self.has_failed_since(before):
                    self.spoilt.add(name)
        return self.list_sets.get(folded) or digits.EMPTY

    def items(
        self, items: Iterable[Item], *, in_list: bool = False, called: bool = False
    ) -> tuple[NumberSet, tuple[Named, ...]]:
        """Return the callers named by a list of items, together and one by one.

        `called`: they are outside numbers that calls go to.
        """
        items = tuple(items)
        is_alone = len(items) == 1
        named = [one for item in items if (one := self.usual(item, is_alone=is_alone)) is not None]
        if len(named) < len(items):
            named = self.one_by_one(items, in_list=in_list, called=called)
        return digits.union([one.callers for one in named]), tuple(named)

    def usual(self, item: Item, *, is_alone: bool) -> Named | None:
        """Return the callers of an item of which nothing is to be said, as of most; None: it must be looked at."""
        text = item.text
        match item.kind:
            case "number" if text in self.extensions or (numbering.is_french(text) and text[1] != "0"):
                return Named(numbering.exactly(text), item.span)
            case "prefix" if text[0] == "0" and text[1:2] not in ("", "0") and (found := numbering.prefix(text)):
                return Named(found, item.span)
            case "everyone" if is_alone:
                return Named(digits.EVERYONE, item.span)
            case "named" if text in self.names_known:
                callers, parts = self.names_known[text]
                return Named(callers, item.span, is_range=False, parts=parts)
        return None

    def one_by_one(self, items: tuple[Item, ...], *, in_list: bool, called: bool) -> list[Named]:
        """Return the callers of items, and say what is wrong with them."""
        named: list[Named] = []
        left = list(items)[::-1]  # the next one is the last
        previous: Item | None = None
        many = len(left) > 1
        failed: Item | None = None  # the item before, when it was wrong
        while left:
            item = left.pop()
            before_it, previous = previous, item
            if item.kind == "everyone" and many and failed is None:  # after an incomplete number it is its prefix
                detached = before_it is not None and before_it.kind == "number"
                self.report("PC312", item.span, help=(Text("attach" if detached else "remove"),))
            if item.kind == "named" and fold(item.text) not in self.caller_names and self.is_miswritten(item, left):
                continue
            if failed is not None and _is_rest(failed, item) and item.text not in self.extensions:
                failed = item  # a number with a group too many leaves the groups behind it
                continue
            before, excused = len(self.diagnostics), self.excused
            callers = self.item(item, in_list=in_list, called=called)
            parts = self.parts(item) if item.kind == "named" else ()
            named.append(Named(callers, item.span, item.kind == "range", parts))
            failed = item if self.has_failed_since(before) else None
            if item.kind == "named" and not in_list and (len(self.diagnostics), self.excused) == (before, excused):
                self.names_known[item.text] = callers, parts
        return named

    def parts(self, item: Item) -> tuple[Part, ...]:
        """Return the callers that the list of a named item names one by one; none if it is no list."""
        folded = fold(item.text)
        return self.list_parts.get(folded) or self.builtin_parts.get(folded) or ()

    def is_miswritten(self, item: Item, left: list[Item]) -> bool:
        """Report an unknown name that is no name, but words of one without their quotes, or a misspelt keyword.

        `left` has the next item last; those that are part of the mistake are taken out.
        """
        words = self.unquoted(item, left)
        if words > 1:
            name = item.span.to(left[1 - words].span)
            fix = edits.replaced(name, f'"{name.text}"')
            self.report("PC201", name, help=(Text("quote", {"name": name.text}),), fix=fix, name=name.text)
            del left[1 - words :]
            return True
        help_ = self.no_name(item)
        if help_ is None:
            return False
        keyword = help_.args.get("name")
        fix = edits.replaced(item.span, str(keyword)) if keyword else edits.removed_word(item.span)
        self.report("PC201", item.span, help=(help_,), fix=fix, name=item.text)
        if keyword in ("pendant", "hors") and left and fold(left[-1].text) in self.periods:
            left.pop()
        return True

    def no_name(self, item: Item) -> Text | None:
        """Return the repair of an unknown name that looks like no name: a misspelt keyword, or an "et"."""
        if item.span.text != item.text or self.is_known(item.text):
            return None
        if fold(item.text) in ("et", "ou", "and", "or"):
            return Text("remove", {"word": item.text})
        close = suggest_close(item.text, _CALLER_WORDS, cutoff=0.75)
        if not close or self.may_be_declared(item.text) or self.suggest(item.text, self.names()):
            return None
        return close[0]

    def is_known(self, name: str) -> bool:
        folded = fold(name)
        return any(folded in names for names in (self.caller_names, self.system_names, self.periods))

    def unquoted(self, item: Item, following: Sequence[Item]) -> int:
        """Return how many items, from an unknown name on, are the words of one that lacks its quotes, or 1.

        `following` has the next item last.
        """
        if " " in item.text:
            return 1
        text = item.text
        before = item
        for at, other in enumerate(following[:-5:-1]):
            if other.kind != "named" or not _follows(before, other):
                break
            before = other
            text += " " + other.text
            if fold(text) in self.caller_names:
                return at + 2
        return 1

    def item(self, item: Item, *, in_list: bool, called: bool) -> NumberSet:
        match item.kind:
            case "number":
                number = self.number(item.text, item.span)
                if number is None:
                    return digits.EMPTY
                if not called and len(number) <= MAX_SHORT_DIGITS:  # 3949 may be called: nobody misspelt it
                    self.short_number(number, item.span)
                return numbering.exactly(number)
            case "prefix":
                found = numbering.prefix(item.text)
                if not found:
                    digits_ = sum(char.isdigit() for char in item.text)
                    self.report("PC106", item.span, notes=(Text("prefix"),), number=item.span.text, digits=digits_)
                elif is_too_long_abroad(item.text):
                    self.report("PC214", item.span, number=item.span.text, digits=len(item.text))
                return found
            case "everyone":
                return digits.EVERYONE
            case "anonymous":
                return digits.ANONYMOUS
            case "range":
                return self.range(item)
            case _:
                return self.named(item, in_list=in_list)

    def short_number(self, number: str, span: Span) -> None:
        is_known = number in self.extensions or number in numbering.emergency_numbers()
        if not is_known and not number.startswith(("0", "+")):
            self.report("PC212", span, help=self.suggest(number, self.extensions), number=number)

    def range(self, item: Item) -> NumberSet:
        first, last = self.number(item.text, item.span), self.number(item.last, item.span)
        if first is None or last is None:
            return digits.EMPTY
        try:
            return digits.between(first, last)
        except ValueError:
            case = "order" if len(first) == len(last) else "length"
            self.report("PC111", item.span, case=case)
            return digits.EMPTY

    def named(self, item: Item, *, in_list: bool) -> NumberSet:
        folded = fold(item.text)
        if folded in self.extension_names:
            return numbering.exactly(self.extension_names[folded])
        if folded in self.builtin:
            return self.builtin[folded]
        if folded in self.lists:
            if in_list and self.list_sets.get(folded, digits.EMPTY) is None:
                self.report("PC210", item.span, name=item.text)
                return digits.EMPTY
            self.excused += folded in self.spoilt  # it may lack callers
            return self.list_set(folded)
        if folded in self.system_names:
            self.report("PC207", item.span, help=(Text("no-caller"),), name=item.text)
            return digits.EMPTY
        if folded in self.periods:
            self.report("PC207", item.span, help=(Text("period", {"name": item.text}),), name=item.text)
            return digits.EMPTY
        if self.excuse(item.text):
            return digits.EMPTY
        help_ = self.suggest(item.text, self.names())
        self.report("PC201", item.span, help=help_, fix=respelt(item.span, help_), name=item.text)
        return digits.EMPTY

    def names(self) -> list[str]:
        return [
            *(one.name for one in self.extensions.values()),
            *(one.name.text for one in self.lists.values()),
            *self.builtin_spelling.values(),
        ]

    def callers(self, node: Callers) -> tuple[NumberSet, Written]:
        """Return who a `depuis` names, its filter applied, and how it says so."""
        before, excused = len(self.diagnostics), self.excused
        found, named = self.items(node.items)
        excepted: tuple[Named, ...] = ()
        if node.excepted:
            left_out, excepted = self.items(node.excepted)
            found -= left_out
        if node.kind is not None:
            found = self.of_kind(found, node.kind)
        if not found and self.excused == excused and not self.has_failed_since(before):
            self.report("PC311", node.span, fix=edits.without_rule(node.span, safe=True))
        return found, Written(named, excepted, node.kind)

    def of_kind(self, callers: NumberSet, kind: Kind) -> NumberSet:
        found = self.filtered.get((callers, kind))
        if found is None:
            found = self.filtered[callers, kind] = callers & digits.OF_KIND[kind]
        return found


def _follows(one: Item, other: Item) -> bool:
    """Tell whether only blanks stand between two items: no comma, no line end."""
    same = one.span.file is other.span.file
    return same and set(one.span.file.text[one.span.end : other.span.start]) == {" "}


def _is_rest(failed: Item, item: Item) -> bool:
    """Tell whether an item looks like a group of digits of the wrong number before it."""
    return item.kind == failed.kind == "number" and len(item.text) < 4 and _follows(failed, item)
