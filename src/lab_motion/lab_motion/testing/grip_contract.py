"""The tests that every GripSensor must pass; those of a stranger's sensor inherit from GripContract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from lab_motion.skills.grip.port import ExpectedGrip, GripSensor, Judgement


@dataclass(frozen=True)
class Examples:
    """Readings of the sensor's end effector by what they mean.

    expected: the grip that they are about. ready, not_ready: when the approach begins. held: after it took
    hold, and after lifting. empty: after it took hold of nothing, or lost the part. released, stuck: after it
    let go of what it held.
    """

    expected: ExpectedGrip
    ready: Any
    not_ready: Any
    held: tuple[Any, Any]
    empty: tuple[Any, ...]
    released: Any
    stuck: Any


class GripContract(ABC):
    """The tests. Subclasses make the sensor and give examples."""

    @abstractmethod
    def make(self) -> GripSensor:
        """A new sensor."""

    @abstractmethod
    def examples(self) -> Examples:
        """What its end effector measures."""

    def _grip(self) -> Judgement:
        examples = self.examples()
        return self.make().closed(examples.held[0], examples.expected)

    def test_an_approach_waits_for_an_open_hand(self) -> None:
        """A sentence where the hand is not ready, none where it is."""
        sensor, examples = self.make(), self.examples()
        assert sensor.not_ready(examples.ready, examples.expected) == ""
        assert len(sensor.not_ready(examples.not_ready, examples.expected)) > 10

    def test_what_is_held_is_held_until_it_is_lost(self) -> None:
        """After taking hold, after lifting, and on the way."""
        sensor, examples, grip = self.make(), self.examples(), self._grip()
        assert grip.held, grip.reason
        lifted = sensor.holding(examples.held[1], grip)
        assert lifted.held, lifted.reason
        for reading in examples.empty:
            lost = sensor.holding(reading, grip)
            assert not lost.held, lost.reason

    def test_nothing_is_not_taken_for_something(self) -> None:
        """Whether or not somebody saw the hand take hold."""
        sensor, examples = self.make(), self.examples()
        for reading in examples.empty:
            for witnessed in (True, False):
                grip = sensor.closed(reading, examples.expected, witnessed)
                assert not grip.held, grip.reason

    def test_a_part_is_released_when_it_is_off(self) -> None:
        """And one that sticks is not."""
        sensor, examples, grip = self.make(), self.examples(), self._grip()
        for interrupted in (False, True):
            off = sensor.released(examples.released, grip, interrupted)
            assert not off.held, off.reason
            stuck = sensor.released(examples.stuck, grip, interrupted)
            assert stuck.held, stuck.reason

    def test_judgements_tell_the_figures_and_why(self) -> None:
        """With the same figures for the same reading, also from another sensor."""
        examples = self.examples()
        for reading in (*examples.held, *examples.empty):
            judgement = self.make().closed(reading, examples.expected)
            assert judgement == self.make().closed(reading, examples.expected)
            assert judgement.opening == reading.opening
            assert judgement.force == reading.force
            assert any(character.isdigit() for character in judgement.reason)

    def test_a_part_that_nobody_has_seen_takes_room(self) -> None:
        """A node that starts with it in the hand keeps it clear of everything."""
        sensor, examples = self.make(), self.examples()
        for reading in examples.held:
            if sensor.found(reading).held:
                assert (sensor.unseen(reading).size > 0.0).all()
