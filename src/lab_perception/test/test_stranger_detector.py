"""A detector that a stranger registered, with parameters: in the port's contract and in the node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter
from lab_core.testing.registration import register
from lab_perception.detector import DETECTORS, Instance
from lab_perception.frame import RgbdFrame
from lab_perception.perception_node import PerceptionNode
from lab_perception.surface import Surface
from lab_perception.testing.detector_contract import ContractBroken, check_detector


@dataclass(frozen=True)
class BlobParameters:
    min_pixels: int = parameter(30, "Smaller blobs are left out.", minimum=1, live=True)


class BlobDetector:
    """Connected pixels above the support: enough for parts that stand apart."""

    Parameters = BlobParameters
    deterministic = True
    accurate_on_blocks = True

    def __init__(self, parameters: BlobParameters) -> None:
        self.parameters = parameters

    def parameters_changed(self, new: BlobParameters) -> None:
        self.parameters = new

    def detect(self, frame: RgbdFrame, surface: Surface) -> Sequence[Instance]:
        count, labels = cv2.connectedComponents(surface.foreground.astype(np.uint8))
        masks = [labels == label for label in range(1, count)]
        return [Instance(mask) for mask in masks if mask.sum() >= self.parameters.min_pixels]


class LearnedDetector:
    """Has seen photographs alone, and promises nothing on blocks."""

    def detect(self, frame: RgbdFrame, surface: Surface) -> Sequence[Instance]:
        return []


class BoastfulDetector(LearnedDetector):
    accurate_on_blocks = True


@pytest.fixture(autouse=True)
def registered(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    for name, kind in (("blobs", "BlobDetector"), ("learned", "LearnedDetector")):
        register(tmp_path, "lab_perception.detectors", name, f"{__name__}:{kind}")


def test_a_stranger_passes_the_contract():
    check_detector(DETECTORS.make("blobs").plugin)


def test_one_that_promises_less_is_asked_less():
    check_detector(DETECTORS.make("learned").plugin)
    with pytest.raises(ContractBroken, match="0 parts found"):
        check_detector(BoastfulDetector())


def test_its_parameters_are_checked():
    with pytest.raises(ConfigurationError, match=r"'blobs.min_pixels' of node .* is 0, expected 1 to inf"):
        DETECTORS.make("blobs", given={"blobs.min_pixels": 0}, node="perception")


@pytest.fixture
def make_node(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "57")
    rclpy.init()
    nodes = []

    def make(**overrides):
        nodes.append(
            PerceptionNode(parameter_overrides=[Parameter(k, value=v) for k, v in overrides.items()])
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.end()
        node.destroy_node()
    rclpy.try_shutdown()


def test_the_node_names_it_declares_its_parameters_and_sets_them(make_node):
    node = make_node(detector="blobs", **{"blobs.min_pixels": 50})
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.get_parameter("blobs.min_pixels").value == 50
    detector = node._perception._detector
    assert isinstance(detector, BlobDetector)
    assert node.set_parameters([Parameter("blobs.min_pixels", value=70)])[0].successful
    assert detector.parameters.min_pixels == 70


def test_thresholds_of_the_default_detector_are_set_while_it_runs(make_node):
    node = make_node()
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    detector = node._perception._detector
    assert node.set_parameters([Parameter("geometric.min_score", value=1.0)])[0].successful
    assert detector._parameters.settings(with_network=True).min_score == 1.0
    refused = node.set_parameters([Parameter("geometric.network", value="")])[0]
    assert refused.reason.startswith("'geometric.network' of /perception is read when the node is configured")
