"""Objects are whole and counted once wherever windows meet."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.tiles import Tile, tiles
from pipelines.segmentation.windows import SHARED_PX, WINDOW_PX, Mosaic, windows

Labels = NDArray[np.int32]
SHAPE = (700, 940)


def _discs(diameter: int, pitch: float) -> Labels:
    labels = np.zeros(SHAPE, np.int32)
    for y in np.arange(0.4 * pitch, SHAPE[0], pitch):
        for x in np.arange(0.3 * pitch, SHAPE[1], pitch):
            cv2.circle(labels, (int(x), int(y)), diameter // 2, int(labels.max()) + 1, -1)
    return labels


def _numbered(labels: Labels) -> Labels:
    return np.searchsorted(np.unique(np.append(labels, 0)), labels).astype(np.int32)


def _joined(truth: Labels, cut: list[Tile]) -> Labels:
    mosaic = Mosaic(*truth.shape)
    for window in cut:
        mosaic.add(window, _numbered(truth[window.rows.read, window.columns.read]))
    return mosaic.labels


def _same_objects(one: Labels, other: Labels) -> bool:
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(pairs[0]) == len(set(pairs[0])) == len(set(pairs[1]))


def test_objects_of_all_sizes_are_whole_and_drawn_once_across_seams() -> None:
    for diameter, pitch in ((9, 13.0), (40, 41.0), (110, 117.0)):
        truth = _discs(diameter, pitch)
        joined = _joined(truth, tiles(*SHAPE, 352, 256, 32))
        assert joined.max() == truth.max()
        assert _same_objects(joined, truth)


def test_windows_that_disagree_draw_nothing_twice_and_leave_nothing_out() -> None:
    left, right = tiles(96, 320, 192, 64, 32)
    seam = left.columns.core_stop
    pair = np.zeros((96, 320), np.int32)
    pair[30:60, seam - 30 : seam] = 1  # left of the seam, as the left window sees it
    pair[30:60, seam : seam + 20] = 2
    shifted = pair.copy()
    shifted[30:60, seam - 30 : seam + 20] = 3  # one object, with its centre left of the seam
    for seen_left, seen_right, count in (
        (pair, pair, 2),
        (pair, shifted, 2),
        (shifted, pair, 1),
        (shifted, shifted, 1),
    ):
        mosaic = Mosaic(96, 320)
        mosaic.add(left, _numbered(seen_left[left.rows.read, left.columns.read]))
        mosaic.add(right, _numbered(seen_right[right.rows.read, right.columns.read]))
        assert mosaic.labels.max() == len(np.unique(mosaic.labels)) - 1 == count
        assert np.array_equal(mosaic.labels > 0, pair > 0)


def test_an_object_that_each_window_places_in_the_other_is_not_lost() -> None:
    left, right = tiles(96, 320, 192, 64, 32)
    seam = left.columns.core_stop
    mosaic = Mosaic(96, 320)
    for window, shift in ((left, 3), (right, -3)):
        found = np.zeros((96, 320), np.int32)
        found[30:50, seam + shift - 10 : seam + shift + 10] = 1
        mosaic.add(window, found[window.rows.read, window.columns.read])
    assert mosaic.labels.max() == 1
    assert np.count_nonzero(mosaic.labels) == 400


def test_usual_images_are_one_window_and_large_ones_bounded_ones_at_every_scale() -> None:
    assert len(windows(2048, 2048, 1.0)) == 1
    for factor in (0.25, 1.0, 4.0):
        cut = windows(20_000, 20_000, factor)
        assert max(window.rows.size for window in cut) * factor <= WINDOW_PX
        shared = cut[0].columns.start + cut[0].columns.size - cut[1].columns.start if len(cut) > 1 else None
        assert shared is None or shared * factor >= SHARED_PX
