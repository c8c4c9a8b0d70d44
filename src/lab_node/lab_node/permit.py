"""Whether the cell may move: what the stop node says, and that it goes on saying it."""

from __future__ import annotations

from lab_interfaces.msg import StopState
from rclpy.node import Node
from rclpy.time import Time

from lab_core.errors import LabError, StaleInputError, StoppedError
from lab_node.freshness import Silence
from lab_node.qos import LATCHED

STOP_STATE = "cell/stop_state"


def second_voice(node: Node) -> str:
    """Why nobody is believed who says that the cell may move, one sentence; empty while one node says it.

    Anyone can publish what the stop node publishes, and its messages do not tell of whom they are.
    """
    voices = node.count_publishers(STOP_STATE)
    if voices < 2:
        return ""
    topic = node.resolve_topic_name(STOP_STATE)
    return f"{voices} publishers say on {topic} whether the cell may move: end all but the stop node"


class Permit:
    """Listens to the stop node. Silence forbids as much as a stop does, and so does a second voice."""

    def __init__(self, node: Node, max_age: float) -> None:
        """max_age: seconds of Silence without a word from the stop node."""
        self._node = node
        self._topic = node.resolve_topic_name(STOP_STATE)
        self._max_age = max_age
        self._state: StopState | None = None
        self._silence = Silence(node)
        self.freed = Time(clock_type=node.get_clock().clock_type)
        """When the last stop was reset, by the node's clock; zero before the first."""
        node.create_subscription(StopState, STOP_STATE, self._take, LATCHED)

    @property
    def stops(self) -> int | None:
        """How many stops there were by the stop node's count; None before its first word."""
        return None if self._state is None else int(self._state.stops)

    @property
    def speed(self) -> float:
        """Share of the planned speed that is allowed, 0..1."""
        return 1.0 if self._state is None else min(max(float(self._state.speed), 0.0), 1.0)

    def stopped(self) -> StoppedError | None:
        """The stop that is in force."""
        state = self._state
        return StoppedError(state.reason) if state is not None and state.stopped else None

    def stopped_since(self, stops: int | None) -> StoppedError | None:
        """The stop that is in force, or one that came and went since the count was `stops`.

        A count that has gone back is that of a stop node that was started anew: what came in between, nobody
        knows. None, when nothing had been heard, is no count.
        """
        now = self.stops
        if (stopped := self.stopped()) is not None or stops is None or now is None or now == stops:
            return stopped
        if now < stops:
            return StoppedError("the stop node was started anew meanwhile: a stop may have been missed")
        return StoppedError("the cell was stopped meanwhile, and is reset already")

    def refusal(self) -> LabError | None:
        """Why nothing may move; None when the cell may."""
        if self._state is None:
            return StaleInputError(f"nothing has come on {self._topic} yet: is the stop node active?")
        silence = self._silence.seconds
        if silence > self._max_age:
            return StaleInputError(
                f"the stop node has said nothing on {self._topic} for {silence:.2f} s,"
                f" the limit is {self._max_age:.2f} s: does it run?"
            )
        return self.stopped()

    def require(self) -> None:
        """Raises StoppedError or StaleInputError when nothing may move."""
        error = self.refusal()
        if error is not None:
            raise error

    def _take(self, state: StopState) -> None:
        before = self._state
        if not state.stopped and (reason := second_voice(self._node)):
            state = StopState(header=state.header, stopped=True, reason=reason, stops=state.stops)
        if before is not None and not state.stopped and (before.stopped or before.stops != state.stops):
            self.freed = self._node.get_clock().now()
        self._silence.hear()
        self._state = state
