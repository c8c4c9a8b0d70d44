"""The closed list of outcome codes, for code that knows no ROS. Mirrors lab_interfaces/msg/Outcome.msg."""

from enum import IntEnum


class OutcomeCode(IntEnum):
    """How something ended; the lower of two codes is reported first."""

    SUCCESS = 0
    CANCELLED = 1
    STOPPED = 2
    INVALID_REQUEST = 10
    STALE_INPUT = 11
    TIMEOUT = 12
    UNAVAILABLE = 13
    INTERNAL_ERROR = 19

    CAMERA_SILENT = 100
    NO_DEPTH = 101
    NO_SUPPORT = 102
    NO_OBJECT = 103
    OBJECT_UNKNOWN = 104
    OBJECT_OUT_OF_VIEW = 105
    NO_COLOUR = 106
    CAMERA_MOVED = 107

    TOO_FEW_POINTS = 200
    OBJECT_TOO_WIDE = 201
    NO_GRASP_FOUND = 202

    START_IN_COLLISION = 300
    OUT_OF_REACH = 301
    GOAL_IN_COLLISION = 302
    NO_PATH = 303
    PATH_NOT_STRAIGHT = 304
    LIMITS_EXCEEDED = 305

    TRAJECTORY_REJECTED = 400
    PATH_TOLERANCE_EXCEEDED = 401
    GOAL_TOLERANCE_EXCEEDED = 402
    MOTION_STALLED = 403
    GRIPPER_FAILED = 404

    GRASP_EMPTY = 500
    OBJECT_LOST = 501
    OBJECT_NOT_RELEASED = 502

    DESTINATION_FULL = 600
    OBJECTS_LEFT = 601

    AMBIGUOUS = 700
    ABSENT = 701
    BLOCKED = 702
