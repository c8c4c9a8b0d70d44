"""Parts, scenes and depth: what the words promise."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lab_core.depth import metres, millimetres
from lab_core.geometry import OrientedBox, invert, make_transform, rotation_about
from lab_core.scene import PART, Hypothesis, Part, Scene

BOX = OrientedBox(make_transform(np.eye(3), [0.5, 0.1, 0.02]), np.array([0.04, 0.03, 0.04]))
NUT = Part(
    "nut_1",
    BOX,
    points=np.array([[0.5, 0.1, 0.04], [0.51, 0.1, 0.04]], np.float32),
    normals=np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], np.float32),
    hypotheses=(Hypothesis("nut", 0.8), Hypothesis("washer", 0.2)),
)


def test_a_part_is_called_by_its_most_likely_label():
    assert NUT.label == "nut"
    assert Part("a", BOX).label == PART


@given(st.floats(-3.0, 3.0), st.tuples(*[st.floats(-1.0, 1.0)] * 3))
def test_a_part_moves_as_a_whole_and_back(angle, shift):
    new_from_old = make_transform(rotation_about([0.2, 0.3, 1.0], angle), shift)
    there = NUT.moved(new_from_old)
    assert there.hypotheses == NUT.hypotheses and there.id == NUT.id
    # where the surface lies in the box does not depend on the frame
    assert there.box.contains(there.points, 1e-6).all() == NUT.box.contains(NUT.points, 1e-6).all()
    back = there.moved(invert(new_from_old))
    np.testing.assert_allclose(back.points, NUT.points, atol=1e-6)
    np.testing.assert_allclose(back.normals, NUT.normals, atol=1e-6)
    np.testing.assert_allclose(back.box.frame_from_box, BOX.frame_from_box, atol=1e-9)


def test_a_scene_finds_its_parts():
    scene = Scene(0, "base_link", objects=(NUT, Part("b", BOX)))
    assert scene.ids == ["nut_1", "b"]
    assert scene.find("nut_1") is NUT
    assert scene.find("c") is None


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=20))
def test_depth_survives_the_way_through_metres(values):
    wire = np.array([values], np.uint16)
    depth = metres(wire)
    assert np.array_equal(np.isnan(depth), wire == 0)
    assert np.array_equal(millimetres(depth), wire)


def test_what_is_no_depth_is_nothing_on_the_wire():
    nothing = np.array([[np.nan, np.inf, -np.inf, -0.3, 0.0, 70.0, 1e30]], np.float32)
    assert millimetres(nothing).tolist() == [[0] * 7]
    assert millimetres(np.array([[0.8006, 65.535]], np.float32)).tolist() == [[801, 65535]]
