"""One arm with its hand: what it knows about the cell, and motions that are watched while they happen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox
from lab_core.scene import Part
from lab_description import Cell
from lab_motion.errors import PlanningTimedOut
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner, PlanningScene, Trajectory
from lab_motion.skills.approval import Approval, NotApproved, Plan
from lab_motion.skills.grip.errors import ObjectLost
from lab_motion.skills.grip.port import ExpectedGrip, GripSensor, Judgement, Reading
from lab_motion.skills.hardware import Arm, Cancelled, Hand
from lab_motion.skills.slipping import Slipping
from lab_motion.skills.stages import Stages

# What is seen so deep inside the held part is the held part; neighbours that touch overlap less, metres.
_SAME = 0.01
# Straight ways that end what was approved: up with the part, back from it, the last millimetres to feel.
_ENDINGS = frozenset(("lift", "retreat", "feel"))
# Of radians (metres), in which the arm's positions are planned from.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """What the skills need to know beside the cell.

    speed, acceleration: shares of the robot's limits; held_acceleration: while a part is in the hand.
    straight_speed: of the tool centre point on straight ways, m/s. approach_distance, lift_height,
    retreat_distance, lower_distance: lengths of the straight ways, metres. force: of the grip, N.
    release_room: how much wider than the part the fingers open to let go, metres. drop_height: above the rim
    of a bin, put_height: above the floor of a tray, where the part's lowest point is let go, metres.
    feel_distance: by how much further the hand lowers a part at most until its pads feel that it stands,
    metres. start_tolerance: a motion begins where the last one ended if the arm is no further from there,
    radians. jog_speed, jog_tool_speed: of a step by hand, share of the joints' limits and m/s.
    planning_timeout: wall seconds after which a search that has found nothing ends. miss: how far the hand
    may miss what the camera sees, metres, with 95 %; the heights and the approach hold it already.
    """

    seed: int = 0
    speed: float = 1.0
    acceleration: float = 1.0
    held_acceleration: float = 1.0
    straight_speed: float = 0.5
    approach_distance: float = 0.08
    lift_height: float = 0.10
    retreat_distance: float = 0.08
    lower_distance: float = 0.06
    force: float = 30.0
    release_room: float = 0.012
    drop_height: float = 0.02
    put_height: float = 0.005
    feel_distance: float = 0.0
    start_tolerance: float = 0.03
    jog_speed: float = 0.1
    jog_tool_speed: float = 0.05
    planning_timeout: float = 60.0
    miss: float = 0.0


@dataclass(slots=True)
class Manipulator:
    """What pick, place and move share. `scene` is what was known when the last skill ended.

    sensor: judges what the hand measures. grip: what is held and how it felt; None with an empty hand.
    standing: the held part may still stand on something, in a hand that holds it less than it should. doubt:
    what the hand was told to take hold of, when no reading has shown the result yet. placed: what was put
    where the camera does not see. approval: asks a person before anything moves; None: nobody is asked.
    slipping: what is done about a part that slips; who makes the arm lets it follow the pace.
    """

    cell: Cell
    planner: MotionPlanner
    arm: Arm
    hand: Hand
    settings: MotionSettings
    sensor: GripSensor
    scene: PlanningScene = field(default_factory=PlanningScene)
    grip: Judgement | None = None
    standing: bool = False
    doubt: ExpectedGrip | None = None
    placed: list[Part] = field(default_factory=list)
    approval: Approval | None = None
    slipping: Slipping = field(default_factory=Slipping)
    _told: FloatArray | None = None
    _approved: Plan | None = None
    _begun: bool = False

    def start(self) -> FloatArray:
        """Joint positions (J,) from which the next motion is planned: where the arm was told to be, if it is
        there.

        So the command does not jump by the controller's steady error at every new motion. What no encoder
        resolves is left out, so that a tremble of the last bits does not make another plan.
        """
        measured: FloatArray = np.round(self.arm.positions(), _DECIMALS)
        if self._told is not None and np.abs(measured - self._told).max() <= self.settings.start_tolerance:
            return self._told
        return measured

    def options(self, cancelled: Cancelled) -> MotionOptions:
        """For free motions; a search that asks for too long raises PlanningTimedOut."""
        settings = self.settings
        deadline = time.monotonic() + settings.planning_timeout

        def ended() -> bool:
            if time.monotonic() > deadline:
                raise PlanningTimedOut(f"no motion was found within {settings.planning_timeout:.1f} s")
            return cancelled()

        held = settings.held_acceleration if self.grip is not None else 1.0
        return MotionOptions(
            seed=settings.seed,
            speed=settings.speed,
            acceleration=settings.acceleration * held,
            cancelled=ended,
        )

    def straight_options(self, cancelled: Cancelled, contacts: Contacts | None = None) -> MotionOptions:
        """For straight motions among parts."""
        return replace(
            self.options(cancelled),
            tcp_speed=self.settings.straight_speed * self.settings.speed,
            contacts=contacts,
        )

    def propose(self, plan: Plan, stages: Stages, cancelled: Cancelled) -> None:
        """Ask a person, where one has to be asked, before arm and hand do what was planned.

        Raises as Approval.require does.
        """
        self.forget_approval()
        if self.approval is not None:
            with stages.stage("approve"):
                self.approval.require(plan, cancelled)
        self._approved = plan

    def forget_approval(self) -> None:
        """What was approved counts no more: another action begins."""
        self._approved, self._begun = None, False

    def _require_approval(self, parts: dict[str, Trajectory]) -> None:
        """Raises NotApproved unless these are the approved trajectories, for the first time, or the straight
        ways that end what was approved.
        """
        if self.approval is None:
            return
        approved = self._approved
        if approved is not None and parts.keys() <= _ENDINGS:
            return
        if approved is None or self._begun or parts != approved.parts:
            raise NotApproved(f"nobody was asked about the motion {' and '.join(parts)}: nothing moves")
        self._begun = True

    def follow(
        self,
        parts: dict[str, Trajectory],
        stages: Stages,
        cancelled: Cancelled,
        watch: Callable[[float], None] = lambda elapsed: None,
    ) -> None:
        """Carry trajectories out one after another without a stop in between; each is a stage by its name."""
        self._require_approval(parts)
        self.slipping.begin()
        whole: Trajectory | None = None
        for part in parts.values():
            whole = part if whole is None else whole.then(part)
        assert whole is not None
        durations = tuple(part.duration for part in parts.values())
        with stages.consecutive(tuple(parts), durations) as tell:

            def watched(elapsed: float) -> None:
                tell(elapsed)
                watch(elapsed)

            def interrupted() -> bool:
                if not cancelled():
                    return False
                self.hand.halt()  # before the arm is braked, which takes its time
                return True

            self._told = None
            try:
                self.arm.follow(whole, interrupted, watched)
            except BaseException:
                self.hand.halt()
                raise
            self._told = whole.positions[-1]

    def set_scene(self, scene: PlanningScene) -> None:
        """What is known from now on."""
        self.scene = scene
        self.planner.update_scene(scene)

    def grown(self, objects: Sequence[Part]) -> tuple[Part, ...]:
        """What was seen, larger on each side by how far it may be from there."""
        return tuple(_larger(body, self.settings.miss) for body in objects)

    def attached(self, scene: PlanningScene, name: str) -> PlanningScene:
        """The scene with one of its objects in the hand where the arm is, as large as it was seen."""
        held = scene.attach(name, self.planner.forward(self.start()))
        assert held.held is not None
        return replace(held, held=_larger(held.held, -self.settings.miss))

    def expected(self, name: str, width: float, opening: float) -> ExpectedGrip:
        """What the hand is to take hold of; a hand that misses the part may hold it at another width."""
        return ExpectedGrip(name, width, opening, self.settings.miss)

    def see(self, seen: PlanningScene) -> None:
        """Take over what was seen anew; what the hand holds stays in it and is not an object as well.

        What was seen where the held part is, is the held part. What was seen elsewhere under its name is
        another one, and gets a name of its own.
        """
        held = self.scene.held
        objects = (*seen.objects, *self.placed)
        if held is not None:
            box = OrientedBox(self.planner.forward(self.start()) @ held.box.frame_from_box, held.box.size)
            objects = tuple(
                replace(body, id=f"{body.id} (elsewhere)") if body.id == held.id else body
                for body in objects
                if body.box.penetration(box) < _SAME + self.settings.miss
            )
        self.set_scene(PlanningScene(objects, held, seen.opening))

    def plan_lift(self, cancelled: Cancelled) -> Trajectory:
        """Straight up with the held part.

        It stands on something and may lean on its neighbours: on its way out it may touch all of them.
        """
        around = self.everything()
        options = self.straight_options(cancelled, Contacts(hand=around, held=around))
        start = self.start()
        lifted = self.planner.forward(start).copy()
        lifted[2, 3] += self.settings.lift_height
        return self.planner.plan_straight(start, lifted, options)

    def lift_clear(self, stages: Stages, cancelled: Cancelled) -> None:
        """Grip firmly and lift a part whose hand was interrupted while it took hold or let go.

        Raises ObjectLost, and forgets the part, when the hand takes hold of nothing.
        """
        if self.grip is None or not self.standing:
            return
        name = self.scene.held.id if self.scene.held is not None else ""
        here = self.planner.forward(self.start())
        self.propose(Plan("lift", {}, self.scene, here, name), stages, cancelled)
        with stages.stage("close"):
            self.hand.grip(self.settings.force)
            reading = self.hand.finish(cancelled)
            grip = self.sensor.closed(reading, self.expected(name, self.grip.expected_width, math.inf))
            self._require(grip, reading)
            self.grip = grip
        with stages.stage("plan", computing=True):
            self.planner.update_scene(self.scene)
            lift = self.plan_lift(cancelled)
        self.follow({"lift": lift}, stages, cancelled, self.watch_slip)
        self.standing = False

    def everything(self) -> frozenset[str]:
        """Names of all objects and furniture: what a part may brush on its way out of a heap."""
        return frozenset(body.id for body in self.scene.objects) | {box.link for box in self.cell.furniture}

    def find_held(self) -> None:
        """Know of a part that the hand has held since before this was made, by what it measures.

        Raises StaleInputError.
        """
        reading = self.hand.reading()
        grip = self.sensor.found(reading)
        if self.grip is None and grip.held:
            self._adopt("unknown_part", grip, reading)

    def find_out(self) -> None:
        """Know what the hand has, by what it measures now, when nobody saw how its taking hold ended.

        Raises StaleInputError, and the doubt stays, while the hand cannot be read.
        """
        tried = self.doubt
        if tried is None:
            return
        reading = self.hand.reading()
        grip = self.sensor.closed(reading, tried, witnessed=False)
        if grip.held:
            self._adopt(tried.object_id, grip, reading)
        else:
            self.set_scene(replace(self.scene, held=None, opening=reading.opening))
        self.doubt = None

    def holding(self, reading: Reading) -> None:
        """Raises ObjectLost, and forgets the part, when the hand no longer holds what it held."""
        if self.grip is not None:
            self._require(self.sensor.holding(reading, self.grip), reading)

    def _require(self, judgement: Judgement, reading: Reading) -> None:
        """Raises ObjectLost, and forgets the part, when it is not held."""
        if not judgement.held:
            self.grip = None
            self.set_scene(replace(self.scene, held=None, opening=reading.opening))
            raise ObjectLost(judgement.reason)

    def _adopt(self, name: str, grip: Judgement, reading: Reading) -> None:
        """Hold a part that may stand on something, as large as it was seen, if it was."""
        self.grip, self.standing = grip, True
        scene = replace(self.scene, held=None, opening=reading.opening)
        if any(body.id == name for body in scene.objects):
            scene = self.attached(scene, name)
        else:
            scene = replace(scene, held=Part(name, self.sensor.unseen(reading)))
        self.set_scene(scene)

    def watch_grip(self, elapsed: float, lowering: bool = False) -> None:
        """Watch for a motion with a part in the hand. lowering: to where it is put down.

        Raises ObjectLost, SlippedInHand.
        """
        reading = self.hand.reading()
        self.holding(reading)
        self.slipping.look(reading, lowering)

    def watch_slip(self, elapsed: float) -> None:
        """Watch for a lift, after which it is judged whether the part is held. Raises SlippedInHand."""
        if self.slipping.matters:
            self.slipping.look(self.hand.reading())


def _larger(body: Part, by: float) -> Part:
    """With a box that is larger by a length, metres, on each side."""
    if by == 0.0:
        return body
    return replace(body, box=OrientedBox(body.box.frame_from_box, body.box.size + 2.0 * by))
