"""The environment variables of every process that `lab` starts.

Equal to sourcing install/setup.bash, but computed once, when the workspace is built: starting bash for every
process costs more than most of the processes do.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# Search paths that a sourced ROS 2 environment extends; the entries of ours go in front of the caller's.
SEARCH_PATHS = (
    "PATH",
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "LD_LIBRARY_PATH",
    "PKG_CONFIG_PATH",
    "PYTHONPATH",
)
# Names the workspace that an environment belongs to: another workspace must not take it for a distribution.
WORKSPACE = "LAB_WORKSPACE"
SETTINGS = {
    "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
    "FASTRTPS_DEFAULT_PROFILES_FILE": str(Path(__file__).with_name("fastdds.xml")),
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
}
UNWANTED = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"}
WHEEL_SETTINGS = {
    "ROS_DISTRO": "jazzy",
    "ROS_VERSION": "2",
    "ROS_PYTHON_VERSION": "3",
    # The wheels restart every interpreter to set LD_LIBRARY_PATH unless it is said to be set already.
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
}


def clean_environment(*, keep_python_path: bool = False) -> dict[str, str]:
    """The caller's environment without what another Python environment may have left in it.

    keep_python_path: for a sourced distribution, whose Python packages are found there.
    """
    unwanted = UNWANTED - {"PYTHONPATH"} if keep_python_path else UNWANTED
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    if workspace := kept.pop(WORKSPACE, ""):  # somebody's activated workspace is no part of what is built
        for name in SEARCH_PATHS:
            entries = kept.get(name, "").split(":")
            kept[name] = ":".join(entry for entry in entries if not Path(entry).is_relative_to(workspace))
    return {name: value for name, value in kept.items() if value}


def build_variables(
    venv: Path, prefixes: Sequence[Path], libraries: Sequence[Path], packages: Sequence[Path] = ()
) -> dict[str, list[str]]:
    """Entries of the search paths before anything of the workspace exists.

    packages: folders of Python packages for interpreters that are not the virtual environment's: `ros2` of a
    distribution runs in the system's, and loads launch files that need what is installed here.
    """
    found = {
        "PATH": [str(venv / "bin")],
        "AMENT_PREFIX_PATH": [str(prefix) for prefix in prefixes],
        "CMAKE_PREFIX_PATH": [str(prefix) for prefix in prefixes],
        "LD_LIBRARY_PATH": [str(library) for library in libraries],
    }
    return found | {"PYTHONPATH": [str(folder) for folder in packages]} if packages else found


def workspace_variables(setup_script: Path, base: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Entries of the search paths after sourcing colcon's setup script on top of `base`."""
    start = {name: ":".join(entries) for name, entries in base.items() if entries}
    start["PATH"] = ":".join((*base.get("PATH", ()), "/usr/bin", "/bin"))
    sourced = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", '. "$0" && env -0', str(setup_script)],
        env=start,
        check=True,
        capture_output=True,
        text=True,
    )
    values = dict(entry.split("=", 1) for entry in sourced.stdout.split("\0") if "=" in entry)
    entries = {name: values.get(name, "").split(":") for name in SEARCH_PATHS}
    entries["PATH"] = [entry for entry in entries["PATH"] if entry not in ("/usr/bin", "/bin")]
    return {name: [entry for entry in found if entry] for name, found in entries.items()}


def save(path: Path, venv: Path, entries: Mapping[str, Sequence[str]], settings: Mapping[str, str]) -> None:
    """Writes what `load` reads, and beside it `activate`, a script for a developer's shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    described = {"venv": str(venv), "search_paths": entries, "settings": dict(settings)}
    path.write_text(json.dumps(described, indent=1), encoding="utf-8")
    lines = ["# Source this in bash or zsh: the environment that `lab` gives to every process it starts."]
    lines.append(f"export VIRTUAL_ENV={shlex.quote(str(venv))}")
    for name, found in entries.items():
        if found:
            lines.append(f'export {name}={shlex.quote(":".join(found))}"${{{name}:+:${name}}}"')
    lines += [f'export {name}="${{{name}:-{value}}}"' for name, value in settings.items()]
    (path.parent / "activate").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load(path: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment with ours in front; the caller's own choice of a setting stays.

    What belongs to another workspace, whose environment the caller may have sourced, is left out.
    """
    described = json.loads(path.read_text(encoding="utf-8"))
    environment = {name: value for name, value in caller.items() if name != "PYTHONHOME"}
    environment["VIRTUAL_ENV"] = described["venv"]
    environment[WORKSPACE] = described["settings"][WORKSPACE]
    other = caller.get(WORKSPACE)
    for name, ours in described["search_paths"].items():
        theirs = [entry for entry in caller.get(name, "").split(":") if entry and entry not in ours]
        entries = [*ours, *(entry for entry in theirs if not other or not Path(entry).is_relative_to(other))]
        environment[name] = ":".join(entries)
    return {**described["settings"], **{name: value for name, value in environment.items() if value}}
