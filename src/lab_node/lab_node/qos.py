"""The ways in which the stack's topics are sent."""

from rclpy.duration import Duration
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)

# images and other streams: the newest counts, a lost one is not sent again
SENSOR = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.BEST_EFFORT)
# results and commands: every one counts
RELIABLE = QoSProfile(depth=10)
# state: who joins late gets the newest
LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
# records: who joins late gets all of them
HISTORY = QoSProfile(
    depth=1000,
    history=QoSHistoryPolicy.KEEP_LAST,
    durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
)


def _alive(lease: float) -> QoSProfile:
    return QoSProfile(
        depth=1,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
        liveliness=QoSLivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Duration(seconds=lease),
    )


# latched, and the middleware tells who listens with WATCHED when the process that publishes with ALIVE has
# died; signs of life come every 0.4 s, so that a busy machine may lose or delay one
ALIVE, WATCHED = _alive(0.6), _alive(1.0)
