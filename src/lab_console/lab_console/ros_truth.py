"""What the simulator says of the parts: how many there are, and how many are in a destination."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rclpy.node import Node
from simulation_interfaces.srv import GetEntitiesStates

from lab_console.run_record import Count
from lab_core.errors import LabError
from lab_core.geometry import FloatArray, OrientedBox, make_transform
from lab_description import Cell
from lab_node.actions import wait_for

SERVICE = "simulator/get_entities_states"
# metres: that a destination is high for the judge, and that a part's origin may lie beyond its rim
HEIGHT, MARGIN = 0.25, 0.01
# seconds of the wall: between two questions until one is answered; for the answer at the end
PERIOD, PATIENCE = 0.5, 10.0


class TruthNode:
    """Asks what lies there until it knows it, and once more at the end; silent without a simulator."""

    def __init__(self, node: Node, cell: Cell) -> None:
        self._cell = cell
        self._names: set[str] = set()
        self._client = node.create_client(GetEntitiesStates, SERVICE)
        self._asked = None
        self._timer = node.create_timer(PERIOD, self._ask)

    @property
    def at_start(self) -> int | None:
        """Parts that there are; None while that is not known."""
        return len(self._names) or None

    def at_end(self) -> Count | None:
        """Parts that there were or are, and those in a destination; None without an answer.

        Not in the executor's thread.
        """
        self._timer.cancel()
        if not self._client.service_is_ready():
            return None
        try:
            answer = wait_for(self._client.call_async(GetEntitiesStates.Request()), PATIENCE, "the simulator")
        except LabError:
            return None
        positions = _positions(answer)
        self._names |= positions.keys()
        return Count(len(self._names), delivered(positions, self._cell))

    def _ask(self) -> None:
        if self._asked is None and self._client.service_is_ready():
            self._asked = self._client.call_async(GetEntitiesStates.Request())
        elif self._asked is not None and self._asked.done():
            answer, self._asked = self._asked.result(), None
            if answer is not None:
                self._names |= _positions(answer).keys()
                self._timer.cancel()


def delivered(positions: Mapping[str, FloatArray], cell: Cell) -> int:
    """How many parts are in a destination of the cell; positions (3,) metres in base_link, by name."""
    if not positions:
        return 0
    centres = np.array(list(positions.values()))
    inside = np.zeros(len(centres), dtype=bool)
    for place in cell.destinations.values():
        middle = make_transform(np.eye(3), place.base_from_floor[:3, 3] + [0.0, 0.0, 0.4 * HEIGHT])
        inside |= OrientedBox(middle, np.array([*place.size, HEIGHT])).contains(centres, margin=MARGIN)
    return int(inside.sum())


def _positions(answer: GetEntitiesStates.Response) -> dict[str, FloatArray]:
    return {
        name: np.array([state.pose.position.x, state.pose.position.y, state.pose.position.z])
        for name, state in zip(answer.entities, answer.states, strict=False)
    }
