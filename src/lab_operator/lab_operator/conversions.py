"""Messages to what the console knows; the only file that knows both."""

from __future__ import annotations

import time

import numpy as np
from lab_interfaces.msg import Attempt as AttemptMessage
from lab_interfaces.msg import Proposal as ProposalMessage
from lab_interfaces.msg import TaskStatus
from rclpy.time import Time
from sensor_msgs.msg import JointState
from vision_msgs.msg import Detection3DArray

from lab_core.errors import InvalidRequestError
from lab_core.geometry import FloatArray
from lab_node.conversions.outcomes import name_of
from lab_node.conversions.poses import matrix_from_pose
from lab_node.conversions.scene import parts_from_detections
from lab_operator.state import Attempt, Joints, Proposal, Task


def task_from(message: TaskStatus) -> Task:
    """What the task says of itself."""
    return Task(
        phase=message.phase,
        object_id=message.object_id,
        presented=message.presented,
        placed=message.placed,
        attempts=message.attempts,
        visible=message.visible,
        left=len(message.left),
        outcome=name_of(message.outcome),
        message=message.outcome.message,
    )


def attempt_from(message: AttemptMessage) -> Attempt:
    """One attempt."""
    return Attempt(
        number=message.number,
        object_id=message.object_id,
        outcome=name_of(message.outcome),
        message=message.outcome.message,
        destination=message.destination,
        end=Time.from_msg(message.header.stamp).nanoseconds * 1e-9,
        seconds=sum(stage.duration for stage in message.stages),
    )


def proposal_from(message: ProposalMessage) -> Proposal | None:
    """A motion that waits, or what became of it; None before the first.

    Raises InvalidRequestError when the trajectory is malformed: what cannot be shown cannot be approved.
    """
    if not message.digest:
        return None
    names, points = tuple(message.trajectory.joint_names), message.trajectory.points
    positions = [list(point.positions) for point in points]
    if any(len(each) != len(names) for each in positions):
        raise InvalidRequestError(f"the plan has points without a position for each of {', '.join(names)}")
    times = [point.time_from_start.sec + 1e-9 * point.time_from_start.nanosec for point in points]
    return Proposal(
        digest=message.digest,
        state=message.state,
        action=message.action,
        object_id=message.object_id,
        destination=message.destination,
        names=names,
        times=np.array(times),
        positions=np.array(positions).reshape(len(points), len(names)),
        base_from_tcp=matrix_from_pose(message.pose),
        until=time.monotonic() + message.timeout,
        person=message.person,
    )


def joints_from(message: JointState) -> Joints:
    """Names and positions, as many as there are of both."""
    pairs = tuple(zip(message.name, message.position, strict=False))
    return Joints(tuple(name for name, _ in pairs), tuple(float(position) for _, position in pairs))


def boxes_from(message: Detection3DArray) -> tuple[tuple[str, FloatArray, FloatArray], ...]:
    """Names and boxes of what was put down. Raises InvalidRequestError."""
    parts = parts_from_detections(message, "which was placed")
    return tuple((part.id, part.box.frame_from_box, np.asarray(part.box.size)) for part in parts)
