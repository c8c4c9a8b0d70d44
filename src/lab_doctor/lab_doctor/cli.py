"""`lab doctor`: look, judge, say it to a person and to a machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import rclpy
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError
from lab_description.graph import extension_names
from lab_doctor.collect import collect_configuration, collect_environment, collect_machine
from lab_doctor.examine import examine
from lab_doctor.finding import Finding
from lab_doctor.machine_checks import DOMAINS
from lab_doctor.model_checks import check_models
from lab_doctor.ros_graph import Examiner
from lab_doctor.snapshot import Configuration, Graph, Machine, Snapshot
from lab_node.domain import domain_from
from lab_node.names import namespace_from, ros_arguments

SOUND, FINDINGS, WRONG_USAGE = 0, 1, 2
# Seconds of the wall until a cell that runs is discovered.
DISCOVERY = 3.0


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="lab doctor", description="Say what is wrong with machine, configuration and running cell."
    )
    parser.add_argument(
        "cell", nargs="?", default="ur5e_table", help="name in config/cells or path of a YAML"
    )
    parser.add_argument("--real", action="store_true", help="judge as for a run on the real cell")
    parser.add_argument("--domain", type=int, metavar="N", help="ROS_DOMAIN_ID to look into")
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="how long to listen; 3")
    parser.add_argument("--allow", action="append", default=[], metavar="NODE", help="a node that is welcome")
    parser.add_argument(
        "--extensions",
        default="",
        metavar="A,B",
        help="packages with nodes of the cell, where none runs",
    )
    parser.add_argument(
        "--model",
        action="append",
        type=file_path,
        default=[],
        metavar="FOLDER",
        help="a model of image and language, to be held against its reference outputs",
    )
    parser.add_argument("--json", type=file_path, metavar="FILE", help="write the findings there too")
    options = parser.parse_args(argv)
    if options.domain is not None and options.domain not in DOMAINS:
        parser.error(f"--domain {options.domain}: expected 0 to 101")
    if not 0.5 <= options.seconds <= 60.0:
        parser.error(f"--seconds {options.seconds:g}: expected 0.5 to 60")
    if options.json is not None and not options.json.resolve().parent.is_dir():
        parser.error(f"--json {options.json}: there is no folder {options.json.resolve().parent}")
    if options.json is not None and options.json.is_dir():
        parser.error(f"--json {options.json}: is a folder, expected a file")
    try:
        options.namespace = namespace_from(options.namespace)
    except ConfigurationError as error:
        parser.error(f"--namespace: {error}")
    return options


def choose_domain(wanted: int | None, variable: str | None, machine: Machine) -> int:
    """The domain to look into: as said, as the shell says, else where the only running cell is."""
    if wanted is not None:
        return wanted
    if variable:
        try:
            domain = domain_from(variable)
        except ConfigurationError:
            return 0  # machine_checks says what is wrong with it
        return domain if domain in DOMAINS else 0
    running = {process.domain for process in machine.processes if not process.orphan}
    return running.pop() if len(running) == 1 else 0


def take_snapshot(options: argparse.Namespace) -> Snapshot:
    """Everything that there is to see."""
    workspace = os.environ.get("LAB_WORKSPACE")
    lock = Path(workspace) / "environment" / "requirements.lock" if workspace else None
    machine = collect_machine(lock, Path("runs"))
    domain = choose_domain(options.domain, os.environ.get("ROS_DOMAIN_ID"), machine)
    environment = collect_environment(os.environ, domain)
    configuration = collect_configuration(options.cell, extensions=extension_names(options.extensions))
    configuration, graph = _graph(options, domain, configuration)
    return Snapshot(machine, environment, configuration, options.real, graph)


def _graph(
    options: argparse.Namespace, domain: int, configuration: Configuration
) -> tuple[Configuration, Graph | None]:
    """The running cell, and the configuration with the extensions that it was started with."""
    # its own handling of signals would end the context under the examiner; Ctrl-C is a KeyboardInterrupt
    rclpy.init(
        domain_id=domain,
        args=ros_arguments("doctor", options.namespace),
        signal_handler_options=rclpy.SignalHandlerOptions.NO,
    )
    examiner = Examiner(configuration.nodes)
    try:
        if not examiner.present(DISCOVERY):
            return configuration, None
        if extensions := examiner.extensions():
            extensions = (*extension_names(options.extensions), *extensions)
            configuration = collect_configuration(options.cell, extensions=extensions)
        return configuration, examiner.graph(configuration, options.seconds, options.allow)
    finally:
        examiner.close()
        rclpy.try_shutdown()


def show(
    findings: dict[str, list[Finding]], snapshot: Snapshot, console: Console, namespace: str = ""
) -> None:
    """A table of what is wrong; one line when nothing is."""
    domain = snapshot.environment.domain
    running = "no cell runs" if snapshot.graph is None else f"{len(snapshot.graph.nodes)} nodes run"
    within = f", namespace {namespace}, without which its names are said" if namespace else ""
    said = f"{snapshot.configuration.name}: {running} in domain {domain}{within}"
    wrong = [(area, finding) for area, found in findings.items() for finding in found]
    if not wrong:
        console.print(Text("sound", style="green"), f" {said}", highlight=False)
        return
    table = Table(title=said, title_justify="left", show_lines=True, expand=False)
    for column, style in (("", "yellow"), ("what is wrong", ""), ("what to do", "")):
        table.add_column(column, style=style or None, overflow="fold")
    for area, finding in wrong:
        table.add_row(f"{area}\n{finding.check}", finding.what, finding.fix)
    console.print(table, highlight=False, markup=False)
    console.print(f"{len(wrong)} finding{'' if len(wrong) == 1 else 's'}", highlight=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when all is sound, 1 when there are findings, 2 on wrong usage."""
    options = arguments(sys.argv[1:] if argv is None else argv)
    snapshot = take_snapshot(options)
    findings = examine(snapshot)
    findings["models"] = list(check_models(options.model))
    if options.json is not None:
        report = {
            "cell": snapshot.configuration.name,
            "domain": snapshot.environment.domain,
            "namespace": options.namespace,
            "running": snapshot.graph is not None,
            "findings": [
                {"area": area, **asdict(finding)} for area, found in findings.items() for finding in found
            ],
        }
        try:
            options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
        except OSError as error:
            print(f"lab doctor: --json {options.json}: {error.strerror}", file=sys.stderr)
            return WRONG_USAGE
    # last, as whoever reads it may have left
    show(findings, snapshot, Console(markup=False, emoji=False), options.namespace)
    return FINDINGS if any(findings.values()) else SOUND
