"""Asks persons over ROS whether a plan may be carried out: topic ~/proposal, service ~/approve."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab_interfaces.msg import Proposal
from lab_interfaces.srv import Approve
from rclpy.node import Node

from lab_motion.conversions import trajectory_goal
from lab_motion.errors import PlanningCancelled
from lab_motion.planning.port import Trajectory
from lab_motion.skills.approval import Declined, NobodyApproved, Plan, Proposals, Proposed, State
from lab_motion.skills.hardware import Cancelled
from lab_node.conversions.poses import pose_from_matrix
from lab_node.qos import LATCHED

# Wall seconds between two looks at what may end the waiting.
_LOOK = 0.05
# Letters of a person's name that are kept.
_LONGEST_NAME = 100


class RosApproval:
    """See lab_motion.skills.approval.Approval. Every proposal and what became of it is told and logged."""

    def __init__(
        self, node: Node, frame: str, timeout: float, watch_scene: Callable[[str], Callable[[], None]]
    ) -> None:
        """timeout: wall seconds for which an answer is taken. watch_scene: called with the name of the part;
        what it gives raises StaleInputError once what the camera sees is another scene.
        """
        self._node, self._frame, self._timeout, self._watch_scene = node, frame, timeout, watch_scene
        self._proposals = Proposals(timeout)
        self._publisher = node.create_publisher(Proposal, "~/proposal", LATCHED)
        node.create_service(Approve, "~/approve", self._answer)

    def require(self, plan: Plan, cancelled: Cancelled) -> None:
        """See lab_motion.skills.approval.Approval."""
        unchanged = self._watch_scene(plan.object_id)
        proposed = self._proposals.open(plan, time.monotonic())
        self._tell(proposed)
        try:
            self._wait(proposed, unchanged, cancelled)
        finally:
            self._proposals.close(proposed, State.WITHDRAWN)
            self._tell(proposed)

    def _wait(self, proposed: Proposed, unchanged: Callable[[], None], cancelled: Cancelled) -> None:
        while not proposed.answered.wait(_LOOK):
            if cancelled():
                raise PlanningCancelled
            unchanged()
            if time.monotonic() > proposed.until:
                self._proposals.close(proposed, State.EXPIRED)
                if proposed.state is State.EXPIRED:
                    raise NobodyApproved(
                        f"nobody has approved the {proposed.plan.action} within {self._timeout:.0f} s"
                    )
        if proposed.state is State.DECLINED:
            raise Declined(f"{proposed.person} has declined the {proposed.plan.action}")
        if cancelled():
            raise PlanningCancelled
        unchanged()

    def _answer(self, request: Approve.Request, response: Approve.Response) -> Approve.Response:
        person = request.person[:_LONGEST_NAME]
        refused = self._proposals.answer(request.digest, request.approved, person, time.monotonic())
        response.success, response.message = not refused, refused
        said = "approves" if request.approved else "declines"
        self._node.get_logger().info(f"{person!r} {said} {request.digest[:16]}: {refused or 'taken'}")
        return response

    def _tell(self, proposed: Proposed) -> None:
        plan = proposed.plan
        message = Proposal(
            digest=proposed.digest,
            state=proposed.state.value,
            action=plan.action,
            object_id=plan.object_id,
            destination=plan.destination,
            pose=pose_from_matrix(plan.base_from_tcp),
            timeout=max(0.0, proposed.until - time.monotonic()),
            person=proposed.person,
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.frame_id = self._frame
        whole: Trajectory | None = None
        for part in plan.parts.values():
            whole = part if whole is None else whole.then(part)
        if whole is not None:
            message.trajectory = trajectory_goal(whole).trajectory
        self._publisher.publish(message)
