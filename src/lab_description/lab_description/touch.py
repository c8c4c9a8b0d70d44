"""Tactile pads on the fingers of a gripper: config/touch/NAME.yaml, named by a cell under gripper.touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from lab_core.touch import PadGrid
from lab_description.schema import Quantity, Ratio

Pitch = Annotated[float, Quantity("m", 1e-4, 0.05)]
Newtons = Annotated[float, Quantity("N", 0.0, 1000.0)]
Seconds = Annotated[float, Quantity("s", 1e-3, 3600.0)]
SIDES = ("left", "right")
WhenSlipping = Literal["tighten", "slow_down", "set_down"]


@dataclass(frozen=True)
class SimulatedSkin:
    """What the simulator puts on a pad: a soft skin, and the errors of a sensor of this kind.

    stiffness: of the skin, N/m³: pressure for a metre of indentation. shear_stiffness: the same along the
    face. crown: how much higher the middle of the face is than its corners, metres; a flat face slips all at
    once, and nothing warns before. noise: standard deviation of a taxel at rest, N. gain: standard deviation
    of a taxel's own gain, a share. hysteresis: share of a taxel's force that follows late; creep_time: how
    late. drift: of each taxel's zero, N after a minute. dead: share of the taxels that always say 0. step: to
    which a taxel's force is rounded, N.
    """

    stiffness: Annotated[float, Quantity("N/m³", 1e6, 1e12)] = 2.5e8
    shear_stiffness: Annotated[float, Quantity("N/m³", 1e6, 1e12)] = 1.0e8
    crown: Annotated[float, Quantity("m", 0.0, 0.005)] = 2.0e-4
    noise: Newtons = 0.003
    gain: Ratio = 0.03
    hysteresis: Ratio = 0.03
    creep_time: Seconds = 0.3
    drift: Newtons = 0.002
    dead: Ratio = 0.0
    step: Newtons = 0.001


@dataclass(frozen=True)
class TouchPads:
    """Two equal tactile pads, one on each finger, as lab_interfaces/msg/TactilePad describes them.

    rate: samples a second. shear: whether the taxels feel the force along the face. taxel_maximum: N; a taxel
    says no more than this. gentle_force, closing_speed: with which the hand closes, N and m/s of its
    opening; used: share of what friction holds that the load may take before the hand grips harder.
    when_slipping: what is done about a part that slips while it is carried, beside gripping harder;
    slipping_speed: to which share of its speed the motion is slowed then.
    topics: of the "left" and the "right" pad. simulated: what the simulator makes of
    them.
    """

    name: str
    rows: Annotated[int, Quantity("", 1, 128)]
    columns: Annotated[int, Quantity("", 1, 128)]
    row_pitch: Pitch
    column_pitch: Pitch
    rate: Annotated[float, Quantity("Hz", 1.0, 2000.0)]
    taxel_maximum: Annotated[float, Quantity("N", 0.01, 1000.0)]
    shear: bool = True
    gentle_force: Annotated[float, Quantity("N", 0.1, 100.0)] = 2.0
    closing_speed: Annotated[float, Quantity("m/s", 0.001, 1.0)] = 0.01
    used: Annotated[float, Quantity("", 0.1, 0.95)] = 0.7
    when_slipping: WhenSlipping = "tighten"
    slipping_speed: Annotated[float, Quantity("", 0.05, 0.9)] = 0.25
    topics: Mapping[str, str] = field(
        default_factory=lambda: {side: f"gripper/{side}_pad/touch" for side in SIDES}
    )
    simulated: SimulatedSkin = field(default_factory=SimulatedSkin)

    def __post_init__(self) -> None:
        if set(self.topics) != set(SIDES):
            raise ValueError(f"topics: {', '.join(self.topics) or 'none'} given, expected left and right")
        if len(set(self.topics.values())) != len(SIDES):
            raise ValueError(f"topics: both pads are on {self.topics['left']}, expected one topic for each")

    def require_room(self, width: float, height: float) -> None:
        """Raises ValueError when the taxels cover more than a face of so many metres."""
        across, along = self.columns * self.column_pitch, self.rows * self.row_pitch
        if across > width + 1e-6 or along > height + 1e-6:
            raise ValueError(
                f"touch: {self.columns} × {self.rows} taxels of '{self.name}' cover {1e3 * across:.1f} ×"
                f" {1e3 * along:.1f} mm, and a pad is {1e3 * width:.1f} × {1e3 * height:.1f} mm"
            )

    @property
    def grid(self) -> PadGrid:
        """Of each pad."""
        return PadGrid(self.rows, self.columns, self.row_pitch, self.column_pitch)
