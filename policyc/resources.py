"""The package's own files: names in, text out, from a wheel, a zip or a checkout.

`grammar/` and `templates/` stand at the top of a checkout, where people look for them, and in `policyc/_data`
once installed; other data (messages, number ranges) always lives inside the package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jinja2 import Environment


def _package() -> Traversable:
    """Return the folder of the package."""
    folder = Path(__file__).parent
    if folder.is_dir():
        return folder
    from importlib.resources import files  # of a zip; it loads much to find files that are at hand mostly

    return files("policyc")


def data_root() -> Traversable:
    """Find the folder that holds `grammar/` and `templates/`."""
    installed, checkout = _package() / "_data", Path(__file__).resolve().parent.parent
    candidates: tuple[Traversable, ...] = (installed, checkout)
    for root in candidates:
        if root.joinpath("grammar").is_dir() and root.joinpath("templates").is_dir():
            return root
    raise FileNotFoundError(f"policyc data files: neither {installed} nor {checkout}")


def read_grammar(name: str) -> str:
    """Read a grammar by its file name, such as `policy.lark`."""
    return _read(data_root(), f"grammar/{name}")


def read_template(name: str) -> str:
    """Read a template by its path under `templates/`, such as `asterisk/policyc.conf.j2`."""
    return _read(data_root(), f"templates/{name}")


def read_package(name: str) -> str:
    """Read a data file that lives inside the package, such as `messages/fr.toml`."""
    return _read(_package(), name)


@cache
def read_tables(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Read a TOML file of the package that holds nothing but tables, such as `messages/fr.toml`."""
    return _Tables(read_package(name))


class _Tables(Mapping[str, Mapping[str, Any]]):
    """The tables of a text, each parsed when it is asked for: all messages take 6 ms, and a run needs a few.

    A line that starts with `[` is the header of a table: in the texts of a file, no other one does.
    """

    def __init__(self, text: str) -> None:
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, Mapping[str, Any]] = {}
        for table in f"\n{text}\n".split("\n[")[1:]:
            name = table[: table.index("]")].partition(".")[0]
            self._texts[name] = f"{self._texts.get(name, '')}[{table}\n"

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self._parsed:
            import tomllib

            self._parsed[name] = tomllib.loads(self._texts[name])[name]
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@cache
def fingerprint() -> str | None:
    """Return a digest of all that what is made of a policy may hang on: the package's own files, versions of others.

    None where it is not plain: of a zip, where looking takes long, or of a copy that nobody installed.
    """
    import hashlib
    from importlib import metadata

    folder, root = _package(), data_root()
    if not isinstance(folder, Path) or not isinstance(root, Path):
        return None
    found = hashlib.blake2b(digest_size=20)
    for path in sorted(path for top in (folder, root / "grammar", root / "templates") for path in top.rglob("*")):
        if path.suffix in (".py", ".json", ".toml", ".lark", ".j2"):
            data = path.read_bytes()
            found.update(f"{path.name}\0{len(data)}\0".encode())
            found.update(data)
    try:
        needed = [one for one in metadata.requires("policyc") or () if "extra ==" not in one]
        names = sorted(re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in needed)
        found.update(repr([(name, metadata.version(name)) for name in names]).encode())
    except metadata.PackageNotFoundError:
        return None
    return found.hexdigest()


@cache
def template_environment(target: str) -> Environment:
    """Return the Jinja environment of a target, whose templates are named without their folder, and compiled once.

    A name that a template uses and the renderer did not give is an error, and only templates called
    `*.xml.j2` or `*.html.j2` escape what they print: a dialplan has quoting of its own.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    def load(name: str) -> str | None:
        try:
            return read_template(f"{target}/{name}")
        except FileNotFoundError:
            return None  # Jinja then says which template is missing

    return Environment(
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("xml.j2", "html.j2"), default_for_string=False),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read(root: Traversable, path: str) -> str:
    return root.joinpath(*path.split("/")).read_text(encoding="utf-8")
