"""A policy and one call in; how it was decided and what it meets out, as data for programs or as text for people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from policyc import evaluate, numbering
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
from policyc.model import Busy, External, Forward, Mailbox, Policy, Ring, ToSystem
from policyc.source import Span
from policyc.words import Words

# What the caller hears, in the language of the announcements.
PROMPTS: Final = {
    evaluate.WAIT_PROMPT: "Veuillez patienter pendant que nous localisons",
    evaluate.UNAVAILABLE_PROMPT: "Utilisateur indisponible, redirection vers la boîte vocale",
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """A call and its outcome. The call's instant is aware; `confirm`: who answers a rebound accepts it with a key.

    `shown_path` turns the path of a policy file into the one that people are shown.
    """

    policy: Policy
    call: Call
    outcome: Outcome
    confirm: bool = True
    shown_path: Callable[[str], str] = str


def follow(policy: Policy, call: Call, *, confirm: bool = True, shown_path: Callable[[str], str] = str) -> Trace:
    """Return the trace of a call whose instant is local to the policy's zone, or aware."""
    local = call.instant
    if local.tzinfo is not None:
        local = local.astimezone(policy.zone).replace(tzinfo=None)
    outcome = evaluate.evaluate(policy, Call(call.caller, call.called, local))
    return Trace(
        policy, Call(call.caller, call.called, local.replace(tzinfo=policy.zone)), outcome, confirm, shown_path
    )


def exists(instant: datetime) -> bool:
    """Tell whether an aware instant is one that clocks of its zone show: daylight saving leaves an hour out."""
    offset, other = instant.utcoffset(), instant.replace(fold=1 - instant.fold).utcoffset()
    # Inside a gap, the earlier reading has the smaller offset; where time is repeated, the greater one.
    return offset is None or other is None or (offset >= other if instant.fold == 0 else offset <= other)


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
        },
        "outcome": result,
        "steps": [_step(trace, step) for step in outcome.steps],
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


def _step(trace: Trace, step: Step) -> Json:
    rule = step.rule
    return {
        "extension": step.extension,
        "name": trace.policy.extensions[step.extension].name,
        "rule": None if rule is None else {**_place(trace, rule.span), "text": _text(rule.span)},
        "decision": _decision(trace.policy, step),
    }


def _place(trace: Trace, span: Span) -> Json:
    return {"file": trace.shown_path(span.file.path), "line": span.line}


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
        _instant(call.instant, policy.zone.key, words),
        "",
    ]
    if trace.outcome.steps:
        lines.append(words("trace.path"))
        for step in trace.outcome.steps:
            lines.append(f"  {_name(policy, step.extension)}")
            rule = step.rule
            if rule is None:
                lines.append(f"    {words('trace.no_rule')}")
            else:
                place = "{file}:{line}".format(**_place(trace, rule.span))
                lines.append("    " + words("trace.rule", place=place, text=_text(rule.span)))
            lines.append("    → " + _said(policy, words, "decision", _decision(policy, step)))
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


def _name(policy: Policy, number: str) -> str:
    known = policy.extensions.get(number) or policy.systems.get(number)
    return f"{number} {known.name}" if known else number


def _caller(policy: Policy, caller: Caller) -> str | None:
    if caller.number is None:
        return None
    return _name(policy, caller.number) if caller.kind is Kind.INTERNAL else numbering.display(caller.number)


def _instant(instant: datetime, zone: str, words: Words) -> str:
    return words(
        "trace.instant",
        day=words.sequence("calendar.days")[instant.weekday()],
        date=instant.day,
        month=words.sequence("calendar.months")[instant.month - 1],
        year=instant.year,
        time=f"{instant:%H:%M:%S}" if instant.second else f"{instant:%H:%M}",
        zone=zone,
    )


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
