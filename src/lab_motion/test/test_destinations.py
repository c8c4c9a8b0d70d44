"""Where parts are put: free places, that the part fits, and how the hand has to be held."""

from __future__ import annotations

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform, rotation_about
from lab_description import load_cell
from lab_motion.errors import DestinationFull, InvalidGoal
from lab_motion.skills.destinations import Destinations

CELL = load_cell("ur5e_table")
DOWN = make_transform(
    rotation_about([0.0, 0.0, 1.0], 0.4) @ rotation_about([1.0, 0.0, 0.0], np.pi - 0.3), [0.5, 0.1, 0.2]
)


def held(size, offset=(0.0, 0.0, 0.0)) -> OrientedBox:
    """Upright in the base frame, seen from a hand that is tilted."""
    upright = make_transform(np.eye(3), DOWN[:3, 3] + offset)
    return OrientedBox(np.linalg.inv(DOWN) @ upright, np.array(size))


def test_every_pose_puts_the_part_upright_into_the_middle_of_a_place():
    destinations = Destinations(CELL.destinations)
    tray = CELL.destinations["tray"]
    box = held([0.06, 0.03, 0.05], [0.01, 0.005, -0.02])
    places = destinations.places("tray", DOWN, box, 0.005, 0.02)
    assert [place.slot for place in places] == list(range(tray.rows * tray.columns))
    for place in places:
        assert len(place.poses) >= 4
        for pose in place.poses:
            corners = OrientedBox(pose @ box.frame_from_box, box.size).corners()
            middle = 0.5 * (corners.min(axis=0) + corners.max(axis=0))
            assert np.allclose(middle[:2], tray.slots()[place.slot][:2, 3], atol=1e-9)
            assert corners[:, 2].min() == pytest.approx(tray.base_from_floor[2, 3] + 0.005)
            assert np.all(np.ptp(corners, axis=0)[:2] <= tray.slot_size + 1e-9)
            # the hand is turned about the vertical only
            assert pose[2, 2] == pytest.approx(DOWN[2, 2])


def test_taken_places_are_not_offered_and_a_full_tray_says_so():
    destinations = Destinations(CELL.destinations)
    box = held([0.03, 0.03, 0.03])
    count = len(CELL.destinations["tray"].slots())
    for slot in range(count):
        assert destinations.places("tray", DOWN, box, 0.005, 0.02)[0].slot == slot
        destinations.take("tray", slot)
    with pytest.raises(DestinationFull, match=f"all {count} places"):
        destinations.places("tray", DOWN, box, 0.005, 0.02)


def test_a_part_that_is_too_large_says_how_large():
    destinations = Destinations(CELL.destinations)
    with pytest.raises(DestinationFull, match="does not fit"):
        destinations.places("tray", DOWN, held([0.3, 0.2, 0.03]), 0.005, 0.02)


def test_a_part_is_dropped_above_the_rim_of_a_bin_which_is_never_full():
    destinations = Destinations(CELL.destinations)
    box = held([0.1, 0.05, 0.03])
    slots = []
    for _ in range(3 * len(CELL.destinations["bin"].slots())):
        place = destinations.places("bin", DOWN, box, 0.005, 0.02)[0]
        corners = OrientedBox(place.poses[0] @ box.frame_from_box, box.size).corners()
        assert corners[:, 2].min() == pytest.approx(CELL.destinations["bin"].rim_height + 0.02)
        slots.append(place.slot)
        destinations.take("bin", place.slot)
    assert len(set(slots)) == len(CELL.destinations["bin"].slots())


def test_an_unknown_destination_lists_those_that_exist():
    with pytest.raises(InvalidGoal, match="tray"):
        Destinations(CELL.destinations).get("trey")


def test_only_the_places_that_are_asked_for_are_offered_in_their_order():
    destinations = Destinations(CELL.destinations)
    box = held([0.03, 0.03, 0.03])
    offered = destinations.places("tray", DOWN, box, 0.005, 0.02, allowed=[5, 2])
    assert [place.slot for place in offered] == [4, 1]
    destinations.take("tray", 4)
    assert [p.slot for p in destinations.places("tray", DOWN, box, 0.005, 0.02, allowed=[5, 2])] == [1]
    with pytest.raises(DestinationFull, match="the places 5 of 'tray' are taken"):
        destinations.places("tray", DOWN, box, 0.005, 0.02, allowed=[5])


@pytest.mark.parametrize("number", [0, 13])
def test_a_place_that_is_none_is_refused(number):
    with pytest.raises(InvalidGoal, match="'tray' has the places 1 to 12"):
        Destinations(CELL.destinations).places("tray", DOWN, held([0.03] * 3), 0.005, 0.02, allowed=[number])
