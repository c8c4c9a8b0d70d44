"""What every detector has to do, as a check that anybody can run over an implementation of their own:

from lab_perception.detector import DETECTORS
from lab_perception.testing.detector_contract import check_detector

def test_my_detector():
    check_detector(DETECTORS.make("mine").plugin)

Two of its questions are asked only of a detector that says so by its attributes `deterministic` and
`accurate_on_blocks`: see `lab_perception.detector.Detector`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab_core.geometry import PinholeCamera, make_transform
from lab_core.plugins import promises
from lab_perception.detector import Detector, Instance
from lab_perception.evaluation import compare
from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.support import SupportSettings
from lab_perception.surface import Surface, SurfaceSettings, observe_surface
from lab_perception.testing.imagined import Block, imagine
from lab_perception.view import View

AREA = WorkArea(np.array([-0.2, -0.2, 0.0]), np.array([0.2, 0.2, 0.2]), 0.0)
CAMERA = PinholeCamera(640, 480, 615.0, 615.0, 319.5, 239.5)
# Straight above the middle, 0.8 m high, looking down, the image's top towards +x.
BASE_FROM_CAMERA = make_transform([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]], [0.0, 0.0, 0.8])
BLOCKS = (
    Block((0.1, 0.1), (0.05, 0.04, 0.03), (200, 30, 30)),
    Block((-0.1, 0.05), (0.06, 0.03, 0.04), (30, 60, 190), yaw=0.6),
    Block((0.0, -0.12), (0.04, 0.04, 0.05), (230, 190, 30), yaw=1.2),
)


class ContractBroken(AssertionError):
    """A detector does not do what the port asks of it."""


def check_detector(detector: Detector) -> None:
    """Raises ContractBroken, which says the first thing that a detector does otherwise than it must."""
    if not callable(getattr(detector, "detect", None)):
        raise ContractBroken(f"{type(detector).__name__} has no method detect(frame, surface)")
    _check_scene(detector, (), "an empty table")
    _check_scene(detector, BLOCKS[:1], "one block")
    _check_scene(detector, BLOCKS, "three blocks apart")


def _check_scene(detector: Detector, blocks: Sequence[Block], name: str) -> None:
    frame, truth = imagine(blocks, AREA, CAMERA, BASE_FROM_CAMERA)
    view = View.of(CAMERA, BASE_FROM_CAMERA, AREA)
    network = getattr(detector, "network", "")
    surface = observe_surface(frame, view, AREA, SupportSettings(), SurfaceSettings(), network)
    before = _fingerprint(frame, surface)
    instances = list(detector.detect(frame, surface))
    if _fingerprint(frame, surface) != before:
        raise ContractBroken(f"on {name}: the image or the surface was changed; others use them too")
    labels = _labels(instances, surface, name)
    if promises(detector, "deterministic"):
        again = _labels(list(detector.detect(frame, surface)), surface, name)
        if not np.array_equal(labels, again):
            raise ContractBroken(f"on {name}: two calls with the same input gave different parts")
    if not promises(detector, "accurate_on_blocks"):
        return
    agreement = compare(surface.view.crop(truth), labels)
    if agreement.instances != len(blocks) or agreement.found(0.5) != len(blocks):
        raise ContractBroken(
            f"on {name}: {agreement.instances} parts found, "
            f"{agreement.found(0.5)} of {len(blocks)} with IoU 0.5"
        )


def _labels(instances: Sequence[Instance], surface: Surface, name: str) -> np.ndarray:
    """One image of labels, after a look at each mask."""
    shape = surface.domain.shape
    labels = np.full(shape, -1, np.int32)
    for index, instance in enumerate(instances):
        if not isinstance(instance, Instance):
            raise ContractBroken(
                f"on {name}: part {index} is a {type(instance).__name__}, expected an Instance"
            )
        if instance.mask.dtype != np.bool_ or instance.mask.shape != shape:
            raise ContractBroken(
                f"on {name}: mask {index} is {instance.mask.dtype} {instance.mask.shape}, "
                f"expected bool {shape}"
            )
        if not instance.mask.any():
            raise ContractBroken(f"on {name}: mask {index} is empty")
        if (labels[instance.mask] >= 0).any():
            raise ContractBroken(f"on {name}: mask {index} overlaps another one")
        scores = [hypothesis.score for hypothesis in instance.hypotheses]
        if not all(0.0 <= score <= 1.0 for score in scores):
            raise ContractBroken(f"on {name}: the scores of part {index} are {scores}, expected 0 to 1 each")
        named = scores and all(hypothesis.label for hypothesis in instance.hypotheses)
        if scores != sorted(scores, reverse=True) or not named:
            raise ContractBroken(
                f"on {name}: the hypotheses of part {index} are {instance.hypotheses}, expected labels, the"
                " most likely first"
            )
        labels[instance.mask] = index
    return labels


def _fingerprint(frame: RgbdFrame, surface: Surface) -> bytes:
    arrays = (frame.color, frame.depth, surface.domain, surface.foreground, surface.points, surface.normals)
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
