"""Directed graphs: who leads to whom in, groups that lead back to themselves out. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

Edges = Callable[[str], Iterable[str]]
Leads = Mapping[str, Collection[str]]  # of a node, where it leads to; nowhere, if it is not there


def components(
    roots: Iterable[str], edges: Edges, done: Callable[[str], bool] = lambda _: False
) -> Iterator[list[str]]:
    """Yield the strongly connected components that roots lead to, each sorted, after all that it leads to.

    Nodes that are `done`, and what lies behind them, are passed over. (Tarjan's algorithm, without recursion.)
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in roots:
        if root in index or done(root):
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(edges(root)))]
        while work:
            node, further = work[-1]
            for other in further:
                if other not in index and not done(other):
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges(other))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group: list[str] = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    yield sorted(group)


def reached(some: Iterable[str], edges: Edges) -> set[str]:
    """Return some nodes with all that they lead to, however many steps away."""
    found = set(some)
    waiting = list(found)
    while waiting:
        onward = set(edges(waiting.pop())) - found
        found |= onward
        waiting += onward
    return found


def leading_to(some: AbstractSet[str], ways: Iterable[Leads]) -> set[str]:
    """Return the nodes that lead straight to some, by any of the ways."""
    return {node for leads in ways for node, to in leads.items() if not some.isdisjoint(to)}


def behind(some: Iterable[str], ways: Iterable[Leads]) -> set[str]:
    """Return some nodes with all that lead to them by any of the ways, however many steps away."""
    back: dict[str, set[str]] = {}
    for leads in ways:
        for node, to in leads.items():
            for other in to:
                back.setdefault(other, set()).add(node)
    return reached(some, lambda node: back.get(node, ()))


def is_circle(component: list[str], edges: Edges) -> bool:
    """Tell whether a component leads back to itself."""
    return len(component) > 1 or component[0] in edges(component[0])
