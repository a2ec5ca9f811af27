"""In which order numbers are proved, and what is forgotten in between, changes nothing but the time it takes."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager

import pytest
from bench.policies import friendly
from judge.generate import generate
from judge.seeds import chosen, few

import policyc
from policyc import targets
from policyc.outcomes import DecisionModel
from policyc.proof import proving
from policyc.targets.asterisk.reader.dialplan import Contexts
from policyc.targets.freeswitch.reader.exploring import Explorer
from policyc.targets.threecx.reader import reading

FORWARDS = """
poste 101 "Un"
poste 102 "Deux" messagerie
poste 103 "Trois"
poste 104 "Quatre" messagerie

pour "Un"
  depuis 06 39 98 00 01 vers extension "Deux"
  depuis 06 39 98 00 02 vers extension "Trois"
pour "Deux"
  depuis 06 39 98 00 03 vers extension "Trois"
  depuis 06 39 98 00 04 vers occupé
pour "Trois"
  depuis 06 39 98 00 05 vers occupé
pour "Quatre"
  depuis 06 39 98 00 06 vers extension "Un"
"""
TARGETS = ("asterisk", "freeswitch")


def proofs(text, names=TARGETS, jobs=1, edit=lambda text: text):
    policy = policyc.load_text(text)
    works = []
    for name in names:
        target, proof = targets.find(name), proving.protocol.find(name)
        rendered = target.render(policy, target.DEFAULTS).files
        files = {file: edit(rendered[file]) for file in proof.FILES}
        works.append(proving.Work(name, proof, proof.read(files, policy, target.DEFAULTS), target.DEFAULTS))
    return proving.prove(DecisionModel.of(policy), works, jobs)


def told(found):
    return [
        (
            (one.differing, str(one.unclear), () if one.unclear else (one.comparisons, list(one.proved.items()))),
            [(shown.presented, shown.called, shown.local, shown.found, shown.stops) for shown in one.examples],
        )
        for one in found
    ]


@pytest.mark.parametrize("text", few([FORWARDS, *(generate(seed, 1).text for seed in chosen(6000, 6000))], 2))
def test_what_is_forgotten_is_found_again(text, monkeypatch):
    whole = proofs(text)
    monkeypatch.setattr(proving, "_KEPT", 1)

    assert told(proofs(text)) == told(whole)
    assert all(one.holds for one in whole)


def sent_elsewhere(text):
    """Return lists of a 3CX of which some send calls elsewhere, or nowhere that is known."""
    found = [*re.finditer(r'(?<="Number": )"1[0-9]{4}"(?=,\n +"To": "Extension")', text)]
    for one, to in zip(found[::25], ("10003", "10011", "99999", "10007"), strict=False):
        text = text[: one.start()] + f'"{to}"' + text[one.end() :]
    return text


@pytest.mark.parametrize("edit", few([sent_elsewhere, str], 2))
def test_a_3cx_goes_on_at_what_it_no_longer_knows(edit, monkeypatch):
    text = friendly(100)
    [whole] = proofs(text, ["3cx"], edit=edit)
    monkeypatch.setattr(proving, "_KEPT", 1)
    monkeypatch.setattr(reading, "_MOST_KEPT", 0)

    assert told(proofs(text, ["3cx"], edit=edit)) == told([whole])
    assert whole.holds is (edit is str)


def test_counterexamples_and_what_is_unclear_do_not_depend_on_it(monkeypatch):
    def edit(text):
        return text.replace("policyc-103,s,1", "policyc-101,s,1")  # the one whose this is leads to itself

    [whole] = proofs(FORWARDS, ["asterisk"], edit=edit)
    monkeypatch.setattr(proving, "_KEPT", 1)

    assert whole.unclear is not None
    assert whole.differing
    assert told(proofs(FORWARDS, ["asterisk"], 1, edit)) == told([whole])
    assert told(proofs(FORWARDS, ["asterisk"], 3, edit)) == told([whole])


@contextmanager
def always_free():
    yield True


@pytest.mark.parametrize("edit", few([sent_elsewhere, str], 2))
def test_what_is_left_is_shared_with_whoever_is_free(edit, monkeypatch):
    text, halves = friendly(100), []
    [whole] = proofs(text, ["3cx"], edit=edit)
    monkeypatch.setattr(proving, "_KEPT", 20)
    monkeypatch.setattr(proving, "MANY", 10)
    monkeypatch.setattr(proving.processes, "free_core", always_free)
    halved = proving._Prover._halved

    def noted(self, called):
        halves.append(found := halved(self, called))
        return found

    monkeypatch.setattr(proving._Prover, "_halved", noted)
    [shared] = proofs(text, ["3cx"], edit=edit)

    assert [len(shares) for shares in halves] == [2]
    assert told([shared]) == told([whole])
    assert whole.holds is (edit is str)


def test_numbers_come_after_those_that_they_forward_to():
    model = DecisionModel.of(policyc.load_text(FORWARDS))

    assert list(proving._deepest_first(model, ("0", "101", "102", "103", "104"))) == ["103", "102", "101", "104", "0"]
    assert list(proving._deepest_first(model, ("104", "102"))) == ["102", "104"]


@pytest.mark.parametrize("jobs", [1, 2, 3, 7])
def test_processes_share_the_numbers(jobs):
    called = [str(number) for number in range(5)]

    assert [number for job in range(jobs) for number in proving._part(called, job, jobs)] == called


def test_an_extension_is_explored_once_whatever_is_forgotten(monkeypatch):
    """Ten thousand forward to one another: were it not so, each forgetting would make a tenth of them new."""
    met = Counter()
    made, through = Contexts.__getitem__, Explorer._through

    def read(self, name):
        met["asterisk", name] += name not in self._made
        return made(self, name)

    def entered(self, context, branch):
        met["freeswitch", context.name, branch.env["@destination_number"]] += 1
        return through(self, context, branch)

    monkeypatch.setattr(Contexts, "__getitem__", read)
    monkeypatch.setattr(Explorer, "_through", entered)
    monkeypatch.setattr(proving, "_KEPT", 1)
    proofs(FORWARDS)

    own = {key: count for key, count in met.items() if re.match(r"policyc-\d", key[1])}
    assert list(own.values()) == [1] * 8
