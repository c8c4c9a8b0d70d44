"""What the kinds of parts promise."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from lab_simulation.errors import SceneError
from lab_simulation.mujoco.world import add_parts, apply_settings
from lab_simulation.scenes.catalogue import KINDS, make_part
from lab_simulation.scenes.parts import COLOURS, MASS_RANGE, Part

JAW = 0.085


def draw(kind: str, seed: int) -> Part:
    return make_part(kind, f"{kind}_1", np.random.default_rng(seed))


def narrowest(part: Part) -> float:
    """Least extent over directions in the plane of each axis pair, metres."""
    points = part.outline()
    angles = np.linspace(0.0, np.pi, 90)
    widths = []
    for i, j in ((0, 1), (1, 2), (0, 2)):
        directions = np.zeros((90, 3))
        directions[:, i], directions[:, j] = np.cos(angles), np.sin(angles)
        widths.append(np.ptp(points @ directions.T, axis=0).min())
    return float(min(widths))


def test_there_are_the_kinds_that_are_asked_for() -> None:
    assert {"box", "cylinder", "sphere", "l_piece", "t_piece", "hex_nut", "bolt", "ring"} <= set(KINDS)
    assert {"pebble", "cone", "wedge"} <= set(KINDS), "convex meshes"
    assert {"gear", "tube"} <= set(KINDS), "concave meshes"
    assert len(KINDS) >= 12


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_part_is_solid_graspable_and_balanced(kind: str) -> None:
    for seed in range(12):
        part = draw(kind, seed)
        solids = [piece for piece in part.pieces if piece.solid]
        volumes = np.array([piece.volume() for piece in solids])
        assert (volumes > 0.0).all()
        centre = (volumes[:, None] * np.array([piece.centroid() for piece in solids])).sum(axis=0)
        assert np.abs(centre / volumes.sum()).max() < 1e-9, "the origin is not the centre of mass"
        assert MASS_RANGE[0] <= part.mass <= MASS_RANGE[1]
        assert narrowest(part) < JAW - 0.01
        assert np.ptp(part.outline(), axis=0).max() <= 0.085
        assert np.ptp(part.outline(), axis=0).min() >= 0.0149
        assert part.colour in COLOURS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_seen_is_what_is_felt(kind: str) -> None:
    part = draw(kind, 5)
    seen = sum(piece.volume() for piece in part.pieces if piece.visible)
    felt = sum(piece.volume() for piece in part.pieces if piece.solid)
    assert felt == pytest.approx(seen, rel=0.06)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_body_weighs_what_the_part_says(kind: str) -> None:
    part = draw(kind, 3)
    spec = mujoco.MjSpec()
    apply_settings(spec)
    add_parts(spec, [part])
    model = spec.compile()
    assert model.body(part.name).mass[0] == pytest.approx(part.mass, rel=1e-6)
    assert np.abs(model.body(part.name).ipos).max() < 1e-6


def test_a_seed_draws_the_same_part() -> None:
    one, other = draw("pebble", 9), draw("pebble", 9)
    assert np.array_equal(one.outline(), other.outline())
    assert (one.colour, one.material, one.rgb) == (other.colour, other.material, other.rgb)
    assert one.mass == other.mass


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "anvil"}, "no part kind 'anvil'; use one of: bar"),
        ({"kind": "box", "dimensions": {"w": 0.02}}, "a box has no dimension 'w'; it has: x, y, z"),
        ({"kind": "box", "dimensions": {"x": 40.0}}, "dimension x of a box is 40.0 m; use 0.003 to 0.3 m"),
        ({"kind": "box", "colour": "beige"}, "no colour 'beige' for a part; use one of: red"),
        ({"kind": "box", "material": "wood"}, "no material 'wood' for a part; use one of: plastic"),
        ({"kind": "l_piece", "dimensions": {"wall": 0.06, "side": 0.04}}, "thinner than nothing"),
    ],
)
def test_a_part_that_cannot_be_says_why(arguments: dict, sentence: str) -> None:
    kind = arguments.pop("kind")
    with pytest.raises(SceneError, match=sentence):
        make_part(kind, "part", np.random.default_rng(0), **arguments)
