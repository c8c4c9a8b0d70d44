"""Whether the tactile pads of a running cell can be believed."""

from __future__ import annotations

from collections.abc import Iterator

from lab_doctor.finding import Finding
from lab_doctor.snapshot import Graph


def check_pads(graph: Graph) -> Iterator[Finding]:
    """Pads that are silent, dead, frozen, saturated, slow, of another form, or on the other finger."""
    for pad in graph.pads:
        if pad.count == 0:
            yield Finding(
                "pad-silent",
                f"nothing comes of the {pad.side} tactile pad on {pad.topic}: the hand cannot grip by touch",
                "start its driver, or correct topics in config/touch",
            )
        elif pad.fault:
            yield Finding("pad", pad.fault, f"check the {pad.side} pad, its cable, its driver and its YAML")
