"""Grippers: what cannot be is refused, and the cell's own is tabulated right."""

from dataclasses import replace

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_core.outcomes import OutcomeCode
from lab_description import load_cell
from lab_description.gripper import Gripper
from lab_grasping.errors import InvalidGripper
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_model import from_description
from lab_grasping.testing.synthetic import straight_gripper


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pad_width": -0.02}, "pad width"),
        ({"pad_length": 0.0}, "pad length"),
        ({"friction": float("nan")}, "friction"),
        ({"openings": np.array([0.08, 0.0])}, "opening"),
        ({"openings": np.array([0.0, 85.0])}, "opening"),
    ],
)
def test_impossible_grippers_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidGripper, match=words) as caught:
        replace(straight_gripper(), **change)
    assert isinstance(caught.value, ConfigurationError)
    assert caught.value.code == OutcomeCode.INVALID_REQUEST


def test_a_box_without_volume_is_refused() -> None:
    gripper = straight_gripper()
    boxes = gripper.boxes.copy()
    boxes[3, 0, 1] = boxes[3, 0, 0]
    with pytest.raises(InvalidGripper, match="volume"):
        replace(gripper, boxes=boxes)


def test_openings_round_up() -> None:
    """Whoever asks for 31 mm gets a hand that opens at least 31 mm."""
    gripper = straight_gripper()
    for opening in np.linspace(0.0, gripper.max_opening, 50):
        assert gripper.openings[gripper.opening_index(float(opening))] >= opening - 1e-9
    assert gripper.opening_index(0.2) == len(gripper.openings) - 1


@pytest.fixture(scope="module", params=["ur5e_table", "fr3_table"])
def described(request: pytest.FixtureRequest) -> Gripper:
    """Fingers on linkages, and fingers that slide."""
    return load_cell(request.param).gripper


@pytest.fixture(scope="module")
def hand(described: Gripper) -> ParallelGripper:
    return from_description(described)


@pytest.mark.parametrize(
    ("cell", "stroke", "pad", "swing"),
    [("ur5e_table", 0.085, (0.022, 0.0375), 0.0135), ("fr3_table", 0.080, (0.0178, 0.0178), 0.0)],
)
def test_hands_have_the_published_measures(
    cell: str, stroke: float, pad: tuple[float, float], swing: float
) -> None:
    """The pads touch when closed; those of the 2F-85 swing on an arc."""
    hand = from_description(load_cell(cell).gripper)
    assert (hand.min_opening, hand.max_opening) == pytest.approx((0.0, stroke), abs=0.001)
    assert (hand.pad_width, hand.pad_length) == pytest.approx(pad, abs=0.001)
    assert np.ptp(hand.pad_centres) == pytest.approx(swing, abs=0.002)


def test_the_boxes_enclose_the_description_of_the_hand(described: Gripper, hand: ParallelGripper) -> None:
    """Every corner of every collision shape lies in the union of the boxes, at every opening."""
    gripper = described
    frames = gripper.forward({gripper.joint: gripper.joint_from_opening(hand.openings)})
    for m in range(len(hand.openings)):
        tcp_from_root = np.linalg.inv(frames[gripper.tcp_link][m])
        for name, link in gripper.links.items():
            tcp_from_link = tcp_from_root @ frames[name][m]
            for shape in link.collision:
                corners = shape.hull() @ tcp_from_link[:3, :3].T + tcp_from_link[:3, 3]
                inside = np.all(
                    (corners[:, None] >= hand.boxes[m, :, 0] - 1e-7)
                    & (corners[:, None] <= hand.boxes[m, :, 1] + 1e-7),
                    axis=2,
                )
                assert inside.any(axis=1).all(), name


def test_nothing_stands_between_the_pads(hand: ParallelGripper) -> None:
    """In front of the open pads' faces is room for the part."""
    for opening, boxes, centre in zip(hand.openings, hand.boxes, hand.pad_centres, strict=True):
        if opening < 0.01:
            continue
        middle = np.array([0.0, 0.0, centre])
        assert not np.all((boxes[:, 0] < middle) & (boxes[:, 1] > middle), axis=1).any()
        pad = np.array([0.0, 0.5 * opening + 0.002, centre])
        assert np.all((boxes[:, 0] < pad) & (boxes[:, 1] > pad), axis=1).any()
