"""Hunting: which actions the extensions of a context queue, and which run meanwhile.

It follows what FreeSWITCH does, not what the words say: the queue is never rolled back, an extension matches by what
its last condition left, and a group in `regex="all"` makes a failed condition count as a match.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .errors import Place, UnsupportedError
from .reader import FREED, Action, Break, Check, Condition, Context, Kind
from .regexes import Match, RefusedError, search
from .variables import is_expanded, is_number, is_true, leading_number, substitute

if TYPE_CHECKING:
    from .channel import Channel

_DEEPEST = 100

RunInline = Callable[[str, str, Place], None]
"""Runs an inline application with its data, not yet expanded."""
Clock = Callable[[str | None, Place], datetime]
"""Gives the wall-clock time in a zone, or that of the server."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An application to run after the hunt, its data not yet expanded."""

    application: str
    data: str
    place: Place


def hunt(channel: Channel, context: Context, run_inline: RunInline, clock: Clock) -> list[Queued] | None:
    """Return the queue of the context for the channel, None if not one action was met."""
    hunter = _Hunter(channel, run_inline, clock)
    extensions = context.extensions
    if is_true(channel.variable("auto_hunt")):
        wanted = channel.caller.destination_number.lower()
        names = [extension.name.lower() for extension in extensions]
        if wanted in names:
            extensions = extensions[names.index(wanted) :]
    for extension in extensions:
        if hunter.conditions(extension.conditions, require_nested=True, depth=0) and not extension.goes_on:
            break
    return hunter.queue if hunter.met else None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the checks of a condition leave: `proceed`, whether its actions stand, and what `$1` would come from."""

    proceed: bool
    passed: bool
    match: Match | None = None  # of an expression with a group
    subject: str = ""


@dataclass(slots=True)
class _Hunter:
    channel: Channel
    run_inline: RunInline
    clock: Clock
    queue: list[Queued] = field(default_factory=list)
    met: bool = False

    def conditions(self, conditions: tuple[Condition, ...], *, require_nested: bool, depth: int) -> bool:
        """Whether an extension, or a condition by its nested ones, goes through."""
        if depth > _DEEPEST:
            return False
        proceed = False
        for condition in conditions:
            verdict = self._verdict(condition, proceed)
            proceed = verdict.proceed
            if verdict.passed:
                for action in condition.actions:
                    self._act(action, verdict)
            else:
                for action in condition.anti_actions:
                    self._act(action, None)
                    proceed = True
            if condition.breaks is Break.ALWAYS or (
                condition.breaks is (Break.ON_TRUE if verdict.passed else Break.ON_FALSE)
            ):
                break
            if proceed and condition.nested:
                proceed = self.conditions(condition.nested, require_nested=condition.require_nested, depth=depth + 1)
                if not proceed and condition.breaks is not Break.NEVER:
                    break
        return proceed or not require_nested

    def _act(self, action: Action, verdict: _Verdict | None) -> None:
        data = action.data
        if verdict is not None and verdict.match is not None:
            data = substitute(data, verdict.match, verdict.subject, action.place)
        self.met = True
        for _ in range(action.loop):
            if action.inline:
                self.run_inline(action.application, data, action.place)
            elif "\\'" not in data:  # FreeSWITCH leaves such an action out, with a warning in its log
                self.queue.append(Queued(action.application, data, action.place))

    def _verdict(self, condition: Condition, proceed: bool) -> _Verdict:
        if condition.kind is not Kind.PLAIN:
            return self._of_several(condition, proceed)
        check = condition.checks[0]
        if check.time is not None:
            holds = self._holds(check)
            return _Verdict(holds, holds)
        if check.field is None:
            return _Verdict(True, True)
        match, expression, subject = self._search(check)
        grouped = match if "(" in expression else None
        return _Verdict(match is not None, match is not None, grouped, subject)

    def _of_several(self, condition: Condition, proceed: bool) -> _Verdict:
        """Evaluate the `<regex>` elements. What `proceed` was before shines through where they leave it alone."""
        every = condition.kind is Kind.ALL
        passed, failed = 0, 0
        grouped: tuple[Match, str] | None = None  # what `$1` comes from
        kept: tuple[Match, str] | None = None  # … of an earlier element, which overrides what follows
        for check in condition.checks:
            grouped = None
            match, expression, subject = None, "", ""
            if check.field is not None:
                match, expression, subject = self._search(check)
                if "$" in check.field and "(" in expression:  # … of a variable
                    raise UnsupportedError(check.place, FREED)
                holds = proceed = match is not None
            elif check.time is not None:
                holds = self._holds(check)
                proceed = proceed or holds
            else:
                holds = proceed = True
            passed, failed = passed + holds, failed + (not holds)
            if holds and not every:
                # an expression with variables is gone by now, and its groups with it
                if match and "(" in expression and not is_expanded(check.expression):
                    grouped = match, subject
                break
            if not holds and every:
                break
            if match and "(" in expression:
                kept = match, subject
        if kept is not None:
            proceed, grouped = True, kept
        stands = (not failed) if every else bool(passed)
        return _Verdict(proceed, stands, *(grouped or (None, "")))

    def _search(self, check: Check) -> tuple[Match | None, str, str]:
        """Return the match, the expression with its variables, and what it was compared with."""
        expression = self.channel.expand(check.expression, check.place)
        subject = self.channel.compared(check.field or "", check.place)
        try:
            return search(expression, subject), expression, subject
        except RefusedError as refused:
            raise UnsupportedError(check.place, f"{refused}, in {expression}") from refused

    def _holds(self, check: Check) -> bool:
        assert check.time is not None
        offset = self.channel.variable("tod_tz_offset") or ""
        if is_number(offset):  # whole hours, whatever `timezone` is
            hours = leading_number(offset)
            if abs(hours) >= 24:
                raise UnsupportedError(check.place, f"tod_tz_offset={offset}")
            return check.time.holds(self.clock(None, check.place).astimezone(timezone(timedelta(hours=hours))))
        return check.time.holds(self.clock(self.channel.variable("timezone"), check.place))
