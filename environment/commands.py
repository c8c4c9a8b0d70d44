"""The sub-commands of `lab`: understand the words, see to the environment, become the program."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from environment import variables
from environment.console import SetupError
from environment.run_program import INTERRUPTED, end_at_interrupt, raise_at_interrupt, raise_swallowed
from environment.steps import Places, prepare

WRONG_USAGE = 2
USAGE = """\
usage: lab COMMAND ...

  lab demo [--robot NAME | --cell NAME] [--scene scattered|packed|pile|flat] [--parts N] [--meshes DIR]
           [--seed S] [--speed X] [--out DIR] [--namespace NAME] [--order FILE|TEXT]
           [arg:=value ...]
                                      a simulated arm clears a table of parts it has never seen
  lab test [PATH ...] [pytest arguments]
                                      run the tests, all of them by default
  lab launch FILE [arg:=value ...] [--show-args]
  lab launch PACKAGE FILE [arg:=value ...] [--show-args]
                                      run a launch file, by path or from a package
  lab topic list|echo|hz|info|pub ... look at topics and publish, as `ros2 topic` does
  lab call SERVICE TYPE [YAML]        call a service, as `ros2 service call` does
  lab action list|send_goal ...       send a goal, as `ros2 action` does; Ctrl-C cancels it
  lab order FILE|TEXT [--yes] [--dry-run] [--cell NAME] [--namespace NAME]
                                      read an order back, and let the running cell carry it out
  lab console [--cell NAME] [--port N] [--people FILE] [--host IP --certificate PEM --private-key PEM]
              [--language en|zh_hk] [--namespace NAME]
                                      the operator's console of a running cell, in a browser
  lab people FILE [NAME --role operator|engineer | NAME --remove]
                                      who may log in to the console
  lab watch [--namespace NAME]        look at a running cell in the terminal, stop and reset it by a key
  lab doctor [CELL] [--real] [--domain N] [--namespace NAME] [--json FILE]
                                      say what is wrong with machine, configuration and running cell
  lab replay CASE [--json FILE]
                                      run a failed pick again: what would differ today
  lab new KIND NAME [FOLDER]          make a package of your own that extends the cell; docs/extend.md
  lab calibrate board|camera|hand_eye|check ...
                                      where the camera stands, and how wrong that is; each has --help
  lab collision_matrix CELL ...       store which pairs of a cell's links need no check for collision
  lab bench NAME [--out FILE.json] [more arguments]
                                      measure, print a table, write JSON
  lab setup                           only make the environment and build the workspace

Every command sets up what it needs first; that takes some minutes the first time and nothing afterwards.
"""

Program = list[str | Path]
# Python's -P: no module comes from the folder that the user stands in, nor from a script's own.
SAFE = "-P"


class WrongUsage(Exception):
    """The command line cannot be carried out. The text is one sentence."""


def run(words: Sequence[str]) -> int:
    """Carries out one command line; returns the exit code when no program took over."""
    open_missing_streams()
    if words and words[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    places = Places()
    try:
        raise_at_interrupt()
        program = _program(words, places)
        worked = prepare(places)
        if not program:
            activate = os.path.relpath(places.environment.parent / "activate")
            print(f"Ready. For a shell of your own: source {activate}" if worked else "Nothing to do.")
            return 0
        become(program, places)
    except WrongUsage as error:
        print(f"lab: {error} (see `lab --help`)", file=sys.stderr)
        return WRONG_USAGE
    except SetupError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    finally:
        end_at_interrupt()


def become(program: Program, places: Places) -> NoReturn:
    """Replaces this process by the program: signals and exit codes are the program's own.

    A Ctrl-C waits until the program is ready for it: a Python that only starts would answer with a traceback.
    """
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    raise_swallowed()
    os.execve(program[0], [str(word) for word in program], variables.load(places.environment, os.environ))


def open_missing_streams() -> None:
    """The next file that somebody opens would get the number of a stream that was closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(nowhere, nowhere == number)
            setattr(sys, name, os.fdopen(nowhere, "w" if number else "r", encoding="utf-8"))


def _program(words: Sequence[str], places: Places) -> Program:
    """The program for a command line, empty when setting up is all there is to do."""
    if not words:
        raise WrongUsage("name a command: " + ", ".join(COMMANDS))
    command, *rest = words
    if command not in COMMANDS:
        raise WrongUsage(f"there is no command `{command}`; there are: {', '.join(COMMANDS)}")
    return COMMANDS[command](places, rest)


def _run(places: Places, program: str | Path, rest: list[str]) -> Program:
    """A module or file of ours as a program."""
    return [places.python, SAFE, places.root / "environment" / "run_program.py", program, *rest]


def _setup(places: Places, rest: list[str]) -> Program:
    if rest:
        raise WrongUsage(f"setup takes no arguments, so `{rest[0]}` cannot be meant for it")
    return []


def _demo(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.demo", rest)


def _order(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.order", rest)


def _console(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_operator.console", rest)


def _people(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_operator.people", rest)


def _watch(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.watch", rest)


def _topic(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.ros.topic", rest)


def _call(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.ros.call", rest)


def _action(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_console.ros.action", rest)


def _doctor(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_doctor", rest)


def _replay(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_recorder", rest)


def _new(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_templates", rest)


def _calibrate(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_calibration", rest)


def _collision_matrix(places: Places, rest: list[str]) -> Program:
    return _run(places, "lab_description.collision_matrix", rest)


def _test(places: Places, rest: list[str]) -> Program:
    return [places.python, SAFE, places.root / "environment" / "run_tests.py", *rest]


def _bench(places: Places, rest: list[str]) -> Program:
    folder = places.root / "benchmarks"
    names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    known = ", ".join(names) or "none yet"
    if not rest:
        raise WrongUsage(f"bench needs the name of a benchmark; there are: {known}")
    name, *arguments = rest
    script = folder / f"{name}.py"
    if not _is_file(script):
        raise WrongUsage(f"there is no benchmark `{name}`; there are: {known}")
    return _run(places, script, arguments)


def _launch(places: Places, rest: list[str]) -> Program:
    named = [word for word in rest if ":=" not in word and not word.startswith("-")]
    for word in named:
        if "=" in word:
            raise WrongUsage(f"launch arguments have the form name:=value, so `{word}` is not one")
    if not named:
        raise WrongUsage("launch needs a launch file, or a package and a launch file in it")
    if len(named) == 1 and not _is_file(Path(named[0])):
        ours = places.root / "launch" / named[0]
        if not _is_file(ours):
            raise WrongUsage(f"there is no launch file `{named[0]}`, neither here nor in {ours.parent}")
        rest = [str(ours) if word == named[0] else word for word in rest]
    return _run(places, places.root / "environment" / "run_launch_file.py", rest)


def _is_file(path: Path) -> bool:
    """Also of a name that no file can have."""
    try:
        return path.is_file()
    except OSError:
        return False


COMMANDS: dict[str, Callable[[Places, list[str]], Program]] = {
    "demo": _demo,
    "test": _test,
    "launch": _launch,
    "order": _order,
    "console": _console,
    "people": _people,
    "watch": _watch,
    "topic": _topic,
    "call": _call,
    "action": _action,
    "doctor": _doctor,
    "replay": _replay,
    "new": _new,
    "calibrate": _calibrate,
    "collision_matrix": _collision_matrix,
    "bench": _bench,
    "setup": _setup,
}
