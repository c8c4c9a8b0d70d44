"""Queries over scenes of known parts: what is found, and what is answered where nothing is."""

import numpy as np
import pytest

from lab_language.errors import UnknownKind
from lab_language.grounding.attributes import AttributeGrounder, named_so
from lab_language.grounding.evaluate import Verdict, ground
from lab_language.grounding.port import GROUNDERS
from lab_language.testing.grounder_contract import ContractBroken, check_grounder
from lab_language.testing.synthetic import part, scene
from lab_language.words.lexicon import load_lexicon
from lab_language.words.sentence import language_of, understand_phrase

LEXICONS = {name: load_lexicon(name) for name in ("en", "zh_hk")}
TABLE = scene(
    part("red box", "box", "red", (0.50, 0.10)),
    part("blue box", "box", "blue", (0.50, -0.10), size=(0.055, 0.05, 0.045)),
    part("blue cylinder", "cylinder", "blue", (0.42, 0.10), size=(0.04, 0.04, 0.06)),
    part("green ball", "ball", "green", (0.58, 0.00), size=(0.04, 0.04, 0.04)),
    part("yellow ring", "ring", "yellow", (0.42, -0.10), size=(0.06, 0.06, 0.018)),
    part("white plate", "box", "white", (0.62, 0.15), size=(0.08, 0.06, 0.015)),
    part("black cube", "box", "black", (0.62, 0.15, 0.015), size=(0.03, 0.03, 0.03)),
)


def asked(phrase, where=TABLE):
    query, side = understand_phrase(phrase, LEXICONS[language_of(phrase)])
    return ground(query, where, side or "operator")


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("the red box", {"red box"}),
        ("the green one", {"green ball"}),
        ("the ring", {"yellow ring"}),
        ("the ball", {"green ball"}),
        ("the cylinder", {"blue cylinder"}),
        ("the large blue part", {"blue box"}),
        ("the tallest part", {"blue cylinder"}),
        ("the rightmost blue part", {"blue cylinder"}),
        ("the rightmost blue part from the robot's side", {"blue box"}),
        ("the blue part next to the red box", {"blue cylinder"}),
        ("the box to the left of the ball", {"blue box"}),
        ("the red or blue box to the left of the ball from the robot's side", {"red box"}),
        ("the part between the red box and the blue box", set()),
        ("the part on the plate", {"black cube"}),
        ("the box nearest to the ring", {"blue box"}),
        ("the round part behind the blue box", {"yellow ring"}),
        ("all blue parts", {"blue box", "blue cylinder"}),
        ("a blue part", {"blue box"}),
        ("two blue parts", {"blue box", "blue cylinder"}),
        ("all boxes except the blue ones", {"red box", "black cube"}),
        ("the round part that is not blue and not yellow", {"green ball"}),
        ("紅色盒", {"red box"}),
        ("最高嘅零件", {"blue cylinder"}),
        ("碟", set()),
        ("板上面嘅盒", {"black cube"}),
        ("紅色盒隔籬嘅藍色零件", {"blue cylinder"}),
        ("除咗藍色嘅零件之外所有圓形嘅零件", {"green ball", "yellow ring"}),
    ],
)
def test_what_is_meant(phrase, expected):
    found = asked(phrase)
    assert {each.id for each in found.parts} == expected
    assert found.verdict is (Verdict.FOUND if expected else Verdict.ABSENT), found.message


def test_a_part_is_meant_by_its_own_name():
    where = scene(
        part("object_3", "box", "red", (0.50, 0.10)),
        part("object_4", "box", "red", (0.50, -0.10)),
        part("object_31", "ball", "green", (0.58, 0.0), size=(0.04, 0.04, 0.04)),
    )
    assert asked("the red box", where).verdict is Verdict.AMBIGUOUS
    for phrase, meant in (
        ("object_4", "object_4"),
        ("the box right of object_4", "object_3"),
        ("object_3", "object_3"),
    ):
        found = asked(phrase, where)
        assert (found.verdict, [each.id for each in found.parts]) == (Verdict.FOUND, [meant]), found.message
    gone = asked("object_7", where)
    assert gone.verdict is Verdict.ABSENT
    assert "no part fits 'the object_7'" in gone.message
    assert asked("the green object_4", where).verdict is Verdict.ABSENT


def test_no_model_is_asked_about_a_name():
    class Asked:
        accurate_on_blocks = False

        def score(self, candidates, phrase):
            raise AssertionError(phrase)

    where = scene(part("object_3", "box", "red", (0.50, 0.10)), part("object_4", "box", "red", (0.50, -0.10)))
    query, _ = understand_phrase("object_3", LEXICONS["en"])
    assert [each.id for each in ground(query, where, grounder=Asked()).parts] == ["object_3"]


def test_of_two_alike_the_question_names_what_tells_them_apart():
    found = asked("the blue part")
    assert found.verdict is Verdict.AMBIGUOUS
    assert {each.id for each in found.parts} == {"blue box", "blue cylinder"}
    assert "2 parts fit 'the blue part'" in found.message
    assert "the leftmost or the rightmost one, seen from the operator's side?" in found.message


def test_colours_decide_where_they_differ():
    assert "the black or the blue or the red one?" in asked("the box").message


def test_what_is_not_there_is_said_with_the_nearest_and_what_it_misses():
    found = asked("the red ball")
    assert (found.verdict, found.parts) == (Verdict.ABSENT, ())
    assert found.candidates[0].id in found.message and "which is not" in found.message
    assert asked("the box", scene()).message == "no part fits 'the box': nothing lies in the work area"


def test_fewer_than_asked_for_are_found_and_said():
    found = asked("three blue parts")
    assert found.verdict is Verdict.ABSENT and len(found.parts) == 2
    assert "2 of the 3 parts that were asked for fit" in found.message


def test_what_something_lies_on_is_blocked():
    found = asked("the plate")
    assert found.verdict is Verdict.BLOCKED
    assert [each.id for each in found.blocking] == ["black cube"]
    assert found.message == ("black cube lies on white plate: take that away first, or allow it in the order")


def test_of_several_the_free_ones_are_taken():
    twins = scene(
        part("covered", "box", "red", (0.4, 0.0), size=(0.06, 0.06, 0.02)),
        part("cover", "box", "blue", (0.4, 0.0, 0.02), size=(0.03, 0.03, 0.03)),
        part("free", "box", "red", (0.6, 0.0), size=(0.06, 0.06, 0.02)),
    )
    assert [each.id for each in asked("a red part", twins).parts] == ["free"]
    assert [each.id for each in asked("all red parts", twins).parts] == ["free"]
    assert asked("two red parts", twins).verdict is Verdict.FOUND
    assert asked("the leftmost red part", twins).verdict is Verdict.AMBIGUOUS


def test_sizes_that_measuring_does_not_tell_apart_are_asked_about():
    alike = scene(
        part("one", "box", "red", (0.4, 0.0), size=(0.040, 0.04, 0.04)),
        part("other", "box", "red", (0.6, 0.0), size=(0.041, 0.04, 0.04)),
    )
    assert asked("the largest box", alike).verdict is Verdict.AMBIGUOUS
    assert asked("the large box", alike).verdict is Verdict.AMBIGUOUS


def test_a_label_counts_where_a_detector_gives_it():
    lexicon = LEXICONS["en"]
    labels = type(lexicon)(
        lexicon.language,
        lexicon.spaces,
        lexicon.grammar,
        {**lexicon.readings, "nut": (type(lexicon.readings["box"][0])("LABEL", "nut"),)},
        lexicon.longest,
    )
    query, _ = understand_phrase("the nut", labels)
    named = scene(
        part("a", "ring", "black", (0.4, 0.0), labels=[("nut", 0.9), ("washer", 0.1)]),
        part("b", "ring", "black", (0.6, 0.0), labels=[("washer", 0.95), ("nut", 0.05)]),
    )
    assert [each.id for each in ground(query, named).parts] == ["a"]
    with pytest.raises(UnknownKind, match="what a 'nut' is cannot be measured"):
        ground(query, TABLE)


def test_the_scores_of_the_scene_are_listed_with_what_they_miss():
    found = asked("the red box")
    assert len(found.candidates) == len(TABLE.objects)
    assert (found.candidates[0].id, found.candidates[0].misses) == ("red box", "")
    missed = {each.id: each.misses for each in found.candidates}
    assert missed["blue box"] == "red" and missed["green ball"] in ("red", "box")


class Biased:
    """Says that everything fits."""

    def score(self, candidates, phrase):
        return np.ones(len(candidates))


def test_measured_attributes_have_a_veto_over_models():
    query, _ = understand_phrase("the red box", LEXICONS["en"])
    assert [each.id for each in ground(query, TABLE, grounder=Biased()).parts] == ["red box"]


def test_the_grounder_that_comes_along_keeps_the_contract():
    assert "attributes" in GROUNDERS.names()
    check_grounder(GROUNDERS.make("attributes").plugin)


@pytest.mark.parametrize(
    ("scores", "complaint"),
    [
        (lambda n: np.full(n, 1.5), "expected 0 to 1"),
        (lambda n: np.ones(n + 1), "expected one a part"),
        (lambda n: np.full(n, np.nan), "expected 0 to 1"),
        (lambda n: np.ones(n), "'red box' of blocks"),
    ],
)
def test_the_contract_finds_what_breaks_it(scores, complaint):
    class Broken(AttributeGrounder):
        def score(self, candidates, phrase):
            return scores(len(candidates))

    with pytest.raises(ContractBroken, match=complaint):
        check_grounder(Broken())


def test_the_shares_of_a_colour():
    rng = np.random.default_rng(0)
    for rgb in rng.uniform(size=(50, 3)):
        shares = named_so(tuple(rgb))
        assert all(0.0 <= share <= 1.0 + 1e-9 for share in shares.values())
        assert sum(shares.values()) >= 1.0 - 1e-9  # some have two names
    assert named_so((0.8, 0.1, 0.1))["red"] > 0.9
    turquoise = named_so((0.05, 0.62, 0.68))
    assert turquoise["cyan"] > 0.9 and turquoise["blue"] == pytest.approx(0.4, abs=0.1)
