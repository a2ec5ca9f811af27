"""Requests to a 3CX's Configuration API in, checked values out. Nothing is printed, and no wait is without an end.

The PBX is not trusted more than a network is: answers are bounded in size and time, their types are checked, no
redirect is followed. Whatever goes wrong is an `ApiError` of one of `KINDS`.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlencode

from policyc import resources

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from policyc.apply.access import Access

MAX_BYTES: Final = 8 << 20  # of one answer: a batch of extensions has some kilobytes
# OData servers count some five nodes of an expression for each `Number eq '…'`, and commonly stop at a hundred.
BATCH: Final = 12
TOP: Final = 100  # the most that `$top` may ask of this API

KINDS: Final = (
    "connection",  # no connection, or cut each time
    "tls",  # whoever answers cannot be trusted to be the PBX
    "timeout",  # no answer in time, or the whole took too long
    "busy",  # 429 each time
    "server",  # 5xx
    "token",  # the client or its secret is refused
    "rights",  # 401 with a fresh token, 403
    "missing",  # 404
    "refused",  # another 4xx
    "size",
    "json",
    "shape",  # JSON, but not what was asked for
    "redirect",
)
_AGAIN: Final = (429, 502, 503, 504)


class ApiError(Exception):
    """A request that did not succeed: its kind, the HTTP status or 0, and a few words of the PBX or of the system."""

    def __init__(self, kind: str, status: int = 0, detail: str = "") -> None:
        """Take one of `KINDS`; `detail` may be hostile text."""
        self.kind = kind
        self.status = status
        self.detail = detail
        super().__init__(kind, status, detail)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long and how often to wait, in seconds; `sleep` and `clock` are parameters for the tests."""

    attempts: int = 5
    first: float = 1.0  # before the second attempt; doubled each time
    longest: float = 30.0  # between two attempts, whatever Retry-After says
    silence: float = 20.0  # while an answer is awaited
    answer: float = 60.0  # for the whole of one answer
    total: float = 3600.0  # for all requests together
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


WAITS: Final = Waits()


@dataclass(frozen=True, slots=True)
class User:
    """An extension as the PBX has it: its Id there, its number, its exceptions as they came."""

    id: int
    number: str
    rules: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes


class Client:
    """A conversation with one PBX. A context manager; not for several threads."""

    def __init__(self, access: Access, *, ca: str | None = None, waits: Waits | None = None) -> None:
        """Take where and who; `ca` is a file of certificates to trust instead of the usual ones.

        Raises OSError (ssl.SSLError is one) when `ca` cannot be used.
        """
        import httpx

        waits = waits or WAITS
        verify: ssl.SSLContext | bool = True
        if ca is not None:
            verify = ssl.create_default_context(cafile=ca)
        elif access.origin.startswith("http://"):
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and need not be loaded
        self._access = access
        self._waits = waits
        self._attempts = waits.attempts
        self._token = ""
        self._met = False  # whether the PBX has answered: an address that never did is wrong rather than cut off
        self._until = waits.clock() + waits.total
        self._http = httpx.Client(
            verify=verify,
            timeout=httpx.Timeout(waits.silence),
            follow_redirects=False,
            trust_env=not access.is_loopback,  # proxies of the environment; never between two programs of one machine
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "policyc"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def credit(self, seconds: float) -> None:
        """Put off the end of the whole by a time in which a person was asked something."""
        self._until += seconds

    def pause(self, seconds: float) -> None:
        """Wait, within the limit of the whole. Raises ApiError when that is reached."""
        if self._waits.clock() + seconds > self._until:
            raise ApiError("timeout", detail=f"> {self._waits.total:.0f} s")
        self._waits.sleep(seconds)

    def hurry(self) -> None:
        """Try once from now on: what is still to ask is not worth much waiting."""
        self._attempts = 1

    @property
    def now(self) -> float:
        """The clock that the limits are measured with."""
        return self._waits.clock()

    # -- what is asked -------------------------------------------------------------------------------------------------

    def version(self) -> str | None:
        """Return the version that the PBX says it has, None if it does not say or does not let this client ask."""
        self._authorised()  # a client that is refused altogether is no lack of a version
        try:
            answer = self._call("GET", "/xapi/v1/Defs", {"$select": "Id"})
        except ApiError as error:
            if error.kind in ("rights", "missing", "refused"):
                return None
            raise
        found = re.match(r"\d{1,4}(\.\d{1,6}){1,3}", answer.headers.get("x-3cx-version", ""), re.ASCII)
        return found[0] if found else None

    def users(self, numbers: Iterable[str]) -> dict[str, User]:
        """Return the extensions of some numbers, by number; those that the PBX does not have are not in it."""
        found: dict[str, User] = {}
        for batch in _batches(dict.fromkeys(numbers), BATCH):
            for user in self._batch(batch):
                if user.number not in batch or user.number in found:
                    raise ApiError("shape", detail=user.number)
                found[user.number] = user
        return found

    def _batch(self, numbers: Sequence[str]) -> Iterator[User]:
        asked = " or ".join(f"Number eq {literal(number)}" for number in numbers)
        received = 0
        for _ in numbers:  # as many pages as there can be
            page = self._json(
                "GET",
                "/xapi/v1/Users",
                {
                    "$filter": asked,
                    "$select": "Id,Number",
                    "$expand": "ForwardingExceptions",
                    "$orderby": "Number",
                    "$top": str(TOP),
                    "$skip": str(received),
                    "$count": "true",
                },
                "page",
            )
            rows = page["value"]
            yield from (_user(row) for row in rows)
            received += len(rows)
            # The link to the next page is not followed, it could lead anywhere; that there is one says enough.
            if not rows or not (page.get("@odata.nextLink") or received < (page.get("@odata.count") or 0)):
                return

    def user(self, ident: int) -> User:
        """Return one extension. Raises ApiError of kind `missing` when the Id is not there any more."""
        parameters = {"$select": "Id,Number", "$expand": "ForwardingExceptions"}
        row = self._json("GET", f"/xapi/v1/Users({ident})", parameters, "user")
        if row["Id"] != ident:
            raise ApiError("shape", detail=str(row["Id"]))
        return _user(row)

    def write(self, ident: int, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replace all exceptions of an extension. Repeating it changes nothing, so it may be tried again."""
        self._call("PATCH", f"/xapi/v1/Users({ident})", {}, {"ForwardingExceptions": list(rules)})

    # -- how it is asked -----------------------------------------------------------------------------------------------

    def _json(self, method: str, path: str, parameters: Mapping[str, str], shape: str) -> Any:
        return _checked(self._call(method, path, parameters).data, shape)

    def _call(self, method: str, path: str, parameters: Mapping[str, str], body: object = None) -> _Answer:
        """Make one request with a token that is good. Raises ApiError unless the status is 2xx."""
        data = None if body is None else json.dumps(body).encode()
        answer: _Answer | None = None
        for _ in range(2):  # a token that has expired is replaced once
            headers = {"Authorization": f"Bearer {self._authorised()}"}
            if data is not None:
                headers["Content-Type"] = "application/json"
            answer = self._persist(method, _url(self._access.origin, path, parameters), data, headers)
            if answer.status != 401:
                break
            self._token = ""
        if answer is None or 200 <= answer.status < 300:
            return answer or _Answer(0, {}, b"")
        kinds = {401: "rights", 403: "rights", 404: "missing"}
        kind = kinds.get(answer.status, "server" if answer.status >= 500 else "refused")
        raise ApiError(kind, answer.status, _message(answer.data))

    def _authorised(self) -> str:
        if not self._token:
            form = {
                "client_id": self._access.client_id,
                "client_secret": self._access.client_secret,
                "grant_type": "client_credentials",
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            url = _url(self._access.origin, "/connect/token", {})
            answer = self._persist("POST", url, urlencode(form).encode(), headers)
            if 400 <= answer.status < 500:
                kind = "missing" if answer.status == 404 else "token"
                # What an answer about credentials says is not repeated: it may repeat the credentials.
                raise ApiError(kind, answer.status)
            if not 200 <= answer.status < 300:
                raise ApiError("server", answer.status)
            self._token = _checked(answer.data, "token")["access_token"]
        return self._token

    def _persist(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> _Answer:
        """Make a request until it is answered by more than "later", some times at most."""
        import httpx

        for attempt in range(1, self._attempts + 1):
            wait = min(self._waits.first * 2 ** (attempt - 1), self._waits.longest)
            try:
                answer = self._once(method, url, data, headers)
            except httpx.TimeoutException as error:
                lost = isinstance(error, httpx.ConnectTimeout)
                fault = ApiError("timeout", detail=f"{self._waits.silence:g} s")
            except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                lost = isinstance(error, httpx.ConnectError)
                fault = ApiError("tls" if _is_tls(error) else "connection", detail=str(error))
            except httpx.HTTPError as error:  # a proxy that refuses, an address that is none
                raise ApiError("connection", detail=str(error)) from None
            else:
                if answer.status not in _AGAIN:
                    return answer
                lost = False
                fault = ApiError("busy" if answer.status == 429 else "server", answer.status, _message(answer.data))
                asked = _retry_after(answer.headers.get("retry-after", ""))
                wait = wait if asked is None else min(asked, self._waits.longest)
            if attempt == self._attempts or (lost and not self._met) or fault.kind == "tls":
                break
            self.pause(wait)
        raise fault

    def _once(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> _Answer:
        import httpx

        start = self._waits.clock()
        end = min(start + self._waits.answer, self._until)
        if start >= end:
            raise ApiError("timeout", detail=f"> {self._waits.total:.0f} s")
        with self._http.stream(method, url, content=data, headers=dict(headers)) as response:
            self._met = True
            if 300 <= response.status_code < 400:
                raise ApiError("redirect", response.status_code, response.headers.get("location", ""))
            if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                raise ApiError("shape", response.status_code, "content-encoding")  # could be small, and grow
            received = bytearray()
            for chunk in response.iter_raw():
                received += chunk
                if len(received) > MAX_BYTES:
                    raise ApiError("size", response.status_code, str(MAX_BYTES >> 20))
                if self._waits.clock() > end:  # each piece in time, but never the last
                    raise httpx.ReadTimeout("")
            return _Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(received))


def literal(text: str) -> str:
    """Return a text as OData writes it in an expression: `'O''Brien'`."""
    return "'" + text.replace("'", "''") + "'"


def _url(origin: str, path: str, parameters: Mapping[str, str]) -> str:
    query = urlencode(parameters, quote_via=quote, safe="$,'")
    return f"{origin}{path}?{query}" if query else f"{origin}{path}"


def _batches(items: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    left = iter(items)
    while batch := tuple(islice(left, size)):
        yield batch


def _is_tls(error: BaseException | None) -> bool:
    """Tell whether a failure to connect comes from TLS: trying again does not help against a wrong certificate."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _retry_after(text: str) -> float | None:
    """Return the seconds that a server asks to wait, None if it does not say so in a way that is known."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        instant = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return max(instant - time.time(), 0.0)


# -- what is answered --------------------------------------------------------------------------------------------------


@cache
def validator(shape: str) -> Validator:
    """Return the validator of one shape of `answer.schema.json`: `token`, `page`, `user` or `rules`."""
    from jsonschema import Draft202012Validator

    schema = json.loads(resources.read_package("apply/answer.schema.json"))
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{shape}"})


def parse(data: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError for anything else; NaN and half characters are none."""
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # what cannot be saved is not taken
    except RecursionError:
        raise ValueError("nesting") from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _checked(data: bytes, shape: str) -> Any:
    try:
        value = parse(data)
    except ValueError:
        raise ApiError("json", detail=data[:80].decode("utf-8", "replace")) from None
    wrong = next(validator(shape).iter_errors(value), None)
    if wrong is not None:
        raise ApiError("shape", detail=wrong.json_path)
    return value


def _user(row: Mapping[str, Any]) -> User:
    return User(int(row["Id"]), row["Number"], tuple(row["ForwardingExceptions"]))


def _message(data: bytes) -> str:
    """Return what the PBX says about an error, as OData has it; hostile text."""
    try:
        value = parse(data)
    except ValueError:
        return ""
    error = value.get("error") if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message[:500] if isinstance(message, str) else ""
