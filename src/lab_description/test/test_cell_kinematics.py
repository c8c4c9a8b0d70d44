"""One URDF, three readers: pinocchio, MuJoCo and our own forward kinematics agree."""

import numpy as np
import pinocchio as pin
import pytest

from lab_core.geometry import rotation_angle
from lab_description import Cell, build_mujoco_urdf, build_urdf

SAMPLES = 50


def positions(cell: Cell) -> list[dict[str, float]]:
    """Random positions of all joints that move, mimicking ones included."""
    random = np.random.default_rng(0)
    result = []
    for _ in range(SAMPLES):
        arm = random.uniform(cell.robot.position_lower, cell.robot.position_upper)
        state = dict(zip(cell.robot.joint_names, arm, strict=True))
        hand = cell.end_effector
        for name in hand.moving:
            state[name] = random.uniform(hand.joints[name].lower, hand.joints[name].upper)
        for name, (multiplier, offset) in hand.mimic_joints.items():
            state[name] = multiplier * state[hand.joints[name].mimic.joint] + offset
        result.append(state)
    return result


def test_pinocchio_and_mujoco_agree_on_every_link(cell: Cell) -> None:
    model = pin.buildModelFromXML(build_urdf(cell, visuals=False))
    data = model.createData()
    mujoco = pytest.importorskip("mujoco", reason="MuJoCo is not installed")
    simulated = mujoco.MjModel.from_xml_string(build_mujoco_urdf(cell, visuals=False))
    state = mujoco.MjData(simulated)
    links = [
        frame.name
        for frame in model.frames
        if frame.type == pin.FrameType.BODY and frame.name != cell.robot.base_link
    ]
    assert {*cell.robot.links, *cell.end_effector.links, *cell.camera.model.links} - {
        cell.robot.base_link
    } <= set(links)
    for sample in positions(cell):
        configuration = pin.neutral(model)
        for name, position in sample.items():
            configuration[model.joints[model.getJointId(name)].idx_q] = position
            state.joint(name).qpos = position
        pin.framesForwardKinematics(model, data, configuration)
        mujoco.mj_kinematics(simulated, state)
        for link in links:
            placement = data.oMf[model.getFrameId(link)]
            body = state.body(link)
            assert np.abs(placement.translation - body.xpos).max() < 1e-6
            assert rotation_angle(placement.rotation.T @ body.xmat.reshape(3, 3)) < 1e-6


def test_our_forward_kinematics_agree_with_pinocchio(cell: Cell) -> None:
    model = pin.buildModelFromXML(build_urdf(cell, visuals=False))
    data = model.createData()
    samples = positions(cell)
    batch = {name: np.array([sample[name] for sample in samples]) for name in samples[0]}
    arm = cell.robot.forward(batch)
    hand = cell.end_effector.forward(batch)
    base_from_gripper = arm[cell.robot.tool_link] @ cell.tool_from_gripper
    expected = {**arm, **{link: base_from_gripper @ frame for link, frame in hand.items()}}
    for index, sample in enumerate(samples):
        configuration = pin.neutral(model)
        for name, position in sample.items():
            configuration[model.joints[model.getJointId(name)].idx_q] = position
        pin.framesForwardKinematics(model, data, configuration)
        for link, frames in expected.items():
            placement = data.oMf[model.getFrameId(link)].homogeneous
            assert np.abs(placement - frames[index]).max() < 1e-9
    camera = data.oMf[model.getFrameId(cell.camera.frame)].homogeneous
    assert np.abs(camera - cell.camera.base_from_camera).max() < 1e-9
    tcp = cell.robot.forward(samples[0])[cell.robot.tool_link][0] @ cell.tool_from_tcp
    assert np.abs(tcp - expected[cell.end_effector.tcp_link][0]).max() < 1e-12


def test_ur5e_has_its_nominal_geometry(ur5e_table: Cell) -> None:
    """Denavit-Hartenberg parameters of the data sheet, with all joints at zero: a stretched arm."""
    frames = ur5e_table.robot.forward(dict.fromkeys(ur5e_table.robot.joint_names, 0.0))
    flange = frames["tool0"][0][:3, 3]
    assert np.allclose(flange, [0.425 + 0.3922, 0.1333 + 0.0996, 0.1625 - 0.0997], atol=1e-9)


def test_acceleration_limits_are_within_the_torques(cell: Cell) -> None:
    """At any posture and speed, all joints accelerating at once: recursive Newton-Euler."""
    model = pin.buildModelFromXML(build_urdf(cell, visuals=False))
    data = model.createData()
    robot = cell.robot
    index = [model.joints[model.getJointId(name)].idx_v for name in robot.joint_names]
    random = np.random.default_rng(0)
    for _ in range(2000):
        configuration, velocity, acceleration = pin.neutral(model), np.zeros(model.nv), np.zeros(model.nv)
        configuration[index] = random.uniform(robot.position_lower, robot.position_upper)
        velocity[index] = random.uniform(-1.0, 1.0, len(index)) * robot.velocity
        acceleration[index] = random.choice([-1.0, 1.0], len(index)) * robot.acceleration
        torque = pin.rnea(model, data, configuration, velocity, acceleration)[index]
        assert np.all(np.abs(torque) < 0.9 * robot.effort)
