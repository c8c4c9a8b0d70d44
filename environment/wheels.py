"""The virtual environment: made, filled from the lock file, and its CMake files corrected."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from environment.console import Console, SetupError
from environment.distribution import Distribution
from environment.variables import clean_environment

# Raise this when a step below comes to make something else: environments made before are then made again.
RECIPE = 1
BUILDER_PYTHON = re.compile(r"/opt/python/cp\d+-cp\d+t?/(include|lib)/python3\.\d+t?")
# Python nodes load C messages and never the C++ ones, whose compilation takes most of a build.
UNUSED_GENERATORS = (
    "rosidl_generator_cpp",
    "rosidl_typesupport_cpp",
    "rosidl_typesupport_fastrtps_cpp",
    "rosidl_typesupport_introspection_cpp",
)
REGISTRATION = re.compile(
    r'^\s*ament_register_extension\(\s*"rosidl_generate_idl_interfaces".*?\)', re.MULTILINE | re.DOTALL
)


def create(venv: Path, distribution: Distribution, console: Console) -> None:
    """Makes an empty virtual environment; one that sees the system's packages for a sourced distribution."""
    shutil.rmtree(venv, ignore_errors=True)
    seeing_system = ["--system-site-packages"] if distribution.sourced else []
    console.run(
        [base_python(distribution), "-P", "-m", "venv", *seeing_system, venv],
        environment=clean_environment(keep_python_path=distribution.sourced),
        fix=f"The virtual environment {venv} could not be made: install python3-venv",
    )


def base_python(distribution: Distribution) -> str:
    """The interpreter to build on. Raises SetupError when the distribution's own is not on PATH."""
    running = sys.version_info[:2]
    if distribution.python in (None, running):
        return str(Path(sys.base_prefix) / "bin" / f"python3.{running[1]}")
    wanted = "python{}.{}".format(*distribution.python)
    found = shutil.which(wanted)
    if found is None:
        raise SetupError(f"ROS 2 {distribution.name} needs {wanted}, which is not on PATH: install it.")
    return found


def install(venv: Path, lock: Path, distribution: Distribution, console: Console) -> None:
    """Installs what the lock file names; beside a sourced distribution only what the system lacks of it."""
    pins = read_lock(lock)
    if distribution.sourced:
        present = _of_the_system(venv)
        ours = [name for name in pins if name not in present and not name.startswith("ros-")]
        pins = {name: pins[name] for name in ours}
    pip: list[str | Path] = [venv / "bin" / "python", "-P", "-m", "pip", "--disable-pip-version-check"]
    pip += ["install", "--no-deps", "--no-compile"]
    environment = clean_environment(keep_python_path=distribution.sourced)
    fix = "The Python packages could not be installed: check the network and run this again"
    # setuptools first, and no build isolation: the one source distribution (empy) is built with what we pin.
    builder = pins.pop("setuptools", None)
    if builder:
        console.run([*pip, builder], environment=environment, fix=fix)
    if pins:
        command = [*pip, "--no-build-isolation", *pins.values()]
        console.run(command, environment=environment, fix=fix, detail=_pip_progress)
    # pip compiles on one core and takes half of its time for it.
    compiling: list[str | Path] = [venv / "bin" / "python", "-P", "-m", "compileall", "-q", "-j", "0"]
    compiling += site_packages(venv)
    subprocess.run(compiling, env=environment, check=False, capture_output=True)


def read_lock(lock: Path) -> dict[str, str]:
    """Pins by normalised name. Raises SetupError for a line that is not `name==version`."""
    pins = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        requirement = line.split("#", 1)[0].strip()
        if not requirement:
            continue
        name, separator, version = requirement.partition("==")
        if not separator or not version:
            raise SetupError(f"{lock} may only hold lines of the form name==version, not `{requirement}`.")
        pins[_normalised(name)] = requirement
    return pins


def correct_cmake_files(venv: Path) -> int:
    """Makes the wheels' CMake files fit this machine and this project; returns how many files changed.

    The wheels name the include folders of the machine that built them. And only the generators that Python
    needs stay registered: packages keep their ordinary CMakeLists, which build everything on a full ROS 2.
    """
    include = sysconfig.get_path("include")
    library = venv / "lib" / f"python3.{sys.version_info.minor}"
    changed = 0
    for path in (venv / "share").glob("*/cmake/*.cmake"):
        text = path.read_text(encoding="utf-8")
        corrected = BUILDER_PYTHON.sub(lambda match: include if match[1] == "include" else str(library), text)
        if path.parent.parent.name in UNUSED_GENERATORS:
            corrected = REGISTRATION.sub("", corrected)
        if corrected != text:
            path.write_text(corrected, encoding="utf-8")
            changed += 1
    return changed


def library_folders(venv: Path) -> list[Path]:
    """Folders of the shared libraries that the wheels bring, for LD_LIBRARY_PATH."""
    return [
        venv / "lib",
        *sorted(path for folder in site_packages(venv) for path in folder.glob("ros_*.libs")),
    ]


def site_packages(venv: Path) -> list[Path]:
    """Where the packages of a virtual environment are; none before it was made."""
    return sorted(venv.glob("lib/python3.*/site-packages"))


def _of_the_system(venv: Path) -> set[str]:
    """Names of the packages that a virtual environment sees but does not hold itself."""

    def listed(*which: str) -> set[str]:
        command = [str(venv / "bin" / "python"), "-P", "-m", "pip", "list", "--format=json", *which]
        environment = clean_environment(keep_python_path=True) | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        output = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
        return {_normalised(package["name"]) for package in json.loads(output)}

    return listed() - listed("--local")


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pip_progress(line: str) -> str | None:
    words = line.split()
    if words[:1] == ["Collecting"]:
        return words[1]
    if words[:1] == ["Processing"]:
        return Path(words[1]).name
    return "unpacking" if line.startswith("Installing collected") else None
