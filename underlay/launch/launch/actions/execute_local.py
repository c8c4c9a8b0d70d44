"""A process of this computer: started, watched, respawned and ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import launch.logging

from ..action import Action
from ..conditions import evaluate_condition_expression
from ..descriptions import Executable
from ..event_handler import BaseEventHandler, EventHandler
from ..event_handlers import OnProcessExit, OnProcessIO, OnShutdown
from ..events import Shutdown, matches_action
from ..events.process import (
    ProcessExited,
    ProcessIO,
    ProcessStarted,
    ProcessStderr,
    ProcessStdout,
    ShutdownProcess,
    SignalProcess,
)
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import is_a_subclass, normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.async_process import AsyncProcess, start_process
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from .opaque_function import OpaqueFunction
from .process_output import OutputLines

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

OnExit = SomeEntitiesType | Callable[[ProcessExited, "LaunchContext"], SomeEntitiesType | None] | None

_SIGTERM_TIMEOUT = LaunchConfiguration("sigterm_timeout", default=5)
_SIGKILL_TIMEOUT = LaunchConfiguration("sigkill_timeout", default=5)


class ExecuteLocal(Action):
    """Runs a process; emits ProcessStarted, ProcessStdout, ProcessStderr and ProcessExited.

    Ends it on Shutdown and ShutdownProcess: SIGINT, after `sigterm_timeout` SIGTERM, after another
    `sigkill_timeout` SIGKILL. Ctrl-C in a terminal has sent SIGINT to the process already, so then it is not
    sent again. What the process itself had started ends with it.
    """

    def __init__(
        self,
        *,
        process_description: Executable,
        shell: bool = False,
        sigterm_timeout: SomeSubstitutionsType = _SIGTERM_TIMEOUT,
        sigkill_timeout: SomeSubstitutionsType = _SIGKILL_TIMEOUT,
        emulate_tty: bool = False,
        output: SomeSubstitutionsType | dict[str, Any] = "log",
        output_format: str = "[{this.process_description.final_name}] {line}",
        cached_output: bool = False,
        log_cmd: bool = False,
        on_exit: OnExit = None,
        respawn: bool | SomeSubstitutionsType = False,
        respawn_delay: float | None = None,
        respawn_max_retries: int = -1,
        **kwargs: Any,
    ) -> None:
        """Describe a process.

        shell: run through a shell. output: see launch.logging.get_output_loggers(); the environment variable
        OVERRIDE_LAUNCH_PROCESS_OUTPUT wins. output_format: of a line, with `line` and `this`. cached_output:
        keep all output for get_stdout() and get_stderr(). on_exit: entities, or a callable that returns them.
        respawn: start the process again whenever it ends, at most respawn_max_retries times if that is not
        negative, after respawn_delay seconds.
        """
        super().__init__(**kwargs)
        self.__process_description = process_description
        self.__shell = shell
        self.__sigterm_timeout = normalize_to_list_of_substitutions(sigterm_timeout)
        self.__sigkill_timeout = normalize_to_list_of_substitutions(sigkill_timeout)
        self.__emulate_tty = emulate_tty
        chosen = os.environ.get("OVERRIDE_LAUNCH_PROCESS_OUTPUT", output)
        self.__output: dict[str, Any] | list[Substitution] = (
            chosen if isinstance(chosen, dict) else normalize_to_list_of_substitutions(chosen)
        )
        self.__output_format = output_format
        self.__cached_output = cached_output
        self.__log_cmd = log_cmd
        self.__on_exit = on_exit
        self.__respawn = normalize_typed_substitution(respawn, bool)
        self.__respawn_delay = respawn_delay
        self.__respawn_max_retries = respawn_max_retries
        self.__respawn_retries = 0

        self.__executed = False
        self.__event_args: dict[str, Any] | None = None
        self.__process: AsyncProcess | None = None
        self.__completed_future: asyncio.Future[None] | None = None
        self.__shutdown_future: asyncio.Future[None] | None = None
        self.__sigint_wanted = True
        self.__escalation: asyncio.Task[None] | None = None
        self.__logger = launch.logging.get_logger(__name__)
        self.__stdout_logger: logging.Logger = self.__logger
        self.__stderr_logger: logging.Logger = self.__logger
        self.__stdout = OutputLines(self.__format_line, cached=cached_output)
        self.__stderr = OutputLines(self.__format_line, cached=cached_output)

    # What there is to know.

    @property
    def process_description(self) -> Executable:
        """What is run."""
        return self.__process_description

    @property
    def process_details(self) -> dict[str, Any] | None:
        """action, name, cmd, cwd, env and, once it runs, pid; None before execution."""
        return self.__event_args

    @property
    def return_code(self) -> int | None:
        """Exit status, None while it runs."""
        return None if self.__process is None else self.__process.returncode

    def get_stdout(self) -> str:
        """All standard output; RuntimeError unless cached_output is set."""
        return self.__cached("stdout", self.__stdout)

    def get_stderr(self) -> str:
        """All standard error; RuntimeError unless cached_output is set."""
        return self.__cached("stderr", self.__stderr)

    def __cached(self, what: str, lines: OutputLines) -> str:
        if not self.__cached_output:
            name = self.__process_description.final_name
            raise RuntimeError(f"cached output must be true to be able to get {what}, proc '{name}'")
        return lines.text()

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        return self.__on_exit if isinstance(self.__on_exit, list) else []

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        return self.__completed_future

    # Execution.

    def prepare(self, context: LaunchContext) -> None:
        """Perform the substitutions."""
        description = self.__process_description
        description.prepare(context, self)
        self.__event_args = {
            "action": self,
            "name": description.final_name,
            "cmd": description.final_cmd,
            "cwd": description.final_cwd,
            "env": description.final_env,
        }
        self.__respawn = perform_typed_substitution(context, self.__respawn, bool)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the process, unless the launch is ending. RuntimeError if it was executed before."""
        self.prepare(context)
        name = str(self.__process_description.final_name)
        if self.__executed:
            raise RuntimeError(f"ExecuteLocal action '{name}': executed more than once: {self.describe()}")
        self.__executed = True
        if context.is_shutdown or context.asyncio_loop is None:
            return None
        self.__logger = launch.logging.get_logger(name)
        output = (
            self.__output
            if isinstance(self.__output, dict)
            else perform_substitutions(context, self.__output)
        )
        self.__stdout_logger, self.__stderr_logger = launch.logging.get_output_loggers(name, output)
        for handler in self.__handlers():
            context.register_event_handler(handler)
        self.__completed_future = context.asyncio_loop.create_future()
        self.__shutdown_future = context.asyncio_loop.create_future()
        context._keep_task(context.asyncio_loop.create_task(self.__run(context)))
        return None

    def __handlers(self) -> list[BaseEventHandler]:
        return [
            EventHandler(
                matcher=lambda event: is_a_subclass(event, ShutdownProcess) and event.process_matcher(self),  # type: ignore[attr-defined]
                entities=OpaqueFunction(
                    function=lambda context: self._shutdown_process(context, send_sigint=True)
                ),
            ),
            EventHandler(
                matcher=lambda event: is_a_subclass(event, SignalProcess) and event.process_matcher(self),  # type: ignore[attr-defined]
                entities=OpaqueFunction(function=lambda context: self.__on_signal(context.locals.event)),
            ),
            OnProcessIO(target_action=self, on_stdout=self.__on_output, on_stderr=self.__on_output),
            OnShutdown(on_shutdown=self.__on_shutdown),
            OnProcessExit(target_action=self, on_exit=self.__on_exit),  # type: ignore[arg-type]
            OnProcessExit(target_action=self, on_exit=self.__flush),
        ]

    async def __run(self, context: LaunchContext) -> None:
        """The life of the process, all respawns included."""
        try:
            while await self.__run_once(context):
                self.__respawn_retries += 1
        finally:
            if self.__escalation is not None:
                self.__escalation.cancel()
            if self.__completed_future is not None and not self.__completed_future.done():
                self.__completed_future.set_result(None)

    async def __run_once(self, context: LaunchContext) -> bool:
        """Run the process to its end; return whether it is to be started again."""
        if self.__is_ending():
            return False
        process = await self.__start(context)
        if process is None:
            return False
        args = self.__details()
        cmd = " ".join(part for part in args["cmd"] if part.strip())
        try:
            context.emit_event_sync(ProcessStarted(**args))
            if self.__is_ending():
                self.__begin_to_end(context, process)
            returncode = await process.complete
        finally:
            process.close()
        if returncode == 0:
            self.__logger.info(f"process has finished cleanly [pid {process.pid}]")
        else:
            self.__logger.error(f"process has died [pid {process.pid}, exit code {returncode}, cmd '{cmd}'].")
        context.emit_event_sync(ProcessExited(returncode=returncode, **args))
        return await self.__is_to_respawn(context)

    async def __start(self, context: LaunchContext) -> AsyncProcess | None:
        args = self.__details()
        if self.__log_cmd:
            cmd = " ".join(part for part in args["cmd"] if part.strip())
            self.__logger.info(
                f"process details: cmd='{cmd}', cwd='{args['cwd']}', custom_env?={args['env'] is not None}"
            )

        def on_start(pid: int) -> None:
            args["pid"] = pid
            self.__logger.info(f"process started with pid [{pid}]")

        def on_output(fd: int, data: bytes) -> None:
            event = ProcessStdout if fd == 1 else ProcessStderr
            context.emit_event_sync(event(text=data, **args))

        try:
            process = await start_process(
                args["cmd"],
                cwd=args["cwd"],
                env=args["env"],
                shell=self.__shell,
                emulate_tty=self.__wants_tty(context),
                on_start=on_start,
                on_output=on_output,
            )
        except Exception:
            self.__logger.error(f"exception occurred while executing process:\n{traceback.format_exc()}")
            return None
        self.__process = process
        return process

    def __wants_tty(self, context: LaunchContext) -> bool:
        configured = context.launch_configurations.get("emulate_tty")
        if configured is None:
            return self.__emulate_tty
        return evaluate_condition_expression(context, normalize_to_list_of_substitutions(configured))

    async def __is_to_respawn(self, context: LaunchContext) -> bool:
        retries_left = self.__respawn_max_retries < 0 or self.__respawn_retries < self.__respawn_max_retries
        if context.is_shutdown or self.__is_ending() or not self.__respawn or not retries_left:
            return False
        if self.__respawn_delay is not None and self.__respawn_delay > 0.0:
            await asyncio.wait([self.__ending()], timeout=self.__respawn_delay)
        return not self.__is_ending()

    # Output.

    def __format_line(self, line: str) -> str:
        return self.__output_format.format(line=line, this=self)

    def __on_output(self, event: ProcessIO) -> None:
        if event.from_stdout:
            self.__stdout.write(event.text, self.__stdout_logger)
        else:
            self.__stderr.write(event.text, self.__stderr_logger)

    def __flush(self, event: ProcessExited, context: LaunchContext) -> None:
        self.__stdout.flush(self.__stdout_logger)
        self.__stderr.flush(self.__stderr_logger)

    # Ending.

    def __on_shutdown(self, event: Shutdown, context: LaunchContext) -> None:
        self._shutdown_process(context, send_sigint=not event.due_to_sigint or context.noninteractive)

    def _shutdown_process(self, context: LaunchContext, *, send_sigint: bool) -> None:
        """End the process; a second call does nothing. One that is just being started is ended as soon as it
        runs.
        """
        if self.__is_ending():
            return
        self.__ending().set_result(None)
        self.__sigint_wanted = send_sigint
        if self.__process is not None and not self.__process.complete.done():
            self.__begin_to_end(context, self.__process)

    def __begin_to_end(self, context: LaunchContext, process: AsyncProcess) -> None:
        if self.__sigint_wanted:
            self.__request_signal(context, signal.SIGINT)
        self.__escalation = asyncio.get_running_loop().create_task(self.__escalate(context, process))

    async def __escalate(self, context: LaunchContext, process: AsyncProcess) -> None:
        to_sigterm = self.__seconds(context, self.__sigterm_timeout)
        to_sigkill = self.__seconds(context, self.__sigkill_timeout)
        for wait, since_start, sent, following in (
            (to_sigterm, to_sigterm, "SIGINT", signal.SIGTERM),
            (to_sigkill, to_sigterm + to_sigkill, "SIGTERM", signal.SIGKILL),
        ):
            await asyncio.wait([process.complete], timeout=wait)
            if process.complete.done():
                return
            self.__logger.error(
                f"process[{self.__details()['name']}] failed to terminate '{since_start:g}' seconds "
                "after receiving "
                f"'{sent}', escalating to '{following.name}'"
            )
            self.__request_signal(context, following)

    def __request_signal(self, context: LaunchContext, signum: signal.Signals) -> None:
        context.emit_event_sync(SignalProcess(signal_number=signum, process_matcher=matches_action(self)))

    def __on_signal(self, event: SignalProcess) -> None:
        name = self.__details()["name"]
        if self.__process is None:
            raise RuntimeError("Signal event received before subprocess transport available.")
        if self.__process.complete.done():
            self.__logger.debug(
                f"signal '{event.signal_name}' not set to '{name}' because it is already closing"
            )
            return
        self.__logger.info(f"sending signal '{event.signal_name}' to process[{name}]")
        signum = signal.Signals[event.signal_name]
        try:
            self.__process.send_signal(signum)
        except ProcessLookupError:
            self.__logger.debug(
                f"signal '{event.signal_name}' not sent to '{name}' because it has closed already"
            )

    def __seconds(self, context: LaunchContext, timeout: list[Substitution]) -> float:
        """A timeout. One that is no number must not keep the process from ending: it is reported and counts
        as 5.
        """
        try:
            return float(perform_substitutions(context, timeout))
        except (RuntimeError, ValueError) as error:
            self.__logger.error(f"invalid timeout of process[{self.__details()['name']}]: {error}")
            return 5.0

    def __details(self) -> dict[str, Any]:
        if self.__event_args is None:
            raise RuntimeError("the process has not been executed yet")
        return self.__event_args

    def __ending(self) -> asyncio.Future[None]:
        if self.__shutdown_future is None:
            raise RuntimeError("the process has not been executed yet")
        return self.__shutdown_future

    def __is_ending(self) -> bool:
        return self.__shutdown_future is not None and self.__shutdown_future.done()
