"""The parallel gripper: config/grippers/NAME.yaml with `type: parallel`, or without a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray, invert
from lab_description.end_effector import EndEffector
from lab_description.schema import Positive, Quantity
from lab_description.touch import SIDES, TouchPads

# Linear interpolation between this many samples of the linkage errs by less than 0.01 µm for the 2F-85.
_SAMPLES = 1001


@dataclass(frozen=True)
class HandBoxes:
    """Boxes that enclose the hand, along the axes of the tcp frame, metres.

    names: (K,). lower, upper: (..., K, 3), leading axes as those of the opening asked for.
    """

    names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class Gripper(EndEffector):
    """A gripper with two parallel pads.

    The tcp frame is fixed to the hand: origin midway between the pads, +z out of the hand, +y the closing
    direction. Pad frames have their origin in the centre of the pad's face and +y into the pad.

    joint: the driven one. left_pad, right_pad: links with these frames.
    pad_size: (x, y, z) width, thickness and length of a pad in the tcp frame, metres.
    hand: links of each box of hand_boxes().
    maximum_force: N, one finger on the other. friction: Coulomb coefficient of the pads on parts.
    wrench_topics: of the "left" and the "right" pad; empty when they feel nothing. touch: the tactile
    sensors on the pads, which the cell names; None without.
    """

    joint: str
    left_pad: str
    right_pad: str
    pad_size: tuple[Positive, Positive, Positive]
    hand: Mapping[str, tuple[str, ...]]
    maximum_force: Annotated[float, Quantity("N", 1.0, 5000.0)]
    friction: Annotated[float, Quantity("", 0.05, 3.0)]
    gripper_controller: str = "gripper_controller"
    wrench_topics: Mapping[str, str] = field(
        default_factory=lambda: {"left": "gripper/left_pad/wrench", "right": "gripper/right_pad/wrench"}
    )
    touch: TouchPads | None = field(default=None, kw_only=True)
    grasp_planner: str = field(default="antipodal", kw_only=True)
    grip_sensor: str = field(default="fingers", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_links("left_pad", "right_pad")
        if set(self.wrench_topics) not in (set(), {"left", "right"}):
            raise ValueError(
                f"wrench_topics: {', '.join(self.wrench_topics)} given, expected left and right, or none"
            )
        if self.touch is not None:
            self.touch.require_room(self.pad_size[0], self.pad_size[2])
        if self.moving != (self.joint,):
            raise ValueError(
                f"joint: '{self.joint}' drives the gripper alone, but {', '.join(self.moving)} move"
            )
        for box, links in self.hand.items():
            for link in links:
                if link not in self.links:
                    raise ValueError(f"hand.{box}: no link '{link}'; links are {', '.join(self.links)}")
        covered = {link for links in self.hand.values() for link in links}
        bare = [name for name, link in self.links.items() if link.collision and name not in covered]
        if bare:
            raise ValueError(f"hand: no box holds {', '.join(bare)}")
        steps = np.diff(self._table.opening)
        if not (np.all(steps > 0.0) or np.all(steps < 0.0)):
            raise ValueError(
                f"joint: the opening of the pads is not monotone over the range of '{self.joint}'"
            )

    @property
    def lever(self) -> float:
        """Metres of opening for a radian (metre) of the driven joint, over the whole range; positive.

        By virtual work the effort of the joint is this times the force between the pads.
        """
        joint = self.joints[self.joint]
        return (self.maximum_opening - self.minimum_opening) / (joint.upper - joint.lower)

    @property
    def action(self) -> str:
        """Name of the ParallelGripperCommand action."""
        return f"{self.gripper_controller}/gripper_cmd"

    @property
    def reported_joints(self) -> tuple[str, ...]:
        """The driven one."""
        return (self.joint,)

    @property
    def topics(self) -> dict[str, str]:
        """Of the pads that feel something."""
        topics = dict.fromkeys(self.wrench_topics.values(), "geometry_msgs/msg/WrenchStamped")
        return topics | dict.fromkeys(self.touch_topics, "lab_interfaces/msg/TactilePad")

    @property
    def feels_touch(self) -> bool:
        """With tactile pads."""
        return self.touch is not None

    @property
    def touch_topics(self) -> tuple[str, ...]:
        """Of the left and the right tactile pad; empty without."""
        return () if self.touch is None else tuple(self.touch.topics[side] for side in SIDES)

    @property
    def actions(self) -> dict[str, str]:
        """Of the fingers."""
        return {self.action: "control_msgs/action/ParallelGripperCommand"}

    @property
    def minimum_opening(self) -> float:
        """Smallest distance of the pads' faces, metres."""
        return float(self._table.opening.min())

    @property
    def maximum_opening(self) -> float:
        """Largest distance of the pads' faces, metres."""
        return float(self._table.opening.max())

    def opening_from_joint(self, position: npt.ArrayLike) -> FloatArray:
        """Distance of the pads' faces, metres, at positions (...) of the joint."""
        array = np.asarray(position, dtype=np.float64)
        return self._linkage(array.reshape(-1))[0].reshape(array.shape)

    def joint_from_opening(self, opening: npt.ArrayLike) -> FloatArray:
        """Positions (...) of the joint for openings, metres; openings out of range give the nearest end."""
        return self._at_opening(opening, self._table.joint)

    def joints_at(self, opening: float) -> dict[str, float]:
        """Positions of the driven joint and of those that follow it, openings as in joint_from_opening."""
        driven = float(self.joint_from_opening(opening))
        following = {name: factor * driven + offset for name, (factor, offset) in self.mimic_joints.items()}
        return following | {self.joint: driven}

    def opening_at(self, reported: FloatArray) -> float:
        """By the position (1,) of the driven joint, metres."""
        return float(self.opening_from_joint(reported)[0])

    def holding_force(self, wanted: float) -> float:
        """No more than its data sheet says."""
        return min(wanted, self.maximum_force)

    def pad_offset(self, opening: npt.ArrayLike) -> FloatArray:
        """Place of the pads' centres along z of the tcp frame, metres: the linkage swings them on an arc."""
        return self._at_opening(opening, self._table.pad_offset)

    def hand_boxes(self, opening: npt.ArrayLike) -> HandBoxes:
        """Boxes in the tcp frame that enclose all collision shapes of the hand at openings (...), metres."""
        position = self.joint_from_opening(opening)
        table = self._table
        place = np.interp(position, table.joint, np.arange(len(table.joint)))
        below = np.minimum(place.astype(int), len(table.joint) - 2)
        part = np.asarray(place - below)[..., None, None]
        return HandBoxes(
            tuple(self.hand),
            table.lower[below] * (1.0 - part) + table.lower[below + 1] * part,
            table.upper[below] * (1.0 - part) + table.upper[below + 1] * part,
        )

    def _at_opening(self, opening: npt.ArrayLike, values: FloatArray) -> FloatArray:
        order = np.argsort(self._table.opening)
        wanted = np.asarray(opening, dtype=np.float64)
        return np.asarray(np.interp(wanted, self._table.opening[order], values[order]), dtype=np.float64)

    @dataclass(frozen=True)
    class _Table:
        """The linkage, sampled over the joint's range."""

        joint: FloatArray
        opening: FloatArray
        pad_offset: FloatArray
        lower: FloatArray
        upper: FloatArray

    @cached_property
    def _table(self) -> _Table:
        limits = self.joints[self.joint]
        joint = np.linspace(limits.lower, limits.upper, _SAMPLES)
        opening, pad_offset, tcp_from_link = self._linkage(joint)
        lower = np.empty((_SAMPLES, len(self.hand), 3))
        upper = np.empty_like(lower)
        for index, links in enumerate(self.hand.values()):
            hull = np.concatenate(
                [
                    np.einsum("nij,mj->nmi", tcp_from_link[link][:, :3, :3], shape.hull())
                    + tcp_from_link[link][:, None, :3, 3]
                    for link in links
                    for shape in self.links[link].collision
                ],
                axis=1,
            )
            lower[:, index], upper[:, index] = hull.min(axis=1), hull.max(axis=1)
        return self._Table(joint, opening, pad_offset, lower, upper)

    def _linkage(self, joint: FloatArray) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Opening (N,), offset of the pads (N,) and tcp_from_link (N, 4, 4) at positions (N,)."""
        frames = self.forward({self.joint: joint})
        tcp_from_base = invert(frames[self.tcp_link])
        tcp_from_link = {name: tcp_from_base @ frame for name, frame in frames.items()}
        left, right = tcp_from_link[self.left_pad][:, :3, 3], tcp_from_link[self.right_pad][:, :3, 3]
        return left[:, 1] - right[:, 1], 0.5 * (left[:, 2] + right[:, 2]), tcp_from_link
