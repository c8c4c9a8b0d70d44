"""What can go wrong in the simulator; each says one sentence that names the thing and the fix."""

from __future__ import annotations

from lab_core.errors import LabError
from lab_core.outcomes import OutcomeCode


class SimulationError(LabError):
    """Any of the below."""

    code = OutcomeCode.INTERNAL_ERROR
    stage = "simulation"


class SceneError(SimulationError):
    """A scene, part or mesh that cannot be made from what was given."""

    code = OutcomeCode.INVALID_REQUEST


class RendererUnavailable(SimulationError):
    """The renderer that was asked for does not work on this machine."""

    code = OutcomeCode.UNAVAILABLE


class UnknownEntity(SimulationError):
    """No entity of this name is in the world."""

    code = OutcomeCode.INVALID_REQUEST


class SimulationDiverged(SimulationError):
    """The physics blew up: the world has to be reset."""


class TrajectoryRejected(SimulationError):
    """A trajectory that the controller cannot follow at all."""

    code = OutcomeCode.TRAJECTORY_REJECTED


class InvalidJoints(TrajectoryRejected):
    """A trajectory for other joints than the controller has."""


class OldTrajectory(TrajectoryRejected):
    """A trajectory that would have ended before now."""
