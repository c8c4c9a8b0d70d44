"""The joints of a URDF, and the transform that each of them makes of its position.

Format: the URDF XML specification, and the checks of urdfdom where it refuses a file.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
"""x, y, z, w, of length 1."""

NO_ROTATION: Quaternion = (0.0, 0.0, 0.0, 1.0)


class InvalidDescription(ValueError):
    """A robot description cannot be used. The text is one sentence."""


class JointType(Enum):
    """How a joint moves."""

    FIXED = "fixed"
    REVOLUTE = "revolute"
    CONTINUOUS = "continuous"
    PRISMATIC = "prismatic"
    FLOATING = "floating"
    PLANAR = "planar"


TURNING = (JointType.REVOLUTE, JointType.CONTINUOUS)
LIMITED = (JointType.REVOLUTE, JointType.PRISMATIC)
MOVING = (*TURNING, JointType.PRISMATIC)


@dataclass(frozen=True, slots=True)
class Mimic:
    """A joint's position follows that of another: multiplier * position + offset."""

    joint: str
    multiplier: float
    offset: float


@dataclass(frozen=True, slots=True)
class Joint:
    """Places the child link in the parent link.

    translation, rotation: of the joint's frame in the parent link at position 0, metres.
    axis: of length 1, in the joint's frame; turned about or moved along by the position, radians or metres.
    """

    name: str
    type: JointType
    parent: str
    child: str
    translation: Vector
    rotation: Quaternion
    axis: Vector
    mimic: Mimic | None

    def pose(self, position: float) -> tuple[Vector, Quaternion]:
        """Translation and rotation of the child link in the parent link at a position of the joint."""
        if self.type in TURNING:
            sine = math.sin(0.5 * position)
            turn = (self.axis[0] * sine, self.axis[1] * sine, self.axis[2] * sine, math.cos(0.5 * position))
            return self.translation, _positive(_multiply(self.rotation, turn))
        if self.type is JointType.PRISMATIC:
            (x, y, z), along = self.translation, _rotate(self.rotation, self.axis)
            slid = (x + along[0] * position, y + along[1] * position, z + along[2] * position)
            return slid, self.rotation
        return self.translation, self.rotation


@dataclass(frozen=True, slots=True)
class Robot:
    """A kinematic tree. joints: by name, in the order of the file."""

    name: str
    root: str
    joints: Mapping[str, Joint]


def parse(xml: str) -> Robot:
    """The kinematic tree of a URDF. Raises InvalidDescription."""
    try:
        root = ElementTree.fromstring(xml.strip())
    except ElementTree.ParseError as error:
        raise InvalidDescription(f"the robot description is not well-formed XML: {error}") from None
    if root.tag != "robot":
        raise InvalidDescription(f"the robot description starts with <{root.tag}> where URDF has <robot>")
    robot = _attribute(root, "name", "the <robot>")
    links = [_attribute(link, "name", f"a <link> of {robot}") for link in root.findall("link")]
    if not links:
        raise InvalidDescription(f"the description of {robot} has no <link>")
    _unique(links, "link", robot)
    joints = [_joint(element, robot) for element in root.findall("joint")]
    _unique([joint.name for joint in joints], "joint", robot)
    return Robot(robot, _root_link(robot, links, joints), {joint.name: joint for joint in joints})


def _joint(element: ElementTree.Element, robot: str) -> Joint:
    name = _attribute(element, "name", f"a <joint> of {robot}")
    what = f"joint {name}"
    kind = _attribute(element, "type", what)
    try:
        type_ = JointType(kind)
    except ValueError:
        known = ", ".join(each.value for each in JointType)
        raise InvalidDescription(f'{what} is of type "{kind}"; URDF knows {known}') from None
    ends = []
    for tag in ("parent", "child"):
        end = element.find(tag)
        if end is None:
            raise InvalidDescription(f"{what} has no <{tag}>")
        ends.append(_attribute(end, "link", f"the <{tag}> of {what}"))
    if type_ in LIMITED:
        limit = element.find("limit")
        if limit is None:
            raise InvalidDescription(f"{what} is {kind} and has no <limit>")
        for key in ("effort", "velocity"):
            _number(_attribute(limit, key, f"the <limit> of {what}"), f"the {key} limit of {what}")
    origin = element.find("origin")
    axis = element.find("axis")
    return Joint(
        name=name,
        type=type_,
        parent=ends[0],
        child=ends[1],
        translation=_vector(origin, "xyz", (0.0, 0.0, 0.0), f"the origin of {what}"),
        rotation=_from_rpy(*_vector(origin, "rpy", (0.0, 0.0, 0.0), f"the origin of {what}")),
        axis=_unit(_vector(axis, "xyz", (1.0, 0.0, 0.0), f"the axis of {what}"), what, type_),
        mimic=_mimic(element.find("mimic"), what),
    )


def _mimic(element: ElementTree.Element | None, what: str) -> Mimic | None:
    if element is None:
        return None
    where = f"the <mimic> of {what}"
    return Mimic(
        _attribute(element, "joint", where),
        _number(element.get("multiplier", "1"), f"the multiplier in {where}"),
        _number(element.get("offset", "0"), f"the offset in {where}"),
    )


def _root_link(robot: str, links: list[str], joints: list[Joint]) -> str:
    """The one link without a parent, from which all others are reached."""
    parents: dict[str, str] = {}
    for joint in joints:
        for end, link in (("parent", joint.parent), ("child", joint.child)):
            if link not in links:
                raise InvalidDescription(
                    f"joint {joint.name} names the {end} link {link}, which {robot} does not have"
                )
        if joint.child in parents:
            raise InvalidDescription(f"link {joint.child} is the child of more than one joint")
        parents[joint.child] = joint.parent
    roots = [link for link in links if link not in parents]
    if not roots:
        raise InvalidDescription(f"the joints of {robot} form a loop: no link is without a parent")
    if len(roots) > 1:
        raise InvalidDescription(
            f"{robot} has more than one root link: {', '.join(roots)}; join them with a joint"
        )
    reached = set(roots)
    for link in links:
        path: list[str] = []
        while link not in reached:
            if link in path:
                raise InvalidDescription(f"the joints of {robot} form a loop through link {link}")
            path.append(link)
            link = parents[link]
        reached.update(path)
    return roots[0]


def _unique(names: list[str], what: str, robot: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidDescription(f"{robot} has more than one {what} called {name}")


def _attribute(element: ElementTree.Element, key: str, where: str) -> str:
    value = element.get(key)
    if not value:
        raise InvalidDescription(f'{where} has no attribute "{key}"')
    return value


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidDescription(f'{what} is "{text}" where a number belongs')
    return value


def _vector(element: ElementTree.Element | None, key: str, default: Vector, what: str) -> Vector:
    text = element.get(key) if element is not None else None
    if text is None:
        return default
    words = text.split()
    if len(words) != 3:
        raise InvalidDescription(f'{what} has {key} "{text}" where three numbers belong')
    x, y, z = (_number(word, f"a number of {key} in {what}") for word in words)
    return x, y, z


def _unit(axis: Vector, what: str, type_: JointType) -> Vector:
    length = math.hypot(*axis)
    if length == 0.0:
        if type_ in MOVING:
            raise InvalidDescription(f"{what} has an axis of length zero")
        return axis
    return axis[0] / length, axis[1] / length, axis[2] / length


def _from_rpy(roll: float, pitch: float, yaw: float) -> Quaternion:
    """Roll about x, then pitch about y, then yaw about z, all fixed axes."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(a / 2), math.sin(a / 2)) for a in (roll, pitch, yaw))
    return _positive(
        (
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            cr * cp * cy + sr * sp * sy,
        )
    )


def _multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    ai, aj, ak, aw = a
    bi, bj, bk, bw = b
    return (
        aw * bi + ai * bw + aj * bk - ak * bj,
        aw * bj - ai * bk + aj * bw + ak * bi,
        aw * bk + ai * bj - aj * bi + ak * bw,
        aw * bw - ai * bi - aj * bj - ak * bk,
    )


def _rotate(q: Quaternion, v: Vector) -> Vector:
    i, j, k, w = q
    x, y, z = v
    tx, ty, tz = 2.0 * (j * z - k * y), 2.0 * (k * x - i * z), 2.0 * (i * y - j * x)
    return x + w * tx + j * tz - k * ty, y + w * ty + k * tx - i * tz, z + w * tz + i * ty - j * tx


def _positive(q: Quaternion) -> Quaternion:
    """Of the two quaternions of a rotation the one with positive w."""
    return q if q[3] >= 0.0 else (-q[0], -q[1], -q[2], -q[3])
