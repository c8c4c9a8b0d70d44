"""What a ring keeps: the last seconds, thinned, bounded, and what is pinned."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lab_recorder.ring import Entry, Retention, Ring

S = 1_000_000_000


def entry(seconds, size=10, stamp=None):
    time = round(seconds * S)
    return Entry(time, time, time if stamp is None else stamp, bytes(size))


def seconds(ring):
    return [item.time / S for item in ring]


def test_the_last_seconds_stay():
    ring = Ring(Retention(5.0, 1.0))
    for t in range(20):
        ring.put(entry(t))
    assert seconds(ring) == [14, 15, 16, 17, 18, 19]
    assert ring.bytes == 60


def test_old_images_are_thinned_and_new_ones_are_not():
    ring = Ring(Retention(10.0, 100.0, full=2.0, period=1.0))
    for k in range(200):
        ring.put(entry(k * 0.1))
    kept = seconds(ring)
    newest = [t for t in kept if t >= 17.9]
    older = [t for t in kept if t < 17.9]
    assert len(newest) == 21
    assert 7 <= len(older) <= 10 and min(older) >= 9.9 - 1e-9
    assert all(b - a >= 0.99 for a, b in pairwise(older))


def test_what_is_pinned_stays_before_and_after_it_came():
    ring = Ring(Retention(5.0, 1.0), pins=2)
    ring.put(entry(1, stamp=7))
    ring.pin(7)
    ring.pin(8)
    ring.put(entry(2, stamp=8))
    for t in range(3, 60):
        ring.put(entry(t))
    assert [item.stamp for item in ring][:2] == [7, 8]
    assert ring.find(7) is not None
    ring.pin(9)  # the oldest pin makes room
    assert ring.find(7) is None


def test_a_clock_that_is_set_back_forgets():
    ring = Ring(Retention(100.0, 1.0))
    ring.put(entry(50))
    ring.put(entry(1))
    assert seconds(ring) == [1]


def test_the_newest_message_stays_however_large():
    ring = Ring(Retention(5.0, 0.001))
    ring.put(entry(0, size=100))
    ring.put(entry(1, size=5000))
    assert seconds(ring) == [1]


@given(st.lists(st.tuples(st.floats(0.001, 3.0), st.integers(1, 4000)), min_size=1, max_size=120))
def test_a_ring_is_never_larger_than_it_may_be(messages):
    """In bytes and in time, the newest message excepted."""
    ring, t = Ring(Retention(20.0, 0.01, full=3.0, period=1.0)), 0.0
    for step, size in messages:
        t += step
        ring.put(entry(t, size))
        kept = list(ring)
        assert sum(len(item.data) for item in kept) == ring.bytes
        assert ring.bytes <= 10_000 or len(kept) == 1
        assert kept[-1].time == round(t * S)
        assert all(item.time >= round((t - 20.0) * S) - 1 for item in kept)
