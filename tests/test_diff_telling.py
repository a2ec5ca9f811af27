"""How a difference is told: in words that read right, in JSON that suffices by itself, and harmlessly everywhere."""

import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
import test_docs
from judge.seeds import chosen, few
from markdown_it import MarkdownIt
from test_diff import models, sampled

import policyc
from policyc import cli, digits, evaluate, numbering, report, resources, words
from policyc.diff import document, grouping, html, markdown, partition, telling
from policyc.diff.grouping import OWN
from policyc.diff.phrasing import Phrasing, Told
from policyc.diff.redacting import Mask
from policyc.diff.settings import Setting
from policyc.digits import Kind
from policyc.model import External
from policyc.outcomes import DecisionModel, Ending

FOLDER = Path(__file__).parent / "cases" / "diff"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())
FRENCH = words.load("fr"), report.load_catalogue("fr")
ENGLISH = words.load("en"), report.load_catalogue("en")
SCHEMA = json.loads(resources.read_package("diff/schema.json"))
FORMS = {
    "text": telling.to_text,
    "json": document.to_json,
    "markdown": markdown.to_markdown,
    "html": html.to_html,
}


def compared(old, new):
    """The difference of two texts."""
    texts = {"old.pol": old, "new.pol": new}
    return grouping.compare(*(DecisionModel(policyc.load_text(text, name)) for name, text in texts.items()))


def told(old, new, **options):
    return Told(compared(old, new), policies=("new.pol",), **options)


def in_french(one, form="text"):
    return FORMS[form](one, *FRENCH)


def plain(text):
    return re.sub("[\u00a0\u202f]", " ", text)


# -- as people read it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "language", "options"),
    [
        ("fr.txt", "text", FRENCH, {}),
        ("en.txt", "text", ENGLISH, {}),
        ("all.fr.txt", "text", FRENCH, {"most": None}),
        ("redacted.fr.txt", "text", FRENCH, {"most": None, "redact": True}),
        ("fr.json", "json", FRENCH, {}),
        ("fr.md", "markdown", FRENCH, {"most": 5}),
        ("fr.html", "html", FRENCH, {}),
    ],
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_reads_as_its_golden(case, name, form, language, options, golden):
    old, new = ((case / file).read_text(encoding="utf-8") for file in ("old.pol", "new.pol"))

    golden(case / name, FORMS[form](told(old, new, **options), *language))


def test_every_golden_is_of_a_case():
    names = {"old.pol", "new.pol", "fr.txt", "en.txt", "all.fr.txt", "redacted.fr.txt", "fr.json", "fr.md", "fr.html"}

    assert CASES
    for case in CASES:
        assert names == {path.name for path in case.iterdir()}


MARTIN = """\
poste 100 Accueil messagerie
poste 101 Secrétariat messagerie
poste 102 "Dr Martin" mobile 06 39 98 00 02, messagerie
groupe 800 Standard
liste VIP = 06 39 98 00 20, 06 39 98 00 21
horaires bureau = lundi-vendredi 9h-12h
pour "Dr Martin"
  {}
"""


def line(before, after):
    """The only line of two policies that have one rule of Dr Martin each."""
    [shown, *_] = plain(in_french(told(MARTIN.format(before), MARTIN.format(after)))).split("\n")
    return shown


def test_the_line_of_the_contract():
    before = "depuis 06* 07* pendant bureau vers extension Secrétariat messagerie"
    after = "depuis 06* 07* pendant bureau vers mobile rebond"

    # 0700 has numbers of fourteen digits too.
    expected = "102 Dr Martin : 10 200 000 000 numéros (06* 07*), pendant bureau : messagerie 101 → mobile rebond"
    assert expected == line(before, after)


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("sonnerie", "sonnerie"),
        ("messagerie", "messagerie"),
        ("mobile", "mobile"),
        ("mobile rebond", "mobile rebond"),
        ("extension Accueil", "sonnerie 100"),
        ("extension Accueil messagerie", "messagerie 100"),
        ("externe 04 42 93 06 98", "externe 04 42 93 06 98"),
        ("externe 04 42 93 06 98 rebond", "externe 04 42 93 06 98 rebond"),
        ("système Standard", "système 800"),
    ],
)
def test_endings_are_in_the_words_of_policies(destination, expected):
    assert f"102 Dr Martin : 3949 : occupé → {expected}" == line(
        "depuis 3949 vers occupé", f"depuis 3949 vers {destination}"
    )


def test_a_rebound_of_another_extension_says_whose_mailbox_follows():
    rules = "depuis 3949 vers {}\npour Accueil\n  depuis 3949 vers extension 102"
    text = in_french(
        told(MARTIN.format(rules.format("occupé")), MARTIN.format(rules.format("externe 3103 rebond")), most=None)
    )

    assert "102 Dr Martin\u00a0: 3949\u00a0: occupé → externe 3103 rebond\n" in text
    assert "100 Accueil\u00a0: 3949\u00a0: occupé → externe 3103 rebond (messagerie 102)\n" in text


@pytest.mark.parametrize(
    ("callers", "expected"),
    [
        ("*", "tous les appelants"),
        ("interne", "tous les appelants internes"),
        ("anonyme", "appelants anonymes"),
        ("anonyme externe", "appelants anonymes externes"),
        ("* sauf 06* démarchage", "tous les appelants (sauf démarchage, 06*)"),
        ("* sauf VIP", "tous les appelants (sauf VIP)"),
        ("06* 07* sauf VIP externe", "10 199 999 998 numéros (06* 07* sauf VIP, externes)"),
        ("06 39 98 00 02", "06 39 98 00 02"),
        ("06 39 98 00 02 interne", "06 39 98 00 02, internes"),
        ("3949 3103", "2 numéros (3103, 3949)"),
        ("06 12* 06 13*", "2 000 000 numéros (06 12*, 06 13*)"),
        ("06* sauf 06 12*", "99 000 000 numéros (06* sauf 06 12*)"),
        ("mobiles externe", "170 000 000 numéros (mobiles, externes)"),
        ("Accueil", "100"),
        ("31 32 33 34 35 36 37 38", "8 numéros (31, 32, 33, 34, 35, 36, …)"),
    ],
)
def test_callers_are_in_the_words_of_policies(callers, expected):
    # Many say little more than how many they are: what follows the callers tells where they end.
    shown = line(f"depuis {callers} vers occupé", f"depuis {callers} vers messagerie")

    assert f"102 Dr Martin : {expected} : occupé → messagerie" == shown


def test_names_that_need_quotes_have_them():
    text = MARTIN.format(
        'depuis "Les amis" pendant "garde de nuit" vers {}\n'
        'liste "Les amis" = 3949, 3103\nhoraires "garde de nuit" = lundi 20h-24h'
    )
    shown = plain(in_french(told(text.replace("{}", "occupé"), text.replace("{}", "mobile"))))

    assert '102 Dr Martin : 2 numéros ("Les amis"), pendant "garde de nuit" : occupé → mobile' in shown


@pytest.mark.parametrize(
    ("declared", "clause", "expected"),
    [
        ("", "", ""),
        ("", "hors bureau", ", hors bureau"),
        ("fériés France 2026..2027", "pendant les fériés", ", pendant les fériés"),
        ("fermeture pont = 15/05/2026", "hors pont", ", hors pont"),
        ("", "jusqu'au 01/03/2027", ", jusqu'au 01/03/2027"),
        ("", "pendant bureau jusqu'au 01/03/2027", ", pendant bureau, jusqu'au 01/03/2027"),
    ],
)
def test_times_are_in_the_words_of_policies(declared, clause, expected):
    text = f"{MARTIN}{declared}\n".format(f"depuis 3949 {clause} vers {{}}")
    shown = plain(in_french(told(text.format("occupé"), text.format("mobile"))))

    assert f"102 Dr Martin : 3949{expected} : occupé → mobile\n" in shown


def test_many_extensions_are_counted():
    names = "".join(f"poste {number} P{number} messagerie\n" for number in range(10, 20))
    rules = "pour tous{}\n  depuis 3949 vers {}\n"
    shown = [
        plain(in_french(told(names + rules.format(scope, "occupé"), names + rules.format(scope, "messagerie"))))
        for scope in ("", " sauf 19", " sauf 13 14 15 16 17 18 19", " sauf 11 12 13 14 15 16 17 18 19")
    ]

    assert ["tous les postes (10)", "10, 11, 12 et 6 autres", "10, 11 et 12", "10 P10"] == [
        text.partition(" : ")[0] for text in shown
    ]


def test_few_groups_are_told_and_the_others_counted():
    names = "poste 101 A messagerie\npour A\n"
    rules = [f"  depuis {3100 + at} pendant h{at} vers {{}}\n" for at in range(30)]
    hours = "".join(f"horaires h{at} = lundi {at % 24}h{at // 24 * 30:02}-24h\n" for at in range(30))
    old, new = ((hours + names + "".join(rules)).replace("{}", to) for to in ("occupé", "messagerie"))
    difference = told(old, new)

    text = in_french(difference)
    assert len(difference.difference.groups) == 30
    assert text.count("→") == 20
    assert "\n… et 10 autres changements (--all)\n" in text
    assert in_french(replace(difference, most=None)).count(" → ") == 30
    assert "\n… et 1 autre changement (--all)\n" in in_french(replace(difference, most=29))


BUSY = MARTIN.format("depuis 3949 vers occupé")


def test_no_difference_is_said_as_a_proof():
    proof = (
        "Aucun appel ne change de destination : prouvé pour chaque appelant vers chacun des 3 postes, à tout instant."
    )
    otherwise_said = MARTIN.format(
        "depuis 3949 pendant bureau vers occupé\n  depuis 39 vers sonnerie\n  depuis 3949 vers occupé"
    )
    longer = BUSY.replace("Secrétariat messagerie", "Secrétariat messagerie, sonne 9s")

    assert f"{proof}\n" == plain(in_french(told(BUSY, otherwise_said)))
    assert f"Réglages\n  101 Secrétariat : sonne 20 s → 9 s\n\n{proof}\n" == plain(in_french(told(BUSY, longer)))
    for form in ("markdown", "html"):
        assert proof in plain(in_french(told(BUSY, otherwise_said), form))


def test_zones_that_differ_are_told():
    one = told(BUSY, "fuseau Indian/Reunion\n" + BUSY)

    for form in ("text", "markdown", "html"):
        assert re.search(r"Les fuseaux diffèrent \(`?Europe/Paris`? avant", plain(in_french(one, form)))


@pytest.mark.parametrize("language", [FRENCH, ENGLISH], ids=words.LANGUAGES)
def test_everything_there_is_has_words(language):
    one = told(MARTIN.format("depuis 3949 vers occupé"), MARTIN.format("depuis 3949 vers mobile"))
    say = Phrasing(one, *language)
    [group] = one.difference.groups
    endings = [Ending("busy"), Ending("outside")]
    endings += [Ending(kind, extension) for kind in ("ring", "voicemail", "system") for extension in (OWN, "100")]
    endings += [Ending("external", None, number) for number in (OWN, "0442930698", "0639980002")]
    endings += [
        Ending("rebound", extension, number) for extension in (OWN, "100") for number in (OWN, "3949", "0639980002")
    ]
    for extensions in (("102",), ("101", "102")):
        shown = [say.before(replace(group, extensions=extensions, before=ending)) for ending in endings]
        assert all(shown)
        assert len(set(shown)) >= len(endings) - 3  # a mobile that is its own, named or not
    settings = [Setting(None, key, "a", "b") for key in ("name", "zone")]
    settings += [
        Setting("101", "name", "a", "b"),
        Setting("101", "ring", 20, 9),
        Setting("101", "mobile", None, "3949"),
    ]
    settings += [Setting("101", "mailbox", *sides) for sides in ((False, True), (True, False))]
    settings += [Setting("101", key, *sides) for key in ("extension", "system") for sides in ((None, "a"), ("a", None))]
    settings += [Setting("800", "kind", one, other) for one, other in (("group", "queue"), ("queue", "menu"))]

    assert len(settings) == len({say.setting(one) for one in settings})


# -- as programs read it -----------------------------------------------------------------------------------------------


class Reader:
    """All that a program needs to know of the JSON: which calls change destination, from where to where."""

    def __init__(self, text):
        self.data = json.loads(text)

    def changes(self, kind, number, called, local):
        """The (index, before, after) that hold a call."""
        for at, change in enumerate(self.data["changes"]):
            is_then = called in change["extensions"] and self._at(change["times"], local)
            if is_then and any(self._is_of(one, kind, number) for one in change["callers"]):
                sides = [
                    self._ending(change[side], called, self.data[policy]["mobiles"])
                    for side, policy in (("before", "old"), ("after", "new"))
                ]
                yield at, *sides

    @staticmethod
    def _is_of(callers, kind, number):
        if callers["kind"] != kind:
            return False
        if "from" in callers:
            first, last = callers["from"].replace("x", "0"), callers["to"].replace("x", "9")
            if number is None or len(number) != len(first) or (number[0] == "+") != (first[0] == "+"):
                return False
            return first <= number <= last
        if "anonymous" in callers:
            return number is None
        if "beyond" in callers:
            signed = number is not None and number.startswith("+")
            digits = len(number or "") - signed
            most = 10 if kind == "internal" else 15
            return number is not None and not (4 if signed else 1) <= digits <= most
        return True

    @staticmethod
    def _at(times, local):
        if times == "always":
            return True
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        day = local.date().isoformat()
        return any(
            any(start <= minute < end for start, end in one["week"])
            and any(first <= day <= last for first, last in one["dates"])
            for one in times
        )

    @staticmethod
    def _ending(ending, called, mobiles):
        own = ending.get("own", ())
        extension = called if "extension" in own else ending.get("extension")
        number = mobiles[called] if "number" in own else ending.get("number")
        return ending["kind"], extension, number


def interpreted(model, caller, called, local):
    outcome = evaluate.evaluate(model.policy, evaluate.Call(caller, called, local))
    return outcome.kind, None if outcome.kind == "busy" else outcome.extension, outcome.number


@pytest.mark.parametrize("seed", few(chosen(0, 24), 20))
def test_the_json_alone_says_which_calls_change(seed):
    old, new, before, after = models(seed)
    one = Told(grouping.compare(before, after))
    reader = Reader(document.to_json(one, *FRENCH))
    masked = Reader(document.to_json(replace(one, redact=True), *FRENCH))
    jsonschema.validate(reader.data, SCHEMA)
    jsonschema.validate(masked.data, SCHEMA)
    for call in sampled(seed, old, new, list(partition.changes(before, after))):
        kind = Kind.INTERNAL if call.internal else Kind.EXTERNAL
        caller = numbering.canonical(kind, call.presented, restricted=call.restricted)
        sides = [interpreted(model, caller, call.called, call.instant) for model in (before, after)]
        found = list(reader.changes(kind.value, caller.number, call.called, call.instant))

        assert [one[1:] for one in found] == ([] if sides[0] == sides[1] else [tuple(sides)]), call
        # Masked, it says at least as much.
        holding = [at for at, *_ in masked.changes(kind.value, caller.number, call.called, call.instant)]
        assert {at for at, *_ in found} <= set(holding)
    assert reader.data["identical"] is (not reader.data["changes"])


def test_callers_beyond_all_numbers_are_told_of():
    """A caller of twenty digits is nobody that a rule can name, but `*` holds it all the same."""
    rules = "poste 101 A messagerie\npour A\n  depuis {} vers occupé\n"
    one = told(rules.format("* sauf 06*"), rules.format("06*"))
    reader = Reader(in_french(one, "json"))
    held = [callers for change in reader.data["changes"] for callers in change["callers"]]

    assert {"kind": "internal", "beyond": True} in held
    assert {"kind": "external", "beyond": True} in held
    assert list(reader.changes("external", "9" * 20, "101", datetime(2026, 1, 5)))
    # Alone, they have no name.
    alone = replace(one.difference.groups[0], callers=digits.EVERYONE - digits.UNIVERSE)
    assert "numéros d'une longueur anormale" == Phrasing(one, *FRENCH).callers(alone)


def test_the_layout_of_json_changes_nothing():
    one = hostile()

    assert document.as_data(one, *FRENCH) == json.loads(in_french(one, "json"))


def test_the_schema_is_one_and_closed():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def closed(node):
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False
            for one in node.values():
                closed(one)
        elif isinstance(node, list):
            for one in node:
                closed(one)

    closed(SCHEMA)


# -- nothing gets out of its place -------------------------------------------------------------------------------------

HOSTILE = (
    "x|y` ``` ~~~ @all #123 !45 :boom: <img src=x onerror=alert(1)> </details> --> <!-- [a](http://e.example)",
    "&lt; {{ 7*7 }} $x$ https://e.example www.e.example a@e.example **b** __c__ ~~d~~ \\ user/repo#1 &amp; </script>",
    "<script>alert(1)</script> ` & ' /close ''' ```` `` </table></style> | --- | ![i](//e.example/i.png) ",
)


def hostile():
    """A difference in which all that a policy may name, and its files, is hostile."""
    one, two, three = (name.replace('"', "") for name in HOSTILE)
    head = f'politique "{{0}}"\nposte 101 "{one}" messagerie\nposte 102 "{two}" messagerie\ngroupe 800 "{three}"\n'
    head += f'liste "{three}" = 3949, 3103\nhoraires "{one}" = lundi 9h-12h\nfermeture "{two}" = 15/05/2026\n'
    rules = f'pour "{two}"\n  depuis "{three}" pendant "{one}" hors "{two}" vers {{1}} motif "{three}"\n'
    old, new = (head + rules).format(one, "occupé"), (head + rules).format(two, f'système "{three}"')
    new = new.replace(f'101 "{one}"', f'101 "{one} bis"').replace("horaires", "poste 103 Nouveau\nhoraires", 1)
    difference = compared(old, new)
    return Told(difference, lambda path: f"{one}/{path}", lambda path: f"{two}/{path}", policies=(three,))


def test_markdown_holds_what_policies_say_in_code_spans_only():
    one = hostile()
    text = in_french(one, "markdown")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    inner = [child for token in tokens for child in token.children or ()]

    assert text.startswith("<!-- policyc diff -->\n")
    for name in HOSTILE:
        assert any(" ".join(name.split()) in child.content for child in inner if child.type == "code_inline")
    assert {token.type for token in tokens} <= {
        *("html_block", "inline", "heading_open", "heading_close", "paragraph_open", "paragraph_close"),
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    }
    assert {child.type for child in inner} <= {"text", "code_inline", "strong_open", "strong_close"}
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(
                r"<!-- policyc diff -->\n|<details>\n<summary>[\w ()'’,]+</summary>\n|</details>\n",
                plain(token.content),
            ), token
    for child in inner:
        if child.type == "text":
            # What could be a mention, a reference, an emoji, a link, or the start of anything: none is ours.
            assert not re.search(r"[@#<>\[\]`*_~|\\$&!{}]|:\w+:|//|www", child.content), child.content
    assert not re.search(r"^\s*/", text, re.MULTILINE)


@pytest.mark.parametrize(
    "text", ["`", "``", "a`", "`a`", " ", "", "a\nb", "a\u2028b", "```x", "x" * 50 + "`" * 9, "\\`"]
)
def test_a_code_span_holds_any_text(text):
    [paragraph] = [token for token in MarkdownIt().parse(f"- {markdown.code(text)} fin") if token.type == "inline"]

    assert ["code_inline", "text"] == [child.type for child in paragraph.children]
    assert " ".join(text.split()) == paragraph.children[0].content.strip()


class Page(HTMLParser):
    """The tags, the attributes and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.tags, self.attributes, self.texts = [], set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        if tag != "meta":
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        if self.opened and self.opened[-1] != "style":
            self.texts.append(data)


def test_the_page_is_whole_and_loads_nothing():
    page = Page(in_french(hostile(), "html"))

    assert not page.opened
    assert page.tags <= set(
        "html head meta title style body h1 h2 p ul li table thead tbody tr th td details summary div code".split()
    )
    assert page.attributes <= {
        *(("html", "lang"), ("meta", "charset"), ("meta", "name"), ("meta", "content"), ("meta", "http-equiv")),
        *(("p", "class"), ("td", "class"), ("td", "colspan"), ("th", "scope")),
    }
    text = "".join(page.texts)
    for name in HOSTILE:
        assert " ".join(name.split()) in " ".join(text.split())
    style = in_french(hostile(), "html").partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url|import|http", style)


def test_nothing_moves_the_cursor_of_a_terminal():
    old = MARTIN.format("depuis 3949 vers occupé").replace("Dr Martin", "Dr \x1b[2J\u202eMartin")
    new = old.replace("occupé", "mobile")

    for form in ("text", "markdown", "html"):
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", in_french(told(old, new, most=None), form))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_our_own_words_mean_nothing_in_markdown(language):
    for key, text in words.load(language).tables["diff"].items():
        assert not re.search(r"[@#<>\[\]`*_~|\\$&!]", re.sub(r"\{[^}]*\}", "", text)), key


def many(count, name):
    """Policies of so many extensions, each of which changes in its own way."""
    head = "".join(f'poste {number} "{name} {number}" messagerie\n' for number in range(1000, 1000 + count))
    old, new = (
        head
        + "".join(
            f'pour {number}\n  depuis 06{number}* vers {to} motif "{name}"\n' for number in range(1000, 1000 + count)
        )
        for to in ("occupé", "messagerie")
    )
    return old, new


@pytest.mark.parametrize(
    ("count", "name"), [(2, "A"), (300, "A" * 40), (300, "é" * 400), (3, "`" * 30_000), (30, "x" * 20_000)]
)
def test_a_comment_is_never_too_long_and_counts_what_it_leaves_out(count, name):
    one = told(*many(count, name))
    text = in_french(one, "markdown")
    groups = len(one.difference.groups)

    assert groups == count
    assert len(text) <= markdown.MOST < 65_536
    main, *folds = re.split(r"<details>\n<summary>.*</summary>\n", text)
    sections = [main, *folds]
    assert len(sections) == (3 if count > 20 else 2)
    counted = [len(re.findall(r"^- .*→", part, re.MULTILINE)) for part in sections]
    left = [sum(int(number) for number in re.findall(r"et (\d+) autre", part)) for part in sections]
    assert [shown + out for shown, out in zip(counted, left, strict=True)] == (
        [20, count - 20, count] if count > 20 else [count, count]
    )
    for entry in re.findall(r"^- .*→.*$", text, re.MULTILINE):
        assert entry.endswith("occupé → messagerie")


# -- what is hidden ----------------------------------------------------------------------------------------------------


def outside_numbers(policy):
    """The full outside numbers, of nine digits or more, that a policy says."""
    found = {one.mobile for one in policy.extensions.values()}
    for rule in policy.rules:
        if isinstance(rule.destination, External):
            found.add(rule.destination.number)
        for part in rule.written.parts:
            if part.callers.numbers == 1:
                found.add(part.callers.smallest().number)
            elif part.is_range:
                found |= {part.callers.smallest().number}
    return {number for number in found if number and len(number.removeprefix("+")) >= 9}


def shows(text, number):
    """Whether a text holds a number, in any spelling: the significant digits with little between them."""
    significant = number.removeprefix("+").removeprefix("0")
    return re.search(r"[\s.()\-]*".join(significant), text) is not None


@pytest.mark.parametrize("seed", few(chosen(0, 39), 20))
def test_no_outside_number_is_in_a_redacted_form(seed):
    _, _, before, after = models(seed)
    difference = grouping.compare(before, after)
    numbers = outside_numbers(before.policy) | outside_numbers(after.policy)
    open_, hidden = (
        "".join(make(Told(difference, redact=redact, most=None), *FRENCH) for make in FORMS.values())
        for redact in (False, True)
    )

    assert [] == [number for number in numbers if shows(hidden, number)]
    if any(group.callers.numbers == 1 for group in difference.groups):
        assert hidden != open_ or not any(shows(open_, number) for number in numbers)


def test_some_numbers_would_be_shown_otherwise():
    """The law above is no law if nothing was ever there to hide."""
    shown = 0
    for seed in range(20):
        _, _, before, after = models(seed)
        text = in_french(Told(grouping.compare(before, after), most=None))
        shown += sum(shows(text, number) for number in outside_numbers(before.policy) | outside_numbers(after.policy))
        if shown > 20:
            break

    assert shown > 20


MASK = Mask(hides=True, own=frozenset({"101", "4010001", "0600000000"}))


@pytest.mark.parametrize(
    ("number", "masked", "displayed"),
    [
        ("0612345678", "061234xxxx", "06 12 34 xx xx"),
        ("+442071234567", "+44207123xxxx", "+44207123xxxx"),
        ("+3361234", "+336xxxx", "+336xxxx"),
        ("07001234567890", "07001234xxxxxx", "07 00 12 34 xx xx xx"),
        ("1234567", "123xxxx", "123xxxx"),
        ("3949", "3949", "3949"),
        ("118008", "118008", "118008"),
        ("101", "101", "101"),
        ("4010001", "4010001", "4010001"),
    ],
)
def test_numbers_lose_their_end(number, masked, displayed):
    assert (masked, displayed) == (MASK.number(number), MASK.display(number))
    assert (number, numbering.display(number)) == (Mask().number(number), Mask().display(number))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "depuis 06 12 34 56 78 07* vers externe 04 42 93 06 98",
            "depuis 06 12 34 xx xx 07* vers externe 04 42 93 xx xx",
        ),
        ("depuis +33 (0)6 12 34 56 78 vers occupé", "depuis +33 (0)6 12 34 xx xx vers occupé"),
        ("depuis 0612345678..0612349999 vers occupé", "depuis 061234xxxx..061234xxxx vers occupé"),
        ("depuis 06 12 34 5* 06 12 34* vers occupé", "depuis 06 12 34* 06 12 34* vers occupé"),
        ("depuis 0612345678, +44 20 7123 4567, 101 vers 101", "depuis 061234xxxx, +44 20 7123 xxxx, 101 vers 101"),
        ("depuis 3949 118* jusqu'au 2026-12-31 vers occupé", "depuis 3949 118* jusqu'au 2026-12-31 vers occupé"),
        ('depuis * vers occupé motif "le 06.12.34.56.78"', 'depuis * vers occupé motif "le 06.12.34.xx.xx"'),
    ],
)
def test_numbers_of_rules_lose_their_end(text, masked):
    assert masked == MASK.rule(text)
    assert text == Mask().rule(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Dr Martin", "Dr Martin"),
        ("rappel 06 12 34 56 78", "rappel 06 12 34 xx xx"),
        ("0612345678/0712345678", "061234xxxx/xxxxxxxxxx"),
        ("du 2026-12-24 au 2027-01-02", "du 2026-12-24 au 2027-01-02"),
        ("612345678", "61234xxxx"),
        ("étages 1 2 3", "étages 1 2 3"),
    ],
)
def test_numbers_in_names_lose_their_end(text, masked):
    assert masked == MASK.text(text)


# -- it scales ---------------------------------------------------------------------------------------------------------


def test_extensions_that_change_alike_are_one_line():
    names = "".join(f"poste {number} P{number} messagerie\n" for number in range(1_000, 2_000))
    old, new = (f"{names}pour tous\n  depuis 06* vers {to}\n" for to in ("occupé", "messagerie"))
    text = plain(in_french(told(old, new)))

    assert "tous les postes (1000) : 100 000 000 numéros (06*) : occupé → messagerie\n" in text


# -- the page ----------------------------------------------------------------------------------------------------------

PAGE = test_docs.ROOT / "docs" / "comparer.md"


@pytest.mark.parametrize("block", test_docs.blocks(PAGE, "console"), ids=lambda block: block.place)
def test_a_command_of_the_page_prints_what_is_shown(block, tmp_path, monkeypatch, capsys):
    for policy in test_docs.blocks(PAGE, "policyc"):
        (tmp_path / policy.words[-1]).write_text(policy.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLICYC_LANG", raising=False)
    command, shown = block.text.split("\n", 1)

    cli.run(command.removeprefix("$ policyc ").split())

    captured = capsys.readouterr()
    printed = plain(captured.out + captured.err)
    assert test_docs.excerpt(shown).fullmatch(printed), printed


def test_the_change_of_the_page_is_one():
    [block] = test_docs.blocks(PAGE, "json")
    change = SCHEMA["properties"]["changes"]["items"]["properties"]
    for key, value in json.loads(block.text).items():
        jsonschema.validate(value, {"$defs": SCHEMA["$defs"], **change[key]})


def test_the_page_tells_every_form():
    told = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(FORMS) == set(told)
