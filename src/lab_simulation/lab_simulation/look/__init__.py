"""The real look: what a colour and a stereo camera would make of the simulated world."""

from typing import Literal

Look = Literal["real", "plain"]
"""What the simulated images show: the world, or one colour a part and independent noise."""
LOOKS: tuple[Look, ...] = ("real", "plain")
