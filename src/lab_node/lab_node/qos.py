"""The four ways in which the stack's topics are sent."""

from rclpy.qos import QoSDurabilityPolicy, QoSHistoryPolicy, QoSProfile, QoSReliabilityPolicy

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
