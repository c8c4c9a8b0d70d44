"""What the whole makes of images that are not as they should be, and that it does the same every time."""

from dataclasses import replace

import numpy as np
import pytest
from rendered_scenes import box, cylinder, render

from lab_core.depth import millimetres
from lab_core.geometry import make_transform, rotation_about
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Hypothesis
from lab_description import load_cell
from lab_perception.depth_view import halve_depth
from lab_perception.errors import AreaNotInView, PerceptionError
from lab_perception.frame import RgbdFrame, WorkArea
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception, Settings
from lab_perception.segmentation import GeometricDetector

AREA = WorkArea(np.array([0.35, -0.22, 0.0]), np.array([0.70, 0.22, 0.2]), 0.0)
PARTS = [
    box((0.04, 0.03, 0.05), 0.48, 0.05, rgb=(0.8, 0.1, 0.1)),
    cylinder(0.02, 0.04, 0.56, -0.1, rgb=(0.1, 0.2, 0.8)),
]


def frame_of(scene, **changes):
    frame = RgbdFrame(scene.color, scene.depth, scene.camera, scene.base_from_camera)
    return replace(frame, **changes)


@pytest.fixture(scope="module")
def scene():
    return render(PARTS)


@pytest.fixture
def perception():
    return Perception(AREA, GeometricDetector())


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_depth_without_data(perception, scene, value):
    result = perception.perceive(frame_of(scene, depth=np.full_like(scene.depth, value)))
    assert result.code == OutcomeCode.NO_DEPTH
    assert "check the depth stream" in result.message
    assert np.isnan(result.view.depth).all()
    assert result.objects == ()


def test_zero_is_no_data_like_nan(perception, scene):
    with_nan = perception.perceive(frame_of(scene))
    with_zero = perception.perceive(frame_of(scene, depth=np.nan_to_num(scene.depth)))
    assert len(with_nan.objects) == len(with_zero.objects) == 2
    assert np.array_equal(with_nan.objects[0].points, with_zero.objects[0].points)


def test_no_table(perception):
    scene = render([], table=False)
    floor = np.full_like(scene.depth, 2.0)
    result = perception.perceive(frame_of(scene, depth=floor))
    assert result.code == OutcomeCode.NO_SUPPORT
    assert "as where the table is gone" in result.message


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1000.0, "a thousand times too large, as millimetres taken for metres"),
        (0.001, "a thousand times too small"),
        (10.0, "ten times too large"),
    ],
)
def test_depth_in_another_unit_is_said(perception, scene, factor, words):
    result = perception.perceive(frame_of(scene, depth=(factor * scene.depth).astype(np.float32)))
    assert result.code == OutcomeCode.NO_SUPPORT
    assert words in result.message
    assert "check the unit of the depth image" in result.message


def test_a_table_that_is_elsewhere_is_said(perception, scene):
    lifted = scene.base_from_camera.copy()
    lifted[2, 3] += 0.06
    result = perception.perceive(frame_of(scene, base_from_camera=lifted))
    assert result.code == OutcomeCode.NO_SUPPORT
    assert "a surface lies 60 mm above it: correct the table height" in result.message
    tilted = rotation_about([1.0, 0.0, 0.0], 0.15)
    about = make_transform(tilted, [0.5, 0.0, 0.0]) @ make_transform(np.eye(3), [-0.5, 0.0, 0.0])
    result = perception.perceive(frame_of(scene, base_from_camera=about @ scene.base_from_camera))
    assert "tilted by 9°" in result.message


def test_an_empty_table(perception):
    result = perception.perceive(frame_of(render([])))
    assert result.code == OutcomeCode.NO_OBJECT
    assert "nothing on the support" in result.message
    assert abs(result.support.offset) < 0.001


def test_clutter_over_half_of_the_area(perception):
    colors = ((0.8, 0.1, 0.1), (0.1, 0.2, 0.8))
    parts = [
        box((0.06, 0.065, 0.03), 0.40 + 0.08 * i, -0.17 + 0.085 * j, rgb=colors[(i + j) % 2])
        for i in range(4)
        for j in range(5)
    ]
    result = perception.perceive(frame_of(render(parts)))
    assert result.code == OutcomeCode.SUCCESS
    assert len(result.objects) == 20
    assert abs(result.support.offset) < 0.002


def test_a_camera_that_looks_elsewhere(perception, scene):
    away = make_transform(np.eye(3), [0.0, 2.0, 0.0]) @ scene.base_from_camera
    result = perception.perceive(frame_of(scene, base_from_camera=away))
    assert result.code == OutcomeCode.NO_SUPPORT
    assert "check the pose of the camera" in result.message
    with pytest.raises(AreaNotInView):
        perception.warm_up(scene.camera, away)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("far", [-1e300, 1e300])
def test_a_camera_so_far_away_that_no_pixel_has_the_number(perception, scene, axis, far):
    away = scene.base_from_camera.copy()
    away[axis, 3] = far
    with pytest.raises(AreaNotInView):
        perception.warm_up(scene.camera, away)


def test_images_of_different_sizes_are_refused(scene):
    with pytest.raises(ValueError, match=r"depth image is \(320, 240\), its camera \(640, 480\)"):
        frame_of(scene, depth=scene.depth[::2, ::2])


def test_the_same_images_give_the_same_scenes(scene):
    frames = [frame_of(render(PARTS, seed=seed), stamp=seed) for seed in range(3)]
    for settings in (Settings(), Settings(depth_averaging=4)):
        runs = []
        for _ in range(2):
            perception = Perception(AREA, GeometricDetector(), settings)
            runs.append([perception.perceive(frame) for frame in frames])
        for one, other in zip(*runs, strict=True):
            assert one.ids == other.ids
            assert np.array_equal(one.view.depth, other.view.depth, equal_nan=True)
            for a, b in zip(one.objects, other.objects, strict=True):
                assert np.array_equal(a.points, b.points)
                assert np.array_equal(a.normals, b.normals)
                assert np.array_equal(a.box.frame_from_box, b.box.frame_from_box)


def test_warming_up_leaves_no_trace(scene):
    cold, warm = (Perception(AREA, GeometricDetector()) for _ in range(2))
    warm.warm_up(scene.camera, scene.base_from_camera)
    assert cold.perceive(frame_of(scene)).ids == warm.perceive(frame_of(scene)).ids


def test_pixels_of_the_robot_are_nothing_at_all(perception, scene):
    """One of two parts is covered by the mask: it is no object, and what is there is not known."""
    hidden = scene.truth == 0
    result = perception.perceive(frame_of(scene, hidden=hidden))
    assert len(result.objects) == 1
    assert result.objects[0].color_name == "blue"
    whole = hidden.reshape(240, 2, 320, 2).all(axis=(1, 3))
    assert whole.any()
    assert np.isnan(result.view.depth[whole]).all()


def test_identities_last_while_the_parts_stay(scene):
    perception = Perception(AREA, GeometricDetector())
    first = perception.perceive(frame_of(scene, stamp=0))
    second = perception.perceive(frame_of(render(PARTS, seed=9), stamp=66_000_000))
    assert first.ids == second.ids == ["object_1", "object_2"]


def test_a_part_keeps_its_identity_behind_the_robot(scene):
    """The mask covers the red part for ten seconds, three times as long as an unseen part is remembered."""
    perception = Perception(AREA, GeometricDetector())
    perception.perceive(frame_of(scene))
    rows, columns = np.nonzero(scene.truth == 0)
    hidden = np.zeros(scene.truth.shape, np.bool_)
    hidden[rows.min() - 5 : rows.max() + 5, columns.min() - 5 : columns.max() + 5] = True
    for second in range(1, 11):
        result = perception.perceive(frame_of(scene, hidden=hidden, stamp=second * 1_000_000_000))
        assert result.ids == ["object_2"]
    assert perception.perceive(frame_of(scene, stamp=11_000_000_000)).ids == ["object_1", "object_2"]


def test_averaged_depth_is_less_noisy():
    flat = Perception(AREA, GeometricDetector(), Settings(depth_averaging=8))
    scenes = [render(PARTS, seed=seed) for seed in range(8)]
    errors = []
    for stamp, scene in enumerate(scenes):
        view = flat.perceive(frame_of(scene, stamp=stamp)).view.depth
        truth = halve_depth(scene.clean_depth, scene.camera)[0]
        errors.append(np.nanmedian(np.abs(view - truth)))
    assert errors[-1] < 0.6 * errors[0]


def test_depth_is_halved_without_inventing_values():
    depth = np.array(
        [[0.8, 0.8, np.nan, np.nan], [0.8, 0.7, np.nan, 0.9], [1.0, 0.5, 0, 0], [0.5, 1.0, 0, 0]]
    )
    camera = render([]).camera
    reduced, smaller = halve_depth(depth.astype(np.float32), camera)
    assert millimetres(reduced).tolist() == [[800, 900], [500, 0]]
    assert smaller.width == 320


def test_what_a_detector_says_of_a_part_is_in_the_scene(scene):
    guesses = (Hypothesis("nut", 0.7), Hypothesis("bolt", 0.2))

    class Connoisseur(GeometricDetector):
        def detect(self, frame, surface):
            return [replace(found, hypotheses=guesses) for found in super().detect(frame, surface)]

    result = Perception(AREA, Connoisseur()).perceive(frame_of(scene))
    assert [part.hypotheses for part in result.objects] == [guesses, guesses]
    assert result.objects[0].label == "nut"


def test_a_stage_of_a_cell_leaves_its_robot_out_of_the_image():
    cell = load_cell("ur5e_table")
    camera = cell.camera
    color = np.zeros((camera.pinhole.height, camera.pinhole.width, 3), np.uint8)
    depth = np.ones(color.shape[:2], np.float32)
    looking = Perception.of(cell, PerceptionParameters())
    assert set(cell.robot.joint_names) <= set(looking.joints)
    at_home = dict(zip(cell.robot.joint_names, cell.robot.configuration("home"), strict=True))
    positions = dict.fromkeys(looking.joints, 0.0) | at_home
    over_the_table = positions | {"shoulder_pan_joint": 0.0, "shoulder_lift_joint": -0.8, "elbow_joint": 1.2}

    def frame(joints):
        return looking.frame(color, depth, camera.pinhole, camera.base_from_camera, 7, joints, "lens")

    assert frame(over_the_table).hidden.any()
    assert frame(None).hidden is None
    assert (frame(None).stamp, frame(None).base_frame, frame(None).camera_frame) == (7, "base_link", "lens")
    with pytest.raises(PerceptionError, match="the depth image is"):
        looking.frame(color, depth[1:], camera.pinhole, camera.base_from_camera, 7)
    blind = Perception.of(cell, PerceptionParameters(robot_mask=False))
    assert blind.joints == ()
