"""Parameters of the simulator node, and what can be said of them before a simulator is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab_core.parameters import check_parameters, parameter
from lab_simulation.look import LOOKS
from lab_simulation.scenes.scene_file import MAXIMUM_PARTS, load_scene_file


@dataclass(frozen=True)
class SimulatorParameters:
    """Parameters of the simulator node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    scene: str = parameter(
        "scattered", "What lies on the table: a name in config/scenes or the path of a YAML file."
    )
    parts: int = parameter(
        0, "The number of parts. 0: as many as the scene says.", minimum=0, maximum=MAXIMUM_PARTS
    )
    meshes: str = parameter(
        "", "The folder of OBJ or STL files from which the parts are made. Empty: the kinds of the scene."
    )
    seed: int = parameter(
        0, "The seed of the scene, of its look and of the noise.", minimum=0, maximum=2**31 - 1
    )
    speed: float = parameter(
        1.0, "Simulated seconds per second of wall time. 0: as fast as it can.", minimum=0.0, maximum=100.0
    )
    look: str = parameter(
        "real",
        "What the images show. real: print, shadows, gloss and the errors of a stereo camera. plain: parts"
        " of one colour and independent noise.",
        choices=LOOKS,
    )
    camera_error: float = parameter(
        -1.0,
        "How far a part in the worst corner of the work area seems to be from where it is, because the camera"
        " stands elsewhere than the cell says. Negative: as the camera's YAML allows. Plain images and"
        " those without noise have none.",
        unit="m",
        minimum=-1.0,
        maximum=0.05,
    )
    noise: bool = parameter(True, "The images of the camera have noise.")
    renderer: str = parameter(
        "auto",
        "How images are made. auto: the first way that works.",
        choices=("auto", "egl", "osmesa", "raycast"),
    )
    paused: bool = parameter(
        False, "When it is activated, the simulator waits for set_simulation_state before time goes on."
    )


def refuse_unusable(given: Mapping[str, Any]) -> None:
    """Raises LabError for parameters, by name, with which the simulator would refuse to configure: a value
    out of range, a scene or a folder of meshes that is not there or cannot be read.
    """
    parameters = check_parameters(SimulatorParameters, given, "simulator")
    load_scene_file(parameters.scene)
    if parameters.meshes:
        from lab_simulation.scenes.mesh_parts import mesh_files  # loads trimesh, which nobody else needs yet

        mesh_files(parameters.meshes)
