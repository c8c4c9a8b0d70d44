"""Scenes: inside the workspace, apart or touching as their recipe says, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_core.geometry import transform_points
from lab_simulation.errors import SceneError
from lab_simulation.scenes.arrangement import footprint, separation
from lab_simulation.scenes.drawing import MARGIN, Area, Scene, make_scene
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile, load_scene_file


def outlines(scene: Scene) -> list[np.ndarray]:
    pairs = zip(scene.parts, scene.poses, strict=True)
    return [transform_points(pose, part.outline()) for part, pose in pairs]


def assert_inside(scene: Scene, area: Area) -> None:
    for points in outlines(scene):
        assert (points[:, :2] >= area.lower[:2] - MARGIN).all()
        assert (points[:, :2] <= area.upper[:2] + MARGIN).all()
        assert points[:, 2].min() > area.table_height - MARGIN


@pytest.mark.parametrize("name", ["scattered", "packed", "pile"])
def test_a_scene_is_the_same_for_the_same_seed_bit_for_bit(name: str, area: Area) -> None:
    recipe = load_scene_file(name)
    one, other = make_scene(recipe, 4, area), make_scene(recipe, 4, area)
    assert np.array_equal(one.poses, other.poses)
    assert [part.name for part in one.parts] == [part.name for part in other.parts]
    different = make_scene(recipe, 5, area)
    assert not np.array_equal(one.poses, different.poses)
    assert_inside(one, area)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scattered_parts_do_not_touch(seed: int, area: Area) -> None:
    scene = make_scene(load_scene_file("scattered"), seed, area)
    prints = [footprint(points) for points in outlines(scene)]
    nearest = min(separation(a, b) for i, a in enumerate(prints) for b in prints[:i])
    assert nearest > 0.015
    for points in outlines(scene):
        assert points[:, 2].min() == pytest.approx(area.table_height, abs=0.001), "not lying on the table"


def test_packed_parts_stand_in_groups_that_touch(area: Area) -> None:
    scene = make_scene(load_scene_file("packed"), 1, area)
    prints = [footprint(points) for points in outlines(scene)]
    nearest = [min(separation(a, b) for j, b in enumerate(prints) if j != i) for i, a in enumerate(prints)]
    assert sum(gap < 0.0015 for gap in nearest) >= 6
    up = np.array([pose[2, 2] for pose in scene.poses])
    assert (up > 0.999).all(), "a packed part has fallen"


def test_a_pile_has_parts_on_parts(area: Area) -> None:
    scene = make_scene(load_scene_file("pile"), 3, area, count=20)
    lowest = np.array([points[:, 2].min() for points in outlines(scene)])
    assert (lowest > 0.004).sum() >= 2
    assert_inside(scene, area)


def test_many_parts_narrow_the_gap_instead_of_failing(area: Area) -> None:
    scene = make_scene(load_scene_file("scattered"), 0, area, count=16)
    assert len(scene.parts) == 16
    assert_inside(scene, area)


def test_nothing_on_the_table_is_a_scene(area: Area) -> None:
    assert make_scene(load_scene_file("empty"), 0, area).parts == ()
    assert make_scene(load_scene_file("scattered"), 0, area, count=0).poses.shape == (0, 4, 4)


def test_placed_parts_lie_where_the_file_says(area: Area) -> None:
    item = PlacedPart("box", (0.9, 0.4, 0.0), rpy=(0.0, 0.0, 0.5), dimensions={"z": 0.05}, colour="red")
    scene = make_scene(SceneFile("placed", placed=(item,)), 0, area)
    assert scene.poses[0][:3, 3] == pytest.approx([0.9, 0.4, 0.025], abs=0.0005)
    assert scene.parts[0].colour == "red"


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(45, "45 parts do not fit .* use fewer parts"), (61, "61 parts are asked for; use 0 to 60")],
)
def test_too_many_parts_say_so(count: int, sentence: str) -> None:
    small = Area(np.array([0.4, 0.0, 0.0]), np.array([0.6, 0.2, 0.2]), 0.0)
    with pytest.raises(SceneError, match=sentence):
        make_scene(SceneFile("scattered"), 0, small, count=count)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("arrangement: heap", "arrangement: expected one of 'scattered', 'packed', 'pile', 'placed'"),
        ("arrangement: pile\nparts: many", "parts: expected a whole number"),
        ("arrangement: pile\nparts: 1000", "parts: expected a whole number, 0 … 60"),
        ("arrangement: pile\nkinds: [anvil]", "kinds: no 'anvil', expected one of bar"),
        ("arrangement: pile\npart: 3", "part: unknown key; did you mean 'parts'"),
        ("arrangement: placed", "placed: goes with 'arrangement: placed'"),
        ("arrangement: packed\ngroup: [4, 2]", "group: .4, 2., expected the least and the most"),
        ("arrangement: [", "not valid YAML"),
        ("- 1", "expected keys and values"),
    ],
)
def test_a_bad_scene_file_names_itself_the_key_and_the_fix(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=sentence) as failure:
        load_scene_file(path)
    assert "bad.yaml" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_an_unknown_scene_lists_those_that_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"'scatered'; did you mean 'scattered'.* packed, pile"):
        load_scene_file("scatered")


def test_a_scene_that_places_its_parts_takes_no_number(area: Area) -> None:
    recipe = SceneFile("placed", placed=(PlacedPart("box", (0.5, 0.0, 0.0)),))
    with pytest.raises(SceneError, match="places its own parts"):
        make_scene(recipe, 0, area, count=3)
