"""The same photographs as another day, another camera or another mounting would give them.

A handful of labelled frames, looked at while thresholds were chosen, says little about others. What finds the
same objects in a mirrored, darker, noisier or badly mounted copy does not hang on one frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from lab_core.geometry import FloatArray
from lab_evaluation.labelled_images import LabelledImage

Change = Callable[[LabelledImage, np.random.Generator], LabelledImage]


def changed(image: LabelledImage, name: str) -> LabelledImage:
    """The copy of a name in CHANGES; the same image and name give the same copy."""
    random = np.random.default_rng([sum(image.name.encode()), sum(name.encode())])
    return CHANGES[name](image, random)


def _mirrored(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
    """Left and right change places, and so do y and -y of the base."""
    frame, area = image.frame, image.area
    flip = np.array([1.0, -1.0, 1.0])
    camera = replace(frame.camera, cx=frame.camera.width - 1.0 - frame.camera.cx)
    pose = np.diag([*flip, 1.0]) @ frame.base_from_camera @ np.diag([-1.0, 1.0, 1.0, 1.0])
    corners = np.sort([area.lower * flip, area.upper * flip], axis=0)
    return replace(
        image,
        frame=replace(
            frame,
            color=np.ascontiguousarray(frame.color[:, ::-1]),
            depth=np.ascontiguousarray(frame.depth[:, ::-1]),
            camera=camera,
            base_from_camera=pose,
        ),
        truth=np.ascontiguousarray(image.truth[:, ::-1]),
        area=replace(area, lower=corners[0], upper=corners[1]),
    )


def _upside_down(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
    """The camera is mounted the other way up."""
    frame = image.frame
    camera = replace(
        frame.camera,
        cx=frame.camera.width - 1.0 - frame.camera.cx,
        cy=frame.camera.height - 1.0 - frame.camera.cy,
    )
    return replace(
        image,
        frame=replace(
            frame,
            color=np.ascontiguousarray(frame.color[::-1, ::-1]),
            depth=np.ascontiguousarray(frame.depth[::-1, ::-1]),
            camera=camera,
            base_from_camera=frame.base_from_camera @ np.diag([-1.0, -1.0, 1.0, 1.0]),
        ),
        truth=np.ascontiguousarray(image.truth[::-1, ::-1]),
    )


def _exposed(gamma: float, red: float = 1.0, blue: float = 1.0) -> Change:
    """Another exposure, and another white balance."""

    def change(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
        light = 255.0 * (image.frame.color / 255.0) ** gamma * np.array([red, 1.0, blue])
        return replace(image, frame=replace(image.frame, color=np.clip(light + 0.5, 0, 255).astype(np.uint8)))

    return change


def _grey(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
    grey = cv2.cvtColor(image.frame.color, cv2.COLOR_RGB2GRAY)
    return replace(image, frame=replace(image.frame, color=np.dstack([grey] * 3)))


def _soft(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
    """As a camera of half the resolution sees it."""
    height, width = image.frame.color.shape[:2]
    small = cv2.resize(image.frame.color, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return replace(image, frame=replace(image.frame, color=cv2.resize(small, (width, height))))


def _noisy(sigma: float, width: float, holes: float = 0.0) -> Change:
    """Errors of depth, metres at 0.8 m, that hang together over so many pixels; share of pixels in holes."""

    def change(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
        depth = image.frame.depth
        error = _field(depth.shape, width, random)
        said = depth + sigma * error * (depth / 0.8) ** 2
        if holes > 0.0:
            hidden = _field(depth.shape, 4.0, random)
            said[hidden > np.quantile(hidden, 1.0 - holes)] = np.nan
        return replace(image, frame=replace(image.frame, depth=said.astype(np.float32)))

    return change


def _field(shape: tuple[int, ...], width: float, random: np.random.Generator) -> FloatArray:
    field: FloatArray = cv2.GaussianBlur(random.standard_normal(shape), (0, 0), width)
    return field / field.std()


def _mounted(tilt: float, rise: float) -> Change:
    """The pose of the camera is wrong by a tilt, degrees, about a level axis, and a height, metres."""

    def change(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
        heading = random.uniform(0.0, 2.0 * np.pi)
        error = np.eye(4)
        error[:3, :3] = cv2.Rodrigues(np.deg2rad(tilt) * np.array([np.cos(heading), np.sin(heading), 0.0]))[0]
        error[2, 3] = rise
        pose = error @ image.frame.base_from_camera
        return replace(image, frame=replace(image.frame, base_from_camera=pose))

    return change


def _shifted(image: LabelledImage, random: np.random.Generator) -> LabelledImage:
    """Colour 4 pixels beside depth."""
    color = np.ascontiguousarray(np.roll(image.frame.color, 4, axis=1))
    return replace(image, frame=replace(image.frame, color=color))


CHANGES: dict[str, Change] = {
    "mirrored": _mirrored,
    "upside down": _upside_down,
    "dark": _exposed(1.8),
    "bright": _exposed(0.6),
    "warm light": _exposed(1.0, red=1.25, blue=0.75),
    "cold light": _exposed(1.0, red=0.8, blue=1.25),
    "grey": _grey,
    "soft": _soft,
    "depth noise 1.5 mm, 2 % holes": _noisy(0.0015, 1.5, 0.02),
    "depth waves 2 mm": _noisy(0.002, 40.0),
    "pose off by 1 degree": _mounted(1.0, 0.0),
    "pose 5 mm too high": _mounted(0.0, 0.005),
    "pose 5 mm too low": _mounted(0.0, -0.005),
    "colour 4 pixels aside": _shifted,
}
