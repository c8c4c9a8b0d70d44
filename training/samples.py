"""From folders of labelled frames to what the network is given and what it shall answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from augmentation import Image, Sample, disturb_depth, mirror, relight, repaint

from lab_core.geometry import PinholeCamera, Plane, transform_points
from lab_perception.errors import NoSupport
from lab_perception.frame import WorkArea
from lab_perception.parts_network import fill_input, network_view, resized
from lab_perception.support import find_support
from lab_perception.view import View

WIDTH, HEIGHT = 320, 240
# Answers are in 32 pixels of the input; targets are made at half its size.
_VOTE_UNIT = 16.0


def prepare(folder: Path, out: Path) -> int:
    """Writes one file a frame of a folder of `lab_simulation.dataset` into out; returns how many are there.

    The camera stands where a calibration would say, and the table is found as in the cell.
    """
    out.mkdir(parents=True, exist_ok=True)
    scenes = json.loads((folder / "scenes.json").read_text(encoding="utf-8"))
    for key, scene in scenes.items():
        path = out / f"{folder.name}_{key}.npz"
        if path.exists():
            continue
        color = cv2.imread(str(folder / "color" / f"{key}.png"))[..., ::-1]
        depth = (
            cv2.imread(str(folder / "depth" / f"{key}.png"), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
        )
        labels = cv2.imread(str(folder / "labels" / f"{key}.png"), cv2.IMREAD_UNCHANGED).astype(np.int16) - 1
        intrinsics = np.array(scene["K"]).reshape(3, 3)
        camera = PinholeCamera(*labels.shape[::-1], *intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]].tolist())
        base_from_camera = np.array(scene["told_base_from_camera"]).reshape(4, 4)
        seen = (labels >= 0) & (depth > 0.0)
        if np.count_nonzero(seen) < 100:
            continue
        points = transform_points(base_from_camera, camera.deproject(depth)[seen].astype(np.float64))
        lower, upper = np.percentile(points, (2.0, 98.0), axis=0)
        area = WorkArea(np.array([*(lower[:2] - 0.05), -0.05]), np.array([*(upper[:2] + 0.05), 0.5]), 0.0)
        view = _whole_view(camera, base_from_camera)
        with np.errstate(divide="ignore"):
            inverse = np.where(depth > 0.0, 1.0 / depth, 0.0).astype(np.float32)
        height, pixel_size = network_view(view, inverse, _support(view, inverse, area))
        np.savez(path, color=color, height=height, pixel_size=pixel_size, labels=labels)
    return len(list(out.glob("*.npz")))


def _whole_view(camera: PinholeCamera, base_from_camera: npt.NDArray[np.float64]) -> View:
    x, y = camera.rays()
    rays = np.stack(np.broadcast_arrays(x[None], y[:, None], np.float32(1.0)), axis=-1).astype(np.float32)
    rays = rays @ base_from_camera[:3, :3].T.astype(np.float32)
    return View(0, 0, camera, base_from_camera, rays, np.ones(rays.shape[:2], np.bool_))


def _support(view: View, inverse: Image, area: WorkArea) -> Plane:
    known = inverse[::6, ::6] > 0.0
    points = view.rays[::6, ::6][known] / inverse[::6, ::6][known][:, None]
    points += view.base_from_camera[:3, 3].astype(np.float32)
    inside = (points[:, :2] > area.lower[:2]).all(1) & (points[:, :2] < area.upper[:2]).all(1)
    try:
        return find_support(points[inside], area.centre)
    except NoSupport:
        return Plane(np.array([0.0, 0.0, 1.0]), 0.0)


def pictures() -> list[Image]:
    """Photographs that scikit-image and scikit-learn bring along: print for objects and tables."""
    import skimage
    import sklearn

    folders = (Path(skimage.__file__).parent / "data", Path(sklearn.__file__).parent / "datasets" / "images")
    found = []
    for path in sorted(path for folder in folders for path in folder.iterdir()):
        image = cv2.imread(str(path)) if path.suffix in (".png", ".jpg") else None
        if image is not None and min(image.shape[:2]) >= 64:
            scale = 640.0 / max(image.shape[:2])
            found.append(cv2.resize(image, None, fx=scale, fy=scale)[..., ::-1].astype(np.float32))
    return found


def sample(path: Path, prints: Sequence[Image], rng: np.random.Generator) -> tuple[Image, Image]:
    """Input (6, HEIGHT, WIDTH) and target (6, HEIGHT/2, WIDTH/2) drawn from a prepared frame."""
    with np.load(path) as stored:
        color, height, pixel_size = stored["color"], stored["height"], stored["pixel_size"]
        labels = stored["labels"].astype(np.int32)
    window = _window(labels, rng)
    color, height, pixel_size, labels = (image[window] for image in (color, height, pixel_size, labels))
    rows, columns = labels.shape
    scale = min(WIDTH / columns, HEIGHT / rows, 1.6)
    if rng.random() < 0.5:
        scale *= rng.uniform(0.6, 1.0)
    size = (min(WIDTH, max(16, round(columns * scale))), min(HEIGHT, max(16, round(rows * scale))))
    shrink = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    drawn = Sample(
        cv2.resize(color, size, interpolation=shrink).astype(np.float32),
        *resized(height, pixel_size, size, scale),
        cv2.resize(labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST).astype(np.int32),
    )
    if rng.random() < 0.5:
        mirror(drawn)
    repaint(drawn, prints, rng)
    relight(drawn, rng)
    disturb_depth(drawn, rng)
    image = np.zeros((6, HEIGHT, WIDTH), np.float32)
    shown = np.full((HEIGHT, WIDTH), -2, np.int32)
    top, left = (int(rng.integers(0, room + 1)) for room in (HEIGHT - size[1], WIDTH - size[0]))
    place = (slice(top, top + size[1]), slice(left, left + size[0]))
    fill_input(image[(slice(None), *place)], drawn.color, drawn.height, drawn.known, drawn.pixel_size)
    shown[place] = drawn.labels
    return image, targets(shown[::2, ::2])


def _window(labels: npt.NDArray[np.int32], rng: np.random.Generator) -> tuple[slice, slice]:
    """All objects and something around them, or a close look at some."""
    left, top, width, height = cv2.boundingRect((labels >= 0).astype(np.uint8))
    if rng.random() < 0.25:
        rows, columns = np.nonzero(labels >= 0)
        centre, reach = int(rng.integers(len(rows))), rng.uniform(45.0, 160.0)
        around = reach * rng.uniform(0.6, 1.4, 4)
        lower = np.array([rows[centre] - 0.75 * around[0], columns[centre] - around[1]])
        upper = np.array([rows[centre] + 0.75 * around[2], columns[centre] + around[3]])
    else:
        around = rng.uniform(5.0, 90.0, 4)
        lower = np.array([top - around[0], left - around[1]])
        upper = np.array([top + height + around[2], left + width + around[3]])
    (first_row, first_column), (row, column) = np.maximum(lower, 0).astype(int), upper.astype(int)
    return slice(first_row, row), slice(first_column, column)


def targets(labels: npt.NDArray[np.int32]) -> Image:
    """(6, h, w) of labels (h, w), -1 no object, -2 outside the image: object, edge, way to its middle in
    columns and rows, edge between two objects, inside the image.
    """
    target = np.zeros((6, *labels.shape), np.float32)
    target[0], target[5] = labels >= 0, labels > -2
    for here, there in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        differ = (labels[here] != labels[there]) & (labels[here] > -2) & (labels[there] > -2)
        between = differ & (labels[here] >= 0) & (labels[there] >= 0)
        for side in (here, there):
            target[1][side] = np.maximum(target[1][side], differ)
            target[4][side] = np.maximum(target[4][side], between)
    rows, columns = np.nonzero(labels >= 0)
    index = labels[rows, columns]
    count = np.maximum(np.bincount(index), 1)
    target[2, rows, columns] = ((np.bincount(index, columns) / count)[index] - columns) / _VOTE_UNIT
    target[3, rows, columns] = ((np.bincount(index, rows) / count)[index] - rows) / _VOTE_UNIT
    return target


class Samples(torch.utils.data.IterableDataset):
    """Endless samples of prepared frames; a seed and a number of workers always give the same."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._files, self._seed = sorted(folder.glob("*.npz")), seed

    def __iter__(self) -> Iterator[tuple[Image, Image]]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        step, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        prints = pictures()
        while True:
            rng = np.random.default_rng((self._seed, step))
            yield sample(self._files[int(rng.integers(len(self._files)))], prints, rng)
            step += stride
