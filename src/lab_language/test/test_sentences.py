"""From sentences to what they say, and the words that a user adds."""

import pytest

from lab_core.errors import ConfigurationError
from lab_language.errors import Contradiction, LanguageError, NotUnderstood, UnknownWords, UnusableSentence
from lab_language.words.lexicon import MEANINGS, load_lexicon
from lab_language.words.read_back import read_back
from lab_language.words.sentence import language_of, understand, understand_phrase
from lab_language.words.text import MAXIMUM_LETTERS

LEXICONS = {name: load_lexicon(name).with_destinations(["tray", "bin"]) for name in ("en", "zh_hk")}


def said(sentence, lexicon=None):
    """The moves of a sentence, read back."""
    instruction = understand(sentence, lexicon or LEXICONS[language_of(sentence)])
    return [f"{move.what} -> {', '.join(move.destinations)}" for move in instruction.moves]


@pytest.mark.parametrize(
    ("sentence", "moves"),
    [
        ("put the red box in the tray", ["the red box -> tray"]),
        ("PUT THE RED BOX, PLEASE, INTO THE TRAY!", ["the red box -> tray"]),
        ("put the red one on the tray", ["the red part -> tray"]),
        ("move the box on the plate to the bin", ["the box on the plate -> bin"]),
        ("pick up the ball and put it into the bin", ["the ball -> bin"]),
        ("put two boxes in the tray and a ball in the bin", ["2 boxes -> tray", "1 ball -> bin"]),
        ("take the ring and the disc to the tray", ["the ring -> tray", "the disc -> tray"]),
        ("put the red and blue boxes in the tray", ["all red or blue boxes -> tray"]),
        ("put everything that is not red in the tray or the bin", ["all not red parts -> tray, bin"]),
        ("put all parts except the red ones in the bin", ["all parts except all red parts -> bin"]),
        ("put the biggest of the blue parts in the tray", ["the largest blue part -> tray"]),
        ("put the box on the left in the tray", ["the leftmost box -> tray"]),
        (
            "put the ball between the red box and the ring in the bin",
            ["the ball between the red box and the ring -> bin"],
        ),
        (
            "put the box behind the ring and next to the ball in the tray",
            ["the box behind the ring next to the ball -> tray"],
        ),
        ("take the red box", ["the red box -> "]),
        ("put the blue part that is not a box in the tray", ["the blue not box -> tray"]),
        ("唔該將紅色盒放入托盤", ["the red box -> tray"]),
        ("攞綠色嗰個去箱", ["the green part -> bin"]),
        ("將藍色圓柱左邊嘅紅色盒擺到箱", ["the red box left of the blue cylinder -> bin"]),
        ("攞兩個紅色盒入托盤，同埋將個波放到箱", ["2 red boxes -> tray", "the ball -> bin"]),
        ("攞紅色盒同圈之間嘅波去箱", ["the ball between the red box and the ring -> bin"]),
        ("將離圓柱最近嘅盒放入托盤", ["the box nearest to the cylinder -> tray"]),
        ("將左邊嗰個盒放入托盤", ["the leftmost box -> tray"]),
        ("除咗紅色嘅盒之外所有嘢放入箱", ["all parts except the red box -> bin"]),
        ("將唔係紅色嘅盒放入箱", ["the not red box -> bin"]),
        ("攞紅色盒然後放入托盤", ["the red box -> tray"]),
        ("object_3", ["the object_3 -> "]),
        ("Put object_3 and object_12 in the bin", ["the object_3 -> bin", "the object_12 -> bin"]),
        ("put the red box next to object_3 in the tray", ["the red box next to the object_3 -> tray"]),
        ("put everything except object_3 in the bin", ["all parts except the object_3 -> bin"]),
        ("將object_3放入托盤", ["the object_3 -> tray"]),
    ],
)
def test_what_is_said(sentence, moves):
    assert said(sentence) == moves


def test_the_words_of_each_move_say_the_same_alone():
    sentences = [
        "put two red boxes in the tray and the blue ball behind the ring and left of the disc in the bin",
        "take the largest of the red boxes and put it in the tray",
        "唔該將藍色圓柱左邊嘅紅色盒擺到箱，同埋將兩個波放到托盤",
    ]
    for sentence in sentences:
        lexicon = LEXICONS[language_of(sentence)]
        for move in understand(sentence, lexicon).moves:
            assert understand_phrase(move.phrase, lexicon)[0] == move.what, move.phrase


def test_and_says_more_of_the_part_itself():
    (move,) = understand("put the box behind the ring and left of the ball in the bin", LEXICONS["en"]).moves
    assert [str(relation) for relation in move.what.relations] == ["behind the ring", "left of the ball"]


def test_the_side_is_said_with_the_sentence():
    assert understand("put the left box in the tray as I see it", LEXICONS["en"]).side == "operator"
    assert understand("由機械人睇左邊嘅盒放入箱", LEXICONS["zh_hk"]).side == "robot"
    assert understand("put the left box in the tray", LEXICONS["en"]).side is None


def test_unknown_words_are_named():
    with pytest.raises(UnknownWords) as refused:
        understand("put the shiny gizmo in the tray", LEXICONS["en"])
    assert refused.value.words == ("shiny", "gizmo")
    with pytest.raises(UnknownWords) as refused:
        understand("將閃令令盒放入托盤", LEXICONS["zh_hk"])
    assert refused.value.words == ("閃令令",)


@pytest.mark.parametrize(
    ("sentence", "complaint"),
    [
        ("", "is empty"),
        (" \t\n ", "is empty"),
        ("...", "is empty"),
        ("box " * MAXIMUM_LETTERS, f"at most {MAXIMUM_LETTERS} are read"),
        ("put the box\x1b[2J in the tray", "invisible sign U\\+001B"),
        ("put the \u202ebox in the tray", "invisible sign U\\+202E"),
        ("put the box\x00", "invisible sign U\\+0000"),
        ("a " * 100, "at most 80 are read"),
    ],
)
def test_sentences_that_are_none(sentence, complaint):
    with pytest.raises(UnusableSentence, match=complaint):
        understand(sentence, LEXICONS["en"])


def test_a_sentence_with_very_many_readings_ends_soon():
    with pytest.raises(NotUnderstood, match="too many ways"):
        understand("put " + "one and " * 20 + "one in the tray", LEXICONS["en"])


def test_the_place_that_is_not_understood_is_named():
    with pytest.raises(NotUnderstood, match="'red' after 'tray' is not understood there"):
        understand("put the box in the tray red", LEXICONS["en"])
    with pytest.raises(NotUnderstood, match="ends too early after 'left of'"):
        understand("put the box left of", LEXICONS["en"])


def test_phrases_alone():
    query, side = understand_phrase("the largest red box from the robot's side", LEXICONS["en"])
    assert (str(query), side) == ("the largest red box", "robot")
    with pytest.raises(LanguageError):
        understand_phrase("put the red box in the tray", LEXICONS["en"])
    with pytest.raises(LanguageError):
        understand_phrase("no red box", LEXICONS["en"])


def test_a_user_adds_words(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: en\nnouns: {box: [gizmo]}\nlabels: {nut: [nut]}\ndestinations: {rack: [shelf]}\n"
    )
    lexicon = load_lexicon(path)
    assert said("put the red gizmo on the shelf", lexicon) == ["the red box -> rack"]
    assert said("put the nut on the shelf and a box in the tray", lexicon) == [
        "the nut -> rack",
        "1 box -> tray",
    ]
    assert said("put a box in the spare rack", lexicon.with_destinations(["spare_rack"])) == [
        "1 box -> spare_rack"
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("extends: en\ncolours: {mauve: [mauve]}", "colours.mauve: has no meaning here"),
        ("extends: en\nnouns: {ball: [box]}", "'box' already means box; a word has one meaning"),
        ("extends: en\nnumbers: {many: [many]}", "expected a whole number"),
        ("extends: en\nverbs: ['  ']", "is no word"),
        ("extends: nowhere", "no language 'nowhere'"),
        ("verbs: [put]", "language: missing"),
        ("language: en\nworms: {}", "worms: unknown key"),
    ],
)
def test_a_malformed_lexicon_is_refused(tmp_path, text, complaint):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        load_lexicon(path)


def test_lexicons_that_extend_each_other_are_refused(tmp_path):
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(f"extends: {other}")
    other.write_text(f"extends: {one}")
    with pytest.raises(ConfigurationError, match="in a circle"):
        load_lexicon(one)


@pytest.mark.parametrize("name", LEXICONS)
def test_all_that_the_program_knows_has_a_word(name):
    said_by = {(r.terminal, r.value) for several in load_lexicon(name).readings.values() for r in several}
    values = {value for _, value in said_by}
    for key in ("colours", "shapes", "sizes", "nouns", "superlatives", "relations", "sides"):
        assert MEANINGS[key] <= values, key


def test_a_stop_is_alone():
    assert understand("stop", LEXICONS["en"]).stop
    with pytest.raises(Contradiction):
        understand("stop and put the box in the tray", LEXICONS["en"])


@pytest.mark.parametrize(
    ("phrase", "read"),
    [
        ("紅色盒", "紅色嘅盒"),
        ("最大嘅藍色零件", "最大嘅藍色嘅零件"),
        ("兩個紅色盒", "2個紅色嘅盒"),
        ("所有嘢", "所有零件"),
        ("藍色圓柱左邊嘅紅色盒", "藍色嘅圓柱左邊嘅紅色嘅盒"),
        ("紅色盒同圈之間嘅波", "紅色嘅盒同圈之間嘅波"),
        ("離圓柱最近嘅盒", "離圓柱最近嘅盒"),
        ("唔係紅色嘅盒", "唔係紅色嘅盒"),
        ("除咗紅色嘅盒之外所有嘢", "除咗紅色嘅盒之外所有零件"),
        ("紅色或藍色嘅大盒", None),
        ("object_3隔籬嘅盒", "object_3隔籬嘅盒"),
    ],
)
def test_what_is_read_back_in_chinese_is_understood_as_the_same(phrase, read):
    query, _ = understand_phrase(phrase, LEXICONS["zh_hk"])
    again = read_back(query, LEXICONS["zh_hk"])
    assert read is None or again == read
    assert understand_phrase(again, LEXICONS["zh_hk"])[0] == query


def test_in_english_a_query_is_read_back_as_it_is():
    query, _ = understand_phrase("the red box left of the ring", LEXICONS["en"])
    assert read_back(query, LEXICONS["en"]) == str(query)
