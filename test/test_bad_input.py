"""What cannot work ends at once, with one sentence that names the thing, and leaves nothing running."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAUNCH = """
import sys
from ros2launch.api import launch_a_launch_file
sys.exit(launch_a_launch_file(
    launch_file_path=sys.argv[1], launch_file_arguments=sys.argv[2:], noninteractive=True))
"""
ROOT = Path(__file__).parents[1]
CELL = ROOT / "launch" / "cell.launch.py"


def launch(*arguments, domain="64"):
    return subprocess.run(
        [sys.executable, "-c", LAUNCH, str(CELL), *arguments],
        env={**os.environ, "ROS_DOMAIN_ID": domain},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("robot:=ur55", ["ur55_table", "did you mean 'ur5e_table'"]),
        ("cell:=/nowhere/cell.yaml", ["/nowhere/cell.yaml"]),
        ("sim:=gazebo", ["sim:=gazebo", "ros_gz_sim", "gz_ros2_control", "sim:=mujoco"]),
        ("sim:=unity", ["unity", "mujoco"]),
        ("planner:=moveit", ["planner:=moveit", "moveit_py"]),
        ("planner:=chomp", ["planner:=chomp", "no motion planner is called", "auto, embedded, moveit"]),
        ("grasp_planner:=gpd", ["grasp_planner:=gpd", "no grasp planner", "antipodal", "suction"]),
        ("detector:=sam", ["detector:=sam", "no detector is called", "geometric"]),
        ("speed:=fast", ["fast"]),
        ("robto:=fr3", ["no launch argument 'robto'", "did you mean 'robot'"]),
        ("colour:=red", ["no launch argument 'colour'", "there are sim, robot"]),
        ("scene:=heap", ["heap", "scattered"]),
        ("scene:=/bin/ls", ["/bin/ls", "not UTF-8"]),
        ("parts:=-3", ["parts", "-3"]),
        ("seed:=99999999999", ["seed", "99999999999", "2147483647"]),
        ("speed:=-1.0", ["speed", "-1.0"]),
        ("speed:=nan", ["speed", "nan"]),
        ("meshes:=/nowhere/meshes", ["/nowhere/meshes", "OBJ or STL"]),
        ("namespace:=9/x", ["namespace '9/x' is no name", "such as 'left'"]),
        ("tf:=shared", ["tf:=shared", "namespace:="]),
        ("params_file:=/nowhere.yaml", ["params_file:=/nowhere.yaml", "no such file"]),
        ("log_level:=loud", ["loud", "debug"]),
        ("record:=/proc/version", ["/proc/version", "is a file"]),
    ],
)
def test_the_launch_file_refuses(argument, words):
    result = launch(argument)
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert all(word in said for word in words), said
    assert "process started" not in said


def test_a_log_that_nobody_reads_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    program = ["-P", ROOT / "environment" / "run_program.py", ROOT / "environment" / "run_launch_file.py"]
    done = subprocess.run(
        [sys.executable, *program, CELL, "robto:=fr3"],
        env={**os.environ, "ROS_DOMAIN_ID": "64"},
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    os.close(writer)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("ur5e_suction", "'suction_20mm' has no fingers"),
        ("ur5e_touch", "gripper.touch: nothing in Gazebo stands in for tactile pads: use sim:=mujoco"),
    ],
)
def test_gazebo_refuses_a_hand_that_nothing_in_it_stands_in_for(cell, sentence):
    result = launch(f"cell:={cell}", "sim:=gazebo")
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert sentence in said
    assert "process started" not in said


def test_a_domain_that_is_none_is_refused():
    result = launch("robot:=ur5e", domain="abc")
    assert result.returncode == 1
    assert "ROS_DOMAIN_ID is 'abc', expected a whole number, 0 to 232" in result.stdout + result.stderr


def test_the_node_that_knows_refuses_and_the_cell_ends():
    result = launch("parts:=60")
    said = result.stdout + result.stderr
    refusals = [line for line in said.splitlines() if "cannot configure" in line]
    assert result.returncode == 1
    assert len(refusals) == 1, said
    assert "60 parts do not fit" in refusals[0]
