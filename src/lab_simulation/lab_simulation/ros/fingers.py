"""Fingers over ROS: their action ParallelGripperCommand and what their pads feel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from control_msgs.action import ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from std_msgs.msg import Header

from lab_node.actions import RESULT_TIMEOUT
from lab_node.qos import RELIABLE
from lab_simulation.conversions import gripper_result, gripper_state, wrench_message
from lab_simulation.mujoco.arm_controller import Ending
from lab_simulation.mujoco.gripper_controller import GripperOutcome
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import SimulationLoop
from lab_simulation.ros.actions import Ended, awaited, conclude
from lab_simulation.ros.touch import TouchTopics


class FingerTopics:
    """See HandTopics in ros_publishers.py. Goals are worked on in the simulation's thread."""

    def __init__(self, node: Node, loop: SimulationLoop, simulation: Simulation) -> None:
        """simulation: read here for its names; changed only through the loop."""
        self._node = node
        self._loop = loop
        self._simulation = simulation
        self._grip: ServerGoalHandle | None = None
        gripper = simulation.cell.gripper
        topics = gripper.wrench_topics
        self._frames = (gripper.left_pad, gripper.right_pad)
        self._pads = [node.create_publisher(WrenchStamped, topics[side], RELIABLE) for side in sorted(topics)]
        self._touch = TouchTopics(node, gripper)
        ActionServer(
            node,
            ParallelGripperCommand,
            gripper.action,
            self._move,
            goal_callback=self._accept,
            cancel_callback=self._cancel,
            result_timeout=RESULT_TIMEOUT,
        )

    def publish(self, simulation: Simulation, header: Header) -> None:
        """What the pads feel."""
        if not any(pad.get_subscription_count() for pad in self._pads):
            return
        for pad, frame, wrench in zip(self._pads, self._frames, simulation.pad_wrenches(), strict=True):
            header.frame_id = frame
            pad.publish(WrenchStamped(header=header, wrench=wrench_message(wrench)))

    def tick(self, simulation: Simulation) -> None:
        """What its tactile pads say."""
        self._touch.publish(simulation)

    def give_feedback(self, simulation: Simulation) -> None:
        """On the goal that is worked on."""
        grip = self._grip
        if grip is None or not grip.is_active:
            return
        joints = simulation.joints()
        index = joints.names.index(simulation.gripper.joint_name)
        state = gripper_state(
            joints.names[index], joints.position[index], joints.velocity[index], joints.effort[index]
        )
        grip.publish_feedback(ParallelGripperCommand.Feedback(state=state))

    def _accept(self, goal: ParallelGripperCommand.Goal) -> GoalResponse:
        command = goal.command
        numbers = [*command.position, *command.effort[:1], *command.velocity[:1]]
        if len(command.position) == 1 and np.isfinite(numbers).all():
            return GoalResponse.ACCEPT
        self._node.get_logger().error(
            f"gripper goal rejected: positions {list(command.position)}, effort {list(command.effort)},"
            f" velocity {list(command.velocity)}; expected one position and finite numbers"
        )
        return GoalResponse.REJECT

    async def _move(self, handle: ServerGoalHandle) -> ParallelGripperCommand.Result:
        ended, end = awaited(self._node)
        command = handle.request.command

        def start(simulation: Simulation) -> None:
            self._grip = handle
            simulation.gripper.move(
                command.position[0], _first(command.effort), _first(command.velocity), simulation.time, end
            )

        if handle.is_cancel_requested:  # before it came to this: the fingers stay
            start = _stay(end)
        self._loop.ask(start)
        outcome: GripperOutcome = await ended
        conclude(handle, outcome.ending)
        return gripper_result(self._simulation.gripper.joint_name, outcome)

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        def cancel(simulation: Simulation) -> None:
            if self._grip is handle:
                simulation.gripper.cancel()

        self._loop.ask(cancel)
        return CancelResponse.ACCEPT


def _stay(end: Ended) -> Callable[[Simulation], None]:
    def stay(simulation: Simulation) -> None:
        joints = simulation.joints()
        index = joints.names.index(simulation.gripper.joint_name)
        end(GripperOutcome(Ending.CANCELLED, joints.position[index], joints.effort[index]))

    return stay


def _first(values: Any) -> float | None:
    return float(values[0]) if len(values) else None
