"""Words: does a sentence lead to the part that it means, and is it refused where it should be?

Protocol: tables by seed (FIRST..FIRST+N-1) of six to eight parts of kinds that no threshold was set on,
four paints a table, in most of them one part on another, at least five of them of one colour from all
sides; one image of the cell's camera with its noise, robot at home; node defaults of perception. The words
are held against what it measures on the parts as the simulator tells them apart ("ours"), and as perception
tells them apart itself ("ours, end to end"). For each table, language (en, zh-HK) and stratum some
different sentences are drawn by seed from templates that were never used for tuning: attribute and relation
(one part fits), duplicates (several fit), absent (none does), blocked (the part that fits lies under
another). The simulator decides what is right, and a sentence is asked only where its truth is clear for
every part. Fifty more in each language were written by hand about two tables (words_by_hand). Right part,
wrong part; right refusal: with the verdict that is due; wrong refusal: any other answer that takes no part.
Wilson 95 %. Milliseconds are of processor time of this process for a sentence, from text to answer, nothing
kept from before.

Where a wrong answer comes from is told by the same question with more and more of what is seen taken from
the truth, see _word_causes.

References: "colour only" takes the part whose colour word fits best, and refuses when no part has it; "no
geometry" takes the part that the measured attributes fit best, without relations, superlatives or
questions.

Scenes and images come from our own renderer, so the figures are upper bounds of what real cameras give.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from _word_causes import COLOURS, PLACES, SEGMENTS, SHAPES, WORDS, TrueWords, true_view
from _word_page import Failure, write_page
from _word_scenes import PERCEIVED, TRUE, Views, WordScene, by_hand, drawn
from _word_sentences import LANGUAGES, STRATA, Described, Question, questions
from lab_core.errors import LabError
from lab_description import load_cell
from lab_evaluation.campaign import wilson
from lab_language.grounding.attributes import AttributeGrounder, attribute_scores, value_scores
from lab_language.grounding.evaluate import FITS, Verdict, ground
from lab_language.grounding.port import Candidate, Phrase
from lab_language.grounding.shapes import forget
from lab_language.query import Query
from lab_language.words.lexicon import Lexicon, load_lexicon
from lab_language.words.sentence import understand
from lab_simulation.errors import SceneError
from lab_simulation.look import LOOKS

KINDS = ("right part", "wrong part", "right refusal", "wrong refusal")
BY_HAND = "by hand"
KNOWN = "truth"
SHOWN = 4
"""Candidates that a failure is shown with."""


@dataclass(frozen=True)
class Answer:
    """parts: indices of true parts that are taken. verdict: of a refusal. said: its sentence. candidates: the
    likeliest, with how likely they are and what they miss.
    """

    parts: tuple[int | None, ...]
    verdict: str
    said: str
    candidates: tuple[tuple[str, float, str], ...] = ()


Method = Callable[[Query, WordScene], Answer]


def ours(query: Query, scene: WordScene, known: Collection[str] = ()) -> Answer:
    """The whole: attributes, relations, superlatives, questions. known: words that the truth scores."""
    measured = TrueWords(scene, known) if known else value_scores
    found = ground(query, scene.seen, measured=measured)
    candidates = tuple((each.id, each.score, each.misses) for each in found.candidates[:SHOWN])
    if found.verdict is not Verdict.FOUND:
        return Answer((), found.verdict.value, found.message, candidates)
    return Answer(tuple(scene.of.get(part.id) for part in found.parts), "found", "", candidates)


def colour_only(query: Query, scene: WordScene) -> Answer:
    """The part whose colour word fits best."""
    named = [a for a in query.attributes if a.kind == "colour" and not a.negated]
    parts = scene.seen.objects
    if not parts or not named:
        return Answer((scene.of.get(parts[0].id),) if parts else (), "found" if parts else "absent", "")
    scores = attribute_scores([Candidate(part) for part in parts], named[0])
    best = int(np.argmax(scores))
    if scores[best] < FITS:
        return Answer((), "absent", "")
    return Answer((scene.of.get(parts[best].id),), "found", "")


def no_geometry(query: Query, scene: WordScene) -> Answer:
    """The part that the attributes fit best."""
    parts = scene.seen.objects
    if not parts:
        return Answer((), "absent", "")
    eye = None if scene.seen.view is None else scene.seen.view.base_from_camera
    candidates = [Candidate(part, base_from_camera=eye) for part in parts]
    scores = AttributeGrounder().score(candidates, Phrase(query.own_words, query.attributes))
    best = int(np.argmax(scores))
    if scores[best] < FITS:
        return Answer((), "absent", "")
    return Answer((scene.of.get(parts[best].id),), "found", "")


OURS, END_TO_END = "ours", "ours, end to end"
METHODS: dict[str, tuple[Method, str]] = {
    OURS: (ours, TRUE),
    END_TO_END: (ours, PERCEIVED),
    "colour only": (colour_only, TRUE),
    "no geometry": (no_geometry, TRUE),
}
"""With whose parts."""
STEPS: dict[str, tuple[Method, str]] = {
    WORDS: (partial(ours, known=("colour", "noun")), KNOWN),
    PLACES: (partial(ours, known=("colour", "noun")), TRUE),
    COLOURS: (partial(ours, known=("noun",)), TRUE),
    SHAPES: METHODS[OURS],
    SEGMENTS: METHODS[END_TO_END],
}
"""Ever less of the truth; the cause of a wrong answer is the first at which it is wrong."""


def main() -> None:
    """Command line; see --help."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file for the figures, with every failure")
    parser.add_argument("--page", type=Path, help="HTML page of the failures, with pictures")
    parser.add_argument("--cell", default="ur5e_table")
    parser.add_argument("--look", choices=LOOKS, default="real", help="of the simulated images")
    parser.add_argument("--scenes", type=int, default=12, help="tables")
    parser.add_argument("--draws", type=int, default=3, help="sentences of a table, language and stratum")
    parser.add_argument("--first", type=int, default=6000, help="first seed")
    options = parser.parse_args()
    console = Console()
    cell = load_cell(options.cell)
    lexicons = {name: load_lexicon(name).with_destinations(cell.destinations) for name in LANGUAGES}
    rows: list[dict[str, Any]] = []
    shown: list[Failure] = []
    for name, (views, names) in by_hand(cell, options.look).items():
        for question in written(name, views[TRUE], names):
            judgements = judged(question, views, lexicons[question.language], 0)
            rows += judgements
            shown += [Failure(row, views[METHODS[row["method"]][1]]) for row in failures(judgements)]
    used = []
    for seed in track(
        range(options.first, options.first + options.scenes), "tables", console=console, transient=True
    ):
        try:
            views = drawn(cell, seed, options.look)
        except SceneError:
            continue
        used.append(seed)
        before = len(rows)
        told: dict[str, set[Described]] = {language: set() for language in LANGUAGES}
        for language, draw in itertools.product(LANGUAGES, range(options.draws)):
            rng = np.random.default_rng([seed, LANGUAGES.index(language), draw, 0x5A1D])
            for question in questions(views[TRUE].truth, views[TRUE].covered, STRATA, language, rng):
                if question.said not in told[language]:
                    told[language].add(question.said)
                    rows += judged(question, views, lexicons[language], seed)
        shown += [Failure(row, views[METHODS[row["method"]][1]]) for row in failures(rows[before:])]
        write(rows, used, options)  # after each table: what is measured is not lost
    console.print(as_table(rows, options, len(used)))
    console.print(causes_table(rows))
    if options.page:
        write_page(shown, options.page)


def write(rows: list[dict[str, Any]], used: list[int], options: argparse.Namespace) -> None:
    """The figures as JSON, where they are asked for."""
    if not options.out:
        return
    report = {
        "benchmark": "words",
        "protocol": " ".join((__doc__ or "").split("Protocol:")[1].split()),
        "machine": f"{platform.machine()}, {platform.system()}, CPython {platform.python_version()}",
        "look": options.look,
        "tables": used,
        "results": {method: summarised(rows, method) for method in METHODS},
        "causes": {method: causes(rows, method) for method in (OURS, END_TO_END)},
        "failures": failures(rows),
    }
    options.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def written(table: str, scene: WordScene, names: dict[str, int]) -> Iterable[Question]:
    """The sentences that were written by hand about one table."""
    folder = Path(__file__).parent / "words_by_hand"
    for language in LANGUAGES:
        for line in (folder / f"{language}.txt").read_text(encoding="utf-8").splitlines():
            about, sentence = line.split(": ", 1)
            where, right = about.split(" ")
            if where != table:
                continue
            target = scene.truth[names[right]] if right in names else None
            verdict = "found" if target is not None else right
            yield Question(BY_HAND, language, sentence, "", Described(), target, verdict)


def judged(question: Question, views: Views, lexicon: Lexicon, seed: int) -> list[dict[str, Any]]:
    """What each method makes of a sentence; of ours also where a wrong answer comes from."""
    views = {**views, KNOWN: true_view(views[TRUE])}
    rows = [
        {"method": name, "seed": seed, **_asked(method, views[segments], question, lexicon)}
        for name, (method, segments) in METHODS.items()
    ]
    for row in rows:
        if row["method"] in (OURS, END_TO_END) and row["kind"].startswith("wrong"):
            row["cause"] = next(
                (
                    step
                    for step, (method, segments) in STEPS.items()
                    if _asked(method, views[segments], question, lexicon)["kind"].startswith("wrong")
                ),
                SEGMENTS,
            )
    return rows


def _asked(method: Method, scene: WordScene, question: Question, lexicon: Lexicon) -> dict[str, Any]:
    """What a method makes of a sentence about a scene, nothing kept from before."""
    forget()
    start = time.process_time()
    try:
        answer = method(understand(question.sentence, lexicon).moves[0].what, scene)
    except LabError as error:
        answer = Answer((), type(error).__name__, str(error))
    spent = time.process_time() - start
    target = None if question.target is None else scene.truth.index(question.target)
    if answer.verdict == "found":
        right = question.verdict == "found" and answer.parts == (target,)
        kind = "right part" if right else "wrong part"
    else:
        kind = "right refusal" if answer.verdict == question.verdict else "wrong refusal"
    return {
        "stratum": question.stratum,
        "language": question.language,
        "sentence": question.sentence,
        "expected": question.verdict,
        "target": target,
        "kind": kind,
        "answer": answer.verdict,
        "parts": list(answer.parts),
        "said": answer.said,
        "candidates": answer.candidates,
        "milliseconds": 1e3 * spent,
    }


def summarised(rows: list[dict[str, Any]], method: str) -> dict[str, Any]:
    """Figures by stratum and language, and of all."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["method"] == method:
            source = BY_HAND if row["stratum"] == BY_HAND else "all strata"
            for key in (f"{row['stratum']}, {row['language']}", source):
                groups[key].append(row)
    figures = {}
    for key, several in groups.items():
        counts = {kind: sum(row["kind"] == kind for row in several) for kind in KINDS}
        right = counts["right part"] + counts["right refusal"]
        milliseconds = [row["milliseconds"] for row in several]
        figures[key] = {
            "sentences": len(several),
            **counts,
            "right_ci95": wilson(right, len(several)),
            "wrong_part_ci95": wilson(counts["wrong part"], len(several)),
            "ms_p50": float(np.percentile(milliseconds, 50)),
            "ms_p95": float(np.percentile(milliseconds, 95)),
        }
    return figures


def failures(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wrong answers of ours."""
    return [row for row in rows if "cause" in row]


def causes(rows: list[dict[str, Any]], method: str) -> dict[str, dict[str, dict[str, int]]]:
    """How many wrong parts and wrong refusals come from what, by stratum."""
    counted: dict[str, dict[str, dict[str, int]]] = {}
    for row in failures(rows):
        if row["method"] == method:
            of_stratum = counted.setdefault(row["stratum"], {}).setdefault(row["kind"], defaultdict(int))
            of_stratum[row["cause"]] += 1
    return counted


def causes_table(rows: list[dict[str, Any]]) -> Table:
    """The causes for a person."""
    table = Table(title="wrong parts + wrong refusals, by what they come from")
    for heading in ("method", "stratum", *STEPS):
        table.add_column(heading)
    for method in (OURS, END_TO_END):
        for stratum, kinds in causes(rows, method).items():
            cells = [
                tuple(kinds.get(kind, {}).get(step, 0) for kind in (KINDS[1], KINDS[3])) for step in STEPS
            ]
            table.add_row(method, stratum, *(f"{wrong} + {refused}" for wrong, refused in cells))
    return table


def as_table(rows: list[dict[str, Any]], options: argparse.Namespace, used: int) -> Table:
    """The figures for a person."""
    table = Table(title=f"words, {options.look} look, {used} tables from seed {options.first}")
    for heading in (
        "method",
        "stratum, language",
        "sentences",
        *KINDS,
        "right (95 %)",
        "wrong part (95 %)",
        "ms p50",
        "p95",
    ):
        table.add_column(heading, justify="left" if "," in heading or heading == "method" else "right")
    for method in METHODS:
        figures = summarised(rows, method)
        shown = (
            figures if method == "ours" else {k: figures[k] for k in ("all strata", BY_HAND) if k in figures}
        )
        for key, row in sorted(shown.items()):
            right = row["right part"] + row["right refusal"]
            table.add_row(
                method,
                key,
                str(row["sentences"]),
                *(str(row[kind]) for kind in KINDS),
                _share(right, row["sentences"], row["right_ci95"]),
                _share(row["wrong part"], row["sentences"], row["wrong_part_ci95"]),
                f"{row['ms_p50']:.1f}",
                f"{row['ms_p95']:.1f}",
            )
    return table


def _share(count: int, of: int, interval: tuple[float, float]) -> str:
    return f"{100.0 * count / of:.1f} ({100.0 * interval[0]:.1f} to {100.0 * interval[1]:.1f}) %"


if __name__ == "__main__":
    main()
