"""The project's folder on disk and the one in memory answer alike, and neither lets anyone out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc.files import DiskFiles, Files, MemoryFiles, OutsideProjectError, join

CONTENT = {
    "p.pol": b"politique A\n",
    "a/x.pol": b"",
    "a/Z.pol": b"\xff\xfe",
    "a/\u00e9.pol": b"\r\n",
    "a/b/deep.pol": b"deep",
    "a/x[1].pol": b"brackets",
    "a/x1.pol": b"none",
    "a/notes.txt": b"?",
}


def on_disk(root: Path) -> Files:
    for path, content in CONTENT.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return DiskFiles(root)


@pytest.fixture(params=[on_disk, lambda _: MemoryFiles(CONTENT)], ids=["disk", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    make: Callable[[Path], Files] = request.param
    (tmp_path / "project").mkdir()
    return make(tmp_path / "project")


def test_files_are_read_as_bytes(files: Files) -> None:
    assert CONTENT == {path: files.read(path) for path in CONTENT}


def test_a_missing_file_is_an_error(files: Files) -> None:
    with pytest.raises(OSError, match="absent"):
        files.read("absent.pol")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.pol", ["p.pol"]),
        ("a/*.pol", ["a/Z.pol", "a/x.pol", "a/x1.pol", "a/x[1].pol", "a/é.pol"]),
        ("a/?.pol", ["a/Z.pol", "a/x.pol", "a/é.pol"]),
        ("*/deep.pol", []),
        ("a/*/deep.pol", ["a/b/deep.pol"]),
        ("a/x[1].pol", ["a/x[1].pol"]),
        ("a/b", []),  # a folder
        ("absent*", []),
    ],
)
def test_patterns_find_files_in_byte_order(files: Files, pattern: str, expected: list[str]) -> None:
    assert expected == files.glob(pattern)


def test_a_link_that_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    files = on_disk(tmp_path / "project")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "project" / "out.pol").symlink_to(tmp_path / "secret")
    (tmp_path / "project" / "in.pol").symlink_to(tmp_path / "project" / "p.pol")

    assert CONTENT["p.pol"] == files.read("in.pol")
    with pytest.raises(OutsideProjectError):
        files.read("out.pol")
    with pytest.raises(OutsideProjectError):
        files.read("../secret")
    with pytest.raises(OutsideProjectError):
        files.glob("*.pol")


@pytest.mark.parametrize(
    ("folder_of", "path", "expected"),
    [
        ("p.pol", "q.pol", "q.pol"),
        ("a/p.pol", "q.pol", "a/q.pol"),
        ("a/p.pol", "./b/./q.pol", "a/b/q.pol"),
        ("a/p.pol", "../q.pol", "q.pol"),
        ("a/p.pol", "b/../../q.pol", "q.pol"),
        ("a/p.pol", "b\\*.pol", "a/b/*.pol"),
    ],
)
def test_a_path_is_relative_to_the_file_that_names_it(folder_of: str, path: str, expected: str) -> None:
    assert expected == join(folder_of, path)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../q.pol", "a/../../q.pol", "..", "~/q", "C:/q", "c:q", "\\\\host\\q", "a\0b"]
)
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(OutsideProjectError):
        join("p.pol", path)


@given(st.text("ab./\\~:*\0", max_size=12), st.sampled_from(("p.pol", "a/p.pol", "a/b/p.pol")))
def test_a_joined_path_stays_in_the_project(path: str, folder_of: str) -> None:
    try:
        joined = join(folder_of, path)
    except OutsideProjectError:
        return

    assert not joined.startswith(("/", "\\"))
    assert ".." not in joined.split("/")
    assert "\0" not in joined
