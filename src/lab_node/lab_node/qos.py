"""The ways in which the stack's topics are sent, for rclpy; lab_node.qos_profiles says what each is for."""

from rclpy.duration import Duration
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)

from lab_node.qos_profiles import PROFILES, Profile


def qos_of(profile: Profile) -> QoSProfile:
    """A profile as rclpy wants it."""
    reliability, durability = QoSReliabilityPolicy, QoSDurabilityPolicy
    made = QoSProfile(
        depth=profile.depth,
        history=QoSHistoryPolicy.KEEP_LAST,
        reliability=reliability.RELIABLE if profile.reliable else reliability.BEST_EFFORT,
        durability=durability.TRANSIENT_LOCAL if profile.latched else durability.VOLATILE,
    )
    if profile.lease is not None:
        made.liveliness = QoSLivelinessPolicy.AUTOMATIC
        made.liveliness_lease_duration = Duration(seconds=profile.lease)
    return made


SENSOR, RELIABLE, LATCHED, HISTORY, ALIVE, WATCHED = (
    qos_of(PROFILES[name]) for name in ("sensor", "reliable", "latched", "history", "alive", "watched")
)
