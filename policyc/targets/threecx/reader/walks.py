"""Walks through plans, and through the graph of extensions that forward to one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyc.targets.threecx.reader.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policyc.schedule import Partition, Period
    from policyc.targets.threecx.reader.plans import Plan


def periods(plan: Plan) -> Iterator[Period]:
    """Yield the periods that a plan asks for, some of them more than once."""
    waiting, seen = [plan], {id(plan)}
    while waiting:
        then = waiting.pop().then
        if then is not None:
            yield then.asked
            for way in (then.yes, then.no):
                if id(way) not in seen:
                    seen.add(id(way))
                    waiting.append(way)


def reached(plan: Plan, instants: Partition, mask: int) -> Trouble | None:
    """Return something that is not understood, and that a call gets to at one of some instants."""
    if not mask or not plan.odd:
        return None
    if plan.then is None:
        return next(event for event in plan.events if isinstance(event, Trouble))
    inside = instants.mask(plan.then.asked)
    return reached(plan.then.yes, instants, mask & inside) or reached(plan.then.no, instants, mask & ~inside)


def components(root: str, onward: Callable[[str], Sequence[str]]) -> Iterator[list[str]]:
    """Yield what can be got to from a node, in groups that can be got to from each other; what is beyond comes first.

    By Tarjan's algorithm, without recursion.
    """
    number = {root: 0}  # in the order in which nodes are met
    lowest = {root: 0}  # of the nodes that can be gone back to
    path: list[str] = [root]  # nodes whose group is not known
    on_path = {root}
    walk: list[tuple[str, Iterator[str]]] = [(root, iter(onward(root)))]
    while walk:
        node, others = walk[-1]
        for other in others:
            if other not in number:
                number[other] = lowest[other] = len(number)
                path.append(other)
                on_path.add(other)
                walk.append((other, iter(onward(other))))
                break
            if other in on_path:
                lowest[node] = min(lowest[node], number[other])
        else:
            walk.pop()
            if walk:
                before = walk[-1][0]
                lowest[before] = min(lowest[before], lowest[node])
            if lowest[node] == number[node]:
                group = path[path.index(node) :]
                del path[-len(group) :]
                on_path.difference_update(group)
                yield sorted(group)
