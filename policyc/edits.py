"""Places in files in, fixes out: words put in the place of others, and lines taken out."""

import re

from policyc.diagnostics import Edit, Fix
from policyc.source import SourceFile, Span, fold

_FIRST_WORD = re.compile(r"[ ,]*([^\W\d_]+)")


def replaced(span: Span, text: str) -> Fix:
    """Return a fix that puts a text in the place of another. It may change where calls go."""
    return Fix((Edit(span, text),))


def removed_word(span: Span) -> Fix:
    """Return a fix that takes out a word and the blanks before it. It may change where calls go."""
    before = _before(span)
    start = span.start - len(before) + len(before.rstrip(" "))
    return Fix((Edit(Span(span.file, start, span.end), ""),))


def replaced_before(span: Span, words: tuple[str, ...], text: str) -> Fix | None:
    """Return a fix that puts a text in the place of the word before another, if it is one of some words."""
    before = _before(span)
    word = re.search(r"(\w+) +$", before)
    if word is None or fold(word[1]) not in words:
        return None
    start = span.start - len(before) + word.start()
    return replaced(Span(span.file, start, start + len(word[1])), text)


def without_rule(span: Span, *, safe: bool) -> Fix:
    """Return a fix that takes out the line of a rule, or of a guarantee, with its comment.

    The line that opens the block goes too where no other line is left in it: a block must not be empty.
    """
    file, number = span.file, span.line
    before, after = _neighbour(file, number, -1), _neighbour(file, number, 1)
    is_last = not any(first_word(file.line(one)) == "depuis" for one in (before, after) if one)
    lines = [before, number] if before and is_last else [number]
    return Fix(tuple(Edit(whole_line(file, one), "") for one in lines), safe)


def first_word(line: str) -> str:
    """Return the word that a line starts with, folded; nothing of a line without one, such as a comment."""
    word = _FIRST_WORD.match(line)
    return fold(word[1]) if word else ""


def whole_line(file: SourceFile, number: int) -> Span:
    """Return a line with its end."""
    end = file.start_of(number + 1) if number < file.lines else len(file.text)
    return Span(file, file.start_of(number), end)


def _before(span: Span) -> str:
    """Return what stands on a line before a place."""
    return span.file.text[span.file.start_of(span.line) : span.start]


def _neighbour(file: SourceFile, number: int, step: int) -> int:
    """Return the next line before (-1) or after (1) another that says something, or 0."""
    at = number + step
    while 1 <= at <= file.lines:
        if file.line(at).strip() and not file.line(at).lstrip().startswith("#"):
            return at
        at += step
    return 0
