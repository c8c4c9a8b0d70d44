"""The port for whatever finds the parts in an image.

An implementation is a class registered in the Python entry point group `lab_perception.detectors`. It is made
without arguments but its own parameters, if it has any (`lab_core.plugins`). Every implementation has to pass
the test in `lab_perception.testing.detector_contract`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lab_core.plugins import Port
from lab_core.scene import PART, Hypothesis

if TYPE_CHECKING:  # a launch file asks for the port alone
    from lab_perception.frame import Mask, RgbdFrame
    from lab_perception.surface import Surface


@dataclass(frozen=True, slots=True)
class Instance:
    """The pixels of one part.

    mask: (h, w) over the pixels of the surface's view.
    hypotheses: what it may be, the most likely first; a detector that knows no kinds says PART and how sure
    it is that this is one part.
    """

    mask: Mask
    hypotheses: tuple[Hypothesis, ...] = (Hypothesis(PART, 1.0),)


class Detector(Protocol):
    """Finds the parts of the work area in one image.

    A class may say more of itself by attributes, and the contract then holds it to that. `deterministic`:
    the same input gives the same parts. `accurate_on_blocks`: it finds plain blocks on a plain table, which
    one that has seen only photographs may not. `network`: the name of a network for
    `lab_perception.parts_network`, which looks at the image before and tells parts from the table; without
    one the surface is told from the table by height and colour.
    """

    def detect(self, frame: RgbdFrame, surface: Surface) -> Sequence[Instance]:
        """Parts in any order; no pixel belongs to two of them, none is empty.

        frame: the whole image. surface: the measured geometry above the support; masks are over its view.
        """
        ...


DETECTORS: Port[Detector] = Port("lab_perception.detectors", "detector", Detector)
