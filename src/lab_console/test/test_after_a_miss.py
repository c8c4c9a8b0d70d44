"""What a person needs after a miss: true counts, the case, who was in the way, why nothing started."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
from rich.console import Console

from lab_console import demo, demo_arguments
from lab_console.cases import with_cases
from lab_console.cell_process import CellProcess
from lab_console.live import summary
from lab_console.neighbours import named_in
from lab_console.overlay import BLOCKING, draw
from lab_console.report import END, write_report
from lab_console.ros_truth import delivered
from lab_console.run_record import AttemptRecord, Count, RunRecord, StageTime
from lab_core.geometry import OrientedBox, PinholeCamera, make_transform, transform_from_xyz_rpy
from lab_core.scene import DepthView, Part, Scene
from lab_description import load_cell


def run(books, truth, outcome="SUCCESS", **fields):
    message = "" if outcome == "SUCCESS" else "1 of 10 parts are left"
    return RunRecord(
        "ur5e", "pile", 5, 1.0, "./lab demo --seed 5", outcome=outcome, message=message, books=books,
        truth=truth, sim_start=0.0, sim_end=60.0, **fields,
    )  # fmt: skip


def attempt(number, outcome="NO_GRASP_FOUND", in_task=None, **fields):
    return AttemptRecord(
        number=number, number_in_task=in_task or number, object_id=f"object_{number}", colour="red",
        outcome=outcome, message="no grasp on object_1: the fingers would touch object_10", destination="",
        held_width=0.0, held_force=0.0, start=0.0, end=8.0, stages=(StageTime("grasp", 0.1, 0.1),), **fields,
    )  # fmt: skip


def words_of(renderable):
    console = Console(width=200)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.mark.parametrize(
    ("books", "truth", "words"),
    [
        (Count(10, 8), Count(8, 8), "8 of 8 parts placed"),  # two parts were seen as two each
        (Count(9, 9), Count(10, 10), "10 of 10 parts placed"),  # two parts were seen as one
        (Count(10, 10), Count(10, 9), "9 of 10 parts placed"),  # a false success
        (Count(4, 3), None, "3 of 4 parts placed"),  # a real cell
    ],
)
def test_shares_are_of_what_lay_there(books, truth, words, tmp_path):
    record = run(books, truth)
    figures = json.loads(json.dumps(record.as_json()))
    said = words_of(summary(record))
    write_report(record, {}, None, tmp_path / "report.html", tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert words in said and words in page
    assert figures["placed"] <= figures["presented"]
    assert figures["books"] == dataclasses.asdict(books)
    assert figures["picks_per_hour"] == 60.0 * figures["placed"]
    if truth is None:
        assert "no simulator answered" in page and "disagree" not in page
    else:
        sentence = (
            f"the cell counted {books.placed} of {books.presented} parts placed, the simulator"
            f" {truth.placed} of {truth.presented}"
        )
        assert sentence in said and sentence in page and figures["disagreement"] == sentence


def test_a_false_success_is_no_complete_run():
    assert not run(Count(3, 3), Count(3, 2)).complete
    assert not run(Count(4, 4), Count(3, 3)).complete
    assert run(Count(3, 3), Count(3, 3)).complete
    assert run(Count(3, 3), None).complete


def test_parts_in_the_destinations_of_the_cell_are_delivered():
    cell = load_cell("ur5e_table")
    floor = next(iter(cell.destinations.values())).base_from_floor[:3, 3]
    table = cell.workspace.lower.copy()
    up, aside = np.array([0.0, 0.0, 0.02]), np.array([0.6, 0.0, 0.02])
    positions = {"in": floor + up, "on the table": table, "beside": floor + aside}
    assert delivered(positions, cell) == 1
    assert delivered({}, cell) == 0


def test_the_report_tells_the_case_the_replay_and_who_was_in_the_way(tmp_path):
    folder = tmp_path / "a run"
    for number, (in_task, name) in enumerate([(1, "object_1"), (1, "object_3")], start=1):
        case = folder / "cases" / f"{number:03d}"
        case.mkdir(parents=True)
        facts = {"attempt": in_task, "object_id": name, "outcome": "NO_GRASP_FOUND"}
        (case / "case.json").write_text(json.dumps(facts))
    (folder / "cases" / "003").mkdir()
    (folder / "cases" / "003" / "case.json").write_text("[1")
    attempts = [
        attempt(1, neighbours=("object_10",)),
        attempt(2, "SUCCESS", neighbours=()),
        attempt(3, in_task=1),  # of a task that was started again
        attempt(4, picture="the image is of 2.0 s after the decision"),
    ]
    record = run(Count(4, 1), Count(4, 1), "OBJECTS_LEFT")
    record.attempts = with_cases(attempts, folder)
    assert [one.case for one in record.attempts] == ["cases/001", "", "cases/002", ""]
    picture = tmp_path / "001.jpg"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 128, np.uint8))
    write_report(record, {1: picture, END: picture}, None, tmp_path / "report.html", folder)
    page = (tmp_path / "report.html").read_text()
    for words in (
        f"./lab replay &#39;{folder}/cases/001&#39;",
        f"./lab replay &#39;{folder}/cases/002&#39;",
        "In the way: object_10",
        "No case was saved",
        "the image is of 2.0 s after the decision",
        "no image had come from the camera",
        "The table at the end",
        "./lab demo --seed 5",
    ):
        assert words in page, words
    assert page.count("data:image/jpeg;base64,") == 2
    assert page.count("No case was saved") == 1  # a success needs none


def test_the_report_tells_why_a_run_did_not_start(tmp_path):
    record = RunRecord("ur5e", "pile", 5, 1.0, message="node simulator: the parts do not fit")
    record.log = ("[simulator] [ERROR] the parts do not fit <b>",)
    record.left_out = ("meshes/bad.stl: the surface is not closed",)
    write_report(record, {}, None, tmp_path / "report.html", tmp_path)
    page = (tmp_path / "report.html").read_text()
    for words in (
        "The run did not start",
        "node simulator: the parts do not fit",
        "do not fit &lt;b&gt;",
        "meshes/bad.stl: the surface is not closed",
    ):
        assert words in page, words


LAUNCH = "[ERROR] [launch]: Caught exception in launch (see debug for traceback): "
REFUSED = """
[simulator_node-2] [ERROR] [1.0] [simulator]: cannot configure: 1000 parts are asked for
[manager-9] [FATAL] [1.1] [manager]: node simulator refused to configure: its own message above says why
[ERROR] [launch]: manager-9 ended with exit code 1: its messages above say why
"""
SILENT = """
[manager-9] [FATAL] [1.1] [manager]: node perception (to configure) did not answer within 60.0 s
[ERROR] [manager-9]: process has died [pid 7, exit code 1, cmd 'manager']
[ERROR] [launch]: manager-9 ended with exit code 1: its messages above say why
"""


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (REFUSED, "cannot configure: 1000 parts are asked for"),
        (SILENT, "node perception (to configure) did not answer within 60.0 s"),
        (f"\x1b[31m{LAUNCH}no such cell\x1b[0m", "no such cell"),
        (f"{LAUNCH}x-1 ended with exit code 1: its messages above say why", "say why"),
        ("a traceback\nof something", "of something"),
        ("", "it said nothing"),
    ],
)
def test_the_reason_is_the_one_that_names_it(tmp_path, log, sentence):
    (tmp_path / "cell.log").write_text(log)
    assert CellProcess({}, tmp_path / "cell.log").complaint().endswith(sentence)


def test_neighbours_are_named_as_whole_words():
    ids = ["object_1", "object_2", "object_10"]
    assert named_in("no grasp on object_1: would touch object_10.", ids, but="object_1") == ("object_10",)
    assert named_in("object_100 is away", ids, but="") == ()


def test_what_blocks_is_drawn_in_its_own_colour():
    camera = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)
    boxes = {
        name: OrientedBox(make_transform(np.eye(3), [x, 0.0, 0.02]), np.full(3, 0.04))
        for name, x in (("a", 0.45), ("b", 0.55))
    }
    looking_down = transform_from_xyz_rpy([0.5, 0.0, 0.8], [np.pi, 0.0, 0.0])
    view = DepthView(looking_down, camera, np.zeros((240, 320), np.float32))
    parts = tuple(Part(name, box) for name, box in boxes.items())
    scene = Scene(0, "base_link", objects=parts, view=view)
    image = np.zeros((240, 320, 3), np.uint8)
    assert np.all(draw(image, scene, "a", None, 0.0, ("b",)) == BLOCKING, axis=-1).any()
    assert not np.all(draw(image, scene, "a", None, 0.0) == BLOCKING, axis=-1).any()


def test_a_folder_without_a_usable_mesh_ends_before_anything_starts(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "meshes [1]"
    folder.mkdir()
    (folder / "part.stl").write_bytes(b"")
    assert demo.main(["--meshes", str(folder), "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().out.replace("\n", "")
    assert "no file can be used" in said and "part.stl: is empty" in said
    assert not (tmp_path / "run").exists()


def test_the_command_of_a_run_does_it_again(tmp_path):
    (tmp_path / "part.stl").touch()
    words = ["--parts", "3", "--seed", "5", "--meshes", str(tmp_path), "--speed", "0"]
    command = demo.command_of(demo_arguments.arguments(words))
    assert command.startswith("./lab demo --cell ur5e_table --scene scattered --seed 5 --parts 3 --meshes ")
    assert command.endswith(" --speed 0")


def test_arguments_of_the_launch_file_go_on_to_it(capsys):
    options = demo_arguments.arguments(["--parts", "3", "detector:=blobs"])
    assert options.launch == ["detector:=blobs"]
    assert demo.command_of(options).endswith(" --parts 3 detector:=blobs")
    with pytest.raises(SystemExit):
        demo_arguments.arguments(["detector=blobs"])
    assert "'detector=blobs' is no option" in capsys.readouterr().err
