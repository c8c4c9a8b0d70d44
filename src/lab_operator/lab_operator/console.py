"""Starts the console: as a node of a launch file, or by hand beside a cell that runs (`./lab console`)."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence

from rclpy.lifecycle import TransitionCallbackReturn

from lab_core.errors import ConfigurationError, LabError
from lab_core.parameters import check_parameters
from lab_description import load_cell
from lab_node.domain import domain_id
from lab_node.lifecycle import spin
from lab_node.names import namespace_from, ros_arguments
from lab_operator.access import access_of
from lab_operator.operator_node import OperatorNode
from lab_operator.panels.port import PANELS
from lab_operator.parameters import ConsoleParameters
from lab_operator.words import LANGUAGES

# What persons do, and pictures of them, are nobody else's business on this machine.
PRIVATE = 0o077


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 2 on wrong usage, 1 when the console could not come up; else it runs until it is ended."""
    words = list(sys.argv[1:] if argv is None else argv)
    os.umask(PRIVATE)
    if "--ros-args" not in words:  # started by hand
        sys.argv[1:] = _ros_arguments(words)
    spin(_active)
    return 0


def _active() -> OperatorNode:
    """No lifecycle manager brings the console up or waits for it: a cell runs without one as well."""
    node = OperatorNode()
    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() != TransitionCallbackReturn.SUCCESS:
            node.end()
            raise SystemExit(1)  # the node has said why
    return node


def _ros_arguments(words: Sequence[str]) -> list[str]:
    """The parameters of the node, from the options of the command."""
    defaults = ConsoleParameters()
    parser = argparse.ArgumentParser(
        prog="lab console", description="The operator's console of the cell that runs in ROS_DOMAIN_ID."
    )
    parser.add_argument(
        "--cell", default=defaults.cell, metavar="NAME", help="the cell that runs; ur5e_table"
    )
    parser.add_argument("--order", default=defaults.order, help="what Start has done; clear_table")
    parser.add_argument("--host", default=defaults.host, metavar="IP", help="address of the page; 127.0.0.1")
    parser.add_argument("--port", type=int, default=defaults.port, metavar="N", help="of the page; 8080")
    parser.add_argument(
        "--people", default=defaults.people, metavar="FILE", help="who may log in: ./lab people"
    )
    parser.add_argument(
        "--session-hours", type=float, default=defaults.session_hours, metavar="H", help="of a login; 8"
    )
    parser.add_argument("--certificate", default=defaults.certificate, metavar="PEM", help="for https")
    parser.add_argument(
        "--private-key", default=defaults.private_key, metavar="PEM", help="of the certificate"
    )
    parser.add_argument("--language", default=defaults.language, choices=LANGUAGES, help="of the page; en")
    parser.add_argument("--runs", default=defaults.runs, metavar="DIR", help="folder of the records; runs")
    parser.add_argument("--panels", nargs="+", default=defaults.panels, metavar="NAME", help="in their order")
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    options = vars(parser.parse_args(words))
    try:
        domain_id()
        namespace = namespace_from(options.pop("namespace"))
        access_of(check_parameters(ConsoleParameters, options, "operator"))
        load_cell(options["cell"])
        for name in options["panels"]:
            PANELS.require(name)
    except (ConfigurationError, LabError) as error:
        parser.error(str(error))
    names = [field.name for field in dataclasses.fields(ConsoleParameters)]
    return ros_arguments("operator", namespace) + [
        word for name in names for word in ("-p", f"{name}:={_literal(options[name])}")
    ]


def _literal(value: object) -> str:
    """As YAML reads it back as what it is."""
    if isinstance(value, list):
        return f"[{', '.join(_literal(each) for each in value)}]"
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else str(value)


if __name__ == "__main__":
    sys.exit(main())
