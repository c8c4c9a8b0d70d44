"""The description of the graph: what it says of our cells, and what it refuses."""

import pytest
from ament_index_python.packages import get_package_share_directory

from lab_core.errors import ConfigurationError
from lab_description import config_directory, load_cell
from lab_description.graph import NodeEntry, extension_names, load_graph
from lab_description.graph.order import in_order
from lab_node.names import resolve

CELL = load_cell("ur5e_table")
CELLS = sorted(path.stem for path in (config_directory() / "cells").glob("*.yaml"))


@pytest.mark.parametrize("name", CELLS)
def test_the_graph_of_every_cell_fits_together(name):
    cell = load_cell(name)
    graph = load_graph(cell)
    started = [node.name for node in graph.started("mujoco") if node.managed]
    assert started == ["simulator", "stop", "perception", "grasping", "motion", "tasks", "recorder"]
    arm = resolve(cell.robot.trajectory_action)
    assert graph.actions[arm].servers == ("simulator",)
    assert graph.nodes["motion"].ask[0] == arm
    assert {resolve(name) for name in cell.end_effector.topics} <= graph.topics.keys()
    for topic in graph.topics.values():
        assert topic.publishers or topic.device or topic.anyone, f"nobody publishes {topic.name}"


def test_a_node_of_a_launch_argument_is_started_where_that_is_true():
    graph = load_graph(CELL)
    always = [node.name for node in graph.started("mujoco")]
    assert "operator" not in always and "operator" not in [node.name for node in graph.expected("mujoco")]
    with_console = [node.name for node in graph.started("mujoco", {"console"})]
    assert set(with_console) - set(always) == {"operator"}
    assert "operator" in [node.name for node in graph.started("none", {"console", "drivers"})]


def test_only_a_node_without_a_lifecycle_may_be_left_out():
    with pytest.raises(ValueError, match="managed: false"):
        NodeEntry(package="a", executable="b", when="console")


def test_a_cup_has_a_pump_and_no_fingers(tmp_path):
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    (tmp_path / "cup.yaml").write_text(table.replace("robotiq_2f85", "suction_20mm"), encoding="utf-8")
    cell = load_cell(tmp_path / "cup.yaml")
    graph = load_graph(cell)
    assert "/suction/pressure" in graph.topics
    assert "/suction/switch" in graph.nodes["simulator"].serve
    assert next(iter(graph.actions)) == resolve(cell.robot.trajectory_action)
    assert not any("gripper" in name for name in (*graph.actions, *graph.topics))


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("topics", "/camera/color/image_raw"),
        ("topics", "/joint_states"),
        ("topics", "/scene/objects"),
        ("topics", "/grasps"),
        ("topics", "/motion/held"),
        ("topics", "/task/attempts"),
        ("topics", "/cell/stop_state"),
        ("topics", "/robot_description"),
        ("topics", "/gripper/left_pad/wrench"),
        ("topics", "/clock"),
        ("topics", "/diagnostics"),
        ("topics", "/rosout"),
        ("topics", "/tf"),
        ("topics", "/tf_static"),
        ("services", "/cell/stop"),
        ("services", "/lifecycle_manager/is_active"),
        ("services", "/simulator/get_entities_states"),
        ("actions", "/arm_controller/follow_joint_trajectory"),
        ("actions", "/gripper_controller/gripper_cmd"),
        ("actions", "/run_order"),
    ],
)
def test_a_namespace_comes_in_front_of_every_name_and_none_changes_none(table, name):
    alone, left = load_graph(CELL), load_graph(CELL, namespace="/left")
    assert name in getattr(alone, table)
    assert f"/left{name}" in getattr(left, table)
    assert [f"/left{each}" for each in getattr(alone, table)] == [*getattr(left, table)]


def test_a_node_has_its_enclave_and_what_it_says_in_the_namespace():
    alone, left = load_graph(CELL).nodes["motion"], load_graph(CELL, namespace="/left").nodes["motion"]
    assert (alone.path, alone.enclave) == ("/motion", "/lab/motion")
    assert (left.path, left.enclave) == ("/left/motion", "/lab/left/motion")
    assert left.publish == tuple(f"/left{name}" for name in alone.publish)
    assert "/left/*" in load_graph(CELL, namespace="/left").nodes["recorder"].subscribe


def test_nodes_start_after_those_that_they_name_and_otherwise_as_they_come():
    assert in_order({"c": ["a"], "a": [], "b": [], "end": ["*"], "d": []}) == ["a", "c", "b", "d", "end"]
    with pytest.raises(ValueError, match="a after c after b after a"):
        in_order({"a": ["c"], "b": ["a"], "c": ["b"], "d": []})
    with pytest.raises(ValueError, match="a is to start after itself"):
        in_order({"a": ["a"]})


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package with a piece of the graph, as far as it matters here."""

    def make(package, piece):
        index = tmp_path / package / "share" / "ament_index" / "resource_index" / "packages"
        share = tmp_path / package / "share" / package
        for folder in (index, share):
            folder.mkdir(parents=True)
        (index / package).touch()
        if piece is not None:
            (share / "graph.yaml").write_text(piece)
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / package), prepend=":")
        assert get_package_share_directory(package) == str(share)

    return make


WATCHER = """
topics:
  watcher/count: {type: std_msgs/msg/Int32, qos: latched}
nodes:
  watcher:
    executable: watcher_node
    publish: [watcher/count]
    subscribe: [scene/objects]
"""


def test_an_extension_comes_after_what_it_hears_and_before_the_recorder(install):
    install("watcher_one", WATCHER)
    graph = load_graph(CELL, ["watcher_one"])
    order = [node.name for node in graph.started("mujoco")]
    assert order.index("perception") < order.index("watcher") < order.index("recorder")
    watcher = graph.nodes["watcher"]
    assert (watcher.package, watcher.managed, watcher.restarted) == ("watcher_one", True, True)
    assert graph.topics["/watcher/count"].publishers == ("watcher",)
    assert "watcher" in graph.topics["/scene/objects"].subscribers
    assert graph.extensions == ("watcher_one",)


def test_a_cell_can_name_its_extensions(install, tmp_path):
    install("watcher_two", WATCHER)
    table = (config_directory() / "cells" / "ur5e_table.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(f"{table}\nextensions: [watcher_two]\n", encoding="utf-8")
    graph = load_graph(load_cell(tmp_path / "mine.yaml"), ["watcher_two"])
    assert graph.extensions == ("watcher_two",)
    assert "watcher" in graph.nodes


EYES = """
nodes:
  eyes:
    executable: eyes_node
    replaces: perception
    publish: [scene/objects]
    subscribe: [camera/color/image_raw]
"""


def test_an_extension_takes_the_place_of_one_of_our_nodes(install):
    install("eyes_one", EYES)
    graph = load_graph(CELL, ["eyes_one"])
    order = [node.name for node in graph.started("none")]
    assert order[:3] == ["stop", "eyes", "grasping"] and "perception" not in graph.nodes
    assert graph.topics["/scene/objects"].publishers == ("eyes",)


def node(text="", name="mine"):
    return f"nodes: {{{name}: {{executable: mine_node{text and ', '}{text}}}}}"


def topic(text, name="mine/said"):
    return f"topics: {{{name}: {{{text}}}}}"


REFUSED = {
    "no piece": (None, "extension 'broken' has no .*graph.yaml: let its setup.py install"),
    "malformed": ("nodes: [", "not valid YAML"),
    "unknown key": (
        node("executabel: b"),
        r"nodes\.mine\.executabel: unknown key; did you mean 'executable'",
    ),
    "type that is none": (topic("type: Image"), "'Image' names no type, expected PACKAGE/msg/Name"),
    "package of a type": (topic("type: nowhere_msgs/msg/A"), "package 'nowhere_msgs' is not installed"),
    "unknown type": (topic("type: std_msgs/msg/Strong"), "'std_msgs' has no such msg"),
    "unknown profile": (
        topic("type: std_msgs/msg/Bool, qos: fast"),
        "there is no profile 'fast', expected one of sensor, reliable",
    ),
    "topic described twice": (
        topic("type: std_msgs/msg/Bool", "scene/objects"),
        r"topics\.scene/objects: .*config/graph\.yaml describes it otherwise: leave it out here",
    ),
    "name of a topic": (topic("type: std_msgs/msg/Bool", "my topic"), "no name in a graph"),
    "word of the cell": (topic("type: std_msgs/msg/Bool", '"{legs}"'), "a cell has no 'legs', expected one"),
    "unknown topic": (
        node("subscribe: [scene/object]"),
        r"nodes\.mine\.subscribe: there is no topic 'scene/object': did you mean 'scene/objects'",
    ),
    "node of two": (node(name="perception"), r"nodes\.perception: .*has a node of that name: give yours an"),
    "name of a node": (node(name="my-node"), "not the name of a node"),
    "after nobody": (node("after: [percepton]"), r"there is no node 'percepton': did you mean 'perception'"),
    "after itself": (
        node("after: [mine]"),
        "mine is to start after itself: take one of these out",
    ),
    "replaces nobody": (node("replaces: perceptoin"), "there is no node 'perceptoin': did you mean"),
    "replaces and says less": (
        node("replaces: perception"),
        r"nodes\.mine\.publish: scene/objects missing, which 'perception' gave and other nodes need",
    ),
    "parameter of no type": (node("parameters: {gains: [1, a]}"), r"parameters\.gains: expected a parameter"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_piece_that_does_not_fit_is_refused_in_one_sentence(install, name):
    piece, sentence = REFUSED[name]
    install("broken", piece)
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        load_graph(CELL, ["broken"])
    assert "\n" not in str(refused.value)


def test_a_cycle_between_two_extensions_is_named(install):
    install("first", node("after: [b]", "a"))
    install("second", node("after: [a]", "b"))
    with pytest.raises(ConfigurationError, match="the order of start has no end: a after b after a: take"):
        load_graph(CELL, ["first", "second"])


def test_two_extensions_that_claim_the_same_are_named(install):
    install("first", node(name="a"))
    install("second", node(name="a"))
    with pytest.raises(ConfigurationError, match=r"first/share/first/graph\.yaml has a node of that name"):
        load_graph(CELL, ["first", "second"])
    install("third", node("replaces: grasping, act: [plan_grasps]", "c"))
    install("fourth", node("replaces: grasping, act: [plan_grasps]", "d"))
    with pytest.raises(ConfigurationError, match="'c' replaces 'grasping' already: leave one of the two"):
        load_graph(CELL, ["third", "fourth"])


def test_an_extension_that_is_not_installed_is_named():
    with pytest.raises(ConfigurationError, match="extension 'nowhere' is not installed: build its package"):
        load_graph(CELL, ["nowhere"])


def test_extensions_are_separated_by_commas():
    assert extension_names("one, other,") == ("one", "other")
    assert extension_names("") == ()
