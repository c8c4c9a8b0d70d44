"""What every world is made of: physics settings, looks, parts and cameras, as an editable MuJoCo model."""

from __future__ import annotations

from collections.abc import Iterable

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, PinholeCamera, quaternion_from_matrix, rotation_about
from lab_simulation.scenes.parts import Part, Piece

HIDDEN_GROUP = 3
"""Geom group of what is there for contact only; no image shows it."""

TIMESTEP = 0.002
"""Seconds."""

PART_FRICTION = (0.5, 0.005, 0.0005)
"""Sliding (Coulomb), torsional (m) and rolling (m) friction of parts on each other and on furniture."""

MATTE = "matte"
"""Material of what does not shine: furniture and floor, each in its own colour."""

TABLE_COLOUR = (0.80, 0.78, 0.74)
FLOOR_COLOUR = (0.42, 0.44, 0.47)

_CONTACT = {"solref": [0.006, 1.0], "solimp": [0.95, 0.99, 0.001, 0.5, 2.0]}
_FORMS = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "mesh": mujoco.mjtGeom.mjGEOM_MESH,
}


def apply_settings(spec: mujoco.MjSpec) -> None:
    """Solver settings under which a grasp holds, and the looks of the images.

    An elliptic cone, a high impratio and noslip keep a held part from creeping: with Euler and pyramidal
    cones it falls, without noslip it slides 0.3 mm in 10 s.
    """
    option = spec.option
    option.timestep = TIMESTEP
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10.0
    option.noslip_iterations = 3
    option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    # Blown up physics is to be told, not to be started anew in silence.
    option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    # For thousands of contacts at once, when a heap of 40 parts falls; untouched memory is not resident.
    spec.memory = 1 << 30
    # Fixed, so that depth has the same resolution whatever lies on the table.
    spec.stat.extent = 1.0
    spec.stat.center = [0.4, 0.0, 0.2]
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 20.0
    spec.visual.quality.shadowsize = 0
    spec.visual.quality.offsamples = 0
    spec.visual.headlight.ambient = [0.38, 0.38, 0.39]
    spec.visual.headlight.diffuse = [0.25, 0.25, 0.25]
    spec.visual.headlight.specular = [0.1, 0.1, 0.1]
    _add_looks(spec)


def image_size(spec: mujoco.MjSpec, width: int, height: int) -> None:
    """Make room for images of this size, pixels."""
    spec.visual.global_.offwidth = max(spec.visual.global_.offwidth, width)
    spec.visual.global_.offheight = max(spec.visual.global_.offheight, height)


def add_parts(spec: mujoco.MjSpec, parts: Iterable[Part]) -> None:
    """A free body of its own name for each part, at the origin until the state says where."""
    for part in parts:
        body = spec.worldbody.add_body(name=part.name)
        body.add_freejoint(name=part.name)
        material = spec.add_material(name=part.name, rgba=[*part.rgb, 1.0])
        metal = part.material != "plastic"
        material.specular, material.shininess = (0.6, 0.6) if metal else (0.25, 0.3)
        volume = sum(piece.volume() for piece in part.pieces if piece.solid)
        for index, piece in enumerate(part.pieces):
            _add_piece(spec, body, part, piece, f"{part.name}/{index}", part.mass / volume)


def remove_part(spec: mujoco.MjSpec, part: Part) -> None:
    """Take out what `add_parts` put in."""
    spec.delete(spec.body(part.name))
    spec.delete(spec.material(part.name))
    for index, piece in enumerate(part.pieces):
        if piece.mesh is not None:
            spec.delete(spec.mesh(f"{part.name}/{index}"))


def add_camera(
    parent: mujoco.MjsBody, name: str, pinhole: PinholeCamera, parent_from_optical: FloatArray
) -> None:
    """A camera with these intrinsics whose optical frame (z forward, x right, y down) is at a pose (4, 4)."""
    looking_back = parent_from_optical[:3, :3] @ rotation_about([1.0, 0.0, 0.0], np.pi)
    x, y, z, w = quaternion_from_matrix(looking_back)
    # Metres a pixel on the imaginary sensor; only ratios matter.
    pixel = 3e-6
    parent.add_camera(
        name=name,
        pos=parent_from_optical[:3, 3],
        quat=[w, x, y, z],
        resolution=[pinhole.width, pinhole.height],
        sensor_size=[pinhole.width * pixel, pinhole.height * pixel],
        focal_pixel=[pinhole.fx, pinhole.fy],
        principal_pixel=[
            (pinhole.width - 1) / 2.0 - pinhole.cx,
            (pinhole.height - 1) / 2.0 - pinhole.cy,
        ],
    )


def add_table(spec: mujoco.MjSpec, height: float = 0.0) -> None:
    """An endless table top at a height, metres: all that parts need to settle."""
    spec.worldbody.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[2.0, 2.0, 0.05],
        pos=[0.0, 0.0, height],
        rgba=[*TABLE_COLOUR, 1.0],
        material=MATTE,
        condim=3,
        friction=list(PART_FRICTION),
        **_CONTACT,
    )


def contact_settings(geom: mujoco.MjsGeom) -> None:
    """Make a geom of the cell touch parts as they touch each other."""
    geom.friction = list(PART_FRICTION)
    geom.solref = _CONTACT["solref"]
    geom.solimp = _CONTACT["solimp"]


def _add_piece(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, part: Part, piece: Piece, name: str, density: float
) -> None:
    x, y, z, w = quaternion_from_matrix(piece.pose[:3, :3])
    geom = body.add_geom(
        name=name,
        type=_FORMS[piece.form],
        pos=piece.pose[:3, 3],
        quat=[w, x, y, z],
        size=piece.size,
        material=part.name,
        group=1 if piece.visible else HIDDEN_GROUP,
        mass=density * piece.volume() if piece.solid else 0.0,
        contype=int(piece.solid),
        conaffinity=int(piece.solid),
        # Round things need rolling friction, or they never come to rest.
        condim=6 if piece.rolls else 4,
        friction=list(PART_FRICTION),
        **_CONTACT,
    )
    if piece.mesh is not None:
        mesh = spec.add_mesh(
            name=name,
            uservert=piece.mesh.vertices.ravel().tolist(),
            userface=piece.mesh.faces.ravel().tolist(),
        )
        # A smooth mesh would average the normals over its edges.
        mesh.smoothnormal = 0
        geom.meshname = name


def _add_looks(spec: mujoco.MjSpec) -> None:
    # No texture on table and floor: speckles on both cost as much as all the rest of an image, 6 ms.
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.86, 0.89, 0.92],
        rgb2=[0.62, 0.68, 0.75],
        width=64,
        height=384,
    )
    spec.add_material(name=MATTE, specular=0.05, shininess=0.1)
    light = spec.worldbody.add_light(name="ceiling", pos=[0.3, -0.6, 2.5], dir=[0.1, 0.25, -1.0])
    light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    light.diffuse, light.specular, light.ambient = [0.55, 0.54, 0.52], [0.3, 0.3, 0.3], [0.0, 0.0, 0.0]
    light.castshadow = False
