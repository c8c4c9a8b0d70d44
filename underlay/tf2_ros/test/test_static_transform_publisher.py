"""The command line, and the process: a transform for those that start later, and a clean end."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time

import pytest
import rclpy
import static_transform_publisher
import tf2_ros
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.time import Time
from static_transform_publisher import transform

DOMAIN = 22
PATIENCE = 30.0  # seconds; reached only when something is broken
FRAMES = ["--frame-id", "base", "--child-frame-id", "camera"]


def test_angles_and_translation():
    message = transform([*FRAMES, "--x", "1", "--z", "-2e-1", "--yaw", str(math.pi / 2)])
    assert (message.header.frame_id, message.child_frame_id) == ("base", "camera")
    t, r = message.transform.translation, message.transform.rotation
    assert (t.x, t.y, t.z) == (1.0, 0.0, -0.2)
    assert (r.x, r.y, r.z, r.w) == pytest.approx((0.0, 0.0, math.sqrt(0.5), math.sqrt(0.5)))


def test_roll_comes_before_pitch_before_yaw():
    quarter = str(math.pi / 2)
    r = transform([*FRAMES, "--roll", quarter, "--yaw", quarter]).transform.rotation
    assert (r.x, r.y, r.z, r.w) == pytest.approx((0.5, 0.5, 0.5, 0.5))
    r = transform([*FRAMES, "--roll", quarter, "--pitch", quarter]).transform.rotation
    assert (r.x, r.y, r.z, r.w) == pytest.approx((0.5, 0.5, -0.5, 0.5))


def test_a_quaternion():
    r = transform([*FRAMES, "--qz", "1", "--qw", "0"]).transform.rotation
    assert (r.x, r.y, r.z, r.w) == (0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (FRAMES[:2], "the following arguments are required: --child-frame-id"),
        ([*FRAMES, "--x", "one"], "argument --x: invalid number value: 'one'"),
        ([*FRAMES, "--x", "nan"], "argument --x: invalid number value: 'nan'"),
        ([*FRAMES, "--x"], "argument --x: expected one argument"),
        ([*FRAMES, "--height", "1"], "unrecognized arguments: --height=1"),
        ([*FRAMES, "1", "2"], "unrecognized arguments: 1 2"),
        ([*FRAMES, "--yaw", "1", "--qz", "1"], "Cannot specify both quaternion and Euler rotations"),
        (["--frame-id", "", "--child-frame-id", "camera"], "Frame id must not be empty"),
        (["--frame-id", "a", "--child-frame-id", "a"], "child_frame_id cannot equal frame_id: both are a"),
    ],
)
def test_what_cannot_be_used_is_said(words, sentence, capfd):
    with pytest.raises(SystemExit) as end:
        transform(words)
    assert end.value.code == 1
    assert f"error parsing command line arguments: {sentence}" in capfd.readouterr().err


def test_the_process_serves_a_late_listener_and_ends_with_ctrl_c():
    command = [sys.executable, static_transform_publisher.__file__, *FRAMES, "--x", "0.5", "--ros-args"]
    process = subprocess.Popen(command, env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)})
    context = Context()
    rclpy.init(context=context, domain_id=DOMAIN)
    node = rclpy.create_node("listener", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        buffer = tf2_ros.Buffer()
        listener = tf2_ros.TransformListener(buffer, node)
        deadline = time.monotonic() + PATIENCE
        while not buffer.can_transform("base", "camera", Time()):
            assert time.monotonic() < deadline
            assert process.poll() is None
            executor.spin_once(timeout_sec=0.05)
        assert buffer.lookup_transform("base", "camera", Time()).transform.translation.x == 0.5
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        listener.unregister()
    finally:
        process.kill()
        process.wait()
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()
