"""What the real look's stereo camera does to depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lab_simulation.look.stereo import StereoMatcher

MATCHER = StereoMatcher(
    focal=616.8,
    baseline=0.05,
    ripple=0.11,
    flicker=0.03,
    disparity_step=0.03125,
    fatten=2,
    near=0.28,
    far=3.0,
)
SHAPE = (480, 640)
WELL_SEEN = np.zeros(SHAPE, dtype=np.uint8)
FLAT = np.full(SHAPE, 0.8, dtype=np.float32)


def error_of(frame: int, seed: int = 1) -> np.ndarray:
    return np.nan_to_num(MATCHER.apply(FLAT, WELL_SEEN, seed, frame) - 0.8)


def test_a_flat_table_waves_by_millimetres() -> None:
    error = error_of(0)
    assert 0.0015 < error.std() < 0.0035
    assert abs(error.mean()) < 0.0005


def test_neighbours_share_their_error_farther_along_a_row_than_down() -> None:
    error = error_of(0)
    right = np.corrcoef(error[:, :-6].ravel(), error[:, 6:].ravel())[0, 1]
    below = np.corrcoef(error[:-6].ravel(), error[6:].ravel())[0, 1]
    assert right > 0.6
    assert 0.2 < below < right


def test_the_waves_stay_and_something_passes() -> None:
    one, other = error_of(0), error_of(1)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.8
    passing = (one - other).std() / np.sqrt(2.0)
    assert 0.0002 < passing < 0.001
    assert np.array_equal(one, error_of(0))
    assert abs(np.corrcoef(one.ravel(), error_of(0, seed=2).ravel())[0, 1]) < 0.2


def test_disparity_comes_in_steps() -> None:
    depth = MATCHER.apply(FLAT, WELL_SEEN, 1, 0)
    steps = 616.8 * 0.05 / depth[~np.isnan(depth)] / 0.03125
    assert np.abs(steps - np.rint(steps)).max() < 0.02


def test_near_things_grow_over_their_edges_and_hide_a_band_to_their_left() -> None:
    depth = FLAT.copy()
    depth[150:330, 250:390] = 0.6
    seen = MATCHER.apply(depth, WELL_SEEN, 1, 0)
    near = (seen < 0.65)[160:320]
    grown = np.array([np.ptp(np.flatnonzero(row)) + 1 for row in near]) - 140
    assert 1.0 < grown.mean() < 9.0
    assert grown.std() > 0.5, "a straight seam"
    lost = np.isnan(seen)[160:320]
    assert lost[:, 235:250].mean() > 0.3
    assert lost[:, 392:410].mean() < 0.1


def test_low_steps_melt_and_high_ones_do_not() -> None:
    low, high = FLAT.copy(), FLAT.copy()
    low[:, 320:], high[:, 320:] = 0.787, 0.6
    calm = StereoMatcher(616.8, 0.05, 0.0, 0.0, 0.0, 2, 0.28, 3.0)
    row = np.nanmean(calm.apply(low, WELL_SEEN, 1, 0), axis=0)
    between = (row < 0.798) & (row > 0.789)
    assert between.sum() >= 5
    row = np.nanmedian(calm.apply(high, WELL_SEEN, 1, 0), axis=0)
    assert ((row < 0.78) & (row > 0.62)).sum() <= 3


def test_what_is_badly_seen_is_lost_in_patches() -> None:
    dark = WELL_SEEN.copy()
    dark[:, :320] = 128
    lost = np.isnan(MATCHER.apply(FLAT, dark, 1, 0))
    assert 0.2 < lost[:, :300].mean() < 0.7
    assert lost[:, 340:].mean() < 0.03
    count, _, sizes, _ = cv2.connectedComponentsWithStats(lost.astype(np.uint8))
    assert np.average(sizes[1:count, cv2.CC_STAT_AREA], weights=sizes[1:count, cv2.CC_STAT_AREA]) > 200.0


@pytest.mark.parametrize("distance", [0.2, 3.5])
def test_what_is_out_of_range_is_lost(distance: float) -> None:
    depth = np.full(SHAPE, distance, dtype=np.float32)
    assert np.isnan(MATCHER.apply(depth, WELL_SEEN, 1, 0)).all()
