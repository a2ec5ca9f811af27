"""Where a project is on disk: the policy files that were named in, its folder, its files and its settings out."""

import os
from collections.abc import Sequence
from pathlib import Path

from policyc import config
from policyc.config import Config
from policyc.diagnostics import Diagnostic
from policyc.files import DiskFiles, Files, OutsideProjectError, PrivateFolders
from policyc.values import dataclass


@dataclass(frozen=True, slots=True)
class Past:
    """Where the files of a project are that is told of another time; `prefix` stands before their shown paths."""

    files: Files
    prefix: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project: its folder, which no include leaves, its policy files relative to it, and its settings.

    `gathered` tells that nobody named the files: they are all there are, perhaps also included by one another. `home`
    is where the settings are, or would be: the root or a folder below it. `named` tells that somebody named the files.
    `past` is for a project as it was, which is not on disk: see `revisions`.
    """

    root: Path
    paths: tuple[str, ...]
    config: Config
    diagnostics: tuple[Diagnostic, ...]
    gathered: bool
    home: Path
    named: bool = False
    past: Past | None = None

    @property
    def files(self) -> Files:
        """The files of the project's folder."""
        return DiskFiles(self.root) if self.past is None else self.past.files

    @property
    def private(self) -> PrivateFolders | None:
        """The private folders that the settings name; they are on disk even if the project is told of another time."""
        folders = tuple(Path(os.path.normpath(self.home / one)) for one in self.config.private)
        return PrivateFolders(self.root, folders) if folders else None


def find(policies: Sequence[str | os.PathLike[str]], here: Path | None = None) -> Workspace:
    """Return the project of some policy files; of none: that of a folder, the current one by default.

    The settings are those of `policyc.toml` beside the first file or, failing that, in the current folder when the
    file is below it. Its `paths` are empty when no file was named and none is there.
    """
    here = _real(here or Path.cwd())
    if not policies:
        settings, found = config.load(DiskFiles(here))
        paths, missing, gathered = sources(DiskFiles(here), settings)
        return Workspace(here, paths, settings, (*found, *missing), gathered, here)
    # Not resolved to the end: a policy file may itself be a link to another place of its folder.
    absolute = [_absolute(here, Path(one)) for one in policies]
    home = absolute[0].parent
    if not _has_settings(home) and home.is_relative_to(here) and _has_settings(here):
        home = here
    root = Path(os.path.commonpath([home, *(path.parent for path in absolute)]))
    settings, found = config.load(DiskFiles(root), (home / config.NAME).relative_to(root).as_posix())
    named = tuple(path.relative_to(root).as_posix() for path in absolute)
    return Workspace(root, named, settings, found, gathered=False, home=home, named=True)


def _has_settings(folder: Path) -> bool:
    return os.path.isfile(folder / config.NAME)  # noqa: PTH113 - Path.is_file raises where nobody may look


def _absolute(here: Path, path: Path) -> Path:
    return _real((here / path).parent) / path.name


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))  # unlike Path.resolve it has no complaint about links in a circle


def sources(files: Files, settings: Config) -> tuple[tuple[str, ...], tuple[Diagnostic, ...], bool]:
    """Return the policy files that settings name, or all beside them, and what matches nothing."""
    if not settings.legible:
        return (), (), True
    paths: list[str] = []
    problems: list[Diagnostic] = []
    for written in ("*.pol",) if settings.sources is None else settings.sources:
        if not any(char in written for char in "*?"):
            paths.append(written)
            continue
        try:
            matching = files.glob(written)
        except OutsideProjectError:
            problems.append(Diagnostic("PC003", settings.sources_span, {"path": written}))
            continue
        except (ValueError, NotImplementedError, OSError):  # no pattern: "**.pol", "/*.pol"
            matching = []
        if not matching and settings.sources is not None:
            problems.append(Diagnostic("PC004", settings.sources_span, {"pattern": written}))
        paths += matching
    return tuple(dict.fromkeys(paths)), tuple(problems), settings.sources is None
