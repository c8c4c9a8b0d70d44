"""A calibration in the cell's YAML: three values are written there, everything else stays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from lab_calibration.errors import CalibrationRefused
from lab_core.geometry import FloatArray, invert
from lab_description import Cell, load_cell
from lab_description.camera import Calibration
from lab_description.yaml_file import MAXIMUM_FILE_SIZE, parse_yaml
from lab_node.bounded_file import read_bounded_text

POSES_FILE = "poses.yaml"


@dataclass(frozen=True)
class Result:
    """What is to be written. base_from_camera: (4, 4) of the optical frame. day: of the pictures."""

    base_from_camera: FloatArray
    calibration: Calibration
    day: date


def refuse(cell: Cell, result: Result, replace: bool) -> None:
    """Raises CalibrationRefused for a result that is worse than the cell needs, or than what is there.

    replace: whether a better one may be replaced.
    """
    error, needs, there = result.calibration.error, cell.camera.needs, cell.camera.calibration
    if error.position > needs.position or error.angle > needs.angle:
        raise CalibrationRefused(
            f"the error to expect is {_words(error.position, error.angle)}, the cell needs"
            f" {_words(needs.position, needs.angle)} (camera.needs in {cell.files['cell']}): nothing is"
            " written; take more poses, or say there that this is enough"
        )
    if there is not None and there.error.position < error.position and not replace:
        raise CalibrationRefused(
            f"{cell.files['cell']} holds a better calibration of {cell.camera.calibrated}, with an error of"
            f" {_words(there.error.position, there.error.angle)} against"
            f" {_words(error.position, error.angle)}: nothing is written; --replace does it all the same"
        )


def write(cell: Cell, result: Result) -> None:
    """Write a result into the cell's file. Raises CalibrationRefused when it cannot be written."""
    path = cell.files["cell"].resolve()
    before = read_bounded_text(path, MAXIMUM_FILE_SIZE)
    pose = result.base_from_camera @ invert(cell.camera.model.link_from_optical)
    rpy = Rotation.from_matrix(pose[:3, :3]).as_euler("xyz")
    values = {
        ("camera", "pose", "xyz"): _numbers(pose[:3, 3]),
        ("camera", "pose", "rpy"): _numbers(rpy),
        ("camera", "calibrated"): result.day.isoformat(),
        ("camera", "calibration"): _flow(result.calibration),
    }
    text = before
    try:
        for keys, value in values.items():
            text = _set(text, keys, value)
        other = _without_camera(before, path) != _without_camera(text, path)
    except yaml.YAMLError:  # an alias lost its anchor
        other = True
    if other:
        raise CalibrationRefused(
            f"{path}: the camera's entry shares values with others by an anchor: write them out, so that the"
            " camera's alone can change"
        )
    new = path.with_name(f".{path.stem}.new.yaml")
    try:
        new.write_text(text, encoding="utf-8")
        new.chmod(path.stat().st_mode)
        load_cell(new)
        new.replace(path)
    except OSError as error:
        raise CalibrationRefused(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)


def _words(position: float, angle: float) -> str:
    return f"{1e3 * position:.1f} mm and {np.degrees(angle):.2f}°"


def _numbers(values: FloatArray) -> str:
    return "[" + ", ".join(f"{value:.6f}" for value in values) + "]"


def _flow(calibration: Calibration) -> str:
    entries = [
        f"error: {{position: {calibration.error.position:.5f}, angle: {calibration.error.angle:.5f}}}",
        f"poses: {calibration.poses}",
        f"board: {json.dumps(calibration.board)}",
        f"evidence: {json.dumps(calibration.evidence)}",
    ]
    for key in ("robot_serial", "camera_serial"):
        if (value := getattr(calibration, key)) is not None:
            entries.append(f"{key}: {json.dumps(value)}")
    return "{" + ", ".join(entries) + "}"


def _set(text: str, keys: Sequence[str], value: str) -> str:
    """The text with a value set, the last of its keys added where it is not there."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, key in enumerate(keys):
        if not isinstance(node, yaml.MappingNode):
            raise CalibrationRefused(f"{'.'.join(keys[:depth])}: expected keys and values in the cell's file")
        found = next((one for name, one in node.value if name.value == key), None)
        if found is None:
            below = value
            for name in reversed(keys[depth + 1 :]):
                below = f"{{{name}: {below}}}"
            return _added(text, node, f"{key}: {below}")
        node = found
    assert node is not None
    return text[: node.start_mark.index] + value + text[_end(node) :]


def _added(text: str, mapping: yaml.MappingNode, entry: str) -> str:
    last = mapping.value[-1][1]
    at = _end(last)
    if mapping.flow_style:
        return f"{text[:at]}, {entry}{text[at:]}"
    line = text.find("\n", at)  # behind a comment that stands there
    line = len(text) if line < 0 else line
    return f"{text[:line]}\n{' ' * mapping.value[0][0].start_mark.column}{entry}{text[line:]}"


def _end(node: yaml.Node) -> int:
    """Where a value ends; a block's own mark is that of what follows it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _without_camera(text: str, path: Path) -> object:
    content = parse_yaml(text, path)
    assert isinstance(content, dict)
    return {key: value for key, value in content.items() if key != "camera"}
