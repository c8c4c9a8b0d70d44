"""Two tactile pads and a part in MuJoCo: a bare gripper, without an arm and without ROS.

The hand stands still; the part's weight comes on when the table under it gives way, and whatever else pulls
at the part is a force on it. The frame of the world is that of the left pad; gravity is along -z.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadSample
from lab_description.touch import TouchPads
from lab_simulation.mujoco.touch import TouchPad, add_touch
from lab_simulation.mujoco.world import TIMESTEP, apply_settings

GRAVITY = 9.81
PAD = (0.011, 0.003, 0.01875)
"""Half sizes of the rigid part of a pad, metres."""
DRIVE_LAG = 0.02
"""Seconds in which the grip force follows its command."""
GRIPS, RUBS = (0.02, 1.0), (0.03, 1.0)
"""Time constant and damping of the contacts across the face and along it. With the cell's, which are the
same in both, a part that slides throws the pads off, and the force pulses between 0 and five times the grip:
MuJoCo's friction cone lifts what slides fast. Softer along the face, a part goes on sliding for long after
it is held."""
FINGER = (0.1, 20.0)
"""Mass that the drive feels of each finger, kg, and its damping, N s/m."""
OPEN = 0.002
"""Metres between each pad and the part before the hand closes."""
SLIPPED = 0.0002
"""Metres that the part has to go over the pads, without coming to rest, to have slipped."""
TURNING = (0.003, 0.0005, 0.0005)
"""Torsional and rolling friction, metres."""
REACH = 0.011
"""Mean distance of a pad's places from its centre, metres."""
TABLE = (200.0, 2.0, 200.0, 10.0, 10.0, 10.0)
"""What holds the part while the hand closes: N s/m and N m s."""


@dataclass(frozen=True)
class TouchedPart:
    """A part between the pads.

    shape: box, cylinder (upright) or sphere. size: half sizes, metres; of a cylinder radius, -, half height.
    offset: of its centre from that of the pads along x and z, metres; turned: about y, radians.
    """

    mass: float
    friction: float
    shape: str = "box"
    size: tuple[float, float, float] = (0.03, 0.015, 0.04)
    offset: tuple[float, float] = (0.0, 0.0)
    turned: float = 0.0

    @property
    def half_width(self) -> float:
        """Between the pads, metres."""
        return self.size[1] if self.shape == "box" else self.size[0]


@dataclass(frozen=True)
class Moment:
    """One reading of both pads, and the truth with it.

    force: N that presses the part, mean of both pads. load: N along the pads, on both together. slip: metres
    that the part has gone over the pads since it was lifted, with its turn at their mean radius. opening:
    metres.
    """

    time: float
    pads: tuple[PadSample, PadSample]
    force: float
    load: float
    slip: float
    opening: float


class Rig:
    """The two pads and the part; time goes on by `read`."""

    def __init__(self, part: TouchedPart, pads: TouchPads, seed: int) -> None:
        self.part = part
        self._model = _model(part, pads)
        self.data = mujoco.MjData(self._model)
        self._pads = (TouchPad(pads, "left", seed, 0), TouchPad(pads, "right", seed, 1))
        for pad in self._pads:
            pad.bind(self._model)
        self._body = int(self._model.body("part").id)
        self._steps_a_sample = max(round(1.0 / (pads.rate * TIMESTEP)), 1)
        self._command = self._force = 0.0
        self.carried = 0.0
        """Share of the weight that the hand carries."""
        self.pull = np.zeros(3)
        """N on the part in the world, beside its weight."""
        self.turn = 0.0
        """N m on the part about y."""
        self.steps = 0
        self._placed: tuple[FloatArray, FloatArray] | None = None
        self._model.dof_damping[-6:] = TABLE
        mujoco.mj_forward(self._model, self.data)

    @property
    def time(self) -> float:
        return self.steps * TIMESTEP

    def grip(self, force: float) -> None:
        """Ask for a grip force, N on each pad; negative opens."""
        self._command = force

    def lift(self) -> None:
        """The table lets go of the part; from now on it can slip."""
        self._model.dof_damping[-6:] = 0.0
        self._placed = self._place()

    def read(self) -> Moment:
        """Go on to the next sample."""
        for _ in range(self._steps_a_sample):
            self._step()
        contacts = [pad.true_contact(self._model, self.data) for pad in self._pads]
        felt = [contact.force if contact is not None else np.zeros(3) for contact in contacts]
        left, right = (
            pad.sample(contact, self.time) for pad, contact in zip(self._pads, contacts, strict=True)
        )
        return Moment(
            time=self.time,
            pads=(left, right),
            force=float(np.mean([force[1] for force in felt])),
            load=float(sum(np.hypot(force[0], force[2]) for force in felt)),
            slip=self._slip(),
            opening=2.0 * (self.part.half_width + OPEN) - float(self.data.qpos[0] + self.data.qpos[1]),
        )

    def true_centre(self, side: int) -> FloatArray:
        """(2,) x and z of the centre of pressure of one pad as its skin feels it, without the sensor's
        errors.
        """
        pad = self._pads[side]
        normal, _ = pad.skin.feel(pad.true_contact(self._model, self.data))
        result: FloatArray = (pad.pads.grid.places() * normal[..., None]).sum(axis=(0, 1)) / normal.sum()
        return result

    def run(self, seconds: float) -> Iterator[Moment]:
        """Samples of so many seconds."""
        end = self.time + seconds - 1e-9
        while self.time < end:
            yield self.read()

    def _step(self) -> None:
        self._force += (self._command - self._force) * TIMESTEP / DRIVE_LAG
        data = self.data
        # a motor on one finger, the other is geared to it: twice the force between them
        data.ctrl[0] = 2.0 * self._force
        weight = np.array([0.0, 0.0, -self.part.mass * GRAVITY * self.carried])
        data.xfrc_applied[self._body, :3] = weight + self.pull
        data.xfrc_applied[self._body, 3:] = [0.0, self.turn, 0.0]
        mujoco.mj_step(self._model, data)
        self.steps += 1

    def _place(self) -> tuple[FloatArray, FloatArray]:
        return self.data.xpos[self._body].copy(), self.data.xmat[self._body].reshape(3, 3).copy()

    def _slip(self) -> float:
        """Metres: of the place of the part that was between the pads, and of its turn at their mean
        radius.
        """
        if self._placed is None:
            return 0.0
        (before, turned), (now, turn) = self._placed, self._place()
        change = turn @ turned.T
        moved = now - change @ before
        return float(np.hypot(moved[0], moved[2]) + abs(np.arctan2(change[0, 2], change[0, 0])) * REACH)


def _model(part: TouchedPart, pads: TouchPads) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    apply_settings(spec)
    spec.memory = 1 << 22
    spec.option.gravity = [0.0, 0.0, 0.0]
    spec.option.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    stand = part.half_width + OPEN
    for name, sign in (("left", 1.0), ("right", -1.0)):
        body = spec.worldbody.add_body(name=name, pos=[0.0, sign * stand, 0.0])
        body.quat = [1.0, 0.0, 0.0, 0.0] if sign > 0 else [0.0, 0.0, 0.0, 1.0]
        joint = body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0.0, -1.0, 0.0])
        joint.armature, joint.damping[0] = FINGER
        body.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_BOX, size=list(PAD), pos=[0.0, PAD[1], 0.0], mass=0.02
        )
        add_touch(spec, body, pads)
    gear = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_JOINT, objtype=mujoco.mjtObj.mjOBJ_JOINT, name1="right", name2="left"
    )
    gear.data[:2] = [0.0, 1.0]
    gear.solref[:] = [2.0 * TIMESTEP, 1.0]
    motor = spec.add_actuator(name="grip", target="left", trntype=mujoco.mjtTrn.mjTRN_JOINT)
    motor.set_to_motor()
    body = spec.worldbody.add_body(name="part", pos=[part.offset[0], 0.0, part.offset[1]])
    body.quat = [np.cos(part.turned / 2), 0.0, np.sin(part.turned / 2), 0.0]
    body.add_freejoint()
    kinds = {
        "box": (mujoco.mjtGeom.mjGEOM_BOX, list(part.size)),
        "cylinder": (mujoco.mjtGeom.mjGEOM_CYLINDER, [part.size[0], part.size[2], 0.0]),
        "sphere": (mujoco.mjtGeom.mjGEOM_SPHERE, [part.size[0], 0.0, 0.0]),
    }
    kind, size = kinds[part.shape]
    body.add_geom(name="part", type=kind, size=size, mass=part.mass, contype=0, conaffinity=0)
    for name in ("left", "right"):
        pair = spec.add_pair(geomname1=name, geomname2="part", condim=6)
        pair.friction[:] = [part.friction, part.friction, *TURNING]
        pair.solref[:], pair.solreffriction[:] = GRIPS, RUBS
        pair.solimp[:3] = [0.95, 0.99, 0.001]
    return spec.compile()
