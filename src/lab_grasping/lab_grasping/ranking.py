"""Which grasp first: a weighted geometric mean of terms in 0..1, each of which a person can read.

A product and not a sum, so that one bad term (a contact that slips, a finger in the dark) spoils a grasp
whatever the others say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_grasping.antipodal import HandPoses
from lab_grasping.clearance import Clearances
from lab_grasping.closing import Closings
from lab_grasping.completion import Shape
from lab_grasping.gripper import ParallelGripper

WEIGHTS = {
    "friction": 2.0,  # angle left in the friction cones: decides whether the part slips out
    "contact": 1.5,  # area that both pads cover opposite to each other
    "balance": 1.0,  # closing axis through the centre: no torque when lifted
    "seen": 1.0,  # contacts on observed rather than supposed surface
    "hidden": 2.0,  # nothing of the hand in space that other things hide
    "own_shadow": 2.5,  # nor behind the part itself: it may be deeper than it looks
    "room": 0.7,  # finger beside the part: opening left on each side
    "upright": 0.7,  # from above: more reachable, clear on the way out
    "depth": 0.5,  # contact near the middle of the pads rather than at their ends
}
ENOUGH_CONTACT = 6e-5
"""Area at which the contact term reaches 63 %, m2: a third of a 22 mm pad that lies on a 10 mm edge."""
LEVER = 0.03
HIDDEN_DEPTH = 0.015
OWN_DEPTH = 0.04
ENOUGH_ROOM = 0.007
SAME_DISTANCE = 0.010
SAME_ANGLE = np.deg2rad(25.0)
"""Grasps nearer than this to a better one are left out: the arm needs alternatives that differ."""


def rate(
    poses: HandPoses,
    closings: Closings,
    clearances: Clearances,
    openings: FloatArray,
    shape: Shape,
    gripper: ParallelGripper,
) -> FloatArray:
    """Terms (C, T) of poses whose closing held something, in the order of WEIGHTS, each 0..1.

    openings: (C,) metres, of the approach.
    """
    cone = float(np.arctan(gripper.friction))
    lever = _lever(poses, closings, shape, gripper)
    side_room = 0.5 * (openings - closings.widths)
    return np.stack(
        [
            np.clip(1.0 - closings.slip / cone, 0.0, 1.0),
            1.0 - np.exp(-(closings.overlap + 0.2 * closings.patch) / ENOUGH_CONTACT),
            np.exp(-((lever / LEVER) ** 2)),
            0.3 + 0.7 * closings.confidence,
            np.exp(-np.maximum(clearances.hidden, 0.0) / HIDDEN_DEPTH),
            np.exp(-np.maximum(clearances.own_hidden, 0.0) / OWN_DEPTH),
            np.clip(side_room / ENOUGH_ROOM, 0.0, 1.0),
            np.clip(-poses.rotations[:, 2, 2], 0.0, 1.0),
            1.0 - 0.8 * np.clip(np.abs(closings.reach) / (0.5 * gripper.pad_length), 0.0, 1.0) ** 2,
        ],
        axis=1,
    )


def _lever(poses: HandPoses, closings: Closings, shape: Shape, gripper: ParallelGripper) -> FloatArray:
    """Distance (C,) of the part's centre from the line through both contacts, metres."""
    along = closings.reach + gripper.pad_centre(poses.widths)
    contact = poses.positions + along[:, None] * poses.rotations[:, :, 2]
    contact = contact + closings.sideways[:, None] * poses.rotations[:, :, 0]
    arm = shape.centre - contact
    closing = poses.rotations[:, :, 1]
    distance: FloatArray = np.linalg.norm(arm - np.sum(arm * closing, axis=1)[:, None] * closing, axis=1)
    return distance


def choose_distinct(poses: HandPoses, score: FloatArray, count: int) -> npt.NDArray[np.intp]:
    """Indices of the best poses with a positive score, best first, none like a better one.

    A hand turned by half a turn about its approach is the same grasp.
    """
    order = np.argsort(-score, kind="stable")
    order = order[score[order] > 0.0]
    chosen: list[int] = []
    left = np.ones(len(order), dtype=np.bool_)
    for place, index in enumerate(order):
        if not left[place]:
            continue
        chosen.append(int(index))
        if len(chosen) == count:
            break
        rest = order[place + 1 :]
        near = np.linalg.norm(poses.positions[rest] - poses.positions[index], axis=1) < SAME_DISTANCE
        approach = poses.rotations[rest][:, :, 2] @ poses.rotations[index][:, 2]
        closing = np.abs(poses.rotations[rest][:, :, 1] @ poses.rotations[index][:, 1])
        alike = near & (approach > np.cos(SAME_ANGLE)) & (closing > np.cos(SAME_ANGLE))
        left[place + 1 :] &= ~alike
    return np.array(chosen, dtype=np.intp)
