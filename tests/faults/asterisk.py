"""A generated `policyc.conf` in, faults in it out: its text is only cut at the lines that policyc writes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from faults.edits import COSMETIC, Edit, Operators, edited

_STEP = re.compile(
    r"(?P<head>exten => (?P<exten>[^,]+),(?P<at>\w+)| same => n)(?:\((?P<label>\w+)\))?,(?P<app>\w+)\((?P<data>.*)\)"
)
_COMMENT = re.compile(r"(?<!\\);.*$")
_TARGET = re.compile(
    r"(?<=[(?:,])(?P<context>policyc-[\w${}-]+),(?P<exten>[^,?:()]+),1|^(?P<c>policyc-[\w${}-]+),(?P<e>[^,()]+),1"
)
CALLER = re.compile(r"_?[cei]\+?[0-9XNZ.!]+|_p[X!]+")
_TIME = re.compile(r"POLICYC_(DATE|DAY|TIME)|GOSUB_RETVAL|GOSUB\(policyc-time", re.IGNORECASE)
_VARIABLES = ("POLICYC_KIND", "POLICYC_DIALLED", "POLICYC_NUMBER", "POLICYC_EXTEN", "POLICYC_DATE", "POLICYC_DAY",
              "POLICYC_TIME", "POLICYC_NOW", "POLICYC_KEY", "POLICYC_SHOWN", "POLICYC_PASSES")  # fmt: skip
_HELPERS = ("route", "caller", "mailbox", "unanswered", "busy", "outside", "rebound", "confirm", "time", "holidays",
            "first", "rest")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `exten` is also that of the line that a `same` goes on with."""

    raw: str
    context: str
    exten: str = ""
    head: str = ""
    label: str = ""
    app: str = ""
    data: str = ""
    comment: str = ""

    @property
    def step(self) -> bool:
        """Whether it runs an application."""
        return bool(self.app)

    @property
    def first(self) -> bool:
        """Whether it begins an extension."""
        return self.head.startswith("exten")

    def written(self) -> str:
        """Return the line from its parts."""
        label = f"({self.label})" if self.label else ""
        return f"{self.head}{label},{self.app}({self.data}){self.comment}"


@cache
def parse(text: str) -> tuple[Line, ...]:
    """Return the lines of a generated dialplan."""
    found = []
    context = exten = ""
    for raw in text.split("\n"):
        comment = _COMMENT.search(raw)
        body = raw[: comment.start()] if comment else raw
        plain = body.rstrip()
        after = raw[len(plain) :]
        if header := re.fullmatch(r"\[([^\]]+)\]", plain):
            context, exten = header[1], ""
            found.append(Line(raw, context))
        elif step := _STEP.fullmatch(plain):
            exten = step["exten"] or exten
            parts = step["label"] or "", step["app"], step["data"]
            found.append(Line(raw, context, exten, step["head"], *parts, after))
        else:
            found.append(Line(raw, context))
    return tuple(found)


Way = Callable[[Sequence[Line], random.Random], Edit | None]
_OPERATORS: Operators[Way] = Operators("asterisk", lambda way, text, rng: way(parse(text), rng))
_way = _OPERATORS.way
faults = _OPERATORS.faults


# --- helpers ---


def _steps(lines: Sequence[Line], test: Callable[[Line], object] = lambda _: True) -> list[int]:
    return [at for at, line in enumerate(lines) if line.step and test(line)]


def _changed(lines: Sequence[Line], at: int, new: Line, what: str = "") -> Edit:
    return edited(lines, f"{what}{lines[at].raw.strip()} → {new.written().strip()}", {at: (new.written(),)})


def _spliced(text: str, match: re.Match[str], new: str, group: int | str = 0) -> str:
    return text[: match.start(group)] + new + text[match.end(group) :]


def _within(lines: Sequence[Line], rng: random.Random, sites: Iterable[int], pattern: str,
            new: Callable[[str], str | None]) -> Edit | None:  # fmt: skip
    """Return one match of a pattern in the data of some line replaced."""
    found = [(at, match) for at in sites for match in re.finditer(pattern, lines[at].data)]
    if not found:
        return None
    at, match = rng.choice(found)
    text = new(match[0])
    return None if text is None else _changed(lines, at, replace(lines[at], data=_spliced(lines[at].data, match, text)))


def _other(rng: random.Random, one: str, choices: Iterable[str]) -> str | None:
    left = sorted(set(choices) - {one})
    return rng.choice(left) if left else None


def _other_number(rng: random.Random, digits: str) -> str:
    at = rng.randrange(len(digits))
    match rng.randrange(4):
        case 0 if len(digits) > 1:
            return digits[:at] + digits[at + 1 :]
        case 1:
            return digits[:at] + rng.choice("0123456789") + digits[at:]
        case _:
            return digits[:at] + str((int(digits[at]) + rng.randrange(1, 10)) % 10) + digits[at + 1 :]


def _of_time(line: Line) -> bool:
    return line.context in ("policyc-time", "policyc-holidays") or "STRFTIME" in line.data


def _blocks(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return where extensions begin and end: an `exten` line and the steps that follow it."""
    found = []
    for at in _steps(lines, lambda line: line.first):
        end = at + 1
        while end < len(lines) and lines[end].step and not lines[end].first:
            end += 1
        found.append((at, end))
    return found


def _sections(lines: Sequence[Line]) -> list[tuple[int, int]]:
    starts = [at for at, line in enumerate(lines) if line.raw.startswith("[")]
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _contexts(lines: Sequence[Line]) -> list[str]:
    return [lines[at].context for at, _ in _sections(lines)]


# --- pattern ---


def _exten_sites(lines: Sequence[Line]) -> list[int]:
    """Return the lines whose extension stands for callers, those that matter most as often as all the others."""
    sites = _steps(lines, lambda line: line.first and (line.exten.startswith("_") or CALLER.fullmatch(line.exten)))
    rules = [at for at in sites if re.fullmatch(r"policyc-(\d+|rest)", lines[at].context)]
    return sites + rules * (len(sites) // max(1, len(rules)) + 1)


def _with_exten(lines: Sequence[Line], at: int, exten: str) -> Edit | None:
    line = lines[at]
    if exten.strip("_") == "":
        return None
    head = line.head.replace(f"=> {line.exten},", f"=> {exten},", 1)
    return _changed(lines, at, replace(line, head=head))


def _outside_brackets(exten: str) -> list[int]:
    inside, found = False, []
    for at, one in enumerate(exten):
        inside = (inside or one == "[") and one != "]"
        if not inside and one not in "[]_" and not (at <= 1 and one in "ceip"):
            found.append(at)
    return found


@_way("pattern")
def digit_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_exten_sites(lines))
    exten = lines[at].exten
    places = [place for place in _outside_brackets(exten) if exten[place].isdigit()]
    if not places:
        return None
    place = rng.choice(places)
    digit = str((int(exten[place]) + rng.choice((1, 9, rng.randrange(1, 10)))) % 10)
    return _with_exten(lines, at, exten[:place] + digit + exten[place + 1 :])


@_way("pattern")
def wildcard_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_exten_sites(lines))
    exten = lines[at].exten
    places = [place for place in _outside_brackets(exten) if exten[place] in "XNZ"]
    if not places:
        return None
    place = rng.choice(places)
    return _with_exten(lines, at, exten[:place] + rng.choice("XNZ5".replace(exten[place], "")) + exten[place + 1 :])


@_way("pattern")
def tail_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice([at for at in _exten_sites(lines) if lines[at].exten.startswith("_")])
    exten = lines[at].exten
    if exten[-1] in ".!":
        return _with_exten(lines, at, exten[:-1] + rng.choice(".! X".replace(exten[-1], "")).strip())
    return _with_exten(lines, at, exten + rng.choice(".!"))


@_way("pattern")
def length_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_exten_sites(lines))
    exten = lines[at].exten
    places = [place for place in _outside_brackets(exten) if exten[place] in "XNZ0123456789+"]
    if not places:
        return None
    place = rng.choice(places)
    if rng.random() < 0.5:
        return _with_exten(lines, at, exten[:place] + exten[place + 1 :])
    more = rng.choice("XZ") if exten.startswith("_") else rng.choice("0123456789")
    return _with_exten(lines, at, exten[:place] + more + exten[place:])


@_way("pattern")
def kind_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_exten_sites(lines))
    found = re.match(r"_?([cei])", lines[at].exten)
    if found is None:
        return None
    return _with_exten(lines, at, _spliced(lines[at].exten, found, rng.choice("cei".replace(found[1], "")), 1))


@_way("pattern")
def class_of_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _exten_sites(lines) if "[" in lines[at].exten]
    if not sites:
        return None
    at = rng.choice(sites)
    return _with_exten(
        lines, at, lines[at].exten.replace("[0-9*#+]", rng.choice(("[1-9*#+]", "[0-8*#+]", "[0-9]", "X")))
    )


@_way("pattern")
def literal_for_pattern(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_exten_sites(lines))
    exten = lines[at].exten
    return _with_exten(lines, at, exten[1:] if exten.startswith("_") else f"_{exten}")


@_way("pattern")
def pattern_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A presentation of callers, or some callers, are left out."""
    start, end = rng.choice([block for block in _blocks(lines) if block[0] in set(_exten_sites(lines))])
    return edited(lines, f"{lines[start].raw} and what follows left out", dict.fromkeys(range(start, end), ()))


# --- order ---


def _exchanged(lines: Sequence[Line], one: int, other: int) -> Edit:
    """Return two steps in the place of one another; what begins an extension stays where it is."""
    first, second = lines[one], lines[other]
    body = {name: getattr(second, name) for name in ("label", "app", "data", "comment")}
    ydob = {name: getattr(first, name) for name in ("label", "app", "data", "comment")}
    changes = {one: (replace(first, **body).written(),), other: (replace(second, **ydob).written(),)}
    return edited(lines, f"{first.raw.strip()} exchanged with {second.raw.strip()}", changes)


@_way("order")
def neighbours_exchanged(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _steps(lines, lambda line: not line.first) if lines[at - 1].step]
    at = rng.choice(sites)
    return _exchanged(lines, at - 1, at)


@_way("order")
def rules_exchanged(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Of an extension with several rules, two change places."""
    sites = [(one, other) for start, end in _blocks(lines) for one in range(start, end) for other in range(one + 1, end)
             if re.fullmatch(r"policyc-(\d+|first|rest)", lines[one].context)]  # fmt: skip
    return _exchanged(lines, *rng.choice(sites)) if sites else None


@_way("order")
def patterns_exchanged(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Two patterns of a context, each with what the other one did."""
    blocks = [(start, end) for start, end in _blocks(lines) if end == start + 1]
    pairs = [(one, other) for one, _ in blocks for other, _ in blocks if one < other and
             lines[one].context == lines[other].context and lines[one].data != lines[other].data]  # fmt: skip
    return _exchanged(lines, *rng.choice(pairs)) if pairs else None


@_way("order")
def step_moved(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A step goes to the end of the extension after its own."""
    sites = [(at, end) for start, end in _blocks(lines) for at in range(start + 1, end) if end < len(lines) and
             lines[end].step]  # fmt: skip
    if not sites:
        return None
    at, end = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} moved after line {end + 1}",
                 {at: (), end: (lines[end].raw, lines[at].raw)})  # fmt: skip


# --- number ---


@_way("number")
def number_in_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app in ("Goto", "GotoIf", "Gosub") and not _of_time(line))
    return _within(lines, rng, sites, r"(?<=[-,(])\d{2,}(?=[@,)])", lambda found: _other_number(rng, found))


@_way("number")
def number_dialled(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: "@phones" in line.data or line.app in ("Dial", "VoiceMail", "SayDigits"))
    return _within(lines, rng, sites, r"(?<=-)\+?\d+|(?<=\{)EXTEN(?=\})",
                   lambda found: "EXTEN:1" if found == "EXTEN" else found[:1].replace("+", "") and
                   _other_number(rng, found))  # fmt: skip


@_way("number")
def number_of_another(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """An extension of the policy stands for another."""
    numbers = [
        context.removeprefix("policyc-") for context in _contexts(lines) if re.fullmatch(r"policyc-\d+", context)
    ]
    pattern = "|".join(rf"(?<![\w:]){number}(?!\w)" for number in numbers)
    sites = _steps(lines, lambda line: not _of_time(line))
    return _within(lines, rng, sites, pattern, lambda found: _other(rng, found, numbers))


@_way("number")
def number_made_canonical(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.context == "policyc-caller")
    return _within(lines, rng, sites, r"(?<=:)\d+(?=\})|(?<==)0\d*(?=\$)|(?<=> )\d+|(?<=,)\d(?=\))",
                   lambda found: str(max(0, int(found) + rng.choice((-1, 1)))))  # fmt: skip


@_way("number")
def number_of_context(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "Set" and "POLICYC_EXTEN=" in line.data)
    return _within(lines, rng, sites, r"(?<==)\d+", lambda found: _other_number(rng, found))


# --- context ---


@_way("context")
def context_of_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    contexts = _contexts(lines)
    sites = _steps(lines, lambda line: line.app in ("Goto", "GotoIf", "Gosub"))
    rules = [at for at in sites if re.search(r"policyc-(\d|mail|unans|busy|outs|reb)", lines[at].data)]
    return _within(lines, rng, [*sites, *rules], r"policyc-[a-z0-9]+(?=,)|from-internal(?=,)",
                   lambda found: _other(rng, found, [*contexts, "from-internal", "policyc-nowhere"]))  # fmt: skip


@_way("context")
def extension_of_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A jump within a context goes to another extension of it; not to its own, which would keep a processor busy."""
    sites = [at for at in _steps(lines, lambda line: line.app in ("Goto", "GotoIf"))
             if re.search(r"(^|[?:])[\w${}]+,1$", lines[at].data)]  # fmt: skip
    if not sites:
        return None
    at = rng.choice(sites)
    line = lines[at]
    others = [one.exten for one in lines if one.context == line.context and one.first and one.exten[0] != "_"]
    found = re.search(r"(?:^|[?:])([\w${}]+),1$", line.data)
    assert found
    new = _other(rng, found[1], {*others, "nowhere"} - {line.exten})
    return None if new is None else _changed(lines, at, replace(line, data=_spliced(line.data, found, new, 1)))


@_way("context")
def label_of_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [
        at for at in _steps(lines) if re.search(r"[?:][a-z]\w*(:|$)", lines[at].data) and lines[at].app == "GotoIf"
    ]
    if not sites:
        return None
    at = rng.choice(sites)
    line = lines[at]
    labels = [one.label for one in lines if one.exten == line.exten and one.context == line.context and one.label]
    found = re.search(r"[?:]([a-z]\w*)(?::|$)", line.data)
    assert found
    new = _other(rng, found[1], [*labels, "nowhere"])
    return None if new is None else _changed(lines, at, replace(line, data=_spliced(line.data, found, new, 1)))


@_way("context")
def priority_of_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app in ("Goto", "GotoIf", "Gosub"))
    return _within(lines, rng, sites, r"(?<=,)1(?=$|\(|:)", lambda _: rng.choice("23"))


@_way("context")
def context_misnamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice([start for start, _ in _sections(lines)])
    name = lines[at].context
    new = rng.choice((f"{name}x", name[:-1], *(other for other in _contexts(lines) if other != name)))
    return edited(lines, f"[{name}] → [{new}]", {at: (f"[{new}]",)})


# --- time ---


def _time_sites(lines: Sequence[Line]) -> list[int]:
    return _steps(lines, lambda line: line.context == "policyc-time" or "STRFTIME" in line.data)


@_way("time")
def number_of_time(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _time_sites(lines) if lines[at].app == "GotoIf"]

    def new(found: str) -> str:
        moved = int(found) + rng.choice((-1, 1, -1, 1, 100, -100, 10))
        return str(max(0, moved))

    return _within(lines, rng, sites, r"(?<=[=<>] )\d+", new)


@_way("time")
def comparison_of_time(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {">=": (">", "<"), "<=": ("<", ">="), "<": ("<=", ">"), "=": ("!=", ">="), "&": ("|",), "|": ("&",)}
    sites = [at for at in _time_sites(lines) if lines[at].app == "GotoIf"]
    return _within(lines, rng, sites, r"(?<= )(>=|<=|<|=|&|\|)(?= )", lambda found: rng.choice(others[found]))


@_way("time")
def answer_of_period(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _time_sites(lines) if lines[at].app == "Return"]
    return _within(lines, rng, sites, r"[01]", lambda found: {"0": "1", "1": "0"}[found])


@_way("time")
def day_off(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.context == "policyc-holidays")
    if not sites:
        return None
    at = rng.choice(sites)
    if rng.random() < 0.3:
        return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})
    date = lines[at].exten
    place = rng.choice((3, 5, 7, 7))
    return _with_exten(lines, at, date[:place] + str((int(date[place]) + 1) % 10) + date[place + 1 :])


@_way("time")
def clock(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: "STRFTIME" in line.data)
    others = {"%Y": "%y", "%m": "%d", "%d": "%m", "%u": "%w", "%H": "%I", "%M": "%S",
              "Europe/Paris": "Europe/London"}  # fmt: skip
    return _within(lines, rng, sites, r"%[YmduHM]|(?<=,)[A-Z]\w+/\w+", lambda found: others.get(found, "UTC"))


@_way("time")
def period_asked(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Another period is asked, or none."""
    sites = _steps(lines, lambda line: line.app == "Gosub" and "policyc-time," in line.data)
    names = sorted({line.exten for line in lines if line.context == "policyc-time" and line.first})
    if not sites:
        return None
    if rng.random() < 0.3:
        at = rng.choice(sites)
        if not lines[at].first:
            return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})
    return _within(lines, rng, sites, r"(?<=policyc-time,)\w+", lambda found: _other(rng, found, names))


@_way("time")
def clause_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at in _time_sites(lines) if not lines[at].first and "GotoIf" in lines[at].app]
    if not sites:
        return None
    at = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})


# --- flag ---


@_way("flag")
def greeting(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "VoiceMail")
    return _within(lines, rng, sites, r",[bu]$", lambda found: rng.choice((",b", ",u", "", ",s", f"{found}s")))


@_way("flag")
def mailbox_context(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "VoiceMail")
    return _within(lines, rng, sites, r"@\w+", lambda _: rng.choice(("@other", "")))


@_way("flag")
def seconds(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: re.search(r"@phones/n,\d+", line.data))
    return _within(lines, rng, sites, r"(?<=@phones/n,)\d+", lambda found: str(int(found) + rng.choice((-1, 1, 10))))


@_way("flag")
def time_limit(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "Dial")
    return _within(lines, rng, sites, r"\$\{ARG[12]\}$|,\d+$|(?<=,)\$\{ARG2\}(?=,)",
                   lambda found: rng.choice(("", f"{found},30")) if "ARG1" not in found else f"{found},20")  # fmt: skip


@_way("flag")
def dial_options(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "Dial")
    return _within(lines, rng, sites, r"(?<=,)IU\(policyc-confirm\)$|@phones/n,\d+$",
                   lambda found: rng.choice(("I", "U(policyc-confirm)", "", "IgU(policyc-confirm)", "IU(policyc-busy)"))
                   if found[0] == "I" else found + rng.choice((",g", ",r", ",I", ",U(policyc-confirm)")))  # fmt: skip


@_way("flag")
def cause(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app in ("Hangup", "Busy"))
    return _within(
        lines, rng, sites, r"^\d+$|(?<=:)34|^$", lambda found: _other(rng, found, ("16", "17", "21", "", "1"))
    )


@_way("flag")
def confirmation(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.context == "policyc-confirm")
    return _within(lines, rng, sites, r"(?<== )\"1\"|CONTINUE|(?<=RESULT=)$|,1,,1,5|policyc/accepter",
                   lambda found: {'"1"': '"2"', "CONTINUE": rng.choice(("", "HANGUP", "BUSY")),
                                  "": "CONTINUE", ",1,,1,5": rng.choice((",2,,1,5", ",1,,1,9", ",1,,2,5")),
                                  "policyc/accepter": "policyc/indisponible"}[found])  # fmt: skip


@_way("flag")
def prompt(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "Playback" or "(language)" in line.data)
    return _within(lines, rng, sites, r"policyc/[\w-]+|(?<==)fr$",
                   lambda found: "en" if found == "fr" else
                   _other(rng, found, ("policyc/indisponible", "policyc/veuillez-patienter",
                                       "policyc/indisponible,noanswer")))  # fmt: skip


# --- privacy ---


def _private_sites(lines: Sequence[Line]) -> list[int]:
    return _steps(lines, lambda line: line.app == "Set" and "-pres)" in line.data)


@_way("privacy")
def allowed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    return _within(lines, rng, _private_sites(lines), r"(?<==)prohib$|(?<==)\$\{\w+\}$",
                   lambda found: rng.choice(("allowed", "prohib_passed_screen", "unavailable"))
                   if found == "prohib" else rng.choice(("allowed", "prohib")))  # fmt: skip


@_way("privacy")
def line_of_privacy_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _private_sites(lines)
    if not sites:
        return None
    at = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})


@_way("privacy")
def name_for_number(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {"num": "name", "name": "num", "{number}": "{name}", "{name}": "{number}"}
    return _within(lines, rng, _private_sites(lines), r"(num|name)(?=-pres)|\{(number|name)\}", others.get)


@_way("privacy")
def hidden_caller(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Whether a caller hides its number is asked otherwise."""
    sites = _steps(lines, lambda line: "prohib" in line.data and line.app == "GotoIf")
    others = {
        '"prohib"': '"allowe"',
        '"unavailable"': '"unavail"',
        "num-pres": "name-pres",
        " | ": " & ",
        ":0:6": ":0:5",
    }
    return _within(lines, rng, sites, r'"prohib"|"unavailable"|num-pres| \| |:0:6', lambda found: others[found])


@_way("privacy")
def number_overwritten(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: not line.first and (line.app == "Dial" or "CALLERID" in line.data))
    if not sites:
        return None
    at = rng.choice(sites)
    new = rng.choice(("Set(CALLERID(num)=${POLICYC_NUMBER})", "Set(CALLERID(num)=)", "Set(CALLERID(name)=x)",
                      "Set(CALLERID(pres)=prohib)"))  # fmt: skip
    return edited(lines, f"{new} before {lines[at].raw.strip()}", {at: (f" same => n,{new}", lines[at].raw)})


@_way("privacy")
def answering_number_shown(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "Dial")
    return _within(lines, rng, sites, r"(?<=,)I", lambda _: "")


# --- continuation ---


@_way("continuation")
def sense_of_jump(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "GotoIf")
    return _within(lines, rng, sites, r"\?[^?]*$", _turned)


def _turned(branches: str) -> str:
    yes, _, no = branches[1:].partition(":")
    return f"?{no}:{yes}"


@_way("continuation")
def negation(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.app == "GotoIf")
    return _within(lines, rng, sites, r"^\$\[!\$\{\w+\}\]|^\$\{\w+\}(?=\?)",
                   lambda found: found[3:-1] if found[1] == "[" else f"$[!{found}]")  # fmt: skip


@_way("continuation")
def status(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: "DIALSTATUS" in line.data or "HANGUPCAUSE" in line.data)
    return _within(lines, rng, sites, r'"BUSY"|(?<=:)34|> 0|DIALSTATUS',
                   lambda found: {'"BUSY"': rng.choice(('"NOANSWER"', '"CHANUNAVAIL"', '"ANSWER"')), "34": "16",
                                  "> 0": "> 17", "DIALSTATUS": "DIALLEDSTATUS"}[found])  # fmt: skip


@_way("continuation")
def line_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_steps(lines))
    return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})


@_way("continuation")
def line_of_helper_missing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    contexts = {f"policyc-{name}" for name in (*_HELPERS, "internal", "external")} - {
        "policyc-holidays",
        "policyc-first",
    }
    at = rng.choice(_steps(lines, lambda line: line.context in contexts))
    return edited(lines, f"{lines[at].raw.strip()} left out", {at: ()})


@_way("continuation")
def line_twice(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_steps(lines))
    return edited(lines, f"{lines[at].raw.strip()} twice", {at: (lines[at].raw, lines[at].raw)})


@_way("continuation")
def application(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    others = {"Goto": ("Gosub", "GoTo_"), "GotoIf": ("GosubIf", "ExecIf"), "Gosub": ("Goto", "NoOp"), "Dial": ("Dail",
              "NoOp"), "VoiceMail": ("VoiceMailMain", "NoOp"), "Return": ("Hangup", "NoOp"), "Hangup": ("NoOp", "Busy"),
              "Playback": ("Background", "NoOp"), "SayDigits": ("SayNumber", "NoOp"), "Answer": ("NoOp", "Progress"),
              "Busy": ("Congestion", "NoOp"), "Set": ("NoOp", "MSet"), "NoOp": ("Hangup",)}  # fmt: skip
    apps = sorted({line.app for line in lines if line.step})
    app = rng.choice(apps)
    at = rng.choice(_steps(lines, lambda line: line.app == app))
    return _changed(lines, at, replace(lines[at], app=rng.choice(others.get(app, ("NoOp",)))))


@_way("continuation")
def step_more(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_steps(lines, lambda line: not line.first and line.context != "policyc-holidays"))
    new = rng.choice(("Answer()", "Hangup()", "Return()", "Hangup(17)", "Playback(policyc/indisponible)", "Ringing()"))
    return edited(lines, f"{new} before {lines[at].raw.strip()}", {at: (f" same => n,{new}", lines[at].raw)})


# --- cosmetic: no call can show these ---


@_way(COSMETIC)
def comment_changed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = [at for at, line in enumerate(lines) if line.comment or line.raw.startswith(";")]
    at = rng.choice(sites)
    line = lines[at]
    match rng.randrange(3):
        case 0:
            new = [line.raw.removesuffix(line.comment)] if line.step else []
        case 1:
            new = [line.raw + " [policyc-busy] exten => _X.,1,Hangup(17)"]
        case _:
            new = [line.raw, "; exten => _c.,1,Hangup(17)"] if not line.step else [line.raw + " ; autre"]
    return edited(lines, f"comment: {line.raw.strip()}", {at: new})


@_way(COSMETIC)
def blank_lines(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    blank = [at for at, line in enumerate(lines[:-1]) if not line.raw]
    if rng.random() < 0.4 and blank:
        at = rng.choice(blank)
        return edited(lines, "blank line left out", {at: ()})
    at = rng.choice(_steps(lines))
    return edited(lines, "blank lines", {at: ("", lines[at].raw, "   ", "\t")})


@_way(COSMETIC)
def spacing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_steps(lines))
    line = lines[at]
    raw = line.raw
    match rng.randrange(5):
        case 0:
            new = raw.replace(" => ", "=>", 1)
        case 1:
            new = f"\t{raw.strip()}  "
        case 2:
            new = raw.replace(" => ", "  =>   ", 1)
        case 3:
            new = raw.replace(" => ", " = ", 1)
        case _:
            new = "\n".join(f"  {one.raw.strip()}" if one.step else one.raw for one in lines)
            return Edit("all steps indented alike", new)
    return edited(lines, f"{raw.strip()} → {new!r}", {at: (new,)})


@_way(COSMETIC)
def context_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A context that is no entry and whose name is not put together, under another name everywhere."""
    known = {context.removeprefix("policyc-") for context in _contexts(lines)}
    name = rng.choice([helper for helper in _HELPERS if helper in known])
    new = rng.choice((f"policyc-{name}x", f"other-{name}", f"policyc-{name}_2"))
    text = re.sub(rf"(?<![\w/-])policyc-{name}(?![\w-])", new, "\n".join(line.raw for line in lines))
    return Edit(f"policyc-{name} is {new} everywhere", text)


@_way(COSMETIC)
def variable_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    text = "\n".join(line.raw for line in lines)
    name = rng.choice([one for one in _VARIABLES if one in text])
    new = rng.choice((f"X_{name}", "ROUTE_" + name.removeprefix("POLICYC_")))
    return Edit(f"{name} is {new} everywhere", re.sub(rf"\b{name}\b", new, text))


@_way(COSMETIC)
def label_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: line.label)
    if not sites:
        return None
    chosen = lines[rng.choice(sites)]
    old, new = chosen.label, f"{chosen.label}_there"
    changes = {}
    for at in _steps(lines, lambda line: (line.context, line.exten) == (chosen.context, chosen.exten)):
        data = (
            re.sub(rf"([?:]){old}(?=:|$)", rf"\1{new}", lines[at].data) if lines[at].app == "GotoIf" else lines[at].data
        )
        label = new if lines[at].label == old else lines[at].label
        if (data, label) != (lines[at].data, lines[at].label):
            changes[at] = (replace(lines[at], data=data, label=label).written(),)
    return edited(lines, f"label {old} of {chosen.exten} is {new}", changes)


@_way(COSMETIC)
def extension_renamed(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """An extension that only jumps of its own context go to, under another name."""
    sites = _steps(lines, lambda line: line.first and re.match(r"(when|rebound|outside)_", line.exten))
    if not sites:
        return None
    chosen = lines[rng.choice(sites)]
    old, new = chosen.exten, f"other_{chosen.exten}"
    changes = {at: (re.sub(rf"\b{old}\b", new, lines[at].raw),) for at in _steps(lines, lambda line:
               line.context == chosen.context and re.search(rf"\b{old}\b", line.raw))}  # fmt: skip
    return edited(lines, f"extension {old} of {chosen.context} is {new}", changes)


@_way(COSMETIC)
def step_that_does_nothing(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    at = rng.choice(_steps(lines, lambda line: line.context != "policyc-holidays"))
    new = rng.choice(("NoOp()", "NoOp(policyc: ${EXTEN})", "Verbose(3,règle)", "Set(UNUSED_=${EXTEN})"))
    return edited(lines, f"{new} after {lines[at].raw.strip()}", {at: (lines[at].raw, f" same => n,{new}")})


@_way(COSMETIC)
def same_written_out(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sites = _steps(lines, lambda line: not line.first)
    if rng.random() < 0.3:
        text = "\n".join(line.raw.replace(" same => n", f"exten => {line.exten},n", 1) if line.step else line.raw
                         for line in lines)  # fmt: skip
        return Edit("each same as an exten", text)
    at = rng.choice(sites)
    return edited(lines, f"{lines[at].raw.strip()} as an exten",
                 {at: (lines[at].raw.replace(" same => n", f"exten => {lines[at].exten},n", 1),)})  # fmt: skip


@_way(COSMETIC)
def priorities_numbered(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    start, end = rng.choice([block for block in _blocks(lines) if block[1] > block[0] + 1])
    changes = {at: (lines[at].raw.replace(" same => n", f"exten => {lines[at].exten},{at - start + 1}", 1),)
               for at in range(start + 1, end)}  # fmt: skip
    return edited(lines, f"priorities of {lines[start].exten} numbered", changes)


@_way(COSMETIC)
def extensions_reordered(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Two extensions of a context, one after the other, change places with all their steps."""
    blocks = _blocks(lines)
    pairs = [(one, other) for one, other in pairwise(blocks) if one[1] == other[0]]
    one, other = rng.choice(pairs)
    new = [line.raw for line in (*lines[other[0] : other[1]], *lines[one[0] : one[1]])]
    changes: dict[int, Sequence[str]] = dict.fromkeys(range(one[0], other[1]), ())
    changes[one[0]] = new
    return edited(lines, f"{lines[other[0]].exten} before {lines[one[0]].exten}", changes)


@_way(COSMETIC)
def contexts_reordered(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    sections = _sections(lines)
    at = rng.randrange(len(sections) - 1)
    one, other = sections[at], sections[at + 1]
    raw = [line.raw for line in lines]
    text = [*raw[: one[0]], *raw[other[0] : other[1]], *raw[one[0] : one[1]], *raw[other[1] :]]
    return Edit(f"{lines[other[0]].context} before {lines[one[0]].context}", "\n".join(text))


@_way(COSMETIC)
def context_written_out(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A jump within a context names it."""
    sites = [at for at in _steps(lines, lambda line: line.app == "Goto") if re.fullmatch(r"[^,]+,1", lines[at].data)]
    at = rng.choice(sites)
    return _changed(lines, at, replace(lines[at], data=f"{lines[at].context},{lines[at].data}"))


@_way(COSMETIC)
def jump_written_otherwise(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """A condition without a second branch gets an empty one; an application is written in small letters."""
    if rng.random() < 0.5:
        at = rng.choice(_steps(lines))
        return _changed(lines, at, replace(lines[at], app=lines[at].app.lower()))
    sites = _steps(lines, lambda line: line.app == "GotoIf" and re.search(r"\?[^?:]+$", line.data))
    at = rng.choice(sites)
    return _changed(lines, at, replace(lines[at], data=lines[at].data + ":"))


@_way(COSMETIC)
def never_reached(lines: Sequence[Line], rng: random.Random) -> Edit | None:
    """Something that no call reaches."""
    text = "\n".join(line.raw for line in lines)
    if rng.random() < 0.5:
        return Edit("a context that nothing goes to", f"{text}\n[other-unused]\nexten => _X.,1,Queue(x)\n")
    at = rng.choice(_steps(lines, lambda line: line.app in ("Goto", "Return") and line.context != "policyc-holidays"))
    return edited(
        lines, f"Dial after {lines[at].raw.strip()}", {at: (lines[at].raw, " same => n,Dial(Local/ext-1@phones/n)")}
    )
