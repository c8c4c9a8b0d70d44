"""The MoveIts of this process. Each is started once, and stays until the process ends.

moveit_py opens rclcpp's one context with the first MoveItPy and closes it with every shutdown. To open it
again frees what the node behind MoveIt's loggers, a static of its library, still points at: the process
then crashes when it ends. So the context is opened once, and a cell that comes back gets the MoveIt that it
had.
"""

from __future__ import annotations

import atexit
import gc
import tempfile
from pathlib import Path
from typing import Any

# Absent where MoveIt is not installed: then this module cannot be imported, which says so.
from moveit.planning import MoveItPy
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.logging import get_logger_effective_level, set_logger_level

from lab_core.errors import ConfigurationError
from lab_motion.planning.moveit.configuration import Parameters, parameter_file
from lab_motion.planning.moveit.signal_handlers import kept_signal_handlers

# Of MoveIt's nodes and loggers. All its topics are relative: in the root it would publish its empty planning
# scene where RViz looks for move_group's.
NAMESPACE, _NODE = "/motion/moveit", "moveit_py"
_LOGGERS = "motion.moveit"

_started: dict[str, Any] = {}


def moveit_of(parameters: Parameters) -> Any:
    """The MoveItPy of this process with these parameters; started when there is none yet.

    Raises ConfigurationError when it does not start; a thread of MoveIt's then stays behind until the process
    ends.
    """
    key = parameter_file("", parameters)
    if key not in _started:
        node = f"{_NODE}_{len(_started) + 1}" if _started else _NODE
        _started[key] = _start(node, parameters)
    return _started[key]


def _start(node: str, parameters: Parameters) -> Any:
    """moveit_py would leave a parameter file of its own behind."""
    _hear(LoggingSeverity.WARN)
    with tempfile.TemporaryDirectory(prefix="lab_moveit_") as folder:
        file = Path(folder, "parameters.yaml")
        file.write_text(parameter_file(f"{NAMESPACE}/{node}", parameters), encoding="utf-8")
        try:
            with kept_signal_handlers():
                moveit = MoveItPy(
                    node_name=node,
                    launch_params_filepaths=[str(file)],
                    # For all its nodes, the one behind its loggers too: their level is set by this name.
                    remappings={"__ns": NAMESPACE},
                    provide_planning_service=False,
                )
        except RuntimeError as error:
            raise ConfigurationError(
                f"MoveIt does not start: {error}; mend what its messages above say and restart the node: to"
                " configure it again is not enough"
            ) from error
    # A way that is not found is an answer, which is told as an outcome.
    _hear(LoggingSeverity.FATAL)
    return moveit


def _hear(severity: LoggingSeverity) -> None:
    """Sets from which severity on MoveIt is heard; all of it with --log-level debug."""
    if get_logger_effective_level("") > LoggingSeverity.DEBUG:
        set_logger_level(_LOGGERS, severity)


@atexit.register
def end() -> None:
    """Ends every MoveIt; whoever still plans has let go before."""
    for moveit in _started.values():
        moveit.shutdown()
    gc.collect()
    _started.clear()
    gc.collect()
