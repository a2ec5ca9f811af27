"""The text of a compiled policy, `policyc-3cx.json`, in; the exceptions that each extension shall have out."""

import json
from pathlib import Path
from typing import Any, Final

from policyc import resources
from policyc.apply import client
from policyc.apply.plan import Wanted
from policyc.diagnostics import Diagnostic, Text

NAME: Final = "policyc-3cx.json"
MAX_BYTES: Final = 256 << 20


class DocumentError(Exception):
    """A file that is no compiled policy; `diagnostic` says why."""

    def __init__(self, case: str, path: str, detail: str = "") -> None:
        """Take a case of PC608, the path as it is shown, and a detail for people."""
        notes = (Text("says", {"detail": detail}),) if detail else ()
        self.diagnostic = Diagnostic("PC608", None, {"case": case, "path": path}, notes=notes)
        super().__init__(self.diagnostic)


def load(path: Path) -> tuple[Wanted, ...]:
    """Return what the compiled policy in a file wants. Raises DocumentError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError("unreadable", str(path), error.strerror or str(error)) from None
    return read(data, str(path))


def read(data: bytes, path: str) -> tuple[Wanted, ...]:
    """Return what a compiled policy wants, by number. Raises DocumentError."""
    if len(data) > MAX_BYTES:
        raise DocumentError("large", path)
    try:
        value = client.parse(data)
    except ValueError as error:
        raise DocumentError("json", path, str(error)) from None
    _check(data, value, path)
    found: dict[str, Wanted] = {}
    for one in value["value"]:
        number = one["Number"]
        if number in found:
            raise DocumentError("twice", path, number)
        found[number] = Wanted(number, tuple(one["ForwardingExceptions"]))
    return tuple(found[number] for number in sorted(found, key=lambda number: (len(number), number)))


def _check(data: bytes, value: Any, path: str) -> None:
    """Hold a file to the schema of the target, in the form that its exceptions have."""
    from jsonschema import Draft202012Validator

    is_former, is_current = (b'"%s"' % key in data for key in (b"CallerId", b"Data"))
    if is_former and is_current:
        raise DocumentError("mixed", path)
    schema = json.loads(resources.read_package("targets/threecx/schema.json"))
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{'former' if is_former else 'current'}"})
    wrong = next(validator.iter_errors(value), None)
    if wrong is not None:
        raise DocumentError("shape", path, f"{wrong.json_path} : {wrong.message[:200]}")
