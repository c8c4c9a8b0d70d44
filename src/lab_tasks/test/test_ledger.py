"""The books over views that were made up: what is seen, vanishes, comes back and is carried off."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab_core.geometry import OrientedBox, make_transform
from lab_core.outcomes import OutcomeCode
from lab_core.scene import Part, Scene
from lab_tasks.ledger import Failure, Fate, Ledger
from lab_tasks.policy import load_policy

POLICY = load_policy(Path(__file__).parents[3] / "config" / "tasks" / "standard.yaml")


COLOURS = {
    "red": (0.8, 0.1, 0.1),
    "blue": (0.1, 0.3, 0.7),
    "green": (0.1, 0.5, 0.2),
    "yellow": (0.9, 0.8, 0.1),
    "black": (0.1, 0.1, 0.1),
    "purple": (0.4, 0.2, 0.6),
    "purple in the shade": (0.27, 0.16, 0.48),
    "violet": (0.33, 0.22, 0.65),
}


def part(name, x, y=0.0, size=0.03, colour="red"):
    rgb = COLOURS[colour] if isinstance(colour, str) else colour
    box = OrientedBox(make_transform(np.eye(3), [x, y, 0.5 * size]), np.full(3, size))
    return Part(name, box, color=np.array(rgb))


A, B, C = part("a", 0.4), part("b", 0.5, colour="blue", size=0.02), part("c", 0.6, colour="green", size=0.07)


@pytest.fixture
def books():
    ledger = Ledger(POLICY)

    def enter(*objects):
        ledger.enter(Scene(0, "base_link", objects=objects))
        fates = [record.fate for record in ledger.records]
        assert len(fates) == ledger.presented + fates.count(Fate.PIECE)  # each record is told of once
        return ledger.presented, ledger.placed, len(ledger.left), ledger.lost

    def carry(name):
        ledger.moved(next(record for record in ledger.left if record.object.id == name))

    enter.carry, enter.ledger = carry, ledger
    return enter


def test_what_vanishes_without_being_placed_is_lost(books):
    assert books(A, B, C) == (3, 0, 3, 0)
    assert books(A, B) == (3, 0, 2, 1)
    books.carry("a")
    assert books(B) == (3, 1, 1, 1)


def test_one_that_is_lost_and_another_that_is_uncovered_do_not_cancel_out(books):
    assert books(A, B) == (2, 0, 2, 0)
    assert books(B, C) == (3, 0, 2, 1)


def test_what_is_uncovered_by_what_was_carried_off_is_one_more(books):
    books(A, B)
    books.carry("a")
    assert books(B, part("under a", 0.405, colour="yellow")) == (3, 1, 2, 0)


def test_a_part_that_is_out_of_view_for_a_look_is_not_lost(books):
    books(A, B)
    assert books(B) == (2, 0, 1, 1)
    assert books(A, B) == (2, 0, 2, 0)
    assert books(B) == (2, 0, 1, 1)
    assert books(B, part("a under a new name", 0.405)) == (2, 0, 2, 0)


def test_a_part_that_was_moved_is_the_same_under_its_new_name(books):
    books(A, B)
    assert books(B, part("a elsewhere", 0.6, 0.2, size=0.04)) == (2, 0, 2, 0)


@pytest.mark.parametrize(
    "other", [part("d", 0.6, 0.2, colour="black"), part("d", 0.6, 0.2, size=0.06)], ids=["colour", "size"]
)
def test_another_part_is_not_taken_for_the_one_that_vanished(books, other):
    books(A, B)
    assert books(B, other) == (3, 0, 2, 1)


@pytest.mark.parametrize("colour", ["purple in the shade", "violet"])
def test_a_part_that_fell_is_the_same_under_another_name_of_its_colour(books, colour):
    """Colours have no names here: one side of a part is purple, another blue."""
    books(part("a", 0.4, colour="purple"), B)
    assert books(B, part("fell", 0.55, 0.2, size=0.036, colour=colour)) == (2, 0, 2, 0)


def test_what_the_hand_let_fall_is_the_same_whatever_its_other_side_looks_like(books):
    books(A, B)
    lost = next(record for record in books.ledger.left if record.object.id == "a")
    books.ledger.failed(lost, Failure(OutcomeCode.OBJECT_LOST, "contact", "slipped"), np.eye(4))
    assert books(B, part("fell", 0.55, 0.2, colour="yellow")) == (2, 0, 2, 0)
    assert lost.object.id == "fell" and lost.attempts == 1
    assert books(B, part("another", 0.6, -0.2, colour="black")) == (3, 0, 2, 1)


def test_of_another_size_it_is_another_part(books):
    books(A, B)
    lost = next(record for record in books.ledger.left if record.object.id == "a")
    books.ledger.failed(lost, Failure(OutcomeCode.OBJECT_LOST, "contact", "slipped"), np.eye(4))
    assert books(B, part("uncovered", 0.55, 0.2, size=0.07, colour="yellow")) == (3, 0, 2, 1)


def test_pieces_of_a_part_that_is_carried_off_went_with_it(books):
    books(A, part("piece of a", 0.425), B)
    books.carry("a")
    assert books(B) == (2, 1, 1, 0)


def test_pieces_of_a_printed_part_need_not_be_of_one_colour(books):
    """Seen in a cell: a label of another colour was a ninth part on a table of eight."""
    label = part("label of a", 0.425, colour="blue")
    books(A, label, B)
    books.carry("a")
    assert books(B) == (2, 1, 1, 0)


def test_a_part_of_another_colour_beside_one_that_is_carried_off_is_lost_when_it_vanishes(books):
    books(A, part("beside a", 0.431, colour="blue"), part("lower, in the box of a", 0.4, 0.02, 0.02, "green"))
    books.carry("a")
    assert books() == (3, 1, 0, 2)


def test_pieces_of_a_part_that_falls_or_is_lost_went_with_it(books):
    books(A, part("piece of a", 0.425, size=0.02), B)
    assert books(part("a elsewhere", 0.6, 0.2), B) == (2, 0, 2, 0)
    books(part("a elsewhere", 0.6, 0.2), part("other piece of a", 0.62, 0.2, size=0.015), B)
    assert books(B) == (2, 0, 1, 1)


def test_pieces_that_are_seen_as_one_are_one_part(books):
    assert books(A, part("piece of a", 0.43)) == (2, 0, 2, 0)
    assert books(part("a", 0.412, size=0.05)) == (1, 0, 1, 0)
    assert books(A, part("piece of a", 0.43)) == (2, 0, 2, 0)


def test_a_perception_that_was_started_anew_gives_names_anew(books):
    """A part keeps its record where it lies, whatever its name."""
    lying = [part(f"{n}", 0.35 + 0.05 * n, colour=np.eye(3)[n % 3] / (1 + n // 3)) for n in range(6)]
    books(*lying)
    books.carry("1")
    assert books(*(one for one in lying if one.id != "1")) == (6, 1, 5, 0)
    named_anew = [replace(one, id=str(n)) for n, one in enumerate(one for one in lying if one.id != "1")]
    assert books(*named_anew) == (6, 1, 5, 0)


def test_what_was_in_the_hand_from_the_start_is_a_part(books):
    books.ledger.put_down(None)
    assert books(A) == (2, 1, 1, 0)
