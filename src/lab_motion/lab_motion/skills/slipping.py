"""What is done about a part that slips while it is carried, beside gripping harder, which the hand does."""

from __future__ import annotations

from dataclasses import dataclass

from lab_description import EndEffector, Gripper
from lab_description.touch import WhenSlipping
from lab_motion.skills.grip.errors import SlippedInHand
from lab_motion.skills.grip.port import Reading
from lab_motion.skills.grip.touch import TouchReading

SLIPPED = "the part slipped while it was carried"


@dataclass(slots=True)
class Slipping:
    """Of one hand. A motion that was slowed stays slow to its end; the next one has its full speed.

    when, speed: see TouchPads.when_slipping and slipping_speed. pace: share of its speed to which the motion
    under way is slowed. done: a sentence of what was done since somebody emptied it; empty when nothing was.
    """

    when: WhenSlipping = "tighten"
    speed: float = 1.0
    pace: float = 1.0
    done: str = ""
    _before: int | None = None

    @classmethod
    def of(cls, effector: EndEffector) -> Slipping:
        """As its touch says; a hand without touch feels no slip."""
        touch = effector.touch if isinstance(effector, Gripper) else None
        return cls() if touch is None else cls(touch.when_slipping, touch.slipping_speed)

    @property
    def matters(self) -> bool:
        """Whether anything is done beside gripping harder."""
        return self.when != "tighten"

    def begin(self) -> None:
        """A motion begins: what slipped before does not slow it."""
        self.pace, self._before = 1.0, None

    def look(self, reading: Reading, lowering: bool = False) -> None:
        """Take in a reading during a motion. lowering: the part is on its way to where it is put down; that
        is no reason to stop, only to go slowly.

        Raises SlippedInHand where the motion is to end.
        """
        if not (self.matters and isinstance(reading, TouchReading)):
            return
        before, self._before = self._before, reading.slid
        if before is None or reading.slid <= before:
            return
        if self.when == "set_down" and not lowering:
            raise SlippedInHand(f"{SLIPPED}: the arm stopped, and the hand holds it")
        self.pace = self.speed
        self.done = f"{SLIPPED}: slowed to {100.0 * self.speed:.0f} %"
