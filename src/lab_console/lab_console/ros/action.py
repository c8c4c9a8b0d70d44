"""`lab action`: list, and send_goal as `ros2 action send_goal` has it. Ctrl-C cancels the goal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient, get_action_names_and_types

from lab_console.ros.messages import WrongCommand, as_yaml, fill, interface, type_name
from lab_console.ros.session import INTERRUPTED, Session, add_options, carry_out

_STATUS = {
    GoalStatus.STATUS_SUCCEEDED: "SUCCEEDED",
    GoalStatus.STATUS_CANCELED: "CANCELED",
    GoalStatus.STATUS_ABORTED: "ABORTED",
}


def list_actions(one: Session, options: argparse.Namespace) -> int:
    """Every action, with -t its types."""
    for name, types in one.settled(lambda: sorted(get_action_names_and_types(one.node))):
        print(f"{name} [{', '.join(types)}]" if options.show_types else name)
    return 0


def send_goal(one: Session, options: argparse.Namespace) -> int:
    """Sends a goal and waits for its result; 0 when it has succeeded, 1 when not."""
    name, of = one.absolute(options.action), interface("action", options.type)
    goal = fill(of.Goal(), options.values)
    client = ActionClient(one.node, of, name)
    try:
        if not one.turn_until(client.server_is_ready, one.timeout):
            there = dict(get_action_names_and_types(one.node))
            types = [each for each in there.get(name, []) if each != type_name("action", of)]
            if types:
                raise WrongCommand(f"action '{name}' has the type {', '.join(types)}, not {options.type}")
            raise one.missing("action", name, [each for each in there if each != name])
        return _carried_out(one, client, goal, options.feedback)
    finally:
        client.destroy()


def _carried_out(one: Session, client: ActionClient, goal: Any, feedback: bool) -> int:
    def show(message: Any) -> None:
        print(f"Feedback:\n{as_yaml(message.feedback)}", flush=True)

    sent = client.send_goal_async(goal, feedback_callback=show if feedback else None)
    # a goal that is on its way can be cancelled only once its handle is here
    if not one.turn_until(sent.done, one.timeout, interruptible=False):
        raise WrongCommand(f"the action has not said within {one.timeout:g} s whether it takes the goal")
    handle = sent.result()
    if not handle.accepted:
        print("Goal was rejected.")
        return 1
    print(f"Goal accepted with ID: {bytes(handle.goal_id.uuid).hex()}", flush=True)
    result = handle.get_result_async()
    cancelled = False
    while not result.done():
        try:
            one.turn_until(result.done)
        except KeyboardInterrupt:
            if cancelled:
                raise
            print("Cancelling the goal; again Ctrl-C leaves it to itself.", flush=True)
            cancelled = True
            handle.cancel_goal_async()
    answer = result.result()
    print(f"Result:\n{as_yaml(answer.result)}", end="")
    print(f"Goal finished with status: {_STATUS.get(answer.status, 'UNKNOWN')}")
    if cancelled:
        return INTERRUPTED
    return 0 if answer.status == GoalStatus.STATUS_SUCCEEDED else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 after a success, 1 after none, 2 for what cannot be, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="lab action", description="Look at actions, and send goals.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("list", help="every action")
    one.set_defaults(run=list_actions)
    one.add_argument("-t", "--show-types", action="store_true")
    add_options(one)
    one = commands.add_parser("send_goal", help="send a goal, print its result; Ctrl-C cancels it")
    one.set_defaults(run=send_goal)
    one.add_argument("action")
    one.add_argument("type", help="such as lab_interfaces/action/MoveTo")
    one.add_argument("values", nargs="?", default="{}", help="YAML; what is not named has its default")
    one.add_argument("-f", "--feedback", action="store_true", help="print feedback too")
    add_options(one)
    options = parser.parse_args(argv)
    return carry_out(f"lab action {options.command}", lambda session: options.run(session, options), options)


if __name__ == "__main__":
    sys.exit(main())
