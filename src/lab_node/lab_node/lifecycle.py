"""Base of all nodes: a managed node (lifecycle) that configures from typed parameters or says why not."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import functools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, ClassVar, NoReturn, TypeVar

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription

from lab_core.errors import LabError
from lab_core.plugins import Made, Port
from lab_node.diagnostics import DIAGNOSTICS, diagnostics_of
from lab_node.executor import ExecutorThread
from lab_node.gate import Gated
from lab_node.health import Condition, Inputs
from lab_node.parameters import NodeParameters
from lab_node.rclpy_overrides import (
    destroy_actions,
    destroy_state_machine,
    refuse_misfits,
    run_exit_functions,
)

T = TypeVar("T")

# Wall seconds for the middleware to come apart; launch kills five seconds after its signal.
_GOODBYE = 3.0


def uncalled(message: Any) -> None:
    """Callback of a subscription that no executor takes messages from: see lab_node.collected."""


class LabNode(Gated, LifecycleNode):
    """Subclasses say their `Parameters` dataclass and fill in configure, activate, deactivate and cleanup.

    Each of the four may raise a LabError: it is logged as one sentence and the transition fails. What
    configure creates (publishers, subscriptions, timers, services, clients, actions) is destroyed at cleanup.

    Messages pass a gate before a callback sees them (lab_node.gate). Once a second the node tells on
    /diagnostics its state, rate and age of each input and what of it was refused, how its last work ended and
    what `diagnose` adds. `hardware_id` names what the node looks after; configure may set it.
    """

    Parameters: ClassVar[type[Any]]

    def __init__(self, name: str, **arguments: Any) -> None:
        self.inputs = Inputs()  # rclpy subscribes to the clock while it makes the node
        super().__init__(name, automatically_declare_parameters_from_overrides=True, **arguments)
        self.destroyed = False
        refuse_misfits(self, lambda: self._state)
        self.parameters: Any = None
        self._node_parameters = NodeParameters(self, self._take_parameters)
        self.hardware_id = name
        self._state, self._refusal, self._last_outcome = "unconfigured", "", ""
        self._told_refused: dict[str, int] = {}
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS, 10)
        # wall time: a node has to say how it is when the clock of a simulation stands
        self.create_timer(1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._own: list[Any] = self._entities()

    def configure(self) -> None:
        """Make everything from self.parameters."""

    def activate(self) -> None:
        """Start to work."""

    def deactivate(self) -> None:
        """Stop to work; everything stays."""

    def cleanup(self) -> None:
        """Let go of what is not an entity of this node."""

    def parameters_changed(self) -> None:
        """Use self.parameters, of which some that are marked live have been set. What reads a parameter each
        time it needs it has nothing to do here.
        """

    def make_plugin(self, port: Port[T], name: str, *arguments: Any) -> T:
        """The plug-in that a parameter names, with its own parameters declared on this node.

        Raises ConfigurationError, see lab_core.plugins.
        """
        given = getattr(self.parameters, "plugins", {})
        made = port.make(name, *arguments, given=given, node=self.get_name(), report=self.get_logger().info)
        self.declare_plugin(made)
        return made.plugin

    def declare_plugin(self, made: Made[Any]) -> None:
        """Declare the own parameters of a plug-in that somebody else has made for this node."""
        self._node_parameters.declare_plugin(made)

    def diagnose(self) -> Condition:
        """What this node adds to its diagnostics; asked once a second while it is configured."""
        return Condition()

    def note_outcome(self, work: str, outcome: str) -> None:
        """How the node's last work ended, for the diagnostics."""
        self._last_outcome = f"{work}: {outcome}"

    def create_subscription(
        self, msg_type: Any, topic: str, callback: Callable[..., None], *arguments: Any, **keywords: Any
    ) -> Subscription:
        """As of every node; the messages are counted for the diagnostics."""
        named = self.resolve_topic_name(topic)
        if topic != "/clock":
            self.inputs.expect(named)
        if topic != "/clock" and callback is not uncalled:
            clock, note, uncounted = self.get_clock(), self.inputs.note, callback

            @functools.wraps(uncounted)
            def callback(*message: Any) -> None:
                note(named, clock.now().nanoseconds)
                uncounted(*message)

        return super().create_subscription(msg_type, topic, callback, *arguments, **keywords)

    def _gated(self, msg_type: Any, topic: str, callback: Callable[..., None]) -> Callable[..., None]:
        return callback if callback is uncalled else super()._gated(msg_type, topic, callback)

    @property
    def subscriptions(self) -> Iterator[Subscription]:
        """Those that an executor takes messages from."""
        return (each for each in super().subscriptions if each.callback is not uncalled)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: read the parameters, then configure."""

        def transition() -> None:
            self._own = self._entities()
            self.parameters = self._node_parameters.declare(self.Parameters)
            self.configure()

        result = self._try("configure", transition, "inactive")
        self._node_parameters.held = result == TransitionCallbackReturn.SUCCESS
        if not self._node_parameters.held:
            self._destroy_entities()
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: start to work."""
        return self._try("activate", self.activate, "active")

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: stop to work."""
        return self._try("deactivate", self.deactivate, "inactive")

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: let go of everything that configure made."""
        result = self._try("cleanup", self.cleanup, "unconfigured")
        if result != TransitionCallbackReturn.FAILURE:  # then it stays what it is, and needs all of them
            self._node_parameters.held = False
            self._destroy_entities()
        return result

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lifecycle: stop and let go."""
        if state.label == "active":
            self._try("deactivate", self.deactivate, "inactive")
        if state.label in ("active", "inactive"):
            self._try("cleanup", self.cleanup, "finalized")
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """As of every node, its state machine and its actions included. `destroyed` says so to other threads.

        rclpy leaves that to the garbage collector, and with it the middleware's participant; while others are
        discovered at that moment Fast DDS can wait for itself for ever.
        """
        self.destroyed = True
        super().destroy_node()
        destroy_actions(self)
        destroy_state_machine(self)

    def end(self) -> None:
        """Stop and let go before the process ends, whatever the state."""
        with contextlib.suppress(Exception):
            self.trigger_shutdown()

    def _take_parameters(self, parameters: Any) -> None:
        self.parameters = parameters
        try:
            self.parameters_changed()
        except Exception:  # a defect of ours; the set was answered with yes, and rclpy would end the node
            self.get_logger().error(f"cannot use the new parameters: {traceback.format_exc()}")

    def _try(self, name: str, transition: Callable[[], None], then: str) -> TransitionCallbackReturn:
        """Carry a transition out; `then` is the state that it leads to."""
        try:
            transition()
        except LabError as error:
            self._refusal = f"cannot {name}: {error}"
            self.get_logger().error(self._refusal)
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # a defect of ours; rclpy would swallow it without a word
            if self.destroyed:  # under the transition, since the process ends
                return TransitionCallbackReturn.ERROR
            self._node_parameters.held = False
            self._refusal = f"cannot {name}: {type(error).__name__}: {error}"
            self.get_logger().error(f"cannot {name}: {traceback.format_exc()}")
            return TransitionCallbackReturn.ERROR
        self._state, self._refusal = then, ""
        if name == "configure":
            return_freed_memory()
        return TransitionCallbackReturn.SUCCESS

    def _publish_diagnostics(self) -> None:
        configured = self._state in ("inactive", "active")
        condition = self.diagnose() if configured else Condition()
        refused = self.refusals.all()
        new = [topic for topic, each in refused.items() if each.count > self._told_refused.get(topic, 0)]
        self._told_refused = {topic: each.count for topic, each in refused.items()}
        if self._refusal:
            level, message = DiagnosticStatus.ERROR, self._refusal
        elif self._state != "active":
            level, message = DiagnosticStatus.WARN, self._state
        else:
            troubles = [condition.trouble] if condition.trouble else []
            troubles += [f"refuses messages on {topic}: {refused[topic].why}" for topic in new]
            level = DiagnosticStatus.WARN if troubles else DiagnosticStatus.OK
            message = "; ".join(troubles) or "active"
        values = {"state": self._state, "last outcome": self._last_outcome or "none yet"}
        for report in self.inputs.report(self.get_clock().now().nanoseconds):
            age = "never came" if report.age is None else f"{report.age:.2f} s ago"
            values[report.topic] = f"{report.rate:.1f} Hz, {age}"
        values |= {f"refused on {topic}": f"{each.count}, {each.why}" for topic, each in refused.items()}
        values |= condition.values
        self._diagnostics.publish(diagnostics_of(self, level, message, self.hardware_id, values))

    def _entities(self) -> list[Any]:
        kinds = (
            self.publishers,
            super().subscriptions,
            self.timers,
            self.services,
            self.clients,
            self.waitables,
        )
        return [entity for kind in kinds for entity in kind]

    def _destroy_entities(self) -> None:
        self.inputs.forget()
        known = {id(entity) for entity in self._own}
        for waitable in [w for w in self.waitables if id(w) not in known]:
            waitable.destroy()
        for kind, destroy in (
            (self.publishers, self.destroy_publisher),
            (super().subscriptions, self.destroy_subscription),
            (self.timers, self.destroy_timer),
            (self.services, self.destroy_service),
            (self.clients, self.destroy_client),
        ):
            for entity in [e for e in kind if id(e) not in known]:
                destroy(entity)


def spin(make_node: Callable[[], LabNode], coroutines: bool = False) -> None:
    """Body of a node's executable: run until SIGINT, SIGTERM or SIGHUP, then stop and let go in order.

    coroutines: its callbacks may be coroutines. rclpy's own handling of signals would invalidate the context
    under the feet of the threads that still publish.
    """
    _keep_freed_memory()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    on_end_signals(stop.set)
    node = make_node()
    executor = ExecutorThread(node, failed=stop.set, coroutines=coroutines)
    stop.wait()
    node.end()
    leave(node, executor)


def leave(node: Node, executor: ExecutorThread, code: int = 0) -> NoReturn:
    """Take node and middleware apart and end the process with this exit code; 1 when a callback has failed.

    Nothing moves any more, and everything is written.
    """
    if executor.failure:
        node.get_logger().fatal(executor.failure)
        code = 1
    with goodbye(code):
        executor.close()
        node.destroy_node()
        context = rclpy.get_default_context()
        context.try_shutdown()
        context.destroy()  # lets go of what DDS shares with other processes
        run_exit_functions()
        # Everything is let go of. To take numba, pinocchio and MuJoCo apart would take the interpreter
        # seconds more, in which launch loses its patience and kills; and threads that still work in a
        # library, as the one that configures the node in LLVM, abort when exit() destroys its objects.
        sys.stdout.flush()
        sys.stderr.flush()
        ctypes.CDLL(None).fflush(None)
        os._exit(code)


@contextlib.contextmanager
def goodbye(code: int) -> Iterator[None]:
    """In here the middleware comes apart; where it hangs, the process ends with this exit code.

    It has hung while all other nodes ended too, once with the interpreter's lock in its hands: then no thread
    of Python helps, and the code is 1.
    """
    faulthandler.dump_traceback_later(2.0 * _GOODBYE, exit=True, file=2)
    impatience = threading.Timer(_GOODBYE, _leave, (code,))
    impatience.daemon = True
    impatience.start()
    try:
        yield
    finally:
        impatience.cancel()
        faulthandler.cancel_dump_traceback_later()


def on_end_signals(end: Callable[[], Any]) -> None:
    """Call `end`, in a thread of its own, when this process is told to end: by Ctrl-C, by SIGTERM, by the
    terminal that is closed.

    Python runs the handler in the main thread, whatever that holds: an Event that it is about to wait for
    could not be set there. Of all that wakes a thread only a SimpleQueue may be used in it.
    """
    told: SimpleQueue[int] = SimpleQueue()

    def listen() -> None:
        while True:
            told.get()
            end()

    threading.Thread(target=listen, name="end signals", daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: told.put(number))
    # blocked by who started it while it loaded, see lab_bringup.interrupts
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _leave(code: int) -> None:
    """End the process at once: it has nothing left to do but to take the middleware apart."""
    sys.stderr.write(f"the middleware did not come apart within {_GOODBYE:.0f} s: left as it is\n")
    faulthandler.dump_traceback()
    sys.stderr.flush()
    os._exit(code)


def _keep_freed_memory() -> None:
    """Let the allocator use the memory of one image for the next.

    glibc gives blocks of that size back to the kernel, which clears every page anew: more than half of what
    it costs a node to receive an image.
    """
    libc = ctypes.CDLL(None)
    m_trim_threshold, m_mmap_threshold = -1, -3  # names of malloc.h
    libc.mallopt(m_mmap_threshold, 32 << 20)
    libc.mallopt(m_trim_threshold, 128 << 20)


def return_freed_memory() -> None:
    """Give the kernel what was needed for a moment: of configuring 5 to 40 MB of a node.

    Not for what is done in a hurry: each megabyte costs 0.5 ms when it is needed again.
    """
    ctypes.CDLL(None).malloc_trim(0)
