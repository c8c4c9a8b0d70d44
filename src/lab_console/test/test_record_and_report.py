"""Figures of a run, the picture of a grasp, the report and the words of the demo."""

import dataclasses
import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from lab_console import demo
from lab_console.cell_process import complaint_in
from lab_console.frames import Frames
from lab_console.live import live_view, summary
from lab_console.overlay import GRASP, OTHER, TARGET, draw
from lab_console.report import END, write_report
from lab_console.run_record import (
    AttemptRecord,
    CandidateRecord,
    Count,
    LeftRecord,
    LineRecord,
    RunRecord,
    StageTime,
)
from lab_core.geometry import OrientedBox, PinholeCamera, make_transform, transform_from_xyz_rpy
from lab_core.scene import DepthView, Part, Scene


def attempt(number, outcome="SUCCESS", start=0.0, end=10.0):
    stages = (StageTime("plan grasps", 0.2, 0.1 * number), StageTime("approach", 1.0, 0.0))
    success = outcome == "SUCCESS"
    return AttemptRecord(
        number=number,
        number_in_task=number,
        object_id=f"object_{number}",
        colour="red",
        outcome=outcome,
        message="" if success else "the fingers closed on nothing",
        destination="tray" if success else "",
        held_width=0.031,
        held_force=24.0,
        start=start,
        end=end,
        stages=stages,
    )


FRAME = 66_666_667  # nanoseconds at 15 Hz


@pytest.fixture
def record():
    return RunRecord(
        cell="ur5e_table",
        scene="scattered",
        seed=3,
        speed=1.0,
        attempts=[attempt(1), attempt(2, "GRASP_EMPTY", 10.0, 18.0), attempt(3, start=18.0, end=30.0)],
        left=[LeftRecord("object_9", (0.5, 0.1, 0.02), 3, "GRASP_EMPTY", "<script>alert(1)</script>")],
        outcome="OBJECTS_LEFT",
        message="1 of 3 parts are left",
        books=Count(3, 2),
        command="./lab demo --seed 3",
        sim_start=0.5,
        sim_end=30.5,
        perception_latency=[0.03, 0.05],
    )


def test_figures_follow_from_the_attempts(record):
    figures = json.loads(json.dumps(record.as_json()))
    assert (figures["attempts"], figures["successes"], figures["placed"]) == (3, 2, 2)
    assert figures["picks_per_hour"] == pytest.approx(2 / 30 * 3600)
    assert figures["latency_ms"]["plan grasps"]["p50"] == pytest.approx(200.0)
    assert figures["latency_ms"]["perception"]["p50"] == pytest.approx(40.0)
    assert "approach" not in figures["latency_ms"]
    assert figures["outcomes"] == {"SUCCESS": 2, "GRASP_EMPTY": 1}
    assert not record.complete


def test_a_run_that_never_started_has_figures_too():
    figures = RunRecord("ur5e", "pile", 0, 1.0).as_json()
    assert (figures["picks_per_hour"], figures["sim_seconds"], figures["outcome"]) == (
        0.0,
        0.0,
        "UNAVAILABLE",
    )


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.scripts = [], 0

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        self.sources += [value for name, value in attributes if name in ("src", "href")]


def test_the_report_is_one_file_that_asks_nobody(record, tmp_path):
    picture = tmp_path / "001.jpg"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 128, np.uint8))
    write_report(record, {1: picture, END: picture}, None, tmp_path / "report.html", tmp_path)
    text = (tmp_path / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.scripts == 0  # messages are escaped
    assert page.sources and all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    for words in ("2 of 3 parts placed", "object_9", "GRASP_EMPTY", "the fingers closed on nothing"):
        assert words in text


def test_the_grasp_is_drawn_where_the_camera_sees_it():
    camera = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)
    base_from_camera = transform_from_xyz_rpy([0.5, 0.0, 0.8], [np.pi, 0.0, 0.0])  # looks straight down
    boxes = {
        "a": OrientedBox(make_transform(np.eye(3), [0.5, 0.0, 0.02]), np.array([0.04, 0.04, 0.04])),
        "b": OrientedBox(make_transform(np.eye(3), [0.6, 0.1, 0.02]), np.array([0.04, 0.04, 0.04])),
    }
    view = DepthView(base_from_camera, camera, np.zeros((240, 320), np.float32))
    parts = tuple(Part(name, box) for name, box in boxes.items())
    scene = Scene(0, "base_link", objects=parts, view=view)
    base_from_tcp = transform_from_xyz_rpy([0.5, 0.0, 0.02], [np.pi, 0.0, 0.0])
    image = draw(np.zeros((480, 640, 3), np.uint8), scene, "a", base_from_tcp, opening=0.06)

    def centre(colour):
        rows, columns = np.nonzero(np.all(image == colour, axis=-1))
        return columns.mean(), rows.mean()

    assert centre(TARGET) == pytest.approx((319.5, 239.5), abs=12)
    assert centre(GRASP) == pytest.approx((319.5, 239.5), abs=12)
    x, y = centre(OTHER)  # 0.1 m in x and y, at 0.76 m: 600/0.76*0.1 = 79 pixels
    assert (x - 319.5, 239.5 - y) == pytest.approx((79, 79), abs=6)


FULL_DISK = """
import resource, sys
import numpy as np
from lab_console.frames import Frames
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
frames = Frames(__import__("pathlib").Path(sys.argv[1]))
noise = np.random.default_rng(0)
for index in range(40):
    frames.put(index, noise.integers(0, 255, (48, 64, 3), dtype=np.uint8))
print(frames.spooled, frames.count, frames.newest() is not None, frames.trouble)
"""


def test_a_disk_that_takes_no_more_ends_the_video_not_the_run(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "spool")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    kept, came, newest, trouble = result.stdout.split(maxsplit=3)
    assert 0 < int(kept) < 20 and came == "40" and newest == "True"
    assert "the video ends early" in trouble and "free some disk space" in trouble


def test_frames_come_back_by_stamp_and_make_a_video(tmp_path, capfd):
    frames = Frames(tmp_path / "spool")
    for index in range(30):
        frames.put(index * FRAME, np.full((48, 64, 3), (8 * index, 0, 0), np.uint8))
    image, later = frames.nearest(10 * FRAME)
    assert image[0, 0, 0] == pytest.approx(80, abs=4) and later == 0.0
    image, later = frames.nearest(11 * FRAME - 9)  # one that was not kept
    assert image[0, 0, 0] == pytest.approx(80, abs=16) and abs(later) < 0.1
    assert frames.nearest(99 * FRAME)[1] == pytest.approx(-71 / 15, abs=0.01)
    assert frames.newest()[0, 0, 0] == pytest.approx(224, abs=4)
    done = []
    frames.write_video(tmp_path / "video.webm", 30.0, done.append)
    assert done[-1] == 15
    assert capfd.readouterr().err == ""
    assert not (tmp_path / "spool").exists()
    video = cv2.VideoCapture(str(tmp_path / "video.webm"))
    images = []
    while (read := video.read())[0]:
        images.append(read[1])
    assert len(images) == 15
    assert images[-1][24, 32, 2] > images[0][24, 32, 2] + 150


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scene", "heap"], "--scene heap: expected scattered, packed, pile, flat or a YAML file"),
        (["--parts", "-1"], "--parts -1: parameter 'parts' of node simulator is -1, expected 0 to 60"),
        (
            ["--speed", "-2"],
            "--speed -2.0: parameter 'speed' of node simulator is -2.0, expected 0.0",
        ),
        (
            ["--speed", "nan"],
            "--speed nan: parameter 'speed' of node simulator is nan, expected 0.0",
        ),
        (["--parts", "1000"], "--parts 1000: parameter 'parts' of node simulator is 1000, expected 0 to 60"),
        (["--seed", str(10**30)], "expected 0 to 2147483647"),
        (["--scene", "/bin/ls"], "/bin/ls: not UTF-8 text"),
        (["--scene", __file__], "not valid YAML"),
        (["--meshes", str(Path(__file__).parent)], "holds no OBJ or STL file"),
        (["--meshes", "/nowhere"], "--meshes /nowhere: there is no such folder"),
        (["--seed", "x"], "--seed: invalid int value"),
        (["--colour", "red"], "unrecognized arguments: --colour"),
    ],
)
def test_what_can_be_known_before_a_node_starts_is_one_sentence_and_exit_code_2(words, sentence, capsys):
    with pytest.raises(SystemExit) as stop:
        demo.main(words)
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


HOSTILE = "[/red] [link=x] :smiley: [bold"


def test_names_of_others_are_shown_as_they_are():
    """Also where rich would take them for markup, which may even not be well-formed, or they steer the
    terminal.
    """
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    record = RunRecord(cell=HOSTILE, scene="[/]", seed=1, speed=1.0, message="\x1b[2J" + HOSTILE)
    record.attempts.append(
        dataclasses.replace(attempt(1, "NO_PATH"), object_id=HOSTILE, colour="[/]", destination="[/x]")
    )
    record.left.append(LeftRecord(HOSTILE, (0.0, 0.0, 0.0), 1, "NO_PATH", HOSTILE))
    console.print(live_view(record, HOSTILE, 1.0, "s: stop"))
    console.print(summary(record))
    said = shown.getvalue()
    assert said.count(HOSTILE) == 6, said
    assert "\x1b[2J" not in said and "\\x1b[2J" in said


@pytest.mark.parametrize("columns", [46, 20])
def test_a_narrow_window_cuts_no_word_off(record, columns):
    shown = io.StringIO()
    record.lines = [LINE]
    Console(file=shown, width=columns).print(live_view(record, "done", 1.0))
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown.getvalue(), shown.getvalue()


CAUSE = "[simulator_node-2] [ERROR] [1.0] [simulator]: cannot configure: scene: no scene 'heap'"
POINTER = "[manager-9] [FATAL] [2.0] [manager]: simulator cannot configure: its own message above says why"
LAUNCH = "[ERROR] [launch]: Caught exception in launch (see debug for traceback): no cell 'x'"


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (f"{CAUSE}\n{POINTER}\n", "cannot configure: scene: no scene 'heap'"),
        (f"{POINTER}\n", "simulator cannot configure: its own message above says why"),
        (f"[INFO] [launch]: x\n{LAUNCH}\n", "no cell 'x'"),
        ("[INFO] [launch]: x\nKilled\n", "Killed"),
        ("", "it said nothing"),
    ],
)
def test_a_cell_that_ended_is_said_by_its_cause(log, sentence):
    assert complaint_in(log) == sentence


LINE = LineRecord(
    what="the red <b>box</b>",
    meaning="the red box",
    to=("tray", "bin"),
    placed=0,
    outcome="AMBIGUOUS",
    message="2 parts fit 'the red box'",
    candidates=(CandidateRecord("object_1", 0.93, ""), CandidateRecord("object_7", 0.02, "red")),
)


def test_the_lines_of_an_order_are_shown_with_their_candidates(record, tmp_path):
    record.lines = [LINE]
    screen = io.StringIO()
    Console(file=screen, width=200).print(live_view(record, "done", 1.0))
    assert "the red box" in screen.getvalue() and "object_1 0.93, object_7 0.02" in screen.getvalue()
    write_report(record, {}, None, tmp_path / "report.html", tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "object_7 0.02 (not red)" in page and "tray or bin" in page
    assert "the red &lt;b&gt;box" in page and "<b>box" not in page
    assert record.as_json()["lines"][0]["candidates"][1]["misses"] == "red"


def test_an_order_of_some_parts_is_complete_when_its_lines_are(record):
    done = dataclasses.replace(LINE, outcome="SUCCESS", message="", placed=2)
    record.outcome, record.books, record.truth = "SUCCESS", Count(3, 2), Count(3, 2)
    record.lines = [done]
    assert record.complete  # the third part was not asked for
    record.lines = [dataclasses.replace(done, meaning="all parts")]
    assert not record.complete
    record.lines, record.truth = [done], Count(3, 1)
    assert not record.complete
