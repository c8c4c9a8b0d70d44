"""Scenes, poses and goals that the contract of motion planners is tested on, in any cell."""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray, OrientedBox, make_transform, rotation_about
from lab_core.scene import Part
from lab_description import Cell
from lab_motion.planning.port import Contacts, MotionOptions, MotionPlanner, PlanningScene
from lab_motion.testing.world import ContractWorld


def problem(cell: Cell, seed: int, objects: int = 6) -> tuple[PlanningScene, FloatArray, FloatArray]:
    """A seeded scene of boxes in the work area, and two poses (4, 4) of the tool above it."""
    random = np.random.default_rng(seed)
    lower, upper = cell.workspace.lower, cell.workspace.upper
    bodies = []
    for index in range(objects):
        size = random.uniform(0.02, 0.08, 3)
        x, y = random.uniform(lower[:2], upper[:2])
        turn = rotation_about([0.0, 0.0, 1.0], random.uniform(0.0, np.pi))
        box = OrientedBox(make_transform(turn, [x, y, cell.table_height + 0.5 * size[2]]), size)
        bodies.append(Part(f"object {index}", box))
    low, high = cell.table_height + 0.13, cell.table_height + 0.3
    poses = [
        pointing_down(
            random.uniform([lower[0], lower[1], low], [upper[0], upper[1], high]),
            random.uniform(-np.pi, np.pi),
            random.uniform(-0.4, 0.4),
        )
        for _ in range(2)
    ]
    return PlanningScene(tuple(bodies), None, cell.end_effector.maximum_opening), poses[0], poses[1]


def grasped_box(cell: Cell) -> tuple[PlanningScene, FloatArray]:
    """A box of 40 mm on the table, and a pose with a finger on either side of it."""
    size = np.array([0.04, 0.04, 0.06])
    centre = above_workspace(cell, 0.03, y=0.05)
    box = OrientedBox(make_transform(np.eye(3), centre), size)
    opening = min(0.07, cell.end_effector.maximum_opening)
    pose = pointing_down(moved(box.frame_from_box, [0.0, 0.0, 0.01])[:3, 3], 0.0)
    return PlanningScene((Part("box", box),), None, opening), pose


def trapped(cell: Cell, planner: MotionPlanner, home: FloatArray) -> tuple[PlanningScene, FloatArray]:
    """A free goal out of all reach: the hand sticks through a hole and holds a plate wider than that.

    Between the hand and the plate is no room for the rim of the hole, whatever the hand.
    """
    plate = OrientedBox(make_transform(np.eye(3), [0.0, 0.0, 0.015]), np.array([0.3, 0.3, 0.01]))
    ring = []
    for name, x, y, sx, sy in (
        ("north", 0.2, 0.0, 0.2, 0.6),
        ("south", -0.2, 0.0, 0.2, 0.6),
        ("west", 0.0, 0.2, 0.2, 0.2),
        ("east", 0.0, -0.2, 0.2, 0.2),
    ):
        centre = make_transform(np.eye(3), above_workspace(cell, 0.11, x, y))
        ring.append(Part(name, OrientedBox(centre, np.array([sx, sy, 0.02]))))
    scene = PlanningScene(tuple(ring), Part("plate", plate), 0.02)
    planner.update_scene(scene)
    pose = pointing_down(above_workspace(cell, 0.092), 0.0)
    return scene, planner.inverse(pose, home, MotionOptions())[0]


def walls_beside(cell: Cell, world: ContractWorld, positions: FloatArray, gap: float) -> PlanningScene:
    """Walls on all four sides of the opened fingers at joint positions (J,), so far from them, metres."""
    opening, tip = cell.end_effector.maximum_opening, world.forward(positions)
    walls = []
    for name, side in (("left", [0, 1]), ("right", [0, -1]), ("front", [1, 0]), ("back", [-1, 0])):
        direction = np.array([*side, 0.0])
        size = np.where(direction == 0.0, 0.12, 0.02)
        size[2] = 0.08

        near, far = 0.0, 0.12
        while far - near > 1e-5:
            middle = 0.5 * (near + far)
            box = OrientedBox(tip @ make_transform(np.eye(3), middle * direction), size)
            world.set_scene(PlanningScene((Part(name, box),), None, opening), Contacts())
            near, far = (near, middle) if world.distance(positions)[0] > gap else (middle, far)
        walls.append(Part(name, box))
    return PlanningScene(tuple(walls), None, opening)


def above_workspace(cell: Cell, height: float, x: float = 0.0, y: float = 0.0) -> FloatArray:
    """(3,) at a height above the table, so far from the middle of the work area, metres."""
    middle = 0.5 * (cell.workspace.lower + cell.workspace.upper)
    return np.array([middle[0] + x, middle[1] + y, cell.table_height + height])


def pointing_down(position: FloatArray, yaw: float, tilt: float = 0.0) -> FloatArray:
    """(4, 4) of a hand that points down, turned by a yaw and tilted, radians."""
    rotation = rotation_about([0.0, 0.0, 1.0], yaw) @ rotation_about([1.0, 0.0, 0.0], np.pi + tilt)
    return make_transform(rotation, position)


def moved(pose: FloatArray, offset: FloatArray | list[float]) -> FloatArray:
    """The pose (4, 4), shifted in the base frame."""
    result = pose.copy()
    result[:3, 3] += offset
    return result
