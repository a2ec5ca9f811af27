"""policyc compiles French call-routing policies to the dialplan of a PBX. The names below are its public library.

They are loaded when first used, so that `import policyc` costs nothing. See `policyc.api` for what they do.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyc.api import (
        Checked,
        Compiled,
        PolicyError,
        check,
        compare,
        compile,  # noqa: A004
        format_text,
        load,
        load_text,
        verify,
    )
    from policyc.diagnostics import Diagnostic, Edit, Fix, Severity
    from policyc.diff.grouping import Difference
    from policyc.evaluate import Call, Outcome, call_from, events
    from policyc.model import Policy
    from policyc.proof.checking import Verified

__version__ = "0.1.0"

__all__ = [
    "Call",
    "Checked",
    "Compiled",
    "Diagnostic",
    "Difference",
    "Edit",
    "Fix",
    "Outcome",
    "Policy",
    "PolicyError",
    "Severity",
    "Verified",
    "__version__",
    "call_from",
    "check",
    "compare",
    "compile",
    "evaluate",
    "events",
    "format_text",
    "load",
    "load_text",
    "verify",
]

_HOMES = {
    "policyc.api": (
        "Checked",
        "Compiled",
        "PolicyError",
        "check",
        "compare",
        "compile",
        "format_text",
        "load",
        "load_text",
        "verify",
    ),
    "policyc.diagnostics": ("Diagnostic", "Edit", "Fix", "Severity"),
    "policyc.diff.grouping": ("Difference",),
    "policyc.evaluate": ("Call", "Outcome", "call_from", "events"),
    "policyc.model": ("Policy",),
    "policyc.proof.checking": ("Verified",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for. `evaluate` is the module: `policyc.evaluate.evaluate(…)`."""
    if name == "evaluate":
        return import_module("policyc.evaluate")
    if name not in _HOME:
        raise AttributeError(f"module 'policyc' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
