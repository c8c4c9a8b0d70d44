"""Nodes that die are started again, and the work goes on from what the cell sees and feels."""

import os
import signal

from lab_interfaces.action import MoveTo, Pick, PlanGrasps
from lab_interfaces.msg import Outcome
from sensor_msgs.msg import JointState

from cell_client import STILL, clearing
from cell_run import ROOT, running_cell, wall_wait
from lab_description import load_cell
from true_parts import denied, true_parts

CELL = load_cell("ur5e_table")
RESTARTED = ("perception", "grasping", "motion", "tasks")
# of the fastest joint on its way, rad/s
MOVING = 0.3
ARGUMENTS = {"look": "plain", "scene": "scattered", "parts": "2", "seed": "7", "speed": "1"}


def kill(run, node, previous=None):
    """Kill a node, once it has been started again if it was killed before; its process."""
    assert wall_wait(lambda: run.pid(node) not in (None, previous), 120.0), f"{node} was not started again"
    pid = run.pid(node)
    os.kill(pid, signal.SIGKILL)
    return pid


def test_nodes_die_with_a_part_in_the_hand_and_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "66")
    log = tmp_path / "log"
    with running_cell(ROOT / "launch" / "cell.launch.py", ARGUMENTS, log) as (run, cell):
        now = cell.until(cell.joints.peek, 60.0, "joint state").header.stamp
        grasps = cell.ask("/plan_grasps", PlanGrasps.Goal(not_before=now, max_grasps=24)).grasps
        assert cell.ask("/pick", Pick.Goal(grasps=grasps)).outcome.code == Outcome.SUCCESS
        right, left = (turned(cell.joints.peek(), to=angle) for angle in (-1.2, 2.4))
        assert cell.ask("/move_to", MoveTo.Goal(joints=right)).outcome.code == Outcome.SUCCESS
        killed = {node: run.pid(node) for node in RESTARTED}
        cell.send("/move_to", MoveTo.Goal(joints=left))
        cell.until(lambda: cell.speeds[-1][1] > MOVING, 60.0, "motion")
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        assert wall_wait(lambda: cell.speeds[-1][1] < STILL, 60.0), "nobody ends what motion has begun"
        cell.until(lambda: not cell.is_active(), 60.0, "notice of the deaths")
        cell.until(cell.answers_active, 240.0, "cell that is up again")
        assert distance(cell.joints.peek(), left) > 0.5, "the controller went on to the end"
        cell.until(lambda: cell.held.peek().object_id == "unknown_part", 30.0, "part that motion feels")
        before = true_parts(cell, CELL)
        result = cell.ask("/run_order", clearing(max_parts=1), timeout=240.0)
        assert result.outcome.code == Outcome.OBJECTS_LEFT  # the other one was not asked for
        assert result.placed == 1 and denied(result, before, true_parts(cell, CELL)) == ""
        assert sum(not on_table(p) for p in cell.part_positions().values()) == 1
        for _ in range(3):
            killed["grasping"] = kill(run, "grasping", killed["grasping"])
        assert wall_wait(run.ended, 60.0), "the cell goes on"
    assert "grasp_node ended with exit code -9, for the 4th time" in log.read_text()


def on_table(position):
    return position[0] > 0.3 and abs(position[1]) < 0.25


def turned(state, to):
    """The joints of the arm, with the first turned to an angle, radians."""
    arm = {n: p for n, p in zip(state.name, state.position, strict=True) if "robotiq" not in n}
    arm["shoulder_pan_joint"] = to
    return JointState(name=list(arm), position=list(arm.values()))


def distance(state, goal):
    """Of the joint that is furthest from where the goal has it, radians."""
    now = dict(zip(state.name, state.position, strict=True))
    return max(abs(now[name] - position) for name, position in zip(goal.name, goal.position, strict=True))
