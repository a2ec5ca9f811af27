"""Reading a running Asterisk: what it answers, recorded from a real one, and what may go wrong on the way."""

from __future__ import annotations

import socket
import ssl
import subprocess
from zoneinfo import ZoneInfo

import pytest
from fake_ami import SECRET, USER, FakeAsterisk, error

from policyc import report
from policyc.live import access, ami, asterisk
from policyc.live.ami import Waits
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
