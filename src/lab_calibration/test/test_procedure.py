import numpy as np
import pytest

from lab_calibration.errors import CalibrationError, PosesRefused
from lab_calibration.hand_eye.calibration import calibrate
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.procedure import Look, revisit, take_poses, take_poses_by_hand
from lab_calibration.rigid import difference
from lab_calibration.simulated.pictures import Flaws, picture
from lab_calibration.with_board import LINK, plate_size, write_cell_with_board
from lab_core.errors import StaleInputError, StoppedError, UnavailableError
from lab_description import load_cell

CLEAN = Flaws(glare=0.0, hidden=0.0)


class SimulatedRig:
    """An arm that goes where it is told, but to every third pose, and a camera with rendered pictures."""

    def __init__(self, cell, random):
        self.cell, self.random, self.moves, self.joints = cell, random, 0, None

    def move(self, joints):
        self.moves += 1
        if self.moves % 3 == 0:
            raise CalibrationError("no path to the goal")
        self.joints = joints

    def look(self):
        pose = self.cell.camera_from_board(self.joints)
        return Look(picture(self.cell.board, pose, self.cell.camera, self.random, CLEAN), self.joints)


def test_the_arm_takes_poses_by_itself(stands, random):
    cell, _, _ = stands(Setup.FIXED)
    said = []
    taken = take_poses(cell, SimulatedRig(cell, random), 8, 3, said.append)
    assert len(taken.poses) == len(taken.looks) == 8
    assert "left out: no path to the goal" in said
    found = calibrate(taken.poses, cell.arm)
    assert np.abs(difference(cell.mount_from_camera, found.fit.mount_from_camera))[:3].max() < 0.002
    again = revisit(cell, SimulatedRig(cell, random), taken.poses, 2, said.append)
    assert np.allclose(again.joints, taken.poses.joints[:2])


def test_a_stop_ends_it_at_once(stands, random):
    cell, _, _ = stands(Setup.FIXED)
    rig = SimulatedRig(cell, random)

    def stop(joints):
        raise StoppedError("the operator stopped the cell")

    rig.move = stop
    with pytest.raises(StoppedError):
        take_poses(cell, rig, 8, 3, print)
    assert rig.moves == 0


def test_a_camera_that_sees_nothing_ends_in_a_sentence(stands, random):
    cell, _, _ = stands(Setup.FIXED)
    rig = SimulatedRig(cell, random)
    rig.look = lambda: Look(np.full((480, 640), 90, np.uint8), rig.joints)
    with pytest.raises(PosesRefused, match="0 poses showed the board: at least 6 are needed"):
        take_poses(cell, rig, 6, 3, lambda words: None)


def test_a_cell_with_the_board_in_its_hand_is_a_cell(stands, tmp_path):
    drawn, _, _ = stands(Setup.FIXED)
    cell = load_cell("ur5e_table")
    file, scene = write_cell_with_board(cell, drawn.board, tmp_path)
    held = load_cell(file)
    plate = held.end_effector.links[LINK].collision[0].box
    assert np.allclose(plate[:2], plate_size(drawn.board), atol=1e-9)
    at = held.tool_from_gripper @ held.end_effector.joints[f"{LINK}_joint"].matrix
    assert np.allclose(at, drawn.nominal_board, atol=1e-9)
    assert (scene.parent / "board.png").is_file()


class HandMovedRig:
    """An arm that a person leads from one stand to the next, at each Enter."""

    def __init__(self, cell, stands, random):
        self.cell, self.stands, self.random, self.at = cell, stands, random, 0

    def look(self):
        joints = self.stands[self.at]
        self.at += 1
        if joints is None:
            raise StaleInputError("the arm moved")
        pose = self.cell.camera_from_board(joints)
        return Look(picture(self.cell.board, pose, self.cell.camera, self.random, CLEAN), joints)


def typed(*lines):
    """What a person types, and then the end of the input."""
    left = iter(lines)
    return lambda: next(left, None)


def test_a_person_moves_the_arm(stands, random):
    cell, around, _ = stands(Setup.FIXED)
    said = []
    rig = HandMovedRig(cell, [around.joints[0], None, *around.joints[:8]], random)
    taken = take_poses_by_hand(
        cell, rig, 15, typed(*["\n"] * 3, "x\n", *["\n"] * 7, "d\n", "\n"), said.append
    )
    assert len(taken.poses) == len(taken.looks) == 8
    assert np.allclose(taken.poses.joints, around.joints[:8])
    assert "not counted: the arm moved" in said
    assert "not counted: the arm stands as at pose 1: move it first" in said
    assert "Enter alone takes a pose; d and Enter when done" in said
    assert said[-1].startswith("pose 8 of 15: ")
    found = calibrate(taken.poses, cell.arm)
    assert np.abs(difference(cell.mount_from_camera, found.fit.mount_from_camera))[:3].max() < 0.002


def test_enough_poses_or_the_end_of_the_input_end_it(stands, random):
    cell, around, _ = stands(Setup.FIXED)
    enough = take_poses_by_hand(cell, HandMovedRig(cell, around.joints, random), 6, lambda: "\n", print)
    assert len(enough.poses) == 6
    piped = take_poses_by_hand(cell, HandMovedRig(cell, around.joints, random), 9, typed(*["\n"] * 7), print)
    assert len(piped.poses) == 7
    with pytest.raises(PosesRefused, match="2 poses showed the board: at least 6 are needed"):
        take_poses_by_hand(
            cell, HandMovedRig(cell, around.joints, random), 9, typed("\n", "\n", "d\n"), print
        )
    with pytest.raises(PosesRefused, match="run this in a terminal"):
        take_poses_by_hand(cell, HandMovedRig(cell, around.joints, random), 9, typed(), print)


def test_a_person_is_told_about_which_axis_the_hand_hardly_turned(stands, random):
    """The arm turns about the base's upright axis only, then otherwise too."""
    cell, around, _ = stands(Setup.FIXED)
    about_z = around.joints[0] + np.outer(np.radians([0.0, 4.0, 8.0, 12.0]), np.eye(6)[0])
    said = []
    rig = HandMovedRig(cell, [*about_z, *around.joints[1:7]], random)
    take_poses_by_hand(cell, rig, 9, lambda: "\n", said.append)
    counted = [one for one in said if one.startswith("pose")]
    assert [";" in one for one in counted[:3]] == [False] * 3
    assert "one axis" in counted[3]
    assert counted[-1].endswith("corners")


def test_a_silent_cell_ends_it_before_the_first_pose_only(stands, random):
    cell, around, _ = stands(Setup.FIXED)
    rig = HandMovedRig(cell, around.joints, random)
    seen = rig.look

    def silent():
        raise UnavailableError("no colour image came")

    rig.look = silent
    with pytest.raises(UnavailableError):
        take_poses_by_hand(cell, rig, 6, lambda: "\n", print)
    looks = iter([seen, silent, *[seen] * 6])
    rig.look = lambda: next(looks)()
    assert len(take_poses_by_hand(cell, rig, 6, lambda: "\n", print).poses) == 6
