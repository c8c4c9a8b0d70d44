"""The cell as a MuJoCo model: arm and gripper with motors and sensors, furniture, camera."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from xml.etree import ElementTree

import mujoco
import numpy as np

from lab_description import Cell, Gripper, SuctionCup, build_mujoco_urdf, build_srdf
from lab_simulation.mujoco.suction import add_suction
from lab_simulation.mujoco.touch import add_touch
from lab_simulation.mujoco.visuals import paint_meshes
from lab_simulation.mujoco.world import (
    FLOOR_COLOUR,
    HIDDEN_GROUP,
    MATTE,
    add_camera,
    add_parts,
    apply_settings,
    contact_settings,
    image_size,
)
from lab_simulation.scenes.parts import Part

CAMERA = "camera"
WRENCH = "wrist"
"""Sensors `wrist/force` and `wrist/torque`, in the frame of the tool link."""

ARM_ARMATURE = 0.1
"""Rotor inertia seen at each joint of the arm, kg m²."""
GRIPPER_INERTIA = 1.8
"""What the drive of the gripper moves, as felt between the pads, kg: rotor and gears."""
FINGER_INERTIA = 0.09
"""The same of each joint that follows."""
PAD_FRICTION = (0.02, 0.001)
"""Torsional and rolling friction of the pads, metres; the sliding one is the gripper's own."""


def cell_spec(cell: Cell, parts: Iterable[Part] = ()) -> mujoco.MjSpec:
    """The whole cell; what moves on its own are the parts, named as they are."""
    spec = mujoco.MjSpec.from_string(build_mujoco_urdf(cell))
    spec.modelname = cell.name
    apply_settings(spec)
    _remove_camera_housing(spec, cell)
    paint_meshes(spec)
    _dress(spec, cell)
    _exclude_contacts(spec, cell)
    _arm(spec, cell)
    if isinstance(cell.end_effector, SuctionCup):
        add_suction(spec, cell.end_effector)
    else:
        _gripper(spec, cell.gripper)
    pinhole = cell.camera.pinhole
    image_size(spec, pinhole.width, pinhole.height)
    add_camera(spec.body(cell.camera.frame), CAMERA, pinhole, np.eye(4))
    floor = min(float(box.base_from_box[2, 3] - box.size[2] / 2.0) for box in cell.furniture)
    spec.worldbody.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[5.0, 5.0, 0.1],
        pos=[0.0, 0.0, floor],
        rgba=[*FLOOR_COLOUR, 1.0],
        material=MATTE,
    )
    add_parts(spec, parts)
    return spec


def _remove_camera_housing(spec: mujoco.MjSpec, cell: Cell) -> None:
    """It must not stand in the camera's own view."""
    for link in cell.camera.model.links:
        for geom in list(spec.body(link).geoms):
            if geom.group == 0:
                geom.group = HIDDEN_GROUP
                continue
            mesh = geom.meshname
            spec.delete(geom)
            if mesh and all(other.meshname != mesh for other in spec.geoms):
                spec.delete(spec.mesh(mesh))


def _dress(spec: mujoco.MjSpec, cell: Cell) -> None:
    """Show the meshes and not the shapes behind them; let furniture touch parts as parts do."""
    furniture = {box.link for box in cell.furniture}
    for body in spec.bodies:
        visible = [geom for geom in body.geoms if geom.group == 1]
        for geom in body.geoms:
            if geom.group == 0 and visible:
                geom.group = HIDDEN_GROUP
            if body.name in furniture:
                contact_settings(geom)
                geom.material = MATTE


def _exclude_contacts(spec: mujoco.MjSpec, cell: Cell) -> None:
    """No contact between links that the SRDF lets overlap, nor inside the hand."""
    bodies = {body.name for body in spec.bodies}
    pairs = {
        frozenset((node.get("link1", ""), node.get("link2", "")))
        for node in ElementTree.fromstring(build_srdf(cell)).iter("disable_collisions")
    }
    pairs |= {frozenset(pair) for pair in itertools.combinations(cell.end_effector.links, 2)}
    for pair in sorted(tuple(sorted(pair)) for pair in pairs if pair <= bodies):
        spec.add_exclude(name="-".join(pair), bodyname1=pair[0], bodyname2=pair[1])


def _arm(spec: mujoco.MjSpec, cell: Cell) -> None:
    for name, effort in zip(cell.robot.joint_names, cell.robot.effort, strict=True):
        spec.joint(name).armature = ARM_ARMATURE
        _add_motor(spec, name, float(effort))
    site = spec.body(cell.robot.tool_link).add_site(name=WRENCH)
    _add_wrench_sensors(spec, site.name)


def _gripper(spec: mujoco.MjSpec, gripper: Gripper) -> None:
    spec.joint(gripper.joint).armature = GRIPPER_INERTIA * gripper.lever**2
    for name in gripper.mimic_joints:
        spec.joint(name).armature = FINGER_INERTIA * gripper.lever**2
    for equality in spec.equalities:
        if equality.name1 in gripper.mimic_joints:
            # As stiff as the time step allows: the fingers of the real one are joined by gears and links.
            equality.solref[:] = [2.0 * spec.option.timestep, 1.0]
            equality.solimp[:3] = [0.99, 0.999, 0.0001]
    _add_motor(spec, gripper.joint, float(gripper.joints[gripper.joint].effort))
    for pad in (gripper.left_pad, gripper.right_pad):
        body = spec.body(pad)
        for geom in body.geoms:
            contact_settings(geom)
            geom.friction = [gripper.friction, *PAD_FRICTION]
            geom.condim = 6
            geom.priority = 1
        site = body.add_site(name=pad)
        _add_wrench_sensors(spec, site.name)
        if gripper.touch is not None:
            add_touch(spec, body, gripper.touch)


def _add_motor(spec: mujoco.MjSpec, joint: str, effort: float) -> None:
    motor = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
    motor.set_to_motor()
    motor.forcelimited = True
    motor.forcerange = [-effort, effort]


def _add_wrench_sensors(spec: mujoco.MjSpec, site: str) -> None:
    for kind, sensor in (
        ("force", mujoco.mjtSensor.mjSENS_FORCE),
        ("torque", mujoco.mjtSensor.mjSENS_TORQUE),
    ):
        spec.add_sensor(name=f"{site}/{kind}", type=sensor, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=site)
