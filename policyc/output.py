"""Texts in, files on disk out: whole or not at all, one folder at a time."""

import contextlib
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: where, how many bytes, and whether it differs from what was there."""

    path: Path
    size: int
    changed: bool


def write(folder: Path, files: Mapping[str, str]) -> tuple[Written, ...]:
    """Write files into a folder, made if need be. Raises OSError, and then leaves every old file whole.

    All are written under other names first and renamed last, so that nobody reads half a file. A file that is a
    symbolic link is replaced, not followed; one that already says the same is left alone, date and all. Files of an
    earlier run that are no longer produced stay.
    """
    ready: list[tuple[Path, Path]] = []
    written: list[Written] = []
    try:
        for name, text in sorted(files.items()):
            target = _inside(folder, name)
            data = encode(text)
            changed = not _holds(target, data)
            if changed:
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.is_dir() and not target.is_symlink():  # found before anything is renamed
                    raise IsADirectoryError(21, os.strerror(21), str(target))
                ready.append((beside(target, data), target))
                _give_mode(target, ready[-1][0])
            written.append(Written(target, len(data), changed))
        _rename(ready)
    finally:
        _drop(ready)
    return tuple(written)


def rewrite(files: Mapping[Path, bytes]) -> None:
    """Put other bytes into files that are there. Raises OSError, and then leaves every old file whole.

    As for `write`, but that a symbolic link is followed: who edits a file by a link means the file.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, data in sorted(files.items()):
            target = Path(os.path.realpath(path))
            ready.append((beside(target, data), target))
            _give_mode(target, ready[-1][0])
        _rename(ready)
    finally:
        _drop(ready)


def _rename(ready: list[tuple[Path, Path]]) -> None:
    """Give files their own names; those that are left had none."""
    while ready:
        temporary, target = ready[0]
        temporary.replace(target)
        ready.pop(0)


def _drop(ready: list[tuple[Path, Path]]) -> None:
    for temporary, _ in ready:
        with contextlib.suppress(OSError):
            temporary.unlink()


def encode(text: str) -> bytes:
    """Return the bytes of a text file: UTF-8, and exactly one line end after the last line."""
    return (text.rstrip("\n") + "\n").encode() if text else b""


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in name:
        raise ValueError(f"a target names a file outside its folder: {name!r}")
    return folder.joinpath(*path.parts)


def _holds(path: Path, data: bytes) -> bool:
    """Tell whether a path is a plain file with just these bytes."""
    try:
        return stat.S_ISREG(path.lstat().st_mode) and path.read_bytes() == data
    except OSError:
        return False


def beside(target: Path, data: bytes, mode: int = 0o666) -> Path:
    """Write a new file in the folder of another, and return its path; the caller renames it, or removes it.

    The mode is less the umask, as that of any new file: the PBX runs as another user and has to read it. Raises
    OSError, and then leaves nothing behind.
    """
    path = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return path


def _give_mode(target: Path, path: Path) -> None:
    """Give a new file the permissions of the one that it replaces, if there is one."""
    with contextlib.suppress(OSError):
        before = target.lstat().st_mode
        if stat.S_ISREG(before):
            path.chmod(stat.S_IMODE(before))
