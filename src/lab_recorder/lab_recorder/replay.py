"""A case again, with today's code: what would differ, in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from lab_interfaces.msg import Grasp, GraspArray, Outcome, Scene
from rclpy.serialization import serialize_message
from scipy.interpolate import CubicHermiteSpline
from trajectory_msgs.msg import JointTrajectory

from lab_core.geometry import FloatArray, rotation_angle
from lab_node.conversions.outcomes import name_of
from lab_node.conversions.poses import matrix_from_pose
from lab_recorder import recording as topics
from lab_recorder.case import DECISION, Case
from lab_recorder.mcap_file import write_mcap
from lab_recorder.stages import (
    Inputs,
    Planned,
    attempt_of,
    first_trajectory,
    perceive,
    plan_grasps,
    plan_pick,
)

# Above the rounding of messages, below what anybody would notice: metres, radians, seconds.
PLACE, TURN, JOINT, TIME = 0.001, 0.01, 0.002, 0.005
# Centres of the same object in two scenes lie no further apart, metres.
SAME = 0.02
# What rounding alone changes in a pose, metres and radians.
SAME_GRASP = 1e-6
# Times at which two trajectories are compared.
SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing, as it was in the run and as it is today.

    difference: None where it is not a number; then `then` and `now` have to be equal. tolerance: in its unit.
    """

    stage: str
    what: str
    then: str
    now: str
    difference: float | None = None
    tolerance: float = 0.0
    unit: str = ""

    @property
    def same(self) -> bool:
        if self.difference is None:
            return self.then == self.now
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class Answers:
    """What today's stages say. grasps, plan: None where the run did not come to them.

    offered: the grasps that the pick is given.
    """

    scene: Scene
    grasps: GraspArray | None = None
    offered: Sequence[Grasp] = ()
    plan: Planned | None = None


def replay(case: Case) -> list[Comparison]:
    """Perception, grasping and planning of a case, each given what today's stage before it answers.

    What the run did not come to is not compared. Raises ConfigurationError when the case lacks a message.
    """
    inputs = Inputs.of(case)
    today = answer(inputs)
    comparisons = list(_compare_scenes(inputs.one(topics.SCENE), today.scene))
    if today.grasps is not None:
        comparisons += _compare_grasps(inputs.one(topics.GRASPS), today.grasps)
    if today.plan is not None:
        comparisons += _compare_plans(inputs, inputs.one(topics.OFFERED).grasps, today.plan)
    return comparisons


def answer(inputs: Inputs) -> Answers:
    """The stages again, as far as the run came."""
    scene = _with_names_of(inputs.one(topics.SCENE), perceive(inputs))
    if not inputs.has(topics.GRASPS):
        return Answers(scene)
    planned = inputs.one(topics.GRASPS)
    grasps = plan_grasps(inputs, scene, attempt_of(inputs).object_id)
    if not inputs.has(topics.OFFERED) or not grasps.grasps:
        return Answers(scene, grasps)
    offered = _offer(inputs.one(topics.OFFERED).grasps, planned.grasps, grasps.grasps)
    return Answers(scene, grasps, offered, plan_pick(inputs, scene, offered))


def accept(case: Case) -> None:
    """Write today's answers into the case in place of the run's: they are what is expected from now on.

    The images, joint states and parameters stay. Raises ConfigurationError, OSError.
    """
    inputs = Inputs.of(case)
    today = answer(inputs)
    new: dict[str, Any] = {topics.SCENE: today.scene}
    if today.grasps is not None:
        new[topics.GRASPS] = today.grasps
    if today.plan is not None:
        new[topics.OFFERED] = GraspArray(header=inputs.one(topics.OFFERED).header, grasps=list(today.offered))
        if today.plan.trajectory is not None:
            attempt = attempt_of(inputs)
            attempt.grasp = today.offered[today.plan.grasp]
            new[topics.ATTEMPTS], new[topics.TRAJECTORY] = attempt, today.plan.trajectory
    first = first_trajectory(inputs)
    messages = []
    for topic, recorded in case.messages.items():
        for index, item in enumerate(recorded):
            replaced = topic in new and (topic != topics.TRAJECTORY or inputs.all(topic)[index] is first)
            data = serialize_message(new[topic]) if replaced else item.entry.data
            messages.append(replace(item, entry=replace(item.entry, data=data)))
    write_mcap(case.folder / DECISION, messages)


def _outcomes(stage: str, then: Outcome, now: Outcome) -> Comparison:
    return Comparison(stage, "outcome", name_of(then), name_of(now))


def _with_names_of(then: Scene, now: Scene) -> Scene:
    """Today's scene with the identities of the run: they count from the first image of a run."""
    pairs = _pairs(then, now)
    for index, item in enumerate(now.objects):
        item.id = then.objects[pairs[index]].id if index in pairs else f"new_{index + 1}"
    return now


def _pairs(then: Scene, now: Scene) -> dict[int, int]:
    """Index in `then` of each object of `now` that is the same: the nearest one, each taken once."""
    distances = sorted(
        (float(np.linalg.norm(_centre(old) - _centre(new))), i, j)
        for i, new in enumerate(now.objects)
        for j, old in enumerate(then.objects)
    )
    pairs: dict[int, int] = {}
    for distance, i, j in distances:
        if distance <= SAME and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _centre(item: object) -> FloatArray:
    point = item.box.center.position  # type: ignore[attr-defined]
    return np.array([point.x, point.y, point.z])


def _size(item: object) -> FloatArray:
    size = item.box.size  # type: ignore[attr-defined]
    return np.array([size.x, size.y, size.z])


def _compare_scenes(then: Scene, now: Scene) -> Iterator[Comparison]:
    stage = "perception"
    yield _outcomes(stage, then.outcome, now.outcome)
    yield Comparison(stage, "objects", str(len(then.objects)), str(len(now.objects)))
    known = {item.id: item for item in now.objects}
    for old in then.objects:
        new = known.get(old.id)
        if new is None:
            yield Comparison(stage, old.id, "seen", "not seen")
            continue
        for what, measure in (("centre", _centre), ("size", _size)):
            shift = float(np.abs(measure(old) - measure(new)).max())
            then_words, now_words = (_millimetres(measure(item)) for item in (old, new))
            yield Comparison(stage, f"{what} of {old.id}", then_words, now_words, shift, PLACE, "m")


def _compare_grasps(then: GraspArray, now: GraspArray) -> Iterator[Comparison]:
    stage = "grasping"
    yield _outcomes(stage, then.outcome, now.outcome)
    if not then.grasps and not now.grasps:
        return
    yield Comparison(stage, "grasps", str(len(then.grasps)), str(len(now.grasps)))
    pairs = list(zip(then.grasps, now.grasps, strict=False))
    for what, some in (("best grasp", pairs[:1]), ("all grasps", pairs)):
        if not some:
            continue
        shifts, turns = zip(*(_apart(old, new) for old, new in some), strict=True)
        worst = int(np.argmax(shifts))
        old, new = (_millimetres(matrix_from_pose(grasp.pose)[:3, 3]) for grasp in some[worst])
        yield Comparison(stage, f"place of {what}", old, new, max(shifts), PLACE, "m")
        yield Comparison(stage, f"turn of {what}", "", "", max(turns), TURN, "rad")


def _apart(one: Grasp, other: Grasp) -> tuple[float, float]:
    """Metres and radians."""
    a, b = matrix_from_pose(one.pose), matrix_from_pose(other.pose)
    return float(np.linalg.norm(a[:3, 3] - b[:3, 3])), float(rotation_angle(a[:3, :3].T @ b[:3, :3]))


def _alike(one: Grasp, other: Grasp) -> bool:
    """Whether they are one grasp; on its way through the task its numbers were rounded."""
    shift, turn = _apart(one, other)
    return shift < SAME_GRASP and turn < SAME_GRASP


def _offer(offered: Sequence[Grasp], planned: Sequence[Grasp], today: Sequence[Grasp]) -> list[Grasp]:
    """Of today's grasps those that correspond to what the run offered: what had failed is left out."""
    chosen = []
    for grasp in offered:
        index = next((i for i, other in enumerate(planned) if _alike(grasp, other)), None)
        if index is not None and index < len(today):
            chosen.append(today[index])
    return chosen or list(today)


def _compare_plans(inputs: Inputs, offered: Sequence[Grasp], now: Planned) -> Iterator[Comparison]:
    stage, attempt, then = "planning", attempt_of(inputs), first_trajectory(inputs)
    refused = attempt.outcome if then is None and attempt.outcome.stage == stage else Outcome()
    yield _outcomes(stage, refused, now.outcome)
    if then is None or now.trajectory is None:
        return
    chosen = next((i for i, grasp in enumerate(offered) if _alike(grasp, attempt.grasp)), -1)
    yield Comparison(stage, "grasp that is reached", str(chosen), str(now.grasp))
    ends = [_seconds(plan) for plan in (then, now.trajectory)]
    yield Comparison(
        stage, "duration", f"{ends[0]:.3f} s", f"{ends[1]:.3f} s", abs(ends[0] - ends[1]), TIME, "s"
    )
    times = np.linspace(0.0, 1.0, SAMPLES)
    apart = float(
        np.abs(_positions(then, times * ends[0]) - _positions(now.trajectory, times * ends[1])).max()
    )
    yield Comparison(stage, "joints on the way", "", "", apart, JOINT, "rad")


def _times(trajectory: JointTrajectory) -> FloatArray:
    stamps = [point.time_from_start for point in trajectory.points]
    return np.array([stamp.sec + 1e-9 * stamp.nanosec for stamp in stamps])


def _seconds(trajectory: JointTrajectory) -> float:
    return float(_times(trajectory)[-1])


def _positions(trajectory: JointTrajectory, times: FloatArray) -> FloatArray:
    """(T, J) along the cubics that the controller follows; joints by name."""
    order = np.argsort(trajectory.joint_names)
    positions = np.array([point.positions for point in trajectory.points])[:, order]
    velocities = np.array([point.velocities for point in trajectory.points])[:, order]
    values: FloatArray = CubicHermiteSpline(_times(trajectory), positions, velocities)(times)
    return values


def _millimetres(vector: FloatArray) -> str:
    return ", ".join(f"{1e3 * value:.1f}" for value in vector) + " mm"
