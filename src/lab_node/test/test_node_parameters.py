"""Parameters of a real node: set while it runs, dumped, loaded, and those of its plug-ins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pytest
import rclpy
import yaml
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_dict_from_yaml_file
from rclpy.parameter_client import AsyncParameterClient

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter, plugin_parameters
from lab_core.plugins import Port
from lab_core.testing.registration import register
from lab_node.executor import ExecutorThread
from lab_node.lifecycle import LabNode
from lab_node.parameters import NodeParameters

GROUP = "lab_node.test_lamps"


class Lamp(Protocol):
    def shine(self) -> float:
        """Its power."""


LAMPS: Port[Lamp] = Port(GROUP, "lamp", Lamp)


@dataclass(frozen=True)
class BulbParameters:
    power: float = parameter(5.0, "electric power", unit="W", minimum=0.0, maximum=10.0, live=True)
    socket: str = parameter("E27", "size of the socket", choices=("E14", "E27"))


class Bulb:
    Parameters = BulbParameters

    def __init__(self, parameters: BulbParameters) -> None:
        self._parameters = parameters

    def parameters_changed(self, new: BulbParameters) -> None:
        self._parameters = new

    def shine(self) -> float:
        return self._parameters.power


class Candle:
    def shine(self) -> float:
        return 0.1


@dataclass(frozen=True)
class RoomParameters:
    lamp: str = parameter("bulb", "the lamp of the room", port=LAMPS)
    period: float = parameter(0.5, "time between two blinks", unit="s", minimum=0.1, maximum=10.0, live=True)
    colour: str = parameter("red", "colour of the walls", choices=("red", "green"), live=True)
    seed: int = parameter(0, "decides everything random", minimum=0)
    names: list[str] = parameter(["a", "b"], "names on the door")
    heights: list[float] = parameter([0.5, 1.0], "of the shelves", unit="m")
    plugins: dict[str, object] = plugin_parameters()

    def __post_init__(self) -> None:
        if self.colour == "green" and self.period > 5.0:
            raise ConfigurationError("period is more than 5 s, which a green room does not bear")


class Room(LabNode):
    Parameters = RoomParameters

    def configure(self) -> None:
        self.lamp = self.make_plugin(LAMPS, self.parameters.lamp)
        self.told: list[RoomParameters] = []

    def parameters_changed(self) -> None:
        self.told.append(self.parameters)


@pytest.fixture
def make_room(monkeypatch, tmp_path):
    monkeypatch.setenv("ROS_DOMAIN_ID", "52")
    monkeypatch.syspath_prepend(tmp_path)
    register(tmp_path, GROUP, "bulb", f"{__name__}:Bulb")
    register(tmp_path, GROUP, "candle", f"{__name__}:Candle")
    rclpy.init()
    nodes = []

    def make(overrides=None):
        nodes.append(
            Room("room", parameter_overrides=[Parameter(k, value=v) for k, v in (overrides or {}).items()])
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.end()
        node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def room(make_room):
    node = make_room()
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    return node


def set_one(node: Node, name: str, value: object) -> SetParametersResult:
    return node.set_parameters([Parameter(name, value=value)])[0]


def test_a_live_parameter_takes_effect_and_the_node_is_told(room):
    assert set_one(room, "period", 2.0).successful
    assert room.parameters.period == 2.0
    assert [told.period for told in room.told] == [2.0]


def test_what_is_not_live_is_refused_with_a_sentence(room):
    refused = set_one(room, "seed", 3)
    assert not refused.successful
    assert refused.reason == (
        "'seed' of /room is read when the node is configured:"
        " set it in a parameter file and start the node anew"
    )
    assert room.parameters.seed == room.get_parameter("seed").value == 0
    assert room.told == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("colour", "blue", "'colour' of node room is 'blue', expected one of red, green"),
        ("period", 20.0, "out of range Min: 0.1, Max: 10.0"),  # rclpy's own
        ("period", "fast", "Wrong parameter type"),  # rclpy's own
        ("bulb.power", 11.0, "out of range Min: 0.0, Max: 10.0"),
        ("bulb.socket", "E14", "'bulb.socket' of /room is read when the node is configured"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(room, name, value, sentence):
    refused = set_one(room, name, value)
    assert not refused.successful
    assert sentence in refused.reason
    assert room.told == []


def test_values_that_do_not_fit_together_are_refused(room):
    assert set_one(room, "period", 6.0).successful
    refused = set_one(room, "colour", "green")
    assert refused.reason == "period is more than 5 s, which a green room does not bear"
    assert room.parameters.colour == "red"
    both = [Parameter("period", value=4.0), Parameter("colour", value="green")]
    assert room.set_parameters_atomically(both).successful
    assert (room.parameters.period, room.parameters.colour) == (4.0, "green")


def test_a_live_parameter_cannot_be_deleted(room):
    refused = room.set_parameters([Parameter("period", Parameter.Type.NOT_SET)])[0]
    assert not refused.successful
    assert room.parameters.period == room.get_parameter("period").value == 0.5


def test_before_it_is_configured_and_after_cleanup_everything_may_be_set(room):
    room.trigger_cleanup()
    assert set_one(room, "seed", 3).successful
    assert set_one(room, "lamp", "candle").successful
    assert room.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert room.parameters.seed == 3
    assert room.lamp.shine() == 0.1


def test_a_plugins_parameters_are_read_declared_and_set(make_room):
    room = make_room({"bulb.power": 7})
    assert room.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert room.lamp.shine() == 7.0
    described = room.describe_parameter("bulb.power")
    assert described.description == "electric power [W]"
    assert described.additional_constraints == "may be set while the node runs"
    assert room.get_parameter("bulb.socket").value == "E27"
    assert set_one(room, "bulb.power", 3.0).successful
    assert room.lamp.shine() == 3.0
    assert room.parameters.plugins["bulb.power"] == 3.0


def test_parameters_of_a_plugin_that_is_not_used_are_refused(make_room):
    room = make_room({"lamp": "candle", "bulb.power": 7.0})
    assert room.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert set_one(room, "bulb.power", 7.0).successful  # changes nothing
    refused = set_one(room, "bulb.power", 3.0)
    assert refused.reason == (
        "'bulb.power' of /room is of a plug-in that this node does not use now: it uses candle"
    )


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"bulb.power": 70.0}, "'bulb.power' of node room is 70.0, expected 0.0 to 10.0: electric power"),
        ({"bulb.pwer": 1.0}, "'bulb.pwer' of node room does not exist: did you mean 'bulb.power'?"),
        ({"lamp": "sun"}, "'lamp' of node room: no lamp is called 'sun': expected one of bulb, candle"),
        ({"sun.power": 1.0}, "parameter 'sun.power' of node room does not exist"),
        ({"lamp": "candle", "candle.wax": 1}, "does not exist: lamp 'candle' has no parameters"),
    ],
)
def test_a_malformed_block_refuses_to_configure(make_room, capfd, overrides, sentence):
    assert make_room(overrides).trigger_configure() == TransitionCallbackReturn.FAILURE
    assert sentence in capfd.readouterr().err


def test_a_defect_of_the_node_that_is_told_is_logged_and_it_goes_on(room, monkeypatch, capfd):
    monkeypatch.setattr(room, "parameters_changed", lambda: 1 / 0)
    assert set_one(room, "period", 2.0).successful
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_when_a_parameter_is_read_and_what_it_may_be_is_described(room):
    assert room.describe_parameter("seed").additional_constraints == "is read when the node is configured"
    assert "one of bulb, candle" in room.describe_parameter("lamp").additional_constraints
    assert not room.describe_parameter("seed").read_only  # a dump could not be loaded


def test_a_dump_can_be_loaded_over_the_graph(make_room, tmp_path):
    """As `ros2 param dump` and `ros2 param load` do it, of a value that has changed and all that have not."""
    room = make_room()
    room.trigger_configure()
    other = rclpy.create_node("other")
    executor = ExecutorThread(room, other)
    try:
        client = AsyncParameterClient(other, "room")
        assert client.wait_for_services(timeout_sec=20.0)
        names = list(answer(client.list_parameters()).result.names)
        values = answer(client.get_parameters(names)).values
        dump = {
            name: Parameter.from_parameter_msg(message(name, value)).value
            for name, value in zip(names, values, strict=True)
        }
        assert dump["bulb.power"] == 5.0
        dump |= {"period": 3.0, "heights": list(dump["heights"])}
        path = tmp_path / "room.yaml"
        path.write_text(yaml.safe_dump({"/room": {"ros__parameters": dump}}))
        loaded = parameter_dict_from_yaml_file(str(path))
        assert set(loaded) == set(dump)
        results = answer(client.load_parameter_file(str(path))).results
        refused = {
            name: result.reason for name, result in zip(loaded, results, strict=True) if not result.successful
        }
        # rclpy declares this one itself, read-only
        assert set(refused) <= {"start_type_description_service"}, refused
        assert room.parameters.period == 3.0
    finally:
        executor.close()
        other.destroy_node()


def message(name, value):
    from rcl_interfaces.msg import Parameter as Message

    return Message(name=name, value=value)


def answer(future):
    from lab_node.actions import wait_for

    return wait_for(future, 20.0, "the room")


def test_a_node_without_lifecycle_reads_its_parameters_when_it_starts(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "52")
    rclpy.init()
    node = Node("shed", automatically_declare_parameters_from_overrides=True)
    try:
        told = []
        parameters = NodeParameters(node, told.append, read="when the node starts")
        parameters.declare(BulbParameters)
        parameters.held = True
        assert set_one(node, "power", 6.0).successful
        assert told == [BulbParameters(power=6.0)]
        refused = set_one(node, "socket", "E14")
        assert refused.reason == (
            "'socket' of /shed is read when the node starts:"
            " set it in a parameter file and start the node anew"
        )
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
