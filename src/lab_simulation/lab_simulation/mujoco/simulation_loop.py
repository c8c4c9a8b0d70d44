"""The thread that owns the simulation: keeps pace with the wall clock, does what others ask for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import TypeVar

from lab_simulation.errors import SimulationError
from lab_simulation.mujoco.simulation import Simulation
from lab_simulation.mujoco.world import TIMESTEP

T = TypeVar("T")

STEPS_PER_TICK = 4
TICK = STEPS_PER_TICK * TIMESTEP
"""Simulated seconds from one publication to the next: 125 Hz."""

LARGEST_LAG = 1.0
"""Wall seconds. What a stall costs more than this is never made up: simulated time is late then, for good."""
SPRINT = 1.6
"""Times the wanted speed at which a lag is made up: a node's delays count that much more meanwhile."""


class LoopState(Enum):
    """As in simulation_interfaces."""

    STOPPED = "stopped"
    PLAYING = "playing"
    PAUSED = "paused"


class SimulationLoop:
    """Runs a simulation in a thread of its own.

    `on_tick(simulation)` is called in that thread after every tick of simulated time, `on_error(error)` when
    the physics blew up; it is paused then.
    """

    def __init__(
        self,
        make: Callable[[], Simulation],
        speed: float,
        on_tick: Callable[[Simulation], None],
        on_error: Callable[[SimulationError], None],
    ) -> None:
        """speed: simulated seconds a wall second; 0 is as fast as it can."""
        self._make = make
        self._speed = speed
        self._on_tick = on_tick
        self._on_error = on_error
        self._work: queue.SimpleQueue[Callable[[Simulation], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="simulation", daemon=True)
        self._made: Future[None] = Future()
        self._state = LoopState.STOPPED
        self._resumed = False
        self._measured = (time.monotonic(), 0.0)
        self._simulated = 0.0

    def start(self) -> None:
        """Make the simulation; it stands at time 0 until `play`.

        Raises what making it raises.
        """
        self._thread.start()
        self._made.result()

    def close(self) -> None:
        """End the thread; work that is still asked for is not done."""
        self._work.put(None)
        self._thread.join()

    @property
    def state(self) -> LoopState:
        """Of the simulation."""
        return self._state

    def set_state(self, state: LoopState) -> Future[None]:
        """Play, pause, or stop: pause and go back to time 0."""

        def change(simulation: Simulation) -> None:
            if state is LoopState.STOPPED:
                simulation.reset()
                self._on_tick(simulation)
            self._resumed = True
            self._state = state

        return self.ask(change)

    def advance(self, steps: int) -> Future[None]:
        """Go on by time steps, as fast as it can; meant for a paused simulation."""
        return self.ask(lambda simulation: self._advance(simulation, steps))

    def ask(self, work: Callable[[Simulation], T]) -> Future[T]:
        """Have something done between two ticks, in the simulation's thread."""
        future: Future[T] = Future()

        def do(simulation: Simulation) -> None:
            try:
                result = work(simulation)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._work.put(do)
        return future

    def real_time_factor(self) -> float:
        """Simulated seconds a wall second since the last call."""
        now, simulated = time.monotonic(), self._simulated
        then, before = self._measured
        self._measured = (now, simulated)
        return (simulated - before) / max(now - then, 1e-6)

    def _run(self) -> None:
        try:
            simulation = self._make()
        except BaseException as error:
            self._made.set_exception(error)
            return
        self._made.set_result(None)
        try:
            self._loop(simulation)
        finally:
            simulation.close()

    def _loop(self, simulation: Simulation) -> None:
        due = time.monotonic()
        while True:
            playing = self._state is LoopState.PLAYING
            try:
                work = self._work.get(block=not playing) if not playing else self._work.get_nowait()
            except queue.Empty:
                pass
            else:
                if work is None:
                    return
                work(simulation)
                continue
            if self._resumed:
                due, self._resumed = time.monotonic(), False
            try:
                began = time.monotonic()
                self._advance(simulation, STEPS_PER_TICK)
            except SimulationError as error:
                self._state = LoopState.PAUSED
                self._on_error(error)
                continue
            due = self._keep_pace(due, began)

    def _advance(self, simulation: Simulation, steps: int) -> None:
        while steps > 0:
            batch = min(steps, STEPS_PER_TICK - simulation.steps % STEPS_PER_TICK)
            simulation.step(batch)
            self._simulated += batch * TIMESTEP
            steps -= batch
            if simulation.steps % STEPS_PER_TICK == 0:
                self._on_tick(simulation)

    def _keep_pace(self, due: float, began: float) -> float:
        """Wait until the tick that began at a wall time may end; returns when the next one is due to end."""
        if self._speed == 0.0:
            return due
        period = TICK / self._speed
        due += period
        now = time.monotonic()
        earliest = max(due, began + period / SPRINT)
        if earliest > now:
            time.sleep(earliest - now)
        return max(due, now - LARGEST_LAG)
