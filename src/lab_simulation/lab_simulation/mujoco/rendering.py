"""Which way images are made on this machine, decided before MuJoCo is imported.

MuJoCo and PyOpenGL bind to one OpenGL platform a process, for good. So each platform is tried in a child
process, which may fail or crash as it likes, and only the one that worked is bound here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Literal, cast

from lab_simulation.errors import RendererUnavailable

Renderer = Literal["egl", "osmesa", "raycast"]

PACKAGES = {
    "egl": "libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0",
    "osmesa": "libosmesa6",
}
"""Debian and Ubuntu packages that each OpenGL platform needs."""

PROBE_SECONDS = 30.0

_PROBE = """
import mujoco
from mujoco.{platform} import GLContext
context = GLContext(32, 32)
context.make_current()
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
print("rendered", flush=True)
import os
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class RendererChoice:
    """renderer: what to use. warning: a sentence for a person when it is not the best one, else empty."""

    renderer: Renderer
    warning: str = ""


def choose_renderer(wanted: str = "auto") -> RendererChoice:
    """Bind this process to a renderer: the wanted one, or with `auto` the first of EGL, OSMesa and ray
    casting.

    Call it before the first image is made. A process that is bound already keeps its platform.
    Raises RendererUnavailable when a renderer that is named outright does not work here.
    """
    if wanted not in ("auto", "egl", "osmesa", "raycast"):
        raise RendererUnavailable(f"no renderer '{wanted}'; use one of: auto, egl, osmesa, raycast")
    bound = os.environ.get("MUJOCO_GL", "")
    if wanted == "raycast":
        return RendererChoice("raycast")
    if wanted == "auto" and bound in ("egl", "osmesa"):
        candidates = [bound] + [name for name in PACKAGES if name != bound]
    else:
        candidates = list(PACKAGES) if wanted == "auto" else [wanted]
    problems: list[str] = []
    for platform in candidates:
        problem = _probe(platform)
        if not problem:
            os.environ["MUJOCO_GL"] = platform
            return RendererChoice(cast(Renderer, platform), " ".join(problems))
        problems.append(
            f"{platform.upper()} does not work here ({problem}): apt-get install {PACKAGES[platform]}."
        )
    if wanted != "auto":
        raise RendererUnavailable(problems[0])
    problems.append("Images are made by ray casting, ten times slower.")
    return RendererChoice("raycast", " ".join(problems))


def _probe(platform: str) -> str:
    """What is wrong with an OpenGL platform, or nothing."""
    environment = {**os.environ, "MUJOCO_GL": platform}
    environment.pop("PYOPENGL_PLATFORM", None)
    try:
        outcome = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE.format(platform=platform)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no image within {PROBE_SECONDS:.0f} s"
    if outcome.returncode == 0 and "rendered" in outcome.stdout:
        return ""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"ended with code {outcome.returncode}"
