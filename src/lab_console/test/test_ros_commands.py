"""`lab topic`, `lab call` and `lab action` against one small node."""

import signal
import threading

import pytest
import rclpy
from lab_interfaces.action import MoveTo
from rclpy.node import Node
from rclpy.signals import uninstall_signal_handlers
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool

from lab_console.ros import action, call, topic
from lab_console.ros.messages import WrongCommand, as_yaml, fill, interface
from lab_node.actions import serve_action
from lab_node.conversions.outcomes import success
from lab_node.executor import ExecutorThread
from lab_node.qos import LATCHED

DOMAIN = "94"


class Small:
    """Publishes, serves and does what it is told, in a namespace."""

    def __init__(self):
        self.node = Node("small", namespace="left")
        self.said, self.goals = [], []
        self.under_way = threading.Event()
        words = self.node.create_publisher(String, "/left/words", LATCHED)
        words.publish(String(data="first"))
        numbers = self.node.create_publisher(Float64MultiArray, "/left/numbers", 10)
        self.node.create_timer(0.02, lambda: numbers.publish(Float64MultiArray(data=[1.0] * 200)))
        self.node.create_subscription(String, "/left/orders", lambda m: self.said.append(m.data), 10)
        self.node.create_service(SetBool, "/left/switch", self._switch)
        serve_action(self.node, MoveTo, "/left/move_to", self._move)
        self.executor = ExecutorThread(self.node)

    def _switch(self, request, response):
        response.success, response.message = request.data, f"data is {request.data}"
        return response

    def _move(self, handle):
        self.goals.append(handle.request.configuration)
        if handle.request.configuration == "for ever":
            self.under_way.set()
            while not handle.is_cancel_requested:
                threading.Event().wait(0.02)
            return MoveTo.Result()
        return MoveTo.Result(outcome=success())


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", DOMAIN)
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        uninstall_signal_handlers()  # of a test before in this process: they would end every context
        rclpy.init(signal_handler_options=rclpy.SignalHandlerOptions.NO)
        node = Small()
        yield node
        node.executor.close()
        node.node.destroy_node()
        rclpy.try_shutdown()


def test_topics_are_listed_with_their_types(small, capsys):
    assert topic.main(["list", "-t", "--timeout", "30"]) == 0
    assert "/left/words [std_msgs/msg/String]" in capsys.readouterr().out


def test_a_latched_message_is_echoed_once(small, capsys):
    assert topic.main(["echo", "--once", "words", "--namespace", "left", "--timeout", "30"]) == 0
    assert capsys.readouterr().out == "data: first\n---\n"


def test_a_filter_chooses_messages(small, capsys):
    chosen = ["echo", "--once", "--filter", "m.data[0] == 1.0", "/left/numbers", "--timeout", "30"]
    assert topic.main(chosen) == 0
    assert "..." in capsys.readouterr().out
    assert topic.main([*chosen[:3], "m.nothing", *chosen[4:]]) == 2
    assert "has no attribute 'nothing'" in capsys.readouterr().err


def test_a_rate_is_measured_and_ends_are_named(small, capsys):
    assert topic.main(["hz", "/left/numbers", "--count", "2", "--timeout", "30"]) == 0
    assert "average rate: " in capsys.readouterr().out
    assert topic.main(["info", "/left/numbers", "--timeout", "30"]) == 0
    said = capsys.readouterr().out
    assert "Type: std_msgs/msg/Float64MultiArray" in said
    assert "/left/small: RELIABLE" in said


def test_what_is_published_arrives(small):
    words = ["pub", "-1", "/left/orders", "std_msgs/msg/String", "{data: go}", "--timeout", "30"]
    assert topic.main(words) == 0
    deadline = threading.Event()
    for _ in range(500):
        if small.said:
            break
        deadline.wait(0.02)
    assert small.said == ["go"]


def test_a_service_answers(small, capsys):
    words = ["switch", "std_srvs/srv/SetBool", "{data: true}", "--namespace", "left", "--timeout", "30"]
    assert call.main(words) == 0
    assert capsys.readouterr().out == "success: true\nmessage: data is True\n"


def test_a_goal_is_carried_out(small, capsys):
    kind = "lab_interfaces/action/MoveTo"
    assert action.main(["list", "--timeout", "30"]) == 0
    assert "/left/move_to" in capsys.readouterr().out
    words = ["send_goal", "/left/move_to", kind, "{configuration: home}", "--timeout", "30"]
    assert action.main(words) == 0
    said = capsys.readouterr().out
    assert small.goals[-1] == "home"
    assert "code: 0" in said
    assert "Goal finished with status: SUCCEEDED" in said


def test_ctrl_c_cancels_the_goal(small, capsys):
    def interrupt():
        small.under_way.wait(60.0)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    kind = "lab_interfaces/action/MoveTo"
    words = ["send_goal", "/left/move_to", kind, "{configuration: for ever}", "--timeout", "30"]
    assert action.main(words) == 130
    said = capsys.readouterr().out
    assert "Cancelling the goal" in said
    assert "Goal finished with status: " in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["echo", "/left/wrods"], "no topic '/left/wrods' in domain 94 within 0.5 s"),
        (["echo", "/left words"], "'/left words' is no name"),
        (["echo", "--filter", "m.(", "/x", "std_msgs/msg/String"], "is no Python expression"),
        (["echo", "/x", "--namespace", "1left"], "namespace '1left' is no name"),
        (["pub", "/left/words", "std_msgs/msg/Float64"], "has the type std_msgs/msg/String, not"),
        (["pub", "-1", "/left/nobody", "std_msgs/msg/String"], "nobody listens to '/left/nobody'"),
    ],
)
def test_topic_commands_refuse_in_one_sentence(small, capsys, words, sentence):
    assert topic.main([*words, "--timeout", "0.5"]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_other_commands_refuse_in_one_sentence(small, capsys):
    short = ["--timeout", "0.5"]
    assert call.main(["/left/nothing", "std_srvs/srv/Trigger", *short]) == 2
    assert "no service '/left/nothing'" in capsys.readouterr().err
    assert action.main(["send_goal", "/left/nothing", "lab_interfaces/action/MoveTo", *short]) == 2
    assert "no action '/left/nothing'" in capsys.readouterr().err
    assert (
        action.main(["send_goal", "/left/move_to", "lab_interfaces/action/MoveTo", "{config: a}", *short])
        == 2
    )
    assert "there is no field 'config', did you mean 'configuration'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("msg", "String", "'String' is no type here, expected one such as std_msgs/msg/String"),
        ("srv", "std_msgs/msg/String", "expected one such as std_srvs/srv/Trigger"),
        ("msg", "std_msg/msg/String", "no package 'std_msg'"),
        ("msg", "std_msgs/msg/Strign", "std_msgs has no Strign, did you mean 'String'?"),
    ],
)
def test_types_that_are_not_there_are_refused(kind, name, sentence):
    with pytest.raises(WrongCommand) as refusal:
        interface(kind, name)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("std_msgs/msg/String", "{data: [", "what to send is no YAML"),
        ("std_msgs/msg/String", "hello", "is no mapping, expected fields data"),
        ("std_msgs/msg/String", "{data: 1}", "data: 1 is no string, put it in quotes"),
        ("std_msgs/msg/UInt8", "{data: 256}", "data: 256 is no uint8"),
        ("std_msgs/msg/Bool", "{data: 1}", "data: 1 is no boolean"),
        ("geometry_msgs/msg/Pose", "{position: {x: far}}", "position.x: 'far' is no double"),
        ("geometry_msgs/msg/Wrench", "{force: 1}", "force.: 1 is no mapping, expected fields x, y, z"),
        ("geometry_msgs/msg/PoseWithCovariance", "{covariance: [1, 2]}", "2 values, expected double[36]"),
        ("sensor_msgs/msg/JointState", "{name: wrist}", "'wrist' is no list, expected sequence<string>"),
    ],
)
def test_values_that_do_not_fit_are_refused(name, text, sentence):
    with pytest.raises(WrongCommand) as refusal:
        fill(interface("msg", name)(), text)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sensor_msgs/msg/JointState", "{header: {frame_id: a}, name: [b, c], position: [1, 2.5]}"),
        ("geometry_msgs/msg/PoseWithCovariance", f"{{covariance: {[0.5] * 36}}}"),
        ("std_msgs/msg/UInt8MultiArray", "{data: [1, 2, 255]}"),
        ("std_msgs/msg/Byte", "{data: 7}"),
        ("tf2_msgs/msg/TFMessage", "{transforms: [{child_frame_id: x}]}"),
    ],
)
def test_what_is_printed_can_be_sent_again(name, text):
    message = fill(interface("msg", name)(), text)
    assert fill(interface("msg", name)(), as_yaml(message)) == message
