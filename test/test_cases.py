"""Every case in test/cases is answered today as it was in its run."""

from pathlib import Path

import pytest

from lab_recorder.case import load_case
from lab_recorder.replay import replay

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/case.json"))


@pytest.mark.parametrize("folder", CASES, ids=[path.name for path in CASES])
def test_a_case_is_answered_as_it_was(folder):
    comparisons = replay(load_case(folder))
    assert comparisons
    assert [item for item in comparisons if not item.same] == []
