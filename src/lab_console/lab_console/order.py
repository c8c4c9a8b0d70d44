"""Sends an order to a cell that runs: read back first, carried out when a person says so."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import rclpy
from action_msgs.msg import GoalStatus
from lab_interfaces.action import RunOrder
from rclpy.node import Node
from rich.console import Console
from rich.table import Table

from lab_console.live import lines_table, plain
from lab_console.observer import line_records
from lab_console.operator_keys import Operator
from lab_core.errors import ConfigurationError, LabError, UnavailableError
from lab_description import load_cell
from lab_language.words.lexicon import load_lexicon
from lab_language.words.read_back import read_back
from lab_language.words.sentence import language_of, understand
from lab_node.actions import wait_for
from lab_node.conversions.outcomes import name_of
from lab_node.domain import domain_id
from lab_node.executor import ExecutorThread
from lab_node.lifecycle import goodbye
from lab_node.names import namespace_from, ros_arguments
from lab_node.rclpy_overrides import ActionClient, destroy_actions
from lab_tasks.conversions import line_message
from lab_tasks.orders.order import Order, understood
from lab_tasks.orders.sources import read_order

SERVER, ANSWER = 10.0, 20.0
"""Seconds of the wall until the cell has answered; the order itself takes as long as it takes."""
HEARD = 5.0
POLL = 0.1
TITLE = "the order as it is understood"
HEADINGS = ("line", "what", "how many", "to", "what lies on it", "seen from")
ENDS = "ends the line"
CHINESE = {
    TITLE: "指令嘅理解",
    **dict(zip(HEADINGS, ("行", "乜嘢", "幾多", "去邊度", "上面有嘢", "由邊個睇"), strict=True)),
    "all": "全部",
    "or": "或",
    "first to": "先搬去",
    ENDS: "呢行就完",
    "operator": "操作員",
    "robot": "機械人",
}


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Checked arguments; exits with code 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="lab order", description="Send an order to the cell that runs in ROS_DOMAIN_ID."
    )
    parser.add_argument(
        "order",
        help="a sentence such as 'put the red box in the tray', a name in config/orders, or a YAML file",
    )
    parser.add_argument(
        "--cell", default="ur5e_table", help="whose destinations there are: name or YAML file"
    )
    parser.add_argument("--yes", action="store_true", help="carry it out without asking")
    parser.add_argument("--dry-run", action="store_true", help="only say how it is understood")
    parser.add_argument("--namespace", default="", metavar="NAME", help="namespace of the cell; none")
    options = parser.parse_args(argv)
    try:
        domain_id()
        options.namespace = namespace_from(options.namespace)
    except ConfigurationError as error:
        parser.error(str(error))
    return options


def is_stop(text: str) -> bool:
    """Whether the words are a stop, and nothing else."""
    try:
        return understand(text, load_lexicon(language_of(text))).stop
    except LabError:
        return False


def as_table(order: Order) -> Table:
    """How the order is understood, for whoever approves it: in Chinese when it was given in Chinese."""
    lexicons = [load_lexicon(line.given.language) for line in order.lines]
    chinese = all(lexicon.grammar == "chinese" for lexicon in lexicons)
    say = CHINESE if chinese else {}
    table = Table(title=say.get(TITLE, TITLE), title_justify="left")
    for heading in HEADINGS:
        table.add_column(say.get(heading, heading))
    for number, (line, lexicon) in enumerate(zip(order.lines, lexicons, strict=True), 1):
        away = line.given.clear_away_to
        table.add_row(
            str(number),
            plain(read_back(line.query, lexicon)),
            str(line.wanted or say.get("all", "all")),
            plain(f" {say.get('or', 'or')} ".join(line.given.to)),
            plain(f"{say.get('first to', 'first to')} {away}" if away else say.get(ENDS, ENDS)),
            say.get(line.given.side, f"the {line.given.side}'s side"),
        )
    return table


def approved(console: Console, ask: Callable[[str], str] = input) -> bool:
    """Whether a person says yes."""
    if not sys.stdin.isatty():
        console.print("lab order: nobody can be asked here; say --yes to carry the order out", style="red")
        return False
    return ask("Carry it out? [y/N] ").strip().lower() in ("y", "yes")


def carry_out(node: Node, order: Order, console: Console) -> RunOrder.Result:
    """The cell's result. Ctrl-C takes the order back.

    Raises LabError when no cell answers, or it is busy.
    """
    client = ActionClient(node, RunOrder, "run_order")
    name = node.resolve_service_name("run_order")
    if not client.wait_for_server(SERVER):
        raise UnavailableError(
            f"no cell answers on {name}: start one, or set its ROS_DOMAIN_ID and --namespace"
        )
    said = [""]

    def hear(message: RunOrder.Impl.FeedbackMessage) -> None:
        status = message.feedback.status
        doing = f"{status.phase} {status.object_id}".rstrip()
        if doing != said[0]:
            said[0] = doing
            console.print(plain(f"  {doing}"), style="dim")

    goal = RunOrder.Goal(lines=[line_message(line.given) for line in order.lines])
    handle = wait_for(client.send_goal_async(goal, feedback_callback=hear), ANSWER, name)
    if not handle.accepted:
        raise UnavailableError(
            f"{name} refused the order: the cell carries another one out, or is not active"
        )
    result = handle.get_result_async()
    cancelled = False
    while not result.done():
        try:
            time.sleep(POLL)
        except KeyboardInterrupt:
            if cancelled:
                raise
            cancelled = True
            console.print("taking the order back", style="yellow")
            handle.cancel_goal_async()
    answer = result.result()
    if answer.status == GoalStatus.STATUS_UNKNOWN:
        raise UnavailableError(f"{name} ended while the order was carried out: see the log of the cell")
    return answer.result


def stop(node: Node) -> None:
    """Stops the cell. Raises UnavailableError when nobody hears it."""
    operator = Operator(node)
    until = time.monotonic() + HEARD
    while not operator.connected():
        if time.monotonic() > until:
            raise UnavailableError("nobody hears the stop: is the cell running in this ROS_DOMAIN_ID?")
        time.sleep(POLL)
    operator.stop()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when the order was fulfilled, 1 when not, 2 when it was refused."""
    options = arguments(sys.argv[1:] if argv is None else argv)
    console = Console(markup=False, emoji=False)
    stopping, order = is_stop(options.order), None
    if not stopping:
        try:
            destinations = list(load_cell(options.cell).destinations)
            order = understood(read_order(options.order, destinations), destinations)
        except LabError as error:
            console.print(f"lab order: {error}", style="red", highlight=False)
            return 2
        console.print(as_table(order))
        if options.dry_run:
            return 0
        if not (options.yes or approved(console)):
            return 2
    rclpy.init(
        args=ros_arguments("console", options.namespace), signal_handler_options=rclpy.SignalHandlerOptions.NO
    )
    try:
        return _sent(order, console)
    finally:
        with goodbye(1):
            context = rclpy.get_default_context()
            rclpy.try_shutdown()
            context.destroy()


def _sent(order: Order | None, console: Console) -> int:
    """Send an order, or a stop when there is none; the exit code."""
    node = Node("console")
    executor = ExecutorThread(node)
    try:
        if order is None:
            stop(node)
            console.print("the cell is told to stop")
            return 0
        result = carry_out(node, order, console)
        if result.lines:
            console.print(lines_table(line_records(result.lines)))
        fulfilled = name_of(result.outcome) == "SUCCESS"
        style = "bold green" if fulfilled else "bold red"
        said = f"{name_of(result.outcome)} {result.outcome.message}".rstrip()
        console.print(plain(said), style=style)
        return 0 if fulfilled else 1
    except LabError as error:
        console.print(f"lab order: {error}", style="red", highlight=False)
        return 1
    finally:
        with goodbye(1):
            executor.close()
            destroy_actions(node)
            node.destroy_node()


if __name__ == "__main__":
    sys.exit(main())
