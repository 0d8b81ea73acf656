import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.drawing import draw_overlay
from pipelines.segmentation.outlines import outlines
from pipelines.segmentation.picture import GREYS, Picture, as_png, palette


def _labels(shape: tuple[int, int] = (600, 800)) -> NDArray[np.int32]:
    labels = np.zeros(shape, np.int32)
    labels[100:140, 100:140] = 1
    labels[100:140, 140:180] = 2
    return labels


def _blank(shape: tuple[int, int], pixel_size_um: float | None = None, count: int = 0) -> Picture:
    image = Image(np.zeros(shape, np.uint8), pixel_size_um, "a.tif")
    return draw_overlay(image, np.zeros(shape, np.int32), count)


def test_outlines_lie_inside_objects_and_part_touching_ones() -> None:
    edges = outlines(_labels())
    assert not edges[_labels() == 0].any()
    assert edges[100, 120]
    assert edges[120, 139]
    assert edges[120, 140]
    assert not edges[120, 120]


def test_objects_are_outlined_in_different_colours_on_grey() -> None:
    labels = _labels()
    pixels = np.where(labels > 0, 3000, 200).astype(np.uint16)
    overlay = draw_overlay(Image(pixels, None, "a.tif"), labels, 2)
    assert overlay.shape == (600, 800)
    assert overlay[120, 120] == GREYS - 1
    assert overlay[300, 300] == 0
    first, second = overlay[120, 100], overlay[120, 179]
    assert GREYS <= first != second >= GREYS
    assert {int(first), int(second)} == set(overlay[overlay >= GREYS].tolist())


def test_what_is_darker_than_the_stretch_is_black_and_not_wrapped() -> None:
    random = np.random.default_rng(0)
    pixels = random.normal(0, 1, (600, 600)).astype(np.float32)
    pixels[400, 400], pixels[500, 500] = -1e6, 1e6
    overlay = draw_overlay(Image(pixels, None, "a.tif"), np.zeros((600, 600), np.int32), 0)
    assert (overlay[400, 400], overlay[500, 500]) == (0, GREYS - 1)


def test_large_images_are_reduced_and_small_ones_enlarged_by_a_whole_number() -> None:
    assert _blank((1500, 6000)).shape == (512, 2048)
    assert _blank((700, 600)).shape == (700, 600)
    assert _blank((64, 48)).shape == (512, 384)


def test_lines_are_thicker_in_large_pictures_but_stay_inside_their_object() -> None:
    labels = _labels((2048, 2048))
    overlay = draw_overlay(Image(np.zeros(labels.shape, np.uint16), None, "a.tif"), labels, 2)
    drawn = overlay >= GREYS
    assert drawn[120, 100:104].tolist() == [True, True, False, False]
    assert drawn[120, 136:144].tolist() == [False, False, True, True, True, True, False, False]
    assert not drawn[labels == 0].any()
    assert (overlay[drawn] - GREYS == labels[drawn]).all()


def test_the_scale_bar_has_the_length_it_tells() -> None:
    plain, scaled = _blank((600, 1000)), _blank((600, 1000), 0.5)
    changed = scaled[:, 600:] != plain[:, 600:]
    assert changed.any()
    assert not (scaled != plain)[:300].any()
    longest = max(int(changed[row].sum()) for row in range(len(changed)))
    assert longest == pytest.approx(100 / 0.5, abs=1)  # 100 µm: the round length below 1000 px / 5


def test_the_count_is_written_where_there_is_room() -> None:
    assert (_blank((600, 800), count=3) != _blank((600, 800), count=4)).any()
    assert not _blank((5, 800), count=3).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (4, 1), (1, 4)])
@pytest.mark.parametrize("pixel_size_um", [None, 0.65])
def test_the_smallest_images_can_be_drawn(shape: tuple[int, int], pixel_size_um: float | None) -> None:
    overlay = draw_overlay(Image(np.ones(shape, np.float32), pixel_size_um, "a.tif"), np.ones(shape, np.int32), 1)
    assert max(overlay.shape) <= 2048


def test_a_picture_reads_back_from_its_png_in_true_colours() -> None:
    picture = np.random.default_rng(0).integers(0, len(palette()), (37, 53)).astype(np.uint8)
    read = cv2.imdecode(np.frombuffer(as_png(picture), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    np.testing.assert_array_equal(read[..., ::-1], palette()[picture])
