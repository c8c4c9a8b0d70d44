"""The robot of docs/add_a_robot.md, from a folder outside of this repository, is planned for and picks."""

import re
from pathlib import Path

import numpy as np
import pytest

from lab_description import Cell, load_cell
from lab_description.collision_matrix import main as store_pairs
from lab_description.stored_pairs import matrix_file
from lab_motion.planning.port import PLANNERS, Contacts, MotionOptions, PlanningScene, Trajectory
from lab_motion.testing.problems import above_workspace, moved, pointing_down
from lab_simulation.mujoco.arm_controller import Ending, TrajectoryGoal
from lab_simulation.mujoco.scripted_hand import Hand
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.trajectory import Waypoint
from lab_simulation.scenes.drawing import Area, make_scene
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile

DOCUMENT = Path(__file__).parents[1] / "docs" / "add_a_robot.md"


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    robot, table = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M)
    for name, text in (("robots/arm6.yaml", robot), ("cells/arm6_table.yaml", table)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_cell(tmp_path / "cells" / "arm6_table.yaml")


def follow(simulation: Simulation, trajectory: Trajectory) -> None:
    outcomes = []
    points = zip(trajectory.time[1:], trajectory.positions[1:], trajectory.velocities[1:], strict=True)
    goal = TrajectoryGoal(trajectory.names, [Waypoint(float(t), q, v) for t, q, v in points])
    simulation.arm.follow(goal, simulation.time, outcomes.append)
    while not outcomes:
        simulation.step()
    assert outcomes[0].ending is Ending.SUCCEEDED, outcomes[0]


def test_the_documented_robot_picks_a_part(cell: Cell, tmp_path: Path) -> None:
    assert store_pairs([str(cell.files["cell"]), "--samples", "1000"]) == 0
    assert matrix_file(cell).is_relative_to(tmp_path)
    at = above_workspace(cell, 0.0)
    part = PlacedPart("box", tuple(at), dimensions={"x": 0.04, "y": 0.04, "z": 0.04}, material="steel")
    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    scene = make_scene(SceneFile("placed", placed=(part,)), 0, area)
    simulation = Simulation(cell, scene)
    planner = PLANNERS.make("embedded", cell).plugin
    planner.update_scene(PlanningScene(opening=cell.gripper.maximum_opening))

    grasp = pointing_down(above_workspace(cell, 0.02), 0.0)
    among = MotionOptions(contacts=Contacts())
    _, move = planner.plan_pose(
        cell.robot.configuration("home"), [moved(grasp, [0.0, 0.0, 0.1])], MotionOptions()
    )
    approach = planner.plan_straight(move.positions[-1], grasp, among)
    follow(simulation, move.then(approach))
    assert Hand(simulation).close(30.0).stalled
    follow(simulation, approach.reversed())
    simulation.run(0.3)
    lifted = simulation.entity(scene.parts[0].name).base_from_entity[2, 3] - cell.table_height
    assert lifted > 0.1
    assert min(wrench.force[1] for wrench in simulation.pad_wrenches()) == pytest.approx(30.0, rel=0.1)
    assert np.all(np.isfinite(simulation.joints().position))
    planner.close()
