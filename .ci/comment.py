#!/usr/bin/env python3
"""Put a report into the discussion of a pull request or a merge request, in the place of the earlier one if there is.

    comment.py REPORT.md

The first line of the report, an HTML comment, is what the earlier one is found by. Which discussion and who speaks is
read from the environment of the job: that of GitHub Actions with GITHUB_TOKEN, or that of GitLab CI with
POLICYC_GITLAB_TOKEN. Nothing is needed but the Python that policyc runs on.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

SECONDS = 30
MAX_BYTES = 16 << 20  # of one answer: a hundred comments of 65,536 characters
MAX_PAGES = 100

Comment = dict[str, Any]


class RefusedError(Exception):
    """Why nothing was said."""


class _Staying(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nobody: the token would go along."""


@dataclass(frozen=True)
class Forge:
    """An API, with the token in `headers`."""

    api: str
    headers: Mapping[str, str]

    def ask(self, method: str, url: str, body: str | None = None) -> tuple[Any, str | None]:
        """Return what an address answers, and the address of the next page if there is one. Raises RefusedError."""
        data = None if body is None else json.dumps({"body": body}).encode()
        headers = {**self.headers, "Content-Type": "application/json", "User-Agent": "policyc"}
        request = Request(url, data, headers, method=method)  # noqa: S310 - `address` has seen to the scheme
        try:
            with build_opener(_Staying).open(request, timeout=SECONDS) as answer:
                found = json.loads(answer.read(MAX_BYTES + 1))
                link = re.search(r'<([^<>]*)>\s*;\s*rel="next"', answer.headers.get("Link", ""))
        except HTTPError as error:
            raise RefusedError(f"{method} {urlsplit(url).path}: {error.code} {error.reason}") from None
        except (OSError, HTTPException, ValueError) as error:  # no connection, no HTTP, no JSON
            raise RefusedError(f"{method} {urlsplit(url).path}: {error}") from None
        if link and not link[1].startswith(f"{self.api}/"):
            raise RefusedError(f"{link[1]}: the next page is somewhere else")
        return found, link and link[1]

    def pages(self, path: str) -> Iterator[Comment]:
        """Yield all comments of a list."""
        url: str | None = f"{self.api}{path}?per_page=100"
        for _ in range(MAX_PAGES):
            if url is None:
                return
            comments, url = self.ask("GET", url)
            yield from comments


@dataclass(frozen=True)
class Discussion:
    """The comments of one request: how to reach all, and one, and which are not those of anybody who likes."""

    forge: Forge
    every: str
    one: str  # before its number
    change: str  # the method that changes one
    is_ours: Callable[[Comment], bool]

    def put(self, text: str) -> None:
        """Say a text, in the place of the comment that begins with the same line. Raises RefusedError."""
        mark = text.partition("\n")[0].strip()
        if not re.fullmatch("<!--[^<>]+-->", mark):
            raise RefusedError("the first line of the report is no HTML comment")
        marked = (one for one in self.forge.pages(self.every) if (one["body"] or "").startswith(mark))
        earlier = next(filter(self.is_ours, marked), None)
        if earlier is None:
            self.forge.ask("POST", f"{self.forge.api}{self.every}", text)
        else:
            self.forge.ask(self.change, f"{self.forge.api}{self.one}/{int(earlier['id'])}", text)


def github(environment: Mapping[str, str]) -> Discussion:
    """Return the discussion of the pull request that a job of GitHub Actions is for."""
    event = json.loads(Path(needed(environment, "GITHUB_EVENT_PATH")).read_text(encoding="utf-8"))
    if "pull_request" not in event:
        raise RefusedError("this job is for no pull request")
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {needed(environment, 'GITHUB_TOKEN')}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    forge = Forge(address(environment, "GITHUB_API_URL"), headers)
    issues = f"/repos/{quote(needed(environment, 'GITHUB_REPOSITORY'))}/issues"
    every = f"{issues}/{int(event['pull_request']['number'])}/comments"

    def is_ours(comment: Comment) -> bool:
        # The job's own name is told by no field: a robot, or somebody who may change the project anyway.
        trusted = ("OWNER", "MEMBER", "COLLABORATOR")
        author = comment["user"] or {}  # none: the account is gone
        return author.get("type") == "Bot" or comment["author_association"] in trusted

    return Discussion(forge, every, f"{issues}/comments", "PATCH", is_ours)


def gitlab(environment: Mapping[str, str]) -> Discussion:
    """Return the discussion of the merge request that a job of GitLab CI is for."""
    project, request = (int(needed(environment, f"CI_{name}")) for name in ("PROJECT_ID", "MERGE_REQUEST_IID"))
    headers = {"PRIVATE-TOKEN": needed(environment, "POLICYC_GITLAB_TOKEN")}
    forge = Forge(address(environment, "CI_API_V4_URL"), headers)
    me, _ = forge.ask("GET", f"{forge.api}/user")
    notes = f"/projects/{project}/merge_requests/{request}/notes"
    return Discussion(forge, notes, notes, "PUT", lambda note: note["author"]["id"] == me["id"])


def needed(environment: Mapping[str, str], name: str) -> str:
    """Return the value of a variable. Raises RefusedError."""
    value = environment.get(name, "").strip()
    if not value.isprintable() or not value:
        raise RefusedError(f"{name} is not set")
    return value


def address(environment: Mapping[str, str], name: str) -> str:
    """Return the address of an API: https, so that nobody between reads the token, but for the machine itself."""
    value = needed(environment, name).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        raise RefusedError(f"{name} must begin with https://")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main(report: str, environment: Mapping[str, str]) -> str | None:
    """Say what is in a file; return why it was not said."""
    try:
        text = Path(report).read_text(encoding="utf-8")
        (gitlab if "GITLAB_CI" in environment else github)(environment).put(text)
    except (RefusedError, OSError) as error:
        return f"comment.py: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ) if len(sys.argv) == 2 else __doc__)
