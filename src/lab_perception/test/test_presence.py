"""Who reaches into the work area, told from robot, table and parts by one depth image."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform
from lab_core.scene import Part
from lab_description import load_cell
from lab_perception.errors import NoDepth
from lab_perception.frame import WorkArea
from lab_perception.presence import KnownParts, Presence, PresenceSettings
from lab_perception.testing.imagined import Block, imagine

CELL = load_cell("ur5e_table")
AREA = WorkArea(CELL.workspace.lower, CELL.workspace.upper, CELL.table_height)
CAMERA, PLACE = CELL.camera.pinhole, CELL.camera.base_from_camera
HOME = dict(zip(CELL.robot.joint_names, CELL.robot.configuration("home"), strict=True))
HOME |= dict.fromkeys(CELL.end_effector.moving, 0.0)
# a forearm that lies over the table, and a part
ARM = Block((0.52, 0.20), (0.09, 0.30, 0.10), (200, 150, 120))
PART = Block((0.50, -0.05), (0.06, 0.05, 0.05), (200, 40, 40))
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def presence():
    return Presence(CELL)


def look(presence, *blocks, known=(), positions=HOME, spoil=None):
    depth = imagine(blocks, AREA, CAMERA, PLACE)[0].depth
    if spoil is not None:
        depth = spoil(depth)
    return presence.look(depth, CAMERA, PLACE, positions, known)


def box(block):
    x, y = block.centre
    return OrientedBox(make_transform(np.eye(3), [x, y, 0.5 * block.size[2]]), np.array(block.size))


def test_nobody_is_at_an_empty_table(presence):
    assert math.isinf(look(presence).distance)


def test_an_arm_is_seen_and_how_near_it_is(presence):
    seen = look(presence, ARM)
    assert 0.05 < seen.distance < 0.7 and seen.area > 0.015
    assert np.abs(seen.place[:2] - ARM.centre).max() < 0.2
    nearer = Block((0.52, 0.12), ARM.size, ARM.color)
    assert look(presence, nearer).distance < seen.distance


def test_small_things_are_nobody_and_neither_are_parts_that_rest(presence):
    assert math.isinf(look(presence, PART).distance)
    crate = Block((0.50, -0.05), (0.16, 0.14, 0.10), (90, 90, 90))
    assert look(presence, crate).distance < math.inf
    assert math.isinf(look(presence, crate, known=[box(crate)]).distance)


def test_an_arm_above_known_parts_is_seen(presence):
    above = Block((0.50, 0.0), (0.09, 0.40, 0.20), ARM.color)
    assert look(presence, above, PART, known=[box(PART)]).distance < math.inf


def test_the_robot_itself_is_nobody(presence):
    """Its own shapes, drawn into the depth, wherever it is."""
    random = np.random.default_rng(0)
    for _ in range(10):
        pose = {**HOME}
        for name in CELL.robot.joint_names:
            pose[name] = HOME[name] + random.uniform(-0.4, 0.4)
        mask = presence._mask.draw(pose, CAMERA, PLACE)

        def spoil(depth, mask=mask):
            return depth if mask is None else np.where(mask, np.float32(0.4), depth)

        assert math.isinf(look(presence, positions=pose, spoil=spoil).distance)


def test_a_blind_camera_does_not_say_that_nobody_is_there(presence):
    with pytest.raises(NoDepth):
        look(presence, spoil=lambda depth: np.full_like(depth, np.nan))


def part(name, x, size=0.05, **more):
    return Part(name, OrientedBox(make_transform(np.eye(3), [x, 0.0, 0.5 * size]), np.full(3, size)), **more)


def test_what_rests_becomes_a_known_part_and_what_moves_does_not():
    known = KnownParts(PresenceSettings(settled=1.0, forgotten=5.0))
    for tenth in range(21):
        stamp = tenth * SECOND // 10
        known.update(stamp, [part("rests", 0.4), part("moves", 0.3 + 0.03 * tenth), part("large", 0.6, 0.3)])
        assert len(known.boxes()) == (1 if tenth >= 10 else 0)
    assert known.boxes()[0].centre[0] == pytest.approx(0.4)
    known.update(9 * SECOND, [])
    assert known.boxes() == []


def test_what_the_border_cuts_is_no_part():
    known = KnownParts(PresenceSettings())
    for second in range(5):
        known.update(second * SECOND, [part("a", 0.4, truncated=True)])
    assert known.boxes() == []


def test_a_clock_that_runs_backwards_forgets():
    known = KnownParts(PresenceSettings())
    for second in (100, 101, 102):
        known.update(second * SECOND, [part("a", 0.4)])
    assert known.boxes()
    known.update(1 * SECOND, [part("a", 0.4)])
    assert known.boxes() == []
