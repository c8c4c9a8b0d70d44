"""Which ROS 2 is used, and what of the underlay is built beside it."""

from pathlib import Path

import pytest
from environment.console import SetupError
from environment.distribution import PACKAGE_MARKERS, choose_underlay, find_distribution


def make_prefix(folder: Path, *packages: str, python: str = "python3.12") -> Path:
    """A folder that looks like the prefix of a ROS 2 installation to the ament index."""
    markers = folder / PACKAGE_MARKERS
    markers.mkdir(parents=True)
    for package in packages:
        (markers / package).touch()
    (folder / "lib" / python / "site-packages" / "rclpy").mkdir(parents=True)
    return folder


@pytest.fixture
def root(tmp_path):
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


def find(root, **variables):
    return find_distribution(variables, root, root / ".venv")


def test_without_ros_the_wheels_are_used(root):
    found = find(root)
    assert not found.sourced
    assert found.prefixes == (root / ".venv",)


def test_a_sourced_distribution_is_used(root, tmp_path):
    prefix = make_prefix(tmp_path / "opt", "rclpy", "launch")
    found = find(root, ROS_DISTRO="lyrical", AMENT_PREFIX_PATH=f"{root / 'install' / 'x'}:{prefix}")
    assert (found.name, found.sourced, found.prefixes, found.python) == ("lyrical", True, (prefix,), (3, 12))


def test_a_sourced_distribution_without_rclpy_is_named(root, tmp_path):
    prefix = make_prefix(tmp_path / "opt", "launch")
    with pytest.raises(SetupError, match="jazzy is sourced but has no rclpy: install ros-jazzy-ros-base"):
        find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=str(prefix))


def test_two_distributions_in_one_shell_are_refused(root, tmp_path):
    both = [make_prefix(tmp_path / "ros" / name, "rclpy") for name in ("lyrical", "jazzy")]
    with pytest.raises(SetupError, match="jazzy and lyrical are sourced in the same shell"):
        find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=":".join(map(str, both)))


def test_a_workspace_on_top_of_a_distribution_is_no_second_one(root, tmp_path):
    ros = make_prefix(tmp_path / "ros" / "jazzy", "rclpy")
    overlay = make_prefix(tmp_path / "robotiq" / "install", "robotiq_driver")
    found = find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=f"{overlay}:{ros}")
    assert found.prefixes == (overlay, ros)


def test_our_own_environment_is_no_distribution(root):
    venv = make_prefix(root / ".venv", "rclpy")
    found = find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=f"{root}/install/lab_node:{venv}")
    assert not found.sourced


def test_the_environment_of_another_workspace_is_no_distribution(root, tmp_path):
    other = make_prefix(tmp_path / "other" / ".venv", "rclpy")
    sourced = {
        "ROS_DISTRO": "jazzy",
        "AMENT_PREFIX_PATH": str(other),
        "LAB_WORKSPACE": str(tmp_path / "other"),
    }
    assert not find(root, **sourced).sourced


def test_a_package_of_the_users_on_top_of_the_wheels_is_no_distribution(root, tmp_path):
    """As docs/extend.md has it: source .lab/activate, build, source install/setup.bash."""
    venv = make_prefix(root / ".venv", "rclpy")
    mine = make_prefix(tmp_path / "mine" / "install" / "blobs", "blobs")
    found = find(root, ROS_DISTRO="jazzy", LAB_WORKSPACE=str(root), AMENT_PREFIX_PATH=f"{mine}:{venv}")
    assert not found.sourced and found.prefixes == (venv,)


def test_an_activated_shell_has_the_distribution_that_it_was_set_up_with(root, tmp_path):
    """Its entries are there twice then: another distribution would be set up anew."""
    base, overlay = make_prefix(tmp_path / "base", "rclpy"), make_prefix(tmp_path / "overlay", "moveit_py")
    once = find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=f"{overlay}:{base}")
    activated = f"{root / 'install' / 'lab_node'}:{overlay}:{base}:{overlay}:{base}"
    assert find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=activated) == once


def test_only_what_the_distribution_lacks_is_built_from_the_underlay(root, tmp_path):
    base = make_prefix(tmp_path / "base", "rclpy", "launch")
    overlay = make_prefix(tmp_path / "overlay", "vision_msgs")
    found = find(root, ROS_DISTRO="jazzy", AMENT_PREFIX_PATH=f"{overlay}:{base}")
    underlay = ["tf2_ros_py", "launch", "vision_msgs", "control_msgs"]
    assert choose_underlay(underlay, found) == ["control_msgs", "tf2_ros_py"]


def test_everything_is_built_when_nothing_is_there(root):
    assert choose_underlay(["launch", "tf2_msgs"], find(root)) == ["launch", "tf2_msgs"]
