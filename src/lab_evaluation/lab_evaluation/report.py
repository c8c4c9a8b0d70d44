"""The page of a campaign: its figures and a picture of each failure, in one file that opens offline."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from lab_evaluation.rounds import Round

MOST_PICTURES = 120


def write_report(results: Mapping[str, Any], rounds: Sequence[Round], path: Path) -> None:
    """Write the page. results: what the JSON holds."""
    pictures = []
    for one in rounds:
        for number, attempt in enumerate(one.attempts, start=1):
            if attempt.picture:
                words = f"seed {one.seed}, attempt {number}, score {attempt.score:.2f}"
                pictures.append((attempt.ending, words, _embedded(attempt.picture)))
        if one.last_view:
            words = f"seed {one.seed}, {one.presented - one.removed} of {one.presented} left"
            pictures.append((one.ended, words, _embedded(one.last_view)))
    pictures.sort(key=lambda entry: entry[0])
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lab_evaluation"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("clutter.html").render(
        results=results, pictures=pictures[:MOST_PICTURES], left_out=max(0, len(pictures) - MOST_PICTURES)
    )
    path.write_text(page, encoding="utf-8")


def _embedded(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode("ascii")
