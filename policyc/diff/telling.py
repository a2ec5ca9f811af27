"""A difference in, text for people out: a line for each group, the largest first, then settings and how much it is."""

from collections.abc import Iterator

from policyc.diff.grouping import Group
from policyc.diff.phrasing import Phrasing, Told
from policyc.report import Catalogue, visible
from policyc.words import Words


def to_text(told: Told, words: Words, catalogue: Catalogue) -> str:
    """Return the groups, as many as are told, then the settings, then how many calls change; in the end always that."""
    say = Phrasing(told, words, catalogue)
    return "".join(visible(line).rstrip() + "\n" for line in _lines(say))


def _lines(say: Phrasing) -> Iterator[str]:
    difference, most = say.told.difference, say.told.most
    for group in difference.groups[:most]:
        yield say.line(group)
        if most is None:
            yield from _details(say, group)
    if most is not None and len(difference.groups) > most:
        yield say.more(len(difference.groups) - most)
    if difference.groups:
        yield ""
    if difference.settings:
        yield say.words("diff.settings")
        yield from (f"  {say.setting(one)}" for one in difference.settings)
        yield ""
    if (replayed := say.told.replayed) is not None:
        yield say.replayed(replayed)
        yield from (f"  {say.moved(one)}" for one in replayed.moved[:most])
        yield ""
    if zones := say.zones():
        yield zones
    verdict, shares = say.verdict(), say.shares()
    yield say.words("diff.verdict_share", verdict=verdict, share=shares[0]) if shares else verdict


def _details(say: Phrasing, group: Group) -> Iterator[str]:
    """Yield the rules that decide an example of a group, before and after, and how to follow it."""
    if say.is_cut(group):
        yield "  " + say.words("diff.all_callers", callers=say.callers(group, None))
    for side, after in (("diff.before", False), ("diff.after_", True)):
        for step in say.steps(group, after=after):
            yield f"  {say.words(side)}{step}"
    yield "  " + say.words("diff.example", command=say.command(group.example))
