"""Perception on simulated images: what it finds, how well, and how long it takes.

Protocol: for each arrangement, seeds FIRST..FIRST+N-1 of config/scenes/ARRANGEMENT.yaml in the cell, the
robot at home, one image a scene with the noise of the stereo camera. `grey` paints all parts alike, so that
colour tells nothing. Truth is the renderer's: the part at each pixel; parts with fewer than 60 visible pixels
do not count. Instances and parts are matched one to one for the greatest sum of intersections over unions
(IoU). Recall: parts matched with IoU 0.5 (0.8). Precision: instances that are. Position: distance of the
centre of an object's footprint from that of its part, in plan, over parts matched with IoU 0.5; it says
little about parts that others hide. Seeds below 100 were used to fit the segmentation's weights and are no
measure. Time is that of this process on this machine, image in memory to scene, without messages.

With --data FOLDER, on images that the world has made, in BOP's layout or as lab_evaluation.labelled_images
says: the work area is the box around the labelled objects and 3 cm on each side, up to 0.25 m or the highest
object; node defaults; one look an image, no tracking. Phantoms are instances of which less than half lies on
labelled objects. On what is found the cell's best grasp is planned, of the image and of each part; it is
sound when of the points between the pads at least 80 % are of one labelled object, and at most 5 points of
the image lie 2 mm deep in the hand on its way in: what the camera did not see is not judged. Beside it,
where Open3D is installed, its plane and DBSCAN, untuned, on the same images.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _changed_images import CHANGES, changed
from _grasps_on_image import judge_grasps
from _labelled_images import (
    HAS_OPEN3D,
    by_detector,
    by_plane_and_dbscan,
    changes_table,
    draw,
    grasps_in_words,
    judge,
    summary,
)
from _labelled_images import as_table as images_table
from _labelled_scenes import LabelledScene, labelled_scene
from lab_core.errors import LabError
from lab_description import Cell, load_cell
from lab_evaluation.labelled_images import labelled_images
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planning import GraspPlanning
from lab_perception.detector import DETECTORS, Detector
from lab_perception.evaluation import compare
from lab_perception.objects import describe
from lab_perception.perception_parameters import PerceptionParameters
from lab_perception.pipeline import Perception
from lab_perception.segmentation import GeometricParameters
from lab_simulation.errors import SceneError
from lab_simulation.look import LOOKS

ARRANGEMENTS = ("scattered", "packed", "pile")


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument("--detector", default="geometric")
    parser.add_argument("--seeds", type=int, default=20, help="scenes of each arrangement")
    parser.add_argument("--first", type=int, default=100, help="first seed")
    parser.add_argument("--look", choices=LOOKS, default="real", help="of the simulated images")
    parser.add_argument(
        "--moved", action="store_true", help="real look: the camera stands elsewhere each time"
    )
    parser.add_argument("--grey", action="store_true", help="plain look: measure parts of one grey too")
    parser.add_argument("--repeats", type=int, default=5, help="how often each image is timed")
    parser.add_argument("--data", type=Path, help="folder of labelled images to measure on instead")
    parser.add_argument(
        "--network", default=GeometricParameters().network, help="of the detector geometric; '' for none"
    )
    parser.add_argument("--pictures", type=Path, help="with --data: folder for pictures of what was found")
    parser.add_argument(
        "--changed", action="store_true", help="with --data: copies of the images too, see _changed_images"
    )
    options = parser.parse_args()
    if (options.grey and options.look != "plain") or (options.moved and options.look != "real"):
        parser.error("--grey goes with --look plain, --moved with --look real")

    for name in ("pictures", "changed"):
        if getattr(options, name) and not options.data:
            parser.error(f"--{name} goes with --data")
    console = Console()
    if options.data:
        try:
            on_images(options, console)
        except LabError as error:
            sys.exit(f"lab bench perception: {error}")
        return
    cell = load_cell(options.cell)
    figures: dict[str, dict[str, Any]] = {}
    for grey in (False, True) if options.grey else (False,):
        for arrangement in ARRANGEMENTS:
            name = f"{arrangement}, grey" if grey else arrangement
            seeds = range(options.first, options.first + options.seeds)
            scenes = scenes_of(cell, arrangement, seeds, grey, options)
            found = [
                measure(cell, scene, options)
                for scene in track(
                    scenes, description=name, total=options.seeds, console=console, transient=True
                )
            ]
            figures[name] = summarise(found)
    console.print(as_table(figures, options))
    seeds = [options.first, options.first + options.seeds - 1]
    write({"cell": options.cell, "seeds": seeds, "results": figures}, options, console)


def detector_of(options: argparse.Namespace) -> Detector:
    """The detector of the options. Raises ConfigurationError."""
    given = {"geometric.network": options.network}
    return DETECTORS.make(options.detector, given=given).plugin


def on_images(options: argparse.Namespace, console: Console) -> None:
    """Measures on the images of a folder. Raises LabError when they cannot be used."""
    detector = detector_of(options)
    planning = GraspPlanning.of(load_cell(options.cell), GraspParameters())
    rows: dict[str, list[dict[str, Any]]] = {options.detector: []}
    if HAS_OPEN3D:
        rows["plane + DBSCAN"] = []
    else:
        console.print("Open3D is not installed: there is nothing to compare with (pip install open3d)")
    for image in track(labelled_images(options.data), description="images", console=console, transient=True):
        found = by_detector(image, detector, options.repeats)
        row = judge(image, found)
        assert found.scene is not None
        row["grasps"] = judge_grasps(image, found.scene, planning)
        rows[options.detector].append(row)
        if HAS_OPEN3D:
            rows["plane + DBSCAN"].append(judge(image, by_plane_and_dbscan(image)))
        if options.pictures:
            draw(image, found, options.pictures / f"{image.name.replace('/', '_')}.png")
    console.print(images_table(rows))
    console.print(grasps_in_words(summary(rows[options.detector])))
    totals = {method: summary(images) for method, images in rows.items()}
    if options.changed:
        copies = {name: on_copies(name, options, detector, planning, console) for name in CHANGES}
        console.print(changes_table(copies))
        totals |= {f"{options.detector}, {name}": total for name, total in copies.items()}
    write({"data": options.data.name, "results": totals, "images": rows}, options, console)


def on_copies(
    name: str, options: argparse.Namespace, detector: Detector, planning: GraspPlanning, console: Console
) -> dict[str, Any]:
    """Figures of the detector on the copies of a name."""
    rows = []
    for image in track(labelled_images(options.data), description=name, console=console, transient=True):
        copy = changed(image, name)
        found = by_detector(copy, detector, 1)
        assert found.scene is not None
        rows.append(judge(copy, found) | {"grasps": judge_grasps(copy, found.scene, planning)})
    return summary(rows)


def write(results: dict[str, Any], options: argparse.Namespace, console: Console) -> None:
    """The figures as JSON, where they are asked for."""
    if not options.out:
        return
    report = {
        "benchmark": "perception",
        "protocol": " ".join((__doc__ or "").split("Protocol:")[1].split()),
        "detector": options.detector,
        "network": options.network,
        "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
        **results,
    }
    options.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    console.print(f"written to {options.out}")


def scenes_of(
    cell: Cell, arrangement: str, seeds: Iterable[int], grey: bool, options: argparse.Namespace
) -> Iterator[LabelledScene]:
    """The scenes of the seeds; a seed whose parts find no room gives none."""
    for seed in seeds:
        with contextlib.suppress(SceneError):
            yield labelled_scene(cell, arrangement, seed, grey=grey, look=options.look, moved=options.moved)


def measure(cell: Cell, scene: LabelledScene, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of one image."""
    parameters = PerceptionParameters()
    area, settings = parameters.work_area(cell), parameters.settings(cell)
    detector = detector_of(options)
    perception = Perception.of(cell, parameters, detector)
    frame, surface = perception.surface(scene.frame)
    labels = np.full(surface.domain.shape, -1, np.int32)
    instances = detector.detect(frame, surface)
    for index, instance in enumerate(instances):
        labels[instance.mask] = index
    # a large image is worked on at half its size
    stride = len(scene.truth) // len(frame.depth)
    truth = np.ascontiguousarray(surface.view.crop(scene.truth[::stride, ::stride]))
    agreement = compare(truth, labels)
    hidden_parts = np.setdiff1d(np.unique(scene.truth[scene.truth >= 0]), np.unique(truth[truth >= 0]))
    matched = agreement.iou >= 0.5
    errors = []
    for part, index in zip(agreement.parts[matched], agreement.matched[matched], strict=True):
        for item in describe(frame, surface, [instances[index]], area, settings.objects):
            errors.append(float(np.linalg.norm(item.box.centre[:2] - scene.footprints[part])))

    perception.perceive(scene.frame)
    wall, cpu = [], []
    for _ in range(options.repeats):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        perception.perceive(scene.frame)
        wall.append(time.perf_counter() - wall_start)
        cpu.append(time.process_time() - cpu_start)
    return {
        "parts": len(agreement.parts) + int(sum((scene.truth == part).sum() >= 60 for part in hidden_parts)),
        "instances": agreement.instances,
        "found_50": agreement.found(0.5),
        "found_80": agreement.found(0.8),
        "iou": agreement.iou.tolist(),
        "split": agreement.split,
        "merged": agreement.merged,
        "errors": errors,
        "wall": wall,
        "cpu": cpu,
    }


def summarise(images: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of all images of one arrangement."""
    parts = sum(image["parts"] for image in images)
    instances = sum(image["instances"] for image in images)
    errors = np.array([error for image in images for error in image["errors"]])
    milliseconds = {
        key: 1e3 * np.array([t for image in images for t in image[key]]) for key in ("wall", "cpu")
    }
    return {
        "scenes": len(images),
        "parts": parts,
        "recall_iou_50": sum(image["found_50"] for image in images) / parts,
        "recall_iou_80": sum(image["found_80"] for image in images) / parts,
        "precision_iou_50": sum(image["found_50"] for image in images) / max(instances, 1),
        "mean_iou": float(np.mean([iou for image in images for iou in image["iou"]])),
        "over_segmented": sum(image["split"] for image in images) / parts,
        "under_segmented": sum(image["merged"] for image in images) / parts,
        "position_error_p50_mm": float(np.percentile(errors, 50) * 1e3),
        "position_error_p95_mm": float(np.percentile(errors, 95) * 1e3),
        "within_5_mm": float((errors <= 0.005).sum() / parts),
        "frame_ms_p50": float(np.percentile(milliseconds["wall"], 50)),
        "frame_ms_p95": float(np.percentile(milliseconds["wall"], 95)),
        "cpu_ms_p50": float(np.percentile(milliseconds["cpu"], 50)),
    }


def as_table(figures: dict[str, dict[str, Any]], options: argparse.Namespace) -> Table:
    """The figures for a person."""
    table = Table(
        title=f"perception, detector {options.detector}, {options.look} look, cell {options.cell}, "
        f"seeds {options.first} to {options.first + options.seeds - 1}"
    )
    columns = {
        "scenes": ("scenes", "d"),
        "parts": ("parts", "d"),
        "recall_iou_50": ("recall\nIoU 0.5", ".1%"),
        "recall_iou_80": ("recall\nIoU 0.8", ".1%"),
        "precision_iou_50": ("precision", ".1%"),
        "mean_iou": ("mean\nIoU", ".3f"),
        "over_segmented": ("over-\nseg.", ".1%"),
        "under_segmented": ("under-\nseg.", ".1%"),
        "position_error_p50_mm": ("centre\np50 mm", ".1f"),
        "position_error_p95_mm": ("centre\np95 mm", ".1f"),
        "within_5_mm": ("within\n5 mm", ".1%"),
        "frame_ms_p50": ("frame\np50 ms", ".1f"),
        "frame_ms_p95": ("frame\np95 ms", ".1f"),
        "cpu_ms_p50": ("CPU\np50 ms", ".1f"),
    }
    table.add_column("scene")
    for heading, _ in columns.values():
        table.add_column(heading, justify="right")
    for name, row in figures.items():
        table.add_row(name, *(format(row[key], form) for key, (_, form) in columns.items()))
    return table


if __name__ == "__main__":
    main()
