"""The grounder that needs no model: colour, size and shape as perception has measured them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np

from lab_core.geometry import FloatArray, oklab
from lab_core.scene import PART, Part
from lab_language.errors import UnknownKind, quoted
from lab_language.grounding.measures import Form, form_of
from lab_language.grounding.port import Candidate, Phrase
from lab_language.query import Attribute
from lab_perception.color_names import name_in_oklab

COLOUR_SPREAD = (0.06, 0.025, 0.025)
"""Of one paint over the sides of a part and the lights on it, in Oklab."""
LIKE_A_LESSER = 0.4
"""Score of a part that is called so when there is no better: a plate as a box, turquoise as blue."""
NOT_ALIKE = 1.15
"""A part is called large beside others when it is so many times as large as they are."""


class AttributeGrounder:
    """Scores by measured attributes; the same for the same input."""

    accurate_on_blocks = True

    def score(self, candidates: Sequence[Candidate], phrase: Phrase) -> FloatArray:
        """See the port. The score of several attributes is that of the one that fits least."""
        parts = [candidate.part for candidate in candidates]
        covered = [candidate.covered for candidate in candidates]
        scores = np.ones(len(parts))
        for attribute in phrase.attributes:
            scores = np.minimum(scores, attribute_scores(parts, attribute, covered))
        return scores


def attribute_scores(
    parts: Sequence[Part], attribute: Attribute, covered: Sequence[bool] | None = None
) -> FloatArray:
    """(N,) how well one attribute fits each of the parts of a scene. covered: something lies on the part.

    Raises UnknownKind.
    """
    covered = [False] * len(parts) if covered is None else covered
    several = [_scores(parts, covered, attribute.kind, value) for value in attribute.values]
    scores: FloatArray = np.max(several, axis=0) if len(parts) else np.zeros(0)
    return 1.0 - scores if attribute.negated else scores


def _scores(parts: Sequence[Part], covered: Sequence[bool], kind: str, value: str) -> FloatArray:
    if kind == "label":
        return _label_scores(parts, value)
    if kind == "size":
        return _size_scores(parts, value)
    if kind == "colour":
        return np.array([colour_shares(tuple(part.color)).get(value, 0.0) for part in parts])
    labelled = [_labelled(part, value) for part in parts]
    forms = [form_of(part) for part in parts]
    level = {"bow_along": 0.0, "bow_across": 0.0, "tilt": 0.0, "hole": 0.0}
    forms = [replace(form, **level) if under else form for form, under in zip(forms, covered, strict=True)]
    measure = (NOUNS if kind == "noun" else SHAPES)[value]
    return np.array(
        [measure(form) if label is None else label for form, label in zip(forms, labelled, strict=True)]
    )


def _labelled(part: Part, label: str) -> float | None:
    """What the detector says of a label; None where it does not know kinds."""
    known = [h for h in part.hypotheses if h.label != PART]
    if not any(h.label == label for h in known):
        return None
    return sum(h.score for h in known if h.label == label)


def _label_scores(parts: Sequence[Part], label: str) -> FloatArray:
    said = [_labelled(part, label) for part in parts]
    if all(each is None for each in said):
        raise UnknownKind(
            f"what a {quoted(label)} is cannot be measured, and no detector or model names one here:"
            " describe it by colour, size, shape or place"
        )
    return np.array([each or 0.0 for each in said])


@lru_cache(maxsize=512)
def colour_shares(rgb: tuple[float, float, float]) -> dict[str, float]:
    """How likely each name is for a colour (sRGB 0..1): the share of like colours that have it."""
    lightness, a, b = (float(axis) for axis in oklab(rgb))
    shares: dict[str, float] = {}
    steps = ((-1.0, 0.25), (0.0, 0.5), (1.0, 0.25))
    for light, green, yellow in product(steps, repeat=3):
        weight = light[1] * green[1] * yellow[1]
        at = [lightness + light[0] * COLOUR_SPREAD[0], a + green[0] * COLOUR_SPREAD[1]]
        at.append(b + yellow[0] * COLOUR_SPREAD[2])
        name = name_in_oklab(*at)
        hue = float(np.degrees(np.arctan2(at[2], at[1])) % 360.0)
        if name == "grey" and not 0.42 <= at[0] <= 0.78:  # black in bright light, white in the shade
            other = "black" if at[0] < 0.42 else "white"
            shares[other] = shares.get(other, 0.0) + LIKE_A_LESSER * weight
        if name in ("blue", "green") and 168.0 < hue < 235.0:
            shares["cyan"] = shares.get("cyan", 0.0) + weight
            weight *= LIKE_A_LESSER
        shares[name] = shares.get(name, 0.0) + weight
    return shares


def _size_scores(parts: Sequence[Part], value: str) -> FloatArray:
    """Against the middle one of all parts in view."""
    whole = value in ("large", "small")
    sizes = np.array([part.extent if whole else float(part.box.size[2]) for part in parts])
    if not len(sizes):
        return sizes
    ratio = sizes / float(np.median(sizes))
    if value in ("small", "low"):
        ratio = 1.0 / ratio
    return _ramp(ratio, 1.0, NOT_ALIKE**2)


def _ramp(value: FloatArray | float, zero: float, one: float) -> FloatArray:
    result: FloatArray = np.clip((np.asarray(value) - zero) / (one - zero), 0.0, 1.0)
    return result


def _step(value: float, zero: float, one: float) -> float:
    return float(_ramp(value, zero, one))


def _wide(form: Form) -> float:
    """Whether the camera resolves its top: it rounds the edges of what is narrow."""
    return _step(form.width, 0.022, 0.042)


def _level(form: Form) -> float:
    """Its top is flat."""
    bowed = max(abs(form.bow_along), abs(form.bow_across))
    level = _step(bowed, 0.22, 0.12) * _step(form.tilt, 0.7, 0.45)
    return max(level, 0.5 * (1.0 - _wide(form)))


def _domed(form: Form) -> float:
    """Its top falls off to all sides."""
    return _step(form.bow_along + form.bow_across, 0.15, 0.3) * _step(form.hole, 0.6, 0.4)


def _arched(form: Form) -> float:
    """Its top falls off to two sides, and not along the way between them."""
    less, more = sorted((form.bow_along, form.bow_across))
    arched = _step(more, 0.12, 0.2) * _step(less, 0.2, 0.1) * _step(form.tilt, 0.7, 0.5)
    return arched * (0.6 + 0.4 * _wide(form))


def _rectangular(form: Form) -> float:
    return _level(form) * _step(form.filled, 0.82, 0.87)


def _flat(form: Form) -> float:
    return _step(form.height / form.width, 0.7, 0.5)


def _long(form: Form) -> float:
    return max(_step(form.length / form.width, 1.4, 1.8), _step(form.height / form.length, 1.3, 1.7))


def _circular(form: Form) -> float:
    """From above."""
    outline = min(_step(form.filled, 0.90, 0.86), _step(form.filled, 0.73, 0.76))
    return _step(form.length / form.width, 1.35, 1.2) * outline


def _hollow(form: Form) -> float:
    return _step(form.hole, 0.3, 0.7)


def _box(form: Form) -> float:
    odd = max(_flat(form), _long(form))
    return _rectangular(form) * (1.0 - (1.0 - LIKE_A_LESSER) * odd) * (1.0 - _hollow(form))


def _plate(form: Form) -> float:
    return _rectangular(form) * _flat(form) * (1.0 - _hollow(form))


def _bar(form: Form) -> float:
    return _rectangular(form) * _long(form) * (1.0 - 0.5 * _flat(form))


def _upright(form: Form) -> float:
    return _circular(form) * _level(form) * (1.0 - _hollow(form))


def _cylinder(form: Form) -> float:
    standing = _upright(form) * (1.0 - (1.0 - LIKE_A_LESSER) * _flat(form))
    thick = _step(form.height / form.width, 0.6, 0.75) * _step(form.height / form.width, 1.5, 1.25)
    return max(standing, _arched(form) * thick * _step(form.filled, 0.80, 0.86))


def _disc(form: Form) -> float:
    return _upright(form) * _flat(form)


def _ring(form: Form) -> float:
    return _circular(form) * _hollow(form) * _step(form.height / form.width, 0.9, 0.6)


def _ball(form: Form) -> float:
    thick = _step(form.height / form.width, 0.6, 0.75) * _step(form.height / form.width, 1.6, 1.4)
    return _circular(form) * _domed(form) * thick


def _round(form: Form) -> float:
    return max(_circular(form) * max(_level(form), _ball(form)), _ring(form), 0.6 * _cylinder(form))


NOUNS: dict[str, Callable[[Form], float]] = {
    "box": _box,
    "plate": _plate,
    "bar": _bar,
    "cylinder": _cylinder,
    "disc": _disc,
    "ring": _ring,
    "ball": _ball,
}
SHAPES: dict[str, Callable[[Form], float]] = {
    "round": _round,
    "square": _rectangular,
    "flat": _flat,
    "long": _long,
}
