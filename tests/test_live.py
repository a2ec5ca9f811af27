"""Reading a running Asterisk: what it answers, recorded from a real one, and what may go wrong on the way."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from importlib import resources
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from click.testing import CliRunner
from fake_ami import RECORDED, SECRET, USER, FakeAsterisk, error
from judge.seeds import few

import policyc
from policyc import api, cli, config, report
from policyc.live import access, ami, asterisk, proof
from policyc.live.ami import Waits
from policyc.outcomes import DecisionModel
from policyc.proof import checking, protocol
from policyc.targets.asterisk.reader import NotUnderstood, Place, Walk, What, plans

SETTINGS = {
    "extension_channel": "PJSIP/{number}",
    "external_channel": "Local/{number}@towards-outside/n",
    "system_context": "from-internal",
}
FAST = Waits(silence=2.0)


@pytest.fixture
def pbx():
    with FakeAsterisk() as one:
        yield one


def account(pbx, secret=SECRET, **more):
    return access.Access(more.pop("host", "127.0.0.1"), pbx.port, more.pop("tls", False), USER, secret)


def read(pbx, waits=FAST, **more):
    return asterisk.read_live(account(pbx, **more), SETTINGS, waits=waits)


def problem(pbx, **more):
    """Return the code and the case that reading ends with, and make sure that it can be told."""
    with pytest.raises(asterisk.LiveError) as caught:
        read(pbx, **more)
    diagnostic = caught.value.diagnostic
    for language in report.LANGUAGES:
        text = report.render_text([diagnostic], report.load_catalogue(language), color=False)
        assert "127.0.0.1" in text
        assert SECRET not in text
    return diagnostic.code, diagnostic.args["case"]


def steps(dialplan, context, name):
    [exten] = [one for one in dialplan.contexts[context].extens if one.name == name]
    return exten


# -- what is read


def test_a_dialplan_is_read_whole(pbx):
    dialplan = read(pbx)
    exten = steps(dialplan, "in", "102")

    assert {1: "noop", 2: "set", 3: "hangup", 4: "noop"} == {at: one.application for at, one in exten.steps.items()}
    assert "Y=é\\,z|w".encode().decode("latin-1") == exten.steps[2].data  # a character a byte, as from files
    assert ' ${CALLERID(num)} "c" [d] ' == exten.steps[4].data
    assert {"first": 1, "label": 2, "a-very-long-label": 3, "two words": 4} == exten.labels
    assert Place("policyc.conf", 14) == exten.steps[2].place
    assert "x" * 2000 == steps(dialplan, "in", "o'x").steps[1].data  # where `dialplan show` cuts it
    assert [5, 10] == sorted(steps(dialplan, "rest", "s").steps)
    assert ["rest"] == [name for name, _ in dialplan.contexts["in"].includes]
    assert {"NAME": 'a=b,c "d"  e', "SUM": "3", "ACCENT": "\xc3\xa9"} == dict(dialplan.variables)


def test_a_context_without_extensions_is_there(pbx):
    """A call that comes there finds nothing; a call that comes to none at all is the PBX's."""
    dialplan = read(pbx)

    assert "empty" in dialplan.contexts
    assert [] == list(dialplan.contexts["empty"].extens)
    assert None is dialplan.find("empty", "102", lambda _: True)


def test_the_contexts_of_the_pbx_are_outside(pbx):
    pbx.items = [one for one in pbx.items if "Context: from-internal" not in one]
    sections = pbx.commands["dialplan show"].split("\n\n")
    pbx.commands["dialplan show"] = "\n\n".join(one for one in sections if "'from-internal'" not in one)
    without = read(pbx)
    with FakeAsterisk() as whole:
        assert "from-internal" not in read(whole).contexts
    assert {"from-internal", "towards-outside"} == asterisk.outside(SETTINGS)
    assert set(without.contexts) == set(read(pbx).contexts)


@pytest.mark.parametrize(
    ("context", "what", "text"),
    [
        ("some-callers", What.EXTENSION, "102/0612"),
        ("one-caller", What.EXTENSION, "102/_06X."),
        ("no-number", What.EXTENSION, "102/"),
        ("asking", What.LINE, "switch => Loopback/12@demo"),
        ("at-times", What.CONTEXT, "rest,9:00-17:00,mon-fri,*,*"),
        ("blank-before-bracket", What.APPLICATION, "NoOp "),
    ],
)
def test_what_is_odd_is_an_error_where_a_call_comes_there(pbx, context, what, text):
    dialplan = read(pbx)

    assert context in dialplan.contexts
    with pytest.raises(NotUnderstood) as caught:
        dialplan.find(context, "102", lambda _: True)
    assert (what, text) == (caught.value.what, caught.value.text)
    assert caught.value.place.file in ("policyc.conf", f"127.0.0.1:{context}")


def test_only_calls_that_come_to_what_is_odd_are_not_understood(pbx):
    for name, step in (("fine", "Hangup(17)"), ("lost", "Goto(one-caller,102,1)")):
        application, data = step.removesuffix(")").split("(")
        text = f"[ Context '{name}' created by 'x' ]\n  '1' =>{'':12}1. {step:<42} [x]\n\n"
        pbx.commands["dialplan show"] = text + pbx.commands["dialplan show"]
        item = f"Event: ListDialplan\nContext: {name}\nExtension: 1\nPriority: 1"
        pbx.items.insert(0, f"{item}\nApplication: {application}\nAppData: {data}")
    walk = Walk(read(pbx), ZoneInfo("Europe/Paris"))
    fine, lost = (walk.found(name, "1", "0612345678", "allowed").plans for name in ("fine", "lost"))

    assert (plans.HungUp("17"),) == fine[0].events
    assert (plans.Unclear("policyc.conf", 38, "extension", "102/_06X."),) == lost[0].events


@pytest.mark.parametrize("setting", ["extenpatternmatchnew=yes", "overrideswitch=Local/x@y", "autofallthrough=no"])
def test_a_setting_that_changes_all_is_not_passed_over(pbx, setting):
    pbx.general += f"\nCategory-000002: general\nLine-000002-000000: {setting}"

    with pytest.raises(NotUnderstood) as caught:
        read(pbx)
    assert (What.SETTING, setting) == (caught.value.what, caught.value.text)


def test_no_settings_are_fine(pbx):
    pbx.general = "No categories found: "

    assert "in" in read(pbx).contexts


def test_values_of_several_lines_and_none_at_all_are_read(pbx):
    pbx.commands["dialplan show globals"] = "   A=one\ntwo\n\n   B=\n\n    -- 2 variable(s)"
    assert {"A": "one\ntwo\n", "B": ""} == dict(read(pbx).variables)
    pbx.commands["dialplan show globals"] = "\n    -- 0 variable(s)"
    assert {} == dict(read(pbx).variables)


def test_nothing_is_asked_that_could_change_the_pbx(pbx):
    read(pbx)

    assert {"Challenge", "Login", "Command", "GetConfig", "ShowDialPlan"} == set(pbx.actions())
    assert {"core waitfullybooted", "dialplan show", "dialplan show globals"} == {
        one["Command"] for one in pbx.asked if one["Action"] == "Command"
    }


def test_the_secret_is_not_sent(pbx):
    read(pbx)

    assert not any(SECRET in value for one in pbx.asked for value in one.values())
    assert SECRET not in repr(account(pbx))


# -- what goes wrong


def test_nobody_listens():
    with FakeAsterisk() as pbx:
        pass

    assert ("PC601", "connection") == problem(pbx)


def test_an_unknown_host_is_no_traceback(pbx, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)

    assert ("PC601", "connection") == problem(pbx)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"A" * 200, b"\x15"])
def test_another_server_answers(pbx, greeting):
    pbx.greeting = greeting

    assert ("PC603", "greeting") == problem(pbx)


def test_a_wrong_secret_is_refused(pbx):
    assert ("PC602", "login") == problem(pbx, secret=SECRET.upper())


@pytest.mark.parametrize(
    ("action", "right"), [("Command", "command"), ("GetConfig", "config"), ("ShowDialPlan", "config")]
)
def test_a_right_that_is_lacking_is_named(pbx, action, right):
    pbx.faults[action] = lambda headers: error(headers, "Permission denied")

    with pytest.raises(asterisk.LiveError) as caught:
        read(pbx)
    assert ("PC602", right) == (caught.value.diagnostic.code, caught.value.diagnostic.args["right"])
    assert ("PC602", "ami-rights") == problem(pbx)


@pytest.mark.parametrize("action", ["Challenge", "Login", "Command", "GetConfig", "ShowDialPlan"])
def test_a_connection_that_is_closed(pbx, action):
    pbx.faults[action] = lambda headers: None

    assert ("PC601", "cut") == problem(pbx)


@pytest.mark.parametrize("action", ["Challenge", "Login", "Command", "GetConfig", "ShowDialPlan"])
def test_no_answer_comes(pbx, action):
    pbx.faults[action] = lambda headers: b""

    assert ("PC601", "timeout") == problem(pbx, waits=Waits(silence=0.1))


def test_an_answer_that_never_ends_takes_no_longer_than_the_whole_may(pbx):
    """Bytes come all the time, and no answer."""
    ticks = iter(range(10_000))
    pbx.faults["GetConfig"] = lambda headers: b"Event: Other\r\n\r\n" * 100_000

    assert ("PC601", "timeout") == problem(pbx, waits=Waits(total=20, clock=lambda: float(next(ticks))))


def test_an_answer_without_an_end_is_too_long(pbx, monkeypatch):
    monkeypatch.setattr(ami, "MAX_BYTES", 100_000)
    pbx.faults["GetConfig"] = lambda headers: b"x" * 200_000
    assert ("PC603", "size") == problem(pbx)
    pbx.faults["GetConfig"] = lambda headers: b"Event: Other\r\n\r\n" * 20_000
    assert ("PC603", "size") == problem(pbx)


def test_an_error_that_asterisk_tells(pbx):
    pbx.faults["GetConfig"] = lambda headers: error(headers, "Config file not found")

    assert ("PC603", "ami-refused") == problem(pbx)


def test_a_list_that_lacks_something(pbx):
    def short(headers):
        return pbx.answer(headers).replace(b"ListItems: 2", b"ListItems: 9")

    pbx.faults["ShowDialPlan"] = short

    assert ("PC603", "shape") == problem(pbx)


def without(text, line):
    lines = text.split("\n")
    at = next(at for at, one in enumerate(lines) if line in one)
    return "\n".join(lines[:at] + lines[at + 1 :])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: without(text, "[label]"),
        lambda text: without(text, "-= "),
        lambda text: without(text, "'102' =>          1. NoOp(the others)"),
        lambda text: text.replace("Hangup()", "Hangup(3)"),
        lambda text: text.replace("10. Hangup(17)", "9. Hangup(17)"),
        lambda text: text.replace("(CID match '0612') =>", "=>                   "),
        lambda text: text.replace("'rest' ", "'rust' "),
        lambda text: text.replace("[label] ", "[lebal] "),
        lambda text: text.replace("[policyc.conf:14]", ""),
        lambda text: text.replace("Context 'in'", "Context 'into'"),
        lambda text: "\n".join(text.split("\n")[:8]),
        lambda text: "",
    ],
)
def test_two_listings_that_do_not_say_the_same(pbx, change):
    before = pbx.commands["dialplan show"]
    pbx.commands["dialplan show"] = change(before)

    assert pbx.commands["dialplan show"] != before
    assert ("PC603", "shape") == problem(pbx)


@pytest.mark.parametrize("text", ["", "   A=1", "   A=1\n\n    -- 2 variable(s)", "x\n   A=1\n\n    -- 1 variable(s)"])
def test_globals_that_are_not_all_there(pbx, text):
    pbx.commands["dialplan show globals"] = text

    assert ("PC603", "shape") == problem(pbx)


def test_a_dialplan_that_is_loaded_meanwhile_is_read_again(pbx):
    """Once, and it is read again; each time, and nothing is concluded."""
    shown = pbx.commands["dialplan show"]
    calls = []

    def show(headers, times):
        if headers["Command"] == "dialplan show":
            calls.append(headers)
            old = shown.replace("NoOp(earlier)", f"NoOp(earlier{len(calls)})") if len(calls) <= times else shown
            pbx.commands["dialplan show"] = old
        return pbx.answer(headers)

    pbx.faults["Command"] = lambda headers: show(headers, 1)
    assert "in" in read(pbx).contexts
    assert 4 == len(calls)
    calls.clear()
    pbx.faults["Command"] = lambda headers: show(headers, 100)
    assert ("PC610", "changes") == problem(pbx)


def test_hostile_text_does_nothing_to_a_terminal(pbx):
    pbx.faults["GetConfig"] = lambda headers: error(headers, "\x1b[2J\x07" + "x" * 10_000)

    with pytest.raises(asterisk.LiveError) as caught:
        read(pbx)
    text = report.render_text([caught.value.diagnostic], report.load_catalogue("fr"), color=False)
    assert "\x1b" not in text
    assert len(text) < 1000


# -- TLS


@pytest.fixture
def certificate(tmp_path):
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("no openssl")
    return tmp_path / "cert.pem"


def test_only_a_certificate_that_is_trusted_will_do(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    with FakeAsterisk(context) as pbx:
        assert ("PC601", "tls") == problem(pbx, tls=True)
        assert [] == pbx.asked
        trusted = asterisk.read_live(account(pbx, tls=True), SETTINGS, ca=str(certificate), waits=FAST)
        assert "in" in trusted.contexts


def test_tls_is_not_left_out_where_the_pbx_has_none(pbx):
    assert problem(pbx, tls=True) in {("PC601", "tls"), ("PC601", "timeout"), ("PC601", "cut")}
    assert [] == pbx.asked


# -- where and who

ENVIRONMENT = {access.USER: USER, access.SECRET: SECRET}


def test_options_go_before_the_environment():
    told = {**ENVIRONMENT, access.HOST: "pbx.example.com", access.PORT: "7000"}

    assert access.Access("127.0.0.1", 5038, False, USER, SECRET) == access.read(ENVIRONMENT)
    assert access.Access("pbx.example.com", 7000, True, USER, SECRET) == access.read(told)
    assert access.Access("::1", 5038, False, "other", SECRET) == access.read(ENVIRONMENT, "::1", user="other")
    assert access.Access("10.0.0.2", 5039, True, USER, SECRET) == access.read(ENVIRONMENT, "10.0.0.2")
    assert access.Access("10.0.0.2", 99, True, USER, SECRET) == access.read(told, "10.0.0.2", 99)


@pytest.mark.parametrize(
    ("environment", "variable", "reason"),
    [
        ({}, access.USER, "missing"),
        ({access.USER: USER}, access.SECRET, "missing"),
        ({access.SECRET: SECRET}, access.USER, "missing"),
        ({**ENVIRONMENT, access.HOST: "http://pbx"}, access.HOST, "host"),
        ({**ENVIRONMENT, access.HOST: "a b"}, access.HOST, "host"),
        ({**ENVIRONMENT, access.PORT: "0"}, access.PORT, "port"),
        ({**ENVIRONMENT, access.PORT: "65536"}, access.PORT, "port"),
        ({**ENVIRONMENT, access.PORT: "ami"}, access.PORT, "port"),
        ({**ENVIRONMENT, access.USER: "a\r\nAction: Command"}, access.USER, "text"),
        ({**ENVIRONMENT, access.SECRET: "a\nb"}, access.SECRET, "text"),
    ],
)
def test_an_access_that_cannot_be_used_is_told(environment, variable, reason):
    with pytest.raises(access.AccessError) as caught:
        access.read(environment)
    assert (variable, reason) == (caught.value.variable, caught.value.reason)


# -- the command

POLICY = (RECORDED / "policy" / "policy.pol").read_text(encoding="utf-8")
SCHEMA = json.loads(resources.files("policyc").joinpath("proof", "schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def running():
    """An Asterisk that runs what `POLICY` is compiled to."""
    with FakeAsterisk(folder=RECORDED / "policy") as one:
        yield one


@pytest.fixture
def here(running, tmp_path, monkeypatch):
    """A folder with the policy, and the account of the Asterisk in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    for name, value in ((access.HOST, ""), (access.PORT, str(running.port)), (access.USER, USER)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(access.SECRET, SECRET)
    (tmp_path / "cabinet.pol").write_text(POLICY, encoding="utf-8")
    return tmp_path


def change(pbx, old, new):
    """Change what an application is given: in both listings, and nothing of how they are laid out."""
    assert len(old) == len(new)
    shown = pbx.commands["dialplan show"]
    pbx.commands["dialplan show"] = shown.replace(old, new)
    pbx.items = [one.replace(old, new) for one in pbx.items]
    assert pbx.commands["dialplan show"] != shown


def run(*arguments, language="fr"):
    return CliRunner().invoke(cli.commands(language), ["verify", *arguments], prog_name="policyc")


def told(*arguments):
    result = run("--live", "asterisk", "--format", "json", *arguments)
    data = json.loads(result.stdout)
    jsonschema.validate(data, SCHEMA)
    assert "" == result.stderr or not data["proved"]
    assert data["passed"] is (0 == result.exit_code)
    return data


@pytest.mark.parametrize("arguments", few([("cabinet.pol",), (), ("--target", "asterisk"), ("--host", "LocalHost")], 2))
def test_what_runs_is_proved(running, here, arguments):
    result = run(*arguments, "--live", "asterisk")
    host = "localhost" if "--host" in arguments else "127.0.0.1"

    assert (0, "") == (result.exit_code, result.stderr)
    first, second = result.stdout.replace("\xa0", " ").splitlines()
    assert f"✓ asterisk : prouvé, le plan de numérotation en service sur {host} décide comme la politique" == first
    assert "vers 2 postes" in second
    data = told(*arguments)
    assert ["asterisk"] == [one["target"] for one in data["proved"]]
    assert ([], [], [], []) == tuple(data[key] for key in ("unproved", "differing", "counterexamples", "diagnostics"))


def test_several_files_are_one_policy(running, here):
    """All arguments are policies: none of them is a folder."""
    first, second = POLICY.split("pour", 1)
    (here / "cabinet.pol").write_text(first, encoding="utf-8")
    (here / "pour.pol").write_text("pour" + second, encoding="utf-8")

    assert 0 == run("cabinet.pol", "pour.pol", "--live", "asterisk").exit_code
    assert 1 == run("cabinet.pol", "--live", "asterisk").exit_code


def test_one_line_that_is_another_is_shown_by_a_call(running, here):
    change(running, "PJSIP/102,20", "PJSIP/109,20")
    result = run("cabinet.pol", "--live", "asterisk")
    out, err = result.stdout.replace("\xa0", " "), result.stderr.replace("\xa0", " ")
    plan = (RECORDED / "policy" / "plan.conf").read_text(encoding="utf-8").split("\n")
    line = next(at for at, text in enumerate(plan, 1) if "Dial(PJSIP/102,20)" in text)

    assert 1 == result.exit_code
    assert "le plan de numérotation en service sur 127.0.0.1 décide autrement que la politique, pour 1 des" in out
    assert "Selon le plan de numérotation en service sur 127.0.0.1\n" in out
    assert f"  127.0.0.1:policyc.conf:{line}: dial(PJSIP/109,20)\n" in out
    assert "  ≠ 1. ligne appelée pendant 20 s : PJSIP/109\n" in out
    assert "fichier" not in out + err.partition("aide")[0]
    assert "erreur[PC801]: le plan de numérotation en service sur `127.0.0.1` décide autrement" in err
    assert re.search(r"┌─ 127\.0\.0\.1:policyc\.conf:(\d+):1\n *\1 │ hangup\(\)\n *│ -+ en décide selon le plan", err)
    assert "rechargez le plan" in err
    [found] = told()["counterexamples"]
    assert {"file": "127.0.0.1:policyc.conf", "line": line, "text": "dial(PJSIP/109,20)"} in found["files"]["path"]
    assert {"event": "line-for", "line": "PJSIP/109", "seconds": "20"} in found["files"]["events"]
    assert "file" not in run("--live", "asterisk", language="en").stdout


def test_lines_that_are_in_no_file_are_shown_too(running, here):
    """Somebody has put them in at the console."""
    change(running, "PJSIP/102,20", "PJSIP/109,20")
    shown = re.sub(r"\[policyc\.conf:\d+\]", "[CLI]", running.commands["dialplan show"])
    running.commands["dialplan show"] = shown
    [found] = told()["counterexamples"]

    assert {"file": "127.0.0.1:policyc-102", "line": 1, "text": "dial(PJSIP/109,20)"} in found["files"]["path"]
    assert re.search(r"┌─ 127\.0\.0\.1:policyc-mailbox:\d+:1\n", run("--live", "asterisk").stderr)


@pytest.mark.parametrize("number", ["0", "99999999999", "9" * 5000])
def test_a_line_that_no_file_can_have(running, here, number):
    change(running, "PJSIP/102,20", "PJSIP/109,20")
    shown = running.commands["dialplan show"]
    running.commands["dialplan show"] = re.sub(r"\[policyc\.conf:\d+\]", f"[policyc.conf:{number}]", shown)
    result = run("--live", "asterisk")

    assert 1 == result.exit_code
    assert "PJSIP/109" in result.stdout
    assert "PC801" in result.stderr


def test_paths_from_another_folder(running, here, monkeypatch):
    """That of the policy is another; what runs is where it was."""
    change(running, "PJSIP/102,20", "PJSIP/109,20")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    result = run("../cabinet.pol", "--live", "asterisk")

    assert "┌─ ../cabinet.pol:" in result.stderr
    assert "┌─ 127.0.0.1:policyc.conf:" in result.stderr


def test_a_line_that_is_not_understood_is_named(running, here):
    change(running, "PJSIP/102,20", "${SHELL(xy)}")
    result = run("--live", "asterisk")
    data = told()

    assert 1 == result.exit_code
    assert "rien n'est prouvé, le plan de numérotation en service sur 127.0.0.1 contient" in result.stdout
    [found] = data["diagnostics"]
    assert ("PC802", "live-function", "127.0.0.1:policyc.conf") == (found["code"], found["args"]["case"], found["file"])
    assert "erreur[PC802]: le plan de numérotation en service sur `127.0.0.1` contient une fonction" in result.stderr
    assert ([], []) == (data["proved"], data["counterexamples"])


def test_a_setting_that_is_not_understood_is_told_with_its_file(running, here):
    """Asterisk does not say on which line it is."""
    running.general += "\nCategory-000002: general\nLine-000002-000000: extenpatternmatchnew=yes"
    result = run("--live", "asterisk")
    [found] = told()["diagnostics"]

    assert 1 == result.exit_code
    assert "contient un réglage que policyc ne comprend pas\xa0: `extenpatternmatchnew=yes`" in result.stderr
    assert "dans `127.0.0.1:extensions.conf`" in result.stderr
    assert ("PC802", "live-setting", None) == (found["code"], found["args"]["case"], found["file"])


def free_port():
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("PC601", lambda pbx, patch: patch.setenv(access.PORT, str(free_port()))),
        ("PC602", lambda pbx, patch: patch.setenv(access.SECRET, "other")),
        ("PC603", lambda pbx, patch: setattr(pbx, "greeting", b"SSH-2.0-OpenSSH_9.6\r\n")),
    ],
)
def test_a_pbx_that_cannot_be_read(running, here, monkeypatch, code, fault):
    fault(running, monkeypatch)
    result = run("--live", "asterisk")
    data = told()

    assert (1, "") == (result.exit_code, result.stdout)
    assert f"erreur[{code}]" in result.stderr
    assert SECRET not in result.output
    assert [code] == [one["code"] for one in data["diagnostics"]]
    assert ([], [], [], []) == tuple(data[key] for key in ("proved", "unproved", "differing", "counterexamples"))


def test_a_policy_with_errors_is_told_before_anybody_is_asked(running, here):
    (here / "cabinet.pol").write_text("poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n", encoding="utf-8")
    result = run("--live", "asterisk")

    assert (1, "") == (result.exit_code, result.stdout)
    assert "PC303" in result.stderr
    assert ["PC303"] == [one["code"] for one in told()["diagnostics"]]
    assert [] == running.asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--live", "asterix"), "--live"),
        (("--live", "asterisk", "--target", "3cx"), "--live asterisk ne va pas avec --target 3cx"),
        (("--live", "asterisk", "-t", "asterisk", "-t", "asterix"), "--live asterisk ne va pas avec --target asterix"),
        (("cabinet.pol", "build", "--live", "asterisk"), "« build » est un dossier"),
        (("--live", "asterisk", "--port", "0"), "--port"),
        (("--live", "asterisk", "--host", "http://pbx"), "POLICYC_AMI_HOST ou --host"),
        (("--live", "asterisk", "--user", "a\nb"), "POLICYC_AMI_USER contient un caractère"),
        (("--live", "asterisk", "--ca", "nowhere.pem"), "--ca : impossible d'utiliser « nowhere.pem »"),
        (("--live", "asterisk", "--ca", "cabinet.pol"), "--ca : impossible d'utiliser « cabinet.pol »"),
        (("build", "--host", "127.0.0.1"), "--host va avec --live"),
        (("build", "--port", "5038"), "--port va avec --live"),
        (("build", "--user", "policyc"), "--user va avec --live"),
        (("build", "--ca", "ca.pem"), "--ca va avec --live"),
        ((), "il manque l'argument 'DOSSIER'"),
    ],
)
def test_bad_usage(running, here, arguments, said):
    (here / "build").mkdir()
    result = run(*arguments)

    assert (2, "") == (result.exit_code, result.stdout)
    assert said in result.stderr.replace("\xa0", " ")
    assert [] == running.asked


def test_an_account_that_is_missing_is_bad_usage(here, monkeypatch):
    monkeypatch.delenv(access.SECRET)

    result = run("--live", "asterisk")
    assert 2 == result.exit_code
    assert "la variable d'environnement POLICYC_AMI_SECRET manque" in result.stderr


@pytest.mark.parametrize("jobs", few([3, 1, 2], 3))
def test_several_processes_prove_the_same(running, jobs):
    change(running, "PJSIP/102,20", "PJSIP/109,20")
    policy = policyc.load_text(POLICY)
    settings = api.all_settings(config.defaults(), ["asterisk"])["asterisk"]
    reading = proof.read(account(running), policy, settings, waits=FAST)
    verified = checking.verify_live(DecisionModel(policy), "asterisk", reading, settings, "127.0.0.1", jobs=jobs)

    assert [("102",)] == [one.differing for one in verified.proofs]
    assert ["PC801"] == [one.code for one in verified.diagnostics]
    assert {"asterisk"} == verified.refused


def test_a_target_that_does_not_say_how_it_is_proved(running, monkeypatch):
    policy = policyc.load_text(POLICY)
    settings = api.all_settings(config.defaults(), ["asterisk"])["asterisk"]
    reading = proof.read(account(running), policy, settings, waits=FAST)
    monkeypatch.setattr(protocol, "find", lambda name: None)
    verified = checking.verify_live(DecisionModel(policy), "fiche", reading, settings, "127.0.0.1")

    assert ((), ("fiche",), ()) == (verified.proofs, verified.unproved, verified.diagnostics)
    assert not verified.holds
