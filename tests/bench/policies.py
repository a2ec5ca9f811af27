"""Write the two policies of the benchmarks: a size in, the text of a policy out, the same for each size.

    python tests/bench/policies.py friendly|mixed [EXTENSIONS] > policy.pol

Each extension has 15 rules of its own, so that the full size of 10,000 extensions has 150,000. `friendly`
repeats a few shapes of line; `mixed` uses the language as people write it. Both are meant to compile
without an error: forwards go from a lower to a higher level only (no cycle), everyone who is sent to a
mobile has one, and specific rules come before general ones. No rule is dead but those that `mixed`
repeats on purpose, one extension in 50.

Only `Random.random` is used, whose sequence Python promises to keep from one version to the next.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

FULL_SIZE = 10_000
LEAST_SIZE = 100
RULES_EACH = 15
FIRST_NUMBER = 10_000
LEVELS = 4
REPEAT_EVERY = 50

T = TypeVar("T")

FIRST_NAMES = """Adèle Agnès Aimé Alain Alice Aline Amélie André Anne Antoine Armelle Arnaud Audrey Aurélie
Baptiste Béatrice Benoît Bernard Bertrand Brigitte Bruno Camille Carole Cécile Céline Chantal Charles Chloé
Christian Claire Claude Clémence Clément Colette Corinne Cyril Damien Daniel David Delphine Denis Didier
Dominique Édith Édouard Élise Élodie Émile Emma Éric Estelle Étienne Eugénie Fabien Fanny Florence Franck
François Frédéric Gabriel Gaëlle Georges Gérard Gilles Guillaume Guy Hélène Henri Hervé Hugo Inès Irène
Isabelle Jacques Jean Jérôme Joël Julie Julien Karine Laure Laurent Léa Léon Loïc Louis Lucie Luc Manon Marc
Margaux Marie Mathieu Michel Nadia Noémie Odile Olivier Pascal Zoé""".split()
LAST_NAMES = """Abadie Albert Aubert Barbier Baron Benoist Berger Bertin Besson Blanc Blanchard Bonnet
Boucher Bouvier Boyer Brun Carlier Caron Charpentier Chevalier Clerc Colin Collet Cousin David Delmas
Deschamps Dubois Dufour Dumas Dupont Dupuis Durand Fabre Faure Fernandez Fleury Fontaine Fournier Garnier
Gauthier Gautier Gérard Girard Giraud Guérin Henry Hubert Humbert Jacquet Joly Lacroix Lambert Lebrun
Leclercq Lefèvre Legrand Lemaire Lemoine Leroux Leroy Lopez Lucas Marchand Marty Masson Mercier Meunier
Meyer Millet Moreau Morin Moulin Muller Nicolas Noël Olivier Perrin Perrot Petit Philippe Picard Pichon
Poirier Prévost Renard Renaud Rivière Robin Rolland Rousseau Roussel Roux Royer Sanchez Schmitt Simonin
Thomas Vasseur Vidal""".split()
CITIES = """Amiens Angers Annecy Arras Avignon Bayonne Belfort Besançon Béziers Blois Bordeaux Bourges Brest
Caen Calais Cannes Chartres Cholet Colmar Dijon Dunkerque Évreux Grenoble Laval Lille Limoges Lorient Lyon
Mâcon Marseille Metz Montauban Nancy Nantes Nevers Nice Nîmes Niort Orléans Paris""".split()
SITES = ("atelier", "bureau", "cabinet", "comptoir", "entrepôt", "magasin")
SYSTEMS = (
    "Standard",
    "Accueil téléphonique",
    "Support",
    "Commandes",
    "Astreinte",
    "Menu vocal",
    "Livraisons",
    "Devis",
)
SYSTEM_KINDS = ("groupe", "file", "file", "file", "groupe", "svi", "groupe", "file")
UNTIL = tuple(f"{year}-{month:02}-15" for year in range(2035, 2038) for month in (3, 6, 9, 12))
REASONS = (
    "campagne terminée",
    "appels répétés",
    "demande du client",
    "travaux du site",
    "à revoir avec la direction",
)

# Blocks of four digits that are neither canvassing, nor overseas, nor machines, so that no built-in list
# and no special length of the numbering plan surprises a rule.
LANDLINES = tuple(f"0{zone}{block}" for zone in range(1, 6) for block in (*range(30, 48), *range(50, 59)))
MOBILES = (*(f"06{block:02}" for block in range(1, 38)), *(f"07{block}" for block in range(30, 100)))
BLOCKS = LANDLINES + MOBILES


class Draw:
    """Draws whose sequence depends on the seed alone."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed).random

    def below(self, limit: int) -> int:
        return int(self.random() * limit)

    def between(self, first: int, last: int) -> int:
        return first + int(self.random() * (last - first + 1))

    def one(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def some(self, make: Callable[[], T], count: int, seen: set[T]) -> list[T]:
        """Make `count` values that are not in `seen`, and add them to it."""
        made: list[T] = []
        while len(made) < count:
            value = make()
            if value not in seen:
                seen.add(value)
                made.append(value)

        return made

    def number(self) -> str:
        return f"{self.one(BLOCKS)}{self.below(1_000_000):06}"


def pairs(digits: str) -> str:
    """Space digits in twos: 06 12 34 56 78."""
    return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def name_of(index: int) -> str:
    """Name the extension of this index: one word for some, quoted for the others, all different."""
    if index == 0:
        return "Accueil"
    first = FIRST_NAMES[index % 100]
    last = LAST_NAMES[(index // 100 + 7 * index) % 100]
    if index % 4 == 1:
        return f"{first}{last}"

    return f'"{first} {last}"' if index % 16 else f"« {first} {last} »"


def level_of(index: int) -> int:
    """Place an extension in the chains: it forwards to higher levels only; the reception is at the top."""
    return LEVELS - 1 if index == 0 else index % LEVELS


def has_mobile(index: int) -> bool:
    return index % 10 == 3


def forward_target(draw: Draw, index: int, extensions: int) -> str | None:
    """Name an extension that `index` may forward to, or nothing when it ends the chains."""
    level = level_of(index)
    if level == LEVELS - 1:
        return None
    above = draw.between(level + 1, LEVELS - 1)

    return name_of(draw.below(extensions // LEVELS) * LEVELS + above)


def header(title: str, extensions: int) -> Iterator[str]:
    """Declare the policy, its extensions and its systems."""
    if not LEAST_SIZE <= extensions <= FULL_SIZE:
        raise ValueError(f"between {LEAST_SIZE} and {FULL_SIZE} extensions, not {extensions}")
    yield f'politique "{title}"'
    yield "fuseau Europe/Paris"
    yield ""
    for index in range(extensions):
        # Mobiles of the staff lie outside the blocks that callers are drawn from.
        mobile = f"mobile {pairs(f'0668{index:06}')}, " if has_mobile(index) else ""
        ring = f", sonne {15 + index % 4 * 5}s" if index % 7 == 0 else ""
        yield f"poste {FIRST_NUMBER + index} {name_of(index)} {mobile}messagerie{ring}"
    yield ""
    for index, (kind, name) in enumerate(zip(SYSTEM_KINDS, SYSTEMS, strict=True)):
        yield f"{kind} {800 + index} {quoted(name)}"
    yield ""


def quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def friendly(extensions: int = FULL_SIZE) -> str:
    """Write the policy of few shapes: compact numbers, four destinations, one schedule."""
    return "\n".join(friendly_lines(extensions)) + "\n"


def friendly_lines(extensions: int) -> Iterator[str]:
    draw = Draw(f"friendly {extensions}")
    yield from header("Banc régulier", extensions)
    yield "horaires bureau"
    yield "  lundi-vendredi 09:00-12:30 14:00-18:30"
    yield ""
    for index in range(extensions):
        yield f"pour {name_of(index)}"
        numbers = draw.some(draw.number, 9, set())
        for number in numbers[:6]:
            yield f"  depuis {number} vers messagerie"
        for number in numbers[6:]:
            target = forward_target(draw, index, extensions)
            yield f"  depuis {number} vers " + (f"extension {target}" if target else "système Standard")
        prefixes = draw.some(lambda: draw.one(BLOCKS), 5, set())
        for prefix in prefixes[:3]:
            yield f"  depuis {prefix}* vers système {quoted(draw.one(SYSTEMS))}"
        yield f"  depuis {prefixes[3]}* {prefixes[4]}* vers occupé"
        yield "  depuis interne vers sonnerie"
        yield "  depuis * hors bureau vers messagerie"
        yield ""


def mixed(extensions: int = FULL_SIZE) -> str:
    """Write the policy of many shapes."""
    return "\n".join(mixed_lines(extensions)) + "\n"


def list_names(extensions: int) -> tuple[str, ...]:
    """Name the lists of callers: as many as the size calls for."""
    cities = CITIES[: max(2, len(CITIES) * extensions // FULL_SIZE)]

    return tuple(f'"Clients {city}"' for city in cities) + tuple(f"Fournisseurs{city}" for city in cities)


def mixed_lines(extensions: int) -> Iterator[str]:
    draw = Draw(f"mixed {extensions}")
    yield "# Banc varié : écrit par policies.py, ne pas modifier à la main."
    yield from header("Banc varié", extensions)
    lists = list_names(extensions)
    for at, name in enumerate(lists):
        numbers = [pairs(number) for number in draw.some(draw.number, draw.between(5, 30), set())]
        if at % 2:
            yield f"liste {name} = " + ", ".join(numbers)
        else:
            yield f"liste {name}"
            for number in numbers:
                yield f"  {number}" + ("      # contrat suivi" if draw.chance(0.3) else "")
    yield ""
    for at, site in enumerate(SITES):
        yield f"horaires {site}"
        yield f"  lundi-vendredi {8 + at % 2:02}:00-12:{at * 5:02} 14h-18h{at * 5:02}"
        if at % 2:
            yield "  samedi 9h-12h"
    yield "horaires nuit"
    yield "  lundi-dimanche 22:00-06:00"
    yield "fériés France 2030..2040"
    yield "fermeture congés = 24/12/2035..2036-01-02"
    yield ""
    # These leave something to every rule that follows, as the rules of the extensions do to the last ones.
    yield "pour tous en priorité"
    yield "  depuis démarchage vers occupé"
    yield "  depuis * externe pendant congés vers système Standard"
    yield ""
    for index in range(extensions):
        yield f"pour {name_of(index)}"
        yield from Mixed(draw, index, extensions, lists).rules()
        yield ""
    yield "pour tous sauf Accueil"
    yield "  depuis étranger pendant bureau vers extension Accueil"
    yield "pour tous"
    yield "  depuis surtaxés vers occupé"


class Mixed:
    """The rules of one extension of `mixed`, from the most specific to the most general."""

    def __init__(self, draw: Draw, index: int, extensions: int, lists: Sequence[str]) -> None:
        self.draw, self.index, self.extensions = draw, index, extensions
        self.site = draw.one(SITES)
        self.until = draw.one(UNTIL)
        self.numbers: set[str] = set()
        self.prefixes: set[str] = set()
        self.colleagues: set[int] = {index}
        self.lists = draw.some(lambda: draw.one(lists), 2, set())

    def rules(self) -> Iterator[str]:
        specific = self.draw.between(7, 9)
        last = list(self.general())
        middle = list(self.families(RULES_EACH - specific - len(last)))
        first = pairs(self.new_numbers(1)[0])
        yield self.line(first, "", endless=True)
        for _ in range(specific - 1):
            yield self.line(self.callers(), self.sometimes())
        if self.index % REPEAT_EVERY == REPEAT_EVERY - 1:
            middle[0] = self.line(first, "")
        yield from middle
        yield from last

    def callers(self) -> str:
        """Write a few callers that no other rule of this extension names."""
        draw = self.draw
        what = draw.below(20)
        if what < 9:
            return pairs(self.new_numbers(1)[0])
        if what < 15:
            return self.number_list()
        if what < 17 and self.lists:
            return self.lists.pop() + draw.one(("", " externe"))
        if what < 18:
            block = f"{self.new_prefix()}{draw.below(100):02}"
            return f"{block}0000..{block}{draw.between(1, 9)}999"

        return self.colleague_list()

    def line(self, callers: str, times: str, destination: str = "", *, endless: bool = False) -> str:
        """Write a rule, now and then with an end, a reason or a comment."""
        draw = self.draw
        destination = destination or self.destination()
        until = reason = comment = ""
        if not times and not endless and draw.chance(0.04):
            until = f" jusqu'au {self.until}"
        if draw.chance(0.03):
            reason = f' motif "{draw.one(REASONS)}"'
        elif draw.chance(0.03):
            comment = f"  # {draw.one(REASONS)}"

        return f"  depuis {callers}{times} vers {destination}{until}{reason}{comment}"

    def destination(self) -> str:
        draw = self.draw
        what = draw.below(20)
        if what < 5:
            return "messagerie"
        if what < 9 and (target := forward_target(draw, self.index, self.extensions)):
            return f"extension {target}"
        if what < 11:
            return f"extension {name_of(self.new_colleague())} messagerie"
        if what < 14:
            return f"{draw.one(('système', 'système', 'systeme'))} {quoted(draw.one(SYSTEMS))}"
        if what < 16:
            return f"externe {pairs(draw.number())}" + draw.one(("", " rebond"))
        if what < 18 and has_mobile(self.index):
            return draw.one(("mobile", "mobile rebond"))
        if what < 19:
            return draw.one(("occupé", "occupé", "occupe"))

        return "sonnerie"

    def sometimes(self) -> str:
        """Write the times of a rule: mostly none."""
        draw = self.draw
        if draw.chance(0.65):
            return ""

        return draw.one(
            (
                f" pendant {self.site}",
                f" pendant {self.site}",
                f" hors {self.site}",
                " pendant nuit",
                " hors nuit",
                f" hors {self.site} hors les fériés",
            )
        )

    def new_numbers(self, count: int) -> list[str]:
        return self.draw.some(self.draw.number, count, self.numbers)

    def new_prefix(self, blocks: Sequence[str] = BLOCKS) -> str:
        return self.draw.some(lambda: self.draw.one(blocks), 1, self.prefixes)[0]

    def new_colleague(self) -> int:
        return self.draw.some(lambda: self.draw.below(self.extensions), 1, self.colleagues)[0]

    def number_list(self) -> str:
        """Write 2 to 40 numbers, short lists being far the most common, by commas or by blanks."""
        draw = self.draw
        count = draw.between(2, 5) if draw.chance(0.8) else draw.between(6, 40)
        separator = draw.one((", ", " "))

        return separator.join(pairs(number) for number in self.new_numbers(count))

    def colleague_list(self) -> str:
        """Write one to three extensions, by number or by name."""
        draw = self.draw
        colleagues = [self.new_colleague() for _ in range(draw.between(1, 3))]
        if draw.chance(0.5):
            numbers = " ".join(str(FIRST_NUMBER + colleague) for colleague in colleagues)
            return numbers + draw.one(("", " interne"))

        return ", ".join(name_of(colleague) for colleague in colleagues)

    def families(self, count: int) -> Iterator[str]:
        """Write rules about prefixes; wide ones come last, and never two that could cover one another."""
        draw = self.draw
        spared = " ".join(f"{pairs(self.new_prefix(MOBILES))}*" for _ in range(draw.between(1, 3)))
        wide = [
            f"06* 07* sauf {spared}",
            draw.one(("01* 02* sauf 01 42*", "03*, 04*, 05* sauf 04 42* 04 44*", "+33 1* +33 2* externe")),
        ]
        if draw.chance(0.4):
            wide[0] = draw.one(("mobiles externe", "06* 07*", "+336* +337*", "0033 6*, 0033 7*"))
        wide = wide[: min(count - 1, 1 + draw.below(2))]
        for _ in range(count - len(wide)):
            prefixes = [pairs(self.new_prefix()) + "*" for _ in range(draw.one((1, 1, 1, 2, 3, 6)))]
            if draw.chance(0.3):
                head = prefixes[0].removesuffix("*")
                spared = f"{head} {draw.below(100):02}*"
                prefixes.append(f"sauf {spared}, {head} {pairs(f'{draw.below(1_000_000):06}')}")
            yield self.line(" ".join(prefixes), self.sometimes())
        for callers in wide:
            yield self.line(callers, self.sometimes())

    def general(self) -> Iterator[str]:
        """Write the last rules: anonymous, internal, then everyone at some times, never at all times."""
        draw = self.draw
        if draw.chance(0.6):
            yield self.line(f"anonyme{draw.one(('', ' externe'))}", self.sometimes(), "messagerie")
        if draw.chance(0.6):
            yield self.line("interne", "", "sonnerie")
        if draw.chance(0.4):
            yield self.line("*", " pendant les fériés")
        elif draw.chance(0.4):
            yield self.line("* externe", " pendant nuit")
        yield self.line(draw.one(("*", "* externe")), f" hors {self.site}")


POLICIES: dict[str, Callable[[int], str]] = {"friendly": friendly, "mixed": mixed}


if __name__ == "__main__":
    size = int(sys.argv[2]) if len(sys.argv) > 2 else FULL_SIZE
    sys.stdout.buffer.write(POLICIES[sys.argv[1]](size).encode())
