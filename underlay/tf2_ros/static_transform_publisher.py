"""Publishes one transform that never changes, given on the command line."""

from __future__ import annotations

import argparse
import math
import secrets
import sys
from collections.abc import Sequence

import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.utilities import remove_ros_args
from tf2_ros import StaticTransformBroadcaster

TRANSLATION = ("x", "y", "z")
QUATERNION = ("qx", "qy", "qz", "qw")
ANGLES = ("roll", "pitch", "yaw")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        get_logger("static_transform_publisher").error(f"error parsing command line arguments: {message}")
        self.print_usage(sys.stderr)
        raise SystemExit(1)


def transform(words: Sequence[str]) -> TransformStamped:
    """The transform that command line arguments describe, without a stamp.

    Raises SystemExit with code 1 for arguments that cannot be used, with code 0 after printing the help.
    """
    parser = _Parser(prog="static_transform_publisher", description=__doc__, allow_abbrev=False)
    for name in TRANSLATION:
        parser.add_argument(f"--{name}", type=_number, help="metres")
    for name in QUATERNION:
        parser.add_argument(f"--{name}", type=_number, help="rotation as a quaternion")
    for name in ANGLES:
        parser.add_argument(f"--{name}", type=_number, help="rotation about fixed axes, radians")
    parser.add_argument("--frame-id", required=True, help="the parent frame")
    parser.add_argument("--child-frame-id", required=True)
    given = parser.parse_args(_joined(words))

    def values(names: Sequence[str], default: Sequence[float]) -> list[float]:
        return [
            other if getattr(given, name) is None else getattr(given, name)
            for name, other in zip(names, default, strict=True)
        ]

    if any(getattr(given, name) is not None for name in ANGLES):
        if any(getattr(given, name) is not None for name in QUATERNION):
            parser.error("Cannot specify both quaternion and Euler rotations")
        quaternion = _from_rpy(*values(ANGLES, (0.0, 0.0, 0.0)))
    else:
        quaternion = tuple(values(QUATERNION, (0.0, 0.0, 0.0, 1.0)))
    for name, frame in (("Frame id", given.frame_id), ("Child frame id", given.child_frame_id)):
        if not frame:
            parser.error(f"{name} must not be empty")
    if given.frame_id == given.child_frame_id:
        parser.error(f"child_frame_id cannot equal frame_id: both are {given.frame_id}")

    message = TransformStamped()
    message.header.frame_id, message.child_frame_id = given.frame_id, given.child_frame_id
    translation, rotation = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = values(TRANSLATION, (0.0, 0.0, 0.0))
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion
    return message


def main(args: list[str] | None = None) -> int:
    """The executable. Publishes until it is interrupted."""
    words = sys.argv if args is None else args
    message = transform(remove_ros_args(words)[1:])
    rclpy.init(args=words)
    try:
        # The name is unique, as the genuine one's: many of these run beside each other.
        node = rclpy.create_node(f"static_transform_publisher_{secrets.token_hex(8)}")
        message.header.stamp = node.get_clock().now().to_msg()
        StaticTransformBroadcaster(node).sendTransform(message)
        node.get_logger().info(
            f"Spinning until stopped - publishing transform from '{message.header.frame_id}' to "
            f"'{message.child_frame_id}'"
        )
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():  # otherwise it was told to stop while it was starting
            raise
    finally:
        rclpy.try_shutdown()
    return 0


def _joined(words: Sequence[str]) -> list[str]:
    """Every option in one word with its value: argparse takes a value like -1e-3 for another option."""
    joined, rest = [], iter(words)
    for word in rest:
        value = next(rest, None) if word.startswith("--") and word != "--help" else None
        joined.append(word if value is None else f"{word}={value}")
    return joined


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


_number.__name__ = "number"  # argparse names it in its message


def _from_rpy(roll: float, pitch: float, yaw: float) -> tuple[float, float, float, float]:
    """x, y, z, w of a roll about x, then a pitch about y, then a yaw about z, all fixed axes."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(a / 2), math.sin(a / 2)) for a in (roll, pitch, yaw))
    return (
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
        cr * cp * cy + sr * sp * sy,
    )


if __name__ == "__main__":
    sys.exit(main())
