"""What every message has to satisfy before a callback sees it: stamps, names, counts, sizes, numbers.

The rules follow the fields of a type, so that they hold for every type alike; a few types add a rule of their
own. Pixels and points are counted, never looked at: of them NaN and 0 mean "no data".
"""

from __future__ import annotations

import importlib
import math
import re
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

Check = Callable[[Any], str]
"""Takes a value; gives what is wrong with it, beginning with the field, or nothing."""

# The largest number and the largest edge of a box that can be meant, metres.
LARGEST, LARGEST_EDGE = 1e9, 100.0
LONGEST_NAME, LONGEST_TEXT = 256, 1 << 20
# Of messages or texts in a list, of numbers in one, and of bytes.
MOST_ITEMS, MOST_NUMBERS, MOST_BYTES = 10_000, 1_000_000, 1 << 28
MOST_OBJECTS = 500

# Texts that name something: one line, short.
_NAMES = {
    *("id", "name", "object_id", "frame_id", "child_frame_id", "joint_names", "ns", "destination", "run"),
    *("configuration", "color_name", "phase", "stage", "encoding", "distortion_model"),
}
# Types in which a number that is none says something: a sensor that failed (REP 117), a speed that is not
# known, a camera without calibration. Who reads them knows the words for it.
_MEANINGFUL = {
    *("sensor_msgs/JointState", "sensor_msgs/Range", "sensor_msgs/CameraInfo", "std_msgs/Float64"),
    "geometry_msgs/Wrench",
}
_LIST = re.compile(r"(?:sequence<(?P<item>[^,>]+)(?:, \d+)?>|(?P<fixed>[^\[\]]+)\[\d+\])")
_WHOLE = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)) | {"boolean"}
_BYTES = frozenset(("uint8", "int8", "octet", "char", "byte"))


def defect(message: Any) -> str:
    """What is wrong with a message, beginning with the field; empty when nothing is."""
    return rules_of(type(message))(message).strip()


@cache
def rules_of(kind: Any) -> Check:
    """The rules of a type of message, put together once."""
    return _message(kind, numbers=True)


def _message(kind: Any, numbers: bool) -> Check:
    name = _name_of(kind)
    if name == "builtin_interfaces/Time":
        return _time
    if name == "builtin_interfaces/Duration":
        return _duration
    if name in _MEANINGFUL:
        numbers = False
    fields = [
        (field, check)
        for field, words in kind.get_fields_and_field_types().items()
        if (check := _field(field, words, numbers)) is not None
    ]
    own = _OWN.get(name)

    def check_message(message: Any) -> str:
        for field, check in fields:
            wrong = check(getattr(message, field))
            if wrong:
                return field + _joined(wrong)
        return own(message) if own is not None else ""

    return check_message


def _field(field: str, words: str, numbers: bool) -> Check | None:
    """The check of one field by its type as rosidl writes it; None when every value will do."""
    if words in _WHOLE or words in _BYTES:
        return None
    if words in ("double", "float"):
        return _number if numbers else None
    if words.startswith(("string", "wstring")):
        return _short if field in _NAMES else _text
    if listed := _LIST.fullmatch(words):
        return _list(field, listed["item"] or listed["fixed"], numbers)
    package, _, name = words.partition("/")
    return _message(getattr(importlib.import_module(f"{package}.msg"), name), numbers)


def _joined(wrong: str) -> str:
    """Behind the name of a field: words as they are, a field of the field after a point."""
    return wrong if wrong[0] in " [" else "." + wrong


def _list(field: str, item: str, numbers: bool) -> Check:
    if item in _BYTES:
        return lambda values: _count(values, MOST_BYTES, "bytes")
    if item in _WHOLE:
        return lambda values: _count(values, MOST_NUMBERS, "numbers")
    if item in ("double", "float"):
        return _numbers if numbers else lambda values: _count(values, MOST_NUMBERS, "numbers")
    check = _field(field, item, numbers)

    def check_items(values: Sequence[Any]) -> str:
        if wrong := _count(values, MOST_ITEMS, "items"):
            return wrong
        for index, value in enumerate(values):
            wrong = check(value) if check is not None else ""
            if wrong:
                return f"[{index}]{_joined(wrong)}"
        return ""

    return check_items


def _count(values: Any, most: int, what: str) -> str:
    return f" holds {len(values)} {what}, at most {most} are read" if len(values) > most else ""


def _time(stamp: Any) -> str:
    if stamp.sec < 0:
        return f" is {stamp.sec} s, before the beginning of time"
    return _nanoseconds(stamp)


def _duration(duration: Any) -> str:
    return _nanoseconds(duration)


def _nanoseconds(value: Any) -> str:
    return f" has {value.nanosec} nanoseconds to a second" if value.nanosec >= 1_000_000_000 else ""


def _number(value: float) -> str:
    if abs(value) <= LARGEST:  # never true of NaN
        return ""
    return f" is {value}, which cannot be meant" if math.isfinite(value) else f" is {value}, not a number"


def _numbers(values: Any) -> str:
    if wrong := _count(values, MOST_NUMBERS, "numbers"):
        return wrong
    if len(values) > 32 and isinstance(values, array | np.ndarray):
        sound = np.abs(np.asarray(values)) <= LARGEST
        return "" if sound.all() else f"[{sound.argmin()}]{_number(float(values[int(sound.argmin())]))}"
    for index, value in enumerate(values):
        if not abs(value) <= LARGEST:
            return f"[{index}]{_number(float(value))}"
    return ""


def _short(name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f" has {len(name)} letters, a name has at most {LONGEST_NAME}"
    return "" if name.isprintable() else f" is {name!r}, which nobody can print"


def _text(text: str) -> str:
    return f" has {len(text)} letters, at most {LONGEST_TEXT} are read" if len(text) > LONGEST_TEXT else ""


def _quaternion(q: Any) -> str:
    return "" if q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w > 1e-12 else " has no length, so no rotation"


def _box(box: Any) -> str:
    for axis in ("x", "y", "z"):
        edge = getattr(box.size, axis)
        if not 0.0 <= edge <= LARGEST_EDGE:
            return f"size.{axis} is {edge} m, expected 0 to {LARGEST_EDGE:.0f} m"
    return ""


def _joint_state(state: Any) -> str:
    joints = len(state.name)
    for field in ("position", "velocity", "effort"):
        count = len(getattr(state, field))
        if count not in (0, joints):
            return f"{field} holds {count} numbers for {joints} names"
    return ""


def _cloud(cloud: Any) -> str:
    length, wanted = len(cloud.data), cloud.row_step * cloud.height
    if length != wanted or cloud.width * cloud.point_step > cloud.row_step:
        return f"data holds {length} bytes for {cloud.width}x{cloud.height} points of {cloud.point_step}"
    return ""


def _scene(scene: Any) -> str:
    if len(scene.objects) > MOST_OBJECTS:
        return f"objects holds {len(scene.objects)} items, at most {MOST_OBJECTS} are read"
    seen: set[str] = set()
    for index, item in enumerate(scene.objects):
        if not item.id or item.id in seen:
            return f"objects[{index}].id is {item.id!r}, " + ("given twice" if item.id else "expected a name")
        seen.add(item.id)
    return ""


_OWN: dict[str, Check] = {
    "geometry_msgs/Quaternion": _quaternion,
    "lab_interfaces/Scene": _scene,
    "sensor_msgs/JointState": _joint_state,
    "sensor_msgs/PointCloud2": _cloud,
    "vision_msgs/BoundingBox3D": _box,
}


def _name_of(kind: Any) -> str:
    package = kind.__module__.partition(".")[0]
    return f"{package}/{kind.__name__}"
