"""An independent judge of policies: slow, plain, and written from the contract alone.

It shares no code with policyc, reads no policy source, and is meant to be obviously right: strings, regular
expressions on canonical numbers, one loop over the rules, `datetime`. A policy is plain data (the dataclasses
below), a call is plain data, the answer is the "events" text that every judge is compared on.

Where the contract can be read in two ways, the reading taken is a field of `Readings` with its reason beside it.
The generator asks the judge again with each field flipped: a call whose answer hangs on such a reading
carries its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

# --- a policy -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Extension:
    number: str
    name: str
    mobile: str | None = None  # canonical
    voicemail: bool = False
    ring: int = 20  # seconds


@dataclass(frozen=True)
class System:
    number: str
    name: str
    kind: str = "groupe"  # groupe, file, svi


@dataclass(frozen=True)
class Everyone:
    """`*`"""


@dataclass(frozen=True)
class Anonymous:
    """`anonyme`"""


@dataclass(frozen=True)
class Exact:
    number: str  # canonical


@dataclass(frozen=True)
class Prefix:
    """`06*` is Prefix("06"), `+44*` and `0044*` Prefix("+44"), `39*` Prefix("39"), `+*` Prefix("+")."""

    text: str


@dataclass(frozen=True)
class Range:
    first: str  # canonical, both of one length and kind, both included
    last: str


@dataclass(frozen=True)
class Poste:
    """A declared extension, written by its name; one written by its number is an Exact."""

    number: str


@dataclass(frozen=True)
class ListRef:
    name: str


@dataclass(frozen=True)
class Builtin:
    name: str  # mobiles, fixes, étranger, surtaxés, démarchage


Item = Everyone | Anonymous | Exact | Prefix | Range | Poste | ListRef | Builtin


@dataclass(frozen=True)
class NumberList:
    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Span:
    days: frozenset[int]  # 0 is Monday
    start: time
    end: time  # excluded; at or before `start` means: on the next day


@dataclass(frozen=True)
class Hours:
    name: str
    spans: tuple[Span, ...]
    holidays_included: bool = False  # "fériés compris"


@dataclass(frozen=True)
class Closure:
    name: str
    periods: tuple[tuple[date, date], ...]  # both ends included


@dataclass(frozen=True)
class When:
    kind: str  # "hours", "closure", "holidays"
    name: str = ""
    inside: bool = True  # pendant; False is hors


@dataclass(frozen=True)
class Destination:
    # ring, voicemail, mobile, external, extension, extension-voicemail, system, busy
    kind: str
    number: str = ""
    rebound: bool = False


@dataclass(frozen=True)
class Rule:
    callers: tuple[Item, ...]
    destination: Destination
    excepted: tuple[Item, ...] = ()
    only: str = ""  # "", "internal", "external"
    times: tuple[When, ...] = ()
    until: date | None = None


@dataclass(frozen=True)
class Block:
    scope: str  # "own", "all", "first" (pour tous en priorité)
    rules: tuple[Rule, ...]
    extension: str = ""  # number, for "own"
    excluded: tuple[str, ...] = ()  # numbers, for "all" and "first"

    def covers(self, number: str) -> bool:
        return number == self.extension if self.scope == "own" else number not in self.excluded


@dataclass(frozen=True)
class Policy:
    extensions: tuple[Extension, ...]
    systems: tuple[System, ...] = ()
    lists: tuple[NumberList, ...] = ()
    hours: tuple[Hours, ...] = ()
    closures: tuple[Closure, ...] = ()
    holidays: frozenset[date] = frozenset()
    blocks: tuple[Block, ...] = ()
    zone: str = "Europe/Paris"
    holiday_years: tuple[str, int, int] | None = None  # how `holidays` was declared; only the renderer reads it

    def extension(self, number: str) -> Extension | None:
        return next((e for e in self.extensions if e.number == number), None)


@dataclass(frozen=True)
class Call:
    presented: str
    internal: bool
    restricted: bool
    called: str
    instant: datetime  # naive: local to the policy's zone
    lines: Mapping[str, str] = field(default_factory=dict)  # extension or canonical number -> state


# --- readings of the contract ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Readings:
    """The value is the reading taken; the comment gives the sentence and the other way to read it."""

    # §4.5 "false on declared fériés and fermetures, unless H says fériés compris": taken to the letter, the
    # words lift both. The other reading: they lift holidays only, a closure still closes.
    holidays_included_lifts_closures: bool = True
    # §4.2 "+CC": a country code does not start with 0, so `+0612…` and `000…` are kept as they are.
    country_code_may_start_with_zero: bool = False
    # §4.2 "+33 … and nine digits": a national number does not start with 0 either (`+33012345678`); to the
    # letter it would become `0012345678`, which itself canonicalises to `+12345678`. It is left as a `+`
    # number.
    nine_digits_may_start_with_zero: bool = False
    # §3 accepts `+33 (0)6…` in the policy; §4.2 does not in a presentation, where it is `+330612345678`,
    # foreign.
    presented_trunk_zero_dropped: bool = False
    # §4.2 "nine digits": the 13 digits of a 0700/0901 number after +33 are not nine; `+337001234567890` stays
    # foreign.
    long_numbers_have_e164: bool = False
    # §4.2 "the DROM codes → their national ten digits": only for the ranges of that code in the numbering plan;
    # else `+262612345678` would become a mainland mobile. The other reading: any nine digits after the code.
    overseas_code_takes_any_nine_digits: bool = False
    # §4.2 "+508 → national ten digits": its numbers have six digits, `+508411234` → `0508411234`.
    miquelon_six_digits: bool = True
    # … and the nine-digit spelling `+508508411234`, the way of the other codes, is accepted too.
    miquelon_nine_digits: bool = True
    # §4.2 "anything else with digits as it is": a hostile `06&12345678` is kept whole, so only `*` matches
    # it. The other reading: everything but digits and a leading + is a separator.
    junk_is_separator: bool = False
    # §4.2 "separators": blanks of any kind, dots and hyphens. Are ( ) / _ too?
    wide_separators: bool = False
    # Digits are the ten of ASCII. (Python's str.isdigit takes more.)
    unicode_digits: bool = False
    # §4.2 "internal callers as they are": neither separators nor `;…`/`@…` are dropped.
    internal_cleaned: bool = False
    # §4.2 universe: foreign is + and 4 to 15 digits, others 1 to 15; longer or shorter strings are in no set
    # but `*`.
    universe_bounded: bool = True
    # §4.2 "French (0 and nine digits; fourteen for 0700 and 0901)": a ten-digit 0700… is French as well.
    ten_digits_0700_french: bool = True
    # §3 "+3* holds the French ones too": overseas numbers are taken by their own code (+262…), so `+3*`
    # leaves them out, though `+33 6*`, which is `06*`, holds 0692…. The other reading: their +33 spelling
    # counts as well.
    overseas_also_under_33: bool = False
    # §3 "+33 6*, 0033 6* and 06* are one set": so bare `+33*` is `0*`. The other: it also holds malformed +33
    # numbers.
    bare_33_holds_malformed: bool = False
    # §3 "a poste by name" as a caller is its number, whatever the kind. The other reading: the internal
    # caller only.
    named_poste_internal_only: bool = False
    # as told by the press: part of `démarchage`.
    press_table_canvassing: bool = True


READINGS = Readings()

# --- numbers ------------------------------------------------------------------------------------------------

ANONYMOUS = ""  # the canonical form of an anonymous caller
BLANKS = " \t\u00a0\u202f\u2007\u2009"
OVERSEAS = {  # national beginning -> country code; ARCEP's table of the plan, with the 09 blocks opened there
    **dict.fromkeys(("0262", "0263", "0268", "0269", "0639", "0692", "0693"), "262"),
    **dict.fromkeys(("09398", "09399", "09478", "09479", "09762", "09763", "09769"), "262"),
    **dict.fromkeys(("0590", "0690", "0691", "09395", "09475", "09760", "09761"), "590"),
    **dict.fromkeys(("0594", "0694", "09396", "09476"), "594"),
    **dict.fromkeys(("0596", "0696", "0697", "09397", "09477", "09766", "09767"), "596"),
    "0508": "508",
}


def overseas(national: str) -> str | None:
    """The country code of a national number, unless it is 33."""
    return next((code for beginning, code in OVERSEAS.items() if national.startswith(beginning)), None)


PRESS_TABLE = ("02688", "02689", "05987", "05988", "05989")
BUILTIN = {  # ten-digit French numbers by their beginning; étranger is not among them
    "mobiles": ("06", "073", "074", "075", "076", "077", "078", "079"),
    "fixes": ("01", "02", "03", "04", "05"),
    "surtaxés": ("081", "082", "089"),
    "démarchage": (
        *("0162", "0163", "0270", "0271", "0377", "0378", "0424", "0425", "0568", "0569", "0948", "0949"),
        *("09475", "09476", "09477", "09478", "09479"),
        *PRESS_TABLE,
    ),
}


def canonical(presented: str, internal: bool, restricted: bool, how: Readings = READINGS) -> str:
    """§4.1, §4.2. Anonymous is the empty string; no other caller is."""
    if restricted:
        return ANONYMOUS
    text = presented
    if how.unicode_digits:
        text = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    if internal and not how.internal_cleaned and not how.junk_is_separator:
        return text if re.search("[0-9]", text) else ANONYMOUS
    text = re.split("[;@]", text)[0]
    separators = BLANKS + ".-" + ("()/_" if how.wide_separators else "")
    text = "".join(c for c in text if c not in separators)
    if how.junk_is_separator:
        text = re.sub("[^0-9+]", "", text)
        text = text[:1] + text[1:].replace("+", "")
    if not re.search("[0-9]", text):
        return ANONYMOUS  # "none, or a spelling of anonymous": no spelling has a digit
    if internal:
        return text
    nine = "[0-9]{9}" if how.nine_digits_may_start_with_zero else "[1-9][0-9]{8}"
    if m := re.fullmatch(rf"(?:\+|00)?33({nine})", text):
        return "0" + m[1]
    if how.presented_trunk_zero_dropped and (m := re.fullmatch(r"(?:\+|00)?33(0[1-9][0-9]{8})", text)):
        return m[1]
    if how.long_numbers_have_e164 and (m := re.fullmatch(r"(?:\+|00)?33((?:700|901)[0-9]{10})", text)):
        return "0" + m[1]
    if re.fullmatch("[1-9][0-9]{8}", text):
        return "0" + text
    if m := re.fullmatch(r"(?:\+|00)(262|590|594|596)([1-9][0-9]{8})", text):
        national = "0" + m[2]
        if how.overseas_code_takes_any_nine_digits or overseas(national) == m[1]:
            return national
    if how.miquelon_six_digits and (m := re.fullmatch(r"(?:\+|00)508([0-9]{6})", text)):
        return "0508" + m[1]
    if how.miquelon_nine_digits and (m := re.fullmatch(r"(?:\+|00)508(508[0-9]{6})", text)):
        return "0" + m[1]
    if how.overseas_code_takes_any_nine_digits and (m := re.fullmatch(r"(?:\+|00)508([0-9]{9})", text)):
        return "0" + m[1]
    first = "[0-9]" if how.country_code_may_start_with_zero else "[1-9]"
    if m := re.fullmatch(rf"(?:\+|00)({first}[0-9]*)", text):
        return "+" + m[1]
    return text


def is_french(number: str, how: Readings = READINGS) -> bool:
    if re.fullmatch("0(700|901)[0-9]{10}", number):
        return True
    if not how.ten_digits_0700_french and re.fullmatch("0(700|901)[0-9]{6}", number):
        return False
    return re.fullmatch("0[0-9]{9}", number) is not None


def is_foreign(number: str, how: Readings = READINGS) -> bool:
    first = "[0-9]" if how.country_code_may_start_with_zero else "[1-9]"
    length = "{3,14}" if how.universe_bounded else "*"
    return re.fullmatch(rf"\+{first}[0-9]{length}", number) is not None


def is_digits(number: str, how: Readings = READINGS) -> bool:
    return re.fullmatch("[0-9]{1,15}" if how.universe_bounded else "[0-9]+", number) is not None


def e164(national: str) -> str:
    """Of a French number. The six digits of Saint-Pierre-et-Miquelon follow their code directly."""
    code = (overseas(national) if len(national) == 10 else None) or "33"
    return "+508" + national[4:] if code == "508" else "+" + code + national[1:]


def in_prefix(prefix: str, number: str, how: Readings = READINGS) -> bool:
    if prefix.startswith("0"):
        return is_french(number, how) and number.startswith(prefix)
    if prefix.startswith("+33"):
        if how.bare_33_holds_malformed and prefix == "+33" and is_foreign(number, how) and number.startswith("+33"):
            return True
        return in_prefix("0" + prefix[3:], number, how)  # one set
    if prefix.startswith("+"):
        if is_foreign(number, how):
            return number.startswith(prefix)
        if is_french(number, how):
            return e164(number).startswith(prefix) or (
                how.overseas_also_under_33 and ("+33" + number[1:]).startswith(prefix)
            )
        return False
    return is_digits(number, how) and number.startswith(prefix)


def in_range(first: str, last: str, number: str) -> bool:
    """Numbers of one length and kind compare as their text does."""
    same_kind = len(number) == len(first) and number.startswith("+") == first.startswith("+")
    return same_kind and re.fullmatch(r"\+?[0-9]+", number) is not None and first <= number <= last


def in_builtin(name: str, number: str, how: Readings = READINGS) -> bool:
    if name == "étranger":
        return is_foreign(number, how)
    if not (len(number) == 10 and is_french(number, how)):
        return False
    if name == "démarchage" and not how.press_table_canvassing and number.startswith(PRESS_TABLE):
        return False
    return number.startswith(BUILTIN[name])


def matches_item(policy: Policy, item: Item, caller: str, internal: bool, how: Readings = READINGS) -> bool:
    """Number patterns are sets of canonical numbers, whatever the kind of the call."""
    if isinstance(item, Everyone):
        return True
    if caller == ANONYMOUS:
        return isinstance(item, Anonymous)
    match item:
        case Anonymous():
            return False
        case Exact(number):
            return caller == number
        case Poste(number):
            return caller == number and (internal or not how.named_poste_internal_only)
        case Prefix(text):
            return in_prefix(text, caller, how)
        case Range(first, last):
            return in_range(first, last, caller)
        case Builtin(name):
            return in_builtin(name, caller, how)
        case ListRef(name):
            [found] = [known for known in policy.lists if known.name == name]
            return any(matches_item(policy, each, caller, internal, how) for each in found.items)


# --- times --------------------------------------------------------------------------------------------------


def in_hours(policy: Policy, hours: Hours, instant: datetime, how: Readings = READINGS) -> bool:
    today, now = (
        instant.date(),
        instant.time(),
    )  # "the instant's own date counts", also after midnight of a night span
    if today in policy.holidays and not hours.holidays_included:
        return False
    if any(in_closure(closure, today) for closure in policy.closures):
        lifted = hours.holidays_included and how.holidays_included_lifts_closures
        if not lifted:
            return False
    yesterday = (today - timedelta(days=1)).weekday()
    for span in hours.spans:
        if span.start < span.end:
            if today.weekday() in span.days and span.start <= now < span.end:
                return True
        else:
            if today.weekday() in span.days and now >= span.start:
                return True
            if yesterday in span.days and now < span.end:
                return True
    return False


def in_closure(closure: Closure, day: date) -> bool:
    return any(first <= day <= last for first, last in closure.periods)


def holds(policy: Policy, when: When, instant: datetime, how: Readings = READINGS) -> bool:
    if when.kind == "holidays":
        now_in = instant.date() in policy.holidays
    elif when.kind == "closure":
        [closure] = [known for known in policy.closures if known.name == when.name]
        now_in = in_closure(closure, instant.date())
    else:
        [hours] = [known for known in policy.hours if known.name == when.name]
        now_in = in_hours(policy, hours, instant, how)
    return now_in == when.inside  # `hors` is the exact complement


# --- deciding -----------------------------------------------------------------------------------------------


def matches(
    policy: Policy, rule: Rule, caller: str, internal: bool, instant: datetime, how: Readings = READINGS
) -> bool:
    if not any(matches_item(policy, item, caller, internal, how) for item in rule.callers):
        return False
    if any(matches_item(policy, item, caller, internal, how) for item in rule.excepted):
        return False
    if rule.only and (rule.only == "internal") != internal:
        return False
    if rule.until is not None and instant.date() > rule.until:
        return False
    return all(holds(policy, when, instant, how) for when in rule.times)


def rules_of(policy: Policy, number: str) -> list[Rule]:
    """§4.3: priority, own, for all; each in written order."""
    return [
        rule
        for scope in ("first", "own", "all")
        for block in policy.blocks
        if block.scope == scope and block.covers(number)
        for rule in block.rules
    ]


RING = Destination("ring")


def decide(policy: Policy, number: str, caller: str, call: Call, how: Readings = READINGS) -> Destination:
    for rule in rules_of(policy, number):
        if matches(policy, rule, caller, call.internal, call.instant, how):
            return rule.destination
    return RING


def events(policy: Policy, call: Call, how: Readings = READINGS) -> str:
    caller = canonical(call.presented, call.internal, call.restricted, how)
    number = call.called
    for _ in range(len(policy.extensions) + 1):
        extension = policy.extension(number)
        if extension is None:  # §4.8, and a system extension: the PBX's
            return f"system {number}"
        destination = decide(policy, number, caller, call, how)
        if destination.kind != "extension":
            return " > ".join(end(extension, destination, call.lines))
        number = destination.number
    raise ValueError(f"the policy has a cycle through {number}")


def end(extension: Extension, destination: Destination, lines: Mapping[str, str]) -> list[str]:
    own = extension.number
    match destination.kind:
        case "ring":
            state = lines.get(own, "noanswer")
            ring = f"ring {own} {extension.ring}s"
            if state == "answer":
                return [ring]
            if not extension.voicemail:
                return [ring, "busy"]
            return [ring, f"voicemail {own} {'busy' if state == 'busy' else 'unavailable'}"]
        case "voicemail":
            assert extension.voicemail, "an error of the policy"
            return [f"voicemail {own} unavailable"]
        case "extension-voicemail":
            return [f"voicemail {destination.number} unavailable"]
        case "system":
            return [f"system {destination.number}"]
        case "busy":
            return ["busy"]
        case "mobile" | "external":
            number = destination.number if destination.kind == "external" else extension.mobile
            assert number, "an error of the policy"
            state = lines.get(number, "noanswer")
            if destination.rebound:
                assert extension.voicemail, "an error of the policy"
                heard = ["answer", "play wait", f"digits {own}", f"rebound {number} {extension.ring}s"]
                if state == "accept":
                    return heard
                # `answer` on a rebound line is someone, or something, that pressed no key: silent.
                return [*heard, "play unavailable", f"voicemail {own} unavailable"]
            if state in (
                "answer",
                "accept",
                "refuse",
                "silent",
                "leave",
            ):  # the far end answered; keys mean nothing here
                return [f"external {number}"]
            return [f"external {number}", "busy" if state == "busy" else "hangup"]
        case kind:
            raise ValueError(kind)
