"""Tasks that several processes share return what one would."""

import os
import threading
from functools import partial

import pytest

import policyc
from policyc import api, processes
from policyc.source import SourceFile, Span


class Named:
    """Something that is compared by identity."""


@pytest.mark.parametrize("jobs", [1, 2, 3, 5])
def test_the_answers_are_in_the_order_of_the_tasks(jobs):
    assert [0, 1, 4, 9, 16] == processes.each([partial(pow, number, 2) for number in range(5)], jobs=jobs)
    assert [] == processes.each([], jobs=jobs)


def test_others_really_do_some_of_the_work():
    barrier = processes_at_once()

    found = processes.each([barrier, barrier], jobs=2)

    assert len(set(found)) == 2
    assert os.getpid() in found


def processes_at_once():
    from multiprocessing import get_context

    both = get_context("fork").Barrier(2)

    def met():
        both.wait(timeout=60)
        return os.getpid()

    return met


@pytest.mark.parametrize("jobs", [1, 2])
def test_shared_objects_come_back_as_they_are(jobs):
    file, other = SourceFile("a.pol", "abc"), Named()

    found = processes.each([lambda: Span(file, 0, 1), lambda: (Span(file, 1, 2), other)], (file, other), jobs)

    assert found[0].file is file
    assert found[1][0].file is file
    assert found[1][1] is other


def test_a_task_that_fails_elsewhere_fails_here(capfd):
    barrier = processes_at_once()

    def fails():
        if os.getpid() != here:
            barrier()
            raise ValueError("gone wrong")
        return barrier()

    here = os.getpid()
    with pytest.raises(EOFError):
        processes.each([fails, fails], jobs=2)
    assert "gone wrong" in capfd.readouterr().err


def test_no_process_is_forked_beside_threads():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        assert processes.cores() == 1
    finally:
        waiting.set()
        thread.join()


POLICY = """\
poste 101 Anne messagerie
poste 102 Bruno mobile 06 39 98 00 02, messagerie
pour Anne
  depuis 06* sauf 06 12* vers extension Bruno
  depuis anonyme interne vers occupé
pour Bruno
  depuis * vers mobile rebond
"""


@pytest.mark.parametrize("verify", [True, False])
def test_compiling_by_several_processes_gives_the_same(monkeypatch, verify):
    """3CX cannot say what this policy says of anonymous callers, so that one target is withheld."""
    policy = policyc.load_text(POLICY)
    alone = policyc.compile(policy, verify=verify)
    monkeypatch.setattr(api, "_MANY", 1)
    monkeypatch.setattr(processes, "cores", lambda: 2)

    shared = policyc.compile(policy, verify=verify)

    assert list(alone.files) == list(shared.files) == ["asterisk", "freeswitch"]
    assert alone.files == shared.files
    assert [one.code for one in alone.diagnostics] == [one.code for one in shared.diagnostics]
    assert "PC403" in {one.code for one in shared.diagnostics}
    assert all(
        one.primary is None or one.primary.file is policy.extensions["101"].span.file for one in shared.diagnostics
    )
    if verify:
        assert alone.verified.holds
        assert [proof.target for proof in alone.verified.proofs] == [proof.target for proof in shared.verified.proofs]
        assert alone.verified.proofs == shared.verified.proofs
