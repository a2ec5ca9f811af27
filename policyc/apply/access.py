"""The environment in, the address of a 3CX and the credentials of an API client out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL: Final = "POLICYC_3CX_URL"
CLIENT_ID: Final = "POLICYC_3CX_CLIENT_ID"
CLIENT_SECRET: Final = "POLICYC_3CX_CLIENT_SECRET"  # noqa: S105 - the name of a variable


class AccessError(Exception):
    """A variable that is missing or cannot be used: which one, and why (`missing`, `address`, `insecure`)."""

    def __init__(self, variable: str, reason: str) -> None:
        """Take the variable's name; its value is never shown."""
        self.variable = variable
        self.reason = reason
        super().__init__(f"{variable}: {reason}")


@dataclass(frozen=True, slots=True)
class Access:
    """Where a PBX is (`https://pbx.example.fr:5001`) and who asks. The secret is in no repr."""

    origin: str
    host: str
    is_loopback: bool
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def slug(self) -> str:
        """The host and port as part of a file name."""
        return re.sub(r"[^a-z0-9.-]+", "_", self.origin.partition("://")[2]).strip("_")


def read(environment: Mapping[str, str]) -> Access:
    """Return the access that the environment describes. Raises AccessError.

    Only https is taken, so that nobody between reads the secret; a PBX on the same machine may do without.
    """
    values = {}
    for name in (URL, CLIENT_ID, CLIENT_SECRET):
        value = environment.get(name, "").strip()
        if not value:
            raise AccessError(name, "missing")
        values[name] = value
    parts = _split(values[URL])
    host = (parts.hostname or "").lower()
    is_loopback = is_loopback_host(host)
    if parts.scheme != "https" and not is_loopback:
        raise AccessError(URL, "insecure")
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return Access(f"{parts.scheme}://{shown}{port}", host, is_loopback, values[CLIENT_ID], values[CLIENT_SECRET])


def _split(url: str) -> SplitResult:
    """Return the parts of an address that is nothing but scheme, host and port. Raises AccessError."""
    try:
        parts = urlsplit(url)
        port = parts.port  # reading it is what checks it
    except ValueError:
        raise AccessError(URL, "address") from None
    plain = (
        parts.scheme in ("http", "https")
        and parts.path in ("", "/")
        and not parts.query
        and not parts.fragment
        and parts.username is None  # a password in an address ends up in histories and messages
        and port != 0
    )
    if not plain or not re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", parts.hostname or ""):
        raise AccessError(URL, "address")
    return parts


def is_loopback_host(host: str) -> bool:
    """Tell whether a host is the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
