"""A policy compiled again after a change: all is said and made that compiling it whole says and makes."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import date

import pytest
from judge.seeds import chosen, few

from policyc import api, config, recompile, workspace
from policyc.recompile import updating
from policyc.store import Store

TARGETS = ("asterisk", "freeswitch", "3cx")
TODAY = date(2026, 11, 28)
NUMBERS = [str(number) for number in (*range(100, 108), *range(200, 206), 1001, 1002)]
DECLARED = """\
politique "Cabinet"
fuseau Europe/Paris
{extensions}groupe 801 Urgences
fériés France 2026..2027
fermeture congés = 2026-12-24..2026-12-31
horaires ouverture
  lundi-vendredi 9h-12h 14h-18h
horaires nuit = lundi-dimanche 22h-6h
horaires garde = samedi 9h-12h
liste VIP = 06 11 22 33 44, 07 55*
"""
FOR_ALL = (
    "",
    "pour tous en priorité\n  depuis 0899* vers occupé\n  depuis 089911* vers sonnerie  # ignorer PC313 : voulu\n",
    "pour tous en priorité\n  depuis 0899* vers occupé\n",
    "pour tous\n  depuis 0899* vers occupé\n  depuis * pendant nuit vers système Urgences\n",
    "pour tous sauf P1002\n  depuis VIP vers extension P1002\n",
)
CALLERS = (
    *(
        "*",
        "06*",
        "0142*",
        "01 42 11 22 33",
        "07*, 0612345678",
        "VIP",
        "interne",
        "anonyme",
        "101",
        "0899* sauf 089911*",
    ),
    *("* externe", "+44*"),
)
TIMES = ("", "", "", " pendant ouverture", " hors ouverture", " pendant nuit", " pendant garde", " pendant congés")
DESTINATIONS = ("messagerie", "occupé", "sonnerie", "externe 0145678901", "mobile", "mobile rebond", "système Urgences")
ENDS = ("",) * 12 + (" jusqu'au 2026-12-05", "  # relu", "  # ignorer PC317 : voulu", "  # ignorer PC313 : voulu")


class Drawn:
    """A policy that was drawn, and is changed as its author would."""

    def __init__(self, rng, target="", *, plain=False):
        self.rng = rng
        self.ends, self.times = (
            ([one for one in ENDS if "jusqu" not in one], TIMES[:-1]) if target == "3cx" else (ENDS, TIMES)
        )
        if rng.random() < 0.1:
            self.ends = (*self.ends, "  # ignorer PC315 : voulu")
        if plain:
            self.ends = ("",)
        names = ((number, f"P{number} messagerie, mobile 06 12 34 5{number[-1]} 78") for number in NUMBERS)
        self.declared = DECLARED.format(extensions="".join(f"poste {number} {name}\n" for number, name in names))
        self.for_all = FOR_ALL[3] if plain else rng.choice(FOR_ALL)
        ruled = [number for number in NUMBERS if rng.random() < 0.8]
        self.blocks = {number: [self.rule(number) for _ in range(rng.randint(1, 4))] for number in ruled}

    def rule(self, number):
        draw = self.rng.choice
        to = draw(DESTINATIONS)
        further = NUMBERS[NUMBERS.index(number) + 1 :]
        if further and self.rng.random() < 0.3:
            to = draw(("extension P{}", "extension P{} messagerie")).format(draw(further))
        return f"depuis {draw(CALLERS)}{draw(self.times)} vers {to}{draw(self.ends)}"

    def change(self):
        number = self.rng.choice(list(self.blocks))
        lines = self.blocks[number]
        at = self.rng.randrange(len(lines))
        match self.rng.randrange(8):
            case 0:
                lines.insert(at, "# une ligne de plus")
            case 1:
                lines.insert(at, self.rule(number))
            case 2 if len(lines) > 1:
                del lines[at]
            case 3:
                self.rng.shuffle(lines)
            case 4 if self.rng.random() < 0.3:
                self.declared = self.declared.replace("9h-12h", "9h-13h")
            case 5 if self.rng.random() < 0.3:
                self.for_all = self.rng.choice(FOR_ALL)
            case _:
                lines[at] = self.rule(number)
        if all(line.startswith("#") for line in lines):
            lines.append(self.rule(number))

    @property
    def text(self):
        blocks = (
            f"\npour P{number}\n" + "".join(f"  {one}\n" for one in lines) for number, lines in self.blocks.items()
        )
        return self.declared + self.for_all + "".join(blocks)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Do for small policies what is only done for large ones."""
    monkeypatch.setattr(updating, "_LEAST", 0)
    monkeypatch.setattr(updating, "_MOST", 0)


def compiled(asked, kept):
    """Compile a policy whole, as the command does, and keep what there is to be known."""
    checked = api.examine_workspace(asked.place, TODAY)
    found = api.render(
        checked,
        asked.targets,
        asked.place.config.settings,
        verify=True,
        kept=kept,
        keeping=recompile.keeping(asked, checked, kept),
    )
    recompile.remember(asked, checked, found, kept)

    return found


def said(found):
    """Return all that was found: files, diagnostics, proofs."""
    proofs = [(one, one.unclear and str(one.unclear)) for one in found.verified.proofs] if found.verified else []

    return found.files, [flat(one) for one in found.diagnostics], proofs


def flat(one):
    """Return a diagnostic with its places as plain values."""

    def place(span):
        return span and (span.file.path, span.start, span.end, span.text, span.line)

    return (
        one.code,
        place(one.primary),
        dict(one.args),
        [(place(other.span), other.key, dict(other.args)) for other in one.secondary],
        [(text.key, dict(text.args)) for text in (*one.notes, *one.help)],
        one.witness,
        one.fix and ([(place(edit.span), edit.text) for edit in one.fix.edits], one.fix.safe),
    )


def asked_of(folder, text, targets):
    path = folder / "p.pol"
    path.write_text(text)
    (folder / "policyc.toml").write_text('[targets.3cx]\nanonymous = "anonymous"\n')

    return recompile.Asked(workspace.find([path]), TODAY, targets)


@pytest.mark.parametrize("seed", few(chosen(0, 9), 5))
def test_after_any_changes_all_is_as_if_it_were_compiled_whole(tmp_path, seed):
    rng = random.Random(seed)
    targets = (TARGETS[seed % 3],)
    policy = Drawn(rng, *targets)
    kept, unused = Store(tmp_path / "kept"), Store(tmp_path / "unused")
    compiled(asked_of(tmp_path, policy.text, targets), kept)
    for _ in range(6):
        policy.change()
        asked = asked_of(tmp_path, policy.text, targets)
        found = recompile.updated(asked, kept)
        whole = compiled(asked, kept if found is None else unused)

        assert found is None or said(found) == said(whole), policy.text


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A policy that was compiled, in a folder that the tests share: each puts back what it finds there."""
    folder = tmp_path_factory.mktemp("once")
    policy = Drawn(random.Random(5), "3cx", plain=True)
    policy.blocks["100"] = ["depuis 06* vers occupé"]
    policy.blocks["200"] = ["depuis 03* vers externe 0145678901"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(updating, "_LEAST", 0)
        patched.setattr(updating, "_MOST", 0)
        first = compiled(asked_of(folder, policy.text, TARGETS), Store(folder / "kept"))
    assert first.verified.holds
    shutil.copytree(folder / "kept", folder / "saved")
    policy.blocks["100"] = ["depuis 06* vers messagerie", "depuis 07* vers occupé"]

    return folder, policy.text, first


@pytest.fixture
def done(once):
    """What was compiled, as it was kept, and a change that hardly reaches anyone."""
    folder, changed, first = once
    shutil.rmtree(folder / "kept")
    shutil.copytree(folder / "saved", folder / "kept")

    return Store(folder / "kept"), asked_of(folder, changed, TARGETS), first


def data_of(kept, suffix):
    return sorted((kept.folder / "last").glob(f"*{suffix}"))


def test_a_change_is_made_without_the_rest(done, monkeypatch, tmp_path):
    kept, asked, first = done
    monkeypatch.setattr(api, "examine", None)
    found = recompile.updated(asked, kept)

    assert all(found.files[target] != first.files[target] for target in TARGETS)
    monkeypatch.undo()
    assert said(found) == said(compiled(asked, Store(tmp_path / "unused")))


def test_what_follows_builds_upon_it(done):
    kept, asked, _ = done
    found = recompile.updated(asked, kept)

    assert said(recompile.updated(asked, kept)) == said(found)


@pytest.mark.parametrize("suffix", [".pieces", ".last"])
@pytest.mark.parametrize("fault", ["lost", "empty", "cut", "other"])
def test_what_is_lost_or_spoiled_counts_for_nothing(done, suffix, fault):
    kept, asked, _ = done
    for path in data_of(kept, suffix):
        data = path.read_bytes()
        path.unlink()
        if fault != "lost":
            path.write_bytes(
                {"empty": b"", "cut": data[:-9], "other": data.replace(b"messagerie", b"Messagerie")}[fault]
            )

    assert recompile.updated(asked, kept) is None


def test_nobody_else_reads_what_is_kept(done):
    kept, _, _ = done

    assert {path.stat().st_mode & 0o777 for path in (kept.folder / "last").iterdir()} == {0o600}


def test_pieces_that_say_something_else_are_not_taken_for_proved(done):
    """A piece of an extension that is not looked at again must be the one of which everything was proved."""
    kept, asked, _ = done
    data = data_of(kept, ".last")[0].read_bytes()
    key = data_of(kept, ".last")[0].stem
    for path in data_of(kept, ".pieces"):
        said = path.read_bytes()
        assert b"0145678901" in said
        name = kept.put(said.replace(b"0145678901", b"0145678902"))
        data = data.replace(path.stem.encode(), name.encode())
    kept.keep_last(key, data[40:])

    assert kept.last(key) == data[40:]
    assert recompile.updated(asked, kept) is None


@pytest.mark.parametrize(
    "another",
    [
        lambda asked: replace(asked, targets=("asterisk",)),
        lambda asked: replace(asked, place=replace(asked.place, config=config.defaults())),
    ],
)
def test_of_something_else_nothing_is_known(done, another):
    kept, asked, _ = done

    assert recompile.updated(another(asked), kept) is None


@pytest.mark.parametrize(("until", "known"), [("", True), (" jusqu'au 2026-12-05", False)])
def test_the_day_counts_where_a_rule_ends_some_day(tmp_path, until, known):
    policy = Drawn(random.Random(5), "3cx", plain=True)
    policy.blocks["101"] = [f"depuis 06* vers occupé{until}"]
    kept = Store(tmp_path / "kept")
    asked = asked_of(tmp_path, policy.text, ("asterisk",))
    compiled(asked, kept)

    assert (recompile.updated(replace(asked, today=date(2026, 11, 29)), kept) is not None) is known


@pytest.mark.parametrize(
    "change",
    [
        ("9h-12h 14h-18h", "9h-12h 14h-17h"),
        ("poste 1002 P1002 messagerie", "poste 1002 P1002"),
        ("pour P100\n  depuis 06* vers messagerie\n  depuis 07* vers occupé\n", ""),
        ("depuis 06* vers messagerie", "depuis 06* vers extension Personne"),
        ("depuis 06* vers messagerie", "depuis 06* vers extension P100"),
    ],
)
def test_what_is_declared_otherwise_or_wrong_is_looked_at_whole(done, change):
    kept, asked, _ = done
    path = asked.place.root / "p.pol"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))

    assert recompile.updated(asked, kept) is None


def test_of_a_short_policy_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.undo()
    policy = Drawn(random.Random(5), "3cx", plain=True)
    kept = Store(tmp_path / "kept")
    compiled(asked_of(tmp_path, policy.text, ("asterisk",)), kept)

    assert not (kept.folder / "last").exists()


def test_no_policy_is_kept_that_is_not_proved(tmp_path):
    policy = Drawn(random.Random(5), "3cx", plain=True)
    asked = asked_of(tmp_path, policy.text, ("asterisk",))
    checked = api.examine_workspace(asked.place, TODAY)
    kept = Store(tmp_path / "kept")
    recompile.remember(asked, checked, api.render(checked, asked.targets, asked.settings()), kept)

    assert not kept.folder.exists()
