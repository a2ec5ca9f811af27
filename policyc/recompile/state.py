"""How the last compilation of a policy ended, as plain data that is written and read back.

All of it is lines of JSON, but for the text of the policy, behind the last of them, and for the texts of pieces: one
after another, behind a line that says how long each is. Whatever is not as it is written here reads as nothing.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from policyc.diagnostics import Arg, Diagnostic, Edit, Fix, Secondary, Text, Witness
from policyc.proof.standing import Standing
from policyc.source import SourceFile, Span
from policyc.targets import Piece

Json = Any
Pieces = Mapping[str, Piece]
MOST_LAYERS: Final = 16  # of pieces: reading one more takes longer than to write all of them once more


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
    """What is known of a target: names of layers of pieces, of which later ones count, and how its files stand."""

    layers: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class State:
    """A policy that was compiled: its text, when, a digest of what it declares.

    Its doubts, and what is `made` of each target, are lines of JSON: whoever needs them reads them, in any process.
    """

    text: str
    today: date
    declared: str
    diagnostics: str
    made: Mapping[str, str]


def encode(state: State) -> bytes:
    """Return a state as bytes."""
    head = {"today": state.today.isoformat(), "declared": state.declared, "targets": list(state.made)}
    return _bytes("\n".join([_json(head), state.diagnostics, *state.made.values(), state.text]))


def decode(data: bytes) -> State | None:
    """Return the state that bytes are, None if they are none."""
    try:
        first, _, rest = _text(data).partition("\n")
        head = json.loads(first)
        names = head["targets"]
        diagnostics, *made, text = rest.split("\n", 1 + len(names))
        by_name = dict(zip(names, made, strict=True))
        return State(text, date.fromisoformat(head["today"]), head["declared"], diagnostics, by_name)
    except (ValueError, KeyError, TypeError):
        return None


def encode_made(made: Made) -> str:
    """Return what is known of a target as a line."""
    standing = made.standing
    whole = {
        "layers": made.layers,
        "around": standing.around,
        "written": standing.written,
        "own": standing.own,
        "leads": _listed(standing.leads),
        "mailboxes": _listed(standing.mailboxes),
        "measures": standing.measures,
    }
    return _json(whole)


def decode_made(line: str) -> Made | None:
    """Return what a line tells of a target, None if it is none."""
    try:
        whole = json.loads(line)
        standing = Standing(
            whole["around"],
            whole["written"],
            whole["own"],
            {number: frozenset(to) for number, to in whole["leads"].items()},
            {number: frozenset(to) for number, to in whole["mailboxes"].items()},
            {number: (size, count) for number, (size, count) in whole["measures"].items()},
        )
        return Made(tuple(whole["layers"]), standing)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _listed(ways: Mapping[str, Iterable[str]]) -> Mapping[str, list[str]]:
    return {number: sorted(to) for number, to in ways.items()}


# -- pieces ------------------------------------------------------------------------------------------------------------


def put_pieces(kept: Kept, pieces: Pieces) -> str:
    """Keep pieces, and return their name."""
    index = [(number, list(map(len, one.texts)), one.facts) for number, one in pieces.items()]
    return kept.put(_bytes(_json(index), "\n", *(text for one in pieces.values() for text in one.texts)))


def get_pieces(kept: Kept, layers: Iterable[str]) -> dict[str, Piece] | None:
    """Return the pieces of some layers, None if any is lost."""
    found: dict[str, Piece] = {}
    for name in layers:
        data = kept.get(name)
        if data is None:
            return None
        text = _text(data)
        at = text.index("\n") + 1
        for number, lengths, facts in json.loads(text[: at - 1]):
            texts = []
            for length in lengths:
                texts.append(text[at : at + length])
                at += length
            found[number] = Piece(tuple(texts), tuple(facts))
    return found


def _json(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def _bytes(*texts: str) -> bytes:
    return "".join(texts).encode(errors="surrogatepass")


def _text(data: bytes) -> str:
    return data.decode(errors="surrogatepass")


# -- diagnostics -------------------------------------------------------------------------------------------------------


def said(diagnostics: Iterable[Diagnostic], source: SourceFile) -> str | None:
    """Return diagnostics as a line of JSON, None if any speaks of anything but a source."""
    try:
        return _json([_said(one, source) for one in diagnostics])
    except ValueError:
        return None


def _said(one: Diagnostic, source: SourceFile) -> Json:
    def place(span: Span) -> tuple[int, int]:
        if span.file is not source:
            raise ValueError(span.file.path)
        return span.start, span.end

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


def each(said: str) -> Iterable[Json]:
    """Return the diagnostics of a line, for `head_of` and `heard`."""
    found: list[Json] = json.loads(said)
    return found


def head_of(said: Json) -> tuple[str, int | None, Mapping[str, Json]]:
    """Return the code of a diagnostic, where its primary span starts, if it has one, and its arguments."""
    return said[0], said[1][0] if said[1] else None, said[2]


def heard(one: Json, source: SourceFile, moved: Callable[[int], int]) -> Diagnostic:
    """Return a diagnostic of a source of which every place was moved."""
    code, primary, args, secondary, notes, help_, witness, fix = one

    def span(place: tuple[int, int]) -> Span:
        start, end = place
        to = moved(start)
        return Span(source, to, to + end - start)

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


def _args(args: Mapping[str, Json]) -> Mapping[str, Arg]:
    return {key: tuple(one) if isinstance(one, list) else one for key, one in args.items()}
