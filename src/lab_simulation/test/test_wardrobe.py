"""Pictures are packed once, however many geoms show them."""

from __future__ import annotations

import mujoco
import numpy as np

from lab_simulation.look.skins import draw_table
from lab_simulation.look.wardrobe import GROUND, LEVELS, PLAIN, dress


def test_a_table_of_many_geoms_keeps_its_picture_once() -> None:
    spec = mujoco.MjSpec()
    spec.add_material(name="grey")
    for _ in range(5):
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.1, 0.1, 0.01])
    model = spec.compile()
    rng = np.random.default_rng(3)
    table, floor = draw_table(rng, pixels=64), draw_table(rng, pixels=64)
    wardrobe = dress(model, {}, {}, {0: table, 1: table, 2: table, 3: floor})
    one = sum(table.canvas.size // 4**level for level in range(LEVELS))
    assert wardrobe.atlas.size == 2 * one
    assert wardrobe.how.tolist() == [GROUND] * 4 + [PLAIN] * 2
    for geom, ground in enumerate([table, table, table, floor]):
        start = wardrobe.offset[geom]
        assert np.array_equal(wardrobe.atlas[start : start + table.canvas.size], ground.canvas.reshape(-1))
