"""A second opinion on what touches, for the contract test of motion planners.

It shares no code with the planners: the cell's URDF as it is, joints of the hand included, bodies added as
shapes of their own, exact distances by coal, kinematics by pinocchio.
"""

from __future__ import annotations

import coal
import numpy as np
import pinocchio
from scipy.interpolate import CubicHermiteSpline

from lab_core.geometry import FloatArray
from lab_description import Cell, build_srdf, build_urdf
from lab_motion.planning.port import Contacts, PlanningScene, Trajectory


class ContractWorld:
    """One cell; scenes are set one after another."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        urdf = build_urdf(cell, visuals=False)
        self._model = pinocchio.buildModelFromXML(urdf)
        kind = pinocchio.GeometryType.COLLISION
        self._fixed = pinocchio.buildGeomFromUrdfString(self._model, urdf, kind)
        self._fixed.addAllCollisionPairs()
        pinocchio.removeCollisionPairsFromXML(self._model, self._fixed, build_srdf(cell))
        self._data = self._model.createData()
        self._tcp = self._model.getFrameId(cell.end_effector.tcp_link)
        names = list(self._model.names)
        self._arm = [self._model.idx_qs[names.index(name)] for name in cell.robot.joint_names]
        hand = cell.end_effector
        self._hand = {name: self._model.idx_qs[names.index(name)] for name in hand.joints_at(0.0)}
        self._hand_links = set(hand.links)
        self.set_scene(PlanningScene(opening=hand.maximum_opening), Contacts())

    def set_scene(self, scene: PlanningScene, contacts: Contacts) -> None:
        """What is true from now on, and what may touch."""
        self._scene = scene
        geometry = self._fixed.copy()
        count = geometry.ngeoms
        links = [self._model.frames[shape.parentFrame].name for shape in geometry.geometryObjects]
        last = self._model.frames[self._tcp].parentJoint
        inner = self._model.parents[last]
        for body in scene.objects:
            shape = pinocchio.GeometryObject(
                body.id, 0, 0, pinocchio.SE3(body.box.frame_from_box), coal.Box(*body.box.size.tolist())
            )
            index = geometry.addGeometryObject(shape)
            links.append(body.id)
            for other in range(count):
                moves = geometry.geometryObjects[other].parentJoint != 0
                if moves and not (links[other] in self._hand_links and body.id in contacts.hand):
                    geometry.addCollisionPair(pinocchio.CollisionPair(other, index))
        if scene.held is not None:
            box = scene.held.box
            place = self._model.frames[self._tcp].placement * pinocchio.SE3(box.frame_from_box)
            shape = pinocchio.GeometryObject("held", last, self._tcp, place, coal.Box(*box.size.tolist()))
            index = geometry.addGeometryObject(shape)
            links.append(scene.held.id)
            for other in range(index):
                joint = geometry.geometryObjects[other].parentJoint
                rigid = links[other] in self._hand_links or joint in (last, inner)
                if not rigid and links[other] not in contacts.held:
                    geometry.addCollisionPair(pinocchio.CollisionPair(other, index))
        for pair in list(geometry.collisionPairs):
            names = (links[pair.first], links[pair.second])
            if any(a in self._hand_links and b in contacts.hand for a, b in (names, names[::-1])):
                geometry.removeCollisionPair(pair)
        self._links = links
        self._geometry = geometry
        self._geometry_data = geometry.createData()

    def forward(self, positions: FloatArray) -> FloatArray:
        """base_from_tcp (4, 4)."""
        pinocchio.framesForwardKinematics(self._model, self._data, self._full(positions))
        pose: FloatArray = self._data.oMf[self._tcp].homogeneous.copy()
        return pose

    def distance(self, positions: FloatArray) -> tuple[float, str]:
        """Smallest distance of pairs that may not touch, metres, negative inside; and the pair in words."""
        full = self._full(positions)
        pinocchio.computeDistances(self._model, self._data, self._geometry, self._geometry_data, full)
        distances = [result.min_distance for result in self._geometry_data.distanceResults]
        worst = int(np.argmin(distances))
        pair = self._geometry.collisionPairs[worst]
        return float(distances[worst]), f"{self._links[pair.first]} and {self._links[pair.second]}"

    def overlap(self, trajectory: Trajectory, largest_step: float = 0.01) -> str:
        """What overlaps on the way, as a controller carries it out, in words; empty when nothing does."""
        for positions in executed(trajectory, largest_step):
            full = self._full(positions)
            if pinocchio.computeCollisions(
                self._model, self._data, self._geometry, self._geometry_data, full, True
            ):
                distance, pair = self.distance(positions)
                return f"{pair} by {-1e3 * distance:.2f} mm"
        return ""

    def _full(self, positions: FloatArray) -> FloatArray:
        full = pinocchio.neutral(self._model)
        full[self._arm] = positions
        for name, position in self._cell.end_effector.joints_at(self._scene.opening).items():
            full[self._hand[name]] = position
        return np.asarray(full)


def executed(trajectory: Trajectory, largest_step: float) -> FloatArray:
    """Positions (M, J) of the controller's cubic spline, no joint stepping further than this, radians."""
    spline = CubicHermiteSpline(trajectory.time, trajectory.positions, trajectory.velocities)
    fine = spline(np.linspace(0.0, trajectory.duration, 2000))
    travelled = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(fine, axis=0)).max(axis=1))])
    count = max(2, int(np.ceil(travelled[-1] / largest_step)) + 1)
    wanted = np.linspace(0.0, travelled[-1], count)
    return np.asarray(fine[np.unique(np.clip(np.searchsorted(travelled, wanted), 0, len(fine) - 1))])
