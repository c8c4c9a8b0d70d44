import math

import numpy as np
import pytest
from synthetic import GRID, Pad

from lab_core.touch import PadGrid
from lab_touch.contact import find_contact
from lab_touch.errors import NotAtRest, PadFault
from lab_touch.rest import RestLevel


def test_nothing_is_felt_of_nothing():
    pad = Pad(1)
    rest = pad.rest()
    contacts = [find_contact(pad.sample(), rest) for _ in range(300)]
    assert not any(contact.touching for contact in contacts)
    assert all(math.isnan(contact.centroid[0]) for contact in contacts)


@pytest.mark.parametrize("force", [0.5, 5.0, 40.0])
def test_force_centre_and_area_of_a_contact(force):
    pad = Pad(2)
    rest = pad.rest()
    contact = find_contact(pad.held(force, 0.0, 0.5, centre=(0.002, -0.004), radius=0.008), rest)
    assert contact.touching and contact.confidence > 0.99
    assert contact.force == pytest.approx(force, abs=4.0 * contact.force_noise)
    assert contact.centroid == pytest.approx([0.002, -0.004], abs=max(5.0 * contact.centroid_noise, 2e-4))
    # of a weak contact the rim is lost in the noise
    assert (0.1 if force < 1.0 else 0.6) * math.pi * 0.008**2 < contact.area <= 1.2 * math.pi * 0.008**2


def test_a_single_finger_of_force_on_two_taxels_is_a_contact_though_the_whole_force_is_lost_in_noise():
    pad = Pad(3, noise=0.02)
    rest = pad.rest(200)
    normal = np.zeros((16, 12))
    normal[4, 4:6] = 0.2
    assert find_contact(pad.sample(normal), rest).touching


@pytest.mark.parametrize("degrees", [-60.0, -25.0, 0.0, 10.0, 40.0, 90.0])
def test_the_direction_and_place_of_an_edge(degrees):
    pad = Pad(4)
    rest = pad.rest()
    angle = math.radians(degrees)
    across = np.array([-math.sin(angle), math.cos(angle)])
    covered = GRID.places() @ across > 0.001
    edge = find_contact(pad.sample(np.where(covered, 0.1, 0.0)), rest).edge
    assert edge is not None and edge.confidence > 0.3
    difference = (edge.angle - angle + math.pi / 2) % math.pi - math.pi / 2
    assert abs(math.degrees(difference)) < 5.0
    assert across @ edge.point == pytest.approx(0.001, abs=0.0012)


def test_a_pad_that_is_covered_shows_no_edge_nor_does_one_that_a_ball_presses():
    pad = Pad(5)
    rest = pad.rest()
    assert find_contact(pad.sample(np.full((16, 12), 0.1)), rest).edge is None
    ball = find_contact(pad.held(5.0, 0.0, 0.5, radius=0.008), rest)
    assert ball.edge is None or ball.edge.confidence < 0.4


def test_a_dead_taxel_takes_the_value_of_its_neighbours():
    pad = Pad(6, dead=[(7, 5), (8, 6)])
    rest = pad.rest()
    assert np.count_nonzero(~rest.alive) == 2
    assert find_contact(pad.held(10.0, 0.0, 0.5), rest).force == pytest.approx(10.0, rel=0.01)


def test_drift_is_followed_while_nothing_touches():
    pad = Pad(7)
    rest = pad.rest()
    for step in range(600):
        rest.follow(pad.sample(np.full((16, 12), 0.000003 * step)))
    assert not find_contact(pad.sample(np.full((16, 12), 0.0018)), rest).touching
    assert find_contact(pad.sample(np.full((16, 12), 0.0018)), Pad(7).rest()).touching


def test_noise_is_not_learnt_while_something_presses():
    pad = Pad(8)
    samples = [pad.held(0.1 * step, 0.0, 0.5) for step in range(1, 40)]
    with pytest.raises(NotAtRest, match=r"left_pad: its force changed by .* open the hand"):
        RestLevel.of(samples)


def test_a_pad_of_which_nothing_can_be_learnt_is_refused():
    pad = Pad(9)
    with pytest.raises(PadFault, match="3 samples of a pad at rest"):
        RestLevel.of([pad.sample() for _ in range(3)])
    frozen = Pad(9, noise=0.0)
    with pytest.raises(PadFault, match="no taxel changed in 30 samples: the pad is frozen or dead"):
        RestLevel.of([frozen.sample() for _ in range(30)])
    other = Pad(9, grid=PadGrid(4, 4, 0.005, 0.005))
    with pytest.raises(PadFault, match="the grid of the pad changes"):
        RestLevel.of([*(pad.sample() for _ in range(20)), other.sample()])
    half = [(row, column) for row in range(16) for column in range(12) if (row + column) % 2 or row < 4]
    dying = Pad(9, dead=half)
    with pytest.raises(PadFault, match=r"\d+ of 192 taxels are dead"):
        RestLevel.of([dying.sample() for _ in range(30)])
