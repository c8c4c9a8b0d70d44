"""Which pairs of links never have to be checked for collision, found by sampling.

`python -m lab_description.collision_matrix CELL` computes the pairs of a cell and stores them. Source of the
method: the MoveIt setup assistant; unlike there, "Never" means never nearer than a margin, so that a
collision which is merely rare among the samples is not switched off.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from lab_core.errors import ConfigurationError
from lab_core.geometry.transforms import FloatArray

SAMPLES = 10_000
# Two links of the robot that never come nearer than this are taken never to meet, metres: few joints lie
# between them, so that the samples are dense.
SELF_MARGIN = 0.03
# The same for a link of the robot and what stands in the cell: all joints lie between, and a stretched arm is
# rare.
CELL_MARGIN = 0.15
# Shapes that overlap in all of this many samples overlap by design, not by collision.
ALWAYS_SAMPLES = 500

IntArray = npt.NDArray[np.intp]
Pair = tuple[str, str]


@dataclass(frozen=True, order=True, slots=True)
class DisabledPair:
    """Two links and why they are not checked: Adjacent, Gripper, Always or Never."""

    first: str
    second: str
    reason: str


def compute_disabled_pairs(
    urdf: str, gripper_links: Iterable[str], seed: int = 0, samples: int = SAMPLES
) -> list[DisabledPair]:
    """Pairs of links of a URDF that need no collision check, sorted; the seed decides the samples.

    Adjacent: joined rigidly, or by one joint, links without shapes in between not counted. Gripper: both
    belong to the gripper, whose mechanism decides their distance. Always: the shapes overlap wherever the
    joints are. Never: they stay apart by SELF_MARGIN or CELL_MARGIN in all samples.
    """
    import pinocchio as pin

    model = pin.buildModelFromXML(urdf)
    geometry = pin.buildGeomFromUrdfString(model, urdf, pin.GeometryType.COLLISION)
    shapes: dict[str, list[int]] = {}
    for index, shape in enumerate(geometry.geometryObjects):
        shapes.setdefault(model.frames[shape.parentFrame].name, []).append(index)
    reasons = dict.fromkeys(_adjacent(model, shapes), "Adjacent")
    reasons |= dict.fromkeys(combinations(sorted(set(gripper_links) & set(shapes)), 2), "Gripper")
    open_pairs = [pair for pair in combinations(sorted(shapes), 2) if pair not in reasons]
    positions = _positions(model, urdf, seed, max(samples, ALWAYS_SAMPLES))

    def hits(pairs: list[Pair], margins: list[float], first: int, last: int) -> IntArray:
        return _hits(pin, model, geometry, shapes, pairs, margins, positions[first:last])

    touching = hits(open_pairs, [0.0] * len(open_pairs), 0, ALWAYS_SAMPLES)
    reasons |= {
        pair: "Always" for pair, count in zip(open_pairs, touching, strict=True) if count == ALWAYS_SAMPLES
    }
    open_pairs = [pair for pair, count in zip(open_pairs, touching, strict=True) if count == 0]
    standing = {link for link in shapes if model.frames[model.getFrameId(link)].parentJoint == 0}
    for first in range(0, samples, ALWAYS_SAMPLES):  # block by block: most pairs are out after the first
        margins = [CELL_MARGIN if standing & set(pair) else SELF_MARGIN for pair in open_pairs]
        near = hits(open_pairs, margins, first, first + ALWAYS_SAMPLES)
        open_pairs = [pair for pair, count in zip(open_pairs, near, strict=True) if count == 0]
    reasons |= dict.fromkeys(open_pairs, "Never")
    return sorted(DisabledPair(*pair, reason) for pair, reason in reasons.items())


def _adjacent(model: Any, shapes: Mapping[str, list[int]]) -> set[Pair]:
    """Sorted pairs of links with shapes that are joined rigidly or by one joint."""
    frames = {link: model.frames[model.getFrameId(link)] for link in sorted(shapes)}
    adjacent = {(a, b) for a, b in combinations(frames, 2) if frames[a].parentJoint == frames[b].parentJoint}
    for link, frame in frames.items():
        above = frame.parentFrame
        while above and model.frames[above].name not in shapes:
            above = model.frames[above].parentFrame
        if model.frames[above].name in shapes:
            first, second = sorted((link, model.frames[above].name))
            adjacent.add((first, second))
    return adjacent


def _positions(model: Any, urdf: str, seed: int, samples: int) -> FloatArray:
    """(samples, nq) positions within the limits, mimic joints following."""
    lower, upper = model.lowerPositionLimit, model.upperPositionLimit
    positions: FloatArray = np.random.default_rng(seed).uniform(lower, upper, size=(samples, model.nq))
    for joint in ElementTree.fromstring(urdf).iter("joint"):
        mimic = joint.find("mimic")
        if mimic is not None:
            follower, leader = (
                model.joints[model.getJointId(n)].idx_q for n in (joint.get("name"), mimic.get("joint"))
            )
            multiplier, offset = float(mimic.get("multiplier", 1.0)), float(mimic.get("offset", 0.0))
            positions[:, follower] = multiplier * positions[:, leader] + offset
    return positions


def _hits(
    pin: Any,
    model: Any,
    geometry: Any,
    shapes: Mapping[str, list[int]],
    pairs: list[Pair],
    margins: list[float],
    positions: FloatArray,
) -> IntArray:
    """At how many of the positions (N, nq) each pair of links is nearer than its margin."""
    geometry.removeAllCollisionPairs()
    owner = []
    for index, (first, second) in enumerate(pairs):
        for i in shapes[first]:
            for j in shapes[second]:
                geometry.addCollisionPair(pin.CollisionPair(i, j))
                owner.append(index)
    data, geometry_data = model.createData(), geometry.createData()
    for request, index in zip(geometry_data.collisionRequests, owner, strict=True):
        request.security_margin = margins[index]
    count = np.zeros(len(pairs), dtype=np.intp)
    for position in positions:
        pin.computeCollisions(model, data, geometry, geometry_data, position, False)
        hit = np.fromiter(
            (r.isCollision() for r in geometry_data.collisionResults), dtype=bool, count=len(owner)
        )
        count[np.unique(np.asarray(owner, dtype=np.intp)[hit])] += 1
    return count


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0, or 2 with one sentence on what is wrong."""
    from lab_description.cell import load_cell
    from lab_description.stored_pairs import store

    parser = argparse.ArgumentParser(
        prog="lab collision_matrix", description="Compute and store the pairs of links that are not checked."
    )
    parser.add_argument("cell", help="name of a cell in config/cells, or path of its YAML")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    options = parser.parse_args(arguments)
    try:
        print(f"wrote {store(load_cell(options.cell), options.seed, options.samples)}")
    except (ConfigurationError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
