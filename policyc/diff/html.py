"""A difference in, one HTML page out: everything, for people who read it or print it; it loads nothing."""

from policyc import resources
from policyc.diff.grouping import Group
from policyc.diff.phrasing import Phrasing, Told
from policyc.report import Catalogue
from policyc.words import Words


def to_html(told: Told, words: Words, catalogue: Catalogue) -> str:
    """Return the page."""
    say, difference = Phrasing(told, words, catalogue), told.difference
    template = resources.template_environment("diff").get_template("report.html.j2")
    return template.render(
        language=words.language,
        say=words,
        names=[say.quote(told.mask.text(one.name)) for one in (difference.old, difference.new)],
        verdict=say.verdict(),
        shares=say.shares(),
        zones=say.zones(),
        groups=[_group(say, one) for one in difference.groups],
        changes=say.changes(len(difference.groups)),
        replayed=told.replayed and say.replayed(told.replayed),
        moved=[say.moved(one) for one in told.replayed.moved] if told.replayed else [],
        settings=[say.setting(one) for one in difference.settings],
    )


def _group(say: Phrasing, group: Group) -> dict[str, object]:
    return {
        "extensions": say.extensions(group),
        "all_extensions": ", ".join(group.extensions) if len(group.extensions) > 1 else "",
        "callers": say.callers(group),
        "all_callers": say.callers(group, None) if say.is_cut(group) else "",
        "times": say.times(group),
        "before": say.before(group),
        "after": say.after(group),
        "steps_before": say.steps(group, after=False),
        "steps_after": say.steps(group, after=True),
        "command": say.command(group.example),
    }
