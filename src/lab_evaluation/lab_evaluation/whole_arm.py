"""An arm that carries grasps out with the skills of lab_motion, in the simulation's own thread and time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from lab_core.errors import LabError
from lab_core.geometry import FloatArray
from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_description import load_cell
from lab_evaluation.embodiment import HOLD_SECONDS, Carried, FingerSenses
from lab_motion.errors import GripperFailed, MotionStalled
from lab_motion.motion import Motion
from lab_motion.motion_parameters import MotionParameters, stoppable
from lab_motion.planning.port import PLANNERS, MotionPlanner, PlanningScene, Trajectory, never
from lab_motion.planning.warm_up import warm_up
from lab_motion.skills.grip.fingers import PadReading
from lab_motion.skills.hardware import Cancelled, Watch
from lab_motion.skills.pick import Picked
from lab_motion.skills.stages import Stages
from lab_simulation.mujoco.arm_controller import Ending, TrajectoryGoal, TrajectoryOutcome
from lab_simulation.mujoco.gripper_controller import GripperOutcome
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.trajectory import Waypoint

PLANNER = "embedded"
LOOK_EVERY = 8
"""Time steps from one look of the skills at the hand to the next."""
BRAKING_SECONDS = 0.5
FINGERS_SECONDS = 4.0


class WholeArm:
    """The robot of a simulated cell; see Embodiment. Its hand may push parts aside, as on a real table."""

    def __init__(self, simulation: Simulation, seed: int) -> None:
        """seed: of the motion planner's samples."""
        cell, parameters = simulation.cell, MotionParameters(seed=seed)
        self._simulation = simulation
        self._senses = FingerSenses(simulation)
        self._home = cell.robot.configuration("home")
        self._open = PlanningScene(opening=cell.gripper.maximum_opening)
        hand = SimulatedHand(simulation, self._senses)
        planner = _motion_planner(cell.files["cell"])
        self._motion = Motion(cell, parameters, SimulatedArm(simulation), hand, planner)

    def carry_out(self, grasps: Sequence[Grasp], scene: Scene, left: frozenset[str]) -> Carried:
        """Pick by the first grasp that can be reached, lift, and go home with the part."""
        senses = self._senses
        heights = senses.heights(left)
        stages = Stages(lambda: self._simulation.time, lambda phase: None)
        picked, failure = Picked(), ""
        try:
            self._motion.pick(scene, grasps, stages, never, picked)
            self._motion.move_to_joints(self._home, stages, never)
        except LabError as error:
            failure = error.code.name
        self._simulation.run(HOLD_SECONDS)
        held = senses.held(heights)
        return Carried(failure or ("removed" if held else "lost"), max(0, picked.grasp), held, not failure)

    def put_home(self) -> None:
        """Be open and at home, at once."""
        robot = self._motion.robot
        robot.grip, robot.standing = None, False
        robot.set_scene(self._open)
        opened = float(self._simulation.cell.gripper.joint_from_opening(self._open.opening))
        self._simulation.put_robot(self._home, opened)


class SimulatedArm:
    """Port `Arm` on the simulation's controller; simulated time goes on while a trajectory is followed."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._names = simulation.cell.robot.joint_names

    def positions(self) -> FloatArray:
        """Joint positions (J,) now."""
        joints = self._simulation.joints()
        found: FloatArray = joints.position[[joints.names.index(name) for name in self._names]]
        return found

    def follow(self, trajectory: Trajectory, cancelled: Cancelled, watch: Watch) -> None:
        """Step the simulation until the controller has ended."""
        simulation, outcomes = self._simulation, list[TrajectoryOutcome]()
        points = zip(trajectory.time, trajectory.positions, trajectory.velocities, strict=True)
        goal = TrajectoryGoal(trajectory.names, [Waypoint(float(t), p, v) for t, p, v in points])
        begin = simulation.time
        simulation.arm.follow(goal, begin, outcomes.append)
        while not outcomes:
            simulation.step(LOOK_EVERY)
            try:
                watch(simulation.time - begin)
            except LabError:
                simulation.arm.cancel(simulation.time)
                simulation.run(BRAKING_SECONDS)
                raise
        if outcomes[0].ending is not Ending.SUCCEEDED:
            simulation.run(BRAKING_SECONDS)
            raise MotionStalled(f"the arm did not carry the motion out: {outcomes[0].message}")


class SimulatedHand:
    """Port `Hand` on the simulation's gripper."""

    def __init__(self, simulation: Simulation, senses: FingerSenses) -> None:
        self._simulation, self._senses = simulation, senses
        self._outcomes: list[GripperOutcome] = []

    def reading(self) -> PadReading:
        """Opening and forces now."""
        return self._senses.reading(bool(self._outcomes) and self._outcomes[0].stalled)

    def halt(self) -> None:
        """Stop the fingers where they are."""
        self._simulation.gripper.cancel()

    def grip(self, force: float) -> None:
        """Begin to close the fingers."""
        self.release(self._simulation.cell.gripper.minimum_opening, force)

    def tighten(self, allowed: bool) -> None:
        """Nothing: it grips with one force."""

    def release(self, opening: float, force: float) -> None:
        """Begin to move the fingers."""
        gripper = self._simulation.cell.gripper
        self._outcomes = []
        self._simulation.gripper.move(
            float(gripper.joint_from_opening(opening)),
            force * gripper.lever,
            None,
            self._simulation.time,
            self._outcomes.append,
        )

    def finish(self, cancelled: Cancelled) -> PadReading:
        """Step the simulation until the fingers rest."""
        deadline = self._simulation.time + FINGERS_SECONDS
        while not self._outcomes:
            if self._simulation.time > deadline:
                raise GripperFailed(f"the fingers did not come to rest within {FINGERS_SECONDS:.1f} s")
            self._simulation.step(LOOK_EVERY)
        return self.reading()


@lru_cache(maxsize=1)
def _motion_planner(path: Path) -> MotionPlanner:
    """Of a cell, one for all rounds of a process: it keeps nothing from one plan to the next."""
    cell = load_cell(path)
    planner = PLANNERS.make(PLANNER, stoppable(cell, MotionParameters())).plugin
    warm_up(planner, cell.robot.configuration("home"))
    return planner
