"""The order of start: each node after those that it names, or else after those that it hears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ALL = "*"


def in_order(after: Mapping[str, Sequence[str]]) -> list[str]:
    """The keys, each after those that it names, otherwise as they come; ALL: after all that do not say ALL.

    Raises ValueError that names the nodes of a cycle.
    """
    rest = [name for name, before in after.items() if ALL not in before]
    waiting = {
        name: {*before} - {ALL, name} | ({*rest} if ALL in before else set())
        for name, before in after.items()
    }
    for name, before in after.items():
        if name in before:
            raise ValueError(f"{name} is to start after itself")
    ordered: list[str] = []
    while waiting:
        ready = next((name for name, before in waiting.items() if before <= {*ordered}), None)
        if ready is None:
            raise ValueError(" after ".join(_cycle(waiting, set(ordered))))
        ordered.append(ready)
        del waiting[ready]
    return ordered


def _cycle(waiting: Mapping[str, set[str]], done: set[str]) -> list[str]:
    """Nodes of a cycle, the first one at the end too."""
    path = [next(iter(waiting))]
    while True:
        following = min(waiting[path[-1]] - done)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
