"""Figures by the hour from the records of runs."""

from __future__ import annotations

import json
import os
from datetime import datetime

from lab_operator.figures import by_hour, picks_in


def record(folder, name, hour, outcomes):
    """A run.json that was written in an hour of 1 January 2026."""
    (folder / name).mkdir()
    path = folder / name / "run.json"
    picks = [{"outcome": outcome, "start": 10.0, "end": 18.0} for outcome in outcomes]
    path.write_text(json.dumps({"picks": picks}))
    ended = datetime(2026, 1, 1, hour, 30).timestamp()
    os.utime(path, (ended, ended))


def test_runs_of_one_hour_are_counted_together(tmp_path):
    record(tmp_path, "a", 9, ["SUCCESS", "GRASP_EMPTY"])
    record(tmp_path, "b", 9, ["SUCCESS", "SUCCESS", "GRASP_EMPTY", "OBJECT_LOST"])
    record(tmp_path, "c", 11, ["SUCCESS"])
    late, early = by_hour(picks_in(tmp_path))
    assert (late.hour, late.attempts, late.success) == (datetime(2026, 1, 1, 11), 1, 1.0)
    assert (early.attempts, early.placed, early.success, early.cycle) == (6, 3, 0.5, 8.0)
    assert early.failures == (("GRASP_EMPTY", 2), ("OBJECT_LOST", 1))


def test_a_record_that_cannot_be_read_is_left_out(tmp_path):
    record(tmp_path, "good", 9, ["SUCCESS"])
    for name, text in (
        ("cut", '{"picks": ['),
        ("other", "[]"),
        ("odd", '{"picks": [1]}'),
        ("text", '{"picks": 1}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "run.json")
    assert [hour.placed for hour in by_hour(picks_in(tmp_path))] == [1]


def test_no_runs_are_no_hours(tmp_path):
    assert by_hour(picks_in(tmp_path / "nowhere")) == []
