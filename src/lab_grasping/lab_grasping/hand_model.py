"""The planner's gripper from the cell's description."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lab_core.geometry import FloatArray, invert
from lab_description.end_effector import EndEffector
from lab_description.gripper import Gripper
from lab_description.suction_cup import SuctionCup
from lab_grasping.errors import InvalidGripper
from lab_grasping.gripper import ParallelGripper, opening_steps
from lab_grasping.suction_gripper import SuctionGripper

SLAB = 0.012
"""Shapes that lean are cut across the approach direction into slabs of about this height, metres: one box
around a leaning finger would fill the room beside it."""
LEAN = 1.15
"""Shapes whose box is larger than this many times the shape are cut."""


def hand_of(effector: EndEffector) -> ParallelGripper | SuctionGripper:
    """The end effector of a cell, as planners of its type take it. Raises InvalidGripper."""
    if isinstance(effector, Gripper):
        return from_description(effector)
    if isinstance(effector, SuctionCup):
        return cup_from_description(effector)
    raise InvalidGripper(f"{effector.name}: neither fingers nor a suction cup")


def from_description(gripper: Gripper) -> ParallelGripper:
    """The gripper of a cell, as lab_description holds it. Raises InvalidGripper."""
    # linkages close a little further than the pads' faces meet
    openings = opening_steps(gripper.name, max(0.0, gripper.minimum_opening), gripper.maximum_opening)
    frames = gripper.forward({gripper.joint: gripper.joint_from_opening(openings)})
    return ParallelGripper(
        name=gripper.name,
        pad_width=gripper.pad_size[0],
        pad_length=gripper.pad_size[2],
        friction=gripper.friction,
        openings=openings,
        boxes=_hand_boxes(gripper, frames),
        pad_centres=gripper.pad_offset(openings),
    )


def cup_from_description(cup: SuctionCup) -> SuctionGripper:
    """The suction cup of a cell, as lab_description holds it. Raises InvalidGripper."""
    return SuctionGripper(
        name=cup.name,
        lip_radius=cup.lip_radius,
        lip_give=cup.lip_give,
        stroke=cup.stroke,
        boxes=_hand_boxes(cup, cup.forward({}))[0],
    )


def _hand_boxes(effector: EndEffector, frames: Mapping[str, FloatArray]) -> FloatArray:
    """Boxes (M, K, 2, 3) around all shapes, in `tcp`, at the M positions of frames (M, 4, 4) by link."""
    tcp_from_root = invert(frames[effector.tcp_link])
    boxes: list[FloatArray] = []
    for name, link in effector.links.items():
        tcp_from_link = tcp_from_root @ frames[name]
        for shape in link.collision:
            corners = shape.hull()
            in_tcp = corners @ np.swapaxes(tcp_from_link[:, :3, :3], 1, 2) + tcp_from_link[:, None, :3, 3]
            boxes.extend(_boxes(in_tcp, float(np.prod(np.ptp(corners @ shape.matrix[:3, :3], axis=0)))))
    return np.stack(boxes, axis=1)


def _boxes(corners: FloatArray, volume: float) -> list[FloatArray]:
    """Boxes (M, 2, 3) whose union encloses the convex hull of corners (M, N, 3) at each of M openings."""
    lower, upper = corners.min(axis=1), corners.max(axis=1)
    size = upper - lower
    if float(np.prod(size, axis=1).max()) < LEAN * volume:
        return [np.stack([lower, upper], axis=1)]
    count = max(1, round(float(size[:, 2].max()) / SLAB))
    first, second = np.triu_indices(corners.shape[1], k=1)
    start, end = corners[:, first], corners[:, second]
    rise = end[..., 2] - start[..., 2]
    rise = np.where(np.abs(rise) < 1e-9, 1e-9, rise)
    boxes = []
    for k in range(count):
        floor = (lower[:, 2] + size[:, 2] * k / count)[:, None]
        ceiling = (lower[:, 2] + size[:, 2] * (k + 1) / count)[:, None]
        # the part of each edge between two levels; diagonals inside the hull do no harm
        a, b = (floor - start[..., 2]) / rise, (ceiling - start[..., 2]) / rise
        low, high = np.clip(np.minimum(a, b), 0.0, 1.0), np.clip(np.maximum(a, b), 0.0, 1.0)
        crosses = (np.maximum(start[..., 2], end[..., 2]) >= floor - 1e-9) & (
            np.minimum(start[..., 2], end[..., 2]) <= ceiling + 1e-9
        )
        ends = np.concatenate([start + t[..., None] * (end - start) for t in (low, high)], axis=1)
        inside = np.concatenate([crosses, crosses], axis=1)[..., None]
        boxes.append(
            np.stack(
                [np.where(inside, ends, np.inf).min(axis=1), np.where(inside, ends, -np.inf).max(axis=1)],
                axis=1,
            )
        )
    return boxes
