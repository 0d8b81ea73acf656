import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.segmentation.tiles import spans, tiles

LENGTHS = st.integers(1, 5000)
MULTIPLES = st.sampled_from([1, 16, 32])
TILES = st.integers(1, 20).map(lambda number: number * 32)


@given(st.integers(1, 700), st.integers(1, 700), TILES, MULTIPLES)
def test_cores_cover_every_pixel_exactly_once(height: int, width: int, tile: int, multiple: int) -> None:
    covered = np.zeros((height, width), np.uint8)
    for cut in tiles(height, width, max(tile, 96), 32, multiple):
        covered[cut.rows.core, cut.columns.core] += 1
    assert (covered == 1).all()


@given(LENGTHS, TILES, MULTIPLES, st.data())
def test_tiles_share_the_overlap_start_where_the_network_halves_and_end_with_the_image(
    length: int, tile: int, multiple: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, tile - multiple))
    cut = spans(length, tile, overlap, multiple)
    assert len({span.size for span in cut}) == 1
    size = cut[0].size
    assert size % multiple == 0
    assert size <= tile
    assert 0 <= cut[-1].start + size - length < multiple
    for left, right in itertools.pairwise(cut):
        assert left.start + size - right.start >= overlap
    for span in cut:
        assert span.start % multiple == 0
        assert 0 <= span.start <= span.core_start < span.core_stop <= span.start + size


@given(st.integers(200, 5000))
def test_every_core_keeps_half_the_overlap_as_context(length: int) -> None:
    for span in spans(length, 192, 64, 32):
        assert span.core_start == 0 or span.core_start - span.start >= 32
        assert span.core_stop == length or span.start + span.size - span.core_stop >= 32


def test_an_image_shorter_than_a_tile_is_one_tile_of_the_next_multiple() -> None:
    (span,) = spans(33, 512, 64, 32)
    assert (span.start, span.size, span.core_start, span.core_stop) == (0, 64, 0, 33)


def test_tiles_are_no_longer_than_their_number_needs() -> None:
    assert {span.size for span in spans(2048, 512, 64, 32)} == {480}


def test_an_image_of_one_tile_is_halved_where_two_can_be_computed_at_once() -> None:
    assert [(cut.rows.size, cut.columns.size) for cut in tiles(512, 512, 1024, 64, 32, at_least=2)] == [(288, 512)] * 2
    assert len(tiles(128, 128, 1024, 64, 32, at_least=2)) == 1  # too small to be worth it
    assert {(cut.rows.size, cut.columns.size) for cut in tiles(2048, 2048, 2048, 128, 32, at_least=16)} == {(608, 608)}
    assert len(tiles(2048, 2048, 1024, 64, 32, at_least=2)) == 9
