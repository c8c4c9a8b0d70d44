"""One cell: arm, gripper, camera, furniture and destinations, from config/cells/NAME.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from lab_core.errors import ConfigurationError
from lab_core.geometry.transforms import FloatArray
from lab_description.camera import (
    NEEDS,
    Calibration,
    Camera,
    CameraModel,
    ExpectedError,
    Unverified,
)
from lab_description.configuration import find
from lab_description.end_effector import EndEffector
from lab_description.furniture import Destination, Furniture, FurnitureBox, Workspace, all_boxes
from lab_description.gripper import Gripper
from lab_description.hardware import Hardware, StartedDriver, started_drivers
from lab_description.plugins import NamedPlugin, take_plugins
from lab_description.robot import Robot
from lab_description.schema import Length, parse, read_yaml
from lab_description.suction_cup import SuctionCup
from lab_description.touch import TouchPads
from lab_description.tree import Pose
from lab_description.workability import refuse_unworkable

GRIPPER_TYPES = ("parallel", "suction")
"""Of config/grippers/NAME.yaml; the first one when it says nothing."""


@dataclass(frozen=True)
class Mount:
    """A model by name, and its base_link in the frame that it is mounted on."""

    model: str
    pose: Pose = field(default_factory=Pose)


@dataclass(frozen=True)
class GripperMount(Mount):
    """tactile: whether its pads feel force; those of a plain Robotiq or Franka hand do not. touch: the
    tactile sensors on its pads, a name in config/touch; they judge the grip then.
    """

    tactile: bool = True
    touch: str | None = None


@dataclass(frozen=True)
class CameraMount(Mount):
    """calibrated: the day on which the pose was measured; a simulated camera needs none. calibration: how,
    and how well. needs: what the cell needs of it. unverified: what follows when nobody can say that the
    camera stands there: never calibrated, long ago, too badly, or moved since.
    """

    calibrated: date | None = None
    calibration: Calibration | None = None
    needs: ExpectedError = NEEDS
    unverified: Unverified = "warn"


@dataclass(frozen=True)
class CellFile:
    """What config/cells/NAME.yaml holds beside plug-ins and their blocks, see lab_description.plugins.

    robot: its base_link is the root of the cell. gripper: mounted on the robot's tool_link. camera: in
    base_link. table_height: z of the table's top in base_link, metres. hardware: of the real cell, if there
    is one. extensions: packages that add their nodes to this cell's graph.
    """

    robot: Mount
    gripper: GripperMount
    camera: CameraMount
    table_height: Length
    workspace: Workspace
    furniture: Mapping[str, Furniture]
    destinations: Mapping[str, Destination]
    hardware: Hardware | None = None
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.destinations:
            raise ValueError("destinations: empty, expected at least one tray or bin")
        if self.robot.pose != Pose():
            raise ValueError(
                "robot.pose: base_link is the root of the cell; place furniture and camera around it"
            )


@dataclass(frozen=True)
class Cell:
    """A validated cell.

    end_effector: a Gripper or a SuctionCup. files: the YAML files that it was read from, by "cell", "robot",
    "gripper", "camera".
    furniture: every box that stands still, of furniture and destinations. tool_from_gripper: (4, 4).
    destinations: in the order of the file; the first one is the default. hardware: None for a cell that is
    only simulated. extensions: packages whose nodes are part of it. plugins: that it names, by their keys in
    the file.
    """

    name: str
    robot: Robot
    end_effector: EndEffector
    camera: Camera
    furniture: tuple[FurnitureBox, ...]
    workspace: Workspace
    table_height: float
    destinations: Mapping[str, Destination]
    tool_from_gripper: FloatArray
    files: Mapping[str, Path]
    hardware: Hardware | None = None
    extensions: tuple[str, ...] = ()
    plugins: Mapping[str, NamedPlugin] = field(default_factory=dict)

    @property
    def gripper(self) -> Gripper:
        """The end effector of a cell that has fingers. Raises ConfigurationError for one that has none."""
        if not isinstance(self.end_effector, Gripper):
            raise ConfigurationError(
                f"{self.files['cell']}: gripper: '{self.end_effector.name}' has no fingers, and this needs a"
                " gripper of type parallel"
            )
        return self.end_effector

    @property
    def calibration_folder(self) -> Path:
        """Where the evidence of the camera's calibration is kept: beside the cell's file."""
        file = self.files["cell"]
        return file.parent / f"{file.stem}.calibration"

    @cached_property
    def tool_from_tcp(self) -> FloatArray:
        """(4, 4) tool_link of the robot from tcp of the end effector."""
        effector = self.end_effector
        gripper_from_tcp = effector.forward(dict.fromkeys(effector.moving, 0.0))[effector.tcp_link][0]
        result: FloatArray = self.tool_from_gripper @ gripper_from_tcp
        return result

    def drivers(self) -> list[StartedDriver]:
        """What starts the devices of the real cell.

        Raises ConfigurationError when the cell's YAML says too little about them.
        """
        if self.hardware is None:
            raise ConfigurationError(
                f"{self.files['cell']}: hardware: missing, sim:=none needs it;"
                " docs/real_cell.md says what goes there"
            )
        models = {"robot": self.robot.name, "gripper": self.end_effector.name, "camera": self.camera.name}
        return started_drivers(self.hardware, models, self.files["cell"])


def load_cell(name_or_path: str | Path) -> Cell:
    """The cell of a name in config/cells or of a path.

    Robots, grippers and cameras are looked for beside the folder of the cell's file, then in the stack's own
    configuration.

    Raises ConfigurationError: one sentence that names file, key and fix.
    """
    path = find("cells", name_or_path)
    own, plugins = take_plugins(read_yaml(path), [each.name for each in fields(CellFile)], path)
    content = parse(CellFile, own, path)
    beside = [path.resolve().parent.parent]
    files = {
        "cell": path,
        "robot": find("robots", content.robot.model, beside),
        "gripper": find("grippers", content.gripper.model, beside),
        "camera": find("cameras", content.camera.model, beside),
    }
    robot = parse(Robot, read_yaml(files["robot"]), files["robot"], name=content.robot.model)
    end_effector = _end_effector(content.gripper, files["gripper"])
    if content.gripper.touch is not None:
        end_effector = _with_touch(end_effector, content.gripper.touch, path, beside)
    camera = parse(CameraModel, read_yaml(files["camera"]), files["camera"], name=content.camera.model)
    _refuse_shared_names(path, robot, end_effector, camera, content)
    refuse_unworkable(path, content.workspace, content.furniture, content.destinations)
    return Cell(
        name=path.stem,
        robot=robot,
        end_effector=end_effector,
        camera=Camera(
            camera,
            content.camera.pose.matrix @ camera.link_from_optical,
            content.camera.calibrated,
            content.camera.calibration,
            content.camera.needs,
            content.camera.unverified,
        ),
        furniture=all_boxes(content.furniture, content.destinations),
        workspace=content.workspace,
        table_height=content.table_height,
        destinations=content.destinations,
        tool_from_gripper=content.gripper.pose.matrix,
        files=files,
        hardware=content.hardware,
        extensions=content.extensions,
        plugins=plugins,
    )


def _end_effector(mount: GripperMount, file: Path) -> EndEffector:
    content = read_yaml(file)
    kind = GRIPPER_TYPES[0]
    if isinstance(content, dict) and "type" in content:
        kind = content["type"]
        content = {key: value for key, value in content.items() if key != "type"}
    if kind not in GRIPPER_TYPES:
        raise ConfigurationError(f"{file}: type: expected {' or '.join(GRIPPER_TYPES)}, found {kind!r}")
    if kind == "suction":
        return parse(SuctionCup, content, file, name=mount.model)
    gripper = parse(Gripper, content, file, name=mount.model)
    return gripper if mount.tactile else replace(gripper, wrench_topics={})


def _with_touch(effector: EndEffector, name: str, cell: Path, beside: list[Path]) -> Gripper:
    if not isinstance(effector, Gripper):
        raise ConfigurationError(
            f"{cell}: gripper.touch: '{effector.name}' has no fingers on which tactile pads could be"
        )
    file = find("touch", name, beside)
    pads = parse(TouchPads, read_yaml(file), file, name=name)
    try:
        return replace(effector, touch=pads, grip_sensor="touch")
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error


def _refuse_shared_names(
    path: Path, robot: Robot, gripper: EndEffector, camera: CameraModel, content: CellFile
) -> None:
    seen: dict[str, str] = {}
    owners: list[tuple[str, list[str]]] = [
        (f"robot {robot.name}", list(robot.links)),
        (f"gripper {gripper.name}", list(gripper.links)),
        (f"camera {camera.name}", list(camera.links)),
        ("furniture", list(content.furniture)),
        ("destinations", list(content.destinations)),
    ]
    for owner, links in owners:
        for link in links:
            if link in seen:
                raise ConfigurationError(
                    f"{path}: the link '{link}' of {owner} exists already in {seen[link]}"
                )
            seen[link] = owner
