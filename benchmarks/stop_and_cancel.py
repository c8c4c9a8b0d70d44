"""How soon the arm stands after a stop and after a cancel, in every phase of a job, and if it stays still.

Protocol: real time, one pick, place or motion a trial. The phase is reached, up to 0.3 s of the wall later
a stop (/cell/stop) or a cancel of the action is sent, and the joint states tell when the last joint came to
rest (arm below 0.01 rad/s, fingers below 0.05 rad/s, for good), in seconds of the cell clock since the
newest state at the time of sending. After a stop the arm is watched for another second. How long the arm
takes to begin to move after its goal was accepted is taken from the same trials. Trials in which the arm
stood already count as 0. An action that ended by itself before it was interrupted (there was nothing to
cancel any more; or it succeeded, and neither arm nor fingers moved after the stop) is told with its
outcome, and tried again later. Any other end than the interruption's is not as expected.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from lab_interfaces.action import MoveTo, Pick, Place, PlanGrasps
from lab_interfaces.msg import Outcome
from rclpy.time import Time
from rich.console import Console
from rich.table import Table

from _cell_run import ROOT, STILL, CellClient, running_cell, wall_wait
from lab_core.errors import LabError
from lab_node.actions import wait_for

PHASES = {
    "/pick": ["plan", "move", "approach", "close", "lift"],
    "/place": ["plan", "move", "lower", "open", "retreat"],
    "/move_to": ["move"],
}
LIMITS = {"stop": 0.2, "cancel": 0.5}
# fingers may be opened to their goal: seconds; and what a stopped arm may sag: radians in a second
FINGER_LIMIT, SAG_LIMIT = 0.5, 0.002


class Trials:
    """One cell and what was measured in it."""

    def __init__(self, cell: CellClient, rng: np.random.Generator) -> None:
        self._cell, self._rng = cell, rng
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.finger_seconds: dict[str, list[float]] = defaultdict(list)
        self.until_moving: list[float] = []
        self.moved_after_stop = 0.0
        self.untyped: list[str] = []
        self.ended_early: list[str] = []
        self.unfinished = 0

    def run(self, action: str, phase: str, how: str) -> bool:
        """One trial. False when it could not be made: no parts are left, or the action ended too early."""
        cell = self._cell
        goal = self._goal(action)
        if goal is None:
            self.unfinished += 1
            return False
        handle = cell.send(action, goal)
        accepted = cell.time()
        result = handle.get_result_async()
        wall_wait(lambda: phase in cell.phases or result.done(), 60.0)
        threading.Event().wait(float(self._rng.uniform(0.0, 0.3)))
        if result.done():
            self._note_early(action, phase, how, result.result().result.outcome)
            return False
        since = cell.time()
        if how == "stop":
            cell.stop()
            had_ended = False
        else:
            had_ended = not wait_for(handle.cancel_goal_async(), 20.0, "cancel").goals_canceling
        outcome = wait_for(result, 60.0, "result").result.outcome
        arm, fingers = cell.seconds_until_still(since), cell.seconds_until_still(since, fingers=True)
        if how == "stop":
            self._stay()
            cell.reset()
            had_ended = outcome.code == Outcome.SUCCESS and arm == fingers == 0.0
        if had_ended:
            self._note_early(action, phase, how, outcome)
            return False
        moving = [stamp for stamp, speed in list(cell.speeds) if stamp >= accepted and speed > STILL]
        if moving:
            self.until_moving.append(1e-9 * (moving[0] - accepted))
        self.seconds[how, f"{action[1:]} {phase}"].append(arm)
        self.finger_seconds[how].append(fingers)
        if outcome.code != (Outcome.STOPPED if how == "stop" else Outcome.CANCELLED):
            self.untyped.append(f"{how} in {phase} of {action}: {outcome.code} {outcome.message}")
        return True

    def _note_early(self, action: str, phase: str, how: str, outcome: Outcome) -> None:
        self.ended_early.append(f"{action} before {how} in {phase}: {outcome.code} {outcome.message}")

    def _stay(self) -> None:
        before = self._cell.joints.peek()
        self._cell.ask("/move_to", MoveTo.Goal(configuration="home"))  # refused: the cell is stopped
        after = self._cell.joints.wait_for_newer(Time(nanoseconds=self._cell.time() + 10**9), 30.0)
        arm = [i for i, name in enumerate(before.name) if "robotiq" not in name]
        moved = max(abs(after.position[i] - before.position[i]) for i in arm)
        self.moved_after_stop = max(self.moved_after_stop, moved)

    def _goal(self, action: str) -> Any:
        """The goal of an action, and the hand full or empty as it needs it; None when that cannot be had."""
        cell = self._cell
        for _ in range(5):
            held = cell.held.wait_for_newer(Time(), 20.0)  # a cell that was just started has said nothing yet
            holding = held is not None and bool(held.object_id)
            if action == "/place" and holding:
                return Place.Goal(destination="bin")
            if action != "/place" and not holding:
                cell.ask("/move_to", MoveTo.Goal(configuration="home"))
                return self._grasps() if action == "/pick" else MoveTo.Goal(configuration="stow")
            if holding:
                cell.ask("/place", Place.Goal(destination="bin"))
            else:
                cell.ask("/move_to", MoveTo.Goal(configuration="home"))
                if (goal := self._grasps()) is not None:
                    cell.ask("/pick", goal)
        return None

    def _grasps(self) -> Pick.Goal | None:
        now = self._cell.joints.peek().header.stamp
        planned = self._cell.ask("/plan_grasps", PlanGrasps.Goal(not_before=now, max_grasps=24))
        return Pick.Goal(grasps=planned.grasps) if planned.grasps else None


def main() -> int:
    """Exit code 0 when every trial kept its limits and ended typed, and the arm stayed where it stopped."""
    parser = argparse.ArgumentParser(prog="lab bench stop_and_cancel", description=__doc__)
    parser.add_argument("--trials", type=int, default=100, metavar="N", help="stops; and as many cancels")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument(
        "--parts", type=int, default=12, metavar="N", help="in a cell, until a new one is started"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    rng, console = np.random.default_rng(options.seed), Console()
    wanted = [
        (action, phase, how)
        for i in range(options.trials)
        for how in LIMITS
        for action, phase in [[(a, p) for a, ps in PHASES.items() for p in ps][i % 11]]
    ]
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    finger_seconds: dict[str, list[float]] = defaultdict(list)
    until_moving: list[float] = []
    untyped: list[str] = []
    ended_early: list[str] = []
    moved, unfinished, seed = 0.0, 0, options.seed
    while wanted and len(ended_early) < options.trials:
        seed += 1
        arguments = {"scene": "scattered", "parts": str(options.parts), "seed": str(seed), "speed": "1"}
        with (
            tempfile.TemporaryDirectory() as folder,
            running_cell(ROOT / "launch" / "cell.launch.py", arguments, Path(folder) / "log") as (_, cell),
        ):
            trials = Trials(cell, rng)
            # a pick that was cancelled in its lift takes a part off the table, and so does each place
            while wanted and trials.unfinished == 0 and len(trials.ended_early) < 20:
                action, phase, how = wanted.pop(0)
                try:
                    if not trials.run(action, phase, how):
                        wanted.append((action, phase, how))
                except (LabError, AssertionError) as error:
                    trials.untyped.append(f"{how} in {phase} of {action}: {error}")
                    break
                console.print(f"{len(wanted)} to go: {how} in {phase} of {action}", style="dim")
            for key, values in trials.seconds.items():
                seconds[key] += values
            for kind, values in trials.finger_seconds.items():
                finger_seconds[kind] += values
            until_moving += trials.until_moving
            untyped += trials.untyped
            ended_early += trials.ended_early
            unfinished += trials.unfinished
            moved = max(moved, trials.moved_after_stop)
    table = Table(title="seconds of the cell's clock until the arm stands")
    for heading in ("how", "phase", "trials", "median", "p95", "largest"):
        table.add_column(heading, justify="right")
    rows = []
    for (how, phase), values in sorted(seconds.items()):
        row = {
            "how": how,
            "phase": phase,
            "trials": len(values),
            "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "largest": max(values),
        }
        rows.append(row)
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(table)
    totals = {
        how: {
            "trials": sum(len(v) for (h, _), v in seconds.items() if h == how),
            "largest": max((max(v) for (h, _), v in seconds.items() if h == how), default=0.0),
            "late": sum(value > limit for (h, _), v in seconds.items() if h == how for value in v),
            "limit": limit,
            "fingers_largest": max(finger_seconds[how], default=0.0),
            "fingers_late": sum(value > FINGER_LIMIT for value in finger_seconds[how]),
            "fingers_limit": FINGER_LIMIT,
        }
        for how, limit in LIMITS.items()
    }
    first_motion = {
        "trials": len(until_moving),
        "median": float(np.median(until_moving)) if until_moving else 0.0,
        "largest": max(until_moving, default=0.0),
    }
    console.print(f"seconds from an accepted goal until the arm moves: {first_motion}")
    console.print(
        f"{totals}; moved while stopped: at most {moved:.4f} rad; not as expected: {untyped};"
        f" ended by themselves: {ended_early}"
    )
    if options.out:
        content = {
            "protocol": " ".join((__doc__ or "").split()),
            "totals": totals,
            "phases": rows,
            "first_motion_seconds": first_motion,
            "moved_while_stopped_rad": moved,
            "moved_while_stopped_limit_rad": SAG_LIMIT,
            "not_as_expected": untyped,
            "ended_by_themselves": ended_early,
            "cells_that_ran_out_of_parts": unfinished,
        }
        options.out.write_text(json.dumps(content, indent=1), encoding="utf-8")
    late = any(total["late"] or total["fingers_late"] for total in totals.values())
    return 1 if wanted or untyped or late or moved > SAG_LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
