"""The main job: bring the cell up in simulation, carry an order out, show it, keep the record of it."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from uuid import uuid4

import cv2
import rclpy
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from lab_bringup.shared_memory import remove_unused
from lab_console.cases import with_cases
from lab_console.cell_process import CellProcess
from lab_console.demo_arguments import CLEAR, SCENES, arguments
from lab_console.frames import Frames
from lab_console.live import live_view, summary
from lab_console.observer import Observer
from lab_console.operator_keys import RESET, STOP, Keys, Operator
from lab_console.overlay import Image
from lab_console.report import write_report
from lab_console.ros_truth import TruthNode
from lab_console.run_record import RunRecord
from lab_description import load_cell
from lab_node.domain import domain_id
from lab_node.executor import ExecutorThread
from lab_node.names import ros_arguments
from lab_node.rclpy_overrides import destroy_actions
from lab_simulation.errors import SceneError

# of the simulator; the video is written at the rate of the cell's clock
CAMERA_RATE = 15.0
# the record holds images of whoever stands at the cell: nobody else of the machine reads it
PRIVATE = 0o077
# seconds of the wall without a word from the task until the run is given up
SILENCE = 180.0


def run_demo(
    options: argparse.Namespace,
    console: Console,
    interrupted: Callable[[], bool] = lambda: False,
) -> RunRecord:
    """Run the cell once and write report.html, run.json and the video into options.out.

    interrupted: asked often, whether the run is to end at once.
    """
    out: Path = options.out
    record = RunRecord(options.cell, options.scene, options.seed, options.speed, command_of(options))
    if options.meshes is not None:
        record.left_out, record.remarks = prepare_meshes(options.meshes, console, interrupted)
    pictures_folder = out / "pictures"
    pictures_folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[int, Path] = {}

    def keep_picture(number: int, image: Image) -> None:
        if not cv2.imwrite(str(path := pictures_folder / f"{number:03d}.jpg"), image[..., ::-1]):
            frames.trouble = frames.trouble or f"{path}: cannot be written; free some disk space"
            return
        pictures[number] = path

    frames = Frames(out / "frames.part")
    cell_arguments = {
        "robot": options.robot,
        "cell": options.cell,
        "scene": str(Path(options.scene).resolve()) if options.scene not in SCENES else options.scene,
        "seed": str(options.seed),
        "speed": str(options.speed),
        "look": options.look,
        "parts": str(options.parts),
        "order": options.order,
        "run": (run := uuid4().hex),
        "record": str(out.resolve()),
    }
    cell_arguments |= dict(word.split(":=", 1) for word in options.launch)
    if options.namespace:
        cell_arguments["namespace"] = options.namespace
    if options.meshes is not None:
        cell_arguments["meshes"] = str(options.meshes.resolve())
    start = time.monotonic()
    with CellProcess(cell_arguments, out / "cell.log") as cell:
        observer = Observer(record, frames, keep_picture, start, run)
        _observe(observer, cell, console, start, interrupted)
        record.wall_seconds = time.monotonic() - start
        died = cell.ended()
    if died and record.outcome == "UNAVAILABLE":
        record.message = cell.complaint()
    if not record.started:
        record.log = cell.last_words()
    record.attempts = with_cases(record.attempts, out)
    if frames.trouble:
        record.remarks += (frames.trouble,)
        console.print(frames.trouble, style="yellow", markup=False, highlight=False)
    try:
        _write(record, frames, pictures, options, console)
    except OSError:
        console.print(summary(record))  # what the disk does not take is at least said
        raise
    return record


def _write(
    record: RunRecord,
    frames: Frames,
    pictures: dict[int, Path],
    options: argparse.Namespace,
    console: Console,
) -> None:
    """The files of a run. Raises OSError."""
    out, video = options.out, None
    if not options.no_video and frames.spooled:
        video = out / "video.webm"
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("video", total=frames.spooled)
            frames.write_video(video, 2 * CAMERA_RATE, lambda done: progress.update(bar, completed=done))
    (out / "frames.part").unlink(missing_ok=True)
    write_report(record, pictures, video, out / "report.html", out)
    (out / "run.json").write_text(json.dumps(record.as_json(), indent=1), encoding="utf-8")


def _observe(
    observer: Observer,
    cell: CellProcess,
    console: Console,
    start: float,
    interrupted: Callable[[], bool],
) -> None:
    """Show the run until the task is done, the cell has ended or gone silent."""
    record = observer.record
    operator = Operator(observer)
    truth = TruthNode(observer, load_cell(record.cell))
    executor = ExecutorThread(observer)
    heard, last = time.monotonic(), (0, "")
    try:
        with Live(console=console, refresh_per_second=4, transient=False) as live, Keys() as keys:
            hint = f"{STOP}: stop" if keys.there else ""
            while not _ended(observer, keys) and not cell.ended():
                if interrupted():
                    raise KeyboardInterrupt
                key = keys.pressed(0.1 if observer.done.is_set() else 0.0)
                if key == STOP:
                    operator.stop()
                elif key == RESET and observer.status.phase == "done":
                    observer.expect_another_task()
                    operator.reset_and_start([result.line for result in observer.status.lines])
                status, now = observer.status, time.monotonic()
                stopped = observer.done.is_set()
                hint = hint and (
                    f"{RESET}: reset and start again, Ctrl-C: end" if stopped else f"{STOP}: stop"
                )
                doing = (
                    f"{record.outcome}: {record.message}" if stopped else f"{status.phase} {status.object_id}"
                )
                live.update(live_view(record, doing, now - start, hint, truth.at_start))
                if stopped:
                    heard = now
                if executor.failure:
                    cause = executor.failure.strip().splitlines()[-1]
                    record.outcome, record.message = "INTERNAL_ERROR", f"defect in the console: {cause}"
                    break
                if (state := (record.frames, status.phase)) != last:
                    heard, last = now, state
                if now - heard > SILENCE:
                    record.outcome, record.message = "TIMEOUT", f"the cell said nothing for {SILENCE:.0f} s"
                    break
            live.update(live_view(record, observer.status.phase, time.monotonic() - start))
    except KeyboardInterrupt:
        record.outcome, record.message = "CANCELLED", "interrupted from the keyboard"
    finally:
        if not cell.ended():
            record.truth = truth.at_end()
        executor.close()
        observer.keep_last_picture()
        destroy_actions(observer)
        observer.destroy_node()


def command_of(options: argparse.Namespace) -> str:
    """What does the same run again."""
    words = ["./lab", "demo", "--cell", options.cell, "--scene", options.scene, "--seed", str(options.seed)]
    if options.parts:
        words += ["--parts", str(options.parts)]
    if options.meshes is not None:
        words += ["--meshes", str(options.meshes)]
    if options.namespace:
        words += ["--namespace", options.namespace.strip("/")]
    if options.order != CLEAR:
        words += ["--order", options.order]
    if options.speed != 1.0:
        words += ["--speed", f"{options.speed:g}"]
    words += options.launch
    return shlex.join(words)


def prepare_meshes(
    folder: Path, console: Console, interrupted: Callable[[], bool]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read a folder before any node starts; sentences on the files that are left out, and on coarse ones.

    Raises SceneError when no file can be used.
    """
    from lab_simulation.scenes.mesh_parts import mesh_source  # takes a second to import

    columns = (TextColumn("meshes"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=None)

        def tell(done: int, of: int, name: str) -> None:
            if interrupted():
                raise KeyboardInterrupt
            progress.update(bar, completed=done, total=of, description=escape(name))

        source = mesh_source(folder, progress=tell)
    for sentence in source.left_out:
        console.print(f"left out: {sentence}", style="yellow", markup=False, highlight=False)
    for sentence in source.remarks:
        console.print(sentence, style="yellow", markup=False, highlight=False)
    return source.left_out, source.remarks


def _ended(observer: Observer, keys: Keys) -> bool:
    """Whether the task has ended for good; one that was stopped can be started again from the terminal."""
    return observer.done.wait(0.1) and not (keys.there and observer.record.outcome == "STOPPED")


class Interruption:
    """Takes SIGINT, SIGTERM and SIGHUP. An exception in the middle of a callback may be swallowed, a note is
    not; who asks a second time does not want to wait.
    """

    def __init__(self) -> None:
        self._noted = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._leave_terminal)

    def __call__(self) -> bool:
        """Whether one has come."""
        return self._noted

    def _leave_terminal(self, number: int, frame: FrameType | None) -> None:
        """The terminal is closed: the report is still written, the live table has nowhere to go."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        self._noted = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when every part was placed, 1 when not, 2 on wrong usage."""
    options = arguments(sys.argv[1:] if argv is None else argv)
    if options.out is None:
        options.out = Path("runs") / datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    console = Console(markup=False, emoji=False)
    os.umask(PRIVATE)
    # each run is alone in a domain of its own unless the user chose one: two demos do not hear each other
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rclpy.init(
        args=ros_arguments("console", options.namespace), signal_handler_options=rclpy.SignalHandlerOptions.NO
    )
    interrupted = Interruption()
    try:
        record = run_demo(options, console, interrupted=interrupted)
    except OSError as error:
        console.print(
            f"lab demo: {error.filename}: {error.strerror}; choose another folder with --out", style="red"
        )
        return 1
    except KeyboardInterrupt:
        console.print("lab demo: interrupted before anything was started", style="red")
        return 1
    except SceneError as error:
        console.print(f"lab demo: {error}", style="red", markup=False)
        return 1
    finally:
        context = rclpy.get_default_context()
        rclpy.try_shutdown()
        context.destroy()
        remove_unused(domain_id())
    console.print(summary(record))
    console.print(f"report: {options.out / 'report.html'}", highlight=False)
    return 0 if record.complete else 1


if __name__ == "__main__":
    sys.exit(main())
