"""What `lab launch` and `ros2 launch` do."""

from __future__ import annotations

import launch.logging
import pytest
from ament_index_python.packages import PackageNotFoundError
from ros2launch.api import (
    InvalidLaunchFileError,
    MultipleLaunchFilesError,
    get_share_file_path_from_package,
    launch_a_launch_file,
    print_arguments_of_launch_file,
)
from ros2launch.api.api import parse_launch_arguments

SOURCE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration

def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument("sim", default_value=["mu", LaunchConfiguration("rest")], choices=["mujoco",
        "none"], description="What stands in for the cell"),
        DeclareLaunchArgument("seed", condition=IfCondition("true")),
        LogInfo(msg=["sim is ", LaunchConfiguration("sim")]),
    ])
"""


@pytest.fixture
def share(tmp_path, monkeypatch):
    """Share folder of the package `demo`, with one launch file."""
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "demo").touch()
    folder = tmp_path / "share" / "demo" / "launch"
    folder.mkdir(parents=True)
    (folder / "cell.launch.py").write_text(SOURCE)
    (folder / "notes.txt").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    launch.logging.reset()  # writes to what captures the output of this test
    return tmp_path / "share" / "demo"


def test_a_launch_file_is_found_in_its_package(share):
    path = get_share_file_path_from_package(package_name="demo", file_name="cell.launch.py")
    assert path == str(share / "launch" / "cell.launch.py")
    with pytest.raises(
        FileNotFoundError, match=r"'other\.launch\.py' was not found in the share directory of package 'demo'"
    ):
        get_share_file_path_from_package(package_name="demo", file_name="other.launch.py")
    with pytest.raises(PackageNotFoundError):
        get_share_file_path_from_package(package_name="no_such_package", file_name="cell.launch.py")
    (share / "cell.launch.py").touch()
    with pytest.raises(MultipleLaunchFilesError, match="more than once") as error:
        get_share_file_path_from_package(package_name="demo", file_name="cell.launch.py")
    assert len(error.value.paths) == 2


def test_arguments_are_shown(share, capsys):
    print_arguments_of_launch_file(launch_file_path=str(share / "launch" / "cell.launch.py"))
    assert capsys.readouterr().out == (
        "Arguments (pass arguments as '<name>:=<value>'):\n"
        "\n    'sim':\n        What stands in for the cell. Valid choices are: ['mujoco', 'none']"
        "\n        (default: 'mu' + LaunchConfig('rest'))\n"
        "\n    'seed':*\n        no description given\n"
        "\n* argument(s) which are only used if specific conditions occur\n"
    )


def test_a_file_is_launched_with_arguments(share, capsys):
    path = str(share / "launch" / "cell.launch.py")
    arguments = ["sim:=mujoco", "seed:=1", "sim:=none"]
    assert (
        launch_a_launch_file(launch_file_path=path, launch_file_arguments=arguments, noninteractive=True) == 0
    )
    assert "sim is none" in capsys.readouterr().out


def test_a_wrong_argument_fails(share, capsys):
    path = str(share / "launch" / "cell.launch.py")
    assert launch_a_launch_file(launch_file_path=path, launch_file_arguments=["sim:=x", "seed:=1"]) == 1
    assert 'Argument "sim" provided value "x" is not valid' in capsys.readouterr().out


def test_a_file_that_is_none_fails(share, capsys):
    path = str(share / "launch" / "no.launch.py")
    assert launch_a_launch_file(launch_file_path=path, launch_file_arguments=[]) == 1
    assert "FileNotFoundError" in capsys.readouterr().out
    with pytest.raises(InvalidLaunchFileError):
        print_arguments_of_launch_file(launch_file_path=path)


def test_malformed_arguments_are_refused():
    assert dict(parse_launch_arguments(["a:=1:=2", "a:=3"])) == {"a": "3"}
    for argument in ("a", ":=b", "a:="):
        with pytest.raises(RuntimeError, match="malformed launch argument"):
            parse_launch_arguments([argument])
