from dataclasses import replace

import numpy as np
import pytest

from lab_calibration.errors import PosesRefused, WrongBoard
from lab_calibration.hand_eye.calibration import calibrate
from lab_calibration.hand_eye.closed_form import park
from lab_calibration.hand_eye.error_map import error_map, radius
from lab_calibration.hand_eye.moved import move_between
from lab_calibration.hand_eye.next_view import choose
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.hand_eye.refusals import refuse_poor_poses, refuse_wrong_scale
from lab_calibration.rigid import difference, moved
from lab_core.geometry import invert

TWELVE = slice(0, 12)


def test_twelve_poses_find_the_camera(stands, setup, random):
    cell, around, see = stands(setup)
    found = calibrate(cell.take(around.joints[TWELVE], see, random), cell.arm)
    change = difference(cell.mount_from_camera, found.fit.mount_from_camera)
    assert np.linalg.norm(change[:3]) < 0.0015
    assert np.degrees(np.linalg.norm(change[3:])) < 0.2
    assert not found.bad


def test_joint_offsets_are_found_where_there_are_some(stands, setup, random):
    cell, around, see = stands(setup, joint_errors=True)
    found = calibrate(cell.take(around.joints[:15], see, random), cell.arm)
    # the first turns the camera or the board with it, the last the board or the camera: they show nowhere
    assert np.degrees(np.abs(found.offsets - cell.offsets)[1:5]).max() < 0.05


def test_the_stated_error_holds_and_is_not_far_above(stands, setup, random):
    cell, around, see = stands(setup, joint_errors=True)
    found = error_map(calibrate(cell.take(around.joints[:15], see, random), cell.arm), cell.area)
    position, angle = cell.missed(found.mount_from_camera, random)
    assert np.mean(position <= found.position) > 0.7
    assert found.position.max() < 3.0 * position.max()
    assert np.all(angle <= found.angle)


def test_held_out_errors_are_larger_than_residuals(stands, setup, random):
    cell, around, see = stands(setup)
    found = calibrate(cell.take(around.joints[:8], see, random), cell.arm)
    assert np.mean(found.errors**2) > np.mean(found.fit.errors**2)


def test_more_poses_promise_less_error(stands, setup, random):
    cell, around, see = stands(setup)
    found = calibrate(cell.take(around.joints[:8], see, random), cell.arm)
    now, later = error_map(found, cell.area), error_map(found, cell.area, more=12)
    assert np.all(later.position < now.position)


def test_one_pose_10_mm_off_is_named(stands, setup, random):
    cell, around, see = stands(setup)
    poses = cell.take(around.joints[TWELVE], see, random)
    wrong = poses.base_from_flange.copy()
    wrong[4, 1, 3] += 0.010
    found = calibrate(replace(poses, base_from_flange=wrong, joints=None))
    assert [one.name for one in found.bad] == ["pose 5"]
    assert "mm and" in str(found.bad[0])
    assert abs(found.bad[0].position - 0.010) < 0.003


def test_park_alone_is_near(stands, setup, random):
    cell, around, see = stands(setup)
    camera, _ = park(cell.take(around.joints[TWELVE], see, random))
    assert np.linalg.norm(difference(cell.mount_from_camera, camera)[:3]) < 0.02


def test_a_board_printed_smaller_is_refused(stands, setup, random):
    cell, around, see = stands(setup)
    poses = cell.take(around.joints[TWELVE], see, random)
    seen = poses.camera_from_board.copy()
    seen[:, :3, 3] *= 1.04
    with pytest.raises(WrongBoard, match=r"0\.96\d times as large"):
        refuse_wrong_scale(calibrate(replace(poses, camera_from_board=seen), cell.arm))
    refuse_wrong_scale(calibrate(poses, cell.arm))


def test_poor_poses_are_refused(stands, setup, random):
    cell, around, see = stands(setup)
    poses = cell.take(around.joints[TWELVE], see, random)
    refuse_poor_poses(poses)
    with pytest.raises(PosesRefused, match="at least 6"):
        refuse_poor_poses(poses.only(range(5)))
    with pytest.raises(PosesRefused, match="do not belong together"):
        refuse_poor_poses(replace(poses, camera_from_board=np.roll(poses.camera_from_board, 1, axis=0)))

    def turned(turns):
        """The same board, seen by a hand that turns so about its place."""
        flange = np.stack([moved(poses.base_from_flange[0], np.append(np.zeros(3), turn)) for turn in turns])
        other = flange if setup is Setup.FIXED else invert(flange)
        board = invert(cell.mount_from_camera) @ other @ cell.other_from_board
        return replace(poses.only(range(len(turns))), base_from_flange=flange, camera_from_board=board)

    with pytest.raises(PosesRefused, match=r"turns by \d\.\d° at most"):
        refuse_poor_poses(turned([[0.01 * k, 0.02 * (k % 2), 0.0] for k in range(8)]))
    with pytest.raises(PosesRefused, match="one axis"):
        refuse_poor_poses(turned([[0.1 * k, 0.0, 0.0] for k in range(8)]))


def test_chosen_poses_are_different_and_teach_more(stands, setup, random):
    cell, around, see = stands(setup)
    order = choose(around, cell.arm, cell.nominal_camera, cell.nominal_board, cell.area, 10)
    assert len(set(order)) == 10

    def stated(index):
        found = calibrate(cell.take(around.joints[list(index)], see, random), cell.arm, offset=0.0)
        return float(np.median(error_map(found, cell.area).position))

    assert stated(order) < np.median([stated(random.permutation(40)[:10]) for _ in range(5)])


def test_a_camera_that_moved_is_told_from_one_that_stands(stands, setup, random):
    cell, around, see = stands(setup, joint_errors=True)
    joints = around.joints[:3]
    then = cell.take(joints, see, random)
    arguments = (cell.mount_from_camera, cell.area, 1e-4, cell.arm)
    assert not move_between(then, cell.take(joints, see, random), *arguments).is_moved
    kicked = replace(
        cell, mount_from_camera=moved(cell.mount_from_camera, np.array([0.0, 0.003, 0, 0, 0, 0]))
    )
    move = move_between(then, kicked.take(joints, see, random), *arguments)
    assert move.is_moved
    assert move.lower < 0.003 < move.upper
    assert "the camera moved: 3." in str(move) or "the camera moved: 2." in str(move)
    with pytest.raises(PosesRefused, match="same poses"):
        move_between(then, cell.take(around.joints[3:6], see, random), *arguments)


def test_the_radius_is_that_of_drawn_vectors(random):
    spread = np.diag([4.0, 1.0, 0.2])
    for mean in (np.zeros(3), np.array([1.0, 3.0, 0.0])):
        drawn = random.multivariate_normal(mean, spread, 200_000)
        outside = np.mean(np.linalg.norm(drawn, axis=1) > radius(spread, mean, 1e6))
        assert 0.04 < outside < 0.06
