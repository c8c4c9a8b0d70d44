"""Whether an arm, or a motion of it, is certain to be clear of everything; compiled, for searches.

A motion is followed in steps that no point can outrun: conservative advancement, B. Mirtich 1996.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled
from lab_core.geometry import FloatArray
from lab_motion.planning.chain import forward_frames
from lab_motion.planning.separation import BOX, bound

IntArray = npt.NDArray[np.int64]

# Of an edge, where to look first.
_LOOKS = (1.0, 0.5)
# What an edge is stepped by at least, metres, where a pair may be closer than any margin.
_LEAST = 5e-4


class World(NamedTuple):
    """What compiled code knows: J joints, S shapes, L links or shapes that stand still, P pairs.

    joint: (S,) which joint moves a shape, -1 where none does. place: (S, 3, 4) joint_from_shape. kind: (S,).
    half: (S, 3) half edges; radius, radius, half length; radius. radius: (S,) of the sphere around a shape.
    link_joint, link_centre, link_radius: the same of L links, whose spheres hold all their shapes.
    link_shape: (L,) the shape where it is one that stands still, else -1.
    reach: (L, J) how far any point of a link may be from the axis of a joint that moves it, metres; 1 where
    the joint slides.
    first, second, margin: (P,) shapes, the one that more joints move first, and the distance that they keep.
    group: (G, 4) two links, and from which pair to which theirs go. least, most: (G,) of a group's margins.
    """

    offsets: FloatArray
    axes: FloatArray
    prismatic: npt.NDArray[np.bool_]
    joint: IntArray
    place: FloatArray
    kind: IntArray
    half: FloatArray
    radius: FloatArray
    link_joint: IntArray
    link_centre: FloatArray
    link_radius: FloatArray
    link_shape: IntArray
    reach: FloatArray
    first: IntArray
    second: IntArray
    margin: FloatArray
    group: IntArray
    least: FloatArray
    most: FloatArray


@compiled
def _placed(frames: FloatArray, joint: int, place: FloatArray, out: FloatArray) -> None:
    """base_from_shape (3, 4)."""
    if joint < 0:
        out[:] = place
        return
    frame = frames[joint]
    for i in range(3):
        for j in range(4):
            total = frame[i, 3] if j == 3 else 0.0
            for k in range(3):
                total += frame[i, k] * place[k, j]
            out[i, j] = total


@compiled
def _from_point(point: FloatArray, other: FloatArray) -> float:
    """Distance of two points (3,), metres."""
    x, y, z = point[0] - other[0], point[1] - other[1], point[2] - other[2]
    distance: float = np.sqrt(x * x + y * y + z * z)
    return distance


@compiled
def _from_box(point: FloatArray, pose: FloatArray, half: FloatArray) -> float:
    """Distance of a point (3,) from a box, metres."""
    squared = 0.0
    for k in range(3):
        along = 0.0
        for i in range(3):
            along += (point[i] - pose[i, 3]) * pose[i, k]
        beyond = abs(along) - half[k]
        if beyond > 0.0:
            squared += beyond * beyond
    distance: float = np.sqrt(squared)
    return distance


@compiled
def _centres(world: World, frames: FloatArray, centres: FloatArray) -> None:
    """(L, 3) of the links' spheres, in the base frame."""
    for n in range(len(centres)):
        joint = world.link_joint[n]
        for i in range(3):
            if joint < 0:
                centres[n, i] = world.link_centre[n, i]
                continue
            centres[n, i] = frames[joint, i, 3]
            for k in range(3):
                centres[n, i] += frames[joint, i, k] * world.link_centre[n, k]


@compiled
def _speed(
    world: World, frames: FloatArray, motion: FloatArray, link: int, beyond: int, centre: FloatArray
) -> float:
    """Of the fastest point of a link, as seen by what the joints up to `beyond` move, metres for a motion."""
    vx, vy, vz, wx, wy, wz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(beyond + 1, world.link_joint[link] + 1):
        frame, axis = frames[j], world.axes[j]
        x = motion[j] * (frame[0, 0] * axis[0] + frame[0, 1] * axis[1] + frame[0, 2] * axis[2])
        y = motion[j] * (frame[1, 0] * axis[0] + frame[1, 1] * axis[1] + frame[1, 2] * axis[2])
        z = motion[j] * (frame[2, 0] * axis[0] + frame[2, 1] * axis[1] + frame[2, 2] * axis[2])
        if world.prismatic[j]:
            vx, vy, vz = vx + x, vy + y, vz + z
            continue
        dx, dy, dz = centre[0] - frame[0, 3], centre[1] - frame[1, 3], centre[2] - frame[2, 3]
        vx, vy, vz = vx + y * dz - z * dy, vy + z * dx - x * dz, vz + x * dy - y * dx
        wx, wy, wz = wx + x, wy + y, wz + z
    turning = np.sqrt(wx * wx + wy * wy + wz * wz)
    speed: float = np.sqrt(vx * vx + vy * vy + vz * vz) + turning * world.link_radius[link]
    return speed


@compiled
def _bends(world: World, motion: FloatArray) -> FloatArray:
    """(L, J) how much the velocity of a point of a link changes at most in a straight motion (J,) in joint
    space, as seen by what the joints before the j-th move, metres for the whole motion.
    """
    bends = np.zeros((len(world.link_joint), len(motion)))
    for n in range(len(bends)):
        total, later = 0.0, 0.0
        for j in range(world.link_joint[n], -1, -1):
            turn = abs(motion[j])
            total += turn * (turn * world.reach[n, j] + 2.0 * later)
            later += turn * world.reach[n, j]
            bends[n, j] = total
    return bends


@compiled
def _certain_part(
    world: World, q: FloatArray, motion: FloatArray, bends: FloatArray, part: float, hint: IntArray
) -> float:
    """How much of a motion (J,) from q (J,) is certain to be clear, at most `part`; -1 where q is not.

    hint: (1,) the group to look at first, and then the one that was the nearest.
    """
    if len(world.group) == 0:
        return part
    frames = np.empty((len(q), 4, 4))
    forward_frames(world.offsets, world.axes, world.prismatic, np.eye(4), q, frames, np.empty((4, 4)))
    centres = np.empty((len(world.link_joint), 3))
    _centres(world, frames, centres)
    shapes = len(world.joint)
    poses = np.empty((shapes, 3, 4))
    known = np.zeros(shapes, dtype=np.bool_)
    nearest = hint[0]
    seen, seen_from, speed = -1, -2, 0.0
    for n in range(-1, len(world.group)):
        g = hint[0] if n < 0 else n
        if n == hint[0]:
            continue
        a, b = world.group[g, 0], world.group[g, 1]
        beyond = world.link_joint[b]
        if a != seen or beyond != seen_from:
            seen, seen_from = a, beyond
            speed = _speed(world, frames, motion, a, beyond, centres[a])
        bend = bends[a, beyond + 1]
        travel = part * (speed + 0.5 * part * bend)
        single = world.link_shape[b]
        if single >= 0 and world.kind[single] == BOX:
            apart = _from_box(centres[a], world.place[single], world.half[single]) - world.link_radius[a]
        else:
            apart = _from_point(centres[a], centres[b]) - world.link_radius[a] - world.link_radius[b]
        if apart >= max(world.most[g], travel - world.least[g]):
            continue
        for p in range(world.group[g, 2], world.group[g, 3]):
            first, second, margin = world.first[p], world.second[p], world.margin[p]
            wanted = max(margin, travel - margin)
            for s in (first, second):
                if not known[s]:
                    _placed(frames, world.joint[s], world.place[s], poses[s])
                    known[s] = True
            apart = _pair_bound(world, first, second, poses, wanted)
            if apart < margin:
                hint[0] = g
                return -1.0
            if apart < wanted:
                nearest = g
                room = max(apart + margin, _LEAST)
                part = min(part, 2.0 * room / (speed + np.sqrt(speed * speed + 2.0 * bend * room)))
                travel = part * (speed + 0.5 * part * bend)
    hint[0] = nearest
    return part


@compiled
def _pair_bound(world: World, first: int, second: int, poses: FloatArray, enough: float) -> float:
    """Lower bound of the distance of two shapes, by their spheres where that is enough, metres."""
    centre = poses[first][:, 3]
    apart: float
    if world.kind[second] == BOX:
        apart = _from_box(centre, poses[second], world.half[second]) - world.radius[first]
    else:
        apart = _from_point(centre, poses[second][:, 3]) - world.radius[first] - world.radius[second]
    if apart >= enough:
        return apart
    found: float = bound(
        world.kind[first],
        world.half[first],
        poses[first],
        world.kind[second],
        world.half[second],
        poses[second],
        enough,
    )
    apart = max(apart, found)
    return apart


@compiled
def edge_is_clear(world: World, start: FloatArray, end: FloatArray, hint: IntArray) -> bool:
    """Whether a straight line in joint space is certain to be clear. hint: (1,) kept from call to call."""
    motion = end - start
    bends = _bends(world, motion)
    # what collides does so over a stretch, and is found early by a few looks
    for look in _LOOKS:
        if _certain_part(world, start + look * motion, motion, bends, 0.0, hint) < 0.0:
            return False
    done = 0.0
    while True:
        part = _certain_part(world, start + done * motion, motion, bends, 1.0 - done, hint)
        if part < 0.0:
            return False
        done += part
        if done >= 1.0 - 1e-12:
            return True


@compiled
def states_are_clear(world: World, positions: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) whether positions (N, J) are certain to be clear."""
    still = np.zeros(positions.shape[1])
    bends = _bends(world, still)
    hint = np.zeros(1, dtype=np.int64)
    result = np.empty(len(positions), dtype=np.bool_)
    for n in range(len(positions)):
        result[n] = _certain_part(world, positions[n], still, bends, 0.0, hint) >= 0.0
    return result


@compiled
def bounds(world: World, q: FloatArray, enough: float) -> FloatArray:
    """(P,) lower bounds of the distance of each pair at q (J,), metres; no better than enough."""
    frames = np.empty((len(q), 4, 4))
    forward_frames(world.offsets, world.axes, world.prismatic, np.eye(4), q, frames, np.empty((4, 4)))
    poses = np.empty((len(world.joint), 3, 4))
    for s in range(len(world.joint)):
        _placed(frames, world.joint[s], world.place[s], poses[s])
    result = np.empty(len(world.first))
    for p in range(len(world.first)):
        result[p] = _pair_bound(world, world.first[p], world.second[p], poses, enough)
    return result
