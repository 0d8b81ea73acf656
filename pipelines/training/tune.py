"""Choose the parameters that turn predictions into objects, on validation images."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.training.data import LabelledImage, contiguous, diameters
from pipelines.training.scores import score, summary

# One after the other in this order, as they hardly depend on each other; the two that do come twice.
CHOICES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("seed_smoothing_share", (0.0, 0.03, 0.05, 0.07, 0.09)),
    ("seed_threshold", (0.4, 0.45, 0.5, 0.55, 0.6, 0.65)),
    ("seed_smoothing_px", (0.0, 0.5, 1.0)),
    ("lone_foreground", (0.5, 0.6, 0.7, 0.8, 0.9)),
    ("minimum_area_px", (6, 12, 18, 25)),
    ("foreground_threshold", (0.4, 0.45, 0.5, 0.55)),
    ("seed_smoothing_share", (0.04, 0.06, 0.08)),
    ("seed_threshold", (0.475, 0.525, 0.575, 0.625)),
)
# Most images show objects of some 20 px; what suits only those would tear large ones apart.
MAGNIFIED_PX, _IMAGES_EACH, _EDGE_PX = (50.0, 100.0), 8, 640

Prediction = NDArray[np.float32]
Labels = NDArray[np.int32]


def choose(predictions: list[Prediction], labels: list[Labels], start: InstanceParameters) -> InstanceParameters:
    """Try the values of `CHOICES` for one parameter at a time and keep the best of each."""
    best = start
    for name, values in CHOICES:
        candidates = [best, *(replace(best, **{name: value}) for value in values)]
        # max keeps the first of equals, so nothing changes without a gain.
        best = max(candidates, key=lambda candidate: worth(predictions, labels, candidate))
    return best


def worth(predictions: list[Prediction], labels: list[Labels], parameters: InstanceParameters) -> float:
    """Mean of the pooled AP over the thresholds of `scores.IOUS`, less half the count error."""
    scores = [
        score("", truth, label_instances(prediction, parameters))
        for prediction, truth in zip(predictions, labels, strict=True)
    ]
    pool = summary(scores)
    return float(np.mean(pool.average_precision)) - 0.5 * pool.count_error


def magnified(images: list[LabelledImage], diameters_px: tuple[float, ...]) -> list[LabelledImage]:
    """A few of the images enlarged until their median object has each of the given diameters."""
    usable = [image for image in images if image.objects]
    few = usable[:: max(1, len(usable) // _IMAGES_EACH)][:_IMAGES_EACH]
    return [
        _magnified(image, wanted / float(np.median(diameters(image.labels))))
        for image in few
        for wanted in diameters_px
    ]


def _magnified(image: LabelledImage, factor: float) -> LabelledImage:
    edge = max(1, int(_EDGE_PX / factor))
    pixels, labels = image.pixels[:edge, :edge], image.labels[:edge, :edge]
    size = max(1, round(labels.shape[1] * factor)), max(1, round(labels.shape[0] * factor))
    larger = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return LabelledImage(image.stem, larger, contiguous(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)))
