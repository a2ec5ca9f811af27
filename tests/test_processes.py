"""Tasks that several processes share return what one would."""

import multiprocessing
import os
import threading
import time
from functools import partial

import pytest

import policyc
from policyc import processes
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


def works_long():
    """A single long sleep may begin just after the signal that was to end it."""
    for _ in range(600):
        time.sleep(0.1)


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_task_that_fails_elsewhere_fails_here_and_ends_the_others(capfd):
    barrier = processes_at_once()

    def fails():
        if barrier() != here:
            raise ValueError("gone wrong")

    here = os.getpid()
    with pytest.raises(ChildProcessError):
        processes.each([fails, fails, lambda: os.getpid() == here or works_long()], jobs=3)
    assert "gone wrong" in capfd.readouterr().err
    assert not multiprocessing.active_children()


def test_what_ends_the_work_ends_it_at_any_depth():
    """An interruption here, while another process works that has begun one of its own."""
    context = multiprocessing.get_context("fork")
    working, all_begun = context.Array("i", 2), context.Barrier(3)
    here = os.getpid()

    def deeper(at):
        working[at] = os.getpid()
        all_begun.wait(timeout=60)
        works_long()

    def shared():
        if os.getpid() != here:
            return processes.each([partial(deeper, 0), partial(deeper, 1)], jobs=2)
        all_begun.wait(timeout=60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        processes.each([shared, shared], jobs=2)
    assert len({here, *working}) == 3
    assert not any(map(is_there, working))
    assert not multiprocessing.active_children()


def test_large_results_and_many_come_back():
    tasks = [partial(bytes, 1 << 20), *(partial(str, number) for number in range(50))]

    assert [bytes(1 << 20), *map(str, range(50))] == processes.each(tasks, jobs=3)


def test_tasks_share_the_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: range(5), raising=False)

    def deeper():
        return processes.cores(), processes.each([processes.cores, processes.cores], jobs=2)

    assert processes.each([deeper, deeper], jobs=2) == [(2, [1, 1])] * 2
    assert processes.each([processes.cores, partial(processes.with_all_cores, processes.cores)], jobs=2) == [2, 5]
    assert processes.each([processes.cores], jobs=2) == [5]
    assert processes.cores() == 5


def test_the_core_of_a_process_that_is_done_is_there_for_others():
    """One at a time may have it, and who had it gives it back."""

    def waits():
        for _ in range(600):
            with processes.free_core() as first, processes.free_core() as second:
                if first:
                    return second, len(processes.each([os.getpid, os.getpid], jobs=2))
            time.sleep(0.1)
        raise TimeoutError

    assert processes.each([lambda: None, lambda: (waits(), waits())], jobs=2)[1] == ((False, 2), (False, 2))


def test_alone_no_core_is_free():
    def found():
        with processes.free_core() as one:
            return one

    assert not found()
    assert processes.each([found, found], jobs=1) == [False, False]
    processes.each([os.getpid, os.getpid], jobs=2)
    assert not found()


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
    monkeypatch.setattr(processes, "_MANY", 1)
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
