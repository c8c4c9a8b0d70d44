"""Links and joints: what robots, grippers and cameras have in common, and their forward kinematics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from lab_core.geometry.transforms import FloatArray, transform_from_xyz_rpy, transform_points
from lab_description.schema import Angle, Angles, Colour, Number, Positive, Quantity, Size, Sizes, Vector

GREY: Colour = (0.6, 0.6, 0.6)
# A cylinder turned by an arbitrary angle lies within the prism around a polygon of this many corners.
_CYLINDER_CORNERS = 32


@dataclass(frozen=True)
class Pose:
    """A frame in its parent: translation, metres; fixed-axis roll, pitch, yaw, radians (URDF)."""

    xyz: Vector = (0.0, 0.0, 0.0)
    rpy: Angles = (0.0, 0.0, 0.0)

    @cached_property
    def matrix(self) -> FloatArray:
        """(4, 4) parent_from_child."""
        return transform_from_xyz_rpy(self.xyz, self.rpy)


@dataclass(frozen=True)
class Cylinder:
    """Along the z axis of its frame, which is in its centre; metres."""

    radius: Size
    length: Size


@dataclass(frozen=True)
class Shape(Pose):
    """One box, cylinder or sphere, centred in its own frame; exactly one of the three is given."""

    box: Sizes | None = None
    cylinder: Cylinder | None = None
    sphere: Size | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("box", "cylinder", "sphere") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected one of box, cylinder, sphere, found {' and '.join(given) or 'none'}")

    def hull(self) -> FloatArray:
        """(N, 3) points in the parent frame whose convex hull encloses the shape."""
        if self.box is not None:
            half = 0.5 * np.array(self.box)
        elif self.sphere is not None:
            half = np.full(3, self.sphere)
        else:
            assert self.cylinder is not None
            angle = np.arange(_CYLINDER_CORNERS) * (2.0 * np.pi / _CYLINDER_CORNERS)
            reach = self.cylinder.radius / np.cos(np.pi / _CYLINDER_CORNERS)
            ring = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
            ends = [np.insert(ring, 2, side * 0.5 * self.cylinder.length, axis=1) for side in (-1.0, 1.0)]
            return transform_points(self.matrix, np.concatenate(ends))
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        return transform_points(self.matrix, signs * half)

    def distance(self, points: FloatArray) -> FloatArray:
        """Signed distance (N,) of points (N, 3) of the parent frame, metres; negative inside."""
        local = (points - np.array(self.xyz)) @ self.matrix[:3, :3]
        if self.sphere is not None:
            outside: FloatArray = np.linalg.norm(local, axis=1) - self.sphere
            return outside
        if self.box is not None:
            excess = np.abs(local) - 0.5 * np.array(self.box)
        else:
            assert self.cylinder is not None
            radial = np.hypot(local[:, 0], local[:, 1]) - self.cylinder.radius
            excess = np.stack([radial, np.abs(local[:, 2]) - 0.5 * self.cylinder.length], axis=1)
        distance: FloatArray = np.linalg.norm(np.maximum(excess, 0.0), axis=1) + np.minimum(
            excess.max(axis=1), 0.0
        )
        return distance


@dataclass(frozen=True, kw_only=True)
class Mesh(Pose):
    """A mesh file of an installed description package.

    mesh: path within the package. scale: file units to metres.
    """

    mesh: str
    scale: Positive = 1.0


@dataclass(frozen=True, kw_only=True)
class Inertial(Pose):
    """Mass, kg, and inertia, kg m², about the centre of mass in the frame there.

    inertia: ixx, iyy, izz, ixy, ixz, iyz.
    """

    mass: Annotated[float, Quantity("kg", 1e-4, 500.0)]
    inertia: tuple[Number, Number, Number, Number, Number, Number]

    def __post_init__(self) -> None:
        ixx, iyy, izz, ixy, ixz, iyz = self.inertia
        moments = np.linalg.eigvalsh([[ixx, ixy, ixz], [ixy, iyy, iyz], [ixz, iyz, izz]])
        if not (moments[0] > 0.0 and moments[0] + moments[1] >= moments[2] * (1.0 - 1e-6)):
            raise ValueError(
                f"inertia {list(self.inertia)} belongs to no body; order: ixx, iyy, izz, ixy, ixz, iyz"
            )


@dataclass(frozen=True)
class Link:
    """One rigid body.

    collision: shapes whose union encloses the body. visual: meshes by package; the first package that is
    installed is shown, the collision shapes when none is. colour: of what has no colours of its own.
    """

    inertial: Inertial | None = None
    collision: tuple[Shape, ...] = ()
    visual: Mapping[str, tuple[Mesh, ...]] = field(default_factory=dict)
    colour: Colour = GREY


@dataclass(frozen=True)
class Mimic:
    """position = multiplier * position of the joint + offset."""

    joint: str
    multiplier: Number = 1.0
    offset: Number = 0.0


@dataclass(frozen=True, kw_only=True)
class Joint(Pose):
    """A joint; xyz and rpy place the child's frame in the parent's at position zero.

    lower, upper: metres or radians. velocity, acceleration: per second (squared). effort: N m or N.
    """

    parent: str
    child: str
    type: Literal["fixed", "revolute", "prismatic"] = "fixed"
    axis: tuple[Number, Number, Number] = (0.0, 0.0, 1.0)
    lower: Angle = 0.0
    upper: Angle = 0.0
    velocity: Annotated[float, Quantity("", 0.0, 100.0)] = 0.0
    acceleration: Annotated[float, Quantity("", 0.0, 1000.0)] = 0.0
    effort: Annotated[float, Quantity("", 0.0, 10_000.0)] = 0.0
    mimic: Mimic | None = None

    def __post_init__(self) -> None:
        if self.type == "fixed":
            return
        if abs(float(np.linalg.norm(self.axis)) - 1.0) > 1e-6:
            raise ValueError(f"axis {list(self.axis)} has not the length 1")
        if not self.lower < self.upper:
            raise ValueError(f"lower {self.lower:g} is not below upper {self.upper:g}")
        for key in ("velocity", "effort"):
            if getattr(self, key) == 0.0:
                raise ValueError(f"{key}: missing, expected a positive limit")

    def motion(self, position: FloatArray) -> FloatArray:
        """(N, 4, 4) parent_from_child at positions (N,)."""
        moved = np.tile(np.eye(4), (len(position), 1, 1))
        axis = np.array(self.axis)
        if self.type == "prismatic":
            moved[:, :3, 3] = position[:, None] * axis
        elif self.type == "revolute":
            cross = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
            sine, cosine = np.sin(position)[:, None, None], np.cos(position)[:, None, None]
            moved[:, :3, :3] += sine * cross + (1.0 - cosine) * (cross @ cross)
        result: FloatArray = self.matrix @ moved
        return result


@dataclass(frozen=True)
class Tree:
    """Links and joints by name. base_link: the link that all others hang on."""

    base_link: str
    links: Mapping[str, Link]
    joints: Mapping[str, Joint]

    def __post_init__(self) -> None:
        parents: dict[str, str] = {}
        for name, joint in self.joints.items():
            for link in (joint.parent, joint.child):
                if link not in self.links:
                    raise ValueError(f"joints.{name}: no link '{link}'; links are {', '.join(self.links)}")
            if joint.child in parents:
                raise ValueError(f"joints.{name}: '{joint.child}' hangs on '{parents[joint.child]}' already")
            parents[joint.child] = name
            if joint.mimic is not None and joint.mimic.joint not in self.moving:
                follows = joint.mimic.joint
                raise ValueError(f"joints.{name}: mimic: no joint '{follows}' that moves on its own")
        if self.base_link not in self.links:
            raise ValueError(f"base_link: no link '{self.base_link}'; links are {', '.join(self.links)}")
        hanging = {self.base_link, *(self.joints[name].child for name in self._outwards)}
        loose = [link for link in self.links if link not in hanging]
        if loose:
            raise ValueError(f"joints: {', '.join(loose)} do not hang on base_link '{self.base_link}'")

    @cached_property
    def _outwards(self) -> tuple[str, ...]:
        """Names of the joints that can be reached from base_link, parents before children."""
        order: list[str] = []
        reached = [self.base_link]
        for link in reached:  # grows while it is walked
            for name, joint in self.joints.items():
                if joint.parent == link and joint.child not in reached:
                    order.append(name)
                    reached.append(joint.child)
        return tuple(order)

    @cached_property
    def moving(self) -> tuple[str, ...]:
        """Names of the joints that move on their own, from base_link outwards: not fixed, not mimicking."""
        joints = [(name, self.joints[name]) for name in self._outwards]
        return tuple(name for name, joint in joints if joint.type != "fixed" and joint.mimic is None)

    def forward(self, positions: Mapping[str, npt.ArrayLike]) -> dict[str, FloatArray]:
        """base_from_link (N, 4, 4) of every link, from positions (N,) of the moving joints by name."""
        arrays = {name: np.atleast_1d(np.asarray(positions[name], dtype=np.float64)) for name in self.moving}
        count = max((len(array) for array in arrays.values()), default=1)
        frames: dict[str, FloatArray] = {self.base_link: np.tile(np.eye(4), (count, 1, 1))}
        for name in self._outwards:
            joint = self.joints[name]
            if joint.mimic is not None:
                position = joint.mimic.multiplier * arrays[joint.mimic.joint] + joint.mimic.offset
            else:
                position = arrays.get(name, np.zeros(count))
            frames[joint.child] = frames[joint.parent] @ joint.motion(position)
        return frames
