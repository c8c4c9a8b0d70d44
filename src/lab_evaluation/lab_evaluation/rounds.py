"""One round of clutter removal: look, plan, grasp, carry off, until the table is clear or it goes no further.

Protocol: Z. Jiang et al., "Synergies between affordance and geometry: 6-DoF grasp detection via implicit
representations", RSS 2021 (GIGA), after M. Breyer et al., "Volumetric grasping network", CoRL 2020 (VGN).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from lab_simulation.mujoco.rendering import choose_renderer

# MuJoCo binds its OpenGL when it is first imported.
RENDERER = choose_renderer().renderer

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from lab_console.overlay import draw  # noqa: E402
from lab_core.geometry import make_transform  # noqa: E402
from lab_core.grasp import Grasp  # noqa: E402
from lab_core.scene import Scene  # noqa: E402
from lab_description import Cell, Gripper, SuctionCup, load_cell  # noqa: E402
from lab_description.camera import Calibration, ExpectedError  # noqa: E402
from lab_evaluation.embodiment import Embodiment  # noqa: E402
from lab_evaluation.free_cup import FreeCup  # noqa: E402
from lab_evaluation.free_fingers import FreeFingers  # noqa: E402
from lab_evaluation.shapes import SETS, part_source  # noqa: E402
from lab_evaluation.shown import shown_part  # noqa: E402
from lab_evaluation.whole_arm import WholeArm  # noqa: E402
from lab_grasping.errors import GraspingError, UnsafeByCamera  # noqa: E402
from lab_grasping.grasp_parameters import GraspParameters  # noqa: E402
from lab_grasping.planning import GraspPlanning  # noqa: E402
from lab_perception.frame import ByteImage, RgbdFrame  # noqa: E402
from lab_perception.perception_parameters import PerceptionParameters  # noqa: E402
from lab_perception.pipeline import Perception  # noqa: E402
from lab_simulation.errors import SimulationError  # noqa: E402
from lab_simulation.look import Look  # noqa: E402
from lab_simulation.mujoco.simulation import EntityState, Simulation  # noqa: E402
from lab_simulation.scenes.drawing import Area, PartSource, make_scene  # noqa: E402
from lab_simulation.scenes.drawing import Scene as DrawnScene  # noqa: E402
from lab_simulation.scenes.mesh_parts import MeshFolder, mesh_source  # noqa: E402
from lab_simulation.scenes.scene_file import SceneFile  # noqa: E402

CELLS = Path(__file__).resolve().parent / "cells" / "cells"
ARRANGEMENTS: Mapping[str, SceneFile] = {
    "packed": SceneFile(arrangement="packed", parts=5, group=(2, 3), gap=0.02),
    "scattered": SceneFile(arrangement="scattered", parts=5, gap=0.03),
    "pile": SceneFile(arrangement="pile", parts=5, spread=0.02),
}
CATALOGUE = "catalogue"
"""The kinds of the simulator's own scenes, on which our planner was tuned."""
GRASPABLE = 0.8
"""Share of the hand's opening to which meshes are scaled."""
FOR_A_CUP = 0.068
"""Width to which meshes are scaled for a suction cup, metres: as for a hand that opens 85 mm."""
FAILURES_IN_A_ROW = 2
MOST_ATTEMPTS = 30
REST_SECONDS = 2.0
RESTING_SPEED = 0.01
DEPTH_STEP = 1e-3
"""Metres: the wire carries whole millimetres."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all rounds of a campaign share.

    scene: of ARRANGEMENTS. objects: of shapes.SETS, or CATALOGUE. cell: a name in lab_evaluation/cells, of
    a hand alone (`hand_…`) or of a whole arm. planner: by its registered name. parts: in each
    round. meshes: a folder to take the parts from instead. look: of the simulated images. camera_error: how
    far parts seem to be from where they are, metres; None: as the camera's YAML allows. stated_error: what
    the cell says of that, metres; 0: nothing.
    """

    scene: str = "packed"
    objects: str = "mixed"
    cell: str = "hand_2f85"
    planner: str = "antipodal"
    parts: int = 5
    meshes: str = ""
    look: Look = "real"
    camera_error: float | None = None
    stated_error: float = 0.0

    def load_cell(self) -> Cell:
        """The cell with its stated error. Raises as lab_description.load_cell."""
        cell = load_cell(CELLS / f"{self.cell}.yaml")
        if self.stated_error == 0.0:
            return cell
        stated = Calibration(ExpectedError(self.stated_error, 0.0), 12, "stated by the task", "")
        return replace(cell, camera=replace(cell.camera, calibration=stated))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One grasp that was carried out.

    ending: removed, or what went wrong. part: what was meant, by segment. held: what was in the hand in the
    end. claimed: what the gripper's own measurements said of the grip. truth: what the simulator said.
    perceive_ms, plan_ms: processor time. picture: JPEG of the view with the grasp, of failures only. meant:
    the part that the segment shows, by the simulator. collided: what else the hand touched until it had
    closed.
    """

    ending: str
    segment: str
    held: tuple[str, ...]
    claimed: bool
    truth: bool
    score: float
    perceive_ms: float
    plan_ms: float
    picture: bytes = field(default=b"", repr=False)
    meant: str = ""
    collided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one scene.

    presented: parts that the simulator has there. ended: clear, two failures in a row, or the outcome of the
    last plan. lost: why the scene could not be played, one sentence; then nothing else is known of it.
    unsafe: what is left was refused because of the stated error of the camera.
    """

    seed: int
    presented: int
    removed: int
    ended: str
    attempts: tuple[Attempt, ...]
    last_view: bytes = field(default=b"", repr=False)
    lost: str = ""
    unsafe: bool = False

    @classmethod
    def not_played(cls, seed: int, why: str) -> Round:
        """Of a scene that could not be played."""
        return cls(seed, 0, 0, "lost", (), lost=why)

    @property
    def successes(self) -> int:
        """Attempts that removed something."""
        return sum(attempt.ending == "removed" for attempt in self.attempts)


def scene_of(task: Task, seed: int, cell: Cell) -> DrawnScene:
    """The scene of a seed. Raises SceneError, which names the mesh or what does not fit."""
    area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
    source: PartSource | None = None
    if task.meshes:
        source = meshes_of(task.meshes, widest_of(cell))
    elif task.objects != CATALOGUE:
        source = part_source(SETS[task.objects], standing=task.scene == "packed")
    return make_scene(ARRANGEMENTS[task.scene], seed, area, task.parts, source)


def widest_of(cell: Cell) -> float:
    """Metres: to which meshes are scaled for the hand of a cell."""
    effector = cell.end_effector
    return GRASPABLE * effector.maximum_opening if isinstance(effector, Gripper) else FOR_A_CUP


@lru_cache(maxsize=2)
def meshes_of(folder: str, widest: float) -> MeshFolder:
    """Once a process. Raises SceneError when no file can be used."""
    return mesh_source(folder, widest)


def play(task: Task, seed: int) -> Round:
    """Play the round of a seed; the same arguments give the same round, but for its times.

    A scene that cannot be laid out, or in which the physics blow up, is a round that is lost.
    """
    cell = task.load_cell()
    _warm_up(task, cell)
    try:
        scene = scene_of(task, seed, cell)
        simulation = Simulation(cell, scene, seed, RENDERER, look=task.look, camera_error=task.camera_error)
    except SimulationError as error:
        return Round.not_played(seed, str(error))
    try:
        return _Round(task, seed, simulation).play()
    except SimulationError as error:
        return Round.not_played(seed, str(error))
    finally:
        simulation.close()


def _perception(cell: Cell) -> Perception:
    """Without a mask of the robot: there is none, or it is at home when the image is taken."""
    return Perception.of(cell, PerceptionParameters(robot_mask=False))


def _planning(task: Task, cell: Cell, seed: int) -> GraspPlanning:
    return GraspPlanning.of(cell, GraspParameters(planner=task.planner, seed=seed))


_warm: set[str] = set()


def _warm_up(task: Task, cell: Cell) -> None:
    """Once a process and planner: what is compiled on first use must not count as planning time."""
    if task.planner in _warm:
        return
    _warm.add(task.planner)
    cv2.setNumThreads(1)
    _perception(cell).warm_up(cell.camera.pinhole, cell.camera.base_from_camera)
    _planning(task, cell, 0).warm_up()


class _Round:
    def __init__(self, task: Task, seed: int, simulation: Simulation) -> None:
        cell = simulation.cell
        self._seed = seed
        self._simulation = simulation
        self._embodiment = _embodiment(simulation, seed)
        self._perception = _perception(cell)
        self._planning = _planning(task, cell, seed)
        self._left = set(simulation.parts)

    def play(self) -> Round:
        attempts: list[Attempt] = []
        presented, failures, ended, view, unsafe = len(self._left), 0, "clear", b"", False
        while self._left:
            if len(attempts) == MOST_ATTEMPTS:
                ended = "too many attempts"
                break
            frame, scene, perceive_ms = self._look()
            start = time.process_time()
            try:
                if scene.support is None:
                    ended = scene.code.name
                    break
                grasps = self._planning.plan(scene).grasps
            except GraspingError as error:
                ended, view = error.code.name, _jpeg(_drawn(frame.color, scene, None))
                unsafe = isinstance(error, UnsafeByCamera)
                break
            plan_ms = 1e3 * (time.process_time() - start)
            shown = {item.id: shown_part(self._simulation, item) for item in scene.objects}
            carried = self._embodiment.carry_out(grasps, scene, frozenset(self._left))
            grasp = grasps[carried.grasp]
            meant = shown[grasp.object_id]
            failures = 0 if carried.ending == "removed" else failures + 1
            picture = b"" if carried.ending == "removed" else _jpeg(_drawn(frame.color, scene, grasp))
            attempts.append(
                Attempt(
                    ending=carried.ending,
                    segment=grasp.object_id,
                    held=tuple(sorted(carried.held)),
                    claimed=carried.claimed,
                    truth=bool(carried.held),
                    score=grasp.score,
                    perceive_ms=perceive_ms,
                    plan_ms=plan_ms,
                    picture=picture,
                    meant=meant,
                    collided=tuple(sorted(carried.touched - {meant})),
                )
            )
            self._take_out(carried.held if carried.ending == "removed" else frozenset())
            if failures == FAILURES_IN_A_ROW:
                ended = "two failures in a row"
                break
        removed = presented - len(self._left)
        return Round(self._seed, presented, removed, ended, tuple(attempts), view, unsafe=unsafe)

    def _look(self) -> tuple[RgbdFrame, Scene, float]:
        image = self._simulation.frame()
        camera = self._simulation.cell.camera
        depth = (np.round(image.depth / DEPTH_STEP) * DEPTH_STEP).astype(np.float32)
        stamp = round(1e9 * self._simulation.time)
        frame = self._perception.frame(image.colour, depth, camera.pinhole, camera.base_from_camera, stamp)
        start = time.process_time()
        scene = self._perception.perceive(frame)
        return frame, scene, 1e3 * (time.process_time() - start)

    def _take_out(self, held: frozenset[str]) -> None:
        """Remove what is held, let the rest come to rest, with the hand out of the way."""
        simulation = self._simulation
        for name in sorted(held):
            self._left.discard(name)
            far = make_transform(np.eye(3), [5.0 + 0.3 * len(self._left), 0.0, 0.2])
            simulation.move_entity(name, EntityState(far, np.zeros(3), np.zeros(3)))
        self._embodiment.put_home()
        deadline = simulation.time + REST_SECONDS
        while simulation.time < deadline:
            simulation.run(0.1)
            speeds = [simulation.entity(name) for name in sorted(self._left)]
            if all(np.abs([*s.linear, *s.angular]).max() < RESTING_SPEED for s in speeds):
                break


def _embodiment(simulation: Simulation, seed: int) -> Embodiment:
    if simulation.cell.robot.name != "free_hand":
        return WholeArm(simulation, seed)
    cup = isinstance(simulation.cell.end_effector, SuctionCup)
    return FreeCup(simulation) if cup else FreeFingers(simulation)


def _drawn(color: ByteImage, scene: Scene, grasp: Grasp | None) -> np.ndarray:
    if grasp is None:
        return draw(color, scene, "", None, 0.0)
    return draw(color, scene, grasp.object_id, grasp.base_from_tcp, grasp.opening)


def _jpeg(image: np.ndarray) -> bytes:
    middle = image[60:420, 100:540, ::-1]
    return cv2.imencode(".jpg", np.ascontiguousarray(middle), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
