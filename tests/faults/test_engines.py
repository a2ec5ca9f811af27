"""Faults are drawn by the seed alone, each is another text, and each is still a file of its kind."""

import json
import xml.etree.ElementTree as ET

import pytest
from freeswitch_model import DIALS
from pbx.compiled import CHANNELS

from faults import asterisk, freeswitch, threecx
from faults.edits import COSMETIC, KINDS, region
from faults.on_asterisk import COVER, apart, covering
from faults.trials import compiled

ENGINES = {
    "asterisk": (asterisk, CHANNELS),
    "freeswitch": (freeswitch, DIALS),
    "3cx": (threecx, {}),
}
COUNT = 90


@pytest.fixture(params=ENGINES, scope="module")
def drawn(request):
    engine, settings = ENGINES[request.param]
    text = compiled("cabinet", request.param, settings)
    return request.param, text, engine.faults(text, 1, COUNT)


def test_each_is_another_text(drawn):
    _, text, faults = drawn

    assert len(faults) == COUNT
    assert len({text, *(fault.text for fault in faults)}) == COUNT + 1


def test_the_seed_alone_decides(drawn):
    target, text, faults = drawn
    engine, _ = ENGINES[target]

    assert engine.faults(text, 1, COUNT) == faults
    assert engine.faults(text, 2, COUNT) != faults


def test_kinds_are_drawn_in_turn(drawn):
    _, _, faults = drawn
    counts = {kind: sum(fault.kind == kind for fault in faults) for kind in (*KINDS, COSMETIC)}

    assert min(counts.values()) >= 4, counts


def test_faults_are_in_one_place(drawn):
    """All but those that rename something everywhere, lay the text out anew or move what stands together."""
    _, text, faults = drawn
    small = [fault for fault in faults if not fault.cosmetic and fault.kind != "order"]
    lines = [max(len(part) for part in region(text, fault.text)[1:]) for fault in small]

    assert sum(count <= 8 for count in lines) > 0.8 * len(small)


def test_each_is_told(drawn):
    _, _, faults = drawn

    assert all(fault.what.strip() for fault in faults)


@pytest.mark.parametrize("target", ENGINES)
def test_each_is_a_file_of_its_kind(target):
    engine, settings = ENGINES[target]
    for fault in engine.faults(compiled("4-chaque-exception", target, settings), 3, COUNT):
        if target == "freeswitch":
            assert ET.fromstring(fault.text).tag == "include", fault  # noqa: S314  our own text
        elif target == "3cx":
            assert json.loads(fault.text).keys() == {"value"}, fault
        else:
            odd = [line.raw for line in asterisk.parse(fault.text) if not line.step and line.raw.strip()
                   and not line.raw.lstrip().startswith((";", "["))
                   and not line.raw.lstrip().startswith(("same", "exten"))]  # fmt: skip
            assert not odd, fault


def test_lines_of_a_dialplan_are_read_as_they_are_written():
    for name in ("cabinet", "mairie", "4-chaque-exception"):
        for line in asterisk.parse(compiled(name, "asterisk", CHANNELS)):
            assert not line.step or line.written() == line.raw
            assert line.step or not line.raw or line.raw.startswith((";", "[")), line.raw


def test_documents_are_written_as_policyc_writes_them():
    text = compiled("cabinet", "3cx", {})

    assert threecx.written(json.loads(text)) == text


def test_dialplans_side_by_side_share_no_context():
    text = compiled("cabinet", "asterisk", CHANNELS)
    faults = asterisk.faults(text, 0, COUNT)
    contexts = [
        {line.context for line in asterisk.parse(apart(one.text, f"m{one.number}")) if line.context} for one in faults
    ]

    assert len(set().union(*contexts)) == sum(map(len, contexts))
    assert all(f"-m{one.number}-" in context for one, its in zip(faults, contexts, strict=True) for context in its)


def test_the_dialplan_that_tells_its_lines_has_them_all():
    text = compiled("cabinet", "asterisk", CHANNELS)
    told = covering(text)

    assert told.count("NoOp(@line ") == sum(line.step for line in asterisk.parse(text))
    assert f"[policyc-{COVER}-external]" in apart(told, COVER)
