"""What the cell does now and what the operator has to do, as keys of the catalogue and what fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab_operator.state import CellState

Tone = Literal["calm", "busy", "ask", "alarm"]
"""calm: nothing to do. busy: it moves. ask: a person is waited for. alarm: it was stopped, or has failed."""

# Steps of the task's tree that have words of their own; all others are called what they are.
STEPS = (
    *("first look", "choose", "plan grasps", "pick", "place", "look again", "confirm"),
    *("record failure", "empty the hand", "clear the view", "home"),
)
# Outcomes after which there is nothing for the operator to do.
_WELL = ("SUCCESS", "NO_OBJECT")


@dataclass(frozen=True, slots=True)
class Situation:
    """headline, sentence, todo: keys in the catalogue; names: what their {placeholders} stand for.

    may_start, may_reset, may_take_over: which of the buttons can be pressed.
    """

    tone: Tone
    headline: str
    todo: str
    sentence: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    may_start: bool = False
    may_reset: bool = False
    may_take_over: bool = False


def situation(state: CellState) -> Situation:
    """The one thing that counts most: silence, a stop, a question, work, then rest."""
    stop, task, proposal = state.stop, state.task, state.proposal
    if not state.heard or stop is None:
        return Situation("alarm", "silent", "todo.silent")
    if stop.stopped:
        return Situation(
            "alarm", "stopped", "todo.stopped", "reason", {"reason": stop.reason}, may_reset=True
        )
    if proposal is not None and proposal.waits:
        names = {"part": proposal.object_id, "destination": proposal.destination}
        return Situation("ask", f"asks.{proposal.action}", "todo.approve", names=names, may_take_over=True)
    if task is None:
        return Situation("alarm", "no_task", "todo.no_task")
    names = {"part": task.object_id, "message": task.message, "step": task.phase}
    names |= {"placed": str(task.placed), "presented": str(task.presented), "left": str(task.left)}
    if task.phase == "idle":
        return Situation("calm", "ready", "todo.start", names=names, may_start=True)
    if task.phase == "done":
        return _done(task.outcome, names)
    if stop.speed < 1.0:
        return Situation(
            "busy", "slow", "todo.slow", "reason", names | {"reason": stop.reason}, may_take_over=True
        )
    headline = f"steps.{task.phase}" if task.phase in STEPS else "step"
    if task.outcome not in _WELL and not task.object_id:
        return Situation("busy", headline, f"todo.{task.outcome}", "last", names, may_take_over=True)
    return Situation("busy", headline, "todo.nothing", names=names, may_take_over=True)


def _done(outcome: str, names: dict[str, str]) -> Situation:
    if outcome in _WELL:
        headline = "done" if outcome == "SUCCESS" else "empty"
        return Situation("calm", headline, "todo.again", names=names, may_start=True)
    tone: Tone = "ask" if outcome in ("OBJECTS_LEFT", "CANCELLED") else "alarm"
    return Situation(tone, "ended", f"todo.{outcome}", "last", names, may_start=True)
