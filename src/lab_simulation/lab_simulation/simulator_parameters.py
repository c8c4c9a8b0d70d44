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

    cell: str = parameter("ur5e_table", "cell: a name in config/cells or the path of a YAML file")
    scene: str = parameter("scattered", "what lies on the table: a name in config/scenes or a path")
    parts: int = parameter(
        0, "number of parts; 0: as many as the scene says", unit="", minimum=0, maximum=MAXIMUM_PARTS
    )
    meshes: str = parameter(
        "", "folder of OBJ or STL files to take the parts from; empty: the kinds of the scene"
    )
    seed: int = parameter(0, "decides the scene, its look and the noise", minimum=0, maximum=2**31 - 1)
    speed: float = parameter(
        1.0, "simulated seconds a second; 0: as fast as it can", minimum=0.0, maximum=100.0
    )
    look: str = parameter(
        "real",
        "what the images show; real: print, shadows, gloss and the errors of a stereo camera;"
        " plain: one colour a part and independent noise",
        choices=LOOKS,
    )
    noise: bool = parameter(True, "noise of the camera")
    renderer: str = parameter(
        "auto",
        "how images are made; auto: the first that works",
        choices=("auto", "egl", "osmesa", "raycast"),
    )
    paused: bool = parameter(False, "activated, it waits for set_simulation_state before time goes on")


def refuse_unusable(given: Mapping[str, Any]) -> None:
    """Raises LabError for parameters, by name, with which the simulator would refuse to configure: a value
    out of range, a scene or a folder of meshes that is not there or cannot be read.
    """
    parameters = check_parameters(SimulatorParameters, given, "simulator")
    load_scene_file(parameters.scene)
    if parameters.meshes:
        from lab_simulation.scenes.mesh_parts import mesh_files  # loads trimesh, which nobody else needs yet

        mesh_files(parameters.meshes)
