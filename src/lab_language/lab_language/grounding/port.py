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

Crop = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A part of the scene. crop: (h, w, 3) RGB of the image around it; None where there is no image. covered:
    something lies on it, so that nobody sees the middle of its top.
    """

    part: Part
    crop: Crop | None = None
    covered: bool = False


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
