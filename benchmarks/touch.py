"""Touch on two simulated tactile pads: slip, grip force, contact pose, friction, mass, and what they cost.

Protocol: two pads of config/touch/NAME.yaml in MuJoCo hold one part; no arm, no ROS. Parts have hidden
friction 0.2 to 1, mass 0.05 to 1 kg, are boxes (two of three) and cylinders, and are covered by the pads in
whole or in part. A third of the trials has clean pads, a third those of the YAML, a third bad ones (twice
the noise, 5 % of the taxels dead, gains that differ by 8 %, 8 % hysteresis, five times the drift). Slip: the
grip force is constant; of five trials one pulls the part and one turns it (growing by 20 to 500 % of the
friction limit a second), one loads it in steps up to 85 % of the limit and then 5 % and more over it, and
two shake or load it up to 85 % of it and must give no alarm. The onset is the simulator's: the last time at
rest before the part has gone 0.2 mm. An alarm within 100 ms of it, before or after, is a detection; any
other is false, and alarms nearer than 0.5 s are one. The reference says slip where the ratio of whole forces
exceeds 0.5. Grip: the part is lifted in 0.3 s, held for 2 s, and a load of up to 60 % of its weight comes on
at once; half of the parts are crushed by 1.6 to 4 times the force that they need (3 N at least). Force is
the largest that pressed the part after the load came on, over weight and load / (2 friction), which is
compared where that is 2 N and more: the hand closes with 2 N. Dropped: slipped 10 mm. Fixed forces and a
threshold (load / assumed friction 0.3) run on the same trials. Pose: a box held by its end, turned by up to
34°; the centre of pressure against the skin's true one, and the line of the edge against the box's. Picks:
in the UR5e cell with the 2F-85, by script, half of the parts are light and bear 4 to 15 N, half weigh 0.5 to
1 kg with friction 0.2 to 0.35; lifted, swung four times and held; broken: a mean of 20 ms over what the part
bears; dropped: moved 20 mm in the hand. Sum: taxels of one pad against the true force. Tuned on seeds 1000
to 2999. The pads' skin is our own model, see docs/touch.md: nothing here was measured on a sensor.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _touch_grips import GripFigures, force_errors, run_grip_trial, run_pose_trial
from _touch_picks import PickResult, run_pick
from _touch_trials import PADS, WITHIN, SlipFigures, run_slip_trial
from lab_description import load_cell
from lab_description.configuration import find
from lab_description.schema import parse, read_yaml
from lab_description.touch import TouchPads
from lab_evaluation.campaign import wilson

FORCES = (1.0, 5.0, 20.0, 60.0)
METHODS = ("touch", "10", "30", "threshold")
PICK_METHODS = ("touch", "10", "30")
COMPARED = 2.0
"""N: a part that needs less is held by the force with which the hand closes."""
T = TypeVar("T")


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--pads", default="taxels_16x12", help="a name in config/touch, or a path")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--slips", type=int, default=90, help="trials of slip")
    parser.add_argument("--grips", type=int, default=60, help="parts that are lifted, by each method")
    parser.add_argument("--picks", type=int, default=40, help="picks in the cell, by each method")
    parser.add_argument("--cell", default="ur5e_touch", help="of the picks")
    parser.add_argument("--poses", type=int, default=60, help="contacts of which the pose is told")
    options = parser.parse_args()

    console = Console()
    file = find("touch", options.pads)
    pads = parse(TouchPads, read_yaml(file), file, name=file.stem)

    def trials(count: int, what: str, run: Callable[[int], T]) -> list[T]:
        seeds = range(options.first, options.first + count)
        return [run(seed) for seed in track(seeds, description=what, console=console, transient=True)]

    slips = trials(options.slips, "slip", lambda seed: run_slip_trial(seed, pads))
    grips = {
        method: trials(options.grips, f"grip: {method}", lambda seed, m=method: run_grip_trial(seed, pads, m))
        for method in METHODS
    }
    poses = trials(options.poses, "pose", lambda seed: run_pose_trial(seed, pads))
    sums = {
        how: {f"{force:g} N": 100.0 * force_errors(force, pads, how, options.first) for force in FORCES}
        for how in PADS
    }
    cell = load_cell(options.cell)
    picks = {
        method: trials(options.picks, f"pick: {method}", lambda seed, m=method: run_pick(seed, cell, m))
        for method in PICK_METHODS
        if options.picks
    }
    edges = np.array([pose.edge for pose in poses if pose.edge is not None]).reshape(-1, 2)
    report = {
        "benchmark": "touch",
        "protocol": " ".join((__doc__ or "").split("Protocol:")[1].split()),
        "pads": options.pads,
        "first_seed": options.first,
        "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
        "slip": {
            "all": slip_row(slips),
            **{how: slip_row([each for each in slips if each.trial.pads == how]) for how in PADS},
            **{
                event: slip_row([each for each in slips if each.trial.event == event])
                for event in sorted({each.trial.event for each in slips})
            },
            "friction below 0.5": slip_row([each for each in slips if each.trial.part.friction < 0.5]),
            "friction above 0.5": slip_row([each for each in slips if each.trial.part.friction >= 0.5]),
        },
        "cpu_ms_a_sample": percentiles([1e3 * spent for each in slips for spent in each.cpu], 50, 95),
        "grip": {method: grip_row(each) for method, each in grips.items()},
        "picks": {method: pick_row(each) for method, each in picks.items()},
        "friction_error_percent": percentiles(list(friction_errors(slips, grips["touch"])), 50, 95),
        "mass_error_percent": percentiles(
            [100.0 * abs(g.mass[1] / g.mass[0] - 1.0) for g in grips["touch"] if g.mass is not None], 50, 95
        ),
        "pose": {
            "contacts": len(poses),
            "centre_mm": percentiles([1e3 * pose.centre for pose in poses], 50, 95),
            "edges_found": len(edges),
            "edge_deg": percentiles(edges[:, 0].tolist(), 50, 95),
            "edge_mm": percentiles((1e3 * edges[:, 1]).tolist(), 50, 95),
        },
        "sum_error_percent": sums,
    }
    for table in tables(report):
        console.print(table)
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        console.print(f"written to {options.out}")


def slip_row(trials: list[SlipFigures]) -> dict[str, Any]:
    """Detections and false alarms, of touch and of the reference."""
    row: dict[str, Any] = {"trials": len(trials), "slips": sum(each.onset is not None for each in trials)}
    seconds = sum(each.seconds for each in trials)
    for name, alarms in (("touch", lambda t: t.alarms), ("threshold", lambda t: t.simple)):
        found, false, delays = 0, 0, []
        for each in trials:
            near = [
                a - each.onset
                for a in alarms(each)
                if each.onset is not None and abs(a - each.onset) <= WITHIN
            ]
            found += bool(near)
            delays += near[:1]
            false += sum(each.onset is None or alarm < each.onset - WITHIN for alarm in alarms(each))
        row[name] = {
            "detected": found,
            "share_95": wilson(found, row["slips"]) if row["slips"] else None,
            "delay_ms": percentiles([1e3 * delay for delay in delays], 50, 95),
            "false": false,
            "false_in_10_min": 600.0 * false / seconds if seconds else None,
        }
    row["seconds_without_slip"] = seconds
    return row


def grip_row(trials: list[GripFigures]) -> dict[str, Any]:
    """How many were held, and with how much force."""
    fragile = [each for each in trials if np.isfinite(each.trial.crush)]
    held = [each for each in trials if not each.dropped and each.trial.needed >= COMPARED]
    return {
        "parts": len(trials),
        "dropped": sum(each.dropped for each in trials),
        "fragile": len(fragile),
        "crushed": sum(each.crushed for each in fragile),
        "refused": sum(each.refused for each in trials),
        "held_unbroken": sum(not each.dropped and not each.crushed for each in trials),
        "force_over_needed": percentiles([each.force / each.trial.needed for each in held], 50, 95),
        "compared": len(held),
        "slipped_mm": percentiles([1e3 * each.slipped for each in trials if not each.dropped], 50, 95),
    }


def pick_row(trials: list[PickResult]) -> dict[str, Any]:
    """How many were held unbroken, and with how much force."""
    good = sum(each.good for each in trials)
    return {
        "picks": len(trials),
        "good": good,
        "good_95": wilson(good, len(trials)),
        "dropped": sum(not each.held for each in trials),
        "fragile": sum(bool(np.isfinite(each.pick.crush)) for each in trials),
        "broken": sum(each.broken for each in trials),
        "refused": sum(each.refused for each in trials),
        "force_n": percentiles([each.force for each in trials if each.held], 50, 95),
        "moved_mm": percentiles([1e3 * each.moved for each in trials if each.held], 50, 95),
    }


def friction_errors(slips: list[SlipFigures], grips: list[GripFigures]) -> Iterator[float]:
    """Percent, of every trial in which a friction was told."""
    for each in (*slips, *grips):
        if each.friction is not None:
            true, said = each.friction
            yield 100.0 * abs(said / true - 1.0)


def percentiles(values: list[float], *shares: int) -> dict[str, float]:
    """By their names, p50 and so on; empty without values."""
    return {f"p{share}": float(np.percentile(values, share)) for share in shares} if values else {}


def tables(report: dict[str, Any]) -> list[Table]:
    """For a person."""
    slip = Table(title=f"slip, pads {report['pads']}, seeds from {report['first_seed']}")
    for heading in (
        "",
        "slips",
        "detected",
        "delay ms",
        "false in 10 min",
        "threshold: detected",
        "false in 10 min",
    ):
        slip.add_column(heading, justify="left" if not heading else "right")
    for name, row in report["slip"].items():
        touch, simple = row["touch"], row["threshold"]
        slip.add_row(
            name,
            f"{row['slips']} of {row['trials']}",
            str(touch["detected"]),
            _both(touch["delay_ms"], 0),
            _number(touch["false_in_10_min"], 1),
            str(simple["detected"]),
            _number(simple["false_in_10_min"], 1),
        )
    grip = Table(title="grip")
    for heading in ("", "parts", "dropped", "crushed", "held unbroken", "force over needed", "slipped mm"):
        grip.add_column(heading, justify="left" if not heading else "right")
    for name, row in report["grip"].items():
        grip.add_row(
            f"{name} N" if name.isdigit() else name,
            str(row["parts"]),
            str(row["dropped"]),
            f"{row['crushed']} of {row['fragile']}",
            str(row["held_unbroken"]),
            _both(row["force_over_needed"], 2),
            _both(row["slipped_mm"], 2),
        )
    pick = Table(title="picks in the cell")
    for heading in ("", "picks", "held unbroken", "dropped", "broken", "force N", "moved mm"):
        pick.add_column(heading, justify="left" if not heading else "right")
    for name, row in report["picks"].items():
        pick.add_row(
            f"{name} N" if name.isdigit() else name,
            str(row["picks"]),
            str(row["good"]),
            str(row["dropped"]),
            f"{row['broken']} of {row['fragile']}",
            _both(row["force_n"], 1),
            _both(row["moved_mm"], 2),
        )
    rest = Table(title="what touch tells (median / 95 %)")
    rest.add_column("")
    rest.add_column("", justify="right")
    pose = report["pose"]
    for words, value in {
        "friction, error %": _both(report["friction_error_percent"], 1),
        "mass, error %": _both(report["mass_error_percent"], 1),
        "centre of pressure, mm": _both(pose["centre_mm"], 2),
        f"edge, degrees ({pose['edges_found']} of {pose['contacts']} found)": _both(pose["edge_deg"], 1),
        "edge, mm": _both(pose["edge_mm"], 2),
        "processor time of a sample of a pad, ms": _both(report["cpu_ms_a_sample"], 2),
        **{
            f"sum of a pad, error %, {how} pads": ", ".join(f"{n}: {e:.1f}" for n, e in errors.items())
            for how, errors in report["sum_error_percent"].items()
        },
    }.items():
        rest.add_row(words, value)
    return [slip, grip, pick, rest]


def _both(values: dict[str, float], digits: int) -> str:
    return " / ".join(f"{value:.{digits}f}" for value in values.values()) or "–"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
