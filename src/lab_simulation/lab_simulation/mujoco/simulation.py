"""The simulated cell: physics, controllers and camera behind plain Python calls. It knows no ROS and no wall
clock.

One thread owns it: the renderer's context cannot move to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, invert, make_transform
from lab_core.touch import PadSample
from lab_description import Cell, Gripper, SuctionCup
from lab_simulation.errors import SimulationDiverged, UnknownEntity
from lab_simulation.look import Look
from lab_simulation.look.prints import PrintedPicture, draw_print
from lab_simulation.mujoco.arm_controller import ArmController
from lab_simulation.mujoco.camera import Frame
from lab_simulation.mujoco.cell_model import WRENCH, cell_spec
from lab_simulation.mujoco.drives import ArmDrive
from lab_simulation.mujoco.fingers import Fingers
from lab_simulation.mujoco.gripper_controller import GripperController
from lab_simulation.mujoco.rendering import Renderer
from lab_simulation.mujoco.suction import Suction
from lab_simulation.mujoco.touch import TouchPad
from lab_simulation.mujoco.view import CellView, viewer
from lab_simulation.mujoco.world import TIMESTEP, add_parts
from lab_simulation.scenes.drawing import Scene
from lab_simulation.scenes.parts import Part
from lab_simulation.scenes.settling import get_pose, set_pose, wake

HOME = "home"


@dataclass(frozen=True, slots=True)
class Joints:
    """All moving joints of arm and gripper: names, positions (N,) rad, velocities rad/s, efforts N m; of
    sliding joints m, m/s and N.
    """

    names: tuple[str, ...]
    position: FloatArray
    velocity: FloatArray
    effort: FloatArray


@dataclass(frozen=True, slots=True)
class Wrench:
    """Force (3,) N and torque (3,) N m."""

    force: FloatArray
    torque: FloatArray


@dataclass(frozen=True, slots=True)
class EntityState:
    """Pose (4, 4) in base_link, velocity (3,) m/s and rad/s along the axes of base_link."""

    base_from_entity: FloatArray
    linear: FloatArray
    angular: FloatArray


class Hand(Protocol):
    """What takes hold of parts: fingers or a suction cup.

    joints: names of its joints that a robot would report. sensors: sites that feel a wrench.
    """

    joints: tuple[str, ...]
    sensors: tuple[str, ...]

    def bind(self, model: mujoco.MjModel) -> None:
        """Work on this model from now on."""

    def put(self, data: mujoco.MjData, position: float | None) -> None:
        """Be somewhere at once; without a position, open and empty."""

    def control(self, model: mujoco.MjModel, data: mujoco.MjData, now: float) -> None:
        """What it does in the next step."""


class Simulation:
    """A cell and its parts. At time 0 the arm is at home, the hand is open and all parts rest."""

    def __init__(
        self,
        cell: Cell,
        scene: Scene,
        seed: int = 0,
        renderer: Renderer | None = None,
        noise: bool = True,
        look: Look = "real",
        prints: Sequence[PrintedPicture] = (),
        camera_error: float | None = None,
    ) -> None:
        """renderer: without one, `frame` does not work and nothing is spent on it. noise: of the images.

        look: see `view`. prints: pictures on links of the robot. camera_error: of the real look's camera, see
        look.cell_view.calibration_error. Raises UnknownEntity for a print on no link.
        """
        self.cell = cell
        self._prints, self._seed = tuple(prints), seed
        self._base = cell_spec(cell)
        self._initial: Mapping[str, tuple[Part, FloatArray]] = {
            part.name: (part, pose) for part, pose in zip(scene.parts, scene.poses, strict=True)
        }
        self.parts: dict[str, Part] = {}
        self._open_view = (
            viewer(look, renderer, cell, seed, noise, camera_error) if renderer is not None else None
        )
        self._view: CellView | None = None
        self._frames = 0
        self.steps = 0
        home = cell.robot.configuration(HOME)
        self.arm = ArmController(cell.robot.joint_names, home, cell.robot.acceleration)
        self._hand: Hand = _hand(cell)
        self._touch_pads = _touch_pads(cell, seed)
        self._build({name: part for name, (part, _) in self._initial.items()})
        for one in self._prints:
            if not self.has_name(one.link):
                raise UnknownEntity(f"prints: the robot has no link '{one.link}'")
        self.reset()

    @property
    def time(self) -> float:
        """Simulated seconds: a whole number of time steps, without the rounding that sums of them gather."""
        return self.steps * TIMESTEP

    def reset(self) -> None:
        """Back to time 0: all parts of the scene where they were, none that was added, the arm at home."""
        if self.parts.keys() != self._initial.keys():
            self._build({name: part for name, (part, _) in self._initial.items()})
        mujoco.mj_resetData(self.model, self.data)
        for name, (_, pose) in self._initial.items():
            set_pose(self.data, name, pose)
        self._frames = 0
        self.steps = 0
        for pad in self._touch_pads:
            pad.restart()
        self.put_robot(self.cell.robot.configuration(HOME))

    @property
    def gripper(self) -> GripperController:
        """Of a hand with fingers."""
        assert isinstance(self._hand, Fingers), "a suction cup has no fingers"
        return self._hand.controller

    @property
    def suction(self) -> Suction:
        """Of a hand that is a suction cup."""
        assert isinstance(self._hand, Suction), "fingers have no suction"
        return self._hand

    def put_robot(self, arm: FloatArray, gripper: float | None = None) -> None:
        """Put the robot somewhere at once, at rest: positions (N,) of the arm and of the gripper's joint.

        Without a position of the gripper it is open, a suction cup without vacuum. What was under way is
        aborted. Nothing is pushed aside: see that the place is free.
        """
        self.data.qpos[self._arm_drive.positions] = arm
        self.data.qvel[self._arm_drive.velocities] = 0.0
        self._hand.put(self.data, gripper)
        self.arm.hold(arm)
        wake(self.model, self.data)
        # Once more with the motors on, or the sensors would tell of a falling arm.
        self._control()
        mujoco.mj_forward(self.model, self.data)

    def step(self, steps: int = 1) -> None:
        """Go on by a number of time steps.

        Raises SimulationDiverged when the physics has blown up.
        """
        for _ in range(steps):
            self._control()
            mujoco.mj_step(self.model, self.data)
            self.steps += 1
        if not np.isfinite(self.data.qvel).all():
            raise SimulationDiverged(f"the physics blew up at {self.time:.3f} s; reset the simulation")

    def run(self, seconds: float) -> None:
        """Go on by simulated seconds, to the nearest time step."""
        self.step(round(seconds / TIMESTEP))

    def frame(self) -> Frame:
        """What the camera sees now. The n-th call after a reset has the n-th noise of the seed."""
        frame = self._opened().render(self.data, self._frames, self.time)
        if self._prints:
            frame = self._printed(frame, self.world_from_camera())
        self._frames += 1
        return frame

    def world_from_camera(self) -> FloatArray:
        """(4, 4) of the optical frame of the camera as it stands, which the cell may not know."""
        return self._opened().world_from_true(self.data)

    def _opened(self) -> CellView:
        if self._view is None:
            assert self._open_view is not None, "made without a renderer"
            self._view = self._open_view(self.model, self.parts)
        return self._view

    def _printed(self, frame: Frame, world_from_camera: FloatArray) -> Frame:
        random = np.random.default_rng([self._seed, self._frames, 0xB0])
        colour = frame.colour
        for one in self._prints:
            body = self.data.body(one.link)
            link = make_transform(body.xmat.reshape(3, 3), body.xpos)
            pose = invert(world_from_camera) @ link @ one.link_from_print
            colour = draw_print(colour, frame.depth, self.cell.camera.pinhole, pose, one, random)
        return Frame(colour, frame.depth)

    def skip_frame(self) -> None:
        """Count an image that nobody looks at: the noise of the next one stays what it would be."""
        self._frames += 1

    def joints(self) -> Joints:
        """State of all joints; the gripper's that follow the driven one too."""
        data = self.data
        return Joints(
            self._joint_names,
            data.qpos[self._joint_positions],
            data.qvel[self._joint_velocities],
            data.qfrc_actuator[self._joint_velocities],
        )

    def wrist_wrench(self) -> Wrench:
        """What the hand's load pulls at the tool link, in its axes; the hand's own weight is taken off."""
        data = self.data
        rotation = data.site_xmat[self._wrist_site].reshape(3, 3)
        weight = rotation.T @ (self._hand_mass * self.model.opt.gravity)
        arm = rotation.T @ (data.subtree_com[self._tool_body] - data.site_xpos[self._wrist_site])
        wrench = self._sensed(WRENCH)
        return Wrench(wrench.force - weight, wrench.torque - np.cross(arm, weight))

    def pad_wrenches(self) -> tuple[Wrench, Wrench]:
        """What pushes on the left and the right pad, in their axes: +y into the pad."""
        return self._sensed(self.cell.gripper.left_pad), self._sensed(self.cell.gripper.right_pad)

    def pad_touch(self) -> tuple[PadSample, ...]:
        """What the tactile sensors of the left and the right pad say; nothing where there are none.

        Their errors go on with every call: ask once for each sample.
        """
        return tuple(
            pad.sample(pad.true_contact(self.model, self.data), self.time) for pad in self._touch_pads
        )

    def entity(self, name: str) -> EntityState:
        """Where a part is and how it moves.

        Raises UnknownEntity.
        """
        self._require(name)
        pose = get_pose(self.data, name)
        velocity = self.data.joint(name).qvel
        return EntityState(pose, velocity[:3].copy(), pose[:3, :3] @ velocity[3:])

    def move_entity(self, name: str, state: EntityState) -> None:
        """Put a part somewhere and let it move from there.

        Raises UnknownEntity.
        """
        self._require(name)
        set_pose(self.data, name, state.base_from_entity)
        rotation = state.base_from_entity[:3, :3]
        self.data.joint(name).qvel[:] = [*state.linear, *(rotation.T @ state.angular)]
        wake(self.model, self.data)

    def spawn(self, part: Part, base_from_part: FloatArray) -> None:
        """Add a part; its name must not be in the world yet."""
        if part.name in self.parts:
            raise ValueError(f"a part '{part.name}' is in the world already")
        self._rebuild({**self.parts, part.name: part})
        set_pose(self.data, part.name, base_from_part)
        mujoco.mj_forward(self.model, self.data)

    def delete(self, name: str) -> None:
        """Take a part out.

        Raises UnknownEntity.
        """
        self._require(name)
        self._rebuild({key: part for key, part in self.parts.items() if key != name})

    def delete_spawned(self) -> None:
        """Take out all parts that were added."""
        if self.parts.keys() - self._initial.keys():
            self._rebuild({name: part for name, part in self.parts.items() if name in self._initial})

    def has_name(self, name: str) -> bool:
        """Whether a body has this name, part or not."""
        return int(mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, name)) >= 0

    def close(self) -> None:
        """Give back what the renderer holds."""
        if self._view is not None:
            self._view.close()
            self._view = None

    def _control(self) -> None:
        """One cycle of the controllers: torques for the next step."""
        data, now = self.data, self.time
        arm = self._arm_drive
        reference = self.arm.update(now, data.qpos[arm.positions], data.qvel[arm.velocities])
        arm.apply(self.model, data, reference)
        self._hand.control(self.model, data, now)

    def _require(self, name: str) -> None:
        if name not in self.parts:
            raise UnknownEntity(f"no part '{name}' in the world; parts are {', '.join(self.parts) or 'none'}")

    def _sensed(self, site: str) -> Wrench:
        force, torque = self._sensors[site]
        data = self.data.sensordata
        # MuJoCo tells what holds the link; its load is the opposite.
        return Wrench(-data[force : force + 3], -data[torque : torque + 3])

    def _rebuild(self, parts: dict[str, Part]) -> None:
        """Another set of parts, everything else as it was."""
        before, old = self.data, self.model
        self._build(parts)
        for joint in range(self.model.njnt):
            name = self.model.joint(joint).name
            if mujoco.mj_name2id(old, mujoco.mjtObj.mjOBJ_JOINT, name) >= 0:
                self.data.joint(name).qpos[:] = before.joint(name).qpos
                self.data.joint(name).qvel[:] = before.joint(name).qvel
        self.data.ctrl[:] = before.ctrl
        mujoco.mj_forward(self.model, self.data)

    def _build(self, parts: dict[str, Part]) -> None:
        self.close()
        spec = self._base.copy()
        add_parts(spec, parts.values())
        model = spec.compile()
        self.model, self.data, self.parts = model, mujoco.MjData(model), dict(parts)
        robot = self.cell.robot
        self._arm_drive = ArmDrive(model, robot.joint_names)
        self._hand.bind(model)
        for pad in self._touch_pads:
            pad.bind(model)
        self._joint_names = (*robot.joint_names, *self._hand.joints)
        self._joint_positions = np.array([model.joint(name).qposadr[0] for name in self._joint_names])
        self._joint_velocities = np.array([model.joint(name).dofadr[0] for name in self._joint_names])
        self._sensors = {
            site: (int(model.sensor(f"{site}/force").adr[0]), int(model.sensor(f"{site}/torque").adr[0]))
            for site in (WRENCH, *self._hand.sensors)
        }
        self._wrist_site = model.site(WRENCH).id
        self._tool_body = model.body(robot.tool_link).id
        self._hand_mass = float(model.body_subtreemass[self._tool_body])


def _hand(cell: Cell) -> Hand:
    effector = cell.end_effector
    if isinstance(effector, SuctionCup):
        return Suction(effector)
    assert isinstance(effector, Gripper)
    return Fingers(effector)


def _touch_pads(cell: Cell, seed: int) -> tuple[TouchPad, ...]:
    effector = cell.end_effector
    if not isinstance(effector, Gripper) or effector.touch is None:
        return ()
    bodies = (effector.left_pad, effector.right_pad)
    return tuple(TouchPad(effector.touch, body, seed, side) for side, body in enumerate(bodies))
