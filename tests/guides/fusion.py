"""A FreeSWITCH with the contexts of a FusionPBX in, calls placed on it out.

    with Fusion(tmp_path, files, lua=True) as fusion:
        seen = fusion.from_operator("0199001202", "+33639981234")
        seen.ran            # [("transfer", "102 XML cabinet.exemple.fr"), …]
        seen.invite         # what reached the operator over SIP, or ""

Calls from outside come over SIP, and calls to the outside go over SIP, to a socket of the test. Phones are always busy.
With `lua`, a script answers for dialplans as FusionPBX's does (`tests/guides/fusionpbx/`), and files are read only
where it does not answer; without, its entries are in files.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pbx.freeswitch import _free_port, find, modules

SHAPE = Path(__file__).parent / "fusionpbx"
DOMAIN = "cabinet.exemple.fr"
GATEWAY = "5a2c1f0e-6f0b-4c58-9d0e-3b1f6f6f9d11"
PATIENCE = 20.0
FOLDERS = ("conf", "log", "db", "run", "storage", "recordings", "sounds", "scripts")
MODULES = """
mod_logfile mod_commands mod_dptools mod_dialplan_xml mod_loopback mod_sofia mod_db mod_hash mod_sndfile
mod_native_file mod_tone_stream mod_say_fr mod_say_en mod_voicemail mod_event_socket
""".split()
TREE = """<document type="freeswitch/xml">
<X-PRE-PROCESS cmd="set" data="domain={domain}"/>
<X-PRE-PROCESS cmd="set" data="default_language=fr"/>
<section name="configuration">
<configuration name="modules.conf"><modules>{modules}</modules></configuration>
<configuration name="switch.conf"><settings><param name="loglevel" value="debug"/></settings></configuration>
<configuration name="event_socket.conf"><settings>
<param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="{esl}"/>
<param name="password" value="essai"/></settings></configuration>
<configuration name="logfile.conf"><profiles><profile name="default"><mappings>
<map name="all" value="debug,info,notice,warning,err,crit,alert"/></mappings></profile></profiles></configuration>
<configuration name="acl.conf"><network-lists/></configuration>
<configuration name="db.conf"><settings/></configuration>
<configuration name="hash.conf"><remotes/></configuration>
<configuration name="loopback.conf"><settings/></configuration>
<configuration name="voicemail.conf"><settings/><profiles><profile name="default">
<param name="file-extension" value="wav"/></profile></profiles></configuration>
<configuration name="sofia.conf"><profiles><profile name="external">
<gateways><gateway name="{gateway}"><param name="proxy" value="127.0.0.1:{operator}"/>
<param name="register" value="false"/><param name="caller-id-in-from" value="true"/></gateway></gateways>
<settings><param name="sip-ip" value="127.0.0.1"/><param name="rtp-ip" value="127.0.0.1"/>
<param name="sip-port" value="{sip}"/><param name="rtp-timer-name" value="soft"/>
<param name="dialplan" value="XML"/><param name="context" value="public"/>
<param name="auth-calls" value="false"/><param name="inbound-codec-prefs" value="PCMA"/>
<param name="outbound-codec-prefs" value="PCMA"/></settings></profile></profiles></configuration>
<configuration name="lua.conf"><settings>
{lua}
</settings></configuration>
</section>
<section name="dialplan">
<X-PRE-PROCESS cmd="include" data="dialplan/*.xml"/>
</section>
<section name="directory"><domain name="{domain}">
<params><param name="dial-string" value="loopback/${{dialed_user}}/telephones"/></params>
<users><user id="101"/><user id="102"/></users></domain></section>
<section name="languages"><language name="fr" say-module="fr" sound-prefix="$${{sounds_dir}}">
<phrases><macros/></phrases></language></section>
</document>
"""
PHONES = """<include><context name="telephones"><extension name="occupé"><condition>
<action application="hangup" data="USER_BUSY"/></condition></extension></context></include>"""
INVITE = """INVITE sip:{called}@127.0.0.1:{sip} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{operator};branch=z9hG4bK{call}
From: {shown};tag={call}
To: <sip:{called}@127.0.0.1>
Call-ID: {call}
CSeq: 1 INVITE
Contact: <sip:operateur@127.0.0.1:{operator}>
Max-Forwards: 70
{more}Content-Type: application/sdp
Content-Length: {length}

{sdp}"""
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
EXECUTE = re.compile(r"EXECUTE (?:\[depth=\d+\] )?(\S+) (\w+)\((.*)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What one call did: applications and their data, in order, and the INVITE that reached the operator."""

    ran: list[tuple[str, str]]
    invite: str

    @property
    def contexts(self) -> list[str]:
        """Where the call was transferred to."""
        return [data.split()[2] for application, data in self.ran if application == "transfer"]

    def header(self, name: str) -> str:
        """Return a header of the INVITE."""
        found = re.search(rf"^{name}: (.*?)\r?$", self.invite, re.MULTILINE)
        return found[1] if found else ""


def has_lua() -> bool:
    """Whether this FreeSWITCH has mod_lua."""
    return (modules(find()) / "mod_lua.so").exists()


class Fusion:
    """The instance."""

    def __init__(self, folder: Path, files: Mapping[str, str], policy: str = "", *, lua: bool) -> None:
        """`files`: those of the guide; `policy`: the policyc.xml."""
        self.folder = folder
        self.files = dict(files)
        self.policy = policy
        self.lua = lua

    def __enter__(self) -> Self:
        self.sip, self.esl = _free_port(), _free_port()
        self.operator = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.operator.bind(("127.0.0.1", 0))
        self.operator.settimeout(0.05)
        self.calls = 0
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "conf/dialplan").mkdir(exist_ok=True)
        shutil.copytree(SHAPE / "scripts", self.folder / "scripts", dirs_exist_ok=True)
        names = [*MODULES, *(["mod_lua"] if self.lua else [])]
        (self.folder / "conf/freeswitch.xml").write_text(
            TREE.format(
                domain=DOMAIN, gateway=GATEWAY, sip=self.sip, esl=self.esl, operator=self.operator.getsockname()[1],
                modules="".join(f'<load module="{name}"/>' for name in names),
                lua=self.files.get("lua.conf.xml", ""),
            ),
            encoding="utf-8",
        )  # fmt: skip
        self._write()
        program = find()
        options = [part for name in FOLDERS for part in (f"-{name}", str(self.folder / name))]
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, "-nf", "-nc", "-nonat", *options, "-mod", modules(program)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.client = shutil.which("fs_cli") or str(Path(program).with_name("fs_cli"))
        self._wait(lambda: "is ready" in self.ask("status") and "RUNNING" in self.ask("sofia status"))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.operator.close()

    def ask(self, command: str) -> str:
        """Return what the console prints."""
        return subprocess.run(
            [self.client, "-P", str(self.esl), "-p", "essai", "-x", command],
            capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip

    def change(self, files: Mapping[str, str]) -> str:
        """Write the files of a step of the guide, and reload."""
        self.files = dict(files)
        self._write()
        return self.ask("reloadxml")

    @property
    def log(self) -> str:
        return (self.folder / "log/freeswitch.log").read_text(encoding="utf-8", errors="replace")

    # ---- calls

    def from_operator(self, did: str, caller: str, *, masked: bool = False) -> Seen:
        """Call over SIP; a masked call comes as RFC 3325 has it."""
        self.calls += 1
        call = f"appel{self.calls}"
        shown = '"Anonymous" <sip:anonymous@anonymous.invalid>' if masked else f"<sip:{caller}@127.0.0.1>"
        more = f"Privacy: id\nP-Asserted-Identity: <sip:{caller}@127.0.0.1>\n" if masked else ""
        port = self.operator.getsockname()[1]
        text = INVITE.format(
            called=did, sip=self.sip, operator=port, call=call, shown=shown, more=more, length=len(SDP), sdp=""
        )
        start = len(self.log)
        self.operator.sendto((text.replace("\n", "\r\n") + SDP).encode(), ("127.0.0.1", self.sip))
        return self._follow(start)

    def from_phone(self, number: str, called: str) -> Seen:
        """Call as a phone of the domain does: in its context, with its number."""
        start = len(self.log)
        variables = f"domain_name={DOMAIN},origination_caller_id_number={number},originate_timeout=10"
        self.ask(f"originate {{{variables}}}loopback/{called}/{DOMAIN} &park()")
        return self._follow(start)

    def _follow(self, start: int) -> Seen:
        invite = ""
        end = time.monotonic() + PATIENCE
        over = False
        while not over:
            if time.monotonic() > end:
                raise RuntimeError(f"a call goes on:\n{self.log[start:]}")
            try:
                text = self.operator.recvfrom(65535)[0].decode("utf-8", "replace")
            except TimeoutError:
                over = "Hangup" in self.log[start:] and "0 total." in self.ask("show channels")
                continue
            if text.startswith("INVITE "):
                invite = text
                self._answer(text, "486 Busy Here")
            elif text.startswith("BYE "):
                self._answer(text, "200 OK")
            elif text.startswith("SIP/2.0 200") and "CSeq: 1 INVITE" in text:
                self._send("ACK", text)
        return Seen([(app, data) for _, app, data in EXECUTE.findall(self.log[start:])], invite)

    def _answer(self, request: str, status: str) -> None:
        kept = [line for line in request.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq): ", line)]
        kept = [line + ";tag=autre" if line.startswith("To: ") and "tag=" not in line else line for line in kept]
        answer = "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""])
        self.operator.sendto(answer.encode(), ("127.0.0.1", self.sip))

    def _send(self, method: str, response: str) -> None:
        kept = [line for line in response.split("\r\n") if re.match(r"(Via|From|To|Call-ID): ", line)]
        target = re.search(r"Contact: <(.*?)>", response)[1]
        text = "\r\n".join([f"{method} {target} SIP/2.0", *kept, f"CSeq: 1 {method}", "Content-Length: 0", "", ""])
        self.operator.sendto(text.encode(), ("127.0.0.1", self.sip))

    # ---- files

    def _write(self) -> None:
        dialplan, scripts = self.folder / "conf/dialplan", self.folder / "scripts"
        for path in dialplan.iterdir():
            path.unlink()
        (dialplan / "telephones.xml").write_text(PHONES, encoding="utf-8")
        if self.policy:
            (dialplan / "policyc.xml").write_text(self.policy, encoding="utf-8")
        entries = self._entries()
        for name, text in self.files.items():
            if name.endswith(".lua"):
                (scripts / name).write_text(text, encoding="utf-8")
            elif name.endswith(".xml") and name != "lua.conf.xml":
                (dialplan / name).write_text(text, encoding="utf-8")
        if self.lua:
            rows = ",\n".join(f'{{context="{context}", xml=[==[{xml}]==]}}' for context, _, xml in entries)
            (scripts / "entries.lua").write_text(f"return {{\n{rows}\n}}\n", encoding="utf-8")
            return
        contexts = {
            "public": [xml for context, _, xml in entries if context == "public"],
            DOMAIN: [xml for context, _, xml in entries if context != "public"],
        }
        text = "".join(f'<context name="{name}">{"".join(lines)}</context>' for name, lines in contexts.items())
        (dialplan / "fusionpbx.xml").write_text(f"<include>\n{text}\n</include>\n", encoding="utf-8")

    def _entries(self) -> list[tuple[str, int, str]]:
        """Return the entries of the dialplan, those of the guide included, in order: context, order, XML."""
        found = []
        for one in ET.parse(SHAPE / "dialplans.xml").getroot():  # noqa: S314 - a file of ours
            context, order = one.attrib.pop("context"), int(one.attrib.pop("order"))
            found.append((context, order, ET.tostring(one, encoding="unicode")))
        for name, text in self.files.items():
            if order := re.match(r"(\d+)-", name):  # an entry, named by its order
                found.append((DOMAIN, int(order[1]), text))
        return sorted(found, key=lambda entry: entry[1])

    def _wait(self, ready) -> None:
        for _ in range(160):
            if ready():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.25)
        raise RuntimeError((self.folder / "output").read_text(errors="replace"))
