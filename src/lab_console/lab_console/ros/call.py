"""`lab call`: one request to a service, as `ros2 service call` makes it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lab_console.ros.messages import WrongCommand, as_yaml, fill, interface, type_name
from lab_console.ros.session import Session, add_options, carry_out


def call(one: Session, options: argparse.Namespace) -> int:
    """Waits for the service, asks, prints what it answers."""
    name, of = one.absolute(options.service), interface("srv", options.type)
    request = fill(of.Request(), options.values)

    def services() -> dict[str, list[str]]:
        return dict(one.node.get_service_names_and_types())

    client = one.node.create_client(of, name)
    if not one.turn_until(client.service_is_ready, one.timeout):
        types = [each for each in services().get(name, []) if each != type_name("srv", of)]
        if types:
            raise WrongCommand(f"service '{name}' has the type {', '.join(types)}, not {options.type}")
        raise one.missing("service", name, [each for each in services() if each != name])
    future = client.call_async(request)
    if not one.turn_until(future.done, options.answer_timeout):
        raise WrongCommand(f"service '{name}' has not answered within {options.answer_timeout:g} s")
    print(as_yaml(future.result()), end="")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 after an answer, 2 for what cannot be, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="lab call", description="Call a service.")
    parser.add_argument("service")
    parser.add_argument("type", help="such as std_srvs/srv/Trigger")
    parser.add_argument("values", nargs="?", default="{}", help="YAML; what is not named has its default")
    parser.add_argument(
        "--answer-timeout", type=float, default=60.0, metavar="S", help="seconds for the answer; 60"
    )
    add_options(parser)
    options = parser.parse_args(argv)
    return carry_out("lab call", lambda session: call(session, options), options)


if __name__ == "__main__":
    sys.exit(main())
