"""The port for whatever finds the parts in an image, and how an implementation is found by its name.

An implementation is a class registered in the Python entry point group `lab_perception.detectors`; it is made
without arguments. Every implementation has to pass the test in `lab_perception.testing.detector_contract`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from lab_core.scene import PART, Hypothesis
from lab_perception.errors import InvalidDetector
from lab_perception.frame import Mask, RgbdFrame
from lab_perception.surface import Surface

GROUP = "lab_perception.detectors"


@dataclass(frozen=True, slots=True)
class Instance:
    """The pixels of one part.

    mask: (h, w) over the pixels of the surface's view.
    hypotheses: what it may be, the most likely first; a detector that knows no kinds says PART and how sure
    it is that this is one part.
    """

    mask: Mask
    hypotheses: tuple[Hypothesis, ...] = (Hypothesis(PART, 1.0),)


@runtime_checkable
class Detector(Protocol):
    """Finds the parts of the work area in one image."""

    def detect(self, frame: RgbdFrame, surface: Surface) -> Sequence[Instance]:
        """Parts in any order; no pixel belongs to two of them, none is empty. The same input, the same parts.

        frame: the whole image. surface: the measured geometry above the support; masks are over its view.
        """
        ...


def load_detector(name: str) -> Detector:
    """Makes the detector of that name.

    Raises InvalidDetector when there is none of that name, or when what is there is no detector.
    """
    available = {point.name: point for point in entry_points(group=GROUP)}
    if name not in available:
        known = ", ".join(sorted(available)) or "none"
        raise InvalidDetector(
            f"no detector is called '{name}': set the parameter detector to one of: {known}"
        )
    try:
        detector = available[name].load()()
    except Exception as error:
        raise InvalidDetector(
            f"the detector '{name}' ({available[name].value}) does not load: {error}"
        ) from error
    if not isinstance(detector, Detector):
        raise InvalidDetector(
            f"the detector '{name}' ({available[name].value}) has no method detect(frame, surface)"
        )
    return detector
