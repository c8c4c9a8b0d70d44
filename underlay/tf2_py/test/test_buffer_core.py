"""BufferCore against 4x4 matrices, and its refusals by kind and sentence."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import tf2_py
from builtin_interfaces.msg import Time as TimeMessage
from geometry_msgs.msg import TransformStamped
from hypothesis import assume, given
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time
from tf2_py import BufferCore

SECOND = 1_000_000_000


def transform(parent, child, at=0.0, xyz=(0.0, 0.0, 0.0), quaternion=(0.0, 0.0, 0.0, 1.0)):
    message = TransformStamped()
    message.header.frame_id = parent
    message.child_frame_id = child
    message.header.stamp = Time(nanoseconds=round(at * SECOND)).to_msg()
    translation, rotation = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = map(float, xyz)
    rotation.x, rotation.y, rotation.z, rotation.w = map(float, quaternion)
    return message


def about_z(angle):
    return (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))


def time(seconds):
    return Time(nanoseconds=round(seconds * SECOND))


def matrix(message):
    t, r = message.transform.translation, message.transform.rotation
    x, y, z, w = r.x, r.y, r.z, r.w
    result = np.eye(4)
    result[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    result[:3, 3] = t.x, t.y, t.z
    return result


def buffer(*messages, static=False):
    core = BufferCore()
    for message in messages:
        (core.set_transform_static if static else core.set_transform)(message, "test")
    return core


@st.composite
def poses(draw):
    """Translation of up to 10 m and any rotation."""
    xyz = [draw(st.floats(-10, 10)) for _ in range(3)]
    quaternion = np.array([draw(st.floats(-1, 1)) for _ in range(4)])
    norm = np.linalg.norm(quaternion)
    assume(norm > 0.1)
    return xyz, quaternion / norm


@given(poses(), poses(), poses())
def test_a_lookup_is_the_product_of_the_chain(first, second, third):
    messages = [
        transform("base", "arm", 1.0, *first),
        transform("arm", "tool", 1.0, *second),
        transform("base", "camera", 1.0, *third),
    ]
    core = buffer(*messages)
    base_from_arm, arm_from_tool, base_from_camera = map(matrix, messages)
    camera_from_tool = np.linalg.inv(base_from_camera) @ base_from_arm @ arm_from_tool

    base_from_tool = matrix(core.lookup_transform_core("base", "tool", time(1.0)))
    np.testing.assert_allclose(base_from_tool, base_from_arm @ arm_from_tool, atol=1e-9)
    np.testing.assert_allclose(
        matrix(core.lookup_transform_core("camera", "tool", time(1.0))), camera_from_tool, atol=1e-9
    )


@given(poses(), poses())
def test_swapping_the_frames_inverts_the_transform(first, second):
    core = buffer(transform("base", "arm", 1.0, *first), transform("arm", "tool", 1.0, *second))
    there = matrix(core.lookup_transform_core("base", "tool", time(1.0)))
    back = matrix(core.lookup_transform_core("tool", "base", time(1.0)))
    np.testing.assert_allclose(there @ back, np.eye(4), atol=1e-9)


@given(poses(), poses(), st.floats(0.0, 1.0))
def test_interpolation_moves_straight_and_turns_at_constant_speed(start, end, ratio):
    core = buffer(transform("base", "tool", 1.0, *start), transform("base", "tool", 2.0, *end))
    stamp = time(1.0 + ratio)
    ratio = (stamp.nanoseconds - SECOND) / SECOND
    first, middle, last = (
        matrix(core.lookup_transform_core("base", "tool", t)) for t in (time(1.0), stamp, time(2.0))
    )
    np.testing.assert_allclose(middle[:3, 3], (1 - ratio) * first[:3, 3] + ratio * last[:3, 3], atol=1e-9)
    assert angle(first, middle) == pytest.approx(ratio * angle(first, last), abs=1e-6)
    assert angle(middle, last) == pytest.approx((1 - ratio) * angle(first, last), abs=1e-6)


def angle(a, b):
    """Of the rotation between two transforms. From the chord: exact for small angles too."""
    return 2 * math.asin(min(1.0, np.linalg.norm(a[:3, :3] - b[:3, :3]) / (2 * math.sqrt(2))))


@given(poses())
def test_the_answer_has_the_sign_that_a_rotation_matrix_gives(pose):
    rotation = buffer(transform("base", "tool", 1.0, *pose)).lookup_transform_core("base", "tool", time(1.0))
    x, y, z, w = (getattr(rotation.transform.rotation, axis) for axis in "xyzw")
    if 4 * w * w > 1 + 1e-9:
        assert w > 0
    elif 4 * w * w < 1 - 1e-9:
        assert max(x, y, z) == pytest.approx(max(abs(x), abs(y), abs(z)))


def test_the_message_names_frames_and_stamp():
    core = buffer(transform("base", "tool", 1.5, (1, 2, 3)))
    message = core.lookup_transform_core("base", "tool", time(1.5))
    assert message == transform("base", "tool", 1.5, (1, 2, 3))


def test_times_may_be_messages():
    core = buffer(transform("base", "tool", 1.5, (1, 2, 3)))
    assert core.can_transform_core("base", "tool", TimeMessage(sec=1, nanosec=SECOND // 2)) == (1, "")
    with pytest.raises(TypeError, match="time must have sec and nanosec, or nanoseconds"):
        core.lookup_transform_core("base", "tool", 1.5)


def test_time_zero_asks_for_the_latest_common_time():
    core = buffer(
        transform("base", "arm", 1.0, (1, 0, 0)),
        transform("base", "arm", 2.0, (2, 0, 0)),
        transform("arm", "tool", 1.0, (0, 1, 0)),
        transform("arm", "tool", 1.5, (0, 1, 0)),
    )
    core.set_transform_static(transform("base", "camera", 0.0, (0, 0, 1)), "test")
    message = core.lookup_transform_core("base", "tool", Time())
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1, SECOND // 2)
    assert message.transform.translation.x == pytest.approx(1.5)
    assert core.get_latest_common_time("base", "tool") == time(1.5)
    assert core.get_latest_common_time("camera", "tool") == time(1.5)
    assert core.get_latest_common_time("camera", "base") == Time()
    with pytest.raises(
        tf2_py.LookupException, match='"hand" passed to get_latest_common_time does not exist'
    ):
        core.get_latest_common_time("hand", "tool")


def test_static_transforms_are_true_at_all_times():
    core = buffer(transform("base", "camera", 7.0, (1, 0, 0)), static=True)
    for seconds in (0.0, 0.001, 7.0, 1e6):
        message = core.lookup_transform_core("base", "camera", time(seconds))
        assert message.transform.translation.x == 1.0
        assert Time.from_msg(message.header.stamp).nanoseconds == time(seconds).nanoseconds


def test_a_frame_may_turn_from_static_to_moving_and_back():
    core = buffer(transform("base", "part", 0.0, (1, 0, 0)), static=True)
    core.set_transform(transform("base", "part", 5.0, (2, 0, 0)), "test")
    assert core.can_transform_core("base", "part", time(4.0))[0] == 0
    core.set_transform_static(transform("base", "part", 0.0, (3, 0, 0)), "test")
    assert core.lookup_transform_core("base", "part", time(4.0)).transform.translation.x == 3.0


def test_a_frame_that_changes_its_parent_is_not_interpolated_across_the_change():
    core = buffer(
        transform("table", "part", 1.0, (1, 0, 0)),
        transform("gripper", "part", 2.0, (0, 0, 0)),
        transform("table", "gripper", 1.0, (5, 0, 0)),
        transform("table", "gripper", 3.0, (7, 0, 0)),
    )
    assert core.lookup_transform_core("table", "part", time(1.9)).transform.translation.x == 1.0
    assert core.lookup_transform_core("table", "part", time(2.0)).transform.translation.x == 6.0


def test_samples_may_arrive_out_of_order():
    core = buffer(*(transform("base", "tool", at, (at, 0, 0)) for at in (3.0, 1.0, 2.0)))
    assert core.lookup_transform_core("base", "tool", time(1.5)).transform.translation.x == pytest.approx(1.5)


def test_a_later_message_of_the_same_stamp_replaces_the_earlier():
    core = buffer(transform("base", "tool", 1.0, (1, 0, 0)), transform("base", "tool", 1.0, (2, 0, 0)))
    assert core.lookup_transform_core("base", "tool", time(1.0)).transform.translation.x == 2.0


def test_samples_older_than_the_cache_time_are_dropped(capfd):
    core = buffer(transform("base", "tool", 1.0), transform("base", "tool", 11.0))
    assert core.can_transform_core("base", "tool", time(1.0)) == (1, "")
    core.set_transform(transform("base", "tool", 11.5), "test")
    assert core.can_transform_core("base", "tool", time(1.0)) == (1, ""), "it goes with the next one"
    core.set_transform(transform("base", "tool", 11.6), "test")
    assert "extrapolation into the past" in core.can_transform_core("base", "tool", time(1.0))[1]
    core.set_transform(transform("base", "tool", 1.2), "a late sender")
    said = capfd.readouterr().err
    assert "TF_OLD_DATA ignoring data from the past for frame tool at time 1.200000" in said
    assert "a late sender" in said


def test_the_cache_time_can_be_chosen():
    core = BufferCore(Duration(seconds=2))
    for at in (1.0, 3.0, 3.5, 3.6):
        core.set_transform(transform("base", "tool", at), "test")
    assert core.can_transform_core("base", "tool", time(1.0))[0] == 0
    assert core.can_transform_core("base", "tool", time(3.2))[0] == 1


def test_a_frame_in_itself_is_the_identity_even_unheard():
    core = buffer(transform("base", "tool", 2.0, (1, 0, 0)))
    assert core.lookup_transform_core("nowhere", "nowhere", time(1.0)) == transform("nowhere", "nowhere", 1.0)
    assert core.lookup_transform_core("tool", "tool", Time()) == transform("tool", "tool", 2.0)
    assert core.can_transform_core("nowhere", "nowhere", time(1.0)) == (1, "")


def test_the_full_lookup_compares_two_times_over_a_fixed_frame():
    core = buffer(transform("base", "belt", 1.0, (1, 0, 0)), transform("base", "belt", 2.0, (4, 0, 0)))
    message = core.lookup_transform_full_core("belt", time(2.0), "belt", time(1.0), "base")
    assert message.transform.translation.x == pytest.approx(-3.0)
    assert core.can_transform_full_core("belt", time(2.0), "belt", time(1.0), "base") == (1, "")
    possible, why = core.can_transform_full_core("belt", time(2.0), "belt", time(0.5), "base")
    assert possible == 0
    assert "extrapolation into the past" in why
    possible, why = core.can_transform_full_core("belt", time(2.0), "belt", time(1.0), "wall")
    assert (possible, why) == (
        0,
        'Invalid frame ID "wall" passed to canTransform argument fixed_frame - frame does not exist',
    )
    with pytest.raises(tf2_py.LookupException, match='"wall" passed to lookupTransform argument fixed_frame'):
        core.lookup_transform_full_core("belt", time(2.0), "belt", time(1.0), "wall")


MOVING = [transform("base", "tool", at) for at in (1.0, 2.0)]

REFUSALS = [
    (
        MOVING, "base", "tool", 2.5, tf2_py.ExtrapolationException,
        "Lookup would require extrapolation into the future.  Requested time 2.500000 but the latest data is "
        "at time 2.000000, when looking up transform from frame [tool] to frame [base]",
    ),
    (
        MOVING, "tool", "base", 0.5, tf2_py.ExtrapolationException,
        "Lookup would require extrapolation into the past.  Requested time 0.500000 but the earliest data is "
        "at time 1.000000, when looking up transform from frame [base] to frame [tool]",
    ),
    (
        MOVING[:1], "base", "tool", 1.5, tf2_py.ExtrapolationException,
        "Lookup would require extrapolation at time 1.500000, but only time 1.000000 is in the buffer, when "
        "looking up transform from frame [tool] to frame [base]",
    ),
    (
        MOVING, "base", "hand", 1.5, tf2_py.LookupException,
        '"hand" passed to lookupTransform argument source_frame does not exist. ',
    ),
    (
        MOVING, "world", "tool", 1.5, tf2_py.LookupException,
        '"world" passed to lookupTransform argument target_frame does not exist. ',
    ),
    (
        MOVING, "/base", "tool", 1.5, tf2_py.InvalidArgumentException,
        'Invalid argument "/base" passed to lookupTransform argument target_frame - in tf2 frame_ids cannot '
        "start with a '/'",
    ),
    (
        MOVING, "base", "", 1.5, tf2_py.InvalidArgumentException,
        'Invalid argument "" passed to lookupTransform argument source_frame - in tf2 frame_ids cannot '
        "be empty",
    ),
    (
        [*MOVING, transform("island", "palm", 1.0), transform("island", "palm", 2.0)],
        "base", "palm", 1.5, tf2_py.ConnectivityException,
        "Could not find a connection between 'base' and 'palm' because they are not part of the same tree."
        "Tf has two or more unconnected trees.",
    ),
    (
        [*MOVING, transform("island", "palm", 1.0)], "base", "palm", 0.0, tf2_py.ConnectivityException,
        "Could not find a connection between 'base' and 'palm' because they are not part of the same tree."
        "Tf has two or more unconnected trees.",
    ),
    (
        [transform(*names, 1.0) for names in (("b", "a"), ("c", "b"), ("a", "c"), ("x", "y"))],
        "y", "a", 1.0, tf2_py.LookupException, "The tf tree is invalid because it contains a loop.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "target", "source", "at", "kind", "sentence"), REFUSALS)
def test_refusals(messages, target, source, at, kind, sentence):
    core = buffer(*messages)
    with pytest.raises(tf2_py.TransformException) as error:
        core.lookup_transform_core(target, source, time(at))
    assert type(error.value) is kind
    assert str(error.value).startswith(sentence)
    possible, why = core.can_transform_core(target, source, time(at))
    assert possible == 0
    if "passed to" not in sentence:
        assert why.startswith(sentence)


def test_missing_data_above_the_meeting_point_does_not_matter():
    """arm and camera meet in base; that base in world is known at another time only is no obstacle."""
    core = buffer(
        transform("world", "base", 9.0),
        transform("base", "arm", 1.0, (1, 0, 0)),
        transform("base", "camera", 1.0, (0, 1, 0)),
    )
    assert core.lookup_transform_core("camera", "arm", time(1.0)).transform.translation.y == -1.0
    assert core.lookup_transform_core("base", "arm", time(1.0)).transform.translation.x == 1.0
    with pytest.raises(tf2_py.ExtrapolationException, match=r"only time 9\.000000 is in the buffer"):
        core.lookup_transform_core("world", "arm", time(1.0))


def test_clearing_forgets_samples_and_keeps_static_transforms():
    core = buffer(transform("base", "tool", 1.0))
    core.set_transform_static(transform("base", "camera", 0.0), "test")
    core.clear()
    assert core.can_transform_core("base", "camera", time(1.0)) == (1, "")
    with pytest.raises(tf2_py.ConnectivityException):
        core.lookup_transform_core("base", "tool", Time())
    with pytest.raises(tf2_py.ExtrapolationException):
        core.lookup_transform_core("base", "tool", time(1.0))
    assert core._frameExists("tool")
    core.set_transform(transform("base", "tool", 0.5), "test")
    assert core.can_transform_core("base", "tool", time(0.5)) == (1, "")


def test_a_quaternion_of_another_length_is_made_one_of_length_1():
    core = buffer(transform("base", "tool", 1.0, quaternion=(0.0, 0.0, 0.0, 1.5)))
    assert core.lookup_transform_core("base", "tool", Time()).transform.rotation.w == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (transform("base", "base", 1.0), "TF_SELF_TRANSFORM"),
        (transform("", "tool", 1.0), "TF_NO_FRAME_ID"),
        (transform("base", "/", 1.0), "TF_NO_CHILD_FRAME_ID"),
        (transform("base", "tool", 1.0, (math.nan, 0, 0)), "TF_NAN_INPUT"),
        (transform("base", "tool", 1.0, quaternion=(0, 0, 0, 0)), "TF_DENORMALIZED_QUATERNION"),
    ],
)
def test_what_cannot_be_kept_is_named_in_the_log(message, sentence, capfd):
    core = BufferCore()
    assert core.set_transform(message, "some_node") is None
    said = capfd.readouterr().err
    assert sentence in said
    assert "some_node" in said
    assert core._getFrameStrings() == []


def test_a_leading_slash_of_a_sender_is_dropped():
    core = buffer(transform("/base", "/tool", 1.0))
    assert core.can_transform_core("base", "tool", time(1.0)) == (1, "")


def test_the_tree_can_be_printed():
    core = BufferCore()
    assert core.all_frames_as_yaml() == "[]"
    for at in (1.0, 1.5, 2.0):
        core.set_transform(transform("base", "tool", at), "arm_driver")
    core.set_transform_static(transform("base", "camera"), "calibration")
    assert core.all_frames_as_string() == (
        "Frame tool exists with parent base.\nFrame camera exists with parent base.\n"
    )
    assert core.all_frames_as_yaml() == (
        "tool: \n  parent: 'base'\n  broadcaster: 'arm_driver'\n  rate: 3.000\n"
        "  most_recent_transform: 2.000000\n  oldest_transform: 1.000000\n  buffer_length: 1.000\n"
        "camera: \n  parent: 'base'\n  broadcaster: 'calibration'\n  rate: 10000.000\n"
        "  most_recent_transform: 0.000000\n  oldest_transform: 0.000000\n  buffer_length: 0.000\n"
    )


def test_reading_and_writing_from_two_threads():
    """Every answer belongs to one sample: translation and stamp are never torn apart."""
    core = BufferCore(Duration(seconds=1))
    samples = range(1, 4001)

    def write():
        for k in samples:
            core.set_transform(transform("base", "tool", k * 0.001, (k, 0, 0)), "writer")

    core.set_transform(transform("base", "tool", 0.001, (1, 0, 0)), "writer")
    writer = threading.Thread(target=write)
    writer.start()
    answers = 0
    while writer.is_alive() or not answers:
        message = core.lookup_transform_core("base", "tool", Time())
        stamp = Time.from_msg(message.header.stamp).nanoseconds
        assert message.transform.translation.x == pytest.approx(stamp / 1e6)
        answers += 1
    writer.join()
    assert core.lookup_transform_core("base", "tool", Time()).transform.translation.x == samples[-1]
