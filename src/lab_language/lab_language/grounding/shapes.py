"""How likely a part has each simple shape: by the outline that the image shows and the heights of its top."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.scene import Part
from lab_language.grounding.measures import Form, form_of
from lab_language.grounding.port import Candidate
from lab_language.grounding.solids import Solid, fitted

NAMES = ("box", "cylinder", "roll", "ball", "other")
_NOT_NOTCHED = -3.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of a part as it lies. length, width, height: metres, length the longer of the first two.

    box, cylinder (upright), roll (a lying cylinder), ball: how likely it is one; they exclude each other.
    hollow: how likely there is a hole through its top.
    """

    length: float
    width: float
    height: float
    box: float
    cylinder: float
    roll: float
    ball: float
    hollow: float


def shape_of(candidate: Candidate) -> Shape:
    """The shape of a part of a scene."""
    eye = candidate.base_from_camera
    return _shape(candidate.part, candidate.covered, () if eye is None else tuple(eye.ravel().tolist()))


@lru_cache(maxsize=128)  # a part is the same object in all phrases about one scene
def _shape(part: Part, covered: bool, eye: tuple[float, ...]) -> Shape:
    form = form_of(part)
    hollow = 0.0 if covered else ramp(form.hole, 0.3, 0.7)
    if len(part.outline) < 3 or not eye or part.truncated:
        box, cylinder, roll, ball = _by_form(form, covered)
        return Shape(form.length, form.width, form.height, box, cylinder, roll, ball, hollow)
    solids = {s.name: s for s in fitted(part.outline, np.array(eye).reshape(4, 4), part.box, covered)}
    likely = probabilities(features(form, solids, part.filled, covered))
    best = solids[max(solids, key=lambda name: likely[NAMES.index(name)])]
    length, width, height = best.size.tolist()
    box, cylinder, roll, ball, _ = likely.tolist()
    return Shape(length, width, height, box, cylinder, roll, ball, hollow)


def forget() -> None:
    """Nothing is kept of parts that were looked at: for measurements of time."""
    _shape.cache_clear()
    form_of.cache_clear()


def features(form: Form, solids: dict[str, Solid], filled: float, covered: bool) -> FloatArray:
    """(F,) what tells the shapes apart; the first is 1.

    How badly the outline of each solid fits, the share of the outline that is filled, and how the top is
    bowed: nothing of it where another part covers the top.
    """
    misfits = np.log([0.3 + solids[name].misfit for name in NAMES[:-1]])
    bows = (
        (0.0, 0.0, 0.0, 0.0)
        if covered
        else (form.bow_along, form.bow_across, min(form.bow_along, form.bow_across), form.tilt)
    )
    bowed = np.clip(bows, -0.5, 1.0)
    size = np.log(max(float(solids["box"].size[:2].mean()), 1e-3) / 0.05)
    notched = _NOT_NOTCHED if covered else np.log(0.02 + 1.0 - filled)
    seen = np.array([*misfits, misfits.min(), notched, *bowed, 0.0 if covered else form.hole, size])
    return np.concatenate([[1.0], seen, seen[:6] ** 2])


def probabilities(seen: FloatArray) -> FloatArray:
    """(5,) of NAMES, by features (F,): multinomial logistic regression; see training/shapes.py."""
    odds = _weights() @ ((seen - _scaling()[0]) / _scaling()[1])
    likely = np.exp(odds - odds.max())
    result: FloatArray = likely / likely.sum()
    return result


@cache
def _fitted() -> dict[str, FloatArray]:
    content = json.loads((Path(__file__).parent / "shape_weights.json").read_text(encoding="utf-8"))
    return {name: np.array(content[name]) for name in ("weights", "mean", "spread")}


def _weights() -> FloatArray:
    return _fitted()["weights"]


def _scaling() -> tuple[FloatArray, FloatArray]:
    return _fitted()["mean"], _fitted()["spread"]


def _by_form(form: Form, covered: bool) -> tuple[float, float, float, float]:
    """Of box, cylinder, roll and ball, where no image shows the outline: by the depth alone."""
    bowed = 0.0 if covered else max(abs(form.bow_along), abs(form.bow_across))
    less, more = (0.0, 0.0) if covered else sorted((form.bow_along, form.bow_across))
    tilt = 0.0 if covered else form.tilt
    level = ramp(bowed, 0.22, 0.12) * ramp(tilt, 0.7, 0.45)
    even = ramp(form.length / form.width, 1.35, 1.2)
    round_outline = min(ramp(form.filled, 0.90, 0.86), ramp(form.filled, 0.73, 0.76)) * even
    thick = ramp(form.height / form.width, 0.6, 0.75) * ramp(form.height / form.width, 1.6, 1.4)
    box = level * ramp(form.filled, 0.82, 0.87)
    cylinder = round_outline * level
    ball = round_outline * ramp(less + more, 0.15, 0.3) * ramp(form.hole, 0.6, 0.4) * thick
    roll = ramp(more, 0.12, 0.2) * ramp(less, 0.2, 0.1) * thick * ramp(form.filled, 0.80, 0.86)
    if form.hole > 0.5 and not covered:  # the middle of a ring has no level
        cylinder = round_outline
    total = max(box + cylinder + roll + ball, 1.0)
    return box / total, cylinder / total, roll / total, ball / total


def ramp(value: float, zero: float, one: float) -> float:
    """0 at one end, 1 at the other."""
    return float(np.clip((value - zero) / (one - zero), 0.0, 1.0))
