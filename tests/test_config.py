"""`policyc.toml`: defaults, every mistake at its line, and nothing that could break a line of a dialplan."""

from __future__ import annotations

import re

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyc import config, digits, targets
from policyc.files import MemoryFiles

OUTSIDE = (digits.Kind.EXTERNAL,)


def load(text: str | bytes):
    return config.load(MemoryFiles({"policyc.toml": text}))


def only(text: str):
    """Return the one diagnostic of a file."""
    (found,) = load(text)[1]
    return found


def keys(texts) -> list[str]:
    return [text.key for text in texts]


def test_without_a_file_everything_has_a_default():
    settings, found = config.load(MemoryFiles({}))

    assert found == ()
    assert settings == config.defaults()
    assert settings.sources is None
    assert settings.targets == ("asterisk", "freeswitch", "3cx")
    assert settings.settings["asterisk"]["external_channel"] == "PJSIP/{number}@trunk"
    assert settings.settings["freeswitch"]["extension_dial"] == "user/{number}@${domain_name}"
    assert settings.settings["3cx"] == {
        "version": "20.0.9",
        "presentations": ("national", "e164", "00"),
        "one_pattern_per_rule": False,
        "anonymous": "",
    }


def test_an_empty_file_says_as_much_as_none():
    assert load("") == (config.defaults(), ())


@pytest.mark.parametrize("name", targets.names())
def test_defaults_are_those_of_the_target(name):
    assert dict(config.defaults().settings[name]) == dict(targets.find(name).DEFAULTS)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(config.schema())


def test_defaults_satisfy_the_schema():
    tables = {
        "policy": {"targets": list(targets.names())},
        "targets": {
            name: {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}
            for name, table in config.defaults().settings.items()
        },
    }

    jsonschema.Draft202012Validator(config.schema()).validate(tables)
    assert list(config._values(tables)) == []


def test_every_key_has_a_description_for_editors():
    def walk(table: dict, path: str) -> list[str]:
        missing = []
        for name, one in table.get("properties", {}).items():
            referred = config.schema()["$defs"].get(one.get("$ref", "").rpartition("/")[2], {})
            if not any(key in one or key in referred for key in ("description", "title")):
                missing.append(f"{path}.{name}")
            missing += walk(one, f"{path}.{name}")
        return missing

    assert walk(config.schema(), "") == []


def test_what_is_said_is_taken():
    settings, found = load(
        """
[policy]
sources = ["a.pol", "règles/*.pol"]
targets = ["asterisk"]
[targets.asterisk]
external_channel = "PJSIP/${TRUNK}/sip:{e164}@op"
rebound_confirm = false
presentations = ["national", "e164"]
language = "fr_CA"
"""
    )

    assert found == ()
    assert settings.sources == ("a.pol", "règles/*.pol")
    assert settings.targets == ("asterisk",)
    asterisk = settings.settings["asterisk"]
    assert asterisk["external_channel"] == "PJSIP/${TRUNK}/sip:{e164}@op"
    assert asterisk["rebound_confirm"] is False
    assert asterisk["presentations"] == ("national", "e164")
    assert asterisk["extension_channel"] == "PJSIP/{number}"


def test_line_ends_of_windows_and_a_byte_order_mark():
    found = load(b"\xef\xbb\xbf[policy]\r\n\r\nsource = ['a.pol']\r\n")[1]

    assert [(one.code, one.primary.line, one.primary.text) for one in found] == [("PC006", 3, "source")]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\n[policy\n", 2), ("[policy]\nsources = \n", 2), ("[policy]\n\nsources = [\n", 4), ("a = [" * 9999, 1)],
)
def test_what_is_no_toml_is_shown_at_its_line(text, line):
    settings, (found,) = load(text)

    assert (found.code, found.primary.line, found.args["reason"]) == ("PC006", line, "toml")
    assert not settings.legible


def test_what_is_no_utf8():
    settings, (found,) = load(b"[policy]\n# \xe9t\xe9\n")

    assert (found.code, found.primary.line) == ("PC002", 2)
    assert not settings.legible


@pytest.mark.parametrize(
    ("text", "key", "line", "help_"),
    [
        ("[policy]\nsource = ['a.pol']", "policy.source", 2, ("meant", {"name": "sources"})),
        ("[targets.asterix]", "targets.asterix", 1, ("meant", {"name": "asterisk"})),
        (
            "rebound_confirm = true",
            "rebound_confirm",
            1,
            ("belongs", {"table": "targets.asterisk"}),
        ),
        (
            "[policy]\nzzz = 1",
            "policy.zzz",
            2,
            ("known-keys", {"names": ("sources", "targets", "company_numbers", "private_directories")}),
        ),
        ("targets.asterisk.extension_chanel = 'x'", "targets.asterisk.extension_chanel", 1, None),
    ],
)
def test_an_unknown_key_gets_a_hint(text, key, line, help_):
    found = only(text)

    assert (found.code, found.args["key"], found.primary.line) == ("PC006", key, line)
    assert keys(found.notes) == ["unknown-key"]
    if help_:
        assert [(one.key, one.args) for one in found.help] == [help_]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("policy = 3", "type-object"),
        ("[policy]\nsources = 'a.pol'", "type-array"),
        ("[policy]\nsources = [3]", "type-string"),
        ("[policy]\nsources = []", "empty"),
        ("[policy]\nsources = ['']", "empty"),
        ("[policy]\nsources = ['a', 'a']", "repeated"),
        ("[policy]\ntargets = ['asterix']", "choice"),
        ("[targets.asterisk]\nrebound_confirm = 'oui'", "type-boolean"),
        ("[targets.asterisk]\npresentations = ['e164']", "no-national"),
        ("[targets.asterisk]\npresentations = ['natonal']", "choice"),
        ("[targets.asterisk]\npresentations = 2026-01-01", "type-array"),
        ("[targets.asterisk]\nsystem_context = 'a b'", "context-name"),
        ('[targets.asterisk]\nsystem_context = "default\\n"', "context-name"),
        ("[targets.asterisk]\nsystem_context = ''", "context-name"),
        ("[targets.asterisk]\nlanguage = 'fr;'", "language-name"),
        ("[targets.freeswitch]\nsystem_context = '../x'", "context-name"),
        ("[targets.3cx]\nversion = '20,0'", "version-number"),
    ],
)
def test_a_wrong_value_says_why(text, reason):
    found = only(text)

    assert (found.code, found.args["reason"], keys(found.notes)) == ("PC006", reason, [reason])


def test_a_context_of_80_characters_is_too_long():
    assert load(f"[targets.asterisk]\nsystem_context = '{'a' * 79}'")[1] == ()
    assert only(f"[targets.asterisk]\nsystem_context = '{'a' * 80}'").args["reason"] == "context-name"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("PJSIP/trunk", "template-without-number"),
        ("PJSIP/${number}", "template-without-number"),
        ("PJSIP/{nummer}", "template-placeholder"),
        ("PJSIP/{number}{}", "template-placeholder"),
        ("PJSIP/{number}\n", "template-character"),
        ("PJSIP/{number}\u2028", "template-character"),
        ("PJSIP/{number}\x7f", "template-character"),
        ("PJSIP/{number};x", "template-character"),
        ("PJSIP/{number},20", "template-character"),
        ("PJSIP/{number}\\", "template-character"),
        ("PJSIP/{number", "template-unbalanced"),
        ("PJSIP/{number}}", "template-unbalanced"),
        ("PJSIP/{number}@${TRUNK", "template-unbalanced"),
        ("PJSIP/{number}@$[1", "template-unbalanced"),
        ("PJSIP/{number}(", "template-unbalanced"),
        ("PJSIP/{number})", "template-unbalanced"),
        ('PJSIP/{number}"', "template-unbalanced"),
    ],
)
def test_a_channel_that_would_break_the_dialplan_is_refused(value, reason):
    escaped = "".join(f"\\u{ord(char):04x}" for char in value)

    found = only(f'[targets.asterisk]\nexternal_channel = "{escaped}"')

    assert (found.args["key"], found.args["reason"]) == ("targets.asterisk.external_channel", reason)
    assert found.primary.text == "external_channel"


@pytest.mark.parametrize(
    "value",
    [
        "PJSIP/{number}@trunk",
        "PJSIP/{e164}@${TRUNK}",
        "SIP/trunk/{number}",
        "PJSIP/op/sip:{e164}@[2001:db8::1]",
        "Local/{number}@sortie/n",
        "PJSIP/${DB(trunk/{number})}",
    ],
)
def test_usual_channels_are_taken(value):
    assert load(f"[targets.asterisk]\nexternal_channel = '{value}'")[1] == ()


def test_a_comma_is_for_freeswitch_to_understand():
    assert load("[targets.freeswitch]\nexternal_dial = 'sofia/gateway/a/{number},sofia/gateway/b/{number}'")[1] == ()


@given(st.text(max_size=30))
def test_no_channel_that_is_taken_can_leave_its_line(value):
    if config._template("asterisk", value) is None:
        assert not re.search(r"[\n\r;,\\\x00]", value)
        assert value.replace("{number}", "1").replace("{e164}", "1").count("{") == value.count("${")


@given(st.text(max_size=80))
def test_any_text_gives_settings_or_diagnostics(text):
    _, found = load(text.encode("utf-8", "replace"))

    for one in found:
        assert one.primary is not None
        assert 0 <= one.primary.start <= one.primary.end <= len(one.primary.file.text) + 1


def test_a_wrong_key_leaves_the_others():
    settings, found = load(
        "[targets.asterisk]\nsystem_context = 'a b'\nlanguage = 'en'\n[policy]\nsources = ['a.pol']\n"
    )

    assert len(found) == 1
    assert settings.legible
    assert settings.settings["asterisk"]["system_context"] == "from-internal"
    assert settings.settings["asterisk"]["language"] == "en"
    assert settings.sources == ("a.pol",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("01 99 00 12 00", digits.between("0199001200", "0199001200", OUTSIDE)),
        ("01.99.00.12.00", digits.between("0199001200", "0199001200", OUTSIDE)),
        ("+33 (0)1 99 00 12 00", digits.between("0199001200", "0199001200", OUTSIDE)),
        ("0033 1 99 00 12 00", digits.between("0199001200", "0199001200", OUTSIDE)),
        ("+262 692 12 34 56", digits.between("0692123456", "0692123456", OUTSIDE)),
        ("+44 20 7946 0123", digits.between("+442079460123", "+442079460123", OUTSIDE)),
        ("3949", digits.between("3949", "3949", OUTSIDE)),
        ("01 99 00*", digits.between("0199000000", "0199009999", OUTSIDE)),
        ("+33 1 99 00*", digits.between("0199000000", "0199009999", OUTSIDE)),
        ("0199001200..0199001299", digits.between("0199001200", "0199001299", OUTSIDE)),
        ("01 99 00 12 00 .. +33 1 99 00 12 99", digits.between("0199001200", "0199001299", OUTSIDE)),
    ],
)
def test_a_number_of_the_company_is_written_as_in_a_policy(written, meant):
    settings, found = load(f"[policy]\ncompany_numbers = ['{written}']")

    assert found == ()
    assert settings.company is meant


def test_numbers_of_the_company_add_up():
    settings, found = load("[policy]\ncompany_numbers = ['01 99 00 12 00', '01 99 00 12*', '04 65 71 00 00']")

    assert found == ()
    assert settings.company.count == 101
    assert config.defaults().company is digits.EMPTY


@pytest.mark.parametrize(
    "written",
    [
        *("01 99 00 12", "01 99 00 12 00 00", "+33 1 99 00 12", "+44", "Accueil", "*", "anonyme", "..", "#"),
        *("01 99 00 12 00, 01 99 00 12 01", "01 99 00 12 00  # accueil", "0199001299..0199001200", "01*..02*"),
        *("0199001200..", "0199001200..33", "démarchage", "1234567890123456"),
    ],
)
def test_what_is_no_number_of_the_company(written):
    settings, (found,) = load(f"[policy]\nsources = ['a.pol']\ncompany_numbers = ['01 99 00*', '{written}']")

    assert (found.code, found.args["key"], found.args["reason"]) == (
        "PC006",
        "policy.company_numbers",
        "company-number",
    )
    assert found.primary.text == "company_numbers"
    assert found.notes[0].args == {"value": written}
    assert settings.company is digits.EMPTY
    assert settings.sources == ("a.pol",)


@pytest.mark.parametrize(
    ("value", "reason"),
    [("'01 99 00*'", "type-array"), ("[199]", "type-string"), ("['']", "empty"), ("['3949', '3949']", "repeated")],
)
def test_numbers_of_the_company_are_a_list_of_texts(value, reason):
    assert only(f"[policy]\ncompany_numbers = {value}").args["reason"] == reason


def test_sources_that_are_wrong_are_not_known():
    assert not load("[policy]\nsources = 'a.pol'")[0].legible


def test_every_mistake_is_reported_once():
    found = load("[policy]\nsource = ['a']\ntargets = ['asterix', '3cy']\n[targets.asterisk]\nlanguage = ''\nx = 1\n")[
        1
    ]

    assert sorted((one.args["key"], one.primary.line) for one in found) == [
        ("policy.source", 2),
        ("policy.targets", 3),
        ("policy.targets", 3),
        ("targets.asterisk.language", 5),
        ("targets.asterisk.x", 6),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[targets."asterisk"]\n"language" = 3', 2),
        ("targets.asterisk.language = 3", 1),
        ("[targets]\nasterisk.language = 3", 2),
        ("[targets]\nasterisk = {language = 3}", 2),
        ("# language = 1\n[targets.asterisk]   # language\n  language   = 3", 3),
    ],
)
def test_keys_are_found_however_they_are_written(text, line):
    found = only(text)

    assert (found.args["key"], found.primary.line) == ("targets.asterisk.language", line)
