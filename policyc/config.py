"""`policyc.toml` in, settings out: what was said, checked, and the defaults of `config.schema.json` for the rest."""

import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from policyc import digits, lexer, numbering, project, resources, targets
from policyc.diagnostics import Diagnostic, Text
from policyc.digits import Kind, NumberSet
from policyc.files import Files, OutsideProjectError
from policyc.source import SourceFile, Span, plain
from policyc.values import dataclass

if TYPE_CHECKING:
    from jsonschema import ValidationError

NAME: Final = "policyc.toml"
MAX_BYTES: Final = 1 << 20  # a file of settings has some lines

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a project.

    `sources` are the policy files as written, None when the file says none; `targets` are all that are wanted, and
    `settings` holds every setting of every target that this version knows of. `legible` is False when the file could
    not be read at all, so that its sources are not known. `sources_span` is where they stand. `company` is the outside
    numbers that lead to the company itself. `private` are the folders, as written, of directories that stay private.
    """

    sources: tuple[str, ...] | None
    targets: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]
    legible: bool = True
    sources_span: Span | None = None
    company: NumberSet = digits.EMPTY
    private: tuple[str, ...] = ()


@cache
def schema() -> Mapping[str, Any]:
    """Return the JSON Schema of `policyc.toml`."""
    found: dict[str, Any] = json.loads(resources.read_package("config.schema.json"))
    return found


def defaults(wanted: Mapping[str, Any] | None = None) -> Config:
    """Return the settings of a project without a file, by the schema or by one with more targets."""
    top: Mapping[str, Any] = (wanted or schema())["properties"]
    settings = {name: MappingProxyType(_defaults(table)) for name, table in top["targets"]["properties"].items()}
    return Config(None, tuple(_defaults(top["policy"])["targets"]), MappingProxyType(settings))


@cache
def _whole_schema() -> Mapping[str, Any]:
    """Return the schema with the targets that other packages bring, whose settings are told by their defaults."""
    plugins = targets.plugins()
    if not plugins:
        return schema()
    found: dict[str, Any] = copy.deepcopy(dict(schema()))
    found["properties"]["policy"]["properties"]["targets"]["items"]["enum"] += plugins
    tables = found["properties"]["targets"]["properties"]
    for name in plugins:
        properties = {key: _described(value) for key, value in targets.find(name).DEFAULTS.items()}
        tables[name] = {"type": "object", "additionalProperties": False, "properties": properties}
    return found


def _described(default: object) -> dict[str, Any]:
    match default:
        case bool():
            return {"type": "boolean", "default": default}
        case int():
            return {"type": "integer", "default": default}
        case str():
            return {"type": "string", "default": default}
        case _:
            return {"type": "array", "items": {"type": "string"}, "default": list(cast("Sequence[str]", default))}


def _defaults(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _frozen(one["default"]) for name, one in table["properties"].items() if "default" in one}


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def load(files: Files, path: str = NAME) -> tuple[Config, tuple[Diagnostic, ...]]:
    """Return the settings of a file and what is wrong with it. A file that does not exist says nothing.

    A key that is wrong has its default value, so that the rest of a run can go on and find more.
    """
    try:
        data = files.read(path)
    except FileNotFoundError:
        return defaults(), ()
    except OutsideProjectError:
        return _illegible(), (Diagnostic("PC003", None, {"path": path}),)
    except OSError as error:
        reason = error.strerror or str(error)
        return _illegible(), (Diagnostic("PC001", None, {"path": path, "reason": reason}),)
    if len(data) > MAX_BYTES:
        return _illegible(), (Diagnostic("PC001", None, {"path": path, "reason": f"> {MAX_BYTES} octets"}),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _illegible(), project.read_source(path, data)[1]
    source = SourceFile(path, text.replace("\r\n", "\n"))
    try:
        tables = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return _illegible(), (_not_toml(source, str(error)),)
    return _checked(defaults(_whole_schema()), source, tables)


def _illegible() -> Config:
    return replace(defaults(), legible=False)


_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def _not_toml(source: SourceFile, message: str) -> Diagnostic:
    place = _AT.search(message)
    line, column = (int(place[1]), int(place[2])) if place and place[1] else (source.position(len(source.text))[0], 0)
    start = source.start_of(line)
    text = source.line(line)
    at = min(max(column - 1, 0), max(len(text) - 1, 0)) if column else 0
    span = Span(source, start + at, start + max(len(text), 1))
    return _wrong(source.path, span, "", Text("toml", {"detail": _AT.sub("", message)}))


def _wrong(path: str, span: Span | None, key: str, reason: Text, *help_: Text) -> Diagnostic:
    return Diagnostic("PC006", span, {"path": path, "key": key, "reason": reason.key}, notes=(reason,), help=help_)


# -- against the schema ------------------------------------------------------------------------------------------------


def _checked(start: Config, source: SourceFile, tables: Mapping[str, Any]) -> tuple[Config, tuple[Diagnostic, ...]]:
    from jsonschema import Draft202012Validator

    found: dict[_Path, tuple[Text, tuple[Text, ...]]] = {}
    for error in Draft202012Validator(_whole_schema()).iter_errors(tables):
        for path, reason, help_ in _reasons(error):
            found.setdefault(path, (reason, help_))
    for path, problem in _values(tables):
        found.setdefault(path, (problem, ()))
    for path, (reason, _) in tuple(found.items()):  # a word misspelt in the list explains that one is missing
        if reason.key == "no-national" and any(one[:-1] == path for one in found):
            del found[path]
    index: dict[tuple[str, ...], Span] = {}
    for key, span in _keys(source):
        index.setdefault(key, span)
    diagnostics = [
        _wrong(source.path, _span(source, index, path), _dotted(path), reason, *help_)
        for path, (reason, help_) in sorted(found.items(), key=lambda one: [str(part) for part in one[0]])
    ]
    # Whatever is wrong inside a key makes the whole key unsaid.
    return _merged(start, tables, set(found), index, source), tuple(diagnostics)


def _merged(
    start: Config, tables: Mapping[str, Any], bad: set[_Path], index: Mapping[tuple[str, ...], Span], source: SourceFile
) -> Config:
    def get(path: tuple[str, ...], default: object) -> Any:
        value: Any = tables
        for at, part in enumerate(path):
            if path[: at + 1] in bad or not isinstance(value, dict) or part not in value:
                return default
            value = value[part]
        return default if any(one[: len(path)] == path for one in bad) else _frozen(value)

    settings = {
        target: MappingProxyType({key: get(("targets", target, key), value) for key, value in table.items()})
        for target, table in start.settings.items()
    }
    sources_key = ("policy", "sources")
    sources = get(sources_key, None)
    return Config(
        sources,
        get(("policy", "targets"), start.targets),
        MappingProxyType(settings),
        legible=sources is not None or not any(one[:2] == sources_key or one == ("policy",) for one in bad),
        sources_span=None if sources is None else _span(source, index, sources_key),
        company=digits.union(_outside_numbers(one) for one in get(("policy", "company_numbers"), ())),
        private=get(("policy", "private_directories"), ()),
    )


def _dotted(path: _Path) -> str:
    """Return a key as TOML writes it: `targets.3cx.version`, without the place in a list."""
    return ".".join(part for part in path if isinstance(part, str))


def _reasons(error: "ValidationError") -> Iterator[tuple[_Path, Text, tuple[Text, ...]]]:
    """Yield path, reason and help of what an error of the schema means."""
    path: _Path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    value: Any = error.instance
    table: Any = error.schema
    match error.validator:
        case "additionalProperties":
            known = tuple(table["properties"])
            for key in sorted(set(value) - set(known)):
                yield (*path, key), Text("unknown-key"), _meant(key, path, known)
        case "type":
            yield path, Text(f"type-{rule}"), ()
        case "enum":
            known = tuple(rule)
            from difflib import get_close_matches

            close = get_close_matches(value, known, 1) if isinstance(value, str) else []
            help_ = Text("meant", {"name": close[0]}) if close else Text("choices", {"names": known})
            yield path, Text("choice", {"value": str(value)}), (help_,)
        case "contains":
            yield path, Text("no-national"), ()
        case "uniqueItems":
            yield path, Text("repeated"), ()
        case "minItems" | "minLength":
            yield path, Text("empty"), ()
        case "maxLength":
            yield path, Text("long", {"count": int(rule)}), ()
        case "pattern":
            pass  # `_values` says more exactly what is wrong
        case other:
            raise AssertionError(f"the schema has a rule without a sentence: {other}")


def _meant(key: str, path: _Path, known: Sequence[str]) -> tuple[Text, ...]:
    """Return the help on an unknown key: another spelling, or the table that it belongs to."""
    from difflib import get_close_matches

    close = get_close_matches(key, known, 1)
    if close:
        return (Text("meant", {"name": close[0]}),)
    for table, keys in _tables():
        if key in keys and table != path:
            return (Text("belongs", {"table": ".".join(table)}),)
    return (Text("known-keys", {"names": tuple(known)}),)


@cache
def _tables() -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """Return each table of the file with its keys, those nearest the top first."""
    top = _whole_schema()["properties"]
    tables = top["targets"]["properties"]
    return (
        ((), frozenset(top)),
        (("policy",), frozenset(top["policy"]["properties"])),
        (("targets",), frozenset(tables)),
        *((("targets", name), frozenset(one["properties"])) for name, one in tables.items()),
    )


# -- values that patterns cannot explain -------------------------------------------------------------------------------


def _values(tables: Mapping[str, Any]) -> Iterator[tuple[_Path, Text]]:
    policy = tables.get("policy")

    def texts(key: str) -> Iterator[tuple[_Path, str]]:
        named = policy.get(key) if isinstance(policy, dict) else None
        for at, one in enumerate(named if isinstance(named, list) else ()):
            if one and isinstance(one, str):
                yield ("policy", key, at), one

    for path, one in texts("company_numbers"):
        if not _outside_numbers(one):
            yield path, Text("company-number", {"value": _visible(one)})
    for path, one in texts("private_directories"):
        if one.startswith("~") or not one.isprintable():
            yield path, Text("private-directory", {"value": _visible(one)})
    given = tables.get("targets")
    if not isinstance(given, dict):
        return
    for (target, key), problem in _VALUES.items():
        table = given.get(target)
        value = table.get(key) if isinstance(table, dict) else None
        if isinstance(value, str) and (reason := problem(value)) is not None:
            yield ("targets", target, key), reason


def _shape(pattern: str, reason: str, value: str) -> Text | None:
    # Not by the schema alone: Python's `$` lets a line end pass, which would break a line of the dialplan.
    return None if re.fullmatch(pattern, value) else Text(reason, {"value": _visible(value)})


def _visible(value: str) -> str:
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in value)


def _outside_numbers(text: str) -> NumberSet:
    """Return the outside callers that a number, a prefix or a range means, spelt as in a policy, or none."""
    lines = list(lexer.lex(SourceFile(NAME, plain(text)), {}))
    if len(lines) != 1 or lines[0].comment is not None:
        return digits.EMPTY
    kinds = (Kind.EXTERNAL,)
    match [(token.type, token.value) for token in lines[0].tokens]:
        case [("NUMBER", written)] if number := _complete(written):
            return digits.exactly(number, kinds)
        case [("PREFIX", written)]:
            return numbering.prefix(written) & digits.EXTERNAL
        case [("NUMBER", written), ("JUSQUE", _), ("NUMBER", last)] if _complete(written):
            try:
                return digits.between(_complete(written), _complete(last), kinds)
            except ValueError:
                return digits.EMPTY
    return digits.EMPTY


def _complete(written: str) -> str:
    """Return the canonical form of an outside number, or nothing when it has too few digits or too many."""
    number = numbering.canonical_number(re.sub(r"^(\+|00)330", r"\g<1>33", written))
    if numbering.is_french(number):
        return number
    shape = r"\+(?!33)[1-9][0-9]{3,14}|[1-9][0-9]{0,14}"
    return number if re.fullmatch(shape, number) else ""


_PLACEHOLDERS: Final = ("number", "e164")
_FORBIDDEN: Final = {"asterisk": ";,\\", "freeswitch": ";"}
# What Asterisk pairs when it cuts the data of an application into arguments.
_PAIRS: Final = {"asterisk": {"(": ")", "[": "]"}, "freeswitch": {}}


def _template(target: str, value: str) -> Text | None:
    """Return what is wrong with the template of a channel: it must stay one argument of one line of a dialplan."""
    for char in value:
        if not char.isprintable() or char in _FORBIDDEN[target]:
            return Text("template-character", {"character": _visible(char)})
    closing = _PAIRS[target]
    expected: list[str] = []
    used = False
    at = 0
    while at < len(value):
        char = value[at]
        if value.startswith("${", at):
            expected.append("}")
            at += 2
            continue
        if char == "{":
            placeholder = re.compile(r"\{([^{}]*)\}").match(value, at)
            if placeholder is None:
                return Text("template-unbalanced", {"character": char})
            if placeholder[1] not in _PLACEHOLDERS:
                return Text("template-placeholder", {"placeholder": placeholder[0]})
            used = True
            at = placeholder.end()
            continue
        if char in closing:
            expected.append(closing[char])
        elif (char == "}" or char in closing.values()) and (not expected or expected.pop() != char):
            return Text("template-unbalanced", {"character": char})
        at += 1
    if expected or (target == "asterisk" and value.count('"') % 2):
        return Text("template-unbalanced", {"character": expected[-1] if expected else '"'})
    return None if used else Text("template-without-number")


_context = partial(_shape, r"[A-Za-z0-9_.-]{1,79}", "context-name")
_VALUES: Final[Mapping[tuple[str, str], Callable[[str], Text | None]]] = {
    ("asterisk", "extension_channel"): partial(_template, "asterisk"),
    ("asterisk", "external_channel"): partial(_template, "asterisk"),
    ("asterisk", "system_context"): partial(_shape, r"(?!policyc-)[A-Za-z0-9_.-]{1,79}", "context-name"),
    ("asterisk", "voicemail_context"): _context,
    ("asterisk", "language"): partial(_shape, r"[a-zA-Z_-]+", "language-name"),
    ("freeswitch", "extension_dial"): partial(_template, "freeswitch"),
    ("freeswitch", "external_dial"): partial(_template, "freeswitch"),
    ("freeswitch", "system_context"): partial(_shape, r"(?!policyc-)[A-Za-z0-9_.-]{1,79}", "context-name"),
    ("freeswitch", "voicemail_profile"): _context,
    ("freeswitch", "voicemail_domain"): partial(_shape, r"[A-Za-z0-9_.:${}-]{1,200}", "domain-name"),
    ("freeswitch", "language"): partial(_shape, r"[a-zA-Z_-]+", "language-name"),
    ("3cx", "version"): partial(_shape, r"[0-9]{1,4}(\.[0-9]{1,6}){1,3}", "version-number"),
    ("3cx", "anonymous"): partial(_shape, r"([A-Za-z][A-Za-z._-]*)?", "anonymous-word"),
}

# -- where keys stand --------------------------------------------------------------------------------------------------

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]")
_KEY: Final = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")


def _keys(source: SourceFile) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Yield each key with its span, as far as lines tell: the parser of the standard library keeps no positions."""
    table: tuple[str, ...] = ()
    start = 0
    for line in source.text.split("\n"):
        header, key = _HEADER.match(line), _KEY.match(line)
        if found := header or key:
            parts = tuple(part.strip("\"'") for part in re.findall(_PART, found[1]))
            path = parts if header else (*table, *parts)
            if header:
                table = parts
            span = Span(source, start + found.start(1), start + found.end(1))
            for depth in range(1, len(path)):  # a table is also where its first key is
                yield path[:depth], span
            yield path, span
        start += len(line) + 1


def _span(source: SourceFile, index: Mapping[tuple[str, ...], Span], path: _Path) -> Span:
    """Return the span of a key, or of the nearest table around it."""
    names = tuple(part for part in path if isinstance(part, str))
    for depth in range(len(names), 0, -1):
        if names[:depth] in index:
            return index[names[:depth]]
    return Span(source, 0, len(source.line(1)))
