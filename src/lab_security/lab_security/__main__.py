"""`python -m lab_security KEYSTORE`: keys and signed permissions for every node of the cell."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lab_core.command_line import file_path
from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_description.graph import extension_names, load_graph
from lab_node.domain import HIGHEST, domain_id
from lab_node.names import namespace_from
from lab_security.keystore import create_keystore


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(
        prog="lab_security", description="Make a keystore with keys and signed permissions for every node."
    )
    parser.add_argument("keystore", type=file_path, help="folder to make")
    parser.add_argument("--cell", default="ur5e_table", help="name in config/cells or path of a YAML")
    parser.add_argument("--extensions", default="", metavar="A,B", help="packages with nodes of the cell")
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    parser.add_argument("--domain", type=int, metavar="N", help="ROS_DOMAIN_ID")
    parser.add_argument("--days", type=int, default=365, metavar="N", help="validity; 365")
    options = parser.parse_args(argv)
    if options.domain is not None and not 0 <= options.domain <= HIGHEST:
        parser.error(f"--domain {options.domain}: expected 0 to {HIGHEST}")
    if not 1 <= options.days <= 36500:
        parser.error(f"--days {options.days}: expected 1 to 36500")
    try:
        domain = domain_id() if options.domain is None else options.domain
        cell = load_cell(options.cell)
        graph = load_graph(cell, extension_names(options.extensions), namespace_from(options.namespace))
        create_keystore(options.keystore, graph.nodes.values(), domain, options.days)
    except (ConfigurationError, OSError) as error:
        print(f"lab_security: {error}", file=sys.stderr)
        return 2
    print(
        f"{options.keystore}: {len(graph.nodes)} nodes of {cell.name}, domain {domain}, {options.days} days"
    )
    print(f"  export ROS_SECURITY_KEYSTORE={options.keystore.resolve()}")
    print("  export ROS_SECURITY_ENABLE=true ROS_SECURITY_STRATEGY=Enforce")
    return 0


if __name__ == "__main__":
    sys.exit(main())
