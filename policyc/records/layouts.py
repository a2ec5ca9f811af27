"""The first lines of a file of call records in, where it has what out.

`Master.csv` of Asterisk (`cdr_csv`, and the sample mapping of `cdr_custom`) and of FreeSWITCH (`mod_cdr_csv`: the
template that is built in, `example` and those that begin alike, `sql`, and `asterisk`) have no line of headers: their
columns are known by their places. Exports of a table of records, and plain files, name theirs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from policyc.records import rows
from policyc.source import fold

Form = Literal["asterisk", "freeswitch", "plain"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_SECONDS: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file has what: the place of each column by what it holds, from 0.

    `caller`, `called` and `start` are always there; `end`, `context`, `channel`, `id`, `other` (the id of the leg that
    was called) and `kind` may be. `ways` are the places where the way of a call may be noted. `sql`: rows are inserted.
    """

    form: Form
    columns: Mapping[str, int]
    delimiter: str = ","
    ways: tuple[int, ...] = ()
    has_header: bool = False
    sql: bool = False

    @property
    def least(self) -> int:
        """How many cells a row has at least."""
        return 1 + max(self.columns[name] for name in ("caller", "called", "start"))


@dataclass(frozen=True, slots=True)
class _Shape:
    """A layout without headers, and where a row of it has whole seconds."""

    layout: Layout
    seconds: tuple[int, int]

    def fits(self, cells: Sequence[str]) -> bool:
        columns = self.layout.columns
        return (
            len(cells) > max(self.seconds)
            and all(_DATE.fullmatch(cells[columns[name]].strip()) for name in ("start", "end"))
            and all(_SECONDS.fullmatch(cells[at].strip()) for at in self.seconds)
        )


def _columns(names: str) -> dict[str, int]:
    """Return the places of columns from their names in order; `-` is one that is not looked at."""
    return {name: at for at, name in enumerate(names.split()) if name != "-"}


_CDR_CSV: Final = _columns("- caller called context - channel - - - start - end - - - - id")
_CDR_CUSTOM: Final = _columns("- caller called context channel - - - start - end - - - - - id")
_MOD_CDR_CSV: Final = _columns("- caller called context start - end - - - id other")
_SHAPES: Final = (
    _Shape(Layout("asterisk", _CDR_CSV, ways=(17, 16)), seconds=(12, 13)),
    _Shape(Layout("asterisk", _CDR_CUSTOM, ways=(17,)), seconds=(11, 12)),
    _Shape(Layout("freeswitch", _MOD_CDR_CSV, ways=(-1,)), seconds=(7, 8)),
)

# Of headers, by form: what a column holds, and its names.
_HEADERS: Final[Mapping[Form, Mapping[str, tuple[str, ...]]]] = {
    "asterisk": {
        "caller": ("src",),
        "called": ("dst",),
        "start": ("calldate", "start"),
        "end": ("end",),
        "context": ("dcontext",),
        "channel": ("channel",),
        "id": ("uniqueid",),
        "way": ("userfield", "policyc_rule"),
    },
    "freeswitch": {
        "caller": ("caller_id_number",),
        "called": ("destination_number",),
        "start": ("start_stamp",),
        "end": ("end_stamp",),
        "context": ("context",),
        "id": ("uuid",),
        "other": ("bleg_uuid",),
        "way": ("policyc_rule",),
    },
    "plain": {
        "caller": ("de", "from"),
        "called": ("vers", "to"),
        "start": ("le", "at"),
        "kind": ("provenance", "kind"),
    },
}
_NEEDED: Final = frozenset(("caller", "called", "start"))
_DELIMITERS: Final = (",", ";", "\t", "|")


def recognise(texts: Iterable[str], form: Form | None = None) -> Layout | None:
    """Return the layout of the file that starts with some lines, of one form if that is given; None if it has none.

    Headers count in the first line that is not empty; a row may come after others that are damaged.
    """
    is_first = True
    for text in texts:
        if not text.strip():
            continue
        found = (_by_header(text, form) if is_first else None) or _by_shape(text, form)
        if found is not None:
            return found
        is_first = False
    return None


def _by_header(text: str, form: Form | None) -> Layout | None:
    for delimiter in _DELIMITERS:
        names = [fold(cell).replace(" ", "_") for cell in rows.cells(text, delimiter) or ()]
        for one, columns in _HEADERS.items():
            found = {
                holds: names.index(known[0])
                for holds, spelt in columns.items()
                if (known := [name for name in spelt if name in names])
            }
            if form in (None, one) and found.keys() >= _NEEDED:
                way = found.pop("way", None)
                return Layout(one, found, delimiter, () if way is None else (way,), has_header=True)
    return None


def _by_shape(text: str, form: Form | None) -> Layout | None:
    (plain,) = rows.unwrapped((text,))
    cells = rows.cells(plain, ",")
    for shape in _SHAPES:
        layout = shape.layout
        if cells and form in (None, layout.form) and shape.fits(cells):
            return Layout(layout.form, layout.columns, ways=layout.ways, sql=plain != text)
    return None
