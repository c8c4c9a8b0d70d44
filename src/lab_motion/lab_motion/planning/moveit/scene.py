"""What MoveIt is told about a moment: boxes, what is in the hand, and what may touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox
from lab_description import Cell
from lab_motion.planning.port import PlanningScene
from lab_motion.planning.world import HELD, OBJECT

# Furniture is part of the robot description, where MoveIt pads nothing. Where a distance is to be kept, it is
# in the scene once more, larger by that distance, under its name with this suffix.
GROWN = "#grown"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class MoveItScene:
    """A planning scene as MoveIt's messages hold it.

    obstacles: boxes in the base frame by name. held: name and box in the tcp frame. hand_joints: positions of
    the gripper's joints by name. allowed: pairs of links and obstacles that may touch, beside those of the
    SRDF.
    """

    obstacles: Mapping[str, tuple[OrientedBox, ...]]
    held: tuple[str, OrientedBox] | None
    hand_joints: Mapping[str, float]
    allowed: frozenset[Pair]


def moveit_scene(
    cell: Cell,
    scene: PlanningScene,
    hand_joints: Mapping[str, float],
    contacts: Iterable[Pair],
    close_pairs: Iterable[Pair],
    never_checked: Iterable[Pair],
    margin: float,
    padding: float,
) -> MoveItScene:
    """The scene of one request.

    contacts: pairs that may touch. close_pairs: pairs that may be closer than the margin. never_checked: of
    the SRDF. margin: kept from everything, metres; padding: added to observed objects.
    """
    obstacles: dict[str, tuple[OrientedBox, ...]] = {
        OBJECT + body.id: (grown(body.box, margin + padding),) for body in scene.objects
    }
    furniture = {box.link for box in cell.furniture}
    for link in sorted(furniture):
        boxes = [OrientedBox(box.base_from_box, box.size) for box in cell.furniture if box.link == link]
        obstacles[link + GROWN] = tuple(grown(box, margin) for box in boxes)

    def of_grown(pairs: Iterable[Pair]) -> set[Pair]:
        """The pairs with the furniture in them replaced by what stands for it in the scene."""
        return {(a + GROWN if a in furniture else a, b + GROWN if b in furniture else b) for a, b in pairs}

    touching = set(contacts)
    return MoveItScene(
        obstacles=obstacles,
        held=None if scene.held is None else (HELD + scene.held.id, scene.held.box),
        hand_joints=dict(hand_joints),
        allowed=frozenset(touching | of_grown([*touching, *close_pairs, *never_checked])),
    )


def grown(box: OrientedBox, margin: float) -> OrientedBox:
    """A box that is larger by a margin on every side, metres."""
    return OrientedBox(box.frame_from_box, np.asarray(box.size) + 2.0 * margin)


def samples_between(
    found: FloatArray, start: FloatArray, goal: FloatArray, tolerance: float
) -> FloatArray | None:
    """A path (N, J) from exactly `start` to exactly `goal`; None when it begins or ends elsewhere.

    Samples that repeat the one before are left out.
    """
    if len(found) < 2 or found.shape[1] != len(start) or not np.all(np.isfinite(found)):
        return None
    if np.abs(found[0] - start).max() > tolerance or np.abs(found[-1] - goal).max() > tolerance:
        return None
    inner = found[1:-1]
    path = np.concatenate([start[None], inner, goal[None]])
    moved = np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6
    kept = np.concatenate([[True], moved])
    kept[-1] = True
    path = path[kept]
    if len(path) > 2 and np.linalg.norm(path[-1] - path[-2]) <= 1e-6:
        path = np.delete(path, -2, axis=0)
    return path
