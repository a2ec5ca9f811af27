"""What is kept on disk from one run to the next: proofs by keys, and how the last compilation of a policy ended.

A file of proofs, or of pieces of files, has a name made from what it holds, and is never changed: any of them may be
lost, copied from another machine or written by two runs at once. One that is not what its name says counts for nothing.
The file of a policy's last compilation is replaced whole, and says itself what it must hold. Whoever can write to the
folder can have a proof left out: it is the user's own, as the program is.
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
from policyc.proof.proving import Measure
from policyc.proof.standing import SIZE

MOST_BYTES: Final = 1 << 26  # of one target: some two million extensions
MOST_FILES: Final = 64  # of one target: reading more takes longer than to write what is of use in them once more
_ENTRY: Final = struct.Struct(f">{SIZE}s16sQ")  # a key, and a measure: more numbers may call than 64 bits count
_SUFFIX: Final = ".proofs"
MOST_DATA: Final = 1 << 30  # bytes of all pieces: those of a policy of 10,000 extensions are 160 MB
MOST_LAST: Final = 256  # files of pieces, and of last compilations
_MODE: Final = 0o600  # what is kept of a policy has its numbers
_LAST: Final = "last"  # no target has such a name


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
            _trim(files, MOST_BYTES, MOST_FILES)

    def put(self, data: bytes) -> str:
        """Keep data, and return the name under which `get` finds it."""
        name = _name(data)
        path = self._data(name)
        with contextlib.suppress(OSError):
            if path.exists():
                os.utime(path)  # it is of use
            else:
                _replace(path, data)
        return name

    def get(self, name: str) -> bytes | None:
        """Return data by its name, None if it is lost."""
        path = self._data(name)
        data = _read(path)
        if data is None or _name(data) != name:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # it is of use
        return data

    def last(self, policy: str) -> bytes | None:
        """Return what was kept of the last compilation of a policy, whatever tells it from others."""
        data = _read(self._last(policy))
        return data[2 * SIZE :] if data is not None and _name(data[2 * SIZE :]).encode() == data[: 2 * SIZE] else None

    def keep_last(self, policy: str, data: bytes) -> None:
        """Keep what is to be known of the last compilation of a policy, in place of what was; the oldest data goes."""
        with contextlib.suppress(OSError):
            _replace(self._last(policy), _name(data).encode() + data)
            found = [(path.stat().st_mtime_ns, path) for path in (self.folder / _LAST).iterdir()]
            _trim([path for _, path in sorted(found)], MOST_DATA, MOST_LAST)

    def _data(self, name: str) -> Path:
        return self.folder / _LAST / f"{name}.pieces"

    def _last(self, policy: str) -> Path:
        return self.folder / _LAST / f"{policy}.last"

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
        _replace(path, data)
        return path


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole, in place of one that may be there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.beside(path, data, _MODE, lasting=False)  # what is not whole counts for nothing
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _entries(path: Path) -> Iterator[tuple[bytes, Measure]]:
    """Yield the entries of a file; none, if it is not what its name says or cannot be read."""
    data = _read(path)
    if data is not None and path.stem == _name(data) and len(data) % _ENTRY.size == 0:
        for key, size, made in _ENTRY.iter_unpack(data):
            yield key, (int.from_bytes(size, "big"), made)


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[: 2 * SIZE]  # most processors have instructions for it


def _trim(files: list[Path], most_bytes: int, most_files: int) -> None:
    """Remove files, the oldest first, until neither they nor their bytes are too many; the last one stays."""
    sizes = {path: path.stat().st_size for path in files if path.exists()}
    total, count = sum(sizes.values()), len(sizes)
    for path, size in list(sizes.items())[:-1]:
        if total <= most_bytes and count <= most_files:
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
