"""Looks at a cell that runs, simulated or real: its picks, whether it may move, keys to stop and reset it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import rclpy
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from lab_console.live import attempts_table, plain
from lab_console.observer import Observer
from lab_console.operator_keys import RESET, STOP, Keys, Operator
from lab_console.run_record import RunRecord
from lab_core.errors import ConfigurationError
from lab_node.domain import domain_id
from lab_node.executor import ExecutorThread
from lab_node.lifecycle import goodbye
from lab_node.names import namespace_from, ros_arguments
from lab_node.permit import Permit
from lab_node.rclpy_overrides import destroy_actions

# Attempts that are shown, the newest.
ROWS = 12
# Seconds without a word from the stop node until that is said.
SILENCE = 1.0
PERIOD = 0.25


def view(observer: Observer, permit: Permit, keys: str, title: str) -> RenderableType:
    """The newest attempts, what the task does, whether the cell may move, and what the keys do."""
    refusal, status = permit.refusal(), observer.status
    may = f"may move, {100.0 * permit.speed:.0f} % speed" if refusal is None else f"does not move: {refusal}"
    doing = f"{status.phase} {status.object_id}".rstrip()
    return Group(
        attempts_table(observer.record.attempts[-ROWS:], title),
        plain(f"{doing}   placed {observer.record.placed} of {observer.record.presented}"),
        Text(plain(may).plain, style="green" if refusal is None else "bold red"),
        Text(keys, style="dim"),
    )


def watch(console: Console) -> None:
    """Show the cell until Ctrl-C."""
    domain = domain_id()
    record = RunRecord(cell="", scene="", seed=0, speed=1.0)
    observer = Observer(record, None, lambda number, image: None, time.monotonic())
    operator, permit = Operator(observer), Permit(observer, SILENCE)
    executor = ExecutorThread(observer)
    try:
        with Live(console=console, refresh_per_second=4) as live, Keys() as keys:
            while True:
                hint = "Ctrl-C: leave, the cell goes on"
                if keys.there and operator.connected():
                    hint = f"{STOP}: stop, {RESET}: reset, {hint}"
                live.update(view(observer, permit, hint, f"cell in domain {domain}"))
                key = keys.pressed(PERIOD) if keys.there else time.sleep(PERIOD)
                if key == STOP:
                    operator.stop()
                elif key == RESET:
                    operator.reset()
    except KeyboardInterrupt:
        pass
    finally:
        with goodbye(0):
            executor.close()
            destroy_actions(observer)
            observer.destroy_node()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 after Ctrl-C, 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="lab watch",
        description="Look at the cell that runs in ROS_DOMAIN_ID; stop and reset it by a key.",
    )
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    options = parser.parse_args(argv)
    try:
        domain_id()
        namespace = namespace_from(options.namespace)
    except ConfigurationError as error:
        parser.error(str(error))
    rclpy.init(args=ros_arguments("console", namespace), signal_handler_options=rclpy.SignalHandlerOptions.NO)
    try:
        watch(Console(markup=False, emoji=False))
    finally:
        with goodbye(0):
            context = rclpy.get_default_context()
            rclpy.try_shutdown()
            context.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
