"""Controllers, arm, hand and pads without dynamics: what ros2_control shows of a cell, by kinematics alone.

The arm is where its trajectory says; to the first point it goes from where it is, as fast as it goes then.
Its controller may scale the speed, as by the slider of a teach pendant: then its time goes by more slowly.
The fingers stop at the width of the part that `part_width` puts between them and press with the force of the
command. Faults are switched on by attributes. It says what the stop node would say, too.
"""

from __future__ import annotations

import threading

import numpy as np
from control_msgs.action import FollowJointTrajectory, ParallelGripperCommand
from geometry_msgs.msg import WrenchStamped
from lab_interfaces.msg import StopState
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from scipy.interpolate import CubicHermiteSpline
from sensor_msgs.msg import JointState

from lab_description import Cell
from lab_node.permit import STOP_STATE
from lab_node.qos import ALIVE, SENSOR

_PERIOD = 0.01


class KinematicCell(Node):
    """Publishes joint states and pad wrenches at 100 Hz of the wall clock and serves both controllers."""

    def __init__(self, cell: Cell) -> None:
        super().__init__("kinematic_cell")
        self._cell = cell
        self._lock = threading.RLock()
        self.positions = cell.robot.configuration("home").copy()
        self.velocities = np.zeros_like(self.positions)
        self._shown = [self.positions]
        self.opening = cell.gripper.maximum_opening
        self.part_width: float | None = None
        self.frozen = False
        self.arm_error: int | None = None
        self.hand_ends_early = False
        self.hand_speed = 0.15
        self.part_sticks = False
        self.refuse = False
        self.stops_at_goal = False  # the controllers hear of the stop first
        self.in_turns = False
        self.scaling = 1.0
        # seconds: of the arm's controller, now and when it last commanded, and of the clock
        self._uptime = self._commanded = self._ticked = self._now()
        self.pushed = 0.0  # how far the first joint is from where it is told to be, radians
        self.gives_feedback = True
        self.trails = 0  # by so many periods the arm is behind its commands
        self.visited: list[np.ndarray] = []
        self.speeds: list[tuple[float, np.ndarray]] = []  # commanded: over how many seconds, and how fast
        self.trajectories: list[np.ndarray] = []
        self.durations: list[float] = []
        self.cancelled = 0
        self._force = 0.0
        self._arm: dict | None = None
        self._hand: dict | None = None
        self.stopped, self.allowed, self.silent, self.stops = False, 1.0, False, 3
        self.pads_silent = self.states_silent = False
        self.tells_speeds = True
        self.ahead = 0.0  # of the clock of the joint states, seconds
        self._stop = self.create_publisher(StopState, STOP_STATE, ALIVE)
        self._states = self.create_publisher(JointState, "/joint_states", SENSOR)
        self._pads = [
            self.create_publisher(WrenchStamped, cell.gripper.wrench_topics[side], SENSOR)
            for side in sorted(cell.gripper.wrench_topics)
        ]
        self._serve(FollowJointTrajectory, cell.robot.trajectory_action, self._follow, "_arm")
        self._serve(ParallelGripperCommand, cell.gripper.action, self._move_fingers, "_hand")
        self.create_timer(_PERIOD, self._tick)

    def _serve(self, kind, name, begin, slot) -> None:
        async def execute(handle):
            job = begin(handle)
            job["handle"], job["done"] = handle, Future(executor=self.executor)
            with self._lock:
                previous = getattr(self, slot)
                setattr(self, slot, job)
            if previous is not None:
                self._end(previous, "abort", kind.Result())
            return await job["done"]

        ActionServer(
            self,
            kind,
            name,
            execute,
            goal_callback=self._accept,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def _accept(self, goal) -> GoalResponse:
        if self.stops_at_goal:
            self.stopped = self.refuse = True
        return GoalResponse.REJECT if self.refuse else GoalResponse.ACCEPT

    def _follow(self, handle) -> dict:
        trajectory = handle.request.trajectory
        assert list(trajectory.joint_names) == list(self._cell.robot.joint_names)
        time = [p.time_from_start.sec + 1e-9 * p.time_from_start.nanosec for p in trajectory.points]
        positions = np.array([p.positions for p in trajectory.points])
        velocities = np.array([p.velocities for p in trajectory.points])
        self.trajectories.append(positions)
        self.durations.append(time[-1])
        stamp = Time.from_msg(trajectory.header.stamp).nanoseconds * 1e-9
        return {"points": (time, positions, velocities), "begin": stamp, "end": time[-1]}

    def _move_fingers(self, handle) -> dict:
        command = handle.request.command
        assert list(command.name) == [self._cell.gripper.joint]
        self._force = command.effort[0] / 0.106
        return {"goal": float(self._cell.gripper.opening_from_joint(command.position[0]))}

    def _tick(self) -> None:
        with self._lock:
            before, ticked, self._ticked = self.positions, self._ticked, self._now()
            step = max(self.scaling * (self._ticked - ticked), 1e-6)
            self._commanded, self._uptime = self._uptime, self._uptime + step
            self._tick_arm()
            self._tick_hand()
            self.velocities = (self.positions - before) / step  # by the controller's time
            self.speeds.append((step, self.velocities))
        stamp = (self.get_clock().now() + Duration(seconds=self.ahead)).to_msg()
        joint = float(self._cell.gripper.joint_from_opening(self.opening))
        arm, hand = list(self._cell.robot.joint_names), [self._cell.gripper.joint]
        self._shown = [*self._shown, self.positions][-self.trails - 2 :]
        positions = self._shown[0 if self.trails else -1].copy()
        positions[0] += self.pushed
        positions, velocities = positions.tolist(), (self.scaling * self.velocities).tolist()
        if self.in_turns:
            self._publish(stamp, arm, positions, velocities)
            self._publish(stamp, hand, [joint], [0.0])
        else:
            self._publish(stamp, arm + hand, [*positions, joint], [*velocities, 0.0])
        touching = self.part_width is not None and (
            self.part_sticks or self.opening <= self.part_width + 1e-4
        )
        if not self.silent:
            reason = "a test stopped the cell" if self.stopped else ""
            state = StopState(
                stopped=self.stopped, reason=reason, speed=self.allowed, stops=self.stops + self.stopped
            )
            self._stop.publish(state)
        for pad in () if self.pads_silent else self._pads:
            wrench = WrenchStamped()
            wrench.header.stamp = stamp
            wrench.wrench.force.y = self._force if touching else 0.0
            pad.publish(wrench)

    def _publish(self, stamp, names, positions, velocities) -> None:
        message = JointState(name=names, position=positions, velocity=velocities if self.tells_speeds else [])
        message.header.stamp = stamp
        if not self.states_silent:
            self._states.publish(message)

    def _tick_arm(self) -> None:
        job = self._arm
        if job is None or "done" not in job:
            return
        if job["handle"].is_cancel_requested:
            self.cancelled += 1
            self._arm = None
            self._end(job, "canceled", FollowJointTrajectory.Result())
            return
        if self.frozen:
            return
        if self.arm_error is not None:
            self._arm = None
            self._end(job, "abort", FollowJointTrajectory.Result(error_code=self.arm_error))
            return
        if "spline" not in job:
            job["begin"] = job["begin"] or self._uptime
            job["spline"] = self._spline(self._commanded - job["begin"], *job["points"])
        elapsed, spline = self._uptime - job["begin"], job["spline"]
        self.positions = spline(np.clip(elapsed, spline.x[0], job["end"]))
        self.visited.append(self.positions)
        if self.gives_feedback:
            feedback = FollowJointTrajectory.Feedback(joint_names=self._cell.robot.joint_names)
            feedback.header.stamp = self.get_clock().now().to_msg()
            feedback.desired.positions = self.positions.tolist()
            job["handle"].publish_feedback(feedback)
        if elapsed >= job["end"]:
            self._arm = None
            self._end(job, "succeed", FollowJointTrajectory.Result())

    def _spline(self, commanded, time, positions, velocities) -> CubicHermiteSpline:
        """Of joint_trajectory_controller: what comes before the first point begins at the last command."""
        if commanded < time[0]:
            time, positions = [commanded, *time], np.vstack([self.positions, positions])
            velocities = np.vstack([self.velocities, velocities])
        return CubicHermiteSpline(time, positions, velocities)

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _tick_hand(self) -> None:
        job = self._hand
        if job is None or "done" not in job:
            return
        if self.hand_ends_early:
            self._hand = None
            self._end(job, "abort", ParallelGripperCommand.Result())
            return
        if job["handle"].is_cancel_requested:
            self._hand = None
            self._end(job, "canceled", ParallelGripperCommand.Result())
            return
        reach = self.hand_speed * _PERIOD
        step = float(np.clip(job["goal"] - self.opening, -reach, reach))
        stop = self.part_width if self.part_width is not None and step < 0.0 else -1.0
        stalled = self.opening + step <= stop
        self.opening = max(self.opening + step, stop)
        if stalled or abs(self.opening - job["goal"]) < 1e-4:
            self._hand = None
            self._end(
                job, "succeed", ParallelGripperCommand.Result(stalled=stalled, reached_goal=not stalled)
            )

    @staticmethod
    def _end(job, how, result) -> None:
        getattr(job["handle"], how)()
        job["done"].set_result(result)
