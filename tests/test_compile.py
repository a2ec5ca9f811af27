"""The files made of a policy, kept beside it: tests/cases/compile/<name>/policy.pol and <name>/<target>/…"""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import policyc
from policyc.digits import Block, Kind
from policyc.targets.asterisk.dialect import comment, mailbox_name, pattern
from policyc.targets.freeswitch.dialect import text as freeswitch_text

CASES = Path(__file__).parent / "cases" / "compile"
NAMES = sorted(path.name for path in CASES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_files(name, golden, monkeypatch):
    """A policy compiles to the files beside it, without a diagnostic, and the same ones each time."""
    monkeypatch.chdir(CASES / name)
    compiled = policyc.compile("policy.pol")

    assert () == compiled.diagnostics
    for target, files in compiled.files.items():
        for file, text in files.items():
            golden(CASES / name / target / file, text)
    assert compiled.files == policyc.compile("policy.pol").files


@pytest.mark.parametrize("name", NAMES)
def test_no_golden_is_left_over(name, monkeypatch):
    """Every golden file is one that the compiler still writes."""
    monkeypatch.chdir(CASES / name)
    made = {f"{target}/{file}" for target, files in policyc.compile("policy.pol").files.items() for file in files}
    kept = {path.relative_to(CASES / name).as_posix() for path in (CASES / name).glob("*/*")}

    assert kept == made


def test_lines_are_whole():
    """No line is long enough for Asterisk to skip it, ends in blanks, or holds what expands but ours."""
    for path in CASES.glob("*/asterisk/policyc.conf"):
        for line in path.read_text(encoding="utf-8").splitlines():
            code, _, _note = line.partition(" ; ")
            assert len(line.encode()) < 8191
            assert line == line.rstrip()
            assert "EVIL" not in code or line.startswith(";")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Block(Kind.EXTERNAL, "06", 8), "_c06XXXXXXXX"),
        (Block(Kind.EXTERNAL, "+44", None), "_c+44!"),
        (Block(Kind.EXTERNAL, "0612345678", 0), "c0612345678"),
    ],
)
def test_pattern(block, expected):
    """A block of callers is one of Asterisk's patterns."""
    assert expected == pattern("c", block)


def test_xml_is_well_formed_and_holds_nothing_that_is_read_before_it():
    """FreeSWITCH's preprocessor works by line, in comments too."""
    for path in CASES.glob("*/freeswitch/policyc.xml"):
        written = path.read_text(encoding="utf-8")
        assert ET.fromstring(written).tag == "include"  # noqa: S314 - our own
        for line in written.splitlines():
            assert line == line.rstrip()
            assert not re.search(r"\$\$\{|<\?|<!--#|x-pre-process|--.*--.*--", line, re.IGNORECASE)
            assert line.count("<") <= 1


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a -- b --- c", "a - b - c"),
        ("<!--#exec cmd -->", "!- exec cmd -"),
        ("$${domain} ${system(id)}", "domain system(id)"),
        ('<X-PRE-PROCESS cmd="exec" data="id"/>', "x pre process cmd= exec data= id /"),
        ("<?xml ?>\n<include>", "xml include"),
        ("Dr Éloïse « Zoé » d'Arc", "Dr Éloïse « Zoé » d'Arc"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_names_say_nothing_to_freeswitch(raw, expected):
    assert freeswitch_text(raw) == expected


def test_names_cannot_inject():
    """What people write in names stays in its comment or field."""
    assert "a , -- b" == comment("a ; -- b")
    assert "x y" == comment("x\ny")
    assert "Dr Martin SHELL(id) a b" == mailbox_name("Dr Martin ${SHELL(id)},a;b")
    assert len(mailbox_name("é" * 200).encode()) <= 79
