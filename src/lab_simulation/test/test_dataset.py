"""Training frames and the kinds that only they draw."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from lab_core.geometry import rotation_angle, transform_points
from lab_simulation.dataset import training_frames, write_dataset
from lab_simulation.scenes.catalogue import KINDS, make_part
from lab_simulation.scenes.drawing import Area, make_scene
from lab_simulation.scenes.household import HOUSEHOLD
from lab_simulation.scenes.parts import scaled
from lab_simulation.scenes.scene_file import PlacedPart, SceneFile


@pytest.mark.parametrize("kind", sorted(HOUSEHOLD))
def test_household_kinds_are_closed_and_have_their_mass_in_the_middle(kind: str) -> None:
    for seed in range(3):
        part = make_part(kind, "it", np.random.default_rng(seed))
        volumes = np.array([piece.volume() for piece in part.pieces if piece.solid])
        assert (volumes > 0.0).all()
        centres = np.array([piece.centroid() for piece in part.pieces if piece.solid])
        assert np.abs(volumes @ centres / volumes.sum()).max() < 1e-9
        for piece in part.pieces:
            if piece.mesh is not None:
                faces = piece.mesh.faces
                edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
                assert sorted(map(tuple, edges)) == sorted(map(tuple, edges[:, ::-1])), "a hole"
        double = scaled(part, 2.0)
        assert double.radius() == pytest.approx(2.0 * part.radius())


def test_household_kinds_are_drawn_only_when_they_are_named(area: Area) -> None:
    assert not set(HOUSEHOLD) & set(KINDS)
    scene = make_scene(SceneFile("placed", placed=(PlacedPart("mug", (0.5, 0.0, 0.0)),)), 0, area)
    assert scene.poses[0, 2, 3] > 0.02


def test_frames_tell_the_truth() -> None:
    frames = list(training_frames(3, views=2))
    assert len(frames) == 2
    for frame in frames:
        assert frame.colour.shape == (480, 640, 3)
        assert frame.depth.shape == frame.labels.shape == (480, 640)
        assert frame.labels.max() < len(frame.objects)
        assert (frame.labels >= 0).sum() > 500
        off = np.linalg.inv(frame.base_from_camera) @ frame.told
        assert 0.0 < np.linalg.norm(off[:3, 3]) < 0.02
        assert 0.0 < rotation_angle(off[:3, :3]) < 0.05
        # What is labelled lies on the table, and in front of the camera.
        v, u = np.nonzero((frame.labels >= 0) & ~np.isnan(frame.depth))
        z = frame.depth[v, u].astype(float)
        k = frame.pinhole
        points = np.column_stack([(u - k.cx) / k.fx * z, (v - k.cy) / k.fy * z, z])
        heights = transform_points(frame.base_from_camera, points)[:, 2]
        assert np.percentile(heights, 5) > -0.02
        assert np.percentile(heights, 95) < 0.5
    assert not np.array_equal(frames[0].labels, frames[1].labels)
    again = next(training_frames(3, views=2))
    assert np.array_equal(again.colour, frames[0].colour)
    assert np.array_equal(again.depth, frames[0].depth, equal_nan=True)


def test_a_folder_of_frames_can_be_read_back(tmp_path) -> None:
    write_dataset(tmp_path, 2, seed=5)
    entries = json.loads((tmp_path / "scenes.json").read_text())
    assert list(entries) == ["0", "1"]
    for name, entry in entries.items():
        labels = cv2.imread(str(tmp_path / "labels" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        depth = cv2.imread(str(tmp_path / "depth" / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert set(np.unique(labels)) - {0} == set(entry["objects"].values())
        assert depth.dtype == np.uint16
        assert np.reshape(entry["K"], (3, 3))[2, 2] == 1.0
        assert np.reshape(entry["base_from_camera"], (4, 4))[3, 3] == 1.0
        assert cv2.imread(str(tmp_path / "color" / f"{name}.png")).shape == (480, 640, 3)
