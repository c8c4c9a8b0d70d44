"""Plug-ins that the YAML of a cell names: what wins over what, and what is refused before a node starts."""

import importlib.util
from pathlib import Path

import pytest
from launch import LaunchContext

from lab_bringup import graph_actions
from lab_bringup.graph_actions import NODE_PARAMETERS
from lab_description import config_directory, load_cell
from lab_doctor.collect import collect_configuration

LAUNCH = Path(__file__).parents[1] / "launch" / "cell.launch.py"
NAMES = "detector: geometric\ngeometric: {min_score: 0.5}\ngrip_sensor: fingers\nfingers: {max_slip: 0.02}\n"


@pytest.fixture
def write_cell(tmp_path):
    """The cell of the UR5e with these lines."""

    def write(lines):
        (tmp_path / "cells").mkdir(exist_ok=True)
        path = tmp_path / "cells" / "mine.yaml"
        path.write_text(lines + load_cell("ur5e_table").files["cell"].read_text(encoding="utf-8"))
        return path

    return write


@pytest.fixture
def cell_launch(monkeypatch):
    """The launch file, and a context with the defaults of its arguments and what is chosen."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "86")
    spec = importlib.util.spec_from_file_location("cell_launch", LAUNCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def context(**chosen):
        made = LaunchContext()
        for argument in module.ARGUMENTS:
            argument.execute(made)
        made.launch_configurations.update({"record": "none", **chosen})
        return made

    return module, context


def test_a_cell_names_plugins_and_their_parameters(write_cell):
    plugins = load_cell(write_cell(NAMES)).plugins
    assert {key: (each.name, dict(each.parameters)) for key, each in plugins.items()} == {
        "detector": ("geometric", {"min_score": 0.5}),
        "grip_sensor": ("fingers", {"max_slip": 0.02}),
    }


def test_the_command_line_wins_over_the_cell_and_the_cell_over_the_file_of_the_nodes(
    write_cell, cell_launch, monkeypatch
):
    module, context = cell_launch
    given = {}
    monkeypatch.setattr(
        graph_actions, "NodeAction", lambda **words: given.update({words["name"]: words["parameters"]})
    )
    lines = NAMES + "planner: embedded\n"
    module.nodes(context(cell=str(write_cell(lines)), detector="other", params_file="mine.yaml"))
    *_, nodes, cell, file, last = given["perception"]
    assert (nodes, file) == (NODE_PARAMETERS, "mine.yaml")
    assert cell == {"detector": "geometric", "geometric.min_score": 0.5}
    assert last["detector"] == "other"
    *_, cell, file, last = given["motion"]
    assert cell == {"planner": "embedded", "grip_sensor": "fingers", "fingers.max_slip": 0.02}
    assert "planner" not in last


def test_well_formed_ones_are_let_pass(write_cell, cell_launch):
    module, context = cell_launch
    module.refuse_the_impossible(context(cell=str(write_cell(NAMES))))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("detector: sam\n", "mine.yaml: detector: no detector is called 'sam': expected one of"),
        ("detector: 3\n", "mine.yaml: detector: expected a name, found '3'"),
        (
            "detector: geometric\ngeometric: 3\n",
            "mine.yaml: geometric: expected the parameters of the detector",
        ),
        ("geometric: {min_score: 0.5}\n", "mine.yaml: geometric: unknown key"),
        (
            "detector: geometric\ngeometric: {min_scor: 0.5}\n",
            "mine.yaml: parameter 'geometric.min_scor' of node perception does not exist: did you mean",
        ),
        (
            "grip_sensor: fingers\nfingers: {max_slip: 7.0}\n",
            "mine.yaml: parameter 'fingers.max_slip' of node motion is 7.0, expected 0.0005 to 0.05",
        ),
        (
            "detector: geometric\nplanner: geometric\ngeometric: {}\n",
            "mine.yaml: geometric: detector and planner have this name",
        ),
    ],
)
def test_what_a_cell_cannot_mean_is_refused_before_a_node_starts(write_cell, cell_launch, lines, said):
    module, context = cell_launch
    with pytest.raises(RuntimeError) as caught:
        module.refuse_the_impossible(context(cell=str(write_cell(lines))))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_gripper_that_names_what_nobody_has_registered_is_refused(write_cell, cell_launch, tmp_path):
    module, context = cell_launch
    text = load_cell("ur5e_table").files["gripper"].read_text(encoding="utf-8")
    (tmp_path / "grippers").mkdir()
    (tmp_path / "grippers" / "robotiq_2f85.yaml").write_text(f"grip_sensor: nose\n{text}")
    with pytest.raises(RuntimeError, match=r"robotiq_2f85\.yaml: grip_sensor: no .* 'nose'"):
        module.refuse_the_impossible(context(cell=str(write_cell(""))))


WRONG = "/**/perception: {ros__parameters: {geometric: {min_score: 7.0}}}\n"
SAID = r"parameter 'geometric\.min_score' of node perception is 7\.0, expected 0\.0 to 1\.0"


def test_a_malformed_block_of_the_users_file_is_refused_before_a_node_starts(cell_launch, tmp_path):
    """Also of a plug-in that is not chosen."""
    module, context = cell_launch
    file = tmp_path / "parameters.yaml"
    file.write_text(WRONG)
    with pytest.raises(RuntimeError, match=f"parameters.yaml: {SAID}"):
        module.refuse_the_impossible(context(params_file=str(file)))


def test_a_malformed_block_of_the_stacks_file_is_refused_before_a_node_starts(
    cell_launch, tmp_path, monkeypatch
):
    module, context = cell_launch
    (tmp_path / "nodes.yaml").write_text(WRONG)
    monkeypatch.setattr("lab_bringup.preflight.config_directory", lambda: tmp_path)
    with pytest.raises(RuntimeError, match=f"nodes.yaml: {SAID}"):
        module.refuse_the_impossible(context())


def test_the_doctor_finds_the_same_in_the_cell(write_cell):
    path = write_cell("detector: geometric\ngeometric: {min_score: 7.0}\n")
    found = collect_configuration(str(path), config_directory())
    assert any("'geometric.min_score' of node perception is 7.0" in error for error in found.errors)
