"""The stop key of `./lab watch` beside a cell that moves: how soon the arm stands, by the wall."""

from __future__ import annotations

import random
import time

from lab_interfaces.action import MoveTo
from rclpy.time import Time

from _cell_run import ROOT, STILL, CellClient, wall_wait
from _fuzz_programs import Started, command, started
from lab_evaluation.fuzzing.findings import Verdict, Wrong
from lab_node.actions import wait_for

LIMIT = 0.35
"""Seconds of the wall."""
WAIT = 30.0
# An arm that stands for so long stands for good, wall seconds.
_STANDS = 0.3
_AROUND = ("", "x", "xx1", "r", "\x1b[A", "ä", "q q", "order" * 20)


def press(client: CellClient, presses: int, seed: int, seconds: list[float]) -> None:
    """Adds to the seconds for each press. Raises Wrong when one does not stop the arm."""
    chance = random.Random(seed)
    with started(command("watch", []), cwd=ROOT, columns=120) as watch:
        if not wall_wait(lambda: "s: stop" in watch.said(), WAIT):
            raise Wrong(f"lab watch does not find the cell: {watch.said()[-300:]}", Verdict.OTHER)
        for number in range(presses):
            target = ("stow", "home")[number % 2]
            burst = chance.choice(_AROUND) + chance.choice("sS") + chance.choice(_AROUND)
            seconds.append(_press(client, watch, target, burst))


def _press(client: CellClient, watch: Started, target: str, burst: str) -> float:
    """Move, press in the middle of it, and see when the arm stands; then reset and look anew."""
    handle = client.send("/move_to", MoveTo.Goal(configuration=target))
    result = handle.get_result_async()
    wall_wait(lambda: _speed(client) > 10 * STILL or result.done(), WAIT)
    pressed = stood = time.monotonic()
    watch.type(burst)
    while time.monotonic() - stood < _STANDS:
        client.joints.wait_for_newer(Time(nanoseconds=client.time() + 1), WAIT)
        watch.said()
        if _speed(client) > STILL:
            stood = time.monotonic()
        if stood - pressed > WAIT:
            raise Wrong(f"{burst!r} did not stop the arm", Verdict.MOTION)
    outcome = wait_for(result, WAIT, "move_to").result.outcome
    wall_wait(client.may_be_reset, WAIT)
    since = Time(nanoseconds=client.time())
    client.scene.wait_for_newer(since, WAIT)
    if outcome.message and "stop" not in outcome.message:
        raise Wrong(f"{burst!r} in a motion ended it with: {outcome.message}", Verdict.OTHER)
    return stood - pressed


def _speed(client: CellClient) -> float:
    return client.speeds[-1][1] if client.speeds else 0.0
