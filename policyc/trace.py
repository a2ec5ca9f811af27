"""A policy and one call in; how it was decided and what it meets out, as data for programs or as text for people."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from policyc import evaluate, numbering, why
from policyc.digits import Caller, Kind
from policyc.evaluate import (
    AnswerCaller,
    Attempt,
    Call,
    DialOutside,
    EnterSystem,
    LeaveMessage,
    Outcome,
    Play,
    RingExtension,
    SayDigits,
    SoundBusy,
    Step,
)
from policyc.model import Busy, External, Forward, Mailbox, NamedPeriod, Policy, Ring, ToSystem
from policyc.numbering import Recognised
from policyc.source import Span
from policyc.why import NotNamed, NotThen, OnlyKind, Over, Reason, Tried
from policyc.words import Words

# What the caller hears, in the language of the announcements.
PROMPTS: Final = {
    evaluate.WAIT_PROMPT: "Veuillez patienter pendant que nous localisons",
    evaluate.UNAVAILABLE_PROMPT: "Utilisateur indisponible, redirection vers la boîte vocale",
}

# Lines of the tree are no longer, where words allow it.
WIDTH: Final = 100

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """A call, the rules tried at each step of its outcome, and the outcome. The call's instant is aware.

    `presented` is the caller as a trunk or a phone gave it, `recognised` what that was taken for; None: it is not
    known. `confirm`: who answers a rebound accepts it with a key. `shown_path` turns the path of a policy file into
    the one that people are shown.
    """

    policy: Policy
    call: Call
    outcome: Outcome
    tried: tuple[tuple[Tried, ...], ...]
    presented: str | None = None
    recognised: Recognised | None = None
    confirm: bool = True
    shown_path: Callable[[str], str] = str


def follow(
    policy: Policy,
    call: Call,
    *,
    presented: str | None = None,
    restricted: bool = False,
    confirm: bool = True,
    shown_path: Callable[[str], str] = str,
) -> Trace:
    """Return the trace of a call whose instant is local to the policy's zone, or aware.

    `presented`: the text that the caller was read from, `restricted` if its presentation was; only to tell about it.
    """
    local = call.instant
    if local.tzinfo is not None:
        local = local.astimezone(policy.zone).replace(tzinfo=None)
    outcome = evaluate.evaluate(policy, Call(call.caller, call.called, local))
    recognised = None
    if presented is not None:
        recognised = numbering.recognise(call.caller.kind, presented, restricted=restricted)
    return Trace(
        policy,
        Call(call.caller, call.called, local.replace(tzinfo=policy.zone)),
        outcome,
        tuple(why.tried(policy, step.extension, call.caller, local) for step in outcome.steps),
        presented,
        recognised,
        confirm,
        shown_path,
    )


# -- for programs ------------------------------------------------------------------------------------------------------


def to_json(trace: Trace) -> Json:
    """Return the trace as JSON values."""
    call, outcome = trace.call, trace.outcome
    result: Json = {"kind": outcome.kind}
    if outcome.extension is not None:
        result["extension"] = outcome.extension
    if outcome.number is not None:
        result["number"] = outcome.number
    result["attempts"] = [_attempt(trace, attempt) for attempt in outcome.attempts]
    return {
        "call": {
            "caller": call.caller.number,
            "kind": call.caller.kind.value,
            "to": call.called,
            "at": call.instant.isoformat(timespec="seconds"),
            "presented": trace.presented,
            "presentation": trace.recognised and trace.recognised.form,
            "dropped": list(trace.recognised.dropped) if trace.recognised else [],
        },
        "outcome": result,
        "steps": [_step(trace, step, tried) for step, tried in zip(outcome.steps, trace.tried, strict=True)],
    }


def _attempt(trace: Trace, attempt: Attempt) -> Json:
    caller = trace.call.caller.number
    as_they_are: Json = {"caller": caller, "private": caller is None}
    match attempt:
        case RingExtension(extension=extension, seconds=seconds):
            return {"kind": "ring", "extension": extension, "seconds": seconds, **as_they_are}
        case LeaveMessage(extension=extension):
            return {"kind": "voicemail", "extension": extension, **as_they_are}
        case DialOutside(number=number, seconds=None):
            return {"kind": "dial", "number": number, "seconds": None, "confirm": False, **as_they_are}
        case DialOutside(number=number, seconds=seconds):
            hidden: Json = {"caller": None, "private": True}
            return {"kind": "dial", "number": number, "seconds": seconds, "confirm": trace.confirm, **hidden}
        case AnswerCaller():
            return {"kind": "answer"}
        case Play(prompt=prompt):
            return {"kind": "play", "prompt": prompt, "text": PROMPTS[prompt]}
        case SayDigits(digits=digits):
            return {"kind": "digits", "digits": digits}
        case EnterSystem(number=number):
            return {"kind": "system", "extension": number, **as_they_are}
        case SoundBusy():
            return {"kind": "busy"}


def _step(trace: Trace, step: Step, tried: tuple[Tried, ...]) -> Json:
    return {
        "extension": step.extension,
        "name": trace.policy.extensions[step.extension].name,
        "rule": None if step.rule is None else _written(trace, step.rule.span),
        "decision": _decision(trace.policy, step),
        "tried": [
            {
                **_written(trace, one.rule.span),
                "layer": one.layer,
                "matched": one.matched,
                "failed": [_failed(reason) for reason in one.failed],
                "closed": [{"period": each.clause.named.name, "days": list(each.days)} for each in one.closed],
            }
            for one in tried
        ],
    }


def _failed(reason: Reason) -> Json:
    match reason:
        case NotNamed(excepted=excepted):
            return {"reason": "caller", "excepted": excepted}
        case OnlyKind(kind=kind):
            return {"reason": "kind", "only": kind.value}
        case NotThen(clause=clause, days=days):
            named = clause.named
            return {
                "reason": "time",
                "inside": clause.inside,
                "period": named.name,
                "kind": named.kind,
                "days": list(days),
            }
        case Over(last=last):
            return {"reason": "until", "last": last.isoformat()}


def _written(trace: Trace, span: Span) -> Json:
    return {"file": trace.shown_path(span.file.path), "line": span.line, "text": _text(span)}


def _text(span: Span) -> str:
    return " ".join(span.text.split())


def _decision(policy: Policy, step: Step) -> Json:
    """Return what was decided at one extension, which need not be where the call ends."""
    own = policy.extensions[step.extension]
    match Ring() if step.rule is None else step.rule.destination:
        case Ring():
            return {"kind": "ring", "extension": own.number}
        case Mailbox(extension=other):
            return {"kind": "voicemail", "extension": other or own.number}
        case Forward(extension=other):
            return {"kind": "forward", "extension": other}
        case External(number=number, rebound=False):
            return {"kind": "external", "number": number or own.mobile}
        case External(number=number):
            return {"kind": "rebound", "number": number or own.mobile, "extension": own.number}
        case ToSystem(number=number):
            return {"kind": "system", "extension": number}
        case Busy():
            return {"kind": "busy", "extension": own.number}


# -- for people --------------------------------------------------------------------------------------------------------


def to_text(trace: Trace, words: Words) -> str:
    """Return the trace as an account in the language of some words."""
    call, policy = trace.call, trace.policy
    caller, key = _caller(policy, call.caller), f"trace.{call.caller.kind.value}"
    lines = [
        words(key if caller else f"{key}_anonymous", caller=caller, called=_name(policy, call.called)),
        *_wrapped("", "  ", _presentation(trace, words)),
        _instant(call.instant, policy.zone.key, words),
        "",
    ]
    if trace.outcome.steps:
        lines.append(words("trace.path"))
        for step, tried in zip(trace.outcome.steps, trace.tried, strict=True):
            lines.append(f"  {_name(policy, step.extension)}")
            lines += _branches(trace, words, step, tried)
        lines.append("")
    lines.append(words("trace.events"))
    fallback = False
    for number, attempt in enumerate(trace.outcome.attempts, 1):
        event = _event(trace, words, _attempt(trace, attempt))
        lines.append(f"  {number}. {words('trace.otherwise', event=event) if fallback else event}")
        fallback = isinstance(attempt, RingExtension | DialOutside)
    outcome = to_json(trace)["outcome"]
    lines += ["", words("trace.result", outcome=_said(policy, words, "outcome", outcome))]
    return "\n".join(lines) + "\n"


def _wrapped(start: str, next_: str, text: str) -> list[str]:
    """Return a text as lines behind a start and, from the second on, another; words, and so paths, stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=next_, break_long_words=False, break_on_hyphens=False
    )


def _presentation(trace: Trace, words: Words) -> str:
    """Return what was presented and what it was read as; nothing where that is not known."""
    found = trace.recognised
    if found is None or trace.presented is None:
        return ""
    presented = " ".join(trace.presented.split())
    if found.caller.number is None:
        return words(f"trace.read_{found.form if presented else 'empty'}", presented=presented)
    return words(
        "trace.read",
        presented=presented,
        dropped=words("trace.dropped_" + "_".join(found.dropped)) if found.dropped else "",
        form=words(f"trace.form_{found.form}", code=found.code),
        number=_caller(trace.policy, found.caller),
    )


def _branches(trace: Trace, words: Words, step: Step, tried: tuple[Tried, ...]) -> Iterator[str]:
    """Yield the rules tried at one extension as branches of a tree, with why they did not match or what they decide."""
    for one in tried:
        mark, bar = ("└─ ✓", " ") if one.matched else ("├─ ✗", "│")
        written = _written(trace, one.rule.span)
        place = "{file}:{line}".format(**written)
        if one.layer != why.OWN:
            place = words(f"trace.layer_{one.layer}", place=place)
        yield from _wrapped(f"  {mark} ", f"  {bar}      ", words("trace.rule", place=place, text=written["text"]))
        for reason in one.failed:
            mark, inner = ("└─", " ") if reason is one.failed[-1] else ("├─", "│")
            yield from _wrapped(f"  {bar}  {mark} ", f"  {bar}  {inner}    ", _why(reason, trace.call, words))
        for closed in one.closed:
            told = words(
                "trace.closed",
                period=_quoted(closed.clause.named),
                day=_day(trace.call.instant, words),
                days=", ".join(closed.days),
            )
            yield from _wrapped("     ", "       ", told)
    if step.rule is None:
        yield f"  └─ {words('trace.no_rule')}"
    else:
        yield "     → " + _said(trace.policy, words, "decision", _decision(trace.policy, step))


def _why(reason: Reason, call: Call, words: Words) -> str:
    """Return why a rule did not match."""
    match reason:
        case NotNamed(excepted=excepted):
            key = "trace.failed_excepted" if excepted else "trace.failed_caller"
            return words(f"{key}_anonymous" if call.caller.number is None else key)
        case OnlyKind(kind=kind):
            return words(f"trace.failed_{kind.value}_only")
        case NotThen(clause=clause, days=days):
            local = call.instant
            key = f"{'during' if clause.inside else 'except'}_{clause.named.kind}"
            return words(
                f"trace.failed_{key}_closed" if clause.inside and days else f"trace.failed_{key}",
                period=_quoted(clause.named),
                day=_day(local, words),
                time=_time(local),
                days=", ".join(days),
            )
        case Over(last=last):
            return words("trace.failed_until", day=_day(last, words), year=last.year)


def _quoted(named: NamedPeriod) -> str:
    """Return the name of a period as rules write it."""
    return f'"{named.name}"' if " " in named.name else named.name


def _day(day: date, words: Words) -> str:
    return words(
        "trace.day",
        day=words.sequence("calendar.days")[day.weekday()],
        date=day.day,
        month=words.sequence("calendar.months")[day.month - 1],
    )


def _time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S}" if instant.second else f"{instant:%H:%M}"


def _name(policy: Policy, number: str) -> str:
    known = policy.extensions.get(number) or policy.systems.get(number)
    return f"{number} {known.name}" if known else number


def _caller(policy: Policy, caller: Caller) -> str | None:
    if caller.number is None:
        return None
    return _name(policy, caller.number) if caller.kind is Kind.INTERNAL else numbering.display(caller.number)


def _instant(instant: datetime, zone: str, words: Words) -> str:
    return words("trace.instant", day=_day(instant, words), year=instant.year, time=_time(instant), zone=zone)


def _said(policy: Policy, words: Words, table: str, decision: Json) -> str:
    return words(
        f"trace.{table}_{decision['kind']}",
        extension=_name(policy, decision.get("extension", "")),
        number=numbering.display(decision.get("number", "")),
    )


def _event(trace: Trace, words: Words, attempt: Json) -> str:
    key = attempt["kind"]
    if key == "dial" and attempt["seconds"] is not None:
        key = "dial_confirm" if attempt["confirm"] else "dial_private"
    private = attempt.get("private", False)
    shown = words("trace.private") if private else _caller(trace.policy, trace.call.caller)
    return words(
        f"trace.{key}",
        extension=_name(trace.policy, attempt.get("extension", "")),
        number=numbering.display(attempt.get("number", "")),
        seconds=attempt.get("seconds"),
        text=attempt.get("text"),
        digits=attempt.get("digits"),
        shown=shown,
    )
