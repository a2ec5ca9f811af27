"""The server: users and their exceptions, tokens, OData options, and what goes wrong in the field.

It shares no code with policyc. What it accepts is in `schema.json`; what it does not know, an option of a query
included, it refuses.
"""

from __future__ import annotations

import copy
import json
import re
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

CLIENT_ID = "policyc"
SECRET = "s3cret & très+long"  # noqa: S105 - of a PBX that is none; with characters that a form has to encode
_SCHEMA = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
_BODIES = {form: Draft202012Validator({**_SCHEMA, "$ref": f"#/$defs/{form}"}) for form in ("20.0.8", "20.0.9")}
_OPTIONS = {"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count"}
_PROPERTIES = {"Id", "Number", "FirstName", "LastName", "ForwardingExceptions"}
_TERM = r"Number eq '((?:[^']|'')*)'"
_MOST_TERMS = 19  # a common limit on the nodes of an expression


@dataclass
class Fault:
    """What happens instead of, or besides, the right answer to some requests of one kind."""

    request: str  # token, defs, users, user, write
    kind: str
    skip: int = 0  # requests of this kind that go well first
    times: int = 1
    options: dict = field(default_factory=dict)


@dataclass
class RefusalError(Exception):
    """An answer other than 2xx."""

    status: int
    message: str = ""


class FakePbx:
    """A PBX with some extensions. `requests` holds what was asked: (kind, path, options)."""

    def __init__(self, form: str = "20.0.9", version: str | None = None, page: int = 100) -> None:
        self.form = form
        self.version = version
        self.page = page
        self.users: dict[int, dict] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.authorizations: list[str] = []
        self.token_uses = 10**9  # requests after which a token has expired
        self._faults: list[Fault] = []
        self._later: deque[tuple[int, int, list]] = deque()
        self._tokens: dict[str, int] = {}
        self._next = 1000
        self._lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.pbx = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, number: str, *rules: dict, ident: int | None = None) -> None:
        ident = ident or 10 + len(self.users)
        self.users[ident] = {"Id": ident, "Number": number, "FirstName": "Anne", "LastName": "Ö'Brien"}
        self.users[ident]["ForwardingExceptions"] = [self._stored(one) for one in rules]

    def remove(self, number: str) -> None:
        self.users = {ident: one for ident, one in self.users.items() if one["Number"] != number}

    def rules(self, number: str) -> list[dict]:
        """Return the exceptions of an extension without what the PBX adds by itself."""
        (user,) = (one for one in self.users.values() if one["Number"] == number)
        return [_told(one) for one in user["ForwardingExceptions"]]

    def fault(self, request: str, kind: str, *, skip: int = 0, times: int = 1, **options: object) -> None:
        self._faults.append(Fault(request, kind, skip, times, options))

    def count(self, kind: str) -> int:
        return sum(one[0] == kind for one in self.requests)

    def written(self) -> list[str]:
        """Return the numbers of the extensions that a write was asked for, in order."""
        idents = [int(re.search(r"\((-?\d+)\)", path)[1]) for kind, path, _ in self.requests if kind == "write"]
        return [self.users[ident]["Number"] if ident in self.users else str(ident) for ident in idents]

    # -- what it does --------------------------------------------------------------------------------------------------

    def _stored(self, rule: dict) -> dict:
        """Return an exception as the PBX keeps it: with an Id, names, and all that was left out."""
        self._next += 1
        kept = copy.deepcopy(rule)
        destination = {"Number": "", "External": "", **kept["Destination"]}
        kept["Destination"] = {**destination, "Name": "Nom du PBX", "Tags": [], "Type": "None"}
        kept["Hours"] = {"IgnoreHolidays": False, "Periods": [], **kept["Hours"]}
        for period in kept["Hours"]["Periods"]:
            for key in ("Start", "Stop"):
                period[key] = period[key].partition(".")[0] + ".0000000"
        if self.form != "20.0.8":
            kept = {"CallType": "AllCalls", "Condition": "BasedOnCallerID", "Enabled": True, **kept}
        return {**kept, "Id": self._next}

    def take(self, request: str) -> Fault | None:
        for one in self._faults:
            if one.request == request:
                if one.skip:
                    one.skip -= 1
                elif one.times:
                    one.times -= 1
                    return one
        return None

    def token(self, form: dict[str, str]) -> dict:
        wanted = {"client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": "client_credentials"}
        if form != wanted:
            raise RefusalError(401, f"invalid client {form}")
        token = f"jeton-{len(self._tokens)}"
        self._tokens[token] = self.token_uses
        return {"token_type": "Bearer", "expires_in": 60, "access_token": token, "refresh_token": None}

    def authorise(self, header: str) -> None:
        token = header.removeprefix("Bearer ")
        if self._tokens.get(token, 0) <= 0:
            raise RefusalError(401)
        self._tokens[token] -= 1

    def find(self, options: dict[str, str]) -> dict:
        if set(options) - _OPTIONS:
            raise RefusalError(400, f"unknown option {sorted(set(options) - _OPTIONS)}")
        numbers = self._filtered(options.get("$filter", ""))
        top, skip = int(options.get("$top", self.page)), int(options.get("$skip", 0))
        if top > 100:
            raise RefusalError(400, "The limit of '100' for Top query has been exceeded.")
        if options.get("$orderby", "Number") != "Number":
            raise RefusalError(400, "orderby")
        found = sorted(
            (one for one in self.users.values() if numbers is None or one["Number"] in numbers),
            key=lambda one: one["Number"],
        )
        size = min(top, self.page)
        rows = [self.shown(one, options) for one in found[skip : skip + size]]
        answer = {"@odata.context": f"{self.url}/xapi/v1/$metadata#Users", "value": rows}
        if options.get("$count") == "true":
            answer["@odata.count"] = len(found)
        if len(found) > skip + size and size < top:
            answer["@odata.nextLink"] = f"https://elsewhere.invalid/xapi/v1/Users?$skip={skip + size}"
        return answer

    def _filtered(self, text: str) -> set[str] | None:
        if not text:
            return None
        if not re.fullmatch(rf"{_TERM}( or {_TERM})*", text):
            raise RefusalError(400, f"syntax error in {text}")
        numbers = [one.replace("''", "'") for one in re.findall(_TERM, text)]
        if len(numbers) > _MOST_TERMS:
            raise RefusalError(400, "The node count limit of '100' has been exceeded.")
        return set(numbers)

    def shown(self, user: dict, options: dict[str, str]) -> dict:
        self._catch_up()
        chosen = set(options.get("$select", "Id,Number,FirstName,LastName").split(","))
        expanded = set(filter(None, options.get("$expand", "").split(",")))
        if chosen - _PROPERTIES or expanded - {"ForwardingExceptions"}:
            raise RefusalError(400, "unknown property")
        row = {key: value for key, value in user.items() if key in (chosen - {"ForwardingExceptions"}) | expanded}
        return copy.deepcopy(row)

    def _catch_up(self) -> None:
        """Let writes that were put off take effect once enough was read."""
        for _ in range(len(self._later)):
            reads, ident, rules = self._later.popleft()
            if reads > 0:
                self._later.append((reads - 1, ident, rules))
            elif ident in self.users:
                self.users[ident]["ForwardingExceptions"] = rules

    def write(self, ident: int, body: object, fault: Fault | None) -> None:
        if ident not in self.users:
            raise RefusalError(404, "Not found")
        wrong = next(_BODIES[self.form].iter_errors(body), None)
        if wrong is not None:
            raise RefusalError(400, f"{wrong.json_path}: {wrong.message}")
        rules = [self._stored({key: value for key, value in one.items() if key != "Id"}) for one in body[_LIST]]
        match fault.kind if fault else "":
            case "ignored":
                return
            case "late":
                self._later.append((fault.options["reads"], ident, rules))
            case "mangled":
                self.users[ident][_LIST] = rules[:-1]
            case "reversed":
                self.users[ident][_LIST] = rules[::-1]
            case _:
                self.users[ident][_LIST] = rules


_LIST = "ForwardingExceptions"


def _told(rule: dict) -> dict:
    told = {key: value for key, value in rule.items() if key != "Id"}
    told["Destination"] = {key: rule["Destination"][key] for key in ("To", "Number", "External")}
    told["Hours"] = {key: value for key, value in rule["Hours"].items() if key != "IgnoreHolidays"}
    told["Hours"]["Periods"] = [
        {**one, "Start": one["Start"].partition(".")[0], "Stop": one["Stop"].partition(".")[0]}
        for one in told["Hours"]["Periods"]
    ]
    return told


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    pbx: FakePbx

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away: that is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def _serve(self) -> None:
        pbx = self.server.pbx
        parts = urlsplit(self.path)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind, ident = self._kind(unquote(parts.path))
        with pbx._lock:
            pbx.requests.append((kind, parts.path, options))
            pbx.authorizations.append(self.headers.get("Authorization", ""))
            fault = pbx.take(kind)
        if fault is not None and self._fails(fault):
            return
        try:
            with pbx._lock:
                status, value = self._answer(kind, ident, options, body, fault)
        except RefusalError as refusal:
            status = refusal.status
            value = {"error": {"code": "", "message": refusal.message, "details": []}} if refusal.message else None
        if fault is not None and fault.kind == "cut_after":
            self._cut()
            return
        self._send(status, b"" if value is None else json.dumps(value).encode())

    def _kind(self, path: str) -> tuple[str, int]:
        one = re.fullmatch(r"/xapi/v1/Users\((-?\d+)\)", path)
        if one:
            return ("write" if self.command == "PATCH" else "user"), int(one[1])
        kinds = {"/connect/token": "token", "/xapi/v1/Defs": "defs", "/xapi/v1/Users": "users"}
        return kinds.get(path, "other"), 0

    def _answer(
        self, kind: str, ident: int, options: dict[str, str], body: bytes, fault: Fault | None
    ) -> tuple[int, object]:
        pbx = self.server.pbx
        if kind == "token":
            return 200, pbx.token(dict(parse_qsl(body.decode(), strict_parsing=True)))
        pbx.authorise(self.headers.get("Authorization", ""))
        match kind:
            case "defs":
                return 200, {"Id": 0}
            case "users":
                return 200, pbx.find(options)
            case "user":
                if ident not in pbx.users:
                    raise RefusalError(404, "Not found")
                return 200, pbx.shown(pbx.users[ident], options)
            case "write":
                pbx.write(ident, json.loads(body), fault)
                return 204, None
        raise RefusalError(404, "Not found")

    def _fails(self, fault: Fault) -> bool:
        """Do what a fault says; return whether that was the whole answer."""
        options = fault.options
        match fault.kind:
            case "status":
                headers = {"Retry-After": options["retry_after"]} if "retry_after" in options else {}
                message = options.get("message")
                value = {"error": {"code": "X", "message": message}} if message else None
                self._send(options["status"], json.dumps(value).encode() if value else b"<html>", headers)
            case "cut_before":
                self._cut()
            case "slow":
                time.sleep(options["seconds"])
                return False
            case "raw":
                self._send(200, options["data"], options.get("headers", {}))
            case "redirect":
                self._send(302, b"", {"Location": options["to"]})
            case "vanish":
                with self.server.pbx._lock:
                    self.server.pbx.remove(options["number"])
                return False
            case "call":
                options["function"]()
                return False
            case "endless":
                with suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Length", str(1 << 40))
                    self.end_headers()
                    while True:
                        self.wfile.write(b" " * (1 << 20))
            case "drip":
                with suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    for _ in range(1000):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        options["tick"]()
            case _:
                return False
        return True

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        if self.server.pbx.version:
            self.send_header("X-3CX-Version", self.server.pbx.version)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/json; odata.metadata=minimal; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204:
            self.wfile.write(data)
