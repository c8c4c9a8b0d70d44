"""The grounder that needs no model: colour, size and shape as perception has measured them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product

import numpy as np

from lab_core.geometry import FloatArray, oklab
from lab_core.scene import PART, Part
from lab_language.errors import UnknownKind, quoted
from lab_language.grounding.port import Candidate, Phrase
from lab_language.grounding.shapes import Shape, ramp, shape_of
from lab_language.query import Attribute
from lab_perception.color_names import name_in_oklab

LIGHTS = ((1.0, 0.35), (0.7, 0.35), (0.45, 0.2), (0.3, 0.1))
"""Light that falls on a part, as a share of what its paint is named in, and how often."""
SPREAD = ((-0.02, 0.25), (0.0, 0.5), (0.02, 0.25))
"""Of the hue of one paint, in the axes a and b of Oklab, and how often."""
DARK, BRIGHT = (0.48, 0.36), (0.82, 0.92)
"""Lightness in Oklab of what has no hue: from grey to black, and from grey to white."""
LIKE_A_LESSER = 0.15
"""How likely somebody means a part that has a better name: a plate by box."""
TWO_NAMES = 0.4
"""And of colours between two names: turquoise by blue."""
OF_THAT_COLOUR = (0.15, 0.5)
"""Share of what is seen of a part that has a colour: nobody calls the part by it, and everybody does."""
NOT_ALIKE = 1.15
"""A part is called large beside others when it is so many times as large as they are."""
EXCLUSIVE = {
    "colour": (
        *("red", "orange", "yellow", "green", "cyan", "blue"),
        *("purple", "pink", "brown", "black", "grey", "white"),
    ),
    "noun": ("box", "plate", "bar", "cylinder", "disc", "ring", "ball"),
}
"""Of a kind of words: those of which one part has one, in an order in which like ones are neighbours."""


class AttributeGrounder:
    """Scores by measured attributes; the same for the same input."""

    accurate_on_blocks = True

    def score(self, candidates: Sequence[Candidate], phrase: Phrase) -> FloatArray:
        """See the port. The score of several attributes is that of the one that fits least."""
        scores = np.ones(len(candidates))
        for attribute in phrase.attributes:
            scores = np.minimum(scores, attribute_scores(candidates, attribute))
        return scores


def attribute_scores(candidates: Sequence[Candidate], attribute: Attribute) -> FloatArray:
    """(N,) how likely one attribute is said of each of the parts of a scene. Raises UnknownKind."""
    several = [value_scores(candidates, attribute.kind, value) for value in attribute.values]
    scores: FloatArray = np.max(several, axis=0)
    return 1.0 - scores if attribute.negated else scores


def value_scores(candidates: Sequence[Candidate], kind: str, value: str) -> FloatArray:
    """(N,) how likely one word is said of each of the parts of a scene. Raises UnknownKind."""
    parts = [candidate.part for candidate in candidates]
    if kind == "name":
        return np.array([float(part.id == value) for part in parts])
    if kind == "label":
        return _label_scores(parts, value)
    if kind == "size":
        return _size_scores(parts, value)
    if kind == "colour":
        return np.array([colour_score(part, value) for part in parts])
    fits = (NOUNS if kind == "noun" else SHAPES)[value]
    scores = []
    for candidate in candidates:
        label = _labelled(candidate.part, value)
        scores.append(fits(shape_of(candidate)) if label is None else label)
    return np.array(scores)


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


def colour_score(part: Part, name: str) -> float:
    """How likely a part is called by a colour: by what that covers of it."""
    named = named_so(tuple(part.color)).get(name, 0.0)
    if not part.colours:
        return named
    shares = {each.name: each.share for each in part.colours}
    main = ramp(shares.pop(part.color_name, 0.0), *OF_THAT_COLOUR)
    return max(main * named, ramp(shares.get(name, 0.0), *OF_THAT_COLOUR))


@lru_cache(maxsize=512)
def named_so(rgb: tuple[float, float, float]) -> dict[str, float]:
    """How likely each name is for a paint that is seen as a colour (sRGB 0..1).

    The light on it is not known: a paint of any name that becomes this colour in less light may be it. What
    has no hue is called by how it looks.
    """
    seen = oklab(rgb)
    lightness = float(seen[0])
    without_hue = {
        "black": ramp(lightness, *DARK),
        "white": ramp(lightness, *BRIGHT),
    }
    without_hue["grey"] = 1.0 - sum(without_hue.values())
    named: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        named[name] = named.get(name, 0.0) + weight

    # no paint reflects more light than falls on it
    possible = [light for light in LIGHTS if light[0] == 1.0 or max(rgb) ** 2.2 <= light[0]]
    total = sum(share for _, share in possible)
    for light, green, yellow in product(possible, SPREAD, SPREAD):
        weight = light[1] / total * green[1] * yellow[1]
        drawn = seen + np.array([0.0, green[0], yellow[0]])
        brighter, a, b = (drawn * light[0] ** (-1.0 / 3.0)).tolist()
        name = name_in_oklab(brighter, a, b)
        hue = float(np.degrees(np.arctan2(b, a)) % 360.0)
        if name in without_hue:
            for each, share in without_hue.items():
                add(each, weight * share)
            continue
        if name in ("blue", "green") and 168.0 < hue < 235.0:
            add("cyan", weight)
            weight *= TWO_NAMES
        add(name, weight)
    return named


def _size_scores(parts: Sequence[Part], value: str) -> FloatArray:
    """Against the middle one of all parts in view."""
    whole = value in ("large", "small")
    sizes = np.array([part.extent if whole else float(part.box.size[2]) for part in parts])
    if not len(sizes):
        return sizes
    ratio = sizes / float(np.median(sizes))
    if value in ("small", "low"):
        ratio = 1.0 / ratio
    scores: FloatArray = np.clip((ratio - 1.0) / (NOT_ALIKE**2 - 1.0), 0.0, 1.0)
    return scores


def _flat(shape: Shape) -> float:
    return ramp(shape.height / shape.width, 0.55, 0.35)


def _long(shape: Shape) -> float:
    """One edge is longer than both others."""
    lying = ramp(shape.length / max(shape.width, shape.height), 1.5, 2.0)
    return max(lying, ramp(shape.height / shape.length, 1.5, 2.0))


def _box(shape: Shape) -> float:
    return shape.box * (1.0 - (1.0 - LIKE_A_LESSER) * max(_flat(shape), _long(shape)))


def _plate(shape: Shape) -> float:
    return shape.box * _flat(shape)


def _bar(shape: Shape) -> float:
    return shape.box * _long(shape) * (1.0 - 0.5 * _flat(shape))


def _cylinder(shape: Shape) -> float:
    standing = shape.cylinder * (1.0 - (1.0 - LIKE_A_LESSER) * _flat(shape))
    return (standing + shape.roll) * (1.0 - shape.hollow)


def _disc(shape: Shape) -> float:
    return shape.cylinder * _flat(shape) * (1.0 - shape.hollow)


def _ring(shape: Shape) -> float:
    return shape.cylinder * shape.hollow * ramp(shape.height / shape.width, 0.9, 0.6)


def _round(shape: Shape) -> float:
    return shape.cylinder + shape.ball + 0.6 * shape.roll


NOUNS: dict[str, Callable[[Shape], float]] = {
    "box": _box,
    "plate": _plate,
    "bar": _bar,
    "cylinder": _cylinder,
    "disc": _disc,
    "ring": _ring,
    "ball": lambda shape: shape.ball,
}
SHAPES: dict[str, Callable[[Shape], float]] = {
    "round": _round,
    "square": lambda shape: shape.box,
    "flat": _flat,
    "long": _long,
}
