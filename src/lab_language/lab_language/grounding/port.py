"""The port for whatever says how well words fit a part.

An implementation is a class registered in the Python entry point group `lab_language.grounders`, made without
arguments but its own parameters, if it has any (`lab_core.plugins`). `lab_language.testing.grounder_contract`
holds the test that every implementation must pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray
from lab_core.plugins import Port
from lab_core.scene import Part
from lab_language.query import Attribute

Image = npt.NDArray[np.uint8]
_AROUND = 0.15
"""Of the size of a part, shown on each side of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A part in an image. image: (H, W, 3) RGB, whole. outline: (M, 2) of the part, pixels."""

    image: Image
    outline: FloatArray

    @property
    def crop(self) -> Image:
        """(s, s, 3) what the image shows around the part; beyond its border the border goes on."""
        lower, upper = self.outline.min(axis=0), self.outline.max(axis=0)
        half = max(1, int(np.ceil((0.5 + _AROUND) * float((upper - lower).max()))))
        column, row = np.rint((lower + upper) / 2.0).astype(int).tolist()
        rows = np.clip(np.arange(row - half, row + half), 0, self.image.shape[0] - 1)
        columns = np.clip(np.arange(column - half, column + half), 0, self.image.shape[1] - 1)
        crop: Image = self.image[np.ix_(rows, columns)]
        return crop


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A part of the scene. sight: of it; None where there is no image. covered: something lies on it, so that
    nobody sees the middle of its top. base_from_camera: (4, 4) of the image that it was seen in; None where
    that is not known.
    """

    part: Part
    sight: Sight | None = None
    covered: bool = False
    base_from_camera: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said of the part itself. text: in English words; attributes: the same, typed."""

    text: str
    attributes: tuple[Attribute, ...]


class Grounder(Protocol):
    """Says how well a phrase fits each of some parts."""

    def score(self, candidates: Sequence[Candidate], phrase: Phrase) -> FloatArray:
        """(N,) one a candidate, the probability 0..1 that a person would say the phrase of that part.

        The candidates are all parts of one scene: 'large' is said in comparison. Nothing is changed.
        Raises UnknownKind when the phrase names what this grounder has no means to see.
        """


GROUNDERS: Port[Grounder] = Port("lab_language.grounders", "grounder", Grounder)
