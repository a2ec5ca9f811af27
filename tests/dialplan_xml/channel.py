"""A channel: who calls whom, and the variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .errors import Place, UnsupportedError
from .variables import expand, is_true

UNMODELLED_FIELDS = frozenset(
    "username callee_id_name callee_id_number orig_caller_id_name orig_caller_id_number network_addr uuid source"
    " transfer_source chan_name profile_index caller_ton caller_numplan destination_number_ton"
    " destination_number_numplan ani_ton ani_numplan rdnis_ton rdnis_numplan profile_created_time created_time"
    " answered_time progress_time progress_media_time hungup_time transferred_time".split()
)
"""Fields that FreeSWITCH has and that are not known here."""
SET_BY_FREESWITCH = frozenset(
    "originate_disposition dialstatus originate_failed_cause endpoint_disposition max_forwards"
    " max_session_transfers".split()
)
"""Variables that FreeSWITCH sets and that are kept here as it does; empty until then."""
UNDERSTOOD = SET_BY_FREESWITCH | frozenset(
    "call_timeout continue_on_fail hangup_after_bridge timezone tod_tz_offset auto_hunt effective_caller_id_number"
    " effective_caller_id_name group_confirm_key group_confirm_file group_confirm_cancel_timeout"
    " group_confirm_read_timeout group_confirm_timeout".split()
)
"""Variables that change what FreeSWITCH does, and do so here."""
HARMLESS = frozenset(
    "default_language language ringback transfer_ringback ignore_early_media instant_ringback sound_prefix"
    " playback_terminators hold_music"
    " effective_callee_id_name effective_callee_id_number sip_copy_custom_headers".split()
)
"""Variables that FreeSWITCH reads, and that change nothing of what is looked at here."""
FAMILIES = tuple(
    "api_ app_ ast_ attended_ auto_ bind_ blind_ bridge_ bypass_ call_ campon cdr_ codec_ conference_ continue_"
    " copy_ disable_ dp_ dtmf_ effective_ eavesdrop_ enable_ exec_ execute_ export_ fail_ failed_ failure_ fifo_ force_"
    " forked_ group_confirm hangup_ hold_ import intercept_ leg_ limit_ local_var_ loopback_ max_ media_ monitor_"
    " originat park_ playback_ playback_ presence_ privacy progress_ proxy_ push_ read_ record_ recovery_ ring_ rtp_"
    " send_ sip_ signal_ skip_ soft_ sofia_ temp_hold_ timezone tod_ transfer_ uuid_ vm_ voicemail_".split()
)
"""How the names of the other variables begin that FreeSWITCH reads; other names are the dialplan's own."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a caller profile has of the fields."""

    destination_number: str
    context: str
    caller_id_number: str
    caller_id_name: str
    ani: str
    aniii: str = ""
    rdnis: str = ""
    dialplan: str = "XML"
    hide_name: bool = False
    hide_number: bool = False
    screen: bool = True

    def field(self, name: str) -> str | None:
        """Return the field of that name, None if there is none."""
        if name in _FIELDS:
            return str(getattr(self, name))
        flags = {
            "privacy_hide_name": self.hide_name,
            "privacy_hide_number": self.hide_number,
            "screen_bit": self.screen,
        }
        if name in flags:
            return "true" if flags[name] else "false"
        return None


_FIELDS = frozenset("destination_number context caller_id_number caller_id_name ani aniii rdnis dialplan".split())


@dataclass(slots=True)
class Channel:
    """One leg of a call as it stands: the only thing here that changes."""

    profile: Profile
    variables: dict[str, str]  # by name in lower case: FreeSWITCH ignores case
    known: frozenset[str]  # other names that may be read before they are set
    globals: dict[str, str]
    hunt_profile: Profile | None = None  # during execute_extension
    hangup: str | None = None  # the cause
    exports: list[str] = field(default_factory=list)
    depth: int = 0  # of execute_extension
    command: Callable[[str, Place], str] | None = None  # what a command of FreeSWITCH gives

    @property
    def caller(self) -> Profile:
        """The profile that conditions and `${…}` read."""
        return self.hunt_profile or self.profile

    def change_caller(self, **changes: bool | str) -> None:
        """Change the profile that is read."""
        if self.hunt_profile is not None:
            self.hunt_profile = replace(self.hunt_profile, **changes)  # type: ignore[arg-type]
        else:
            self.profile = replace(self.profile, **changes)  # type: ignore[arg-type]

    def value(self, name: str, place: Place) -> str:
        """Return what `${name}` gives. Raises UnsupportedError for a name that nothing here sets."""
        if "(" in name and self.command is not None:
            return self.command(name, place)
        key = name.lower()
        if key in self.variables:
            return self.variables[key]
        if (of_profile := self.caller.field(key)) is not None:
            return of_profile
        if key in self.globals:
            return self.globals[key]
        if key in self.known or key in UNDERSTOOD or key in HARMLESS:
            return ""
        raise UnsupportedError(place, f"the variable {name}, which nothing here sets")

    def variable(self, name: str) -> str | None:
        """Return a variable of the channel or a global one, None if unset: what FreeSWITCH asks for itself."""
        return self.variables.get(name) or self.globals.get(name)

    def compared(self, name: str, place: Place) -> str:
        """Return what `field="name"` gives: a text with `$` is expanded, an unknown field is empty."""
        if "$" in name:
            return self.expand(name, place)
        key = name.lower()
        if key in UNMODELLED_FIELDS:
            raise UnsupportedError(place, f"the field {name}")
        return self.caller.field(key) or ""

    def expand(self, text: str, place: Place) -> str:
        """Return the text with its variables."""
        if "$" not in text and "\\" not in text:
            return text
        return expand(text, lambda name: self.value(name, place), place)

    def set(self, name: str, value: str, place: Place) -> None:
        """Set a variable; empty, it is unset. Raises UnsupportedError for one that changes what is not modelled."""
        key = name.lower()
        if not key:
            return
        if "[" in key or value.startswith("ARRAY::"):
            raise UnsupportedError(place, f"an array: {name}")
        own = key.removeprefix("nolocal:").removeprefix("_nolocal_")
        if own not in UNDERSTOOD and own not in HARMLESS and own.startswith(FAMILIES):
            raise UnsupportedError(place, f"the variable {name}")
        if value:
            self.variables[key] = value
        else:
            self.variables.pop(key, None)

    @property
    def answered(self) -> bool:
        """Whether it was answered."""
        return self.variables.get("endpoint_disposition") == "ANSWER"

    def answer(self) -> None:
        """Answer it."""
        self.variables["endpoint_disposition"] = "ANSWER"

    def hear(self) -> None:
        """Let it hear something: a channel that was not answered has early media then."""
        self.variables.setdefault("endpoint_disposition", "EARLY MEDIA")

    def is_on(self, name: str) -> bool:
        """Whether a variable that FreeSWITCH asks for is true."""
        return is_true(self.variable(name))
