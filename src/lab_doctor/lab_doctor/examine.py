"""All checks over one snapshot."""

from __future__ import annotations

from lab_doctor.configuration_checks import check_configuration
from lab_doctor.finding import Finding
from lab_doctor.graph_checks import check_graph
from lab_doctor.machine_checks import check_environment, check_machine
from lab_doctor.snapshot import Snapshot

AREAS = {
    "machine": check_machine,
    "environment": check_environment,
    "configuration": check_configuration,
    "cell": check_graph,
}


def examine(snapshot: Snapshot) -> dict[str, list[Finding]]:
    """Findings by area, in the order of AREAS; an area without findings is there with none."""
    return {area: list(check(snapshot)) for area, check in AREAS.items()}
