"""The SRDF names what the URDF has, and switches off no check that is needed."""

import logging
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio as pin
import pytest

from lab_core.errors import ConfigurationError
from lab_description import Cell, build_srdf, build_urdf, load_cell
from lab_description.collision_matrix import DisabledPair, compute_disabled_pairs, main
from lab_description.stored_pairs import disabled_pairs, fingerprint, matrix_file, store


def test_names_are_those_of_the_urdf(cell: Cell) -> None:
    urdf, srdf = (
        ElementTree.fromstring(build_urdf(cell, visuals=False)),
        ElementTree.fromstring(build_srdf(cell)),
    )
    assert srdf.get("name") == urdf.get("name")
    links = {link.get("name") for link in urdf.iter("link")}
    joints = {joint.get("name") for joint in urdf.iter("joint")}
    for pair in srdf.iter("disable_collisions"):
        assert {pair.get("link1"), pair.get("link2")} <= links
        assert pair.get("reason") in {"Adjacent", "Gripper", "Always", "Never"}
    assert {joint.get("name") for joint in srdf.iter("joint")} <= joints
    assert {link.get("name") for link in srdf.iter("link")} <= links
    (chain,) = srdf.iter("chain")
    assert {chain.get("base_link"), chain.get("tip_link")} <= links
    assert {group.get("name") for group in srdf.iter("group")} == {"manipulator", "gripper"}
    states = {(state.get("group"), state.get("name")) for state in srdf.iter("group_state")}
    of_fingers = {("gripper", "open"), ("gripper", "closed")} if cell.end_effector.moving else set()
    assert {("manipulator", "home")} | of_fingers <= states


def test_named_configurations_are_free_and_the_table_is_not(cell: Cell) -> None:
    """By Pinocchio, which reads URDF and SRDF by itself."""
    urdf, srdf = build_urdf(cell, visuals=False), build_srdf(cell)
    model = pin.buildModelFromXML(urdf)
    solids = pin.buildGeomFromUrdfString(model, urdf, pin.GeometryType.COLLISION)
    solids.addAllCollisionPairs()
    pin.removeCollisionPairsFromXML(model, solids, srdf)

    def collides(configuration: np.ndarray) -> bool:
        joints = pin.neutral(model)
        for name, position in zip(cell.robot.joint_names, configuration, strict=True):
            joints[model.joints[model.getJointId(name)].idx_q] = position
        return bool(
            pin.computeCollisions(model, model.createData(), solids, solids.createData(), joints, True)
        )

    for name in cell.robot.configurations:
        assert not collides(cell.robot.configuration(name)), name
    into_the_table = cell.robot.configuration("home").copy()
    into_the_table[1] = cell.robot.position_upper[1]
    assert collides(into_the_table)


def test_stored_pairs_belong_to_the_cell_as_it_is(cell: Cell, caplog: pytest.LogCaptureFixture) -> None:
    assert disabled_pairs(cell)
    assert not caplog.records
    assert fingerprint(cell) in matrix_file(cell).read_text(encoding="utf-8")


def test_pairs_that_never_meet_do_not_meet(cell: Cell) -> None:
    """Against samples of another seed, by a plain collision check."""
    urdf = build_urdf(cell, visuals=False)
    model = pin.buildModelFromXML(urdf)
    geometry = pin.buildGeomFromUrdfString(model, urdf, pin.GeometryType.COLLISION)
    never = {frozenset((pair.first, pair.second)) for pair in disabled_pairs(cell) if pair.reason == "Never"}
    for i, j in combinations(range(geometry.ngeoms), 2):
        shapes = geometry.geometryObjects[i], geometry.geometryObjects[j]
        if frozenset(model.frames[shape.parentFrame].name for shape in shapes) in never:
            geometry.addCollisionPair(pin.CollisionPair(i, j))
    assert len(geometry.collisionPairs) > 0
    data, geometry_data = model.createData(), geometry.createData()
    random = np.random.default_rng(12345)
    hand, place = cell.end_effector, {}
    for name in (*hand.moving, *hand.mimic_joints):
        place[name] = model.joints[model.getJointId(name)].idx_q
    for _ in range(2000):
        configuration = random.uniform(model.lowerPositionLimit, model.upperPositionLimit)
        for name, (multiplier, offset) in hand.mimic_joints.items():
            leader = configuration[place[hand.joints[name].mimic.joint]]
            configuration[place[name]] = multiplier * leader + offset
        assert not pin.computeCollisions(model, data, geometry, geometry_data, configuration, True)


def test_pairs_that_can_meet_stay_on(ur5e_table: Cell) -> None:
    off = {frozenset((pair.first, pair.second)) for pair in disabled_pairs(ur5e_table)}
    for hand in (
        "left_pad",
        "robotiq_85_base_link",
        "robotiq_85_left_finger_link",
        "wrist_3_link",
        "forearm_link",
    ):
        for other in ("table", "bin", "tray", "upper_arm_link", "base_link_inertia"):
            if (hand, other) != ("forearm_link", "upper_arm_link"):
                assert frozenset((hand, other)) not in off, (hand, other)
    # Rare among samples, yet within reach of a stretched arm.
    assert frozenset(("robotiq_85_base_link", "camera_link")) not in off
    assert frozenset(("robotiq_85_base_link", "camera_stand")) not in off


def test_sampling_is_decided_by_the_seed(ur5e_table: Cell) -> None:
    urdf = build_urdf(ur5e_table, visuals=False)
    links = ur5e_table.gripper.links
    first = compute_disabled_pairs(urdf, links, seed=3, samples=500)
    assert first == compute_disabled_pairs(urdf, links, seed=3, samples=500)
    assert first == sorted(first)


def test_a_changed_cell_gets_its_own_pairs(
    copied: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored matrix is not used for another geometry; the command stores one that is."""
    # loggers that are born after launch was imported keep what they hear to themselves
    monkeypatch.setattr(logging.getLogger("lab_description.stored_pairs"), "propagate", True)
    file = copied / "cells" / "ur5e_table.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("depth: 0.12", "depth: 0.13"), encoding="utf-8")
    cell = load_cell(file)
    assert fingerprint(cell) != fingerprint(load_cell("ur5e_table"))
    assert disabled_pairs(cell)
    assert "python -m lab_description.collision_matrix" in caplog.text
    caplog.clear()
    assert main([str(file), "--samples", "500"]) == 0
    assert disabled_pairs(cell)
    assert not caplog.records


def test_how_fast_a_joint_is_does_not_change_the_pairs() -> None:
    cell = load_cell("ur5e_table")
    joints = {
        name: replace(joint, velocity=0.5 * joint.velocity) for name, joint in cell.robot.joints.items()
    }
    slow = replace(cell, robot=replace(cell.robot, joints=joints))
    assert fingerprint(slow) == fingerprint(cell)


def test_colours_do_not_change_the_pairs(copied: Path) -> None:
    file = copied / "cells" / "ur5e_table.yaml"
    text = file.read_text(encoding="utf-8").replace("[0.30, 0.45, 0.62]", "[1.0, 0.0, 0.0]")
    file.write_text(text, encoding="utf-8")
    assert fingerprint(load_cell(file)) == fingerprint(load_cell("ur5e_table"))


def test_a_malformed_matrix_is_named(copied: Path) -> None:
    file = copied / "collision_matrices" / "ur5e_table.yaml"
    file.write_text("fingerprint: 5\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"ur5e_table\.yaml: fingerprint: expected a text, found 5"):
        build_srdf(load_cell(copied / "cells" / "ur5e_table.yaml"))


@pytest.mark.parametrize("print_of_now", [True, False])
def test_pairs_of_a_link_that_is_not_there_are_named(copied: Path, print_of_now: bool) -> None:
    file = copied / "collision_matrices" / "ur5e_table.yaml"
    text = file.read_text(encoding="utf-8").replace("[bin, camera_link, Adjacent]", "[bin, kamera, Adjacent]")
    if not print_of_now:
        text = text.replace(fingerprint(load_cell("ur5e_table")), "0123456789abcdef")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"disabled: the cell has no link 'kamera'; store the pairs anew"
    ):
        build_srdf(load_cell(copied / "cells" / "ur5e_table.yaml"))


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"]) == 2
    assert "no cell 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--samples", "-5"], "samples: expected a whole number, 1 … 100000, found -5"),
        (["--samples", "0"], "samples: expected"),
        (["--samples", "1000000000"], "samples: expected"),
        (["--seed", "-1"], "seed: expected a whole number, 0 … 2.14748e+09, found -1"),
    ],
)
def test_stored_pairs_are_not_replaced_by_nonsense(
    copied: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    cell = copied / "cells" / "ur5e_table.yaml"
    stored = copied / "collision_matrices" / "ur5e_table.yaml"
    before = stored.read_bytes()
    assert main([str(cell), *words]) == 2
    assert sentence in capsys.readouterr().err
    assert stored.read_bytes() == before


def test_stored_pairs_are_not_replaced_by_half_a_file(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = load_cell(copied / "cells" / "ur5e_table.yaml")
    before = matrix_file(cell).read_bytes()
    unknown = [DisabledPair("a link", "of nobody", "Never")]
    monkeypatch.setattr("lab_description.collision_matrix.compute_disabled_pairs", lambda *_: unknown)
    with pytest.raises(ConfigurationError, match="the cell has no link"):
        store(cell, 0, 1)
    assert matrix_file(cell).read_bytes() == before
