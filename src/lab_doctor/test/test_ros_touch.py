"""What the doctor hears of tactile pads, and says of them."""

import numpy as np
import pytest
import rclpy
from lab_interfaces.msg import TactilePad
from sound import sound_graph

from lab_core.touch import PadSample
from lab_description import load_cell
from lab_description.touch import SIDES
from lab_doctor.ros_graph import Examiner
from lab_doctor.ros_touch import TouchListener
from lab_doctor.snapshot import PadFacts
from lab_doctor.touch_checks import check_pads
from lab_node.conversions.touch import pad_message
from lab_node.qos import SENSOR

GRIPPER = load_cell("ur5e_touch").gripper
GRID, SAMPLES = GRIPPER.touch.grid, 20
FRAMES = dict(zip(SIDES, (GRIPPER.left_pad, GRIPPER.right_pad), strict=True))


@pytest.fixture
def said(monkeypatch):
    """Publishes samples of both pads and gives what is heard of them."""
    monkeypatch.setenv("ROS_DOMAIN_ID", "79")
    rclpy.init()
    examiner, driver = Examiner({}), rclpy.create_node("driver")
    publishers = {
        side: driver.create_publisher(TactilePad, GRIPPER.touch.topics[side], SENSOR) for side in SIDES
    }

    def listen(frames, noise=0.003, silent=()):
        listener, random = TouchListener(examiner, GRIPPER), np.random.default_rng(3)
        for publisher in publishers.values():
            while not publisher.get_subscription_count():
                examiner.spin(0.02)
        for index in range(SAMPLES):
            for side in set(SIDES) - set(silent):
                normal = noise * random.standard_normal((GRID.rows, GRID.columns))
                sample = PadSample.of(10_000_000 * index, frames[side], GRID, normal, None)
                publishers[side].publish(pad_message(sample))
            examiner.spin(0.02)
        return {pad.side: pad for pad in listener.facts()}

    yield listen
    examiner.close()
    driver.destroy_node()
    rclpy.try_shutdown()


def findings(*pads: PadFacts):
    graph = sound_graph()
    return list(check_pads(type(graph)(**(vars(graph) | {"pads": pads}))))


def test_sound_pads_are_no_finding(said):
    pads = said(FRAMES)
    assert all(pad.count > 10 and pad.fault == "" for pad in pads.values())
    assert findings(*pads.values()) == []


def test_swapped_frozen_and_silent_pads_are_named(said):
    swapped = said(dict(zip(SIDES, reversed(FRAMES.values()), strict=True)))
    assert all("are left and right swapped?" in pad.fault for pad in swapped.values())
    frozen = said(FRAMES, noise=0.0)
    (first, _) = findings(*frozen.values())
    assert (first.check, first.what) == (
        "pad",
        f"{FRAMES['left']}: 10 samples are the same: the pad is frozen or dead",
    )
    silent = said(FRAMES, silent=("right",))
    (only,) = findings(*silent.values())
    assert only.check == "pad-silent" and "the right tactile pad on /gripper/right_pad/touch" in only.what
