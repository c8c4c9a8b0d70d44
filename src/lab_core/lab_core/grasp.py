"""How to hold a part."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab_core.geometry import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Grasp:
    """One way to hold a part of a scene with a parallel gripper or a suction cup.

    scene_stamp, frame: of the scene that it was planned on: nanoseconds, and the frame of the pose.
    base_from_tcp: (4, 4), +z the approach, +y the closing direction. width: between the contacts. opening:
    for the approach; both 0 for a suction cup. approach_distance: straight way along +z that is clear of
    everything observed. All in metres. score: 0..1, higher is better. terms: what it is made of, by name,
    each 0..1; planners without such terms leave it empty.
    """

    scene_stamp: int
    frame: str
    object_id: str
    base_from_tcp: FloatArray
    width: float
    opening: float
    approach_distance: float
    score: float = 0.0
    terms: dict[str, float] = field(default_factory=dict)
