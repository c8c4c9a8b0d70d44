"""Codes, codecs and freshness."""

from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import Pose, Quaternion
from lab_interfaces.msg import Outcome
from rclpy.clock import ClockType, ROSClock
from rclpy.time import Time
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Header

from lab_core.errors import CancelledError, InvalidRequestError, StaleInputError
from lab_core.geometry import PinholeCamera
from lab_core.outcomes import OutcomeCode
from lab_node.conversions.clouds import cloud_message, points_and_normals
from lab_node.conversions.images import (
    camera_info_message,
    depth_in_metres,
    image_message,
    pinhole_camera,
    rgb,
)
from lab_node.conversions.outcomes import name_of, outcome_from
from lab_node.conversions.poses import matrix_from_pose, pose_from_matrix
from lab_node.freshness import Latest, Silence

HEADER = Header(frame_id="camera", stamp=TimeMessage(sec=3, nanosec=5))


def test_codes_are_those_of_the_message():
    in_message = vars(type(Outcome))["_Metaclass_Outcome__constants"]
    assert {code.name: code.value for code in OutcomeCode} == in_message


def test_an_exception_says_its_outcome():
    outcome = outcome_from(CancelledError("the operator asked for it"))
    assert name_of(outcome) == "CANCELLED"
    assert outcome.message == "the operator asked for it"


def test_a_sentence_is_one_line_whatever_it_quotes():
    assert str(CancelledError("key 'a\nb\x1b[2J' is ü")) == "key 'a\\nb\\x1b[2J' is ü"


@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("16UC1", np.array([[0, 750], [65535, 1200]], dtype=np.uint16)),
        ("32FC1", np.array([[np.nan, 0.75], [65.535, 1.2]], dtype=np.float32)),
    ],
)
def test_depth_is_metres_with_nan_for_no_data(encoding, pixels):
    depth = depth_in_metres(image_message(pixels, encoding, HEADER))
    assert depth.dtype == np.float32
    assert np.allclose(depth, [[np.nan, 0.75], [65.535, 1.2]], equal_nan=True)


def test_infinite_and_negative_depth_is_no_data():
    pixels = np.array([[np.inf, -1.0]], dtype=np.float32)
    assert np.isnan(depth_in_metres(image_message(pixels, "32FC1", HEADER))).all()


def test_colour_of_either_order_is_rgb_and_padding_is_skipped():
    padded = np.zeros((2, 8), dtype=np.uint8)
    padded[:, :6] = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]
    message = Image(header=HEADER, height=2, width=2, encoding="bgr8", step=8, data=padded.tobytes())
    assert rgb(message).tolist() == [[[3, 2, 1], [6, 5, 4]], [[9, 8, 7], [12, 11, 10]]]


def test_an_image_that_lies_about_its_size_is_refused():
    message = Image(height=480, width=640, encoding="16UC1", step=1280, data=b"\0" * 100)
    with pytest.raises(InvalidRequestError, match="holds 100 bytes"):
        depth_in_metres(message)


def test_a_wrong_encoding_is_named():
    with pytest.raises(InvalidRequestError, match="encoding 'yuv422'"):
        rgb(Image(encoding="yuv422"))


def test_intrinsics_survive_the_message():
    camera = PinholeCamera(640, 480, 615.0, 614.0, 319.5, 239.5)
    assert pinhole_camera(camera_info_message(camera, HEADER)) == camera


def test_uncalibrated_camera_is_refused():
    message = camera_info_message(PinholeCamera(640, 480, 615.0, 614.0, 319.5, 239.5), HEADER)
    message.k = [0.0] * 9
    with pytest.raises(InvalidRequestError, match="calibrate"):
        pinhole_camera(message)


def test_clouds_survive_the_message():
    rng = np.random.default_rng(0)
    points, normals = rng.normal(size=(2, 40, 3)).astype(np.float32)
    there = points_and_normals(cloud_message(points, normals, HEADER))
    assert np.array_equal(there[0], points)
    assert np.array_equal(there[1], normals)


def test_a_pose_without_rotation_is_refused():
    with pytest.raises(InvalidRequestError, match="no length"):
        matrix_from_pose(Pose(orientation=Quaternion(x=0.0, y=0.0, z=0.0, w=0.0)))
    assert np.allclose(matrix_from_pose(pose_from_matrix(np.eye(4))), np.eye(4))


def test_only_fresh_messages_are_used():
    latest = Latest[JointState]("joint state on /joint_states")
    with pytest.raises(StaleInputError, match="no joint state on /joint_states has come"):
        latest.fresh(Time(seconds=10), max_age=0.5)
    latest.put(JointState(header=Header(stamp=TimeMessage(sec=9, nanosec=800_000_000))))
    assert latest.fresh(Time(seconds=10), max_age=0.5).header.stamp.sec == 9
    with pytest.raises(StaleInputError, match=r"1\.20 s old, the limit is 0\.50 s"):
        latest.fresh(Time(seconds=11), max_age=0.5)
    with pytest.raises(StaleInputError, match=r"0\.80 s ahead of the clock of this node"):
        latest.fresh(Time(seconds=9), max_age=0.5)
    assert latest.wait_for_newer(Time(seconds=9), wall_timeout=1.0) is not None
    assert latest.wait_for_newer(Time(seconds=20), wall_timeout=0.01) is None


def test_a_simulation_that_stands_or_jumps_is_not_silence():
    clock = ROSClock()
    clock._set_ros_time_is_active(True)
    silence = Silence(SimpleNamespace(get_clock=lambda: clock))
    assert silence.seconds == 0.0  # it stands: however long the wall goes on
    clock.set_ros_time_override(Time(seconds=1000, clock_type=ClockType.ROS_TIME))
    assert 0.0 < silence.seconds < 500.0  # it jumps: by the wall it was a moment
    silence.hear()
    assert silence.seconds == 0.0
