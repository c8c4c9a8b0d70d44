"""A node that lives as long as one command, and how it waits."""

from __future__ import annotations

import argparse
import difflib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import rclpy
from rclpy.exceptions import InvalidServiceNameException, InvalidTopicNameException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.validate_full_topic_name import validate_full_topic_name

from lab_console.ros.messages import WrongCommand
from lab_core.errors import ConfigurationError
from lab_node.domain import domain_id
from lab_node.lifecycle import goodbye
from lab_node.names import namespace_from, resolve, ros_arguments

T = TypeVar("T")

UNKNOWN, WRONG, INTERRUPTED = 1, 2, 130
# Seconds of one turn, after which a Ctrl-C that came in it is raised.
_TURN = 0.05
# Seconds without news after which the graph is taken as told.
_QUIET = 1.0


class Session:
    """One command's node in the graph."""

    def __init__(self, node: Node, namespace: str, timeout: float) -> None:
        """timeout: seconds for what should be there to appear."""
        self.node = node
        self.timeout = timeout
        self._namespace = namespace
        self._interrupted = False
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)

    def absolute(self, name: str) -> str:
        """A name in the graph: in the namespace unless it begins with "/". Raises WrongCommand."""
        full = resolve(name, self._namespace)
        try:
            validate_full_topic_name(full)
        except (InvalidTopicNameException, InvalidServiceNameException) as error:
            raise WrongCommand(
                f"'{name}' is no name: expected letters, digits and _, with / between parts"
            ) from error
        return full

    def note_interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handler of SIGINT: an exception in the middle of a callback may be swallowed, a note is not. A
        second one does not wait for the end of the turn.
        """
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    def turn_until(
        self, done: Callable[[], bool], timeout: float | None = None, interruptible: bool = True
    ) -> bool:
        """Work until something is so; False when the time, seconds, is over.

        Raises KeyboardInterrupt after Ctrl-C; where not interruptible, the next call that is raises it.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not done():
            if interruptible and self._interrupted:
                self._interrupted = False
                raise KeyboardInterrupt
            if end is not None and time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=_TURN)
        return True

    def settled(self, names: Callable[[], list[T]], own: int = 0) -> list[T]:
        """What the graph has, once it has more than our own and has told of nothing new for a second."""
        known, since = names(), time.monotonic()

        def quiet() -> bool:
            nonlocal known, since
            if (now := names()) != known:
                known, since = now, time.monotonic()
            return len(known) > own and time.monotonic() - since > _QUIET

        self.turn_until(quiet, self.timeout)
        return known

    def missing(self, what: str, name: str, there: Sequence[str]) -> WrongCommand:
        """Says that nobody has a name, and what is like it."""
        close = difflib.get_close_matches(name, there, n=1)
        hint = f", did you mean '{close[0]}'?" if close else ""
        return WrongCommand(
            f"no {what} '{name}' in domain {domain_id()} within {self.timeout:g} s{hint}"
            f"; there are: {', '.join(sorted(there)) or 'none'}"
        )

    def close(self) -> None:
        """End the executor; the node is the caller's."""
        self._executor.shutdown(1.0)


@contextmanager
def session(namespace: str, timeout: float) -> Iterator[Session]:
    """A session; its context ends with it. Raises ConfigurationError for a bad namespace or domain."""
    domain_id()
    space = namespace_from(namespace)
    context = rclpy.Context()
    rclpy.init(
        args=ros_arguments("console", space),
        context=context,
        signal_handler_options=rclpy.SignalHandlerOptions.NO,
    )
    try:
        node = Node("lab_command", context=context, start_parameter_services=False, enable_rosout=False)
        one = Session(node, space, timeout)
        before = signal.getsignal(signal.SIGINT)
        if before != signal.SIG_IGN:  # in the background Ctrl-C is for others
            signal.signal(signal.SIGINT, one.note_interrupt)
        try:
            yield one
        finally:
            signal.signal(signal.SIGINT, before)
            with goodbye(UNKNOWN):
                one.close()
                node.destroy_node()
    finally:
        with goodbye(UNKNOWN):
            rclpy.try_shutdown(context=context)
            context.destroy()


def add_options(parser: argparse.ArgumentParser) -> None:
    """What every command knows."""
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    parser.add_argument(
        "--timeout", type=_seconds, default=5.0, metavar="S", help="seconds for what should be there; 5"
    )


def carry_out(program: str, command: Callable[[Session], int], options: argparse.Namespace) -> int:
    """The exit code of a command: 2 and a sentence where it cannot be, 130 after Ctrl-C."""
    try:
        with session(options.namespace, options.timeout) as one:
            return command(one)
    except (WrongCommand, ConfigurationError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return 0


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.0 < value < 1e6:
        raise ValueError(text)
    return value
