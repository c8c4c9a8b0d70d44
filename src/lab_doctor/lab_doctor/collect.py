"""Looks at the machine, this shell and the files; no ROS. What cannot be found out here stays None."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import re
import shutil
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from ament_index_python.packages import get_packages_with_prefixes
from ament_index_python.resources import get_resources

from lab_bringup.named_plugins import by_cell
from lab_bringup.parameter_file import given_to, matches, parameters_in, refuse_malformed
from lab_core.errors import ConfigurationError, LabError
from lab_description import Cell, config_directory, load_cell
from lab_description.graph import NodeEntry, load_graph, stack_nodes
from lab_description.schema import parse, read_yaml
from lab_description.stored_pairs import CollisionMatrix, fingerprint, matrix_file
from lab_doctor.snapshot import (
    CellProcess,
    Configuration,
    Environment,
    Listener,
    Machine,
    TransportProfile,
)
from lab_node.bounded_file import read_bounded
from lab_node.domain import domain_from
from lab_tasks.orders.order import understood
from lab_tasks.orders.sources import order_file
from lab_tasks.policy import load_policy

# Beside those of the nodes.
PACKAGES = ("lab_interfaces", "tf2_ros")
# Where versions matter to results: the rest of the lock file is tools.
COMPARED = ("mujoco", "numba", "numpy", "opencv-python-headless", "pin", "scipy", "toppra")
EXECUTABLE = re.compile(r"/lib/(lab_\w+|robot_state_publisher)/(\w+)$")
SHARED_MEMORY = Path("/dev/shm")
VARIABLES = re.compile(r"ROS_|RMW_|FAST|AMENT_PREFIX_PATH$|LAB_|PYTHONPATH$")


def collect_environment(variables: Mapping[str, str], domain: int) -> Environment:
    """Of the variables of a shell, for a domain."""
    return Environment(
        variables={name: value for name, value in variables.items() if VARIABLES.match(name)},
        domain=domain,
        profile=_profile(variables),
        keystore=_keystore(variables),
        security_plugins=_security_plugins() if variables.get("ROS_SECURITY_ENABLE") else None,
    )


def collect_machine(lock: Path | None, record: Path) -> Machine:
    """The computer that runs this. lock: pins of the standalone environment. record: where runs are kept."""
    memory = _memory()
    shm = shutil.disk_usage(SHARED_MEMORY)
    processes = tuple(_processes())
    return Machine(
        now=date.today(),
        disk_free=shutil.disk_usage(_existing(record)).free,
        shared_memory=shm.total,
        shared_memory_free=shm.free,
        memory_available=memory,
        receive_buffer=_number(Path("/proc/sys/net/core/rmem_max")),
        clock_synchronised=_clock_synchronised(),
        load_per_core=os.getloadavg()[0] / (os.cpu_count() or 1),
        installed=_installed(),
        pinned=_pinned(lock),
        packages_missing=tuple(name for name in _packages() if name not in get_packages_with_prefixes()),
        middlewares=tuple(sorted(get_resources("rmw_typesupport"))),
        processes=processes,
        stale_segments=tuple(_stale_segments()),
        listeners=tuple(_listeners(processes)),
    )


def collect_configuration(
    name: str, folder: Path | None = None, extensions: Sequence[str] = ()
) -> Configuration:
    """The files of a cell. folder: config/ whose nodes.yaml, tasks/ and orders/ are read; the installed one.
    extensions: packages beside those that the cell's YAML names.
    """
    folder = folder or config_directory()
    nodes: Mapping[str, NodeEntry] = {}
    cell, description, cell_error, errors = None, None, "", []
    try:
        nodes = stack_nodes()
        cell = load_cell(name)
    except ConfigurationError as error:
        cell_error = str(error)
    if cell is not None:
        try:
            description = load_graph(cell, extensions)
            nodes = description.nodes
        except ConfigurationError as error:
            errors.append(str(error))
    errors += _parameter_errors(folder, nodes, cell)
    if cell is None:
        return Configuration(name, None, cell_error, tuple(errors), nodes=nodes)
    stored = True
    try:
        path = matrix_file(cell)
        stored = path.is_file() and parse(CollisionMatrix, read_yaml(path), path).fingerprint == fingerprint(
            cell
        )
    except ConfigurationError as error:
        errors.append(str(error))
    return Configuration(cell.name, cell, "", tuple(errors), stored, nodes, description)


def _packages() -> list[str]:
    """That a cell needs; those of its nodes."""
    try:
        nodes = stack_nodes()
    except ConfigurationError:
        return [*PACKAGES]  # said by what reads the configuration
    return sorted({*PACKAGES, *(node.package for node in nodes.values() if node.package is not None)})


def _order_errors(folder: Path) -> Iterator[str]:
    """Of the orders; whether a cell has their destinations is asked when they are carried out in it."""
    for path in sorted((folder / "orders").glob("*.yaml")):
        try:
            lines = order_file(path)
            understood(lines, {name for line in lines for name in (*line.to, line.clear_away_to)})
        except LabError as error:
            yield str(error) if str(path) in str(error) else f"{path}: {error}"


def _parameter_errors(folder: Path, nodes: Mapping[str, NodeEntry], cell: Cell | None) -> Iterator[str]:
    yield from _order_errors(folder)
    for path in sorted((folder / "tasks").glob("*.yaml")):
        try:
            load_policy(path)
        except ConfigurationError as error:
            yield str(error)
    path = folder / "nodes.yaml"
    try:
        entries = parameters_in(path)
    except ConfigurationError as error:
        yield str(error)
        return
    known = [name for name, node in nodes.items() if node.executable is not None]
    for name in entries:
        if not any(matches(name, f"/{node}") for node in known):
            yield f"{path}: no node of the cell is called '{name}', there are {', '.join(known)}"
    for node, entry in nodes.items():
        try:
            refuse_malformed(node, entry, given_to(f"/{node}", entries), str(path))
            if cell is not None:
                refuse_malformed(node, entry, by_cell(cell, node), str(cell.files["cell"]))
        except ConfigurationError as error:
            yield str(error)


def _profile(variables: Mapping[str, str]) -> TransportProfile | None:
    named = variables.get("FASTRTPS_DEFAULT_PROFILES_FILE") or variables.get("FASTDDS_DEFAULT_PROFILES_FILE")
    if not named:
        return None
    path = Path(named)
    try:
        root = ElementTree.fromstring(read_bounded(path, 1 << 20))
    except ConfigurationError as error:
        return TransportProfile(named, str(error).removeprefix(f"{path}: "))
    except (
        ElementTree.ParseError,
        ValueError,
        LookupError,
    ) as error:  # ValueError, LookupError: its encoding
        return TransportProfile(named, f"is not well-formed XML ({error}): Fast DDS would ignore it")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    shared = [
        element
        for element in root.iter("transport_descriptor")
        if element.findtext("type", "").strip() == "SHM"
    ]
    told = [element.findtext("segment_size", "524288").strip() for element in shared]
    odd = [text[:40] for text in told if not (text.isascii() and text.isdigit() and len(text) < 20)]
    if odd:
        return TransportProfile(named, f"has a segment_size of {odd[0]!r}, expected bytes, a whole number")
    sizes = [int(text) for text in told]
    addresses = [(element.text or "").strip() for element in root.iter("address")]
    addresses += [(element.get("name") or "").strip() for element in root.iter("interface")]
    return TransportProfile(named, "", min(sizes, default=None), tuple(addresses))


def _keystore(variables: Mapping[str, str]) -> str:
    if variables.get("ROS_SECURITY_ENABLE", "").lower() != "true":
        return ""
    named = variables.get("ROS_SECURITY_KEYSTORE", "")
    if not named:
        return "ROS_SECURITY_ENABLE is true and ROS_SECURITY_KEYSTORE is not set"
    for part in ("public", "private", "enclaves", "enclaves/governance.p7s"):
        try:
            if not (Path(named) / part).exists():
                return f"keystore {named} has no {part}"
        except OSError as error:
            return f"keystore {named}: {error.strerror}"
    private = Path(named) / "private"
    if private.stat().st_mode & 0o077:
        return f"{private} can be read by other users"
    return ""


def _security_plugins() -> bool | None:
    """Whether the Fast DDS in use has its security plug-ins built in."""
    folders = [Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    libraries = [path for folder in folders for path in folder.glob("libfast*.so*") if "cdr" not in path.name]
    if not libraries:
        return None
    return any(b"DDS:Auth:PKI-DH" in path.read_bytes() for path in libraries)


def _memory() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _clock_synchronised() -> bool | None:
    """As systemd-timesyncd says it; None where something else keeps the clock."""
    if not Path("/run/systemd/timesync").is_dir():
        return None
    return Path("/run/systemd/timesync/synchronized").exists()


def _installed() -> dict[str, str]:
    found = {}
    for name in COMPARED:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _pinned(lock: Path | None) -> dict[str, str]:
    if lock is None or not lock.is_file():
        return {}
    pins = (
        line.split("#")[0].strip().partition("==") for line in lock.read_text(encoding="utf-8").splitlines()
    )
    return {name: version for name, _, version in pins if name in COMPARED}


def _existing(path: Path) -> Path:
    path = path.resolve()
    while not path.exists():
        path = path.parent
    return path


def _number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None


def _processes() -> Iterator[CellProcess]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            named = next((match for word in words[:3] if (match := EXECUTABLE.search(word))), None)
            if named is None:
                continue
            environ = dict(
                item.split("=", 1)
                for item in (entry / "environ").read_bytes().decode(errors="replace").split("\0")
                if "=" in item
            )
            parent = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            same_network = (entry / "ns/net").readlink() == Path("/proc/self/ns/net").readlink()
            same_workspace = environ.get("LAB_WORKSPACE") == os.environ.get("LAB_WORKSPACE")
            launched = b"python" in Path(f"/proc/{parent}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue  # it has ended, or is another user's
        domain = 0
        with contextlib.suppress(ConfigurationError):
            domain = domain_from(environ.get("ROS_DOMAIN_ID", ""))
        if same_network and same_workspace:
            yield CellProcess(int(entry.name), named[2], domain, orphan=not launched)


def _stale_segments() -> Iterator[str]:
    """Segments of Fast DDS whose lock file nobody holds."""
    for lock in sorted(SHARED_MEMORY.glob("fastrtps_*_el")):
        segment = lock.name.removesuffix("_el")
        try:
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(file, fcntl.LOCK_UN)
        except OSError:
            continue  # somebody holds it, or it is another user's
        if (SHARED_MEMORY / segment).exists() and not segment.startswith("fastrtps_port"):
            yield segment


def _listeners(processes: tuple[CellProcess, ...]) -> Iterator[Listener]:
    """Sockets of the processes that take packets: UDP ones, and TCP ones that listen."""
    owners: dict[str, str] = {}
    for process in processes:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    match = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
                    if match:
                        owners[match[1]] = f"{process.name} ({process.pid})"
    # Fast DDS sends from sockets with a port of the kernel's choice and never reads them; the ports that it
    # listens on are fixed by the domain and lie below.
    sends = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    for protocol in ("udp", "udp6", "tcp", "tcp6"):
        table = Path("/proc/net") / protocol
        if not table.exists():
            continue
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            address, _, port_digits = fields[1].partition(":")
            port, owner = int(port_digits, 16), owners.get(fields[9])
            listens = port < sends if protocol.startswith("udp") else fields[3] == "0A"
            if listens and owner is not None:
                yield Listener(protocol, _address(address), port, owner)


def _address(hexadecimal: str) -> str:
    """The kernel prints an address as words of the machine's byte order."""
    words = [bytes.fromhex(hexadecimal[i : i + 8])[::-1] for i in range(0, len(hexadecimal), 8)]
    packed = b"".join(words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
