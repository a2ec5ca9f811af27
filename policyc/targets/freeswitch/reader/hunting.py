"""Hunting: which actions the extensions of a context queue, and which run meanwhile, on all ways that a call may go.

It follows what FreeSWITCH does, not what the words say: the queue is never rolled back, an extension matches by what
its last condition left, and a group in `regex="all"` makes a failed condition count as a match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from policyc import values
from policyc.targets.freeswitch.reader import texts, times
from policyc.targets.freeswitch.reader.branch import Branch, Effect, Queued, Reads
from policyc.targets.freeswitch.reader.checks import Checks
from policyc.targets.freeswitch.reader.errors import NotUnderstood, Place, Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_expanded, substituted
from policyc.targets.freeswitch.reader.extensions import (
    Action,
    Break,
    Candidate,
    Condition,
    Extension,
    Kind,
)
from policyc.targets.freeswitch.reader.outcomes import Fork, Located, Match, Outcome, both, located, odd
from policyc.targets.freeswitch.reader.plans import Odd
from policyc.targets.freeswitch.reader.texts import Choice, Value, choice

if TYPE_CHECKING:
    from policyc.targets.freeswitch.reader.dialplan import Context
    from policyc.targets.freeswitch.reader.exploring import Explorer

_DEEPEST = 100
_MOST_WAYS = 1_000
_FEW = 2


@values.value(eq=False)
class End:
    """An extension was gone through: it matched, or not."""

    branch: Branch
    matched: bool


@values.value(eq=False)
class Rest:
    """Hunting goes on with the next extension."""


@values.value(eq=False)
class Passed:
    """A plain extension matched a call as it was then; its actions are yet to be taken."""

    branch: Branch
    extension: Extension


@values.value(eq=False)
class Step:
    """A plain extension: where a test holds, it matches; where it does not, hunting goes on."""

    outcome: Outcome
    passed: Passed


@values.value(eq=False)
class Hunt:
    """Steps, each of which may end the hunt (where it comes to `Rest`, the next one follows), and what comes last."""

    steps: tuple[Tree, ...]
    last: Tree


Tree = bool | Match | Unclear | Odd | Fork | End | Rest | Passed | Step | Hunt
Stretches = dict[tuple[int, ...], list[tuple[tuple[str, ...], dict[tuple[Any, ...], Effect]]] | None]
"""What extensions do that only set variables, by what they look at; None for those that do more, for some call."""
MET = "#met"
"""Says whether an action was met at all."""
_Then = Callable[[Branch, bool, bool, Match | None], "Tree"]
"""What comes behind a condition's checks: whether to proceed, whether its actions stand, what `$1` comes from."""
REST = Rest()


class Hunter:
    """Hunts for one explorer."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.checks = Checks(explorer)

    # -- contexts ----------------------------------------------------------------------------------

    def hunt(self, branch: Branch, context: Context) -> Hunt:
        """Return where the hunt of a call ends in a context, on all its ways."""
        branch.write(MET, None)
        if not context.asks_for_called:
            return self._from(branch, context.candidates(), 0)
        called = branch.field("destination_number")
        known = called if isinstance(called, str) and texts.is_known(called) else None
        if called == texts.CALLED and context.names_numbers:
            known = self.explorer.spelt_called()
        return self._from(branch, context.candidates(known), 0)

    def _from(self, branch: Branch, candidates: tuple[Candidate, ...], start: int, *, anew: bool = False) -> Hunt:
        steps: list[Tree] = []
        done = 0
        for index in range(start, len(candidates)):
            if index < done:
                continue
            extension, known = candidates[index]
            if extension.odd is not None:
                return Hunt(tuple(steps), odd(extension.odd))
            if extension.is_plain:
                outcome = self.all_hold(branch, extension.conditions[known:] if known else extension.conditions)
                if outcome is False:
                    continue
                passed = Passed(branch, extension)
                if outcome is True:
                    return Hunt(tuple(steps), passed)
                steps.append(Step(outcome, passed))
                continue
            if steps:
                branch = branch.copy()
            if extension.goes_on and not anew:
                done = self.stretch(branch, candidates, index)
                if done > index:
                    continue
            tree = self.extension(branch, extension)
            if isinstance(tree, End):
                if tree.matched and not extension.goes_on:
                    self.explorer.note(extension.place)
                    return Hunt(tuple(steps), tree)
                branch = tree.branch
                continue
            going = [one for one in ends(tree) if not one.matched or extension.goes_on]
            if not going:
                return Hunt(tuple(steps), tree)
            merged = _merged(tree, going)
            if merged is None:
                self.explorer.partings += len(going)
                if self.explorer.partings > _MOST_WAYS:
                    return Hunt(tuple(steps), Odd(extension.place, What.ENDLESS, extension.name))
                further = {id(one): self._from(one.branch, candidates, index + 1) for one in going}
                return Hunt(tuple(steps), replaced(tree, further))
            if len(going) < sum(1 for _ in leaves(tree)):
                steps.append(replaced(tree, {id(one): REST for one in going}))
            branch = merged
        return Hunt(tuple(steps), End(branch, matched=False))

    def stretch(self, branch: Branch, candidates: tuple[Candidate, ...], start: int) -> int:
        """Go through extensions that set variables or match nobody, as before where nothing is new.

        Return the next one; that is where it started, where they do anything else.
        """
        if self.explorer.local is not None:
            return start
        for end in _stretches(candidates, start):
            effect = self.effect(branch, candidates[start:end])
            if effect is not None:
                branch.take(effect)
                return end
        return start

    def effect(self, branch: Branch, candidates: tuple[Candidate, ...]) -> Effect | None:
        """Return what extensions do with a call, None where that is, for some call, more than to set variables."""
        key = tuple([id(one.extension) for one in candidates])
        known = self.explorer.stretches.setdefault(key, [])
        if known is None:
            return None
        env = branch.env
        for names, table in known:
            done = table.get(tuple(map(env.get, names)))
            if done is not None:
                return done
        apart = Branch(dict(env), Reads())
        hunt = self._from(apart, candidates, 0, anew=True)
        if hunt.steps or not isinstance(hunt.last, End) or hunt.last.branch.queue:
            self.explorer.stretches[key] = None
            return None
        after = hunt.last.branch
        names = tuple(sorted(apart.reads))
        done = Effect(
            frozenset(names),
            frozenset(after.written),
            {name: after.env[name] for name in after.written if name in after.env},
        )
        table = next((table for one, table in known if one == names), {})
        if not table:
            known.append((names, table))
        table[tuple(map(env.get, names))] = done
        return done

    def passed(self, passed: Passed) -> Tree:
        """Return the end of a plain extension that matched."""
        branch = passed.branch.copy()
        self.explorer.note(passed.extension.place)
        try:
            for action in passed.extension.conditions[-1].actions:
                self.act(branch, action, None)
        except NotUnderstood as error:
            return odd(error)
        return End(branch, matched=True)

    def all_hold(self, branch: Branch, conditions: tuple[Condition, ...]) -> Outcome:
        """Return whether all of some plain conditions hold, none of which leaves a trace."""
        if len(conditions) == 1:
            return self.checks.check(branch, conditions[0].checks[0], groups=False)
        whole: list[Outcome] = []
        for condition in conditions:
            one = self.checks.check(branch, condition.checks[0], groups=False)
            if one is False:
                if not whole:
                    return False
                whole.append(False)
                break
            if one is not True:
                whole.append(one)
                if isinstance(one, Odd):
                    break
        result: Outcome = True
        for one in reversed(whole):
            result = both(one, result)
        return result

    # -- conditions --------------------------------------------------------------------------------

    def extension(self, branch: Branch, extension: Extension) -> Tree:
        """Return the ends of an extension, on all its ways."""

        def end(branch: Branch, proceed: bool) -> Tree:
            return End(branch, proceed)

        return self.conditions(branch, extension.conditions, 0, False, True, 0, end)

    def conditions(
        self,
        branch: Branch,
        conditions: tuple[Condition, ...],
        index: int,
        proceed: bool,
        require_nested: bool,
        depth: int,
        then: Callable[[Branch, bool], Tree],
    ) -> Tree:
        """Return what comes of conditions beside each other, from one of them on, and of what is behind them."""
        if depth > _DEEPEST:
            return then(branch, False)
        if index == len(conditions):
            return then(branch, proceed or not require_nested)
        condition = conditions[index]

        def go_on(branch: Branch, proceed: bool) -> Tree:
            return self.conditions(branch, conditions, index + 1, proceed, require_nested, depth, then)

        def checked(branch: Branch, proceed: bool, passed: bool, match: Match | None) -> Tree:
            try:
                for action in condition.actions if passed else condition.anti_actions:
                    self.act(branch, action, match if passed else None)
                    proceed = proceed or not passed
            except NotUnderstood as error:
                return odd(error)
            if condition.breaks is Break.ALWAYS or (condition.breaks is (Break.ON_TRUE if passed else Break.ON_FALSE)):
                return then(branch, proceed or not require_nested)
            if not proceed or not condition.nested:
                return go_on(branch, proceed)

            def nested(branch: Branch, inner: bool) -> Tree:
                if not inner and condition.breaks is not Break.NEVER:
                    return then(branch, not require_nested)
                return go_on(branch, inner)

            return self.conditions(branch, condition.nested, 0, False, condition.require_nested, depth + 1, nested)

        return self.verdict(branch, condition, proceed, checked)

    def verdict(self, branch: Branch, condition: Condition, proceed: bool, then: _Then) -> Tree:
        """Return what the checks of a condition leave, and what is behind."""
        if condition.kind is not Kind.PLAIN:
            return self.of_several(branch, condition, proceed, then)
        check = condition.checks[0]
        groups = condition.uses_groups

        def told(branch: Branch, result: Match | None) -> Tree:
            holds = result is not None
            return then(branch, holds, holds, _grouped(result))

        return self.split(branch, self.checks.check(branch, check, groups=groups), check.place, told)

    def of_several(self, branch: Branch, condition: Condition, proceed: bool, then: _Then) -> Tree:
        """Return what `<regex>` elements leave. What `proceed` was shines through where they leave it alone."""
        every = condition.kind is Kind.ALL
        checks = condition.checks
        if not every and checks and all(check.clock is not None and check.odd is None for check in checks):
            outcome = self.checks.during(branch, times.united(tuple(check.clock for check in checks if check.clock)))
            return self.split(
                branch,
                outcome,
                checks[0].place,
                lambda branch, result: then(branch, proceed or result is not None, result is not None, None),
            )

        def one(branch: Branch, index: int, proceed: bool, held: tuple[int, int], kept: Match | None) -> Tree:
            def finish(branch: Branch, proceed: bool, held: tuple[int, int], last: Match | None) -> Tree:
                match = last
                if kept is not None:
                    proceed, match = True, kept
                passed, failed = held
                return then(branch, proceed, (not failed) if every else bool(passed), match)

            if index == len(checks):
                return finish(branch, proceed, held, None)
            check = checks[index]
            if check.field is not None and "$" in check.field:
                regex = self.checks.expanded(branch, check)
                if isinstance(regex, Unclear) or regex.has_groups:  # a group would be what is left in freed memory
                    return Odd(check.place, What.EXPRESSION, check.regex.text)

            def told(branch: Branch, result: Match | None) -> Tree:
                holds = result is not None
                after = proceed or holds if check.clock is not None else holds
                count = held[0] + holds, held[1] + (not holds)
                grouped = _grouped(result)
                if holds and not every:
                    # an expression with variables is gone by now, and its groups with it
                    return finish(branch, after, count, None if is_expanded(check.regex.text) else grouped)
                if not holds and every:
                    return finish(branch, after, count, None)
                return one(branch, index + 1, after, count, grouped or kept)

            return self.split(branch, self.checks.check(branch, check, groups=True), check.place, told)

        return one(branch, 0, proceed, (0, 0), None)

    def split(
        self, branch: Branch, outcome: Outcome, place: Place, then: Callable[[Branch, Match | None], Tree]
    ) -> Tree:
        """Return what comes of each result of an outcome; no match is None."""
        if isinstance(outcome, Fork):
            yes = self.split(branch.copy(), outcome.yes, place, then)  # type: ignore[arg-type]
            return Fork(outcome.asked, yes, self.split(branch, outcome.no, place, then))  # type: ignore[arg-type]
        if isinstance(outcome, Odd):
            return outcome
        if isinstance(outcome, Unclear):
            return located(place, outcome)
        if outcome is True:
            return then(branch, Match((None,), "", grouped=False))
        return then(branch, outcome or None)

    def act(self, branch: Branch, action: Action, match: Match | None) -> None:
        """Take one action: run it at once, or queue it. Raises NotUnderstood."""
        if branch.env.get(MET) != "true":
            branch.write(MET, "true")
        if action.odd is not None:
            raise action.odd
        try:
            data = action.data if match is None else substituted(action.data, match.groups, match.subject)
            for _ in range(action.loop):
                if action.inline:
                    self.explorer.run_inline(branch, action.application, data)
                elif "\\'" not in data:  # FreeSWITCH leaves such an action out, with a warning in its log
                    branch.queue.append(Queued(action.application, data, action.place))
        except Unclear as unclear:
            raise Located(action.place, unclear) from unclear


def _stretches(candidates: tuple[Candidate, ...], start: int) -> Iterator[int]:
    """Yield where a stretch may end, behind one that only sets variables, if it is worth its while.

    At first as if plain extensions in between matched nobody; then before the first of them.
    """
    quiet = end = start
    for at in range(start, len(candidates)):
        extension = candidates[at].extension
        if extension.only_sets:
            end = at + 1
            if quiet == at:
                quiet = end
        elif not extension.is_plain:
            break
    yield from (one for one in dict.fromkeys((end, quiet)) if one - start >= _FEW)


def _grouped(match: Match | None) -> Match | None:
    return match if match is not None and match.grouped else None


def leaves(tree: Tree) -> Iterator[Tree]:
    """Yield the ends of a tree."""
    if isinstance(tree, Fork):
        yield from leaves(tree.yes)
        yield from leaves(tree.no)
    else:
        yield tree


def ends(tree: Tree) -> Iterator[End]:
    """Yield the ends of a tree at which all is understood."""
    return (leaf for leaf in leaves(tree) if isinstance(leaf, End))


def replaced(tree: Tree, others: dict[int, Rest] | dict[int, Hunt]) -> Tree:
    """Return a tree with others at the place of some of its ends."""
    if isinstance(tree, Fork):
        return Fork(tree.asked, replaced(tree.yes, others), replaced(tree.no, others))
    return others.get(id(tree), tree)


def _merged(tree: Tree, going: list[End]) -> Branch | None:
    """Return one branch for all on which hunting goes on: what they do not agree on is a `Choice`. None: it cannot be.

    They must have queued the same. Where the hunt ends, any value will do.
    """
    first = going[0].branch
    if any(one.branch.queue != first.queue for one in going[1:]):
        return None
    merged = first.copy()
    names = {name for one in going for name in one.branch.env.keys() | one.branch.written}
    at = {id(one): one.branch for one in going}
    for name in names:
        if all(one.branch.env.get(name) is first.env.get(name) for one in going[1:]):
            continue
        if not all(isinstance(one.branch.env.get(name, ""), str | Choice) for one in going):
            return None
        if any(name not in one.branch.written for one in going):
            first.reads.add(name)
        value = _of_all(tree, name, at)
        if value is None or texts.too_many(value):
            return None
        if value == "":
            merged.env.pop(name, None)
        else:
            merged.env[name] = value
    merged.written = set().union(*(one.branch.written for one in going))
    return merged


def _of_all(tree: Tree, name: str, at: dict[int, Branch]) -> Value | None:
    if isinstance(tree, Fork):
        yes, no = _of_all(tree.yes, name, at), _of_all(tree.no, name, at)
        if yes is None or no is None:
            return no if yes is None else yes
        return choice(tree.asked, yes, no)
    branch = at.get(id(tree))
    return None if branch is None else branch.env.get(name, "")
