"""RGB-D images with labels of their objects, read from a folder: images of the world to measure perception
on.

Two layouts are known. *Flat*: `color/N.png`, `depth/N.png` (16 bit, millimetres), `labels/N.png` (0 none, k
object k) and `scenes.json` with `K`, `base_from_camera` and `objects` of each N. *BOP* (Hodan et al., "BOP:
Benchmark for 6D object pose estimation", 2018): `rgb/`, `depth/`, `mask_visib/` and `scene_camera.json` with
`cam_K` and `depth_scale`, as one scene or as folders of scenes. BOP does not say where the table is: there it
is the largest plane around the objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.errors import LabError
from lab_core.geometry import FloatArray, PinholeCamera, Plane, fit_plane, make_transform, transform_points
from lab_perception.frame import RgbdFrame, WorkArea

# Around the labelled objects, and how high the area reaches at least, metres.
_MARGIN, _HEIGHT = 0.03, 0.25
_COLOR_ENDINGS = (".png", ".jpg", ".jpeg")


class InvalidImages(LabError):
    """A folder of labelled images cannot be used."""

    stage = "perception"


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """name: of the image in its folder. truth: (H, W) index of the object at each pixel, -1 for none.
    objects: their names. area: the box around the objects, in the base frame, whose z = 0 is the table.
    """

    name: str
    frame: RgbdFrame
    truth: npt.NDArray[np.int32]
    objects: tuple[str, ...]
    area: WorkArea


def labelled_images(folder: Path) -> Iterator[LabelledImage]:
    """All images of a folder, in the order of their names.

    Raises InvalidImages, which names the file and what is wrong with it.
    """
    if not folder.is_dir():
        raise InvalidImages(f"there is no folder {folder}: give one with labelled images")
    if (folder / "scenes.json").is_file():
        yield from _flat(folder)
        return
    scenes = sorted(path.parent for path in folder.rglob("scene_camera.json"))
    if not scenes:
        raise InvalidImages(
            f"{folder} holds neither scenes.json nor a scene_camera.json: give labelled images"
        )
    for scene in scenes:
        yield from _bop(scene, "" if scene == folder else f"{scene.relative_to(folder)}/")


def _flat(folder: Path) -> Iterator[LabelledImage]:
    for key, entry in _numbered(folder / "scenes.json"):
        where = f"{folder / 'scenes.json'}, scene {key}"
        color, depth = _color(folder / "color", key), _image(folder / "depth" / f"{key}.png")
        labels = _image(folder / "labels" / f"{key}.png")
        objects = entry.get("objects", {})
        numbers = list(objects.values()) if isinstance(objects, Mapping) else [None]
        if not all(isinstance(number, int) and number > 0 for number in numbers):
            raise InvalidImages(f"{where}: objects must map names to numbers from 1 up")
        truth = np.full(labels.shape[:2], -1, np.int32)
        for index, number in enumerate(numbers):
            truth[labels == number] = index
        yield _assembled(
            key, where, color, depth, 1.0, _matrix(entry, "K", where, 9).reshape(3, 3), truth, tuple(objects),
            _matrix(entry, "base_from_camera", where, 16).reshape(4, 4),
        )  # fmt: skip


def _bop(folder: Path, prefix: str) -> Iterator[LabelledImage]:
    for key, entry in _numbered(folder / "scene_camera.json"):
        where = f"{folder / 'scene_camera.json'}, image {key}"
        stem = f"{int(key):06d}"
        color, depth = _color(folder / "rgb", stem), _image(folder / "depth" / f"{stem}.png")
        masks = sorted((folder / "mask_visib").glob(f"{stem}_*.png"))
        if not masks:
            raise InvalidImages(
                f"{folder / 'mask_visib'} has no mask {stem}_*.png: nothing is labelled there"
            )
        truth = np.full(depth.shape[:2], -1, np.int32)
        for index, path in enumerate(masks):
            mask = _image(path)
            if mask.shape[:2] != truth.shape:
                raise InvalidImages(f"{path} is {mask.shape[1::-1]} pixels, its depth {truth.shape[::-1]}")
            truth[(mask if mask.ndim == 2 else mask.max(axis=2)) > 0] = index
        intrinsics = _matrix(entry, "cam_K", where, 9).reshape(3, 3)
        scale = float(entry.get("depth_scale", 1.0))
        names = tuple(path.stem for path in masks)
        yield _assembled(f"{prefix}{key}", where, color, depth, scale, intrinsics, truth, names, None)


def _assembled(
    name: str,
    where: str,
    color: npt.NDArray[np.uint8],
    depth: npt.NDArray[np.uint16],
    scale: float,
    intrinsics: FloatArray,
    truth: npt.NDArray[np.int32],
    objects: tuple[str, ...],
    base_from_camera: FloatArray | None,
) -> LabelledImage:
    """scale: of the depth image's units, millimetres."""
    if depth.ndim != 2 or depth.dtype != np.uint16:
        raise InvalidImages(f"{where}: the depth image is no image of 16 bits and one channel")
    height, width = depth.shape
    if color.shape[:2] != depth.shape or truth.shape != depth.shape:
        raise InvalidImages(
            f"{where}: colour {color.shape[1::-1]}, depth {(width, height)} and labels {truth.shape[::-1]}"
            " differ in size: align them to one camera"
        )
    metres = depth.astype(np.float32) * np.float32(1e-3 * scale)
    metres[depth == 0] = np.nan
    camera = PinholeCamera(width, height, *intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]].tolist())
    labelled = (truth >= 0) & np.isfinite(metres)
    if not labelled.any():
        raise InvalidImages(f"{where}: no labelled pixel has depth")
    points = camera.deproject(metres)
    if base_from_camera is None:
        base_from_camera = table_frame(points, truth >= 0, where)
    in_base = transform_points(base_from_camera, points[labelled].astype(np.float64))
    lower, upper = np.full(3, np.inf), np.full(3, -np.inf)
    for index in np.unique(truth[labelled]):
        # The edges of objects have the depth of what is behind them.
        of_object = np.percentile(in_base[truth[labelled] == index], (2.0, 98.0), axis=0)
        lower, upper = np.minimum(lower, of_object[0]), np.maximum(upper, of_object[1])
    area = WorkArea(
        np.array([*(lower[:2] - _MARGIN), -_MARGIN]),
        np.array([*(upper[:2] + _MARGIN), max(_HEIGHT, float(upper[2]) + _MARGIN)]),
        0.0,
        margin=0.0,
    )
    return LabelledImage(name, RgbdFrame(color, metres, camera, base_from_camera), truth, objects, area)


def table_frame(points: npt.NDArray[np.float32], objects: npt.NDArray[np.bool_], where: str) -> FloatArray:
    """(4, 4) base_from_camera of a base that stands on the table: z upwards from it, x away from the camera.

    points: (H, W, 3) of the camera, NaN without data. objects: (H, W) pixels that show any.

    Raises InvalidImages when there is no plane around the objects.
    """
    reach = max(objects.shape) // 12
    near = cv2.dilate(objects.astype(np.uint8), np.ones((reach, reach), np.uint8)).view(np.bool_) & ~objects
    around = points[near & np.isfinite(points[..., 2])].astype(np.float64)
    if len(around) < 200:
        raise InvalidImages(f"{where}: no depth around the objects, so the table cannot be found")
    rng = np.random.default_rng(0)
    a, b, c = around[rng.integers(0, len(around), (3, 400))]
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1)
    normals = normals[length > 1e-6] / length[length > 1e-6, None]
    offsets = -(normals * a[length > 1e-6]).sum(1)
    sample = around[:: max(1, len(around) // 4000)]
    votes = (np.abs(sample @ normals.T + offsets) < 0.006).sum(0)
    best = int(np.argmax(votes))
    if votes[best] < 0.2 * len(sample):
        raise InvalidImages(f"{where}: no plane around the objects, so the table cannot be found")
    plane = Plane(normals[best], float(offsets[best]))
    for limit in (0.006, 0.004):
        plane = fit_plane(around[np.abs(plane.signed_distance(around)) < limit])
    # The camera is above the table.
    up = plane.normal if plane.offset > 0.0 else -plane.normal
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 0.1:
        ahead = np.array([0.0, -1.0, 0.0]) + up[1] * up
    x = ahead / np.linalg.norm(ahead)
    return make_transform(np.stack([x, np.cross(up, x), up]), [0.0, 0.0, abs(plane.offset)])


def _numbered(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a JSON file that maps numbers to objects, in their order."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return sorted(entries.items(), key=lambda entry: int(entry[0]))
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidImages(f"{path} cannot be read as images by their numbers: {error}") from error


def _matrix(entry: Mapping[str, Any], key: str, where: str, count: int) -> FloatArray:
    try:
        values = np.array(entry[key], dtype=np.float64).ravel()
    except (KeyError, TypeError, ValueError):
        values = np.empty(0)
    if len(values) != count or not np.isfinite(values).all():
        raise InvalidImages(f"{where}: {key} must hold {count} numbers, row by row")
    return values


def _color(folder: Path, stem: str) -> npt.NDArray[np.uint8]:
    """(H, W, 3) RGB."""
    for ending in _COLOR_ENDINGS:
        path = folder / f"{stem}{ending}"
        if path.is_file():
            return np.ascontiguousarray(_image(path, cv2.IMREAD_COLOR)[..., ::-1])
    raise InvalidImages(f"there is no image {stem} in {folder} (looked for {', '.join(_COLOR_ENDINGS)})")


def _image(path: Path, flags: int = cv2.IMREAD_UNCHANGED) -> npt.NDArray[Any]:
    image = cv2.imread(str(path), flags) if path.is_file() else None
    if image is None:
        raise InvalidImages(f"{path} is missing or no image")
    return image
