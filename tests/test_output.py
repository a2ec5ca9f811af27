"""Outputs are whole or absent: never half a file, never a file elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyc import output

needs_links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege there")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_are_written_with_one_line_end_in_utf8(tmp_path):
    written = output.write(tmp_path / "new" / "asterisk", {"a.conf": "é\n\n\n", "b.conf": "b", "empty": ""})

    folder = tmp_path / "new" / "asterisk"
    assert (folder / "a.conf").read_bytes() == "é\n".encode()
    assert (folder / "b.conf").read_bytes() == b"b\n"
    assert (folder / "empty").read_bytes() == b""
    assert [(one.path.name, one.size, one.changed) for one in written] == [
        ("a.conf", 3, True),
        ("b.conf", 2, True),
        ("empty", 0, True),
    ]


def test_a_file_that_says_the_same_keeps_its_date(tmp_path):
    output.write(tmp_path, {"a": "1", "b": "1"})
    before = (tmp_path / "a").stat().st_mtime_ns, (tmp_path / "a").stat().st_ino

    written = output.write(tmp_path, {"a": "1", "b": "2"})

    assert ((tmp_path / "a").stat().st_mtime_ns, (tmp_path / "a").stat().st_ino) == before
    assert [one.changed for one in written] == [False, True]


def test_stale_files_stay(tmp_path):
    output.write(tmp_path, {"old": "1"})
    output.write(tmp_path, {"new": "2"})

    assert names(tmp_path) == ["new", "old"]


def test_nothing_is_renamed_when_a_file_cannot_be_written(tmp_path, monkeypatch):
    output.write(tmp_path, {"a": "old", "b": "old"})
    real = os.fsync
    calls = []

    def fails_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(output.os, "fsync", fails_second)
    with pytest.raises(OSError, match="No space"):
        output.write(tmp_path, {"a": "new", "b": "new"})

    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("old\n", "old\n")
    assert names(tmp_path) == ["a", "b"]


def test_a_folder_in_the_way_is_found_before_anything_is_renamed(tmp_path):
    output.write(tmp_path, {"a": "old"})
    (tmp_path / "b").mkdir()

    with pytest.raises(IsADirectoryError):
        output.write(tmp_path, {"a": "new", "b": "new"})

    assert (tmp_path / "a").read_text() == "old\n"
    assert names(tmp_path) == ["a", "b"]


def test_a_rename_that_fails_leaves_whole_files_and_no_temporary_ones(tmp_path, monkeypatch):
    output.write(tmp_path, {"a": "old", "b": "old"})
    real = Path.replace

    def fails_for_b(self: Path, target: Path) -> Path:
        if target.name == "b":
            raise PermissionError(13, "Permission denied", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fails_for_b)
    with pytest.raises(PermissionError):
        output.write(tmp_path, {"a": "new", "b": "new"})

    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("new\n", "old\n")
    assert names(tmp_path) == ["a", "b"]


@needs_links
def test_a_link_is_replaced_and_not_followed(tmp_path):
    outside = tmp_path / "outside.conf"
    outside.write_text("not ours\n")
    folder = tmp_path / "build"
    folder.mkdir()
    (folder / "a").symlink_to(outside)

    output.write(folder, {"a": "ours"})

    assert outside.read_text() == "not ours\n"
    assert not (folder / "a").is_symlink()
    assert (folder / "a").read_text() == "ours\n"


@needs_links
def test_a_link_to_the_same_text_is_replaced_too(tmp_path):
    (tmp_path / "outside").write_text("same\n")
    (tmp_path / "a").symlink_to(tmp_path / "outside")

    output.write(tmp_path, {"a": "same"})

    assert not (tmp_path / "a").is_symlink()


@needs_links
def test_permissions_of_an_old_file_are_kept(tmp_path):
    output.write(tmp_path, {"a": "1"})
    (tmp_path / "a").chmod(0o640)

    output.write(tmp_path, {"a": "2"})

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["../a", "/a", "x/../../a", "", "..\\a"])
def test_a_name_that_leads_out_is_a_bug(tmp_path, name):
    with pytest.raises(ValueError, match="outside its folder"):
        output.write(tmp_path, {name: "x"})


def test_files_may_stand_in_folders(tmp_path):
    output.write(tmp_path, {"dialplan/policyc.xml": "<a/>"})

    assert (tmp_path / "dialplan" / "policyc.xml").read_text() == "<a/>\n"


def test_what_lies_ready_takes_its_place_when_it_is_published(tmp_path):
    output.write(tmp_path, {"a": "old", "same": "1"})
    with output.laying([tmp_path]) as mark:
        drafts = output.draft(tmp_path, {"a": "new", "same": "1"}, mark)
        assert (tmp_path / "a").read_text() == "old\n"

        written = output.publish(drafts)

        assert [(one.path.name, one.changed) for one in written] == [("a", True), ("same", False)]
        assert (tmp_path / "a").read_text() == "new\n"
    assert names(tmp_path) == ["a", "same"]


def test_what_was_not_published_is_gone_in_the_end(tmp_path):
    (tmp_path / ".a.of-another-run.tmp").write_text("x")
    with output.laying([tmp_path / "one", tmp_path / "two"]) as mark:
        output.draft(tmp_path / "one", {"a": "1", "below/b": "1"}, mark)
        output.draft(tmp_path / "one", {"a": "2"}, mark)
        assert len(list((tmp_path / "one").rglob("*.tmp"))) == 3

    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [".a.of-another-run.tmp"]
