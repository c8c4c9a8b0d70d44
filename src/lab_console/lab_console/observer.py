"""Node that listens to a run and keeps the record of it."""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from builtin_interfaces.msg import Time as TimeMessage
from lab_interfaces.msg import Attempt, LineResult, TaskStatus
from lab_interfaces.msg import Scene as SceneMessage
from rclpy.node import Node
from rclpy.time import Time
from sensor_msgs.msg import Image

from lab_console.frames import AT_HAND, Frames
from lab_console.neighbours import named_in
from lab_console.overlay import Image as Pixels
from lab_console.overlay import draw
from lab_console.report import END
from lab_console.run_record import (
    AttemptRecord,
    CandidateRecord,
    Count,
    LeftRecord,
    LineRecord,
    RunRecord,
    StageTime,
)
from lab_core.geometry import FloatArray
from lab_core.scene import Scene
from lab_node.conversions.images import rgb
from lab_node.conversions.outcomes import name_of
from lab_node.conversions.poses import matrix_from_pose
from lab_node.conversions.scene import scene_from_message
from lab_node.gate import Gated
from lab_node.qos import HISTORY, LATCHED, RELIABLE, SENSOR

# images are sent best effort: one that is this close shows the same, seconds
NEIGHBOUR = 0.3


class Observer(Gated, Node):
    """Fills a RunRecord from the topics of a run; `done` is set when the task has ended."""

    def __init__(
        self,
        record: RunRecord,
        frames: Frames | None,
        keep_picture: Callable[[int, Pixels], None],
        start: float,
        run: str = "",
    ) -> None:
        """Start to listen.

        frames: where images go; None: neither images nor scenes are listened to.
        keep_picture: called with the number of an attempt, or END, and its picture (H, W, 3), red first.
        start: time.monotonic() at which the user started to wait.
        run: identity of the run of the cell that the record is of; empty: of whatever cell there is.
        """
        super().__init__("console")
        self.record, self.frames, self._keep_picture = record, frames, keep_picture
        self.status = TaskStatus(phase="starting")
        self.done = threading.Event()
        self._run = run
        self._heard_own = False
        self._placed_before = 0
        self._start = start
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        self._newest_scene: Scene | None = None
        self._image_times: OrderedDict[int, float] = OrderedDict()
        self._last_end: float | None = None
        self.create_subscription(TaskStatus, "task/status", self._take_status, LATCHED)
        self.create_subscription(Attempt, "task/attempts", self._take_attempt, HISTORY)
        if frames is not None:
            self.create_subscription(SceneMessage, "scene/objects", self._take_scene, RELIABLE)
            take_image = functools.partial(self._take_image, frames)
            self.create_subscription(Image, "camera/color/image_raw", take_image, SENSOR)

    def expect_another_task(self) -> None:
        """The task that has ended will be started again."""
        self.done.clear()

    def _take_image(self, frames: Frames, message: Image) -> None:
        stamp = Time.from_msg(message.header.stamp).nanoseconds
        self._image_times[stamp] = time.perf_counter()
        if len(self._image_times) > AT_HAND:
            self._image_times.popitem(last=False)
        frames.put(stamp, rgb(message))
        self.record.frames = frames.count
        self.record.last_image = (1e-9 * stamp, time.monotonic())
        self.record.first_image = self.record.first_image or self.record.last_image

    def _take_scene(self, message: SceneMessage) -> None:
        stamp = Time.from_msg(message.header.stamp).nanoseconds
        arrived = self._image_times.get(stamp)
        if arrived is not None:
            self.record.perception_latency.append(time.perf_counter() - arrived)
        if not message.objects:
            self._newest_scene = None
            return
        self._newest_scene = self._scenes[stamp] = scene_from_message(message)
        if len(self._scenes) > AT_HAND:
            self._scenes.popitem(last=False)

    def _take_status(self, message: TaskStatus) -> None:
        if self._run not in ("", message.run):
            self.refuse("task/status", f"it is of another cell's run, '{message.run}'")
            return
        self._heard_own = True
        before = self.status
        if message.placed < before.placed or message.attempts < before.attempts:  # the task was started anew
            self._placed_before += self.status.placed
        self.status = message
        record, now = self.record, _seconds(message.header.stamp)
        record.books = Count(self._placed_before + message.presented, self._placed_before + message.placed)
        if message.phase == "idle":
            return
        record.lines = line_records(message.lines)
        if record.sim_start is None:
            record.sim_start = self._last_end = now
        record.sim_end = now
        if (
            message.phase == "place" and record.first_grasp_wall_seconds is None
        ):  # closed, lifted and verified
            record.first_grasp_wall_seconds = round(time.monotonic() - self._start, 3)
        if message.phase == "done":
            record.outcome, record.message = name_of(message.outcome), message.outcome.message
            record.left = [
                LeftRecord(
                    left.object_id,
                    (left.position.x, left.position.y, left.position.z),
                    left.attempts,
                    name_of(left.outcome),
                    left.outcome.message,
                )
                for left in message.left
            ]
            self.done.set()

    def _take_attempt(self, message: Attempt) -> None:
        if self._run and not self._heard_own:  # an attempt names no run; before our task spoke it is not ours
            self.refuse("task/attempts", "it came before the task of this run said anything")
            return
        grasped = message.grasp.object_id != ""
        stamp = Time.from_msg(message.grasp.header.stamp if grasped else message.scene_stamp).nanoseconds
        scene = self._scene_at(stamp)
        end = _seconds(message.header.stamp)
        number = len(self.record.attempts) + 1
        ids = () if scene is None else scene.ids
        part = None if scene is None else scene.find(message.object_id)
        blocking = named_in(message.outcome.message, ids, but=message.object_id)
        pose: FloatArray | None = matrix_from_pose(message.grasp.pose) if grasped else None
        shown = self._picture(stamp, scene, message.object_id, pose, message.grasp.opening, blocking)
        self.record.attempts.append(
            AttemptRecord(
                number=number,
                number_in_task=message.number,
                object_id=message.object_id,
                colour="" if part is None else part.color_name,
                hypotheses=() if part is None else part.hypotheses,
                outcome=name_of(message.outcome),
                message=message.outcome.message,
                destination=message.destination,
                held_width=message.held_width,
                held_force=message.held_force,
                start=self._last_end if self._last_end is not None else end,
                end=end,
                stages=tuple(
                    StageTime(stage.stage, stage.duration, stage.compute) for stage in message.stages
                ),
                neighbours=blocking,
                picture="" if shown is None else shown[1],
            )
        )
        self._last_end = end
        if shown is not None:
            self._keep_picture(number, shown[0])

    def keep_last_picture(self) -> None:
        """The table as it is now, with what was seen last."""
        image = None if self.frames is None else self.frames.newest()
        if image is not None:
            scene = self._newest_scene
            self._keep_picture(END, image if scene is None else draw(image, scene, "", None, 0.0))

    def _scene_at(self, stamp: int) -> Scene | None:
        """What was seen in the image of a stamp; where that scene was lost on its way, in the one before."""
        before = [other for other in self._scenes if other <= stamp]
        return self._scenes[max(before)] if before else None

    def _picture(
        self,
        stamp: int,
        scene: Scene | None,
        target: str,
        base_from_tcp: FloatArray | None,
        opening: float,
        blocking: tuple[str, ...],
    ) -> tuple[Pixels, str] | None:
        """The picture of an attempt, and what is to be said of it; None when no image ever came."""
        nearest = None if self.frames is None else self.frames.nearest(stamp)
        if nearest is None:
            return None
        image, later = nearest
        said = ""
        if abs(later) > NEIGHBOUR:
            said = f"the image is of {abs(later):.1f} s {'after' if later > 0.0 else 'before'} the decision"
        if scene is None:
            return image, said or "what was seen in it did not reach the console"
        return draw(image, scene, target, base_from_tcp, opening, blocking), said


def line_records(messages: Sequence[LineResult]) -> list[LineRecord]:
    """The lines of an order as the record keeps them."""
    return [
        LineRecord(
            message.line.what,
            message.meaning,
            tuple(message.line.to),
            message.placed,
            name_of(message.outcome),
            message.outcome.message,
            tuple(CandidateRecord(c.object_id, c.score, c.misses) for c in message.candidates),
        )
        for message in messages
    ]


def _seconds(stamp: TimeMessage) -> float:
    return float(Time.from_msg(stamp).nanoseconds) * 1e-9
