"""A grasp planner that a stranger registered, with parameters of its own, and one that has learned."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter
from lab_core.testing.registration import register
from lab_grasping.errors import NoGraspFound, NothingToGrasp, PlanningCancelled, TooFewPoints, UnknownObject
from lab_grasping.grasp_parameters import GraspParameters
from lab_grasping.planner import AntipodalPlanner
from lab_grasping.port import GRASP_PLANNERS, PlannerSettings
from lab_grasping.testing.planner_contract import GraspPlannerContract
from lab_grasping.testing.synthetic import Solid, at, observe, straight_gripper


@dataclass(frozen=True)
class ChoosyParameters:
    min_score: float = parameter(0.0, "Grasps with a lower score are left out.", minimum=0.0, maximum=1.0)


class ChoosyPlanner:
    """Ours, without the grasps that it likes less."""

    Parameters = ChoosyParameters
    deterministic = True
    accurate_on_blocks = True

    def __init__(self, gripper, settings, parameters=ChoosyParameters()):
        self._planner, self._least = AntipodalPlanner(gripper, settings), parameters.min_score

    def plan(self, scene, object_id=None, *, cancelled=lambda: False):
        plan = self._planner.plan(scene, object_id, cancelled=cancelled)
        grasps = tuple(grasp for grasp in plan.grasps if grasp.score >= self._least)
        if not grasps:
            raise NoGraspFound(object_id or "any part", plan.candidates, "a score that is too low")
        return type(plan)(grasps, plan.candidates)


class LearnedPlanner:
    """Has learned from photographs: it knows nothing of plain solids, and says so by promising nothing."""

    def __init__(self, gripper, settings):
        pass

    def plan(self, scene, object_id=None, *, cancelled=lambda: False):
        known = [part.id for part in scene.objects]
        if not known:
            raise NothingToGrasp
        if object_id is not None and object_id not in known:
            raise UnknownObject(object_id, known)
        if cancelled():
            raise PlanningCancelled
        for part in scene.objects:
            if part.id == object_id and len(part.points) < 20:
                raise TooFewPoints(part.id, len(part.points), 20)
        raise NoGraspFound(object_id or known[0], 0, "a picture without texture")


class TestChoosy(GraspPlannerContract):
    def make(self, gripper, settings):
        return ChoosyPlanner(gripper, settings)


class TestLearned(GraspPlannerContract):
    def make(self, gripper, settings):
        return LearnedPlanner(gripper, settings)


@pytest.fixture
def choosy(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    register(tmp_path, "lab_grasping.planners", "choosy", f"{__name__}:ChoosyPlanner")


def make(**given):
    return GRASP_PLANNERS.make(
        "choosy", straight_gripper(), PlannerSettings(), given=given, node="grasping"
    ).plugin


def test_its_parameters_take_effect(choosy):
    scene = observe([Solid("box", (0.03, 0.05, 0.04), at(0.5, 0.0, 0.02, 0.4))])
    assert make().plan(scene).grasps
    with pytest.raises(NoGraspFound, match="a score that is too low"):
        make(**{"choosy.min_score": 1.0}).plan(scene)


def test_a_malformed_one_is_refused(choosy):
    with pytest.raises(ConfigurationError, match=r"'choosy.min_score' of node .* is '7', expected float"):
        make(**{"choosy.min_score": "7"})


def test_it_can_be_named_like_ours(choosy):
    assert GraspParameters(planner="choosy").planner in GRASP_PLANNERS.names_for(straight_gripper())
