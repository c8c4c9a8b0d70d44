"""The packages of the workspace: found, chosen, and built with colcon when they changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from environment.console import Console, SetupError

LEFT_OUT = {"test", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"}
# Folders at the root that lab_bringup installs: a new file in them needs an installation.
INSTALLED_FROM_ROOT = {"lab_bringup": ("launch", "config")}


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the workspace.

    dependencies: names of every package that package.xml mentions, of this workspace or not.
    build_type: `ament_cmake` or `ament_python`.
    """

    name: str
    path: Path
    build_type: str
    dependencies: frozenset[str]


def find_packages(folder: Path) -> dict[str, Package]:
    """The packages directly below a folder, by name. Raises SetupError for a package.xml without sense."""
    packages = {}
    for manifest in sorted(folder.glob("*/package.xml")):
        try:
            tree = ElementTree.parse(manifest).getroot()
            name = tree.findtext("name", "").strip()
        except ElementTree.ParseError as error:
            raise SetupError(f"{manifest} is not well-formed XML ({error}): correct it.") from error
        if not name:
            raise SetupError(f"{manifest} has no <name>: add one.")
        named = (element.text or "" for element in tree if element.tag.endswith("depend"))
        build_type = tree.findtext("export/build_type", "ament_cmake").strip()
        packages[name] = Package(name, manifest.parent, build_type, frozenset(name.strip() for name in named))
    return packages


def digests(packages: Mapping[str, Package], root: Path, environment_digest: str) -> dict[str, str]:
    """What each package's build depends on, as one string a package.

    An ament_python package is installed by symbolic links: its own .py files may change without a build.
    A CMake package is built again with every change in it or in a package here that it depends on.
    """
    own = {package.name: _own_digest(package, root) for package in packages.values()}

    def whole(name: str, seen: frozenset[str]) -> str:
        below = sorted(packages[name].dependencies & packages.keys() - seen)
        if packages[name].build_type == "ament_python":
            below = []
        parts = [environment_digest, own[name], *(whole(other, seen | {name}) for other in below)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    return {name: whole(name, frozenset()) for name in packages}


def build(
    packages: Mapping[str, Package],
    changed: Iterable[str],
    *,
    root: Path,
    venv: Path,
    environment: Mapping[str, str],
    console: Console,
) -> None:
    """Builds the changed packages into build/, install/ and log/ of the root.

    Raises SetupError when a package fails; the others are built nevertheless, see `built_packages`.
    """
    changed = sorted(changed)
    for name in changed:
        (root / "build" / name / "colcon_build.rc").unlink(missing_ok=True)
    waiting = set(changed)

    def progress(line: str) -> str | None:
        if line.startswith("Finished <<<"):
            waiting.discard(line.split()[2])
        if "<<<" not in line and ">>>" not in line:
            return None
        return f"{len(changed) - len(waiting)} of {len(changed)} packages"

    colcon: list[str | Path] = [venv / "bin" / "python", "-P", "-W", "ignore", "-m", "colcon"]
    colcon += ["--log-base", root / "log", "build"]
    colcon += ["--build-base", root / "build", "--install-base", root / "install"]
    colcon += ["--symlink-install", "--continue-on-error"]
    colcon += ["--paths", *(packages[name].path for name in sorted(packages)), "--packages-select", *changed]
    # No build type: messages compiled at -O3 build 20 % slower and (de)serialise in the same time.
    colcon += ["--cmake-args", "-DBUILD_TESTING=OFF", "-Wno-dev", "--no-warn-unused-cli"]
    colcon += [f"-DPython3_EXECUTABLE={venv / 'bin' / 'python'}"]
    fix = "The workspace could not be built: correct what the lines above name and run this again"
    console.run(colcon, environment=environment, cwd=root, fix=fix, detail=progress)


def built_packages(names: Iterable[str], root: Path) -> set[str]:
    """Those of the named packages whose last build succeeded."""
    done = set()
    for name in names:
        result = root / "build" / name / "colcon_build.rc"
        if result.exists() and result.read_text(encoding="utf-8").strip() == "0":
            done.add(name)
    return done


def clear(root: Path) -> None:
    """Removes everything that was built."""
    for name in ("build", "install"):
        shutil.rmtree(root / name, ignore_errors=True)


def remove_stale(names: Iterable[str], root: Path) -> list[str]:
    """Removes what is installed but no longer belongs to the workspace; returns the names."""
    kept = set(names)
    install = root / "install"
    stale = sorted(
        folder.name
        for folder in (install.iterdir() if install.is_dir() else ())
        if folder.is_dir() and folder.name not in kept and (folder / "share").is_dir()
    )
    for name in stale:
        shutil.rmtree(install / name)
        shutil.rmtree(root / "build" / name, ignore_errors=True)
    return stale


def _own_digest(package: Package, root: Path) -> str:
    linked = package.build_type == "ament_python"
    digest = hashlib.sha256()
    folders = [package.path, *(root / folder for folder in INSTALLED_FROM_ROOT.get(package.name, ()))]
    for folder in folders:
        for path in _files(folder):
            read = not linked or path.name in {"package.xml", "setup.py", "setup.cfg"}
            module = path.suffix == ".py" and path.is_relative_to(package.path)
            if module and not read:
                continue
            digest.update(str(path.relative_to(root)).encode() + b"\0")
            if read:
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.endswith(".egg-info")]
        found += [Path(parent) / name for name in files if not name.endswith(".pyc")]
    return sorted(found)
