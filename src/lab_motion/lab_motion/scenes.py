"""The scenes of perception: the newest, those that grasps were planned on, and whether any come."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from lab_interfaces.msg import Grasp, Outcome, Part, Scene
from rclpy.time import Time

from lab_core.errors import StaleInputError
from lab_core.geometry import FloatArray
from lab_motion.errors import PlanningCancelled
from lab_motion.motion_parameters import MotionParameters
from lab_motion.skills.hardware import Cancelled
from lab_node.freshness import Latest, Silence
from lab_node.lifecycle import LabNode
from lab_node.permit import Permit
from lab_node.qos import RELIABLE

_TOPIC = "scene/objects"
# Scenes kept, so that a grasp is carried out in the scene that it was planned on.
_KEPT = 30
# Wall seconds of one wait, between looks at whether it was interrupted.
_LOOK = 0.02
# Wall seconds that a scene may come later than the grasps that were planned on it.
_ON_ITS_WAY = 2.0
# A part whose centre is further from where it was has moved, metres: twice what segments tremble by.
_MOVED = 0.02


class Scenes:
    """Keeps the newest scenes in which something, or nothing, was seen; a failed look shows no obstacles."""

    def __init__(self, node: LabNode, permit: Permit) -> None:
        self._node, self._permit = node, permit
        self._kept: OrderedDict[int, Scene] = OrderedDict()
        self._topic = node.resolve_topic_name(_TOPIC)
        self._newest: Latest[Scene] = Latest(f"scene on {self._topic}")
        self._silence = Silence(node)
        self._looked = node.get_clock().now()
        node.create_subscription(Scene, _TOPIC, self._take, RELIABLE)

    @property
    def _limits(self) -> MotionParameters:
        """The node's parameters now: ages and timeouts may be set while it runs."""
        parameters: MotionParameters = self._node.parameters
        return parameters

    def of(self, grasps: Sequence[Grasp]) -> Scene:
        """The scene that the grasps were planned on, else the newest; in a worker thread.

        Raises StaleInputError: there is none, it is too old, or it is of before the last stop.
        """
        self.require_looking()
        if grasps:  # it may be on its way to this node: the grasps came by another
            self._newest.wait_for_newer(Time.from_msg(grasps[0].header.stamp), _ON_ITS_WAY)
        if not self._kept:
            raise StaleInputError(
                f"no scene has come on {self._topic} yet: is perception active?{self._refused()}"
            )
        stamp = Time.from_msg(grasps[0].header.stamp).nanoseconds if grasps else -1
        message = self._kept.get(stamp) or next(reversed(self._kept.values()))
        age = (self._node.get_clock().now() - Time.from_msg(message.header.stamp)).nanoseconds * 1e-9
        limit = self._limits.max_scene_age
        if age > limit:
            raise StaleInputError(f"the scene of the grasps is {age:.1f} s old, the limit is {limit:.1f} s")
        if age < -limit:
            raise StaleInputError(
                f"the scene of the grasps is stamped {-age:.1f} s ahead of the clock of this node, the limit"
                f" is {limit:.1f} s: synchronise the computers (chrony, PTP)"
            )
        if Time.from_msg(message.header.stamp) < self._permit.freed:
            raise StaleInputError("the grasps were planned before the cell was stopped: look again")
        self._looked = self._node.get_clock().now()
        return message

    def newest(self) -> Scene | None:
        """What was seen last, however long ago; None before the first."""
        return next(reversed(self._kept.values()), None)

    def require_looking(self) -> None:
        """Raises StaleInputError when camera or perception have fallen silent: nobody sees what comes."""
        silence, limit = self._silence.seconds, self._limits.max_view_age
        if silence > limit:
            raise StaleInputError(
                f"nothing that a camera saw has come on {self._topic} for {silence:.1f} s, the limit is"
                f" {limit:.1f} s: do camera and perception run?{self._refused()}"
            )

    def watch(self, part: str) -> Callable[[], None]:
        """What raises StaleInputError once the camera sees another scene than now: a part that was not there,
        one that has moved, or no more of the named part where it was in view.
        """
        then = self._newest.peek()

        def unchanged() -> None:
            now = self._newest.peek()
            if then is None or now is None or now is then:
                return
            before = [_centre(each) for each in then.objects]
            for each in now.objects:
                if not any(np.linalg.norm(_centre(each) - place) < _MOVED for place in before):
                    raise StaleInputError(f"'{each.id}' has come or moved since this was planned: plan again")
            for each in then.objects:
                if each.id == part and not any(
                    np.linalg.norm(_centre(each) - _centre(seen)) < _MOVED for seen in now.objects
                ):
                    raise StaleInputError(f"'{part}' has gone or moved since this was planned: plan again")

        return unchanged

    def since_stop(self, interrupted: Cancelled) -> Scene | None:
        """After a stop the world may be another: a scene that was seen since; None when one was taken since.

        Raises StaleInputError when none comes, PlanningCancelled.
        """
        freed = self._permit.freed
        if self._looked >= freed:
            return None
        begin, wall = self._node.get_clock().now(), time.monotonic()
        limit = self._limits.look_timeout
        while (seen := self._newest.wait_for_newer(freed, _LOOK)) is None:
            waited = (self._node.get_clock().now() - begin).nanoseconds * 1e-9
            if waited > limit or time.monotonic() - wall > 10.0 * limit:
                raise StaleInputError(
                    f"no scene has come on {self._topic} since the stop was reset, in {limit:.1f} s:"
                    " is perception active?"
                )
            if interrupted():
                raise PlanningCancelled
        self._looked = self._node.get_clock().now()
        return seen

    def _refused(self) -> str:
        """Words for scenes that came and were not taken, because somebody's box cannot be."""
        refused = self._node.refusals.all().get(self._topic)
        return "" if refused is None else f" {refused.count} were refused, the newest since {refused.why}"

    def _take(self, message: Scene) -> None:
        if message.outcome.code != Outcome.CAMERA_SILENT:
            self._silence.hear()
        if message.outcome.code not in (Outcome.SUCCESS, Outcome.NO_OBJECT):
            return
        self._newest.put(message)
        self._kept[Time.from_msg(message.header.stamp).nanoseconds] = message
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _centre(part: Part) -> FloatArray:
    place = part.box.center.position
    return np.array([place.x, place.y, place.z])
