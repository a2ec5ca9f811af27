"""Proofs on disk: kept, shared, lost, spoiled and dropped, and never made up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyc import cli, store
from policyc.proof.standing import SIZE
from policyc.store import Store


def key(number):
    return number.to_bytes(SIZE, "big")


def entries(*numbers):
    return {key(number): (10**30 + number, number % 100) for number in numbers}


def files(folder):
    return sorted(folder.rglob("*.proofs"))


def test_what_is_kept_is_known(tmp_path):
    Store(tmp_path / "new").keep("asterisk", (), entries(1, 2**100))

    assert Store(tmp_path / "new").known("asterisk") == entries(1, 2**100)
    assert Store(tmp_path / "new").known("freeswitch") == {}


def test_nothing_new_writes_nothing(tmp_path):
    Store(tmp_path / "new").keep("asterisk", [key(1)], {})

    assert not files(tmp_path)


def test_two_that_keep_at_once_both_do(tmp_path):
    one, other = Store(tmp_path), Store(tmp_path)
    one.keep("3cx", (), entries(1))
    other.keep("3cx", (), entries(2))
    one.keep("3cx", (), entries(1))

    assert one.known("3cx") == entries(1, 2)
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data + data,
        lambda data: b"",
        lambda data: data[:5] + bytes([data[5] ^ 1]) + data[6:],
    ],
)
def test_a_file_that_is_spoiled_counts_for_nothing(tmp_path, spoil):
    kept = Store(tmp_path)
    kept.keep("asterisk", (), entries(1))
    kept.keep("asterisk", (), entries(2))
    path = next(one for one in files(tmp_path) if key(1) in one.read_bytes())
    path.write_bytes(spoil(path.read_bytes()))

    assert kept.known("asterisk") == entries(2)


def test_files_come_from_elsewhere_and_get_lost(tmp_path):
    mine, theirs = Store(tmp_path / "mine"), Store(tmp_path / "theirs")
    mine.keep("asterisk", (), entries(1))
    theirs.keep("asterisk", (), entries(2))
    [path] = files(tmp_path / "theirs")
    (tmp_path / "mine" / "asterisk" / path.name).write_bytes(path.read_bytes())
    assert mine.known("asterisk") == entries(1, 2)

    for one in files(tmp_path):
        one.unlink()
    assert mine.known("asterisk") == {}


def test_a_file_in_place_of_the_folder_is_as_none(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Store(tmp_path / "file")
    kept.keep("asterisk", (), entries(1))

    assert kept.known("asterisk") == {}


def test_what_is_of_use_stays_when_there_are_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_FILES", 3)
    kept = Store(tmp_path)
    for number in range(6):
        kept.keep("asterisk", [key(0)], entries(number))
        os.utime(max(files(tmp_path), key=lambda one: one.stat().st_mtime_ns), ns=(number, number))

    assert len(files(tmp_path)) == 3
    assert kept.known("asterisk").keys() >= entries(0, 5).keys()
    assert kept.known("asterisk").keys() < entries(*range(6)).keys()


def test_the_oldest_go_when_there_is_too_much(tmp_path, monkeypatch):
    kept = Store(tmp_path)
    for number in range(3):
        kept.keep("asterisk", (), entries(number))
        newest = next(one for one in files(tmp_path) if key(number) in one.read_bytes())
        os.utime(newest, ns=(number, number))
    monkeypatch.setattr(store, "MOST_BYTES", 1)
    kept.keep("asterisk", (), entries(3))

    assert kept.known("asterisk") == entries(3)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"POLICYC_CACHE": "/a/b", "XDG_CACHE_HOME": "/c", "HOME": "/d"}, "/a/b"),
        ({"POLICYC_CACHE": "", "HOME": "/d"}, None),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/d"}, "/c/policyc/proofs"),
        ({"XDG_CACHE_HOME": "", "HOME": "/d"}, "/d/.cache/policyc/proofs"),
        ({"XDG_CACHE_HOME": "c", "HOME": "/d"}, None),
        ({}, None),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="folders of another system")
def test_where_proofs_are_kept(environment, expected):
    assert store.folder(environment) == (Path(expected) if expected else None)


POLICY = "poste 101 Accueil messagerie\n\npour 101\n  depuis 06* vers messagerie\n"


def test_the_command_keeps_proofs_unless_told_not_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.pol").write_text(POLICY, encoding="utf-8")
    monkeypatch.setenv("POLICYC_CACHE", str(tmp_path / "cache"))

    def run(*arguments):
        result = CliRunner().invoke(cli.commands("fr"), ["compile", "a.pol", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    for option in ("--no-cache", "--no-verify"):
        run(option)
        assert not files(tmp_path)
    first = run("--out", "first")
    kept = files(tmp_path)
    assert len(kept) == 3
    second = run("--out", "second")

    assert files(tmp_path) == kept
    assert second == first.replace("first", "second")
