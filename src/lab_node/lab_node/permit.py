"""Whether the cell may move: what the stop node says, and that it goes on saying it."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab_interfaces.msg import StopState
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.event_handler import QoSLivelinessChangedInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.time import Time

from lab_core.errors import LabError, StaleInputError, StoppedError
from lab_node.freshness import Silence
from lab_node.qos import WATCHED

STOP_STATE = "cell/stop_state"
# Wall seconds after which one that gives no sign of life counts as dead, from when it came or gave its last:
# twice the longest time that a sign may be late on a busy machine.
SETTLES = 2.0


class Voices:
    """Hears what is said on the stop node's topic, and knows how many say it.

    Anyone can publish what the stop node publishes, and its messages do not tell of whom they are. What
    discovery shows is too much: a process that was killed stays in it for 20 s. So those are counted that
    give the middleware signs of life. Who promises none is not heard here, and is counted for as long as
    discovery shows it. One for a process: Fast DDS does not tell a second one of every life.
    """

    def __init__(self, node: Node, take: Callable[[StopState], None]) -> None:
        """take: called with each word."""
        self._node = node
        self._alive = 0
        # how many they were before one fell silent, and until when it still counts
        self._before, self._until = 0, 0.0
        self._known: frozenset[bytes] = frozenset()
        self._came = time.monotonic()
        node.create_subscription(
            StopState,
            STOP_STATE,
            take,
            WATCHED,
            # of its own: where others work in the node's group, a sign of life would wait for seconds
            callback_group=MutuallyExclusiveCallbackGroup(),
            event_callbacks=SubscriptionEventCallbacks(liveliness=self._take_liveliness),
        )

    def trouble(self) -> str:
        """Why nobody is believed who says that the cell may move, one sentence; empty while one says it."""
        topic = self._node.resolve_topic_name(STOP_STATE)
        # asked at every word: the cheap question first
        if self._node.count_publishers(topic) < 2:
            self._known = frozenset()
            return ""
        found = self._node.get_publishers_info_by_topic(topic)
        known = frozenset(bytes(each.endpoint_gid) for each in found)
        now = time.monotonic()
        if known - self._known:
            self._came = now
        self._known = known
        voices = len(found)
        if now - self._came >= SETTLES:
            alive = max(self._alive, self._before) if now < self._until else self._alive
            # none for so long: it is the middleware here that is late, for a word has just come
            if alive > 0:
                voices = alive + sum(not _heard(each.qos_profile) for each in found)
        if voices < 2:
            return ""
        return f"{voices} publishers say on {topic} whether the cell may move: end all but the stop node"

    def _take_liveliness(self, event: QoSLivelinessChangedInfo) -> None:
        now = time.monotonic()
        if event.alive_count < self._alive:
            self._before = max(self._alive, self._before) if now < self._until else self._alive
            self._until = now + SETTLES
        self._alive = event.alive_count


def _heard(offered: QoSProfile) -> bool:
    """Whether a publisher is heard with WATCHED: then the middleware tells also when it has died."""
    return bool(qos_check_compatible(offered, WATCHED)[0] == QoSCompatibility.OK)


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
        self._voices = Voices(node, self._take)

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
        if not state.stopped and (reason := self._voices.trouble()):
            state = StopState(header=state.header, stopped=True, reason=reason, stops=state.stops)
        if before is not None and not state.stopped and (before.stopped or before.stops != state.stops):
            self.freed = self._node.get_clock().now()
        self._silence.hear()
        self._state = state
