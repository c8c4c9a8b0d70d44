"""Compiles the inner loops of all stages ahead of the first start: `python -m lab_bringup.warm_up [CELL]`.

Each stage does what its node does when it is configured; the machine code stays in the cache of the user.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from lab_core.errors import LabError
from lab_description import Cell, load_cell


def perception(cell: Cell) -> None:
    from lab_perception.perception_parameters import PerceptionParameters
    from lab_perception.pipeline import Perception

    Perception.of(cell, PerceptionParameters()).warm_up(cell.camera.pinhole, cell.camera.base_from_camera)


def grasp_planning(cell: Cell) -> None:
    from lab_grasping.grasp_parameters import GraspParameters
    from lab_grasping.planning import GraspPlanning

    GraspPlanning.of(cell, GraspParameters()).warm_up()


def motion_planning(cell: Cell) -> None:
    from lab_motion.motion_parameters import MotionParameters
    from lab_motion.planning.port import PLANNERS
    from lab_motion.planning.warm_up import warm_up

    planner = PLANNERS.make(MotionParameters().planner, cell, given={}, node="motion").plugin
    warm_up(planner, cell.robot.configuration("home"))


def simulated_image(cell: Cell) -> None:
    from lab_simulation.mujoco.rendering import choose_renderer

    choice = choose_renderer()  # before MuJoCo is imported
    from lab_simulation.mujoco.simulation import Simulation
    from lab_simulation.scenes.drawing import Area, make_scene
    from lab_simulation.scenes.scene_file import load_scene_file

    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    scene = make_scene(load_scene_file("scattered"), 0, area)
    simulation = Simulation(cell, scene, 0, choice.renderer, look="real")
    for _ in range(2):  # the second is made of what changed since the first
        simulation.frame()
        simulation.step()
    simulation.close()


STAGES: tuple[Callable[[Cell], None], ...] = (motion_planning, perception, grasp_planning, simulated_image)


def _do(stage: Callable[[Cell], None], cell: str) -> None:
    stage(load_cell(cell))


def main() -> None:
    """All stages, two at a time; ends with one sentence when one cannot do its work."""
    cell = sys.argv[1] if len(sys.argv) > 1 else "ur5e_table"
    try:
        # processes, since numba compiles with one thread of each
        with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
            for begun in [pool.submit(_do, stage, cell) for stage in STAGES]:
                begun.result()
    except LabError as error:
        sys.exit(f"warm_up: {error}")


if __name__ == "__main__":
    main()
