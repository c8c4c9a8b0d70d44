"""The real look of one model: geometry, skins, light, colour camera and stereo camera put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from lab_core.geometry import FloatArray, PinholeCamera
from lab_simulation.look.geometry import DepthImage, GeometryPass, IdImage
from lab_simulation.look.light_map import LightFrustum, ShadowCasters
from lab_simulation.look.lighting import Lighting
from lab_simulation.look.sensor import ColourImage, ColourSensor
from lab_simulation.look.shading import Shader
from lab_simulation.look.shadows import lit_share
from lab_simulation.look.skins import Ground, Skin
from lab_simulation.look.stereo import StereoMatcher, Windows
from lab_simulation.look.wardrobe import dress
from lab_simulation.scenes.parts import Part

LIGHT_MAP_PIXELS = 320


@dataclass(frozen=True, slots=True)
class RealFrame:
    """colour: (H, W, 3) RGB. depth: (H, W) as the stereo camera gives it, metres, NaN = no data.
    true_depth: (H, W), 0 = nothing. geoms: (H, W) geom of each pixel, -1 none.
    """

    colour: ColourImage
    depth: DepthImage
    true_depth: DepthImage
    geoms: IdImage


@dataclass(frozen=True, slots=True)
class Scenery:
    """What a look is made of, apart from the model.

    middle (3,), radius: of the ball in which shadows fall, metres in the world.
    """

    skins: Mapping[str, Skin]
    grounds: Mapping[int, Ground]
    lighting: Lighting
    sensor: ColourSensor
    middle: FloatArray
    radius: float


class RealRenderer:
    """Draws one model; lives in the thread that made its geometry pass."""

    def __init__(
        self, geometry: GeometryPass, model: mujoco.MjModel, parts: Mapping[str, Part], scenery: Scenery
    ) -> None:
        self._geometry = geometry
        self._scenery = scenery
        self._wardrobe = dress(model, parts, scenery.skins, scenery.grounds)
        self._casters = ShadowCasters(model)
        self._windows: tuple[StereoMatcher, DepthImage, Windows] | None = None
        self._shader = Shader(self._wardrobe, scenery.lighting, scenery.sensor.gain)

    def render(
        self,
        data: mujoco.MjData,
        world_from_optical: FloatArray,
        pinhole: PinholeCamera,
        matcher: StereoMatcher | None,
        seed: int,
        frame: int,
        seconds: float = 0.0,
    ) -> RealFrame:
        """The image of the present state. frame: counts images, decides what passes. seconds: of the light.

        Without a matcher the depth is the true one.
        """
        scenery = self._scenery
        seen = self._geometry.view(data, world_from_optical, pinhole)
        frustum = LightFrustum.towards(
            -scenery.lighting.key, scenery.middle, scenery.radius, LIGHT_MAP_PIXELS
        )
        light_map = self._casters.cast(data, frustum)
        lit, open_sky = lit_share(
            seen.depth, pinhole, world_from_optical, frustum, light_map, scenery.lighting.softness
        )
        frames = self._wardrobe.frames(data)
        shaded = self._shader.shade(seen, pinhole, world_from_optical, frames, lit, open_sky, seconds)
        colour = scenery.sensor.apply(shaded.colour, seed, frame)
        if matcher is None:
            depth = np.where(seen.depth > 0.0, seen.depth, np.float32(np.nan))
        else:
            known = self._windows
            if known is None or known[0] is not matcher or not np.array_equal(known[1], seen.depth):
                known = self._windows = (matcher, seen.depth, matcher.windows(seen.depth, seed))
            depth = matcher.match(known[2], shaded.unseen, seed, frame)
        return RealFrame(colour, depth, seen.depth, seen.geoms)

    def close(self) -> None:
        """Give back what the renderer holds."""
        self._geometry.close()
