"""Training frames for perception: random things on random tables, as a colour and a stereo camera see them.

    python -m lab_simulation.dataset --out DIR --frames 1500 --seed 0

writes color/N.png (RGB), depth/N.png (16 bit, millimetres, 0 = no data, aligned to colour), labels/N.png (8
bit, 0 none, k the k-th object of the frame) and scenes.json: per frame K (3×3, row by row), base_from_camera
(4×4, row by row, where the camera is; z = 0 is the table, z up), told_base_from_camera (where a calibration
would say that it is) and objects (name → k). A seed always gives the same frames on the same machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab_simulation.mujoco.rendering import Renderer, choose_renderer

# MuJoCo binds its OpenGL when it is first imported.
_RENDERER: Renderer = choose_renderer().renderer

import cv2  # noqa: E402
import mujoco  # noqa: E402
import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402

from lab_core.depth import millimetres  # noqa: E402
from lab_core.geometry import FloatArray, PinholeCamera, make_transform, matrix_from_rpy  # noqa: E402
from lab_simulation.look.geometry import open_geometry  # noqa: E402
from lab_simulation.look.lighting import draw_lighting  # noqa: E402
from lab_simulation.look.renderer import RealRenderer, Scenery  # noqa: E402
from lab_simulation.look.sensor import draw_sensor  # noqa: E402
from lab_simulation.look.skins import Ground, draw_skin  # noqa: E402
from lab_simulation.look.stereo import StereoMatcher  # noqa: E402
from lab_simulation.look.surroundings import add_room, draw_grounds  # noqa: E402
from lab_simulation.look.viewpoints import viewpoint  # noqa: E402
from lab_simulation.mujoco.world import add_parts, apply_settings, image_size  # noqa: E402
from lab_simulation.scenes.casual import casual_scene  # noqa: E402
from lab_simulation.scenes.drawing import Area, Scene  # noqa: E402
from lab_simulation.scenes.settling import set_pose  # noqa: E402

WIDTH, HEIGHT = 640, 480
VIEWS = 6
"""Frames of one settled scene."""
VIEWS_OF_A_SKIN = 2
NEAR, FAR = 0.2, 6.0


@dataclass(frozen=True, slots=True)
class TrainingFrame:
    """colour: (H, W, 3) uint8 RGB. depth: (H, W) float32 metres as the stereo camera gives it, NaN = no data.
    labels: (H, W) int32, index of the object in `objects`, -1 none. base_from_camera: (4, 4), where the
    camera is; told: where a calibration says that it is. Base: z = 0 is the table's top, z up.
    """

    colour: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    pinhole: PinholeCamera
    base_from_camera: FloatArray
    told: FloatArray
    objects: tuple[str, ...]


def training_frames(seed: int, views: int = VIEWS) -> Iterator[TrainingFrame]:
    """All frames of the scene of a seed, each from another place and in another light."""
    rng = np.random.default_rng([seed, 0xDA7A])
    scene, area = casual_scene(rng, seed)
    spec = mujoco.MjSpec()
    apply_settings(spec)
    image_size(spec, WIDTH, HEIGHT)
    room = add_room(spec, rng, area)
    add_parts(spec, scene.parts)
    model = spec.compile()
    data = mujoco.MjData(model)
    for part, pose in zip(scene.parts, scene.poses, strict=True):
        set_pose(data, part.name, pose)
    mujoco.mj_forward(model, data)
    label_of_geom = _labels(model, scene)
    parts = {part.name: part for part in scene.parts}
    geometry = open_geometry(_RENDERER, model, WIDTH, HEIGHT)
    renderer: RealRenderer | None = None
    skins: Mapping[str, Any] = {}
    grounds: Mapping[int, Ground] = {}
    try:
        for view in range(views):
            if view % VIEWS_OF_A_SKIN == 0:
                skins = {name: draw_skin(rng, part) for name, part in parts.items()}
                grounds = draw_grounds(rng, model, room)
            sensor = draw_sensor(rng).exposed_for(grounds[model.geom(room.tables[0]).id].albedo)
            scenery = Scenery(skins, grounds, draw_lighting(rng), sensor, np.zeros(3), 0.7)
            renderer = RealRenderer(geometry, model, parts, scenery)
            pinhole, pose = _camera(rng, area)
            matcher = _matcher(rng, pinhole.fx)
            frame = renderer.render(data, pose, pinhole, matcher, seed, view)
            yield TrainingFrame(
                frame.colour,
                frame.depth,
                label_of_geom[frame.geoms],
                pinhole,
                pose,
                pose @ extrinsics_error(rng),
                tuple(part.name for part in scene.parts),
            )
    finally:
        geometry.close()


def extrinsics_error(rng: np.random.Generator, metres: float = 0.003, radians: float = 0.005) -> FloatArray:
    """(4, 4) camera from the camera that a calibration saw: deviations along and about each axis."""
    roll, pitch, yaw = (float(angle) for angle in rng.normal(0.0, radians, 3))
    return make_transform(matrix_from_rpy((roll, pitch, yaw)), rng.normal(0.0, metres, 3))


def _labels(model: mujoco.MjModel, scene: Scene) -> npt.NDArray[np.int32]:
    """Index of the part of each geom; the last entry is that of no geom."""
    labels = np.full(model.ngeom + 1, -1, dtype=np.int32)
    for index, part in enumerate(scene.parts):
        labels[:-1][model.geom_bodyid == model.body(part.name).id] = index
    return labels


def _camera(rng: np.random.Generator, area: Area) -> tuple[PinholeCamera, FloatArray]:
    """A camera that looks at the parts from somewhere above them."""
    focal = rng.uniform(500.0, 700.0)
    pinhole = PinholeCamera(
        WIDTH,
        HEIGHT,
        focal,
        focal * (1.0 + rng.normal(0.0, 0.002)),
        WIDTH / 2.0 - 0.5 + rng.normal(0.0, 6.0),
        HEIGHT / 2.0 - 0.5 + rng.normal(0.0, 6.0),
    )
    target = np.array([*rng.uniform(-0.08, 0.08, 2), rng.uniform(0.0, 0.08)])
    # Mostly near enough that the parts fill the image.
    distance = float(np.clip(np.max(area.upper[:2]) * rng.uniform(1.6, 4.2), 0.5, 1.3))
    return pinhole, viewpoint(rng, target, distance)


def _matcher(rng: np.random.Generator, focal: float) -> StereoMatcher:
    """A stereo camera of this class, better or worse than the next."""
    return StereoMatcher(
        focal=focal,
        baseline=float(rng.choice([0.05, 0.055, 0.095], p=[0.6, 0.25, 0.15])),
        ripple=float(rng.uniform(0.06, 0.18)),
        flicker=float(rng.uniform(0.015, 0.05)),
        disparity_step=float(rng.choice([1.0 / 32.0, 1.0 / 16.0])),
        fatten=int(rng.integers(1, 4)),
        near=NEAR,
        far=FAR,
    )


def write_frame(folder: Path, index: int, frame: TrainingFrame) -> dict[str, Any]:
    """Write the three images of a frame; returns its entry in scenes.json."""
    quick = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    images = {
        "color": cv2.cvtColor(frame.colour, cv2.COLOR_RGB2BGR),
        "depth": millimetres(frame.depth),
        "labels": (frame.labels + 1).astype(np.uint8),
    }
    for name, image in images.items():
        cv2.imwrite(str(folder / name / f"{index}.png"), image, quick)
    seen = np.unique(frame.labels)
    return {
        "K": frame.pinhole.matrix.ravel().round(4).tolist(),
        "base_from_camera": frame.base_from_camera.ravel().round(6).tolist(),
        "told_base_from_camera": frame.told.ravel().round(6).tolist(),
        "objects": {name: k + 1 for k, name in enumerate(frame.objects) if k in seen},
    }


def write_dataset(folder: Path, frames: int, seed: int) -> None:
    """Write a folder of frames; scenes take the seeds from `seed` × 100 000 on."""
    for name in ("color", "depth", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    entries: dict[str, Any] = {}
    scene = seed * 100_000
    while len(entries) < frames:
        for frame in training_frames(scene):
            if len(entries) < frames:
                entries[str(len(entries))] = write_frame(folder, len(entries), frame)
        scene += 1
        (folder / "scenes.json").write_text(json.dumps(entries), encoding="utf-8")


def main() -> int:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(prog="python -m lab_simulation.dataset", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="another seed gives other scenes")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    write_dataset(options.out, options.frames, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
