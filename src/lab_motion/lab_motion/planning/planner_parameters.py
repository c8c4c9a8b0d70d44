"""Parameters that all planners of ours share."""

from __future__ import annotations

from dataclasses import dataclass

from lab_core.parameters import parameter


@dataclass(frozen=True)
class PlannerParameters:
    """What a user may change of every planner that is checked here."""

    margin: float = parameter(
        0.0025, "The distance that free motions keep from everything.", unit="m", minimum=0.0, maximum=0.1
    )
    close_margin: float = parameter(
        0.0005, "The distance that motions among parts keep.", unit="m", minimum=0.0, maximum=0.05
    )
    padding: float = parameter(
        0.005,
        "Observed objects are made larger by this on each side in free motions.",
        unit="m",
        minimum=0.0,
        maximum=0.1,
    )
    start_tolerance: float = parameter(
        0.02,
        "The arm may be this deep inside a padded object when a motion starts.",
        unit="m",
        minimum=0.0,
        maximum=0.2,
    )
    hand_tolerance: float = parameter(
        0.05,
        "The hand may be this deep inside a padded object when a motion starts. It may stand between the arms"
        " of a part.",
        unit="m",
        minimum=0.0,
        maximum=0.3,
    )
    period: float = parameter(
        0.02, "The time between two samples of a trajectory.", unit="s", minimum=0.001, maximum=0.5
    )
    ik_seeds: int = parameter(
        32, "How often the inverse kinematics starts from another place.", minimum=1, maximum=1000
    )
    ik_iterations: int = parameter(
        40, "The number of steps of each start of the inverse kinematics.", minimum=5, maximum=1000
    )
    attempts: int = parameter(
        6,
        "The number of searches, each with another seed, before a way counts as not found.",
        minimum=1,
        maximum=1000,
    )
