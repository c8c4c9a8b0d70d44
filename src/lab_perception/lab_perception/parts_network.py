"""What a small network says of each pixel: does it show a part, does an edge of a part run here, and where is
the middle of its part?

Print, grain and shadows are told from edges of parts by what was learned on rendered scenes; see
networks/README.md for how and on what. Sources of the three answers: X. Xie et al., "Unseen object instance
segmentation for robotic environments", 2021 (foreground and centres from depth and colour, learned from
rendered scenes alone); B. Cheng et al., "Panoptic-DeepLab", 2020 (votes for centres).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lab_core.geometry import Plane
from lab_perception.errors import InvalidNetwork
from lab_perception.frame import ByteImage, Float32Image, Mask
from lab_perception.view import View

NETWORKS = Path(__file__).parent / "networks"

# As the network was trained: it is given this many pixels, and images are not enlarged any further.
_PIXELS = 400 * 300
_MOST_ENLARGED = 1.6
# Its own size is a multiple of this, and its answers have half of it.
_STRIDE = 16
# Metres; heights beyond are as high as that.
_LOWEST, _HIGHEST = -0.05, 0.3
_FAR = 5.0
# Answers are in this many pixels of its own size.
_VOTE_UNIT = 32.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of the (h, w) pixels of a view.

    part: log odds that the pixel shows a part. edge: log odds that an edge of a part runs through it.
    centre: (h, w, 2) where the middle of its part is seen from here, columns and rows away, pixels.
    """

    part: Float32Image
    edge: Float32Image
    centre: Float32Image

    def part_probability(self) -> Float32Image:
        """(h, w) 0..1."""
        return _probability(self.part)

    def edge_probability(self) -> Float32Image:
        """(h, w) 0..1."""
        return _probability(self.edge)

    def cropped(self, window: tuple[slice, slice]) -> Evidence:
        """The evidence of a part of the view."""
        return Evidence(self.part[window], self.edge[window], self.centre[window])


def _probability(log_odds: Float32Image) -> Float32Image:
    probability: Float32Image = np.float32(1.0) / (np.float32(1.0) + np.exp(-log_odds))
    return probability


class PartsNetwork:
    """A network of a file, on one core."""

    def __init__(self, path: Path, sha256: str) -> None:
        """Raises InvalidNetwork when the file is missing, is another one, or cannot be run."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidNetwork(f"the network {path} cannot be read: {error.strerror}") from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != sha256:
            raise InvalidNetwork(
                f"the network {path} ({len(content)} bytes) is not the one that its description names "
                f"(sha256 {digest[:12]}…, expected {sha256[:12]}…): install the package again, "
                "or write the new digest where the network is yours"
            )
        try:
            import onnxruntime
        except ImportError as error:
            raise InvalidNetwork(
                "onnxruntime is not installed, which runs the network that tells parts from the table: "
                "pip install onnxruntime, or set the detector's parameter network to ''"
            ) from error
        options = onnxruntime.SessionOptions()
        # One core is all that perception may take from the arm, and the sums are the same on every machine.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # One plan of the memory for each size of an image: 22 MB, and an image comes no sooner.
        options.enable_mem_pattern = False
        try:
            self._session: Any = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            self._input: str = self._session.get_inputs()[0].name
            self.look(
                np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.float32), np.ones((32, 32), np.float32)
            )
        except Exception as error:  # onnxruntime has no exception of its own to name
            raise InvalidNetwork(f"the network {path} cannot be run: {error}") from error

    def look(self, color: ByteImage, height: Float32Image, pixel_size: Float32Image) -> Evidence:
        """Evidence of the pixels (h, w) of a view.

        color: (h, w, 3) RGB. height: (h, w) above the support, metres, NaN where there is no data.
        pixel_size: (h, w) how much of the support a pixel would show if nothing lay there, metres.
        """
        rows, columns = height.shape
        scale = min(_MOST_ENLARGED, float(np.sqrt(_PIXELS / (rows * columns))))
        size = (max(_STRIDE, round(columns * scale)), max(_STRIDE, round(rows * scale)))
        image = np.zeros(
            (1, 6, -(-size[1] // _STRIDE) * _STRIDE, -(-size[0] // _STRIDE) * _STRIDE), np.float32
        )
        shrink = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        colors = cv2.resize(color, size, interpolation=shrink).astype(np.float32)
        fill_input(image[0, :, : size[1], : size[0]], colors, *resized(height, pixel_size, size, scale))
        answer = self._session.run(None, {self._input: image})[0][0]
        # Answers are those of every second pixel of its own size.
        to_view = np.array([[2.0 / scale, 0.0, 0.0], [0.0, 2.0 / scale, 0.0]])
        part, edge, across, down = (
            cv2.warpAffine(
                channel, to_view, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ).astype(np.float32, copy=False)
            for channel in answer
        )
        unit = np.float32(_VOTE_UNIT / scale)
        return Evidence(part, edge, np.dstack([across * unit, down * unit]))


def network_view(
    view: View, inverse_depth: Float32Image, support: Plane
) -> tuple[Float32Image, Float32Image]:
    """Height above the support and size of a pixel, as `PartsNetwork.look` takes them, (h, w) of a view.

    inverse_depth: (h, w) 1/m, 0 where there is no data.
    """
    rise = view.rays @ support.normal.astype(np.float32)
    camera_height = np.float32(support.signed_distance(view.base_from_camera[:3, 3]))
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.where(inverse_depth > 0.0, rise / inverse_depth + camera_height, np.float32(np.nan))
        # Where the ray meets the support, as its depth; beyond the horizon it is as far as anything counts.
        support_depth = -camera_height / rise
    support_depth[(rise >= -1e-3) | (support_depth > _FAR)] = _FAR
    return height, support_depth / np.float32(view.camera.fx)


def resized(
    height: Float32Image, pixel_size: Float32Image, size: tuple[int, int], scale: float
) -> tuple[Float32Image, Float32Image, Float32Image]:
    """Height, 0 where it is not known, whether it is known, and size of a pixel, in an image of a size."""
    shrink = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    measured: Mask = np.isfinite(height)
    known = cv2.resize(measured.astype(np.float32), size, interpolation=shrink)
    heights = cv2.resize(np.where(measured, height, np.float32(0.0)), size, interpolation=shrink)
    there = (known > 0.4).astype(np.float32)
    sizes = cv2.resize(pixel_size, size).astype(np.float32, copy=False) / np.float32(scale)
    result: Float32Image = (heights / np.maximum(known, 0.01) * there).astype(np.float32)
    return result, there, np.asarray(sizes, np.float32)


def fill_input(
    image: Float32Image,
    color: Float32Image,
    height: Float32Image,
    known: Float32Image,
    pixel_size: Float32Image,
) -> None:
    """Fill in the six channels (6, h, w) of a network's input; color (h, w, 3) RGB 0..255."""
    image[:3] = (color.transpose(2, 0, 1) - 127.0) / 128.0
    image[3] = 10.0 * np.clip(height, _LOWEST, _HIGHEST)
    image[4] = known
    image[5] = np.clip(np.log2(np.maximum(pixel_size, 1e-5) / 0.002), -3.0, 3.0)


@lru_cache(maxsize=4)
def load_network(name: str) -> PartsNetwork:
    """The network of a name in networks/, or of the path of its description, a JSON file.

    Raises InvalidNetwork, which names the file and the fix.
    """
    path = Path(name) if name.endswith(".json") else NETWORKS / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in NETWORKS.glob("*.json"))) or "none"
        raise InvalidNetwork(
            f"there is no network '{name}': set the detector's parameter network to one of: {known}, "
            "to the path of a description, or to '' for none"
        )
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        file, sha256 = str(description["file"]), str(description["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidNetwork(f"{path} must be JSON with file and sha256 of a network: {error!r}") from error
    return PartsNetwork(path.parent / file, sha256)
