"""Rounds side by side, and what they say together."""

import os
import signal
from pathlib import Path

import pytest
from dask.distributed import Client, LocalCluster

from lab_evaluation import campaign
from lab_evaluation.campaign import figures, run_rounds, wilson
from lab_evaluation.rounds import Attempt, Round, Task


def attempt(ending, claimed, truth):
    return Attempt(ending, "part_1", ("box",) if truth else (), claimed, truth, 0.5, 30.0, 50.0)


def test_figures_count_attempts_parts_and_wrong_judgements():
    rounds = [
        Round(0, 5, 5, "clear", tuple(attempt("removed", True, True) for _ in range(5))),
        Round(
            1,
            5,
            1,
            "two failures in a row",
            (
                attempt("removed", False, True),
                attempt("closed on nothing", True, False),
                attempt("touched a part on the way in", False, False),
            ),
        ),
    ]
    result = figures(rounds)
    assert (result["attempts"], result["successes"]) == (8, 6)
    assert (result["presented"], result["removed"]) == (10, 6)
    assert (result["gsr"], result["dr"]) == (0.75, 0.6)
    assert result["failures"] == {"closed on nothing": 1, "touched a part on the way in": 1}
    assert result["verification"]["false_success"] == 1
    assert result["verification"]["false_failure"] == 1


def test_figures_of_no_attempt_are_zero_and_nothing_is_known():
    result = figures([Round(0, 5, 0, "NO_OBJECT", ())])
    assert (result["gsr"], result["dr"]) == (0.0, 0.0)
    assert result["gsr_ci95"] == (0.0, 1.0)


def test_the_interval_is_wilsons():
    low, high = wilson(90, 100)
    assert low == pytest.approx(0.8256, abs=1e-4)
    assert high == pytest.approx(0.9448, abs=1e-4)


def test_a_round_that_is_lost_counts_nowhere_and_is_told():
    played = Round(0, 5, 4, "two failures in a row", tuple(attempt("removed", True, True) for _ in range(4)))
    result = figures([played, Round.not_played(1, "5 parts do not fit")])
    assert (result["rounds"], result["presented"], result["removed"]) == (1, 5, 4)
    assert (result["gsr"], result["dr"]) == (1.0, 0.8)
    assert result["rounds_lost"] == {1: "5 parts do not fit"}
    assert result["ended"] == {"two failures in a row": 1}


def deadly_round(task, seed):
    if seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return Round(seed, 5, 5, "clear", ())


def test_a_round_that_kills_each_worker_is_lost_alone(monkeypatch):
    monkeypatch.setattr(campaign, "play", deadly_round)
    monkeypatch.setattr(campaign, "LOST_WORKERS", 1)
    rounds = run_rounds(Task(), range(3), workers=1)
    assert [bool(one.lost) for one in rounds] == [False, True, False]
    assert "ended the process that played it 2 times" in rounds[1].lost


def slow_round(task, seed):
    """A round that takes until its worker has been killed once."""
    marker = Path(os.environ["LAB_TEST_MARKER"])
    if seed == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Round(seed, 5, 5, "clear", ())


def test_a_killed_worker_loses_no_round(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_TEST_MARKER", str(tmp_path / "killed"))
    monkeypatch.setattr(campaign, "play", slow_round)
    ended = []
    rounds = run_rounds(Task(), range(4), workers=2, done=lambda one: ended.append(one.seed))
    assert (tmp_path / "killed").exists()
    assert [one.seed for one in rounds] == [0, 1, 2, 3]
    assert sorted(ended) == [0, 1, 2, 3]


def test_a_cluster_is_used_where_one_is_named(monkeypatch):
    monkeypatch.setattr(campaign, "play", lambda task, seed: Round(seed, 1, 1, "clear", ()))
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster),
    ):
        rounds = run_rounds(Task(), [7, 8], scheduler=cluster.scheduler_address)
    assert [one.seed for one in rounds] == [7, 8]
