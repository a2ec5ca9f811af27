"""An Asterisk that runs in, its dialplan out as the reader has it from files. Nothing is changed."""

import re
from collections.abc import Mapping
from typing import Any, Final

from policyc.diagnostics import Arg, Diagnostic, Text
from policyc.live import listing
from policyc.live.access import Access
from policyc.live.ami import AmiError, Client, Waits
from policyc.targets.asterisk.reader import Dialplan, listed

FILE: Final = "extensions.conf"
_TRIES: Final = 3  # to read a dialplan that somebody loads anew meanwhile
_CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("connection", "cut", "tls", "timeout"), "PC601"),
    **dict.fromkeys(("login", "rights"), "PC602"),
    **dict.fromkeys(("greeting", "refused", "size", "shape"), "PC603"),
    "changes": "PC610",
}


class LiveError(Exception):
    """A PBX that could not be read; `diagnostic` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Take what is told."""
        self.diagnostic = diagnostic
        super().__init__(diagnostic)


def outside(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the contexts that are the PBX's own by the settings of the target: what they do is not the policy's."""
    channels = (settings["extension_channel"], settings["external_channel"])
    local = (re.fullmatch(r"Local/[^@]+@([^/]+)(?:/.*)?", one, re.IGNORECASE) for one in channels)
    return frozenset({settings["system_context"], *(found[1] for found in local if found)})


def read_live(
    access: Access, settings: Mapping[str, Any], *, ca: str | None = None, waits: Waits | None = None
) -> Dialplan:
    """Return the dialplan of a running Asterisk without the PBX's own contexts.

    Raises LiveError, NotUnderstood for a setting that changes how all calls run, and OSError when `ca` cannot be used.
    """
    client = Client(access, ca=ca, waits=waits)
    try:
        with client:
            return _read(client, access.host, outside(settings))
    except AmiError as error:
        raise LiveError(problem(error, access)) from None


def _read(client: Client, host: str, own: frozenset[str]) -> Dialplan:
    client.command("core waitfullybooted")
    try:
        general = tuple(listing.settings(client.section(FILE, "general"), FILE))
        for _ in range(_TRIES):
            shown = client.command("dialplan show")
            items = client.dialplan()
            variables = listing.variables(client.command("dialplan show globals"))
            if client.command("dialplan show") == shown:  # nobody loaded another in between
                found = listing.contexts(host, shown, items)
                return listed((one for one in found if one.name not in own), variables, general)
    except listing.UnlikeError as error:
        raise AmiError("shape", str(error)) from None
    raise AmiError("changes")


def problem(error: AmiError, access: Access) -> Diagnostic:
    """Return a question that was not answered as a diagnostic."""
    case = f"ami-{error.kind}" if error.kind in ("rights", "refused") else error.kind
    args: dict[str, Arg] = {"case": case, "host": access.host, "port": access.port, "user": access.user}
    says: tuple[Text, ...] = ()
    if error.kind == "rights":
        args["right"] = error.detail
    elif error.detail:
        says = (Text("says", {"detail": error.detail[:200]}),)
    key = "ami-tls" if error.kind == "tls" else "ami"
    return Diagnostic(_CODES[error.kind], None, args, notes=says, help=(Text(key),))
