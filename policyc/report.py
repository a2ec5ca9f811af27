"""Diagnostics in, text for a terminal or JSON out; the words are in `messages/` and the pages in `explain/`."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from policyc import capabilities, numbering, resources
from policyc.diagnostics import CODES, Arg, Diagnostic, Fix, Severity, Text, Witness
from policyc.source import SourceFile, Span
from policyc.values import dataclass

LANGUAGES = ("fr", "en")
_MOST_LISTED = 6  # of the things that would fit, a reader takes in no more
_LONGEST_ARG = 80
_MANY, _FEW = 12, 4  # of more warnings of one code than many, few are shown
_MOST_PLACES = 12
_WIDTH = 100  # columns of source that are shown of a longer line


# -- words -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Value:
    """An argument as sentences use it.

    `{name}` is the plain value; `{word:q}` puts it in backticks, but for what the catalogue names itself (the end of
    the line); `{names:et}` joins several by a word; `{count:poste|postes}` is a number and what it counts.
    """

    value: Arg
    catalogue: "Catalogue"

    def __format__(self, spec: str) -> str:
        if isinstance(self.value, int):
            one, _, many = spec.partition("|")
            word = one if abs(self.value) <= self.catalogue.singular_to else many
            return f"{self.catalogue.number(self.value)} {word}" if spec else str(self.value)
        if isinstance(self.value, str):
            return self._quoted(self.value) if spec else _cut(visible(self.value))
        shown = [self._quoted(one) for one in self.value[:_MOST_LISTED]]
        if len(self.value) > _MOST_LISTED:
            return ", ".join((*shown, "…"))
        return f" {spec} ".join((*([", ".join(shown[:-1])] if shown[1:] else []), *shown[-1:]))

    def _quoted(self, word: str) -> str:
        named = self.catalogue.named(word.strip("<>")) if word.startswith("<") else None
        return named or f"`{_cut(visible(word))}`"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language: those of each code, and the `words` and `terminals` that all share."""

    language: str
    words: Mapping[str, str]
    sentences: Mapping[str, Mapping[str, Any]]

    @property
    def singular_to(self) -> int:
        """The greatest number that takes the singular: 0 and 1 in French, 1 in English."""
        return int(self.words["singular_to"])

    def named(self, word: str) -> str | None:
        """Return what a terminal of the grammar, or a feature that targets may lack, is called."""
        if word in self.sentences["terminals"]:
            return str(self.sentences["terminals"][word])
        feature = capabilities.features().get(word)
        return str(getattr(feature, self.language)) if feature else None

    def number(self, count: int) -> str:
        """Return a count as people write it: from five digits on, in groups of three."""
        return str(count) if abs(count) < 10_000 else f"{count:,}".replace(",", self.words["thousands"])

    def counted(self, word: str, count: int) -> str:
        """Return a number of things, `error`, `warning` or `caller`: "2 erreurs"."""
        return self._fill(self.words[f"{word}-count"], {"count": count})

    def more(self, count: int) -> str:
        """Return that there are so many more."""
        return self._fill(self.words["more"], {"count": count})

    def message(self, diagnostic: Diagnostic) -> str:
        """Return the sentence that says what is wrong, and stands alone."""
        return self._main(diagnostic, "title") or CODES[diagnostic.code].name.replace("-", " ")

    def label(self, diagnostic: Diagnostic) -> str:
        """Return the short label at the place itself; it may be empty."""
        return self._main(diagnostic, "primary")

    def labels(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return the labels of the other places, in their order."""
        return tuple(self._text(diagnostic, "labels", Text(one.key, one.args)) for one in diagnostic.secondary)

    def notes(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return further facts."""
        return tuple(self._text(diagnostic, "notes", one) for one in diagnostic.notes)

    def witness(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return the sentence about a call that shows it, where there is one."""
        call = diagnostic.witness
        if call is None:
            return ()
        kind = "internal" if call.internal else "external"
        key = f"witness-{kind}" if call.caller is not None else f"witness-anonymous-{kind}"
        values = {
            "caller": numbering.display(call.caller or ""),
            "called": call.called,
            "at": f"{call.local:%Y-%m-%d %H:%M}",
        }
        return (self._fill(self.words[key], values),)

    def help(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return how to repair it: what fits this case, or what always does."""
        if diagnostic.help:
            return tuple(self._text(diagnostic, "helps", one) for one in diagnostic.help)
        always = self._main(diagnostic, "help")
        return (always,) if always else ()

    def fix(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return which command repairs it, where one does."""
        fix = diagnostic.fix
        if fix is None:
            return ()
        return (self.words[f"fix-{'safe' if fix.safe else 'unsafe'}{'-removal' if fix.removes else ''}"],)

    def advice(self, diagnostic: Diagnostic) -> tuple[str, ...]:
        """Return how to repair it, then which command does."""
        return (*self.help(diagnostic), *self.fix(diagnostic))

    def summary(self, diagnostics: Iterable[Diagnostic]) -> str:
        """Return how many errors and warnings there are: "2 erreurs, 1 avertissement"."""
        found = [diagnostic.severity for diagnostic in diagnostics]
        counts = ((found.count(severity), severity.value) for severity in Severity)
        parts = [self.counted(word, count) for count, word in counts if count]
        return ", ".join(parts) or self.words["nothing"]

    def _main(self, diagnostic: Diagnostic, key: str) -> str:
        entry = self.sentences.get(diagnostic.code, {})
        case = str(diagnostic.args.get("case", diagnostic.args.get("reason", "")))
        template = entry.get(key + "s", {}).get(case) if key != "help" else None
        return self._fill(template or entry.get(key, ""), diagnostic.args)

    def _text(self, diagnostic: Diagnostic, table: str, text: Text) -> str:
        # A sentence that is missing is a mistake of ours that tests find; its key is better than a traceback.
        template = self.sentences.get(diagnostic.code, {}).get(table, {}).get(text.key)
        return text.key if template is None else self._fill(template, {**diagnostic.args, **text.args})

    def _fill(self, template: str, args: Mapping[str, Arg]) -> str:
        return template.format_map({name: _Value(value, self) for name, value in args.items()})


@cache
def load_catalogue(language: str) -> Catalogue:
    """Return the sentences of a language, `fr` or `en`."""
    tables = resources.read_tables(f"messages/{language}.toml")
    return Catalogue(language, tables["words"], tables)


def explain(code: str, language: str) -> str:
    """Return the page of a diagnostic by its code or its name. Raises KeyError when there is none such."""
    wanted = code.strip().casefold()
    ident = next((one.id for one in CODES.values() if wanted in (one.id.casefold(), one.name)), None)
    if ident is None:
        raise KeyError(code)
    return resources.read_package(f"explain/{language}/{ident}.md")


# -- text for a terminal ---------------------------------------------------------------------------

_STYLES = {"error": "bold red", "warning": "bold yellow", "title": "bold", "frame": "blue", "other": "cyan"}
_Part = tuple[str, str]  # text, style


def render_text(
    diagnostics: Iterable[Diagnostic],
    catalogue: Catalogue,
    *,
    color: bool,
    shown: Callable[[Iterable[Diagnostic]], list[Diagnostic]] = list,
) -> str:
    """Return diagnostics with their source lines, as a terminal shows them, a blank line after each.

    Of very many warnings of one code, a few are shown and the others counted, with their places. `shown` returns
    diagnostics as people are to read them: it is asked of few.
    """
    few, others = _few(diagnostics)
    blocks = [_block(diagnostic, catalogue) for diagnostic in shown(few)]
    blocks += [_counted(rest, catalogue, shown) for rest in others]
    painted = (["".join(_paint(part, color=color) for part in line).rstrip() for line in lines] for lines in blocks)
    return "".join("\n".join(lines) + "\n\n" for lines in painted)


def _few(diagnostics: Iterable[Diagnostic]) -> tuple[list[Diagnostic], list[list[Diagnostic]]]:
    """Return the diagnostics to show, and those to count, by code; the shown ones are of as many causes as can be."""
    everything = list(diagnostics)
    by_code: dict[str, list[Diagnostic]] = {}
    for one in everything:
        by_code.setdefault(one.code, []).append(one)
    shown: set[int] = set()
    others = []
    for same in by_code.values():
        if len(same) <= _MANY or same[0].is_error:
            shown.update(map(id, same))
            continue
        causes: dict[tuple[str, int, int] | None, Diagnostic] = {}
        for one in same:
            span = one.secondary[-1].span if one.secondary else one.primary
            causes.setdefault((span.file.path, span.start, span.end) if span else None, one)
        shown.update(id(one) for one in list(causes.values())[:_FEW])
        others.append([one for one in same if id(one) not in shown])
    return [one for one in everything if id(one) in shown], others


def _counted(
    same: Sequence[Diagnostic], catalogue: Catalogue, shown: Callable[[Iterable[Diagnostic]], list[Diagnostic]]
) -> list[list[_Part]]:
    """Return how many more diagnostics of a code there are, and where."""
    code = same[0].code
    severity = same[0].severity.value
    files: dict[SourceFile, list[Diagnostic]] = {}
    for one in same:
        if one.primary is not None:
            files.setdefault(one.primary.file, []).append(one)
    title = catalogue.more(len(same))
    lines: list[list[_Part]] = [[(f"{catalogue.words[severity]}[{code}]", severity), (f": {title}", "title")]]
    for some in list(files.values())[:_MOST_LISTED]:
        spans = [one.primary for one in shown(some[:_MOST_PLACES]) if one.primary is not None]
        numbers = ", ".join([str(span.line) for span in spans]) + (", …" if len(some) > _MOST_PLACES else "")
        lines.append([("  ┌─ ", "frame"), (f"{visible(spans[0].file.path)}:{numbers}", "")])
    if len(files) > _MOST_LISTED:
        lines.append([("  ┌─ ", "frame"), ("…", "")])
    lines.append([("  = ", "frame"), (catalogue.words["help"], "title"), (catalogue.words["all-of-them"], "")])
    return lines


def _paint(part: _Part, *, color: bool) -> str:
    return paint((part[0], _STYLES.get(part[1], "")), color=color)


def paint(part: _Part, *, color: bool) -> str:
    """Return a text as a terminal shows it in a style of rich, or plain."""
    text, style = part
    if not color or not style or not text:
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


@dataclass(frozen=True, slots=True)
class _Label:
    """A place of a diagnostic, and what is said of it."""

    span: Span
    text: str
    primary: bool


def _block(diagnostic: Diagnostic, catalogue: Catalogue) -> list[list[_Part]]:
    severity = diagnostic.severity.value
    lines: list[list[_Part]] = [
        [
            (f"{catalogue.words[severity]}[{diagnostic.code}]", severity),
            (f": {catalogue.message(diagnostic)}", "title"),
        ]
    ]
    labels = []
    if diagnostic.primary is not None:
        labels.append(_Label(diagnostic.primary, catalogue.label(diagnostic), primary=True))
    for one, text in zip(diagnostic.secondary, catalogue.labels(diagnostic), strict=True):
        labels.append(_Label(one.span, text, primary=False))
    margin = " " * (max((len(str(label.span.line)) for label in labels), default=1) + 1)
    files = dict.fromkeys(label.span.file for label in labels)
    for file in files:
        here = [label for label in labels if label.span.file is file]
        first = here[0].span
        lines.append([(f"{margin}┌─ ", "frame"), (f"{visible(file.path)}:{first.line}:{first.column}", "")])
        for number in sorted({label.span.line for label in here}):
            lines += _excerpt(number, [one for one in here if one.span.line == number], margin, severity)
    notes = (*catalogue.witness(diagnostic), *catalogue.notes(diagnostic))
    for word, sentences in (("note", notes), ("help", catalogue.advice(diagnostic))):
        lines += [[(f"{margin}= ", "frame"), (catalogue.words[word], "title"), (one, "")] for one in sentences]
    details = (catalogue.words["details"], "title")
    return [*lines, [(f"{margin}= ", "frame"), details, (f"policyc explain {diagnostic.code}", "")]]


def _excerpt(number: int, labels: Sequence[_Label], margin: str, severity: str) -> list[list[_Part]]:
    """Return a line of source and, below it, its labels; a long line is cut around each of them."""
    source = visible(labels[0].span.file.line(number))
    whole = _cells(source) <= _WIDTH
    lines: list[list[_Part]] = []
    for at, label in enumerate(labels):
        start = label.span.column - 1
        end = max(min(label.span.end - label.span.start + start, len(source)), start + 1)
        shown, before = source, source[:start]
        if not whole:
            shown, before = _window(source, start)
        if at == 0 or not whole:
            lines.append([(f"{number:>{len(margin) - 1}} │ ", "frame"), (shown, "")])
        sign, style = ("^", severity) if label.primary else ("-", "other")
        room = max(_WIDTH + 2 - _cells(before), 1)
        marks = sign * min(max(_cells(source[start:end]), 1), room)
        lines.append([(f"{margin}│ ", "frame"), (" " * _cells(before), ""), (f"{marks} {label.text}", style)])
    return lines


def _window(source: str, start: int) -> tuple[str, str]:
    """Return the part of a long line around a place, and of that what stands before the place."""
    first = start
    room = _WIDTH // 3
    while first > 0 and (room := room - _cells(source[first - 1])) >= 0:
        first -= 1
    last = first
    room = _WIDTH
    while last < len(source) and (room := room - _cells(source[last])) >= 0:
        last += 1
    cut = "…" if first else ""
    return cut + source[first:last] + ("…" if last < len(source) else ""), cut + source[first:start]


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(char) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


# Controls move the cursor and change colours, marks of direction reorder a line: neither is text.
_UNSEEN = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"


def visible(text: str) -> str:
    """Return a text that does nothing to a terminal, of as many characters."""
    if text.isprintable():  # as nearly always, and told at once
        return text
    return re.sub(_UNSEEN, lambda found: " " if found[0] == "\t" else "\N{REPLACEMENT CHARACTER}", text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_ARG else text[: _LONGEST_ARG - 1] + "…"


# -- JSON ------------------------------------------------------------------------------------------


def render_json(diagnostics: Iterable[Diagnostic], catalogue: Catalogue) -> str:
    """Return diagnostics as a JSON list; lines and columns count from 1, columns in characters."""
    return json_text([as_data(diagnostic, catalogue) for diagnostic in diagnostics])


def json_text(data: Any) -> str:
    """Return JSON values as text that can be printed: a path or an argument may hold half a character."""
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


def as_data(diagnostic: Diagnostic, catalogue: Catalogue) -> dict[str, Any]:
    """Return a diagnostic as data, with its sentences."""
    labels = [] if diagnostic.primary is None else [(diagnostic.primary, catalogue.label(diagnostic))]
    others = zip(diagnostic.secondary, catalogue.labels(diagnostic), strict=True)
    labels += [(one.span, text) for one, text in others]
    return {
        "code": diagnostic.code,
        "name": CODES[diagnostic.code].name,
        "severity": diagnostic.severity.value,
        **_place(diagnostic.primary),
        "message": catalogue.message(diagnostic),
        "labels": [{**_place(span), "message": text, "primary": span is diagnostic.primary} for span, text in labels],
        "notes": list(catalogue.notes(diagnostic)),
        "help": list(catalogue.help(diagnostic)),
        "args": {name: list(one) if isinstance(one, tuple) else one for name, one in diagnostic.args.items()},
        "witness": _call(diagnostic.witness),
        "fix": _repair(diagnostic.fix),
    }


def _repair(fix: Fix | None) -> dict[str, Any] | None:
    """Return the edits of a fix; what is replaced goes up to a place, which may be the start of the next line."""
    if fix is None:
        return None
    edits = []
    for edit in fix.edits:
        line, column = edit.span.file.position(edit.span.start)
        end_line, end_column = edit.span.file.position(edit.span.end)
        place = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
        edits.append({"file": edit.span.file.path, **place, "text": edit.text})
    return {"safe": fix.safe, "edits": edits}


def _call(witness: Witness | None) -> dict[str, str | None] | None:
    if witness is None:
        return None
    return {
        "caller": witness.caller,
        "kind": "internal" if witness.internal else "external",
        "to": witness.called,
        "at": witness.local.isoformat(timespec="minutes"),
    }


def _place(span: Span | None) -> dict[str, str | int | None]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return {
        "file": span.file.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }
