"""Who counts as a voice, without the middleware. With it: lab_stop/test/test_stop_node.py."""

from types import SimpleNamespace

import pytest

from lab_node import permit
from lab_node.permit import SETTLES, Voices
from lab_node.qos import ALIVE, SENSOR


class Topic:
    """What discovery and the middleware tell of the publishers on the stop node's topic."""

    def __init__(self):
        self.now = 0.0
        self.found = []
        self.voices = Voices(self, lambda state: None)

    def resolve_topic_name(self, name):
        return name

    def create_subscription(self, kind, name, take, profile, callback_group, event_callbacks):
        self._tell = event_callbacks.liveliness

    def count_publishers(self, topic):
        return len(self.found)

    def get_publishers_info_by_topic(self, topic):
        return self.found

    def comes(self, name, qos=ALIVE):
        self.found = [*self.found, SimpleNamespace(endpoint_gid=name.encode(), qos_profile=qos)]

    def alive(self, count):
        self._tell(SimpleNamespace(alive_count=count))

    def after(self, seconds):
        self.now += seconds
        return bool(self.voices.trouble())


@pytest.fixture
def topic(monkeypatch):
    made = []
    monkeypatch.setattr(permit.time, "monotonic", lambda: made[0].now if made else 0.0)
    made.append(Topic())
    made[0].comes("stop")
    made[0].alive(1)
    return made[0]


def test_who_is_new_counts_until_it_has_been_silent_long_enough(topic):
    assert not topic.after(10.0)
    topic.comes("killed long ago")
    assert topic.after(0.0) and topic.after(0.9 * SETTLES)
    assert not topic.after(0.2 * SETTLES)


def test_who_falls_silent_counts_for_a_while_and_at_once_when_it_speaks_again(topic):
    topic.comes("other")
    topic.alive(2)
    assert topic.after(10.0)
    topic.alive(1)
    assert topic.after(0.0) and topic.after(0.9 * SETTLES)
    assert not topic.after(0.2 * SETTLES)
    topic.alive(2)
    assert topic.after(0.0)


def test_a_late_sign_of_life_of_the_stop_node_does_not_wake_the_dead(topic):
    topic.comes("killed")
    topic.after(0.0)
    assert not topic.after(2.0 * SETTLES)
    topic.alive(0)  # a busy machine
    assert not topic.after(0.1)
    topic.alive(1)
    assert not topic.after(0.1)


def test_signs_of_life_that_are_late_of_all_hide_nobody(topic):
    topic.comes("forger")
    topic.alive(2)
    assert topic.after(10.0)
    for count in (1, 0):
        topic.alive(count)
        assert topic.after(0.6 * SETTLES)
    assert topic.after(10.0 * SETTLES)


def test_who_promises_no_sign_of_life_counts_as_long_as_it_is_there(topic):
    topic.comes("forger", SENSOR)
    assert topic.after(0.0) and topic.after(10.0 * SETTLES)
