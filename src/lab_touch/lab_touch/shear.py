"""How the force along the face of one pad is spread, and how much of the contact has slipped already.

A part that begins to slip slips first where the skin is bent far and pressed little. While a place sticks,
its force follows the bend; once it slips, it is friction times pressure. So the ratio of force to pressure is
compared between the places that slip first and those that slip last: as far apart as bend and pressure say
while all stick, the same when all slip. The ratio of those that slip first is the friction.

Sources: T. Maeno, T. Kawamura, S.-C. Cheng, "Friction estimation by pressing an elastic finger-shaped sensor
against a surface", IEEE Trans. Robotics and Automation 20, 2004 (stick and slip regions by the ratio of
shear to pressure); H. Khamis et al., "PapillArray: an incipient slip sensor for dexterous robotic or
prosthetic manipulation", Sensors and Actuators A 270, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadSample
from lab_touch.rest import TOUCHED, RestLevel

FIRST = 0.12
"""Share of the load that the places carry which slip first."""
NEXT = 0.50
"""The places that slip next carry the load up to this share of it."""
LAST = 0.30
"""Share of the load that the places carry which slip last."""
FEWEST = 8
"""Taxels that must touch, or there is no pattern."""
PULLED = 4.0
"""Times its noise that the force along the face must be, or there is no pattern."""


@dataclass(frozen=True, slots=True)
class Group:
    """Places of a contact that slip at about the same time.

    ratio: of the force along the face to the pressure, together; noise: its standard deviation. bend: how far
    they are bent for the pressure on them, in the same unit for all groups of a sample.
    """

    ratio: float
    noise: float
    bend: float

    def nearness(self, first: Group) -> tuple[float, float]:
        """How near this ratio is to that of the places that slip first, and the standard deviation of that.

        0: as far below as when all stick; 1: the same. Noise may put it outside.
        """
        stick = min(self.bend / max(first.bend, 1e-12), 0.95)
        together = self.ratio / max(first.ratio, 1e-6)
        relative = np.hypot(self.noise / max(self.ratio, 1e-6), first.noise / max(first.ratio, 1e-6))
        return (together - stick) / (1.0 - stick), float(abs(together) * relative / (1.0 - stick))


@dataclass(frozen=True, slots=True, eq=False)
class ShearPattern:
    """Of one sample of one pad.

    load: force along the face, N, of all places in the direction in which they are bent; load_noise: its
    standard deviation. pressed: N. first, next, last: the places that slip first, those after them, and
    those that slip last. turning: share of the bend that is a turn about the contact's centre, 0..1.
    force: (2,) of the part on the pad along x and z, N. torque: N m about the contact's centre.
    """

    load: float
    load_noise: float
    pressed: float
    first: Group
    next: Group
    last: Group
    turning: float
    force: FloatArray
    torque: float

    @property
    def ratio(self) -> float:
        """Of the whole contact: force along the face over pressure."""
        return self.load / self.pressed

    @property
    def begun(self) -> tuple[float, float]:
        """How surely the places that slip first do slip, and its standard deviation: see Group.nearness."""
        return self.next.nearness(self.first)

    @property
    def ended(self) -> tuple[float, float]:
        """How near the last places are to slipping too, and its standard deviation."""
        return self.last.nearness(self.first)


def shear_pattern(sample: PadSample, rest: RestLevel, mean_of: int = 1) -> ShearPattern | None:
    """The pattern; None where the pad has no shear, too little touches, or too little pulls.

    mean_of: the sample is the mean of so many, its noise so much smaller.
    """
    shear = rest.shear(sample)
    if shear is None:
        return None
    normal = rest.normal(sample)
    quieter = 1.0 / np.sqrt(mean_of)
    touching = normal > TOUCHED * quieter * rest.normal_noise
    count = int(np.count_nonzero(touching))
    if count < FEWEST:
        return None
    pressure, pull = normal[touching], shear[touching]
    noise_normal, noise_shear = quieter * rest.normal_noise[touching], quieter * rest.shear_noise[touching]
    places = sample.grid.places()[touching]
    pressed = float(pressure.sum())
    arm = places - (places * pressure[:, None]).sum(axis=0) / pressed
    bend = _bend(arm, pull)
    moved = np.stack([bend[0] + bend[2] * arm[:, 1], bend[1] - bend[2] * arm[:, 0]], axis=1)
    size = np.hypot(moved[:, 0], moved[:, 1])
    if not size.any():
        return None
    direction = moved / np.maximum(size, 1e-12)[:, None]
    along = (pull * direction).sum(axis=1)
    load = float(along.sum())
    load_noise = float(np.sqrt((noise_shear**2).sum()))
    if load < PULLED * load_noise:
        return None
    order = np.argsort(size / pressure)[::-1]
    carried = np.cumsum(pressure[order]) / pressed
    one = max(int(np.searchsorted(carried, FIRST)) + 1, 2)
    two = min(max(int(np.searchsorted(carried, NEXT)) + 1, one + 2), count - 2)
    three = min(int(np.searchsorted(carried, 1.0 - LAST)), count - 2)
    groups = []
    for group in (order[:one], order[one:two], order[three:]):
        held = float(pressure[group].sum())
        ratio = float(along[group].sum()) / held
        noise = np.sqrt((noise_shear[group] ** 2).sum() + ratio**2 * (noise_normal[group] ** 2).sum())
        groups.append(Group(ratio, float(noise) / held, float(size[group].sum()) / held))
    reach = float(np.hypot(arm[:, 0], arm[:, 1]).mean())
    slide, turn = float(np.hypot(bend[0], bend[1])), abs(float(bend[2])) * reach
    return ShearPattern(
        load=load,
        load_noise=load_noise,
        pressed=pressed,
        first=groups[0],
        next=groups[1],
        last=groups[2],
        turning=turn / max(slide + turn, 1e-12),
        force=pull.sum(axis=0),
        torque=float((arm[:, 1] * pull[:, 0] - arm[:, 0] * pull[:, 1]).sum()),
    )


def _bend(arm: FloatArray, pull: FloatArray) -> FloatArray:
    """(3,) the bend along x and z and the turn that explain forces (N, 2) at places (N, 2) best.

    About the contact's centre; all in N, as the stiffness of the skin is not known.
    """
    x, z = arm[:, 0], arm[:, 1]
    count = float(len(arm))
    matrix = np.array(
        [
            [count, 0.0, z.sum()],
            [0.0, count, -x.sum()],
            [z.sum(), -x.sum(), float((x**2 + z**2).sum()) + 1e-15],
        ]
    )
    right = np.array([pull[:, 0].sum(), pull[:, 1].sum(), float((z * pull[:, 0] - x * pull[:, 1]).sum())])
    result: FloatArray = np.linalg.solve(matrix, right)
    return result
