"""Whatever is wrong with a file ends in one sentence that names file, key and fix."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A copy of the shipped configuration that a test may spoil."""
    for folder in ("cells", "robots", "grippers", "cameras"):
        shutil.copytree(config_directory() / folder, tmp_path / folder)
    return tmp_path


ABSENT = object()


def spoil(file: Path, key: str, value: object) -> None:
    """Gives the value to a dotted key of a file, or takes the key away."""
    content: Any = yaml.load(
        file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    *folders, last = key.split(".")
    place = content
    for name in folders:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def refusal(configuration: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_cell(configuration / CELL)
    return str(refused.value)


CELL, ROBOT = "cells/ur5e_table.yaml", "robots/ur5e.yaml"
GRIPPER, CAMERA = "grippers/robotiq_2f85.yaml", "cameras/d435.yaml"
ELBOW, FOLLOWER = "joints.elbow_joint", "joints.robotiq_85_mimic_right_knuckle_joint"
SHOULDER = "links.shoulder_link"


@pytest.mark.parametrize(
    ("file", "key", "value", "sentence"),
    [
        (CELL, "camera.pose.xyz", "abc", 'camera.pose.xyz: expected 3 numbers in metres, found "abc"'),
        (CELL, "camera.pose.xyz", [1, 2], "camera.pose.xyz: expected 3 numbers in metres, found [1, 2]"),
        (CELL, "camera.pose.xyz", [1, float("nan"), 2],
         "camera.pose.xyz.1: expected a number, -10 … 10 m, found nan"),
        (CELL, "camera.pose.rpy", [0, 67, 180],
         "camera.pose.rpy.1: expected a number, -6.28319 … 6.28319 rad, found 67; "
         "if that is in degrees, write 1.16937"),
        (CELL, "table_height", 750,
         "table_height: expected a number, -10 … 10 m, found 750; if that is in millimetres, write 0.75"),
        (CELL, "table_height", True, "table_height: expected a number, -10 … 10 m, found True"),
        (CELL, "table_hight", 0.0, "table_hight: unknown key; did you mean 'table_height'?"),
        (CELL, "workspace", ABSENT, "workspace: missing, expected keys and values (x, y, z)"),
        (CELL, "workspace.x.maximum", 0.1, "workspace.x: minimum 0.35 is not below maximum 0.1"),
        (CELL, "robot.model", "ur5", "no robot 'ur5'; did you mean 'ur5e'? robots are "),
        (CELL, "robot.pose", {"xyz": [0, 0, 1]}, "robot.pose: base_link is the root of the cell"),
        (CELL, "gripper.model", "../secret", "no such file, expected the YAML of one of the grippers"),
        (CELL, "gripper.model", "hand of god", "no gripper 'hand of god'"),
        (CELL, "camera.model", 5, "camera.model: expected a text, found 5"),
        (CELL, "destinations", {}, "destinations: empty, expected at least one tray or bin"),
        (CELL, "destinations.tray.kind", "box",
         "destinations.tray.kind: expected one of 'tray', 'bin', found \"box\""),
        (CELL, "destinations.tray.rows", 2.5,
         "destinations.tray.rows: expected a whole number, 1 … 100000, found 2.5"),
        (CELL, "destinations.tray.size", [-0.4, 0.3],
         "destinations.tray.size.0: expected a number, 0.0001 … 10 m, found -0.4"),
        (CELL, "destinations.tray.xyz", [0.5, 0.0, 0.0],
         "destinations.tray: reaches 25 mm into the workspace, where what is put down would be seen"),
        (CELL, "destinations.tray.xyz", [0.0, 0.0, 0.0],
         "destinations.tray: goes through the robot's base"),
        (CELL, "furniture.table.blocks", [{"xyz": [0.0, 0.0, 0.0], "size": [2.0, 2.0, 0.2]}],
         "furniture.table: goes through the robot's base, at the origin of base_link"),
        (CELL, "furniture.tool0", {"blocks": []},
         "the link 'tool0' of furniture exists already in robot ur5e"),
        (CELL, "furniture.table.blocks", "oak",
         'furniture.table.blocks: expected a list, each keys and values (xyz, size), found "oak"'),
        (ROBOT, f"{ELBOW}.lower", 3.0, f"{ELBOW}: lower 3 is not below upper 2.9"),
        (ROBOT, f"{ELBOW}.acceleration", ABSENT, f"{ELBOW}.acceleration: missing, expected a positive limit"),
        (ROBOT, f"{ELBOW}.velocity", 0, f"{ELBOW}: velocity: missing, expected a positive limit"),
        (ROBOT, f"{ELBOW}.axis", [0, 0, 2], f"{ELBOW}: axis [0.0, 0.0, 2.0] has not the length 1"),
        (ROBOT, f"{ELBOW}.child", "hand", f"{ELBOW}: no link 'hand'"),
        (ROBOT, f"{ELBOW}.child", "upper_arm_link", "hangs on 'elbow_joint' already"),
        (ROBOT, "links.spare", {}, "joints: spare do not hang on base_link 'base_link'"),
        (ROBOT, f"{SHOULDER}.collision.0.sphere", 0.1,
         f"{SHOULDER}.collision.0: expected one of box, cylinder, sphere, found cylinder and sphere"),
        (ROBOT, f"{SHOULDER}.inertial.inertia", [1, 1, 3, 0, 0, 0],
         f"{SHOULDER}.inertial: inertia [1.0, 1.0, 3.0, 0.0, 0.0, 0.0] belongs to no body"),
        (ROBOT, f"{SHOULDER}.inertial.mass", ABSENT,
         f"{SHOULDER}.inertial.mass: missing, expected a number, 0.0001 … 500 kg"),
        (ROBOT, "configurations.home", ABSENT, "configurations: 'home' is missing"),
        (ROBOT, "configurations.home", [0.0], "configurations.home: 1 positions for 6 joints"),
        (ROBOT, "configurations.bad", [0, 0, -1, 0, 0, 0],
         "configurations.bad: elbow_joint at -1 is outside 0 … 2.9 rad"),
        (ROBOT, "tool_link", "hand", "tool_link: no link 'hand'"),
        (GRIPPER, "joint", "left_pad_joint",
         "joint: 'left_pad_joint' drives the gripper alone, but robotiq_85_left_knuckle_joint move"),
        (GRIPPER, "hand.palm", ABSENT, "hand: no box holds robotiq_85_base_link"),
        (GRIPPER, "hand.palm", ["fist"], "hand.palm: no link 'fist'"),
        (GRIPPER, f"{FOLLOWER}.mimic.joint", "tcp_joint",
         f"{FOLLOWER}: mimic: no joint 'tcp_joint' that moves on its own"),
        (GRIPPER, "maximum_force", "strong", 'maximum_force: expected a number, 1 … 5000 N, found "strong"'),
        (CAMERA, "near", 5.0, "near 5 is not below far 3"),
        (CAMERA, "intrinsics.fx", "6e2", "YAML reads an exponent only after a point"),
        (CAMERA, "optical_frame", "lens", "optical_frame: no link 'lens'"),
        (CAMERA, "noise.baseline", ABSENT, "noise.baseline: missing, expected a number, 0.001 … 1 m"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(
    configuration: Path, file: str, key: str, value: object, sentence: str
) -> None:
    spoil(configuration / file, key, value)
    message = refusal(configuration)
    assert sentence in message
    assert "\n" not in message
    assert Path(file).name in message or message.startswith(("no ", "../secret"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("robot: [1, 2", "not valid YAML"),
        ("robot: {model: ur5e}\nrobot: {model: ur5e}", "line 2: not valid YAML: key 'robot' is given twice"),
        ("- 1", "expected keys and values (robot, gripper, camera"),
        ("", "expected keys and values (robot, gripper, camera"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("#" * 2_000_000, "too large, at most 1 MiB are read"),
    ],
)
def test_a_malformed_file_is_named(configuration: Path, text: str, sentence: str) -> None:
    (configuration / CELL).write_text(text, encoding="utf-8")
    message = refusal(configuration)
    assert sentence in message
    assert "ur5e_table.yaml" in message


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, "holds more than 100000 values, each of its aliases counted"),
        ("[" * 200_000, "nested more than 50 deep"),
        ("{a: " * 200_000, "nested more than 50 deep"),
        ("a: &a [*a]", "alias *a holds itself"),
        ("!!python/object/apply:os.system ['touch /tmp/x']", "not valid YAML"),
        ("#" * (2 << 20), "too large"),
    ],
)
def test_a_hostile_file_is_refused_before_it_costs_anything(
    configuration: Path, text: str, sentence: str
) -> None:
    (configuration / CELL).write_text(text, encoding="utf-8")
    assert sentence in refusal(configuration)


def test_binary_and_absent_files(configuration: Path) -> None:
    (configuration / CELL).write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in refusal(configuration)
    (configuration / CELL).unlink()
    assert "no such file" in refusal(configuration)


def test_unknown_cell_lists_those_that_exist() -> None:
    with pytest.raises(
        ConfigurationError, match=r"no cell 'ur5e_tabel'; did you mean 'ur5e_table'\? cells are .*ur5e_table"
    ):
        load_cell("ur5e_tabel")


@pytest.mark.parametrize("name", ["9" * 600, "9" * 300 + ".yaml", "a/" + "b" * 5000])
def test_a_name_that_no_file_can_have_is_refused(name):
    with pytest.raises(ConfigurationError, match=r"^no cell '9{100}'|: File name too long$") as refused:
        load_cell(name)
    assert len(str(refused.value)) < 500
