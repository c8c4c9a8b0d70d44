"""What the machine must offer: platform, interpreter, compiler, and a software OpenGL."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

from environment.console import Console, SetupError

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
SUPPORTED_SYSTEMS = {("debian", "12"), ("debian", "13"), ("ubuntu", "24.04"), ("ubuntu", "26.04")}
DRIVER_FOLDERS = (Path("/usr/lib/x86_64-linux-gnu/dri"), Path("/usr/lib/dri"), Path("/usr/lib64/dri"))


def check_platform(system: str | None = None, processor: str | None = None) -> None:
    """Raises SetupError unless this is x86-64 Linux: there are no ROS 2 wheels for anything else."""
    system = system or platform.system()
    processor = processor or platform.machine()
    if (system, processor) != ("Linux", "x86_64"):
        raise SetupError(
            f"The standalone environment exists for Linux on x86_64 and this is {system} on {processor}: "
            "use such a machine, or build src/ on a full ROS 2 installation with colcon."
        )


def python_is_supported(version: tuple[int, int]) -> bool:
    return OLDEST_PYTHON <= version <= NEWEST_PYTHON


def missing_packages() -> list[str]:
    """Names of the Debian packages whose content is really missing here, found by looking for the content."""
    missing = []
    if not shutil.which("g++"):
        missing.append("g++")
    missing += [tool for tool in ("cmake", "make") if not shutil.which(tool)]
    ours = "python3" if Path(sys.base_prefix) == Path("/usr") else f"python3.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        missing.append(f"{ours}-venv")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        missing.append(f"{ours}-dev")
    for library, package in (
        ("libEGL.so.1", "libegl1"),
        ("libEGL_mesa.so.0", "libegl-mesa0"),
        ("libOpenGL.so.0", "libopengl0"),
    ):
        if not _loads(library):
            missing.append(package)
    if not any(any(folder.glob("*_dri.so")) for folder in DRIVER_FOLDERS):
        missing.append("libgl1-mesa-dri")
    return missing


def install_command(packages: list[str]) -> str:
    return f"apt-get install --no-install-recommends -y {' '.join(packages)}"


def is_supported_system(os_release: Path = Path("/etc/os-release")) -> bool:
    """Whether this is a Debian or Ubuntu release that the set-up is tested on."""
    if not os_release.exists():
        return False
    lines = os_release.read_text(encoding="utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return (fields.get("ID", "").strip('"'), fields.get("VERSION_ID", "").strip('"')) in SUPPORTED_SYSTEMS


def require_system_packages(console: Console) -> None:
    """Installs missing system packages as root on a supported system; names them otherwise.

    Raises SetupError with the apt command when something is missing and cannot be installed from here.
    """
    missing = missing_packages()
    if not missing:
        return
    if os.geteuid() != 0 or not is_supported_system():
        command = install_command(missing)
        raise SetupError(f"Missing system packages: install them with `sudo {command}` and run this again.")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    fix = f"apt could not install {', '.join(missing)}: check the machine's package sources and network"
    console.run(["apt-get", "update"], environment=environment, fix=fix, detail=str)
    console.run(install_command(missing).split(), environment=environment, fix=fix, detail=str)
    if still := missing_packages():
        raise SetupError(f"apt is done but {', '.join(still)} cannot be used: look at the log in .lab/.")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
