"""What a real Asterisk writes of calls over SIP, read back as the calls that were placed.

`--bless` keeps the files in `tests/recorded/journals/`, which `tests/test_records.py` reads in every run.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from guides import asterisks

import policyc
from policyc import records

pytestmark = pytest.mark.pbx

KEPT = Path(__file__).resolve().parents[1] / "recorded" / "journals"
POLICY = """
poste 101 Accueil
poste 102 "Dr Martin" messagerie, mobile 06 39 98 00 02
poste 103 Secrétariat messagerie
groupe 800 Standard
pour "Dr Martin"
  depuis 01* vers occupé
  depuis 02* vers extension Secrétariat
  depuis 03* vers messagerie
  depuis 04* vers mobile
  depuis 05* vers mobile rebond
  depuis 06* vers système Standard
  depuis 07* vers extension Secrétariat messagerie
  depuis anonyme vers messagerie
"""
PHONES = {"101": "un", "102": "deux", "103": "trois"}
PJSIP = """
[udp]
type = transport
protocol = udp
bind = 0.0.0.0:5060
[trunk]
type = endpoint
context = policyc-external
disallow = all
allow = alaw
aors = trunk
trust_id_inbound = yes
send_pai = yes
[trunk]
type = aor
contact = sip:198.51.100.10:5060
[trunk]
type = identify
endpoint = trunk
match = 198.51.100.10
"""
PHONE = """
[{number}]
type = endpoint
context = policyc-internal
disallow = all
allow = alaw
aors = {number}
auth = {number}
[{number}]
type = auth
username = {number}
password = {password}
[{number}]
type = aor
max_contacts = 1
"""
CDR = {"cdr.conf": "[general]\nunanswered = yes\n[csv]\nloguniqueid = {unique}\nloguserfield = {unique}\n"}
CUSTOM = "clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition"
CUSTOM += " amaflags accountcode uniqueid userfield"
MAPPING = ",".join(f"${{CSV_QUOTE(${{CDR({name})}})}}" for name in CUSTOM.split())
LOGGING = ("func_cdr", "cdr_csv", "res_cdrel_custom", "cdr_custom")
TENTHS = 300
MASKED = "0639980009"

# Who calls, whom, what the phones and mobiles called do, and the way of the call.
CALLS = [
    ("0639980001", "102", "", "102 cabinet.pol:12"),
    ("0199000001", "102", "", "102 cabinet.pol:7"),
    ("0261910001", "102", "decroche", "102 cabinet.pol:8 > 103 -"),
    ("0261910002", "102", "absent", "102 cabinet.pol:8 > 103 -"),
    ("0353010001", "102", "", "102 cabinet.pol:9"),
    ("0465710001", "102", "decroche", "102 cabinet.pol:10"),
    ("0465710002", "102", "absent", "102 cabinet.pol:10"),
    ("0536490001", "102", "accepte", "102 cabinet.pol:11"),
    ("0536490002", "102", "absent", "102 cabinet.pol:11"),
    ("0739980001", "102", "", "102 cabinet.pol:13"),
    ("masked", "102", "", "102 cabinet.pol:14"),
    (MASKED, "102", "", "102 cabinet.pol:14"),  # masked too, but the operator asserts the number
    ("101", "102", "decroche", "102 -"),
    ("0199000003", "101", "absent", "101 -"),
    ("0199000004", "777", "", None),
]


def files(way: bool) -> dict[str, str]:
    """Return what the PBX runs: a policy, noting the way of calls or not, and records of them."""
    compiled = policyc.compile(
        policyc.load_text(POLICY, "cabinet.pol"),
        targets=["asterisk"],
        settings={"asterisk": {"rule_in_cdr": way, "external_channel": "PJSIP/{number}@trunk"}},
    ).files["asterisk"]
    phones = "".join(PHONE.format(number=number, password=password) for number, password in PHONES.items())
    settings = {name: text.format(unique="yes" if way else "no") for name, text in CDR.items()}
    return {
        **compiled,
        **settings,
        "pjsip.conf": PJSIP + phones,
        "cdr_custom.conf": f"[mappings]\nMaster.csv => {MAPPING}\n",
    }


async def record(way: bool) -> dict[str, str]:
    """Place the calls and return the files of records, by the module that writes them."""
    async with asterisks.Site(files(way), phones=PHONES) as site:
        log = site.pbx.folder / "log"
        for name in ("cdr-csv", "cdr-custom"):
            (log / name).mkdir()
        for caller, called, state, _ in CALLS:
            for number in (*PHONES, "0639980002"):
                await site.behave(number, state)
            if caller in PHONES:
                await site.from_phone(caller, called)
            else:
                asserted = caller == MASKED
                masked = asserted or caller == "masked"
                await site.from_operator(called, MASKED if masked else caller, masked=masked, asserted=asserted)
        for _ in range(TENTHS):  # a record is written when its call is over
            found = {name: (log / name / "Master.csv").read_text() for name in ("cdr-csv", "cdr-custom")}
            if all(CALLS[-1][0] in text for text in found.values()):
                return found
            await asyncio.sleep(0.1)
        raise TimeoutError(found)


def read(path):
    with records.read(path, ZoneInfo("Europe/Paris")) as journal:
        return list(journal), journal


@pytest.mark.parametrize("way", [True, False], ids=["way", "plain"])
def test_records_are_the_calls_that_were_placed(way, tmp_path, bless, monkeypatch):
    monkeypatch.setattr(asterisks, "SIP", [*asterisks.SIP, *LOGGING])

    for module, text in asyncio.run(record(way)).items():
        kept = KEPT / f"asterisk-{module}{'' if way else '-plain'}.csv"
        path = kept if bless else tmp_path / kept.name
        path.write_text(text)
        calls, journal = read(path)

        expected = [("anonymous" if caller == "masked" else caller, to, noted) for caller, to, _, noted in CALLS]
        if not way:  # what is known is where calls came to at last, which policyc's own contexts do not tell for sure
            expected = [("0199000004", "777", None), ("0639980001", "800", None)]
        assert sorted(expected) == sorted((one.caller, one.called, one.way) for one in calls)
        assert (0 if way else len(CALLS) - 2) == journal.left_out[records.Reason.WAY]
