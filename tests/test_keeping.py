"""Proofs that are kept: with them, everything is found that is found without them, whatever changed since."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge.seeds import chosen, few

import policyc
from policyc import api, resources
from policyc.outcomes import DecisionModel
from policyc.proof import checking, keeping, protocol

TARGETS = ("asterisk", "freeswitch", "3cx")
HEAD = """\
politique "Cabinet"

poste 100 Accueil messagerie
poste 101 "Dr Martin" mobile 06 12 34 56 78, messagerie
poste 102 "Dr Durand" messagerie, sonne 30s
poste 103 Standard
poste 104 Atelier messagerie
poste 110 Bureau messagerie
poste 111 Paie mobile 06 87 65 43 21, messagerie
groupe 801 Urgences

horaires ouverture
  lundi-vendredi 9h-18h

pour tous en priorité
  depuis 0899* vers occupé
"""
BLOCKS = {
    "100": ("depuis 06* vers extension 101", "depuis * vers système 801 pendant ouverture"),
    "101": ("depuis 0142* vers extension 102", "depuis 0499* vers messagerie"),
    "102": ("depuis 0612345678 vers occupé", "depuis 07* vers extension 104 messagerie"),
    "103": ("depuis * vers extension 100 hors ouverture",),
    "104": ("depuis 05* vers externe 0145678901",),
    "110": ("depuis 01* vers extension 111", "depuis 02* vers extension 100"),
    "111": ("depuis 03* vers mobile rebond",),
}
OTHERS = (
    "depuis 0142* vers extension 104",
    "depuis * vers messagerie pendant ouverture",
    "depuis 09* vers externe 0145678901",
    "depuis 0612345678 vers extension 110",
    "depuis interne vers occupé",
)


def text_of(blocks, head=HEAD):
    return head + "".join(
        f"\npour {number}\n" + "".join(f"  {line}\n" for line in lines) for number, lines in blocks.items()
    )


class Memory:
    """Proofs that are kept in memory."""

    def __init__(self):
        self.entries = {}
        self.used = set()
        self.made = 0

    def known(self, target):
        return dict(self.entries.get(target, {}))

    def keep(self, target, used, new):
        self.entries.setdefault(target, {}).update(new)
        self.used |= set(used)
        self.made += len(new)


def compiled(text, kept=None, settings=None, wanted=TARGETS):
    checked = api.Checked(policyc.load_text(text), ())
    return checked, api.render(checked, wanted, settings or {}, verify=True, kept=kept)


def told(verified):
    """Return all that is told of proofs."""
    proofs = [(replace(one, unclear=None), str(one.unclear)) for one in verified.proofs]

    return proofs, repr(verified.diagnostics), verified.unproved


BEFORE = text_of(BLOCKS)


@cache
def anew(text):
    """Compile as if nothing were kept, once for all who ask."""
    return compiled(text)


def test_the_second_time_nothing_is_proved():
    kept = Memory()
    _, first = compiled(BEFORE, kept)
    made = kept.made
    _, second = compiled(BEFORE, kept)

    assert made == len(BLOCKS) * len(TARGETS)
    assert kept.made == made
    assert len(kept.used) == made
    assert told(first.verified) == told(second.verified) == told(anew(BEFORE)[1].verified)


def test_only_what_a_change_reaches_is_proved_again():
    kept = FILLED.copy()
    made = kept.made
    after = BEFORE.replace("depuis 0142* vers extension 102", "depuis 0143* vers extension 102")
    _, found = compiled(after, kept)

    assert kept.made - made == 4 * len(TARGETS)  # 101, and those that forward there: 100, 103 and 110
    assert told(found.verified) == told(compiled(after)[1].verified)


def test_lines_that_move_change_no_key():
    kept = FILLED.copy()
    made = kept.made
    compiled(BEFORE.replace("poste 110 Bureau", "# relu\n\nposte 110 Bureau"), kept)

    assert kept.made == made


@pytest.mark.parametrize(
    "change",
    few(
        [
            ("sonne 30s", "sonne 25s"),
            ("mobile 06 87 65 43 21", "mobile 06 87 65 43 22"),
            ("9h-18h", "9h-17h"),
            ("depuis 0899* vers occupé", "depuis 0898* vers occupé"),
            ("poste 104 Atelier messagerie", "poste 104 Atelier"),
            ("groupe 801 Urgences", "file 801 Urgences"),
            ("depuis 02* vers extension 100", "depuis 02* sauf 0299* vers extension 100"),
        ],
        7,
    ),
)
def test_whatever_else_changes_is_proved_as_if_nothing_were_kept(change):
    kept = FILLED.copy()
    after = BEFORE.replace(*change)
    assert after != BEFORE
    if change[1] == "poste 104 Atelier":
        after = after.replace("104 messagerie", "101 messagerie")
    _, found = compiled(after, kept)
    _, anew = compiled(after)

    assert told(found.verified) == told(anew.verified)
    assert found.files == anew.files


@pytest.mark.parametrize(
    "settings",
    [
        {
            "asterisk": {"extension_channel": "SIP/{number}"},
            "freeswitch": {"rebound_confirm": False},
            "3cx": {"anonymous": "anonymous"},
        },
        {one: {"presentations": ("national",)} for one in TARGETS},
    ],
)
def test_other_settings_have_other_proofs(settings):
    kept = FILLED.copy()
    _, found = compiled(BEFORE, kept, settings)

    assert not kept.used
    assert told(found.verified) == told(compiled(BEFORE, settings=settings)[1].verified)


def test_another_policyc_knows_nothing(monkeypatch):
    kept = FILLED.copy()
    monkeypatch.setattr(resources, "fingerprint", lambda: "another")
    compiled(BEFORE, kept)

    assert not kept.used


@given(
    st.sampled_from(TARGETS),
    st.lists(
        st.tuples(st.sampled_from(sorted(BLOCKS)), st.integers(0, 2), st.sampled_from(OTHERS)), min_size=1, max_size=3
    ),
)
def test_after_any_edits_the_proof_is_the_one_there_would_be(target, edits):
    kept = FILLED.copy()
    blocks = dict(BLOCKS)
    for number, at, line in edits:
        lines = list(blocks[number])
        lines[at : at + 1] = [line]
        blocks[number] = tuple(dict.fromkeys(lines))
    try:
        _, found = compiled(text_of(blocks), kept, wanted=(target,))
    except api.PolicyError:
        return  # people who forward to each other
    _, anew = compiled(text_of(blocks), wanted=(target,))

    assert told(found.verified) == told(anew.verified)
    assert found.files == anew.files


class Filled:
    """What is kept of the policy above, made once."""

    def __init__(self):
        self.memory = None

    def copy(self):
        if self.memory is None:
            self.memory = Memory()
            compiled(BEFORE, self.memory)
        copy = Memory()
        copy.entries = {target: dict(entries) for target, entries in self.memory.entries.items()}
        return copy


FILLED = Filled()


# -- files with faults -------------------------------------------------------------------------------------------------


@cache
def sound(target):
    """Return the files of a target that are as they should be."""
    return anew(BEFORE)[1].files[target]


FILES = {"asterisk": "policyc.conf", "freeswitch": "policyc.xml", "3cx": "policyc-3cx.json"}


def faulty(text, rng):
    """Return a text with one fault: a line less, twice, elsewhere, or with another digit or another line's end."""
    lines = text.splitlines(keepends=True)
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            found = list(re.finditer("[0-9]+", lines[at]))
            if found:
                one = rng.choice(found)
                new = rng.choice([*BLOCKS, str(rng.randrange(10)), "0612345678"])
                lines[at] = lines[at][: one.start()] + new + lines[at][one.end() :]
        case _:
            lines[at] = (
                lines[at].rstrip("\n")
                + rng.choice([" ;-- ", "<!-- ", " ; ", "[policyc-101](+)\n", "\n[policyc-101]\n"])
                + "\n"
            )

    return "".join(lines)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", few(chosen(0, 12), 13))
def test_no_fault_of_files_hides_behind_what_is_kept(target, seed):
    """What stands in the files now is judged, whatever was proved of those that were right."""
    model = DecisionModel(policyc.load_text(BEFORE))
    settings = {target: dict(policyc.targets.find(target).DEFAULTS)}
    files = dict(sound(target))
    files[FILES[target]] = faulty(files[FILES[target]], random.Random(seed))

    anew = checking.verify(model, {target: files}, (target,), settings)
    found = checking.verify(model, {target: files}, (target,), settings, kept=FILLED.copy())

    assert told(found) == told(anew)


# -- where files are cut -----------------------------------------------------------------------------------------------


def parts_of(target, text):
    policy = SimpleNamespace(extensions=dict.fromkeys(("101", "102")))

    return protocol.parts(protocol.find(target), {FILES[target]: text}, policy)


def test_what_is_cut_comes_together_again():
    policy = policyc.load_text(BEFORE)
    for target in TARGETS:
        text = sound(target)[FILES[target]]
        parts = protocol.parts(protocol.find(target), {FILES[target]: text}, policy)

        assert parts.own.keys() == BLOCKS.keys()
        assert parts.only(BLOCKS)[FILES[target]] == text
        smaller = [len(parts.only(some)[FILES[target]]) for some in ((), ("101",), ("101", "102"), BLOCKS)]
        assert all(one < other for one, other in pairwise(smaller))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", few(chosen(0, 40), 8))
def test_what_is_cut_of_files_with_faults_comes_together_again(target, seed):
    text = faulty(sound(target)[FILES[target]], random.Random(seed))
    parts = protocol.parts(protocol.find(target), {FILES[target]: text}, policyc.load_text(BEFORE))

    assert parts is None or parts.only(BLOCKS)[FILES[target]] == text


def test_an_asterisk_comment_decides_nothing():
    one, other = (parts_of("asterisk", f"[policyc-101]\nexten => s,1,NoOp() ; {said}\n") for said in ("un", "deux"))

    assert one.own == other.own


@pytest.mark.parametrize("line", ["exten => s,1,NoOp() ;-- un", "#include more.conf", " #exec x"])
def test_an_asterisk_line_that_bears_upon_others_is_not_cut_out(line):
    assert parts_of("asterisk", f"[policyc-101]\n{line}\n") is None


def test_what_is_added_to_an_asterisk_context_is_for_all():
    parts = parts_of("asterisk", "[policyc-101]\nexten => s,1,NoOp()\n[policyc-101](+)\nexten => x,1,NoOp()\n")

    assert "(+)" in parts.shared


@pytest.mark.parametrize("before", [" ", "\t ", "\r"])
def test_an_asterisk_context_that_is_indented_is_for_all(before):
    parts = parts_of("asterisk", f"[policyc-101]\nexten => s,1,NoOp()\n{before}[policyc-102]\nexten => x,1,NoOp()\n")

    assert "exten => x" in parts.shared
    assert "102" not in parts.own["101"]


LINE = '  <extension name="x">\n    <condition field="destination_number" expression="^101$">\n{}  </extension>\n'


@pytest.mark.parametrize("inside", ["<anti-action application='hangup'/>", "<X-pre-process cmd='set' data='a=b'/>"])
def test_a_freeswitch_line_that_reaches_beyond_its_destination_is_not_cut_out(inside):
    assert parts_of("freeswitch", f'<context name="a">\n{LINE.format(inside)}</context>\n') is None


def test_a_freeswitch_line_with_a_comment_is_for_all():
    parts = parts_of("freeswitch", f'<context name="a">\n{LINE.format("<!-- ")}{LINE.format("")}</context>\n')

    assert "<!-- " in parts.shared


ANOTHER = LINE.replace("101", "102")


@pytest.mark.parametrize(
    "text",
    [
        "<!-- " + LINE.format("") + ANOTHER.format("") + " -->",
        "<![CDATA[" + ANOTHER.format("") + "]]>",
        "<!-- <context -->" + "<extension name='y'><!-- </extension> -->" + ANOTHER.format("") + "</extension>",
    ],
)
def test_freeswitch_lines_in_something_else_are_for_all(text):
    parts = parts_of("freeswitch", f'<context name="a">\n{text}</context>\n')

    assert "102" not in parts.own
    assert "^102$" in parts.shared


def test_a_freeswitch_line_that_does_not_end_as_others_do_is_for_all():
    text = LINE.format("").replace("  </extension>", " </extension>") + ANOTHER.format("")
    parts = parts_of("freeswitch", f'<context name="a">\n{text}</context>\n')

    assert parts.own.keys() == {"102"}
    assert "^101$" in parts.shared


def test_the_name_of_a_freeswitch_line_hides_nothing():
    inside = "--> <extension name='y'><condition><action application='hangup'/></condition></extension> <!--"
    parts = parts_of("freeswitch", f'<context name="a">\n<!--   <extension name="x {inside} " --></context>\n')

    assert "hangup" in parts.shared


@pytest.mark.parametrize("data", ["data='102 XML a'", 'data = "102 XML a"', 'data="1&#48;2 XML a"'])
def test_where_a_freeswitch_line_leads_is_found_in_any_spelling(data):
    action = f'<action application="transfer" {data}/>\n'
    parts = parts_of("freeswitch", f'<context name="a">\n{LINE.format(action)}</context>\n')

    assert "102" in parts.leads["101"]


def test_a_freeswitch_mailbox_takes_calls_and_what_all_share_leads_to_it():
    action = '<action application="transfer" data="{} XML policyc-mailbox"/>\n'
    text = LINE.format(action.format("101")) + action.format("102")
    parts = parts_of("freeswitch", f'<context name="a">\n{text}</context>\n')

    assert parts.mailboxes["101"] == {"101", "102"}
    assert not parts.leads["101"]
    assert parts.shared_leads == {"102"}


def test_freeswitch_contexts_that_are_alike_are_not_cut():
    context = '<context name="a">\n{}</context>\n'

    assert parts_of("freeswitch", context.format(LINE.format("")) + context.format("")) is None


def test_freeswitch_lines_of_an_extension_are_its_own_wherever_they_stand():
    lines = (LINE.format(""), ANOTHER.format("<action/>\n"), LINE.format("<action/>\n"))
    parts = parts_of("freeswitch", '<context name="a">\n{}{}{}</context>\n'.format(*lines))

    its_own = "".join(lines[::2]).replace('name="x"', 'name=""')  # what it is called decides nothing
    assert parts.own["101"] == f'<context name="a">\n{its_own}</context>\n'
    assert parts.shared == '<context name="a">\n</context>\n'


def test_lists_of_3cx_lead_where_their_exceptions_do():
    policy = policyc.load_text(BEFORE)
    lists = {FILES["3cx"]: sound("3cx")[FILES["3cx"]]}
    parts = protocol.parts(protocol.find("3cx"), lists, policy)

    assert {number: sorted(parts.leads[number] & policy.extensions.keys()) for number in ("101", "103", "110")} == {
        "101": ["102"],
        "103": ["100"],
        "110": ["100", "111"],
    }
    assert parts.mailboxes["102"] == {"104"}


@pytest.mark.parametrize("settings", [{"version": "20.0.8"}, {"anonymous": "privé"}])
def test_lists_of_3cx_in_whatever_form_are_cut(settings):
    files = compiled(BEFORE, settings={"3cx": settings}, wanted=("3cx",))[1].files["3cx"]
    lists = {FILES["3cx"]: files[FILES["3cx"]]}

    assert protocol.parts(protocol.find("3cx"), lists, policyc.load_text(BEFORE)).own.keys() == BLOCKS.keys()


@pytest.mark.parametrize(
    "change", [("\n  ", "\n   "), ('"Id": 0', '"Id": 00'), (": true", ": tru"), ('"To": "N', '"To": "\\u004e')]
)
def test_lists_of_3cx_in_another_layout_are_one_whole(change):
    text = sound("3cx")[FILES["3cx"]]
    assert change[0] in text

    assert (
        protocol.parts(protocol.find("3cx"), {FILES["3cx"]: text.replace(*change)}, policyc.load_text(BEFORE)) is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"value": 1}',
        '{"value": [{}]}',
        '{"value": [{"Number": "9", "ForwardingExceptions": []}]}',
        '{"value": [{"Number": "101", "Number": "101", "ForwardingExceptions": []}]}',
        '{"value": [{"Number": "101", "ForwardingExceptions": [], "Id": NaN}]}',
    ],
)
def test_exceptions_of_another_form_are_one_whole(text):
    assert parts_of("3cx", text) is None


def test_keys_follow_from_what_calls_reach():
    policy = policyc.load_text(BEFORE)
    model = DecisionModel(policy)
    text = sound("asterisk")["policyc.conf"]
    parts = protocol.parts(protocol.find("asterisk"), {"policyc.conf": text}, policy)
    leads = keeping.ways(model, parts)

    assert keeping.reached(parts, leads, ["104"]) == {"104"}
    assert keeping.reached(parts, leads, ["103"]) == {"103", "100", "101", "102", "104"}
    assert len(set(keeping.keys(model, parts, leads, ()).values())) == len(BLOCKS)
