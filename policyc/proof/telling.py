"""What was proved, and calls that show what was not, in; text for people or JSON for programs out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from string import Formatter
from typing import Any

from policyc import numbering
from policyc.diagnostics import Diagnostic
from policyc.digits import Kind
from policyc.model import Policy
from policyc.proof.checking import Verified, deciding, on_host
from policyc.proof.proving import Account, Counterexample, Proof
from policyc.report import Catalogue, as_data, json_text, visible
from policyc.words import Words

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What is told, and of which policy.

    `shown_path` turns the path of a policy file into the one that people are shown; `folder` is the folder whose
    subfolders hold the files of the targets, as people know it, empty if there is none; `host` is the machine whose PBX
    was read instead of files.
    """

    verified: Verified
    policy: Policy
    shown_path: Callable[[str], str] = str
    folder: str = ""
    host: str = ""

    def file(self, target: str, name: str) -> str:
        """Return how people know a file of a target."""
        if self.host:
            return on_host(self.host, name)
        return "/".join(filter(None, (self.folder, target, name)))


# -- for people --------------------------------------------------------------------------------------------------------


def to_text(told: Told, words: Words, catalogue: Catalogue) -> str:
    """Return a line or two for each target, then each counterexample with both accounts of it."""
    lines: list[str] = []
    for proof in told.verified.proofs:
        lines += _proof(proof, told.host, words, catalogue)
    for name in sorted(told.verified.refused - {proof.target for proof in told.verified.proofs}):
        codes = {one.code for one in told.verified.diagnostics if one.args["target"] == name}
        lines.append(words("verify.unread", target=name) if "PC803" in codes else _unclear(name, told.host, words))
    lines += [words("verify.unproved", target=name) for name in told.verified.unproved]
    text = "".join(visible(line) + "\n" for line in lines)
    return "\n".join(filter(None, (text, examples(told, words))))


def examples(told: Told, words: Words) -> str:
    """Return each counterexample with both accounts of it, a blank line between two; nothing if there is none."""
    accounts = [
        account(told, proof.target, example, words) for proof in told.verified.proofs for example in proof.examples
    ]
    return "\n".join("".join(visible(line).rstrip() + "\n" for line in lines) for lines in accounts)


def _unclear(target: str, host: str, words: Words) -> str:
    return words("verify.live_unclear" if host else "verify.unclear", target=target, host=host)


def _proof(proof: Proof, host: str, words: Words, catalogue: Catalogue) -> Iterator[str]:
    if proof.differing:
        called = proof.extensions + proof.others
        counts = {"count": catalogue.number(len(proof.differing)), "called": catalogue.number(called)}
        yield words("verify.live_differs" if host else "verify.differs", target=proof.target, host=host, **counts)
    if proof.unclear is not None:
        yield _unclear(proof.target, host, words)
    if not proof.holds:
        return
    yield words("verify.live_proved" if host else "verify.proved", target=proof.target, host=host)
    yield "  " + words(
        "verify.size",
        numbers=catalogue.number(proof.numbers),
        extensions=catalogue.number(proof.extensions),
        others=catalogue.number(proof.others),
        moments=catalogue.number(proof.moments),
        calls=catalogue.number(proof.calls),
    )


def account(told: Told, target: str, example: Counterexample, words: Words) -> Iterator[str]:
    """Yield a counterexample: the call, then what happens by the policy and by the files; `≠` marks what differs."""
    policy, caller = told.policy, example.caller
    key, who = f"trace.{caller.kind.value}", caller.number
    if who is None:
        yield words(f"{key}_anonymous", called=_name(policy, example.called))
    else:
        number = _name(policy, who) if caller.kind is Kind.INTERNAL else numbering.display(who)
        yield words(key, caller=number, called=_name(policy, example.called))
    shown = "hidden" if example.hidden else "presented"
    yield words(f"verify.{shown}" if example.presented else f"verify.{shown}_nothing", presented=example.presented)
    local = example.local
    day = words(
        "trace.day",
        day=words.sequence("calendar.days")[local.weekday()],
        date=local.day,
        month=words.sequence("calendar.months")[local.month - 1],
    )
    yield words("trace.instant", day=day, year=local.year, time=f"{local:%H:%M}", zone=policy.zone.key)
    mine = [said(words, key, values) for key, values in example.expected]
    theirs = [said(words, key, values) for key, values in example.found]
    alike = SequenceMatcher(a=mine, b=theirs, autojunk=False).get_matching_blocks()
    yield ""
    yield words("verify.by_policy")
    for span in deciding(policy, example):
        yield f"  {told.shown_path(span.file.path)}:{span.line}: {' '.join(span.text.split())}"
    yield from _numbered(mine, {block.a + at for block in alike for at in range(block.size)})
    yield ""
    yield words("verify.by_live" if told.host else "verify.by_files", target=target, host=told.host)
    for stop in example.stops:
        yield f"  {told.file(target, stop.file)}:{stop.line}: {' '.join(stop.text.split())}"
    yield from _numbered(theirs, {block.b + at for block in alike for at in range(block.size)})


def _numbered(lines: list[str], alike: set[int]) -> Iterator[str]:
    for at, line in enumerate(lines):
        yield f"  {' ' if at in alike else '≠'} {at + 1}. {line}"


def _name(policy: Policy, number: str) -> str:
    known = policy.extensions.get(number) or policy.systems.get(number)
    return f"{number} {known.name}" if known else number


class _Tolerant(Formatter):
    """Fills in sentences; a value that is missing is left out."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 - as string.Formatter calls it
        return kwargs.get(key, "…")


_FILL = _Tolerant()


def said(words: Words, key: str, values: Any) -> str:
    """Return what happens as a sentence; a value that is itself a word, as `busy` of a state, is said as one.

    What has no sentence is told by its key and values: a target of another package may know what nobody else does.
    """
    table = words.tables["proof"]
    told = {name: str(table.get(f"{name}_{value}", _number(name, value))) for name, value in values.items()}
    sentence = table.get(key)
    if sentence is None:
        return " ".join((key, *(f"{name}={value}" for name, value in told.items())))
    return _FILL.format(str(sentence), **told)


def _number(name: str, value: str) -> str:
    return numbering.display(value) if name == "number" else value


# -- for programs ------------------------------------------------------------------------------------------------------


def to_json(told: Told, catalogue: Catalogue, diagnostics: list[Diagnostic]) -> str:
    """Return what was proved as JSON, by `schema.json`; `diagnostics` are those of the proofs, as people see them."""
    verified = told.verified
    return json_text(
        {
            "passed": verified.holds,
            "proved": [_size(proof) for proof in verified.proofs if proof.holds],
            "unproved": list(verified.unproved),
            "differing": [
                {"target": proof.target, "called": list(proof.differing)}
                for proof in verified.proofs
                if proof.differing
            ],
            "counterexamples": [
                _example(told, proof.target, example) for proof in verified.proofs for example in proof.examples
            ],
            "diagnostics": [as_data(one, catalogue) for one in diagnostics],
        }
    )


def refused(diagnostics: list[Diagnostic], catalogue: Catalogue) -> str:
    """Return what a program is told of a policy whose errors keep anything from being proved."""
    found = [as_data(one, catalogue) for one in diagnostics]
    nothing: Json = {key: [] for key in ("proved", "unproved", "differing", "counterexamples")}
    return json_text({"passed": False, **nothing, "diagnostics": found})


def _size(proof: Proof) -> Json:
    return {
        "target": proof.target,
        "extensions": proof.extensions,
        "others": proof.others,
        "numbers": proof.numbers,
        "moments": proof.moments,
        "calls": proof.calls,
        "comparisons": proof.comparisons,
    }


def _example(told: Told, target: str, example: Counterexample) -> Json:
    spans = deciding(told.policy, example)
    return {
        "target": target,
        "call": {
            "caller": example.caller.number,
            "kind": example.caller.kind.value,
            "presented": example.presented,
            "restricted": example.hidden,
            "to": example.called,
            "at": example.local.isoformat(timespec="minutes"),
        },
        "policy": {
            "path": [
                {"file": told.shown_path(span.file.path), "line": span.line, "text": " ".join(span.text.split())}
                for span in spans
            ],
            "events": _events(example.expected),
        },
        "files": {
            "path": [
                {"file": told.file(target, stop.file), "line": stop.line, "text": stop.text} for stop in example.stops
            ],
            "events": _events(example.found),
        },
    }


def _events(account: Account) -> list[Json]:
    return [{"event": key, **values} for key, values in account]
