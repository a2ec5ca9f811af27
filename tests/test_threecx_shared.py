"""The lists of many extensions, made a few at a time and by several processes, are those that one makes at once."""

import json

import pytest

import policyc
from policyc import processes
from policyc.targets.threecx import render

NUMBERS = range(101, 109)
EXTENSIONS = "".join(
    f"poste {number} N{number} mobile 06 39 98 00 {number - 100:02}, messagerie\n" for number in NUMBERS
)
# Lists of several kinds, two of them alike and one empty: hours, systems, holidays, and what hangs on its place.
SOUND = EXTENSIONS + "file 810 F\nfériés France 2026..2027\n"
SOUND += "horaires h = lundi-vendredi 9h-12h\nhoraires n fériés compris = lundi-dimanche 20h-6h\n"
SOUND += "".join(
    f"pour {number}\n"
    f"  depuis 01 99 00 0{number % 7}* vers {'mobile rebond' if number % 2 else 'extension N101'}\n"
    f"  depuis 01 99* {'hors h' if number % 3 else 'pendant n'} vers {'système F' if number % 4 else 'occupé'}\n"
    for number in NUMBERS[1:]
)
# Of these lists some are too long, and some ask what a 3CX may not know of a call.
WRONG = "".join(
    [EXTENSIONS]
    + [
        f"pour {number}\n"
        + "".join(f"  depuis 01 99 00 00 {at:02} vers externe 04 65 71 06 {at:02}\n" for at in range(number - 89))
        + ("  depuis anonyme interne vers occupé\n" if number % 2 else "")
        for number in NUMBERS
    ]
)


@pytest.fixture
def made(monkeypatch):
    """Render by so many processes, so many lists at a time."""

    def of(policy, jobs, together):
        monkeypatch.setattr(processes, "_MANY", 1)
        monkeypatch.setattr(render, "_TOGETHER", together)
        monkeypatch.setattr(processes, "cores", lambda: jobs)
        return render.render(policy, render.DEFAULTS)

    return of


@pytest.mark.parametrize(("jobs", "together"), [(1, 1), (1, 5), (2, 2), (3, 1)])
def test_the_files_are_the_same(made, jobs, together):
    policy = policyc.load_text(SOUND)

    assert render.render(policy, render.DEFAULTS) == made(policy, jobs, together)


@pytest.mark.parametrize(("jobs", "together"), [(1, 3), (3, 1)])
def test_what_is_wrong_is_the_same_and_in_the_same_files(made, jobs, together):
    policy = policyc.load_text(WRONG)
    alone = render.render(policy, render.DEFAULTS).diagnostics

    found = made(policy, jobs, together).diagnostics

    assert {"PC402", "PC403"} == {one.code for one in alone}
    assert [(one.code, one.args, one.primary.place) for one in alone] == [
        (one.code, one.args, one.primary.place) for one in found
    ]
    files = [label.span.file for one in found for label in one.secondary] + [one.primary.file for one in found]
    assert {id(policy.extensions["101"].span.file)} == set(map(id, files))


def test_the_file_is_laid_out_as_json_is(made):
    text = made(policyc.load_text(SOUND), 1, 5).files["policyc-3cx.json"]

    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_a_policy_without_extensions_has_no_lists():
    files = render.render(policyc.load_text('politique "vide"\n'), render.DEFAULTS).files

    assert '{\n  "value": []\n}\n' == files["policyc-3cx.json"]
