"""Files that a reader knows nothing of but the file itself can decode, and bad ones that are refused."""

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Pose
from lab_interfaces.msg import Grasp, GraspArray, Scene
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from lab_core.errors import ConfigurationError
from lab_node.message_types import message_class
from lab_recorder.mcap_file import Recorded, read_mcap, write_mcap
from lab_recorder.recording import header_stamp
from lab_recorder.ring import Entry
from lab_recorder.schemas import schema_text

S = 1_000_000_000


def kind_of(message_type):
    """Name of a message class, such as `sensor_msgs/msg/Image`."""
    return f"{message_type.__module__.split('.')[0]}/msg/{message_type.__name__}"


def stamped(seconds, nanoseconds=0):
    header = Header(frame_id="base_link")
    header.stamp.sec, header.stamp.nanosec = seconds, nanoseconds
    return header


def recorded(topic, message, time):
    data = serialize_message(message)
    return Recorded(topic, kind_of(type(message)), Entry(time, time + 5, -1, data))


@pytest.fixture
def messages():
    grasp = Grasp(object_id="object_1", pose=Pose(), width=0.04)
    grasp.pose.position.x = 0.5
    status = DiagnosticStatus(name="motion", level=DiagnosticStatus.WARN)
    return [
        recorded("/grasps", GraspArray(header=stamped(3), grasps=[grasp]), 3 * S),
        recorded("/camera/color/image_raw", Image(header=stamped(2), width=2, height=1, data=[1, 2]), 2 * S),
        recorded("/diagnostics", DiagnosticArray(header=stamped(4), status=[status]), 4 * S),
    ]


def test_what_is_written_is_read_in_the_order_of_time(tmp_path, messages):
    write_mcap(tmp_path / "a.mcap", messages)
    back = read_mcap(tmp_path / "a.mcap")
    assert [item.topic for item in back] == ["/camera/color/image_raw", "/grasps", "/diagnostics"]
    assert back[1].kind == "lab_interfaces/msg/GraspArray"
    assert back[1].entry.data == messages[0].entry.data
    assert (back[0].entry.time, back[0].entry.sent) == (2 * S, 2 * S + 5)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_a_reader_that_knows_only_the_file_decodes_it(tmp_path, messages):
    """mcap_ros2 has no message definitions of its own: it reads ours out of the file."""
    write_mcap(tmp_path / "a.mcap", messages)
    with (tmp_path / "a.mcap").open("rb") as file:
        decoded = {
            channel.topic: message
            for _, channel, _, message in make_reader(
                file, decoder_factories=[DecoderFactory()]
            ).iter_decoded_messages()
        }
    assert decoded["/grasps"].grasps[0].object_id == "object_1"
    assert decoded["/grasps"].grasps[0].pose.position.x == 0.5
    assert bytes(decoded["/camera/color/image_raw"].data) == b"\x01\x02"
    assert decoded["/diagnostics"].status[0].name == "motion"


def test_schemas_hold_every_type_below():
    text = schema_text(kind_of(Scene))
    for kind in ("Part", "Outcome", "DepthView"):
        assert f"MSG: lab_interfaces/{kind}\n" in text
    for kind in ("sensor_msgs/PointCloud2", "sensor_msgs/PointField", "vision_msgs/BoundingBox3D"):
        assert f"MSG: {kind}\n" in text
    assert text.count("MSG: std_msgs/Header\n") == 1
    assert message_class("tf2_msgs/msg/TFMessage") is TFMessage
    with pytest.raises(LookupError, match="nowhere_msgs/msg/Thing is not installed"):
        message_class("nowhere_msgs/msg/Thing")


def test_the_stamp_is_read_from_the_bytes():
    image = Image(header=stamped(12, 345))
    assert header_stamp(Image, serialize_message(image)) == 12 * S + 345
    assert header_stamp(TFMessage, serialize_message(TFMessage())) == -1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: b"", "not a sound MCAP"),
        (lambda data: b"not an mcap at all, though long enough to be one", "not a sound MCAP"),
        (lambda data: data[: len(data) // 2], "not a sound MCAP"),
        (lambda data: data[:400] + bytes(60) + data[460:], "not a sound MCAP"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path, messages, spoil, words):
    path = tmp_path / "a.mcap"
    write_mcap(path, messages)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ConfigurationError, match=words) as error:
        read_mcap(path)
    assert str(path) in str(error.value)


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, messages, monkeypatch):
    monkeypatch.setattr("lab_recorder.mcap_file.MAXIMUM_SIZE", 40_000)
    bomb = recorded("/camera/color/image_raw", Image(header=stamped(1), data=bytes(100_000)), S)
    write_mcap(tmp_path / "a.mcap", [bomb])
    assert (tmp_path / "a.mcap").stat().st_size < 40_000
    with pytest.raises(ConfigurationError, match="unpacks to more"):
        read_mcap(tmp_path / "a.mcap")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.mcap: cannot be read"):
        read_mcap(tmp_path / "none.mcap")
