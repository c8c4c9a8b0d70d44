"""The arm's action FollowJointTrajectory, and what serving an action of the cell takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node
from rclpy.task import Future

from lab_core.errors import LabError
from lab_node.actions import RESULT_TIMEOUT
from lab_node.permit import Permit
from lab_simulation.conversions import trajectory_feedback, trajectory_goal, trajectory_result
from lab_simulation.mujoco.arm_controller import Ending, TrajectoryError, TrajectoryOutcome
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import TICK, SimulationLoop

Ended = Callable[[Any], None]
FEEDBACK_TICKS = round(0.05 / TICK)
"""Feedback at 20 Hz, as the controllers of ros2_control give it."""


class ArmAction:
    """Serves the action; goals are worked on in the simulation's thread.

    While the cell is stopped an arm without a goal takes none, as under a controller that was deactivated.
    One with a goal does: the motion node brakes it by another goal.
    """

    def __init__(self, node: Node, loop: SimulationLoop, simulation: Simulation) -> None:
        """simulation: read here for its names and limits; changed only through the loop."""
        self._node = node
        self._permit = Permit(node, math.inf)
        self._loop = loop
        self._simulation = simulation
        self._trajectory: ServerGoalHandle | None = None
        ActionServer(
            node,
            FollowJointTrajectory,
            simulation.cell.robot.trajectory_action,
            self._follow,
            goal_callback=self._accept,
            cancel_callback=self._cancel,
            result_timeout=RESULT_TIMEOUT,
        )

    def give_feedback(self, simulation: Simulation) -> None:
        """From the simulation's thread."""
        trajectory = self._trajectory
        if trajectory is not None and trajectory.is_active:
            trajectory.publish_feedback(trajectory_feedback(simulation))

    def _accept(self, goal: FollowJointTrajectory.Goal) -> GoalResponse:
        try:
            if (stopped := self._permit.stopped()) is not None and not self._simulation.arm.following:
                raise stopped
            self._simulation.arm.check(trajectory_goal(goal), self._simulation.time)
        except LabError as error:
            self._node.get_logger().error(f"trajectory rejected: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _follow(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        ended, end = awaited(self._node)
        goal = trajectory_goal(handle.request)

        def start(simulation: Simulation) -> None:
            try:
                simulation.arm.follow(goal, simulation.time, end)
            except LabError as error:  # it was good when it was accepted, but time has gone on
                end(TrajectoryOutcome(Ending.ABORTED, TrajectoryError.INVALID_GOAL, str(error)))
            else:
                self._trajectory = handle

        if handle.is_cancel_requested:  # before it came to this
            end(TrajectoryOutcome(Ending.CANCELLED, message="cancelled before it began"))
        else:
            self._loop.ask(start)
        outcome: TrajectoryOutcome = await ended
        if outcome.ending is Ending.ABORTED:
            self._node.get_logger().warning(f"trajectory aborted: {outcome.message}")
        conclude(handle, outcome.ending)
        return trajectory_result(outcome)

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        def cancel(simulation: Simulation) -> None:
            if self._trajectory is handle:
                simulation.arm.cancel(simulation.time)

        self._loop.ask(cancel)
        return CancelResponse.ACCEPT


def awaited(node: Node) -> tuple[Future, Ended]:
    """A future to await in the node's executor, and how the simulation's thread completes it."""
    future = Future(executor=node.executor)
    # Completed directly, it would not wake an executor of this rclpy; a task does.
    return future, lambda result: node.executor.create_task(future.set_result, result)


def conclude(handle: ServerGoalHandle, ending: Ending) -> None:
    """Tell the client how its goal has ended."""
    if ending is Ending.SUCCEEDED:
        handle.succeed()
    elif ending is Ending.CANCELLED and handle.is_cancel_requested:
        handle.canceled()
    else:
        handle.abort()
