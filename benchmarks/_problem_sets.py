"""The problem sets of MotionBenchMaker: worlds of boxes and cylinders, where an arm begins and where it ends.

Source: C. Chamzas et al., "MotionBenchMaker: a tool to generate and benchmark motion planning datasets",
RA-L 2022. The files are MoveIt's PlanningScene and MotionPlanRequest as YAML, in a folder for each set:
SET/sceneNNNN.yaml and SET/requestNNNN.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lab_core.errors import ConfigurationError
from lab_core.geometry import FloatArray, OrientedBox, make_transform, matrix_from_quaternion
from lab_core.scene import Part
from lab_description import Cell
from lab_motion.planning.port import PlanningScene


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """From joint positions (J,) to others, in a scene. set, name: of the files."""

    set: str
    name: str
    scene: PlanningScene
    start: FloatArray
    goal: FloatArray


def read_problems(folder: Path, cell: Cell) -> list[Problem]:
    """All problems below a folder, by set and number.

    A cylinder is the box around it, as the port of motion planning knows boxes only. Joints are those of the
    cell in the order of their names. Raises ConfigurationError that names the file and what is wrong with it.
    """
    scenes = sorted(folder.glob("**/scene*.yaml"))
    if not scenes:
        raise ConfigurationError(f"{folder}: holds no problems, expected folders with sceneNNNN.yaml")
    return [_problem(scene, cell) for scene in scenes]


def _problem(file: Path, cell: Cell) -> Problem:
    request = file.with_name(file.name.replace("scene", "request"))
    joints = len(cell.robot.joint_names)
    try:
        objects = tuple(_parts(_read(file)["world"]["collision_objects"]))
        asked = _read(request)
        state = asked["start_state"]["joint_state"]["position"]
        wanted = asked["goal_constraints"][0]["joint_constraints"]
        goal = [entry["position"] for entry in sorted(wanted, key=lambda entry: entry["joint_name"])]
        opening = min(2.0 * state[joints], cell.end_effector.maximum_opening)
        return Problem(
            file.parent.name,
            file.stem.removeprefix("scene"),
            PlanningScene(objects, None, opening),
            np.array(state[:joints], dtype=np.float64),
            np.array(goal[:joints], dtype=np.float64),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{file}, {request.name}: not a problem of MotionBenchMaker: {error!r}"
        ) from error


def _parts(objects: list[Mapping[str, Any]]) -> Iterator[Part]:
    for body in objects:
        for number, (shape, pose) in enumerate(zip(body["primitives"], body["primitive_poses"], strict=True)):
            name = body["id"] if len(body["primitives"]) == 1 else f"{body['id']}/{number}"
            yield Part(name, OrientedBox(_pose(body.get("pose")) @ _pose(pose), _size(shape)))


def _size(shape: Mapping[str, Any]) -> FloatArray:
    sizes = shape["dimensions"]
    if shape["type"] == "box":
        return np.array(sizes)
    if shape["type"] == "cylinder":
        return np.array([2.0 * sizes[1], 2.0 * sizes[1], sizes[0]])
    raise ValueError(f"shape '{shape['type']}', expected box or cylinder")


def _pose(pose: Mapping[str, Any] | None) -> FloatArray:
    if pose is None:
        return np.eye(4)
    return make_transform(matrix_from_quaternion(pose["orientation"]), pose["position"])


def _read(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
