"""The report of a run: one HTML file that opens without a network."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path

import jinja2

from lab_console.run_record import RunRecord

END = 0
"""Number of the picture of the table at the end."""


def write_report(
    record: RunRecord, pictures: dict[int, Path], video: Path | None, path: Path, run: Path
) -> None:
    """Write the report.

    pictures: JPEG files by number of attempt, or END, embedded in the page. video: a file beside the report,
    linked. run: folder of the run, as the user would name it in a command.
    """
    replays = {
        attempt.number: shlex.join(["./lab", "replay", str(run / attempt.case)])
        for attempt in record.attempts
        if attempt.case
    }
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lab_console"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("report.html").render(
        record=record,
        figures=record.as_json(),
        pictures={
            number: base64.b64encode(picture.read_bytes()).decode("ascii")
            for number, picture in pictures.items()
        },
        end=END,
        replays=replays,
        video=None if video is None else video.name,
        stages=sorted({stage.stage for attempt in record.attempts for stage in attempt.stages}),
        longest=max((attempt.end - attempt.start for attempt in record.attempts), default=1.0) or 1.0,
    )
    path.write_text(page, encoding="utf-8")
