"""A serial chain of joints: forward kinematics, Jacobian and numerical inverse, compiled.

The inverse is Levenberg-Marquardt with the damping of T. Sugihara, "Solvability-unconcerned inverse
kinematics by the Levenberg-Marquardt method", IEEE T-RO 2011: damping falls with the error, so that it
converges quadratically near a solution and stays finite in a singularity.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_motion.planning.urdf_text import Element, floats, link_of, origin_of

# One radian of orientation error counts as much as this many metres.
_METRES_PER_RADIAN = 0.3
_POSITION_TOLERANCE = 1e-6
_ROTATION_TOLERANCE = 1e-6
_LONGEST_STEP = 0.6


@dataclass(frozen=True, slots=True)
class Chain:
    """Joints from base to tip, J of them.

    names: (J,). offsets: (J, 4, 4) previous joint's frame from this joint's at zero. axes: (J, 3) unit.
    prismatic: (J,). tool: (4, 4) last joint's frame from the tip's.
    """

    names: tuple[str, ...]
    offsets: FloatArray
    axes: FloatArray
    prismatic: npt.NDArray[np.bool_]
    tool: FloatArray

    @staticmethod
    def from_urdf(urdf: str, base: str, tip: str, names: Sequence[str]) -> Chain:
        """The chain between two links of a URDF whose moving joints are `names`, in this order.

        Raises ValueError when there is no such chain or when other joints move in it.
        """
        robot = ElementTree.fromstring(urdf)
        parents = {link_of(joint, "child"): joint for joint in robot.findall("joint")}
        joints: list[Element] = []
        link = tip
        while link != base:
            if link not in parents:
                raise ValueError(f"URDF: no chain from '{base}' to '{tip}': '{link}' hangs on no joint")
            joints.insert(0, parents[link])
            link = link_of(parents[link], "parent")
        offset = np.eye(4)
        offsets, axes, prismatic, found = [], [], [], []
        for joint in joints:
            offset = offset @ origin_of(joint)
            if joint.get("type") == "fixed":
                continue
            axis = joint.find("axis")
            vector = floats(axis, "xyz", "1 0 0")
            offsets.append(offset)
            axes.append(vector / np.linalg.norm(vector))
            prismatic.append(joint.get("type") == "prismatic")
            found.append(str(joint.get("name")))
            offset = np.eye(4)
        if tuple(found) != tuple(names):
            raise ValueError(
                f"URDF: joints {found} move between '{base}' and '{tip}', expected {list(names)}"
            )
        return Chain(tuple(found), np.array(offsets), np.array(axes), np.array(prismatic), offset)

    def forward(self, positions: FloatArray) -> FloatArray:
        """base_from_tip (..., 4, 4) at joint positions (..., J)."""
        flat = np.ascontiguousarray(positions, dtype=np.float64).reshape(-1, len(self.names))
        poses = _forward_many(self.offsets, self.axes, self.prismatic, self.tool, flat)
        return poses.reshape(*np.shape(positions)[:-1], 4, 4)

    def travel(self, positions: FloatArray, radii: FloatArray) -> FloatArray:
        """(N - 1,) how far any point of the arm moves at most between positions (N, J), metres.

        radii: (J,) how far from the origin of each joint's frame the shapes are that move with it, metres.
        """
        return _travel(self.offsets, self.axes, self.prismatic, positions, radii)

    def jacobian(self, positions: FloatArray) -> FloatArray:
        """(6, J) velocity of the tip's origin over its angular velocity, in the base frame, at (J,)."""
        frames = np.empty((len(self.names), 4, 4))
        tip = np.empty((4, 4))
        forward_frames(self.offsets, self.axes, self.prismatic, self.tool, positions, frames, tip)
        result = np.empty((6, len(self.names)))
        _jacobian(frames, self.axes, self.prismatic, tip, result)
        return result

    def inverse(
        self,
        base_from_tip: FloatArray,
        seeds: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        iterations: int,
    ) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """One local solution per seed (S, J), within limits (J,): positions (S, J), converged (S,)."""
        return _inverse_many(
            self.offsets,
            self.axes,
            self.prismatic,
            self.tool,
            np.ascontiguousarray(base_from_tip),
            np.ascontiguousarray(seeds),
            lower,
            upper,
            iterations,
        )

    def track(
        self, poses: FloatArray, start: FloatArray, lower: FloatArray, upper: FloatArray, largest_step: float
    ) -> tuple[FloatArray, int]:
        """Follow poses (N, 4, 4) from joint positions (J,): positions (N, J) and how many were reached.

        A pose is reached when it is met exactly and no joint jumps by more than `largest_step`, radians.
        """
        return _track(
            self.offsets, self.axes, self.prismatic, self.tool, poses, start, lower, upper, largest_step
        )


@compiled
def _multiply(a: FloatArray, b: FloatArray, out: FloatArray) -> None:
    """Product of two rigid transforms (4, 4)."""
    for i in range(3):
        for j in range(4):
            total = a[i, 3] if j == 3 else 0.0
            for k in range(3):
                total += a[i, k] * b[k, j]
            out[i, j] = total
    out[3, 0], out[3, 1], out[3, 2], out[3, 3] = 0.0, 0.0, 0.0, 1.0


@compiled
def forward_frames(
    offsets: FloatArray,
    axes: FloatArray,
    prismatic: npt.NDArray[np.bool_],
    tool: FloatArray,
    q: FloatArray,
    frames: FloatArray,
    tip: FloatArray,
) -> None:
    """Fill base_from_joint (J, 4, 4), each after its motion, and base_from_tip (4, 4)."""
    joints = len(q)
    still = np.empty((4, 4))
    motion = np.eye(4)
    for i in range(joints):
        x, y, z = axes[i, 0], axes[i, 1], axes[i, 2]
        if prismatic[i]:
            motion[:3, :3] = np.eye(3)
            motion[0, 3], motion[1, 3], motion[2, 3] = x * q[i], y * q[i], z * q[i]
        else:
            s, c = np.sin(q[i]), np.cos(q[i])
            v = 1.0 - c
            motion[0, 0], motion[0, 1], motion[0, 2] = c + x * x * v, x * y * v - z * s, x * z * v + y * s
            motion[1, 0], motion[1, 1], motion[1, 2] = y * x * v + z * s, c + y * y * v, y * z * v - x * s
            motion[2, 0], motion[2, 1], motion[2, 2] = z * x * v - y * s, z * y * v + x * s, c + z * z * v
            motion[0, 3], motion[1, 3], motion[2, 3] = 0.0, 0.0, 0.0
        if i == 0:
            _multiply(offsets[0], motion, frames[0])
        else:
            _multiply(frames[i - 1], offsets[i], still)
            _multiply(still, motion, frames[i])
    _multiply(frames[joints - 1], tool, tip)


@compiled
def _forward_many(
    offsets: FloatArray, axes: FloatArray, prismatic: npt.NDArray[np.bool_], tool: FloatArray, q: FloatArray
) -> FloatArray:
    poses = np.empty((len(q), 4, 4))
    frames = np.empty((q.shape[1], 4, 4))
    for n in range(len(q)):
        forward_frames(offsets, axes, prismatic, tool, q[n], frames, poses[n])
    return poses


@compiled
def _travel(
    offsets: FloatArray,
    axes: FloatArray,
    prismatic: npt.NDArray[np.bool_],
    positions: FloatArray,
    radii: FloatArray,
) -> FloatArray:
    joints = len(radii)
    before = np.empty((joints, 4, 4))
    after = np.empty((joints, 4, 4))
    tip = np.empty((4, 4))
    longest = np.zeros(len(positions) - 1)
    forward_frames(offsets, axes, prismatic, np.eye(4), positions[0], before, tip)
    for n in range(len(longest)):
        forward_frames(offsets, axes, prismatic, np.eye(4), positions[n + 1], after, tip)
        for i in range(joints):
            moved, turned = 0.0, 0.0
            for row in range(3):
                moved += (after[i, row, 3] - before[i, row, 3]) ** 2
                for column in range(3):
                    turned += (after[i, row, column] - before[i, row, column]) ** 2
            # a rotation by an angle moves a point at distance r by 2 r sin(angle / 2), the chord
            longest[n] = max(longest[n], np.sqrt(moved) + np.sqrt(0.5 * turned) * radii[i])
        before[:] = after
    return longest


@compiled
def _jacobian(
    frames: FloatArray, axes: FloatArray, prismatic: npt.NDArray[np.bool_], tip: FloatArray, out: FloatArray
) -> None:
    for i in range(len(axes)):
        frame = frames[i]
        ax = frame[0, 0] * axes[i, 0] + frame[0, 1] * axes[i, 1] + frame[0, 2] * axes[i, 2]
        ay = frame[1, 0] * axes[i, 0] + frame[1, 1] * axes[i, 1] + frame[1, 2] * axes[i, 2]
        az = frame[2, 0] * axes[i, 0] + frame[2, 1] * axes[i, 1] + frame[2, 2] * axes[i, 2]
        if prismatic[i]:
            out[0, i], out[1, i], out[2, i] = ax, ay, az
            out[3, i], out[4, i], out[5, i] = 0.0, 0.0, 0.0
        else:
            rx, ry, rz = tip[0, 3] - frame[0, 3], tip[1, 3] - frame[1, 3], tip[2, 3] - frame[2, 3]
            out[0, i], out[1, i], out[2, i] = ay * rz - az * ry, az * rx - ax * rz, ax * ry - ay * rx
            out[3, i], out[4, i], out[5, i] = ax, ay, az


@compiled
def _error(target: FloatArray, pose: FloatArray, out: FloatArray) -> None:
    """Translation and rotation vector, in the base frame, that take the pose to the target."""
    turn = np.zeros((3, 3))
    for i in range(3):
        out[i] = target[i, 3] - pose[i, 3]
        for j in range(3):
            for k in range(3):
                turn[i, j] += target[i, k] * pose[j, k]
    x = 0.5 * (turn[2, 1] - turn[1, 2])
    y = 0.5 * (turn[0, 2] - turn[2, 0])
    z = 0.5 * (turn[1, 0] - turn[0, 1])
    sine = np.sqrt(x * x + y * y + z * z)
    cosine = 0.5 * (turn[0, 0] + turn[1, 1] + turn[2, 2] - 1.0)
    if sine > 1e-9:
        factor = np.arctan2(sine, cosine) / sine
        out[3], out[4], out[5] = x * factor, y * factor, z * factor
    elif cosine > 0.0:
        out[3], out[4], out[5] = x, y, z
    else:
        # Half a turn: (turn + 1) is twice the dyad of the axis, whose longest column is the axis.
        best = 0
        for j in range(1, 3):
            if turn[j, j] > turn[best, best]:
                best = j
        turn[best, best] += 1.0
        length = np.sqrt(turn[0, best] ** 2 + turn[1, best] ** 2 + turn[2, best] ** 2)
        for i in range(3):
            out[3 + i] = turn[i, best] * (np.pi / length)


@compiled
def _damped_step(jacobian: FloatArray, error: FloatArray, damping: float, out: FloatArray) -> None:
    """Solve (J'J + damping) step = J' error by Cholesky decomposition."""
    joints = jacobian.shape[1]
    factor = np.empty((joints, joints))
    for i in range(joints):
        for j in range(i + 1):
            total = damping if i == j else 0.0
            for k in range(6):
                total += jacobian[k, i] * jacobian[k, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            factor[i, j] = np.sqrt(max(total, 1e-18)) if i == j else total / factor[j, j]
        total = 0.0
        for k in range(6):
            total += jacobian[k, i] * error[k]
        for k in range(i):
            total -= factor[i, k] * out[k]
        out[i] = total / factor[i, i]
    for i in range(joints - 1, -1, -1):
        total = out[i]
        for k in range(i + 1, joints):
            total -= factor[k, i] * out[k]
        out[i] = total / factor[i, i]


@compiled
def _inverse(
    offsets: FloatArray,
    axes: FloatArray,
    prismatic: npt.NDArray[np.bool_],
    tool: FloatArray,
    target: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    iterations: int,
    q: FloatArray,
) -> bool:
    """Improve q (J,) in place and tell whether it is a solution."""
    joints = len(q)
    frames = np.empty((joints, 4, 4))
    tip = np.empty((4, 4))
    jacobian = np.empty((6, joints))
    error = np.empty(6)
    step = np.empty(joints)
    for _ in range(iterations):
        forward_frames(offsets, axes, prismatic, tool, q, frames, tip)
        _error(target, tip, error)
        position = np.sqrt(error[0] ** 2 + error[1] ** 2 + error[2] ** 2)
        rotation = np.sqrt(error[3] ** 2 + error[4] ** 2 + error[5] ** 2)
        if position < _POSITION_TOLERANCE and rotation < _ROTATION_TOLERANCE:
            return True
        _jacobian(frames, axes, prismatic, tip, jacobian)
        squared = position * position
        for row in range(3, 6):
            error[row] *= _METRES_PER_RADIAN
            squared += error[row] * error[row]
            for i in range(joints):
                jacobian[row, i] *= _METRES_PER_RADIAN
        _damped_step(jacobian, error, 0.5 * squared + 1e-8, step)
        longest = 0.0
        for i in range(joints):
            longest = max(longest, abs(step[i]))
        factor = min(1.0, _LONGEST_STEP / max(longest, 1e-12))
        for i in range(joints):
            moved = q[i] + factor * step[i]
            if not prismatic[i]:
                # A turn more or less is the same place: wind back into the limits before clipping.
                if moved > upper[i] and moved - 2.0 * np.pi >= lower[i]:
                    moved -= 2.0 * np.pi
                elif moved < lower[i] and moved + 2.0 * np.pi <= upper[i]:
                    moved += 2.0 * np.pi
            q[i] = min(max(moved, lower[i]), upper[i])
    return False


@compiled
def _inverse_many(
    offsets: FloatArray,
    axes: FloatArray,
    prismatic: npt.NDArray[np.bool_],
    tool: FloatArray,
    target: FloatArray,
    seeds: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    iterations: int,
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    solutions = seeds.copy()
    converged = np.zeros(len(seeds), dtype=np.bool_)
    for n in range(len(seeds)):
        converged[n] = _inverse(
            offsets, axes, prismatic, tool, target, lower, upper, iterations, solutions[n]
        )
    return solutions, converged


@compiled
def _track(
    offsets: FloatArray,
    axes: FloatArray,
    prismatic: npt.NDArray[np.bool_],
    tool: FloatArray,
    poses: FloatArray,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    largest_step: float,
) -> tuple[FloatArray, int]:
    positions = np.empty((len(poses), len(start)))
    previous = start
    for n in range(len(poses)):
        positions[n] = previous
        if not _inverse(offsets, axes, prismatic, tool, poses[n], lower, upper, 12, positions[n]):
            return positions, n
        if np.max(np.abs(positions[n] - previous)) > largest_step:
            return positions, n
        previous = positions[n]
    return positions, len(poses)
