"""Change a policy a little, as its author would from one day to the next: its text in, the text changed out.

A rule that is changed sends to `occupé` what it sent to `messagerie`: there are as many rules as before. A line that
is inserted is a comment, which only moves all lines behind it.
"""

BEFORE, AFTER = " vers messagerie", " vers occupé"


def rule(text: str, place: float) -> str:
    """Change one rule, at a place between 0 (the first that can be changed) and 1."""
    lines = text.split("\n")
    able = [at for at, line in enumerate(lines) if line.startswith("  depuis ") and line.endswith(BEFORE)]
    at = able[int(place * len(able))]
    lines[at] = lines[at].removesuffix(BEFORE) + AFTER

    return "\n".join(lines)


def rules(text: str, count: int) -> str:
    """Change so many rules, spread evenly."""
    for nth in range(count):
        text = rule(text, (nth + 0.5) / count)

    return text


def line(text: str) -> str:
    """Insert a line in the middle, before a block of rules."""
    middle = text.index("\npour ", len(text) // 2) + 1

    return f"{text[:middle]}# relu\n{text[middle:]}"
