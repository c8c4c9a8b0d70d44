import json

import numpy as np
import pytest
import yaml

from lab_calibration.errors import PosesRefused
from lab_calibration.hand_eye.calibration import calibrate
from lab_calibration.hand_eye.files import read_poses, write_poses
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.rigid import difference
from lab_core.errors import ConfigurationError
from lab_core.geometry import invert, quaternion_from_matrix


@pytest.fixture
def poses(stands, setup, random):
    cell, around, see = stands(setup)
    return cell.take(around.joints[:10], see, random)


def moveit(poses):
    return [
        {"effector_wrt_world": flange.ravel().tolist(), "object_wrt_sensor": board.ravel().tolist()}
        for flange, board in zip(poses.base_from_flange, poses.camera_from_board, strict=True)
    ]


def easy_handeye(poses):
    def message(transform):
        return {
            "translation": dict(zip("xyz", transform[:3, 3].tolist(), strict=True)),
            "rotation": dict(zip("xyzw", quaternion_from_matrix(transform[:3, :3]).tolist(), strict=True)),
        }

    fixed = poses.setup is Setup.FIXED
    robots = invert(poses.base_from_flange) if fixed else poses.base_from_flange
    samples = [
        {"robot": message(robot), "tracking": message(board)}
        for robot, board in zip(robots, poses.camera_from_board, strict=True)
    ]
    kind = "eye_on_base" if fixed else "eye_in_hand"
    return {"parameters": {"name": "cell", "calibration_type": kind}, "samples": samples}


def written(path, content):
    path.write_text(
        json.dumps(content) if path.suffix == ".json" else yaml.safe_dump(content), encoding="utf-8"
    )
    return path


def test_each_format_gives_the_same_camera(poses, tmp_path):
    pairs = [[entry["effector_wrt_world"], entry["object_wrt_sensor"]] for entry in moveit(poses)]
    write_poses(poses, tmp_path / "ours.yaml")
    files = [
        read_poses(tmp_path / "ours.yaml"),
        read_poses(written(tmp_path / "easy.samples", easy_handeye(poses))),
        read_poses(written(tmp_path / "moveit.yaml", moveit(poses)), poses.setup),
        read_poses(written(tmp_path / "moveit.json", pairs), poses.setup),
    ]
    for read in files:
        assert read.setup is poses.setup
        assert np.abs(difference(read.base_from_flange, poses.base_from_flange)).max() < 1e-6
        assert np.abs(difference(read.camera_from_board, poses.camera_from_board)).max() < 1e-6
    assert np.allclose(files[0].joints, poses.joints)
    assert np.allclose(files[0].information, poses.information, rtol=1e-6)
    again, first = (calibrate(one).fit.mount_from_camera for one in (files[1], files[2]))
    assert np.abs(difference(again, first)).max() < 1e-6


def spoil(number, change):
    def spoilt(poses):
        content = moveit(poses)
        matrix = np.array(content[number]["effector_wrt_world"]).reshape(4, 4)
        content[number]["effector_wrt_world"] = change(matrix).ravel().tolist()
        return content

    return spoilt


def mirrored(matrix):
    return matrix @ np.diag([1.0, 1.0, -1.0, 1.0])


def stretched(matrix):
    return matrix @ np.diag([1.1, 1.0, 1.0, 1.0])


def in_millimetres(matrix):
    matrix[:3, 3] *= 1000.0
    return matrix


def without_sight(poses):
    content = moveit(poses)
    del content[3]["object_wrt_sensor"]
    return content


def ours_with(key, value):
    """A file of ours with one pose, and a value of its own."""
    whole = np.eye(4).ravel().tolist()
    pose = {"base_from_flange": whole, "camera_from_board": whole}
    pose |= {"information": np.eye(6).ravel().tolist(), "residual": [1.0, 30.0], key: value}
    return {"camera": "fixed", "poses": [pose]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (spoil(2, mirrored), r"pose 3: the rotation is left-handed"),
        (spoil(1, stretched), r"pose 2: the rotation's columns are not of length 1"),
        (spoil(0, in_millimetres), r"pose 1: \d+\.?\d* m away: write metres, not millimetres"),
        (spoil(0, np.transpose), r"pose 1: the last row .* write it row by row"),
        (spoil(0, lambda matrix: matrix * np.nan), "pose 1: expected 16 finite numbers"),
        (spoil(0, lambda matrix: matrix[:3]), "pose 1: expected 16 finite numbers"),
        (without_sight, "object_wrt_sensor is missing: pictures and poses do not belong together"),
        (lambda poses: {"other": 1}, "holds no poses"),
        (lambda poses: [], "holds no poses"),
        (lambda poses: {"samples": []}, "calibration_type"),
        (lambda poses: {"camera": "fixed", "poses": [{}]}, "base_from_flange is missing"),
        (
            lambda poses: ours_with("information", [0.0] * 35),
            "pose 1: information: expected 36 finite numbers",
        ),
        (lambda poses: ours_with("residual", [1.0, 2.0, 3.0]), "pose 1: residual: expected 2 finite numbers"),
        (lambda poses: ours_with("joints", True), "pose 1: joints: expected a list of finite numbers"),
        (lambda poses: ours_with("residual", None), "pose 1: residual: expected 2 finite numbers"),
        (spoil(0, lambda matrix: matrix * 1e300), "pose 1: the last row"),
        (lambda poses: {"camera": "left", "poses": [{}]}, "expected fixed or wrist"),
    ],
)
def test_what_is_wrong_is_named(poses, tmp_path, content, words):
    with pytest.raises(PosesRefused, match=words):
        read_poses(written(tmp_path / "poses.yaml", content(poses)), poses.setup)


def test_a_quaternion_without_unit_length_is_named(poses, tmp_path):
    content = easy_handeye(poses)
    content["samples"][4]["robot"]["rotation"]["w"] += 0.5
    with pytest.raises(PosesRefused, match="sample 5: robot: the quaternion has length"):
        read_poses(written(tmp_path / "easy.samples", content))


def test_joints_in_degrees_are_named(poses, tmp_path):
    write_poses(poses, tmp_path / "ours.yaml")
    content = yaml.safe_load((tmp_path / "ours.yaml").read_text(encoding="utf-8"))
    content["poses"][0]["joints"][2] = 95.0
    with pytest.raises(PosesRefused, match="write radians, not degrees"):
        read_poses(written(tmp_path / "degrees.yaml", content))


def test_a_file_that_does_not_say_where_the_camera_is_asks(poses, tmp_path):
    with pytest.raises(PosesRefused, match="give --camera"):
        read_poses(written(tmp_path / "poses.yaml", moveit(poses)))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="absent"):
        read_poses(tmp_path / "absent.yaml")
