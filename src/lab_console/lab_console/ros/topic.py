"""`lab topic`: list, echo, hz, info and pub, as `ros2 topic` has them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from lab_console.ros.messages import WrongCommand, as_yaml, fill, interface, type_name
from lab_console.ros.session import Session, add_options, carry_out

# Seconds in which the graph tells of everything that is there.
_DISCOVERY = 1.0
# Messages over which a rate is measured.
_WINDOW = 10_000


def _kind_of(one: Session, name: str) -> str:
    """The type of a topic. Raises WrongCommand when nobody has it, or two types."""

    def types() -> list[str]:
        return dict(one.node.get_topic_names_and_types()).get(name, [])

    if not one.turn_until(lambda: bool(types()), one.timeout):
        there = [each for each, _ in one.node.get_topic_names_and_types()]
        raise one.missing("topic", name, there)
    if len(types()) > 1:
        raise WrongCommand(f"topic '{name}' has several types, name one: {', '.join(types())}")
    return types()[0]


def _listened(one: Session, name: str, kind: str | None, heard: Callable[[Any], None]) -> None:
    """Hear a topic as its publishers offer it."""
    of = interface("msg", kind or _kind_of(one, name))
    publishers = one.node.get_publishers_info_by_topic(name)
    reliable = all(each.qos_profile.reliability == ReliabilityPolicy.RELIABLE for each in publishers)
    kept = all(each.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for each in publishers)
    qos = QoSProfile(
        depth=10,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if publishers and kept else DurabilityPolicy.VOLATILE,
    )
    one.node.create_subscription(of, name, heard, qos)


def list_topics(one: Session, options: argparse.Namespace) -> int:
    """Every topic, with -t its types."""
    # every node has the topic of parameter events
    for name, types in one.settled(lambda: sorted(one.node.get_topic_names_and_types()), own=1):
        print(f"{name} [{', '.join(types)}]" if options.show_types else name)
    return 0


def echo(one: Session, options: argparse.Namespace) -> int:
    """Prints messages as YAML until Ctrl-C, or one of them."""
    try:
        wanted = compile(options.filter, "--filter", "eval")
    except SyntaxError as error:
        raise WrongCommand(f"--filter '{options.filter}' is no Python expression: {error.msg}") from error
    shown: list[bool] = []
    failed: list[str] = []

    def heard(message: Any) -> None:
        if failed or (options.once and shown):
            return
        try:
            if not eval(wanted, {"m": message}):  # the user's own words, as in ros2
                return
        except Exception as error:
            failed.append(f"--filter '{options.filter}': {type(error).__name__}: {error}")
            return
        shown.append(True)
        print(as_yaml(message), "---", sep="", flush=True)

    _listened(one, one.absolute(options.topic), options.type, heard)
    one.turn_until(lambda: bool(failed or (options.once and shown)))
    if failed:
        raise WrongCommand(failed[0])
    return 0


def hz(one: Session, options: argparse.Namespace) -> int:
    """Prints the rate once a second until Ctrl-C, or so many times."""
    moments: list[float] = []
    _listened(one, one.absolute(options.topic), None, lambda message: moments.append(time.monotonic()))
    for _ in range(options.count or sys.maxsize):
        one.turn_until(lambda: False, 1.0)
        del moments[:-_WINDOW]
        gaps = np.diff(moments)
        if len(gaps) == 0 or gaps.sum() <= 0.0:
            print("no new messages", flush=True)
            continue
        print(
            f"average rate: {len(gaps) / gaps.sum():.3f}\n\tmin: {gaps.min():.3f}s max: {gaps.max():.3f}s"
            f" std dev: {gaps.std():.5f}s window: {len(moments)}",
            flush=True,
        )
    return 0


def info(one: Session, options: argparse.Namespace) -> int:
    """Type, and who publishes and subscribes."""
    name = one.absolute(options.topic)
    kind = _kind_of(one, name)

    def ends() -> list[tuple[str, list[Any]]]:
        publishers = one.node.get_publishers_info_by_topic(name)
        return [("Publisher", publishers), ("Subscription", one.node.get_subscriptions_info_by_topic(name))]

    print(f"Type: {kind}")
    for what, known in one.settled(ends):
        print(f"{what} count: {len(known)}")
        for end in known:
            print(f"  {end.node_namespace.rstrip('/')}/{end.node_name}: {end.qos_profile.reliability.name}")
    return 0


def pub(one: Session, options: argparse.Namespace) -> int:
    """Publishes a message, again and again or once."""
    name, of = one.absolute(options.topic), interface("msg", options.type)
    message = fill(of(), options.values)
    publisher = one.node.create_publisher(of, name, 10)

    def heard() -> bool:
        """Whether somebody listens; the graph may tell late that the topic has another type."""
        types = dict(one.node.get_topic_names_and_types()).get(name, [])
        if others := [each for each in types if each != type_name("msg", of)]:
            raise WrongCommand(f"topic '{name}' has the type {', '.join(others)}, not {options.type}")
        return publisher.get_subscription_count() > 0

    if options.once:
        if not one.turn_until(heard, one.timeout):
            raise WrongCommand(f"nobody listens to '{name}' within {one.timeout:g} s")
        publisher.publish(message)
        if not publisher.wait_for_all_acked(Duration(seconds=one.timeout)):
            raise WrongCommand(f"'{name}': not everybody has taken the message within {one.timeout:g} s")
        return 0
    one.turn_until(heard, min(_DISCOVERY, one.timeout))
    while True:
        publisher.publish(message)
        heard()
        one.turn_until(lambda: False, 1.0 / options.rate)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, 2 for what cannot be, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="lab topic", description="Look at topics, and publish.")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(word: str, run: Callable[..., int], help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(word, help=help)
        command.set_defaults(run=run)
        add_options(command)
        return command

    add("list", list_topics, "every topic").add_argument("-t", "--show-types", action="store_true")
    one = add("echo", echo, "print messages")
    one.add_argument("topic")
    one.add_argument("type", nargs="?")
    one.add_argument("--once", action="store_true", help="one message, then end")
    one.add_argument(
        "--filter", default="True", metavar="EXPR", help="only messages m for which this is true"
    )
    one = add("hz", hz, "measure the rate")
    one.add_argument("topic")
    one.add_argument("--count", type=int, default=0, help="so many lines, then end; without end")
    add("info", info, "type and ends").add_argument("topic")
    one = add("pub", pub, "publish")
    one.add_argument("topic")
    one.add_argument("type")
    one.add_argument("values", nargs="?", default="{}", help="YAML; what is not named has its default")
    one.add_argument("-1", "--once", action="store_true", help="once, when somebody listens")
    one.add_argument("-r", "--rate", type=float, default=1.0, metavar="HZ", help="messages a second; 1")
    options = parser.parse_args(argv)
    if options.command == "pub" and not 0.0 < options.rate <= 1000.0:
        parser.error(f"--rate {options.rate:g}: expected above 0, 1000 at most")
    return carry_out(f"lab topic {options.command}", lambda session: options.run(session, options), options)


if __name__ == "__main__":
    sys.exit(main())
