"""What can be made: one entry for each folder of `templates/` beside `every/`, which all of them get."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of package.

    words: for a sentence. noun: last word of the class that it defines. module: of the package, which defines
    it. argument: of the launch file, which names it. group: of Python entry points; empty for a node.
    run: the command of ./lab that shows it; empty: the one of its sort.
    """

    words: str
    noun: str
    module: str
    argument: str
    depends: tuple[str, ...]
    group: str = ""
    run: str = ""

    @property
    def is_node(self) -> bool:
        """Else it is a plug-in of one of our nodes."""
        return not self.group


KINDS = {
    "node": Kind(
        "a node",
        "Node",
        "counter_node",
        "extensions",
        ("lab_core", "lab_interfaces", "lab_node", "python3-numpy", "std_msgs"),
    ),
    "detector": Kind(
        "a detector",
        "Detector",
        "detector",
        "detector",
        ("lab_core", "lab_perception", "python3-numpy", "python3-opencv"),
        "lab_perception.detectors",
    ),
    "grasp_planner": Kind(
        "a grasp planner",
        "GraspPlanner",
        "grasp_planner",
        "grasp_planner",
        ("lab_core", "lab_grasping", "python3-numpy"),
        "lab_grasping.planners",
    ),
    "motion_planner": Kind(
        "a motion planner",
        "MotionPlanner",
        "motion_planner",
        "planner",
        ("lab_core", "lab_description", "lab_motion", "python3-numpy"),
        "lab_motion.planners",
    ),
    "grip_sensor": Kind(
        "a grip sensor",
        "GripSensor",
        "grip_sensor",
        "grip_sensor",
        ("lab_core", "lab_description", "lab_motion", "python3-numpy"),
        "lab_motion.grip_sensors",
    ),
    "panel": Kind(
        "a panel",
        "Panel",
        "panel",
        "panels",
        ("lab_description", "lab_operator"),
        "lab_operator.panels",
        "launch cell.launch.py console:=true",
    ),
    "task": Kind(
        "a task",
        "Task",
        "task_node",
        "extensions",
        ("lab_core", "lab_node", "lab_tasks", "std_msgs", "std_srvs"),
    ),
}
