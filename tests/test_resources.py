"""Data files are found by name, and templates fail loudly."""

from __future__ import annotations

import tomllib

import jinja2
import pytest

from policyc import resources


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A data folder of our own, so that no test depends on what the real templates say."""
    for name, text in {
        "grammar/policy.lark": "start: /é/\n",
        "templates/pbx/rows.conf.j2": "; né\n{% for row in rows %}\n  exten => {{ row }}\n{% endfor %}\n",
        "templates/pbx/rows.xml.j2": "<a>{{ value }}</a>\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(resources, "data_root", lambda: tmp_path)


def test_data_root_holds_the_real_grammar_and_templates():
    root = resources.data_root()

    assert root.joinpath("grammar", "policy.lark").is_file()
    assert root.joinpath("templates").is_dir()


def test_missing_data_says_both_places(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_package", lambda: tmp_path / "installed")
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "checkout" / "policyc" / "resources.py"))

    with pytest.raises(FileNotFoundError, match=r"neither .*installed.* nor .*checkout"):
        resources.data_root()


def test_installed_data_wins_over_the_checkout(tmp_path, monkeypatch):
    for folder in ("grammar", "templates"):
        (tmp_path / "_data" / folder).mkdir(parents=True)
    monkeypatch.setattr(resources, "_package", lambda: tmp_path)

    assert tmp_path / "_data" == resources.data_root()


@pytest.mark.usefixtures("checkout")
def test_text_is_utf8_whatever_the_locale():
    assert resources.read_grammar("policy.lark") == "start: /é/\n"
    assert resources.read_template("pbx/rows.xml.j2") == "<a>{{ value }}</a>\n"


def test_package_files_are_read_by_name():
    assert '"""The package\'s own files' in resources.read_package("resources.py")


@pytest.mark.usefixtures("checkout")
def test_block_tags_leave_no_trace_in_the_output():
    template = resources.template_environment("pbx").get_template("rows.conf.j2")

    assert template.render(rows=["100", "a<b"]) == "; né\n  exten => 100\n  exten => a<b\n"


@pytest.mark.usefixtures("checkout")
def test_xml_templates_escape():
    template = resources.template_environment("pbx").get_template("rows.xml.j2")

    assert template.render(value='<&"') == "<a>&lt;&amp;&#34;</a>\n"


@pytest.mark.usefixtures("checkout")
def test_a_name_the_renderer_did_not_give_is_an_error():
    template = resources.template_environment("pbx").get_template("rows.xml.j2")

    with pytest.raises(jinja2.UndefinedError, match="value"):
        template.render()


@pytest.mark.usefixtures("checkout")
def test_a_missing_template_is_named():
    with pytest.raises(jinja2.TemplateNotFound, match=r"absent\.j2"):
        resources.template_environment("pbx").get_template("absent.j2")


@pytest.mark.parametrize(
    "name", [f"{folder}/{language}.toml" for folder in ("messages", "words") for language in ("fr", "en")]
)
def test_tables_that_are_parsed_one_by_one_are_those_of_the_whole_file(name):
    tables = resources.read_tables(name)

    assert tomllib.loads(resources.read_package(name)) == {table: tables[table] for table in tables}
