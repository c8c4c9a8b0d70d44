"""Parts in clutter from colour, depth and the shape of the surface.

Superpixels are joined where the evidence says "one part": no step in depth, no concave edge (parts are mostly
convex, so a concave edge is where one part meets another), and what a network saw there, which tells print
from edges of parts (`lab_perception.parts_network`). All evidence is weighed in one sum, the log odds of
"same part", and the partition of least contradiction is taken (`lab_perception.multicut`).

Without a network a like colour stands for "one part", which holds for parts of one colour only. How far it
can be trusted depends on the crowd: where the like-coloured area of a heap is no more than one part has, it
is that part, whatever its shape; where it is that of several, only geometry can tell them apart.

Both sets of weights were fitted to labelled borders of rendered scenes (benchmarks/perception.py measures
them on others).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.parameters import parameter
from lab_core.scene import PART, Hypothesis
from lab_perception.detector import Instance
from lab_perception.frame import ByteImage, Float32Image, RgbdFrame
from lab_perception.multicut import IntArray, contract
from lab_perception.region_graph import RegionGraph, region_graph
from lab_perception.stacks import split_stacks
from lab_perception.superpixels import LabelImage, superpixels
from lab_perception.surface import Surface


@dataclass(frozen=True, slots=True)
class SegmentationSettings:
    """Weights of the evidence, in log odds for a border as long as a superpixel is wide.

    spacing: of the superpixels, pixels. prior: log odds without evidence in a crowd of one part. part_area:
    visible area of a usual part, square metres. crowd_weight: what each e-fold more of like-coloured area
    takes off the odds, up to crowd_limit e-folds. alone_weight: what each e-fold that a whole heap is smaller
    than alone_area, square metres, adds, up to one e-fold: what stands alone and is small is rather one part
    of two materials than two parts. chroma, lightness, concavity (radians), step (millimetres):
    weight by unit beyond the slack; less is noise. seen_edge, votes_apart: weight of what the network saw,
    see RegionGraph. clear_edge: strength (0..255) of an edge that no superpixel starts on.
    fragment_area: smaller pieces are joined to their likeliest neighbour if its chroma is within like_chroma
    (95 % of borders within a part of one colour are below 3, those between two colours above 14), and those
    below a third of it anyhow; min_area: smaller ones that have no neighbour are no parts; square metres.
    min_score: parts of which the network is less sure are none.
    """

    spacing: int = 8
    prior: float = 8.5
    part_area: float = 0.0015
    crowd_weight: float = 4.0
    crowd_limit: float = 1.6
    alone_weight: float = 0.0
    alone_area: float = 0.003
    chroma_weight: float = 0.62
    chroma_slack: float = 3.0
    lightness_weight: float = 0.25
    lightness_slack: float = 7.0
    concavity_weight: float = 5.0
    concavity_slack: float = 0.25
    step_weight: float = 1.6
    step_slack: float = 0.5
    seen_edge_weight: float = 0.0
    votes_apart_weight: float = 0.0
    clear_edge: int = 256
    like_chroma: float = 8.0
    fragment_area: float = 3e-4
    min_area: float = 5e-5
    min_score: float = 0.0


WITHOUT_NETWORK = SegmentationSettings()
WITH_NETWORK = SegmentationSettings(
    prior=5.63,
    crowd_weight=0.0,
    alone_weight=6.0,
    chroma_weight=0.093,
    lightness_weight=0.0,
    concavity_weight=1.18,
    concavity_slack=0.1,
    step_weight=0.6,
    seen_edge_weight=2.19,
    votes_apart_weight=3.29,
    clear_edge=110,
    like_chroma=np.inf,
    min_score=0.85,
)


@dataclass(frozen=True)
class GeometricParameters:
    """What a user of the default detector may change."""

    network: str = parameter(
        "parts",
        "The network that tells parts from the table: a name, the path of its JSON file, or '' for none.",
    )
    min_score: float = parameter(
        WITH_NETWORK.min_score,
        "Parts of which the network is less sure are left out.",
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    min_area: float = parameter(
        WITH_NETWORK.min_area,
        "A part shows at least this much area; smaller ones are left out.",
        unit="m²",
        minimum=0.0,
        maximum=0.01,
        live=True,
    )
    fragment_area: float = parameter(
        WITH_NETWORK.fragment_area,
        "A piece with less area than this is joined to its neighbour.",
        unit="m²",
        minimum=0.0,
        maximum=0.01,
        live=True,
    )
    join_bias: float = parameter(
        0.0,
        "Added to the log odds that two neighbouring pieces are one part. Raise it when parts are split,"
        " lower it when parts that touch are seen as one.",
        minimum=-10.0,
        maximum=10.0,
        live=True,
    )

    least_step: float = parameter(
        0.03,
        "A flat top that stands out of another one by this much is a part that lies on it; 0: none is.",
        unit="m",
        minimum=0.0,
        maximum=0.2,
        live=True,
    )

    def settings(self, with_network: bool) -> SegmentationSettings:
        """The weights that were fitted, with these changes."""
        fitted = WITH_NETWORK if with_network else WITHOUT_NETWORK
        return replace(
            fitted,
            prior=fitted.prior + self.join_bias,
            fragment_area=self.fragment_area,
            min_area=self.min_area,
            min_score=self.min_score,
        )


DEFAULTS = GeometricParameters()


class GeometricDetector:
    """The default detector: knows no kinds of parts."""

    Parameters = GeometricParameters
    deterministic = True
    accurate_on_blocks = True

    def __init__(self, parameters: GeometricParameters = DEFAULTS) -> None:
        self.network = parameters.network
        self._parameters = parameters

    def parameters_changed(self, new: GeometricParameters) -> None:
        """Use them from the next image on."""
        self._parameters = new

    def detect(self, frame: RgbdFrame, surface: Surface) -> Sequence[Instance]:
        """Parts by geometry and appearance; see `lab_perception.detector.Detector`."""
        settings = self._parameters.settings(surface.evidence is not None)
        color = surface.view.crop(frame.color)
        labels = split_stacks(segment(surface, settings), color, surface, self._parameters.least_step)
        masks = [labels == label for label in range(int(labels.max(initial=-1)) + 1)]
        if surface.evidence is None:
            return [Instance(mask) for mask in masks]
        sure = surface.evidence.part_probability()
        scores = [float(sure[mask].mean()) for mask in masks]
        return [
            Instance(mask, (Hypothesis(PART, score),))
            for mask, score in zip(masks, scores, strict=True)
            if score >= settings.min_score
        ]


def segment(surface: Surface, settings: SegmentationSettings) -> LabelImage:
    """Labels (h, w) of the parts, numbered without gaps; -1 where there is none."""
    regions, count = superpixels(_edges(surface), surface.domain, settings.spacing, settings.clear_edge)
    if count == 0:
        return regions
    return join(regions, region_graph(surface, regions, count), settings)


def join(regions: LabelImage, graph: RegionGraph, settings: SegmentationSettings) -> LabelImage:
    """Labels (h, w) of the parts that superpixels (h, w) make up."""
    odds = _log_odds(graph, settings)
    part = contract(len(graph.area), graph.edges, odds)
    part = _absorb_fragments(part, graph, odds, settings)
    keep = np.bincount(part, weights=graph.area) >= settings.min_area
    number = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    labels: LabelImage = np.where(regions >= 0, number[part][regions], -1)
    return labels


def _edges(surface: Surface) -> ByteImage:
    """Strength of the edge at each pixel, 0..255."""
    strength = 4.0 * _gradient(surface.chroma) + 2.0 * _gradient(surface.lightness)
    strength += np.where(surface.foreground, 120.0 * _gradient(surface.normals), 60.0)
    strength = np.minimum(strength, 255.0)
    if surface.evidence is not None:
        # Print has edges too: they say where an edge runs, the network whether it is one of a part.
        strength = 0.25 * strength + 190.0 * surface.evidence.edge_probability()
    return strength.astype(np.uint8)


def _gradient(channels: Float32Image) -> Float32Image:
    """Largest difference (h, w) within 3 by 3 pixels, over the channels of (h, w) or (h, w, c)."""
    gradient = cv2.morphologyEx(channels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    gradient = gradient.reshape(*channels.shape[:2], -1)
    # NumPy's maximum over a short last axis is slow.
    strongest = gradient[..., 0]
    for channel in range(1, gradient.shape[-1]):
        strongest = np.maximum(strongest, gradient[..., channel])
    return strongest.astype(np.float32, copy=False)


def _log_odds(graph: RegionGraph, settings: SegmentationSettings) -> npt.NDArray[np.float32]:
    """Log odds (M,) that the two sides of each border are one part."""

    def beyond(measure: npt.NDArray[np.float32], slack: float, limit: float) -> npt.NDArray[np.float32]:
        excess: npt.NDArray[np.float32] = np.clip(measure - slack, 0.0, limit)
        return excess

    crowd = np.maximum(graph.crowd, 1e-9) / settings.part_area
    heap = np.maximum(graph.heap, 1e-9) / settings.alone_area
    odds = (
        settings.prior
        - settings.crowd_weight * np.clip(np.log(crowd), -1.0, settings.crowd_limit)
        + settings.alone_weight * np.clip(-np.log(heap), 0.0, 1.0)
        - settings.chroma_weight * beyond(graph.chroma, settings.chroma_slack, 25.0)
        - settings.lightness_weight * beyond(graph.lightness, settings.lightness_slack, 80.0)
        - settings.concavity_weight * beyond(graph.concavity, settings.concavity_slack, 1.2)
        - settings.step_weight * beyond(graph.step, settings.step_slack, 6.0)
        - settings.seen_edge_weight * graph.seen_edge
        - settings.votes_apart_weight * np.minimum(graph.votes_apart, 2.5)
    )
    result: npt.NDArray[np.float32] = (odds * graph.length / settings.spacing).astype(np.float32)
    return result


def _absorb_fragments(
    part: IntArray, graph: RegionGraph, odds: npt.NDArray[np.float32], settings: SegmentationSettings
) -> IntArray:
    """Parts (N,) of the superpixels with small ones joined to the neighbour that they least unlikely belong
    to.
    """
    part = part.copy()
    areas = np.bincount(part, weights=graph.area)
    for fragment in np.argsort(areas, kind="stable"):
        if areas[fragment] >= settings.fragment_area:
            break
        sides = part[graph.edges]
        border = (sides == fragment).sum(axis=1) == 1
        if not border.any():
            continue
        neighbour = np.where(sides[border, 0] == fragment, sides[border, 1], sides[border, 0])
        total = np.bincount(neighbour, weights=odds[border])
        length = np.bincount(neighbour, weights=graph.length[border])
        best = int(np.argmax(np.where(length > 0, total / np.maximum(length, 1.0), -np.inf)))
        alike = np.median(graph.chroma[border][neighbour == best]) < settings.like_chroma
        if not alike and areas[fragment] >= settings.fragment_area / 3.0:
            continue
        part[part == fragment] = best
        areas[best] += areas[fragment]
        areas[fragment] = 0.0
    return part
