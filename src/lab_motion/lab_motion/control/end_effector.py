"""The hand of a cell behind what its driver offers: an action of fingers, switch and pressure of a cup."""

from __future__ import annotations

from typing import Protocol

from rclpy.node import Node

from lab_core.errors import ConfigurationError
from lab_description import Cell, Gripper, SuctionCup
from lab_motion.control.cup import ControlledCup
from lab_motion.control.hand import ControlledHand
from lab_motion.control.joint_states import JointStates
from lab_motion.control.touch_hand import TouchHand
from lab_motion.skills.hardware import Hand


class Controlled(Hand, Protocol):
    """A hand that somebody else may have used before."""

    def take_over(self) -> None:
        """End whatever motion somebody has begun before; what is held stays held.

        Raises GripperFailed when its controller is away, DeadlineError.
        """


def controlled_hand(
    node: Node, cell: Cell, states: JointStates, max_age: float, timeout: float
) -> Controlled:
    """Made for the type of the cell's end effector.

    max_age: of what it measures; timeout: of one motion of the fingers; seconds of the cell's clock.

    Raises ConfigurationError for a type that nothing here moves.
    """
    effector = cell.end_effector
    if isinstance(effector, Gripper) and effector.touch is not None:
        return TouchHand(node, cell, states, max_age, timeout)
    if isinstance(effector, Gripper):
        return ControlledHand(node, cell, states, max_age, timeout)
    if isinstance(effector, SuctionCup):
        return ControlledCup(node, effector, max_age)
    raise ConfigurationError(f"{cell.files['cell']}: gripper: nothing here moves '{effector.name}'")
