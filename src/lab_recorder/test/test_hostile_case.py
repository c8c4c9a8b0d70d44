"""A case whose messages can be decoded and cannot be: refused with one sentence that names the topic."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Pose, Quaternion
from lab_interfaces.msg import Grasp, GraspArray, Scene
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from lab_core.errors import ConfigurationError
from lab_recorder import recording as topics
from lab_recorder.case import DECISION, load_case
from lab_recorder.mcap_file import write_mcap
from lab_recorder.replay_cli import main
from lab_recorder.ros_decoding import KINDS
from lab_recorder.stages import Inputs

CASE = load_case(Path(__file__).parents[3] / "test" / "cases" / "part_taken_away")
JOINTS = Inputs.of(CASE).cell.robot.joint_names
NAN = float("nan")


def hostile(topic, message, kind=""):
    """The case with its messages of a topic replaced by one."""
    (entry, *_) = CASE.messages.get(topic) or CASE.messages[topics.SCENE]
    data = serialize_message(message)
    replaced = dataclasses.replace(
        entry, topic=topic, kind=kind or KINDS[topic], entry=dataclasses.replace(entry.entry, data=data)
    )
    return dataclasses.replace(CASE, messages={**CASE.messages, topic: [replaced]})


def trajectory(*points, names=JOINTS):
    return JointTrajectory(joint_names=list(names), points=list(points))


def point(second, value=0.0, joints=6):
    values = [value] * joints
    return JointTrajectoryPoint(positions=values, velocities=values, time_from_start=Duration(sec=second))


NO_ROTATION = Pose(orientation=Quaternion(w=0.0))


@pytest.mark.parametrize(
    ("topic", "message", "words"),
    [
        (topics.TRAJECTORY, trajectory(), "holds 0 points"),
        (topics.TRAJECTORY, trajectory(point(0)), "holds 1 points"),
        (topics.TRAJECTORY, trajectory(point(0), point(1, NAN)), "nan, not a number"),
        (topics.TRAJECTORY, trajectory(point(0), point(0)), "times that do not increase"),
        (topics.TRAJECTORY, trajectory(point(1), point(0)), "times that do not increase"),
        (topics.TRAJECTORY, trajectory(point(0), point(1, joints=2)), "has points without 6 positions"),
        (topics.TRAJECTORY, trajectory(point(0), point(1), names=["a"]), "is for other joints"),
        (topics.GRASPS, GraspArray(grasps=[Grasp(pose=NO_ROTATION)]), "grasps[0].pose.orientation"),
        (topics.OFFERED, GraspArray(grasps=[Grasp(width=NAN)]), "grasps[0].width is nan"),
        (topics.JOINTS, JointState(name=["a"], position=[0.0, 1.0]), "position holds 2 numbers"),
        (topics.JOINTS, JointState(name=["\x1b[2J"], position=[0.0]), "nobody can print"),
    ],
)
def test_what_no_run_holds_is_refused_with_its_topic(topic, message, words):
    with pytest.raises(ConfigurationError) as error:
        Inputs.of(hostile(topic, message)).all(topic)
    assert topic in str(error.value) and words in str(error.value) and "\n" not in str(error.value)


def test_a_message_of_another_type_than_its_topic_is_refused():
    with pytest.raises(ConfigurationError, match="holds sensor_msgs/msg/JointState, expected lab_interfaces"):
        Inputs.of(hostile(topics.SCENE, JointState(), "sensor_msgs/msg/JointState")).one(topics.SCENE)
    with pytest.raises(ConfigurationError, match="holds os/system, expected"):
        Inputs.of(hostile(topics.SCENE, JointState(), "os/system")).one(topics.SCENE)


def test_the_command_says_it_and_ends_with_2(tmp_path, capsys):
    scene = Scene()
    scene.header.stamp = Time(sec=-1)
    folder = shutil.copytree(CASE.folder, tmp_path / "case")
    case = hostile(topics.SCENE, scene)
    write_mcap(folder / DECISION, [item for items in case.messages.values() for item in items])
    assert main([str(folder)]) == 2
    assert "/scene/objects: header.stamp is -1 s" in capsys.readouterr().err
