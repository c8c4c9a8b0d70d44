"""Parameters of the motion node and what they mean to the core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lab_core.parameters import parameter, plugin_parameters
from lab_core.plugins import AUTO
from lab_description import Cell
from lab_description.controllers import BRAKING
from lab_motion.planning.port import PLANNERS
from lab_motion.skills.grip.port import GRIP_SENSORS
from lab_motion.skills.manipulator import MotionSettings


@dataclass(frozen=True)
class MotionParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    planner: str = parameter(
        "auto",
        "The motion planner: a name that is registered in lab_motion.planners. auto takes MoveIt where it is"
        " installed, else the embedded planner.",
        port=PLANNERS,
    )
    grip_sensor: str = parameter(
        "auto",
        "What judges whether the hand holds a part: a name that is registered in lab_motion.grip_sensors."
        " auto takes the one that the YAML of the gripper names.",
        port=GRIP_SENSORS,
    )
    seed: int = parameter(0, "The seed of all random numbers.", minimum=0)
    speed: float = parameter(
        1.0, "The share of the robot's velocity limits.", minimum=0.01, maximum=1.0, live=True
    )
    acceleration: float = parameter(
        1.0, "The share of the robot's acceleration limits.", minimum=0.01, maximum=1.0, live=True
    )
    confirm_first: bool = parameter(
        False, "The first action waits until ~/confirm is called, and moves with first_speed."
    )
    first_speed: float = parameter(
        0.05,
        "The share of the velocity and acceleration limits until the first action has succeeded.",
        minimum=0.01,
        maximum=1.0,
        live=True,
    )
    confirm_timeout: float = parameter(
        600.0, "The wall time for which the first action waits to be confirmed.", unit="s", minimum=1.0
    )
    approval: bool = parameter(
        False, "Nothing moves before a person has approved the plan on ~/proposal by ~/approve."
    )
    approval_timeout: float = parameter(
        60.0, "The wall time for which a plan waits to be approved.", unit="s", minimum=1.0, maximum=3600.0
    )
    held_acceleration: float = parameter(
        1.0, "The share of `acceleration` while the hand holds a part.", minimum=0.01, maximum=1.0, live=True
    )
    straight_speed: float = parameter(
        0.5,
        "The speed of the tool on straight motions among parts.",
        unit="m/s",
        minimum=0.005,
        maximum=2.0,
        live=True,
    )
    approach_distance: float = parameter(
        0.08,
        "The hand moves straight to a part over at most this distance.",
        unit="m",
        minimum=0.01,
        maximum=0.3,
        live=True,
    )
    lift_height: float = parameter(
        0.10, "The hand lifts a part straight up by this.", unit="m", minimum=0.01, maximum=0.4, live=True
    )
    retreat_distance: float = parameter(
        0.08,
        "The hand moves straight back by this after it has let go.",
        unit="m",
        minimum=0.01,
        maximum=0.3,
        live=True,
    )
    lower_distance: float = parameter(
        0.06,
        "The hand lowers a part straight down by this before it lets go.",
        unit="m",
        minimum=0.01,
        maximum=0.3,
        live=True,
    )
    force: float = parameter(30.0, "The force of the grip.", unit="N", minimum=1.0, maximum=300.0, live=True)
    release_room: float = parameter(
        0.012,
        "The fingers open by this beyond the width of the part to let go.",
        unit="m",
        minimum=0.002,
        maximum=0.1,
        live=True,
    )
    drop_height: float = parameter(
        0.02,
        "The hand lets go of a part at this height above the rim of a bin.",
        unit="m",
        minimum=0.0,
        maximum=0.3,
        live=True,
    )
    put_height: float = parameter(
        0.005,
        "The hand lets go of a part at this height above the floor of a tray.",
        unit="m",
        minimum=0.0,
        maximum=0.1,
        live=True,
    )
    feel_distance: float = parameter(
        0.012,
        "A hand with tactile pads lowers a part further by at most this, until it feels that the part stands."
        " 0: it does not.",
        unit="m",
        minimum=0.0,
        maximum=0.1,
        live=True,
    )
    start_tolerance: float = parameter(
        0.03,
        "A motion starts at the last goal while the arm is no further from it than this.",
        unit="rad",
        minimum=0.0,
        maximum=0.5,
        live=True,
    )
    jog_speed: float = parameter(
        0.1,
        "The share of the velocity limits of a step by hand.",
        minimum=0.01,
        maximum=0.3,
        live=True,
    )
    jog_tool_speed: float = parameter(
        0.05, "The speed of the tool in a step by hand.", unit="m/s", minimum=0.005, maximum=0.25, live=True
    )
    max_scene_age: float = parameter(
        30.0, "A pick is refused when the scene of its grasps is older.", unit="s", minimum=0.0, live=True
    )
    max_view_age: float = parameter(
        3.0,
        "A pick does not begin, and does not reach for the part, when camera or perception have been silent"
        " for longer.",
        unit="s",
        minimum=0.1,
        maximum=600.0,
        live=True,
    )
    max_state_age: float = parameter(
        0.5, "Joint states and wrenches that are older are refused.", unit="s", minimum=0.01
    )
    max_stop_age: float = parameter(
        1.0,
        "Nothing moves when the stop node has been silent for longer; wall time.",
        unit="s",
        minimum=0.1,
        maximum=10.0,
    )
    deceleration: float = parameter(
        BRAKING,
        "The largest deceleration of a braking arm, as a multiple of the robot's acceleration limits.",
        minimum=0.1,
        maximum=20.0,
    )
    planning_timeout: float = parameter(
        60.0, "A search that finds nothing ends after this wall time.", unit="s", minimum=0.1, live=True
    )
    placed_file: str = parameter(
        "",
        "The file that keeps which parts were placed where, for a node that is started again. Empty: none.",
    )
    braking_time: float = parameter(
        0.08,
        "Every joint can be braked to rest within this time. It limits the speed of the joints.",
        unit="s",
        minimum=0.02,
        maximum=5.0,
    )
    look_timeout: float = parameter(
        5.0,
        "After a stop, an action waits this long for a new scene.",
        unit="s",
        minimum=0.1,
        maximum=60.0,
        live=True,
    )
    stall_tolerance: float = parameter(
        0.15,
        "The arm lags when it is further from its trajectory than this.",
        unit="rad",
        minimum=0.005,
        maximum=3.0,
    )
    stall_timeout: float = parameter(
        2.0,
        "An arm that lags and does not move for this time has stalled.",
        unit="s",
        minimum=0.1,
        maximum=60.0,
    )
    stamped_goals: bool = parameter(
        True,
        "The arm's controller starts a motion at the stamp of its goal. False for a controller whose time"
        " slows down with the arm.",
    )
    gripper_timeout: float = parameter(
        4.0, "One motion of the fingers takes at most this time.", unit="s", minimum=0.1, maximum=60.0
    )
    plugins: dict[str, Any] = plugin_parameters()

    def grip_sensor_for(self, cell: Cell) -> str:
        """Name of the grip sensor for the end effector of that cell."""
        return cell.end_effector.grip_sensor if self.grip_sensor == AUTO else self.grip_sensor


def motion_settings(p: MotionParameters, cell: Cell) -> MotionSettings:
    """What the skills are told, for the gripper of that cell and the error that is stated for its camera."""
    miss = cell.camera.stated_error
    return MotionSettings(
        seed=p.seed,
        speed=p.speed,
        acceleration=p.acceleration,
        held_acceleration=p.held_acceleration,
        straight_speed=p.straight_speed,
        approach_distance=p.approach_distance + miss,
        lift_height=p.lift_height,
        retreat_distance=p.retreat_distance,
        lower_distance=p.lower_distance,
        force=cell.end_effector.holding_force(p.force),
        release_room=p.release_room,
        drop_height=p.drop_height + miss,
        put_height=p.put_height + miss,
        feel_distance=p.feel_distance + miss if p.feel_distance > 0.0 else 0.0,
        start_tolerance=p.start_tolerance,
        jog_speed=p.jog_speed,
        jog_tool_speed=p.jog_tool_speed,
        planning_timeout=p.planning_timeout,
        miss=miss,
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
