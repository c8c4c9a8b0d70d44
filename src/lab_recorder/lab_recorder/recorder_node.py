"""The black box: listens to everything, keeps the last seconds, saves each failed pick. See README."""

from __future__ import annotations

import itertools
import os
import shutil
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab_interfaces.msg import Attempt, Outcome, TaskStatus
from rclpy.clock import Clock, ClockType
from rclpy.parameter import parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from lab_core.errors import ConfigurationError
from lab_core.parameters import parameter
from lab_description import load_cell
from lab_description.graph import Topic, extension_names, load_graph
from lab_node.collected import CollectedSubscription
from lab_node.conversions.outcomes import name_of
from lab_node.health import Condition
from lab_node.lifecycle import LabNode, return_freed_memory, spin
from lab_node.message_rules import defect
from lab_node.message_types import message_class
from lab_node.names import namespace_from, within
from lab_node.qos import qos_of
from lab_node.qos_profiles import Profile
from lab_recorder import recording as topics
from lab_recorder.case import CaseFacts, save_case
from lab_recorder.image_memory import ImageMemory
from lab_recorder.mcap_file import Recorded, write_mcap
from lab_recorder.recording import Decision, Recording, header_stamp
from lab_recorder.ring import Entry, Retention
from lab_recorder.versions import versions

# Wall seconds between two collections; queues hold what comes meanwhile, also of a simulation ten times as
# fast as time.
COLLECT = 0.05
# Messages in a queue, at least; images are few and large.
DEPTH, IMAGES_DEPTH = 100, 15
# Wall seconds that the end of the node waits for what is being written.
END = 4.0
MEGABYTE = 1_000_000
# a record holds images of whoever stands at the cell: nobody else of the machine reads it
PRIVATE = 0o077


@dataclass(frozen=True)
class RecorderParameters:
    """ROS parameters of the node."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    extensions: str = parameter("", "The packages, separated by commas, whose topics are recorded too.")
    folder: str = parameter(
        "auto", "The folder of this run's record. auto: runs/<time>. none: nothing is recorded."
    )
    seconds: float = parameter(
        60.0, "The record keeps this much time of the small topics.", unit="s", minimum=1.0, maximum=600.0
    )
    image_seconds: float = parameter(
        30.0, "The record keeps this much time of the images.", unit="s", minimum=1.0, maximum=600.0
    )
    full_seconds: float = parameter(
        3.0,
        "The record keeps every image of this last time, and of older ones one image per second.",
        unit="s",
        minimum=0.1,
        maximum=60.0,
    )
    megabytes: float = parameter(
        80.0, "The largest memory for each image topic.", unit="MB", minimum=5.0, maximum=4000.0
    )
    write_period: float = parameter(
        30.0,
        "The wall time between two times that the record is written to the disk.",
        unit="s",
        minimum=1.0,
        maximum=3600.0,
    )
    max_cases: int = parameter(
        50, "The largest number of failed picks that one run saves.", minimum=0, maximum=10000, live=True
    )
    max_disk: float = parameter(
        1000.0, "The largest disk space for the cases of a run.", unit="MB", minimum=10.0, live=True
    )
    min_free: float = parameter(
        1000.0,
        "Nothing is written while less disk space than this is free.",
        unit="MB",
        minimum=0.0,
        live=True,
    )


def listening(topic: Topic) -> QoSProfile:
    """How the recorder hears a topic: all that comes between two collections, of state also what was before.

    A stream is not sent again for its sake, and neither is an image.
    """
    image = topic.record == "image"
    profile = topic.profile
    depth = IMAGES_DEPTH if image else max(DEPTH, profile.depth)
    return qos_of(Profile(depth, profile.reliable and not image, profile.latched))


class RecorderNode(LabNode):
    """Keeps the last seconds of the cell, and a case of each failed pick."""

    Parameters = RecorderParameters
    parameters: RecorderParameters

    def __init__(self, **arguments: Any) -> None:
        super().__init__("recorder", **arguments)
        self._writer: ThreadPoolExecutor | None = None
        self._writing: list[Future[None]] = []
        self._recording: Recording | None = None

    def configure(self) -> None:
        """Listen; nothing is kept before the node is active."""
        p = self.parameters
        self._cell = load_cell(p.cell)
        self.hardware_id = self._cell.name
        self._images = ImageMemory()
        self._troubles: dict[str, str] = {}  # by what could not be written
        self._cases, self._attempts = 0, 0
        self._active = False
        self._folder: Path | None = None
        self._taken: set[Path] = set()
        self._parameters_of: dict[str, dict[str, Any]] = {}
        self._asked: list[str] = []
        self._streams: dict[str, tuple[Any, CollectedSubscription]] = {}
        if p.folder == "none":
            return
        namespace = namespace_from(self.get_namespace())
        graph = load_graph(self._cell, extension_names(p.extensions), namespace)
        self._asked = [node.name for node in graph.nodes.values() if node.managed and node.name != "recorder"]
        # under the names of a cell without a namespace: a replay does not care where the cell was
        recorded = {
            within(name, namespace) or name: topic
            for name, topic in graph.topics.items()
            if topic.record != "none"
        }
        retentions = {
            "recent": Retention(p.seconds, 30.0),
            "image": Retention(p.image_seconds, p.megabytes, p.full_seconds, 1.0),
            # those of the pick that fails, however slowly it went, and the one before
            "pick": Retention(600.0, 8.0),
            "always": Retention(1e9, 0.5),
        }
        self._recording = Recording(
            {name: topic.type for name, topic in recorded.items()},
            {name: retentions[topic.record] for name, topic in recorded.items()},
        )
        self._streams = {
            name: (kind, CollectedSubscription(self, kind, topic.name, listening(topic), serialized=True))
            for name, topic in recorded.items()
            for kind in (self._class_of(topic.type),)
        }
        self._latched = {name for name, topic in recorded.items() if topic.profile.latched}
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(COLLECT, self._collect, clock=steady)
        self.create_timer(p.write_period, self._write_ring, clock=steady)
        self.create_service(Trigger, "~/save", self._save_now)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._versions = self._writer.submit(versions)  # of when the run began; git may take seconds

    def _class_of(self, kind: str) -> Any:
        try:
            return message_class(kind)
        except LookupError as error:
            raise ConfigurationError(str(error)) from None

    def activate(self) -> None:
        """Start to keep, in a new folder."""
        if self._recording is None:
            return
        self._active = True
        self._ask_for_parameters()

    def deactivate(self) -> None:
        """Write what the ring holds."""
        if self._recording is None or not self._active:
            return
        self._collect()
        self._active = False
        self._write_ring()

    def cleanup(self) -> None:
        """Wait for what is being written, not for ever: launch kills who takes more than some seconds.

        A file that is not complete by then is left as .part; the ring that was written before it stays.
        """
        if self._writer is not None:
            self._writer.shutdown(wait=False)
            wait(self._writing, timeout=END)
        self._writer, self._recording = None, None
        self._writing = []

    def diagnose(self) -> Condition:
        """What is kept, and what could not be written."""
        if self._recording is None:
            return Condition(values={"record": "none"})
        values = {
            "folder": str(self._folder or ""),
            "ring MB": f"{self._recording.bytes / MEGABYTE:.1f}",
            "attempts": str(self._attempts),
            "cases": str(self._cases),
        }
        full = self._cases >= self.parameters.max_cases
        trouble = f"{self._cases} cases are saved, no more are: see parameter max_cases" if full else ""
        return Condition("; ".join([*self._troubles.values(), *filter(None, [trouble])]), values)

    def _collect(self) -> None:
        """Take what has come; what it means is looked at when all of it is there."""
        recording, attempts, acted_on = self._recording, [], False
        if recording is None:
            return
        for topic, (kind, stream) in self._streams.items():
            if topic in self._latched and not self._active:
                continue  # it comes once, and waits in its queue
            for data, sent in stream.take_timed():
                if not self._active:
                    continue
                now = int(self.get_clock().now().nanoseconds)
                packed = kind is Image
                kept = self._images.keep(data) if packed else data
                entry = Entry(now, sent, header_stamp(kind, data), kept, packed)
                recording.put(topic, entry)
                if topic == topics.GRASPS:
                    recording.pin(entry.stamp)
                elif topic == topics.STATUS:
                    acted_on = acted_on or deserialize_message(data, TaskStatus).phase == "plan grasps"
                elif topic == topics.ATTEMPTS:
                    attempts.append(entry)
        if acted_on:
            recording.pin_newest_scene()
        for entry in attempts:
            self._take_attempt(recording, entry)

    def _take_attempt(self, recording: Recording, entry: Entry) -> None:
        attempt = deserialize_message(entry.data, Attempt)
        if wrong := defect(attempt):
            self.refuse(topics.ATTEMPTS, wrong)
            return
        self._attempts += 1
        decision = recording.decide(entry, Time.from_msg(attempt.scene_stamp).nanoseconds)
        if attempt.outcome.code not in (Outcome.SUCCESS, Outcome.CANCELLED):
            self._save_case(recording, attempt, decision)

    def _save_case(self, recording: Recording, attempt: Attempt, decision: Decision) -> None:
        if self._cases >= self.parameters.max_cases:
            return
        self._cases += 1
        cases = self._run_folder() / "cases"
        # a folder that is recorded into again keeps its cases
        numbered = (cases / f"{number:03d}" for number in itertools.count(self._cases))
        folder = next(each for each in numbered if not each.exists() and each not in self._taken)
        self._taken.add(folder)
        ring, parameters = recording.everything(), dict(self._parameters_of)

        def save() -> None:
            self._require_room_for_cases(cases)
            facts = CaseFacts(
                cell=self._cell.name,
                attempt=int(attempt.number),
                object_id=attempt.object_id,
                outcome=name_of(attempt.outcome),
                stage=attempt.outcome.stage,
                message=attempt.outcome.message,
                image=decision.image,
                picked=decision.picked,
                versions=self._versions.result(),
            )
            save_case(folder, facts, self._cell, parameters, decision.messages, ring)

        self._write("case", folder, save)

    def _save_now(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Write the ring to a file of its own, which stays."""
        if self._recording is None or not self._active:
            response.message = "nothing is recorded: activate the node, with folder other than none"
            return response
        path = self._run_folder() / f"saved_{datetime.now().strftime('%H-%M-%S')}.mcap"
        ring = self._recording.everything()
        self._write("saved ring", path, lambda: write_mcap(path, ring))
        response.success, response.message = True, str(path)
        return response

    def _write_ring(self) -> None:
        if self._recording is None or (self._folder is None and not self._active):
            return
        if any(not future.done() for future in self._writing):
            return  # a machine that is too slow writes less often, and does not fall behind
        ring: list[Recorded] = self._recording.everything()
        if ring:
            path = self._run_folder() / "blackbox.mcap"
            self._write("ring", path, lambda: write_mcap(path, ring))

    def _write(self, what: str, path: Path, work: Callable[[], None]) -> None:
        """Write in the writer's thread, while there is room; a full disk must not end the cell."""

        def write() -> None:
            try:
                folder = self._run_folder()
                folder.mkdir(parents=True, exist_ok=True)
                self._require_free_disk(folder)
                work()
            except (OSError, LookupError) as error:
                self._troubles[what] = f"{what} {path} was not written: {error}"
                self.get_logger().warning(self._troubles[what], throttle_duration_sec=30.0)
            except Exception as error:  # a defect of ours; nobody reads the future
                self._troubles[what] = f"{what} {path} was not written: {type(error).__name__}: {error}"
                self.get_logger().error(f"{what} {path} was not written: {traceback.format_exc()}")
            else:
                self._troubles.pop(what, None)
            return_freed_memory()

        assert self._writer is not None
        self._writing = [future for future in self._writing if not future.done()]
        self._writing.append(self._writer.submit(write))

    def _require_free_disk(self, folder: Path) -> None:
        free = shutil.disk_usage(folder).free / MEGABYTE
        if free < self.parameters.min_free:
            raise OSError(f"{free:.0f} MB of disk are free, {self.parameters.min_free:.0f} MB stay free")

    def _require_room_for_cases(self, cases: Path) -> None:
        taken = sum(file.stat().st_size for file in cases.rglob("*.mcap")) / MEGABYTE
        if taken > self.parameters.max_disk:
            raise OSError(f"the cases have {taken:.0f} MB, the limit is {self.parameters.max_disk:.0f} MB")

    def _run_folder(self) -> Path:
        if self._folder is None:
            named = self.parameters.folder
            now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
            self._folder = Path("runs") / now if named == "auto" else Path(named)
        return self._folder

    def _ask_for_parameters(self) -> None:
        for name in self._asked:
            client = AsyncParameterClient(self, name)
            if not client.services_are_ready():
                continue
            listed = client.list_parameters()
            listed.add_done_callback(
                lambda future, name=name, client=client: self._read_parameters(name, client, future)
            )

    def _read_parameters(self, name: str, client: AsyncParameterClient, listed: Any) -> None:
        names = list(listed.result().result.names)

        def keep(future: Any) -> None:
            values = [parameter_value_to_python(value) for value in future.result().values]
            self._parameters_of[name] = {
                key: list(value) if isinstance(value, (list, tuple)) or hasattr(value, "tolist") else value
                for key, value in zip(names, values, strict=True)
            }

        client.get_parameters(names).add_done_callback(keep)


def main() -> None:
    """Executable recorder_node."""
    os.umask(PRIVATE)
    spin(RecorderNode)
