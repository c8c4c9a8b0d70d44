"""What `./lab demo` is told: looked at before anything starts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError, LabError
from lab_description import Cell, load_cell
from lab_node.domain import domain_id
from lab_node.names import namespace_from
from lab_simulation.simulator_parameters import refuse_unusable
from lab_tasks.orders.order import understood
from lab_tasks.orders.sources import read_order

CLEAR = "clear_table"
SCENES = ("scattered", "packed", "pile", "flat")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="lab demo", description="Carry out an order in simulation: clear a table of parts."
    )
    parser.add_argument(
        "--robot", default="ur5e", metavar="NAME", help="robot of the cell config/cells/NAME_table.yaml"
    )
    parser.add_argument("--cell", metavar="NAME", help="another cell: a name in config/cells or a YAML file")
    parser.add_argument(
        "--scene", type=_scene, default="scattered", help=f"{', '.join(SCENES)}, or a scene's YAML file"
    )
    parser.add_argument(
        "--parts", type=int, default=0, metavar="N", help="number of parts; as the scene says"
    )
    parser.add_argument(
        "--meshes", type=file_path, metavar="DIR", help="take the parts from a folder of OBJ or STL files"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="decides the scene and all that follows"
    )
    parser.add_argument(
        "--look", choices=("real", "plain"), default="real", help="of the simulated images; real"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="simulated seconds per second; 0: free"
    )
    parser.add_argument(
        "--namespace", default="", metavar="NAME", help="in front of all names of this cell; none"
    )
    parser.add_argument("--out", type=file_path, metavar="DIR", help="where the record goes; runs/<time>")
    parser.add_argument(
        "--order",
        default=CLEAR,
        metavar="FILE|TEXT",
        help="what the arm does: a name in config/orders, a YAML file, or a sentence; everything to the tray",
    )
    parser.add_argument("--no-video", action="store_true", help="leave the video out")
    parser.add_argument(
        "launch",
        nargs="*",
        metavar="NAME:=VALUE",
        help="further arguments of cell.launch.py, such as detector:=NAME or extensions:=PACKAGE",
    )
    options = parser.parse_args(argv)
    for word in options.launch:
        if ":=" not in word:
            parser.error(f"'{word}' is no option, nor an argument of the launch file of the form name:=value")
    check_order(parser, options, check_cell(parser, options))
    if options.scene not in SCENES and not Path(options.scene).is_file():
        parser.error(f"--scene {options.scene}: expected {', '.join(SCENES)} or a YAML file")
    if options.meshes is not None and not options.meshes.is_dir():
        parser.error(f"--meshes {options.meshes}: there is no such folder")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        parser.error(f"--out {options.out}: is a file, expected a folder")
    for name in ("parts", "seed", "speed"):
        _check(parser, name, getattr(options, name))
    if options.scene not in SCENES:
        _check(parser, "scene", str(Path(options.scene).resolve()))
    if options.meshes is not None:
        _check(parser, "meshes", str(options.meshes))
    try:
        domain_id()
        options.namespace = namespace_from(options.namespace)
    except ConfigurationError as error:
        parser.error(str(error))
    return options


def _scene(text: str) -> str:
    return text if text in SCENES else str(file_path(text))


def check_cell(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Cell:
    """Fill in the cell where only a robot was named, and the robot of the cell; exits when there is none."""
    named = f"--cell {options.cell}" if options.cell else f"--robot {options.robot}"
    options.cell = options.cell or f"{options.robot}_table"
    try:
        cell = load_cell(options.cell)
    except ConfigurationError as error:
        parser.error(f"{named}: {error}")
    options.robot = cell.robot.name
    if Path(options.cell).suffix:
        options.cell = str(cell.files["cell"].resolve())
    return cell


def check_order(parser: argparse.ArgumentParser, options: argparse.Namespace, cell: Cell) -> None:
    """Exits when the order is none for the cell."""
    try:
        destinations = list(cell.destinations)
        understood(read_order(options.order, destinations), destinations)
    except LabError as error:
        parser.error(f"--order: {error}")
    if options.order.endswith((".yaml", ".yml")):
        options.order = str(Path(options.order).resolve())


def _check(parser: argparse.ArgumentParser, name: str, value: float | str) -> None:
    """Exits when the simulator would refuse the value of an option."""
    try:
        refuse_unusable({name: value})
    except LabError as error:
        parser.error(f"--{name} {value}: {error}")
