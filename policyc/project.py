"""Files of a project in, one program out: statements in order, includes and directories put where they stand."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from policyc import syntax
from policyc.diagnostics import Diagnostic, Text
from policyc.files import MAX_BYTES, Files, OutsideProjectError, join
from policyc.source import SourceFile, Span, fold, plain
from policyc.syntax import Comment, Directory, ExtensionDecl, Include, Statement, Word


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
    files: Files
    statements: list[Statement] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
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
            self.diagnostics.append(Diagnostic("PC005", asked, {"path": path}))
            return
        self.seen.add(path)
        source = self.source(path, asked)
        if source is None:
            return
        tree, found = syntax.parse(source)
        self.diagnostics += found
        self.comments += tree.comments
        self.doubtful += tree.doubtful
        for statement in tree.statements:
            yield _Task(statement, path, None)

    def source(self, path: str, asked: Span | None) -> SourceFile | None:
        """Read a file as text, or say why it cannot be."""
        try:
            data = self.files.read(path)
        except OutsideProjectError:
            self.missing("PC003", asked, path=path)
            return None
        except (OSError, ValueError) as error:
            cases: dict[type[Exception], str] = {
                FileNotFoundError: "absent",
                IsADirectoryError: "folder",
                PermissionError: "denied",
            }
            reason = getattr(error, "strerror", None) or str(error)
            self.missing("PC001", asked, case=cases.get(type(error), "other"), path=path, reason=reason)
            return None
        if len(data) > MAX_BYTES:
            self.missing("PC001", asked, case="large", path=path, reason=str(MAX_BYTES >> 20))
            return None
        source, found = read_source(path, data)
        self.diagnostics += found
        if source is None:
            self.complete = False
        else:
            self.sources.append(source)
        return source

    def missing(self, code: str, span: Span | None, **args: str) -> None:
        self.complete = False
        self.diagnostics.append(Diagnostic(code, span, args))

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
        span = statement.path.span
        try:
            target = join(path, statement.path.text)
        except OutsideProjectError:
            self.missing("PC003", span, path=statement.path.text)
            return
        if target in self.seen:
            self.diagnostics.append(Diagnostic("PC005", span, {"path": target}))
            return
        self.seen.add(target)
        source = self.source(target, span)
        if source is not None:
            statements, found = read_directory(source)
            self.statements += statements
            self.diagnostics += found
            self.doubtful += [fold(source.text)] * bool(found)


def load(files: Files, paths: Iterable[str]) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return the program of policy files in the order given, and what is wrong with files and syntax."""
    loader = _Loader(files)
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
        return source, (Diagnostic("PC901", Span(source, at, min(at + 1, len(source.text)))),)
    return source, ()


def _keep(text: str) -> str:
    """Return decomposed text in plain forms, as long as it was: to find where NFC changes it."""
    return "".join(plain(char) if len(plain(char)) == 1 else char for char in text) + "\0"


_YES = frozenset(("oui", "o", "1", "vrai", "x", "yes", "true"))
_NO = frozenset(("", "non", "n", "0", "faux", "no", "false"))
_COLUMNS = ("numero", "nom", "mobile", "messagerie", "sonne")


def read_directory(source: SourceFile) -> tuple[list[ExtensionDecl], list[Diagnostic]]:
    """Return the extensions of a directory: a CSV file with a line of headers, separated by `,` or `;`."""
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
            line = _Row(source, reader.line_num, problems)
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
        _Row(source, reader.line_num, problems).wrong("csv", "", reason=str(error))
    else:
        if columns is None:
            _Row(source, 1, problems).wrong("missing", "", column=_COLUMNS[0])
    return found, problems


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a directory: says what is wrong with it, and where."""

    source: SourceFile
    number: int
    problems: list[Diagnostic]

    def span(self, value: str) -> Span:
        """Return where a cell stands, or the whole line when that is not plain to see."""
        number = min(max(self.number, 1), self.source.lines)
        start, text = self.source.start_of(number), self.source.line(number)
        if value and text.count(value) == 1:
            start += text.index(value)
            return Span(self.source, start, start + len(value))
        return Span(self.source, start, start + len(text))

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
            self.wrong("unknown", unknown, column=unknown)
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
            self.wrong("value" if value else "empty", value, column=column, cell=value)
            return None
        return ExtensionDecl(
            Word(number, self.span(given["numero"]), is_number=True),
            Word(name, self.span(given["nom"])),
            Word(digits, self.span(mobile), is_number=True) if digits else None,
            fold(given.get("messagerie", "")) in _YES,
            int(seconds) if seconds else None,
            self.span(""),
        )
