"""Where the parts really are, and what of a task's books the simulator denies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from lab_interfaces.msg import Outcome

from cell_client import CellClient
from lab_description import Cell


@dataclass(frozen=True)
class TrueParts:
    """Names of the parts in the workspace, of those in a destination, and of the one in the hand."""

    table: frozenset[str]
    delivered: frozenset[str]
    in_hand: frozenset[str]


def true_parts(client: CellClient, cell: Cell) -> TrueParts:
    """Where the parts are now, by the simulator; whether the hand holds one is what motion says."""
    positions = client.part_positions()
    held = client.held.peek()
    in_hand = set(client.at_the_tcp(positions)[:1]) if held is not None and held.object_id else set()
    table, delivered = set(), set()
    lower, upper = cell.workspace.lower[:2], cell.workspace.upper[:2]
    for name in positions.keys() - in_hand:
        plane, height = np.array(positions[name][:2]), positions[name][2]
        if np.all(plane >= lower) and np.all(plane <= upper):
            table.add(name)
        for destination in cell.destinations.values():
            centre = destination.base_from_floor[:3, 3]
            inside = np.abs(plane - centre[:2]) < 0.5 * np.array(destination.size[:2]) + 0.01
            if np.all(inside) and height > centre[2] - 0.02:
                delivered.add(name)
    return TrueParts(frozenset(table), frozenset(delivered), frozenset(in_hand))


def denied(result: Any, before: TrueParts, after: TrueParts) -> str:
    """What is wrong with the result of a task that ran between the two; empty when the books are true.

    Placed are the parts that have come to a destination, left those in the workspace or in the hand, lost
    those that lay in the workspace and are in none of these places. A task that ended before it had seen
    anything has no books.
    """
    if result.presented == 0 and result.outcome.code != Outcome.NO_OBJECT:
        return ""
    placed, left = after.delivered - before.delivered, after.table | after.in_hand
    lost = before.table - after.delivered - left
    told, true = (result.placed, len(result.left), result.lost), (len(placed), len(left), len(lost))
    if told == true and result.presented == sum(told):
        return ""
    words = "{} placed, {} left, {} lost"
    return f"the books say {words.format(*told)} of {result.presented}, the simulator {words.format(*true)}"
