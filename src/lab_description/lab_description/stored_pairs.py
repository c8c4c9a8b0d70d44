"""The pairs of links of a cell that are not checked for collision, as stored in config/collision_matrices."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt

from lab_core.errors import ConfigurationError
from lab_description.cell import Cell
from lab_description.schema import Count, Quantity, parse, read_yaml
from lab_description.tree import Joint
from lab_description.urdf import build_urdf
from lab_description.yaml_file import parse_yaml

if TYPE_CHECKING:
    from lab_description.collision_matrix import DisabledPair

# When nothing is stored: a second instead of the ten that a stored matrix takes.
SAMPLES_ON_THE_SPOT = 1000
# Of a joint, what has nothing to do with where it is.
_DYNAMICS = ("velocity", "acceleration", "effort")


@dataclass(frozen=True)
class CollisionMatrix:
    """What config/collision_matrices/CELL.yaml holds. fingerprint: of the geometry that it is for."""

    fingerprint: str
    seed: Annotated[int, Quantity("", 0, 2**31)]
    samples: Count
    disabled: tuple[tuple[str, str, str], ...]


def disabled_pairs(cell: Cell) -> list[DisabledPair]:
    """The stored pairs of a cell; where there are none for this very geometry, pairs computed on the spot.

    Raises ConfigurationError when the stored file is malformed or names a link that the cell does not have.
    """
    from lab_description.collision_matrix import DisabledPair, compute_disabled_pairs

    path = matrix_file(cell)
    if path.is_file():
        matrix = parse(CollisionMatrix, read_yaml(path), path)
        _refuse_unknown_links(path, matrix, cell)
        if matrix.fingerprint == fingerprint(cell):
            return [DisabledPair(*pair) for pair in matrix.disabled]
    logging.getLogger(__name__).warning(
        "%s is not of the cell as it is now, so its pairs are sampled at each start; store them with: "
        "python -m lab_description.collision_matrix %s",
        path,
        cell.files["cell"],
    )
    return compute_disabled_pairs(
        build_urdf(cell, visuals=False), cell.end_effector.links, 0, SAMPLES_ON_THE_SPOT
    )


def _refuse_unknown_links(path: Path, matrix: CollisionMatrix, cell: Cell) -> None:
    links = {*cell.robot.links, *cell.end_effector.links, *cell.camera.model.links}
    links |= {box.link for box in cell.furniture}
    unknown = sorted({link for *pair, _ in matrix.disabled for link in pair} - links)
    if unknown:
        raise ConfigurationError(
            f"{path}: disabled: the cell has no link {', '.join(map(repr, unknown))}; store the pairs anew:"
            f" python -m lab_description.collision_matrix {cell.files['cell']}"
        )


def fingerprint(cell: Cell) -> str:
    """Changes when a joint, a shape or a place of the cell does; not with colours, meshes, masses or how fast
    and strong a joint is.
    """

    def rounded(array: npt.NDArray[np.float64]) -> list[float]:
        return [round(float(value), 9) + 0.0 for value in array.flat]  # + 0.0: no negative zero

    def placed(joint: Joint) -> dict[str, object]:
        return {key: value for key, value in asdict(joint).items() if key not in _DYNAMICS}

    parts: list[object] = [rounded(cell.tool_from_gripper), rounded(cell.camera.base_from_camera)]
    parts += [(box.link, rounded(box.base_from_box), rounded(box.size)) for box in cell.furniture]
    for tree in (cell.robot, cell.end_effector, cell.camera.model):
        parts += [(name, [asdict(shape) for shape in link.collision]) for name, link in tree.links.items()]
        parts += [(name, placed(joint)) for name, joint in tree.joints.items()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def matrix_file(cell: Cell) -> Path:
    """Where the pairs of a cell are stored: config/collision_matrices beside config/cells."""
    return cell.files["cell"].resolve().parent.parent / "collision_matrices" / f"{cell.name}.yaml"


def store(cell: Cell, seed: int, samples: int) -> Path:
    """Computes and stores the pairs of a cell; the path of the file.

    Raises ConfigurationError for a seed or a number of samples out of range, OSError. What was stored before
    is replaced by what was read again and found sound, or not at all.
    """
    from lab_description.collision_matrix import compute_disabled_pairs

    path = matrix_file(cell)
    words = {"fingerprint": fingerprint(cell), "seed": seed, "samples": samples, "disabled": []}
    parse(CollisionMatrix, words, Path("collision_matrix"))
    pairs = compute_disabled_pairs(build_urdf(cell, visuals=False), cell.end_effector.links, seed, samples)
    lines = [
        f"# Written by: python -m lab_description.collision_matrix {cell.name}",
        f"fingerprint: '{fingerprint(cell)}'",
        f"seed: {seed}",
        f"samples: {samples}",
        "disabled:",
        *(f"  - [{pair.first}, {pair.second}, {pair.reason}]" for pair in pairs),
    ]
    text = "\n".join(lines) + "\n"
    _refuse_unknown_links(path, parse(CollisionMatrix, parse_yaml(text, path), path), cell)
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return path
