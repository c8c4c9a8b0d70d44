"""The default GraspPlanner for a suction cup: places on the seen surface, seal, clearance, rank.

Only surface that was seen counts: what a completion supposes cannot be trusted to seal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lab_core.geometry import FloatArray, invert, make_transform, transform_points
from lab_core.grasp import Grasp
from lab_core.parameters import parameter
from lab_core.scene import Scene
from lab_grasping.antipodal import HandPoses
from lab_grasping.clearance import Blocker, Clearances, check_approach, check_standing, mark_touching
from lab_grasping.completion import Shape, complete, thin_out
from lab_grasping.errors import NoGraspFound
from lab_grasping.hand_surface import HandSurface
from lab_grasping.port import GraspPlan, PlannerSettings
from lab_grasping.ranking import choose_distinct
from lab_grasping.scene import support_from_base, support_of
from lab_grasping.scene_planner import ScenePlanner, stop_if, usable_surface
from lab_grasping.seal import Seals, find_seals
from lab_grasping.space import LabelledView, SpaceMaps
from lab_grasping.suction_gripper import SuctionGripper

POINT_SPACING = 0.0015
"""Distance of the points under the lip, metres: nearer ones are averaged, which takes noise away."""
PLACE_SPACING = 0.002
"""Of places that are tried, metres; grows for large parts so that max_places holds."""
ENOUGH_RIM = 0.006
"""Metres of surface beyond the lip, of which more makes nothing safer."""
LEVER = 0.012
"""Metres from the lip to the plumb line through the part's centre at which the term of balance is 37 %."""
SAME_TABLE = 0.01
"""Metres: a support that seems to be further from the cell's table is another one."""
WAVY = 0.5
"""Share that counts of what is uneven where a face is level as a whole: the camera makes waves on what is
flat, and in the middle of a part a lip has more room than where the waves happen to be low."""
LAST_RIM = 0.5
"""Share of the least rim that does where no place has more: a cup that leaks is tried elsewhere."""
HIDDEN_DEPTH, OWN_DEPTH = 0.015, 0.04
WEIGHTS = {
    "seal": 2.0,  # what is left of the lip's give: noise may hide that much
    "rim": 2.0,  # surface beyond the lip: outlines are seen a little too wide, and loaded lips shift
    "balance": 2.5,  # weight beside the cup peels it off
    "upright": 1.5,  # weight across the cup turns it and has only friction to hold it
    "hidden": 1.5,  # nothing of the hand in space that other things hide
    "own_shadow": 0.5,  # nor behind the part itself
}


@dataclass(frozen=True)
class SuctionParameters:
    """Where a cup may be set down."""

    max_places: int = parameter(
        300, "The number of places that are tried on a part.", minimum=10, maximum=20000
    )
    max_tilt: float = parameter(
        1.1344640137963142,
        "The largest angle between the approach and the vertical.",
        unit="rad",
        minimum=0.0,
        maximum=1.5,
    )
    press: float = parameter(
        0.8,
        "The share of the bellows' stroke by which the cup is pressed on the part. It takes up the noise of"
        " the depth.",
        minimum=0.0,
        maximum=1.0,
    )
    usable_give: float = parameter(
        0.4,
        "The share of the lip's give that the planner counts on. Images make curved surfaces flatter"
        " than they are.",
        minimum=0.0,
        maximum=1.0,
    )
    min_rim: float = parameter(
        0.003,
        "The surface must go on this far beyond the lip. Outlines are seen some millimetres too wide.",
        unit="m",
        minimum=0.0,
        maximum=0.05,
    )
    min_approach: float = parameter(
        0.03, "The least straight way to the part that must be clear.", unit="m", minimum=0.0, maximum=0.3
    )


DEFAULTS = SuctionParameters()


class SuctionPlanner(ScenePlanner):
    """Geometric planner on observed points for a suction cup. Grasps have the width and opening 0."""

    Parameters = SuctionParameters
    gripper = SuctionGripper
    deterministic = True
    accurate_on_blocks = True

    def __init__(
        self, cup: SuctionGripper, settings: PlannerSettings, parameters: SuctionParameters = DEFAULTS
    ) -> None:
        super().__init__(settings)
        self._parameters = parameters
        self._cup = cup
        self._hand = HandSurface.of_cup(cup)

    def plan_part(
        self,
        scene: Scene,
        view: LabelledView,
        index: int,
        among: int | None,
        cancelled: Callable[[], bool],
    ) -> GraspPlan:
        """See ScenePlanner."""
        item, label = scene.objects[index], index + 1
        points, normals = usable_surface(item, scene)
        shape = complete(points, normals, view, label)
        stop_if(cancelled)
        seals = self._sealing(points, normals, item.id)
        stop_if(cancelled)
        poses = self._poses(seals)
        maps = self.space_around(view, shape, label)
        clearances = check_standing(poses, _zeros(poses), maps, self._hand, self._settings.tip_margin)
        mark_touching(poses, _zeros(poses), shape, self._hand.behind, clearances.blocker)
        terms = self._rate(poses, seals, clearances, shape)
        weights = np.array(list(WEIGHTS.values()))
        score = np.exp(np.log(np.maximum(terms, 1e-6)) @ weights / weights.sum())
        score[clearances.blocker != Blocker.NOTHING] = 0.0
        if not score.any():
            raise NoGraspFound(item.id, len(poses), Blocker(int(clearances.blocker[0])).words)
        way = self._way_in(poses, maps)
        needed = self._parameters.min_approach + self._settings.miss
        score[way < min(needed, self._settings.approach_distance) - 1e-9] = 0.0
        chosen = choose_distinct(poses, score, self._settings.max_grasps)
        if len(chosen) == 0:
            raise NoGraspFound(item.id, len(poses), "what stands in the way of a straight approach")
        base_from_support = invert(support_from_base(support_of(scene)))
        pressed = self._pressed(poses, base_from_support)[:, None] * poses.rotations[:, :, 2]
        grasps = tuple(
            Grasp(
                scene_stamp=scene.stamp,
                frame=scene.frame,
                object_id=item.id,
                base_from_tcp=base_from_support
                @ make_transform(poses.rotations[k], poses.positions[k] + pressed[k]),
                width=0.0,
                opening=0.0,
                approach_distance=float(way[k]),
                score=float(score[k]),
                terms=dict(zip(WEIGHTS, terms[k].tolist(), strict=True)),
            )
            for k in chosen
        )
        return GraspPlan(grasps, len(poses))

    def _sealing(self, points: FloatArray, normals: FloatArray, name: str) -> Seals:
        """Places where the lip seals, best first. Raises NoGraspFound."""
        surface, _ = thin_out(points, normals, POINT_SPACING)
        places, outward = thin_out(points, normals, PLACE_SPACING)
        if len(places) > self._parameters.max_places:
            coarser = PLACE_SPACING * float(np.sqrt(len(places) / self._parameters.max_places))
            places, outward = thin_out(points, normals, coarser)
        seals = find_seals(surface, places, outward, self._cup.lip_radius)
        give = self._parameters.usable_give * self._cup.lip_give
        good = seals.whole & (seals.normals[:, 2] > np.cos(self._parameters.max_tilt))
        good &= seals.deviation * _waves(seals) < give
        for least in (self._parameters.min_rim, LAST_RIM * self._parameters.min_rim):
            enough = good & (seals.rim > least)
            if enough.any():
                good = enough
                break
        else:
            wide = 2e3 * self._cup.lip_radius
            raise NoGraspFound(name, len(seals), f"no place where a lip of {wide:.0f} mm would seal")
        kept = np.flatnonzero(good)
        return seals.subset(kept[np.argsort(seals.deviation[kept], kind="stable")])

    def _poses(self, seals: Seals) -> HandPoses:
        """Cups with the lip on the highest point under it; x stays level with the frame's, as a cup may be
        turned about its axis.
        """
        approach = -seals.normals
        y = np.cross(approach, [1.0, 0.0, 0.0])
        y /= np.linalg.norm(y, axis=1)[:, None]
        rotations = np.stack([np.cross(y, approach), y, approach], axis=2)
        positions = seals.points + seals.rise[:, None] * seals.normals
        return HandPoses(np.ascontiguousarray(rotations), positions, np.zeros(len(positions)))

    def _pressed(self, poses: HandPoses, base_from_support: FloatArray) -> FloatArray:
        """(C,) how far the cup is pressed beyond the seen surface, metres.

        Where the support seems to be higher than the table is, so does the part: the cup has further to go,
        as far as bellows and lip give way if the camera was right, and not into the support.
        """
        press = self._parameters.press * self._cup.stroke
        gives_way = max(press, self._cup.stroke + self._cup.lip_give)
        most = np.clip(poses.positions[:, 2] - self._settings.tip_margin, press, gives_way)
        if self._settings.table_height is None:
            return np.full(len(poses), press)
        feet = poses.positions * [1.0, 1.0, 0.0]
        above = transform_points(base_from_support, feet)[:, 2] - self._settings.table_height
        same = np.abs(above) < SAME_TABLE
        further: FloatArray = np.clip(press + np.where(same, above, 0.0), press, most)
        return further

    def _rate(self, poses: HandPoses, seals: Seals, clearances: Clearances, shape: Shape) -> FloatArray:
        """Terms (C, T) in the order of WEIGHTS, each 0..1."""
        # weight pulls straight down, whatever way the cup comes
        lever = np.linalg.norm((shape.centre - poses.positions)[:, :2], axis=1)
        return np.stack(
            [
                np.clip(1.0 - seals.deviation * _waves(seals) / self._cup.lip_give, 0.0, 1.0),
                np.clip(seals.rim / ENOUGH_RIM, 0.0, 1.0),
                np.exp(-((lever / LEVER) ** 2)),
                np.clip(seals.normals[:, 2], 0.0, 1.0) ** 2,
                np.exp(-np.maximum(clearances.hidden, 0.0) / HIDDEN_DEPTH),
                np.exp(-np.maximum(clearances.own_hidden, 0.0) / OWN_DEPTH),
            ],
            axis=1,
        )

    def _way_in(self, poses: HandPoses, maps: SpaceMaps) -> FloatArray:
        margin, distance = self._settings.tip_margin, self._settings.approach_distance
        return check_approach(poses, _zeros(poses), maps, self._hand, margin, distance)


def _waves(seals: Seals) -> FloatArray:
    """(C,) share of the deviation that counts."""
    return np.where(seals.normals[:, 2] == 1.0, WAVY, 1.0)


def _zeros(poses: HandPoses) -> npt.NDArray[np.int64]:
    """The only opening of a cup, for each pose."""
    return np.zeros(len(poses), dtype=np.int64)
