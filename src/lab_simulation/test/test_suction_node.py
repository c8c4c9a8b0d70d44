"""A simulator of a cell with a suction cup over real ROS."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from ros_bench import Bench
from sensor_msgs.msg import FluidPressure, JointState
from simulation_interfaces.msg import EntityState, SimulationState
from simulation_interfaces.srv import GetEntities, GetEntityState, SetEntityState, SetSimulationState
from std_srvs.srv import SetBool

from lab_core.geometry import make_transform
from lab_description import Cell, SuctionCup, config_directory, load_cell
from lab_node.conversions.poses import pose_from_matrix
from lab_simulation.ros.interface_versions import state_request

PRESSURE = "/suction/pressure"
ATMOSPHERE = 101_325.0


@pytest.fixture(scope="module")
def cup_cell(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """The shipped cell of a UR5e with the shipped cup."""
    path = tmp_path_factory.mktemp("cells") / "cup.yaml"
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    path.write_text(table.replace("robotiq_2f85", "suction_20mm"), encoding="utf-8")
    return load_cell(path)


@pytest.fixture(scope="module")
def paused(ros: None, cup_cell: Cell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A simulator that stands at time zero, with one block on the table."""
    scene = tmp_path_factory.mktemp("scenes") / "block.yaml"
    scene.write_text(
        "arrangement: placed\nplaced:\n"
        "  - {kind: box, position: [0.5, 0.1, 0.0], dimensions: {x: 0.05, y: 0.05, z: 0.04}}\n",
        encoding="utf-8",
    )
    bench = Bench(cell=str(cup_cell.files["cell"]), scene=str(scene), seed=1, paused=True)
    bench.start()
    yield bench
    bench.close()


def lip(cell: Cell) -> np.ndarray:
    """(4, 4) base from tcp of the arm at home."""
    robot = cell.robot
    home = dict(zip(robot.joint_names, robot.configuration("home"), strict=True))
    return robot.forward(home)[robot.tool_link][0] @ cell.tool_from_tcp


def switch(bench: Bench, on: bool) -> str:
    client = bench.client.create_client(SetBool, "/suction/switch")
    assert client.wait_for_service(60.0)
    answer = bench.result(client.call_async(SetBool.Request(data=on)), "the switch")
    assert answer.success
    return answer.message


def pass_seconds(bench: Bench, seconds: float) -> None:
    """Of the simulation."""
    since = bench.stamps["/joint_states"][-1]
    bench.wait(lambda: bench.stamps["/joint_states"][-1] > since + seconds, "time to run")


def place_of(bench: Bench, entity: str) -> np.ndarray:
    """(3,) in base_link, metres."""
    position = bench.call(GetEntityState, "get_entity_state", entity=entity).state.pose.position
    return np.array([position.x, position.y, position.z])


def test_a_part_at_the_lip_is_held_while_the_pump_is_on(paused: Bench, cup_cell: Cell) -> None:
    cup = cup_cell.end_effector
    assert isinstance(cup, SuctionCup)
    paused.listen(FluidPressure, PRESSURE)
    paused.listen(JointState, "/joint_states")
    (block,) = paused.call(GetEntities, "get_entities").entities
    touching = make_transform(np.eye(3), [0.0, 0.0, 0.02 + 5e-4])
    held_at = lip(cup_cell) @ touching
    state = EntityState(pose=pose_from_matrix(held_at))
    assert paused.ask(SetEntityState, "set_entity_state", state_request(block, state)).result.result == 1
    assert switch(paused, True) == "the pump is on"
    playing = SimulationState(state=SimulationState.STATE_PLAYING)
    assert paused.call(SetSimulationState, "set_simulation_state", state=playing).result.result == 1

    def pressure() -> float:
        return paused.newest[PRESSURE].fluid_pressure if PRESSURE in paused.newest else ATMOSPHERE

    paused.wait(lambda: pressure() < ATMOSPHERE - 0.9 * cup.vacuum, "the vacuum")
    assert paused.newest[PRESSURE].header.frame_id == cup.tcp_link
    assert list(paused.newest["/joint_states"].name) == list(cup_cell.robot.joint_names)
    pass_seconds(paused, 1.0)
    moved = np.linalg.norm(place_of(paused, block) - held_at[:3, 3])
    assert moved < 0.01, "bellows that collapse lift it by their stroke, no more"

    assert switch(paused, False) == "the pump is off"
    paused.wait(lambda: pressure() > ATMOSPHERE - 0.01 * cup.vacuum, "the air to come back")

    pass_seconds(paused, 0.5)
    assert place_of(paused, block)[2] < held_at[2, 3] - 0.05, "it fell"


def test_it_offers_no_action_for_fingers(paused: Bench) -> None:
    served = {name for name, _ in paused.node.get_service_names_and_types_by_node("simulator", "/")}
    assert "/suction/switch" in served
    assert "/arm_controller/follow_joint_trajectory/_action/send_goal" in served, "actions are among them"
    assert not [name for name in served if name.startswith("/gripper_controller")]
