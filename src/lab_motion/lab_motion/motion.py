"""The stage: grasps in, motions of arm and hand that are planned, carried out and verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab_core.geometry import FloatArray
from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_description import Cell
from lab_motion.motion_parameters import MotionParameters, motion_settings, stoppable
from lab_motion.planning.port import PLANNERS, MotionPlanner, PlanningScene
from lab_motion.planning.warm_up import warm_up
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.grip.port import GRIP_SENSORS, GripSensor
from lab_motion.skills.hardware import Arm, Cancelled, Hand
from lab_motion.skills.jog import jog
from lab_motion.skills.manipulator import Manipulator
from lab_motion.skills.move_to import move_to_joints, move_to_pose
from lab_motion.skills.pick import Picked, pick
from lab_motion.skills.place import Placed, place
from lab_motion.skills.slipping import Slipping
from lab_motion.skills.stages import Stages


class Motion:
    """Moves the arm of a cell. `robot` is what its skills share, `destinations` what is free of them."""

    def __init__(
        self,
        cell: Cell,
        parameters: MotionParameters,
        arm: Arm,
        hand: Hand,
        planner: MotionPlanner | None = None,
        sensor: GripSensor | None = None,
    ) -> None:
        """planner, sensor: else those that the parameters name.

        Raises ConfigurationError when one cannot be made.
        """
        cell, given = stoppable(cell, parameters), parameters.plugins
        if planner is None:
            planner = PLANNERS.make(parameters.planner, cell, given=given, node="motion").plugin
        if sensor is None:
            name = parameters.grip_sensor_for(cell)
            sensor = GRIP_SENSORS.make(name, cell.end_effector, given=given, node="motion").plugin
        self.settings = motion_settings(parameters, cell)
        self.destinations = Destinations(cell.destinations)
        self.robot = Manipulator(
            cell=cell,
            planner=planner,
            arm=arm,
            hand=hand,
            settings=self.settings,
            sensor=sensor,
            slipping=Slipping.of(cell.end_effector),
        )

    def warm_up(self) -> None:
        """Compile and touch everything once, so that the first real plan costs what all others cost."""
        warm_up(self.robot.planner, self.robot.cell.robot.configuration("home"))

    def see(self, scene: Scene) -> None:
        """What lies in the cell from now on; nothing moves."""
        self.robot.see(self._planned_in(scene))

    def pick(
        self,
        scene: Scene,
        grasps: Sequence[Grasp],
        stages: Stages,
        cancelled: Cancelled,
        result: Picked,
        seen: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a part of a scene by the first grasp that can be reached; see lab_motion.skills.pick.

        Grasps that were planned on this very scene are clear of its points; others keep clear of its boxes.

        Raises a MotionError, or StaleInputError.
        """
        cleared = all(grasp.scene_stamp == scene.stamp for grasp in grasps)
        pick(self.robot, self._planned_in(scene), grasps, stages, cancelled, result, cleared, seen)

    def place(
        self,
        destination: str,
        stages: Stages,
        cancelled: Cancelled,
        result: Placed,
        allowed: Sequence[int] = (),
    ) -> None:
        """Put the held part down; see lab_motion.skills.place. Raises a MotionError, or StaleInputError."""
        place(self.robot, self.destinations, destination, stages, cancelled, result, allowed)

    def move_to_joints(self, positions: FloatArray, stages: Stages, cancelled: Cancelled) -> None:
        """To joint positions (J,). Raises a MotionError, or StaleInputError."""
        move_to_joints(self.robot, positions, stages, cancelled)

    def move_to_pose(self, base_from_tcp: FloatArray, stages: Stages, cancelled: Cancelled) -> None:
        """To a pose (4, 4) of the tool centre point. Raises a MotionError, or StaleInputError."""
        move_to_pose(self.robot, base_from_tcp, stages, cancelled)

    def jog(
        self,
        offset: FloatArray,
        turn: float,
        stages: Stages,
        cancelled: Cancelled,
        begin: Callable[[], None],
    ) -> None:
        """By a small step; see lab_motion.skills.jog. Raises a MotionError, or StaleInputError."""
        speed, tcp_speed = self.robot.settings.jog_speed, self.robot.settings.jog_tool_speed
        jog(self.robot, offset, turn, speed, tcp_speed, stages, cancelled, begin)

    def _planned_in(self, scene: Scene) -> PlanningScene:
        return PlanningScene(self.robot.grown(scene.objects), None, self.robot.hand.reading().opening)
