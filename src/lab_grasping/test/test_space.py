"""Free, occupied, unknown: height maps from a depth view, and the hand in them."""

import numpy as np
import pytest

from lab_core.scene import Scene
from lab_grasping.antipodal import HandPoses
from lab_grasping.clearance import Blocker, check_approach, check_open, check_standing, mark_touching
from lab_grasping.completion import complete
from lab_grasping.gripper import ParallelGripper
from lab_grasping.hand_surface import NO_HAND, HandSurface
from lab_grasping.scene import support_from_base
from lab_grasping.space import CELL, NOTHING, LabelledView, SpaceMaps, label_view, map_space
from lab_grasping.testing.synthetic import Solid, at, camera_pose, observe, straight_gripper

# The camera stands at +x and looks to -x: shadows fall to smaller x.
PART = Solid("box", (0.03, 0.03, 0.04), at(0.50, 0.0, 0.02))
WALL = Solid("box", (0.02, 0.06, 0.06), at(0.50, 0.10, 0.03))
ELEVATION = np.deg2rad(60.0)
GRIPPER = straight_gripper()
HAND = HandSurface.of(GRIPPER)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return observe([PART, WALL], camera_pose(ELEVATION))


@pytest.fixture(scope="module")
def view(scene: Scene) -> LabelledView:
    return label_view(scene)


@pytest.fixture(scope="module")
def maps(view: LabelledView) -> SpaceMaps:
    return map_space(view, 1, np.array([0.5, 0.05]), 0.2, margin=0.0)


def column(maps: SpaceMaps, layer: int, x: float, y: float) -> float:
    i, j = np.floor((np.array([y, x]) - maps.origin[::-1]) / CELL).astype(int)
    return float(maps.heights[layer, i, j])


def test_pixels_know_their_part(scene: Scene, view: LabelledView) -> None:
    """Every pixel that shows a part has its label, the table has none."""
    heights = view.points[..., 2]
    assert set(np.unique(view.labels[heights > 0.005])) == {1, 2}
    assert set(np.unique(view.labels[np.abs(heights) < 0.001])) <= {-1}


def test_a_point_is_free_before_the_surface_and_unknown_behind(view: LabelledView) -> None:
    margins = view.depth_margin(
        np.array([[0.5, 0.0, 0.10], [0.5, 0.0, 0.01], [0.5, 0.0, 0.04], [9.0, 0.0, 0.0]])
    )
    assert margins[0] < -0.05
    assert margins[1] > 0.02
    assert abs(margins[2]) < 0.003
    assert np.isnan(margins[3])


def test_other_things_are_occupied_up_to_their_top(maps: SpaceMaps) -> None:
    assert column(maps, 0, 0.50, 0.10) == pytest.approx(0.06, abs=0.003)
    assert column(maps, 0, 0.50, 0.00) == NOTHING
    assert column(maps, 0, 0.60, 0.00) == NOTHING


def test_shadows_fall_away_from_the_camera_at_its_elevation(maps: SpaceMaps) -> None:
    """Behind the wall's back edge (x = 0.49) the unknown sinks by tan(60 deg) a metre."""
    for behind in (0.007, 0.015, 0.023):
        expected = 0.06 - behind * np.tan(ELEVATION)
        assert column(maps, 1, 0.49 - behind, 0.10) == pytest.approx(expected, abs=0.008)
    assert column(maps, 1, 0.40, 0.10) == NOTHING
    assert column(maps, 1, 0.53, 0.10) == NOTHING


def test_the_part_casts_its_own_shadow(maps: SpaceMaps) -> None:
    assert column(maps, 2, 0.475, 0.0) == pytest.approx(0.04 - 0.01 * np.tan(ELEVATION), abs=0.008)
    assert column(maps, 1, 0.475, 0.0) == NOTHING


def test_what_no_ray_reached_is_not_seen(view: LabelledView) -> None:
    """Columns outside of the image."""
    far = map_space(view, 1, np.array([1.5, 0.0]), 0.1, margin=0.0)
    assert not far.seen.any()


def pose(x: float, y: float, z: float, opening_along_y: bool = True, tilt: float = 0.0) -> HandPoses:
    """One hand that points down, its approach tilted towards -x by an angle about its closing axis y."""
    y_axis = np.array([0.0, 1.0, 0.0]) if opening_along_y else np.array([1.0, 0.0, 0.0])
    approach = (
        np.array([-np.sin(tilt), 0.0, -np.cos(tilt)]) if opening_along_y else np.array([0.0, 0.0, -1.0])
    )
    rotation = np.stack([np.cross(y_axis, approach), y_axis, approach], axis=1)
    return HandPoses(rotation[None], np.array([[x, y, z]]), np.array([0.03]))


OPEN = np.array([GRIPPER.opening_index(0.05)])


@pytest.mark.parametrize(
    ("x", "y", "z", "blocker"),
    [
        (0.50, 0.00, 0.025, Blocker.NOTHING),
        (0.50, 0.00, 0.015, Blocker.SUPPORT),
        (0.50, 0.045, 0.025, Blocker.NEIGHBOUR),
        (0.50, 0.10, 0.15, Blocker.NOTHING),
    ],
)
def test_the_standing_hand_meets(maps: SpaceMaps, x: float, y: float, z: float, blocker: Blocker) -> None:
    """y = 0.045: a finger 25 to 37 mm beside the middle stands in the wall, which begins at 0.07."""
    assert check_standing(pose(x, y, z), OPEN, maps, HAND, 0.003).blocker[0] == blocker


def test_the_shadow_of_others_is_measured(maps: SpaceMaps) -> None:
    """A hand behind the wall reaches into its shadow, beside it it does not."""
    behind = check_standing(pose(0.465, 0.10, 0.025, opening_along_y=True), OPEN, maps, HAND, 0.003)
    beside = check_standing(pose(0.50, 0.0, 0.025), OPEN, maps, HAND, 0.003)
    assert behind.blocker[0] == Blocker.NOTHING
    assert 0.01 < behind.hidden[0] < 0.06
    assert beside.hidden[0] == 0.0


@pytest.mark.parametrize(
    ("width", "blocker"), [(0.05, Blocker.NOTHING), (0.025, Blocker.PART), (0.015, Blocker.PART)]
)
def test_the_open_hand_must_not_touch_the_part(
    scene: Scene, view: LabelledView, maps: SpaceMaps, width: float, blocker: Blocker
) -> None:
    """A part of 30 mm needs an opening that is wider."""
    item = scene.objects[0]
    shape = complete(item.points, item.normals, view, 1)
    opening = np.array([GRIPPER.opening_index(width)])
    found = check_open(pose(0.5, 0.0, 0.03), opening, shape, maps, HAND, 0.003)
    assert found.blocker[0] == blocker


def test_the_way_in_ends_at_an_obstacle() -> None:
    """A hand that leans 50 degrees comes from where the wall stands; one from straight above does not."""
    wall = Solid("box", (0.02, 0.20, 0.15), at(0.665, 0.0, 0.075))
    scene = observe([PART, wall], camera_pose(ELEVATION, azimuth=0.5 * np.pi))
    maps = map_space(label_view(scene), 1, np.array([0.5, 0.0]), 0.2, margin=0.003)
    leaning = pose(0.5, 0.0, 0.05, tilt=np.deg2rad(50.0))
    assert check_standing(leaning, OPEN, maps, HAND, 0.003).blocker[0] == Blocker.NOTHING
    assert 0.0 <= check_approach(leaning, OPEN, maps, HAND, 0.003, 0.1)[0] < 0.1
    assert check_approach(pose(0.5, 0.0, 0.05), OPEN, maps, HAND, 0.003, 0.1)[0] == pytest.approx(0.1)


def test_what_the_hand_may_miss_grows_everything_else_upwards_and_its_own_front(view: LabelledView) -> None:
    """By 10 mm: the wall's top is higher, and the palm and the fingers of the open hand reach further."""
    plain, wary = (map_space(view, 1, np.array([0.5, 0.05]), 0.2, 0.0, miss) for miss in (0.0, 0.010))
    there = (0, 0.50, 0.10)
    assert column(wary, *there) == pytest.approx(column(plain, *there) + 0.010, abs=1e-6)
    hand = HandSurface.of(GRIPPER, 0.010)
    np.testing.assert_array_equal(HAND.open_front, HAND.front)
    index = GRIPPER.opening_index(0.05)
    rows, columns = hand.open_front.shape[1:]
    inside = hand.open_front[
        index, rows // 2 + 16, columns // 2
    ]  # 16 mm off the middle: the finger begins at 25
    closing = hand.front[index, rows // 2 + 16, columns // 2]
    assert hand.open_front[index, rows // 2, columns // 2] == pytest.approx(-0.042 + 0.010)
    assert inside == pytest.approx(0.0185 + 0.010)
    assert closing == pytest.approx(-0.042 + 0.010)


def test_the_front_of_the_hand_is_where_its_boxes_end() -> None:
    """Fingers of an open hand lead by 18.5 mm, between them the palm ends at -42 mm, beside it nothing is."""
    index = GRIPPER.opening_index(0.05)
    rows, columns = HAND.front.shape[1:]
    middle = HAND.front[index, rows // 2, columns // 2]
    finger = HAND.front[index, rows // 2 + 30, columns // 2]
    corner = HAND.front[index, 1, 1]
    assert finger == pytest.approx(0.0185)
    assert middle == pytest.approx(-0.042)
    assert corner in (pytest.approx(-0.042), NO_HAND)


def test_the_support_frame_keeps_heights() -> None:
    from lab_core.geometry import Plane

    plane = Plane(np.array([0.0, 0.6, 0.8]), -0.1)
    to_support = support_from_base(plane)
    points = np.random.default_rng(0).normal(size=(20, 3))
    heights = points @ to_support[2, :3] + to_support[2, 3]
    np.testing.assert_allclose(heights, plane.signed_distance(points), atol=1e-12)
    np.testing.assert_allclose(to_support[:3, :3] @ to_support[:3, :3].T, np.eye(3), atol=1e-12)


def knuckled_gripper() -> ParallelGripper:
    """Pads of 20 mm, and behind them knuckles that stand 2 mm further in than the pads' faces."""

    def boxes(opening: float) -> list[tuple[list[float], list[float]]]:
        half = 0.5 * opening
        return [
            ([-0.01, half, -0.01], [0.01, half + 0.01, 0.01]),
            ([-0.01, -half - 0.01, -0.01], [0.01, -half, 0.01]),
            ([-0.01, half - 0.002, -0.05], [0.01, half + 0.01, -0.011]),
            ([-0.01, -half - 0.01, -0.05], [0.01, 0.002 - half, -0.011]),
        ]

    return ParallelGripper.sampled(
        "knuckled",
        min_opening=0.005,
        max_opening=0.08,
        pad_width=0.02,
        pad_length=0.02,
        friction=0.6,
        boxes_at=boxes,
        pad_centre_at=lambda opening: 0.0,
    )


@pytest.mark.parametrize(
    ("height", "blocker"), [(0.022, Blocker.NOTHING), (0.026, Blocker.PART), (0.06, Blocker.PART)]
)
def test_knuckles_must_not_squeeze_a_part_behind_the_pads(height: float, blocker: Blocker) -> None:
    """No pad would feel it: of a tall part it is the knuckles that hold, of a short one the pads. They begin
    at 26 mm.
    """
    gripper = knuckled_gripper()
    hand = HandSurface.of(gripper)
    scene = observe([Solid("box", (0.03, 0.03, height), at(0.5, 0.0, 0.5 * height))], camera_pose(ELEVATION))
    item = scene.objects[0]
    shape = complete(item.points, item.normals, label_view(scene), 1)
    found = np.zeros(1, dtype=np.int64)
    closed_further = gripper.narrower_indices(np.array([0.03 - 0.004]))
    mark_touching(pose(0.5, 0.0, 0.015), closed_further, shape, hand.behind, found)
    assert found[0] == blocker
