"""What no message may hold, whatever its type; and what it costs to look."""

import time

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion, Vector3, WrenchStamped
from lab_interfaces.msg import Attempt, Grasp, HeldPart, Part, Scene, StopState, TaskStatus
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, Range
from std_msgs.msg import Header
from vision_msgs.msg import BoundingBox3D

from lab_core.geometry import PinholeCamera
from lab_node.conversions.clouds import cloud_message
from lab_node.conversions.images import camera_info_message, image_message
from lab_node.message_rules import defect

NAN, INFINITY = float("nan"), float("inf")


def scene(*ids, **box):
    size = Vector3(**{"x": 0.1, "y": 0.1, "z": 0.1, **box})
    return Scene(objects=[Part(id=name, box=BoundingBox3D(size=size)) for name in ids])


def joints(**fields):
    return JointState(**{"name": ["a", "b"], "position": [0.0, 1.0], **fields})


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (JointState(header=Header(stamp=Time(sec=-5))), "header.stamp is -5 s"),
        (Clock(clock=Time(sec=-1)), "clock is -1 s"),
        (Clock(clock=Time(nanosec=2_000_000_000)), "clock has 2000000000 nanoseconds"),
        (HeldPart(header=Header(stamp=Time(sec=-(2**31)))), "header.stamp is"),
        (Attempt(scene_stamp=Time(sec=-1)), "scene_stamp is -1 s"),
        (Attempt(grasp=Grasp(header=Header(stamp=Time(sec=-1)))), "grasp.header.stamp is -1 s"),
        (joints(position=[1.0]), "position holds 1 numbers for 2 names"),
        (joints(name=["a", "b\x1b[2J"]), "name[1] is 'b\\x1b[2J', which nobody can print"),
        (joints(name=["a", "b" * 300]), "name[1] has 300 letters"),
        (scene("a", "a"), "objects[1].id is 'a', given twice"),
        (scene(""), "objects[0].id is '', expected a name"),
        (scene(*map(str, range(501))), "objects holds 501 items"),
        (scene("a", x=NAN), "objects[0].box.size.x is nan"),
        (scene("a", y=INFINITY), "objects[0].box.size.y is inf"),
        (scene("a", "b", z=-0.1), "objects[0].box.size.z is -0.1 m"),
        (scene("a", z=1e5), "objects[0].box.size.z is 100000.0 m"),
        (Pose(position=Point(x=1e300)), "position.x is 1e+300, which cannot be meant"),
        (PoseStamped(pose=Pose(orientation=Quaternion(w=0.0))), "pose.orientation has no length"),
        (StopState(speed=NAN), "speed is nan, not a number"),
        (TaskStatus(phase="a\nb"), "phase is 'a\\nb'"),
        (PointCloud2(height=1, width=10, point_step=24, row_step=240), "data holds 0 bytes for 10x1 points"),
    ],
)
def test_what_cannot_be_meant_is_named(message, sentence):
    assert defect(message).startswith(sentence)


def test_what_says_something_passes():
    """A sensor that failed, a speed that is not known, a camera that is not calibrated have words of their
    own where they are read.
    """
    wrench = WrenchStamped()
    wrench.wrench.force.y = NAN
    unknown = joints(position=[NAN, 0.0], velocity=[NAN, NAN], effort=[])
    for message in (unknown, Range(range=INFINITY), Range(range=NAN), wrench, CameraInfo(k=[NAN] * 9)):
        assert defect(message) == ""


def test_messages_of_ours_pass():
    header = Header(frame_id="base_link", stamp=Time(sec=3))
    camera = PinholeCamera(640, 480, 615.0, 614.0, 319.5, 239.5)
    seen = scene("red box 1", "grün")
    seen.objects[0].segment = cloud_message(np.zeros((5, 3)), np.ones((5, 3)), header)
    seen.view.camera_info = camera_info_message(camera, header)
    seen.view.depth = image_message(np.full((4, 4), np.nan, np.float32), "32FC1", header)
    for message in (seen, Scene(), Image(), Attempt(), TaskStatus(), StopState(speed=1.0), HeldPart()):
        assert defect(message) == ""


def test_a_joint_state_costs_less_than_a_tenth_of_a_millisecond():
    """500 of them come in a second; of the best of some rounds, since others use the machine too."""
    state = JointState(
        name=[f"joint_{index}" for index in range(13)], position=[0.5] * 13, velocity=[0.1] * 13
    )
    assert min(_seconds(state, 200) for _ in range(5)) < 1e-4


def test_pixels_and_points_are_not_looked_at():
    small, large = Image(data=bytes(100)), Image(data=bytes(2_000_000))
    assert min(_seconds(large, 50) for _ in range(5)) < 10.0 * min(_seconds(small, 50) for _ in range(5))


def _seconds(message, times):
    defect(message)
    start = time.perf_counter()
    for _ in range(times):
        defect(message)
    return (time.perf_counter() - start) / times
