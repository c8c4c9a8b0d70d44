"""What touches, how deep, and whether a path is clear: certainly, not just at its samples.

A path is sampled so densely that no point of the arm moves by more than twice the margin between two samples,
and each sample is checked with that margin. What lies between two samples then cannot touch: every point of
the arm is within one margin of a place that had one margin to spare. (Source of the idea: conservative
advancement, B. Mirtich 1996, with a fixed instead of a measured distance.)

That a sample keeps the margins is proven by the bounds of `clearance` where they can, and asked of coal where
they cannot. Some samples are asked of coal in any case: two kinds of code have to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pinocchio

from lab_core.geometry import FloatArray
from lab_motion.planning.chain import Chain
from lab_motion.planning.clearance import World, bounds, states_are_clear
from lab_motion.planning.shapes import ShapeArrays
from lab_motion.planning.world import WorldText, spoken

# A pair closer than the margin at an end of the motion may come closer by this much on the way, metres.
_SLACK = 2e-4
_FINEST_MARGIN = 2.5e-4
# Between positions that differ by so much, radians, an arc is longer than its chord by less than the factor.
_FINE = 0.03
_CHORD = 1.001
# One sample in so many is asked of coal, and first: what collides does so over a stretch, and is found early.
_COARSE = 16
# A bound that is not above the margin by this, metres, may be rounding.
_ROUNDING = 1e-6
# Between two looks at whether the check is cancelled: some milliseconds.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Touch:
    """Two links closer than allowed; distance in metres, negative when they overlap."""

    first: str
    second: str
    distance: float

    @property
    def pair(self) -> frozenset[str]:
        """Both names."""
        return frozenset((self.first, self.second))

    def of(self, prefix: str) -> bool:
        """Whether the name of one of the two begins like this."""
        return self.first.startswith(prefix) or self.second.startswith(prefix)

    def __str__(self) -> str:
        first, second = spoken(self.first), spoken(self.second)
        if self.distance < 0.0:
            return f"{first} is {-1e3 * self.distance:.1f} mm inside {second}"
        return f"{first} is {1e3 * self.distance:.1f} mm from {second}"


class CollisionChecker:
    """Distances between all links that may not touch, by pinocchio and coal."""

    def __init__(self, text: WorldText, chain: Chain, margin: float) -> None:
        """margin: distance that counts as touching, metres. chain: the arm of the text.

        Raises ValueError when other joints than the chain's move, or in another order.
        """
        self._chain = chain
        self._model = pinocchio.buildModelFromXML(text.urdf)
        if tuple(self._model.names)[1:] != chain.names:
            raise ValueError(f"URDF: joints {list(self._model.names)[1:]} move, expected {list(chain.names)}")
        self._geometry = pinocchio.buildGeomFromUrdfString(
            self._model, text.urdf, pinocchio.GeometryType.COLLISION
        )
        self._geometry.addAllCollisionPairs()
        pinocchio.removeCollisionPairsFromXML(self._model, self._geometry, text.srdf)
        self._data = self._model.createData()
        self._geometry_data = self._geometry.createData()
        objects = self._geometry.geometryObjects
        links = [self._model.frames[shape.parentFrame].name for shape in objects]
        self._pairs = [(links[pair.first], links[pair.second]) for pair in self._geometry.collisionPairs]
        self._radii = self._measured_radii()
        self._shapes = ShapeArrays(chain, self._model, self._geometry)
        self._permitted: frozenset[frozenset[str]] = frozenset()
        self._active = np.ones(len(self._pairs), dtype=bool)
        self.margin = margin
        self._margins = np.full(len(self._pairs), np.nan)
        self._set_margins(np.full(len(self._pairs), margin))

    def permit(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Links that may touch from now on, and no others; what was relaxed is forgotten."""
        permitted = frozenset(frozenset(pair) for pair in pairs)
        if permitted != self._permitted:
            active = np.array([frozenset(pair) not in permitted for pair in self._pairs])
            for index in np.flatnonzero(active != self._active).tolist():
                if active[index]:
                    self._geometry_data.activateCollisionPair(index)
                else:
                    self._geometry_data.deactivateCollisionPair(index)
            self._permitted, self._active = permitted, active
        self.relax()

    def touches(self, positions: FloatArray, margin: float = 0.0) -> list[Touch]:
        """What is closer than the margin, metres, at joint positions (J,); closest first, a pair once."""
        distances = self._distances(positions, margin)
        found: dict[frozenset[str], Touch] = {}
        for index in np.argsort(distances, kind="stable"):
            if distances[index] >= margin:
                break
            first, second = self._pairs[index]
            touch = Touch(first, second, float(distances[index]))
            found.setdefault(touch.pair, touch)
        return list(found.values())

    def relax(self, *ends: FloatArray) -> None:
        """What is closer than the margin at one of these positions may stay as close, but not come closer."""
        margins = np.full(len(self._pairs), self.margin)
        for positions in ends:
            margins = np.minimum(margins, self._distances(positions, self.margin + _SLACK) - _SLACK)
        self._set_margins(margins)

    def relaxed(self) -> list[tuple[str, str]]:
        """Pairs of links that may be closer than the margin."""
        return sorted({self._pairs[index] for index in np.flatnonzero(self._margins < self.margin)})

    def clear(self, positions: FloatArray) -> bool:
        """Whether nothing is closer than allowed at joint positions (J,)."""
        return not pinocchio.computeCollisions(self._model, self._data, self._broadphase, positions, True)

    def samples(self, waypoints: FloatArray) -> FloatArray:
        """Positions (M, J) along straight lines between waypoints (N, J), as dense as certainty needs."""
        counts = np.maximum(1, np.ceil(np.abs(np.diff(waypoints, axis=0)).max(axis=1) / _FINE).astype(int))
        knots = np.repeat(np.arange(len(counts)), counts) + np.concatenate([np.arange(n) / n for n in counts])
        fine = _interpolated(waypoints, np.append(knots, len(counts)))
        travelled = np.concatenate([[0.0], np.cumsum(self._chain.travel(fine, self._radii))])
        count = max(1, int(np.ceil(_CHORD * travelled[-1] / (2.0 * self._step))))
        wanted = np.linspace(0.0, travelled[-1], count + 1)
        return _interpolated(fine, np.interp(wanted, travelled, np.arange(len(fine))))

    def first_blocked(
        self, waypoints: FloatArray, cancelled: Callable[[], bool], coarsely: bool = False
    ) -> FloatArray | None:
        """Some positions (J,) on the polyline (N, J) where something touches; None when all of it is clear.

        coarsely: a quick look at some samples only. Stops early, answering None, when `cancelled` says so.
        """
        samples = self.samples(waypoints)
        asked = np.zeros(len(samples), dtype=bool)
        asked[::_COARSE] = True
        for count, positions in enumerate(samples[asked]):
            if count % 256 == 255 and cancelled():
                return None
            if not self.clear(positions):
                return np.array(positions)
        if coarsely:
            return None
        rest = samples[~asked]
        for begin in range(0, len(rest), _AT_ONCE):
            if cancelled():
                return None
            some = rest[begin : begin + _AT_ONCE]
            for positions in some[~states_are_clear(self._world, some)]:
                if not self.clear(positions):
                    return np.array(positions)
        return None

    def search_world(self, *ends: FloatArray) -> World:
        """What a search keeps: the margins, or what the bounds can prove at these clear positions (J,)."""
        margins = self._margins.copy()
        for positions in ends:
            proven = bounds(self._world, positions, self.margin + 2.0 * _SLACK)
            margins[self._kept] = np.minimum(margins[self._kept], proven - _ROUNDING)
        world, _ = self._shapes.world(margins, self._active)
        return world

    def _distances(self, positions: FloatArray, within: float) -> FloatArray:
        """(P,) of all pairs that are closer than `within`, metres; infinite for others."""
        distances = np.full(len(self._pairs), np.inf)
        near = self._kept[bounds(self._world, positions, within) < within]
        pinocchio.updateGeometryPlacements(
            self._model, self._data, self._geometry, self._geometry_data, positions
        )
        for index in near.tolist():
            found = pinocchio.computeDistance(self._geometry, self._geometry_data, index)
            if found.min_distance < within:
                distances[index] = found.min_distance
        return distances

    def _set_margins(self, margins: FloatArray) -> None:
        changed = np.flatnonzero(margins != self._margins)
        if len(changed) == 0:
            self._world, self._kept = self._shapes.world(margins + _ROUNDING, self._active)
            return
        requests = self._geometry_data.collisionRequests
        for index in changed.tolist():
            requests[index].security_margin = float(margins[index])
        self._margins = margins
        self._world, self._kept = self._shapes.world(margins + _ROUNDING, self._active)
        self._broadphase = pinocchio.BroadPhaseManager_DynamicAABBTreeCollisionManager(
            self._model, self._geometry, self._geometry_data
        )
        self._step = max(float(margins.min(initial=self.margin)), _FINEST_MARGIN)

    def _measured_radii(self) -> FloatArray:
        """(J,) of a sphere around each joint's origin that encloses all shapes that move with it, metres."""
        radii = np.zeros(self._model.njoints)
        for shape in self._geometry.geometryObjects:
            shape.geometry.computeLocalAABB()
            centre = shape.placement.act(shape.geometry.aabb_center)
            extent = float(np.linalg.norm(centre)) + float(shape.geometry.aabb_radius)
            radii[shape.parentJoint] = max(radii[shape.parentJoint], extent)
        return radii[1:]


def _interpolated(positions: FloatArray, knots: FloatArray) -> FloatArray:
    """Positions (M, J) at fractional indices (M,) of positions (N, J)."""
    below = np.minimum(knots.astype(int), len(positions) - 2)
    part = (knots - below)[:, None]
    between: FloatArray = (1.0 - part) * positions[below] + part * positions[below + 1]
    return between


def sentence(touches: Iterable[Touch], most: int = 2) -> str:
    """The worst of what touches, in words."""
    every = [str(touch) for touch in touches]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
