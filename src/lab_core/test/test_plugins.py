"""Ports and the plug-ins of strangers, found through real entry points."""

import sys
from dataclasses import dataclass
from typing import Protocol

import pytest

from lab_core.errors import ConfigurationError
from lab_core.parameters import check_parameters, parameter, plugin_parameters
from lab_core.plugins import PluginUnavailable, Port, check_plugins
from lab_core.testing.registration import register

GROUP = "lab_core.test_lamps"


class Lamp(Protocol):
    def shine(self) -> str:
        """Its colour."""


LAMPS: Port[Lamp] = Port(GROUP, "lamp", Lamp, preference=("best", "stranger"))
STRICT: Port[Lamp] = Port(GROUP, "lamp", Lamp)


@dataclass(frozen=True)
class LampParameters:
    power: float = parameter(5.0, "electric power", unit="W", minimum=0.0, maximum=10.0)


class StrangersLamp:
    Parameters = LampParameters

    def __init__(self, colour: str, parameters: LampParameters) -> None:
        self.colour, self.parameters = colour, parameters

    def shine(self) -> str:
        return f"{self.colour} with {self.parameters.power} W"


class PlainLamp:
    def __init__(self, colour: str) -> None:
        pass

    def shine(self) -> str:
        return "plain"


class NoLamp:
    def __init__(self, colour: str) -> None:
        pass


class BrokenLamp:
    def __init__(self, colour: str) -> None:
        raise ValueError("no current")


class AwayLamp:
    def __init__(self, colour: str) -> None:
        raise PluginUnavailable("lamp 'best' is away today")


class LampWithLooseParameters(PlainLamp):
    Parameters = 3


@dataclass(frozen=True)
class WithoutDefault:
    power: float


class LampWithoutDefault(PlainLamp):
    Parameters = WithoutDefault


@dataclass(frozen=True)
class LiveParameters:
    power: float = parameter(5.0, "electric power", live=True)


class LampThatIsNotTold(PlainLamp):
    Parameters = LiveParameters


@dataclass(frozen=True)
class RoomParameters:
    lamp: str = parameter("stranger", "the lamp of the room", port=LAMPS)
    plugins: dict = plugin_parameters()


@pytest.fixture
def lamps(tmp_path, monkeypatch):
    """Registers one class of this module under a name."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(name, kind):
        register(tmp_path, GROUP, name, f"{__name__}:{kind.__name__}")

    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return add


def test_a_stranger_is_made_with_its_parameters(lamps):
    lamps("stranger", StrangersLamp)
    made = LAMPS.make("stranger", "red", given={"stranger.power": 7, "other.power": 1.0})
    assert made.name == "stranger"
    assert made.parameters == LampParameters(power=7.0)
    assert made.plugin.shine() == "red with 7.0 W"
    assert LAMPS.make("stranger", "red").plugin.shine() == "red with 5.0 W"


def test_an_unknown_name_is_refused_with_those_that_are_registered(lamps):
    lamps("stranger", StrangersLamp)
    lamps("plain", PlainLamp)
    with pytest.raises(
        ConfigurationError, match=r"no lamp is called 'best': expected one of auto, plain, strang"
    ):
        LAMPS.make("best", "red")
    with pytest.raises(
        ConfigurationError, match=r"no lamp is called 'auto': expected one of plain, stranger"
    ):
        STRICT.require("auto")


def test_nothing_registered_is_said():
    with pytest.raises(ConfigurationError, match=r"no lamp is registered: build and source the workspace"):
        STRICT.require("plain")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"stranger.power": 11.0},
            "parameter 'stranger.power' of node room is 11.0, expected 0.0 to 10.0: elec",
        ),
        ({"stranger.power": "much"}, "parameter 'stranger.power' of node room is 'much', expected float"),
        (
            {"stranger.powr": 1.0},
            "parameter 'stranger.powr' of node room does not exist: did you mean 'stranger.power'?",
        ),
        ({"stranger.x.y": 1.0}, "parameter 'stranger.x.y' of node room does not exist: it has power"),
    ],
)
def test_a_malformed_block_is_refused_in_one_sentence(lamps, given, sentence):
    lamps("stranger", StrangersLamp)
    with pytest.raises(ConfigurationError) as refused:
        LAMPS.make("stranger", "red", given=given, node="room")
    assert str(refused.value).startswith(sentence)
    with pytest.raises(ConfigurationError) as refused:
        check_plugins(check_parameters(RoomParameters, given, "room"), "room")
    assert str(refused.value).startswith(sentence)


def test_a_plugin_without_parameters_takes_none(lamps):
    lamps("plain", PlainLamp)
    with pytest.raises(
        ConfigurationError, match=r"'plain.power' .* does not exist: lamp 'plain' has no param"
    ):
        LAMPS.make("plain", "red", given={"plain.power": 1.0})


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (NoLamp, r"lamp 'mine' \(.*:NoLamp\) has no shine: see .*Lamp"),
        (BrokenLamp, r"lamp 'mine' \(.*\) does not load: ValueError: no current"),
        (LampWithLooseParameters, "lamp 'mine': its Parameters are no dataclass"),
        (LampWithoutDefault, "parameter 'mine.power' of node lamp needs a default in WithoutDefault"),
        (
            LampThatIsNotTold,
            r"lamp 'mine': 'power' is live, and there is no method parameters_changed\(new\)",
        ),
    ],
)
def test_what_is_no_plugin_is_refused(lamps, kind, sentence):
    lamps("mine", kind)
    with pytest.raises(ConfigurationError, match=sentence):
        LAMPS.make("mine", "red")


def test_a_module_that_is_not_installed_is_said(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    register(tmp_path, GROUP, "mine", "module_that_nobody_has:Lamp")
    with pytest.raises(PluginUnavailable, match=r"lamp 'mine' is not installed: No module named"):
        LAMPS.make("mine", "red")


def test_auto_takes_the_first_that_can_be_used_and_says_what_it_passed_over(lamps):
    lamps("best", AwayLamp)
    lamps("stranger", StrangersLamp)
    said = []
    assert LAMPS.make("auto", "red", report=said.append).name == "stranger"
    assert said == ["lamp 'best' is away today"]


def test_auto_does_not_pass_over_a_defect(lamps):
    lamps("best", BrokenLamp)
    lamps("stranger", StrangersLamp)
    with pytest.raises(ConfigurationError, match="no current"):
        LAMPS.make("auto", "red")


def test_what_does_not_suit_names_those_that_do(lamps):
    def suits(factory, colour):
        return "is not red" if factory is PlainLamp and colour == "red" else ""

    port = Port(GROUP, "lamp", Lamp, suits=suits)
    lamps("plain", PlainLamp)
    lamps("stranger", StrangersLamp)
    assert port.names_for("red") == ["stranger"]
    assert port.names_for("blue") == ["plain", "stranger"]
    with pytest.raises(PluginUnavailable, match=r"lamp 'plain' is not red: those for it are stranger"):
        port.make("plain", "red")


def test_a_node_names_plugins_and_keeps_their_parameters(lamps):
    lamps("stranger", StrangersLamp)
    lamps("plain", PlainLamp)
    parameters = check_parameters(RoomParameters, {"lamp": "plain", "stranger.power": 99.0}, "room")
    assert parameters.plugins == {"stranger.power": 99.0}
    with pytest.raises(ConfigurationError, match=r"'stranger\.power' of node room is 99\.0"):
        check_plugins(parameters, "room")  # also of one that is not chosen
    check_plugins(check_parameters(RoomParameters, {"lamp": "plain", "stranger.power": 1.0}, "room"), "room")
    with pytest.raises(
        ConfigurationError, match=r"'lamp' of node room: no lamp is called 'dark': expected one"
    ):
        check_parameters(RoomParameters, {"lamp": "dark"}, "room")
    with pytest.raises(ConfigurationError, match=r"parameter 'dark.power' of node room does not exist"):
        check_parameters(RoomParameters, {"dark.power": 1.0}, "room")


def test_a_port_without_a_field_for_their_parameters_is_a_defect(lamps):
    @dataclass(frozen=True)
    class Forgetful:
        lamp: str = parameter("stranger", "lamp", port=LAMPS)

    lamps("stranger", StrangersLamp)
    with pytest.raises(TypeError, match=r"Forgetful names plug-ins"):
        check_parameters(Forgetful, {}, "room")
