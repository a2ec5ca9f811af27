"""The examples: sound, without a warning, true to their own tests and guarantees, and showing the whole language."""

from datetime import date
from pathlib import Path

import pytest
from strategies import grammar

from policyc import api, lexer, syntax, testing, workspace
from policyc.project import read_source
from policyc.syntax import shapes

EXAMPLES = Path(__file__).parent.parent / "examples"
# The policies to compile; the other files are included by one of them.
POLICIES = (
    *sorted(EXAMPLES.glob("guide/*.pol")),
    EXAMPLES / "cabinet" / "cabinet.pol",
    EXAMPLES / "mairie" / "mairie.pol",
    EXAMPLES / "entreprise" / "entreprise.pol",
)

each_policy = pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)


@each_policy
@pytest.mark.parametrize("today", [date(2026, 11, 23), date(2034, 1, 1)], ids=str)
def test_nothing_is_wrong(path, today):
    checked = api.examine_workspace(workspace.find([path]), today)

    assert [] == [f"{one.code} {one.primary.place}" for one in checked.diagnostics]


@each_policy
def test_its_tests_pass_and_its_guarantees_hold(path):
    assert [] == [verdict.stated.span.place for verdict in testing.run(api.load(path)) if not verdict.passed]


@each_policy
def test_it_says_what_it_expects(path):
    assert any(api.load(path).tests) or any(api.load(path).guarantees)


MAIN_FILES = {"asterisk": "policyc.conf", "freeswitch": "policyc.xml", "3cx": "policyc-3cx.json"}


@each_policy
def test_it_compiles_for_the_targets_it_names(path):
    compiled = api.compile(path)

    assert not compiled.has_errors
    assert set(compiled.files) == set(workspace.find([path]).config.targets)
    assert all(MAIN_FILES[target] in files for target, files in compiled.files.items())


def test_examples_compile_for_every_target():
    named = [set(workspace.find([path]).config.targets) for path in POLICIES]

    assert all(sum(target in some for some in named) > 2 for target in MAIN_FILES)


def test_every_file_belongs_to_a_policy():
    """A file that no policy reads would rot unseen."""
    read = {(policy.parent / source.path).resolve() for policy in POLICIES for source in _sources(policy)}

    assert {path.resolve() for path in EXAMPLES.rglob("*") if path.suffix in {".pol", ".csv"}} == read


# -- the whole language ------------------------------------------------------------------------------------------


def _sources(policy):
    place = workspace.find([policy])
    return api.project.load(place.files, place.paths)[0].sources


def _shapes():
    """Yield the parsed shape of each line of the examples, with the types of its tokens."""
    for path in sorted(EXAMPLES.rglob("*.pol")):
        source, _ = read_source(path.name, path.read_bytes())
        for line in lexer.lex(source, syntax.keywords()):
            types = tuple(token.type for token in line.tokens)
            if types:
                yield types, shapes.shape_of(types)


def _names(tree):
    if isinstance(tree, tuple):
        name, children = tree
        yield name
        for child in children:
            yield from _names(child)


def test_every_form_of_the_language_is_shown():
    """Each rule of the grammar (statement, option, clause, destination, result) stands somewhere in the examples."""
    forms = {str(rule.alias or rule.origin.name) for rule in grammar().rules}
    shown = {name for _, shape in _shapes() for name in _names(shape.tree)}

    assert set() == {name for name in forms if not name.startswith("_")} - shown - {"line"}


def test_every_word_of_the_language_is_shown():
    shown = {name for types, _ in _shapes() for name in types}

    assert set() == {terminal.name for terminal in grammar().terminals} - shown
