"""The library: policy files or text in; a `Policy`, diagnostics or the files of a PBX out.

    policy = policyc.load("cabinet.pol")
    call = policyc.call_from("06 12 34 56 78", "102", datetime(2026, 11, 23, 10))
    policyc.events(policy, call)                       # 'ring 102 20s > voicemail 102 unavailable'
    policyc.compile(policy).files["asterisk"]["policyc.conf"]
    policyc.verify(policy, "build").holds              # the files in build/<target>/ decide as the policy does
    policyc.format_text(text)                          # the same policy in its canonical layout

A mistake in a policy is a diagnostic, never a traceback: `load` raises `PolicyError`, which carries them; `check`,
`compile` and `verify` return them.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policyc import capabilities, checks, config, digits, project, targets, workspace
from policyc.config import Config
from policyc.diagnostics import Diagnostic, arrange, has_errors
from policyc.digits import NumberSet
from policyc.files import Files, MemoryFiles, PrivateFolders
from policyc.model import Policy
from policyc.outcomes import DecisionModel
from policyc.progress import NOBODY, Watch
from policyc.resolve import resolve
from policyc.rope import Rope
from policyc.suppress import acceptable, suppress
from policyc.values import dataclass
from policyc.workspace import Workspace

if TYPE_CHECKING:
    from policyc.diff.grouping import Difference
    from policyc.proof.checking import Verified
    from policyc.proof.keeping import Kept

StrPath = str | os.PathLike[str]
Paths = StrPath | Iterable[StrPath]
Keeping = Callable[[Mapping[str, targets.Piece]], str]
Lay = Callable[[str, Mapping[str, str | Rope]], object]


class PolicyError(Exception):
    """A policy has errors; `diagnostics` holds all that was found, warnings too."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take all diagnostics."""
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        """Return the errors, a code and a place each: `PC201 cabinet.pol:12; PC301 cabinet.pol:20`."""
        errors = [one for one in self.diagnostics if one.is_error]
        return "; ".join(one.code if one.primary is None else f"{one.code} {one.primary.place}" for one in errors)


@dataclass(frozen=True)
class Checked:
    """A policy, as far as it was understood, and all that is to say about it."""

    policy: Policy
    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def model(self) -> DecisionModel:
        """What the policy decides."""
        return DecisionModel(self.policy)

    @property
    def has_errors(self) -> bool:
        """Whether the policy must not be used."""
        return has_errors(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a policy compiles to: target → file name → text. A target with errors of its own is not there.

    `verified` is what was proved of the files, or stands against those that are withheld; None: nobody asked. `layers`
    are the names under which the pieces of the files are kept, by target. Files that were `laid` somewhere are not
    here, only what came of that, by target.
    """

    files: Mapping[str, Mapping[str, str]]
    diagnostics: tuple[Diagnostic, ...] = ()
    verified: "Verified | None" = field(default=None, compare=False)
    layers: Mapping[str, str] = field(default_factory=dict, compare=False)
    laid: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def has_errors(self) -> bool:
        """Whether anything was withheld."""
        return has_errors(self.diagnostics)


# In which turn targets are begun. Of two long proofs that begin, the first, which is here, is the shorter one, so that
# the last is here too: by then other processes have ended, and their memory is free. Without proofs, 3CX comes last,
# whose lists all cores share.
_PROVED = ("3cx", "asterisk", "freeswitch")
_RENDERED = ("asterisk", "freeswitch", "3cx")
_DOUBTS_OF_LINES = frozenset(("PC315", "PC316"))  # raised where lines are resolved, which no check sees


def examine(
    files: Files,
    paths: Iterable[str],
    today: date | None = None,
    company: NumberSet = digits.EMPTY,
    private: PrivateFolders | None = None,
    watch: Watch = NOBODY,
) -> Checked:
    """Return the policy of some files, wherever they are kept, with every diagnostic that no comment accepts.

    `company` is the outside numbers of the company, `private` the folders on disk where directories of extensions may
    also be. Of a policy that was not understood, nothing doubtful is told.
    """
    paths = tuple(paths)
    watch.stage("read", len(paths))
    program, unread = project.load(files, paths, private)
    policy, unresolved = resolve(program)
    comments = program.comments
    del program  # of 150,000 rules its nodes are some 100 MiB, and nobody looks at them again
    found = (*unread, *unresolved)
    understood = not has_errors(suppress(found, comments))
    if not understood:
        found = tuple(one for one in found if one.code not in _DOUBTS_OF_LINES)
    model = DecisionModel(policy)
    watch.stage("check", _size(policy))
    found += checks.check(model, today, company, doubts=understood)
    return _of(model, arrange(suppress(found, comments)))


def examine_workspace(
    place: Workspace, today: date | None = None, files: Files | None = None, watch: Watch = NOBODY
) -> Checked:
    """Return the policy of a project on disk, with what is wrong with its settings too.

    `files` are its files as they would be, if they are not those on disk.
    """
    checked = examine(files or place.files, place.paths, today, place.config.company, place.private, watch)
    found = checked.diagnostics
    if place.gathered:  # files that include one another and were all picked up: nothing that anyone wrote twice
        found = tuple(one for one in found if one.code != "PC005" or one.args.get("path") not in place.paths)
    return _of(checked.model, arrange((*place.diagnostics, *found)))


def load(paths: Paths, *, today: date | None = None) -> Policy:
    """Return the policy of a file, or of several as one. Raises PolicyError if it has errors."""
    return _sound(examine_workspace(_workspace(paths), today))


def load_text(text: str, name: str = "policy.pol") -> Policy:
    """Return the policy of a text; `name` is what diagnostics call it. Raises PolicyError if it has errors."""
    return _sound(examine(MemoryFiles({name: text}), (name,)))


def format_text(text: str, name: str = "policy.pol") -> str:
    """Return the text of a policy file in its canonical layout; `name` is what diagnostics call it.

    It is proved to say the same. Raises PolicyError if there are mistakes in the words of its lines; what they mean is
    not looked at.
    """
    from policyc.formatting import format_data

    formatted = format_data(name, text.encode(errors="surrogatepass"))
    if formatted.text is None:
        raise PolicyError(formatted.diagnostics)
    return formatted.text


def check(
    policy: Policy | Paths, *, today: date | None = None, company: NumberSet = digits.EMPTY
) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with a policy, sorted by place.

    `today`: also warn about rules that have ended or soon will. `company`: the outside numbers of the company, which no
    rule of a `Policy` may call; of files, its `policyc.toml` tells them.
    """
    if isinstance(policy, Policy):
        return arrange(checks.check(policy, today, company))
    return examine_workspace(_workspace(policy), today).diagnostics


def compile(  # noqa: A001 - the word of the trade, as `re.compile`
    policy: Policy | Paths,
    *,
    targets: Iterable[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    today: date | None = None,
    verify: bool = False,
) -> Compiled:
    """Return the files of a policy for some targets; by default, for those its `policyc.toml` names, or all.

    `settings` (target → key → value) go before those of `policyc.toml`. Errors of the policy withhold every target,
    what one target cannot say (PC4) that target alone. Raises KeyError for a target that there is not.

    `verify`: prove that the files decide as the policy does, and withhold a target of which that is not proved (PC8).
    The command `policyc compile` does; here it is left out unless asked for, as it takes longer than compiling.
    """
    checked, chosen = _checked(policy, today)
    wanted = chosen.targets if targets is None else tuple(targets)
    return render(checked, wanted, all_settings(chosen, wanted, settings), verify=verify)


def verify(
    policy: Policy | Paths,
    files: StrPath | Mapping[str, Mapping[str, str]],
    *,
    targets: Iterable[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> "Verified":
    """Return whether files decide as a policy does, for every caller, presentation, kind and instant.

    `files` are those of `Compiled.files`, or a folder with a folder for each target, as `policyc compile` writes it.
    `targets` are those of `files` by default, or of a folder those that `policyc.toml` names; a file that is not there
    is an error (PC803). Raises PolicyError for a policy that has errors, KeyError for a target that there is not.
    """
    from policyc.proof import checking

    checked, chosen = _checked(policy, None)
    _sound(checked)
    held: Mapping[str, Mapping[str, str]]
    if isinstance(files, str | os.PathLike):
        wanted = chosen.targets if targets is None else tuple(targets)
        held, unread = checking.load(Path(files), wanted, Path(files).as_posix())
        folder = Path(files).as_posix()
    else:
        wanted = tuple(files) if targets is None else tuple(targets)
        held, unread, folder = files, (), ""
    return checking.verify(checked.model, held, wanted, all_settings(chosen, wanted, settings), folder, unread=unread)


def compare(old: Policy | Paths, new: Policy | Paths) -> "Difference":
    """Return which calls end otherwise by one policy than by another, exactly, and what else they say differs.

    Raises PolicyError for a policy that has errors.
    """
    from policyc.diff import grouping

    before, after = (_checked(one, None)[0] for one in (old, new))
    _sound(before)
    _sound(after)
    return grouping.compare(before.model, after.model)


def render(
    checked: Checked,
    wanted: Iterable[str],
    settings: Mapping[str, Mapping[str, Any]],
    *,
    verify: bool = False,
    folder: str = "",
    watch: Watch = NOBODY,
    kept: "Kept | None" = None,
    keeping: Keeping | None = None,
    lay: Lay | None = None,
) -> Compiled:
    """Return the files of a checked policy for each target; `verify`: those that are proved, `folder` their place.

    What is `kept` of earlier proofs is not proved again, and what is proved now is kept. `keeping` keeps the pieces
    that files are made of, and returns a name for them. `lay` is called where the files of a target were made, in
    whichever process, once nothing stands against them; what it returns is returned in their place.
    """
    if checked.has_errors:
        return Compiled({}, checked.diagnostics)
    names = tuple(dict.fromkeys(wanted))
    for name in names:
        targets.find(name)  # KeyError here, not in another process
    watch.stage("compile", _size(checked.policy))
    made = _all_made(checked, names, settings, _Manner(folder if verify else None, watch, kept, keeping, lay))
    files = {name: MappingProxyType(one.files) for name, one in made.items() if one.files is not None}
    found = arrange((*checked.diagnostics, *chain.from_iterable(one.diagnostics for one in made.values())))
    laid = {name: one.laid for name, one in made.items() if one.laid is not None}
    if not verify:
        return Compiled(MappingProxyType(files), found, laid=laid)
    from policyc.proof import checking

    verified = checking.together(one.verified for one in made.values() if one.verified is not None)
    sound = {name: one for name, one in files.items() if name not in verified.refused}
    layers = {name: one.layer for name, one in made.items() if one.layer}
    return Compiled(MappingProxyType(sound), found, verified, layers, laid)


def _size(policy: Policy) -> int:
    return sum(1 for _ in policy.rules)


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made for one target: None for files that it cannot have."""

    files: dict[str, str] | None
    diagnostics: tuple[Diagnostic, ...]
    verified: "Verified | None" = None
    layer: str = ""
    laid: object = None


@dataclass(frozen=True, slots=True)
class _Manner:
    """How files are made: proved where there is a `folder`, watched by somebody, with what is kept and to be kept.

    They are laid where `lay` says, if it does.
    """

    folder: str | None
    watch: Watch
    kept: "Kept | None"
    keeping: Keeping | None
    lay: Lay | None

    def laid(self, name: str, made: _Made) -> _Made:
        """Return what was made for a target, laid if it is to be and nothing stands against it."""
        if self.lay is None or made.files is None or (made.verified is not None and made.verified.refused):
            return made
        return replace(made, files={}, laid=self.lay(name, made.files))


def _all_made(
    checked: Checked, names: Sequence[str], settings: Mapping[str, Mapping[str, Any]], manner: _Manner
) -> Mapping[str, _Made]:
    """Return what is made for each target, in their order.

    Those of a large policy are made by several processes at once, each by one. Without proofs, the last ones have all
    cores; a proof that several processes share takes a third more, as calls go on from part to part.
    """
    from policyc import processes  # which a check does without

    jobs = max(1, min(processes.cores_for(_size(checked.policy)), len(names)))
    turns = _RENDERED if manner.folder is None else _PROVED
    begun = sorted(names, key=lambda name: turns.index(name) if name in turns else 0)
    tasks = [partial(_made, checked, name, settings.get(name, {}), manner) for name in begun]
    if manner.folder is None:
        together = len(tasks) - len(tasks) % jobs
        tasks[together:] = [partial(processes.with_all_cores, task) for task in tasks[together:]]
    done = processes.each(tasks, checked.policy.sources, jobs, meanwhile=manner.watch.shows)
    made = dict(zip(begun, done, strict=True))
    return {name: made[name] for name in names}


def _made(checked: Checked, name: str, settings: Mapping[str, Any], manner: _Manner) -> _Made:
    """Return the files of a policy for a target, and what is proved of them."""
    target = targets.find(name)
    whole = {**target.DEFAULTS, **settings}
    rendered = target.render(checked.policy, whole)
    found = (*capabilities.missing(checked.policy, name, target.CAPABILITIES), *rendered.diagnostics)
    if has_errors(found):
        return _Made(None, found)
    files = dict(rendered.files)
    if manner.folder is None:
        return manner.laid(name, _Made(files, found))
    from policyc.proof import checking

    layer = manner.keeping(rendered.pieces) if manner.keeping and rendered.pieces else ""
    del rendered  # pieces are as large as the files
    verified = checking.verify(
        checked.model,
        {name: files},
        (name,),
        {name: whole},
        manner.folder,
        watch=manner.watch,
        kept=manner.kept,
    )
    return manner.laid(name, _Made(files, (*found, *verified.diagnostics), verified, layer))


def _checked(policy: Policy | Paths, today: date | None) -> tuple[Checked, Config]:
    """Return a policy with what is wrong with it, and the settings of its project."""
    if isinstance(policy, Policy):
        # Its comments are gone: what they may have accepted was judged when it was loaded.
        model = DecisionModel(policy)
        found = [one for one in checks.check(model, today) if not (one.is_error and acceptable(one.code))]
        return _of(model, arrange(found)), config.defaults()
    place = _workspace(policy)
    return examine_workspace(place, today), place.config


def _of(model: DecisionModel, diagnostics: tuple[Diagnostic, ...]) -> Checked:
    """Return a checked policy whose model is there already."""
    checked = Checked(model.policy, diagnostics)
    checked.__dict__["model"] = model
    return checked


def all_settings(
    chosen: Config, wanted: Iterable[str], given: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, dict[str, Any]]:
    """Return every setting of some targets: those given, then those of a project, then the defaults."""
    return {
        name: {**targets.find(name).DEFAULTS, **chosen.settings.get(name, {}), **(given or {}).get(name, {})}
        for name in wanted
    }


def _workspace(paths: Paths) -> Workspace:
    return workspace.find([paths] if isinstance(paths, str | os.PathLike) else list(paths))


def _sound(checked: Checked) -> Policy:
    if checked.has_errors:
        raise PolicyError(checked.diagnostics)
    return checked.policy
