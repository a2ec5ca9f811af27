"""Texts in, files on disk out: whole or not at all, one folder at a time."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from policyc.rope import Rope

_BUFFER: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: where, how many bytes, and whether it differs from what was there."""

    path: Path
    size: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is written, but for its name: `ready` is the one it has until then, None if it is there already."""

    path: Path
    size: int
    ready: Path | None


def write(folder: Path, files: Mapping[str, str | Rope]) -> tuple[Written, ...]:
    """Write files into a folder, made if need be. Raises OSError, and then leaves every old file whole.

    All are written under other names first and renamed last, so that nobody reads half a file. A file that is a
    symbolic link is replaced, not followed; one that already says the same is left alone, date and all. Files of an
    earlier run that are no longer produced stay.
    """
    return publish(draft(folder, files))


def draft(folder: Path, files: Mapping[str, str | Rope], mark: str = "") -> tuple[Draft, ...]:
    """Write files for a folder, as `write` does, up to their names: `publish` gives them these.

    Whoever may not come to that gives the `mark` of `laying`.
    """
    return _all(_drafted(_inside(folder, name), encode(text), mark) for name, text in sorted(files.items()))


def _drafted(path: Path, data: Rope, mark: str) -> Draft:
    if _holds(path, data):
        return Draft(path, len(data), None)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():  # found before anything is renamed
        raise IsADirectoryError(21, os.strerror(21), str(path))
    return Draft(path, len(data), _beside_with_mode(path, data, mark))


def publish(drafts: Iterable[Draft]) -> tuple[Written, ...]:
    """Give files that are ready their names. Raises OSError, and then drops those that have none yet."""
    drafts = tuple(drafts)
    try:
        for one in drafts:
            if one.ready is not None:
                one.ready.replace(one.path)
    except BaseException:
        _drop(drafts)
        raise
    return tuple([Written(one.path, one.size, one.ready is not None) for one in drafts])


@contextlib.contextmanager
def laying(folders: Iterable[Path]) -> Iterator[str]:
    """Give a mark for drafts in some folders, and remove in the end those that were not published.

    So whoever wrote them, in whichever process, need not come to its end.
    """
    mark = secrets.token_hex(6)
    try:
        yield mark
    finally:
        for folder in folders:
            for path in folder.rglob(f".*.{mark}*.tmp"):
                with contextlib.suppress(OSError):
                    path.unlink()


def rewrite(files: Mapping[Path, bytes]) -> None:
    """Put other bytes into files that are there. Raises OSError, and then leaves every old file whole.

    As for `write`, but that a symbolic link is followed: who edits a file by a link means the file.
    """
    targets = ((Path(os.path.realpath(path)), data) for path, data in sorted(files.items()))
    publish(_all(Draft(target, len(data), _beside_with_mode(target, data)) for target, data in targets))


def _all(drafts: Iterator[Draft]) -> tuple[Draft, ...]:
    """Return drafts once all are written; if one cannot be, none stays."""
    found: list[Draft] = []
    try:
        for one in drafts:
            found.append(one)  # noqa: PERF402 - what was written before an error is in it
    except BaseException:
        _drop(found)
        raise
    return tuple(found)


def _drop(drafts: Iterable[Draft]) -> None:
    """Remove what has no name of its own yet."""
    for one in drafts:
        if one.ready is not None:
            with contextlib.suppress(OSError):
                one.ready.unlink()


def encode(text: str | Rope) -> Rope:
    """Return the bytes of a text file: UTF-8, and exactly one line end after the last line."""
    data = Rope([text.encode()]) if isinstance(text, str) else text
    if len(data) and (data[-1:] != b"\n" or data[-2:] == b"\n\n"):
        data = Rope([data[:].rstrip(b"\n") + b"\n"])
    return data


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name:
        raise ValueError(f"a target names a file outside its folder: {name!r}")
    return folder.joinpath(*path.parts)


def _holds(path: Path, data: Rope) -> bool:
    """Tell whether a path is a plain file with just these bytes."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != len(data):
            return False
        with path.open("rb") as file:
            parts = range(0, len(data), _BUFFER)
            return all(file.read(_BUFFER) == data[at : at + _BUFFER] for at in parts)
    except OSError:
        return False


def beside(target: Path, data: bytes | Rope, mode: int = 0o666, mark: str = "", *, lasting: bool = True) -> Path:
    """Write a new file in the folder of another, and return its path; the caller renames it, or removes it.

    The mode is less the umask, as that of any new file: the PBX runs as another user and has to read it. What is
    `lasting` is whole even if the power fails right then. Raises OSError, and then leaves nothing behind.
    """
    path = target.with_name(f".{target.name}.{mark}{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, mode)
    try:
        with os.fdopen(descriptor, "wb", _BUFFER) as file:
            file.writelines(data.chunks if isinstance(data, Rope) else [data])
            file.flush()
            if lasting:
                os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return path


def _beside_with_mode(path: Path, data: bytes | Rope, mark: str = "") -> Path:
    """Write a new file, as `beside` does, with the permissions of the one that it is to replace, if there is one."""
    ready = beside(path, data, mark=mark)
    with contextlib.suppress(OSError):
        before = path.lstat().st_mode
        if stat.S_ISREG(before):
            ready.chmod(stat.S_IMODE(before))
    return ready
