"""Proofs kept on disk from one run to the next: keys and what was proved under them.

A file of the store has a name made from what it holds, and is never changed: any of them may be lost, copied from
another machine or written by two runs at once. One that is not what its name says counts for nothing. Whoever can write
to the folder can have a proof left out: it is the user's own, as the program is.
"""

import contextlib
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policyc import output
from policyc.proof.keeping import SIZE
from policyc.proof.proving import Measure

MOST_BYTES: Final = 1 << 26  # of one target: some two million extensions
MOST_FILES: Final = 64  # of one target: reading more takes longer than to write what is of use in them once more
_ENTRY: Final = struct.Struct(f">{SIZE}s16sQ")  # a key, and a measure: more numbers may call than 64 bits count
_SUFFIX: Final = ".proofs"


@dataclass(frozen=True, slots=True)
class Store:
    """Proofs in a folder, which is made when there is something to keep. An error of the disk only forgets them."""

    folder: Path

    def known(self, target: str) -> Mapping[bytes, Measure]:
        """Return what is known of a target, by keys."""
        found: dict[bytes, Measure] = {}
        for path in self._files(target):
            found.update(_entries(path))
        return found

    def keep(self, target: str, used: Iterable[bytes], new: Mapping[bytes, Measure]) -> None:
        """Take what was proved, and what of the known was of use: the rest goes first when there is too much."""
        with contextlib.suppress(OSError):
            files = self._files(target)
            entries = dict(new)
            if new and len(files) >= MOST_FILES:
                known = self.known(target)
                entries |= {key: known[key] for key in used if key in known}
            if entries:
                files.append(self._write(target, entries))
            _trim(files)

    def _files(self, target: str) -> list[Path]:
        """Return the files of a target, the oldest first."""
        found: list[tuple[int, Path]] = []
        with contextlib.suppress(OSError):
            for path in (self.folder / target).iterdir():
                if path.suffix == _SUFFIX:
                    with contextlib.suppress(OSError):
                        found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def _write(self, target: str, entries: Mapping[bytes, Measure]) -> Path:
        """Write entries and return their file."""
        data = b"".join(
            _ENTRY.pack(key, size.to_bytes(16, "big"), made) for key, (size, made) in sorted(entries.items())
        )
        path = self.folder / target / f"{_name(data)}{_SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = output.beside(path, data)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        return path


def _entries(path: Path) -> Iterator[tuple[bytes, Measure]]:
    """Yield the entries of a file; none, if it is not what its name says or cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    if path.stem == _name(data) and len(data) % _ENTRY.size == 0:
        for key, size, made in _ENTRY.iter_unpack(data):
            yield key, (int.from_bytes(size, "big"), made)


def _name(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=SIZE).hexdigest()


def _trim(files: list[Path]) -> None:
    """Remove files, the oldest first, until neither they nor their bytes are too many; the last one stays."""
    sizes = {path: path.stat().st_size for path in files if path.exists()}
    total, count = sum(sizes.values()), len(sizes)
    for path, size in list(sizes.items())[:-1]:
        if total <= MOST_BYTES and count <= MOST_FILES:
            break
        path.unlink(missing_ok=True)
        total, count = total - size, count - 1


def folder(environment: Mapping[str, str]) -> Path | None:
    """Return where proofs are kept: what POLICYC_CACHE says, nowhere if that is empty, or the user's cache."""
    chosen = environment.get("POLICYC_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    if os.name == "nt":
        base = environment.get("LOCALAPPDATA", "")
    else:
        home = environment.get("HOME")
        base = environment.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else "")
    return Path(base) / "policyc" / "proofs" if Path(base).is_absolute() else None
