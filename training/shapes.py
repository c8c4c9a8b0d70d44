"""Fits the weights by which `lab_language.grounding.shapes` tells boxes, cylinders and balls apart.

PYTHONPATH=benchmarks:$PYTHONPATH python training/shapes.py --out weights.json

Rendered tables of kinds that the benchmark of words does not use, as perception tells their parts apart: what
is measured on each, and the truth of the simulator. Multinomial logistic regression with a penalty on the
weights, which keeps the probabilities honest: five folds of tables are held out in turn to see it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.optimize import minimize

from _labelled_scenes import LabelledScene, area_of, labelled_scene, photographed
from _word_scenes import COLUMNS, JITTER, ROWS, matched
from lab_core.geometry import FloatArray
from lab_description import Cell, load_cell
from lab_language.grounding.evaluate import RESTS, by_itself
from lab_language.grounding.measures import form_of
from lab_language.grounding.relations import lies_on
from lab_language.grounding.shapes import NAMES, features
from lab_language.grounding.solids import fitted
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_simulation.errors import SceneError
from lab_simulation.scenes.drawing import make_scene
from lab_simulation.scenes.parts import COLOURS
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile

BOX, CYLINDER, ROLL, BALL, OTHER = range(len(NAMES))
KINDS = {
    **dict.fromkeys(("box", "plate", "bar"), BOX),
    **dict.fromkeys(("cylinder", "disc", "ring", "tube"), CYLINDER),
    "sphere": BALL,
    **dict.fromkeys(
        ("hex_nut", "cone", "wedge", "l_piece", "t_piece", "u_profile", "cross", "pebble"), OTHER
    ),
    "bolt": OTHER,
}
"""What each kind is; of others, such as gears and bottles, two people may differ: they are left out."""
DRAWN = (
    *("box", "box", "plate", "bar", "cylinder", "cylinder", "disc", "sphere", "ring", "tube"),
    *("hex_nut", "gear", "cone", "wedge", "l_piece", "pebble", "bottle", "mug", "cup"),
)
FIXED = {"mug": {"diameter": 0.05, "height": 0.06}, "bottle": {"diameter": 0.05, "height": 0.12}}
LARGE = {
    "box": {"x": (0.045, 0.08), "y": (0.04, 0.07), "z": (0.03, 0.07)},
    "cylinder": {"diameter": (0.042, 0.06), "height": (0.045, 0.1)},
}
BELOW = {"x": (0.075, 0.1), "y": (0.06, 0.09), "z": (0.02, 0.05)}
ABOVE = {"x": (0.03, 0.05), "y": (0.03, 0.045), "z": (0.02, 0.045)}
PENALTY, FOLDS = 2.0, 5


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--tables", type=int, default=30, help="with parts in a grid, one on another")
    parser.add_argument("--scattered", type=int, default=24, help="with parts in random resting poses")
    options = parser.parse_args()
    cell = load_cell("ur5e_table")
    seen: list[FloatArray] = []
    kinds: list[int] = []
    tables: list[int] = []
    seeds = [(100 + i, True) for i in range(options.tables)]
    seeds += [(300 + i, False) for i in range(options.scattered)]
    for seed, drawn in track(seeds, "tables"):
        try:
            image = table(cell, seed) if drawn else labelled_scene(cell, "scattered", seed)
        except SceneError:
            continue
        for measured, kind in parts_of(cell, image):
            seen.append(measured)
            kinds.append(kind)
            tables.append(seed)
    x, y, of = np.array(seen), np.array(kinds), np.array(tables)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    mean[0], spread[0] = 0.0, 1.0
    z = (x - mean) / spread
    held_out = np.zeros((len(y), len(NAMES)))
    for fold in range(FOLDS):
        test = np.isin(of, np.unique(of)[fold::FOLDS])
        held_out[test] = probabilities(z[test], weights(z[~test], y[~test]))
    true = held_out[np.arange(len(y)), y]
    right = float((held_out.argmax(axis=1) == y).mean())
    print(f"{len(y)} parts, held out: {100 * right:.0f} % right, log loss {-np.log(true).mean():.2f}")
    fitted_weights = weights(z, y)
    content = {
        "names": NAMES,
        "mean": np.round(mean, 6).tolist(),
        "spread": np.round(spread, 6).tolist(),
        "weights": np.round(fitted_weights, 4).tolist(),
    }
    options.out.write_text(json.dumps(content) + "\n", encoding="utf-8")


def table(cell: Cell, seed: int) -> LabelledScene:
    """Seven parts in a grid, the first of them under another."""
    rng = np.random.default_rng([seed, 0xDE5])
    cells = [(x, y) for x in ROWS for y in COLUMNS]
    placed = []
    for index, (x, y) in enumerate(cells[i] for i in rng.permutation(len(cells))[:7]):
        at = (x + float(rng.uniform(-JITTER, JITTER)), y + float(rng.uniform(-JITTER, JITTER)))
        turn = (0.0, 0.0, float(rng.uniform(-np.pi, np.pi)))
        paint = str(rng.choice(list(COLOURS)))
        if index == 0:
            below, above = _sizes(BELOW, rng), _sizes(ABOVE, rng)
            placed.append(PlacedPart("box", (*at, 0.0), turn, below, paint))
            other, on_it = str(rng.choice(list(COLOURS))), (*at, below["z"])
            if rng.random() < 0.5:
                turned = (0.0, 0.0, turn[2] + float(rng.uniform(0.0, 1.0)))
                placed.append(PlacedPart("box", on_it, turned, above, other))
            else:
                size = {"diameter": float(rng.uniform(0.03, 0.045)), "height": above["z"]}
                placed.append(PlacedPart("cylinder", on_it, turn, size, other))
            continue
        kind = str(rng.choice(DRAWN))
        size = FIXED.get(kind, {})
        if kind in LARGE and rng.random() < 0.6:
            size = _sizes(LARGE[kind], rng)
        placed.append(PlacedPart(kind, (*at, 0.0), turn, size, paint))
    scene = make_scene(SceneFile("placed", placed=tuple(placed)), seed, area_of(cell))
    return photographed(cell, scene, seed)


def parts_of(cell: Cell, image: LabelledScene) -> list[tuple[FloatArray, int]]:
    """What is measured on each part that perception finds, and which of NAMES it is."""
    seen = Perception.of(cell, PerceptionParameters()).perceive(image.frame)
    of = matched(seen.objects, image)
    found = []
    for part in seen.objects:
        if part.id not in of:
            continue
        true = image.scene.parts[of[part.id]]
        kind = KINDS.get(true.kind)
        if kind is None:
            continue
        lying = abs(image.scene.poses[of[part.id]][2, 2]) < 0.9
        if kind == CYLINDER and lying:
            kind = ROLL
        covered = any(o is not part and lies_on(o, part) >= RESTS for o in seen.objects)
        alone = by_itself(part, seen.objects)
        solids = fitted(part.outline, image.frame.base_from_camera, alone.box, covered)
        shapes = {solid.name: solid for solid in solids}
        found.append((features(form_of(alone), shapes, part.filled, covered), kind))
    return found


def weights(z: FloatArray, y: np.ndarray) -> FloatArray:
    """(5, F) of features (N, F) and what the parts are (N,)."""

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        w = flat.reshape(len(NAMES), -1)
        likely = probabilities(z, w)
        value = -np.log(likely[np.arange(len(y)), y] + 1e-12).sum() + 0.5 * PENALTY * (w[:, 1:] ** 2).sum()
        likely[np.arange(len(y)), y] -= 1.0
        gradient = likely.T @ z
        gradient[:, 1:] += PENALTY * w[:, 1:]
        return float(value), gradient.ravel()

    start = np.zeros(len(NAMES) * z.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.reshape(
        len(NAMES), -1
    )


def probabilities(z: FloatArray, w: FloatArray) -> FloatArray:
    """(N, 5)."""
    odds = z @ w.T
    likely = np.exp(odds - odds.max(axis=1, keepdims=True))
    result: FloatArray = likely / likely.sum(axis=1, keepdims=True)
    return result


def _sizes(limits: dict[str, tuple[float, float]], rng: np.random.Generator) -> dict[str, float]:
    return {name: float(rng.uniform(*between)) for name, between in limits.items()}


if __name__ == "__main__":
    main()
