"""`${ }` and `$[ ]` in a text: variables, functions and expressions put in, as pbx_variables.c does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from policyc.targets.asterisk.reader import regexes, times
from policyc.targets.asterisk.reader.arguments import leading_number, separate, split
from policyc.targets.asterisk.reader.call import EXTEN, LANGUAGE
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.expressions import evaluated
from policyc.targets.asterisk.reader.remembering import remembered
from policyc.targets.asterisk.reader.texts import (
    NOW,
    NeedsDigit,
    Questions,
    cause_word,
    check_inputs,
    has_clock,
    has_unknown_digit,
    has_word,
    is_nonzero,
    kept,
    known,
    show,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policyc.targets.asterisk.reader.call import Call
    from policyc.targets.asterisk.reader.dialplan import Dialplan
    from policyc.targets.asterisk.reader.patterns import Exten

UNKNOWN_VARIABLES = frozenset(
    "CHANNEL UNIQUEID HINT HINTNAME CALLINGPRES CALLINGANI2 CALLINGTON CALLINGTNS SYSTEMNAME ENTITYID ASTCACHEDIR"
    " ASTETCDIR ASTMODDIR ASTVARLIBDIR ASTDBDIR ASTKEYDIR ASTDATADIR ASTAGIDIR ASTSPOOLDIR ASTRUNDIR ASTLOGDIR"
    " ASTSBINDIR DIALEDPEERNAME DIALEDPEERNUMBER DIALEDTIME DIALEDTIME_MS ANSWEREDTIME ANSWEREDTIME_MS RINGTIME"
    " RINGTIME_MS PROGRESSTIME PROGRESSTIME_MS VMSTATUS PLAYBACKSTATUS READSTATUS BLINDTRANSFER BRIDGEPEER"
    " BRIDGEPVTCALLID FORWARDERNAME SIPCALLID SIPDOMAIN TXTCIDNAME ORIGINATE_STATUS QUEUESTATUS TRANSFERSTATUS".split()
)
"""What Asterisk sets, or has, and is not kept here."""
BUILT_IN = UNKNOWN_VARIABLES | frozenset("EXTEN CONTEXT PRIORITY HANGUPCAUSE EPOCH TESTTIME".split())
"""Variables that a dialplan that sets them would not mean."""
_NO_INPUTS = UNKNOWN_VARIABLES | frozenset("CONTEXT PRIORITY HANGUPCAUSE EPOCH".split())
_OWN_WAYS = _NO_INPUTS | {EXTEN}
"""Variables of which the value is not what was written to them."""
_NAMES = re.compile(r"\$\{(?:(?=\w+[:}])|(?:CUT|REPLACE)\((?=\w+,))(\w+)", re.ASCII)
_SIGN = re.compile(r"[ \t\n\r\v\f]*[+-]?")
_PLAIN = re.compile(r"\w+", re.ASCII)
_NAMED = "name"
PRESENTATIONS = frozenset(
    "allowed_not_screened allowed_passed_screen allowed_failed_screen allowed prohib_not_screened"
    " prohib_passed_screen prohib_failed_screen prohib unavailable".split()
)


@dataclass(slots=True)
class Evaluator:
    """Put values into texts, on behalf of a call. Methods raise NeedsDigit, Unclear and what `questions` raises."""

    dialplan: Dialplan
    call: Call
    questions: Questions
    zone: str  # in which the instants of the call are told
    server_zone: str | None
    outside: frozenset[str]  # contexts that are the PBX's own

    # --- substitution ---

    def substituted(self, text: str) -> str:
        """Return a text with its variables, functions and expressions worked out."""
        if "${" not in text and "$[" not in text:
            return text
        found = []
        for kind, part in _parts(text):
            if not kind:
                found.append(part)
            elif kind == _NAMED:
                found.append(self.value(part))
            else:
                inner = self.substituted(part)
                check_inputs(inner)
                found.append(self.variable(inner) if kind == "{" else evaluated(inner, self.questions))
        return "".join(found)

    def variable(self, inner: str) -> str:
        """Return what `${inner}` gives."""
        name, is_function, cut = _name(inner)
        if is_function:
            function, _, rest = name.partition("(")
            arguments, closed, _ = rest.rpartition(")")
            if not closed or function not in self.FUNCTIONS:
                raise Unclear(What.FUNCTION, show(name))
            value = self.FUNCTIONS[function](self, arguments)
        else:
            value = self.value(name)
        return value if cut is None else self._cut(value, *cut)

    def _cut(self, value: str, offset: int, length: int | None) -> str:
        check_inputs(value)
        if has_word(value) and (offset or length is not None):
            value = spelled(value, self.questions)
        size = len(value)
        if offset < 0:
            offset = max(0, size + offset)
        rest = value[offset:]
        if length is None:
            return rest
        return rest[:length] if length >= 0 else rest[: max(0, len(rest) + length)]

    def value(self, name: str) -> str:
        """Return the value of a variable, "" if it has none."""
        call = self.call
        if has_unknown_digit(name):
            raise NeedsDigit
        name = known(name, self.questions)
        if name not in _OWN_WAYS:
            value = call.variable(name)
            return (self.dialplan.variables.get(name) if value is None else value) or ""
        if name == EXTEN:
            return call.variable(EXTEN) or ""
        if name == "CONTEXT":
            return call.context
        if name == "PRIORITY":
            return str(call.priority)
        if name == "EPOCH":
            return NOW
        if name == "HANGUPCAUSE":
            if call.confirming:
                raise Unclear(What.VARIABLE, name)
            return cause_word(call.dials - 1) if call.dials else "0"
        raise Unclear(What.VARIABLE, name)  # no dialplan sets these

    def is_true(self, condition: str) -> bool:
        """Tell whether a text is a condition that holds: neither empty nor a number that is 0."""
        begins = _SIGN.match(condition)
        at = begins.end() if begins else 0
        digits = ""
        while at < len(condition) and (condition[at] in "0123456789" or has_unknown_digit(condition[at])):
            digits += condition[at]
            at += 1
        if at < len(condition) and (has_clock(condition[at]) or has_word(condition[at])):
            return (
                self.is_true(spelled(condition, self.questions))
                if has_word(condition[at])
                else self._unclear(condition)
            )
        if not digits:
            return bool(condition)
        if len(digits) > 9:  # the C library cuts it to 32 bits
            value = min(int(known(digits[:29], self.questions)), 2**63 - 1)
            return value % 2**32 != 0
        return is_nonzero(digits)

    def _unclear(self, text: str) -> bool:
        raise Unclear(What.VALUE, show(text))

    def in_period(self, fields: str) -> bool:
        """Tell whether the instant of the call is in the fields of a GotoIfTime."""
        period, zone = times.timing(fields)
        if period.week == ((0, 10080),) and len(period.dates) == 1:
            return True  # always, in whatever zone
        self.in_zone(zone)
        return self.questions.during(period)

    def in_zone(self, zone: str) -> None:
        """Refuse a zone that is not the one in which instants are told."""
        if (zone or self.server_zone) != self.zone:
            raise Unclear(What.ZONE, zone)

    # --- functions ---

    def _callerid(self, arguments: str) -> str:
        member = member_of(arguments)
        if self.call.confirming or member not in ("num", "name", "num-pres", "name-pres"):
            raise Unclear(What.FUNCTION, f"CALLERID({show(arguments)})")
        return self.call.variable(f"CALLERID({member})") or ""

    def _channel(self, arguments: str) -> str:
        language = self.call.seen(LANGUAGE) if arguments == "language" else None
        if language is None:
            raise Unclear(What.FUNCTION, f"CHANNEL({show(arguments)})")
        return language

    def _filter(self, arguments: str) -> str:
        parts = separate(arguments, ",", 2, plain=True)
        if len(parts) != 2:
            raise Unclear(What.FUNCTION, f"FILTER({show(arguments)})")
        allowed = _ranges(known(parts[0], self.questions))
        return "".join(char for char in spelled(parts[1], self.questions) if kept(char, allowed))

    def _regex(self, arguments: str) -> str:
        parts = separate(arguments, '"', 3)
        if len(parts) != 3:
            raise Unclear(What.FUNCTION, f"REGEX({show(arguments)})")
        text = parts[2][1:] if parts[2][:1] in (" ", "\t") and parts[2] else parts[2]
        found = regexes.compiled(known(parts[1], self.questions)).found_in(spelled(text, self.questions))
        return "1" if found else "0"

    def _cut_function(self, arguments: str) -> str:
        parts = separate(arguments, ",", 3)
        if len(parts) != 3:
            raise Unclear(What.FUNCTION, f"CUT({show(arguments)})")
        text = spelled(self.variable(parts[0]), self.questions)
        delimiter, _ = _escaped(known(parts[1], self.questions), 0) if parts[1] else ("-", 0)
        marks = [kept(char, frozenset(delimiter)) for char in text]
        fields = [""]
        for char, mark in zip(text, marks, strict=True):
            if mark:
                fields.append("")
            else:
                fields[-1] += char
        found: list[str] = []
        at = 1
        for spec in known(parts[2], self.questions).split("&"):
            ends = re.fullmatch(r"(\d{1,9})?(-)?(\d{1,9})?", spec)
            if not ends or not (ends[1] or ends[3]) or int(ends[1] or 1) < at:
                raise Unclear(What.FUNCTION, f"CUT({show(arguments)})")
            first = int(ends[1] or 1)
            last = int(ends[3]) if ends[3] else len(fields) if ends[2] else first
            found += fields[first - 1 : last]
            at = max(last, first - 1) + 1
        return delimiter.join(found) if text else ""

    def _replace(self, arguments: str) -> str:
        parts = separate(arguments, ",", 3)
        if len(parts) < 2 or not parts[0] or not parts[1]:
            raise Unclear(What.FUNCTION, f"REPLACE({show(arguments)})")
        text = spelled(self.variable(parts[0]), self.questions)
        find = frozenset(_unescaped(known(parts[1], self.questions)))
        by = known(parts[2], self.questions) if len(parts) > 2 else ""
        replacement = _escaped(by, 0)[0] if by else ""
        return "".join(replacement if kept(char, find) else char for char in text)

    def _len(self, arguments: str) -> str:
        return str(len(spelled(arguments, self.questions)))

    def _if(self, arguments: str) -> str:
        parts = separate(arguments, "?", 2)
        ways = separate(parts[1], ":", 2) if len(parts) > 1 else []
        if not parts or not parts[0] or not ways:
            return ""
        yes, no = (*ways, "")[:2]
        return (yes if self.is_true(parts[0].strip()) else no).strip()

    def _iftime(self, arguments: str) -> str:
        fields, yes, no = _ways(arguments.strip())
        if not fields or (yes is None and no is None) or '"' in arguments:
            raise Unclear(What.FUNCTION, f"IFTIME({show(arguments)})")
        return ((yes if self.in_period(fields) else no) or "").strip()

    def _strftime(self, arguments: str) -> str:
        parts = separate(arguments, ",", 3)
        if len(parts) != 3 or parts[0] not in ("", NOW):
            raise Unclear(What.TIME, f"STRFTIME({show(arguments)})")
        self.in_zone(known(parts[1], self.questions))
        return times.strftime(known(parts[2], self.questions))

    def _dialplan_exists(self, arguments: str) -> str:
        context, exten, priority = (*separate(arguments, ",", 3), "", "", "")[:3]
        context, priority = known(context, self.questions), known(priority, self.questions)
        if not context or context in self.outside:
            raise Unclear(What.CONTEXT, context)
        if not exten:
            return "1" if context in self.dialplan.contexts and not priority else "0"
        return "1" if self._exists(context, exten, wanted_by(priority or "1")) else "0"

    def _exists(self, context: str, exten: str, wanted: Callable[[Exten], bool]) -> bool:
        if not has_clock(exten):
            return self.dialplan.find(context, exten, wanted) is not None
        # What the clock shows: the days that are extensions of the context, asked for at once.
        if context not in self.dialplan.contexts:
            return False
        if self.dialplan.contexts[context].includes:
            raise Unclear(What.CONTEXT, context)
        names = [one for one in self.dialplan.contexts[context].extens if wanted(one)]
        if any(one.is_pattern for one in names):
            raise Unclear(What.EXTENSION, show(exten))
        periods = [
            times.period_of(exten, name, _differ, [0])
            for one in names
            if len(name := one.name.replace("-", "")) == len(exten)
        ]
        dated = [one for one in periods if one.dates]
        if all(one.week == ((0, 10080),) for one in dated):
            return bool(dated) and self.questions.during(times.on_any(tuple(dated)))
        return any(self.questions.during(one) for one in dated)

    def _local(self, arguments: str) -> str:
        return self.value(arguments) if arguments in (self.call.own or ()) else ""

    def _exists_function(self, arguments: str) -> str:
        return "1" if spelled(arguments, self.questions) else "0"

    def _isnull(self, arguments: str) -> str:
        return "0" if spelled(arguments, self.questions) else "1"

    FUNCTIONS: ClassVar[Mapping[str, Callable[[Evaluator, str], str]]] = {
        "CALLERID": _callerid,
        "CHANNEL": _channel,
        "FILTER": _filter,
        "REGEX": _regex,
        "CUT": _cut_function,
        "REPLACE": _replace,
        "LEN": _len,
        "IF": _if,
        "IFTIME": _iftime,
        "STRFTIME": _strftime,
        "DIALPLAN_EXISTS": _dialplan_exists,
        "LOCAL": _local,
        "EXISTS": _exists_function,
        "ISNULL": _isnull,
    }


def member_of(argument: str) -> str:
    """Return which member of CALLERID is meant: `number-presentation` is num-pres."""
    main, _, more = argument.lower().partition("-")
    main = "num" if main.startswith("num") else main
    return main + ("-pres" if more.startswith("pres") else f"-{more}" if more else "")


@remembered
def wanted_by(priority: str) -> Callable[[Exten], bool]:
    """Return the test for extensions that have a priority, given as a number, or else a label."""
    if priority.isdecimal() and len(priority) < 10:
        number = int(priority)
        return lambda exten: number in exten.steps
    if leading_number(priority) is not None:
        raise Unclear(What.PRIORITY, show(priority))
    return lambda exten: priority in exten.labels


def _ways(text: str) -> tuple[str, str | None, str | None]:
    """Return a condition and what stands for yes and no behind it."""
    condition, rest = split(text, "?", 2)
    yes, no = split(rest, ":", 2) if rest is not None else (None, None)
    return condition or "", yes, no


def _differ(one: str, other: str) -> int:
    return (one > other) - (one < other)


@remembered
def _parts(text: str) -> tuple[tuple[str, str], ...]:
    """Return a text cut into what stands as it is (""), and what is inside of `${ }` ("{") and `$[ ]` ("[").

    What is inside of `${ }` is `_NAMED` if it is but a name, as mostly.
    """
    found = []
    at = 0
    while (start := text.find("$", at)) >= 0:
        opening = text[start + 1 : start + 2]
        if opening in ("{", "["):
            end = _closing(text, start + 2, opening)
            inner = text[start + 2 : end]
            kind = _NAMED if opening == "{" and _PLAIN.fullmatch(inner) else opening
            found += [("", text[at:start]), (kind, inner)]
            at = end + 1
        else:
            found.append(("", text[at : start + 1]))
            at = start + 1
    return (*found, ("", text[at:]))


@remembered
def looked_at(text: str, kept: bool) -> tuple[str, ...]:
    """Return variables of which the values are looked at where a text is worked out, whatever comes of it.

    `kept`: what stands in it by itself is put in as it is.
    """
    try:
        parts = [part for kind, part in _parts(text) if kind and not (kept and kind == _NAMED)]
    except Unclear:
        return ()
    found = (name for part in parts for name in _NAMES.findall(f"${{{part}}}"))
    return tuple(dict.fromkeys(name for name in found if name not in _NO_INPUTS))


def _closing(text: str, at: int, opening: str) -> int:
    """Return where the bracket ends that is open before `at`: as Asterisk counts, by its own kind only."""
    closing = {"{": "}", "[": "]"}[opening]
    depth = 1
    while at < len(text):
        if text[at] == "$" and text[at + 1 : at + 2] in ("{", "["):
            depth += text[at + 1] == opening
            at += 1
        elif text[at] == opening:
            depth += 1
        elif text[at] == closing:
            depth -= 1
            if not depth:
                return at
        at += 1
    raise Unclear(What.EXPRESSION, show(text))


@remembered
def _name(inner: str) -> tuple[str, bool, tuple[int, int | None] | None]:
    """Return a name or a function's call, whether it is one, and `offset:length` behind it."""
    depth = functions = 0
    for at, char in enumerate(inner):
        if char == "(":
            functions += 1
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == ":" and not depth:
            cut = re.fullmatch(r" *([+-]?\d{1,9})(?:: *([+-]?\d{1,9}))?", inner[at + 1 :])
            if cut is None:
                raise Unclear(What.VARIABLE, show(inner))
            return inner[:at], bool(functions), (int(cut[1]), int(cut[2]) if cut[2] else None)
    return inner, bool(functions), None


def _ranges(text: str) -> frozenset[str]:
    """Return the characters that FILTER lets through."""
    found: set[str] = set()
    at = 0
    while at < len(text):
        first, at = _escaped(text, at)
        if text[at : at + 1] == "-":
            if at + 1 == len(text):
                found |= {first}
                break
            last, at = _escaped(text, at + 1)
            if last < first:
                raise Unclear(What.FUNCTION, f"FILTER({text}")
            found |= {chr(code) for code in range(ord(first), ord(last) + 1)}
        else:
            found.add(first)
    return frozenset(found)


def _escaped(text: str, at: int) -> tuple[str, int]:
    """Return the character at a place, which may be written with a backslash, and where the next one is."""
    if text[at] != "\\":
        return text[at], at + 1
    char = text[at + 1 : at + 2]
    if not char or char in "x0":
        raise Unclear(What.VALUE, text)
    return {"n": "\n", "r": "\r", "t": "\t"}.get(char, char), at + 2


def _unescaped(text: str) -> str:
    found = ""
    at = 0
    while at < len(text):
        char, at = _escaped(text, at)
        found += char
    return found
