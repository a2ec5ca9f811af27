"""The guides of attachment, as far as no PBX is needed: their steps, policies, settings and consoles.

What their lines do on a PBX is in `tests/pbx/test_guides.py`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from unittest.mock import patch

import pytest
from fake_3cx import CLIENT_ID, SECRET, FakePbx
from guides.pages import DOCS, Guide, changed, excerpt, reverse
from judge.seeds import few

from policyc import api, cli
from policyc.apply import access

NAMES = sorted(path.stem.removeprefix("rattacher-") for path in DOCS.glob("rattacher-*.md"))
OF_ASTERISK = ("asterisk", "freepbx")


def test_there_is_a_guide_for_each_way_to_attach():
    assert ["3cx", "ansible", "asterisk", "freepbx", "fusionpbx"] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_step_can_be_done_and_taken_back(name):
    guide = Guide(name)
    done = []
    for step in guide.steps:
        before = guide.files(*done)
        after = guide.files(*done, step)
        done.append(step)

        assert before != after
        for block in guide.all("diff"):
            file, of = block.words
            if of == step:
                with_it = after[file]
                assert with_it == changed(changed(with_it, reverse(block.text)), block.text)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    for file, heading in re.findall(r"\]\(([\w-]+\.md)#?([^)]*)\)", Guide(name).text):
        page = (DOCS / file).read_text(encoding="utf-8")
        titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        assert heading in {"", *(re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles)}


def project(guide, folder):
    """Write the policy and the settings of a guide."""
    (folder / "cabinet.pol").write_text(guide.one("policyc", "politique"), encoding="utf-8")
    [settings] = [block.text for block in guide.all("toml") if "[policy]" in block.text]
    (folder / "policyc.toml").write_text(settings, encoding="utf-8")


def run(arguments, folder, environment):
    """Run policyc; return what a terminal would show, in the order in which it is printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLICYC_")}
    shown = io.StringIO()
    with (
        patch.dict(os.environ, {**kept, **environment}, clear=True),
        patch.object(sys, "stdin", io.StringIO()),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        cli.run(arguments)
    return re.sub("[\u00a0\u202f]", " ", shown.getvalue())


def run_consoles(guide, folder, environment):
    """Run the commands of a guide one after the other; each must print what is shown. Return how many there were."""
    shown = [block for block in guide.all("console") if not block.words]  # those with a word are run on a PBX
    for block in shown:
        command, expected = block.text.split("\n", 1)
        prompt, program, *arguments = shlex.split(command)
        kept = sorted(str(path) for path in (folder / "build" / "3cx").glob("avant-*"))
        arguments = [kept[-1] if "avant-…" in one else one for one in arguments]

        printed = run(arguments, folder, environment)

        assert ["$", "policyc"] == [prompt, program]
        assert excerpt(expected).fullmatch(printed), f"{guide.path.name}:{block.line}\n{printed}"
    return len(shown)


@pytest.mark.parametrize("name", few(["asterisk", "freepbx", "fusionpbx"], 3))
def test_the_commands_of_a_guide_print_what_is_shown(name, tmp_path):
    project(Guide(name), tmp_path)

    assert run_consoles(Guide(name), tmp_path, {}) >= 2


@pytest.mark.parametrize("name", OF_ASTERISK)
def test_lines_lead_to_the_policy_for_its_own_extensions_alone(name):
    """Anything else would come back from the PBX's own context, again and again, or could go outside."""
    guide = Guide(name)
    policy = api.load_text(guide.one("policyc", "politique"))
    text = guide.files(*guide.steps)["extensions.conf" if name == "asterisk" else "extensions_custom.conf"]
    entry = "policyc-(?:internal|external)" if name == "asterisk" else "vers-politique"
    led = re.findall(rf"^exten => (\S+?),1,Goto\({entry},([^,]+),1\)", text, re.MULTILINE)

    called = {from_ if to == "${EXTEN}" else to for from_, to in led}
    assert led
    assert called <= set(policy.extensions)


def test_entries_of_fusionpbx_take_extensions_of_the_policy_alone():
    guide = Guide("fusionpbx")
    policy = api.load_text(guide.one("policyc", "politique"))
    entries = [text for name, text in guide.files(*guide.steps).items() if name.startswith("485-")]
    taken = [re.search(r'"destination_number" expression="\^\(([0-9|]+)\)\$"', text)[1].split("|") for text in entries]

    assert [sorted(policy.extensions)] * 2 == taken


# -- 3CX: the consoles of its guide, one after the other, against a PBX that is none -----------------------------------

HAND_MADE = {
    "CallType": "AllCalls",
    "Condition": "BasedOnCallerID",
    "Data": "06* 07*",
    "Destination": {"To": "VoiceMail", "Number": "101", "External": ""},
    "Enabled": True,
    "Hours": {"Type": "AllHours", "Periods": []},
}


def test_the_commands_for_a_3cx_do_what_the_guide_says(tmp_path):
    guide = Guide("3cx")
    project(guide, tmp_path)
    (tmp_path / "essai.pol").write_text(guide.one("policyc", "essai"), encoding="utf-8")
    with FakePbx(version="20.0.10.995") as pbx:
        for number, rules in (("101", ()), ("102", (HAND_MADE,)), ("103", (HAND_MADE,)), ("109", ())):
            pbx.add(number, *rules)

        count = run_consoles(
            guide, tmp_path, {access.URL: pbx.url, access.CLIENT_ID: CLIENT_ID, access.CLIENT_SECRET: SECRET}
        )

        assert count >= 8
        assert ["109", "109", "102"] == pbx.written()
        assert ([HAND_MADE], [], 3) == (pbx.rules("103"), pbx.rules("109"), len(pbx.rules("102")))
        assert not any("103" in str(request) for request in pbx.requests)


# -- Ansible: what its guide says of the role --------------------------------------------------------------------------

ROLE = DOCS.parent / "examples" / "ansible"


def test_every_setting_of_the_role_is_told_with_its_default():
    table = Guide("ansible").text.partition("## Réglages")[2].partition("\n\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", table, re.MULTILINE))
    asked = re.findall(r"^\| `(\w+)` \| \(obligatoire\) \|", table, re.MULTILINE)
    defaults = (ROLE / "roles/policyc/defaults/main.yml").read_text(encoding="utf-8")
    given = {name: value.strip('"') for name, value in re.findall(r"^(\w+): (.+)$", defaults, re.MULTILINE)}
    inventory = (ROLE / "inventory.yml").read_text(encoding="utf-8")

    assert told == given
    assert set(asked) == set(re.findall(r"^ +(policyc_\w+):", inventory, re.MULTILINE))
