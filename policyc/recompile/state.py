"""How the last compilation of a policy ended, as plain data that is written and read back.

All of it is lines of JSON, but for the text of the policy, behind the last of them. Whatever is not as it is written
here reads as nothing.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from policyc.diagnostics import Arg, Diagnostic, Edit, Fix, Secondary, Text, Witness
from policyc.proof.standing import Standing
from policyc.recompile.places import Place, Places
from policyc.revision import Known
from policyc.rope import encoded
from policyc.source import Span

Json = Any


class Kept(Protocol):
    """Where it is kept. It may forget; it never makes anything up."""

    def put(self, data: bytes) -> str:
        """Keep data, and return the name under which `get` finds it."""

    def get(self, name: str) -> bytes | None:
        """Return data by its name, None if it is lost."""

    def last(self, policy: str) -> bytes | None:
        """Return what was kept of the last compilation of a policy, whatever tells it from others."""

    def keep_last(self, policy: str, data: bytes) -> None:
        """Keep what is to be known of the last compilation of a policy, in place of what was."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a target: names of layers of pieces, of which later ones count, and how its files stand.

    How they stand is a line of JSON: whoever needs it reads it, in any process.
    """

    layers: tuple[str, ...]
    standing: bytes


@dataclass(frozen=True, slots=True)
class State:
    """A policy that was compiled: its text, when, a digest of what it declares, and what is known of the text.

    Its doubts are lines of JSON, too; and what is `made` of each target is there.
    """

    text: str
    today: date
    declared: str
    known: Known
    diagnostics: tuple[bytes, ...]
    made: Mapping[str, Made]


def encode(state: State) -> bytes:
    """Return a state as bytes."""
    head = {
        "today": state.today.isoformat(),
        "declared": state.declared,
        "diagnostics": len(state.diagnostics),
        "layers": {name: made.layers for name, made in state.made.items()},
        "known": (state.known.blocks, state.known.rules, state.known.of),
    }
    standing = (made.standing for made in state.made.values())
    return b"\n".join([_json(head), *state.diagnostics, *standing, encoded(state.text)])


def decode(data: bytes) -> State | None:
    """Return the state that bytes are, None if they are none."""
    try:
        first, _, rest = data.partition(b"\n")
        head = json.loads(first)
        count, layers = head["diagnostics"], head["layers"]
        *lines, written = rest.split(b"\n", count + len(layers))
        standing = zip(layers.items(), lines[count:], strict=True)
        made = {name: Made(tuple(some), line) for (name, some), line in standing}
        today, known = date.fromisoformat(head["today"]), _known(*head["known"])
        text = written.decode(errors="surrogatepass")
        return State(text, today, head["declared"], known, tuple(lines[:count]), made)
    except (ValueError, KeyError, TypeError):
        return None


def _known(blocks: list[str], rules: list[Json], of: dict[str, list[int]]) -> Known:
    plain = [
        (tuple(ends), tuple([(name, inside) for name, inside in times]), last, tuple(to))
        for ends, times, last, to in rules
    ]
    return Known(blocks, plain, of)


def encode_standing(standing: Standing) -> bytes:
    """Return how files stand as a line."""
    whole = {
        "around": standing.around,
        "file": standing.file,
        "runs": standing.runs,
        "leads": standing.leads,
        "mailboxes": standing.mailboxes,
        "measures": standing.measures,
    }
    return _json(whole)


def decode_standing(line: bytes) -> Standing | None:
    """Return how files stand by a line, None if it is none."""
    try:
        whole = json.loads(line)
        return Standing(
            whole["around"],
            whole["file"],
            [[(owner, size) for owner, size in run] for run in whole["runs"]],
            whole["leads"],
            whole["mailboxes"],
            {number: (size, count) for number, (size, count) in whole["measures"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# -- diagnostics -------------------------------------------------------------------------------------------------------


def said(diagnostics: Iterable[Diagnostic], places: Places) -> tuple[bytes, ...] | None:
    """Return diagnostics as lines of JSON, None if any speaks of anything but one source."""
    try:
        return tuple([_json(_said(one, places.place)) for one in diagnostics])
    except ValueError:
        return None


def _said(one: Diagnostic, place: Callable[[Span], Place]) -> Json:
    witness, fix = one.witness, one.fix
    return (
        one.code,
        one.primary and place(one.primary),
        one.args,
        [(place(other.span), other.key, other.args) for other in one.secondary],
        [(text.key, text.args) for text in one.notes],
        [(text.key, text.args) for text in one.help],
        witness and (witness.caller, witness.internal, witness.called, witness.local.isoformat()),
        fix and ([(place(edit.span), edit.text) for edit in fix.edits], fix.safe),
    )


def each(said: Iterable[bytes]) -> Iterable[Json]:
    """Return the diagnostics of lines, for `head_of` and `heard`."""
    found: list[Json] = json.loads(b"[" + b",".join(said) + b"]")
    return found


def head_of(said: Json) -> tuple[str, int | None, Mapping[str, Json]]:
    """Return the code of a diagnostic, the stretch of text where it stands, if it does anywhere, and its arguments."""
    return said[0], said[1][0] if said[1] else None, said[2]


def heard(one: Json, span: Callable[[Place], Span]) -> Diagnostic:
    """Return a diagnostic, its spans at their places in a text."""
    code, primary, args, secondary, notes, help_, witness, fix = one
    return Diagnostic(
        code,
        primary and span(primary),
        _args(args),
        tuple([Secondary(span(where), key, _args(more)) for where, key, more in secondary]),
        tuple([Text(key, _args(more)) for key, more in notes]),
        tuple([Text(key, _args(more)) for key, more in help_]),
        witness and Witness(witness[0], witness[1], witness[2], datetime.fromisoformat(witness[3])),
        fix and Fix(tuple([Edit(span(where), text) for where, text in fix[0]]), fix[1]),
    )


_NONE: Final[Mapping[str, Arg]] = {}


def _args(args: Mapping[str, Json]) -> Mapping[str, Arg]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in args.items()} if args else _NONE
