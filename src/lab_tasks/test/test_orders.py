"""Orders from files and sentences, line by line over a cell of boxes: the books are kept by line."""

import numpy as np
import pytest
from table_of_boxes import DESTINATIONS, TableOfBoxes, clear

from lab_core.errors import ConfigurationError, LabError
from lab_core.outcomes import OutcomeCode
from lab_language.models.endpoint import EndpointFailed
from lab_tasks.orders.order import ALL, Handling, InvalidOrder, OrderLine, understood
from lab_tasks.orders.sources import order_names, read_order

RED, BLUE, GREEN = (0.8, 0.1, 0.1), (0.1, 0.25, 0.75), (0.15, 0.6, 0.25)


def coloured(**failures):
    """Two red boxes, two blue ones and a green one; the first letter is the colour."""
    parts = {
        "r1": np.array([0.40, 0.10, 0.02]),
        "r2": np.array([0.50, 0.10, 0.02]),
        "b1": np.array([0.40, -0.10, 0.02]),
        "b2": np.array([0.60, -0.10, 0.02]),
        "g1": np.array([0.60, 0.10, 0.02]),
    }
    colours = {name: {"r": RED, "b": BLUE, "g": GREEN}[name[0]] for name in parts}
    scripts = {tuple(name.split("__", 1)): list(codes) for name, codes in failures.items()}
    table = TableOfBoxes(parts, scripts)
    table.colours = colours
    return table


def ordered(table, *lines):
    order = understood(
        [OrderLine(*line) if isinstance(line, tuple) else line for line in lines], DESTINATIONS
    )
    job, attempts = clear(table, order)
    destinations = {
        attempt.record.object.id: attempt.destination for attempt in attempts if attempt.destination
    }
    return job, destinations


def placed(job):
    return [job.lines.placed(index) for index in range(len(job.order.lines))]


def test_lines_are_carried_out_one_after_the_other():
    job, to = ordered(coloured(), ("red boxes", ("tray",)), ("all blue boxes", ("bin",)))
    assert job.outcome() is None
    assert to == {"r1": "tray", "r2": "tray", "b1": "bin", "b2": "bin"}
    assert placed(job) == [2, 2]
    assert (job.ledger.presented, job.ledger.placed, len(job.ledger.left)) == (5, 4, 1)


def test_kitting_takes_as_many_as_asked_for():
    job, to = ordered(coloured(), OrderLine("red box", ("tray",), 1), OrderLine("box", ("tray",), 2))
    assert job.outcome() is None and placed(job) == [1, 2] and len(to) == 3


def test_more_parts_than_there_are_is_said_with_what_was_placed():
    job, _ = ordered(coloured(), OrderLine("red boxes", ("tray",), 3), OrderLine("green box", ("bin",), 1))
    assert placed(job) == [2, 1]
    outcome = job.outcome()
    assert outcome.code == OutcomeCode.ABSENT
    assert "line 1: 2 of 3 placed, then" in outcome.message and "line 2" not in outcome.message


def test_one_named_part():
    job, to = ordered(coloured(), ("the green box", ("bin",)))
    assert (job.outcome(), to) == (None, {"g1": "bin"})
    job, to = ordered(coloured(), ("the red box nearest to the green box", ("tray",)))
    assert (job.outcome(), to) == (None, {"r2": "tray"})


def test_what_is_not_clear_moves_nothing_and_asks():
    table = coloured()
    job, to = ordered(table, ("the red box", ("tray",)))
    assert to == {} and table.asked("pick") == []
    assert job.outcome().code == OutcomeCode.AMBIGUOUS
    assert "which one: the one in front or the one at the back" in job.outcome().message


def test_what_other_lines_take_away_does_not_decide_for_an_ambiguous_line():
    job, to = ordered(coloured(), ("the red box", ("tray",)), ("a red box", ("bin",)))
    assert list(to.values()) == ["bin"] and placed(job) == [0, 1]
    assert job.outcome().code == OutcomeCode.AMBIGUOUS


def test_what_is_not_there_is_absent_and_the_other_lines_go_on():
    job, to = ordered(coloured(), ("the yellow box", ("tray",)), ("the green box", ("bin",)))
    assert to == {"g1": "bin"}
    assert job.outcome().code == OutcomeCode.ABSENT
    assert "no part fits 'the yellow box'" in job.outcome().message


def test_a_part_that_never_works_is_named_in_its_line():
    job, to = ordered(
        coloured(pick__r1=[OutcomeCode.GRASP_EMPTY] * 9),
        ("red boxes", ("tray",)),
        ("the green box", ("bin",)),
    )
    assert to == {"r2": "tray", "g1": "bin"}
    assert job.outcome().code == OutcomeCode.OBJECTS_LEFT
    assert "1 of 'all red boxes' are left (GRASP_EMPTY)" in job.outcome().message


def test_of_two_that_fit_the_other_is_taken_when_one_never_works():
    job, to = ordered(coloured(pick__r1=[OutcomeCode.GRASP_EMPTY] * 9), OrderLine("red box", ("tray",), 1))
    assert (job.outcome(), to) == (None, {"r2": "tray"})


def test_a_part_that_stayed_in_the_hand_counts_for_its_line():
    table = coloured(place__tray=[OutcomeCode.UNAVAILABLE])
    job, _ = ordered(table, ("the green box", ("tray",)))
    assert (job.outcome(), placed(job), table.tray) == (None, [1], ["g1"])
    assert table.asked("place") == ["tray", "tray"]


def test_what_lies_on_the_part_is_moved_first_where_the_line_allows_it():
    table = coloured()
    table.parts["g2"] = table.parts["g1"] + [0.0, 0.0, 0.04]
    table.colours["g2"] = BLUE
    job, to = ordered(table, ("the green box", ("tray",)))
    assert to == {} and job.outcome().code == OutcomeCode.BLOCKED
    assert "g2 lies on g1" in job.outcome().message
    job, to = ordered(table, OrderLine("the green box", ("tray",), clear_away_to="bin"))
    assert (job.outcome(), to, placed(job)) == (None, {"g2": "bin", "g1": "tray"}, [1])


@pytest.mark.parametrize(
    "name", ["clear_table", "sort_by_colour", "kitting", "kitting_places", "one_red_part"]
)
def test_the_orders_that_come_along(name):
    assert name in order_names()
    order = understood(read_order(name, DESTINATIONS), DESTINATIONS)
    job, _ = clear(coloured(), order)
    expected = {
        "clear_table": ([5], None),
        "sort_by_colour": ([2, 3], None),
        "kitting": ([2, 0], OutcomeCode.ABSENT),
        "kitting_places": ([2, 0], OutcomeCode.ABSENT),
        "one_red_part": ([0], OutcomeCode.AMBIGUOUS),
    }[name]
    outcome = job.outcome()
    assert (placed(job), outcome and outcome.code) == expected


def test_each_line_is_handled_as_it_says():
    table = coloured()
    line = OrderLine("the green box", ("tray", "bin"), handling=Handling(0.5, 12.0, (4,)))
    ordered(table, ("a blue box", ("tray",)), line)
    assert table.handled == [Handling(), Handling(), line.handling, line.handling]


def test_places_are_those_of_the_first_destination():
    table = coloured(place__tray=[OutcomeCode.DESTINATION_FULL])
    job, to = ordered(table, OrderLine("the green box", ("tray", "bin"), handling=Handling(0.5, 0.0, (4,))))
    assert (job.outcome(), to) == (None, {"g1": "bin"})
    assert table.handled == [Handling(0.5, 0.0, (4,)), Handling(0.5, 0.0, (4,)), Handling(0.5)]


@pytest.mark.parametrize(
    ("handling", "complaint"),
    [
        (Handling(speed=float("nan")), "line 1: speed is nan"),
        (Handling(speed=1.5), "speed is 1.5"),
        (Handling(max_force=float("inf")), "max_force is inf N"),
        (Handling(places=(1, 1)), "different numbers"),
    ],
)
def test_a_handling_that_cannot_be_is_refused(handling, complaint):
    with pytest.raises(InvalidOrder, match=complaint):
        understood([OrderLine("a box", ("tray",), handling=handling)], DESTINATIONS)


def test_a_sentence_is_an_order():
    lines = read_order("put two red boxes in the tray and the green box in the bin", DESTINATIONS)
    assert [(line.what, line.to) for line in lines] == [
        ("two red boxes", ("tray",)),
        ("the green box", ("bin",)),
    ]
    assert str(understood(lines, DESTINATIONS)) == "2 red boxes to tray; the green box to bin"
    (line,) = read_order("由機械人睇左邊嘅盒", DESTINATIONS)
    assert (line.language, line.side, line.to) == ("zh_hk", "robot", ("tray",))
    (line,) = read_order("object_3", DESTINATIONS)  # a part alone, as a person points at it
    assert (line.what, line.to) == ("object_3", ("tray",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the order is empty"),
        ("clear_tabel", "no order 'clear_tabel': orders are clear_table"),
        ("nowhere.yaml", "no such file"),
        ("put the box in the oven", "these words are not known: 'oven'"),
        ("don't put the box in the tray", "forbids something"),
        ("please stop", "a stop is no order"),
        ("put the red box in the tray and put the red box in the bin", "is said twice"),
    ],
)
def test_what_is_no_order_is_refused_in_one_sentence(text, complaint):
    with pytest.raises(LabError, match=complaint):
        read_order(text, DESTINATIONS)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("lines: []", "the order has no lines"),
        ("lines: [{what: boxes, to: oven}]", "line 1: no destination 'oven': the cell has tray, bin"),
        ("lines: [{what: boxes, to: []}]", "to: expected a destination or a list"),
        ("lines: [{what: boxes, to: tray, how_many: -2}]", "how_many: expected a whole number of at least 1"),
        ("lines: [{what: boxes, to: tray, how_many: 0}]", "how_many: expected a whole number"),
        ("lines: [{what: boxes, to: tray, how_many: 1.5}]", "how_many: expected a whole number"),
        ("lines: [{what: two boxes, to: tray, how_many: 3}]", "the words say 2 parts and how_many says 3"),
        ("lines: [{what: boxes, to: tray, colour: 9}]", "colour: unknown key"),
        ("lines: [{what: boxes, to: tray, speed: 9}]", "speed"),
        ("lines: [{what: boxes, to: tray, speed: 0}]", "speed"),
        ("lines: [{what: boxes, to: tray, max_force: -1}]", "max_force"),
        ("lines: [{what: boxes, to: tray, places: [0]}]", "places"),
        ("lines: [{what: boxes, to: tray, places: [2, 2]}]", "expected different numbers"),
        (
            "lines: [{what: boxes, to: tray, how_many: 3, places: [1, 2]}]",
            "3 parts do not fit into 2 places",
        ),
        (
            "lines: [{what: boxes, to: tray}, {what: all boxes, to: bin}]",
            "lines 1 and 2 both mean 'all boxes'",
        ),
        ("lines: [{to: tray}]", "what: missing"),
        ("[boxes]", "expected keys and values"),
        ("language: klingon\nlines: [{what: boxes, to: tray}]", "no language 'klingon'"),
        ("side: moon\nlines: [{what: boxes, to: tray}]", "side: expected"),
    ],
)
def test_a_file_that_is_no_order_is_refused(tmp_path, content, complaint):
    path = tmp_path / "order.yaml"
    path.write_text(content)
    with pytest.raises((InvalidOrder, ConfigurationError), match=complaint):
        understood(read_order(str(path), DESTINATIONS), DESTINATIONS)


def test_an_order_of_very_many_lines_is_refused():
    with pytest.raises(InvalidOrder, match="at most 50"):
        understood([OrderLine("a box", ("tray",))] * 51, DESTINATIONS)


def test_all_of_a_phrase_by_number_and_by_word_are_the_same():
    one = understood([OrderLine("red box", ("tray",), ALL)], DESTINATIONS)
    said = understood([OrderLine("red boxes", ("tray",))], DESTINATIONS)
    assert str(one) == str(said) == "all red boxes to tray"


class Seeing:
    """A grounder that sees images: the second part is the one; or it fails."""

    sees_images = True

    def __init__(self, failure=None):
        self.failure, self.images = failure, []

    def score(self, candidates, phrase):
        if self.failure:
            raise self.failure
        self.images.append([candidate.sight for candidate in candidates])
        return np.array([0.02, 0.98, *[0.02] * (len(candidates) - 2)])


def carried_out_with(grounder):
    table = coloured()
    table.image_of = lambda scene: np.zeros((4, 4, 3), np.uint8)
    order = understood([OrderLine("the red box", ("tray",))], DESTINATIONS)
    job, attempts = clear(table, order, grounder=grounder)
    return table, job, [a.record.object.id for a in attempts if a.destination]


def test_a_model_decides_where_measuring_does_not():
    _, job, moved = carried_out_with(Seeing())
    assert job.outcome() is None and moved == [list(coloured().parts)[1]]


def test_a_model_that_fails_moves_nothing():
    table, job, moved = carried_out_with(Seeing(EndpointFailed("the model gave no answer within 1 s")))
    assert moved == [] and table.asked("pick") == []
    assert job.outcome().code == OutcomeCode.UNAVAILABLE
    assert "no answer within 1 s" in job.outcome().message
