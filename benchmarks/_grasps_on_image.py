"""Grasps on an image of the world, judged by its depth and labels: what `perception --data` says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lab_core.geometry import FloatArray, invert, transform_points
from lab_core.grasp import Grasp
from lab_core.scene import Scene
from lab_evaluation.labelled_images import LabelledImage
from lab_grasping.errors import GraspingError
from lab_grasping.gripper import ParallelGripper
from lab_grasping.planning import GraspPlanning

NOISE = 0.002
"""Metres that a point may lie in a box of the hand: depth of the world is not exact."""
FEW_POINTS = 5
"""As many may lie deeper."""
APPROACH_STEP = 0.01
ONE_OBJECT = 0.8
"""Share of the points between the pads that one object has."""


@dataclass(frozen=True)
class Verdict:
    """on: name of the object that lies between the pads; "" where there is none, or several. clear:
    no point of the image lies in the hand on its way in.
    """

    on: str
    clear: bool

    @property
    def sound(self) -> bool:
        """Both."""
        return bool(self.on) and self.clear


def judge_grasps(image: LabelledImage, scene: Scene, planning: GraspPlanning) -> dict[str, Any]:
    """Verdicts of the best grasp of the scene and of that of each of its parts; "" where none is found."""
    labelled = _Points(image)

    def verdict(part: str | None) -> str:
        try:
            best = planning.plan(scene, part).grasps[0]
        except GraspingError:
            return ""
        found = labelled.judge(best, planning.hand)
        return "sound" if found.sound else "not clear" if found.on else "on no one object"

    return {"scene": verdict(None), "parts": [verdict(part.id) for part in scene.objects]}


class _Points:
    def __init__(self, image: LabelledImage) -> None:
        frame, self._names = image.frame, image.objects
        points = transform_points(frame.base_from_camera, frame.camera.deproject(frame.depth))
        seen = np.isfinite(points).all(axis=-1) & (frame.depth > 0.0)
        self._points: FloatArray = points[seen]
        self._truth = image.truth[seen]

    def judge(self, grasp: Grasp, hand: ParallelGripper) -> Verdict:
        """Of a grasp of two fingers."""
        in_tcp = transform_points(invert(grasp.base_from_tcp), self._points)
        middle = np.array([0.0, 0.0, float(hand.pad_centre(grasp.width))])
        half = 0.5 * np.array([hand.pad_width, grasp.opening, hand.pad_length])
        between = self._truth[(np.abs(in_tcp - middle) < half).all(axis=-1)]
        counts = np.bincount(between[between >= 0], minlength=len(self._names))
        on = int(np.argmax(counts)) if counts.any() and counts.max() >= ONE_OBJECT * len(between) else -1
        boxes = hand.boxes[hand.opening_index(grasp.opening)]
        lower, upper = boxes[:, None, 0] + NOISE, boxes[:, None, 1] - NOISE
        steps = max(1, int(np.ceil(grasp.approach_distance / APPROACH_STEP)))
        near = in_tcp[np.abs(in_tcp[:, :2]).max(axis=-1) < np.abs(boxes[..., :2]).max()]
        deep = 0
        for back in np.linspace(0.0, grasp.approach_distance, steps + 1):
            there = near + np.array([0.0, 0.0, back])
            inside = ((there > lower) & (there < upper)).all(axis=-1).any(axis=0)
            deep = max(deep, int(inside.sum()))
        return Verdict(self._names[on] if on >= 0 else "", deep <= FEW_POINTS)
