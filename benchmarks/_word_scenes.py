"""Tables for the benchmark of words: parts of held-out kinds, colours repeated, one part on another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from _labelled_scenes import LabelledScene, area_of, photographed
from _word_truth import TruePart, one_colour, true_scene
from lab_core.scene import Part, Scene
from lab_description import Cell
from lab_description.schema import parse, read_yaml
from lab_perception.detector import Instance
from lab_perception.frame import RgbdFrame
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_perception.segmentation import GeometricParameters
from lab_perception.surface import Surface
from lab_simulation.errors import SceneError
from lab_simulation.look import Look
from lab_simulation.scenes.catalogue import make_part
from lab_simulation.scenes.drawing import make_scene
from lab_simulation.scenes.parts import COLOURS
from lab_simulation.scenes.parts import Part as TruthPart
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile

ROWS, COLUMNS = (0.41, 0.525, 0.64), (-0.15, 0.0, 0.15)
JITTER = 0.018
SIZES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "carton": {"x": (0.045, 0.08), "y": (0.04, 0.07), "z": (0.035, 0.07)},
    "can": {"diameter": (0.05, 0.06), "height": (0.08, 0.10)},
    "jar": {"diameter": (0.045, 0.06), "height": (0.05, 0.08)},
    "pack": {"x": (0.05, 0.08), "y": (0.04, 0.06), "z": (0.015, 0.03)},
    "studded_brick": {"pitch": (0.016, 0.022), "z": (0.02, 0.035)},
}
"""Kinds that no threshold was set on: they are drawn in no scene of config/scenes."""
BASE = {"x": (0.085, 0.10), "y": (0.075, 0.09), "z": (0.03, 0.05)}
TOP = {"x": (0.041, 0.05), "y": (0.035, 0.045), "z": (0.025, 0.04)}
STACKED = 0.85
"""Share of the draws in which one part lies on another."""
CLEAR, DRAWS = 5, 300
"""Parts of one colour that a table has at least, and how often one is drawn for that."""


TRUE, PERCEIVED = "true segments", "perception"
"""Who tells the parts of an image apart."""


@dataclass(frozen=True)
class WordScene:
    """seen: what was made of the image (H, W, 3). truth: of each part. covered: those that another lies on.
    of: index of the true part by the id of what was seen.
    """

    image: npt.NDArray[np.uint8]
    seen: Scene
    truth: list[TruePart]
    covered: list[TruePart]
    of: dict[str, int]


Views = dict[str, WordScene]
"""One image, by who tells its parts apart."""


def drawn(cell: Cell, seed: int, look: Look) -> Views:
    """The table of a seed: the first of its draws in which CLEAR parts have one colour from all sides.

    Raises SceneError when its parts do not come to rest.
    """
    for draw in range(DRAWS):
        one = seed * DRAWS + draw
        placed = _placed(one)
        clear = sum(one_colour(_part(one, index, item), one, look) for index, item in enumerate(placed))
        if clear >= CLEAR:
            return _seen(cell, placed, one, look)
    raise SceneError(f"no draw of seed {seed} has {CLEAR} parts of one colour")


def _placed(seed: int) -> list[PlacedPart]:
    rng = np.random.default_rng([seed, 0x30D5])
    cells = [(x, y) for x in ROWS for y in COLUMNS]
    chosen = [cells[i] for i in rng.permutation(len(cells))[: int(rng.integers(6, 8))]]
    paints = [str(name) for name in rng.choice(list(COLOURS), 4, replace=False)]
    placed = []
    for index, (x, y) in enumerate(chosen):
        kind = "carton" if index == 0 else str(rng.choice(list(SIZES)))
        at = (x + float(rng.uniform(-JITTER, JITTER)), y + float(rng.uniform(-JITTER, JITTER)))
        yaw = float(rng.uniform(-np.pi, np.pi))
        if index == 0 and rng.random() < STACKED:
            base, top = _sizes(BASE, rng), _sizes(TOP, rng)
            below, above = (str(name) for name in rng.choice(paints, 2, replace=False))
            placed.append(PlacedPart("carton", (*at, 0.0), (0.0, 0.0, yaw), base, below))
            placed.append(PlacedPart("carton", (*at, base["z"]), (0.0, 0.0, yaw + 0.4), top, above))
            continue
        paint = str(rng.choice(paints))
        placed.append(PlacedPart(kind, (*at, 0.0), (0.0, 0.0, yaw), _sizes(SIZES[kind], rng), paint))
    return placed


def _part(seed: int, index: int, item: PlacedPart) -> TruthPart:
    """The part that the scene of a seed will have."""
    rng = np.random.default_rng([seed, index])
    return make_part(item.kind, f"{item.kind}_{index + 1:02d}", rng, item.dimensions, item.colour)


def by_hand(cell: Cell, look: Look) -> dict[str, tuple[Views, dict[str, int]]]:
    """The tables of words_by_hand/scenes.yaml, with the index of each part by its name there."""
    path = Path(__file__).parent / "words_by_hand" / "scenes.yaml"
    content = read_yaml(path)
    assert isinstance(content, dict)
    tables = {}
    for number, (name, parts) in enumerate(content.items()):
        placed = [parse(PlacedPart, part, path) for part in parts.values()]
        scene = _seen(cell, placed, 900 + number, look)
        tables[name] = (scene, {key: index for index, key in enumerate(parts)})
    return tables


def _seen(cell: Cell, placed: list[PlacedPart], seed: int, look: Look) -> Views:
    scene = make_scene(SceneFile("placed", placed=tuple(placed)), seed, area_of(cell))
    image = photographed(cell, scene, seed, look=look)
    truth = true_scene(scene, seed, look)
    under = [truth[i - 1] for i, part in enumerate(placed) if part.position[2] > 0.0]
    views = {}
    for name, detector in ((TRUE, TrueSegments(image)), (PERCEIVED, None)):
        seen = Perception.of(cell, PerceptionParameters(), detector).perceive(image.frame)
        views[name] = WordScene(image.frame.color, seen, truth, under, matched(seen.objects, image))
    return views


class TrueSegments:
    """Tells the parts apart as the simulator does; what is measured on them is the camera's."""

    network = GeometricParameters().network

    def __init__(self, image: LabelledScene) -> None:
        self._truth = image.truth

    def detect(self, frame: RgbdFrame, surface: Surface) -> list[Instance]:
        truth = surface.view.crop(self._truth)
        labels, counts = np.unique(truth[truth >= 0], return_counts=True)
        return [Instance(truth == label) for label in labels[counts >= 60]]


def matched(seen: tuple[Part, ...], image: LabelledScene) -> dict[str, int]:
    """Which true part each seen one is: the one whose pixels its points fall on most."""
    camera, base_from_camera = image.frame.camera, image.frame.base_from_camera
    matched = {}
    for part in seen:
        points = (part.points - base_from_camera[:3, 3]) @ base_from_camera[:3, :3]
        column = np.round(camera.fx * points[:, 0] / points[:, 2] + camera.cx).astype(int)
        row = np.round(camera.fy * points[:, 1] / points[:, 2] + camera.cy).astype(int)
        inside = (column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height)
        labels = image.truth[row[inside], column[inside]]
        labels = labels[labels >= 0]
        if len(labels):
            matched[part.id] = int(np.bincount(labels, minlength=len(image.scene.parts)).argmax())
    return matched


def _sizes(limits: Mapping[str, tuple[float, float]], rng: np.random.Generator) -> dict[str, float]:
    return {name: float(rng.uniform(*between)) for name, between in limits.items()}
