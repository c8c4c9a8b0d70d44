"""A trajectory that is slowed down, sped up or stopped while the arm follows it, without leaving its path.

The planned time runs at a rate of the clock: 1 as planned, 0 at rest. From one rate to another it goes
evenly, so that no joint brakes harder than it may. All positions stay those of the checked path. Source:
O. Dahl, L. Nielsen, "Torque-limited path following by online trajectory time scaling", IEEE T-RA 1990 (there
within limits of torque).
"""

from __future__ import annotations

import numpy as np

from lab_core.geometry import FloatArray
from lab_motion.planning.polynomials import hermite
from lab_motion.planning.port import Trajectory

# Samples of a change of rate, and planned seconds between two afterwards.
_RAMP_SAMPLES = 10
_PERIOD = 0.02
# Planned seconds by which an arm may be late.
LATE = 0.3
# By which it may be ahead, and a change of pace may take; and how finely it is looked for.
_AHEAD, _RESOLUTION = 0.3, 0.005
# An arm further than this from its path is not on it, radians (metres).
_ON_PATH = 0.05


class Paced:
    """Where the arm is to be on its trajectory, when the rate changes on the way.

    A clock is in seconds since the motion began.
    """

    def __init__(self, trajectory: Trajectory, rate: float, deceleration: FloatArray) -> None:
        """rate: above 0, to begin with. deceleration: (J,) at most while the rate changes, rad/s²."""
        self.trajectory = trajectory
        self.rate = rate
        self._deceleration = deceleration
        self._path = hermite(trajectory.time, trajectory.positions, trajectory.velocities)
        # the piece under way: planned time, clock, rate at its beginning, and how long its rate changes
        self._planned, self._clock, self._from, self._ramp = 0.0, 0.0, rate, 0.0

    def start(self) -> Trajectory:
        """What to send first."""
        if self.rate == 1.0:
            return self.trajectory
        t = self.trajectory
        r = self.rate
        return Trajectory(t.names, t.time / r, t.positions, r * t.velocities, r * r * t.accelerations)

    def planned(self, clock: float) -> float:
        """Planned time at which the arm is to be, 0 to the trajectory's duration."""
        return float(np.clip(self._planned + self._run(clock - self._clock), 0.0, self.trajectory.duration))

    def due(self, clock: float) -> FloatArray:
        """Positions (J,) at which the arm is to be."""
        return self._path(self.planned(clock))

    def align(self, clock: float, positions: FloatArray, late: float = LATE) -> bool:
        """Take measured positions (J,) for where the arm is; False when that is not on the path.

        late: by how many planned seconds it may be, infinite for one that its own controller slows down.
        """
        expected = self.planned(clock)
        first, last = max(expected - late, 0.0), min(expected + _AHEAD, self.trajectory.duration)
        times = np.append(np.arange(first, last, _RESOLUTION), last)
        # of a standing arm every time is as good: the least surprising one is taken
        distance = np.abs(self._path(times) - positions).max(axis=1) + 1e-4 * np.abs(times - expected)
        best = int(np.argmin(distance))
        if not distance[best] < _ON_PATH:
            return False
        self._planned = float(times[best]) - self._run(clock - self._clock)
        return True

    def change(self, clock: float, rate: float, share: float = 1.0) -> Trajectory:
        """Go over to another rate at a time of the clock; what to send: its time 0 is that time.

        share: of the deceleration, 0..1.
        """
        begin, before = self.planned(clock), self.rate
        duration = self.trajectory.duration
        ahead, ramp = _AHEAD, 0.0
        for _ in range(3):  # a shorter change meets less of the path, whose fastest joint gives its length
            window = np.clip(np.linspace(begin, begin + ahead, 16), 0.0, duration)
            fastest = np.abs(self._path(window, 1)).max(axis=0)
            ramp = max(float((abs(rate - before) * fastest / (share * self._deceleration)).max()), _PERIOD)
            ahead = min(ahead, 0.5 * (before + rate) * ramp)
        self._planned, self._clock, self._from, self._ramp = begin, clock, before, ramp
        self.rate = rate
        times = np.linspace(0.0, ramp, _RAMP_SAMPLES + 1)
        rates = before + (rate - before) * times / ramp
        reached = begin + self._run(ramp)
        if rate > 0.0 and reached < duration:
            rest = np.linspace(reached, duration, max(2, int(np.ceil((duration - reached) / _PERIOD)) + 1))[
                1:
            ]
            times = np.concatenate([times, ramp + (rest - reached) / rate])
            rates = np.concatenate([rates, np.full(len(rest), rate)])
        planned = begin + np.array([self._run(time) for time in times])
        on = np.minimum(planned, duration)
        positions = self._path(on)
        velocities = self._path(on, 1) * rates[:, None] * (planned <= duration)[:, None]
        velocities[-1] = 0.0
        return Trajectory(
            self.trajectory.names, times, positions, velocities, np.gradient(velocities, times, axis=0)
        )

    def _run(self, seconds: float) -> float:
        """Planned time that goes by in the first seconds of the piece under way."""
        if self._ramp == 0.0 or seconds <= 0.0:
            return self._from * seconds
        changing = min(seconds, self._ramp)
        change = (self.rate - self._from) * changing**2 / (2.0 * self._ramp)
        return self._from * changing + change + self.rate * (seconds - changing)
