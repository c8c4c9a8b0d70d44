"""Does a suction cup hold something? Judged by the vacuum that is measured behind its lip.

A cup that leaks cannot hold its vacuum; one that holds it has something on its lip. Before lifting that may
be what the part stands on, so that the moment after lifting counts as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import OrientedBox, make_transform
from lab_core.parameters import parameter
from lab_description import SuctionCup
from lab_motion.skills.grip.port import ExpectedGrip, Judgement

RELEASED_SHARE = 0.2
"""Of the vacuum that the pump reaches: a cup with less than this holds nothing. Weather moves the pressure of
the air by 3 kPa."""
# Of a held part that nobody has seen, in all directions, metres.
_UNKNOWN_SIZE = 0.08


@dataclass(frozen=True)
class VacuumParameters:
    """When a vacuum proves a grip."""

    sealed_share: float = parameter(
        0.6,
        "The cup holds a part while it has at least this share of the vacuum that the pump reaches. With"
        " less of it the lip leaks.",
        minimum=RELEASED_SHARE,
        maximum=0.95,
    )


DEFAULTS = VacuumParameters()


@dataclass(frozen=True, slots=True)
class VacuumReading:
    """What is measured behind the lip at one moment.

    vacuum: below the air around it, Pa. force: with which the air presses what the lip seals on, N.
    """

    vacuum: float
    force: float

    @property
    def opening(self) -> float:
        """A cup has no fingers."""
        return 0.0


class VacuumGrip:
    """The GripSensor of a suction cup; its readings are VacuumReadings."""

    Parameters = VacuumParameters
    effector = SuctionCup

    def __init__(self, effector: SuctionCup, parameters: VacuumParameters = DEFAULTS) -> None:
        self._sealed = parameters.sealed_share * effector.vacuum
        self._free = RELEASED_SHARE * effector.vacuum

    def not_ready(self, reading: VacuumReading, expected: ExpectedGrip) -> str:
        """A vacuum: something is on the lip, or the pump does not go off."""
        if reading.vacuum < self._free:
            return ""
        return f"{_kilopascals(reading.vacuum)} of vacuum are left in the cup when the approach begins"

    def closed(self, reading: VacuumReading, expected: ExpectedGrip, witnessed: bool = True) -> Judgement:
        """A pressure tells the same whoever saw how it came about."""
        return self._judge(reading)

    def holding(self, reading: VacuumReading, grip: Judgement) -> Judgement:
        """As when it took hold."""
        return self._judge(reading)

    def released(self, reading: VacuumReading, grip: Judgement, interrupted: bool = False) -> Judgement:
        """The air is back behind the lip."""
        held = reading.vacuum >= self._free
        left, most = _kilopascals(reading.vacuum), _kilopascals(self._free)
        reason = (
            f"the part does not come off: {left} of vacuum are left, less than {most} let go"
            if held
            else f"the part is off: {left} of vacuum are left"
        )
        return Judgement(held, 0.0, 0.0, reading.force, reason)

    def found(self, reading: VacuumReading) -> Judgement:
        """A cup that holds its vacuum has something on its lip."""
        return self._judge(reading)

    def unseen(self, reading: VacuumReading) -> OrientedBox:
        """Before the lip."""
        middle = make_transform(np.eye(3), [0.0, 0.0, 0.5 * _UNKNOWN_SIZE])
        return OrientedBox(middle, np.full(3, _UNKNOWN_SIZE))

    def _judge(self, reading: VacuumReading) -> Judgement:
        held = reading.vacuum >= self._sealed
        what = "the lip seals" if held else "the lip leaks"
        vacuum, needed = _kilopascals(reading.vacuum), _kilopascals(self._sealed)
        reason = f"{what}: {vacuum} of vacuum, {needed} are needed to hold"
        return Judgement(held, 0.0, 0.0, reading.force, reason)


def _kilopascals(pressure: float) -> str:
    return f"{1e-3 * pressure:.0f} kPa"
