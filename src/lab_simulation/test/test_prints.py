import cv2
import numpy as np
import pytest

from lab_core.errors import ConfigurationError
from lab_core.geometry import PinholeCamera, make_transform, matrix_from_rpy
from lab_simulation.look.prints import PrintedPicture, draw_print
from lab_simulation.scenes.scene_file import load_prints, load_scene_file

CAMERA = PinholeCamera(320, 240, 300.0, 300.0, 159.5, 119.5)
HALF = np.where(np.arange(100)[None, :] < 50, 0, 255).astype(np.uint8).repeat(60, axis=0)[:60]
PRINT = PrintedPicture("plate", np.eye(4), (0.2, 0.12), HALF)


def drawn(pose, depth=1.0):
    scene = np.full((240, 320, 3), 120, np.uint8)
    ranges = np.full((240, 320), depth, np.float32)
    return draw_print(scene, ranges, CAMERA, pose, PRINT, np.random.default_rng(0))


def test_a_print_lies_where_it_is():
    """Its black half is to the left of its middle, and ends where the projection says."""
    image = drawn(make_transform(np.eye(3), [0.02, 0.01, 0.5]))[..., 0]
    row = image[round(119.5 + 300 * 0.01 / 0.5)].astype(float)
    edge = 159.5 + 300 * 0.02 / 0.5
    assert row[round(edge) - 20] < 30 < 180 < row[round(edge) + 20]
    middle = np.interp(
        0.5 * (row[round(edge) - 10] + row[round(edge) + 10]), row[140:200], np.arange(140, 200)
    )
    assert abs(middle - edge) < 0.3
    outside = round(edge + 300 * 0.1 / 0.5) + 3
    assert abs(row[outside] - 120) < 2


def test_what_stands_before_it_hides_it():
    pose = make_transform(np.eye(3), [0.0, 0.0, 0.5])
    assert np.all(drawn(pose, depth=0.4) == 120)
    assert np.any(drawn(pose, depth=0.5) != 120)
    assert np.any(drawn(pose, depth=np.nan) != 120)


def test_its_back_shows_nothing():
    assert np.all(drawn(make_transform(matrix_from_rpy([np.pi, 0.0, 0.0]), [0.0, 0.0, 0.5])) == 120)


def test_a_scene_file_names_its_prints(tmp_path):
    cv2.imwrite(str(tmp_path / "plate.png"), HALF)
    scene = tmp_path / "plate.yaml"
    words = "arrangement: scattered\nparts: 0\nprints:\n  - {link: plate, picture: %s, size: [0.2, 0.12]}\n"
    scene.write_text(words % "plate.png", encoding="utf-8")
    (loaded,) = load_prints(load_scene_file(scene), scene)
    assert loaded.link == "plate"
    assert np.array_equal(loaded.picture, HALF)
    scene.write_text(words % "absent.png", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"absent\.png: is no picture"):
        load_prints(load_scene_file(scene), scene)
