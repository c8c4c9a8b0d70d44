"""Many rounds side by side, on the cores of this machine or on a cluster, and what they say together."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
import numpy as np
from dask.distributed import Client, KilledWorker, LocalCluster, as_completed

from lab_evaluation.rounds import Round, Task, play

Z95 = 1.959964
LOST_WORKERS = 5
"""How often a round begins again because its worker died, until that is taken for the round's own fault."""


def run_rounds(
    task: Task,
    seeds: Sequence[int],
    *,
    workers: int = 1,
    scheduler: str | None = None,
    done: Callable[[Round], None] = lambda _: None,
) -> list[Round]:
    """The rounds of all seeds, in their order, whatever the number of workers.

    scheduler: address of a Dask scheduler whose workers have this workspace's environment; without it,
    `workers` processes of this machine. done: called with each round as it ends. A worker that dies loses no
    round, and a round that is lost no other.
    """
    rounds: dict[int, Round] = {}
    with _client(workers, scheduler) as client:
        futures = {client.submit(play, task, seed, pure=False, retries=1): seed for seed in seeds}
        for future in as_completed(futures):
            try:
                result = future.result()
            except KilledWorker:
                result = Round.not_played(
                    futures[future], f"it ended the process that played it {LOST_WORKERS + 1} times"
                )
            rounds[result.seed] = result
            done(result)
    return [rounds[seed] for seed in seeds]


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Client]:
    with ExitStack() as stack:
        settings = {
            "distributed.scheduler.allowed-failures": LOST_WORKERS,
            # no round waits at a worker: Dask would blame it too when another one ends that worker
            "distributed.scheduler.worker-saturation": 1.0,
        }
        stack.enter_context(dask.config.set(settings))
        cluster = scheduler or stack.enter_context(
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=0,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.ERROR,
            )
        )
        yield stack.enter_context(Client(cluster))


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a share (E. B. Wilson, 1927)."""
    if trials == 0:
        return 0.0, 1.0
    share, z = successes / trials, Z95
    centre = share + z * z / (2 * trials)
    half = z * np.sqrt(share * (1.0 - share) / trials + z * z / (4 * trials * trials))
    scale = 1.0 + z * z / trials
    return float((centre - half) / scale), float((centre + half) / scale)


def figures(rounds: Sequence[Round]) -> dict[str, Any]:
    """Figures over all rounds played: GSR = successes / attempts, DR = removed / presented, with 95 %
    intervals.

    Presented is what the simulator has on the table, removed what it has in the hand in the end.
    """
    lost = {one.seed: one.lost for one in rounds if one.lost}
    rounds = [one for one in rounds if not one.lost]
    attempts = [attempt for one in rounds for attempt in one.attempts]
    successes = sum(one.successes for one in rounds)
    presented = sum(one.presented for one in rounds)
    removed = sum(one.removed for one in rounds)
    claimed = [attempt.claimed for attempt in attempts]
    truth = [attempt.truth for attempt in attempts]
    false_success = sum(says and not is_so for says, is_so in zip(claimed, truth, strict=True))
    false_failure = sum(is_so and not says for says, is_so in zip(claimed, truth, strict=True))
    return {
        "rounds": len(rounds),
        "rounds_lost": lost,
        "attempts": len(attempts),
        "successes": successes,
        "presented": presented,
        "removed": removed,
        "gsr": successes / len(attempts) if attempts else 0.0,
        "dr": removed / presented if presented else 0.0,
        "gsr_ci95": wilson(successes, len(attempts)),
        "dr_ci95": wilson(removed, presented),
        "plan_ms": _percentiles([attempt.plan_ms for attempt in attempts]),
        "perceive_ms": _percentiles([attempt.perceive_ms for attempt in attempts]),
        "failures": dict(Counter(a.ending for a in attempts if a.ending != "removed").most_common()),
        "ended": dict(Counter(one.ended for one in rounds).most_common()),
        "verification": {
            "false_success": false_success,
            "false_failure": false_failure,
            "false_success_share": false_success / len(attempts) if attempts else 0.0,
            "false_failure_share": false_failure / len(attempts) if attempts else 0.0,
        },
    }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    array = np.array(values or [0.0])
    return {
        "p50": round(float(np.percentile(array, 50)), 1),
        "p95": round(float(np.percentile(array, 95)), 1),
    }
