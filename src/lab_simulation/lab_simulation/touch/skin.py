"""A soft skin on a rigid pad: how a contact's force spreads over the face.

Normal: a bed of springs (Winkler): each place pushes back in proportion to its indentation. The face is
crowned, so that pressure falls from the middle of a contact to its rim, as on the domed skins of real
sensors. Along the face: bristles that bend under the load and slip where it exceeds friction times pressure,
so a contact slips at its rim first.

Sources: K. L. Johnson, "Contact Mechanics", 1985, sections 4.3 (elastic foundation) and 7.2 (partial slip);
J. J. Kalker, "A fast algorithm for the simplified theory of rolling contact", 1982, for the bristles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab_core.geometry import FloatArray
from lab_core.touch import PadGrid
from lab_description.touch import SimulatedSkin

ROUNDS = 12
"""Of the search for the bristles' bend; near the limit of friction it stops a little short of it."""
MADE_UP = 1.015
"""Factor by which the bristles' forces are scaled at most, so that they carry what the search left over."""


@dataclass(frozen=True, slots=True, eq=False)
class TrueContact:
    """What the physics says of one pad, in the pad's frame.

    depth: (R, C) metres that each taxel would sink into the part; 0 where there is none. force: (3,) N on the
    pad. turning: N m about the pad's normal through the centre of pressure. friction: Coulomb coefficient.
    turning_limit: N m at which the rigid contact turns. sliding: whether the part moves over the pad.
    """

    depth: FloatArray
    force: FloatArray
    turning: float
    friction: float
    turning_limit: float
    sliding: bool


class Skin:
    """Spreads forces over the taxels of one pad."""

    def __init__(self, grid: PadGrid, settings: SimulatedSkin) -> None:
        self._places = grid.places()
        self._normal = settings.stiffness * grid.taxel_area
        self._shear = settings.shear_stiffness * grid.taxel_area
        half = np.abs(self._places).max(axis=(0, 1))
        share = self._places / np.maximum(half, 1e-9)
        self._crown = settings.crown * 0.5 * (share**2).sum(axis=-1)
        self._bend = np.zeros(3)

    def feel(self, contact: TrueContact | None) -> tuple[FloatArray, FloatArray]:
        """(R, C) normal force and (R, C, 2) force along x and z of each taxel, N."""
        shape = self._crown.shape
        if contact is None or contact.force[1] <= 0.0 or not (contact.depth > 0.0).any():
            self._bend = np.zeros(3)
            return np.zeros(shape), np.zeros((*shape, 2))
        normal = self._pressures(contact.depth, float(contact.force[1]))
        shear = np.zeros((*shape, 2))
        touching = normal > 0.0
        shear[touching] = self._bristles(normal[touching], self._places[touching], contact)
        return normal, shear

    def _pressures(self, depth: FloatArray, force: float) -> FloatArray:
        """Spread of a force: the part sinks in until the springs carry it."""
        over = np.where(depth > 0.0, depth - self._crown, -np.inf).ravel()
        sorted_over = np.sort(over[np.isfinite(over)])[::-1]
        counts = np.arange(1, len(sorted_over) + 1)
        levels = (np.cumsum(sorted_over) - force / self._normal) / counts
        # the level below which just the first `counts` taxels stick out
        index = int(np.flatnonzero(sorted_over > levels)[-1])
        spread: FloatArray = self._normal * np.maximum(over - levels[index], 0.0).reshape(depth.shape)
        return spread

    def _bristles(self, normal: FloatArray, places: FloatArray, contact: TrueContact) -> FloatArray:
        """(N, 2) forces along the face that carry the load; normal: (N,), places: (N, 2)."""
        limit = contact.friction * normal
        centre = (places * normal[:, None]).sum(axis=0) / normal.sum()
        arm = places - centre
        pull = np.array([contact.force[0], contact.force[2]])
        turning = contact.turning
        if contact.turning_limit > 0.0:
            # A rigid contact holds more turning than a skin: the skin gets the same share of its own limit.
            turning *= float((limit * np.hypot(arm[:, 0], arm[:, 1])).sum()) / contact.turning_limit
        load = np.array([*pull, turning])
        force = self._solve(limit, arm, load)
        carried = force.sum(axis=0)
        if contact.sliding:
            size = np.maximum(np.linalg.norm(force, axis=1), 1e-12)
            slid: FloatArray = force * (limit / size)[:, None]
            return slid
        # what the search left over, shared out as the force is
        size = float(np.linalg.norm(carried))
        wanted = float(np.linalg.norm(pull))
        return force * (min(wanted / size, MADE_UP) if size > 1e-9 and wanted > 1e-9 else 1.0)

    def _solve(self, limit: FloatArray, arm: FloatArray, load: FloatArray) -> FloatArray:
        """Forces (N, 2) of bristles under a common bend: along x, along z, and a turn.

        Secant stiffness, Picard iteration from the bend of the last time.
        """
        bend, stiffness = self._bend, np.full(len(limit), self._shear)
        force = np.zeros_like(arm)
        for _ in range(ROUNDS):
            moved = np.stack([bend[0] + bend[2] * arm[:, 1], bend[1] - bend[2] * arm[:, 0]], axis=1)
            size = np.maximum(np.hypot(moved[:, 0], moved[:, 1]), 1e-12)
            stiffness = np.minimum(self._shear, limit / size)
            force = stiffness[:, None] * moved
            missing = load - np.array(
                [
                    force[:, 0].sum(),
                    force[:, 1].sum(),
                    (arm[:, 1] * force[:, 0] - arm[:, 0] * force[:, 1]).sum(),
                ]
            )
            if (np.abs(missing) <= 1e-3 * (np.abs(load) + 1e-6)).all():
                break
            bend = bend + np.linalg.solve(_stiffness(stiffness, arm), missing)
            bend = np.clip(bend, -_FURTHEST, _FURTHEST)
        self._bend = bend
        return force


_FURTHEST = np.array([0.01, 0.01, 1.0])
"""Metres, metres and radians of bend: beyond it the whole contact slips anyway."""


def _stiffness(each: FloatArray, arm: FloatArray) -> FloatArray:
    """(3, 3) of all bristles together."""
    x, z = arm[:, 0], arm[:, 1]
    total, along_z, along_x = each.sum(), (each * z).sum(), -(each * x).sum()
    turn = (each * (x**2 + z**2)).sum() + 1e-12
    return np.array([[total, 0.0, along_z], [0.0, total, along_x], [along_z, along_x, turn]])
