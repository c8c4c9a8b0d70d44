"""Hostile messages of any type, and the targets that take them."""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any

from hypothesis import strategies as st
from lab_interfaces.msg import Attempt, Grasp, GraspArray, HeldPart, Scene, StopState, TaskStatus
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.time import Time
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from vision_msgs.msg import Detection3DArray

from lab_description import load_cell
from lab_evaluation.fuzzing.findings import Wrong
from lab_evaluation.fuzzing.target import Target
from lab_motion.conversions import grasp_to_carry_out, ordered_positions, scene_to_plan_in
from lab_motion.planning.port import PlanningScene
from lab_node.conversions.scene import parts_from_detections
from lab_node.message_rules import defect

_NAN, _INFINITY = float("nan"), float("inf")
_FLOATS = st.sampled_from([0.0, -0.0, 1.0, 0.05, -0.05, 1e-320, 1e300, -1e300, _NAN, _INFINITY, -_INFINITY])
_TEXTS = st.sampled_from(["", "a", "base_link", "object_1", "[/red]", "\x1b[2J", "a\nb", "ä" * 300, "../x"])
_RANGES = {
    f"{sign}int{bits}": (0 if sign else -(2 ** (bits - 1)), 2**bits - 1 if sign else 2 ** (bits - 1) - 1)
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
LIST = re.compile(r"sequence<([^,>]+)(?:, \d+)?>|([^\[\]]+)\[(\d+)\]")
KINDS = (Scene, GraspArray, HeldPart, StopState, TaskStatus, Attempt, JointState, Detection3DArray, Header)


@cache
def messages(kind: Any) -> st.SearchStrategy[Any]:
    """Messages of a type, most of whose fields are as they are by default."""
    fields = kind.get_fields_and_field_types()
    return st.fixed_dictionaries({}, optional={name: values(words) for name, words in fields.items()}).map(
        lambda given: kind(**given)
    )


def values(words: str) -> st.SearchStrategy[Any]:
    """Of a field, by its type as rosidl writes it."""
    if words == "double":
        return _FLOATS
    if words == "float":
        return st.sampled_from([0.0, 1.0, -1.0, _NAN])
    if words == "boolean":
        return st.booleans()
    if words in _RANGES:
        low, high = _RANGES[words]
        return st.sampled_from([low, high, 0, 1]) | st.integers(low, high)
    if words in ("octet", "byte"):
        return st.just(b"\0")
    if words.startswith("string"):
        return _TEXTS
    if listed := LIST.fullmatch(words):
        count = int(listed[3]) if listed[3] else None
        items = values(listed[1] or listed[2])
        return st.lists(items, min_size=count or 0, max_size=3 if count is None else count)
    package, _, name = words.partition("/")
    return messages(getattr(importlib.import_module(f"{package}.msg"), name))


def _gate(message: Any) -> None:
    """What passes the gate survives the wire, and its stamp can be read."""
    if defect(message):
        return
    again = deserialize_message(serialize_message(message), type(message))
    if defect(again):
        raise Wrong(f"passed the gate and not again: {defect(again)}")
    if hasattr(message, "header"):
        Time.from_msg(message.header.stamp)


def _scene(message: Scene) -> None:
    """The world that is planned in is never emptier than the message."""
    message.header.frame_id = "base_link"
    scene = PlanningScene(scene_to_plan_in(message, "base_link").objects)
    if len(scene.objects) != len(message.objects):
        raise Wrong(f"{len(message.objects)} objects came, {len(scene.objects)} are planned with")


def _placed(message: Detection3DArray) -> None:
    parts_from_detections(message, "which was placed")


def targets() -> list[Target]:
    """Group "messages"."""
    cell = load_cell("ur5e_table")
    found = [Target(f"gate of {kind.__name__}", "messages", messages(kind), _gate) for kind in KINDS]
    return [
        *found,
        Target("scene to plan in", "messages", messages(Scene), _scene),
        Target("what was placed", "messages", messages(Detection3DArray), _placed),
        Target(
            "grasp to carry out", "messages", messages(Grasp), lambda item: grasp_to_carry_out(item, cell)
        ),
        Target(
            "joint states",
            "messages",
            messages(JointState).filter(lambda state: not defect(state)),
            lambda state: ordered_positions(state, ("a", "base_link")),
        ),
    ]
