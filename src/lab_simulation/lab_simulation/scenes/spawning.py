"""Parts that are asked for by an address: a kind of the catalogue, or a mesh file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np

from lab_simulation.errors import SceneError
from lab_simulation.meshes.reading import SUFFIXES
from lab_simulation.scenes.catalogue import NAMED_KINDS, make_part
from lab_simulation.scenes.mesh_parts import part_from_mesh
from lab_simulation.scenes.parts import Part

SCHEME = "part"


class UnsupportedResource(SceneError):
    """An address of something that is no part."""


def spawnable_addresses() -> dict[str, str]:
    """Address and description of each kind of part."""
    return {
        f"{SCHEME}://{kind.name}": f"{', '.join(kind.dimensions)} in metres; colour, material, seed"
        for kind in NAMED_KINDS.values()
    }


def part_from_address(address: str, name: str) -> Part:
    """The part of an address such as part://hex_nut?colour=red&height=0.02&seed=3, or of a mesh file.

    Raises UnsupportedResource for another address, SceneError for a part that cannot be made.
    """
    parts = urlsplit(address)
    if parts.scheme == SCHEME:
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        rng = np.random.default_rng(int(_number("seed", options.pop("seed", "0"))))
        colour, material = options.pop("colour", None), options.pop("material", None)
        dimensions = {key: _number(key, value) for key, value in options.items()}
        return make_part(parts.netloc, name, rng, dimensions, colour, material)
    path = Path(unquote(parts.path)) if parts.scheme == "file" else Path(address)
    if parts.scheme in ("", "file") and path.suffix.lower() in SUFFIXES:
        return part_from_mesh(path, name, np.random.default_rng(0))
    raise UnsupportedResource(
        f"'{address}' is no part; give {SCHEME}://KIND or the path of a mesh ({', '.join(SUFFIXES)})"
    )


def _number(key: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number) or (key == "seed" and (number < 0 or number != int(number))):
        raise SceneError(
            f"option {key}={value} of a part is no {'seed' if key == 'seed' else 'length in metres'}"
        )
    return number
