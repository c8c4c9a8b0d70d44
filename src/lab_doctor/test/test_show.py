"""What the doctor prints."""

import pytest
from rich.console import Console
from sound import sound_snapshot

from lab_doctor.cli import show
from lab_doctor.finding import Finding


@pytest.mark.parametrize(("count", "words"), [(1, "1 finding\n"), (2, "2 findings\n")])
def test_findings_are_counted_in_words(count, words):
    console = Console(width=120)
    with console.capture() as capture:
        show({"machine": [Finding("disk", "is full", "empty it")] * count}, sound_snapshot(False), console)
    assert capture.get().endswith(words)
