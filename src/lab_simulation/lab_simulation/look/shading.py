"""Colour of each pixel from what it shows and the light that falls on it.

Lambert reflection of key, fill and ambient light; gloss adds a lobe about the mirrored key light (B.-T.
Phong, 1975) and a mirror image of the ceiling that grows at grazing angles (C. Schlick, 1994). Besides the
colour every pixel tells how badly a stereo camera sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled, compiled_for_images
from lab_core.geometry import FloatArray, PinholeCamera
from lab_simulation.look.geometry import Geometry
from lab_simulation.look.lighting import Lighting
from lab_simulation.look.wardrobe import Wardrobe

_F = np.float32
_LINEAR = (np.arange(256, dtype=np.float32) / 255.0) ** 2
_DISPLAY = np.round(np.sqrt(np.arange(4096) / 4095.0) * 255.0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Shaded:
    """colour: (H, W, 3) RGB. unseen: (H, W) how badly a stereo matcher sees the place, 0 well .. 255 not."""

    colour: npt.NDArray[np.uint8]
    unseen: npt.NDArray[np.uint8]


class Shader:
    """Lights the images of one scene, and only those pixels anew that have changed since the one before.

    The result does not depend on what was lit before: a pixel of which nothing has changed would come out the
    same.
    """

    def __init__(self, wardrobe: Wardrobe, lighting: Lighting, gain: npt.NDArray[np.float32]) -> None:
        """gain: (3,) of the camera's channels."""
        self._wardrobe, self._lighting, self._gain = wardrobe, lighting, gain.astype(np.float32)
        self._before: tuple[Any, ...] = ()
        self._view: bytes = b""
        self._frames: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None
        self._shaded: Shaded | None = None

    def shade(
        self,
        geometry: Geometry,
        pinhole: PinholeCamera,
        world_from_optical: FloatArray,
        frames: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]],
        lit: npt.NDArray[np.uint8],
        open_sky: npt.NDArray[np.uint8],
        seconds: float,
    ) -> Shaded:
        """The image at a time. frames: of the wardrobe now.

        lit, open_sky: (H, W) share of the key light and of the ambient light that arrives, 0..255.
        """
        lamps, wardrobe = self._lighting, self._wardrobe
        camera = np.array([pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy], dtype=np.float32)
        key = lamps.key_colour * lamps.strength(seconds)
        vectors = [lamps.key, lamps.fill, key, lamps.fill_colour, lamps.ambient]
        light = np.array([*np.concatenate(vectors), lamps.panel], dtype=np.float32)
        pose = world_from_optical[:3].astype(np.float32)
        view = camera.tobytes() + pose.tobytes() + light.tobytes() + bytes(str(lit.shape), "ascii")
        now: tuple[Any, ...] = (geometry.geoms, geometry.depth, lit, open_sky)
        if self._shaded is None or self._frames is None or view != self._view:
            changed: npt.NDArray[np.uint8] = np.ones(lit.shape, dtype=np.uint8)
            shaded = Shaded(np.empty((*lit.shape, 3), np.uint8), np.empty(lit.shape, np.uint8))
        else:
            changed = np.empty(lit.shape, dtype=np.uint8)
            turned = (frames[0] != self._frames[0]).any(axis=(1, 2)) | (frames[1] != self._frames[1]).any(
                axis=1
            )
            _changed(*now, *self._before, turned, changed)  # type: ignore[call-arg]
            # The slope at a pixel is that of its neighbours too.
            changed = np.asarray(cv2.dilate(changed, np.ones((3, 3), dtype=np.uint8)), dtype=np.uint8)
            shaded = self._shaded
        _shade(  # type: ignore[call-arg]
            *now, changed, camera, pose, wardrobe.how, wardrobe.plain, *frames, wardrobe.centre,
            wardrobe.scale, wardrobe.offset, wardrobe.size, wardrobe.density, wardrobe.atlas, light,
            self._gain, _LINEAR, _DISPLAY, shaded.colour, shaded.unseen,
        )  # fmt: skip
        self._before, self._view, self._frames, self._shaded = now, view, frames, shaded
        return shaded


@compiled
def _changed(
    geoms: Any, depth: Any, lit: Any, sky: Any, geoms_before: Any, depth_before: Any, lit_before: Any,
    sky_before: Any, turned: Any, changed: Any,
) -> None:  # fmt: skip
    height, width = depth.shape
    for v in range(height):
        for u in range(width):
            changed[v, u] = (
                geoms[v, u] != geoms_before[v, u]
                or depth[v, u] != depth_before[v, u]
                or lit[v, u] != lit_before[v, u]
                or sky[v, u] != sky_before[v, u]
                or turned[geoms[v, u]]
            )


@compiled_for_images
def _shade(
    geoms: Any, depth: Any, lit: Any, open_sky: Any, changed: Any, camera: Any, pose: Any, how: Any,
    plain: Any, rotations: Any, shifts: Any, centre: Any, scale: Any, offset: Any, size: Any, density: Any,
    atlas: Any, light: Any, gain: Any, to_linear: Any, to_display: Any, colour: Any, unseen: Any,
) -> None:  # fmt: skip
    height, width = depth.shape
    fx, fy, cx, cy = camera[0], camera[1], camera[2], camera[3]
    one, zero, half = _F(1.0), _F(0.0), _F(0.5)
    for v in range(height):
        y = (_F(v) - cy) / fy
        for u in range(width):
            if changed[v, u] == 0:
                continue
            z = depth[v, u]
            geom = geoms[v, u]
            if geom < 0 or z <= zero:
                for c in range(3):
                    value = light[12 + c] * gain[c] * _F(0.9)
                    colour[v, u, c] = to_display[int(min(one, value) * _F(4095.0))]
                unseen[v, u] = 255
                continue
            x = (_F(u) - cx) / fx
            # Slope of the depth, on the side where it is smaller: the other may lie across an edge.
            zu = depth[v, u + 1] - z if u + 1 < width else _F(1e9)
            back = z - depth[v, u - 1] if u > 0 else _F(1e9)
            if abs(back) < abs(zu):
                zu = back
            zv = depth[v + 1, u] - z if v + 1 < height else _F(1e9)
            back = z - depth[v - 1, u] if v > 0 else _F(1e9)
            if abs(back) < abs(zv):
                zv = back
            nx, ny = zu * fx, zv * fy
            nz = -(z + zu * (_F(u) - cx) + zv * (_F(v) - cy))
            scale_n = one / np.sqrt(nx * nx + ny * ny + nz * nz + _F(1e-12))
            nx, ny, nz = nx * scale_n, ny * scale_n, nz * scale_n
            # Into the world: normal, point, and the direction from the camera.
            wx = pose[0, 0] * nx + pose[0, 1] * ny + pose[0, 2] * nz
            wy = pose[1, 0] * nx + pose[1, 1] * ny + pose[1, 2] * nz
            wz = pose[2, 0] * nx + pose[2, 1] * ny + pose[2, 2] * nz
            dx = pose[0, 0] * x + pose[0, 1] * y + pose[0, 2]
            dy = pose[1, 0] * x + pose[1, 1] * y + pose[1, 2]
            dz = pose[2, 0] * x + pose[2, 1] * y + pose[2, 2]
            px, py, pz = pose[0, 3] + z * dx, pose[1, 3] + z * dy, pose[2, 3] + z * dz
            inverse = one / np.sqrt(dx * dx + dy * dy + dz * dz)
            dx, dy, dz = dx * inverse, dy * inverse, dz * inverse
            # What it is made of.
            way = how[geom]
            red, green, blue, gloss = plain[geom, 0], plain[geom, 1], plain[geom, 2], plain[geom, 3]
            clear = zero
            if way != 0:
                edge = size[geom]
                at = offset[geom]
                footprint = z / fx * density[geom]
                level_sides = 1 if way == 3 else 6
                level = 0
                while level < 2 and footprint > _F(1.4):
                    at += level_sides * edge * edge * 4
                    edge //= 2
                    footprint *= half
                    level += 1
                if way == 3:
                    tu, tv = px * scale[geom, 0], py * scale[geom, 1]
                    shrunk = _F(edge) / _F(size[geom])
                    # Mirrored at its edges, so that no seam shows.
                    iu, iv = int(np.floor(tu * shrunk)) % (2 * edge), int(np.floor(-tv * shrunk)) % (2 * edge)
                    iu, iv = min(iu, 2 * edge - 1 - iu), min(iv, 2 * edge - 1 - iv)
                    side = 0
                else:
                    r = rotations[geom]
                    lx = r[0, 0] * wx + r[0, 1] * wy + r[0, 2] * wz
                    ly = r[1, 0] * wx + r[1, 1] * wy + r[1, 2] * wz
                    lz = r[2, 0] * wx + r[2, 1] * wy + r[2, 2] * wz
                    ax = r[0, 0] * px + r[0, 1] * py + r[0, 2] * pz + shifts[geom, 0] - centre[geom, 0]
                    ay = r[1, 0] * px + r[1, 1] * py + r[1, 2] * pz + shifts[geom, 1] - centre[geom, 1]
                    az = r[2, 0] * px + r[2, 1] * py + r[2, 2] * pz + shifts[geom, 2] - centre[geom, 2]
                    sx, sy, sz = ax * scale[geom, 0], ay * scale[geom, 1], az * scale[geom, 2]
                    if way == 2 and abs(lz) < _F(0.8):
                        turn = (np.arctan2(ay, ax) * _F(0.15915494) + half) * _F(4.0)
                        side = min(3, int(turn))
                        tu, tv = turn - _F(side), half - sz
                    elif abs(lz) >= abs(lx) and abs(lz) >= abs(ly):
                        side = 5 if lz > zero else 4
                        tu, tv = (half + sx if lz > zero else half - sx), half - sy
                    elif abs(lx) >= abs(ly):
                        side = 1 if lx > zero else 0
                        tu, tv = (half + sy if lx > zero else half - sy), half - sz
                    else:
                        side = 3 if ly > zero else 2
                        tu, tv = (half - sx if ly > zero else half + sx), half - sz
                    iu = min(edge - 1, max(0, int(tu * _F(edge))))
                    iv = min(edge - 1, max(0, int(tv * _F(edge))))
                at += ((side * edge + iv) * edge + iu) * 4
                red, green, blue = to_linear[atlas[at]], to_linear[atlas[at + 1]], to_linear[atlas[at + 2]]
                finish = atlas[at + 3]
                if finish > 199:
                    gloss, clear = _F(0.9), _F(finish - 199) * _F(1.0 / 56.0)
                else:
                    gloss = _F(finish) * _F(1.0 / 199.0)
            # Light.
            key = max(zero, wx * light[0] + wy * light[1] + wz * light[2]) * _F(lit[v, u]) * _F(1.0 / 255.0)
            fill = max(zero, wx * light[3] + wy * light[4] + wz * light[5])
            sky = (_F(0.62) + _F(0.38) * wz) * _F(open_sky[v, u]) * _F(1.0 / 255.0)
            facing = -(wx * dx + wy * dy + wz * dz)
            mirror = zero
            lobe = zero
            if gloss > _F(0.03):
                rx, ry, rz = (
                    dx + _F(2.0) * facing * wx,
                    dy + _F(2.0) * facing * wy,
                    dz + _F(2.0) * facing * wz,
                )
                toward = rx * light[0] + ry * light[1] + rz * light[2]
                if toward > zero:
                    power = toward * toward
                    power *= power
                    power *= power
                    power *= power  # 16
                    if gloss > _F(0.3):
                        power *= power * power  # 48
                    lobe = gloss * _F(0.8) * power
                    lamp = (toward - light[15]) * _F(60.0)
                    if lamp > zero:
                        lobe += gloss * gloss * _F(2.5) * min(one, lamp)
                    lobe *= _F(lit[v, u]) * _F(1.0 / 255.0)
                graze = one - max(zero, facing)
                graze *= graze
                mirror = gloss * (_F(0.05) + _F(0.45) * graze * graze) * (_F(0.35) + _F(0.65) * max(zero, rz))
            if clear > zero:  # what lies behind shines through, about as grey as a table
                red += (_F(0.3) - red) * clear * _F(0.6)
                green += (_F(0.3) - green) * clear * _F(0.6)
                blue += (_F(0.3) - blue) * clear * _F(0.6)
            for c in range(3):
                albedo = red if c == 0 else (green if c == 1 else blue)
                got = key * light[6 + c] + fill * light[9 + c] + sky * light[12 + c]
                value = albedo * got + lobe * light[6 + c] + mirror * (light[12 + c] + half * light[6 + c])
                colour[v, u, c] = to_display[int(min(one, value * gain[c]) * _F(4095.0))]
            # What a matcher of infrared images misses: the dark, the mirrored, the clear, the grazed.
            brightness = _F(0.3) * red + _F(0.6) * green + _F(0.1) * blue
            missed = (
                max(zero, _F(0.3) - brightness * _F(16.0)) + min(_F(0.8), lobe * _F(0.5)) + mirror * _F(0.8)
            )
            missed += clear * _F(0.75) + max(zero, _F(0.30) - facing) * _F(4.0)
            unseen[v, u] = np.uint8(min(_F(254.0), missed * _F(255.0)))
