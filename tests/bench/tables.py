"""Tell what was measured, in French tables: what the benchmarks wrote as JSON in; text, and docs/performance.md, out.

    python tests/bench/tables.py [--any-size] FILE.json...

writes each table between its two markers in docs/performance.md, where all other text stays. Figures of another size
than the full one are refused without `--any-size`.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # this folder is the package `bench`

from bench import policies

PAGE = Path(__file__).resolve().parents[2] / "docs/performance.md"
BEGIN, END = "<!-- mesures : {} -->", "<!-- fin : {} -->"

Figures = dict[str, Any]


def number(value: float, places: int = 2) -> str:
    """Write a number as French does."""
    return f"{value:,.{places}f}".replace(",", "\u202f").replace(".", ",")


def seconds(value: float) -> str:
    """Write seconds with three figures that count."""
    return f"{number(value, 1 if value >= 10 else 2 if value >= 1 else 3)} s"


def spent(found: Figures) -> str:
    """Say in a few words what a measure took."""
    if "given_up" in found:
        return f"abandonné : {found['given_up']}"
    memory = f", {megabytes(found['peak'])} au plus" if "peak" in found else ""
    processor = f" ({seconds(found['processor'])} de processeur)" if "processor" in found else ""

    return f"{seconds(found['clock'])}{processor}{memory}"


def megabytes(value: float) -> str:
    return f"{number(value / 1e6, 0)} Mo"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table of Markdown whose columns align; the first is text, the others are figures or words."""
    all_rows = [list(heads), *map(list, rows)]
    widths = [max(len(row[at]) for row in all_rows) for at in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in all_rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")

    return "\n".join(lines)


def verdict(value: float, goal: float, most: float) -> str:
    """Say how a figure stands to its goal."""
    return "atteint" if value <= goal else "au-delà du visé" if value <= most else "**manqué**"


def judged(value: float, goal: float, most: float, unit: str, places: int = 2) -> list[str]:
    """Return the cells of a figure, its goal, its limit and where it stands."""
    digits = 1 if unit in ("×", " Go") else places
    return [
        f"{number(value, places)}{unit}",
        f"{number(goal, digits)}{unit}",
        f"{number(most, max(digits, len(str(most).partition('.')[2])))}{unit}",
        verdict(value, goal, most),
    ]


# ---- goals 1 to 7

COMPILER = (
    ("1", "compile", "compiler à froid, trois cibles, sans preuve", 0.5, 0.7),
    ("", "compile-said", "— les seules cibles qui savent la dire", None, None),
    ("2", "proof", "compiler à froid, trois cibles, avec preuve", 1.0, 1.5),
    ("", "proof-said", "— les seules cibles qui savent la dire", None, None),
    ("3", "memory", "", None, None),
    ("4", "warm", "recompiler après une règle changée, avec preuve", 0.1, 0.15),
    ("", "warm-line", "— après une ligne insérée au milieu", None, None),
    ("", "warm-same", "— sans aucun changement", None, None),
    ("5", "check", "", None, None),
    ("6", "diff", "comparer deux politiques, dix règles changées", 0.1, 0.2),
)
HEADS = ("", "mesure", "horloge", "processeur", "rapport", "visé", "au plus", "", "de processeur")


def unit_of(found: Figures, what: str = "clock") -> float | None:
    """Return B by the clock, or of processor: the quicker of before and after."""
    return min((one[what] for one in found["B"] if what in one), default=None)


def compiler(found: Figures) -> str:
    """Tell what run.py found."""
    parts = [told_machine(found["machine"])]
    for kind, one in found["policies"].items():
        before, after = (spent(each) if "given_up" in each else seconds(each["clock"]) for each in one["B"])
        size = f"{whole(found['extensions'])} postes, {whole(one['rules'])} règles, {number(one['bytes'] / 1e6, 1)} Mo"
        parts.append(
            f"**`{kind}`** : {size}. B : {before} avant les mesures, {after} après, "
            f"{spent(one['B-bare'])} sans ramasse-miettes. "
            f"Charge de la machine : {number(one['load'][0], 1)} avant, {number(one['load'][1], 1)} après."
        )
        parts.append(table(HEADS, compiler_rows(one)))
        parts.extend(compiler_notes(one))

    return "\n\n".join(parts) + "\n"


def whole(value: int) -> str:
    return number(value, 0)


def compiler_rows(one: Figures) -> Iterator[list[str]]:
    unit = unit_of(one)
    for goal_number, key, title, goal, most in COMPILER:
        if key == "memory":
            yield from memory_rows(one)
        elif key == "check":
            yield from check_rows(one)
        elif key in one:
            work = ratio(one[key].get("processor"), unit_of(one, "processor"), " B")
            yield [goal_number, title, *timed(one[key], unit, goal, most), work]
    yield from growth_rows(one)


def ratio(value: float | None, unit: float | None, sign: str) -> str:
    return f"{number(value / unit)}{sign}" if value and unit else ""


def timed(figures: Figures, unit: float | None, goal: float | None, most: float | None) -> list[str]:
    if "given_up" in figures:
        return [f"abandonné, {figures['given_up']}", "", "", "", "", "**manqué**" if goal else ""]
    clock = figures["clock"]
    times = times_of(figures)
    if unit is None:
        return [*times, "", "", "", ""]
    if goal is None or most is None:
        return [*times, f"{number(clock / unit)} B", "", "", ""]

    return [*times, *judged(clock / unit, goal, most, " B")]


def memory_rows(one: Figures) -> Iterator[list[str]]:
    for key, way, goals in (("memory", "avec preuve", (0.8, 1.2)), ("memory-without", "sans preuve", None)):
        title = f"mémoire de tous les processus, {way}"
        if "given_up" in one.get(key, {}):
            yield ["3", title, *timed(one[key], None, *(goals or (None, None))), ""]
        elif key in one:
            peak = one[key]["peak"] / 1e9
            cells = judged(peak, *goals, " Go") if goals else [f"{number(peak)} Go", "", "", ""]
            yield ["3" if goals else "", title, "", "", *cells, ""]


def check_rows(one: Figures) -> Iterator[list[str]]:
    check = one.get("check")
    if not check:
        return
    other = check["against"]
    goals = judged(check["clock"] / other["clock"], 2, 3, "×")
    work = ratio(check["processor"], other["processor"], "×")
    yield ["5", "`check` de 200 postes, démarrage compris", *times_of(check), *goals, work]
    yield ["", '— `python -c "import lark, jinja2"`', *times_of(other), *[""] * 5]


def times_of(found: Figures) -> list[str]:
    return [seconds(found["clock"]), seconds(found["processor"])]


def growth_rows(one: Figures) -> Iterator[list[str]]:
    small = one.get("small")
    if not small:
        return
    more = one["rules"] / small["rules"]
    for key, way in (("compile", "sans preuve"), ("proof", "avec preuve"), ("B", "B lui-même")):
        clocks, works = (
            [unit_of(each, what) if key == "B" else each.get(key, {}).get(what) for each in (one, small)]
            for what in ("clock", "processor")
        )
        if not all(clocks):
            continue
        growth = clocks[0] / clocks[1] / more
        goals = [f"{number(growth)}×", "", "", ""] if key == "B" else judged(growth, 1.1, 1.3, "×")
        title = f"temps par règle, {whole(more)} fois plus de postes : {way}"
        yield ["7" if key == "compile" else "", title, "", "", *goals, ratio(works[0], works[1] * more, "×")]


def compiler_notes(one: Figures) -> Iterator[str]:
    if withheld := one.get("compile", {}).get("withheld"):
        yield (
            f"{', '.join(withheld)} ne sait pas dire cette politique : policyc dit pourquoi, règle par règle, et "
            "n'écrit rien pour cette cible. Le temps qu'il y met est compté."
        )
    memory = one.get("memory", {})
    if "samples" in memory:
        clock = one.get("proof", {}).get("clock")
        apart = f" (sans lui : {seconds(clock)})" if clock else ""
        yield (
            f"Mémoire : {memory['samples']} relevés, {memory['processes']} processus au plus fort ; le releveur a pris "
            f"{seconds(memory['sampler'])} de processeur, la commande {seconds(memory['clock'])}{apart}."
        )
    if "told" in one.get("diff", {}):
        yield f"`diff` : « {one['diff']['told']} »."


def told_machine(machine: Figures) -> str:
    """Say what machine it was, and when."""
    return (
        f"{machine['processor']}, {machine['cores']} cœurs, {number(machine['memory'], 0)} Gio, {machine['system']}, "
        f"Python {machine['python']}, le {machine['date']}, charge {number(machine['load'], 1)} au départ."
    )


# ---- goal 8

CALLED = (
    ("one", "un poste de 15 règles, seul"),
    ("same", "ce même poste, parmi tous"),
    ("spread", "des postes de toute la politique"),
)


def routing(found: Figures) -> str:
    """Tell what routing.py found."""
    parts = [told_machine(found["machine"])]
    for kind, one in found["policies"].items():
        calls, load = one["calls"], one["load"]
        kept, drawn = one["kept"]
        few, many = one["steps"]
        parts.append(
            f"**`{kind}`** : {whole(found['extensions'])} postes, {whole(one['rules'][0])} règles. Les appels au poste "
            f"seul : un par règle qu'un appel atteint, {kept} gardés sur {drawn}, de {few} à {many} pas du plan, "
            f"les mêmes parmi tous. {whole(one['placed'])} appels de chaque sorte, les derniers vers "
            f"{whole(one['extensions-called'])} postes."
        )
        alone = calls["one"]["processor"]
        rows = [
            [title, *cost_cells(calls[key]), *ratio_cells(key, calls[key]["processor"] / alone)]
            for key, title in CALLED
        ]
        parts.append(table(("appels vers", *COSTS, "rapport", "visé", "au plus", ""), rows))
        rows = [["ce poste seul", *load_cells(load["one"])], ["toute la politique", *load_cells(load["all"])]]
        parts.append(table(("plan de", *LOADS), rows))

    return "\n\n".join(parts) + "\n"


COSTS = ("par appel", "moitié des tours", "horloge")
LOADS = ("fichiers", "`dialplan reload`", "processeur", "mémoire", "après une relecture", "après toutes")


def ratio_cells(key: str, ratio: float) -> list[str]:
    return [""] * 4 if key == "one" else judged(ratio, 1.1, 1.3, "×")


def cost_cells(cost: Figures) -> list[str]:
    low, high = cost["quarters"]

    return [milliseconds(cost["processor"]), f"{number(low)} à {milliseconds(high)}", milliseconds(cost["clock"])]


def milliseconds(value: float) -> str:
    return f"{number(value)} ms"


def load_cells(load: Figures) -> list[str]:
    return [
        f"{number(load['bytes'] / 1e6, 2)} Mo",
        *(seconds(load[name]) for name in ("clock", "processor")),
        *(megabytes(load["memory"][at]) for at in (0, 1, -1)),
    ]


# ---- goal 9


def peers(found: Figures) -> str:
    """Tell what peers.py found."""
    parts = [told_machine(found["machine"])]
    for target, one in found.get("linters", {}).items():
        rows = one["rows"]
        ours = rows["policyc, lecture"].get("clock")
        parts.append(
            f"Les fichiers que policyc écrit pour **{target}** de la politique `friendly`, "
            f"{whole(one['extensions'])} postes, {number(one['bytes'] / 1e6, 1)} Mo :"
        )
        parts.append(
            table(
                ("lus par", "horloge", "processeur", "rapport à policyc", "ce qu'il en dit"),
                [
                    [name, *timed(row, None, None, None)[:2], against(row, ours), said(row)]
                    for name, row in rows.items()
                ],
            )
        )
    if plans := found.get("layouts"):
        parts.append(
            f"Le routage de la politique `friendly` à {whole(plans['policyc']['extensions'])} postes, dans un même "
            "Asterisk, en autant de plans :"
        )
        parts.append(
            table(
                ("plan", *COSTS, "rapport à policyc", *LOADS),
                [layout_row(name, plan, plans["policyc"]) for name, plan in plans.items()],
            )
        )
        parts.extend(layout_notes(plans))

    return "\n\n".join(parts) + "\n"


def against(row: Figures, ours: float | None) -> str:
    return f"{number(row['clock'] / ours)}×" if ours and "clock" in row else ""


def said(row: Figures) -> str:
    words = row.get("said", "").replace("|", "/").strip()

    return words if len(words) <= 80 else words[:79] + "…"


def layout_row(name: str, plan: Figures, ours: Figures) -> list[str]:
    calls = plan.get("calls")
    if calls is None:
        return [name, "ne se charge pas", *[""] * 9]
    marked = f"{name} ¹" if "given_up" in plan else name

    return [
        marked,
        *cost_cells(calls),
        f"{number(calls['processor'] / ours['calls']['processor'])}×",
        *load_cells(plan["load"]),
    ]


def layout_notes(plans: Figures) -> Iterator[str]:
    if given_up := [plan for plan in plans.values() if "given_up" in plan]:
        sizes = ", ".join(sorted({whole(plan["given_up"]) for plan in given_up}))
        smaller = ", ".join(sorted({whole(plan["extensions"]) for plan in given_up if "extensions" in plan}))
        yield f"¹ Abandonné après 120 s de chargement à {sizes} postes ; mesuré à {smaller} postes."


# ---- the page


def replaced(page: str, name: str, text: str) -> str:
    """Put a text between the markers of its name."""
    begin, end = BEGIN.format(name), END.format(name)
    head, found, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no markers for {name}")

    return f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}"


TELLING = {"compiler": compiler, "routing": routing, "peers": peers}


def main() -> None:
    arguments = argparse.ArgumentParser(description="Écrit les tableaux de docs/performance.md.")
    arguments.add_argument("files", type=Path, nargs="+", help="ce que --json a écrit")
    arguments.add_argument("--any-size", action="store_true", help="même si ce n'est pas la taille entière")
    asked = arguments.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    for file in asked.files:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["extensions"] != policies.FULL_SIZE and not asked.any_size:
            arguments.error(f"{file} : mesuré à {found['extensions']} postes")
        page = replaced(page, found["what"], TELLING[found["what"]](found))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
