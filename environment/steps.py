"""The set-up, step by step. Each leaves its digest behind, so that an interrupted set-up resumes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from environment import machine, variables, wheels, workspace
from environment.console import Console
from environment.distribution import Distribution, choose_underlay, find_distribution

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one workspace."""

    root: Path = ROOT

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def lock(self) -> Path:
        return self.root / "environment" / "requirements.lock"

    @property
    def state(self) -> Path:
        return self.root / ".lab" / "state.json"

    @property
    def environment(self) -> Path:
        return self.root / ".lab" / "environment.json"

    @property
    def log(self) -> Path:
        return self.root / ".lab" / "setup.log"


@dataclass(slots=True)
class State:
    """Which steps are done, as digests of what they were done with. Written after every step.

    environment: digest of the finished virtual environment, empty while there is none.
    packages: digest of each package as it was built last.
    settings: environment variables as they were saved last.
    """

    path: Path
    environment: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> State:
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return cls(path, str(stored["environment"]), dict(stored["packages"]), dict(stored["settings"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(path)

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        stored = {"environment": self.environment, "packages": self.packages, "settings": self.settings}
        temporary.write_text(json.dumps(stored, indent=1), encoding="utf-8")
        temporary.replace(self.path)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is still to do."""

    distribution: Distribution
    environment: str
    packages: dict[str, workspace.Package]
    digests: dict[str, str]
    changed: list[str]
    complete: bool

    @property
    def done(self) -> bool:
        return self.complete and not self.changed


def make_plan(places: Places, state: State) -> Plan:
    """Compares the workspace with what was done last. Reads files only; takes some hundredths of a second."""
    distribution = find_distribution(os.environ, places.root, places.venv)
    environment = _environment_digest(places, distribution)
    done = state.environment == environment and places.python.exists()
    underlay = workspace.find_packages(places.root / "underlay")
    # Before the wheels are there they have nothing, so everything is chosen: the plan is made again then.
    chosen = choose_underlay(underlay, distribution)
    packages = workspace.find_packages(places.root / "src") | {name: underlay[name] for name in chosen}
    digests = workspace.digests(packages, places.root, environment)
    changed = sorted(
        name
        for name, digest in digests.items()
        if not done or state.packages.get(name) != digest or not (places.root / "install" / name).is_dir()
    )
    nothing_gone = state.packages.keys() <= packages.keys()
    saved = places.environment.exists() and state.settings == _settings(places, distribution)
    complete = done and nothing_gone and saved
    return Plan(distribution, environment, packages, digests, changed, complete)


def prepare(places: Places | None = None) -> bool:
    """Makes or completes the environment; returns False when there was nothing to do.

    Raises SetupError with one sentence when a step fails.
    """
    places = places or Places()
    machine.check_platform()
    if make_plan(places, State.read(places.state)).done:
        return False
    console = Console(places.log)
    with _alone(places, console), _interrupted_in_words(console):
        state = State.read(places.state)
        plan = make_plan(places, state)
        if plan.done:
            return False
        console.say(f"Setting up in {places.root} (log: {places.log.relative_to(places.root)})")
        with console.step("System packages"):
            machine.require_system_packages(console)
        fresh = state.environment != plan.environment or not places.python.exists()
        if fresh:
            _make_environment(places, plan, state, console)
            plan = make_plan(places, state)
        _build(places, plan, state, console)
        if fresh:
            _compile_inner_loops(places, console)
    return True


def _make_environment(places: Places, plan: Plan, state: State, console: Console) -> None:
    distribution = plan.distribution
    where = plan.environment.partition(":")[0]
    kept = state.environment.partition(":")[0] == where and places.python.exists()
    state.environment = ""
    state.packages = {}
    state.write()
    if not kept:
        with console.step(f"Python environment ({'system' if distribution.sourced else 'wheels'})"):
            # What was compiled for another interpreter would crash in this one.
            workspace.clear(places.root)
            wheels.create(places.venv, distribution, console)
            state.environment = f"{where}:unfinished"
            state.write()
    with console.step("Python packages"):
        wheels.install(places.venv, places.lock, distribution, console)
    if not distribution.sourced:
        with console.step("CMake files of the wheels"):
            wheels.correct_cmake_files(places.venv)
    state.environment = plan.environment
    state.write()


def _build(places: Places, plan: Plan, state: State, console: Console) -> None:
    distribution = plan.distribution
    libraries = [] if distribution.sourced else wheels.library_folders(places.venv)
    prefixes = [] if distribution.sourced else [places.venv]
    packages = wheels.site_packages(places.venv) if distribution.sourced else []
    base = variables.build_variables(places.venv, prefixes, libraries, packages)
    settings = _settings(places, distribution)
    workspace.remove_stale(plan.packages, places.root)
    try:
        if plan.changed:
            with console.step(f"Building {len(plan.changed)} packages"):
                workspace.build(
                    plan.packages,
                    plan.changed,
                    root=places.root,
                    venv=places.venv,
                    environment=_build_environment(base, settings, places, distribution),
                    console=console,
                )
    finally:
        built = workspace.built_packages(plan.changed, places.root)
        state.packages = {name: digest for name, digest in state.packages.items() if name in plan.packages}
        state.packages |= {name: plan.digests[name] for name in built}
        setup_script = places.root / "install" / "setup.bash"
        if setup_script.exists():
            entries = variables.workspace_variables(setup_script, base)
            variables.save(places.environment, places.venv, entries, settings)
            state.settings = settings
        state.write()


def _compile_inner_loops(places: Places, console: Console) -> None:
    """Once, so that the first start is as fast as all others; what changes later is compiled when it runs."""
    with console.step("Compiling inner loops"):
        console.run(
            [places.python, "-P", "-m", "lab_bringup.warm_up"],
            environment=variables.load(places.environment, variables.clean_environment()),
            fix="The inner loops cannot be compiled: see the log",
        )


def _settings(places: Places, distribution: Distribution) -> dict[str, str]:
    ours = variables.SETTINGS | {variables.WORKSPACE: str(places.root)}
    return ours if distribution.sourced else ours | variables.WHEEL_SETTINGS


def _build_environment(
    base: dict[str, list[str]], settings: dict[str, str], places: Places, distribution: Distribution
) -> dict[str, str]:
    caller = variables.clean_environment(keep_python_path=distribution.sourced)
    environment = caller | settings | {"VIRTUAL_ENV": str(places.venv)}
    for name, entries in base.items():
        environment[name] = ":".join(entry for entry in (*entries, caller.get(name, "")) if entry)
    return environment


def _environment_digest(places: Places, distribution: Distribution) -> str:
    """`<where and on what>:<with what in it>`: the first part changed means a new virtual environment."""
    prefixes = [str(prefix) for prefix in distribution.prefixes]
    where = json.dumps([str(places.root), sys.version_info[:2], sys.base_prefix, prefixes])
    content = places.lock.read_bytes() + str(wheels.RECIPE).encode()
    return f"{hashlib.sha256(where.encode()).hexdigest()}:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def _interrupted_in_words(console: Console) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        console.say("lab: interrupted; the same command continues where this one stopped.")
        raise


@contextmanager
def _alone(places: Places, console: Console) -> Iterator[None]:
    """Lets one set-up at a time work in this folder."""
    places.state.parent.mkdir(parents=True, exist_ok=True)
    with (places.state.parent / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say("Another set-up is at work here; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
