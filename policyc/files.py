"""How the core sees files: a project's folder on disk, or in memory. Paths are relative to the project, with `/`."""

import os
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from policyc.values import dataclass

MAX_BYTES = 64 * 1024 * 1024  # a policy of 150,000 rules has 15 MB; more than this is no policy


class OutsideProjectError(Exception):
    """A path leads out of the project's folder."""

    def __init__(self, path: str, leads_to: str | None = None) -> None:
        """Take the path and, where the words of it tell, the place: from the project's folder, or absolute."""
        super().__init__(path)
        self.leads_to = leads_to


class SubmoduleError(OSError):
    """A path leads into a submodule of git, which is another repository."""


class Files(Protocol):
    """Read access to the files of one project."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises OSError, or OutsideProjectError for a path that leads out."""

    def glob(self, pattern: str) -> list[str]:
        """Return the files that match `*` and `?` in a path, in byte order. Raises OutsideProjectError likewise."""


def join(folder_of: str, path: str) -> str:
    """Return a path written in one file as a path of the project. Raises OutsideProjectError."""
    if "\0" in path:
        raise OutsideProjectError(path)
    if path.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]:", path):
        raise OutsideProjectError(path, os.path.normpath(path) if Path(path).is_absolute() else None)
    whole = (PurePosixPath(folder_of).parent / path.replace("\\", "/")).as_posix()
    joined = posixpath.normpath(whole)
    if joined.split("/")[0] == "..":
        raise OutsideProjectError(path, joined)
    return "" if joined == "." else joined


class DiskFiles:
    """The files below a folder; a symbolic link that leads out of it is refused."""

    def __init__(self, root: Path) -> None:
        """Take the project's folder."""
        self.root = Path(os.path.realpath(root))

    def _inside(self, path: Path) -> Path:
        resolved = Path(os.path.realpath(path))  # unlike resolve(), no error for links in a circle: reading has one
        if not resolved.is_relative_to(self.root):
            raise OutsideProjectError(str(path))
        return resolved

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        with self._inside(self.root / path).open("rb") as file:
            return file.read(MAX_BYTES + 1)  # enough to tell that it is too much: a device may never end

    def glob(self, pattern: str) -> list[str]:
        """See `Files.glob`."""
        literal = pattern.replace("[", "[[]")  # classes of characters are no part of the language
        found = [path for path in self.root.glob(literal) if path.is_file()]
        for path in found:
            self._inside(path)
        return sorted((path.relative_to(self.root).as_posix() for path in found), key=os.fsencode)


@dataclass(frozen=True, slots=True)
class PrivateFolders:
    """Folders whose directories of extensions stay out of the project's reviews: people's mobiles are in them.

    They are always on disk: where `Files` are those of a revision of git, these are as they are today. Paths are as for
    `Files`, relative to the project's folder `root`, or absolute; `folders` are whole.
    """

    root: Path
    folders: tuple[Path, ...]

    def hold(self, path: str) -> bool:
        """Tell whether a path of the project is in one of them, by its words."""
        place = Path(os.path.normpath(self.root / path))
        return any(place.is_relative_to(folder) for folder in self.folders)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises OSError, or OutsideProjectError for one that really is in none of them."""
        place = os.path.realpath(self.root / path)
        for folder in self.folders:
            try:
                return DiskFiles(folder).read(place)
            except OutsideProjectError:
                continue
        raise OutsideProjectError(path)


class MemoryFiles:
    """Files held in memory: for tests, editors and other programs."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        """Take path → content."""
        self.files = {
            path: text.encode(errors="surrogatepass") if isinstance(text, str) else text for path, text in files.items()
        }

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def glob(self, pattern: str) -> list[str]:
        """See `Files.glob`."""
        translated = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        expression = re.compile(translated)
        return sorted((path for path in self.files if expression.fullmatch(path)), key=os.fsencode)
