"""The simulator node: a cell in MuJoCo that looks to ROS like a real one."""

from __future__ import annotations

import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter

from lab_core.errors import LabError
from lab_description import SuctionCup, load_cell
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, spin
from lab_simulation.look import Look
from lab_simulation.mujoco.rendering import choose_renderer
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.simulation_loop import LoopState, SimulationLoop
from lab_simulation.ros.actions import FEEDBACK_TICKS, ArmAction
from lab_simulation.ros.fingers import FingerTopics
from lab_simulation.ros.publishers import CellPublishers, HandTopics
from lab_simulation.ros.services import SimulatorServices
from lab_simulation.ros.suction import SuctionTopics
from lab_simulation.scenes.drawing import Area, make_scene
from lab_simulation.scenes.mesh_parts import MeshFolder, mesh_source
from lab_simulation.scenes.scene_file import load_prints, load_scene_file
from lab_simulation.simulator_parameters import SimulatorParameters

TELL_EVERY = 5.0
"""Seconds, while meshes are read."""
CLOSE_TO_WANTED = 0.95
"""Of the wanted speed: below it the diagnostics warn."""


class SimulatorNode(LabNode):
    """Simulates the cell. Topics, actions, services and parameters: see README.md."""

    Parameters = SimulatorParameters
    parameters: SimulatorParameters

    def __init__(self, **arguments: Any) -> None:
        # It makes the time; it must not wait for it.
        overrides = [Parameter("use_sim_time", value=False), *arguments.pop("parameter_overrides", [])]
        super().__init__("simulator", parameter_overrides=overrides, **arguments)
        self._loop: SimulationLoop | None = None
        self._active = False
        self._ticks = 0

    def configure(self) -> None:
        """Make the scene and let it come to rest; time stands at zero."""
        chosen = self.parameters
        cell = load_cell(chosen.cell)
        recipe = load_scene_file(chosen.scene)
        source = self._meshes(chosen.meshes) if chosen.meshes else None
        choice = choose_renderer(chosen.renderer)
        if choice.warning:
            self.get_logger().warning(choice.warning)
        area = Area(cell.workspace.lower, cell.workspace.upper, cell.table_height)
        scene = make_scene(recipe, chosen.seed, area, chosen.parts or None, source)

        prints = load_prints(recipe, chosen.scene)
        look: Look = "real" if chosen.look == "real" else "plain"
        camera_error = chosen.camera_error if chosen.camera_error >= 0.0 else None
        made: list[Simulation] = []

        def make() -> Simulation:
            simulation = Simulation(
                cell, scene, chosen.seed, choice.renderer, chosen.noise, look, prints, camera_error
            )
            simulation.frame()  # compiles the noise, opens the renderer: now, not when time runs
            simulation.reset()
            made.append(simulation)
            return simulation

        loop = SimulationLoop(make, chosen.speed, self._tick, self._diverged)
        loop.start()
        self._loop = loop
        cup = cell.end_effector
        if isinstance(cup, SuctionCup):
            self._hand: HandTopics = SuctionTopics(self, loop, cup)
        else:
            self._hand = FingerTopics(self, loop, made[0])
        self._arm = ArmAction(self, loop, made[0])
        self._cell_topics = CellPublishers(self, cell, self._hand)
        self._simulator_services = SimulatorServices(self, loop, cell.robot.base_link, lambda: self._active)
        self.hardware_id = "mujoco"
        self.create_timer(1.0, self._tell_standing_clock, clock=Clock(clock_type=ClockType.STEADY_TIME))
        kinds = ", ".join(part.name for part in scene.parts) or "nothing"
        self.get_logger().info(
            f"{recipe.arrangement} scene, {look} look, seed {chosen.seed}, by {choice.renderer}: {kinds}"
        )

    def _meshes(self, folder: str) -> MeshFolder:
        said = time.monotonic()

        def tell(done: int, of: int, name: str) -> None:
            nonlocal said
            if time.monotonic() - said > TELL_EVERY:
                said = time.monotonic()
                self.get_logger().info(f"meshes: {done} of {of} are read, the newest is {name}")

        source = mesh_source(folder, progress=tell)
        for sentence in source.left_out:
            self.get_logger().warning(f"left out: {sentence}")
        for sentence in source.remarks:
            self.get_logger().warning(sentence)
        return source

    def activate(self) -> None:
        """Let time run."""
        assert self._loop is not None
        self._active = True
        loop = self._loop
        loop.ask(lambda simulation: self._cell_topics.clock(simulation))
        loop.set_state(LoopState.PAUSED if self.parameters.paused else LoopState.PLAYING).result()

    def deactivate(self) -> None:
        """Let time stand."""
        self._active = False
        if self._loop is not None and self._loop.state is LoopState.PLAYING:
            self._loop.set_state(LoopState.PAUSED).result()

    def cleanup(self) -> None:
        """End the simulation."""
        self._active = False
        if self._loop is not None:
            self._loop.close()
            self._loop = None

    def _tick(self, simulation: Simulation) -> None:
        self._cell_topics.tick(simulation)
        self._ticks += 1
        if self._ticks % FEEDBACK_TICKS == 0:
            self._arm.give_feedback(simulation)
            self._hand.give_feedback(simulation)

    def _diverged(self, error: LabError) -> None:
        self.get_logger().error(str(error))

    def diagnose(self) -> Condition:
        """How fast time goes, and whether that is what was wanted."""
        loop = self._loop
        if loop is None:
            return Condition()
        factor, wanted = loop.real_time_factor(), self.parameters.speed
        values = {
            "simulation": loop.state.value,
            "real_time_factor": f"{factor:.3f}",
            "wanted": f"{wanted:g}",
        }
        slow = loop.state is LoopState.PLAYING and factor < CLOSE_TO_WANTED * wanted
        said = f"real-time factor {factor:.2f} of {wanted:g}: this machine is too slow" if slow else ""
        return Condition(said, values)

    def _tell_standing_clock(self) -> None:
        loop = self._loop
        if loop is not None and loop.state is not LoopState.PLAYING and self._active:
            loop.ask(lambda simulation: self._cell_topics.clock(simulation))


def main() -> None:
    """Run the node."""
    spin(SimulatorNode, coroutines=True)
