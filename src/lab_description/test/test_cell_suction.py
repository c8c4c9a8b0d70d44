"""A cell whose end effector is a suction cup."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_description import Cell, SuctionCup, build_srdf, build_urdf, config_directory, load_cell

CUP = config_directory() / "grippers" / "suction_20mm.yaml"


def with_cup(folder: Path, *changes: tuple[str, str]) -> Path:
    """The shipped cell of a UR5e with the shipped cup in place of its gripper; changes: in the cup's file."""
    text = CUP.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for name in ("cells", "grippers"):
        (folder / name).mkdir()
    (folder / "grippers" / "cup.yaml").write_text(text, encoding="utf-8")
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    (folder / "cells" / "cup.yaml").write_text(table.replace("robotiq_2f85", "cup"), encoding="utf-8")
    return folder / "cells" / "cup.yaml"


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return load_cell(with_cup(tmp_path))


def test_the_tcp_is_in_the_middle_of_the_lip(cell: Cell) -> None:
    cup = cell.end_effector
    assert isinstance(cup, SuctionCup)
    frames = cup.forward({})
    lip = frames[cup.cup_link][0] @ [0.0, 0.0, cup.lip_height, 1.0]
    np.testing.assert_allclose(frames[cup.tcp_link][0][:, 3], lip, atol=1e-12)
    np.testing.assert_allclose(cell.tool_from_tcp[:3, 3], [0.0, 0.0, 0.011 + 0.18], atol=1e-12)


def test_the_air_presses_with_vacuum_times_area(cell: Cell) -> None:
    cup = cell.end_effector
    assert isinstance(cup, SuctionCup)
    assert cup.maximum_force == pytest.approx(60e3 * np.pi * 0.0095**2)


def test_urdf_and_srdf_know_no_fingers(cell: Cell) -> None:
    srdf = ElementTree.fromstring(build_srdf(cell))
    assert [state.get("name") for state in srdf.iter("group_state") if state.get("group") == "gripper"] == []
    group = next(node for node in srdf.iter("group") if node.get("name") == "gripper")
    assert [link.get("name") for link in group] == list(cell.end_effector.links)
    moving = [
        joint.get("name")
        for joint in ElementTree.fromstring(build_urdf(cell)).iter("joint")
        if joint.get("type") != "fixed"
    ]
    assert moving == list(cell.robot.joint_names)


def test_what_needs_fingers_says_so(cell: Cell) -> None:
    with pytest.raises(ConfigurationError, match=r"cup\.yaml: gripper: 'cup' has no fingers, and this needs"):
        _ = cell.gripper


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("type: suction", "type: magnet", "type: expected parallel or suction, found 'magnet'"),
        ("type: suction\n", "", "cup_link: unknown key; did you mean 'tcp_link'?"),
        ("cup_link: suction_cup_link", "cup_link: lip", "cup_link: no link 'lip'"),
        ("vacuum: 60000.0", "vacuum: 60", "vacuum: expected a number, 1000 … 100000 Pa"),
        ("stroke: 0.006", "stroke: 6.0", "stroke: 6 m is more than the lip is wide"),
        ("lip_radius: 0.0095", "lip_radius: 95",
         "lip_radius: expected a number, 0.0001 … 10 m, found 95; if that is in millimetres, write 0.095"),
        ("{cylinder: {radius: 0.0105, length: 0.02}", "{box: [0.02, 0.02, 0.02]",
         "links.suction_cup_link.collision: expected one upright cylinder"),
        ("suction_tube_joint:\n    {",
         "suction_tube_joint:\n    {type: prismatic, upper: 0.1, velocity: 1.0, effort: 1.0, ",
         "joints: a suction cup has no driven joints, but suction_tube_joint move"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_cell(with_cup(tmp_path, (old, new)))
    assert sentence in str(refused.value)
