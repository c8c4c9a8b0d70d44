"""Does a pad touch something, how hard, where, over which area, and is there an edge across it?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadSample
from lab_touch.rest import Mask, RestLevel

EDGE_TAXELS = 5
"""Borders between touching and free taxels from which an edge is made."""
STRAIGHT = 0.45
"""Of the pitch: an edge whose borders scatter more about its line is round, or none."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A straight border of the contact inside the pad.

    angle: of the line from the pad's x axis towards z, radians, -π/2..π/2. point: (2,) x and z of a point on
    it, metres. confidence: 0..1.
    """

    angle: float
    point: FloatArray
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """What one pad feels.

    touching: whether anything. confidence: of that, 0..1. force: into the pad, N; force_noise: its standard
    deviation. centroid: (2,) x and z of the centre of pressure, metres, NaN without contact; centroid_noise:
    its standard deviation, metres. area: m². edge: None where none is seen.
    """

    touching: bool
    confidence: float
    force: float
    force_noise: float
    centroid: FloatArray
    centroid_noise: float
    area: float
    edge: Edge | None = None


def find_contact(sample: PadSample, rest: RestLevel, edges: bool = True) -> Contact:
    """What the sample of one pad tells.

    A pad touches when its whole force stands out of its noise, or two taxels stand out of theirs: a small
    contact is lost in the noise of the whole. edges: look for one.
    """
    normal = rest.normal(sample)
    touching = rest.touching(normal)
    count = int(np.count_nonzero(touching))
    total = float(normal.sum())
    strength = max(
        total / rest.total_noise,
        float(np.sort((normal / rest.normal_noise).ravel())[-2]) if normal.size > 1 else 0.0,
    )
    # how likely noise alone stays below: of a normal distribution, that a value so large is not chance
    confidence = math.erf(max(strength, 0.0) / math.sqrt(2.0)) ** normal.size
    if count < 2 and total < 6.0 * rest.total_noise:
        return Contact(False, 1.0 - confidence, total, rest.total_noise, np.full(2, np.nan), math.nan, 0.0)
    grid = sample.grid
    places = grid.places()
    pressed = np.where(touching, normal, 0.0)
    force = float(pressed.sum())
    if force <= 0.0:
        return Contact(True, confidence, total, rest.total_noise, np.full(2, np.nan), math.nan, 0.0)
    centroid = (places * pressed[..., None]).sum(axis=(0, 1)) / force
    arm = np.linalg.norm(places - centroid, axis=-1)
    noise = float(np.sqrt(((arm * rest.normal_noise)[touching] ** 2).sum())) / force
    edge = find_edge(touching, rest.alive, places) if edges else None
    return Contact(True, confidence, total, rest.total_noise, centroid, noise, count * grid.taxel_area, edge)


def find_edge(touching: Mask, alive: Mask, places: FloatArray) -> Edge | None:
    """The longest straight border between taxels that touch and taxels that do not; None where none is.

    touching, alive: (R, C). places: (R, C, 2) metres. A line through two borders that most others lie on,
    then total least squares of those. Source: M. A. Fischler, R. C. Bolles, "Random sample consensus", 1981;
    here all pairs that are far enough apart are tried, so nothing is drawn.
    """
    borders = _borders(touching, alive, places)
    if len(borders) < EDGE_TAXELS:
        return None
    pitch = _pitch(places)
    first, second = np.triu_indices(len(borders), 1)
    along = borders[second] - borders[first]
    length = np.linalg.norm(along, axis=1)
    far = length > 0.4 * length.max()
    first, along, length = first[far], along[far], length[far]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / length[:, None]
    off = np.abs(across @ borders.T - (across * borders[first]).sum(axis=1)[:, None])
    near = off < 0.6 * pitch
    best = int(np.argmax(near.sum(axis=1)))
    chosen = borders[near[best]]
    for _ in range(2):
        centre, direction = _line(chosen)
        away = np.abs((borders - centre) @ np.array([-direction[1], direction[0]]))
        chosen = borders[away < 0.8 * pitch]
    if len(chosen) < EDGE_TAXELS:
        return None
    centre, direction = _line(chosen)
    scatter = (
        float(np.sqrt((((chosen - centre) @ np.array([-direction[1], direction[0]])) ** 2).mean())) / pitch
    )
    share = len(chosen) / len(borders)
    if scatter > STRAIGHT or share < 0.35:
        return None
    angle = math.atan2(direction[1], direction[0])
    if angle > math.pi / 2:
        angle -= math.pi
    elif angle <= -math.pi / 2:
        angle += math.pi
    return Edge(angle, centre, share * (1.0 - scatter))


def _borders(touching: Mask, alive: Mask, places: FloatArray) -> FloatArray:
    """(N, 2) midpoints between neighbours of which one touches; dead taxels have none."""
    found = []
    for low, high in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        differ = (touching[low] != touching[high]) & alive[low] & alive[high]
        found.append(0.5 * (places[low][differ] + places[high][differ]))
    return np.concatenate(found)


def _line(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre and unit direction (2,) of the line of total least squares through points (N, 2)."""
    centre = points.mean(axis=0)
    direction = np.linalg.svd(points - centre, full_matrices=False)[2][0]
    return centre, direction


def _pitch(places: FloatArray) -> float:
    """Mean distance of neighbours, metres."""
    rows, columns = places.shape[:2]
    steps = []
    if rows > 1:
        steps.append(float(places[1, 0, 1] - places[0, 0, 1]))
    if columns > 1:
        steps.append(float(places[0, 1, 0] - places[0, 0, 0]))
    return float(np.mean(steps)) if steps else 0.0
