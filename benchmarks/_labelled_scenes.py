"""Images of the simulated cell together with the truth, made without ROS: for benchmarks and tests of
perception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab_simulation.mujoco.rendering import choose_renderer

# MuJoCo binds its OpenGL when it is first imported.
RENDERER = choose_renderer().renderer

import mujoco  # noqa: E402
import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402

from lab_core.geometry import FloatArray, minimum_area_rectangle, transform_points  # noqa: E402
from lab_description import Cell  # noqa: E402
from lab_perception.frame import RgbdFrame  # noqa: E402
from lab_perception.robot_mask import RobotMask  # noqa: E402
from lab_simulation.look import Look  # noqa: E402
from lab_simulation.look.cell_view import CellPaint, RealCellView  # noqa: E402
from lab_simulation.look.viewpoints import viewpoint  # noqa: E402
from lab_simulation.mujoco.camera import Frame, visual_options  # noqa: E402
from lab_simulation.mujoco.cell_model import CAMERA, cell_spec  # noqa: E402
from lab_simulation.mujoco.view import PlainView  # noqa: E402
from lab_simulation.scenes.drawing import Area, Scene, make_scene  # noqa: E402
from lab_simulation.scenes.parts import Part  # noqa: E402
from lab_simulation.scenes.scene_file import load_scene_file  # noqa: E402
from lab_simulation.scenes.settling import set_pose  # noqa: E402


@dataclass(frozen=True)
class LabelledScene:
    """frame: what the camera delivers, the robot masked. truth: (H, W) index of the part at each pixel, -1
    for none.

    footprints: (N, 2) centres of the parts' footprints, metres in the base frame; tops: (N,) their height
    there.
    """

    frame: RgbdFrame
    truth: npt.NDArray[np.int32]
    scene: Scene
    footprints: FloatArray
    tops: FloatArray


def labelled_scene(
    cell: Cell,
    recipe: str,
    seed: int,
    count: int | None = None,
    grey: bool = False,
    noise: bool = True,
    look: Look = "real",
    moved: bool = False,
) -> LabelledScene:
    """The scene of a seed with the robot at home.

    recipe: name of a file in config/scenes. grey: all parts of one grey, so that colour tells nothing; of the
    plain look only. moved: the camera looks from another height and angle in each scene; of the real look
    only.
    """
    return photographed(
        cell, make_scene(load_scene_file(recipe), seed, area_of(cell), count), seed, grey, noise, look, moved
    )


def area_of(cell: Cell) -> Area:
    """Where parts may lie."""
    return Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)


def photographed(
    cell: Cell,
    scene: Scene,
    seed: int,
    grey: bool = False,
    noise: bool = True,
    look: Look = "real",
    moved: bool = False,
) -> LabelledScene:
    """A scene that is at rest, with the robot at home; see labelled_scene."""
    positions = dict(zip(cell.robot.joint_names, cell.robot.configuration("home"), strict=True))
    positions[cell.gripper.joint] = 0.0
    model, data = _cell(cell, scene.parts, positions, grey)
    for part, pose in zip(scene.parts, scene.poses, strict=True):
        set_pose(data, part.name, pose)
    mujoco.mj_forward(model, data)
    base_from_camera = cell.camera.base_from_camera
    if look == "plain":
        plain = PlainView(RENDERER, model, cell, seed, noise)
        image = plain.render(data, 0, 0.0)
        plain.close()
        geoms = _geom_of_each_pixel(model, data, cell)
    else:
        if moved:
            base_from_camera = _another_place(area_of(cell), seed)
        real = RealCellView(
            RENDERER, model, cell, {part.name: part for part in scene.parts}, CellPaint(seed), noise
        )
        seen = real.see(data, 0, 0.0, base_from_camera)
        real.close()
        image, geoms = Frame(seen.colour, seen.depth), seen.geoms
    # As it comes over the wire: whole millimetres.
    depth = np.round(image.depth, 3).astype(np.float32)
    hidden = RobotMask(cell, 0.012).draw(positions, cell.camera.pinhole, base_from_camera)
    frame = RgbdFrame(image.colour, depth, cell.camera.pinhole, base_from_camera, hidden, seed)
    outlines = [
        transform_points(pose, part.outline()) for part, pose in zip(scene.parts, scene.poses, strict=True)
    ]
    return LabelledScene(
        frame=frame,
        truth=_part_of_each_pixel(model, scene, geoms),
        scene=scene,
        footprints=np.array(
            [minimum_area_rectangle(outline[:, :2].copy())[0] for outline in outlines]
        ).reshape(-1, 2),
        tops=np.array([outline[:, 2].max() for outline in outlines]),
    )


def robot_image(cell: Cell, positions: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """Pixels (H, W) that show the robot at joint positions, radians, over an empty table."""
    model, data = _cell(cell, (), positions)
    fixed = {box.link for box in cell.furniture} | set(cell.camera.model.links) | {"world"}
    robot = np.array([model.body(body).name not in fixed for body in model.geom_bodyid] + [False])
    robot[model.geom("floor").id] = False
    return robot[_geom_of_each_pixel(model, data, cell)]


def _cell(
    cell: Cell, parts: Sequence[Part], positions: Mapping[str, float], grey: bool = False
) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = cell_spec(cell, parts)
    if grey:
        for part in parts:
            spec.material(part.name).rgba = [0.45, 0.45, 0.47, 1.0]
    model = spec.compile()
    data = mujoco.MjData(model)
    for joint, position in positions.items():
        data.joint(joint).qpos = position
    for joint, (multiplier, offset) in cell.gripper.mimic_joints.items():
        data.joint(joint).qpos = multiplier * positions[cell.gripper.joint] + offset
    mujoco.mj_forward(model, data)
    return model, data


def _another_place(area: Area, seed: int) -> FloatArray:
    """(4, 4) base from a camera that looks at the middle of the area from somewhere."""
    rng = np.random.default_rng([seed, 0xCA3])
    return viewpoint(rng, np.array([*area.middle, area.table_height]), float(rng.uniform(0.5, 1.2)))


def _part_of_each_pixel(
    model: mujoco.MjModel, scene: Scene, geoms: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    part_of_geom = np.full(model.ngeom + 1, -1, np.int32)
    for index, part in enumerate(scene.parts):
        part_of_geom[:-1][model.geom_bodyid == model.body(part.name).id] = index
    return part_of_geom[geoms]


def _geom_of_each_pixel(model: mujoco.MjModel, data: mujoco.MjData, cell: Cell) -> npt.NDArray[np.int32]:
    """Geom (H, W), the number of geoms where there is none."""
    renderer = mujoco.Renderer(model, cell.camera.pinhole.height, cell.camera.pinhole.width)
    try:
        renderer.enable_segmentation_rendering()
        renderer.update_scene(data, CAMERA, visual_options())
        identity, kind = np.moveaxis(renderer.render(), -1, 0)
    finally:
        renderer.close()
    return np.where(kind == int(mujoco.mjtObj.mjOBJ_GEOM), identity, model.ngeom)
