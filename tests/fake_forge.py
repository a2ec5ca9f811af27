"""The comments of one pull request on GitHub and one merge request on GitLab, as their APIs give them, and no more."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "t0k3n"  # noqa: S105 - of nothing
ME, STRANGER = 31, 77
PAGE = 2  # comments of a page, whatever is asked for: the first page never has all


@dataclass
class Forge:
    """What was said, and what was asked: method and path. `refuse` is a method that is answered by 403."""

    comments: list[dict] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refuse: str = ""
    url: str = ""
    lure: str = ""  # where the next page is said to be

    def say(self, body: str, author: int = STRANGER, association: str = "NONE") -> int:
        """Put a comment, and return its number."""
        number = 1000 + len(self.comments)
        self.comments.append({"id": number, "body": body, "author": author, "association": association})
        return number

    def bodies(self) -> list[str]:
        return [one["body"] for one in self.comments]


class _Handler(BaseHTTPRequestHandler):
    forge: Forge
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, data, **headers):
        text = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def body(self):
        """Return the one text of a request, or None if it is anything else."""
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not data or not self.headers.get("Content-Type", "").startswith("application/json"):
            return None
        given = json.loads(data)
        return given["body"] if set(given) == {"body"} and isinstance(given["body"], str) else None

    def page(self, shown):
        query = parse_qs(urlsplit(self.path).query)
        number = int(query.get("page", ["1"])[0])
        if query.get("per_page") != ["100"] or number < 1:
            return self.answer(400, {"message": "per_page=100 makes fewer requests"})
        here = self.forge.comments[(number - 1) * PAGE : number * PAGE]
        links = [f'<{self.forge.url}{urlsplit(self.path).path}?per_page=100&page=1>; rel="first"']
        if number * PAGE < len(self.forge.comments):
            address = f"{self.forge.lure or self.forge.url + urlsplit(self.path).path}?per_page=100&page={number + 1}"
            links.insert(0, f'<{address}>; rel="next"')
        return self.answer(200, [shown(one) for one in here], Link=", ".join(links))

    def handle_method(self):
        self.forge.asked.append(f"{self.command} {urlsplit(self.path).path}")
        if self.command == self.forge.refuse:
            self.body()
            return self.answer(403, {"message": "Resource not accessible by integration"})
        return self.route(urlsplit(self.path).path)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_method  # noqa: N815 - names of http.server

    def change(self, number, shown, may):
        text = self.body()
        found = next((one for one in self.forge.comments if one["id"] == number), None)
        if found is None or text is None:
            return self.answer(404 if found is None else 422, {"message": "no"})
        if not may(found):
            return self.answer(403, {"message": "no"})
        found["body"] = text
        return self.answer(200, shown(found))

    def make(self, shown):
        text = self.body()
        if text is None:
            return self.answer(422, {"message": "no body"})
        self.forge.say(text, ME)
        return self.answer(201, shown(self.forge.comments[-1]))


class GitHub(_Handler):
    """Of the pull request 7 of `org/tel`."""

    def route(self, path):
        wanted = {"Authorization": f"Bearer {TOKEN}", "X-GitHub-Api-Version": "2022-11-28"}
        if any(self.headers.get(name) != value for name, value in wanted.items()):
            self.body()
            return self.answer(401, {"message": "Bad credentials"})
        if path == "/repos/org/tel/issues/7/comments" and self.command == "GET":
            return self.page(self.shown)
        if path == "/repos/org/tel/issues/7/comments" and self.command == "POST":
            return self.make(self.shown)
        one = re.fullmatch(r"/repos/org/tel/issues/comments/(\d+)", path)
        if one and self.command == "PATCH":
            return self.change(int(one[1]), self.shown, lambda _: True)
        return self.answer(404, {"message": "Not Found"})

    def shown(self, one):
        user = {"login": str(one["author"]), "type": "Bot" if one["author"] == ME else "User"}
        return {"id": one["id"], "body": one["body"], "user": user, "author_association": one["association"]}


class GitLab(_Handler):
    """Of the merge request 7 of the project 42."""

    def route(self, path):
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            self.body()
            return self.answer(401, {"message": "401 Unauthorized"})
        notes = "/projects/42/merge_requests/7/notes"
        if path == "/user" and self.command == "GET":
            return self.answer(200, {"id": ME, "username": "project_42_bot"})
        if path == notes and self.command == "GET":
            return self.page(self.shown)
        if path == notes and self.command == "POST":
            return self.make(self.shown)
        one = re.fullmatch(rf"{notes}/(\d+)", path)
        if one and self.command == "PUT":
            return self.change(int(one[1]), self.shown, lambda found: found["author"] == ME)
        return self.answer(404, {"message": "404 Not found"})

    def shown(self, one):
        return {"id": one["id"], "body": one["body"], "author": {"id": one["author"]}, "system": False}


@contextmanager
def serve(handler):
    """Run a forge for as long as the block lasts."""
    forge = Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"forge": forge}))
    forge.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
