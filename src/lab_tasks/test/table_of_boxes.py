"""A cell in memory, for tests of the task's tree: parts are boxes, skills fail as they are told."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lab_core.errors import CancelledError, LabError
from lab_core.geometry import OrientedBox, make_transform
from lab_core.grasp import Grasp
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part, Scene
from lab_language.testing.synthetic import part
from lab_tasks import order_tree
from lab_tasks.job import Job
from lab_tasks.orders.order import AS_THE_CELL, OrderLine, understood
from lab_tasks.policy import load_policy
from lab_tasks.skills import Picked, Placed, Stage

POLICY_FILE = Path(__file__).parents[3] / "config" / "tasks" / "standard.yaml"
POLICY = load_policy(POLICY_FILE)
DESTINATIONS = ["tray", "bin"]
CLEAR = understood([OrderLine("everything", ("tray", "bin"))], DESTINATIONS)


class Expected(LabError):
    def __init__(self, code):
        super().__init__(f"as told: {code.name}")
        self.code = code


@dataclass
class TableOfBoxes:
    """A cell in memory: parts by id; `failures[(skill, id or destination)]` lists what happens in turn."""

    parts: dict
    failures: dict = field(default_factory=dict)
    held_part: str | None = None
    time: int = 0
    calls: list = field(default_factory=list)
    tray: list = field(default_factory=list)
    before_call: object = staticmethod(lambda name: None)
    lets_go_before_it_fails: bool = False
    colours: dict = field(default_factory=dict)  # RGB by part; black where nothing is said
    handled: list = field(default_factory=list)  # as each pick and place was asked for
    pieces: dict = field(default_factory=dict)  # what else a part is seen as: by its name, name and position

    def _do(self, skill, subject, cancelled):
        if cancelled():
            return CancelledError(f"{skill} was cancelled before it began")
        self.calls.append((skill, subject))
        self.before_call(skill)
        if cancelled():
            return CancelledError(f"{skill} was cancelled")
        self.time += 100_000_000
        script = self.failures.get((skill, subject), [])
        code = script.pop(0) if script else None
        return None if code is None else Expected(code)

    def look(self, not_before, timeout, cancelled):
        if error := self._do("look", "", cancelled):
            raise error
        size = np.array([0.04, 0.04, 0.04])
        shown = self.parts | dict(piece for part, piece in self.pieces.items() if part in self.parts)
        boxes = {name: OrientedBox(make_transform(np.eye(3), place), size) for name, place in shown.items()}
        parts = tuple(self._seen(name, box) for name, box in boxes.items())
        return Scene(self.time, "base_link", objects=parts)

    def _seen(self, name, box):
        x, y, z = box.centre
        surface = part(name, "box", "black", (x, y, z - box.size[2] / 2), box.size)
        colour = np.array(self.colours.get(name, (0.0, 0.0, 0.0)))
        return Part(name, box, surface.points, surface.normals, colour)

    def plan_grasps(self, target, scene, limit, cancelled):
        if error := self._do("plan_grasps", target.id, cancelled):
            raise error
        poses = [make_transform(np.eye(3), target.box.centre + np.array([0, 0, 0.01 * i])) for i in range(5)]
        grasps = [
            Grasp(scene.stamp, scene.frame, target.id, pose, 0.03, 0.06, 0.1, score=1.0 - 0.1 * i)
            for i, pose in enumerate(poses)
        ]
        return grasps, [Stage("plan grasps", 0.1, 0.05)]

    def pick(self, grasps, cancelled, handling=AS_THE_CELL):
        target = min(self.parts, key=lambda n: np.linalg.norm(self.parts[n] - grasps[0].base_from_tcp[:3, 3]))
        self.handled.append(handling)
        self.calls.append(("grasp", round(10.0 * (1.0 - grasps[0].score))))
        if error := self._do("pick", target, cancelled):
            return Picked(0, 0.0, 0.0, [], error)
        self.held_part = target
        return Picked(0, 0.03, 20.0, [Stage("approach", 0.5, 0.01)], None)

    def place(self, destination, cancelled, handling=AS_THE_CELL):
        error = self._do("place", destination, cancelled)
        self.handled.append(handling)
        if error and error.code == OutcomeCode.OBJECT_LOST:
            self.held_part = None
        if not self.held_part:
            return Placed(False, [], error or Expected(OutcomeCode.INVALID_REQUEST))
        if error and not self.lets_go_before_it_fails:
            return Placed(False, [], error)
        self.tray.append(self.held_part)
        del self.parts[self.held_part]
        self.held_part = None
        return Placed(True, [Stage("lower", 0.5, 0.01)], error)

    def held(self):
        return self.held_part or ""

    def move_to(self, configuration, cancelled):
        if error := self._do("move_to", configuration, cancelled):
            raise error

    def wait(self, seconds, cancelled):
        self.time += round(seconds * 1e9)

    def now(self):
        return self.time

    def asked(self, skill):
        return [subject for name, subject in self.calls if name == skill]


def cell(**failures):
    parts = {
        "a": np.array([0.4, 0.0, 0.02]),
        "b": np.array([0.5, 0.0, 0.02]),
        "c": np.array([0.6, 0.0, 0.06]),
    }
    scripts = {
        tuple(name.split("__", 1)) if "__" in name else (name, ""): list(s) for name, s in failures.items()
    }
    return TableOfBoxes(parts, scripts)


def clear(table, order=CLEAR, **arguments):
    attempts = []
    job = Job(order, POLICY, table, report=attempts.append, **arguments)
    order_tree.run(job)
    return job, attempts


def books(job):
    ledger = job.ledger
    return ledger.presented, ledger.placed, len(ledger.left), ledger.lost
