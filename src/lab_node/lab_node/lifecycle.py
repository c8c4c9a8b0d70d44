"""Base of all nodes: a managed node (lifecycle) that configures from typed parameters or says why not."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, ClassVar

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from lab_node.errors import LabError
from lab_node.parameters import declare_parameters


class LabNode(LifecycleNode):
    """Subclasses say their `Parameters` dataclass and fill in configure, activate, deactivate and cleanup.

    Each of the four may raise a LabError: it is logged as one sentence and the transition fails. What
    configure creates (publishers, subscriptions, timers, services, clients, actions) is destroyed at cleanup.
    """

    Parameters: ClassVar[type[Any]]

    def __init__(self, name: str, **arguments: Any) -> None:
        super().__init__(name, automatically_declare_parameters_from_overrides=True, **arguments)
        self.parameters: Any = None
        self._own: list[Any] = self._entities()

    def configure(self) -> None:
        """Make everything from self.parameters."""

    def activate(self) -> None:
        """Start to work."""

    def deactivate(self) -> None:
        """Stop to work; everything stays."""

    def cleanup(self) -> None:
        """Let go of what is not an entity of this node."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: read the parameters, then configure."""

        def transition() -> None:
            self._own = self._entities()
            self.parameters = declare_parameters(self, self.Parameters)
            self.configure()

        result = self._try("configure", transition)
        if result != TransitionCallbackReturn.SUCCESS:
            self._destroy_entities()
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: start to work."""
        return self._try("activate", self.activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: stop to work."""
        return self._try("deactivate", self.deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: let go of everything that configure made."""
        result = self._try("cleanup", self.cleanup)
        self._destroy_entities()
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: stop and let go."""
        if state.label == "active":
            self._try("deactivate", self.deactivate)
        if state.label in ("active", "inactive"):
            self._try("cleanup", self.cleanup)
        return TransitionCallbackReturn.SUCCESS

    def end(self) -> None:
        """Stop and let go before the process ends, whatever the state."""
        with contextlib.suppress(Exception):
            self.trigger_shutdown()

    def _try(self, name: str, transition: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            transition()
        except LabError as error:
            self.get_logger().error(f"cannot {name}: {error}")
            return TransitionCallbackReturn.FAILURE
        except Exception:  # a defect of ours; rclpy would swallow it without a word
            self.get_logger().error(f"cannot {name}: {traceback.format_exc()}")
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    def _entities(self) -> list[Any]:
        kinds = (
            self.publishers,
            self.subscriptions,
            self.timers,
            self.services,
            self.clients,
            self.waitables,
        )
        return [entity for kind in kinds for entity in kind]

    def _destroy_entities(self) -> None:
        known = {id(entity) for entity in self._own}
        for waitable in [w for w in self.waitables if id(w) not in known]:
            waitable.destroy()
        for kind, destroy in (
            (self.publishers, self.destroy_publisher),
            (self.subscriptions, self.destroy_subscription),
            (self.timers, self.destroy_timer),
            (self.services, self.destroy_service),
            (self.clients, self.destroy_client),
        ):
            for entity in [e for e in kind if id(e) not in known]:
                destroy(entity)


def spin(make_node: Callable[[], LabNode]) -> None:
    """Body of a node's executable: run until SIGINT or SIGTERM, then stop and let go in order.

    One thread runs the callbacks: with rclpy's MultiThreadedExecutor the same node took two to ten times the
    processor time at 100 Hz. Long work runs in threads of its own (lab_node.actions). rclpy's own handling of
    signals would invalidate the context under the feet of the threads that still publish.
    """
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node = make_node()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    failures: list[str] = []

    def run() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            pass
        except Exception:
            failures.append(traceback.format_exc())
        stop.set()

    thread = threading.Thread(target=run, name="executor", daemon=True)
    thread.start()
    stop.wait()
    node.end()
    executor.shutdown(timeout_sec=1.0)
    thread.join(timeout=2.0)
    for failure in failures:
        node.get_logger().fatal(failure)
    node.destroy_node()
    context = rclpy.get_default_context()
    context.try_shutdown()
    context.destroy()
    # everything is let go of; to take numba, pinocchio and MuJoCo apart would take the interpreter seconds
    # more, in which launch loses its patience and kills
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).exit(1 if failures else 0)
