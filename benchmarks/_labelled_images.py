"""Perception on images of the world: what `perception --data` measures, draws and compares with."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rich.table import Table

from lab_core.geometry import transform_points
from lab_core.scene import Scene
from lab_evaluation.labelled_images import LabelledImage
from lab_perception.detector import Detector
from lab_perception.evaluation import compare
from lab_perception.objects import describe
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception, Settings
from lab_perception.surface import SurfaceSettings

HAS_OPEN3D = importlib.util.find_spec("open3d") is not None


@dataclass(frozen=True)
class Found:
    """labels: (H, W) instance at each pixel, -1 none. seconds: from image to objects. scene: a detector's."""

    labels: npt.NDArray[np.int32]
    seconds: list[float]
    scene: Scene | None = None


def by_detector(image: LabelledImage, detector: Detector, repeats: int) -> Found:
    """What the node would publish, with its defaults but for the detector."""
    parameters = PerceptionParameters()
    area = replace(image.area, margin=parameters.area_margin)
    surface_settings = SurfaceSettings(min_height=parameters.min_height)
    perception = Perception(area, detector, Settings(surface=surface_settings))
    frame, surface = perception.surface(image.frame)
    labels = np.full(frame.depth.shape, -1, np.int32)
    window = surface.view.crop(labels)
    count = 0
    for instance in detector.detect(frame, surface):
        if describe(frame, surface, [instance], area):
            window[instance.mask] = count
            count += 1
    # a large image is worked on at half its size
    rows = np.arange(image.truth.shape[0]) * labels.shape[0] // image.truth.shape[0]
    columns = np.arange(image.truth.shape[1]) * labels.shape[1] // image.truth.shape[1]
    labels = np.ascontiguousarray(labels[rows[:, None], columns])
    scene = perception.perceive(image.frame)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        perception.perceive(image.frame)
        seconds.append(time.perf_counter() - start)
    return Found(labels, seconds, scene)


def by_plane_and_dbscan(image: LabelledImage) -> Found:
    """Open3D as its tutorials have it: RANSAC plane, then DBSCAN of what is above it; nothing tuned."""
    import open3d

    start = time.perf_counter()
    frame, area = image.frame, image.area
    # Every second pixel, as nobody would wait for DBSCAN over all of them.
    points = transform_points(frame.base_from_camera, frame.camera.deproject(frame.depth)[::2, ::2])
    inside = ((points > area.lower) & (points < area.upper)).all(axis=-1)
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points[inside].astype(np.float64)))
    _, plane = cloud.segment_plane(distance_threshold=0.01, ransac_n=3, num_iterations=1000)
    above = np.ones(len(cloud.points), np.bool_)
    above[plane] = False
    cluster = np.full(len(cloud.points), -1, np.int32)
    rest = cloud.select_by_index(np.flatnonzero(above))
    cluster[above] = np.asarray(rest.cluster_dbscan(eps=0.02, min_points=10))
    half = np.full(inside.shape, -1, np.int32)
    half[inside] = cluster
    seconds = time.perf_counter() - start
    height, width = image.truth.shape
    labels = np.repeat(np.repeat(half, 2, axis=0), 2, axis=1)[:height, :width]
    return Found(np.ascontiguousarray(labels), [seconds])


def judge(image: LabelledImage, found: Found) -> dict[str, Any]:
    """Figures of one image. A phantom is an instance of which less than half lies on labelled objects."""
    agreement = compare(image.truth, found.labels)
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=agreement.instances)
    on_objects = found.labels[(found.labels >= 0) & (image.truth >= 0)]
    shared = np.bincount(on_objects, minlength=agreement.instances)
    return {
        "image": image.name,
        "objects": len(agreement.parts),
        "instances": agreement.instances,
        "found_50": agreement.found(0.5),
        "found_75": agreement.found(0.75),
        "iou": agreement.iou.tolist(),
        "split": agreement.split,
        "merged": agreement.merged,
        "phantoms": int((shared < 0.5 * sizes).sum()),
        "ms": float(1e3 * np.median(found.seconds)),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of all images."""
    total = {
        key: sum(row[key] for row in rows)
        for key in ("objects", "instances", "found_50", "found_75", "split", "merged", "phantoms")
    }
    return total | {
        "images": len(rows),
        "mean_iou": float(np.mean([iou for row in rows for iou in row["iou"]])),
        "phantoms_per_image": total["phantoms"] / len(rows),
        "ms_p50": float(np.median([row["ms"] for row in rows])),
        "grasps": Counter(row["grasps"]["scene"] for row in rows if "grasps" in row),
        "grasps_of_parts": Counter(one for row in rows if "grasps" in row for one in row["grasps"]["parts"]),
    }


def grasps_in_words(total: dict[str, Any]) -> str:
    """What became of the best grasp of each image, and of each part."""
    in_all, of_parts = total["grasps"], total["grasps_of_parts"]
    planned = sum(of_parts.values()) - of_parts[""]
    return (
        f"best grasp of the image on one object and clear: {in_all['sound']} of {sum(in_all.values())}; "
        f"of the parts that have one: {of_parts['sound']} of {planned} ({of_parts['not clear']} not clear, "
        f"{of_parts['on no one object']} on no one labelled object; {of_parts['']} parts without a grasp)"
    )


def changes_table(copies: dict[str, dict[str, Any]]) -> Table:
    """One row for each change: figures of `summary`."""
    table = Table(title="the same images, changed")
    table.add_column("change")
    for heading in ("inst. / obj.", "IoU 0.5", "IoU 0.75", "mean IoU", "phantoms", "best grasp sound"):
        table.add_column(heading, justify="right")
    for name, total in copies.items():
        table.add_row(
            name,
            f"{total['instances']} / {total['objects']}",
            *(f"{total[key] / total['objects']:.0%}" for key in ("found_50", "found_75")),
            f"{total['mean_iou']:.2f}",
            f"{total['phantoms_per_image']:.1f}",
            f"{total['grasps']['sound']} of {total['images']}",
        )
    return table


def as_table(methods: dict[str, list[dict[str, Any]]]) -> Table:
    """For each method one row an image and one in all."""
    table = Table(title="perception on labelled images")
    table.add_column("image", no_wrap=True)
    for heading in (
        "obj.",
        "inst.",
        "IoU\n0.5",
        "IoU\n0.75",
        "mean\nIoU",
        "split",
        "merged",
        "phan-\ntoms",
        "ms",
    ):
        table.add_column(heading, justify="right")
    for method, rows in methods.items():
        table.add_row(method, style="bold")
        for row in rows:
            table.add_row(row["image"], *_cells(row | {"mean_iou": np.mean(row["iou"]), "ms_p50": row["ms"]}))
        table.add_row("all", *_cells(summary(rows)), style="bold", end_section=True)
    return table


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        str(row["objects"]),
        str(row["instances"]),
        f"{row['found_50'] / row['objects']:.0%}",
        f"{row['found_75'] / row['objects']:.0%}",
        f"{row['mean_iou']:.2f}",
        str(row["split"]),
        str(row["merged"]),
        str(row["phantoms"]),
        f"{row['ms_p50']:.0f}",
    ]


def draw(image: LabelledImage, found: Found, path: Path) -> None:
    """The image with the true outlines in white and the instances in colours."""
    picture = image.frame.color.copy()
    count = int(found.labels.max(initial=-1)) + 1
    hues = (np.arange(max(count, 1)) * 67 % 180).astype(np.uint8)
    colours = np.dstack([hues, np.full_like(hues, 220), np.full_like(hues, 255)])
    palette = cv2.cvtColor(colours, cv2.COLOR_HSV2RGB)
    on = found.labels >= 0
    picture[on] = (0.45 * picture[on] + 0.55 * palette[0][found.labels[on]]).astype(np.uint8)
    for index in range(len(image.objects)):
        outline, _ = cv2.findContours((image.truth == index).astype(np.uint8), cv2.RETR_EXTERNAL,
                                      cv2.CHAIN_APPROX_NONE)  # fmt: skip
        cv2.drawContours(picture, outline, -1, (255, 255, 255), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture[..., ::-1])
