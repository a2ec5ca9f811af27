"""Long work shows how far it has come on a terminal only, and leaves nothing behind when it is interrupted."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench import policies
from judge.seeds import few

ROOT = Path(__file__).resolve().parents[1]
EXTENSIONS = 600  # × 15 rules: from 2,000 rules on, work is shared among processes and shown


@pytest.fixture(scope="module")
def policy():
    return policies.friendly(EXTENSIONS)


@pytest.fixture
def begin(policy, tmp_path, monkeypatch):
    """Begin to compile, with standard error on a terminal of which all that is shown is returned."""
    (tmp_path / "p.pol").write_text(policy, encoding="utf-8")
    ours, theirs = pty.openpty()
    begun = []

    def start(*targets, **environment):
        kept = {key: value for key, value in os.environ.items() if key not in ("CI", "NO_COLOR", "POLICYC_LANG")}
        environment = {**kept, "TERM": "xterm", "PYTHONPATH": str(ROOT), **environment}
        command = [sys.executable, "-m", "policyc", "compile", "p.pol"]
        command += [word for target in targets for word in ("--target", target)]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=theirs, start_new_session=True
        )
        begun.append(process)
        return process

    yield start, ours
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    os.close(ours)
    os.close(theirs)


def shown(process, terminal, until=None, found=lambda: False):
    """Return what a process shows until it ends, until it has shown something, or something is found."""
    os.set_blocking(terminal, False)
    text = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        over = process.poll() is not None
        try:
            text += os.read(terminal, 1 << 16)
        except BlockingIOError:
            if over:
                break
            time.sleep(0.01)
        if found() or (until is not None and until.encode() in text):
            break
    return text.decode()


def test_a_terminal_shows_how_far_it_has_come(begin):
    start, terminal = begin

    process = start("asterisk")
    text = shown(process, terminal)

    assert process.returncode == 0
    stages = [text.index(word) for word in ("Contrôles", "Compilation", "Preuve asterisk")]
    assert stages == sorted(stages)
    counts = [int(count) for count in re.findall(r"(\d+)/\d{3}", text)]
    assert len(set(counts)) > 3
    assert "\x1b[?25h" in text  # the cursor is back
    assert text.index("Prouvé") > text.rindex("Preuve")


@pytest.mark.parametrize("environment", few([{"CI": "true"}, {"TERM": "dumb"}], 2))
def test_nothing_is_shown_where_nobody_looks(begin, environment):
    start, terminal = begin

    text = shown(start("asterisk", **environment), terminal)

    assert "Prouvé" in text
    assert "Preuve" not in text
    assert "\x1b[?25l" not in text


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", few([signal.SIGTERM, signal.SIGINT], 2))
def test_an_interruption_ends_all_processes_and_leaves_no_file(begin, tmp_path, number):
    start, terminal = begin

    process = start("asterisk", "freeswitch")
    shown(process, terminal, until="Preuve")
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    text = shown(process, terminal)

    assert process.returncode == 130
    assert "Traceback" not in text
    assert "\x1b[?25h" in text
    assert not alive(process.pid)
    assert [one.name for one in tmp_path.rglob("*")] == ["p.pol"]


@pytest.mark.thorough
def test_what_lies_ready_is_gone_after_an_interruption(begin, tmp_path):
    """Files are written as soon as they are proved, while other targets are still being made."""
    start, terminal = begin

    process = start("asterisk", "freeswitch", "3cx")
    shown(process, terminal, found=lambda: any(tmp_path.glob("build/asterisk/.policyc.conf.*.tmp")))
    os.kill(process.pid, signal.SIGTERM)
    shown(process, terminal)

    assert process.returncode == 130
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["p.pol"]


@pytest.mark.thorough
def test_a_folder_that_cannot_be_written_to_is_told_whichever_process_meets_it(begin, tmp_path):
    start, terminal = begin
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "freeswitch").write_text("mine")

    process = start("asterisk", "freeswitch")
    text = shown(process, terminal)

    assert process.returncode == 1
    assert "build/freeswitch" in text
    assert "Traceback" not in text
    assert (tmp_path / "build" / "freeswitch").read_text() == "mine"
    assert not list(tmp_path.rglob("*.tmp"))
