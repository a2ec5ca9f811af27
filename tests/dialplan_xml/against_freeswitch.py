"""Hold the evaluator to a real FreeSWITCH: random dialplans, the same calls, the applications that ran.

    python tests/dialplan_xml/against_freeswitch.py --dialplans 500 --batches 4 --seed 1

One FreeSWITCH, that which the tests of `pbx` find, serves hundreds of dialplans: each has contexts of its own. Calls
come by `loopback`, whose second leg runs the dialplan; CHANNEL_EXECUTE events tell what ran. With libfaketime each
batch has a time of its own. It prints each difference with its dialplan and ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pbx import freeswitch

from dialplan_xml import Call, DialplanError, Line, Outcome, Surroundings, UnsupportedError, read, simulate
from dialplan_xml.random_dialplans import TIME_ZONES, draw

LINES = (
    Line("extension", r"loopback/(?P<number>\w+)/phones"),
    Line("external", r"loopback/out-(?P<number>\w+)/phones"),
)
MODULES = "mod_commands mod_dptools mod_dialplan_xml mod_loopback mod_event_socket".split()
PASSWORD = "against"  # noqa: S105 -- of a socket on 127.0.0.1, for as long as the comparison runs
ENDED = ("CHANNEL_HANGUP_COMPLETE",)


@dataclass(slots=True)
class Observed:
    """What FreeSWITCH did with one call."""

    applications: list[tuple[str, str]] = field(default_factory=list)
    cause: str | None = None
    created: datetime | None = None
    variables: dict[str, str] = field(default_factory=dict)


class Socket:
    """An event socket of a FreeSWITCH."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.stream = self.connection.makefile("rb")
        try:
            self.block()
            self.command(f"auth {PASSWORD}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.stream.close()
        self.connection.close()

    def send(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\n\n")

    def block(self) -> tuple[dict[str, str], str]:
        """Return the headers and the body of the next message."""
        headers = self._headers()
        length = int(headers.get("Content-Length", "0"))
        return headers, self.stream.read(length).decode(errors="surrogateescape") if length else ""

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := self.stream.readline()) not in (b"\n", b""):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            headers[name] = value
        return headers

    def command(self, text: str) -> str:
        """Send a command and return its answer; events meanwhile are lost."""
        self.send(text)
        while True:
            headers, body = self.block()
            if headers.get("Content-Type") == "command/reply":
                return headers.get("Reply-Text", "")
            if headers.get("Content-Type") == "api/response":
                return body


@contextlib.contextmanager
def running(dialplan: str, at: datetime | None) -> Iterator[Socket]:
    """Run a FreeSWITCH with that dialplan, in UTC, from that instant on; yield its socket."""
    program, faketime = freeswitch.find(), freeswitch.faketime()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        _write_configuration(home, port, dialplan)
        libraries = [str(program.resolve().parent.parent / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        environment = {**os.environ, "TZ": "UTC", "LD_LIBRARY_PATH": ":".join(filter(None, libraries))}
        if faketime and at:
            environment |= {
                "LD_PRELOAD": str(faketime),
                "FAKETIME": f"@{at:%Y-%m-%d %H:%M:%S}",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        folders = [arg for name in ("conf", "log", "db", "run", "temp", "storage", "recordings", "scripts", "htdocs")
                   for arg in (f"-{name}", str(home / name))]  # fmt: skip
        command = [str(program), "-nonat", "-nc", "-nf", "-np", *folders, "-mod", str(freeswitch.modules(program))]
        with (home / "out").open("w") as out:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            with contextlib.closing(_connected(port, process, home / "out")) as connection:
                yield connection
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _connected(port: int, process: subprocess.Popen[bytes], out: Path) -> Socket:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"FreeSWITCH ended: {out.read_text()[-2000:]}")
        try:
            connection = Socket(port)
        except (OSError, ValueError):
            time.sleep(0.1)
            continue
        while not connection.command("api status").startswith("UP"):
            time.sleep(0.1)
        return connection
    raise RuntimeError(f"FreeSWITCH does not answer: {out.read_text()[-2000:]}")


def _write_configuration(home: Path, port: int, dialplan: str) -> None:
    for name in ("conf", "log", "db", "run", "temp", "storage", "recordings", "scripts", "htdocs"):
        (home / name).mkdir()
    loads = "\n".join(f'<load module="{name}"/>' for name in MODULES)
    zones = "\n".join(f'<zone name="{name}" value="{rule}"/>' for name, rule in TIME_ZONES.items())
    (home / "conf/freeswitch.xml").write_text(f"""<document type="freeswitch/xml">
<section name="configuration">
<configuration name="modules.conf"><modules>
{loads}
</modules></configuration>
<configuration name="event_socket.conf"><settings>
<param name="listen-ip" value="127.0.0.1"/>
<param name="listen-port" value="{port}"/>
<param name="password" value="{PASSWORD}"/>
</settings></configuration>
<configuration name="switch.conf"><settings>
<param name="max-sessions" value="5000"/>
<param name="sessions-per-second" value="5000"/>
<param name="loglevel" value="err"/>
</settings></configuration>
<configuration name="timezones.conf"><timezones>
{zones}
</timezones></configuration>
<configuration name="loopback.conf"/>
</section>
<section name="dialplan">
{dialplan}
</section>
</document>
""", encoding="utf-8", errors="surrogateescape")  # fmt: skip


PHONES = """<context name="phones">
<extension name="answer"><condition field="destination_number" expression="^answer$">
<action application="answer"/>
<action application="sleep" data="300"/>
<action application="hangup" data="NORMAL_CLEARING"/></condition></extension>
<extension name="busy"><condition field="destination_number" expression="^busy$">
<action application="hangup" data="USER_BUSY"/></condition></extension>
<extension name="unavailable"><condition field="destination_number" expression="^unavailable$">
<action application="hangup" data="USER_NOT_REGISTERED"/></condition></extension>
<extension name="noanswer"><condition>
<action application="ring_ready"/>
<action application="sleep" data="600000"/></condition></extension>
</context>
"""
"""Lines whose numbers say what they do."""
STATES = {name: name for name in ("answer", "busy", "unavailable", "noanswer")}


def observe(
    connection: Socket, calls: Mapping[str, Call], *, at_once: int = 40, patience: float = 60
) -> dict[str, Observed]:
    """Place the calls, by the identity each first leg shall have, and return what became of them."""
    seen = {identity: Observed() for identity in calls}
    legs: dict[str, str] = {}
    waiting, open_calls = list(calls), set[str]()
    connection.command("event plain CHANNEL_EXECUTE CHANNEL_HANGUP_COMPLETE")
    last = time.monotonic()
    while waiting or open_calls:
        while waiting and len(open_calls) < at_once:
            identity = waiting.pop(0)
            open_calls.add(identity)
            connection.send(f"bgapi originate {_dial_string(identity, calls[identity])} &park()")
        headers, body = connection.block()
        if headers.get("Content-Type") == "text/event-plain":
            event = _event(body)
            leg = event.get("Unique-ID", "")
            identity = legs.get(leg) or event.get("variable_other_loopback_leg_uuid", "")
            if identity in seen and event.get("Channel-Name", "").endswith("-b"):
                legs[leg] = identity
                last = time.monotonic()
                if _note(seen[identity], event):
                    open_calls.discard(identity)
        if time.monotonic() - last > patience:
            raise RuntimeError(f"calls without end: {[calls[one] for one in open_calls]}")
    return seen


def _dial_string(identity: str, call: Call) -> str:
    variables = {"origination_uuid": identity, "origination_caller_id_number": call.caller or ""}
    variables["origination_caller_id_name"] = call.name or ""
    if call.hidden:
        variables["origination_privacy"] = "hide_number:hide_name"
    inside = ",".join(f"{name}='{value}'" for name, value in variables.items() if value)
    return f"{{{inside},originate_timeout=50}}loopback/{call.called}/{call.context}"


def _event(body: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in body.splitlines())
    return {name: unquote(value, errors="surrogateescape") for name, _, value in pairs}


def _as_sent(text: str) -> str:
    """Return the text as it is after an event: what looks encoded already is not encoded, and yet is decoded."""
    return unquote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", text), errors="surrogateescape")


def _note(observed: Observed, event: Mapping[str, str]) -> bool:
    """Take an event of the leg that ran the dialplan into account; True when it is the last."""
    if event["Event-Name"] == "CHANNEL_EXECUTE":
        observed.applications.append((event["Application"], event.get("Application-Data", "")))
        return False
    observed.cause = event.get("Hangup-Cause")
    observed.created = datetime.fromtimestamp(int(event["Caller-Channel-Created-Time"]) / 1e6, UTC)
    observed.variables = {name[9:].lower(): value for name, value in event.items() if name.startswith("variable_")}
    return True


@dataclass(slots=True)
class Tally:
    """How many dialplans and calls were compared, and how many the evaluator refused."""

    dialplans: int = 0
    calls: int = 0
    steps: int = 0
    refused: int = 0
    matched: int = 0  # calls that did anything
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.dialplans} dialplans, {self.calls} calls ({self.matched} that ran something, {self.steps}"
            f" applications), {self.refused} refused, {len(self.differences)} differences"
        )


def compare(seed: int, count: int, tally: Tally, *, bridges: bool) -> None:
    """Draw `count` dialplans, place their calls on one FreeSWITCH, and note each difference.

    Raises pbx.freeswitch.NotInstalledError where there is none.
    """
    faketime = freeswitch.faketime()
    chance = random.Random(seed)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(0, 4 * 365 * 86400))
    drawn: dict[str, tuple[str, list[Call]]] = {}
    while len(drawn) < count:
        name = f"r{seed}x{len(drawn)}"
        text, calls = draw(chance, name, at if faketime else datetime.now(UTC), bridges=bridges)
        if bridges:
            calls = [replace(one, states=STATES) for one in calls]
        try:
            dialplan = read({name: text})
            for call in calls:
                with contextlib.suppress(DialplanError):
                    simulate(dialplan, call, Surroundings(lines=LINES))
                    break
            else:
                tally.refused += 1
                continue
        except UnsupportedError:
            tally.refused += 1
            continue
        drawn[name] = text, calls
    whole = "\n".join(text for text, _ in drawn.values()) + PHONES
    places = {
        str(uuid.UUID(int=chance.getrandbits(128))): (name, call)
        for name, (_, calls) in drawn.items()
        for call in calls
    }
    with running(whole, at if faketime else None) as connection:
        seen = observe(connection, {identity: call for identity, (_, call) in places.items()})
    tally.dialplans += len(drawn)
    read_ones = {name: read({name: text}) for name, (text, _) in drawn.items()}
    for identity, (name, call) in places.items():
        observed = seen[identity]
        assert observed.created is not None
        now = replace(call, instant=observed.created, dialplan="xml")  # as mod_loopback calls it
        try:
            outcome = simulate(read_ones[name], now, Surroundings(lines=LINES, server_zone=UTC))
        except DialplanError:
            tally.refused += 1
            continue
        tally.calls += 1
        tally.steps += len(outcome.steps)
        tally.matched += bool(outcome.steps)
        if wrong := _difference(outcome, observed):
            tally.differences.append(f"{now}\n{drawn[name][0]}\n{wrong}\n")


def _difference(outcome: Outcome, observed: Observed) -> str:
    wanted = [(name, _as_sent(data)) for name, data in outcome.applications]
    variables = {
        name: _as_sent(value) for name, value in outcome.variables.items() if re.fullmatch(r"v\d|max_forwards", name)
    }
    found = {name: value for name, value in observed.variables.items() if re.fullmatch(r"v\d|max_forwards", name)}
    lines = []
    if wanted != observed.applications:
        index = next(
            (i for i, (a, b) in enumerate(zip(wanted, observed.applications, strict=False)) if a != b),
            min(len(wanted), len(observed.applications)),
        )
        lines.append(
            f"step {index}: evaluator {wanted[index : index + 3]},"
            f" FreeSWITCH {observed.applications[index : index + 3]}"
        )
    ended = "NO_ROUTE_DESTINATION" if outcome.ended == "system" else outcome.ended  # no such context here
    if ended != observed.cause:
        lines.append(f"ended: evaluator {ended}, FreeSWITCH {observed.cause}")
    if variables != found:
        lines.append(f"variables: evaluator {variables}, FreeSWITCH {found}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dialplans", type=int, default=300, help="how many in a batch")
    parser.add_argument("--batches", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bridges", action="store_true", help="dial lines too, which takes seconds a call")
    options = parser.parse_args(arguments)
    tally = Tally()
    for seed in range(options.seed, options.seed + options.batches):
        compare(seed, options.dialplans, tally, bridges=options.bridges)
        print(f"seed {seed}: {tally}", flush=True)
    for difference in tally.differences[:20]:
        print(difference)
    return bool(tally.differences)


if __name__ == "__main__":
    sys.exit(main())
