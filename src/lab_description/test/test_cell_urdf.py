"""The URDF in each environment: with and without description packages, for ROS and for MuJoCo."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xacro

from lab_description import Cell, build_mujoco_urdf, build_urdf, config_directory, load_cell
from lab_description import meshes as installed_meshes
from lab_description.urdf import with_massless_root, xacro_file


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Which packages are installed is remembered; these tests change it."""
    yield
    installed_meshes.ros_package.cache_clear()
    installed_meshes.python_package.cache_clear()


def no_package(name: str) -> None:
    return None


def names(urdf: str) -> list[str]:
    return [mesh.get("filename", "") for mesh in ElementTree.fromstring(urdf).iter("mesh")]


def test_links_of_the_contract(ur5e_table: Cell) -> None:
    links = {link.get("name") for link in ElementTree.fromstring(build_urdf(ur5e_table)).iter("link")}
    assert links >= {
        "base_link", "base_link_inertia", "shoulder_link", "upper_arm_link", "forearm_link", "wrist_1_link",
        "wrist_2_link", "wrist_3_link", "flange", "tool0", "tcp", "left_pad", "right_pad",
        "robotiq_85_base_link", "camera_link", "camera_color_optical_frame",
        "table", "pedestal", "bin", "tray",
    }  # fmt: skip


def test_without_visuals_only_collision_shapes_remain(cell: Cell) -> None:
    urdf = ElementTree.fromstring(build_urdf(cell, visuals=False))
    assert not list(urdf.iter("visual"))
    shapes = sum(
        len(link.collision)
        for tree in (cell.robot, cell.end_effector, cell.camera.model)
        for link in tree.links.values()
    )
    assert len(list(urdf.iter("collision"))) == shapes + len(cell.furniture)


def test_without_description_packages_the_shapes_are_shown(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed_meshes, "ros_package", no_package)
    monkeypatch.setattr(installed_meshes, "python_package", no_package)
    urdf = ElementTree.fromstring(build_urdf(cell))
    assert not list(urdf.iter("mesh"))
    assert len(list(urdf.iter("visual"))) == len(list(urdf.iter("collision")))


def test_python_packages_are_named_by_file(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed_meshes, "ros_package", no_package)
    found = names(build_urdf(cell))
    if not found:
        pytest.skip("no Python package with meshes is installed")
    for name in found:
        assert name.startswith("file:///")
        assert Path(name.removeprefix("file://")).is_file()


def test_ros_packages_are_preferred_and_left_to_ros(
    ur5e_table: Cell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A prefix with the marker of ur_description stands for a full ROS 2 installation."""
    marker = tmp_path / "share" / "ament_index" / "resource_index" / "packages" / "ur_description"
    marker.parent.mkdir(parents=True)
    marker.touch()
    (tmp_path / "share" / "ur_description").mkdir()
    pytest.importorskip("ament_index_python")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    installed_meshes.ros_package.cache_clear()
    arm = [name for name in names(build_urdf(ur5e_table)) if "ur5e" in name]
    assert len(arm) == 7
    assert all(name.startswith("package://ur_description/meshes/ur5e/visual/") for name in arm)
    assert not any(
        name.endswith(".dae") for name in names(build_mujoco_urdf(ur5e_table))
    )  # it cannot read them


def test_mujoco_loads_it_with_its_meshes(cell: Cell) -> None:
    mujoco = pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    model = mujoco.MjModel.from_xml_string(build_mujoco_urdf(cell))
    assert model.nmesh == len(set(names(build_mujoco_urdf(cell))))
    for link in (*cell.robot.links, *cell.end_effector.links, cell.camera.frame):
        model.body(link)  # fixed frames are kept; raises KeyError otherwise
    assert model.neq == len(cell.end_effector.mimic_joints)
    for joint in cell.robot.joint_names:
        assert model.joint(joint).range == pytest.approx(
            [cell.robot.joints[joint].lower, cell.robot.joints[joint].upper]
        )


def test_same_text_every_time_and_no_folder_of_the_machine(cell: Cell) -> None:
    assert build_urdf(cell) == build_urdf(cell)
    assert str(config_directory()) not in build_urdf(cell)


def test_plain_xacro_expands_it_too(ur5e_table: Cell, tmp_path: Path) -> None:
    """As a cell engineer does it by hand."""
    arguments = [f"{name}:={path}" for name, path in ur5e_table.files.items()]
    program = [sys.executable, "-c", "import xacro; xacro.main()"]
    command = [*program, str(xacro_file()), *arguments, "packages:=ur_description"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    links = {link.get("name") for link in ElementTree.fromstring(done.stdout).iter("link")}
    assert links == {link.get("name") for link in ElementTree.fromstring(build_urdf(ur5e_table)).iter("link")}


@pytest.mark.parametrize("cell", ["ur5e_table", "fr3_table", "vs050_table"])
def test_only_the_root_loses_its_inertia(cell: str) -> None:
    """KDL has no place for the inertia of a root."""
    urdf = build_urdf(load_cell(cell))

    def heavy(text: str) -> set[str | None]:
        root = ElementTree.fromstring(text)
        return {link.get("name") for link in root.findall("link") if link.find("inertial") is not None}

    assert heavy(urdf) - heavy(with_massless_root(urdf)) <= {load_cell(cell).robot.base_link}
    assert load_cell(cell).robot.base_link not in heavy(with_massless_root(urdf))
    assert heavy(with_massless_root(urdf))


def test_what_was_expanded_before_is_taken_from_the_disk_until_a_file_changes(
    copied: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cell_file = copied / "cells" / "ur5e_table.yaml"
    first = build_urdf(load_cell(cell_file))
    with monkeypatch.context() as patch:
        patch.setattr(xacro, "process_file", lambda *_, **__: pytest.fail("expanded again"))
        assert build_urdf(load_cell(cell_file)) == first
    cell_file.write_text(cell_file.read_text().replace("[0.52, 0.0, -0.02]", "[0.53, 0.0, -0.02]"))
    assert build_urdf(load_cell(cell_file)) != first
