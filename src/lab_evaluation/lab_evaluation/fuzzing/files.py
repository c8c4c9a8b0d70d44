"""Hostile files of configuration and records, and the targets that read them."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from lab_calibration.hand_eye.checks import Checks
from lab_calibration.hand_eye.files import read_poses
from lab_calibration.hand_eye.poses import Setup
from lab_calibration.landmark import LANDMARK_FILE, read_landmark
from lab_description import config_directory, load_cell
from lab_description.graph.load import merged
from lab_description.graph.pieces import read_piece
from lab_description.hardware import Driver
from lab_description.schema import parse
from lab_description.yaml_file import parse_yaml, read_yaml
from lab_evaluation.fuzzing.target import Target
from lab_language.words.lexicon import load_lexicon
from lab_motion.skills.destinations import Destinations
from lab_motion.skills.placed_file import PlacedFile
from lab_recorder.case import load_case
from lab_simulation.scenes.scene_file import load_scene_file
from lab_tasks.orders.order import understood
from lab_tasks.orders.sources import read_order
from lab_tasks.policy import load_policy

_PIECES = [
    *"{}[]:,&*!?|>-'\"%@#\n\t 0a1e+.~",
    *("&a ", "*a", "<<: ", "!!int ", "---\n", ": ", "- ", "9" * 50, "1.0e+999"),
]
TEXTS = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)
_HOSTILE: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        10**40,
        0.0,
        -1e300,
        1e300,
        float("nan"),
        float("inf"),
        "",
        "a",
        "/etc/passwd",
        "../x",
    ),
    *(
        "{address.__class__}",
        "[/red]",
        "\x1b[2J",
        "a\nb",
        "2026-13-45",
        [],
        [[]],
        [0.0, 0.0, 0.0],
        {},
        {"a": 1},
    ),
)
Keys = tuple[Any, ...]


def spoilt(content: Any) -> st.SearchStrategy[Any]:
    """The content with one to three of its values replaced, taken away or doubled under another key."""
    places = list(_places(content, ()))
    ways = st.sampled_from(("replace", "remove", "add"))
    changes = st.tuples(st.sampled_from(places), ways, st.sampled_from(_HOSTILE))
    return st.lists(changes, min_size=1, max_size=3).map(lambda chosen: _changed(content, chosen))


def _places(value: Any, path: Keys) -> Iterator[Keys]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _changed(content: Any, changes: list[tuple[Keys, str, Any]]) -> Any:
    content = copy.deepcopy(content)
    for path, how, value in changes:
        place = content
        try:
            for key in path[:-1]:
                place = place[key]
            if how == "replace":
                place[path[-1]] = copy.deepcopy(value)
            elif how == "remove":
                del place[path[-1]]
            elif isinstance(place, dict):
                place[f"{path[-1]}_"] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue  # what was there has been changed before
    return content


def _seen(folder: Path) -> object:
    landmark = read_landmark(folder)
    return None if landmark is None else (landmark.seen, landmark.pattern)


def _checks_in(file: Path) -> Callable[[str], object]:
    def take(text: str) -> object:
        file.write_text(f"day,distance,lower,upper,moved\n{text}", encoding="utf-8")
        return Checks(file).read()

    return take


def targets(folder: Path, case: Path) -> list[Target]:
    """Group "files". folder: to write to. case: a recorded one, which is copied."""
    configuration = config_directory()
    for name in ("cells", "robots", "grippers", "cameras", "collision_matrices"):
        shutil.copytree(configuration / name, folder / name)
    shutil.copytree(case, folder / "case")

    def written(file: Path, read: Callable[[Path], object]) -> Callable[[Any], object]:
        def take(content: Any) -> object:
            dump = json.dumps if file.suffix == ".json" else yaml.safe_dump
            file.write_text(dump(content), encoding="utf-8")
            return read(file)

        return take

    cell = folder / "cells" / "ur5e_table.yaml"
    whole = cell.read_text(encoding="utf-8")

    def of_the_whole_cell(spoilt_file: Path) -> object:
        """The cell around one file that is spoilt, which is whole again afterwards."""
        cell.write_text(whole, encoding="utf-8")
        try:
            return load_cell(cell)
        finally:
            shutil.copyfile(configuration / spoilt_file.relative_to(folder), spoilt_file)

    standing = load_cell("ur5e_table")
    places = standing.destinations
    part = {"name": "a", "base_from_box": [0.0] * 16, "size": [0.1] * 3}
    placed = {"taken": {"tray": [0]}, "parts": [part]}
    of = {
        kind: read_yaml(configuration / kind / f"{name}.yaml")
        for kind, name in (
            ("cells", "ur5e_table"),
            ("robots", "ur5e"),
            ("grippers", "robotiq_2f85"),
            ("cameras", "d435"),
            ("scenes", "scattered"),
            ("tasks", "standard"),
            ("orders", "kitting"),
            ("language", "en"),
            ("drivers", "ur_robot_driver"),
        )
    }
    matrix = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    pose = {
        "base_from_flange": matrix,
        "camera_from_board": matrix,
        "joints": [0.0] * 6,
        "residual": [1.0, 30.0],
    }
    pose |= {"information": [float(i % 7 == 0) for i in range(36)]}
    way = {"translation": dict.fromkeys("xyz", 0.1), "rotation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}}
    samples = [{"robot": way, "tracking": way}] * 3
    board = {"columns": 7, "rows": 3, "square": 0.025, "marker": 0.019}
    corners = [{"id": i, "pixel": [10.0 * i, 20.0]} for i in range(8)]
    landmark = {"day": date(2026, 3, 1), "board": board, "pictures": 5, "corners": corners}
    facts = json.loads((case / "case.json").read_text(encoding="utf-8"))
    return [
        Target("YAML text", "files", TEXTS, lambda text: parse_yaml(text, Path("x.yaml"))),
        Target("cell", "files", spoilt(of["cells"]), written(cell, load_cell)),
        *(
            Target(
                kind.removesuffix("s"),
                "files",
                spoilt(of[kind]),
                written(folder / kind / f"{name}.yaml", of_the_whole_cell),
            )
            for kind, name in (("robots", "ur5e"), ("grippers", "robotiq_2f85"), ("cameras", "d435"))
        ),
        Target("scene", "files", spoilt(of["scenes"]), written(folder / "scene.yaml", load_scene_file)),
        Target(
            "policy of a task", "files", spoilt(of["tasks"]), written(folder / "policy.yaml", load_policy)
        ),
        Target(
            "order",
            "files",
            spoilt(of["orders"]),
            written(folder / "order.yaml", lambda file: understood(read_order(str(file), places), places)),
        ),
        Target("lexicon", "files", spoilt(of["language"]), written(folder / "words.yaml", load_lexicon)),
        Target(
            "driver",
            "files",
            spoilt(of["drivers"]),
            written(folder / "driver.yaml", lambda file: parse(Driver, read_yaml(file), file)),
        ),
        Target(
            "graph",
            "files",
            spoilt(read_yaml(configuration / "graph.yaml")),
            written(folder / "graph.yaml", lambda file: merged([read_piece(file)], standing)),
        ),
        Target(
            "facts of a case",
            "files",
            spoilt(facts),
            written(folder / "case" / "case.json", lambda file: load_case(file.parent)),
        ),
        *(
            Target(
                f"poses of {whose}",
                "files",
                spoilt(content),
                written(folder / "poses.yaml", partial(read_poses, setup=setup)),
            )
            for whose, content, setup in (
                ("ours", {"camera": "fixed", "poses": [pose] * 3}, None),
                (
                    "easy_handeye2",
                    {"parameters": {"calibration_type": "eye_on_base"}, "samples": samples},
                    None,
                ),
                ("moveit_calibration", [[matrix, matrix]] * 3, Setup.FIXED),
            )
        ),
        Target(
            "landmark",
            "files",
            spoilt(landmark),
            written(folder / LANDMARK_FILE, lambda file: _seen(file.parent)),
        ),
        Target("checks of a camera", "files", TEXTS, _checks_in(folder / "checks.csv")),
        Target(
            "what was placed before",
            "files",
            spoilt(placed),
            written(folder / "placed.json", lambda file: PlacedFile(str(file)).load(Destinations(places))),
        ),
    ]
