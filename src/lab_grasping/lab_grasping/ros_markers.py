"""Grasps as lines that RViz draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from lab_core.grasp import Grasp
from lab_grasping.gripper import ParallelGripper
from lab_grasping.suction_gripper import SuctionGripper
from lab_node.conversions.poses import pose_from_matrix

FINGER, STEM = 0.06, 0.05
"""Drawn lengths of the fingers and of what holds them, metres."""
LIP_CORNERS = 12


def markers(grasps: Sequence[Grasp], hand: ParallelGripper | SuctionGripper, header: Header) -> MarkerArray:
    """A fork (of a suction cup a rod with its lip) for each grasp, red (score 0) to green (score 1), after a
    marker that deletes those of before.
    """
    result = MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])
    for index, grasp in enumerate(grasps):
        lines = _fork(grasp, hand) if isinstance(hand, ParallelGripper) else _rod(hand)
        result.markers.append(
            Marker(
                header=header,
                ns=grasp.object_id,
                id=index,
                type=Marker.LINE_LIST,
                action=Marker.ADD,
                pose=pose_from_matrix(grasp.base_from_tcp),
                points=[Point(x=float(x), y=float(y), z=float(z)) for x, y, z in lines],
                color=ColorRGBA(r=float(1.0 - grasp.score), g=float(grasp.score), b=0.1, a=1.0),
            )
        )
        result.markers[-1].scale.x = 0.003 if index == 0 else 0.001
    return result


def _fork(grasp: Grasp, gripper: ParallelGripper) -> list[tuple[float, float, float]]:
    """Ends of its lines in tcp, metres."""
    tip = float(gripper.pad_centre(grasp.width)) + 0.5 * gripper.pad_length
    root, half = tip - FINGER, 0.5 * grasp.width
    corners = [(-half, root), (half, root), (half, root), (half, tip), (-half, root), (-half, tip)]
    return [(0.0, y, z) for y, z in ((0.0, root - STEM), (0.0, root), *corners)]


def _rod(cup: SuctionGripper) -> list[tuple[float, float, float]]:
    """Ends of its lines in tcp, metres."""
    angle = np.arange(LIP_CORNERS + 1) * (2.0 * np.pi / LIP_CORNERS)
    ring = cup.lip_radius * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    return [(0.0, 0.0, -FINGER - STEM), (0.0, 0.0, 0.0), *map(tuple, np.repeat(ring, 2, axis=0)[1:-1])]
