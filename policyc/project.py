"""Files of a project in, one program out: every statement in order, includes and directories put where they stand."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from policyc import syntax
from policyc.diagnostics import Diagnostic, Text
from policyc.files import Files, OutsideProjectError, join
from policyc.source import SourceFile, Span, fold, plain
from policyc.syntax import Comment, Directory, ExtensionDecl, Include, Statement, Word

MAX_BYTES = 64 * 1024 * 1024  # a policy of 150,000 rules has 15 MB; more than this is no policy


@dataclass(frozen=True, slots=True)
class Program:
    """All statements of a policy in the order they count, and the comments of all its files."""

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    sources: tuple[SourceFile, ...]


@dataclass(slots=True)
class _Loader:
    files: Files
    statements: list[Statement] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def load(self, path: str, asked: Span | None) -> None:
        """Read a policy file and all that it includes. `asked` is the statement that names it."""
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
        for statement in tree.statements:
            match statement:
                case Include():
                    self.include(statement, path)
                case Directory():
                    self.directory(statement, path)
                case _:
                    self.statements.append(statement)

    def source(self, path: str, asked: Span | None) -> SourceFile | None:
        """Read a file as text, or say why it cannot be."""
        try:
            data = self.files.read(path)
        except OutsideProjectError:
            self.diagnostics.append(Diagnostic("PC003", asked, {"path": path}))
            return None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.diagnostics.append(Diagnostic("PC001", asked, {"path": path, "reason": reason}))
            return None
        if len(data) > MAX_BYTES:
            self.diagnostics.append(Diagnostic("PC001", asked, {"path": path, "reason": f"> {MAX_BYTES} octets"}))
            return None
        source, found = read_source(path, data)
        self.diagnostics += found
        if source is not None:
            self.sources.append(source)
        return source

    def include(self, statement: Include, path: str) -> None:
        span, pattern = statement.pattern.span, statement.pattern.text
        try:
            found = self.files.glob(join(path, pattern))
        except OutsideProjectError:
            self.diagnostics.append(Diagnostic("PC003", span, {"path": pattern}))
            return
        except (ValueError, NotImplementedError, OSError):  # no pattern: "" or "**.pol"
            found = []
        if not found:
            self.diagnostics.append(Diagnostic("PC004", span, {"pattern": pattern}))
        for one in found:
            self.load(one, span)

    def directory(self, statement: Directory, path: str) -> None:
        span = statement.path.span
        try:
            target = join(path, statement.path.text)
        except OutsideProjectError:
            self.diagnostics.append(Diagnostic("PC003", span, {"path": statement.path.text}))
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


def load(files: Files, paths: Iterable[str]) -> tuple[Program, tuple[Diagnostic, ...]]:
    """Return the program of policy files, taken in the order given, and what is wrong with files and syntax."""
    loader = _Loader(files)
    for path in paths:
        loader.load(path, None)
    program = Program(tuple(loader.statements), tuple(loader.comments), tuple(loader.sources))
    return program, tuple(loader.diagnostics)


def read_source(path: str, data: bytes) -> tuple[SourceFile | None, tuple[Diagnostic, ...]]:
    """Return the normalised text of a file's bytes, or a diagnostic when they are not UTF-8."""
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

    def line_span(number: int) -> Span:
        text = source.line(number) if number <= source.text.count("\n") + 1 else ""
        start = source._starts[min(number, len(source._starts)) - 1]  # noqa: SLF001
        return Span(source, start, start + max(len(text), 1))

    first = source.line(1)
    reader = csv.reader(io.StringIO(source.text), delimiter=";" if first.count(";") > first.count(",") else ",")
    columns: dict[str, int] = {}
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            span = line_span(reader.line_num)
            if not columns:
                columns = {fold(cell): at for at, cell in enumerate(cells)}
                unknown = tuple(cell for cell in cells if fold(cell) not in _COLUMNS)
                missing = tuple(name for name in ("numero", "nom") if name not in columns)
                if unknown or missing or len(columns) != len(cells):
                    problems.append(Diagnostic("PC007", span, help=(Text("columns"),), notes=(Text("header"),)))
                    return found, problems
                continue
            if len(cells) > len(columns):
                problems.append(Diagnostic("PC007", span, help=(Text("columns"),), notes=(Text("cells", {"count": len(cells)}),)))
                continue
            cells += [""] * (len(columns) - len(cells))
            given = {name: cells[at] for name, at in columns.items()}
            declared = _directory_row(given, span, problems)
            if declared is not None:
                found.append(declared)
    except csv.Error as error:
        problems.append(Diagnostic("PC007", line_span(max(reader.line_num, 1)), notes=(Text("csv", {"reason": str(error)}),)))
    if not columns:
        problems.append(Diagnostic("PC007", line_span(1), help=(Text("columns"),), notes=(Text("header"),)))
    return found, problems


def _directory_row(given: dict[str, str], span: Span, problems: list[Diagnostic]) -> ExtensionDecl | None:
    def wrong(column: str, value: str) -> None:
        problems.append(Diagnostic("PC007", span, notes=(Text("value", {"column": column, "value": value}),)))

    number, name = given["numero"].replace(" ", ""), " ".join(given["nom"].replace('"', " ").split())
    if not number:
        return wrong("numero", number)
    if not name:
        return wrong("nom", name)
    mailbox = fold(given.get("messagerie", ""))
    if mailbox not in _YES | _NO:
        return wrong("messagerie", given["messagerie"])
    seconds = given.get("sonne", "").lower().removesuffix("s").strip()
    if seconds and not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= 600):  # noqa: PLR2004
        return wrong("sonne", given["sonne"])
    mobile = given.get("mobile", "")
    digits = mobile.replace("(0)", "")
    digits = "".join(char for char in digits if char not in " .-/")
    if digits and not (digits.removeprefix("+").isascii() and digits.removeprefix("+").isdigit()):
        return wrong("mobile", mobile)
    return ExtensionDecl(
        Word(number, span, is_number=True),
        Word(name, span),
        Word(digits, span, is_number=True) if digits else None,
        mailbox in _YES,
        int(seconds) if seconds else None,
        span,
    )
