"""What stands out of the support: points and normals of all that is above it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import PinholeCamera, Plane
from lab_perception.appearance import chroma_and_lightness, smooth_color
from lab_perception.diagnosis import likely_cause
from lab_perception.errors import NoDepth, NoSupport
from lab_perception.frame import ByteImage, Float32Image, Mask, RgbdFrame, WorkArea
from lab_perception.normals import fit_surface
from lab_perception.parts_network import Evidence, load_network, network_view
from lab_perception.support import SupportSettings, find_support
from lab_perception.view import View

# Pixels around what stands out that are kept for filters to reach into.
_BORDER = 8
# OpenCV's median is three times as fast on 16 bits; this many steps a 1/m reach as near as 0.26 m.
_MEDIAN_CODE = 16384.0
# Metres that a part may seem to lie in the support, by errors of depth and of the camera's pose.
_BELOW = 0.03
# Metres by which a single pixel must be higher than the median around it to count instead.
_CORNER = 0.004
# Metres above the support, and across, from which something is a part whatever the network says, where half
# of the table lies within that many metres of its plane: 0.3 mm for good depth, 1 to 2 mm for real cameras.
_HIGH, _BROAD, _EVEN = 0.01, 0.012, 0.0005
# Log odds from which a pixel shows a part, however low its depth says that it is.
_SURE = 3.0
# Share of the pixels of the area below which nothing can be said of it.
_LEAST_DEPTH = 0.05
# The support is fitted to every sixth pixel, and to about so many of a small area.
_STRIDE, _SAMPLES = 6, 2500
# What a pixel shows.
_FLAT, _ABOVE, _BEYOND_DOUBT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SurfaceSettings:
    """Noise of the depth and what is taken for real by it.

    baseline, disparity_noise: of the stereo camera, metres and pixels. min_height: lower things are taken for
    the support's own unevenness, metres. contrast: distance from the support's colour (units of chroma) that
    tells a pixel without depth to show a part.
    """

    baseline: float = 0.05
    disparity_noise: float = 0.08
    min_height: float = 0.003
    contrast: float = 16.0

    def inverse_depth_noise(self, camera: PinholeCamera) -> float:
        """Standard deviation of the inverse depth of one pixel, 1/m."""
        return self.disparity_noise / (camera.fx * self.baseline)


@dataclass(frozen=True, slots=True)
class Surface:
    """Measured geometry above the support, over the (h, w) pixels of a view around it.

    support: plane in the base frame, normal upwards.
    chroma, lightness: (h, w, 2) and (h, w), see `lab_perception.appearance`.
    foreground: pixels with a measured surface above the support, the robot left out.
    domain: foreground and pixels without depth that differ from the support in colour.
    inverse_depth: (h, w) smoothed, 1/m, 0 where there is no surface.
    points: (h, w, 3) in the base frame; the camera's own place where there is no surface.
    normals: (h, w, 3) in the base frame, towards the camera; 0 where there is no surface.
    evidence: what the network says of each pixel, or None without one.
    """

    view: View
    support: Plane
    chroma: Float32Image
    lightness: Float32Image
    foreground: Mask
    domain: Mask
    inverse_depth: Float32Image
    points: Float32Image
    normals: Float32Image
    evidence: Evidence | None = None


def observe_surface(
    frame: RgbdFrame,
    view: View,
    area: WorkArea,
    support_settings: SupportSettings,
    settings: SurfaceSettings,
    network: str = "",
) -> Surface:
    """Finds the support and everything above it.

    view: of the work area in the frame. network: which tells pixels of parts from all others, see
    `lab_perception.parts_network.load_network`; without one, '', height and contrast alone tell them.

    Raises NoDepth when the work area holds no measurement, NoSupport when there is no plane where the cell
    has one.
    """
    depth = view.crop(frame.depth)
    measured = depth > 0.0
    hidden = None if frame.hidden is None else view.crop(frame.hidden)
    in_sight = view.on_area
    if hidden is not None:
        measured &= ~hidden
        in_sight = in_sight & ~hidden
    share = _count(measured & in_sight) / max(_count(in_sight), 1)
    if share < _LEAST_DEPTH:
        raise NoDepth(share)
    noise = settings.inverse_depth_noise(view.camera)
    with np.errstate(divide="ignore"):
        inverse = np.where(measured, np.float32(1.0) / depth, np.float32(0.0))
    median = _median(inverse)

    try:
        support = _support(view, median, measured, area, support_settings)
    except NoSupport as error:
        raise error.because(likely_cause(frame, view, area, support_settings)) from error
    blind = ~measured & in_sight
    color = smooth_color(view.crop(frame.color))
    evidence: Evidence | None = None
    if network:
        heights, pixel_size = network_view(view, inverse, support)
        evidence = load_network(network).look(view.crop(frame.color), heights, pixel_size)
        height = _heights(view, inverse, median, support, area)
        part = _with_what_is_high(evidence.part, height, pixel_size)
        evidence = replace(evidence, part=part)
        # At the rim of a part the network is right to a pixel or two: what is as low as the support is it.
        above = (part > 0.0) & ((height > settings.min_height) | ((part > _SURE) & np.isfinite(height)))
        domain = (part > 0.0) & (np.isfinite(height) | blind)
    else:
        kinds = _classify(view, inverse, median, support, area, settings.min_height, noise)
        above = kinds == _ABOVE
        # The median eats corners: a pixel that is high beyond doubt by itself counts beside others that are.
        beside = cv2.dilate(above.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
        above |= (kinds == _BEYOND_DOUBT) & beside
        domain = above | _unlike(color, kinds == _FLAT, blind, settings.contrast)

    view, window = view.around(domain, _BORDER)
    if evidence is not None:
        evidence = evidence.cropped(window)
    domain = domain[window]
    chroma, lightness = chroma_and_lightness(color[window])
    smoothed, normals = fit_surface(inverse[window], above[window], chroma, view.camera, noise)
    foreground = smoothed > 0.0
    points = np.empty_like(view.rays)
    _to_base(smoothed, view.rays, view.base_from_camera.astype(np.float32), points, normals)
    return Surface(
        view=view,
        support=support,
        chroma=chroma,
        lightness=lightness,
        foreground=foreground,
        domain=domain,
        inverse_depth=smoothed,
        points=points,
        normals=normals,
        evidence=evidence,
    )


def _count(mask: Mask) -> int:
    return cv2.countNonZero(mask.view(np.uint8))


def _heights(
    view: View, inverse: Float32Image, median: Float32Image, support: Plane, area: WorkArea
) -> Float32Image:
    """Height (h, w) above the support of what is measured in the area, metres; NaN elsewhere."""
    origin = view.base_from_camera[:3, 3]
    limits = np.array(
        [
            *(area.lower[:2] - area.margin - origin[:2]),
            area.support_height - _BELOW - origin[2],
            *(area.upper[:2] + area.margin - origin[:2]),
            area.upper[2] - origin[2],
            support.signed_distance(origin),
        ],
        np.float32,
    )
    height = np.full(inverse.shape, np.nan, np.float32)
    _fill_heights(inverse, median, view.rays, support.normal.astype(np.float32), limits, height)
    return height


@compiled
def _fill_heights(
    inverse: Float32Image,
    median: Float32Image,
    rays: Float32Image,
    normal: Float32Image,
    limits: Float32Image,
    height: Float32Image,
) -> None:
    for v in range(inverse.shape[0]):
        for u in range(inverse.shape[1]):
            if not inverse[v, u] > 0.0:
                continue
            depth = np.float32(1.0) / inverse[v, u]
            inside = True
            rise = np.float32(0.0)
            for axis in range(3):
                ray = rays[v, u, axis]
                inside &= limits[axis] < depth * ray < limits[3 + axis]
                rise += ray * normal[axis]
            if inside:
                # The median is less noisy, but eats corners, where it is that of what is behind.
                smooth = rise / median[v, u] if median[v, u] > 0.0 else rise * depth
                height[v, u] = max(smooth, rise * depth - _CORNER) + limits[6]


def _with_what_is_high(part: Float32Image, height: Float32Image, pixel_size: Float32Image) -> Float32Image:
    """Log odds (h, w) of parts where good depth counts too: what stands high on an even table is a part.

    On a table that looks uneven the edges of parts are fattened in depth, and things behind them reach into
    the area: there the network knows better.
    """
    sparse = height[::4, ::4]
    table = np.abs(sparse[(part[::4, ::4] < -2.0) & np.isfinite(sparse)])
    if len(table) < 50 or np.median(table) > _EVEN:
        return part
    with np.errstate(invalid="ignore"):
        high = (height > _HIGH).view(np.uint8)
    across = max(3, int(_BROAD / float(np.median(pixel_size))) | 1)
    broad = cv2.morphologyEx(high, cv2.MORPH_OPEN, np.ones((across, across), np.uint8)).view(np.bool_)
    return np.where(broad, np.maximum(part, np.float32(_SURE)), part)


@compiled
def _to_base(
    inverse_depth: Float32Image,
    rays: Float32Image,
    base_from_camera: Float32Image,
    points: Float32Image,
    normals: Float32Image,
) -> None:
    """Fill in points of the base frame, and turn the normals from the camera's frame into it, in one pass."""
    for v in range(inverse_depth.shape[0]):
        for u in range(inverse_depth.shape[1]):
            if inverse_depth[v, u] <= 0.0:
                points[v, u] = base_from_camera[:3, 3]
                continue
            depth = np.float32(1.0) / inverse_depth[v, u]
            x, y, z = normals[v, u, 0], normals[v, u, 1], normals[v, u, 2]
            for axis in range(3):
                turned = base_from_camera[axis, 0] * x + base_from_camera[axis, 1] * y
                normals[v, u, axis] = turned + base_from_camera[axis, 2] * z
                points[v, u, axis] = depth * rays[v, u, axis] + base_from_camera[axis, 3]


def _median(inverse_depth: Float32Image) -> Float32Image:
    """Median over 5 by 5 pixels, 0.04 mm coarse at 0.8 m; no data counts as infinitely far."""
    coded: npt.NDArray[np.uint16] = np.minimum(
        inverse_depth * np.float32(_MEDIAN_CODE), np.float32(65535.0)
    ).astype(np.uint16)
    median: Float32Image = cv2.medianBlur(coded, 5).astype(np.float32)
    return median * np.float32(1.0 / _MEDIAN_CODE)


def _support(
    view: View, inverse_depth: Float32Image, measured: Mask, area: WorkArea, settings: SupportSettings
) -> Plane:
    """Raises NoSupport."""
    points = _sample(view, inverse_depth, measured, area, area.margin if area.is_small else 0.0)
    return find_support(points, area.centre, settings)


def _sample(
    view: View, inverse_depth: Float32Image, measured: Mask, area: WorkArea, margin: float
) -> Float32Image:
    """Some thousand points (N, 3) above and on the work area and a margin around it, in the base frame."""
    stride = int(np.clip(np.sqrt(_count(view.on_area) / _SAMPLES), 1, _STRIDE))
    sparse = inverse_depth[::stride, ::stride]
    seen = measured[::stride, ::stride] & (sparse > 0.0)
    origin = view.base_from_camera[:3, 3].astype(np.float32)
    points = view.rays[::stride, ::stride][seen] / sparse[seen][:, None] + origin
    lower, upper = area.lower[:2] - margin, area.upper[:2] + margin
    inside = (points[:, :2] > lower).all(1) & (points[:, :2] < upper).all(1)
    return points[inside]


def _classify(
    view: View,
    inverse: Float32Image,
    median: Float32Image,
    support: Plane,
    area: WorkArea,
    min_height: float,
    noise: float,
) -> ByteImage:
    """What each pixel (h, w) shows: _FLAT support, something _ABOVE it by the median around the pixel,
    something above it _BEYOND_DOUBT by the pixel alone, or nothing of these.
    """
    origin = view.base_from_camera[:3, 3]
    limits = np.array(
        [
            support.signed_distance(origin),
            min_height,
            area.upper[2] - area.support_height,
            *(area.lower[:2] - area.margin - origin[:2]),
            *(area.upper[:2] + area.margin - origin[:2]),
            4.0 * noise,
        ],
        np.float32,
    )
    kinds = np.zeros(inverse.shape, np.uint8)
    _classify_pixels(inverse, median, view.rays, support.normal.astype(np.float32), limits, kinds)
    return kinds


@compiled
def _classify_pixels(
    inverse: Float32Image,
    median: Float32Image,
    rays: Float32Image,
    normal: Float32Image,
    limits: Float32Image,
    kinds: ByteImage,
) -> None:
    ground, low, high = limits[0], limits[1], limits[2]
    for v in range(inverse.shape[0]):
        for u in range(inverse.shape[1]):
            if not (inverse[v, u] > 0.0 and median[v, u] > 0.0):
                continue
            x, y = rays[v, u, 0], rays[v, u, 1]
            rise = x * normal[0] + y * normal[1] + rays[v, u, 2] * normal[2]
            height = rise / median[v, u] + ground
            if abs(height) <= low:
                kinds[v, u] = _FLAT
            depth = np.float32(1.0) / inverse[v, u]
            if (
                depth * x < limits[3]
                or depth * y < limits[4]
                or depth * x > limits[5]
                or depth * y > limits[6]
            ):
                continue
            if low < height < high:
                kinds[v, u] = _ABOVE
            elif low + limits[7] * depth * depth < rise * depth + ground < high:
                kinds[v, u] = _BEYOND_DOUBT


def _unlike(color: ByteImage, flat: Mask, blind: Mask, contrast: float) -> Mask:
    """Pixels without depth whose colour is not that of the support; lightness counts little, it varies with
    the light.

    Dark and shiny parts are found by this: depth has holes in them.
    """
    unlike = np.zeros(blind.shape, np.bool_)
    support = color[::8, ::8][flat[::8, ::8]]
    if len(support) < 50 or not blind.any():
        return unlike
    squares = np.float32(0.0)
    for channel, of_support, weight in zip(
        _channels(color[blind]), _channels(support), (1.0, 1.0, 0.3), strict=True
    ):
        centre = np.median(of_support)
        spread = 3.0 * np.median(np.abs(of_support - centre))
        squares = squares + (weight * np.maximum(np.abs(channel - centre) - spread, 0.0)) ** 2
    unlike[blind] = squares > contrast * contrast
    return unlike


def _channels(pixels: ByteImage) -> tuple[Float32Image, Float32Image, Float32Image]:
    """Chroma and lightness of pixels (N, 3)."""
    chroma, lightness = chroma_and_lightness(pixels[:, None])
    return chroma[:, 0, 0], chroma[:, 0, 1], lightness[:, 0]
