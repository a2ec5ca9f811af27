"""What the conformance suite cannot say in data: called numbers that inject, sizes, settings, and files as compiled."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from calls import suite
from pbx.asterisk import Asterisk
from pbx.compiled import write
from pbx.observe import Observed

import policyc

pytestmark = pytest.mark.pbx

AT_ONCE = 4
PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=PARIS)
SMALL = """
politique "Petite"
poste 101 Accueil messagerie
poste 102 "Dr Martin" messagerie, mobile 06 12 34 56 78
horaires bureau = lundi-vendredi 09:00-12:30
pour "Dr Martin"
  depuis 06* pendant bureau vers occupé
  depuis 07* vers mobile rebond
  depuis anonyme vers messagerie
"""
RING = "ring 102 20s > voicemail 102 unavailable"


def calls(
    folder: Path, text: str, *placed: Mapping[str, Any], settings: Mapping[str, Any] | None = None, **options: Any
) -> list[Observed]:
    """Compile a policy and place calls from outside, by default from a mobile to 102 on a Monday at ten."""
    write(policyc.load_text(text), folder, settings)

    async def run() -> list[Observed]:
        async with Asterisk(folder, **options) as asterisk:
            defaults = {"entry": "external", "caller": "0612345678", "to": "102", "at": MONDAY}
            return await asyncio.gather(*(asterisk.call(**{**defaults, **one}) for one in placed))

    seen = asyncio.run(run())
    assert () == seen[0].log
    return seen


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Observed]]:
    """Load every file of the suite as compiled, and call a system extension, or a number that nobody has."""
    folder = tmp_path_factory.mktemp("trials")

    async def run() -> dict[str, tuple[str, Observed]]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(path: Path) -> tuple[str, Observed]:
            async with turn:
                case = suite.read(path)
                number = next(iter(case.policy.systems), "999")
                write(case.policy, folder / path.stem)
                async with Asterisk(folder / path.stem) as asterisk:
                    return number, await asterisk.call(entry="internal", caller="101", to=number)

        seen = await asyncio.gather(*(one(path) for path in suite.paths()))
        return dict(zip((path.stem for path in suite.paths()), seen, strict=True))

    return asyncio.run(run())


@pytest.mark.parametrize("name", [path.stem for path in suite.paths()])
def test_every_file_loads_as_compiled(trials: Mapping[str, tuple[str, Observed]], name: str) -> None:
    """The self-contained trial loads without a word, and has stubs of the system extensions."""
    number, seen = trials[name]

    assert () == seen.log
    assert f"system {number}" == seen.events


@pytest.mark.parametrize(
    "called",
    [
        "102,1",
        "102):0:3(xx",
        "102:0:3",
        "102,1,Hangup",
        "102&101",
        "102)",
        "102${SHELL(touch injected)}",
        "${SHELL(touch injected)}",
        "$[1=1]102",
        '102"',
        "102;--",
        "102|1",
        " 102",
        "102 ",
        "1-0-2",
        "policyc-102",
        "s",
        "ring",
        "own",
        "_X.",
        "é102",
    ],
)
def test_called_numbers_cannot_inject(hostile: Mapping[str, tuple[Observed, bool]], called: str) -> None:
    """A called number that is no number reaches no extension, no other context and no shell."""
    seen, injected = hostile[called]

    assert not injected
    assert seen.events in ("hangup", "end", f"system {called}")
    assert "policyc-102" not in {step.context for step in seen.steps}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Observed, bool]]:
    """Place calls to numbers that inject, each straight into the entry context."""
    folder = tmp_path_factory.mktemp("hostile")
    write(policyc.load_text(SMALL), folder, whole=False)
    [mark] = [one for one in test_called_numbers_cannot_inject.pytestmark if one.name == "parametrize"]  # type: ignore[attr-defined]

    async def run() -> dict[str, tuple[Observed, bool]]:
        found = {}
        async with Asterisk(folder) as asterisk:
            for called in mark.args[1]:
                seen = await asterisk.call_straight("external", "0612345678", called)
                found[called] = seen, any(asterisk.folder.rglob("injected*"))
        return found

    return asyncio.run(run())


def test_a_straight_call_is_a_call(tmp_path: Path) -> None:
    """The way that the hostile numbers take leads to extensions."""
    write(policyc.load_text(SMALL), tmp_path)

    async def run() -> Observed:
        async with Asterisk(tmp_path) as asterisk:
            return await asterisk.call_straight("external", "0612345678", "102", at=MONDAY)

    assert "busy" == asyncio.run(run()).events


def test_the_servers_zone_does_not_matter(tmp_path: Path) -> None:
    """The policy's zone decides, wherever the PBX's own clock is."""
    instants = [MONDAY, MONDAY.replace(hour=12, minute=29), MONDAY.replace(hour=12, minute=30)]

    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
        folder = tmp_path / zone.replace("/", "-")
        seen = calls(folder, SMALL, *({"at": at} for at in instants), zone=zone)
        assert ["busy", "busy", RING] == [one.events for one in seen]


def test_the_clock_without_a_simulated_time(tmp_path: Path) -> None:
    """Calls of real life, which have no TESTTIME, are judged at the time it is."""
    text = SMALL.replace("lundi-vendredi 09:00-12:30", "lundi-dimanche 00:00-24:00")

    [inside] = calls(tmp_path / "inside", text, {"at": None})
    [outside] = calls(tmp_path / "outside", text.replace("pendant", "hors"), {"at": None})

    assert ("busy", RING) == (inside.events, outside.events)


def test_presentations_that_are_not_listed(tmp_path: Path) -> None:
    """A number in a form that the settings do not list is the number it reads as."""
    forms = ["0612345678", "+33612345678", "0033612345678", "33612345678", "612345678"]

    seen = calls(tmp_path, SMALL, *({"caller": one} for one in forms), settings={"presentations": ["national"]})

    assert ["busy", RING, RING, RING, RING] == [one.events for one in seen]


def test_numbers_with_their_country_code(tmp_path: Path) -> None:
    """A trunk that wants numbers with a country code is given those."""
    text = SMALL.replace("vers occupé", "vers externe 06 92 12 34 56")

    [near, far] = calls(
        tmp_path,
        text,
        {"caller": "0712345678"},
        {"lines": {"+262692123456": "answer"}},
        settings={"external_channel": "Local/out-{e164}@phones/n"},
    )

    start = "answer > play wait > digits 102 > rebound +33612345678 20s"
    assert f"{start} > play unavailable > voicemail 102 unavailable" == near.events
    assert ("external +262692123456", "+262692123456") == (far.events, far.connected)


def test_without_confirmation(tmp_path: Path) -> None:
    """A rebond that need not be accepted is taken by whoever answers."""
    placed = [{"caller": "0712345678", "lines": {"0612345678": state}} for state in ("silent", "busy")]

    seen = calls(tmp_path, SMALL, *placed, settings={"rebound_confirm": False})

    start = "answer > play wait > digits 102 > rebound 0612345678 20s"
    assert [start, f"{start} > play unavailable > voicemail 102 unavailable"] == [one.events for one in seen]
    assert "0612345678" == seen[0].connected


def test_other_contexts(tmp_path: Path) -> None:
    """Mailboxes and the PBX's own context have the names of the settings."""
    settings = {"system_context": "chez-nous", "voicemail_context": "cabinet"}

    seen = calls(tmp_path, SMALL, {"caller": None}, {"to": "999"}, settings=settings, system_context="chez-nous")

    assert ["voicemail 102 unavailable", "system 999"] == [one.events for one in seen]


def test_large_things(tmp_path: Path) -> None:
    """Long names, a rule of a thousand numbers, a week of many spans and a row of many rules are all read whole."""
    numbers = [f"06{n:08d}" for n in range(0, 3000, 3)]
    spans = " ".join(f"{n // 6:02d}:{n % 6}0-{n // 6:02d}:{n % 6}5" for n in range(144))
    dates = ", ".join(f"2027-{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, 28, 2))
    closures = "\n".join(f"fermeture f{n} = {2030 + n // 12}-{n % 12 + 1:02d}-01" for n in range(400))
    rules = "\n".join(f"  depuis 01* pendant f{n} vers {('occupé', 'messagerie')[n % 2]}" for n in range(400))
    text = f"""
politique "{"é" * 9000}"
poste 101 "{"un nom " * 2000}" messagerie
poste 102 "{"é" * 5000}" messagerie
horaires hachés
  lundi {spans}
fermeture pointillés = {dates}
{closures}
pour 102
  depuis {", ".join(numbers)} vers occupé motif "{"é" * 9000}"
  depuis 07* pendant hachés vers occupé
  depuis 08* pendant pointillés vers occupé
{rules}
"""
    placed: list[dict[str, Any]] = [
        *({"caller": one} for one in ("0600000000", "0600000001", "0600002997")),
        *({"caller": "0712345678", "at": MONDAY.replace(hour=hour, minute=minute)}
          for hour, minute in ((0, 0), (0, 5), (12, 4), (23, 54), (23, 55))),
        *({"caller": "0800000000", "at": datetime(2027, *day, 12, tzinfo=PARIS)}
          for day in ((1, 1), (1, 2), (12, 27), (12, 28))),
        *({"caller": "0140000000", "at": datetime(2030 + n // 12, n % 12 + 1, 1, 12, tzinfo=PARIS)}
          for n in (0, 399)),
    ]  # fmt: skip

    seen = calls(tmp_path, text, *placed)

    expected = ["busy", RING, "busy", "busy", RING, "busy", "busy", RING, "busy", RING, "busy", RING]
    assert [*expected, "busy", "voicemail 102 unavailable"] == [one.events for one in seen]
