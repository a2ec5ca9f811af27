"""Questions to the manager interface of an Asterisk in, its answers out, as the bytes that they are.

The PBX is not trusted more than a network is: answers are bounded in size and time, and each must be complete.
Whatever goes wrong is an `AmiError` of one of `KINDS`. The libraries there are drop bytes that are no UTF-8 and blanks
at the ends of texts, wait without an end and keep whatever comes; a dialplan cannot be proved by what they leave.
"""

from __future__ import annotations

import hashlib
import itertools
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from policyc.live.access import Access

MAX_BYTES: Final = 64 << 20  # of one answer: a thousand extensions with many rules are six megabytes

KINDS: Final = (
    "connection",  # no connection
    "cut",  # closed in the midst
    "tls",  # whoever answers cannot be trusted to be the PBX
    "timeout",  # no answer in time, or the whole took too long
    "login",  # the account or its secret is refused
    "rights",  # the account may not ask this; `detail` is the right that it lacks
    "greeting",  # whoever answers is no manager interface
    "refused",  # an error that Asterisk tells
    "size",
    "shape",  # not what was asked for
    "changes",  # the dialplan is not the same twice
)
_RIGHTS: Final = {"Command": "command", "ShowDialPlan": "config", "GetConfig": "config"}
_END: Final = b"\r\n\r\n"


class AmiError(Exception):
    """A question that was not answered: its kind, and a few words of the PBX or of the system."""

    def __init__(self, kind: str, detail: str = "") -> None:
        """Take one of `KINDS`; `detail` may be hostile text."""
        self.kind = kind
        self.detail = detail
        super().__init__(kind, detail)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long to wait, in seconds; `clock` is a parameter for the tests."""

    silence: float = 20.0  # for the next bytes
    total: float = 300.0  # for all questions together
    clock: Callable[[], float] = time.monotonic


WAITS: Final = Waits()


class Message:
    """What Asterisk says between two empty lines: headers, some of them several times."""

    def __init__(self, data: bytes) -> None:
        self.headers = [_header(line) for line in data.decode("latin-1").split("\r\n")]
        self._first = dict(reversed(self.headers))

    def __getitem__(self, name: str) -> str:
        """Return the first header of a name, an empty text if there is none."""
        return self._first.get(name, "")

    def all(self, name: str) -> list[str]:
        """Return the headers of a name."""
        return [value for key, value in self.headers if key == name]


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


class Client:
    """A conversation with one Asterisk. A context manager; not for several threads."""

    def __init__(self, access: Access, *, ca: str | None = None, waits: Waits | None = None) -> None:
        """Take where and who; `ca` is a file of certificates to trust instead of the usual ones.

        Raises OSError (ssl.SSLError is one) when `ca` cannot be used.
        """
        self._access = access
        self._context = ssl.create_default_context(cafile=ca) if access.tls or ca is not None else None
        self._waits = waits or WAITS
        self._until = self._waits.clock() + self._waits.total
        self._numbers = itertools.count(1)
        self._rest = b""
        self._blocks: deque[bytes] = deque()

    def __enter__(self) -> Self:
        """Connect and log in. Raises AmiError."""
        try:
            self._socket = socket.create_connection((self._access.host, self._access.port), self._patience())
        except OSError as error:
            raise _problem(error) from None
        try:
            if self._access.tls and self._context is not None:
                self._socket = self._context.wrap_socket(self._socket, server_hostname=self._access.host)
            self._greet()
            self._log_in()
        except OSError as error:
            self._socket.close()
            raise _problem(error) from None
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    # -- what is asked -------------------------------------------------------------------------------------------------

    def command(self, text: str) -> list[str]:
        """Return the lines that a command of the console prints. Raises AmiError."""
        return self._answer("Command", ("Command", text)).all("Output")

    def section(self, file: str, name: str) -> Message:
        """Return the sections of a name of a file of settings, as it is on the disk. Raises AmiError."""
        return self._answer("GetConfig", ("Filename", file), ("Category", name))

    def dialplan(self) -> list[Message]:
        """Return each step, include, switch and ignored pattern of the dialplan. Raises AmiError."""
        messages = self._ask("ShowDialPlan")
        self._success(next(messages), "ShowDialPlan")
        found: list[Message] = []
        for message in messages:
            if message["Event"] == "ListDialplan":
                found.append(message)
            elif message["EventList"] == "Complete":
                if message["ListItems"] != str(len(found)):
                    raise AmiError("shape", f"ListItems: {message['ListItems']}")
                return found
        raise AssertionError("messages have no end")

    # -- how it is asked -----------------------------------------------------------------------------------------------

    def _greet(self) -> None:
        greeting = b""
        while not greeting.endswith(b"\r\n"):
            byte = self._receive(1)
            greeting += byte
            if not b"Asterisk Call Manager/".startswith(greeting[:22]) or len(greeting) > 100:
                raise AmiError("greeting", greeting.decode("latin-1"))

    def _log_in(self) -> None:
        # The secret itself is not sent: who listens on a connection of this machine has an answer for this time only.
        challenge = self._answer("Challenge", ("AuthType", "MD5"))["Challenge"]
        proof = hashlib.md5((challenge + self._access.secret).encode(), usedforsecurity=False).hexdigest()
        account = (("AuthType", "MD5"), ("Username", self._access.user), ("Key", proof), ("Events", "off"))
        try:
            self._answer("Login", *account)
        except AmiError as error:
            raise AmiError("login", error.detail) if error.kind == "refused" else error from None

    def _answer(self, action: str, *headers: tuple[str, str]) -> Message:
        return self._success(next(self._ask(action, *headers)), action)

    def _success(self, message: Message, action: str) -> Message:
        if message["Response"] == "Success":
            return message
        if message["Message"] == "Permission denied" and action in _RIGHTS:
            raise AmiError("rights", _RIGHTS[action])
        if message["Response"] != "Error":
            raise AmiError("shape", message["Response"])
        raise AmiError("refused", " ".join(message.all("Output")) or message["Message"])

    def _ask(self, action: str, *headers: tuple[str, str]) -> Iterator[Message]:
        """Yield what is answered to an action, without an end."""
        number = str(next(self._numbers))
        lines = (("Action", action), ("ActionID", number), *headers)
        data = "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + b"\r\n"
        self._socket.settimeout(self._patience())
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise _problem(error) from None
        left = MAX_BYTES
        while True:
            block = self._block(left)
            left -= len(block)
            message = Message(block)
            if message["ActionID"] == number:
                yield message

    def _block(self, left: int) -> bytes:
        """Return what comes up to the next empty line."""
        while not self._blocks:
            if len(self._rest) > left:
                raise AmiError("size")
            *blocks, self._rest = (self._rest + self._receive(1 << 16)).split(_END)
            self._blocks.extend(blocks)
        block = self._blocks.popleft()
        if len(block) > left:
            raise AmiError("size")
        return block

    def _receive(self, most: int) -> bytes:
        self._socket.settimeout(self._patience())
        try:
            data = self._socket.recv(most)
        except OSError as error:
            raise _problem(error) from None
        if not data:
            raise AmiError("cut")
        return data

    def _patience(self) -> float:
        left = self._until - self._waits.clock()
        if left <= 0:
            raise AmiError("timeout", f"> {self._waits.total:.0f} s")
        return min(left, self._waits.silence)


def _problem(error: OSError) -> AmiError:
    """Return what went wrong with a connection."""
    if isinstance(error, TimeoutError):
        return AmiError("timeout")
    if isinstance(error, ssl.SSLError):
        return AmiError("tls", getattr(error, "verify_message", "") or error.reason or str(error))
    kind = "cut" if isinstance(error, ConnectionResetError | BrokenPipeError) else "connection"
    return AmiError(kind, error.strerror or str(error))
