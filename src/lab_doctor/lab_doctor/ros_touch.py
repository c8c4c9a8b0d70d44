"""Listens to the tactile pads of a cell."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from lab_interfaces.msg import TactilePad
from rclpy.node import Node

from lab_core.errors import LabError
from lab_core.touch import PadSample
from lab_description import Gripper
from lab_description.touch import SIDES
from lab_doctor.snapshot import PadFacts
from lab_node.conversions.touch import pad_from_message
from lab_node.qos import SENSOR
from lab_touch.health import check_grid, check_rate, check_values

KEPT = 100


class TouchListener:
    """Hears both pads of a gripper from when it is made; nothing where it has none."""

    def __init__(self, node: Node, gripper: Gripper) -> None:
        self._node, self._touch = node, gripper.touch
        self._frames = dict(zip(SIDES, (gripper.left_pad, gripper.right_pad), strict=True))
        self._messages: dict[str, deque[TactilePad]] = {}
        self._own = []
        for side in SIDES if self._touch is not None else ():
            self._messages[side] = deque(maxlen=KEPT)
            self._own.append(
                node.create_subscription(TactilePad, self._touch.topics[side], self._taker(side), SENSOR)
            )

    def _taker(self, side: str) -> Callable[[TactilePad], None]:
        def take(message: TactilePad) -> None:
            self._messages[side].append(message)

        return take

    def facts(self) -> tuple[PadFacts, ...]:
        """What was heard until now; it listens no longer."""
        for subscription in self._own:
            self._node.destroy_subscription(subscription)
        return tuple(
            PadFacts(side, f"/{self._touch.topics[side].lstrip('/')}", len(heard), self._fault(side))
            for side, heard in self._messages.items()
        )

    def _fault(self, side: str) -> str:
        """Why the pad cannot be believed; empty when it can, or said nothing."""
        assert self._touch is not None
        try:
            samples: list[PadSample] = [pad_from_message(message) for message in self._messages[side]]
            for sample in samples[-1:]:
                check_grid(sample, self._touch.grid, self._frames[side])
            check_rate([sample.stamp for sample in samples])
            check_values(samples, self._touch.taxel_maximum)
        except LabError as error:
            return str(error)
        return ""
