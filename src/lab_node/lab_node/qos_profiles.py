"""The ways in which the stack's topics are sent, by name; no ROS. lab_node.qos has them for rclpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """depth: messages that are kept. latched: who joins late gets them too. lease: seconds without a sign of
    life after which the middleware tells that the publisher has died; None: it does not.
    """

    depth: int
    reliable: bool = True
    latched: bool = False
    lease: float | None = None

    def serves(self, wanted: Profile) -> bool:
        """Whether a subscriber that asks for `wanted` hears a publisher that offers this."""
        return (self.reliable or not wanted.reliable) and (self.latched or not wanted.latched)


PROFILES: Mapping[str, Profile] = {
    # images and other streams: the newest counts, a lost one is not sent again
    "sensor": Profile(5, reliable=False),
    # results and commands: every one counts
    "reliable": Profile(10),
    # state: who joins late gets the newest
    "latched": Profile(1, latched=True),
    # records: who joins late gets all of them
    "history": Profile(1000, latched=True),
    # latched, and the middleware tells who listens with `watched` when the process that publishes with
    # `alive` has died; signs of life come every 0.4 s, so that a busy machine may lose or delay one
    "alive": Profile(1, latched=True, lease=0.6),
    "watched": Profile(1, latched=True, lease=1.0),
}
