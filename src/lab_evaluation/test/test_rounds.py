"""One round of clutter removal, with the real simulator, perception and planner."""

import dataclasses

import pytest
import trimesh

from lab_evaluation.rounds import Task, play


def without_times(one):
    attempts = [dataclasses.replace(item, perceive_ms=0.0, plan_ms=0.0) for item in one.attempts]
    return dataclasses.replace(one, attempts=tuple(attempts))


def test_a_round_repeats_and_keeps_count():
    task = Task("packed", "primitives", parts=2, look="plain")
    one = play(task, 3)
    assert one.presented == 2
    assert one.removed == sum(len(item.held) for item in one.attempts if item.ending == "removed")
    assert one.removed <= one.presented
    assert all(bool(item.picture) == (item.ending != "removed") for item in one.attempts)
    assert without_times(play(task, 3)) == without_times(one)


def test_a_scene_that_cannot_be_laid_out_loses_its_round(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "meshes").mkdir()
    trimesh.creation.box((0.06, 0.12, 0.14)).export(tmp_path / "meshes" / "brick.stl")
    one = play(Task("packed", parts=20, meshes=str(tmp_path / "meshes")), 0)
    assert "20 parts do not fit" in one.lost
    assert (one.presented, one.removed, one.attempts) == (0, 0, ())


@pytest.mark.parametrize("planner", ["random_antipodal", "highest_point"])
def test_the_references_propose_grasps(planner):
    one = play(Task("pile", "primitives", planner=planner, parts=2, look="plain"), 1)
    assert one.attempts


def test_an_arm_clears_the_table_by_the_same_rounds():
    task = Task("packed", "primitives", cell="arm_ur5e", parts=2, look="plain")
    one = play(task, 3)
    assert one.presented == 2 and one.attempts
    assert one.removed == sum(len(item.held) for item in one.attempts if item.ending == "removed")
    assert all(item.claimed == item.truth for item in one.attempts)
    assert without_times(play(task, 3)) == without_times(one)


def test_a_suction_cup_clears_the_table_by_the_same_rounds():
    task = Task("packed", "flat", cell="hand_suction", planner="suction", parts=2, look="plain")
    one = play(task, 1)
    assert one.presented == 2 and one.attempts
    assert one.removed == sum(len(item.held) for item in one.attempts if item.ending == "removed")
    assert without_times(play(task, 1)) == without_times(one)


def test_a_camera_that_is_off_makes_collisions_that_its_stated_error_avoids():
    """Ten millimetres: ignored, the hand touches neighbours; stated, what cannot be taken safely is left."""
    off = Task("packed", camera_error=0.010)
    ignored, stated = play(off, 1000), play(dataclasses.replace(off, stated_error=0.010), 1000)
    assert all(attempt.meant for attempt in ignored.attempts)
    assert any(attempt.collided for attempt in ignored.attempts)
    assert not any(attempt.collided for attempt in stated.attempts)
    assert stated.unsafe and stated.removed < stated.presented


def test_an_arm_takes_parts_with_the_distances_of_a_stated_error():
    task = Task("packed", "primitives", cell="arm_ur5e", parts=2, look="plain", stated_error=0.003)
    one = play(task, 3)
    assert one.removed and all(item.claimed == item.truth for item in one.attempts)
