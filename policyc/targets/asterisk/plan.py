"""The lines of a dialplan as data: contexts of extensions of priorities, whose text is already Asterisk's."""

from policyc.values import value


@value()
class Step:
    """One priority: an application with its data, an optional label, and what the line says to its reader."""

    application: str
    note: str = ""
    label: str = ""


@value()
class Exten:
    """One extension of a context, with its priorities."""

    name: str
    steps: tuple[Step, ...]


@value()
class Context:
    """One context, headed by lines of comment."""

    name: str
    title: str
    extens: tuple[Exten, ...]
