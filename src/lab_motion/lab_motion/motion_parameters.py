"""Parameters of the motion node and what they mean to the core."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab_description import Cell
from lab_description.controllers import BRAKING
from lab_motion.skills.grip.port import ContactLimits
from lab_motion.skills.manipulator import MotionSettings
from lab_node.parameters import parameter


@dataclass(frozen=True)
class MotionParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "name or path of the cell")
    planner: str = parameter(
        "roboplan", "motion planner by its entry point; auto takes MoveIt where it is installed"
    )
    seed: int = parameter(0, "decides everything random", minimum=0)
    speed: float = parameter(1.0, "share of the robot's velocity limits", minimum=0.01, maximum=1.0)
    acceleration: float = parameter(
        1.0, "share of the robot's acceleration limits", minimum=0.01, maximum=1.0
    )
    confirm_first: bool = parameter(
        False, "the first action waits until ~/confirm is called, and moves with first_speed"
    )
    first_speed: float = parameter(
        0.05, "share of velocity and acceleration limits until an action succeeded", minimum=0.01, maximum=1.0
    )
    confirm_timeout: float = parameter(
        600.0, "wall time that the first action waits to be confirmed", unit="s", minimum=1.0
    )
    held_acceleration: float = parameter(
        1.0, "share of `acceleration` while a part is held", minimum=0.01, maximum=1.0
    )
    straight_speed: float = parameter(
        0.5, "of the tool on straight ways among parts", unit="m/s", minimum=0.005, maximum=2.0
    )
    approach_distance: float = parameter(
        0.08, "straight way before closing, at most", unit="m", minimum=0.01, maximum=0.3
    )
    lift_height: float = parameter(0.10, "straight way up after closing", unit="m", minimum=0.01, maximum=0.4)
    retreat_distance: float = parameter(
        0.08, "straight way after opening", unit="m", minimum=0.01, maximum=0.3
    )
    lower_distance: float = parameter(
        0.06, "straight way down before opening", unit="m", minimum=0.01, maximum=0.3
    )
    force: float = parameter(30.0, "grip force", unit="N", minimum=1.0, maximum=300.0)
    release_room: float = parameter(
        0.012, "how much wider than the part the fingers open to let go", unit="m", minimum=0.002, maximum=0.1
    )
    drop_height: float = parameter(0.02, "above the rim of a bin", unit="m", minimum=0.0, maximum=0.3)
    put_height: float = parameter(0.005, "above the floor of a tray", unit="m", minimum=0.0, maximum=0.1)
    start_tolerance: float = parameter(
        0.03,
        "distance from the last goal that still counts as being there",
        unit="rad",
        minimum=0.0,
        maximum=0.5,
    )
    min_force: float = parameter(
        1.5, "on each pad that counts as holding", unit="N", minimum=0.05, maximum=50.0
    )
    meeting: float = parameter(
        0.0015, "openings below this are pads that touch each other", unit="m", minimum=0.0, maximum=0.1
    )
    wider: float = parameter(
        0.025, "than planned, by which the fingers may stand on a part", unit="m", minimum=0.0, maximum=0.2
    )
    slip: float = parameter(
        0.010, "by which fingers may close further while they hold", unit="m", minimum=0.0005, maximum=0.05
    )
    max_scene_age: float = parameter(30.0, "grasps on older scenes are refused", unit="s", minimum=0.0)
    max_view_age: float = parameter(
        3.0,
        "silence of camera or perception beyond which a pick neither begins nor comes to the part",
        unit="s",
        minimum=0.1,
        maximum=600.0,
    )
    max_state_age: float = parameter(
        0.5, "older joint states and wrenches are refused", unit="s", minimum=0.01
    )
    max_stop_age: float = parameter(
        1.0,
        "silence of the stop node, of the wall, beyond which nothing moves",
        unit="s",
        minimum=0.1,
        maximum=10.0,
    )
    deceleration: float = parameter(
        BRAKING,
        "at most while braking, as a multiple of the robot's acceleration limits",
        minimum=0.1,
        maximum=20.0,
    )
    planning_timeout: float = parameter(
        60.0, "wall time after which a search that has found nothing ends", unit="s", minimum=0.1
    )
    placed_file: str = parameter(
        "", "keeps what was put where for a node that is started anew; empty: it is not kept"
    )
    braking_time: float = parameter(
        0.08,
        "in which every joint can be braked to rest: none goes faster than that allows",
        unit="s",
        minimum=0.02,
        maximum=5.0,
    )
    look_timeout: float = parameter(
        5.0, "for a scene that is newer than the last stop", unit="s", minimum=0.1, maximum=60.0
    )
    stall_tolerance: float = parameter(
        0.15, "distance from the trajectory that counts as lagging", unit="rad", minimum=0.005, maximum=3.0
    )
    stamped_goals: bool = parameter(
        True,
        "whether the arm's controller begins at a stamp; false for one whose time slows down with the arm",
    )
    patience: float = parameter(
        2.0, "time that an arm may lag without moving", unit="s", minimum=0.1, maximum=60.0
    )
    gripper_timeout: float = parameter(
        4.0, "for one motion of the fingers", unit="s", minimum=0.1, maximum=60.0
    )


def motion_settings(p: MotionParameters, cell: Cell) -> MotionSettings:
    """What the skills are told, for the gripper of that cell."""
    return MotionSettings(
        seed=p.seed,
        speed=p.speed,
        acceleration=p.acceleration,
        held_acceleration=p.held_acceleration,
        straight_speed=p.straight_speed,
        approach_distance=p.approach_distance,
        lift_height=p.lift_height,
        retreat_distance=p.retreat_distance,
        lower_distance=p.lower_distance,
        force=cell.end_effector.holding_force(p.force),
        release_room=p.release_room,
        drop_height=p.drop_height,
        put_height=p.put_height,
        start_tolerance=p.start_tolerance,
        planning_timeout=p.planning_timeout,
    )


def stoppable(cell: Cell, p: MotionParameters) -> Cell:
    """The cell with an arm that is never too fast to stop in time."""
    robot = cell.robot
    joints = {
        name: replace(
            joint, velocity=min(joint.velocity, p.braking_time * p.deceleration * joint.acceleration)
        )
        if name in robot.joint_names
        else joint
        for name, joint in robot.joints.items()
    }
    return replace(cell, robot=replace(robot, joints=joints))


def contact_limits(p: MotionParameters) -> ContactLimits:
    """What counts as holding."""
    return ContactLimits(p.min_force, p.meeting, p.wider, p.slip)
