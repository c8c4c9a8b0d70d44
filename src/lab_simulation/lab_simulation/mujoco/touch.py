"""Tactile pads in MuJoCo: its dense tactile sensor says how deep a skin sinks in, its contacts how hard.

The taxels stand a skin's thickness before the rigid pad; MuJoCo tells how deep each is inside the part. That
is the shape of the contact, not its force: the force comes from the contacts themselves.
"""

from __future__ import annotations

import mujoco
import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadGrid, PadSample
from lab_description.touch import TouchPads
from lab_simulation.mujoco.world import HIDDEN_GROUP
from lab_simulation.touch.flaws import SensorFlaws
from lab_simulation.touch.skin import Skin, TrueContact

SKIN_THICKNESS = 0.0005
"""Metres by which the taxels stand before the rigid face."""
SLIDING = 0.002
"""m/s of the part over the pad (at its rim, when it turns): from here on it slides, if pulled hard enough."""
SLIDING_LOAD = 0.7
"""Share of the friction limit that a part must be pulled with: less only creeps, as soft contacts do."""
TOUCHING = 5.0
"""Times the noise of a taxel: from here on it counts into centre and area."""


def add_touch(spec: mujoco.MjSpec, body: mujoco.MjsBody, pads: TouchPads) -> None:
    """Put taxels before the face of a pad, a body whose frame is that of a pad (y into it)."""
    grid = pads.grid
    name = _sensor(body.name)
    places = grid.places()
    points = np.zeros((grid.rows, grid.columns, 3))
    points[..., 0], points[..., 2] = places[..., 0], places[..., 1]
    mesh = spec.add_mesh(
        name=name,
        uservert=points.ravel().tolist(),
        userface=_triangles(grid),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )
    geom = body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=mesh.name,
        pos=[0.0, -SKIN_THICKNESS, 0.0],
        mass=0.0,
        contype=0,
        conaffinity=0,
        group=HIDDEN_GROUP,
    )
    sensor = spec.add_sensor(
        name=name, type=mujoco.mjtSensor.mjSENS_TACTILE, objtype=mujoco.mjtObj.mjOBJ_MESH, objname=mesh.name
    )
    sensor.reftype, sensor.refname = mujoco.mjtObj.mjOBJ_GEOM, geom.name


class TouchPad:
    """One pad of a model: what it truly feels, and what its sensor says of it."""

    def __init__(self, pads: TouchPads, body: str, seed: int, side: int) -> None:
        self.body = body
        self.pads = pads
        self._grid = pads.grid
        self.skin = Skin(self._grid, pads.simulated)
        self._flaws = SensorFlaws(pads, seed, side)

    def bind(self, model: mujoco.MjModel) -> None:
        """Work on this model from now on."""
        name = _sensor(self.body)
        address = int(model.sensor(name).adr[0])
        self._depths = slice(address, address + self._grid.taxels)
        self._body = int(model.body(self.body).id)
        geom, mesh = model.geom(name).id, model.mesh(name).id
        first = int(model.mesh_vertadr[mesh])
        points = np.asarray(model.mesh_vert[first : first + self._grid.taxels], dtype=np.float64)
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
        placed = points @ rotation.reshape(3, 3).T + model.geom_pos[geom]
        # the compiler may have sorted the vertices anew
        order = np.lexsort((np.round(placed[:, 0], 6), np.round(placed[:, 2], 6)))
        self._order = order
        assert np.allclose(placed[order][:, [0, 2]], self._grid.places().reshape(-1, 2), atol=1e-6)

    def restart(self) -> None:
        """As at time 0."""
        self._flaws.restart()
        self.skin = Skin(self._grid, self.pads.simulated)

    def true_contact(self, model: mujoco.MjModel, data: mujoco.MjData) -> TrueContact | None:
        """What the physics says; None while nothing touches the pad."""
        forces, points, others, friction, twists = [], [], [], [], []
        wrench = np.zeros(6)
        for index in range(data.ncon):
            contact = data.contact[index]
            bodies = model.geom_bodyid[contact.geom]
            if self._body not in bodies or contact.efc_address < 0:
                continue
            mujoco.mj_contactForce(model, data, index, wrench)
            frame = contact.frame.reshape(3, 3)
            sign = 1.0 if bodies[1] == self._body else -1.0
            forces.append(sign * (frame.T @ wrench[:3]))
            twists.append(sign * (frame.T @ wrench[3:]))
            points.append(contact.pos.copy())
            friction.append((wrench[0], contact.friction[0], contact.friction[2] if contact.dim > 3 else 0.0))
            others.append(int(bodies[0] if bodies[1] == self._body else bodies[1]))
        if not forces:
            return None
        pad_from_world = data.xmat[self._body].reshape(3, 3).T
        each = np.array(forces) @ pad_from_world.T
        place = (np.array(points) - data.xpos[self._body]) @ pad_from_world.T
        twist = np.array(twists) @ pad_from_world.T
        pressed, coefficient, turning = np.array(friction).T
        total = float(pressed.sum())
        if total <= 0.0:
            return None
        centre = (place * pressed[:, None]).sum(axis=0) / total
        arm = place - centre
        about = arm[:, 2] * each[:, 0] - arm[:, 0] * each[:, 2] + twist[:, 1]
        limit = (pressed * (coefficient * np.hypot(arm[:, 0], arm[:, 2]) + turning)).sum()
        depth = data.sensordata[self._depths][self._order].reshape(self._grid.rows, self._grid.columns)
        force = each.sum(axis=0)
        slide = np.hypot(force[0], force[2]) / max(float((pressed * coefficient).sum()), 1e-9)
        load = float(np.hypot(slide, about.sum() / max(float(limit), 1e-9)))
        moving = sliding_speed(
            model, data, self._body, others[int(np.argmax(pressed))], centre, depth, self._grid
        )
        return TrueContact(
            depth=depth,
            force=force,
            turning=float(about.sum()),
            friction=float((pressed * coefficient).sum()) / total,
            turning_limit=float(limit),
            sliding=moving > SLIDING and load > SLIDING_LOAD,
        )

    def sample(self, contact: TrueContact | None, time: float) -> PadSample:
        """What the sensor says of a contact; time: simulated seconds, later than the last one."""
        normal, shear = self._flaws.read(*self.skin.feel(contact), time)
        level = TOUCHING * self.pads.simulated.noise
        return PadSample.of(round(1e9 * time), self.body, self._grid, normal, shear, level)


def sliding_speed(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    pad: int,
    part: int,
    centre: FloatArray,
    depth: FloatArray,
    grid: PadGrid,
) -> float:
    """m/s of a part over a pad, along the face: of the contact's centre (3,), in the pad's frame, and of its
    rim by turning.
    """
    slide, turn = sliding(model, data, pad, part, centre)
    touched = grid.places()[depth > 0.0]
    reach = np.linalg.norm(touched - centre[[0, 2]], axis=1).mean() if len(touched) else 0.0
    return float(np.linalg.norm(slide) + abs(turn) * reach)


def sliding(
    model: mujoco.MjModel, data: mujoco.MjData, pad: int, part: int, centre: FloatArray
) -> tuple[FloatArray, float]:
    """(2,) m/s along x and z of the pad, and rad/s about its normal, of a part (a body) over a pad."""
    rotation = data.xmat[pad].reshape(3, 3)
    point = data.xpos[pad] + rotation @ centre
    velocity = np.zeros(6)
    relative = np.zeros(6)
    for sign, body in ((1.0, part), (-1.0, pad)):
        # about the body's own origin, along the axes of the world
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, velocity, 0)
        linear = velocity[3:] + np.cross(velocity[:3], point - data.xpos[body])
        relative += sign * np.concatenate([velocity[:3], linear])
    local = rotation.T @ relative[3:]
    return local[[0, 2]], float((rotation.T @ relative[:3])[1])


def _sensor(body: str) -> str:
    return f"{body}/touch"


def _triangles(grid: PadGrid) -> list[int]:
    """Of the face, with normals into the pad: MuJoCo looks for parts on the other side of them."""
    faces = []
    for row in range(grid.rows - 1):
        for column in range(grid.columns - 1):
            first = row * grid.columns + column
            above = first + grid.columns
            faces += [first, above, first + 1, first + 1, above, above + 1]
    return faces
