"""A page of the sentences that were answered wrongly, each with its picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np
import numpy.typing as npt

from _word_scenes import WordScene
from lab_core.geometry import transform_points
from lab_core.scene import Part

MEANT, TAKEN, OTHER = (30, 170, 80), (225, 60, 50), (250, 250, 250)
MARGIN = 25
"""Pixels around the parts."""


@dataclass(frozen=True)
class Failure:
    """row: of the benchmark. scene: with the parts as they were told apart."""

    row: dict[str, Any]
    scene: WordScene


def write_page(failures: Sequence[Failure], path: Path) -> None:
    """Writes one HTML file that opens without a network; wrong parts come first."""
    ordered = sorted(failures, key=lambda each: (each.row["kind"], each.row["cause"], each.row["stratum"]))
    groups = [
        (kind, [(failure.row, _embedded(picture(failure))) for failure in several])
        for kind, several in groupby(ordered, key=lambda each: each.row["kind"])
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    page = environment.get_template("_word_page.html").render(groups=groups)
    path.write_text(page, encoding="utf-8")


def picture(failure: Failure) -> npt.NDArray[np.uint8]:
    """The work area with the number of each part: green the one that is meant, red those that were taken."""
    scene, row = failure.scene, failure.row
    canvas = np.ascontiguousarray(scene.image).copy()
    outlines = {part.id: _outline(part, scene) for part in scene.seen.objects}
    for part in scene.seen.objects:
        true = scene.of.get(part.id)
        meant, taken = true is not None and true == row["target"], true in row["parts"]
        colour = MEANT if meant else TAKEN if taken else OTHER
        pixels = outlines[part.id]
        cv2.polylines(canvas, [pixels], True, colour, 2 if meant or taken else 1, cv2.LINE_AA)
        x, y = pixels.mean(axis=0).astype(int)
        number = part.id.rsplit("_", 1)[-1]
        for ink, width in (((0, 0, 0), 3), (colour, 1)):
            place = (int(x) - 5, int(y) + 5)
            cv2.putText(canvas, number, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, width, cv2.LINE_AA)
    if not outlines:
        return canvas
    corners = np.vstack(list(outlines.values()))
    (left, top), (right, bottom) = np.maximum(corners.min(0) - MARGIN, 0), corners.max(0) + MARGIN
    return canvas[top:bottom, left:right]


def _outline(part: Part, scene: WordScene) -> npt.NDArray[np.int32]:
    """(M, 2) pixels."""
    view = scene.seen.view
    assert view is not None
    camera = view.camera.scaled(scene.image.shape[1] / view.camera.width)
    if len(part.outline):
        pixels = part.outline * [camera.fx, camera.fy] + [camera.cx, camera.cy]
    else:
        points = transform_points(np.linalg.inv(view.base_from_camera), part.box.corners())
        pixels = camera.project(points)
    hull = cv2.convexHull(np.rint(pixels).astype(np.int32))
    return hull[:, 0]


def _embedded(image: npt.NDArray[np.uint8]) -> str:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return base64.b64encode(data.tobytes()).decode("ascii")
