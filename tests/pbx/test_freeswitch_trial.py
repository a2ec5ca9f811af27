"""The tree for a trial, as compiled: a real FreeSWITCH starts on it, without an error, and takes calls.

Only its ports are changed, so that other instances may run beside it.
"""

import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from calls import suite
from pbx.freeswitch import _free_port, find, modules

import policyc

pytestmark = pytest.mark.pbx_freeswitch

PORTS = ("5060", "5070", "5080", "8021")
NO_FAULT = (r"mod_say_fr|mod_say_en",)  # a module that this FreeSWITCH was built without
SAMPLES = [path for path in suite.paths() if path.stem in {"01-ring", "10-hours", "14-zone-tokyo", "17-hostile-names"}]


@pytest.fixture
def trial(tmp_path):
    """Return a function that starts a FreeSWITCH on a compiled policy, and asks its console."""
    with ExitStack() as stack:

        def start(policy):
            files = policyc.compile(policy, targets=["freeswitch"]).files["freeswitch"]
            text = files["freeswitch.xml"]
            ports = {port: str(_free_port()) for port in PORTS}
            for port, free in ports.items():
                assert f'"{port}"' in text or f":{port}" in text
                text = text.replace(f'"{port}"', f'"{free}"').replace(f":{port}", f":{free}")
            folders = {
                name: tmp_path / name for name in ("conf", "log", "db", "run", "storage", "recordings", "sounds")
            }
            for folder in folders.values():
                folder.mkdir()
            (folders["conf"] / "policyc.xml").write_text(files["policyc.xml"], encoding="utf-8")
            (folders["conf"] / "freeswitch.xml").write_text(text, encoding="utf-8")
            program = find()
            options = [part for name, folder in folders.items() for part in (f"-{name}", str(folder))]
            output = stack.enter_context((tmp_path / "output").open("wb"))
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, "-nf", "-nc", "-nonat", *options, "-mod", modules(program)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            client = shutil.which("fs_cli") or str(Path(program).with_name("fs_cli"))

            def ask(command):
                return subprocess.run(
                    [client, "-P", ports["8021"], "-p", "essai", "-x", command],
                    capture_output=True,
                    text=True,
                    check=False,
                ).stdout.strip()

            for _ in range(240):
                if "is ready" in ask("status"):
                    break
                time.sleep(0.25)
            else:
                pytest.fail((tmp_path / "output").read_text(errors="replace"))
            return ask, folders["log"] / "freeswitch.log"

        yield start


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_it_starts_and_takes_calls(trial, path):
    policy = suite.read(path).policy
    ask, log = trial(policy)

    assert "[Success]" in ask("reloadxml")
    for profile in ("internal", "external"):
        assert "RUNNING" in ask("sofia status"), profile
    assert re.fullmatch(r"[0-9]{4}", ask(f"strftime_tz {policy.zone.key} %Y"))
    number = next(iter(policy.systems), None)
    reply = ask(f"originate {{originate_timeout=5}}loopback/{number or 999}/policyc-internal &park()")
    assert reply.startswith("+OK" if number else "-ERR UNALLOCATED_NUMBER")
    faults = [
        line
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if re.search(r"\[(ERR|CRIT|ALERT)\]", line) and not any(re.search(known, line) for known in NO_FAULT)
    ]
    assert [] == faults


def test_a_zone_that_the_pbx_does_not_know_refuses_calls_rather_than_misroute_them(trial, tmp_path):
    policy = policyc.load_text(
        """
        horaires bureau = lundi-vendredi 09:00-18:00
        poste 101 Accueil
        pour 101
          depuis * pendant bureau vers occupé
        """
    )
    ask, log = trial(policy)
    tree = tmp_path / "conf" / "freeswitch.xml"
    tree.write_text(tree.read_text(encoding="utf-8").replace('zone name="Europe/Paris"', 'zone name="Europe/Rome"'))
    assert "[Success]" in ask("reloadxml")

    assert "NORMAL_TEMPORARY_FAILURE" in ask("originate {originate_timeout=5}loopback/101/policyc-external &park()")
    assert "Europe/Paris absent de timezones.conf.xml" in log.read_text(encoding="utf-8", errors="replace")
