"""The computer, what is installed on it, and the variables of this shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lab_core.errors import ConfigurationError
from lab_doctor.finding import Finding
from lab_doctor.snapshot import Environment, Machine, Snapshot
from lab_node.domain import domain_from

MIB = 1 << 20
DISK = 2048 * MIB
MEMORY = 1500 * MIB
# A running cell takes some 70 MiB, each node that is started by hand beside it 20.
SHARED_MEMORY, SHARED_MEMORY_FREE = 256 * MIB, 64 * MIB
# An RGB-D pair at 640×480 and as much again: a smaller segment drops images.
SEGMENT = 4 * MIB
# Fast DDS over the network sends an image as fragments; the kernel's default buffer holds a tenth of one.
RECEIVE_BUFFER = 2 * MIB
LOAD = 3.0
DOMAINS = range(102)
DISTRIBUTIONS = ("jazzy", "lyrical")
PRODUCED = date(2026, 1, 1)
RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")
LOOPBACK = re.compile(r"(127\.|::1$|::ffff:127\.)")


def check_machine(snapshot: Snapshot) -> Iterator[Finding]:
    """Disk, memory, clock, packages, leftovers, open doors."""
    machine = snapshot.machine
    yield from _resources(machine, snapshot)
    yield from _clock(machine, snapshot)
    yield from _packages(machine)
    yield from _leftovers(machine)
    for listener in machine.listeners:
        if not LOOPBACK.match(listener.address) and not _network_wanted(snapshot.environment):
            yield Finding(
                "open-port",
                f"{listener.process} listens on {listener.protocol} {listener.address}:{listener.port},"
                " which other machines can reach",
                "use the stack's profile (unset FASTRTPS_DEFAULT_PROFILES_FILE), or see docs/security.md",
            )


def _resources(machine: Machine, snapshot: Snapshot) -> Iterator[Finding]:
    if machine.disk_free < DISK:
        yield Finding(
            "disk",
            f"{machine.disk_free // MIB} MiB of disk are free, a run's record may need {DISK // MIB}",
            "delete old folders in runs/ or free the disk otherwise",
        )
    if machine.shared_memory < SHARED_MEMORY:
        yield Finding(
            "shared-memory",
            f"/dev/shm has {machine.shared_memory // MIB} MiB, images between nodes need"
            f" {SHARED_MEMORY // MIB}",
            "mount -o remount,size=1g /dev/shm, or start the container with --shm-size=1g",
        )
    elif machine.shared_memory_free < SHARED_MEMORY_FREE:
        yield Finding(
            "shared-memory-free",
            f"{machine.shared_memory_free // MIB} MiB of /dev/shm are free, expected"
            f" {SHARED_MEMORY_FREE // MIB}",
            "end what fills it; when no ROS process runs, rm /dev/shm/fastrtps_*",
        )
    if machine.memory_available < MEMORY and snapshot.graph is None:
        yield Finding(
            "memory",
            f"{machine.memory_available // MIB} MiB of memory are available, a cell needs {MEMORY // MIB}",
            "end other programs",
        )
    small = machine.receive_buffer is not None and machine.receive_buffer < RECEIVE_BUFFER
    if small and _network_wanted(snapshot.environment):
        yield Finding(
            "receive-buffer",
            f"net.core.rmem_max is {machine.receive_buffer}: images from another machine get lost",
            f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER}",
        )
    if machine.load_per_core > LOAD:
        yield Finding(
            "load",
            f"{machine.load_per_core:.1f} processes wait for each core",
            "end other programs: images and watchdogs will be late",
        )


def _clock(machine: Machine, snapshot: Snapshot) -> Iterator[Finding]:
    if machine.now < PRODUCED:
        yield Finding(
            "clock", f"this machine thinks it is {machine.now}", "set the clock: timedatectl set-ntp true"
        )
    elif machine.clock_synchronised is False and snapshot.real and _network_wanted(snapshot.environment):
        yield Finding(
            "clock-synchronised",
            "the clock of this machine follows no other, and stamps of several machines are compared",
            "timedatectl set-ntp true, or run chrony against one machine of the cell",
        )


def _packages(machine: Machine) -> Iterator[Finding]:
    if machine.packages_missing:
        yield Finding(
            "packages",
            f"not in this environment: {', '.join(machine.packages_missing)}",
            "run ./lab setup, or build with colcon and source install/setup.bash",
        )
    for name, wanted in sorted(machine.pinned.items()):
        found = machine.installed.get(name)
        if found is not None and found != wanted:
            yield Finding(
                "versions",
                f"{name} is {found}, the stack was tested with {wanted}",
                "run ./lab setup in a shell without other Python environments on PYTHONPATH",
            )


def _leftovers(machine: Machine) -> Iterator[Finding]:
    orphans = [process for process in machine.processes if process.orphan]
    if orphans:
        named = ", ".join(f"{process.name} ({process.pid})" for process in orphans)
        yield Finding(
            "leftover-processes",
            f"left over from a run that has ended, in domain {orphans[0].domain}: {named}",
            f"kill {' '.join(str(process.pid) for process in orphans)}",
        )
    if machine.stale_segments:
        yield Finding(
            "leftover-memory",
            f"{len(machine.stale_segments)} segments of shared memory belong to no process any more",
            "rm " + " ".join(f"/dev/shm/{name}" for name in machine.stale_segments),
        )


def check_environment(snapshot: Snapshot) -> Iterator[Finding]:
    """Variables of this shell, and the transport that they choose."""
    environment, machine = snapshot.environment, snapshot.machine
    variables = environment.variables
    yield from _distribution(environment, machine)
    yield from _discovery(snapshot)
    yield from _transport(snapshot)
    if variables.get("ROS_SECURITY_ENABLE", "").lower() == "true":
        if environment.keystore:
            yield Finding(
                "keystore", environment.keystore, "python -m lab_security KEYSTORE, see docs/security.md"
            )
        if environment.security_plugins is False:
            yield Finding(
                "security-plugins",
                "ROS_SECURITY_ENABLE is true, and this Fast DDS was built without its security plug-ins",
                "use a full ROS 2 installation, or unset ROS_SECURITY_ENABLE",
            )
        if variables.get("ROS_SECURITY_STRATEGY") != "Enforce":
            yield Finding(
                "security-strategy",
                "DDS security is on but not enforced: a node without keys runs all the same",
                "export ROS_SECURITY_STRATEGY=Enforce",
            )


def _distribution(environment: Environment, machine: Machine) -> Iterator[Finding]:
    variables = environment.variables
    name = variables.get("ROS_DISTRO")
    if name not in DISTRIBUTIONS:
        yield Finding(
            "distribution",
            f"ROS_DISTRO is {name or 'not set'}, expected {' or '.join(DISTRIBUTIONS)}",
            "source the setup.bash of a supported ROS 2, or use ./lab",
        )
    others = re.findall(r"/opt/ros/([a-z]+)", variables.get("AMENT_PREFIX_PATH", ""))
    mixed = sorted({other for other in others if other != name})
    if mixed:
        yield Finding(
            "mixed-distributions",
            f"AMENT_PREFIX_PATH holds {', '.join(mixed)} besides {name}",
            "start from a fresh shell and source one distribution",
        )
    rmw = variables.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    if rmw not in machine.middlewares:
        yield Finding(
            "middleware",
            f"RMW_IMPLEMENTATION is {rmw}, installed are {', '.join(machine.middlewares) or 'none'}",
            "unset RMW_IMPLEMENTATION, or install that middleware",
        )
    raw = variables.get("ROS_DOMAIN_ID", "")
    try:
        usable = domain_from(raw) in DOMAINS
    except ConfigurationError:
        usable = False
    if not usable:
        yield Finding("domain", f"ROS_DOMAIN_ID is {raw[:40]!r}, expected 0 to 101", "export ROS_DOMAIN_ID=0")


def _discovery(snapshot: Snapshot) -> Iterator[Finding]:
    environment = snapshot.environment
    variables = environment.variables
    reach = variables.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    if reach not in RANGES:
        yield Finding(
            "discovery-range",
            f"ROS_AUTOMATIC_DISCOVERY_RANGE is {reach!r}, expected one of {', '.join(RANGES)}",
            "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST",
        )
    elif reach == "OFF":
        yield Finding(
            "discovery-off",
            "ROS_AUTOMATIC_DISCOVERY_RANGE is OFF: no node finds another",
            "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST",
        )
    elif reach != "LOCALHOST" and not _network_wanted(environment):
        yield Finding(
            "discovery-open",
            f"discovery range is {reach} while the transport stays on this machine",
            "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, or open both as docs/security.md says",
        )
    if "ROS_LOCALHOST_ONLY" in variables:
        yield Finding(
            "localhost-only",
            "ROS_LOCALHOST_ONLY is set; it overrides ROS_AUTOMATIC_DISCOVERY_RANGE and is deprecated",
            "unset ROS_LOCALHOST_ONLY",
        )
    peers = [peer for peer in variables.get("ROS_STATIC_PEERS", "").split(";") if peer]
    remote = [peer for peer in peers if not LOOPBACK.match(peer) and peer != "localhost"]
    if remote and not _network_wanted(environment):
        yield Finding(
            "static-peers",
            f"ROS_STATIC_PEERS names {', '.join(remote)}, which the transport cannot reach",
            "unset ROS_STATIC_PEERS, or open the transport as docs/security.md says",
        )
    elsewhere = sorted({process.domain for process in snapshot.machine.processes if not process.orphan})
    if snapshot.graph is None and elsewhere and environment.domain not in elsewhere:
        yield Finding(
            "other-domain",
            f"a cell runs in domain {', '.join(map(str, elsewhere))}, this shell looks into"
            f" {environment.domain}",
            f"export ROS_DOMAIN_ID={elsewhere[0]}, or lab doctor --domain {elsewhere[0]}",
        )


def _transport(snapshot: Snapshot) -> Iterator[Finding]:
    environment = snapshot.environment
    if environment.variables.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp") != "rmw_fastrtps_cpp":
        return
    profile = environment.profile
    fix = "unset FASTRTPS_DEFAULT_PROFILES_FILE and FASTDDS_DEFAULT_PROFILES_FILE and start through ./lab"
    if profile is None:
        yield Finding(
            "transport-profile",
            "no Fast DDS profile is set: the default shared memory loses more than half of the images",
            "export FASTRTPS_DEFAULT_PROFILES_FILE=<workspace>/environment/fastdds.xml",
        )
    elif profile.error:
        yield Finding("transport-profile", f"{profile.path}: {profile.error}", fix)
    elif profile.segment_size is None or profile.segment_size < SEGMENT:
        size = "none" if profile.segment_size is None else f"{profile.segment_size // 1024} KiB"
        yield Finding(
            "transport-segment",
            f"{profile.path} gives shared memory segments of {size}: images get lost",
            fix,
        )
    if environment.variables.get("FASTDDS_BUILTIN_TRANSPORTS"):
        yield Finding(
            "builtin-transports",
            "FASTDDS_BUILTIN_TRANSPORTS is set and competes with the profile",
            "unset FASTDDS_BUILTIN_TRANSPORTS",
        )


def _network_wanted(environment: Environment) -> bool:
    """Whether a setting says that other machines belong to the cell: the transport is open to them."""
    profile = environment.profile
    closed = profile is not None and bool(profile.interfaces)
    return not closed and environment.variables.get("ROS_AUTOMATIC_DISCOVERY_RANGE") == "SUBNET"
