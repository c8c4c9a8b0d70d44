"""The network that tells parts from the table: what it answers, and what is said of a bad one."""

import json

import numpy as np
import pytest

from lab_perception.errors import InvalidNetwork
from lab_perception.parts_network import NETWORKS, load_network
from lab_perception.support import SupportSettings
from lab_perception.surface import SurfaceSettings, observe_surface
from lab_perception.testing.detector_contract import AREA, BASE_FROM_CAMERA, BLOCKS, CAMERA
from lab_perception.testing.imagined import imagine
from lab_perception.view import View


def evidence(blocks):
    frame, truth = imagine(blocks, AREA, CAMERA, BASE_FROM_CAMERA)
    view = View.of(CAMERA, BASE_FROM_CAMERA, AREA)
    surface = observe_surface(frame, view, AREA, SupportSettings(), SurfaceSettings(), "parts")
    return surface.evidence, surface.view.crop(truth)


def test_pixels_of_parts_are_told_from_those_of_the_table():
    seen, truth = evidence(BLOCKS)
    right = (seen.part > 0.0) == (truth >= 0)
    assert right.mean() > 0.97


def test_votes_point_to_the_middle_of_the_part():
    seen, truth = evidence(BLOCKS)
    for index in range(len(BLOCKS)):
        rows, columns = np.nonzero(truth == index)
        votes = np.stack([columns, rows], axis=1) + seen.centre[rows, columns]
        middle = np.array([columns.mean(), rows.mean()])
        reach = np.hypot(columns - middle[0], rows - middle[1]).mean()
        assert np.linalg.norm(np.median(votes, axis=0) - middle) < 0.5 * reach


def test_the_same_view_gives_the_same_answers():
    first, second = evidence(BLOCKS)[0], evidence(BLOCKS)[0]
    assert np.array_equal(first.part, second.part)
    assert np.array_equal(first.centre, second.centre)


@pytest.mark.parametrize("size", [(20, 16), (333, 77), (720, 1280)])
def test_a_view_may_have_any_size(size):
    answer = load_network("parts").look(
        np.zeros((*size, 3), np.uint8), np.full(size, np.nan, np.float32), np.full(size, 0.002, np.float32)
    )
    assert answer.part.shape == answer.edge.shape == size
    assert answer.centre.shape == (*size, 2)
    assert np.isfinite(answer.part).all()


def test_a_network_that_cannot_be_used_is_named_with_the_fix(tmp_path):
    def sentence(name):
        with pytest.raises(InvalidNetwork) as error:
            load_network(str(name))
        return str(error.value)

    assert "no network 'prats': set the detector's parameter network to one of: parts" in sentence("prats")
    description = tmp_path / "mine.json"
    description.write_text("[]")
    assert "must be JSON with file and sha256" in sentence(description)
    description = tmp_path / "missing.json"
    description.write_text(json.dumps({"file": "missing.onnx", "sha256": "0" * 64}))
    assert "missing.onnx cannot be read: No such file" in sentence(description)
    whole = (NETWORKS / "parts.onnx").read_bytes()
    (tmp_path / "half.onnx").write_bytes(whole[: len(whole) // 2])
    description = tmp_path / "half.json"
    description.write_text(json.dumps({"file": "half.onnx", "sha256": "0" * 64}))
    assert "is not the one that its description names" in sentence(description)


def test_a_file_that_is_no_network_is_named(tmp_path):
    import hashlib

    (tmp_path / "text.onnx").write_bytes(b"no network")
    digest = hashlib.sha256(b"no network").hexdigest()
    (tmp_path / "text.json").write_text(json.dumps({"file": "text.onnx", "sha256": digest}))
    with pytest.raises(InvalidNetwork, match=r"text\.onnx cannot be run"):
        load_network(str(tmp_path / "text.json"))
