"""A call through a dialplan: what FreeSWITCH runs, and what happens by it.

    >>> dialplan = read({"policyc.xml": text})
    >>> call = Call("policyc-external", "102", caller="0612345678", instant=datetime(2026, 11, 23, 10, tzinfo=PARIS))
    >>> outcome = simulate(dialplan, call, Surroundings(lines=(Line("extension", r"user/(?P<number>\\d+)@pbx"),)))
    >>> outcome.events
    'ring 102 20s > voicemail 102 unavailable'

The events are those of `tests/calls/suite.py`, but that FreeSWITCH's voicemail has one greeting, `unavailable`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .causes import NUMBERS, cause_named, cause_of_response, is_listed
from .channel import Channel, Profile
from .dialstring import Destination, Line, read_destination
from .errors import InjectionError, Place, UnsupportedError
from .hunting import hunt
from .regexes import RefusedError, search
from .variables import fields, is_true, leading_number, refuse_variables, words

if TYPE_CHECKING:
    from .reader import Context, Dialplan

STATES = ("answer", "noanswer", "busy", "unavailable", "accept", "refuse", "silent", "leave")
"""What a dialled line does; the last four of those that answer."""
PRIVATE = "private"
_KEYS = {"accept": "1", "refuse": "2"}
_MOST_TRANSFERS = 70
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it reaches a context.

    `caller` is the number presented, None for none at all; `hidden` its presentation restricted. `states` has those of
    the lines dialled by their numbers, `noanswer` for the others. `variables` are those that the channel has already,
    such as `max_forwards`, which a SIP call brings. `neutralised` is for calls from SIP, of which FreeSWITCH makes
    `${` into `%{`; others keep it.
    """

    context: str
    called: str
    instant: datetime  # aware
    caller: str | None = None
    hidden: bool = False
    name: str | None = None  # None: as the number
    states: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    neutralised: bool = False
    dialplan: str = "XML"  # as its way in calls it


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The FreeSWITCH around the dialplan.

    `lines` says which destinations are lines; `prompts` names prompts by a pattern of their files. A context that is
    not in the dialplan is the PBX's own; where the dialplan has a context `global`, which FreeSWITCH takes for a
    missing one, only those of `system_contexts` are.
    """

    lines: tuple[Line, ...] = ()
    prompts: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)  # global ones
    system_contexts: frozenset[str] = frozenset()
    server_zone: tzinfo | None = None  # None: that of the instant
    no_number: str = ""  # of a caller that presents none: empty from SIP, 0000000000 by other ways in
    ring_seconds: int = 60  # without a limit of the dialplan's
    patience: int = 3600  # of a caller: a longer limit is none
    busy_tone: str = r"tone_stream://%\(500,500,440\).*"  # a tone that a caller who was answered hears as busy
    failures: Mapping[str, str] = field(
        default_factory=lambda: {"busy": "USER_BUSY", "unavailable": "USER_NOT_REGISTERED", "noanswer": "NO_ANSWER"}
    )


@dataclass(frozen=True, slots=True)
class Step:
    """An application that ran, with its data as the application gets it."""

    application: str
    data: str
    inline: bool
    leg: str  # "caller" or "called"
    place: Place


@dataclass(frozen=True, slots=True)
class Dial:
    """A line that was dialled, for `seconds` at most (`limited`: by the dialplan), and what it was shown."""

    kind: str
    number: str
    seconds: int
    limited: bool
    confirmed: bool  # asked to accept
    shown: str
    private: bool
    cause: str | None  # None: it was put through


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call. `ended` is a hangup cause, or "system" for a call handed to the PBX's own context."""

    steps: tuple[Step, ...]
    events: str
    dials: tuple[Dial, ...]
    ended: str
    answered: bool
    variables: Mapping[str, str]  # of the caller's channel, by name in lower case
    shown: str | None  # a number or "private": to the line dialled last, or to the PBX's own context

    @property
    def applications(self) -> list[tuple[str, str]]:
        """The applications of the caller's channel, in the order they ran, with their data."""
        return [(step.application, step.data) for step in self.steps if step.leg == "caller"]


def simulate(dialplan: Dialplan, call: Call, around: Surroundings | None = None) -> Outcome:
    """Return what becomes of the call. Raises DialplanError, and ValueError for a call that is none."""
    if call.instant.tzinfo is None or set(call.states.values()) - set(STATES):
        raise ValueError(f"not a call: {call}")
    return _Simulation(dialplan, call, around or Surroundings()).run()


@dataclass(slots=True)
class _Leg:
    name: str
    channel: Channel
    keys: str | None = None  # what its person presses when asked; None: not known
    leaves: bool = False
    context: str | None = None  # … transferred to


@dataclass(slots=True)
class _Simulation:
    dialplan: Dialplan
    call: Call
    around: Surroundings
    steps: list[Step] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    dials: list[Dial] = field(default_factory=list)
    settled: bool = False  # the last event was a conversation or a mailbox

    # --- the call ---

    def run(self) -> Outcome:
        leg = _Leg("caller", self._caller())
        channel = leg.channel
        ended = "system"
        context = self._context(channel.profile.context)
        if context is None:
            raise ValueError(f"the context {self.call.context} is not there")
        while context is not None:
            self._route(leg, context)
            if leg.context is None:
                channel.hangup = ended = channel.hangup or "NORMAL_CLEARING"
                if not self.settled:
                    self._happens("busy" if ended == "USER_BUSY" and not channel.answered else "hangup")
                break
            context, leg.context = self._context(leg.context), None
            if context is None:
                self._happens(f"system {channel.profile.destination_number}")
        shown = _shown(self.dials[-1].shown, self.dials[-1].private) if self.dials else None
        if ended == "system":
            shown = _shown(channel.profile.caller_id_number, channel.profile.hide_number)
        return Outcome(
            tuple(self.steps),
            self._events(),
            tuple(self.dials),
            ended,
            channel.answered,
            dict(channel.variables),
            shown,
        )

    def _caller(self) -> Channel:
        call = self.call
        number = call.caller or self.around.no_number
        name, called = number if call.name is None else call.name, call.called
        if call.neutralised:
            number, name, called = (re.sub(r"\$(\\*\{)", r"%\1", text) for text in (number, name, called))
        profile = Profile(
            called,
            call.context,
            number,
            name,
            number,
            dialplan=call.dialplan,
            hide_name=call.hidden,
            hide_number=call.hidden,
        )
        return self._channel(profile, {name.lower(): value for name, value in call.variables.items()})

    def _channel(self, profile: Profile, variables: dict[str, str]) -> Channel:
        known = {name.lower(): value for name, value in self.around.variables.items()}
        return Channel(profile, variables, self.dialplan.variables, known, command=self._command)

    def _context(self, name: str) -> Context | None:
        """Return the context of the dialplan that FreeSWITCH takes for the name, None for one of the PBX's."""
        contexts = self.dialplan.contexts
        if name.lower() in contexts:
            return contexts[name.lower()]
        if name.lower() in {one.lower() for one in self.around.system_contexts}:
            return None
        return contexts.get("global")

    def _route(self, leg: _Leg, context: Context) -> None:
        """Hunt in the context and run what it queued, to the end or a transfer."""
        queue = self._hunt(leg, context)
        if queue is None:
            leg.channel.hangup = "NO_ROUTE_DESTINATION"
            return
        for item in queue:
            self._run(leg, item.application, item.data, item.place)
            if leg.channel.hangup or leg.context is not None:
                return

    def _hunt(self, leg: _Leg, context: Context):  # type: ignore[no-untyped-def]
        def run_inline(application: str, data: str, place: Place) -> None:
            self._run(leg, application, data, place, inline=True)

        return hunt(leg.channel, context, run_inline, self._clock)

    def _clock(self, zone: str | None, place: Place) -> datetime:
        if not zone:
            return self.call.instant.astimezone(self.around.server_zone or self.call.instant.tzinfo)
        try:
            return self.call.instant.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError):
            raise UnsupportedError(place, f"the time zone {zone}, of which FreeSWITCH makes any time") from None

    def _command(self, text: str, place: Place) -> str:
        """Return what `strftime_tz(zone format)` gives."""
        zone, form = text.removeprefix("strftime_tz(").removesuffix(")").split(" ")
        if not re.fullmatch(r"(%[YmdHMSjuw]|[0-9:-])+", form):
            raise UnsupportedError(place, f"the time format {form}")
        return self._clock(zone, place).strftime(form)

    def _happens(self, event: str, *, settled: bool = False) -> None:
        self.events.append(event)
        self.settled = settled

    def _events(self) -> str:
        """Return the events; a caller answered only for its mailbox is no event."""
        following = [*self.events[1:], ""]
        kept = (
            event
            for event, after in zip(self.events, following, strict=True)
            if not (event == "answer" and after.startswith("voicemail "))
        )
        return " > ".join(kept)

    # --- applications ---

    def _run(self, leg: _Leg, application: str, data: str, place: Place, *, inline: bool = False) -> None:
        channel = leg.channel
        expanded = channel.expand(data, place)
        if re.match(r"%.?\[", expanded):
            kind = UnsupportedError if re.match(r"%.?\[", data) else InjectionError
            raise kind(place, f"variables for one application: {expanded}")
        self.steps.append(Step(application, expanded, inline, leg.name, place))
        _APPLICATIONS[application](self, leg, expanded, place)

    def _nothing(self, leg: _Leg, data: str, place: Place) -> None:
        pass

    def _set(self, leg: _Leg, data: str, place: Place) -> None:
        name, _, value = data.partition("=" if "=" in data else ",")
        refuse_variables(value, place)
        leg.channel.set(name, leg.channel.expand(value, place), place)

    def _multiset(self, leg: _Leg, data: str, place: Place) -> None:
        for part in _parts(data):
            self._set(leg, part, place)

    def _unset(self, leg: _Leg, data: str, place: Place) -> None:
        leg.channel.set(data, "", place)

    def _multiunset(self, leg: _Leg, data: str, place: Place) -> None:
        for part in _parts(data):
            leg.channel.set(part, "", place)

    def _export(self, leg: _Leg, data: str, place: Place) -> None:
        name, _, value = data.partition("=")
        leg.channel.set(name, value, place)
        if value:
            leg.channel.exports.append(name)

    def _privacy(self, leg: _Leg, data: str, place: Place) -> None:
        how = data.lower()
        whole = how == "full" or is_true(data)
        if whole or how in ("name", "number"):
            leg.channel.change_caller(screen=True)
            leg.channel.change_caller(**{f"hide_{one}": True for one in ("name", "number") if whole or how == one})
        elif how in ("no", "off", "false", "f", "disabled", "inactive", "disallow", "0"):
            leg.channel.change_caller(screen=True, hide_name=False, hide_number=False)
        else:
            raise UnsupportedError(place, f"privacy {data}")

    def _answer(self, leg: _Leg, data: str, place: Place) -> None:
        if data:
            raise UnsupportedError(place, f"answer with {data}")
        if not leg.channel.answered:
            leg.channel.answer()
            self._happens("answer")

    def _playback(self, leg: _Leg, data: str, place: Place) -> None:
        if self._leaves(leg) or leg.name == "called":
            return
        leg.channel.hear()
        if re.fullmatch(self.around.busy_tone, data):
            self._happens("busy", settled=True)
            return
        named = (name for pattern, name in self.around.prompts.items() if re.fullmatch(pattern, data))
        self._happens(f"play {next(named, data)}")

    def _say(self, leg: _Leg, data: str, place: Place) -> None:
        parts = words(data, 5)
        if len(parts) < 4 or parts[2].lower() not in ("iterated", "pronounced"):
            raise UnsupportedError(place, f"say {data}")
        if self._leaves(leg) or leg.name == "called":
            return
        leg.channel.hear()
        how = "digits" if parts[2].lower() == "iterated" else "number"
        self._happens(f"{how} {parts[-1]}")

    def _pre_answer(self, leg: _Leg, data: str, place: Place) -> None:
        leg.channel.hear()

    def _sleep(self, leg: _Leg, data: str, place: Place) -> None:
        self._leaves(leg)

    def _leaves(self, leg: _Leg) -> bool:
        """Whether the person of a called line hangs up, being kept waiting."""
        if leg.leaves:
            leg.channel.hangup = leg.channel.hangup or "NORMAL_CLEARING"
        return leg.leaves

    def _hangup(self, leg: _Leg, data: str, place: Place) -> None:
        try:
            leg.channel.hangup = cause_named(data)
        except ValueError as error:
            raise UnsupportedError(place, str(error)) from error

    def _respond(self, leg: _Leg, data: str, place: Place) -> None:
        try:
            leg.channel.hangup = cause_of_response(data)
        except ValueError as error:
            raise UnsupportedError(place, str(error)) from error

    def _voicemail(self, leg: _Leg, data: str, place: Place) -> None:
        parts = words(data, 6)
        if len(parts) != 3 or parts[0].lower() in ("check", "auth", "auth_only") or leg.name == "called":
            raise UnsupportedError(place, f"voicemail {data}")
        leg.channel.answer()
        self._happens(f"voicemail {parts[2]} unavailable", settled=True)

    def _transfer(self, leg: _Leg, data: str, place: Place) -> None:
        extension, dialplan, context = (*words(data, 4), "", "", "")[:3]
        if extension.startswith("-") or dialplan not in ("", "XML") or not extension or leg.name == "called":
            raise UnsupportedError(place, f"transfer {data}")
        channel = leg.channel
        limit = "max_session_transfers" if channel.variable("max_session_transfers") else "max_forwards"
        given = channel.variable(limit)
        left = leading_number(given) - 1 if given else _MOST_TRANSFERS
        if left <= 0:
            channel.hangup = "EXCHANGE_ROUTING_ERROR"
            return
        channel.variables[limit] = str(left)
        caller = channel.caller
        channel.hunt_profile = None
        channel.profile = caller
        channel.change_caller(
            destination_number=extension, context=context or caller.context, rdnis=caller.destination_number
        )
        leg.context = channel.profile.context

    def _execute_extension(self, leg: _Leg, data: str, place: Place) -> None:
        extension, dialplan, name = (*words(data, 4), "", "", "")[:3]
        channel = leg.channel
        if not extension or dialplan not in ("", "XML"):
            raise UnsupportedError(place, f"execute_extension {data}")
        if channel.depth > _DEEPEST:
            return
        context = self._context(name or channel.caller.context)
        if context is None:
            raise UnsupportedError(place, f"execute_extension in the context {name}, which is not there")
        channel.depth += 1
        base = channel.caller
        channel.hunt_profile = base
        channel.change_caller(destination_number=extension, context=name or base.context)
        for item in self._hunt(leg, context) or ():
            self._run(leg, item.application, item.data, item.place)
            if channel.hangup or leg.context is not None:
                break
        channel.hunt_profile = None  # of an outer one too
        channel.depth -= 1

    def _read(self, leg: _Leg, data: str, place: Place) -> None:
        parts = [*words(data, 7), "", "", "", ""]
        self._digits(leg, parts[0], parts[1], "1", parts[3], "", place)

    def _play_and_get_digits(self, leg: _Leg, data: str, place: Place) -> None:
        parts = [*words(data, 11), *[""] * 11][:11]
        if parts[10]:
            raise UnsupportedError(place, "a transfer when no digits come")
        self._digits(leg, parts[0], parts[1], parts[2], parts[7], parts[8], place)

    def _digits(self, leg: _Leg, least: str, most: str, tries: str, name: str, expression: str, place: Place) -> None:
        """Ask for digits: the person presses its key at once, and nothing later."""
        if leg.keys is None:
            raise UnsupportedError(place, "digits asked of the caller")
        if leading_number(least) > 1 or leading_number(most) < 1 or leading_number(tries) < 1 or not name:
            raise UnsupportedError(place, f"digits: {least} to {most}, {tries} times, into {name}")
        if self._leaves(leg):
            return
        channel, pressed, leg.keys = leg.channel, leg.keys, ""
        try:
            accepted = bool(pressed) and (not expression or search(expression, pressed) is not None)
        except RefusedError as refused:
            raise UnsupportedError(place, f"{refused}, in {expression}") from refused
        channel.set(name, pressed if accepted else "", place)
        if expression:
            channel.set(f"{name}_invalid", "" if accepted else pressed, place)

    # --- bridge ---

    def _bridge(self, leg: _Leg, data: str, place: Place) -> None:
        if leg.name == "called":
            raise UnsupportedError(place, "a bridge of a line that is asked to accept")
        if not data:
            return
        channel = leg.channel
        destination = read_destination(data, self.around.lines, place)
        variables = self._of_called(channel, destination)
        channel.variables["originate_disposition"] = "failure"
        forwards = channel.variable("max_forwards")
        cause: str | None
        if forwards and leading_number(forwards) - 1 <= 0:
            cause = "EXCHANGE_ROUTING_ERROR"
        else:
            cause = self._dial(leg, destination, variables, place)
        channel.variables["originate_disposition"] = cause or "SUCCESS"
        channel.variables["dialstatus"] = _DIAL_STATUS.get(cause or "SUCCESS", cause or "SUCCESS")
        if cause is None:
            channel.answer()
            self.settled = True
            if channel.is_on("hangup_after_bridge"):
                channel.hangup = "NORMAL_CLEARING"
            return
        channel.variables["originate_failed_cause"] = cause
        if not _goes_on(channel.variable("continue_on_fail"), cause):
            channel.hangup = cause

    def _of_called(self, channel: Channel, destination: Destination) -> dict[str, str]:
        """Return the variables of the line that is dialled: exported ones, those of `{}`, and the caller's own."""
        variables: dict[str, str] = {}
        for name in channel.exports:
            if value := channel.variable(name.lower()):
                variables[name.lower().removeprefix("nolocal:").removeprefix("_nolocal_")] = value
        variables.update(destination.variables)
        for name in _CONFIRM:
            if name in channel.variables:
                variables.setdefault(name, channel.variables[name])
        return variables

    def _dial(self, leg: _Leg, destination: Destination, variables: dict[str, str], place: Place) -> str | None:
        """Dial the line. Return why it was not put through, or None."""
        channel, caller = leg.channel, leg.channel.caller
        both = {**variables, **destination.own}
        seconds, limited, by_leg = _seconds(channel, variables, both, self.around.ring_seconds, place)
        number = (
            both.get("origination_caller_id_number")
            or channel.variable("effective_caller_id_number")
            or caller.caller_id_number
        )
        privacy = both.get("origination_privacy")
        private = caller.hide_number if privacy is None else "hide_number" in privacy.lower()
        confirmed = bool(both.get("group_confirm_key"))
        event = f"{_EVENTS[destination.kind]} {destination.number}"
        if confirmed or destination.kind == "extension" or (limited and seconds <= self.around.patience):
            # of the calls outside, a rebond alone has a time limit and is a private one, accepted with a key or not
            rebound = confirmed or (private and destination.kind == "external")
            event = f"{'rebound' if rebound else _EVENTS[destination.kind]} {destination.number} {seconds}s"
        self._happens(event)
        state = self.call.states.get(destination.number, "noanswer")
        cause = "ALLOTTED_TIMEOUT" if state == "noanswer" and by_leg else self.around.failures.get(state)
        if cause is None and confirmed:
            called = Profile(
                destination.dialled, caller.context, number, caller.caller_id_name, number, hide_number=private
            )
            cause = self._confirm(self._channel(called, both), both, state, place)
        self.dials.append(
            Dial(destination.kind, destination.number, seconds, limited, confirmed, number, private, cause)
        )
        return cause

    def _confirm(self, channel: Channel, variables: dict[str, str], state: str, place: Place) -> str | None:
        """Let the line that answered be asked whether it accepts. Return the cause if it did not, or None."""
        key = variables["group_confirm_key"]
        if key.lower() != "exec":
            return self._confirm_by_key(key, variables, state, place)
        if not is_true(variables.get("group_confirm_cancel_timeout")):
            raise UnsupportedError(
                place, "group_confirm without group_confirm_cancel_timeout: the dial may end meanwhile"
            )
        application, _, data = variables.get("group_confirm_file", "").partition(" ")
        if application != "execute_extension":
            raise UnsupportedError(place, f"group_confirm_file={application}")
        refuse_variables(data, place)
        channel.answer()
        self._run(_Leg("called", channel, _KEYS.get(state, ""), state == "leave"), application, data, place)
        return channel.hangup

    def _confirm_by_key(self, key: str, variables: dict[str, str], state: str, place: Place) -> str | None:
        """Ask for a key, again and again, until it is pressed or the time is over, which ends the leg."""
        if re.fullmatch(r"[0-9*#]", key) is None:
            raise UnsupportedError(place, f"group_confirm_key={key}")
        if leading_number(variables.get("group_confirm_timeout", "")) <= 0:
            raise UnsupportedError(place, "group_confirm_key without group_confirm_timeout: whoever is silent holds on")
        if not variables.get("group_confirm_file", "").endswith("silence_stream://200"):
            # a file that is missing ends the leg at once
            raise UnsupportedError(place, f"group_confirm_file={variables.get('group_confirm_file')}")
        if state == "leave":
            return "NORMAL_CLEARING"
        return None if _KEYS.get(state) == key else "ALLOTTED_TIMEOUT"


_CONFIRM = ("group_confirm_key", "group_confirm_file", "group_confirm_cancel_timeout", "group_confirm_timeout")
_EVENTS = {"extension": "ring", "external": "external"}
_DIAL_STATUS = {
    "ORIGINATOR_CANCEL": "CANCEL",
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "DESTINATION_OUT_OF_ORDER": "INVALIDARGS",
    "CALL_REJECTED": "DONTCALL",
}
_APPLICATIONS = {
    "answer": _Simulation._answer,
    "bridge": _Simulation._bridge,
    "bridge_export": _Simulation._export,
    "eval": _Simulation._nothing,
    "execute_extension": _Simulation._execute_extension,
    "export": _Simulation._export,
    "hangup": _Simulation._hangup,
    "info": _Simulation._nothing,
    "log": _Simulation._nothing,
    "multiset": _Simulation._multiset,
    "multiunset": _Simulation._multiunset,
    "play_and_get_digits": _Simulation._play_and_get_digits,
    "playback": _Simulation._playback,
    "pre_answer": _Simulation._pre_answer,
    "privacy": _Simulation._privacy,
    "read": _Simulation._read,
    "respond": _Simulation._respond,
    "ring_ready": _Simulation._nothing,
    "say": _Simulation._say,
    "set": _Simulation._set,
    "sleep": _Simulation._sleep,
    "transfer": _Simulation._transfer,
    "unset": _Simulation._unset,
    "voicemail": _Simulation._voicemail,
}


def _shown(number: str, private: bool) -> str:
    return PRIVATE if private else number


def _parts(data: str) -> list[str]:
    """Return the parts of what multiset takes: words, or what another separator parts."""
    if data.startswith("^^") and len(data) > 3:
        return fields(data[3:], data[2], 256)
    return words(data, 256)


def _seconds(
    channel: Channel, variables: Mapping[str, str], both: Mapping[str, str], otherwise: int, place: Place
) -> tuple[int, bool, bool]:
    """Return how long a line is dialled, whether the dialplan says so, and whether it is `leg_timeout` that ends it.

    `variables` are those of `{}`, where alone `originate_timeout` counts; `both` has those of `[]` too. The end by
    `leg_timeout` is no NO_ANSWER, and the dialplan does not go on after it by itself.
    """
    seconds = leading_number(channel.variable("call_timeout") or "")
    if (limit := leading_number(variables.get("originate_timeout", ""))) > 0:
        seconds = limit
    if seconds < 0:
        raise UnsupportedError(place, f"call_timeout={seconds}")
    leg = leading_number(both.get("leg_timeout", ""))
    if 0 < leg < (seconds or otherwise):
        return leg, True, True
    return (seconds, True, False) if seconds else (otherwise, False, False)


def _goes_on(continue_on_fail: str | None, cause: str) -> bool:
    """Whether the dialplan goes on after a bridge that failed."""
    if cause not in NUMBERS:
        raise ValueError(f"the cause {cause}")
    if continue_on_fail is None:
        return cause in ("NO_ANSWER", "NO_USER_RESPONSE", "ORIGINATOR_CANCEL")
    return cause != "ATTENDED_TRANSFER" and (is_true(continue_on_fail) or is_listed(cause, continue_on_fail))
