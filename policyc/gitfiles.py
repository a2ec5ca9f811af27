"""The files of one tree of git, as `Files`: the id of the tree in, paths and bytes out."""

import errno
import os
import posixpath
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

from policyc.files import MAX_BYTES, OutsideProjectError, SubmoduleError

_LINK: Final = "120000"
_TREE: Final = "040000"
_SUBMODULE: Final = "160000"
_MOST_LINKS: Final = 40  # one after another, and
_LONGEST_LINK: Final = 4096  # so many bytes: Linux follows no more


class GitError(Exception):
    """What git says when it fails."""


@dataclass(frozen=True, slots=True)
class Git:
    """How git is run: the words that start each command, and its environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run a command of git to its end, whichever that is."""
        return subprocess.run(  # noqa: S603 - no shell, and what users name stands where git takes no option
            [*self.command, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def output(self, *arguments: str) -> bytes:
        """Return what a command prints. Raises GitError if it fails."""
        done = self(*arguments)
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace"))
        return done.stdout

    def blob(self, name: str, most: int) -> bytes:
        """Return the first bytes, at most so many, of the blob of an id. Raises GitError."""
        with subprocess.Popen(  # noqa: S603 - as above
            [*self.command, "cat-file", "blob", name],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            if running.stdout is None or running.stderr is None:
                raise AssertionError("no pipes")
            data = running.stdout.read(most)
            if len(data) == most:
                running.kill()
                return data
            said = running.stderr.read()
        if running.returncode:
            raise GitError(said.decode(errors="replace"))
        return data


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    id: str


class GitFiles:
    """The files below a tree of git. Links are followed within it; submodules are other repositories, and not read."""

    def __init__(self, git: Git, tree: str) -> None:
        """Take the id of the tree or its commit, or nothing for no files at all. Raises GitError."""
        self._git = git
        self._entries = {"": _Entry(_TREE, tree)}
        self._names: dict[str, list[str]] = {}  # folder → what is in it
        listed = git.output("ls-tree", "--full-tree", "-r", "-t", "-z", tree) if tree else b""
        for line in os.fsdecode(listed).split("\0")[:-1]:
            about, _, path = line.partition("\t")
            mode, _, name = about.split(" ")
            self._entries[path] = _Entry(mode, name)
            self._names.setdefault(posixpath.dirname(path), []).append(posixpath.basename(path))

    def __contains__(self, path: str) -> bool:
        """Tell whether there is a file, or a link, at a path."""
        return self._entries.get(path, self._entries[""]).mode != _TREE

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        entry = self._entries[self._place(path)]
        if entry.mode == _TREE:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return self._blob(entry, MAX_BYTES + 1)

    def glob(self, pattern: str) -> list[str]:
        """See `Files.glob`."""
        parts = posixpath.normpath(pattern).split("/")
        if not pattern or not parts[0] or any("**" in part != "**" for part in parts):
            raise ValueError(pattern)
        if parts[0] == "..":
            raise OutsideProjectError(pattern)
        return sorted(set(self._matching("", parts)), key=os.fsencode)

    def _matching(self, folder: str, parts: Sequence[str]) -> Iterator[str]:
        """Yield the files below a folder that match the parts of a pattern."""
        first, rest = parts[0], parts[1:]
        base = self._place(folder)
        names = self._names.get(base, ())
        if first == "**":
            if rest:
                yield from self._matching(folder, rest)
            for name in names:
                if self._entries[posixpath.join(base, name)].mode == _TREE:  # no link, which may go in a circle
                    yield from self._matching(posixpath.join(folder, name), parts)
            return
        matches = re.compile(translate(first.replace("[", "[[]"))).fullmatch
        for name in filter(matches, names):
            path = posixpath.join(folder, name)
            try:
                mode = self._entries[self._place(path)].mode
            except OSError:  # a link to nothing
                continue
            except OutsideProjectError:
                if rest and first != name:  # any folder, and it may well be none
                    continue
                raise
            if rest and mode == _TREE:
                yield from self._matching(path, rest)
            elif not rest and mode != _TREE:
                yield path

    def _place(self, path: str) -> str:
        """Return where a path leads by way of links. Raises OSError, or OutsideProjectError for one that leads out."""
        if path.startswith("/"):
            raise OutsideProjectError(path)
        here, ahead, links = "", path.split("/")[::-1], 0
        while ahead:
            part = ahead.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not here:
                    raise OutsideProjectError(path)
                here = posixpath.dirname(here)
                continue
            step = posixpath.join(here, part)
            entry = self._entries.get(step)
            if entry is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            if entry.mode == _SUBMODULE:
                raise SubmoduleError(path)
            if entry.mode != _LINK:
                here = step
                continue
            links += 1
            target = os.fsdecode(self._blob(entry, _LONGEST_LINK))
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                raise OutsideProjectError(path)
            ahead += target.split("/")[::-1]
        return here

    def _blob(self, entry: _Entry, most: int) -> bytes:
        try:
            return self._git.blob(entry.id, most)
        except GitError as error:
            raise OSError(errno.EIO, str(error).strip()) from None
