"""Why an image could not be turned into objects."""

from __future__ import annotations

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class PerceptionError(LabError):
    """Any failure of this package."""

    code = OutcomeCode.INTERNAL_ERROR
    stage = "perception"


class NoDepth(PerceptionError):
    """The depth image holds no measurement in the work area."""

    code = OutcomeCode.NO_DEPTH

    def __init__(self, share: float) -> None:
        super().__init__(
            f"the depth image is empty over the work area ({share:.1%} of its pixels valid): "
            "check the depth stream and that nothing covers the lens"
        )


class NoSupport(PerceptionError):
    """No plane to lie on where the cell says that there is one."""

    code = OutcomeCode.NO_SUPPORT

    def __init__(self, inliers: int, points: int, height: float, cause: str = "") -> None:
        self.inliers, self.points, self.height = inliers, points, height
        super().__init__(
            f"no level surface near z = {height:.3f} m in the work area "
            f"({inliers} of {points} samples on it): "
            + (cause or "check the table height in the cell's file and the pose of the camera")
        )

    def because(self, cause: str) -> NoSupport:
        """The same, with its likely cause; empty: none is known."""
        return NoSupport(self.inliers, self.points, self.height, cause)


class AreaNotInView(PerceptionError):
    """The camera looks elsewhere."""

    code = OutcomeCode.NO_SUPPORT

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: check the pose of the camera and the workspace in the cell's file")


class CameraMoved(PerceptionError):
    """Nobody can say that the camera still stands where it was calibrated."""

    code = OutcomeCode.CAMERA_MOVED


class UnknownLens(PerceptionError):
    """Images of a lens that cannot be rectified here."""

    code = OutcomeCode.INVALID_REQUEST


class InvalidNetwork(PerceptionError):
    """A network that tells parts from the table cannot be used."""

    code = OutcomeCode.UNAVAILABLE


class NoJointState(PerceptionError):
    """Where the robot was at the time of the image is not known, so its pixels cannot be left out."""

    code = OutcomeCode.STALE_INPUT

    def __init__(self, joint: str, limit: float) -> None:
        super().__init__(
            f"no joint state of '{joint}' within {limit:.2f} s of the image, "
            "so the robot cannot be left out of it: check /joint_states, "
            "or set robot_mask to false where no robot is in view"
        )


class NoTransform(PerceptionError):
    """Where the camera is in the cell is not known."""

    code = OutcomeCode.UNAVAILABLE


class CameraSilent(PerceptionError):
    """No image has come for too long."""

    code = OutcomeCode.CAMERA_SILENT

    def __init__(self, limit: float, topics: str) -> None:
        super().__init__(f"no pair of images for {limit:.1f} s on {topics}: check the camera and its driver")
