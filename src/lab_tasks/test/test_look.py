"""A look at the table, fed with scenes that were made up."""

import numpy as np
import pytest
import rclpy
from lab_interfaces.msg import Part, Scene
from rclpy.node import Node
from rclpy.time import Time

from lab_core.geometry import OrientedBox
from lab_node.conversions.boxes import box_message
from lab_tasks.ros_skills import RESTLESS, RosSkills

IMAGE = 66_000_000


@pytest.fixture
def look():
    """Look at scenes of these parts, one list an image; gives the identities that the look ended with."""
    rclpy.init()
    node = Node("looks")

    def at(*images):
        skills = RosSkills(node)
        box = box_message(OrientedBox(np.eye(4), np.full(3, 0.04)))
        scenes = iter(Scene(objects=[Part(id=part, box=box) for part in parts]) for parts in images)
        served = []

        def newer(stamp, wall_timeout):
            scene = next(scenes)
            scene.header.stamp = Time(nanoseconds=stamp.nanoseconds + IMAGE).to_msg()
            scene.support.coef[2] = 1.0
            served.append(scene)
            return scene

        skills._scene.wait_for_newer = newer
        return skills.look(0, 1.0, lambda: False).ids, len(served)

    yield at
    node.destroy_node()
    rclpy.shutdown()


def test_two_images_that_agree_are_enough(look):
    assert look(["a", "b"], ["b", "a"]) == (["b", "a"], 2)


def test_a_part_that_one_image_shows_too_many_is_not_believed(look):
    assert look(["a", "ghost"], ["a"], ["a"]) == (["a"], 3)


def test_a_scene_that_never_rests_is_taken_as_it_is(look):
    parts, images = look(*([f"a{n}"] for n in range(20)))
    assert (parts, images) == ([f"a{RESTLESS - 1}"], RESTLESS)
