"""Lets parts come to rest: a world with a table and nothing else but them."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from lab_core.geometry import (
    FloatArray,
    make_transform,
    matrix_from_quaternion,
    quaternion_from_matrix,
    rotation_about,
    transform_points,
)
from lab_simulation.errors import SceneError
from lab_simulation.mujoco.world import add_parts, add_table, apply_settings
from lab_simulation.scenes.parts import Part

RESTING_SPEED = 0.01
"""Metres or radians per second: slower than this is at rest."""
DROP = 0.01
"""Metres between a part that is poured and the heap below it."""
POUR_SECONDS = 0.3
"""From one part to the next."""

_STEPS_AT_ONCE = 50
_PLANKS = 12


def settle(
    parts: Sequence[Part],
    poses: Sequence[FloatArray],
    seconds: float,
    table_height: float = 0.0,
    patient: bool = True,
) -> FloatArray | None:
    """Poses (N, 4, 4) at which parts rest that are let go at given ones; None if they never do.

    seconds: of simulated time, at most. Unless patient, poses after that time stand although something still
    moves.
    """
    if not parts:
        return np.empty((0, 4, 4))
    model, data = _world(parts, table_height)
    for part, pose in zip(parts, poses, strict=True):
        set_pose(data, part.name, pose)
    return _rest(model, data, parts, seconds, patient)


def pour(
    parts: Sequence[Part],
    poses: Sequence[FloatArray],
    seconds: float,
    table_height: float,
    middle: FloatArray,
    radius: float,
    patient: bool = True,
) -> FloatArray | None:
    """Poses (N, 4, 4) at which parts rest that are dropped onto each other; None if they never do.

    poses: where each starts; its height is that of the heap then. What rolls away is stopped by a wall about
    the middle (2,) with a radius, metres, which is taken away in the end. patient: as for settle.
    """
    if not parts:
        return np.empty((0, 4, 4))
    model, data = _world(parts, table_height, (middle, radius))
    for index, part in enumerate(parts):  # out of the way until their turn comes
        set_pose(data, part.name, make_transform(np.eye(3), [3.0 + 0.2 * index, 0.0, table_height + 0.1]))
    top = table_height
    for index, (part, pose) in enumerate(zip(parts, poses, strict=True)):
        lowest = float((part.outline() @ pose[:3, :3].T)[:, 2].min())
        set_pose(data, part.name, make_transform(pose[:3, :3], [*pose[:2, 3], top + DROP - lowest]))
        wake(model, data)
        mujoco.mj_step(model, data, round(POUR_SECONDS / model.opt.timestep))
        top = max(
            float(transform_points(get_pose(data, other.name), other.outline())[:, 2].max())
            for other in parts[: index + 1]
        )
    if _rest(model, data, parts, seconds, patient) is None:
        return None
    for plank in range(_PLANKS):
        model.geom(f"wall/{plank}").contype = model.geom(f"wall/{plank}").conaffinity = 0
    wake(model, data)
    return _rest(model, data, parts, seconds, patient)


def wake(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Wake all bodies: one that sleeps does not notice that it, or what it lies on, was moved.

    The force that MuJoCo takes for a reason to wake up is gone before it is integrated.
    """
    data.xfrc_applied[:, 0] = 1e-300
    mujoco.mj_forward(model, data)
    data.xfrc_applied[:, 0] = 0.0


def set_pose(data: mujoco.MjData, name: str, world_from_body: FloatArray) -> None:
    """Put a free body somewhere, at rest."""
    joint = data.joint(name)
    x, y, z, w = quaternion_from_matrix(world_from_body[:3, :3])
    joint.qpos[:] = [*world_from_body[:3, 3], w, x, y, z]
    joint.qvel[:] = 0.0


def get_pose(data: mujoco.MjData, name: str) -> FloatArray:
    """World from body (4, 4) of a free body."""
    qpos = data.joint(name).qpos
    w, x, y, z = qpos[3:]
    return make_transform(matrix_from_quaternion([x, y, z, w]), qpos[:3])


def _world(
    parts: Sequence[Part], table_height: float, wall: tuple[FloatArray, float] | None = None
) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = mujoco.MjSpec()
    apply_settings(spec)
    add_table(spec, table_height)
    if wall is not None:
        _add_wall(spec, *wall, table_height)
    add_parts(spec, parts)
    try:
        model = spec.compile()
    except ValueError as error:
        raise SceneError(f"the simulator cannot build the parts: {error}; take other parts") from error
    return model, mujoco.MjData(model)


def _rest(
    model: mujoco.MjModel, data: mujoco.MjData, parts: Sequence[Part], seconds: float, patient: bool
) -> FloatArray | None:
    """Go on until two looks in a row find everything slow; when that takes too long None, or what is then."""
    at_rest = False
    for _ in range(0, round(seconds / model.opt.timestep), _STEPS_AT_ONCE):
        mujoco.mj_step(model, data, _STEPS_AT_ONCE)
        speed = np.abs(data.qvel).max(initial=0.0)
        if not np.isfinite(speed):
            return None
        if at_rest and speed < RESTING_SPEED:
            return np.array([get_pose(data, part.name) for part in parts])
        at_rest = bool(speed < RESTING_SPEED)
    return None if patient else np.array([get_pose(data, part.name) for part in parts])


def _add_wall(spec: mujoco.MjSpec, middle: FloatArray, radius: float, table_height: float) -> None:
    for plank in range(_PLANKS):
        rotation = rotation_about([0.0, 0.0, 1.0], plank * 2.0 * np.pi / _PLANKS)
        x, y, z, w = quaternion_from_matrix(rotation)
        spec.worldbody.add_geom(
            name=f"wall/{plank}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[0.02, radius, 0.25],
            pos=rotation @ np.array([radius + 0.02, 0.0, 0.0]) + np.array([*middle, table_height + 0.2]),
            quat=[w, x, y, z],
            priority=1,
        )
