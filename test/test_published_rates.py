"""A published rate is a share of what lay there by the simulator's truth, not of what perception counted."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from pick_and_place import pooled


def run(counted, claimed, presented, placed):
    truth = None if presented is None else {"presented": presented, "placed": placed}
    return {
        "presented": counted if presented is None else presented,
        "placed": claimed if presented is None else placed,
        "books": {"presented": counted, "placed": claimed},
        "truth": truth,
        "attempts": claimed, "successes": claimed, "sim_seconds": 60.0, "wall_seconds": 60.0,
        "outcomes": {}, "left": [], "outcome": "SUCCESS", "latency_ms": {}, "peak_memory_mb": 1,
        "first_grasp_wall_seconds": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "placed", "presented", "false"),
    [
        ([run(10, 8, 8, 8)], 8, 8, 0),  # two parts were counted twice: not 8 of 10
        ([run(9, 9, 10, 10)], 10, 10, 0),  # two were counted as one: not 10 of 9, 111 %
        (
            [run(8, 8, 8, 7), run(8, 7, 8, 8)],
            15,
            16,
            1,
        ),  # one's false success is not the other's to make good
        ([run(8, 8, None, None), run(8, 8, 8, 8)], 8, 16, 0),  # nobody confirmed the first
        ([run(0, 0, None, None)], 0, 8, 0),  # a cell that did not start has placed nothing of eight
    ],
)
def test_pick_and_place(runs, placed, presented, false):
    total = pooled(runs, asked=8)
    assert (total["placed"], total["presented"]) == (placed, presented)
    assert total["placed_share"] == placed / presented <= 1.0
    assert total["false_successes"] == false
    assert total["picks_per_hour"] == pytest.approx(60.0 * placed / len(runs))
