"""The controllers' actions: FollowJointTrajectory and ParallelGripperCommand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from lab_node.errors import LabError
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from lab_simulation.arm_controller import Ending, TrajectoryError, TrajectoryOutcome
from lab_simulation.conversions import (
    gripper_result,
    gripper_state,
    trajectory_feedback,
    trajectory_goal,
    trajectory_result,
)
from lab_simulation.gripper_controller import GripperOutcome
from lab_simulation.simulation import Simulation
from lab_simulation.simulation_loop import TICK, SimulationLoop

FEEDBACK_TICKS = round(0.05 / TICK)
"""Feedback at 20 Hz, as the controllers of ros2_control give it."""


class CellActions:
    """Serves the actions; goals are worked on in the simulation's thread."""

    def __init__(self, node: Node, loop: SimulationLoop, simulation: Simulation) -> None:
        """simulation: read here for its names and limits; changed only through the loop."""
        self._node = node
        self._loop = loop
        self._simulation = simulation
        self._trajectory: ServerGoalHandle | None = None
        self._grip: ServerGoalHandle | None = None
        self._ticks = 0
        cell = simulation.cell
        ActionServer(
            node,
            FollowJointTrajectory,
            cell.robot.trajectory_action,
            self._follow,
            goal_callback=self._accept_trajectory,
            cancel_callback=self._cancel_trajectory,
        )
        ActionServer(
            node,
            ParallelGripperCommand,
            cell.gripper.action,
            self._move_gripper,
            goal_callback=self._accept_gripper,
            cancel_callback=self._cancel_gripper,
        )

    def tick(self, simulation: Simulation) -> None:
        """Give feedback, from the simulation's thread."""
        self._ticks += 1
        if self._ticks % FEEDBACK_TICKS:
            return
        trajectory, grip = self._trajectory, self._grip
        if trajectory is not None and trajectory.is_active:
            trajectory.publish_feedback(trajectory_feedback(simulation))
        if grip is not None and grip.is_active:
            joints = simulation.joints()
            index = joints.names.index(simulation.gripper.joint_name)
            state = gripper_state(
                joints.names[index], joints.position[index], joints.velocity[index], joints.effort[index]
            )
            grip.publish_feedback(ParallelGripperCommand.Feedback(state=state))

    def _future(self) -> tuple[Future, Callable[[Any], None]]:
        """A future to await in the executor, and how the simulation's thread completes it."""
        future = Future(executor=self._node.executor)
        # Completed directly, it would not wake an executor of this rclpy; a task does.
        return future, lambda result: self._node.executor.create_task(future.set_result, result)

    def _accept_trajectory(self, goal: FollowJointTrajectory.Goal) -> GoalResponse:
        try:
            self._simulation.arm.check(trajectory_goal(goal), self._simulation.time)
        except LabError as error:
            self._node.get_logger().error(f"trajectory rejected: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _follow(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        ended, end = self._future()
        goal = trajectory_goal(handle.request)

        def start(simulation: Simulation) -> None:
            try:
                simulation.arm.follow(goal, simulation.time, end)
            except LabError as error:  # it was good when it was accepted, but time has gone on
                end(TrajectoryOutcome(Ending.ABORTED, TrajectoryError.INVALID_GOAL, str(error)))
            else:
                self._trajectory = handle

        self._loop.ask(start)
        outcome: TrajectoryOutcome = await ended
        if outcome.ending is Ending.ABORTED:
            self._node.get_logger().warning(f"trajectory aborted: {outcome.message}")
        _conclude(handle, outcome.ending)
        return trajectory_result(outcome)

    def _cancel_trajectory(self, handle: ServerGoalHandle) -> CancelResponse:
        def cancel(simulation: Simulation) -> None:
            if self._trajectory is handle:
                simulation.arm.cancel(simulation.time)

        self._loop.ask(cancel)
        return CancelResponse.ACCEPT

    def _accept_gripper(self, goal: ParallelGripperCommand.Goal) -> GoalResponse:
        command = goal.command
        numbers = [*command.position, *command.effort[:1], *command.velocity[:1]]
        if len(command.position) == 1 and np.isfinite(numbers).all():
            return GoalResponse.ACCEPT
        self._node.get_logger().error(
            f"gripper goal rejected: positions {list(command.position)}, effort {list(command.effort)},"
            f" velocity {list(command.velocity)}; expected one position and finite numbers"
        )
        return GoalResponse.REJECT

    async def _move_gripper(self, handle: ServerGoalHandle) -> ParallelGripperCommand.Result:
        ended, end = self._future()
        command = handle.request.command

        def start(simulation: Simulation) -> None:
            self._grip = handle
            simulation.gripper.move(
                command.position[0], _first(command.effort), _first(command.velocity), simulation.time, end
            )

        self._loop.ask(start)
        outcome: GripperOutcome = await ended
        _conclude(handle, outcome.ending)
        return gripper_result(self._simulation.gripper.joint_name, outcome)

    def _cancel_gripper(self, handle: ServerGoalHandle) -> CancelResponse:
        def cancel(simulation: Simulation) -> None:
            if self._grip is handle:
                simulation.gripper.cancel()

        self._loop.ask(cancel)
        return CancelResponse.ACCEPT


def _first(values: Any) -> float | None:
    return float(values[0]) if len(values) else None


def _conclude(handle: ServerGoalHandle, ending: Ending) -> None:
    if ending is Ending.SUCCEEDED:
        handle.succeed()
    elif ending is Ending.CANCELLED and handle.is_cancel_requested:
        handle.canceled()
    else:
        handle.abort()
