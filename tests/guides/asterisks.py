"""The files of a PBX in, real SIP calls between it and an operator and phones out.

    async with Site(guide.files("essai"), {"policyc.conf": …}) as site:
        seen = await site.from_operator("0199001234", "+33639980020")
        seen.steps          # what the PBX did: (context, exten, application, data)
        seen.arrived        # what the operator and the phones were shown

There are two Asterisks. One is the PBX, with the very files that a guide shows; only addresses are put in the place
of those of the page. The other plays the operator (127.0.0.2) and the phones (127.0.0.1), which register. Calls go
over SIP and RTP on the loopback addresses. Standard library only.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pbx.asterisk import FIFTIETH_OF_A_SECOND, FOLDERS, FRENCH_TONES, OTHER_FILES, SOUNDS, _Ami, _free_port, find
from pbx.asterisk import MODULES as ROUTING

Message = dict[str, str]

SIP = """
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_http_websocket res_pjsip res_pjsip_session
res_pjsip_pubsub res_pjsip_sdp_rtp res_rtp_asterisk res_pjsip_caller_id res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_registrar res_pjsip_outbound_registration
res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest res_pjsip_header_funcs res_pjsip_rfc3326
res_pjsip_diversion res_pjsip_nat chan_pjsip func_pjsip_endpoint bridge_native_rtp
""".split()
PATIENCE = 30.0

OPERATOR, PHONES = "127.0.0.2", "127.0.0.1"
PUBLISHED = ("198.51.100.10", "0.0.0.0")  # noqa: S104 - the operator of the pages, and where their PBX listens

# An operator and phones. The caller is what the call says. Numbers of two or three digits are phones; what they do is
# the global variable ETAT_<number>. Whoever is called first tells what arrives.
WORLD_DIALPLAN = r"""
[globals]
[appel]
exten => _[+0-9*].,1,Set(CALLERID(num)=${APPELANT})
 same => n,ExecIf($["${MASQUE}" = "1"]?Set(CALLERID(pres)=prohib))
 same => n,Dial(PJSIP/${EXTEN}@${PAR},20,g)
 same => n,UserEvent(Fin,Cause: ${HANGUPCAUSE})
 same => n,Hangup()

[monde]
exten => _[+0-9].,1,Set(FROM=${PJSIP_HEADER(read,From)})
 same => n,Set(PRIVACY=${PJSIP_HEADER(read,Privacy)})
 same => n,Set(PAI=${PJSIP_HEADER(read,P-Asserted-Identity)})
 same => n,UserEvent(Arrive,Numero: ${EXTEN},From: ${FROM},Privacy: ${PRIVACY},PAI: ${PAI})
 same => n,Goto(etat,e${ETAT_${EXTEN}},1)

[etat]
exten => e,1,Hangup(17)
exten => edecroche,1,Answer()
 same => n,Wait(20)
exten => eaccepte,1,Answer()
 same => n(encore),Wait(0.3)
 same => n,SendDTMF(1)
 same => n,Goto(encore)
"""
WORLD_PJSIP = """
[op]
type = transport
protocol = udp
bind = {operator}
[postes]
type = transport
protocol = udp
bind = {phones}

[pbx](!)
type = endpoint
context = monde
disallow = all
allow = alaw
[operateur](pbx)
transport = op
aors = pbx
[operateur-pai](operateur)
send_pai = yes
trust_id_outbound = yes
[pbx]
type = aor
contact = sip:{pbx}
[operateur]
type = identify
endpoint = operateur
match = 127.0.0.1
"""
WORLD_PHONE = """
[poste{number}](pbx)
transport = postes
aors = pbx
from_user = {number}
outbound_auth = poste{number}
[poste{number}]
type = auth
username = {number}
password = {password}
[poste{number}]
type = registration
transport = postes
server_uri = sip:{pbx}
client_uri = sip:{number}@{host}
contact_user = {number}
outbound_auth = poste{number}
retry_interval = 1
"""


@dataclass(frozen=True)
class Step:
    """One application that a channel of the PBX ran."""

    context: str
    exten: str
    application: str
    data: str


@dataclass(frozen=True)
class Arrived:
    """A call that reached the operator or a phone: the number called, and headers of the INVITE."""

    number: str
    shown: str
    privacy: str
    asserted: str


@dataclass
class Seen:
    """What one call did."""

    steps: list[Step] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    bridged: bool = False
    cause: str = ""

    @property
    def contexts(self) -> list[str]:
        """The contexts that the PBX went through, each time that it changed."""
        names = [step.context for step in self.steps]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]

    def ran(self, application: str) -> list[str]:
        """What an application was given, each time that the PBX ran it."""
        return [step.data for step in self.steps if step.application == application]


class Instance:
    """One private Asterisk on some files."""

    def __init__(
        self, files: Mapping[str, str], modules: list[str], on_event: Callable[[Message], None], folder: Path
    ) -> None:
        self.folder = folder
        self.port = _free_port()
        self._files = files
        self._modules = modules
        self._on_event = on_event

    async def start(self) -> None:
        self.ami = _Ami(self._on_event)
        secret = secrets.token_hex(16)
        home = find()
        self._program = home / "bin/asterisk"
        self._write(home, secret)
        with (self.folder / "output").open("wb") as output:
            self.process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL",                       # it never outlives the tests
                self._program, "-f", "-C", self.folder / "etc/asterisk.conf",
                cwd=self.folder, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        async with asyncio.timeout(60):
            while True:
                try:
                    await asyncio.get_running_loop().create_connection(lambda: self.ami, "127.0.0.1", self.port)
                    break
                except OSError:
                    if self.process.returncode is not None:
                        raise RuntimeError((self.folder / "output").read_text(errors="replace")) from None
                    await asyncio.sleep(0.05)
            reply = await self.ami.action(("Action", "Login"), ("Username", "harness"), ("Secret", secret))
            assert reply["Response"] == "Success", reply
            await self.ami.booted

    async def stop(self) -> None:
        if hasattr(self, "process"):
            self.ami.close()
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()

    async def console(self, command: str) -> str:
        """Return what `asterisk -rx COMMAND` prints."""
        process = await asyncio.create_subprocess_exec(
            self._program, "-C", self.folder / "etc/asterisk.conf", "-rx", command,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed, _ = await process.communicate()
        return printed.decode("utf-8", "replace")

    async def set(self, name: str, value: str) -> None:
        """Give a global variable a value."""
        reply = await self.ami.action(("Action", "Setvar"), ("Variable", name), ("Value", value))
        assert reply["Response"] == "Success", reply

    def log(self) -> list[str]:
        """Return the warnings and errors so far."""
        text = (self.folder / "log/problems").read_text(errors="replace")
        return [line for line in text.splitlines() if re.search(r"\b(WARNING|ERROR)\b", line)]

    def write(self, name: str, text: str) -> None:
        """Change a file of the configuration."""
        (self.folder / "etc" / name).write_text(text, encoding="utf-8")

    def _write(self, home: Path, secret: str) -> None:
        here, etc = self.folder, self.folder / "etc"
        for name in FOLDERS:
            (here / name).mkdir(parents=True)
        (here / "data/documentation").symlink_to(home / "root/usr/share/asterisk/documentation")
        texts = "".join(self._files.values())
        for name in (*SOUNDS, *(f"digits/{digit}" for digit in range(10)), *re.findall(r"\bpolicyc/[\w-]+", texts)):
            (here / f"data/sounds/{name}.ulaw").write_bytes(FIFTIETH_OF_A_SECOND)
        folders = {
            "astetcdir": etc, "astmoddir": next((home / "root/usr/lib").glob("*/asterisk/modules")),
            "astvarlibdir": here / "lib", "astdatadir": here / "data", "astdbdir": here / "db",
            "astkeydir": here / "lib", "astagidir": here / "lib", "astspooldir": here / "spool",
            "astrundir": here / "run", "astlogdir": here / "log", "astcachedir": here / "lib",
            "astsbindir": home / "bin",
        }  # fmt: skip
        files = {f"{name}.conf": f"[{section}]\n" if section else "" for section in OTHER_FILES
                 for name in OTHER_FILES[section]}  # fmt: skip
        files |= self._files
        files |= {
            "asterisk.conf": "[directories]\n" + "".join(f"{key} => {value}\n" for key, value in folders.items()),
            "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in self._modules),
            "logger.conf": "[logfiles]\nproblems => warning,error\n",
            "manager.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {self.port}\n"
            f"[harness]\nsecret = {secret}\nread = all\nwrite = all\nwritetimeout = 5000\n"
            + self._files.get("manager.conf", ""),
            "rtp.conf": "[general]\nrtpstart = 20000\nrtpend = 29999\n",
            "indications.conf": FRENCH_TONES,
            "musiconhold.conf": f"[default]\nmode = files\ndirectory = {here}/data/sounds\n",
            "pjproject.conf": "",
        }
        for name, text in files.items():
            self.write(name, text)


class Site:
    """A PBX with the files of a guide, an operator and phones."""

    def __init__(self, *files: Mapping[str, str], phones: Mapping[str, str]) -> None:
        """`phones`: number → password; each has registered when calls can be placed."""
        self.files = {name: text for some in files for name, text in some.items()}
        self.phones = phones
        self._seen: Seen | None = None
        self._channels: dict[str, str] = {}
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="policyc-guide-"))
        self.address = {name: f"{host}:{_free_port()}" for name, host in (("pbx", PHONES), ("phones", PHONES))}
        self.address["operator"] = f"{OPERATOR}:{_free_port()}"
        try:
            files = {name: self.placed(text) for name, text in self.files.items()}
            pjsip = WORLD_PJSIP.format(**self.address) + "".join(
                WORLD_PHONE.format(number=number, password=password, pbx=self.address["pbx"], host=PHONES)
                for number, password in self.phones.items()
            )
            world = {"extensions.conf": WORLD_DIALPLAN, "pjsip.conf": pjsip}
            self.pbx = Instance(files, ROUTING + SIP, self._of_pbx, self.folder / "pbx")
            self.world = Instance(world, ROUTING + SIP, self._of_world, self.folder / "world")
            await self.pbx.start()
            await self.world.start()
            async with asyncio.timeout(PATIENCE):
                while True:
                    shown = await self.world.console("pjsip show registrations")
                    if shown.count(" Registered ") == len(self.phones):
                        break
                    await asyncio.sleep(0.1)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _stop(self) -> None:
        await asyncio.gather(*(one.stop() for one in (getattr(self, "pbx", None), getattr(self, "world", None)) if one))
        shutil.rmtree(self.folder, ignore_errors=True)

    def placed(self, text: str) -> str:
        """Return a file of a guide with the addresses of this site."""
        operator, everywhere = PUBLISHED
        text = text.replace(f"{operator}:5060", self.address["operator"]).replace(operator, OPERATOR)
        return text.replace(f"{everywhere}:5060", self.address["pbx"])

    async def change(self, files: Mapping[str, str]) -> str:
        """Write files of the PBX anew and reload the dialplan; return what the console says."""
        for name, text in files.items():
            self.pbx.write(name, self.placed(text))
        return await self.pbx.console("dialplan reload")

    # ---- calls

    async def from_operator(self, did: str, caller: str, *, masked: bool = False, asserted: bool = False) -> Seen:
        """Call the company from outside; `asserted`: the operator vouches for the number in P-Asserted-Identity."""
        return await self._call(did, caller, "operateur-pai" if asserted else "operateur", masked=masked)

    async def from_phone(self, number: str, called: str) -> Seen:
        """Call from a phone of the company."""
        return await self._call(called, number, f"poste{number}")

    async def behave(self, number: str, state: str) -> None:
        """Let a phone or an outside number be busy (`""`), answer (`decroche`) or press 1 (`accepte`)."""
        await self.world.set(f"ETAT_{number}", state)

    async def _call(self, called: str, caller: str, way: str, *, masked: bool = False) -> Seen:
        self._seen = seen = Seen()
        variables = {"APPELANT": caller, "MASQUE": "1" if masked else "0", "PAR": way}
        reply = await self.world.ami.action(
            ("Action", "Originate"), ("Channel", f"Local/{called}@appel/n"), ("Async", "true"),
            ("Application", "Wait"), ("Data", "60"), ("Timeout", "60000"),
            *(("Variable", f"{name}={value}") for name, value in variables.items()),
        )  # fmt: skip
        assert reply["Response"] == "Success", reply
        async with asyncio.timeout(PATIENCE):
            while not self._over(seen):
                self._changed.clear()
                await self._changed.wait()
            for instance in (self.world, self.pbx):
                await instance.ami.action(("Action", "Command"), ("Command", "channel request hangup all"))
            while self._channels:
                self._changed.clear()
                await self._changed.wait()
        self._seen = None
        return seen

    @staticmethod
    def _over(seen: Seen) -> bool:
        return bool(seen.cause or seen.bridged or seen.ran("VoiceMail") or seen.ran("Queue"))

    def _of_pbx(self, event: Message) -> None:
        self._note("pbx", event)
        seen = self._seen
        if seen is None:
            return
        if event["Event"] == "Newexten" and event["Application"] != "AppDial":  # that is the channel called
            seen.steps.append(Step(event["Context"], event["Extension"], event["Application"], event["AppData"]))
        elif event["Event"] == "BridgeEnter" and event["BridgeNumChannels"] == "2":
            seen.bridged = True

    def _of_world(self, event: Message) -> None:
        self._note("world", event)
        if self._seen is not None and event["Event"] == "UserEvent":
            if event["UserEvent"] == "Arrive":
                arrived = Arrived(event["Numero"], event["From"], event["Privacy"], event["PAI"])
                self._seen.arrived.append(arrived)
            else:
                self._seen.cause = event["Cause"]

    def _note(self, where: str, event: Message) -> None:
        """Know which channels there are, so that a call is over before the next one begins."""
        if event.get("Event") == "Newchannel":
            self._channels[event["Uniqueid"] + where] = event["Channel"]
        elif event.get("Event") == "Hangup":
            self._channels.pop(event["Uniqueid"] + where, None)
        self._changed.set()
