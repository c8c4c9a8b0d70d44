"""Injects faults into a running cell, and holds what it says afterwards against the simulator.

Protocol: a scene of parts; each trial asks the cell to move one part (/run_order, at most one part) and
injects one fault, drawn from the list below with a seed, up to 1 s of the wall after a drawn step of the task
has begun. When the trial has not moved a part the cell is asked again, as a line control would, up to 6 times
in all; an operator does nothing. Counted: trials that end, trials that recover (a part is placed after the
fault) and that do so in the first ask, the one that the fault hit; parts that the cell calls placed and the
simulator does not find in a destination; and seconds of the wall from the fault until the next part is
placed. Faults that end the cell by design (simulator, stop node) have to end it with a sentence; the next
trial gets a new cell. After each ask the books are held against the simulator: as many parts as are placed
have come to a destination, as many as are left lie in the workspace or are in the hand, as many as are lost
lay in the workspace and are in none of these places. Not held against it is an ask whose part was touched
after the cell had looked for the last time, and one that ended before it had seen anything. Parts lie apart,
so that the camera sees each. A stop is pressed while the arm moves: within 0.2 s of the cell's clock the arm
has to stand, and not to move, also when it is told to, until it is reset, a second later. Then an operator
has acted: these trials are counted apart. The soak moves parts without faults and weighs all processes of the
cell after each; memory grows from the mean of the 25 weighings after 100 picks to the mean of the last 25.
With --out the result is written after every trial and pick, and a file that is there is continued; a soak
that was not finished begins anew.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from lab_interfaces.action import MoveTo
from lab_interfaces.msg import Outcome
from rclpy.time import Time
from rich.console import Console
from simulation_interfaces.srv import SpawnEntity
from std_srvs.srv import Trigger

from _cell_run import ROOT, CellClient, CellRun, clearing, running_cell, wall_wait
from _fault_results import BY_DESIGN, Results, Trial, failed, show, summary
from faulty_topics import COLOR, DEPTH, JOINTS, FaultyTopics
from hands import ask_simulator, controller_of, delete_part, put_part, take_over
from lab_core.errors import LabError
from lab_description import load_cell
from lab_simulation.ros.interface_versions import spawn_request
from pick_and_place import resident_memory_of_children
from true_parts import TrueParts, denied, true_parts

RESTARTED = ("perception", "grasping", "motion", "tasks", "recorder")
STEPS = ("first look", "plan grasps", "pick", "place", "look again")
TOPIC_FAULTS = (
    *((topic, fault) for topic in ("images", JOINTS) for fault in ("drop", "delay", "duplicate")),
    *(("images", fault) for fault in ("freeze", "black", "past", "future")),
    (DEPTH, "nan"),
    (JOINTS, "nan"),
    (JOINTS, "past"),
    (JOINTS, "future"),
    (JOINTS, "freeze"),
)
FAULTS = (
    *(("kill", node) for node in RESTARTED),
    *(("halt 2 s", node) for node in (*RESTARTED, "simulator", "stop", "lifecycle_manager")),
    *((fault, topic) for topic, fault in TOPIC_FAULTS),
    ("controller", "abort"),
    ("part", "removed"),
    ("part", "moved"),
    ("stop", "pressed"),
    *BY_DESIGN,
)
TOPIC_SECONDS = 3.0  # of the wall
PATIENCE = 240.0  # seconds of the wall without a result: the cell hangs
MOST_ASKS = 6
MOVING = 0.2  # rad/s of the fastest joint


class Campaign:
    """One cell, its truth, and the faults."""

    def __init__(
        self, run: CellRun, client: CellClient, topics: FaultyTopics, rng: np.random.Generator
    ) -> None:
        self._run, self._client, self._topics, self.rng = run, client, topics, rng
        self._cell = load_cell("ur5e_table")
        self._spawned = self._asks = 0
        self._touched = (0, 0)  # in which ask, and after how many of its steps, the fault was done
        self._controller = controller_of(client, self._cell)

    @property
    def over(self) -> bool:
        """Whether the cell has ended."""
        return self._run.ended()

    def trial(self, fault: str, subject: str) -> Trial:
        """Ask for one part, spoil it, and see how the cell gets over it."""
        trial = Trial(fault, subject, str(self.rng.choice(STEPS)), by_design=(fault, subject) in BY_DESIGN)
        self._present(4)
        before = self._parts()
        injected, began = threading.Event(), [time.monotonic()]
        self._touched = (0, 0)

        def inject() -> None:
            wall_wait(lambda: self._client.status.peek().phase in (trial.step, "done"), 60.0)
            threading.Event().wait(float(self.rng.uniform(0.0, 1.0)))
            began[0] = time.monotonic()
            try:
                self._inject(trial)
            except (LabError, AssertionError, ProcessLookupError) as error:
                trial.outcome = f"not injected: {error}"
            finally:
                self._touched = (self._asks, len(self._client.phases))
                injected.set()

        threading.Thread(target=inject, daemon=True).start()
        while trial.asks < MOST_ASKS and not trial.recovered and not self._run.ended():
            hit = injected.is_set()
            result = self._judged(trial)
            if result is None and time.monotonic() - began[0] > PATIENCE:
                trial.hung = True
                break
            if trial.operator:  # asked in vain: who pressed the stop resets it
                injected.wait(90.0)
            trial.asks += hit or injected.is_set()
            if result is not None:
                trial.placed += result.placed
                trial.outcome = trial.outcome or f"{result.outcome.code} {result.outcome.message}"
                trial.recovered = bool(result.placed) and injected.is_set()
                if trial.recovered:
                    trial.recovery_seconds = time.monotonic() - began[0]
        injected.wait(90.0)
        if self._run.ended() or trial.by_design:
            wall_wait(self._run.ended, 60.0)
            trial.outcome = self._run.last_words() or "ended without a word"
            trial.ended_by_design = trial.by_design and self._run.ended()
            return trial
        trial.false_success = max(0, trial.placed - len(self._parts().delivered - before.delivered))
        return trial

    def _judged(self, trial: Trial) -> Any:
        """Result of moving one part, its books held against what is true; None as of _ask."""
        self._asks += 1
        try:
            before = self._parts()
            result = self._ask()
            after = self._parts() if result is not None else before
        except (LabError, AssertionError):
            return None
        asks, steps = self._touched
        unseen = asks == self._asks and not any("look" in step for step in self._client.phases[steps:])
        if result is not None and not (trial.fault == "part" and unseen):
            trial.denied = trial.denied or denied(result, before, after)
        return result

    def _parts(self) -> TrueParts:
        return true_parts(self._client, self._cell)

    def soak(self, picks: int, results: Results, console: Console) -> None:
        """Enter the parts placed, by the simulator, and the bytes of all processes, after each ask."""
        placed, results.weights = 0, []
        while placed < picks and not self._run.ended():
            self._present(6)
            before = self._parts()
            if self._ask() is None:
                break
            placed += len(self._parts().delivered - before.delivered)
            results.weigh(placed, resident_memory_of_children())
            console.print(f"soak: {placed} of {picks} placed", style="dim")

    def _ask(self) -> Any:
        """Result of moving one part; None when the cell did not answer, or forgot the goal."""
        try:
            self._client.until(lambda: self._run.ended() or self._up(), PATIENCE, "active cell")
            if self._run.ended():
                return None
            return self._client.ask("/run_order", clearing(max_parts=1), PATIENCE, self._run.ended)
        except (LabError, AssertionError):
            return None

    def _up(self) -> bool:
        try:
            return self._client.is_active(3.0)
        except LabError:
            return False

    def _inject(self, trial: Trial) -> None:
        fault, subject = trial.fault, trial.subject
        if fault in ("kill", "halt 2 s"):
            pid = self._run.pid(subject)
            assert pid is not None, f"no process of {subject}"
            os.kill(pid, signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            if fault != "kill":
                threading.Event().wait(2.0)
                os.kill(pid, signal.SIGCONT)
        elif fault == "controller":
            take_over(self._client, self._controller, self._cell)
        elif fault == "stop":
            self._press_the_stop(trial)
        elif fault == "part":
            name = self._worked_on()
            if subject == "removed":
                delete_part(self._client, name)
            else:
                put_part(self._client, name, *self._free_place())
        else:
            topics = [COLOR, DEPTH] if subject == "images" else [subject]
            self._topics.spoil(topics, fault)
            threading.Event().wait(TOPIC_SECONDS)
            self._topics.spoil(topics, "")

    def _press_the_stop(self, trial: Trial) -> None:
        """While the arm moves; reset it when the arm has stood for a second and refused to move."""
        client = self._client
        client.client(Trigger, "/cell/stop")  # it takes as long to be found as the arm takes to stand
        wall_wait(lambda: client.speeds[-1][1] > MOVING, 20.0)
        since = client.time()
        client.stop()
        trial.operator = True
        try:
            trial.seconds_until_still = client.seconds_until_still(since)
            stands = client.joints.peek()
            refused = client.ask("/move_to", MoveTo.Goal(configuration="home")).outcome.code
            later = client.joints.wait_for_newer(Time(nanoseconds=client.time() + 10**9), 60.0)
            assert stands is not None and later is not None, "no joint states"
            moved = np.abs(np.array(later.position) - np.array(stands.position)).max()
            trial.moved_while_stopped = float(moved)
            assert refused == Outcome.STOPPED, f"a motion while the cell is stopped: outcome {refused}"
        finally:
            client.reset()

    def _worked_on(self) -> str:
        """The part nearest to what the task is after, else the first."""
        on_table = self._parts().table
        positions = {n: p for n, p in self._client.part_positions().items() if n in on_table}
        assert positions, "no part on the table"
        scene, wanted = self._client.scene.peek(), self._client.status.peek().object_id
        centres = [o.box.center.position for o in scene.objects if o.id == wanted] if scene else []
        if not centres:
            return min(positions)
        return min(
            positions, key=lambda n: abs(positions[n][0] - centres[0].x) + abs(positions[n][1] - centres[0].y)
        )

    def _present(self, count: int) -> None:
        """At least so many parts on the table; a part that is at a destination is put back for that."""
        table = set(self._parts().table)
        away = [name for name in self._client.part_positions() if name not in table]
        while len(table) < count:
            if away:
                delete_part(self._client, away.pop())
            self._spawned += 1
            kind = ("hex_nut", "box", "cylinder", "bolt")[self._spawned % 4]
            request = spawn_request(f"spawned_{self._spawned}", f"part://{kind}?seed={self._spawned}")
            position = request.initial_pose.pose.position
            position.x, position.y, position.z = self._free_place()
            ask_simulator(self._client, SpawnEntity, "spawn_entity", request)
            table.add(request.name)

    def _free_place(self) -> tuple[float, float, float]:
        """Metres in base_link."""
        taken = np.array([p[:2] for p in self._client.part_positions().values()] or [[9.0, 9.0]])
        lower, upper = self._cell.workspace.lower[:2] + 0.05, self._cell.workspace.upper[:2] - 0.05
        places = self.rng.uniform(lower, upper, (200, 2))
        distances = np.linalg.norm(places[:, None] - taken[None], axis=2).min(axis=1)
        x, y = places[
            int(np.argmax(distances > 0.11)) if (distances > 0.11).any() else int(np.argmax(distances))
        ]
        return float(x), float(y), 0.06


def start(stack: ExitStack, seed: int, folder: str, speed: float, rng: np.random.Generator) -> Campaign:
    """A new cell with its topics led through here."""
    arguments = {"scene": "scattered", "parts": "6", "seed": str(seed), "speed": str(speed)}
    log = Path(folder) / f"cell_{seed}.log"
    topics: list[FaultyTopics] = []

    def lead_through(client: CellClient) -> None:
        topics.append(FaultyTopics())
        client.spin_too(topics[0])

    launch_file = ROOT / "test" / "faulty_cell.launch.py"
    run, client = stack.enter_context(running_cell(launch_file, arguments, log, lead_through))
    return Campaign(run, client, topics[0], rng)


def main() -> int:
    """Exit code 0 when nothing of `failed` is to be said and the soak ended."""
    parser = argparse.ArgumentParser(prog="lab bench faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, metavar="N")
    parser.add_argument("--soak", type=int, default=500, metavar="N", help="picks without faults")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X")
    parser.add_argument(
        "--minutes", type=float, default=0.0, metavar="M", help="no fault after so long; 0: all"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the logs of the cells")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    try:
        results = Results.of(options.out, options.seed, " ".join((__doc__ or "").split()))
    except ValueError as error:
        parser.error(str(error))
    rng, console, began = np.random.default_rng(options.seed), Console(), time.monotonic()
    # every fault before any comes again, in an order of the seed
    order = [
        FAULTS[i] for _ in range(1 + options.faults // len(FAULTS)) for i in rng.permutation(len(FAULTS))
    ][: options.faults]

    def goes_on() -> bool:
        late = options.minutes and time.monotonic() - began > 60.0 * options.minutes
        return len(results.trials) < len(order) and not late

    with tempfile.TemporaryDirectory() as temporary:
        folder = str(options.keep or temporary)
        Path(folder).mkdir(parents=True, exist_ok=True)
        while goes_on():
            results.cells += 1
            with ExitStack() as stack:
                campaign = start(stack, 1000 * options.seed + results.cells, folder, options.speed, rng)
                killed: dict[str, int] = defaultdict(int)
                while goes_on():
                    index = len(results.trials)
                    fault, subject = order[index]
                    if fault == "kill" and killed[subject] == 3:
                        break  # once more would end the cell, as it should
                    killed[subject] += fault == "kill"
                    campaign.rng = np.random.default_rng([options.seed, index])
                    trial = campaign.trial(fault, subject)
                    results.add(trial)
                    console.print(f"{index + 1}: {trial}", style="dim", highlight=False)
                    if trial.hung or campaign.over:
                        break
        if results.soaked < options.soak:
            with ExitStack() as stack:
                campaign = start(stack, 1000 * options.seed, folder, options.speed, rng)
                campaign.soak(options.soak, results, console)
    figures = summary(results.trials, results.weights)
    show(results.trials, figures, console)
    reasons = failed(figures)
    if results.soaked < options.soak:
        reasons.append(f"the soak ended after {results.soaked} of {options.soak} picks")
    for reason in reasons:
        console.print(f"failed: {reason}", style="red")
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
