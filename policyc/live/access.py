"""Options and the environment in, the address of an Asterisk and the account of its manager interface out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from policyc.apply.access import AccessError, is_loopback_host

HOST: Final = "POLICYC_AMI_HOST"
PORT: Final = "POLICYC_AMI_PORT"
USER: Final = "POLICYC_AMI_USER"
SECRET: Final = "POLICYC_AMI_SECRET"  # noqa: S105 - the name of a variable
PLAIN_PORT: Final = 5038
TLS_PORT: Final = 5039


@dataclass(frozen=True, slots=True)
class Access:
    """Where a PBX is and who asks. The secret is in no repr. `tls`: the connection is encrypted."""

    host: str
    port: int
    tls: bool
    user: str
    secret: str = field(repr=False)


def read(
    environment: Mapping[str, str], host: str | None = None, port: int | None = None, user: str | None = None
) -> Access:
    """Return the access that options describe, or else the environment. Raises AccessError.

    An account that may ask for the dialplan may do nearly all: only to the machine itself is it shown without TLS.
    """
    host = (host or environment.get(HOST, "").strip() or "127.0.0.1").lower()
    if not re.fullmatch(r"[a-z0-9._:-]{1,253}", host):
        raise AccessError(HOST, "host")
    user = user or environment.get(USER, "").strip()
    secret = environment.get(SECRET, "")
    for name, value in ((USER, user), (SECRET, secret)):
        if not value:
            raise AccessError(name, "missing")
        if not value.isprintable():  # a line end would be another header
            raise AccessError(name, "text")
    tls = not is_loopback_host(host)
    return Access(host, port or _port(environment) or (TLS_PORT if tls else PLAIN_PORT), tls, user, secret)


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get(PORT, "").strip()
    if text and not (re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise AccessError(PORT, "port")
    return int(text or 0)
