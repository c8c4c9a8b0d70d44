"""Pose files: ours, and those that easy_handeye2 and moveit_calibration save.

easy_handeye2 (`NAME.samples`, YAML): `parameters` with `calibration_type` (`eye_in_hand` or `eye_on_base`),
and `samples`, each with `robot` and `tracking`, a translation and a quaternion. For an eye on the base,
`robot` is the base in the frame of the effector, so that one formula serves both.
moveit_calibration (YAML): a list of `effector_wrt_world` and `object_wrt_sensor`, 16 numbers row by row; its
JSON holds pairs of 4x4 matrices in the same order. Neither says where the camera is, which the caller must.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.poses import Poses, Setup
from lab_calibration.hand_eye.refusals import checked_joints, checked_pose, checked_transform
from lab_core.geometry import FloatArray, invert
from lab_description.yaml_file import parse_yaml
from lab_node.bounded_file import read_bounded_text

_LARGEST_FILE = 1 << 22
_EASY_SETUPS = {"eye_in_hand": Setup.WRIST, "eye_on_base": Setup.FIXED}


def read_poses(path: Path, setup: Setup | None = None) -> Poses:
    """The pose pairs of a file.

    setup: where the camera is, for files that do not say it. Raises PosesRefused, ConfigurationError.
    """
    text = read_bounded_text(path, _LARGEST_FILE)
    content = _json(text, path) if path.suffix == ".json" else parse_yaml(text, path)
    if isinstance(content, Mapping) and "samples" in content:
        poses = _easy_handeye(content, path)
        if setup is not None and setup is not poses.setup:
            raise PosesRefused(
                f"{path}: is of a camera that is {poses.setup}, not {setup}: leave --camera out"
            )
        return poses
    if isinstance(content, Mapping) and "poses" in content:
        return _ours(content, path)
    if isinstance(content, Sequence) and not isinstance(content, str) and content:
        if setup is None:
            raise PosesRefused(
                f"{path}: does not say where the camera is: give --camera fixed or --camera wrist"
            )
        return _moveit(content, path, setup)
    raise PosesRefused(
        f"{path}: holds no poses: expected a file of ours (poses), of easy_handeye2 (samples) or of"
        " moveit_calibration (a list)"
    )


def write_poses(poses: Poses, path: Path) -> None:
    """Write poses in our form, from which read_poses makes the same again."""
    lines = [
        "# Poses of a hand-eye calibration: metres, radians, 4x4 transforms row by row.",
        f"camera: {poses.setup}",
        "poses:",
    ]
    for index, name in enumerate(poses.names):
        lines.append(f"  - name: {json.dumps(name)}")
        lines.append(f"    base_from_flange: {_numbers(poses.base_from_flange[index])}")
        lines.append(f"    camera_from_board: {_numbers(poses.camera_from_board[index])}")
        if poses.joints is not None:
            lines.append(f"    joints: {_numbers(poses.joints[index])}")
        if poses.information is not None and poses.squares is not None and poses.freedom is not None:
            lines.append(f"    information: {_numbers(poses.information[index])}")
            lines.append(f"    residual: {_numbers(np.array([poses.squares[index], poses.freedom[index]]))}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _numbers(array: FloatArray) -> str:
    return "[" + ", ".join(f"{value:.9f}" for value in array.ravel()) + "]"


def _json(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PosesRefused(f"{path}: is not valid JSON: {error}") from error


def _ours(content: Mapping[str, object], path: Path) -> Poses:
    if content.get("camera") not in [setup.value for setup in Setup]:
        raise PosesRefused(f"{path}: camera: expected fixed or wrist, found {content.get('camera')!r}")
    setup = Setup(str(content["camera"]))
    entries = _list(content["poses"], f"{path}: poses")
    flanges, boards, names, joints, known, residuals = [], [], [], [], [], []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: pose {number}"
        flanges.append(checked_transform(_matrix(_of(entry, "base_from_flange", where), where), where))
        boards.append(checked_transform(_matrix(_of(entry, "camera_from_board", where), where), where))
        assert isinstance(entry, Mapping)
        names.append(str(entry.get("name", f"pose {number}")))
        if "joints" in entry:
            joints.append(checked_joints(_array(entry["joints"], where), where))
        if "information" in entry:
            known.append(_sized(entry["information"], 36, f"{where}: information").reshape(6, 6))
            residuals.append(_sized(_of(entry, "residual", where), 2, f"{where}: residual"))
    if any(len(each) not in (0, len(entries)) for each in (joints, known)):
        raise PosesRefused(f"{path}: some poses have joints or information and others not: give all or none")
    if len({len(each) for each in joints}) > 1:
        raise PosesRefused(f"{path}: the poses have different numbers of joints")
    squares, freedom = np.array(residuals).T if residuals else (None, None)
    return Poses(
        setup,
        np.array(flanges).reshape(-1, 4, 4),
        np.array(boards).reshape(-1, 4, 4),
        tuple(names),
        np.array(joints) if joints else None,
        np.array(known) if known else None,
        squares,
        freedom,
    )


def _easy_handeye(content: Mapping[str, object], path: Path) -> Poses:
    parameters = content.get("parameters")
    kind = parameters.get("calibration_type") if isinstance(parameters, Mapping) else None
    if kind not in _EASY_SETUPS:
        raise PosesRefused(
            f"{path}: parameters.calibration_type: expected {' or '.join(_EASY_SETUPS)}, found {kind!r}"
        )
    setup = _EASY_SETUPS[str(kind)]
    robots, boards = [], []
    for number, entry in enumerate(_list(content["samples"], f"{path}: samples"), start=1):
        where = f"{path}: sample {number}"
        robots.append(_message(_of(entry, "robot", where), f"{where}: robot"))
        boards.append(_message(_of(entry, "tracking", where), f"{where}: tracking"))
    flanges = np.array(robots).reshape(-1, 4, 4)
    return _plain(
        setup, invert(flanges) if setup is Setup.FIXED else flanges, np.array(boards).reshape(-1, 4, 4)
    )


def _moveit(content: Sequence[object], path: Path, setup: Setup) -> Poses:
    flanges, boards = [], []
    for number, entry in enumerate(content, start=1):
        where = f"{path}: pose {number}"
        if isinstance(entry, Mapping):
            pair = [_of(entry, key, where) for key in ("effector_wrt_world", "object_wrt_sensor")]
        else:
            pair = list(_list(entry, where))
            if len(pair) != 2:
                raise PosesRefused(
                    f"{where}: holds {len(pair)} transforms, expected two: pictures and poses do not belong"
                    " together"
                )
        flange, board = (checked_transform(_matrix(one, where), where) for one in pair)
        flanges.append(flange)
        boards.append(board)
    return _plain(setup, np.array(flanges), np.array(boards))


def _plain(setup: Setup, flanges: FloatArray, boards: FloatArray) -> Poses:
    return Poses(setup, flanges, boards, tuple(f"pose {number}" for number in range(1, len(flanges) + 1)))


def _message(content: object, where: str) -> FloatArray:
    parts = []
    for key, axes in (("translation", "xyz"), ("rotation", "xyzw")):
        part = _of(content, key, where)
        parts.append(_array([_of(part, axis, f"{where}: {key}") for axis in axes], where))
    return checked_pose(parts[0], parts[1], where)


def _of(content: object, key: str, where: str) -> object:
    if not isinstance(content, Mapping) or key not in content:
        raise PosesRefused(f"{where}: {key} is missing: pictures and poses do not belong together")
    return content[key]


def _list(content: object, where: str) -> Sequence[object]:
    if not isinstance(content, list) or not content:
        raise PosesRefused(f"{where}: expected a list, found nothing of it")
    return content


def _array(content: object, where: str) -> FloatArray:
    try:
        return np.asarray(content, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PosesRefused(f"{where}: expected numbers, found {str(content)[:60]}") from error


def _sized(content: object, size: int, where: str) -> FloatArray:
    array = _array(content, where)
    if array.size != size or not np.isfinite(array).all():
        raise PosesRefused(f"{where}: expected {size} finite numbers, found {str(content)[:60]}")
    return array.ravel()


def _matrix(content: object, where: str) -> FloatArray:
    array = _array(content, where)
    return array.reshape(4, 4) if array.size == 16 else array
