"""Files of a project in, one program out: statements in order, includes and directories put where they stand."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from policyc import syntax
from policyc.diagnostics import Diagnostic, Edit, Fix, Text
from policyc.edits import whole_line
from policyc.files import MAX_BYTES, Files, OutsideProjectError, PrivateFolders, SubmoduleError, join
from policyc.source import SourceFile, Span, fold, hidden, hidden_text, plain
from policyc.syntax import Comment, Directory, ExtensionDecl, Include, Statement, Word
from policyc.values import dataclass

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Program:
    """All statements of a policy in the order they count, and the comments of all its files."""

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    sources: tuple[SourceFile, ...]
    doubtful: tuple[str, ...] = ()  # folded text of declarations that were not understood
    complete: bool = True  # no file is missing that may declare further names


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be done next: a statement of a file, or (None) a file that is asked for."""

    statement: Statement | None
    path: str
    asked: Span | None


@dataclass(slots=True)
class _Loader:
    """Puts the statements of files together, and what is wrong with the files."""

    files: Files
    private: PrivateFolders | None
    statements: list[Statement] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)  # by whoever asks for the policy, not by a file of it
    doubtful: list[str] = field(default_factory=list)
    complete: bool = True

    def load(self, path: str, asked: Span | None) -> None:
        """Read a policy file and all that it includes, at any depth. `asked` is what names it."""
        work: list[Iterator[_Task]] = [iter([_Task(None, path, asked)])]
        while work:
            task = next(work[-1], None)
            match task:
                case None:
                    work.pop()
                case _Task(statement=None):
                    work.append(self.file(task.path, task.asked))
                case _Task(statement=Include() as include):
                    work.append(self.include(include, task.path))
                case _Task(statement=Directory() as directory):
                    self.directory(directory, task.path)
                case _Task(statement=statement) if statement is not None:
                    self.statements.append(statement)

    def file(self, path: str, asked: Span | None) -> Iterator["_Task"]:
        """Yield the statements of a policy file."""
        if path in self.seen:
            # Of a file that was named from outside, the line may be the only mention at another time.
            fix = None if path in self.named else _not_again(asked)
            self.diagnostics.append(Diagnostic("PC005", asked, {"path": path}, fix=fix))
            return
        self.seen.add(path)
        if asked is None:
            self.named.add(path)
        try:
            source = self.source(path, asked)
        except OutsideProjectError:
            self.missing("PC003", asked, path=path)
            return
        if source is None:
            return
        self.sources.append(source)
        tree, found = syntax.parse(source)
        self.diagnostics += found
        self.comments += tree.comments
        self.doubtful += tree.doubtful
        for statement in tree.statements:
            yield _Task(statement, path, None)

    def source(self, path: str, asked: Span | None, private: PrivateFolders | None = None) -> SourceFile | None:
        """Read a file, of the project or a private one, as text, or say why it cannot be. Raises OutsideProjectError.

        What is wrong with a private one is told without its text.
        """
        try:
            data = (private or self.files).read(path)
        except (OSError, ValueError) as error:
            cases: dict[type[Exception], str] = {
                FileNotFoundError: "absent",
                IsADirectoryError: "folder",
                PermissionError: "denied",
                SubmoduleError: "submodule",
            }
            reason = getattr(error, "strerror", None) or str(error)
            self.missing("PC001", asked, case=cases.get(type(error), "other"), path=path, reason=reason)
            return None
        if len(data) > MAX_BYTES:
            self.missing("PC001", asked, case="large", path=path, reason=str(MAX_BYTES >> 20))
            return None
        if data.startswith(_LFS_POINTER):
            self.missing("PC001", asked, case="lfs", path=path, reason="")
            return None
        source, found = read_source(path, data)
        self.diagnostics += map(_hidden, found) if private else found
        if source is None:
            self.complete = False
        return source

    def missing(self, code: str, span: Span | None, help_: tuple[Text, ...] = (), **args: str) -> None:
        self.complete = False
        self.diagnostics.append(Diagnostic(code, span, args, help=help_))

    def include(self, statement: Include, path: str) -> Iterator["_Task"]:
        """Yield the files that an `inclure` names."""
        span, pattern = statement.pattern.span, statement.pattern.text
        try:
            found = self.files.glob(join(path, pattern))
        except OutsideProjectError:
            self.missing("PC003", span, path=pattern)
            return
        except (ValueError, NotImplementedError, OSError):  # no pattern: "" or "**.pol"
            found = []
        if not found:
            self.missing("PC004", span, pattern=pattern)
        for one in found:
            if one != path or pattern == one:  # `*.pol` may well match the file that says it
                yield _Task(None, one, span)

    def directory(self, statement: Directory, path: str) -> None:
        """Read a directory of extensions, of the project or of its private folders."""
        span, written = statement.path.span, statement.path.text
        try:
            target, private = self.place(path, written)
            if target in self.seen:
                self.diagnostics.append(Diagnostic("PC005", span, {"path": target}, fix=_not_again(span)))
                return
            self.seen.add(target)
            source = self.source(target, span, private)
        except OutsideProjectError:
            self.missing("PC003", span, (Text("directory"),), path=written)
            return
        if source is not None:
            shown = hidden(source) if private else source
            self.sources.append(shown)
            statements, found = read_directory(source, shown)
            self.statements += statements
            self.diagnostics += found
            self.doubtful += [fold(source.text)] * bool(found)

    def place(self, path: str, written: str) -> tuple[str, PrivateFolders | None]:
        """Return where a directory is, and the private folders if it is one of theirs. Raises OutsideProjectError."""
        private = self.private
        try:
            target = join(path, written)
        except OutsideProjectError as outside:
            if private is None or outside.leads_to is None:
                raise
            return outside.leads_to, private
        return target, private if private and private.hold(target) else None


def load(
    files: Files, paths: Iterable[str], private: PrivateFolders | None = None
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return the program of policy files in the order given, and what is wrong with files and syntax.

    `private` are further folders that directories of extensions, and nothing else, are read from.
    """
    loader = _Loader(files, private)
    for path in paths:
        loader.load(path, None)
    program = Program(
        tuple(loader.statements),
        tuple(loader.comments),
        tuple(loader.sources),
        tuple(loader.doubtful),
        loader.complete,
    )
    return program, tuple(loader.diagnostics)


def read_source(path: str, data: bytes) -> tuple[SourceFile | None, tuple[Diagnostic, ...]]:
    """Return the normalised text of a file's bytes, or a diagnostic when they are not UTF-8."""
    path = path.encode(errors="surrogateescape").decode(errors="replace")  # a name that is not UTF-8 is still shown
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        readable = SourceFile(path, data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n"))
        at = len(data[: error.start].decode("utf-8", "replace").replace("\r\n", "\n"))
        byte = f"0x{data[error.start]:02x}"
        return None, (Diagnostic("PC002", Span(readable, at, at + 1), {"byte": byte}),)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    source = SourceFile(path, plain(text))
    if len(source.text) != len(text):
        at = next(at for at, (one, two) in enumerate(zip(plain(text), _keep(text), strict=False)) if one != two)
        span = Span(source, at, min(at + 1, len(source.text)))
        return source, (Diagnostic("PC901", span, fix=_composed(source, text)),)
    return source, ()


def _not_again(asked: Span | None) -> Fix | None:
    """Return a fix that takes out the line that names a file read already, if it names no other."""
    if asked is None or set(asked.text) & set("*?"):
        return None
    return Fix((Edit(whole_line(asked.file, asked.line), ""),), safe=True)


def _composed(source: SourceFile, text: str) -> Fix:
    """Return a fix that composes the characters of each line that has decomposed ones, and keeps typographic ones."""
    edits = []
    for number, line in enumerate(text.split("\n"), 1):
        composed = unicodedata.normalize("NFC", line)
        if composed != line:
            start = source.start_of(number)
            edits.append(Edit(Span(source, start, start + len(composed)), composed))
    return Fix(tuple(edits), safe=True)


def _hidden(diagnostic: Diagnostic) -> Diagnostic:
    """Return what is wrong with a file that is not to be shown."""
    span = diagnostic.primary
    return replace(diagnostic, primary=span and Span(hidden(span.file), span.start, span.end), fix=None)


def _keep(text: str) -> str:
    """Return decomposed text in plain forms, as long as it was: to find where NFC changes it."""
    return "".join(plain(char) if len(plain(char)) == 1 else char for char in text) + "\0"


_YES = frozenset(("oui", "o", "1", "vrai", "x", "yes", "true"))
_NO = frozenset(("", "non", "n", "0", "faux", "no", "false"))
_COLUMNS = ("numero", "nom", "mobile", "messagerie", "sonne")


def read_directory(source: SourceFile, shown: SourceFile) -> tuple[list[ExtensionDecl], list[Diagnostic]]:
    """Return the extensions of a directory: a CSV file with a line of headers, separated by `,` or `;`.

    Spans are of `shown`: the file itself, or what stands for one that is not to be shown.
    """
    import csv  # few policies have directories
    import io

    found: list[ExtensionDecl] = []
    problems: list[Diagnostic] = []
    first = next((line for line in source.text.split("\n") if line.strip()), "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(source.text), strict=True, delimiter=delimiter)
    columns: dict[str, int] | None = None
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            line = _Row(source, shown, reader.line_num, problems)
            if columns is None:
                columns = line.columns(cells)
                if columns is None:
                    return found, problems
            elif len(cells) > len(columns):
                line.wrong("cells", "", count=len(cells), columns=len(columns))
            else:
                cells += [""] * (len(columns) - len(cells))
                declared = line.extension({name: cells[at] for name, at in columns.items()})
                if declared is not None:
                    found.append(declared)
    except csv.Error as error:
        _Row(source, shown, reader.line_num, problems).wrong("csv", "", reason=str(error))
    else:
        if columns is None:
            _Row(source, shown, 1, problems).wrong("missing", "", column=_COLUMNS[0])
    return found, problems


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a directory: says what is wrong with it, and where."""

    source: SourceFile
    shown: SourceFile
    number: int
    problems: list[Diagnostic]

    def span(self, value: str) -> Span:
        """Return where a cell stands, or the whole line when that is not plain to see."""
        number = min(max(self.number, 1), self.source.lines)
        start, text = self.source.start_of(number), self.source.line(number)
        if value and text.count(value) == 1:
            start += text.index(value)
            return Span(self.shown, start, start + len(value))
        return Span(self.shown, start, start + len(text))

    def said(self, value: str) -> str:
        """Return a cell as messages say it."""
        return value if self.shown is self.source else hidden_text(value)

    def wrong(self, case: str, value: str, **args: str | int) -> None:
        """Report the line; `case` says how."""
        help_: tuple[Text, ...] = ()
        if case in ("unknown", "missing", "repeated", "cells"):
            help_ = (Text("columns"),)
        elif case == "value":
            help_ = (Text(str(args["column"])),)
        self.problems.append(Diagnostic("PC007", self.span(value), {"case": case, **args}, help=help_))

    def columns(self, cells: list[str]) -> dict[str, int] | None:
        """Return the place of each column, from the headers."""
        columns = {fold(cell): at for at, cell in enumerate(cells)}
        unknown = next((cell for cell in cells if fold(cell) not in _COLUMNS), None)
        missing = next((name for name in ("numero", "nom") if name not in columns), None)
        if unknown is not None:
            self.wrong("unknown", unknown, column=self.said(unknown))
        elif missing is not None:
            self.wrong("missing", "", column=missing)
        elif len(columns) != len(cells):
            repeated = next(cell for at, cell in enumerate(cells) if columns[fold(cell)] != at)
            self.wrong("repeated", "", column=repeated)
        else:
            return columns
        return None

    def extension(self, given: dict[str, str]) -> ExtensionDecl | None:
        """Return the extension that a line declares, or None when it says something impossible."""
        number, name = given["numero"].replace(" ", ""), " ".join(given["nom"].replace('"', " ").split())
        seconds = given.get("sonne", "").lower().removesuffix("s").strip().lstrip("0")
        mobile = given.get("mobile", "")
        digits = "".join(char for char in mobile.replace("(0)", "") if char not in " .-/")
        signless = digits.removeprefix("+")
        wrong = {
            "numero": not number,
            "nom": not name,
            "mobile": bool(digits) and not (signless.isascii() and signless.isdigit()),
            "messagerie": fold(given.get("messagerie", "")) not in _YES | _NO,
            "sonne": bool(given.get("sonne"))
            and not (re.fullmatch(r"[1-9][0-9]{0,2}", seconds) and int(seconds) <= 600),
        }
        for column in (column for column, is_wrong in wrong.items() if is_wrong):
            value = given[column]
            self.wrong("value" if value else "empty", value, column=column, cell=self.said(value))
            return None
        return ExtensionDecl(
            Word(number, self.span(given["numero"]), is_number=True),
            Word(name, self.span(given["nom"])),
            Word(digits, self.span(mobile), is_number=True) if digits else None,
            fold(given.get("messagerie", "")) in _YES,
            int(seconds) if seconds else None,
            self.span(""),
        )
