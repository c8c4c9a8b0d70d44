"""Injects faults into a running cell, and holds what it says afterwards against the simulator.

Protocol: a scene of parts; each trial asks the cell to move one part (/clear_table, at most one part) and
injects one fault, drawn from the list below with a seed, up to 1 s of the wall after a drawn step of the task
has begun. When the trial has not moved a part the cell is asked again, as a line control would; an operator
does nothing. Counted: trials that end, parts that the cell calls placed and the simulator does not find in a
destination, books that do not add up (presented = placed + left + lost), and seconds of the wall from the
fault until the next part is placed. Faults that end the cell by design (simulator, stop node) have to end it
with a sentence; the next trial gets a new cell. The soak moves parts without faults and weighs all processes
of the cell after each; memory grows from the mean of the 25 weighings after 100 picks to the mean of the last
25.
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
from _cell_run import ROOT, CellClient, CellRun, running_cell, wall_wait
from _fault_results import ENDING, Results, Trial, show, summary
from control_msgs.action import FollowJointTrajectory
from faulty_topics import COLOR, DEPTH, JOINTS, FaultyTopics
from geometry_msgs.msg import Pose
from lab_node.action_client import ActionClient
from lab_node.actions import wait_for
from lab_node.errors import LabError
from lab_simulation.ros_interface_versions import spawn_request, state_request
from pick_and_place import resident_memory_of_children
from rich.console import Console
from simulation_interfaces.msg import EntityState, Result
from simulation_interfaces.srv import DeleteEntity, SetEntityState, SpawnEntity
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from lab_description import load_cell
from lab_interfaces.action import ClearTable

RESTARTED = ("perception", "grasping", "motion", "tasks")
STEPS = ("first look", "plan grasps", "pick", "place", "look again")
TOPIC_FAULTS = (
    *((topic, fault) for topic in ("images", JOINTS) for fault in ("drop", "delay", "duplicate")),
    *(("images", fault) for fault in ("freeze", "black", "past", "future")),
    (DEPTH, "nan"),
    (JOINTS, "nan"),
    (JOINTS, "past"),
    (JOINTS, "freeze"),
)
FAULTS = (
    *(("kill", node) for node in RESTARTED),
    *(("halt 2 s", node) for node in (*RESTARTED, *ENDING, "lifecycle_manager")),
    *((fault, topic) for topic, fault in TOPIC_FAULTS),
    ("controller", "abort"),
    ("part", "removed"),
    ("part", "moved"),
    *(("kill", node) for node in ENDING),
)
TOPIC_SECONDS = 3.0  # of the wall
PATIENCE = 240.0  # seconds of the wall without a result: the cell hangs


class Campaign:
    """One cell, its truth, and the faults."""

    def __init__(
        self, run: CellRun, client: CellClient, topics: FaultyTopics, rng: np.random.Generator
    ) -> None:
        self._run, self._client, self._topics, self.rng = run, client, topics, rng
        self._cell = load_cell("ur5e_table")
        self._spawned = 0
        self._controller = ActionClient(
            client.node, FollowJointTrajectory, self._cell.robot.trajectory_action
        )

    @property
    def over(self) -> bool:
        """Whether the cell has ended."""
        return self._run.ended()

    def trial(self, fault: str, subject: str) -> Trial:
        """Ask for one part, spoil it, and see how the cell gets over it."""
        step = str(self.rng.choice(STEPS))
        trial = Trial(fault, subject, step)
        self._present(4)
        before = self._delivered()
        claimed = 0
        injected = threading.Event()
        began = [time.monotonic()]

        def inject() -> None:
            wall_wait(lambda: self._client.status.peek().phase in (step, "done"), 60.0)
            threading.Event().wait(float(self.rng.uniform(0.0, 1.0)))
            began[0] = time.monotonic()
            try:
                self._inject(fault, subject)
            except (LabError, AssertionError, ProcessLookupError) as error:
                trial.outcome = f"not injected: {error}"
            injected.set()

        threading.Thread(target=inject, daemon=True).start()
        for _ in range(6):
            result = self._ask()
            if result is None and self._run.ended():
                break
            if result is None and time.monotonic() - began[0] > PATIENCE:
                trial.hung = True
                break
            if result is not None:
                claimed += result.placed
                trial.outcome = trial.outcome or f"{result.outcome.code} {result.outcome.message}"
                lost_books = result.presented != result.placed + len(result.left) + result.lost
                trial.unbalanced = trial.unbalanced or lost_books
                if result.placed and injected.is_set():
                    trial.recovered = True
                    trial.recovery_seconds = time.monotonic() - began[0]
                    break
        injected.wait(90.0)
        if self._run.ended() or (fault == "kill" and subject in ENDING):
            wall_wait(self._run.ended, 60.0)
            trial.outcome = self._run.last_words() or "ended without a word"
            trial.ended_by_design = fault == "kill" and subject in ENDING and self._run.ended()
            return trial
        trial.placed = claimed
        trial.false_success = max(0, claimed - (self._delivered() - before))
        return trial

    def soak(self, picks: int, results: Results, console: Console) -> None:
        """Enter the parts placed, and the bytes of all processes, after each ask."""
        placed, results.weights = 0, []
        while placed < picks and not self._run.ended():
            self._present(6)
            result = self._ask()
            if result is None:
                break
            placed += result.placed
            results.weigh(placed, resident_memory_of_children())
            console.print(f"soak: {placed} of {picks} placed", style="dim")

    def _ask(self) -> Any:
        """Result of moving one part; None when the cell did not answer, or forgot the goal."""
        try:
            self._client.until(lambda: self._run.ended() or self._up(), PATIENCE, "active cell")
            if self._run.ended():
                return None
            return self._client.ask("/clear_table", ClearTable.Goal(max_parts=1), PATIENCE, self._run.ended)
        except (LabError, AssertionError):
            return None

    def _up(self) -> bool:
        try:
            return self._client.is_active(3.0)
        except LabError:
            return False

    def _inject(self, fault: str, subject: str) -> None:
        if fault in ("kill", "halt 2 s"):
            pid = self._run.pid(subject)
            assert pid is not None, f"no process of {subject}"
            os.kill(pid, signal.SIGKILL if fault == "kill" else signal.SIGSTOP)
            if fault != "kill":
                threading.Event().wait(2.0)
                os.kill(pid, signal.SIGCONT)
        elif fault == "controller":
            self._take_over()
        elif fault == "part":
            self._touch(subject)
        else:
            topics = [COLOR, DEPTH] if subject == "images" else [subject]
            self._topics.spoil(topics, fault)
            threading.Event().wait(TOPIC_SECONDS)
            self._topics.spoil(topics, "")

    def _take_over(self) -> None:
        """Somebody else sends the controller to where the arm is: the goal under way is aborted."""
        state = self._client.joints.peek()
        names = list(self._cell.robot.joint_names)
        where = dict(zip(state.name, state.position, strict=True))
        point = JointTrajectoryPoint(positions=[where[name] for name in names])
        point.time_from_start.nanosec = 300_000_000
        goal = FollowJointTrajectory.Goal(trajectory=JointTrajectory(joint_names=names, points=[point]))
        wait_for(self._controller.send_goal_async(goal), 5.0, "controller")

    def _touch(self, how: str) -> None:
        """Take the part that is worked on off the table, or put it elsewhere."""
        name = self._worked_on()
        if how == "removed":
            self._call(DeleteEntity, "delete_entity", DeleteEntity.Request(entity=name))
        else:
            request = state_request(name, EntityState(pose=self._free_place()))
            self._call(SetEntityState, "set_entity_state", request)

    def _worked_on(self) -> str:
        """The part nearest to what the task is after, else the first."""
        positions = {n: p for n, p in self._client.part_positions().items() if self._on_table(p)}
        assert positions, "no part on the table"
        scene, wanted = self._client.scene.peek(), self._client.status.peek().object_id
        centres = [o.box.center.position for o in scene.objects if o.id == wanted] if scene else []
        if not centres:
            return min(positions)
        return min(
            positions, key=lambda n: abs(positions[n][0] - centres[0].x) + abs(positions[n][1] - centres[0].y)
        )

    def _on_table(self, position: tuple[float, float, float]) -> bool:
        lower, upper = self._cell.workspace.lower, self._cell.workspace.upper
        return bool(
            np.all(np.array(position[:2]) >= lower[:2]) and np.all(np.array(position[:2]) <= upper[:2])
        )

    def _delivered(self) -> int:
        """Parts in a destination now, and those that were cleared away from there before."""
        inside = 0
        for x, y, z in self._client.part_positions().values():
            for destination in self._cell.destinations.values():
                centre, size = destination.base_from_floor[:3, 3], destination.size
                near = abs(x - centre[0]) < 0.5 * size[0] + 0.01 and abs(y - centre[1]) < 0.5 * size[1] + 0.01
                inside += near and z > centre[2] - 0.02
        return inside

    def _present(self, count: int) -> None:
        """At least so many parts on the table; a part that is at a destination is put back for that."""
        positions = self._client.part_positions()
        table = [name for name, position in positions.items() if self._on_table(position)]
        away = [name for name in positions if name not in table]
        while len(table) < count:
            if away:
                name = away.pop()
                self._call(DeleteEntity, "delete_entity", DeleteEntity.Request(entity=name))
            self._spawned += 1
            kind = ("hex_nut", "box", "cylinder", "bolt")[self._spawned % 4]
            request = spawn_request(f"spawned_{self._spawned}", f"part://{kind}?seed={self._spawned}")
            request.initial_pose.pose = self._free_place()
            self._call(SpawnEntity, "spawn_entity", request)
            table.append(request.name)

    def _free_place(self) -> Pose:
        taken = np.array([p[:2] for p in self._client.part_positions().values()] or [[9.0, 9.0]])
        lower, upper = self._cell.workspace.lower[:2] + 0.05, self._cell.workspace.upper[:2] - 0.05
        places = self.rng.uniform(lower, upper, (200, 2))
        distances = np.linalg.norm(places[:, None] - taken[None], axis=2).min(axis=1)
        x, y = places[
            int(np.argmax(distances > 0.11)) if (distances > 0.11).any() else int(np.argmax(distances))
        ]
        pose = Pose()
        pose.position.x, pose.position.y, pose.position.z = float(x), float(y), 0.06
        return pose

    def _call(self, kind: Any, name: str, request: Any) -> None:
        result = self._client.call(self._client.client(kind, f"/simulator/{name}"), request).result
        assert result.result == Result.RESULT_OK, f"{name}: {result.error_message}"


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
    """Exit code 0 when nothing hung, no success was false, all books added up and the soak ended."""
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
    wrong = figures["hung"] or figures["false_successes"] or figures["unbalanced"]
    return 1 if wrong or results.soaked < options.soak else 0


if __name__ == "__main__":
    sys.exit(main())
