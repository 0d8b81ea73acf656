"""Pictures of images with what was found, missed and invented, for eyes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.outlines import outlines
from pipelines.segmentation.sampling import labels_resized, resized
from pipelines.training.data import LabelledImage
from pipelines.training.matching import Overlaps
from pipelines.training.scores import ImageScore

Picture = NDArray[np.uint8]

IOU = 0.5
"""Overlap from which on an object counts as found, as in `scores`."""

# Okabe & Ito (2008): told apart by people with any kind of colour vision; blue, green, red as OpenCV has them.
_FOUND_COLOUR, _TRUE_COLOUR = (140, 200, 0), (233, 180, 86)
_INVENTED_COLOUR, _MISSED_COLOUR = (0, 94, 213), (66, 228, 240)
_LEGEND = (
    (_FOUND_COLOUR, "found"),
    (_TRUE_COLOUR, "its true outline"),
    (_INVENTED_COLOUR, "invented"),
    (_MISSED_COLOUR, "missed"),
)
_STRETCH, _SHORTEST_SIDE, _LONGEST_SIDE = (0.5, 99.8), 640, 1400
_FONT, _LINE_PX = cv2.FONT_HERSHEY_SIMPLEX, 26
_WHITE = (255, 255, 255)
# Outlines must be told from bright objects.
_DIMMED = 0.55


def write_pictures(folder: Path, judged: Iterable[tuple[LabelledImage, ImageScore, NDArray[np.int32]]]) -> None:
    """Draw images into a folder as `01_<name>.png`, `02_<name>.png` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (image, score, found) in enumerate(judged, 1):
        # imencode rather than imwrite: OpenCV cannot open non-ASCII paths on Windows.
        coded = cv2.imencode(".png", draw(image, score, found))[1]
        (folder / f"{number:02d}_{image.stem}.png").write_bytes(coded.tobytes())


def draw(image: LabelledImage, score: ImageScore, found: NDArray[np.int32]) -> Picture:
    """The image as it is beside the image with outlines, a caption above and a legend below, (h, w, 3) in BGR."""
    factor = _magnification(image.labels.shape)
    grey = cv2.cvtColor(resized(_stretched(image.pixels), factor), cv2.COLOR_GRAY2BGR)
    outlined = (grey * _DIMMED).astype(np.uint8)
    true, pred = (labels_resized(labels, factor) for labels in (image.labels, found))
    paired_true, paired_found = Overlaps(image.labels, found).pairs(IOU)
    edges_true, edges_found = outlines(true), outlines(pred)
    is_found, is_hit = np.isin(pred, paired_found), np.isin(true, paired_true)
    for mask, colour in (
        (edges_true & is_hit, _TRUE_COLOUR),
        (edges_found & is_found, _FOUND_COLOUR),
        (edges_found & ~is_found, _INVENTED_COLOUR),
        (edges_true & ~is_hit, _MISSED_COLOUR),
    ):
        outlined[mask] = colour
    return _framed(np.hstack([grey, np.zeros((len(grey), 6, 3), np.uint8), outlined]), score)


def _magnification(shape: tuple[int, ...]) -> float:
    """Small images are enlarged, so that lines of one pixel stay thin beside objects; large ones are made to fit."""
    larger = max(1, round(_SHORTEST_SIDE / max(shape)))
    return min(float(larger), _LONGEST_SIDE / max(shape))


def _stretched(pixels: NDArray[Any]) -> Picture:
    low, high = np.percentile(pixels, _STRETCH)
    scaled = (pixels.astype(np.float32) - low) * (255.0 / max(float(high - low), 1e-6))
    return np.asarray(np.clip(scaled, 0, 255), dtype=np.uint8)


def _framed(picture: Picture, score: ImageScore) -> Picture:
    """Put two lines of words above a picture and the legend below it."""
    framed = np.zeros((len(picture) + 3 * _LINE_PX, max(picture.shape[1], 640), 3), np.uint8)
    framed[2 * _LINE_PX : 2 * _LINE_PX + len(picture), : picture.shape[1]] = picture
    m = score.matches[0]
    _write(framed, f"{score.name}  {score.source}", 0, 6)
    scale = f", seen at {score.scale.factor:.2f}x" if score.scale and score.scale.factor != 1 else ""
    flags = f", {' '.join(score.flags)}" if score.flags else ""
    counts = f"{score.true_count} true, {score.predicted_count} found: {m.fn} missed, {m.fp} invented"
    _write(framed, f"AP@{IOU:g} {m.average_precision:.3f}, {counts}{scale}{flags}", 1, 6)
    left = 6
    for colour, word in _LEGEND:
        left = _write(framed, word, len(framed) // _LINE_PX, left, colour, len(framed) - 8) + 24
    return framed


def _write(
    picture: Picture, text: str, line: int, left: int, colour: tuple[int, int, int] = _WHITE, bottom: int = 0
) -> int:
    """Write a line of ASCII, which is all that OpenCV's font has; gives the column behind it."""
    plain = text.encode("ascii", "replace").decode()
    place = (left, bottom or (line + 1) * _LINE_PX - 8)
    cv2.putText(picture, plain, place, _FONT, 0.5, colour, 1, cv2.LINE_AA)
    return left + int(cv2.getTextSize(plain, _FONT, 0.5, 1)[0][0])
