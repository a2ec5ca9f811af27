"""Diagnostics and comments in, what is left out: `# ignorer PCnnn : raison` accepts diagnostics of its line."""

import re
from collections.abc import Iterable

from policyc.diagnostics import CODES, Diagnostic, Edit, Fix, Severity, Text, has_errors
from policyc.edits import removed_word
from policyc.source import Span, fold
from policyc.syntax import Comment

# What the day, the settings or another command decides: that nothing raises it here and now proves nothing.
_NOT_ALWAYS = ("PC309", "PC318", "PC320", "PC4", "PC5", "PC6")
# Errors about what the policy means, which its author may have meant. What cannot be compiled (loops, a mailbox or a
# mobile that is not there) is no matter of opinion.
_NEVER = frozenset(("PC301", "PC302", "PC303", "PC304"))
_Place = tuple[str, int, str]  # file, line, code
_IGNORE = re.compile(r"#\s*ignorer\s+(PC[0-9]{3}(?:[\s,]+PC[0-9]{3})*)\s*:\s*(\S.*)", re.IGNORECASE)


def acceptable(code: str) -> bool:
    """Tell whether a comment may accept this diagnostic: any warning, and errors of PC3 that can be compiled."""
    known = CODES.get(code)
    if known is None:
        return False
    return known.severity is Severity.WARNING or (code.startswith("PC3") and code not in _NEVER)


def suppress(diagnostics: Iterable[Diagnostic], comments: Iterable[Comment]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that no comment accepts, and PC213 for each comment that accepts none.

    A comment accepts the diagnostics of the codes it names whose primary span starts on its line. One on a line of its
    own accepts nothing: it stands on the line of no rule. That a comment has become useless shows only where all that
    is left are warnings: an error keeps others from being found.
    """
    accepted: dict[_Place, Comment] = {}
    malformed: list[Diagnostic] = []
    for comment in comments:
        if not is_meant(comment):
            continue
        codes = _codes(comment)
        if not codes:
            malformed.append(Diagnostic("PC213", comment.span, help=(Text("form"),)))
        for code in codes:
            if code not in CODES:
                malformed.append(Diagnostic("PC213", comment.span, notes=(Text("unknown", {"code": code}),)))
            elif not acceptable(code):
                malformed.append(Diagnostic("PC213", comment.span, notes=(Text("unacceptable", {"code": code}),)))
            elif comment.alone:
                malformed.append(Diagnostic("PC213", comment.span, help=(Text("end-of-line"),)))
            else:
                accepted[comment.span.file.path, comment.span.line, code] = comment
    if not accepted:
        return (*diagnostics, *malformed)
    left: list[Diagnostic] = []
    useful: set[_Place] = set()
    for one in (*diagnostics, *malformed):
        place = None if one.primary is None else (one.primary.file.path, one.primary.line, one.code)
        if place is None or place not in accepted:
            left.append(one)
        else:
            useful.add(place)
    if not has_errors(left):
        left += [
            Diagnostic("PC213", comment.span, notes=(Text("unused", {"code": code}),), fix=_without(comment, code))
            for (*line, code), comment in accepted.items()
            if (*line, code) not in useful and not code.startswith(_NOT_ALWAYS)
        ]
    return tuple(left)


def _without(comment: Comment, code: str) -> Fix:
    """Return a fix that takes a code out of a comment, or the comment with its last code. Calls know no comments."""
    codes = [found.span() for found in re.finditer("PC[0-9]{3}", comment.span.text.partition(":")[0], re.IGNORECASE)]
    at = _codes(comment).index(code)
    if len(codes) == 1:
        return Fix(removed_word(comment.span).edits, safe=True)
    # With what stands between it and the next code, or the one before the last.
    start, end = (codes[at][0], codes[at + 1][0]) if at + 1 < len(codes) else (codes[at - 1][1], codes[at][1])
    where = Span(comment.span.file, comment.span.start + start, comment.span.start + end)
    return Fix((Edit(where, ""),), safe=True)


def _codes(comment: Comment) -> tuple[str, ...]:
    """Return the codes that `# ignorer PCnnn, PCnnn : raison` accepts on its line, none for any other comment."""
    found = _IGNORE.fullmatch(comment.text)
    return tuple(re.findall(r"PC[0-9]{3}", found[1].upper())) if found else ()


def is_meant(comment: Comment) -> bool:
    """Tell whether a comment means to accept a diagnostic, well written or not."""
    return fold(comment.text.lstrip("# ")).startswith("ignorer pc")
