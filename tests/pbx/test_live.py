"""A running Asterisk read over its manager interface, beside the files that it was given."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from calls import suite
from pbx.asterisk import Asterisk
from pbx.compiled import CHANNELS, write

import policyc
from policyc.live import access, ami, asterisk
from policyc.targets.asterisk import reader

pytestmark = pytest.mark.pbx

RECORDED = Path(__file__).resolve().parents[1] / "recorded" / "asterisk"
SETTINGS = {**CHANNELS, "system_context": "from-internal"}
RIGHTS = "command,config"
POLICY = """
poste 101 Accueil messagerie
poste 102 "Dr Martin" messagerie, mobile 06 12 34 56 78
horaires bureau = lundi-vendredi 09:00-12:30
pour "Dr Martin"
  depuis 06* pendant bureau vers occupé
  depuis 07* vers mobile rebond
  depuis anonyme vers messagerie
"""


@asynccontextmanager
async def running(folder, rights=RIGHTS, general=""):
    """Start an Asterisk with an account that has some rights; yield it and the account."""
    async with Asterisk(folder) as one:
        settings = one.folder / "etc" / "manager.conf"
        account = f"[live]\nsecret = s3cret\nwrite = {rights}\nwritetimeout = 20000\npermit = 127.0.0.1/32\n"
        settings.write_text(settings.read_text().replace("[general]\n", f"[general]\n{general}\n") + account)
        await command(one, "manager reload")
        port = int(re.search(r"^port = (\d+)", settings.read_text(), re.MULTILINE)[1])
        yield one, access.Access("127.0.0.1", port, False, "live", "s3cret")


async def command(one, text):
    reply = await one._ami.action(("Action", "Command"), ("Command", text))
    assert reply["Response"] == "Success", reply


async def read(account):
    return await asyncio.to_thread(asterisk.read_live, account, SETTINGS)


def told(dialplan, name):
    """Return all that a context says, without the places; what is not understood of it as text."""
    try:
        context = dialplan.contexts[name]
    except reader.NotUnderstood as error:
        return f"{error.what.name} {error.text}"
    return {
        "includes": [included for included, _ in context.includes],
        **{
            one.name: ({at: (step.application, step.data) for at, step in sorted(one.steps.items())}, dict(one.labels))
            for one in context.extens
        },
    }


def compare(folder, live):
    """Return the contexts that differ between files and what runs, and those that run and are in no file."""
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.conf")}
    written = reader.read(files, "policyc.conf")
    differ = [name for name in written.contexts if name not in live.contexts or told(written, name) != told(live, name)]
    return differ, set(live.contexts) - set(written.contexts), dict(written.variables) == dict(live.variables)


def test_what_runs_is_what_was_written(tmp_path):
    """All policies of the conformance suite, from the same bytes: whatever is written is read back alike."""

    async def run():
        wrong = []
        for path in suite.paths():
            folder = tmp_path / path.stem
            write(suite.read(path).policy, folder, whole=False)
            async with running(folder) as (_, account):
                found = compare(folder, await read(account))
            if found != ([], {"harness", "phones-act"}, True):
                wrong.append((path.stem, found))
        return wrong

    assert [] == asyncio.run(run())


def test_what_runs_is_what_was_written_for_records_too(tmp_path):
    """Lines that end in blanks, hold signs beyond ASCII, and are longer than the listing shows."""
    case = suite.read(next(path for path in suite.paths() if path.stem == "09-chains"))
    write(case.policy, tmp_path / "p", {"rule_in_cdr": True}, whole=False)

    async def run():
        async with running(tmp_path / "p") as (_, account):
            return compare(tmp_path / "p", await read(account))

    assert ([], {"harness", "phones-act"}, True) == asyncio.run(run())


def test_places_are_those_of_the_file(tmp_path):
    write(policyc.load_text(POLICY), tmp_path / "p", whole=False)

    async def run():
        async with running(tmp_path / "p") as (_, account):
            return await read(account)

    live = asyncio.run(run())
    written = reader.read({"policyc.conf": (tmp_path / "p" / "policyc.conf").read_text()}, "policyc.conf")
    places = {one.name: [step.place for step in one.steps.values()] for one in live.contexts["policyc-102"].extens}

    assert places
    assert places == {
        one.name: [step.place for step in one.steps.values()] for one in written.contexts["policyc-102"].extens
    }


def test_a_change_is_seen_where_it_is(tmp_path):
    """By a command of the console, which no file knows; then by another file, loaded."""
    folder = tmp_path / "p"
    write(policyc.load_text(POLICY), folder, whole=False)

    async def run():
        async with running(folder) as (one, account):
            await command(one, "dialplan add extension h,1,NoOp,changed into policyc-102 replace")
            by_command = await read(account)
            await command(one, "dialplan remove extension h@policyc-102")
            same = compare(folder, await read(account))
            file = folder / "policyc.conf"
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("PJSIP/101", "PJSIP/109").replace("ext-101@", "ext-109@"), encoding="utf-8")
            before = compare(folder, await read(account))
            await command(one, "dialplan reload")
            after = compare(folder, await read(account))
            file.write_text(text, encoding="utf-8")
            return by_command, same, before, after, compare(folder, await read(account))

    by_command, same, before, after, back = asyncio.run(run())
    [added] = [one for one in by_command.contexts["policyc-102"].extens if one.name == "h"]

    assert reader.Place("127.0.0.1:policyc-102", 1) == added.steps[1].place
    assert "changed" == added.steps[1].data
    assert [] == same[0]
    assert before[0] == back[0] == ["policyc-101"]  # the file is another, and then what runs is
    assert [] == after[0]


@pytest.mark.parametrize(("rights", "lacks"), [("", "command"), ("config", "command"), ("command", "config")])
def test_an_account_without_the_rights_is_told_which(tmp_path, rights, lacks):
    write(policyc.load_text(POLICY), tmp_path / "p", whole=False)

    async def run():
        async with running(tmp_path / "p", rights) as (_, account):
            await read(account)

    with pytest.raises(asterisk.LiveError) as caught:
        asyncio.run(run())

    assert "PC602" == caught.value.diagnostic.code
    assert lacks == caught.value.diagnostic.args["right"]


def test_a_wrong_secret_is_refused(tmp_path):
    write(policyc.load_text(POLICY), tmp_path / "p", whole=False)

    async def run():
        async with running(tmp_path / "p") as (_, account):
            await read(access.Access(account.host, account.port, False, "live", "other"))

    with pytest.raises(asterisk.LiveError) as caught:
        asyncio.run(run())

    assert ("PC602", "login") == (caught.value.diagnostic.code, caught.value.diagnostic.args["case"])


@pytest.mark.parametrize("setting", ["extenpatternmatchnew = yes", "autofallthrough = no", "overrideswitch = a/b"])
def test_a_setting_that_changes_all_is_not_passed_over(tmp_path, setting):
    write(policyc.load_text(POLICY), tmp_path / "p", whole=False)
    file = tmp_path / "p" / "policyc.conf"
    file.write_text(f"[general]\n{setting}\n" + file.read_text(encoding="utf-8"), encoding="utf-8")

    async def run():
        async with running(tmp_path / "p") as (_, account):
            await read(account)

    with pytest.raises(reader.NotUnderstood) as caught:
        asyncio.run(run())

    assert (reader.What.SETTING, "extensions.conf") == (caught.value.what, caught.value.place.file)


def test_a_connection_with_tls_asks_for_a_certificate_that_is_trusted(tmp_path):
    write(policyc.load_text(POLICY), tmp_path / "p", whole=False)
    key = tmp_path / "key.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", tmp_path / "cert.pem"),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("no openssl")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    general = (
        f"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{port}\ntlscertfile = {tmp_path}/cert.pem\ntlsprivatekey = {key}\n"
    )

    async def run():
        async with running(tmp_path / "p", general=general):
            tls = access.Access("127.0.0.1", port, True, "live", "s3cret")
            live = await asyncio.to_thread(asterisk.read_live, tls, SETTINGS, ca=str(tmp_path / "cert.pem"))
            with pytest.raises(asterisk.LiveError) as caught:
                await read(tls)
            return compare(tmp_path / "p", live), caught.value.diagnostic

    found, diagnostic = asyncio.run(run())

    assert [] == found[0]
    assert ("PC601", "tls") == (diagnostic.code, diagnostic.args["case"])


# -- what is proved of it

CABINET = Path(__file__).resolve().parents[2] / "examples" / "cabinet" / "cabinet.pol"


async def proved(home, account):
    """Return what `policyc verify --live` tells a program of the cabinet's PBX."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "policyc", "verify", "cabinet.pol", "--live", "asterisk", "--format", "json"),
        *("--port", str(account.port), "--user", account.user),
        cwd=home,
        env={**os.environ, access.SECRET: account.secret},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    told = json.loads(out)
    assert process.returncode == (0 if told["passed"] else 1), err.decode()
    assert b"" == err
    return told


async def judged(one, policy, told):
    """Return of each counterexample who calls whom, and what happens by the interpreter and on the PBX itself."""
    lines = dict.fromkeys((*policy.extensions, "0639980002", "0639980003"), "busy")
    found = []
    for call in (each["call"] for each in told["counterexamples"]):
        at, internal = datetime.fromisoformat(call["at"]), call["kind"] == "internal"
        presented, called, restricted = call["presented"], call["to"], call["restricted"]
        asked = policyc.call_from(presented, called, at, internal=internal, restricted=restricted)
        seen = await one.call(
            entry=call["kind"],
            caller=presented,
            to=called,
            restricted=restricted,
            at=at.replace(tzinfo=policy.zone),
            lines=lines,
        )
        found.append((call["caller"], called, policyc.events(policy, asked, lines), seen.events))
    return found


def test_a_policy_that_runs_is_proved_until_something_is_changed(tmp_path):
    """At the console, which no file knows; then in the file, once it is loaded."""
    policy = policyc.load(CABINET)
    home, folder = tmp_path / "home", tmp_path / "p"
    home.mkdir()
    shutil.copy(CABINET, home)
    channels = "".join(f'{key} = "{value}"\n' for key, value in CHANNELS.items())
    (home / "policyc.toml").write_text(f"[targets.asterisk]\n{channels}", encoding="utf-8")
    write(policy, folder, whole=False)
    file = folder / "policyc.conf"
    text = file.read_text(encoding="utf-8")

    async def run():
        async with running(folder) as (one, account):
            assert (await proved(home, account))["passed"]

            await command(one, "dialplan add extension _e06XXXXXXXX,1,Hangup,17 into policyc-102 replace")
            told = await proved(home, account)
            found = await judged(one, policy, told)
            assert ("0612345678", "102", "voicemail 101 unavailable", "busy") in found
            assert all("busy" == by_pbx != by_policy for _, _, by_policy, by_pbx in found)
            [label] = [each for each in told["diagnostics"][0]["labels"] if not each["primary"]]
            assert ("127.0.0.1:policyc-102", 1) == (label["file"], label["line"])  # in no file
            await command(one, "dialplan reload")
            assert (await proved(home, account))["passed"]

            await command(one, "dialplan remove extension e0639980020@policyc-102")
            found = await judged(one, policy, await proved(home, account))
            assert ("0639980020", "102") in [each[:2] for each in found]
            assert all(by_policy != by_pbx for _, _, by_policy, by_pbx in found)
            await command(one, "dialplan reload")

            changed = text.replace("Dial(Local/ext-102@phones/n,20)", "Dial(Local/ext-102@phones/n,30)")
            [line] = [at for at, each in enumerate(changed.split("\n"), 1) if "ext-102@phones/n,30" in each]
            file.write_text(changed, encoding="utf-8")
            assert (await proved(home, account))["passed"]  # what runs is still the other
            await command(one, "dialplan reload")
            told = await proved(home, account)
            found = await judged(one, policy, told)
            whole = ("ring 102 20s > voicemail 102 busy", "ring 102 30s > voicemail 102 busy")
            assert {whole} == {each[2:] for each in found}
            path = told["counterexamples"][0]["files"]["path"]
            assert ("127.0.0.1:policyc.conf", line) in [(each["file"], each["line"]) for each in path]
            file.write_text(text, encoding="utf-8")
            await command(one, "dialplan reload")
            assert (await proved(home, account))["passed"]

    asyncio.run(run())


# -- what the tests without an Asterisk are told


HARNESS = ("harness", "phones", "phones-act")


@pytest.mark.parametrize("folder", [RECORDED, RECORDED / "policy"], ids=lambda folder: folder.name)
def test_the_recorded_answers_are_those_of_asterisk(folder, tmp_path):
    """To record them anew: POLICYC_RECORD=1."""
    (tmp_path / "policyc.conf").write_text((folder / "plan.conf").read_text(encoding="utf-8"), encoding="utf-8")

    def ask(account):
        with ami.Client(account) as client:
            shown = client.command("dialplan show")
            items = client.dialplan()
            return {
                "show.txt": without_harness("\n".join(shown)),
                "list.txt": "\n\n".join(
                    "\n".join(f"{key}: {value}" for key, value in one.headers if key != "ActionID")
                    for one in items
                    if one["Context"] not in HARNESS
                ),
                "globals.txt": "\n".join(client.command("dialplan show globals")),
                "general.txt": "\n".join(
                    f"{key}: {value}" for key, value in client.section("extensions.conf", "general").headers[2:]
                ),
            }

    async def run():
        async with running(tmp_path) as (_, account):
            return await asyncio.to_thread(ask, account)

    answered = {name: text.encode("latin-1").decode() + "\n" for name, text in asyncio.run(run()).items()}
    if os.environ.get("POLICYC_RECORD") == "1":
        for name, text in answered.items():
            (folder / name).write_text(text, encoding="utf-8")

    assert answered == {name: (folder / name).read_text(encoding="utf-8") for name in answered}


def without_harness(shown):
    """Return what is shown without the contexts of the harness; how many there are in all is theirs too."""
    sections = re.split(r"(?m)^(?=\[ Context |-= )", shown)
    kept = [one for one in sections if not one.startswith(tuple(f"[ Context '{name}' " for name in HARNESS))]
    return re.sub(r"-= .* =-", "-= 20 extensions (26 priorities) in 12 contexts. =-", "".join(kept))
