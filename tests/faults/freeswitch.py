"""A generated `policyc.xml` in, faults in it out: its text is only cut at the lines that policyc writes.

What neither the evaluator nor a call of the harness can see is left alone: sounds while a line rings, what the caller's
display shows, the wait before a mailbox, the prompt that asks for the key.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from faults.edits import COSMETIC, Edit, Operators, edited

_TAG = re.compile(r"\s*<(?P<close>/?)(?P<name>\w+)(?P<rest>[^>]*?)(?P<whole>/?)>")
_NOT_SEEN = re.compile(
    r"ringback|ignore_early_media|ignore_display_updates|effective_callee|sip_copy|application=\"(sleep|log)\"|CRIT"
    r"|policyc_zone|tod_tz_offset|group_confirm_read_timeout|max_session_transfers"
)
_HELPERS = ("route", "own", "ring", "first", "rest", "mailbox", "busy", "outside", "rebound")
_VARIABLES = ("policyc_kind", "policyc_shown", "policyc_number", "policyc_caller_id", "policyc_line", "policyc_seconds",
              "policyc_closed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its element, and the context and the place among the extensions that it is in."""

    raw: str
    tag: str = ""
    closing: bool = False
    context: str = ""
    extension: int = -1

    @property
    def seen(self) -> bool:
        """Whether a call can show what it says."""
        return not _NOT_SEEN.search(self.raw)


@cache
def parse(text: str) -> tuple[Line, ...]:
    """Return the lines of a generated dialplan."""
    found = []
    context, extension, count = "", -1, 0
    for raw in text.split("\n"):
        tag = _TAG.match(raw)
        name, closing = (tag["name"], bool(tag["close"])) if tag else ("", False)
        if name == "context" and not closing:
            context = _attribute(raw, "name")
        elif name == "extension" and not closing:
            extension, count = count, count + 1
        found.append(Line(raw, name, closing, context, extension))
        if name == "extension" and closing:
            extension = -1
        elif name == "context" and closing:
            context = ""
    return tuple(found)


def _attribute(raw: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', raw)
    return found[1] if found else ""


Way = Callable[[Sequence[Line], random.Random], Edit | None]
_OPERATORS: Operators[Way] = Operators("freeswitch", lambda way, text, rng: way(parse(text), rng))
_way = _OPERATORS.way
faults = _OPERATORS.faults


# --- helpers ---


def _sites(lines: Sequence[Line], pattern: str, tag: str = "") -> list[int]:
    return [at for at, line in enumerate(lines) if line.seen and re.search(pattern, line.raw)
            and (not tag or line.tag == tag) and not line.closing]  # fmt: skip


def _changed(lines: Sequence[Line], at: int, raw: str) -> Edit:
    return edited(lines, f"{_short(lines[at].raw, raw)}", {at: (raw,)})


def _short(old: str, new: str) -> str:
    """Return two lines as people tell them apart: of long ones, the part that differs."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    at = max(0, start - 60)
    return f"{old[at : start + 60].strip()} → {new[at : start + 60].strip()}"


def _within(lines: Sequence[Line], rng: random.Random, sites: Iterable[int], pattern: str,
            new: Callable[[str], str | None]) -> Edit | None:  # fmt: skip
    found = [(at, match) for at in sites for match in re.finditer(pattern, lines[at].raw)]
    if not found:
        return None
    at, match = rng.choice(found)
    text = new(match[0])
    raw = lines[at].raw
    return None if text is None else _changed(lines, at, raw[: match.start()] + text + raw[match.end() :])


def _other(rng: random.Random, one: str, choices: Iterable[str]) -> str | None:
    left = sorted(set(choices) - {one})
    return rng.choice(left) if left else None


def _other_digit(rng: random.Random, digit: str) -> str:
    return str((int(digit) + rng.choice((1, 9, rng.randrange(1, 10)))) % 10)


def _other_number(rng: random.Random, number: str) -> str:
    at = rng.randrange(len(number))
    if rng.random() < 0.3 and len(number) > 1:
        return number[:at] + number[at + 1 :]
    return number[:at] + _other_digit(rng, number[at]) + number[at + 1 :]


def _extensions(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return where extensions begin, and the line after their end."""
    return _whole(lines, "extension")


def _whole(lines: Sequence[Line], tag: str) -> list[tuple[int, int]]:
    starts = [at for at, line in enumerate(lines) if line.tag == tag and not line.closing]
    ends = [at + 1 for at, line in enumerate(lines) if line.tag == tag and line.closing]
    return list(zip(starts, ends, strict=True))


def _contexts(lines: Sequence[Line]) -> list[tuple[int, int]]:
    return _whole(lines, "context")


_NUMBERS = r'field="(\$\{policyc_(number|shown)\}|destination_number|caller_id_number)"'

# --- pattern ---


def _expressions(lines: Sequence[Line]) -> list[int]:
    sites = _sites(lines, _NUMBERS)
    rules = _sites(lines, r'field="\$\{policyc_number\}"')
    return sites + rules * (len(sites) // max(1, len(rules)))


@_way("pattern")
def digit_of_expression(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r"(?<![\[{,\d-])\d(?![^\[]*\])(?=[^>]*>)", lambda found:
                   _other_digit(rng, found))  # fmt: skip


@_way("pattern")
def anchor_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r'(?<=expression=")\^|\$(?=")|\$(?=\)")', lambda _: "")


@_way("pattern")
def repetition(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r"(?<=\{)\d+(?=[,}])",
                   lambda found: str(max(0, int(found) + rng.choice((-1, 1)))))  # fmt: skip


@_way("pattern")
def class_of_digits(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r"\[\d-\d\]|\[\d+\]",
                   lambda found: rng.choice(("[0-8]", "[1-9]", "[0-9]", found[:1] + "^" + found[1:])))  # fmt: skip


@_way("pattern")
def alternative_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r"(?<=[(|])[^(|)]+\||\|[^(|)]+(?=\))", lambda _: "")


@_way("pattern")
def sense_of_expression(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _expressions(lines), r"\(\?[:!]", lambda found: {"(?:": "(?!", "(?!": "(?:"}[found])


# --- order ---


@_way("order")
def extensions_exchanged(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Two extensions of a context, one after the other."""
    whole = _extensions(lines)
    pairs = [(one, other) for one, other in pairwise(whole)
             if lines[one[0]].context == lines[other[0]].context]  # fmt: skip
    rules = [pair for pair in pairs if re.search(r"policyc-(own-)?\d+x|first|rest", lines[pair[0][0]].context)]
    return _moved(lines, *rng.choice(pairs + rules * 3)) if pairs else None


def _moved(lines: Sequence[Line], one: tuple[int, int], other: tuple[int, int]) -> Edit:
    raw = [line.raw for line in lines]
    text = [*raw[: one[0]], *raw[other[0] : other[1]], *raw[one[1] : other[0]], *raw[one[0] : one[1]], *raw[other[1] :]]
    return Edit(f"line {one[0] + 1}, {lines[other[0]].raw.strip()} before {lines[one[0]].raw.strip()}", "\n".join(text))


@_way("order")
def actions_exchanged(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _sites(lines, "<action") if lines[at + 1].tag == "action" and lines[at + 1].seen]
    if not sites:
        return None
    at = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} after {lines[at + 1].raw.strip()}",
                 {at: (lines[at + 1].raw,), at + 1: (lines[at].raw,)})  # fmt: skip


# --- number ---


@_way("number")
def number_of_action(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, r"application=\"(transfer|bridge)\"|policyc_line=")
    return _within(
        lines, rng, sites, r"(?<=data=\")\d+|(?<=ext-)\d+|(?<=out-)\d+", lambda found: _other_number(rng, found)
    )


@_way("number")
def extension_of_another(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    numbers = sorted({found for line in lines for found in re.findall(r'expression="\^(\d+)\$"', line.raw)})
    pattern = rf"(?<![\w.])({'|'.join(numbers) or '-'})(?![\w.])"
    return _within(lines, rng, _sites(lines, "<(action|condition)"), pattern, lambda found: _other(rng, found, numbers))


@_way("number")
def number_made_canonical(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, r"policyc_number=[0+$]"), r"(?<=policyc_number=)(0508|0|\+)?",
                   lambda found: _other(rng, found, ("", "0", "+", "00")))  # fmt: skip


@_way("number")
def mailbox_of_another(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    numbers = sorted({found for line in lines for found in re.findall(r'expression="\^(\d+)\$"', line.raw)})
    return _within(lines, rng, _sites(lines, 'application="(voicemail|say)"'), r"\$\{destination_number\}",
                   lambda _: rng.choice((*numbers, "${caller_id_number}")))  # fmt: skip


# --- context ---


@_way("context")
def context_of_transfer(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    names = [lines[start].context for start, _ in _contexts(lines)]
    return _within(lines, rng, _sites(lines, 'application="transfer"'), r'(?<=XML )[\w$-]+(?=")',
                   lambda found: _other(rng, found, [*names, "default"]))  # fmt: skip


@_way("context")
def context_misnamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice([start for start, _ in _contexts(lines)])
    name = lines[at].context
    return _changed(lines, at, lines[at].raw.replace(f'"{name}"', f'"{rng.choice((name + "x", name[:-1]))}"'))


@_way("context")
def called_number(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, 'field="destination_number"'), r'(?<=\^)\d+(?=\$")',
                   lambda found: _other_number(rng, found))  # fmt: skip


# --- time ---


def _times(lines: Sequence[Line]) -> list[int]:
    return _sites(lines, r"wday=|time-of-day=|mday=|year=")


@_way("time")
def time_of_day(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    def new(found: str) -> str:
        hour, minute = map(int, found.split(":"))
        moved = (hour * 60 + minute + rng.choice((-1, 1, 60, -60, 10))) % 1440
        return f"{moved // 60:02}:{moved % 60:02}"

    return _within(lines, rng, _times(lines), r"(?<![\d:])\d\d:\d\d", new)


@_way("time")
def day_of_week(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _times(lines), r'(?<=wday=")[^"]+',
                   lambda found: rng.choice((re.sub(r"\d", lambda digit: str(int(digit[0]) % 7 + 1), found, count=1),
                                             found + ",1", found[:1])))  # fmt: skip


@_way("time")
def date(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _times(lines), r'(?<=mday=")[^"]+|(?<=mon=")\d+|(?<=year=")\d+',
                   lambda found: re.sub(r"\d+", lambda number: str(int(number[0]) + 1), found, count=1))  # fmt: skip


@_way("time")
def clause_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _times(lines) if lines[at].tag == "regex"]
    if not sites:
        return None
    at = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})


@_way("time")
def truth(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {"true": "false", "false": "true"}
    sites = _sites(lines, r"policyc_(is_\w+|closed)")
    return _within(lines, rng, sites, r"(?<=[=^])(true|false)(?=[\"$])", lambda found: others[found])


@_way("time")
def zone(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, "timezone=[A-Z]")
    return _within(lines, rng, sites, r"(?<=timezone=)[\w/]+", lambda _: rng.choice(("Europe/London", "Asia/Tokyo")))


@_way("time")
def period_of_another(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    names = sorted({found for line in lines for found in re.findall(r"policyc_is_\w+", line.raw)})
    sites = _sites(lines, r'field="\$\{policyc_is_')
    return _within(lines, rng, sites, r"policyc_is_\w+", lambda found: _other(rng, found, names))


# --- flag ---


@_way("flag")
def seconds(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, r"leg_timeout=\d|policyc_seconds=")
    return _within(lines, rng, sites, r"(?<=leg_timeout=)\d+|(?<=policyc_seconds=)\d+",
                   lambda found: str(max(1, int(found) + rng.choice((-1, 1, -10)))))  # fmt: skip


@_way("flag")
def call_timeout(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, r"call_timeout=")
    return _within(lines, rng, sites, r"(?<=call_timeout=)\d+", lambda _: rng.choice(("5", "15")))


@_way("flag")
def continue_on_fail(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, "continue_on_fail="), r"true|false",
                   lambda found: rng.choice((str(found == "false").lower(), "USER_BUSY", "NO_ANSWER")))  # fmt: skip


@_way("flag")
def hangup_cause(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, 'application="hangup"'), r"(?<=data=\")\w+",
                   lambda found: _other(rng, found, ("USER_BUSY", "NORMAL_CLEARING", "CALL_REJECTED")))  # fmt: skip


@_way("flag")
def confirm_key(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, "group_confirm_key="), r"(?<=group_confirm_key=)\d|group_confirm_key=\d,",
                   lambda found: "" if found[0] == "g" else "2")  # fmt: skip


@_way("flag")
def prompt(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, 'application="(playback|say)"')
    return _within(lines, rng, sites, r"policyc/[\w-]+(?=\.wav)|iterated",
                   lambda found: "pronounced" if found == "iterated" else
                   _other(rng, found, ("policyc/veuillez-patienter", "policyc/indisponible")))  # fmt: skip


# --- privacy ---


@_way("privacy")
def caller_shown(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, "origination_privacy")
    return _within(lines, rng, sites, r",origination_privacy=hide_name:hide_number|hide_name:hide_number"
                   r"|origination_caller_id_number=anonymous,",
                   lambda found: "hide_name" if found[0] == "h" else "")  # fmt: skip


@_way("privacy")
def caller_not_passed_on(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A line is dialled without what a caller who hides asks for."""
    return _within(lines, rng, _sites(lines, 'application="bridge"'), r"\$\{policyc_caller_id\}", lambda _: "x=y")


@_way("privacy")
def hidden_caller(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, "privacy_hide_number")
    return _within(lines, rng, sites, r"(?<=\^)true", lambda _: "false")


@_way("privacy")
def number_overwritten(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, 'application="bridge"')
    if not sites:
        return None
    at = rng.choice(sites)
    new = rng.choice(("effective_caller_id_number=0102030405", "effective_caller_id_number=${policyc_number}"))
    more = f'      <action application="set" data="{new}"/>'
    return edited(lines, f"{new} before {_short(lines[at].raw, '')}", {at: (more, lines[at].raw)})


# --- continuation ---


@_way("continuation")
def continue_changed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, "<extension", "extension"))
    raw = lines[at].raw
    new = raw.replace(' continue="true"', "") if "continue=" in raw else raw.replace(">", ' continue="true">')
    return _changed(lines, at, new)


@_way("continuation")
def break_changed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, "<condition field", "condition"))
    how = rng.choice(("never", "on-true", "always"))
    return _changed(lines, at, lines[at].raw.replace("<condition ", f'<condition break="{how}" '))


@_way("continuation")
def inline_changed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, 'application="set"', "action"))
    raw = lines[at].raw
    return _changed(
        lines, at, raw.replace(' inline="true"', "") if "inline" in raw else raw.replace("/>", ' inline="true"/>')
    )


@_way("continuation")
def line_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _sites(lines, r"<action |<condition [^>]*/>")
    at = rng.choice(sites)
    return edited(lines, f"{_short(lines[at].raw, '')} left out", {at: ()})


@_way("continuation")
def extension_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    whole = [(start, end) for start, end in _extensions(lines) if "fuseau inconnu" not in lines[start].raw
             and "limite" not in lines[start].raw]  # fmt: skip
    start, end = rng.choice(whole)
    return edited(lines, f"{lines[start].raw.strip()} left out", dict.fromkeys(range(start, end), ()))


@_way("continuation")
def line_twice(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, r"<action "))
    return edited(lines, f"{_short(lines[at].raw, '')} twice", {at: (lines[at].raw, lines[at].raw)})


@_way("continuation")
def application(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {"transfer": "eval", "bridge": "eval", "set": "eval", "answer": "pre_answer", "playback": "eval",
              "hangup": "eval", "voicemail": "eval", "say": "eval"}  # fmt: skip
    return _within(lines, rng, _sites(lines, "<action "), r'(?<=application=")\w+', others.get)


@_way("continuation")
def kind_of_call(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {"internal": "external", "external": "internal"}
    sites = _sites(lines, r"\$\{policyc_kind\}|policyc_kind=")
    return _within(lines, rng, sites, r"internal|external", lambda found: others[found])


# --- cosmetic ---


@_way(COSMETIC)
def comment_changed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at, line in enumerate(lines) if line.raw.strip().startswith("<!--")]
    at = rng.choice(sites)
    more = '<!-- <extension name="x"><condition><action application="hangup"/></condition></extension> -->'
    return edited(lines, f"comment: {lines[at].raw.strip()}", {at: rng.choice(((), (lines[at].raw, more)))})


@_way(COSMETIC)
def blank_lines(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.randrange(1, len(lines) - 2)
    return edited(lines, "blank lines", {at: ("", lines[at].raw, "   ", "\t")})


@_way(COSMETIC)
def indentation(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    if rng.random() < 0.3:
        return Edit("no indentation", "\n".join(line.raw.strip() for line in lines))
    at = rng.choice(_sites(lines, "<"))
    return _changed(lines, at, "\t\t" + lines[at].raw.strip().replace("/>", " />") + "  ")


@_way(COSMETIC)
def extension_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, '<extension name="', "extension"))
    return _changed(lines, at, re.sub(r'name="[^"]*"', 'name="autre règle"', lines[at].raw, count=1))


@_way(COSMETIC)
def attributes_reordered(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, r'<(action|condition|regex) \w+[\w-]*="[^"]*" [\w-]+="[^"]*"'))
    found = re.findall(r'[\w-]+="[^"]*"', lines[at].raw)
    start, end = re.match(r"\s*<\w+", lines[at].raw), re.search(r"/?>$", lines[at].raw)
    assert start
    assert end
    return _changed(lines, at, f"{start[0]} {' '.join(reversed(found))}{end[0]}")


@_way(COSMETIC)
def quotes(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice([at for at in _sites(lines, '="[^"]*"') if "'" not in lines[at].raw])
    return _changed(lines, at, lines[at].raw.replace('"', "'"))


@_way(COSMETIC)
def context_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    known = {lines[start].context.removeprefix("policyc-") for start, _ in _contexts(lines)}
    names = [name for name in _HELPERS if name in known and not any(
        line.raw.find(f"policyc-{name}-") >= 0 for line in lines)]  # fmt: skip
    if not names:
        return None
    name = rng.choice(names)
    new = rng.choice((f"policyc-{name}x", f"other-{name}"))
    text = re.sub(rf"(?<![\w/-])policyc-{name}(?![\w-])", new, "\n".join(line.raw for line in lines))
    return Edit(f"policyc-{name} is {new} everywhere", text)


@_way(COSMETIC)
def variable_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    text = "\n".join(line.raw for line in lines)
    names = [*_VARIABLES, *re.findall(r"policyc_is_\w+", text)]
    name = rng.choice([one for one in names if one in text])
    return Edit(f"{name} is other_{name} everywhere", re.sub(rf"\b{name}\b", f"other_{name}", text))


@_way(COSMETIC)
def defaults_written(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    if rng.random() < 0.5:
        at = rng.choice(_sites(lines, "<condition field", "condition"))
        return _changed(lines, at, lines[at].raw.replace("<condition ", '<condition break="on-false" '))
    at = rng.choice([at for at in _sites(lines, "<extension", "extension") if "continue" not in lines[at].raw])
    return _changed(lines, at, lines[at].raw.replace(">", ' continue="false">'))


@_way(COSMETIC)
def written_open(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, "/>"))
    return _changed(lines, at, lines[at].raw.replace("/>", f"></{lines[at].tag}>"))


@_way(COSMETIC)
def character_by_number(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _sites(lines, "expression="), r'(?<=expression="\^)\w', lambda found: f"&#{ord(found)};")


@_way(COSMETIC)
def contexts_reordered(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    whole = _contexts(lines)
    at = rng.randrange(len(whole) - 1)
    return _moved(lines, whole[at], whole[at + 1])


@_way(COSMETIC)
def action_that_does_nothing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_sites(lines, 'application="(transfer|bridge|hangup)"'))
    new = rng.choice(('application="log" data="INFO règle"', 'application="eval" data="x"',
                      'application="set" data="unused_=1"'))  # fmt: skip
    return edited(lines, f"{new} before {_short(lines[at].raw, '')}", {at: (f"      <action {new}/>", lines[at].raw)})


@_way(COSMETIC)
def never_reached(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = next(at for at in range(len(lines) - 1, 0, -1) if lines[at].raw.strip() == "</include>")
    more = ('<context name="other-unused">', '  <extension name="x"><condition>',
            '    <action application="fifo" data="x"/>', "  </condition></extension>", "</context>")  # fmt: skip
    return edited(lines, "a context that nothing goes to", {at: (*more, lines[at].raw)})
