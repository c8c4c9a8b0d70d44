"""The cell with everything observed and held, as one URDF and SRDF that hold nothing but the arm's joints.

Both the planner's collision world and the one that re-checks its answers are built from this text. Building
anew costs milliseconds with shapes of boxes, cylinders and spheres, and leaves no state behind; adding and
removing bodies in a living scene costs 0.5 ms each.
"""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np

from lab_core.geometry import OrientedBox, rotation_about
from lab_core.scene import Part
from lab_motion.planning.urdf_text import Element, floats, link_of, origin_of, origin_words, set_origin, words

HELD = "held:"
OBJECT = "object:"


@dataclass(frozen=True, slots=True)
class WorldText:
    """URDF and SRDF of one moment."""

    urdf: str
    srdf: str


class CellText:
    """The cell's URDF and SRDF, from which the text of each moment is made."""

    def __init__(self, urdf: str, srdf: str, base: str, tip: str, joints: Sequence[str]) -> None:
        """joints: the arm's from base to tool, which stay movable. hand: the links beyond them."""
        self._robot = ElementTree.fromstring(urdf)
        self._srdf = _open_end(ElementTree.fromstring(srdf))
        self._base = base
        self._tip = tip
        self._joints = frozenset(joints)
        for element in list(self._robot):
            if element.tag not in ("link", "joint"):
                self._robot.remove(element)
        for link in self._robot.iter("link"):
            for visual in link.findall("visual"):
                link.remove(visual)
        children: dict[str, list[Element]] = {}
        for joint in self._robot.iter("joint"):
            children.setdefault(link_of(joint, "parent"), []).append(joint)
        tool = [joint for joint in self._robot.iter("joint") if joint.get("name") == joints[-1]]
        self._moving = frozenset(self._beyond(base, children, False))
        self.hand = sorted(self._beyond(link_of(tool[0], "child"), children, True))

    def world(
        self,
        frozen: str,
        objects: Iterable[Part],
        held: Part | None,
        padding: float,
        allowed: Iterable[tuple[str, str]] = (),
    ) -> WorldText:
        """Text of a moment.

        frozen: what `freeze` answered. padding: added on every side of observed objects, metres.
        allowed: pairs of links that may touch.
        """
        bodies = [_box(OBJECT + body.id, self._base, body.box, padding) for body in objects]
        pairs = list(allowed)
        if held is not None:
            bodies.append(_box(HELD + held.id, self._tip, held.box, 0.0))
            pairs += [(HELD + held.id, link) for link in self.hand]
        disabled = [
            f"<disable_collisions link1={quoteattr(a)} link2={quoteattr(b)} reason='Contact'/>"
            for a, b in pairs
        ]
        return WorldText(frozen + "".join(bodies) + "</robot>", self._srdf + "".join(disabled) + "</robot>")

    def freeze(self, hand_joints: Mapping[str, float], inflation: float = 0.0) -> str:
        """The URDF, open at its end, with every joint that is not the arm's fixed where it stands.

        inflation: added on every side of the arm's shapes, metres.
        """
        robot = copy.deepcopy(self._robot)
        for joint in robot.iter("joint"):
            name = str(joint.get("name"))
            if name not in self._joints:
                _freeze(joint, hand_joints.get(name, 0.0))
        for link in robot.iter("link"):
            if link.get("name") in self._moving:
                _inflate(link, inflation)
        return _open_end(robot)

    def _beyond(self, link: str, children: Mapping[str, list[Element]], moving: bool) -> Iterator[str]:
        """Links at or beyond `link` that the arm moves."""
        if moving:
            yield link
        for joint in children.get(link, []):
            moves = moving or joint.get("name") in self._joints
            yield from self._beyond(link_of(joint, "child"), children, moves)


def spoken(link: str) -> str:
    """The name of a link for a sentence."""
    for prefix, kind in ((HELD, "held part"), (OBJECT, "object")):
        if link.startswith(prefix):
            return f"{kind} '{link.removeprefix(prefix)}'"
    return link


def _freeze(joint: Element, position: float) -> None:
    """Make a joint fixed where it stands."""
    kind = joint.get("type")
    if kind == "fixed":
        return
    axis = floats(joint.find("axis"), "xyz", "1 0 0")
    motion = np.eye(4)
    if kind == "prismatic":
        motion[:3, 3] = axis * position
    else:
        motion[:3, :3] = rotation_about(axis, position)
    set_origin(joint, origin_of(joint) @ motion)
    joint.set("type", "fixed")
    for tag in ("axis", "limit", "mimic", "dynamics", "safety_controller", "calibration"):
        for element in joint.findall(tag):
            joint.remove(element)


def _inflate(link: Element, margin: float) -> None:
    """Grow boxes, cylinders and spheres; a mesh stays as it is."""
    for geometry in link.iterfind("collision/geometry"):
        for shape in geometry:
            if shape.tag == "box":
                shape.set("size", words(floats(shape, "size", "0 0 0") + 2.0 * margin))
            elif shape.tag in ("cylinder", "sphere"):
                shape.set("radius", f"{float(shape.get('radius', '0')) + margin:.17g}")
                if shape.tag == "cylinder":
                    shape.set("length", f"{float(shape.get('length', '0')) + 2.0 * margin:.17g}")


def _box(name: str, parent: str, box: OrientedBox, padding: float) -> str:
    size = words(np.asarray(box.size) + 2.0 * padding)
    xyz, rpy = origin_words(box.frame_from_box)
    return (
        f"<link name={quoteattr(name)}>"
        f"<collision><geometry><box size='{size}'/></geometry></collision></link>"
        f"<joint name={quoteattr(name + '/joint')} type='fixed'><parent link={quoteattr(parent)}/>"
        f"<child link={quoteattr(name)}/><origin xyz='{xyz}' rpy='{rpy}'/></joint>"
    )


def _open_end(robot: Element) -> str:
    """The text of a document up to where its root element closes."""
    return ElementTree.tostring(robot, encoding="unicode").rstrip().removesuffix("</robot>")
