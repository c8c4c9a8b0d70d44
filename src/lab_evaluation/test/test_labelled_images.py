"""Folders of labelled images, in both layouts, and what is said of those that cannot be used."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lab_core.geometry import transform_points
from lab_description import load_cell
from lab_evaluation.labelled_images import InvalidImages, labelled_images
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planning import GraspPlanning
from lab_perception.segmentation import GeometricDetector, GeometricParameters
from lab_perception.testing.detector_contract import AREA, BASE_FROM_CAMERA, BLOCKS, CAMERA
from lab_perception.testing.imagined import imagine

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))
from _grasps_on_image import judge_grasps
from _labelled_images import by_detector, draw, judge, summary


@pytest.fixture(scope="module")
def picture():
    """(colour, depth in millimetres, truth) of three blocks."""
    frame, truth = imagine(BLOCKS, AREA, CAMERA, BASE_FROM_CAMERA)
    return frame.color, np.nan_to_num(1e3 * frame.depth).round().astype(np.uint16), truth


@pytest.fixture
def flat(tmp_path, picture):
    color, depth, truth = picture
    for name, image in (
        ("color", color[..., ::-1]),
        ("depth", depth),
        ("labels", (truth + 1).astype(np.uint8)),
    ):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "3.png"), image)
    scene = {
        "K": CAMERA.matrix.ravel().tolist(),
        "base_from_camera": BASE_FROM_CAMERA.ravel().tolist(),
        "objects": {"red": 1, "blue": 2, "yellow": 3},
    }
    (tmp_path / "scenes.json").write_text(json.dumps({"3": scene}))
    return tmp_path


@pytest.fixture
def bop(tmp_path, picture):
    color, depth, truth = picture
    scene = tmp_path / "000001"
    for name in ("rgb", "depth", "mask_visib"):
        (scene / name).mkdir(parents=True)
    cv2.imwrite(str(scene / "rgb" / "000007.png"), color[..., ::-1])
    cv2.imwrite(str(scene / "depth" / "000007.png"), (10 * depth).astype(np.uint16))
    for index in range(len(BLOCKS)):
        cv2.imwrite(
            str(scene / "mask_visib" / f"000007_{index:06d}.png"), 255 * (truth == index).astype(np.uint8)
        )
    entry = {"cam_K": CAMERA.matrix.ravel().tolist(), "depth_scale": 0.1}
    (scene / "scene_camera.json").write_text(json.dumps({"7": entry}))
    return tmp_path


def test_a_flat_folder_is_read_as_it_is(flat, picture):
    (image,) = labelled_images(flat)
    color, depth, truth = picture
    assert image.name == "3"
    assert image.objects == ("red", "blue", "yellow")
    assert np.array_equal(image.frame.color, color)
    assert np.array_equal(image.truth, truth)
    assert np.nanmax(np.abs(image.frame.depth - 1e-3 * depth)) < 1e-6
    # Blocks within 0.16 m of the middle, and 3 cm.
    assert np.all(np.abs(image.area.lower[:2]) < 0.2)
    assert np.all(np.abs(image.area.upper[:2]) < 0.2)
    assert image.area.upper[2] == 0.25


def test_a_folder_of_bop_scenes_gets_its_table_from_the_depth(bop, picture):
    (image,) = labelled_images(bop)
    assert image.name == "000001/7"
    assert np.array_equal(image.truth, picture[2])
    points = transform_points(
        image.frame.base_from_camera, image.frame.camera.deproject(image.frame.depth).reshape(-1, 3)
    )
    table = (image.truth == -1).ravel() & np.isfinite(points[:, 2])
    assert np.median(np.abs(points[table, 2])) < 0.002
    top = points[(image.truth == 2).ravel() & np.isfinite(points[:, 2]), 2]
    assert np.median(top) == pytest.approx(BLOCKS[2].size[2], abs=0.003)


def test_what_cannot_be_used_is_named(tmp_path, flat):
    def sentence(folder):
        with pytest.raises(InvalidImages) as error:
            list(labelled_images(folder))
        return str(error.value)

    assert "there is no folder" in sentence(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "neither scenes.json nor" in sentence(tmp_path / "empty")
    cv2.imwrite(str(flat / "labels" / "3.png"), np.zeros((10, 20), np.uint8))
    assert "labels (20, 10) differ in size" in sentence(flat)
    (flat / "labels" / "3.png").write_bytes(b"no image")
    assert "3.png is missing or no image" in sentence(flat)
    (flat / "scenes.json").write_text('{"3": {"K": [1, 2]}}')
    assert "3.png is missing or no image" in sentence(flat)
    (flat / "scenes.json").write_text("{")
    assert "scenes.json cannot be read" in sentence(flat)


def test_numbers_that_are_no_matrix_are_named(flat):
    scenes = json.loads((flat / "scenes.json").read_text())
    scenes["3"]["K"] = [1.0, "two"]
    (flat / "scenes.json").write_text(json.dumps(scenes))
    with pytest.raises(InvalidImages, match="scene 3: K must hold 9 numbers"):
        list(labelled_images(flat))


@pytest.mark.parametrize("network", ["parts", ""])
def test_what_is_found_is_judged_and_drawn(flat, network):
    (image,) = labelled_images(flat)
    found = by_detector(image, GeometricDetector(GeometricParameters(network=network)), repeats=1)
    figures = summary([judge(image, found)])
    assert (figures["objects"], figures["instances"], figures["found_50"]) == (3, 3, 3)
    assert figures["phantoms"] == figures["split"] == figures["merged"] == 0
    draw(image, found, flat / "pictures" / "3.png")
    assert cv2.imread(str(flat / "pictures" / "3.png")).shape == image.frame.color.shape


def test_an_instance_on_the_table_is_a_phantom(flat):
    (image,) = labelled_images(flat)
    found = by_detector(image, GeometricDetector(GeometricParameters(network="")), repeats=1)
    found.labels[:20, :20] = 3
    assert judge(image, found)["phantoms"] == 1


def test_grasps_on_what_was_found_are_judged_by_the_labels(flat):
    (image,) = labelled_images(flat)
    found = by_detector(image, GeometricDetector(GeometricParameters(network="")), repeats=1)
    planning = GraspPlanning.of(load_cell("ur5e_table"), GraspParameters())
    verdicts = judge_grasps(image, found.scene, planning)
    assert verdicts["scene"] == "sound" and len(verdicts["parts"]) == 3
    nothing = replace(image, truth=np.full_like(image.truth, -1), objects=())
    assert judge_grasps(nothing, found.scene, planning)["scene"] == "on no one object"
    nearer = replace(
        image.frame, depth=np.where(image.truth >= 0, image.frame.depth, image.frame.depth - 0.1)
    )
    full = judge_grasps(replace(image, frame=nearer), found.scene, planning)
    assert "sound" not in (full["scene"], *full["parts"])
