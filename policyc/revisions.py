"""A project on disk and revisions of git in, the same project as it was in them out.

Only the program `git` reads the repository, that of the folder that holds the project, and files are the blobs of the
revision: no filter of a working tree runs. Whatever stands in the way is a `RevisionError`.
"""

import os
import posixpath
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

from policyc import config, workspace
from policyc.diagnostics import Diagnostic, Text
from policyc.gitfiles import Git, GitError, GitFiles
from policyc.workspace import Past, Workspace


class RevisionError(Exception):
    """A revision that cannot be read, and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Take what there is to tell."""
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Sides:
    """A project before and after. A side whose policy is not there, as before it was new, has no `paths`."""

    old: Workspace
    new: Workspace


def sides(place: Workspace, revisions: str) -> Sides:
    """Return both sides of what `policyc diff --git` names. Raises RevisionError.

    `REV` is that revision against the project as it is on disk, `A..B` one revision against another, `A...B` the last
    common ancestor of both against B. As for git, no name is HEAD.
    """
    repository = _repository(place.root)
    first, dots, second = revisions.partition("..")
    if not dots:
        old = repository.commit(revisions)
        return Sides(_at(repository, place, revisions, old, None), place)
    from_ancestor = second.startswith(".")
    first, second = first or "HEAD", second.removeprefix(".") or "HEAD"
    old, new = repository.commit(first), repository.commit(second)
    if from_ancestor:
        old = repository.ancestor(revisions, old, new)
        first = old[:10]
    before, after = _at(repository, place, first, old, new), _at(repository, place, second, new, None)
    if place.named and not (before.paths or after.paths):
        raise RevisionError(Diagnostic("PC001", None, {"case": "absent", "path": place.paths[0]}))
    return Sides(before, after)


def workspace_at(place: Workspace, revision: str) -> Workspace:
    """Return a project as it was in a revision, without `paths` where its policy was not there. Raises RevisionError.

    A policy file that was named is the one that git takes for it under its earlier name.
    """
    repository = _repository(place.root)
    return _at(repository, place, revision, repository.commit(revision), None)


def _at(repository: "_Repository", place: Workspace, name: str, commit: str, later: str | None) -> Workspace:
    """Return a project as it was in a commit. `name` is what the user calls it, `later` what it is compared with."""
    files = repository.files(commit)
    settings, found = config.load(files, (place.home / config.NAME).relative_to(place.root).as_posix())
    past = Past(files, f"{name}:{posixpath.join(repository.prefix, '')}")
    if not place.named:
        paths, missing, gathered = workspace.sources(files, settings)
        return replace(
            place, paths=paths, config=settings, diagnostics=(*found, *missing), gathered=gathered, past=past
        )
    paths = tuple(path for path in place.paths if path in files)
    if len(paths) < len(place.paths):
        renamed = repository.renamed(commit, later)
        earlier = (path if path in files else renamed.get(path, "") for path in place.paths)
        paths = tuple(path for path in earlier if path)
    return replace(place, paths=paths, config=settings, diagnostics=found, past=past)


# -- the repository ----------------------------------------------------------------------------------------------------

# Hooks have these for their own; the repository is the one that the project lies in.
_NOT_OURS: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
_T = TypeVar("_T")
_ID: Final = re.compile(r"[0-9a-f]{40,64}\n")


@dataclass(frozen=True, slots=True)
class _Repository:
    """The repository of a project: how git is run in it, and where the project is in its trees."""

    git: Git
    folder: Path  # of the project, shown to the user
    prefix: str  # from the top of a tree to the project's folder
    is_shallow: bool

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a user names."""
        # In two steps: what follows `:/fix` belongs to the text that it looks for.
        found = self._id(revision)
        commit = found and self._id(f"{found}^{{commit}}")
        if commit:
            return commit
        raise self._unknown("commit" if found and self._id(f"{found}^{{object}}") else "unknown", revision)

    def _id(self, name: str) -> str:
        """Return the id of an object by any of its names, or nothing."""
        if "\0" in name:
            return ""
        said = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name).stdout.decode(errors="replace")
        return said.strip() if _ID.fullmatch(said) else ""

    def _unknown(self, case: "Unknown", revision: str) -> RevisionError:
        return RevisionError(unknown(case, revision, is_shallow=self.is_shallow))

    def ancestor(self, revisions: str, one: str, other: str) -> str:
        """Return the id of the last common ancestor of two commits."""
        found = self.git("merge-base", one, other).stdout.decode().split()
        if not found:
            raise self._unknown("unrelated", revisions)
        return found[0]

    def files(self, commit: str) -> GitFiles:
        """Return the files of the project in a commit; none where its folder was not there."""
        if not self.prefix:
            return self._sure(lambda: GitFiles(self.git, commit))
        listing = ("--literal-pathspecs", "ls-tree", "--full-tree", "-z", commit, "--", self.prefix)
        found = self._sure(lambda: self.git.output(*listing)).split()
        tree = found[2].decode() if found[1:2] == [b"tree"] else ""
        return self._sure(lambda: GitFiles(self.git, tree))

    def _sure(self, ask: Callable[[], _T]) -> _T:
        """Return what git answers, or raise what it says when it fails."""
        try:
            return ask()
        except GitError as error:
            raise RevisionError(unusable("other", self.folder, str(error))) from None

    def renamed(self, old: str, new: str | None) -> dict[str, str]:
        """Return the earlier paths of policy files that git takes for renamed since a commit, by their later ones.

        `new` is another commit, or None for what is known of the working tree without reading it: what is to be
        committed next.
        """
        compared = ("diff-tree", "-r", old, new) if new else ("diff-index", "--cached", old)
        options = ("-M", "--diff-filter=R", "--name-status", "-z", "--", ":(top,glob)**/*.pol")
        fields = os.fsdecode(self._sure(lambda: self.git.output(*compared, *options))).split("\0")
        start = posixpath.join(self.prefix, "")
        return {
            after.removeprefix(start): before.removeprefix(start)
            for before, after in zip(fields[1::3], fields[2::3], strict=False)
            if before.startswith(start) and after.startswith(start)
        }


def _repository(root: Path) -> _Repository:
    """Return the repository that a folder lies in, or lay in when it was there. Raises RevisionError."""
    program = shutil.which("git")
    if program is None:
        raise RevisionError(unusable("absent", root))
    here = next(folder for folder in (root, *root.parents) if os.path.isdir(folder))  # noqa: PTH112 - it may be denied
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    # Its words are looked at, and it must not wait for a password that nobody types.
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    git = Git((program, "-c", "core.fsmonitor=false", "-C", os.fspath(here)), environment)
    done = git("rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-prefix")
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        known: dict[str, Unusable] = {"not a git repository": "repository", "dubious ownership": "ownership"}
        case = next((case for words, case in known.items() if words in said), None)
        raise RevisionError(unusable(case, here) if case else unusable("other", here, said))
    inside, shallow, prefix = os.fsdecode(done.stdout).split("\n", 2)
    top = prefix.removesuffix("\n")
    if inside == "false":  # in the repository itself, as hooks of a server are: it is then the top of the tree
        top = os.path.relpath(here, os.fsdecode(git("rev-parse", "--absolute-git-dir").stdout).removesuffix("\n"))
    whole = posixpath.normpath(posixpath.join(Path(top).as_posix(), root.relative_to(here).as_posix()))
    return _Repository(git, here, "" if whole == "." else whole, shallow == "true")


# -- what may be wrong -------------------------------------------------------------------------------------------------

Unknown = Literal["unknown", "commit", "unrelated"]
Unusable = Literal["absent", "repository", "ownership", "other"]
_HELP: Final[Mapping[Unusable, str]] = {"absent": "install", "repository": "files", "ownership": "safe"}


def unknown(case: Unknown, revision: str, *, is_shallow: bool) -> Diagnostic:
    """Return what to tell of a revision that git does not find; `is_shallow`: in a clone with a part of the history."""
    help_ = (Text("shallow"),) if is_shallow and case != "commit" else ()
    return Diagnostic("PC008", None, {"case": case, "revision": revision}, help=help_)


def unusable(case: Unusable, folder: Path, said: str = "") -> Diagnostic:
    """Return what to tell of a folder where git does not do what it is asked; `said` is what it says of that."""
    line = next((line for line in said.splitlines() if line.strip()), "")
    notes = (Text("says", {"detail": line.removeprefix("fatal: ")}),) if line else ()
    help_ = (Text(_HELP[case]),) if case in _HELP else ()
    return Diagnostic("PC009", None, {"case": case, "folder": os.fspath(folder)}, notes=notes, help=help_)
