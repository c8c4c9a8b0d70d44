"""The simulated cell behaves as a real one: tracks, grips, holds, and repeats itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lab_core.geometry import invert, make_transform, rotation_angle
from lab_description import Cell
from lab_simulation.errors import UnknownEntity
from lab_simulation.mujoco.arm_controller import Ending, TrajectoryError, TrajectoryGoal
from lab_simulation.mujoco.rendering import RendererChoice
from lab_simulation.mujoco.scripted_hand import Hand
from lab_simulation.mujoco.simulation import EntityState, Simulation
from lab_simulation.mujoco.trajectory import Waypoint
from lab_simulation.scenes.catalogue import make_part
from lab_simulation.scenes.drawing import Area, Scene, make_scene
from lab_simulation.scenes.scene_file import PlacedPart, load_scene_file

CUBE = PlacedPart("box", (0.50, 0.05, 0.0), dimensions={"x": 0.04, "y": 0.04, "z": 0.04}, material="steel")
ROLL = PlacedPart("cylinder", (0.50, 0.05, 0.0), dimensions={"diameter": 0.04, "height": 0.06})
NUT = PlacedPart("hex_nut", (0.50, 0.05, 0.0), dimensions={"across_flats": 0.045})


def qpos(simulation: Simulation) -> np.ndarray:
    return simulation.data.qpos.copy()


def test_at_time_zero_everything_rests(cell: Cell, area: Area) -> None:
    scene = make_scene(load_scene_file("pile"), 1, area)
    simulation = Simulation(cell, scene)
    assert simulation.time == 0.0
    assert simulation.joints().position[:6] == pytest.approx(cell.robot.configuration("home"))
    simulation.run(1.0)
    moved = [
        np.linalg.norm(simulation.entity(part.name).base_from_entity[:3, 3] - pose[:3, 3])
        for part, pose in zip(scene.parts, scene.poses, strict=True)
    ]
    assert max(moved) < 0.003
    assert simulation.time == pytest.approx(1.0, abs=1e-12)
    assert simulation.joints().position[:6] == pytest.approx(cell.robot.configuration("home"), abs=2e-4)


def test_a_seed_decides_all_that_follows(renderer: RendererChoice, cell: Cell, area: Area) -> None:
    runs = []
    for _ in range(2):
        scene = make_scene(load_scene_file("scattered"), 6, area)
        simulation = Simulation(cell, scene, 6, renderer.renderer)
        first = simulation.frame()
        Hand(simulation).pick(scene.parts[0].name, 40.0)
        runs.append((first, qpos(simulation), simulation.frame()))
        simulation.close()
    for one, other in zip(*runs, strict=True):
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, other)
        else:
            assert np.array_equal(one.colour, other.colour)
            assert np.array_equal(one.depth, other.depth, equal_nan=True)


def test_reset_goes_back_to_the_very_same_state(renderer: RendererChoice, cell: Cell, area: Area) -> None:
    simulation = Simulation(cell, make_scene(load_scene_file("scattered"), 2, area), 2, renderer.renderer)
    names, start, image = list(simulation.parts), qpos(simulation), simulation.frame()
    simulation.delete(names[0])
    new = make_part("box", "new", np.random.default_rng(0))
    simulation.spawn(new, make_transform(np.eye(3), [0.5, 0.0, 0.2]))
    simulation.run(0.5)
    simulation.reset()
    assert simulation.time == 0.0
    assert list(simulation.parts) == names
    assert np.array_equal(qpos(simulation), start)
    again = simulation.frame()
    simulation.close()
    assert np.array_equal(again.depth, image.depth, equal_nan=True)


@pytest.mark.parametrize("item", [CUBE, ROLL, NUT], ids=lambda item: item.kind)
def test_a_held_part_stays_in_the_hand(item: PlacedPart, cell: Cell, placed: Callable[..., Scene]) -> None:
    scene = placed(item)
    simulation = Simulation(cell, scene)
    hand, name = Hand(simulation), scene.parts[0].name
    outcome = hand.pick(name, 40.0)
    assert outcome.stalled
    assert not outcome.reached_goal
    assert simulation.entity(name).base_from_entity[2, 3] > 0.14
    held = invert(hand.tcp()) @ simulation.entity(name).base_from_entity
    raised = simulation.arm.reference.position.copy()
    for swing in range(10):
        hand.go(raised + np.array([0.05, 0.0, 0.0, 0.0, 0.0, 0.0]) * (-1) ** swing, 0.25)
    simulation.run(10.0)
    after = invert(hand.tcp()) @ simulation.entity(name).base_from_entity
    assert np.linalg.norm(after[:3, 3] - held[:3, 3]) < 0.001
    assert rotation_angle(after[:3, :3].T @ held[:3, :3]) < 0.01
    assert hand.tracking_error < 0.004


def test_grip_force_and_weight_are_what_was_asked_for(cell: Cell, placed: Callable[..., Scene]) -> None:
    scene = placed(CUBE)
    simulation = Simulation(cell, scene)
    hand = Hand(simulation)
    before = simulation.wrist_wrench().force
    assert np.abs(before).max() < 0.05, "the hand's own weight is taken off"
    hand.pick(scene.parts[0].name, 30.0)
    simulation.run(0.3)
    left, right = simulation.pad_wrenches()
    for pad in (left, right):
        assert pad.force[1] == pytest.approx(30.0, rel=0.06), "+y pushes into the pad"
    weight = scene.parts[0].mass * 9.81
    # The tool's z points down.
    assert simulation.wrist_wrench().force == pytest.approx([0.0, 0.0, weight], abs=0.06)


def test_the_least_force_that_lifts_agrees_with_friction(cell: Cell, placed: Callable[..., Scene]) -> None:
    """Two pads with friction 0.6 hold 0.5 kg from 4.1 N each on; the fingers' own weight pushes with 1 N."""
    scene = placed(CUBE)
    name, least = scene.parts[0].name, scene.parts[0].mass * 9.81 / (2.0 * cell.gripper.friction)
    for force in (least - 2.0, least + 0.5):
        simulation = Simulation(cell, scene)
        hand = Hand(simulation)
        at = simulation.entity(name).base_from_entity[:3, 3]
        hand.pick(name, force)
        simulation.run(0.5)
        lifted = simulation.entity(name).base_from_entity[2, 3] - at[2] > 0.1
        assert lifted == (force > least)
        if lifted:
            for pad in simulation.pad_wrenches():
                assert pad.force[1] > least


def test_a_gripper_that_closes_on_nothing_reaches_its_goal(cell: Cell, placed: Callable[..., Scene]) -> None:
    simulation = Simulation(cell, placed(CUBE))
    outcome = Hand(simulation).close(40.0)
    assert outcome.reached_goal
    assert not outcome.stalled
    fingers = simulation.joints()
    for name, (multiplier, offset) in cell.gripper.mimic_joints.items():
        index = fingers.names.index(name)
        driven = fingers.position[fingers.names.index(cell.gripper.joint)]
        assert fingers.position[index] == pytest.approx(multiplier * driven + offset, abs=0.002)


def test_hitting_the_table_violates_the_path_tolerance(cell: Cell, placed: Callable[..., Scene]) -> None:
    simulation = Simulation(cell, placed(CUBE))
    hand, outcomes = Hand(simulation), []
    hand.move(make_transform(hand.tcp()[:3, :3], [0.45, -0.1, 0.05]))
    low = simulation.arm.reference.position + np.array([0.0, 0.9, 0.0, 0.0, 0.0, 0.0])
    goal = TrajectoryGoal(
        cell.robot.joint_names, [Waypoint(1.5, low)], path=dict.fromkeys(cell.robot.joint_names, 0.05)
    )
    simulation.arm.follow(goal, simulation.time, outcomes.append)
    while not outcomes and simulation.time < 10.0:
        simulation.step()
    assert outcomes[0].ending is Ending.ABORTED
    assert outcomes[0].error is TrajectoryError.PATH_TOLERANCE_VIOLATED


def test_parts_come_and_go_and_the_rest_stays(cell: Cell, area: Area) -> None:
    simulation = Simulation(cell, make_scene(load_scene_file("scattered"), 0, area))
    simulation.run(0.5)
    others = {name: simulation.entity(name).base_from_entity for name in list(simulation.parts)[1:]}
    time = simulation.time
    simulation.delete(next(iter(simulation.parts)))
    new = make_part("sphere", "ball", np.random.default_rng(0))
    simulation.spawn(new, make_transform(np.eye(3), [0.3, 0.3, 0.3]))
    assert simulation.time == time
    for name, pose in others.items():
        assert simulation.entity(name).base_from_entity == pytest.approx(pose, abs=1e-12)
    simulation.run(1.0)
    assert simulation.entity("ball").base_from_entity[2, 3] < 0.03, "a part that was added falls"
    with pytest.raises(UnknownEntity, match="no part 'gone' in the world; parts are"):
        simulation.delete("gone")
    with pytest.raises(UnknownEntity):
        simulation.entity("gone")


def test_a_part_that_is_moved_starts_to_move(cell: Cell, placed: Callable[..., Scene]) -> None:
    simulation = Simulation(cell, placed(CUBE))
    simulation.run(0.5)
    name = next(iter(simulation.parts))
    thrown = EntityState(make_transform(np.eye(3), [0.5, 0.0, 0.4]), np.array([0.0, 0.5, 0.0]), np.zeros(3))
    simulation.move_entity(name, thrown)
    simulation.run(0.1)
    state = simulation.entity(name)
    assert state.base_from_entity[1, 3] == pytest.approx(0.05, abs=0.002)
    assert state.linear[2] == pytest.approx(-0.981, abs=0.03)


def test_a_stop_in_the_middle_brakes(cell: Cell, placed: Callable[..., Scene]) -> None:
    simulation = Simulation(cell, placed(CUBE))
    outcomes: list = []
    target = cell.robot.configuration("home") + np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    simulation.arm.follow(
        TrajectoryGoal(cell.robot.joint_names, [Waypoint(1.5, target, np.zeros(6))]), 0.0, outcomes.append
    )
    simulation.run(0.7)
    at = simulation.joints().position[0]
    simulation.arm.cancel(simulation.time)
    simulation.run(1.0)
    assert outcomes[0].ending is Ending.CANCELLED
    assert 0.0 < simulation.joints().position[0] - at < 0.35
    assert np.abs(simulation.joints().velocity[:6]).max() < 1e-3
