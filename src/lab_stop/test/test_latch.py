"""What stops the cell, and what lets it go on."""

import math

import pytest

from lab_stop.latch import Latch, Zone

ZONE = Zone(slow=1.5, stop=0.8, speed=0.25)


def test_a_stop_stays_until_it_is_reset_and_keeps_its_first_reason():
    latch = Latch(0.0, 0.5)
    assert not latch.verdict(0.0).stopped
    latch.stop("first")
    latch.stop("second")
    assert [latch.verdict(t).reason for t in (0.1, 1e6)] == ["first"] * 2
    assert latch.verdict(1.0).speed == 0.0
    assert latch.reset(2.0) == ""
    assert latch.verdict(2.0).stopped is False


def test_a_pressed_input_cannot_be_reset_away():
    latch = Latch(0.0, 0.5, ["/estop"])
    latch.hear("/estop", 0.1, "/estop is pressed")
    assert latch.verdict(0.1).stopped
    assert "/estop" in latch.reset(0.2)
    assert latch.verdict(0.2).stopped
    latch.hear("/estop", 0.3)
    assert latch.verdict(0.3).stopped, "released is not reset"
    assert latch.reset(0.4) == ""
    assert not latch.verdict(0.4).stopped


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"inputs": ["/estop"]}, "/estop for 0.6 s: does its publisher run?"),
        ({"kept": ["/running"]}, "/running for 0.6 s: does the robot's program run?"),
    ],
)
def test_an_input_that_was_never_heard_stops(inputs, words):
    latch = Latch(0.0, 0.5, **inputs)
    assert not latch.verdict(0.4).stopped
    assert words in latch.verdict(0.6).reason


def test_an_input_that_falls_silent_stops_but_not_one_that_speaks_of_changes_only():
    latch = Latch(0.0, 0.5, ["/estop"], ["/running"])
    latch.hear("/running", 0.1)
    for now in (0.1, 0.5, 0.9):
        latch.hear("/estop", now)
    assert not latch.verdict(1.0).stopped
    latch.hear("/running", 1.1, "the robot does not obey")
    assert latch.verdict(1.1).reason == "the robot does not obey"
    assert latch.reset(1.2) == "the robot does not obey"
    latch.hear("/running", 1.2)
    assert latch.reset(1.2) == "" and not latch.verdict(1.2).stopped
    assert "nothing has come on /estop for 0.6 s" in latch.verdict(1.5).reason


def test_what_an_input_has_kept_holds_for_a_watch_that_begins_anew():
    latch = Latch(0.0, 0.5, kept=["/running"])
    latch.hear("/running", 0.1)
    latch.end("over")
    latch.begin(100.0)
    assert not latch.verdict(101.0).stopped


@pytest.mark.parametrize(
    ("distance", "stopped", "speed"),
    [
        (math.inf, False, 1.0),
        (2.0, False, 1.0),
        (1.2, False, 0.25),
        (0.5, True, 0.0),
        (-math.inf, True, 0.0),
        (math.nan, True, 0.0),
    ],
)
def test_who_comes_near_slows_and_then_stops(distance, stopped, speed):
    latch = Latch(0.0, 0.5, ["/range"], zone=ZONE)
    latch.hear_distance("/range", 0.1, distance)
    verdict = latch.verdict(0.1)
    assert (verdict.stopped, verdict.speed) == (stopped, speed)
    latch.hear_distance("/range", 0.2, math.inf)
    assert latch.verdict(0.2).stopped == stopped, "leaving the zone resets nothing"
    assert latch.verdict(0.2).speed == (0.0 if stopped else 1.0)


def test_a_sensor_of_persons_that_fails_is_named():
    latch = Latch(0.0, 0.5, ["/range"], zone=ZONE)
    latch.hear_distance("/range", 0.1, math.nan)
    assert latch.verdict(0.1).reason == "the sensor of /range reports a failure"


def test_every_stop_is_counted_once():
    latch = Latch(0.0, 0.5, ["/estop"])
    latch.hear("/estop", 0.1, "/estop is pressed")
    assert [latch.verdict(t).stopped and latch.stops for t in (0.1, 0.2)] == [1, 1]
    assert latch.reset(0.2) != "" and latch.stops == 1, "a reset that is refused is no stop"
    latch.hear("/estop", 0.3)
    assert latch.reset(0.3) == ""
    latch.stop("first")
    latch.stop("second")
    assert latch.reset(0.4) == ""
    assert latch.verdict(0.4).stopped is False and latch.stops == 2


def test_a_stop_outlives_the_end_of_the_watch():
    latch = Latch(0.0, 0.5, ["/estop"])
    latch.stop("pressed")
    latch.end("over")
    latch.begin(100.0)
    assert latch.verdict(100.4).reason == "pressed"
    assert latch.reset(100.4) == "" and not latch.verdict(100.4).stopped


def test_the_end_of_the_watch_is_a_stop_that_only_a_beginning_ends():
    latch = Latch(0.0, 0.5)
    latch.end("over")
    assert latch.verdict(0.1).reason == "over" and latch.stops == 1
    assert latch.reset(0.2) == "over" and latch.verdict(0.2).stopped
    latch.begin(0.3)
    assert not latch.verdict(0.3).stopped and latch.stops == 1
