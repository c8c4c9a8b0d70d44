"""A case on disk: complete or not there, and never trusted when it is read."""

import json
import os

import pytest
from lab_interfaces.msg import Attempt
from rclpy.serialization import serialize_message

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_description.graph import load_graph
from lab_recorder.case import CaseFacts, load_case, save_case
from lab_recorder.mcap_file import Recorded
from lab_recorder.replay_cli import main
from lab_recorder.ring import Entry
from lab_recorder.ros_decoding import KINDS
from lab_recorder.versions import versions

CELL = load_cell("ur5e_table")


def facts(**changes):
    values = {
        "cell": CELL.name,
        "attempt": 3,
        "object_id": "object_2",
        "outcome": "GRASP_EMPTY",
        "stage": "contact",
        "message": "the fingers hold nothing",
        "image": 17,
        "picked": -1,
        "versions": versions(),
    }
    return CaseFacts(**{**values, **changes})


@pytest.fixture
def folder(tmp_path):
    attempt = Entry(5, 6, 5, serialize_message(Attempt(object_id="object_2")))
    messages = [Recorded("/task/attempts", "lab_interfaces/msg/Attempt", attempt)]
    path = tmp_path / "cases" / "001"
    save_case(path, facts(), CELL, {"motion": {"seed": 4}}, messages, messages)
    return path


def test_the_topics_of_a_case_are_recorded_with_their_types():
    topics = load_graph(CELL).topics
    assert {name: topics[name].type for name in KINDS} == KINDS
    assert all(topics[name].record != "none" for name in KINDS)


def test_what_is_saved_is_loaded(folder):
    case = load_case(folder)
    assert case.facts == facts()
    assert case.parameters == {"motion": {"seed": 4}}
    assert case.messages["/task/attempts"][0].entry.time == 5
    assert load_cell(case.cell_file).robot.joint_names == CELL.robot.joint_names
    assert [path.name for path in folder.parent.iterdir()] == ["001"]


def test_a_case_without_its_ring_is_a_case(folder):
    (folder / "ring.mcap").unlink()
    assert load_case(folder).facts.outcome == "GRASP_EMPTY"


def link(path):
    path.unlink()
    path.symlink_to("/etc/hosts")


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def name_model(folder, model):
    file = folder / "config/cells/ur5e_table.yaml"
    file.write_text(file.read_text().replace("model: ur5e", f"model: {model}"))


def spoil_json(**changes):
    def spoil(folder):
        path = folder / "case.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "case.json").unlink(), "expected the folder of a case"),
        (lambda folder: (folder / "case.json").write_text("{"), "not valid JSON"),
        (lambda folder: (folder / "case.json").write_text("[]"), "expected exactly"),
        (lambda folder: (folder / "case.json").write_text("[" * 100_000), "not valid JSON"),
        (lambda folder: (folder / "case.json").write_text(" " * (2 << 20)), "too large"),
        (spoil_json(attempt="three"), "attempt: expected int"),
        (spoil_json(attempt=True), "attempt: expected int"),
        (spoil_json(format=99), "format 99, this version reads 2"),
        (spoil_json(cell="../../etc/passwd"), "cell: expected a name"),
        (spoil_json(extra=1), "expected exactly"),
        (lambda folder: pipe(folder / "case.json"), "is not a file"),
        (lambda folder: pipe(folder / "decision.mcap"), "is not a file"),
        (lambda folder: pipe(folder / "parameters.yaml"), "is not a file"),
        (lambda folder: pipe(folder / "config/cells/ur5e_table.yaml"), "is not a file"),
        (lambda folder: name_model(folder, "/etc/passwd"), "model: expected a name, found '/etc/passwd'"),
        (lambda folder: name_model(folder, "../robots/ur5e.yaml"), "model: expected a name"),
        (lambda folder: link(folder / "config/cells/ur5e_table.yaml"), "is a link; a case holds its own"),
        (lambda folder: link(folder / "decision.mcap"), "is a link; a case holds its own"),
        (lambda folder: (folder / "decision.mcap").unlink(), "cannot be read"),
        (lambda folder: (folder / "parameters.yaml").write_text("- 1"), "expected parameters by node"),
        (
            lambda folder: (folder / "parameters.yaml").write_text(
                "a: !!python/object/apply:os.system ['x']"
            ),
            "not valid YAML",
        ),
    ],
)
def test_a_spoilt_case_is_refused_with_the_file(folder, spoil, words, capsys):
    spoil(folder)
    with pytest.raises(ConfigurationError, match=words):
        load_case(folder)
    assert main([str(folder)]) == 2
    assert words in capsys.readouterr().err


def test_a_case_that_lacks_its_scene_says_so(folder, capsys):
    assert main([str(folder)]) == 2
    assert "holds no message of /scene/objects" in capsys.readouterr().err


def test_wrong_usage_is_exit_code_2():
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
