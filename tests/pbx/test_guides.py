"""The guides of attachment on real PBXs: what their lines do, step by step, and back.

Calls of Asterisk go over SIP: another Asterisk plays the operator and the phones.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from guides.asterisks import Site
from guides.fusion import DOMAIN, Fusion, has_lua
from guides.pages import Guide, excerpt
from pbx.asterisk import find

SHAPE = Path(__file__).resolve().parents[1] / "guides"
PHONES = {"101": "un-secret-101", "102": "un-secret-102"}
PRESENTATIONS = ("0639981234", "+33639981234", "0033639981234", "33639981234", "639981234")
DAY = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
NIGHT = DAY.replace(hour=22)


def policyc(folder, *arguments, **variables):
    """Run policyc in a folder, in French."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLICYC_")}
    done = subprocess.run(
        [sys.executable, "-m", "policyc", *arguments],
        cwd=folder, env={**kept, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return re.sub("[\u00a0\u202f]", " ", done.stdout + done.stderr)


@cache
def guide(name):
    return Guide(name)


def compiled(name, folder, **changes):
    """Compile the policy of a guide with its settings, and return the dialplan: its name and its text."""
    settings = guide(name).one("toml")
    for before, after in changes.items():
        assert before in settings
        settings = re.sub(rf"^{before}\b.*$", f'{before} = "{after}"', settings, flags=re.MULTILINE)
    (folder / "cabinet.pol").write_text(guide(name).one("policyc", "politique"), encoding="utf-8")
    (folder / "policyc.toml").write_text(settings, encoding="utf-8")
    printed = policyc(folder, "compile")
    assert "Prouvé pour tout appel" in printed, printed
    [dialplan] = (folder / "build").glob("*/policyc.[cx]*")
    return {dialplan.name: dialplan.read_text(encoding="utf-8")}


async def at(site, instant):
    """Let the policy take each call for one of that instant."""
    await site.pbx.set("TESTTIME", str(int(instant.timestamp())))


# -- an Asterisk with a trunk ------------------------------------------------------------------------------------------


@pytest.mark.pbx
def test_an_asterisk_with_a_trunk(tmp_path):
    page = guide("asterisk")
    conf = compiled("asterisk", tmp_path)
    before = page.files()

    async def run():
        async with Site(before, phones=PHONES) as site:
            # nothing is attached
            seen = await site.from_operator("0199001202", "0639981234")
            assert ["depuis-operateur", "postes"] == seen.contexts
            assert ["102@default,u"] == seen.ran("VoiceMail")

            # one direct line, and nothing else
            printed = await site.change({**page.files("essai"), **conf})
            assert "Dialplan reloaded." in printed
            assert "policyc-external" in await site.pbx.console("dialplan show 102@policyc-external")
            await at(site, DAY)
            for caller in PRESENTATIONS:
                seen = await site.from_operator("0199001202", caller)
                assert "policyc-external" in seen.contexts
                assert ["101@default,u"] == seen.ran("VoiceMail"), caller  # the mailbox of the secretary
                assert [] == seen.arrived
            seen = await site.from_operator("0199001201", "0639981234")
            assert ["depuis-operateur", "postes"] == seen.contexts
            seen = await site.from_phone("101", "102")
            assert not [name for name in seen.contexts if name.startswith("policyc-")]

            # rebound: to the operator, hidden, and accepted by a key
            await site.behave("0639980002", "accepte")
            seen = await site.from_operator("0199001202", "+33639980020")
            assert seen.bridged
            assert ["102"] == seen.ran("SayDigits")
            assert ["0639980002"] == [one.number for one in seen.arrived]
            assert seen.arrived[0].shown.startswith("Anonymous <sip:anonymous@anonymous.invalid>")
            await site.behave("0639980002", "decroche")  # an answering machine presses no key
            seen = await site.from_operator("0199001202", "0639980020")
            assert (False, ["102@default,u"]) == (seen.bridged, seen.ran("VoiceMail"))
            # without rebound the caller is shown
            seen = await site.from_operator("0199001202", "0165711000")
            assert seen.bridged
            assert ["0639980002"] == [one.number for one in seen.arrived]
            assert "<sip:0165711000@" in seen.arrived[0].shown

            # a masked call is no mobile
            seen = await site.from_operator("0199001202", "0639981234", masked=True)
            assert ["102"] == [one.number for one in seen.arrived]
            assert ["102@default,b"] == seen.ran("VoiceMail")

            # the group is the PBX's own
            await at(site, NIGHT)
            seen = await site.from_operator("0199001202", "0639981234")
            assert ["hors-politique"] == seen.contexts[-1:]
            assert ["PJSIP/101&PJSIP/102,30"] == seen.ran("Dial")

            # the second step, and the third
            await site.change(page.files("essai", "directes"))
            await at(site, DAY)
            seen = await site.from_operator("0199001201", "0639981234")
            assert "policyc-101" in seen.contexts
            await site.change(page.files(*page.steps))
            await at(site, DAY)
            seen = await site.from_phone("101", "102")
            assert ["policyc-internal", "policyc-102"] == [seen.contexts[1], seen.contexts[-2]]
            assert "<sip:101@" in seen.arrived[0].shown
            for called, dialled in (("0142424242", "PJSIP/0142424242@operateur"), ("15", "PJSIP/15@operateur"),
                                    ("112", "PJSIP/112@operateur"), ("104", "PJSIP/104,25")):  # fmt: skip
                seen = await site.from_phone("101", called)
                assert dialled in seen.ran("Dial")
                assert not [name for name in seen.contexts if name.startswith("policyc-")]
            # a number that the policy does not know goes on, but not outside
            await site.change({"extensions.conf": page.files(*page.steps)["extensions.conf"] + STRAY})
            seen = await site.from_operator("0199001203", "0639981234")
            assert ["hors-politique"] == seen.contexts[-1:]
            assert ["PJSIP/104,25"] == seen.ran("Dial")
            seen = await site.from_operator("0199001204", "0639981234")
            assert ([], []) == (seen.ran("Dial"), seen.arrived)

            # and back
            await site.change(before)
            seen = await site.from_operator("0199001202", "0639981234")
            assert ["depuis-operateur", "postes"] == seen.contexts
            return site.pbx.log()

    problems = asyncio.run(run())

    assert [] == [line for line in problems if "pbx_config" in line or "already in use" in line]


STRAY = """
[depuis-operateur]
exten => 0199001203,1,Goto(policyc-external,104,1)
exten => 0199001204,1,Goto(policyc-external,0142424242,1)
"""


@pytest.mark.pbx
def test_what_runs_is_proved_with_the_account_of_the_guide(tmp_path):
    page = guide("asterisk")
    conf = compiled("asterisk", tmp_path)
    command, shown = page.one("console", "direct").split("\n", 1)
    account = page.one("asterisk", "fin", "manager.conf", "postes")
    prompt, program, *arguments = shlex.split(command)

    async def run():
        async with Site(page.files(*page.steps), conf, phones={}) as site:
            return await asyncio.to_thread(
                policyc, tmp_path, *arguments,
                POLICYC_AMI_PORT=str(site.pbx.port), POLICYC_AMI_USER="policyc",
                POLICYC_AMI_SECRET=re.search(r"secret = (.+)", account)[1],
            )  # fmt: skip

    printed = asyncio.run(run())

    assert ["$", "policyc"] == [prompt, program]
    assert excerpt(shown).fullmatch(printed), printed


ROWS = re.findall(r"^\| (.+?) \| `(Anonymous.+?)` \| (.*?) ?\| (.*?) ?\|$", Guide("asterisk").text, re.MULTILINE)


@pytest.mark.pbx
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_the_operator_sees_of_a_rebound(row, tmp_path):
    added, shown, privacy, asserted = (cell.strip("`") for cell in row)
    page = guide("asterisk")
    files = {**page.files("essai"), **compiled("asterisk", tmp_path)}
    lines = "" if added == "rien" else added.replace("` `", "\n") + "\n"
    files["pjsip.conf"] = files["pjsip.conf"].replace("type     = endpoint\n", f"type     = endpoint\n{lines}", 1)

    async def run():
        async with Site(files, phones={}) as site:
            return await site.from_operator("0199001202", "0639980020")

    [arrived] = asyncio.run(run()).arrived

    assert len(ROWS) == 4
    assert (shown, privacy) == (arrived.shown.partition(";")[0], arrived.privacy)
    assert re.fullmatch(re.escape(asserted).replace("…", ".*"), arrived.asserted)


# -- FreePBX: the contexts of one, not a FreePBX -----------------------------------------------------------------------


def freepbx(*steps, destination=None):
    """Return the files of an Asterisk whose dialplan has the contexts of FreePBX 17, with the lines of the guide."""
    page = guide("freepbx")
    shape = {path.name: path.read_text(encoding="utf-8") for path in (SHAPE / "freepbx").glob("*.conf")}
    routes = {"0199001200": "ext-group,600,1", "0199001201": "from-did-direct,101,1"}
    routes["0199001202"] = "from-did-direct,102,1"
    if steps:
        routes["0199001202"] = destination or page.one("text", "destination").strip()
    text = shape["extensions_additional.conf"]
    for did, to in routes.items():
        text = text.replace("{" + did + "}", to)
    return {**shape, "extensions_additional.conf": text, **page.files(*steps)}


@pytest.mark.pbx
def test_a_freepbx(tmp_path):
    conf = compiled("freepbx", tmp_path)
    page = guide("freepbx")

    async def hint(site):
        reply = await site.pbx.ami.action(
            ("Action", "ExtensionState"), ("Exten", "102"), ("Context", "from-internal")
        )  # fmt: skip
        return reply["Hint"]

    async def run():
        async with Site(freepbx(), phones=PHONES) as site:
            seen = await site.from_operator("0199001202", "0639981234")
            assert ["102@default,u"] == seen.ran("VoiceMail")
            before = await hint(site)

            # one inbound route
            await site.change({**freepbx("essai"), **conf})
            await at(site, DAY)
            for caller in PRESENTATIONS:
                seen = await site.from_operator("0199001202", caller)
                assert ["101@default,u"] == seen.ran("VoiceMail"), caller
            seen = await site.from_operator("0199001201", "0639981234")
            assert not [name for name in seen.contexts if name.startswith("policyc-")]

            # a masked call whose number the operator vouches for is a masked call, to the policy and to the phone
            seen = await site.from_operator("0199001202", "0639981234", masked=True, asserted=True)
            assert ["PJSIP/101&PJSIP/102,20"] == seen.ran("Dial")
            assert "hors-politique" in seen.contexts
            assert {"101", "102"} == {one.number for one in seen.arrived}
            assert not [one for one in seen.arrived if "0639981234" in one.shown]

            # rebound over the trunk is hidden
            await site.behave("0639980002", "accepte")
            seen = await site.from_operator("0199001202", "0639980020")
            assert seen.bridged
            assert "<sip:anonymous@anonymous.invalid>" in seen.arrived[0].shown

            # what is FreePBX's: a queue, whose member is called by FreePBX; an IVR at night
            seen = await site.from_operator("0199001202", "0165711000")
            assert "from-queue" in seen.contexts
            assert "from-internal" in seen.contexts
            assert 1 == seen.contexts.count("policyc-102")
            await at(site, NIGHT)
            seen = await site.from_operator("0199001202", "0639981234")
            assert ["ivr-1,s,1"] == [step.data for step in seen.steps if step.context == "hors-politique"]

            # from phones too
            await site.change(freepbx(*page.steps))
            await at(site, DAY)
            seen = await site.from_phone("101", "102")
            assert "policyc-internal" in seen.contexts
            assert ["102"] == [one.number for one in seen.arrived]
            assert "<sip:101@" in seen.arrived[0].shown
            assert before == await hint(site)
            seen = await site.from_operator("0199001202", "0165711000")
            assert 1 == seen.contexts.count("policyc-102")  # the member of the queue is rung by FreePBX
            assert "macro-exten-vm" in seen.contexts
            for called, dialled in (("0142424242", "0142424242"), ("15", "15"), ("112", "112")):
                seen = await site.from_phone("101", called)
                assert [f"PJSIP/{dialled}@operateur,300"] == seen.ran("Dial")
                assert not [name for name in seen.contexts if name.startswith("policyc-")]
            seen = await site.from_phone("101", "103")
            assert not [name for name in seen.contexts if name.startswith("policyc-")]
            return site.pbx.log()

    problems = asyncio.run(run())

    assert [] == [line for line in problems if "pbx_config" in line or "already in use" in line]


@pytest.mark.pbx
def test_what_the_guide_of_freepbx_warns_of_is_so(tmp_path):
    """A destination that skips `vers-politique` unmasks; a rebound over an outbound route shows the caller."""
    conf = compiled("freepbx", tmp_path, external_channel="Local/{number}@from-internal/n")

    async def run():
        async with Site(freepbx("essai", destination="policyc-external,102,1"), conf, phones=PHONES) as site:
            await at(site, DAY)
            masked = await site.from_operator("0199001202", "0639981234", masked=True, asserted=True)
            rebound = await site.from_operator("0199001202", "0639980020")
            return masked, rebound

    masked, rebound = asyncio.run(run())

    assert ["101@default,u"] == masked.ran("VoiceMail")  # as any mobile
    assert "<sip:0639980020@" in rebound.arrived[0].shown


# -- FusionPBX: the contexts of one on a real FreeSWITCH, not a FusionPBX ----------------------------------------------


@pytest.fixture(params=[False, True], ids=["files", "lua"])
def lua(request):
    """Where the dialplan is: in files, or given by a script as FusionPBX's."""
    if request.param and not has_lua():
        pytest.skip("this FreeSWITCH has no mod_lua")
    return request.param


@pytest.mark.pbx_freeswitch
def test_a_fusionpbx(tmp_path, lua):
    page = guide("fusionpbx")
    policy = compiled("fusionpbx", tmp_path)["policyc.xml"]
    with Fusion(tmp_path / "fs", page.files(), lua=lua) as fusion:
        seen = fusion.from_operator("0199001202", "0639981234")
        assert [DOMAIN] == seen.contexts
        assert ("bridge", f"user/102@{DOMAIN}") in seen.ran

    first = page.files("essai")
    with Fusion(tmp_path / "fs", first, policy, lua=lua) as fusion:
        for caller in PRESENTATIONS:
            seen = fusion.from_operator("0199001202", caller)
            assert [DOMAIN, "policyc-external"] == seen.contexts[:2]
            assert ("set", "voicemail_id=101") in seen.ran, caller
            assert "voicemail" not in dict(seen.ran)
        seen = fusion.from_operator("0199001201", "0639981234")
        assert [DOMAIN] == seen.contexts
        seen = fusion.from_phone("101", "102")
        assert [] == seen.contexts

        # a masked call, whose number the operator vouches for: the group
        seen = fusion.from_operator("0199001202", "0639981234", masked=True)
        assert ("set", "ring_group=800") in seen.ran

        # rebound over the gateway, hidden; then FusionPBX's voicemail
        seen = fusion.from_operator("0199001202", "0639980020")
        assert "sip:0639980002@" in seen.invite.split("\n")[0]
        assert "0639980020" not in seen.invite
        assert "anonymous" in seen.header("From").lower()
        assert "id" == seen.header("Privacy")
        assert ("set", "voicemail_id=102") in seen.ran

        # from phones, and outside as before
        assert "[Success]" in fusion.change(page.files("essai", "tous"))
        seen = fusion.from_phone("101", "102")
        assert "policyc-internal" == seen.contexts[0]
        assert any("user/102@" in data for application, data in seen.ran if application == "bridge")
        assert ("set", "voicemail_id=102") in seen.ran
        seen = fusion.from_operator("0199001201", "0639981234")
        assert [DOMAIN, "policyc-external"] == seen.contexts[:2]
        seen = fusion.from_phone("101", "0142424242")
        assert [] == seen.contexts
        assert "sip:0142424242@" in seen.invite.split("\n")[0]

        # and back
        entries = [name for name in first if name.startswith("485-")]
        assert "[Success]" in fusion.change({name: text for name, text in first.items() if name not in entries})
        seen = fusion.from_operator("0199001202", "0639981234")
        assert [DOMAIN] == seen.contexts


@pytest.mark.pbx_freeswitch
def test_fusionpbx_answers_for_any_context_unless_the_script_of_the_guide_is_there(tmp_path):
    if not has_lua():
        pytest.skip("this FreeSWITCH has no mod_lua")
    page = guide("fusionpbx")
    policy = compiled("fusionpbx", tmp_path)["policyc.xml"]
    files = {**page.files("essai"), "lua.conf.xml": page.files()["lua.conf.xml"]}

    with Fusion(tmp_path / "fs", files, policy, lua=True) as fusion:
        seen = fusion.from_operator("0199001202", "0639981234")

    assert [DOMAIN, "policyc-external"] == seen.contexts  # and there, FusionPBX rings the extension
    assert ("bridge", f"user/102@{DOMAIN}") in seen.ran


@pytest.mark.pbx_freeswitch
def test_without_the_file_of_the_guide_messages_do_not_reach_fusionpbx(tmp_path):
    page = guide("fusionpbx")
    files = {name: text for name, text in page.files("essai").items() if not name.endswith("messagerie.xml")}

    with Fusion(tmp_path / "fs", files, compiled("fusionpbx", tmp_path)["policyc.xml"], lua=False) as fusion:
        seen = fusion.from_operator("0199001202", "0639981234")

    assert ("voicemail", f"default {DOMAIN} 101") in seen.ran
    assert "voicemail_id=101" not in dict(seen.ran).values()


# -- Ansible -----------------------------------------------------------------------------------------------------------

PLAYBOOK = Path(__file__).resolve().parents[2] / "examples" / "ansible" / "deploy.yml"


def ansible():
    """Return `ansible-playbook`, of this environment or of PATH; skip without it."""
    beside = Path(sys.executable).with_name("ansible-playbook")
    found = str(beside) if beside.exists() else shutil.which("ansible-playbook")
    if not found:
        pytest.skip("no ansible-playbook: pip install ansible-core")
    return found


def deploy(folder, instance, **variables):
    """Run the playbook on an instance; return its status, how many tasks changed something, and what it printed."""
    owner, group = Path(folder).owner(), Path(folder).group()
    known = {
        "policyc_project": str(folder), "policyc_command": [sys.executable, "-m", "policyc"],
        "policyc_etc": str(instance.folder / "etc"), "policyc_owner": owner, "policyc_group": group,
        "policyc_log": str(instance.folder / "log/problems"),
        "policyc_asterisk": [str(find() / "bin/asterisk"), "-C", str(instance.folder / "etc/asterisk.conf")],
        "policyc_live_command": [sys.executable, "-m", "policyc", "verify", "--live", "asterisk"],
        "policyc_live_project": str(folder),
        "ansible_python_interpreter": sys.executable, "ansible_connection": "local", "ansible_become": False,
        **variables,
    }  # fmt: skip
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("POLICYC_", "ANSIBLE_"))},
        "ANSIBLE_HOME": str(folder / ".ansible"), "ANSIBLE_NOCOWS": "1", "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    done = subprocess.run(
        [ansible(), "-i", PLAYBOOK.with_name("inventory.yml"), PLAYBOOK, "-e", json.dumps(known)],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    changed = re.search(r"^pbx\S*\s.*changed=(\d+)", done.stdout, re.MULTILINE)
    return done.returncode, int(changed[1]) if changed else None, done.stdout + done.stderr


@pytest.mark.pbx
def test_the_playbook_lays_a_plan_and_takes_it_back(tmp_path):
    ansible()
    page = guide("asterisk")
    compiled("asterisk", tmp_path)
    policy = tmp_path / "cabinet.pol"
    conf = tmp_path / "build/asterisk/policyc.conf"

    async def run():
        empty = {"policyc.conf": "; rien encore\n"}
        async with Site(page.files(*page.steps), empty, phones={}) as site:
            laid = site.pbx.folder / "etc/policyc.conf"

            async def play(**variables):
                return await asyncio.to_thread(deploy, tmp_path, site.pbx, **variables)

            account = {"POLICYC_AMI_PORT": str(site.pbx.port), "POLICYC_AMI_USER": "policyc",
                       "POLICYC_AMI_SECRET": "un-secret-de-surveillance"}  # fmt: skip
            status, changed, told = await play(policyc_live=True, policyc_live_environment=account)
            assert (0, 2) == (status, changed), told  # the file, and the reload
            assert conf.read_bytes() == laid.read_bytes()
            assert 0o640 == laid.stat().st_mode & 0o777
            seen = await site.from_operator("0199001202", "0639980020")
            assert "policyc-rebound" in seen.contexts

            # nothing has changed: nothing is done
            status, changed, told = await play(policyc_build=False)
            assert (0, 0) == (status, changed), told

            # a file that somebody touched is refused before any PBX is
            good = conf.read_text(encoding="utf-8")
            conf.write_text(good.replace("PJSIP/0639980002@", "PJSIP/0639980003@"), encoding="utf-8")
            status, changed, told = await play(policyc_build=False)
            assert (2, None) == (status, changed), told
            assert good == laid.read_text(encoding="utf-8")
            conf.write_text(good, encoding="utf-8")

            # a plan that is not loaded whole: the one before is back, in the file and in memory
            text = policy.read_text(encoding="utf-8")
            policy.write_text(text.replace("vers mobile rebond", "vers occupé"), encoding="utf-8")
            stray = "[policyc-busy]\nexten => s,1,NoOp(stray)\n"
            site.pbx.write("extensions.conf", site.placed(page.files(*page.steps)["extensions.conf"]).replace(
                "#include policyc.conf", f"{stray}#include policyc.conf"))  # fmt: skip
            status, changed, told = await play()
            assert 2 == status, told
            assert "already in use" in told
            assert "celui d'avant l'est de nouveau" in told
            assert good == laid.read_text(encoding="utf-8")
            seen = await site.from_operator("0199001202", "0639980020")
            assert "policyc-rebound" in seen.contexts

            # repaired, the new one is laid
            site.pbx.write("extensions.conf", site.placed(page.files(*page.steps)["extensions.conf"]))
            status, changed, told = await play()
            assert (0, 2) == (status, changed), told
            seen = await site.from_operator("0199001202", "0639980020")
            assert "policyc-busy" in seen.contexts

    asyncio.run(run())
