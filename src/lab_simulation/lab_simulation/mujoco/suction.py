"""A suction cup in the simulation: where its lip lies, whether it seals, and what the air then presses.

Nothing is glued: the air presses part and cup together, and contact and friction of the lip do the rest, so
that a part slips, peels off or is never held as with a real cup. The seal is judged on the true shapes, by
rays from the lip: what a planner makes of noisy points does not enter. Source of a lip that follows a surface
only so far: J. Mahler et al., "Dex-Net 3.0: Computing robust vacuum suction grasp targets in point clouds
using a new analytic model and deep learning", ICRA 2018; here the limit is a depth, there the strain of
springs.
"""

from __future__ import annotations

import math

import mujoco
import numpy as np

from lab_core.geometry import FloatArray
from lab_description import SuctionCup
from lab_simulation.mujoco.world import TIMESTEP, contact_settings

LIP_BALLS = 12
"""Balls that make the lip of the model, on the circle that seals, each on a spring of its own."""
BALL_RADIUS = 0.002
LIP_GROUP = 4
"""Of geoms that neither images nor rays show."""
STROKE_SHARE, TILT_SHARE, LIP_SHARE = 0.3, 0.1, 2.0
"""Shares of the full vacuum's force and torque that take bellows and lip to the ends of their ways."""
COLLAPSED = 10.0
"""How much harder bellows are to tilt when the full vacuum has made them collapse: then a torque that would
peel the lip off takes them to the end of their tilt."""
BELLOWS_INERTIA, LIP_INERTIA = 0.1, 0.02
"""What the bellows and each ball of the lip seem to move beside their own mass, kg. More than rubber weighs:
their dampers would shake with less at this time step, and nothing here moves fast.
"""
SEEN_BY_RAYS = np.array([1, 1, 1, 1, 0, 1], dtype=np.uint8)
LIP_RAYS, INNER_RAYS = 24, 8
"""On the circle that seals, and on one of half its radius: a hole within the lip leaks too."""
BEHIND = 0.0015
"""Metres behind a lip that gives all it can, where rays start: pressed on, it still sees the surface."""
FAR = 0.05
"""Metres: a surface deeper under the lip is none."""
LOOK_EVERY = 4
"""Time steps from one look at the lip to the next."""
TOUCHING = 0.0015
"""Metres: a lip nearer than this to the surface lies on it."""
FILL_SECONDS, LEAK_SECONDS = 0.08, 0.02
"""Time constants with which the vacuum builds up behind a lip that seals, and goes when it leaks."""


def add_suction(spec: mujoco.MjSpec, cup: SuctionCup) -> None:
    """Give the cup of a model its bellows and its lip."""
    body = spec.body(cup.cup_link)
    lip = cup.lip_height
    pull = STROKE_SHARE * cup.maximum_force / cup.stroke
    turn = TILT_SHARE * cup.maximum_force * cup.lip_radius / cup.tilt
    slide, hinge = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
    for name, kind, axis, reach, stiffness in (
        ("stroke", slide, [0.0, 0.0, 1.0], (-cup.stroke, 0.0), pull),
        ("tilt_x", hinge, [1.0, 0.0, 0.0], (-cup.tilt, cup.tilt), turn),
        ("tilt_y", hinge, [0.0, 1.0, 0.0], (-cup.tilt, cup.tilt), turn),
    ):
        # bellows turn about their lip: about their root, friction of the lip would lock them
        joint = body.add_joint(name=f"{cup.cup_link}/{name}", type=kind, axis=axis, pos=[0.0, 0.0, lip])
        _spring(joint, stiffness, BELLOWS_INERTIA * (1.0 if kind == slide else lip**2), reach)
    for geom in body.geoms:
        # hollow: only the lip touches what lies under it
        geom.pos[2] -= 0.5 * cup.lip_give
        geom.size[1] -= 0.5 * cup.lip_give
    stiffness = LIP_SHARE * cup.maximum_force / LIP_BALLS / cup.lip_give
    for index, (x, y) in enumerate(_circle(cup.lip_radius, LIP_BALLS)):
        ball = body.add_body(name=f"{cup.cup_link}/lip_{index}", pos=[x, y, lip - BALL_RADIUS])
        joint = ball.add_joint(name=ball.name, type=slide, axis=[0.0, 0.0, 1.0])
        _spring(joint, stiffness, LIP_INERTIA, (-cup.lip_give, 0.0))
        geom = ball.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=[BALL_RADIUS, 0.0, 0.0],
            group=LIP_GROUP,
            mass=1e-4,
            # touches parts, not its like
            conaffinity=0,
        )
        contact_settings(geom)
        geom.friction[0] = cup.friction
        geom.condim, geom.priority = 4, 1


def _spring(joint: mujoco.MjsJoint, stiffness: float, inertia: float, reach: tuple[float, float]) -> None:
    """Let a joint swing back to 0 without overshoot, and stop at the ends of its reach."""
    # the linear terms of polynomials
    joint.stiffness[0], joint.damping[0] = stiffness, 2.0 * np.sqrt(stiffness * inertia)
    joint.armature = inertia
    joint.limited, joint.range = mujoco.mjtLimited.mjLIMITED_TRUE, reach
    joint.solref_limit[:] = [2.0 * TIMESTEP, 1.0]
    joint.solimp_limit[:3] = [0.99, 0.999, 0.0001]


class Suction:
    """See Hand in simulation.py."""

    joints: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()

    def __init__(self, cup: SuctionCup) -> None:
        self._cup = cup
        self._on = False
        self._vacuum, self._sealed_to = 0.0, -1
        self._steps = 0
        self._behind = cup.lip_give + BEHIND
        self._lip = np.concatenate(
            [_circle(cup.lip_radius, LIP_RAYS), _circle(0.5 * cup.lip_radius, INNER_RAYS)]
        )

    @property
    def vacuum(self) -> float:
        """Below the air around it, Pa: what the sensor in the line tells."""
        return self._vacuum

    def switch(self, on: bool) -> None:
        """Start or stop the pump."""
        self._on = on

    def bind(self, model: mujoco.MjModel) -> None:
        """Work on this model from now on."""
        self._body = int(model.body(self._cup.cup_link).id)
        self._root = int(model.body_parentid[self._body])
        joints = [model.joint(index) for index in range(model.njnt)]
        self._springs = [joint for joint in joints if joint.name.startswith(f"{self._cup.cup_link}/")]
        self._hinges = [joint.id for joint in joints if joint.name.startswith(f"{self._cup.cup_link}/tilt")]
        self._stiffness = model.jnt_stiffness[self._hinges].copy()
        self._sealed_to = -1

    def put(self, data: mujoco.MjData, position: float | None) -> None:
        """Let go at once, bellows and lip at rest. Raises ValueError for a position: nothing drives a cup."""
        if position is not None:
            raise ValueError("a suction cup has no joint that could be put anywhere")
        self._on, self._vacuum, self._sealed_to, self._steps = False, 0.0, -1, 0
        for joint in self._springs:
            data.qpos[joint.qposadr[0]], data.qvel[joint.dofadr[0]] = 0.0, 0.0
        data.xfrc_applied[:] = 0.0

    def control(self, model: mujoco.MjModel, data: mujoco.MjData, now: float) -> None:
        """Pressure and forces for the next step."""
        if not self._on and self._vacuum == 0.0:
            return
        if self._steps % LOOK_EVERY == 0:
            self._sealed_to = self._seal(model, data) if self._on else -1
        self._steps += 1
        goal, seconds = (self._cup.vacuum, FILL_SECONDS) if self._sealed_to >= 0 else (0.0, LEAK_SECONDS)
        model.jnt_stiffness[self._hinges] = self._stiffness * (
            1.0 + (COLLAPSED - 1.0) * self._vacuum / self._cup.vacuum
        )
        self._vacuum += (goal - self._vacuum) * (1.0 - math.exp(-TIMESTEP / seconds))
        if goal == 0.0 and self._vacuum < 1.0:
            self._vacuum = 0.0
        data.xfrc_applied[:] = 0.0
        if self._sealed_to < 0:
            return
        middle, rotation = self._frame(data)
        force = self._vacuum / self._cup.vacuum * self._cup.maximum_force * rotation[:, 2]
        # the vacuum pulls at the root of the bellows, which it makes collapse
        for body, pull in ((self._root, force), (self._sealed_to, -force)):
            data.xfrc_applied[body, :3] = pull
            data.xfrc_applied[body, 3:] = np.cross(middle - data.xipos[body], pull)

    def _frame(self, data: mujoco.MjData) -> tuple[FloatArray, FloatArray]:
        """Middle of the lip (3,) and axes of the cup (3, 3) in the world."""
        rotation = data.xmat[self._body].reshape(3, 3)
        return data.xpos[self._body] + self._cup.lip_height * rotation[:, 2], rotation

    def _seal(self, model: mujoco.MjModel, data: mujoco.MjData) -> int:
        """The body that the lip seals against, -1 when it leaks."""
        middle, rotation = self._frame(data)
        starts = middle + self._lip @ rotation[:, :2].T - self._behind * rotation[:, 2]
        depths, bodies = np.empty(len(starts)), np.empty(len(starts), dtype=np.int64)
        hit = np.zeros(1, dtype=np.int32)
        for index, start in enumerate(starts):
            depths[index] = mujoco.mj_ray(
                model, data, start, rotation[:, 2], SEEN_BY_RAYS, 1, self._body, hit
            )
            bodies[index] = model.geom_bodyid[hit[0]] if hit[0] >= 0 else -1
        if bodies[0] < 0 or np.any(bodies != bodies[0]) or depths.max() > FAR:
            return -1
        lip = depths[:LIP_RAYS]
        follows = lip.max() - lip.min() <= self._cup.lip_give and lip.min() - self._behind <= TOUCHING
        return int(bodies[0]) if follows else -1


def _circle(radius: float, count: int) -> FloatArray:
    """Points (count, 2) of a circle about the origin."""
    angle = np.arange(count) * (2.0 * np.pi / count)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
