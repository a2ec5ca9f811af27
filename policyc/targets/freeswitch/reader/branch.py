"""A call on one of its ways: the variables and the profile of its channel, and what a hunt has queued."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policyc import values
from policyc.targets.freeswitch.reader.errors import Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import leading_number

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.texts import Value

FIELDS = frozenset("destination_number context caller_id_number caller_id_name ani rdnis".split())
"""Fields of the caller's profile; in `env` their names begin with `@`, those of nothing in FreeSWITCH with `#`."""
FLAGS = {"privacy_hide_name": "@hide_name", "privacy_hide_number": "@hide_number", "screen_bit": "@screen"}
PROFILE = (*(f"@{name}" for name in sorted(FIELDS)), *sorted(FLAGS.values()))
"""All of the caller's profile, by its names in `env`."""
_FIXED = {"aniii": "", "dialplan": "XML"}
UNKNOWN_FIELDS = frozenset(
    "username callee_id_name callee_id_number orig_caller_id_name orig_caller_id_number network_addr uuid source"
    " transfer_source chan_name profile_index caller_ton caller_numplan destination_number_ton"
    " destination_number_numplan ani_ton ani_numplan rdnis_ton rdnis_numplan profile_created_time created_time"
    " answered_time progress_time progress_media_time hungup_time transferred_time".split()
)
"""Fields that FreeSWITCH has and that are not known here."""
UNDERSTOOD = frozenset(
    "originate_disposition dialstatus originate_failed_cause endpoint_disposition max_forwards max_session_transfers"
    " call_timeout continue_on_fail hangup_after_bridge timezone tod_tz_offset effective_caller_id_number"
    " effective_caller_id_name group_confirm_key group_confirm_file group_confirm_cancel_timeout"
    " group_confirm_read_timeout group_confirm_timeout".split()
)
"""Variables that change what FreeSWITCH does, and do so here; none has a value before it is set."""
HARMLESS = frozenset(
    "default_language language ringback transfer_ringback ignore_early_media instant_ringback sound_prefix"
    " playback_terminators hold_music effective_callee_id_name effective_callee_id_number"
    " sip_copy_custom_headers".split()
)
"""Variables that FreeSWITCH reads, and that change nothing of what is looked at here."""
FAMILIES = tuple(
    "api_ app_ ast_ attended_ auto_ bind_ blind_ bridge_ bypass_ call_ campon cdr_ codec_ conference_ continue_"
    " copy_ disable_ dp_ dtmf_ effective_ eavesdrop_ enable_ exec_ execute_ export_ fail_ failed_ failure_ fifo_ force_"
    " forked_ group_confirm hangup_ hold_ import intercept_ leg_ limit_ local_var_ loopback_ max_ media_ monitor_"
    " originat park_ playback_ presence_ privacy progress_ proxy_ push_ read_ record_ recovery_ ring_ rtp_ send_ sip_"
    " signal_ skip_ soft_ sofia_ temp_hold_ timezone tod_ transfer_ uuid_ vm_ voicemail_".split()
)
"""How the names of the other variables begin that FreeSWITCH reads; other names are the dialplan's own."""
LIMITS = ("max_session_transfers", "max_forwards")
_TRANSFERS = 70
_PLAIN_SET = re.compile(r"([a-z0-9_]+)=(?:[^$\\]|\$\{[a-z0-9_.-]+\})*", re.IGNORECASE)


def plainly_set(data: str) -> str | None:
    """Return the variable that `set` gives a value by its data, in lower case, and nothing else happens.

    None where a command may run, or where FreeSWITCH itself reads the variable.
    """
    found = _PLAIN_SET.fullmatch(data)
    name = found[1].lower() if found else ""
    matters = name in UNDERSTOOD or (name not in HARMLESS and name.startswith(FAMILIES))
    return None if matters or not name else name


@values.value()
class Queued:
    """An application to run after the hunt, its data not yet expanded, or already (`ready`)."""

    application: str
    data: Value
    place: Place
    ready: bool = False


class Reads(set[str]):
    """What was looked at since a context was entered, of what the call had then.

    `need`: how many transfers must be left for nothing else to come of it; `open`: the contexts that are still being
    gone through to which the call came back.
    """

    need: int = 0
    open: frozenset[int] = frozenset()


@values.value(eq=False)
class Effect:
    """What something does with a branch: what it looks at, what it writes, and the values that are not none."""

    reads: frozenset[str]
    written: frozenset[str]
    values: Mapping[str, Any]


@dataclass(slots=True)
class Branch:
    """What a channel has. `written` says what was set since a context was entered, `reads` what was asked before."""

    env: dict[str, Any]
    reads: Reads
    written: set[str] = field(default_factory=set)
    queue: list[Queued] = field(default_factory=list)

    def copy(self) -> Branch:
        """Return a branch that can go another way."""
        return Branch(dict(self.env), self.reads, set(self.written), list(self.queue))

    def read(self, name: str) -> Any:
        """Return a value by its name in `env`, None if it has none."""
        if name not in self.written:
            self.reads.add(name)
        return self.env.get(name)

    def write(self, name: str, value: Any) -> None:
        """Give a value to a name in `env`; none, or an empty text, is none."""
        self.written.add(name)
        if value is None or value == "":
            self.env.pop(name, None)
        else:
            self.env[name] = value

    def take(self, effect: Effect) -> None:
        """Do what something does that was done before."""
        self.reads |= effect.reads - self.written
        self.written |= effect.written
        for name in effect.written - effect.values.keys():
            self.env.pop(name, None)
        self.env.update(effect.values)

    def assume(self, name: str, value: Any) -> None:
        """Take one of the values that a name may have for its value: it was not set, and has been read."""
        if value == "":
            self.env.pop(name, None)
        else:
            self.env[name] = value

    def field(self, name: str) -> Value | None:
        """Return a field of the caller's profile, None where there is no such field."""
        if name in FIELDS:
            return self.read(f"@{name}") or ""
        if name in FLAGS:
            return self.read(FLAGS[name]) or ""
        return _FIXED.get(name)

    def set(self, name: str, value: Value) -> None:
        """Set a variable. Raises Unclear for one that changes what is not understood."""
        key = name.lower()
        if not key:
            return
        if "[" in key or (isinstance(value, str) and value.startswith("ARRAY::")) or not key.isascii():
            raise Unclear(What.VARIABLE, name)
        own = key.removeprefix("nolocal:").removeprefix("_nolocal_")
        if own not in UNDERSTOOD and own not in HARMLESS and own.startswith(FAMILIES):
            raise Unclear(What.VARIABLE, name)
        self.write(key, value)

    @property
    def is_answered(self) -> bool:
        """Whether the caller was answered."""
        return bool(self.read("endpoint_disposition") == "ANSWER")

    def answer(self) -> None:
        """Answer the caller."""
        self.write("endpoint_disposition", "ANSWER")

    def hear(self) -> None:
        """Let the caller hear something: who was not answered has early media then."""
        if not self.read("endpoint_disposition"):
            self.write("endpoint_disposition", "EARLY MEDIA")

    def may_be_transferred(self) -> bool:
        """Count a transfer, and tell whether it may be. How many are left is not `read`: see `transfers_left`."""
        name, left = transfers_left(self.env)
        self.env[name] = str(left - 1)
        self.reads.need = max(self.reads.need, 1)
        if left - 1 > 0:
            return True
        self.reads.update(LIMITS)
        return False


def transfers_left(env: dict[str, Any]) -> tuple[str, int]:
    """Return the variable that counts a call's transfers, and one more than are left. Raises Unclear."""
    for name in LIMITS:
        if given := env.get(name):
            if not isinstance(given, str):
                raise Unclear(What.VALUE, name)
            return name, leading_number(given)
    return "max_forwards", _TRANSFERS + 1
