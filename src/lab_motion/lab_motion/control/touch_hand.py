"""Fingers with tactile pads: close gently, then grip as hard as the load asks, and no harder than was said.

While the hand is open, the latest samples of the pads are what they say of nothing: each grip learns their
zero and noise anew. While it holds, a thread of its own takes every pair of samples and commands more force
when grip_control asks for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from lab_interfaces.msg import TactilePad
from rclpy.node import Node
from rclpy.time import Time

from lab_core.errors import LabError, StaleInputError
from lab_core.touch import PadSample
from lab_description import Cell
from lab_description.touch import SIDES
from lab_motion.control.goal import ANSWER
from lab_motion.control.hand import ControlledHand
from lab_motion.control.joint_states import JointStates
from lab_motion.conversions import gripper_goal
from lab_motion.errors import GripperFailed
from lab_motion.skills.grip.touch import TouchReading
from lab_node.conversions.touch import pad_from_message
from lab_node.qos import SENSOR
from lab_touch.contact import find_contact
from lab_touch.errors import CrushLimitReached
from lab_touch.grip_control import GripControl, GripLimits
from lab_touch.health import check_grid, check_rate, check_values
from lab_touch.rest import RestLevel
from lab_touch.slip import Slip, SlipDetector

RESTING = 40
"""Samples of the open hand from which a grip learns the noise of its pads."""
PATIENCE = 3.0
"""Wall seconds that a grip waits for them."""
RAISE = 1.03
"""Factor that the force must grow by to be commanded anew: each command is a goal of the controller."""


class TouchHand(ControlledHand):
    """Hand by ParallelGripperCommand that grips by its tactile pads. The port is skills.hardware.Hand.

    The force of `grip` is the most that it may use.
    """

    def __init__(self, node: Node, cell: Cell, states: JointStates, max_age: float, timeout: float) -> None:
        """See ControlledHand; max_age: of a sample too."""
        super().__init__(node, cell, states, max_age, timeout)
        touch = cell.gripper.touch
        assert touch is not None
        self._touch = touch
        frames = (cell.gripper.left_pad, cell.gripper.right_pad)
        self._changed = threading.Condition()
        self._samples: tuple[deque[PadSample], ...] = (deque(maxlen=RESTING), deque(maxlen=RESTING))
        self._defects = ["", ""]
        self._rests: tuple[RestLevel, RestLevel] | None = None
        self._slips: tuple[Slip, Slip] | None = None
        self._control: GripControl | None = None
        self._thread: threading.Thread | None = None
        self._gripping = threading.Event()
        self._wanted, self._excess = 0.0, ""
        self._opened, self._may_tighten = False, True
        for side, frame in enumerate(frames):
            node.create_subscription(
                TactilePad,
                touch.topics[SIDES[side]],
                lambda message, side=side, frame=frame: self._take(side, frame, message),
                SENSOR,
            )

    def reading(self) -> TouchReading:
        """Opening, and what the pads feel.

        Raises StaleInputError also for a pad that is silent or cannot be believed.
        """
        plain = super().reading()
        samples = [self._fresh(side) for side in range(2)]
        rests = self._rests
        if rests is None or not (self._gripping.is_set() or self._opened):
            return TouchReading(plain.opening, None, plain.stalled)
        left, right = (
            find_contact(sample, rest, edges=False).force for sample, rest in zip(samples, rests, strict=True)
        )
        slips, control = self._slips if self._gripping.is_set() else None, self._control
        return TouchReading(
            plain.opening,
            (left, right),
            plain.stalled,
            slips,
            self._wanted,
            _carried(samples, rests),
            self._excess,
            control.slips if control is not None else 0,
        )

    def grip(self, force: float) -> None:
        """Close gently, and go on by touch, with no more than this force, N."""
        if self._gripping.is_set():
            return  # it holds by touch already, and goes on
        if not self._opened:
            # nobody knows what the pads say of nothing: they may hold a part since before this was made
            super().grip(force)
            self._wanted = force
            return
        self._opened = False
        self._learn()
        gentle = min(self._touch.gentle_force, force)
        control = GripControl(GripLimits(gentle=gentle, most=force, used=self._touch.used))
        self._begin(self._gripper.minimum_opening, gentle, self._touch.closing_speed)
        self._control, self._slips, self._wanted = control, None, gentle
        self._may_tighten = True
        self._gripping.set()
        self._thread = threading.Thread(target=self._hold, args=(control,), name="grip by touch", daemon=True)
        self._thread.start()

    def tighten(self, allowed: bool) -> None:
        """See Hand; until the next grip."""
        self._may_tighten = allowed

    def release(self, opening: float, force: float) -> None:
        """Begin to let go; the grip by touch ends."""
        self._end()
        self._opened = True
        super().release(opening, force)

    def take_over(self) -> None:
        """See ControlledHand."""
        self._end()
        super().take_over()

    def close(self) -> None:
        """End what goes on by itself."""
        self._end()

    def _end(self) -> None:
        self._gripping.clear()
        with self._changed:
            self._changed.notify_all()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(ANSWER)
        self._control, self._slips, self._excess = None, None, ""

    def _wait_for_newer(self, stamp: Time) -> None:
        super()._wait_for_newer(stamp)
        with self._changed:
            self._changed.wait_for(
                lambda: all(kept and kept[-1].stamp > stamp.nanoseconds for kept in self._samples), ANSWER
            )

    def _take(self, side: int, frame: str, message: TactilePad) -> None:
        try:
            sample = pad_from_message(message)
            check_grid(sample, self._touch.grid, frame)
        except LabError as error:
            self._defects[side] = str(error)
            return
        with self._changed:
            self._defects[side] = ""
            self._samples[side].append(sample)
            self._changed.notify_all()

    def _fresh(self, side: int) -> PadSample:
        """The newest sample of a pad. Raises StaleInputError."""
        topic = self._node.resolve_topic_name(self._touch.topics[SIDES[side]])
        if self._defects[side]:
            raise StaleInputError(f"the {SIDES[side]} tactile pad on {topic}: {self._defects[side]}")
        if not self._samples[side]:
            raise StaleInputError(f"no sample of the {SIDES[side]} tactile pad has come on {topic} yet")
        sample = self._samples[side][-1]
        age = (self._node.get_clock().now().nanoseconds - sample.stamp) * 1e-9
        if abs(age) > self._max_age:
            raise StaleInputError(
                f"the newest sample of the {SIDES[side]} tactile pad on {topic} is {age:.2f} s old, the limit"
                f" is {self._max_age:.2f} s"
            )
        return sample

    def _learn(self) -> None:
        """Zero and noise of both pads, by what they said while the hand was open.

        Raises GripperFailed when they said too little, or cannot be believed; StaleInputError.
        """
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            self._changed.wait_for(
                lambda: all(len(kept) == RESTING for kept in self._samples), deadline - time.monotonic()
            )
            kept = [list(samples) for samples in self._samples]
        for side in range(2):
            self._fresh(side)
        try:
            for samples in kept:
                check_rate([sample.stamp for sample in samples])
                check_values(samples, self._touch.taxel_maximum)
            left, right = (RestLevel.of(samples) for samples in kept)
        except LabError as error:
            raise GripperFailed(f"the hand cannot grip by touch: {error}") from error
        self._rests = (left, right)

    def _hold(self, control: GripControl) -> None:
        """Take every pair of samples until the grip ends, and command the force that it asks for."""
        assert self._rests is not None
        detectors = [SlipDetector(rest) for rest in self._rests]
        seen, sent = [0, 0], control.force
        while self._gripping.is_set():
            pair = self._newer(seen)
            if not self._gripping.is_set() or [sample.stamp for sample in pair] == seen:
                continue
            seen = [sample.stamp for sample in pair]
            left, right = (d.update(sample) for d, sample in zip(detectors, pair, strict=True))
            self._slips = (left, right)
            if not self._may_tighten:
                continue
            try:
                wanted = control.update((left, right), 1e-9 * seen[0])
                self._wanted, self._excess = wanted, ""
            except CrushLimitReached as error:
                wanted, self._excess = control.force, str(error)
                self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)
            if wanted > RAISE * sent:
                sent = wanted
                self._tighten(wanted)

    def _newer(self, seen: list[int]) -> list[PadSample]:
        """The newest sample of each pad, as soon as both are newer than the stamps seen, or the grip ends."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    not self._gripping.is_set()
                    or all(kept[-1].stamp > stamp for kept, stamp in zip(self._samples, seen, strict=True))
                ),
                ANSWER,
            )
            return [kept[-1] for kept in self._samples]

    def _tighten(self, force: float) -> None:
        gripper = self._gripper
        position = float(gripper.joint_from_opening(gripper.minimum_opening))
        # slowly: it may have been asked for when one finger touched and the other was still on its way
        velocity = self._touch.closing_speed / gripper.lever
        try:
            goal = gripper_goal(gripper.joint, position, force * gripper.lever, velocity)
            self._send(goal, awaited=False)
        except LabError as error:
            self._node.get_logger().error(f"the grip could not be tightened to {force:.1f} N: {error}")


def _carried(samples: Sequence[PadSample], rests: Sequence[RestLevel]) -> float | None:
    """N along z of the tcp, which the pads share, on both together; None where they feel no shear."""
    shears = [rest.shear(sample) for sample, rest in zip(samples, rests, strict=True)]
    if any(shear is None for shear in shears):
        return None
    return float(sum(shear[..., 1].sum() for shear in shears if shear is not None))
