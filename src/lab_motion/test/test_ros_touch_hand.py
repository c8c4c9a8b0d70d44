"""A hand with tactile pads against the simulator: it closes gently, grips by the load, knows a bad pad."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from lab_core.errors import StaleInputError
from lab_core.geometry import make_transform
from lab_description import load_cell
from lab_motion.control.joint_states import JointStates
from lab_motion.control.touch_hand import TouchHand
from lab_motion.errors import GripperFailed
from lab_motion.skills.grip.touch import TouchReading
from lab_node.conversions.touch import pad_message
from lab_simulation.mujoco.scripted_hand import DOWN, Hand
from lab_simulation.simulator_node import SimulatorNode

SCENE = Path(__file__).parent / "block.yaml"
CENTRE, WIDTH = np.array([0.5, 0.05, 0.024]), 0.05  # the pads stay clear of the table
MOST = 30.0
# a machine that pauses must not look like a sensor that is silent
MAX_AGE, PATIENCE = 20.0, 120.0


class Bench:
    """The simulator node, and a node with the hand; the arm is moved by the simulation itself."""

    def __init__(self) -> None:
        given = {"cell": "ur5e_touch", "scene": str(SCENE), "look": "plain", "noise": False, "seed": 4}
        self.simulator = SimulatorNode(parameter_overrides=[Parameter(k, value=v) for k, v in given.items()])
        self.node = rclpy.create_node(
            "hand_of_the_test", parameter_overrides=[Parameter("use_sim_time", value=True)]
        )
        self._executors = []
        for node in (self.simulator, self.node):
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            threading.Thread(target=executor.spin, daemon=True).start()
            self._executors.append(executor)
        assert self.simulator.trigger_configure() == TransitionCallbackReturn.SUCCESS
        assert self.simulator.trigger_activate() == TransitionCallbackReturn.SUCCESS
        cell = load_cell("ur5e_touch")
        self.hand = TouchHand(self.node, cell, JointStates(self.node, MAX_AGE), MAX_AGE, PATIENCE)

    def do(self, work):
        """Something with the simulation, in its thread."""
        return self.simulator._loop.ask(work).result(PATIENCE)

    def raise_arm(self, height: float, seconds: float) -> None:
        """Straight up, from where the pads hold the part."""
        self.do(lambda s: Hand(s).move(make_transform(DOWN, CENTRE + np.array([0.0, 0.0, height])), seconds))

    def close(self) -> None:
        self.hand.close()
        self.simulator.cleanup()
        for executor in self._executors:
            executor.shutdown()
        self.node.destroy_node()
        self.simulator.destroy_node()


@pytest.fixture(scope="module")
def bench():
    os.environ["ROS_DOMAIN_ID"] = "89"
    rclpy.init()
    bench = Bench()
    yield bench
    bench.close()
    rclpy.try_shutdown()


def never() -> bool:
    return False


def test_1_it_closes_gently_grips_by_the_weight_and_lets_go(bench):
    hand = bench.hand
    bench.do(lambda s: s.put_robot(Hand(s).joints_for(make_transform(DOWN, CENTRE))))
    hand.release(WIDTH + 0.008, MOST)
    opened = hand.finish(never)
    assert opened.opening == pytest.approx(WIDTH + 0.008, abs=0.002)
    hand.grip(MOST)
    closed = hand.finish(never)
    assert isinstance(closed, TouchReading) and closed.stalled
    assert closed.opening == pytest.approx(WIDTH, abs=0.002)
    assert 0.5 < closed.force < 6.0, "gently"
    true = bench.do(lambda s: [float(wrench.force[1]) for wrench in s.pad_wrenches()])
    assert closed.forces == pytest.approx(true, abs=0.5)
    bench.raise_arm(0.01, 1.0)
    bench.raise_arm(0.08, 1.5)
    lifted = hand.reading()
    mass = bench.do(lambda s: next(iter(s.parts.values())).mass)
    part = bench.do(lambda s: s.entity(next(iter(s.parts))).base_from_entity[2, 3])
    assert part > 0.07, "it is lifted"
    assert lifted.carried == pytest.approx(9.81 * mass, rel=0.15)
    needed = 9.81 * mass / (2.0 * load_cell("ur5e_touch").gripper.friction)
    assert needed < lifted.force < max(2.5 * needed, needed + 4.0) < MOST
    assert lifted.excess == "" and not lifted.slipping
    hand._control.slips += 3
    assert hand.reading().slid == lifted.slid + 3, "what the control counts is told"
    bench.raise_arm(0.0, 1.5)
    hand.release(WIDTH + 0.02, MOST)
    let_go = hand.finish(never)
    assert let_go.force < 0.3 and let_go.slid == 0


def test_2_a_pad_that_sends_another_grid_is_named(bench):
    hand = bench.hand
    sample = hand._samples[0][-1]
    message = pad_message(sample)
    message.rows, message.columns = message.columns, message.rows
    hand._take(0, sample.frame, message)
    try:
        with pytest.raises(
            StaleInputError, match=r"the left tactile pad on /gripper/left_pad/touch: .*12 × 16"
        ):
            hand._fresh(0)
    finally:
        hand._take(0, sample.frame, pad_message(sample))


def test_3_pads_that_say_the_same_all_the_time_are_not_gripped_by(bench):
    hand = bench.hand
    frozen = hand._samples[1][-1]
    bench.simulator.trigger_deactivate()  # the clock stands, no sample comes
    hand._samples[1].extend([frozen] * len(hand._samples[1]))
    with pytest.raises(GripperFailed, match="the hand cannot grip by touch"):
        hand.grip(MOST)
