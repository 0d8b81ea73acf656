"""Pictures show what was found, missed and invented."""

from pathlib import Path

import cv2
import numpy as np

from pipelines.training.data import LabelledImage
from pipelines.training.pictures import _FOUND_COLOUR, _INVENTED_COLOUR, _MISSED_COLOUR, draw, write_pictures
from pipelines.training.scores import score
from tests.pipelines.training.specimen import labelled_discs

TRUE = labelled_discs((30, 30, 12), (90, 90, 12), size=128)
FOUND = labelled_discs((30, 30, 11), (30, 90, 12), size=128)
IMAGE = LabelledImage("dish ä", (TRUE > 0).astype(np.uint16) * 900 + 100, TRUE, source="microscope")


def coloured(picture: np.ndarray, colour: tuple[int, int, int], row: int, column: int) -> bool:
    """Whether a colour shows around a disc of the image, which is drawn five times as large beside itself."""
    top, left = 52 + 5 * row, 646 + 5 * column
    window = picture[max(0, top - 75) : top + 75, max(0, left - 75) : left + 75]
    return bool((window == colour).all(axis=-1).any())


def test_outlines_tell_found_missed_and_invented_apart() -> None:
    picture = draw(IMAGE, score("dish ä", TRUE, FOUND), FOUND)
    assert picture.dtype == np.uint8
    assert [coloured(picture, colour, 30, 30) for colour in (_FOUND_COLOUR, _MISSED_COLOUR, _INVENTED_COLOUR)] == [
        True,
        False,
        False,
    ]
    assert coloured(picture, _INVENTED_COLOUR, 30, 90)
    assert coloured(picture, _MISSED_COLOUR, 90, 90)


def test_pictures_are_numbered_in_their_order_and_can_be_read(tmp_path: Path) -> None:
    judged = (IMAGE, score("dish ä", TRUE, FOUND), FOUND)
    write_pictures(tmp_path / "worst", [judged, judged])
    names = sorted(path.name for path in (tmp_path / "worst").iterdir())
    assert names == ["01_dish ä.png", "02_dish ä.png"]
    data = np.fromfile(tmp_path / "worst" / names[0], np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1] == 2 * 640 + 6


def test_large_and_flat_images_are_drawn_too() -> None:
    flat = LabelledImage("flat", np.zeros((1500, 3000), np.uint8), np.zeros((1500, 3000), np.int32))
    picture = draw(flat, score("flat", flat.labels, flat.labels), flat.labels)
    assert picture.shape[1] == 2 * 1400 + 6
