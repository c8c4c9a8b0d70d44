"""The rings of all topics, and what of them a pick was decided on."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab_recorder.mcap_file import Recorded
from lab_recorder.ring import Entry, Retention, Ring

COLOR, DEPTH = "/camera/color/image_raw", "/camera/aligned_depth/image_raw"
CAMERA_INFO, SCENE, GRASPS = "/camera/color/camera_info", "/scene/objects", "/grasps"
OFFERED, PLACED, TRAJECTORY = "/motion/grasps", "/motion/placed", "/motion/trajectory"
JOINTS, TF_STATIC, ATTEMPTS, STATUS = "/joint_states", "/tf_static", "/task/attempts", "/task/status"
HELD = "/motion/held"
# One message of each of these comes of one image.
OF_AN_IMAGE = (COLOR, DEPTH, CAMERA_INFO, SCENE)
# Joint states this near to the image, and to the begin of the pick, are part of the decision; nanoseconds.
NEAR = 250_000_000


@dataclass(frozen=True, slots=True)
class Decision:
    """image: stamp of the image that counted; picked: when the pick began, -1: it did not; nanoseconds."""

    image: int
    picked: int
    messages: list[Recorded]


class Recording:
    """Rings by topic. kinds: type of each topic, such as `sensor_msgs/msg/Image`."""

    def __init__(self, kinds: Mapping[str, str], retention: Mapping[str, Retention]) -> None:
        self.kinds = dict(kinds)
        self._rings = {topic: Ring(retention[topic], pins=8) for topic in kinds}
        self._since = -1

    def put(self, topic: str, entry: Entry) -> None:
        """Take a message."""
        self._rings[topic].put(entry)

    def pin_newest_scene(self) -> None:
        """Keep what belongs to the newest scene: it is about to be acted on."""
        newest = self._rings[SCENE].newest()
        if newest is not None:
            self.pin(newest.stamp)

    def pin(self, stamp: int) -> None:
        """Keep what belongs to the image of a stamp."""
        for topic in OF_AN_IMAGE:
            self._rings[topic].pin(stamp)

    def everything(self) -> list[Recorded]:
        """All that is kept."""
        return [self._recorded(topic, entry) for topic, ring in self._rings.items() for entry in ring]

    @property
    def bytes(self) -> int:
        """Of all messages that are kept."""
        return sum(ring.bytes for ring in self._rings.values())

    def decide(self, attempt: Entry, scene_stamp: int) -> Decision:
        """What the attempt, which has just been told, was decided on.

        scene_stamp: of the image that the part was chosen on, nanoseconds.
        """
        since, self._since = self._since, attempt.sent
        planned = self._newest(GRASPS, since)
        offered = self._newest(OFFERED, since)
        image = planned.stamp if planned is not None and planned.stamp > 0 else scene_stamp
        begin = offered.sent if offered is not None else attempt.sent
        chosen: dict[str, list[Entry]] = {
            topic: [found] for topic in OF_AN_IMAGE if (found := self._rings[topic].find(image)) is not None
        }
        chosen[GRASPS] = [planned] if planned is not None else []
        chosen[OFFERED] = [offered] if offered is not None else []
        chosen[ATTEMPTS] = [attempt]
        chosen[TF_STATIC] = list(self._rings[TF_STATIC])
        chosen[PLACED] = [entry for entry in self._rings[PLACED] if entry.sent < begin][-1:]
        sent = list(self._rings[TRAJECTORY])
        chosen[TRAJECTORY] = [entry for entry in sent if entry.sent < begin][-1:]
        chosen[TRAJECTORY] += [entry for entry in sent if entry.sent >= begin]
        moments = [image] if offered is None else [image, offered.time]
        chosen[JOINTS] = [
            entry
            for entry in self._rings[JOINTS]
            if any(abs(entry.stamp - moment) <= NEAR for moment in moments)
        ]
        messages = [self._recorded(topic, entry) for topic, entries in chosen.items() for entry in entries]
        return Decision(image, -1 if offered is None else offered.time, messages)

    def _newest(self, topic: str, since: int) -> Entry | None:
        newest = self._rings[topic].newest()
        return newest if newest is not None and newest.sent > since else None

    def _recorded(self, topic: str, entry: Entry) -> Recorded:
        return Recorded(topic, self.kinds[topic], entry)


def header_stamp(message_type: Any, data: bytes) -> int:
    """Stamp of a serialized message whose first field is a header, nanoseconds; -1 when it has none.

    Read from the bytes: CDR begins with four bytes that say the byte order.
    """
    fields = message_type.get_fields_and_field_types()
    if next(iter(fields.values()), "") not in ("std_msgs/Header", "builtin_interfaces/Time"):
        return -1
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)
