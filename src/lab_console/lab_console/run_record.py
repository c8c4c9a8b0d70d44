"""What happened in a run, and the figures that follow from it. The fields of run.json are described here."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lab_core.scene import Hypothesis


@dataclass(frozen=True, slots=True)
class StageTime:
    """Seconds of the cell's clock, and seconds of computing."""

    stage: str
    duration: float
    compute: float


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt to move one part.

    number: of this run; number_in_task: of the task, which may have been started several times. outcome: name
    of the code. held_width in metres, held_force in newtons, start and end in seconds of the cell's clock.
    hypotheses: what the detector says the part may be, the most likely first. neighbours: parts that the
    outcome's sentence names beside this one: what stood in the way. case: folder of the case that the
    recorder saved, in the run's folder; empty when there is none. picture: what the picture shows, when it is
    not the image that was decided on.
    """

    number: int
    number_in_task: int
    object_id: str
    colour: str
    outcome: str
    message: str
    destination: str
    held_width: float
    held_force: float
    start: float
    end: float
    stages: tuple[StageTime, ...]
    hypotheses: tuple[Hypothesis, ...] = ()
    neighbours: tuple[str, ...] = ()
    case: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """Parts that lay there to be moved, and those of them that are in a destination."""

    presented: int = 0
    placed: int = 0


@dataclass(frozen=True, slots=True)
class LeftRecord:
    """A part that stayed; position (x, y, z) metres in base_link."""

    object_id: str
    position: tuple[float, float, float]
    attempts: int
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """How well the words of a line fit a part, 0..1, and those that fit least; empty where all fit."""

    object_id: str
    score: float
    misses: str


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One line of the order. what: as it was given; meaning: as it was understood. to: its destinations.
    candidates: of the scene in which its parts were last looked for, the best first.
    """

    what: str
    meaning: str
    to: tuple[str, ...]
    placed: int
    outcome: str
    message: str
    candidates: tuple[CandidateRecord, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether it means every part there is."""
        return self.meaning == "all parts"


@dataclass
class RunRecord:
    """One run of a task.

    lines: of its order.

    books: what the cell says. truth: what the simulator says; None where there is none, or it did not answer.
    Figures are of the truth where there is one: what perception counts is no denominator, as it may see one
    part as two. command: does the same run again. left_out, remarks: sentences on meshes that are no parts,
    or coarse ones. log: last lines of the cell's log, of a run that did not start.
    """

    cell: str
    scene: str
    seed: int
    speed: float
    command: str = ""
    attempts: list[AttemptRecord] = field(default_factory=list)
    lines: list[LineRecord] = field(default_factory=list)
    left: list[LeftRecord] = field(default_factory=list)
    outcome: str = "UNAVAILABLE"
    message: str = "the cell did not come up"
    books: Count = Count()
    truth: Count | None = None
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    sim_start: float | None = None
    sim_end: float | None = None
    wall_seconds: float = 0.0
    first_grasp_wall_seconds: float | None = None
    perception_latency: list[float] = field(default_factory=list)
    frames: int = 0
    first_image: tuple[float, float] | None = None
    last_image: tuple[float, float] | None = None
    """Seconds of the cell's clock, and of the wall when it came."""

    @property
    def sim_seconds(self) -> float:
        """From the start of the task to its end, seconds of the cell's clock."""
        if self.sim_start is None or self.sim_end is None:
            return 0.0
        return self.sim_end - self.sim_start

    @property
    def real_time_factor(self) -> float:
        """Seconds of the cell's clock a second of the wall, from the first image to the last."""
        if self.first_image is None or self.last_image is None or self.last_image == self.first_image:
            return 0.0
        (began, began_wall), (ended, ended_wall) = self.first_image, self.last_image
        return (ended - began) / (ended_wall - began_wall)

    @property
    def picks_per_hour(self) -> float:
        """Parts placed per hour of the cell's clock, looks and failures included."""
        return 3600.0 * self.placed / self.sim_seconds if self.sim_seconds > 0.0 else 0.0

    @property
    def presented(self) -> int:
        """Parts that lay there."""
        return (self.truth or self.books).presented

    @property
    def placed(self) -> int:
        """Parts that are in a destination."""
        return (self.truth or self.books).placed

    @property
    def disagreement(self) -> str:
        """In what the cell's books and the simulator differ, one sentence; empty when they agree."""
        if self.truth is None or self.truth == self.books:
            return ""
        return (
            f"the cell counted {self.books.placed} of {self.books.presented} parts placed, the simulator"
            f" {self.truth.placed} of {self.truth.presented}"
        )

    @property
    def complete(self) -> bool:
        """Whether the order was fulfilled, and nothing says otherwise."""
        placed_all = self.placed == self.presented or not any(line.everything for line in self.lines)
        fulfilled = self.outcome == "SUCCESS" and placed_all and self.placed > 0
        return fulfilled and self.books.placed <= self.placed

    @property
    def started(self) -> bool:
        """Whether the task ever did anything."""
        return self.sim_start is not None

    def latency_ms(self) -> dict[str, dict[str, float]]:
        """Milliseconds of computing a stage, p50 and p95; perception: image received to scene received."""
        compute: dict[str, list[float]] = defaultdict(list)
        for attempt in self.attempts:
            for stage in attempt.stages:
                if stage.compute > 0.0:
                    compute[stage.stage].append(stage.compute)
        if self.perception_latency:
            compute["perception"] = self.perception_latency
        return {stage: percentiles(values) for stage, values in sorted(compute.items())}

    def stage_seconds(self) -> dict[str, dict[str, float]]:
        """Seconds of the cell's clock a stage, p50 and p95."""
        duration: dict[str, list[float]] = defaultdict(list)
        for attempt in self.attempts:
            for stage in attempt.stages:
                duration[stage.stage].append(stage.duration)
        return {stage: percentiles(values, 1.0) for stage, values in sorted(duration.items())}

    def as_json(self) -> dict[str, Any]:
        """Contents of run.json."""
        return {
            "cell": self.cell,
            "scene": self.scene,
            "seed": self.seed,
            "speed": self.speed,
            "outcome": self.outcome,
            "message": self.message,
            "command": self.command,
            "presented": self.presented,
            "placed": self.placed,
            "books": dataclasses.asdict(self.books),
            "truth": None if self.truth is None else dataclasses.asdict(self.truth),
            "disagreement": self.disagreement,
            "meshes_left_out": list(self.left_out),
            "meshes_remarks": list(self.remarks),
            "attempts": len(self.attempts),
            "successes": sum(attempt.outcome == "SUCCESS" for attempt in self.attempts),
            "sim_seconds": round(self.sim_seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
            "real_time_factor": round(self.real_time_factor, 3),
            "first_grasp_wall_seconds": self.first_grasp_wall_seconds,
            "picks_per_hour": round(self.picks_per_hour, 1),
            "frames": self.frames,
            "latency_ms": self.latency_ms(),
            "stage_seconds": self.stage_seconds(),
            "outcomes": dict(Counter(attempt.outcome for attempt in self.attempts)),
            "picks": [dataclasses.asdict(attempt) for attempt in self.attempts],
            "lines": [dataclasses.asdict(line) for line in self.lines],
            "left": [dataclasses.asdict(left) for left in self.left],
        }


def percentiles(seconds: Iterable[float], scale: float = 1000.0) -> dict[str, float]:
    """p50 and p95 of values, times a scale."""
    p50, p95 = np.percentile(np.fromiter(seconds, dtype=np.float64), [50, 95]) * scale
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
