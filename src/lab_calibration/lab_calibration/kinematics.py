"""The arm of a cell as a calibration needs it: where the flange is, and how a joint's error moves it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray, invert, transform_points
from lab_description import Cell
from lab_description.urdf import build_urdf
from lab_motion.planning.chain import Chain


@dataclass(frozen=True)
class Arm:
    """chain: to the flange. lower, upper: (J,) limits of the joints. home: (J,)."""

    chain: Chain
    lower: FloatArray
    upper: FloatArray
    home: FloatArray

    @staticmethod
    def of(cell: Cell) -> Arm:
        robot = cell.robot
        urdf = build_urdf(cell, visuals=False)
        chain = Chain.from_urdf(urdf, robot.base_link, robot.tool_link, robot.joint_names)
        return Arm(chain, robot.position_lower, robot.position_upper, robot.configuration("home"))

    @property
    def joints(self) -> int:
        return len(self.chain.names)

    def flange(self, joints: FloatArray) -> FloatArray:
        """base_from_flange (..., 4, 4) at joint positions (..., J)."""
        return self.chain.forward(joints)

    def flange_changes(self, joints: FloatArray) -> FloatArray:
        """(N, 6, J): change of the flange, in its own frame, by each joint of positions (N, J)."""
        result = np.empty((len(joints), 6, self.joints))
        for row, position in zip(result, np.ascontiguousarray(joints), strict=True):
            back = self.flange(position)[:3, :3].T
            velocity = self.chain.jacobian(position)
            row[:3], row[3:] = back @ velocity[:3], back @ velocity[3:]
        return result

    def point_changes(self, joints: FloatArray, point: FloatArray) -> FloatArray:
        """(6, J): how each joint moves a point (3,) of the base frame that hangs on the flange, and turns
        it.
        """
        flange = self.flange(joints)
        velocity = self.chain.jacobian(np.ascontiguousarray(joints))
        lever = point - flange[:3, 3]
        return np.concatenate([velocity[:3] + np.cross(velocity[3:].T, lever).T, velocity[3:]])

    def reach(self, base_from_flange: FloatArray, seeds: FloatArray) -> FloatArray | None:
        """Joint positions (J,) with the flange at a pose, the nearest to the first of seeds (S, J); None:
        none.
        """
        found, converged = self.chain.inverse(base_from_flange, seeds, self.lower, self.upper, 100)
        if not converged.any():
            return None
        good = found[converged]
        nearest: FloatArray = good[np.argmin(np.abs(good - seeds[0]).max(axis=1))]
        return nearest


def seeds(arm: Arm, random: np.random.Generator, count: int) -> FloatArray:
    """(count, J) positions to start an inverse from: home, then any."""
    drawn = random.uniform(np.maximum(arm.lower, -np.pi), np.minimum(arm.upper, np.pi), (count, arm.joints))
    drawn[0] = arm.home
    return drawn


def points_in(target_from_source: FloatArray, points: FloatArray) -> FloatArray:
    """Points (N, 3) of the target frame in the source frame."""
    return transform_points(invert(target_from_source), points)
