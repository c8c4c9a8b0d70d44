"""What MoveIt is asked and when it is let go of, with stand-ins for moveit_py, which follow its sources."""

import copy
import importlib
import sys
import weakref
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import yaml

from lab_core.errors import ConfigurationError
from lab_core.geometry import OrientedBox, make_transform
from lab_description import load_cell
from lab_motion.planning.moveit import configuration as moveit_config
from lab_motion.planning.moveit.configuration import moveit_parameters
from lab_motion.planning.moveit.scene import MoveItScene
from lab_motion.planning.port import PLANNERS

OURS = tuple(f"lab_motion.planning.moveit.{name}" for name in ("process", "binding", "planner"))
BOX = OrientedBox(make_transform(np.eye(3), [0.5, 0.0, 0.1]), np.array([0.1, 0.1, 0.2]))


class State:
    def __init__(self):
        self.joint_positions = {}

    def update(self):
        pass

    def get_global_link_transform(self, link):
        return np.eye(4)


class Matrix(set):
    def set_entry(self, first, second, allowed):
        assert allowed
        self.add((first, second))


class Scene:
    """As PlanningScene: those that are made of a robot model share one world, copies have their own."""

    alive: ClassVar = weakref.WeakSet()
    shared: ClassVar = []

    def __init__(self, robot_model):
        self.robot_model, self.world, self.attached = robot_model, self.shared, []
        self.current_state, self.allowed_collision_matrix = State(), Matrix()
        self.alive.add(self)

    def __deepcopy__(self, memo):
        made = Scene(self.robot_model)
        made.world, made.attached = list(self.world), list(self.attached)
        made.current_state = copy.deepcopy(self.current_state)
        made.allowed_collision_matrix = Matrix(self.allowed_collision_matrix)
        return made

    def apply_collision_object(self, message):
        self.world.append(message.id)

    def process_attached_collision_object(self, message):
        self.attached.append(message.object.id)


class Component:
    """Remembers the scenes that it was asked to plan in."""

    alive: ClassVar = weakref.WeakSet()

    def __init__(self):
        self.asked = []
        self.alive.add(self)

    def set_start_state(self, robot_state):
        pass

    set_goal_state = set_start_state

    def plan(self, single_plan_parameters, planning_scene):
        self.asked.append(planning_scene)


class MoveItPy:
    """Reads its parameters once; what still holds on to its robot model is counted when it is shut down."""

    made: ClassVar = []
    refusal = ""

    def __init__(self, node_name, launch_params_filepaths, remappings, provide_planning_service):
        (self.file,) = map(Path, launch_params_filepaths)
        self.name = f"{remappings['__ns']}/{node_name}"
        self.parameters = yaml.safe_load(self.file.read_text())
        self.held = None
        self.made.append(self)
        if self.refusal:
            raise RuntimeError(self.refusal)

    def get_planning_component(self, group):
        return Component()

    def get_robot_model(self):
        return "robot model"

    def shutdown(self):
        assert self.held is None
        self.held = len(Scene.alive) + len(Component.alive)


@pytest.fixture
def moveit(monkeypatch):
    """The module under test, on the stand-ins; they are there for this test alone."""
    MoveItPy.made, MoveItPy.refusal, Scene.shared = [], "", []
    moveit_py = {
        "moveit": {},
        "moveit.core": {},
        "moveit.core.planning_scene": {"PlanningScene": Scene},
        "moveit.planning": {"MoveItPy": MoveItPy, "PlanRequestParameters": lambda moveit, name: name},
        "moveit_msgs": {},
        "moveit_msgs.msg": {"AttachedCollisionObject": SimpleNamespace, "CollisionObject": CollisionObject},
    }
    for name, content in moveit_py.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    for name in OURS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(moveit_config, "PLUGINS", {})
    monkeypatch.delenv("ROS_SECURITY_ENABLE", raising=False)
    yield importlib.import_module("lab_motion.planning.moveit.binding")
    for name in OURS:
        sys.modules.pop(name, None)


class CollisionObject(SimpleNamespace):
    ADD = 0

    def __init__(self, **fields):
        super().__init__(header=SimpleNamespace(), primitives=[], primitive_poses=[], **fields)
        self.pose = SimpleNamespace(orientation=SimpleNamespace())


@pytest.fixture(scope="module")
def cell():
    return load_cell("ur5e_table")


def told(obstacles, held=None, allowed=()):
    return MoveItScene(dict.fromkeys(obstacles, (BOX,)), held, {"finger_joint": 0.1}, frozenset(allowed))


def test_moveit_is_in_a_namespace_of_its_own_and_leaves_no_file(moveit, cell):
    moveit.MoveItSession(cell, [])
    (started,) = MoveItPy.made
    assert started.name == "/motion/moveit/moveit_py"
    assert started.parameters == {started.name: {"ros__parameters": moveit_parameters(cell)}}
    assert not started.file.parent.exists()


def test_a_request_knows_only_what_it_is_told(moveit, cell):
    session = moveit.MoveItSession(cell, [])
    start = cell.robot.configuration("home")
    session.set_scene(told(["nut"], ("bolt", BOX), [("left_pad", "nut")]))
    session.search(start, start)
    session.set_scene(told(["washer"]))
    session.search(start, start)
    first, second = session._arm.asked
    assert (first.world, first.attached) == (["nut"], ["bolt"])
    assert first.allowed_collision_matrix == {("left_pad", "nut")}
    assert (second.world, second.attached, second.allowed_collision_matrix) == (["washer"], [], set())
    assert Scene.shared == []


def test_a_cell_that_comes_back_gets_the_moveit_that_it_had(moveit, cell):
    """rclcpp's context may be opened once: what a second MoveItPy would open again crashes at the end."""
    for _ in range(3):
        session = moveit.MoveItSession(cell, [])
        session.set_scene(told(["nut"]))
        session.close()
        session.close()
    (started,) = MoveItPy.made
    assert started.held is None
    assert not Scene.alive
    assert not Component.alive


def test_every_cell_has_a_moveit_and_all_end_with_the_process(moveit, cell):
    for name in ("ur5e_table", "fr3_table"):
        moveit.MoveItSession(load_cell(name), []).close()
    assert [made.name for made in MoveItPy.made] == ["/motion/moveit/moveit_py", "/motion/moveit/moveit_py_2"]
    for made in MoveItPy.made:
        assert made.parameters.keys() == {made.name}
    process = importlib.import_module("lab_motion.planning.moveit.process")
    process.end()
    assert [made.held for made in MoveItPy.made] == [0, 0]


def test_a_moveit_that_does_not_start_asks_for_a_restart(moveit, cell):
    MoveItPy.refusal = "Unable to construct robot model"
    with pytest.raises(ConfigurationError, match=r"does not start: Unable to construct .* restart the node"):
        moveit.MoveItSession(cell, [])
    assert not MoveItPy.made[0].file.parent.exists()


def test_a_moveit_of_another_arm_is_refused_and_let_go_of(moveit, cell):
    planner = importlib.import_module("lab_motion.planning.moveit.planner")
    with pytest.raises(ConfigurationError, match="MoveIt's arm is not the cell's"):
        planner.MoveItPlanner(cell)
    assert not Scene.alive
    assert not Component.alive


def test_with_dds_security_auto_takes_another_and_says_so(moveit, cell, monkeypatch):
    monkeypatch.setenv("ROS_SECURITY_ENABLE", "true")
    said = []
    planner = PLANNERS.make("auto", cell, report=said.append).plugin
    planner.close()
    assert type(planner).__name__ == "EmbeddedPlanner"
    (sentence,) = said
    with pytest.raises(ConfigurationError, match="DDS security") as refused:
        PLANNERS.make("moveit", cell)
    assert str(refused.value) == sentence
    assert "planner:=embedded" in sentence
    assert not MoveItPy.made


def test_without_a_plugin_auto_takes_nothing(moveit, cell, monkeypatch):
    monkeypatch.setattr(moveit_config, "PLUGINS", {"moveit_planners_none": "none/Planner"})
    with pytest.raises(ConfigurationError, match="install moveit_planners_none"):
        PLANNERS.make("auto", cell)
    assert not MoveItPy.made
