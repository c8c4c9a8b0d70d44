"""Joint positions at the time of an image, from a stream of joint states."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from lab_perception.errors import NoJointState

SECOND = 1_000_000_000


class JointHistory:
    """Keeps the last joint states."""

    def __init__(self, joints: Sequence[str], max_gap: float = 0.2, length: int = 512) -> None:
        """joints: names that are asked for. max_gap: seconds that a state may be away from the time asked
        for.
        """
        self._joints = tuple(joints)
        self._max_gap = round(max_gap * SECOND)
        self._states: deque[tuple[int, Sequence[str], Sequence[float]]] = deque(maxlen=length)

    def record(self, stamp: int, names: Sequence[str], positions: Sequence[float]) -> None:
        """Takes one joint state, stamp in nanoseconds. Time that runs backwards forgets what was.

        positions: one for each name, or none, of a state that tells velocities or efforts alone.
        """
        if len(positions) == 0:
            return
        if self._states and stamp < self._states[-1][0] - self._max_gap:
            self._states.clear()
        self._states.append((stamp, names, positions))

    def covers(self, stamp: int) -> bool:
        """Whether a state at or after the stamp has come."""
        return bool(self._states) and self._states[-1][0] >= stamp

    def at(self, stamp: int) -> dict[str, float]:
        """Positions of the joints at a time, interpolated between the states around it.

        Raises NoJointState when a joint has no state near that time.
        """
        return {joint: self._interpolate(joint, stamp) for joint in self._joints}

    def _interpolate(self, joint: str, stamp: int) -> float:
        before: tuple[int, float] | None = None
        after: tuple[int, float] | None = None
        for time, names, positions in reversed(self._states):
            if joint not in names:
                continue
            sample = (time, float(positions[names.index(joint)]))
            if time >= stamp:
                after = sample
            else:
                before = sample
                break
        near = [s for s in (before, after) if s is not None and abs(s[0] - stamp) <= self._max_gap]
        if not near:
            raise NoJointState(joint, self._max_gap / SECOND)
        if len(near) == 1 or near[0][0] == near[1][0]:
            return near[0][1]
        (t0, q0), (t1, q1) = near
        return q0 + (q1 - q0) * (stamp - t0) / (t1 - t0)
