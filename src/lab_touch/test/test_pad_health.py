import numpy as np
import pytest
from synthetic import GRID, Pad

from lab_core.touch import InvalidPadSample, PadGrid, PadSample
from lab_touch.errors import PadFault
from lab_touch.health import check_grid, check_rate, check_values


def test_a_good_pad_passes():
    pad = Pad(1)
    samples = [pad.held(10.0, 0.3, 0.5) for _ in range(20)]
    check_grid(samples[0], GRID, "left_pad")
    check_rate([sample.stamp for sample in samples])
    check_values(samples, 4.0)


def test_the_wrong_form_and_swapped_sides_are_named():
    sample = Pad(1, grid=PadGrid(4, 4, 0.005, 0.005)).sample()
    with pytest.raises(PadFault, match="sends 4 × 4 taxels, its YAML says 16 × 12"):
        check_grid(sample, GRID, "left_pad")
    with pytest.raises(
        PadFault, match="to be 'right_pad' sends frame 'left_pad': are left and right swapped"
    ):
        check_grid(Pad(1).sample(), GRID, "right_pad")


def test_a_pad_too_slow_for_slip_is_named():
    with pytest.raises(PadFault, match="sends 10 samples a second, and slip needs 50"):
        check_rate([index * 100_000_000 for index in range(10)])
    with pytest.raises(PadFault, match="the same stamp"):
        check_rate([5, 5, 5])


def test_frozen_and_saturated_pads_are_named():
    frozen = Pad(1).held(10.0, 0.3, 0.5)
    with pytest.raises(PadFault, match="10 samples are the same: the pad is frozen or dead"):
        check_values([frozen] * 10, 4.0)
    pressed = Pad(1, noise=0.0).sample(np.full((16, 12), 4.0))
    with pytest.raises(PadFault, match=r"192 of 192 taxels are at their maximum of 4 N"):
        check_values([pressed], 4.0)


@pytest.mark.parametrize(
    ("normal", "shear", "sentence"),
    [
        (np.zeros((3, 3)), None, "9 taxels, expected 16 rows × 12 columns"),
        (np.zeros((16, 12)), np.zeros((16, 12)), "192 numbers of shear, expected two for each of 192 taxels"),
        (np.full((16, 12), np.nan), None, "the normal force of row 0, column 0 is not a finite number"),
        (np.zeros((16, 12)), np.full((16, 12, 2), np.inf), "the shear force of row 0, column 0 is not"),
    ],
)
def test_samples_that_contradict_themselves_are_refused(normal, shear, sentence):
    with pytest.raises(InvalidPadSample, match=sentence):
        PadSample.of(0, "left_pad", GRID, normal, shear)
