"""The cell and a scene as a world of Gazebo (SDFormat 1.10): furniture, camera, parts, light and physics.

The robot is not in it: it is spawned from its URDF (gazebo_robot). Furniture and parts are models of their
own, because Gazebo checks no collision inside one model.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import mujoco
import numpy as np
import trimesh

from lab_core.geometry import FloatArray, invert
from lab_description import Cell
from lab_simulation.mujoco.world import FLOOR_COLOUR, add_parts, apply_settings
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.parts import Part, Piece

SDF_VERSION = "1.10"
WORLD = "cell"
CAMERA = "camera"
"""Model and sensor; the first part of the sensor's topics."""
PARTS_TOPIC = "/parts"
"""Of Gazebo: poses of the parts."""
POSE_RATE = 10.0
"""Of each part, Hz."""
STEP = 0.001
"""Seconds; with 2 ms held parts tremble in the fingers."""
FRICTION = 1.0
"""Coulomb coefficient of parts and furniture. DART takes the smaller one of two surfaces: the pads decide."""

# Gazebo looks along +x with z up; the optical frame looks along +z with y down (REP 103).
_OPTICAL_FROM_GAZEBO = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])

SYSTEMS = (
    ("gz-sim-physics-system", "gz::sim::systems::Physics"),
    ("gz-sim-user-commands-system", "gz::sim::systems::UserCommands"),
    ("gz-sim-scene-broadcaster-system", "gz::sim::systems::SceneBroadcaster"),
    ("gz-sim-sensors-system", "gz::sim::systems::Sensors"),
    ("gz-sim-contact-system", "gz::sim::systems::Contact"),
    ("gz-sim-forcetorque-system", "gz::sim::systems::ForceTorque"),
)


def gazebo_world(cell: Cell, scene: Scene, meshes: Path) -> str:
    """Text of the world; base_link of the cell is its origin.

    meshes: folder that the meshes of parts are written to.
    """
    root = Element("sdf", version=SDF_VERSION)
    world = SubElement(root, "world", name=WORLD)
    _physics(world)
    for file, name in SYSTEMS:
        plugin = SubElement(world, "plugin", filename=file, name=name)
        if name.endswith("Sensors"):
            _text(plugin, "render_engine", "ogre2")
    looks = SubElement(world, "scene")
    _text(looks, "ambient", "0.7 0.7 0.7 1")
    _text(looks, "background", "0.75 0.8 0.85 1")
    _text(looks, "shadows", "false")
    _light(world)
    _floor(world, cell)
    for link in dict.fromkeys(box.link for box in cell.furniture):
        _furniture(world, cell, link)
    _camera(world, cell)
    for part, pose, inertial in zip(scene.parts, scene.poses, _inertials(scene.parts), strict=True):
        _part(world, part, pose, inertial, meshes)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def pose_words(transform: FloatArray) -> str:
    """Position, roll, pitch and yaw of a (4, 4) transform, metres and radians."""
    r = transform[:3, :3]
    level = float(np.hypot(r[0, 0], r[1, 0]))
    pitch = np.arctan2(-r[2, 0], level)
    if level > 1e-9:
        roll, yaw = np.arctan2(r[2, 1], r[2, 2]), np.arctan2(r[1, 0], r[0, 0])
    else:
        roll, yaw = np.arctan2(-r[1, 2], r[1, 1]), 0.0
    return _words([*transform[:3, 3], roll, pitch, yaw])


def _physics(world: Element) -> None:
    physics = SubElement(world, "physics", name="dart", type="dart")
    _text(physics, "max_step_size", f"{STEP:g}")
    _text(physics, "real_time_factor", "1")
    dart = SubElement(physics, "dart")
    solver = SubElement(dart, "solver")
    # Exact friction at each contact; the iterative solver (pgs) lets a held part creep.
    _text(solver, "solver_type", "dantzig")
    # Bullet's contacts of meshes let parts through the pads, and turn them between them.
    _text(dart, "collision_detector", "ode")
    _text(world, "gravity", "0 0 -9.81")


def _light(world: Element) -> None:
    light = SubElement(world, "light", name="ceiling", type="directional")
    _text(light, "cast_shadows", "false")
    _text(light, "pose", "0.3 -0.6 2.5 0 0 0")
    _text(light, "diffuse", "0.55 0.55 0.55 1")
    _text(light, "specular", "0.2 0.2 0.2 1")
    _text(light, "direction", "0.1 0.25 -1")


def _floor(world: Element, cell: Cell) -> None:
    lowest = min(float(box.base_from_box[2, 3] - 0.5 * box.size[2]) for box in cell.furniture)
    model, link = _model(world, "floor", static=True)
    _text(model, "pose", f"0 0 {lowest:.9g} 0 0 0")
    for tag in ("collision", "visual"):
        shape = SubElement(link, tag, name=tag)
        plane = SubElement(SubElement(shape, "geometry"), "plane")
        _text(plane, "normal", "0 0 1")
        _text(plane, "size", "10 10")
        if tag == "visual":
            _material(shape, FLOOR_COLOUR)


def _furniture(world: Element, cell: Cell, name: str) -> None:
    _, link = _model(world, name, static=True)
    boxes = [box for box in cell.furniture if box.link == name]
    for index, box in enumerate(boxes):
        for tag in ("collision", "visual"):
            shape = SubElement(link, tag, name=f"{tag}_{index}")
            _text(shape, "pose", pose_words(box.base_from_box))
            _box(shape, box.size)
            if tag == "collision":
                _surface(shape, FRICTION)
            else:
                _material(shape, box.colour)


def _camera(world: Element, cell: Cell) -> None:
    camera, intrinsics = cell.camera, cell.camera.model.intrinsics
    model, link = _model(world, CAMERA, static=True)
    base_from_link = camera.base_from_camera @ invert(camera.model.link_from_optical)
    _text(model, "pose", pose_words(base_from_link))
    body = camera.model.links[camera.model.base_link]
    for index, shape in enumerate(body.collision):
        if shape.box is not None:
            for tag in ("collision", "visual"):
                element = SubElement(link, tag, name=f"{tag}_{index}")
                _text(element, "pose", pose_words(shape.matrix))
                _box(element, np.array(shape.box))
                if tag == "visual":
                    _material(element, body.colour)
    sensor = SubElement(link, "sensor", name=CAMERA, type="rgbd_camera")
    optical_from_gazebo = np.eye(4)
    optical_from_gazebo[:3, :3] = _OPTICAL_FROM_GAZEBO
    _text(sensor, "pose", pose_words(camera.model.link_from_optical @ optical_from_gazebo))
    _text(sensor, "topic", CAMERA)
    _text(sensor, "update_rate", f"{camera.rate:g}")
    _text(sensor, "always_on", "true")
    lens = SubElement(sensor, "camera")
    _text(lens, "optical_frame_id", camera.frame)
    _text(lens, "horizontal_fov", f"{2.0 * np.arctan(0.5 * intrinsics.width / intrinsics.fx):.9g}")
    image = SubElement(lens, "image")
    _text(image, "width", str(intrinsics.width))
    _text(image, "height", str(intrinsics.height))
    _text(image, "format", "R8G8B8")
    clip = SubElement(lens, "clip")
    _text(clip, "near", f"{camera.near:g}")
    _text(clip, "far", f"{camera.far:g}")


def _part(world: Element, part: Part, pose: FloatArray, inertial: Element, meshes: Path) -> None:
    model, link = _model(world, part.name, static=False)
    _text(model, "pose", pose_words(pose))
    link.append(inertial)
    _tell_pose(model)
    for index, piece in enumerate(part.pieces):
        for tag, wanted in (("collision", piece.solid), ("visual", piece.visible)):
            if not wanted:
                continue
            shape = SubElement(link, tag, name=f"{tag}_{index}")
            _text(shape, "pose", pose_words(piece.pose))
            _piece(shape, piece, meshes / f"{part.name}_{index}.stl")
            if tag == "collision":
                _surface(shape, FRICTION)
            else:
                _material(shape, part.rgb)


def _tell_pose(model: Element) -> None:
    """The pose of all parts goes to one topic, each with the part's name: what the world tells of all models
    loses the names on its way to ROS.
    """
    plugin = SubElement(
        model, "plugin", filename="gz-sim-pose-publisher-system", name="gz::sim::systems::PosePublisher"
    )
    _text(plugin, "topic", PARTS_TOPIC)
    _text(plugin, "publish_model_pose", "true")
    _text(plugin, "publish_link_pose", "false")
    _text(plugin, "update_frequency", f"{POSE_RATE:g}")


def _piece(shape: Element, piece: Piece, file: Path) -> None:
    geometry = SubElement(shape, "geometry")
    x, y, z = piece.size
    if piece.form == "box":
        _text(SubElement(geometry, "box"), "size", _words([2.0 * x, 2.0 * y, 2.0 * z]))
    elif piece.form == "cylinder":
        cylinder = SubElement(geometry, "cylinder")
        _text(cylinder, "radius", f"{x:.9g}")
        _text(cylinder, "length", f"{2.0 * y:.9g}")
    elif piece.form == "sphere":
        _text(SubElement(geometry, "sphere"), "radius", f"{x:.9g}")
    else:
        assert piece.mesh is not None
        # with normals: Gazebo ends itself over a mesh that has none
        trimesh.Trimesh(piece.mesh.vertices, piece.mesh.faces, process=False).export(file)
        _text(SubElement(geometry, "mesh"), "uri", file.resolve().as_uri())


def _inertials(parts: Iterable[Part]) -> list[Element]:
    """Mass and inertia of each part, as the embedded simulator has them."""
    spec = mujoco.MjSpec()
    apply_settings(spec)
    add_parts(spec, parts)
    model = spec.compile()
    found = []
    for part in parts:
        body = model.body(part.name)
        rotation = np.empty(9)
        mujoco.mju_quat2Mat(rotation, body.iquat)
        axes = rotation.reshape(3, 3)
        inertia = axes @ np.diag(body.inertia) @ axes.T
        element = Element("inertial")
        _text(element, "pose", _words([*body.ipos, 0.0, 0.0, 0.0]))
        _text(element, "mass", f"{float(body.mass[0]):.9g}")
        tensor = SubElement(element, "inertia")
        for name, i, j in (
            ("ixx", 0, 0), ("iyy", 1, 1), ("izz", 2, 2), ("ixy", 0, 1), ("ixz", 0, 2), ("iyz", 1, 2),
        ):  # fmt: skip
            _text(tensor, name, f"{inertia[i, j]:.9g}")
        found.append(element)
    return found


def _model(world: Element, name: str, static: bool) -> tuple[Element, Element]:
    model = SubElement(world, "model", name=name)
    _text(model, "static", str(static).lower())
    return model, SubElement(model, "link", name="link")


def _box(shape: Element, size: FloatArray) -> None:
    _text(SubElement(SubElement(shape, "geometry"), "box"), "size", _words(size.tolist()))


def _surface(collision: Element, friction: float) -> None:
    ode = SubElement(SubElement(SubElement(collision, "surface"), "friction"), "ode")
    _text(ode, "mu", f"{friction:g}")
    _text(ode, "mu2", f"{friction:g}")


def _material(visual: Element, colour: tuple[float, float, float]) -> None:
    material = SubElement(visual, "material")
    for key in ("ambient", "diffuse"):
        _text(material, key, f"{_words(colour)} 1")
    _text(material, "specular", "0.1 0.1 0.1 1")


def _words(values: Iterable[float]) -> str:
    return " ".join(f"{float(value):.9g}" for value in values)


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
