"""Choose the parameters that turn predictions into objects, on validation images."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.data import LabelledImage, contiguous
from pipelines.training.scores import score, summary

# One after the other in this order, as they hardly depend on each other; those that do come twice.
CHOICES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("seed_threshold", (0.2, 0.3, 0.4, 0.5)),
    ("minimum_certainty", (0.65, 0.7, 0.75, 0.8, 0.85)),
    ("minimum_area_px", (8, 10, 12, 16, 20, 25, 40, 60, 80)),
    ("agreement", (0.45, 0.6, 0.75, 0.9)),
    ("contact_weight", (0.0, 0.15, 0.3, 0.5)),
    ("foreground_threshold", (0.45, 0.5, 0.55, 0.6, 0.65)),
    ("seed_smoothing_px", (0.0, 0.5, 1.0, 1.5)),
    ("seed_threshold", (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)),
    ("agreement", (0.45, 0.6, 0.75, 0.9)),
)
START = InstanceParameters(
    foreground_threshold=0.55,
    seed_threshold=0.3,
    seed_smoothing_px=0.5,
    seed_smoothing_share=0.0,
    contact_weight=0.3,
    agreement=0.75,
    minimum_area_px=20,
    minimum_certainty=0.6,
)
# Most images show objects of some 20 px; what suits only those would tear large ones apart.
MAGNIFIED_PX, _IMAGES_EACH, _EDGE_PX = (50.0, 100.0), 8, 640

# Of IOUS: 0.5, 0.7, 0.9.
_WEIGHTS = (0.8, 0.15, 0.05)
# AP alone would rather drop doubtful objects than invent some, and every count would be too low.
_COUNT_WEIGHT, _BIAS_WEIGHT = 0.5, 0.5

Prediction = NDArray[np.float32]
Labels = NDArray[np.int32]


def choose(
    predictions: list[Prediction], labels: list[Labels], start: InstanceParameters = START
) -> InstanceParameters:
    """Try the values of `CHOICES` for one parameter at a time and keep the best of each."""
    best = start
    for name, values in CHOICES:
        candidates = [best, *(replace(best, **{name: value}) for value in values)]
        # max keeps the first of equals, so nothing changes without a gain.
        best = max(candidates, key=lambda candidate: worth(predictions, labels, candidate))
    return best


def worth(predictions: list[Prediction], labels: list[Labels], parameters: InstanceParameters) -> float:
    """Pooled AP, at an IoU of 0.5 more than at higher ones, less parts of the count error and of its bias."""
    scores = [
        score("", truth, label_instances(prediction, parameters))
        for prediction, truth in zip(predictions, labels, strict=True)
    ]
    pool = summary(scores)
    loss = _COUNT_WEIGHT * pool.count_error + _BIAS_WEIGHT * abs(pool.count_bias)
    return float(np.dot(_WEIGHTS, pool.average_precision)) - loss


def magnified(images: list[LabelledImage], diameters_px: tuple[float, ...]) -> list[LabelledImage]:
    """A few of the images enlarged until their median object has each of the given diameters."""
    usable = [image for image in images if image.objects]
    few = usable[:: max(1, len(usable) // _IMAGES_EACH)][:_IMAGES_EACH]
    return [
        _magnified(image, wanted / float(np.median(equivalent_diameters(image.labels))))
        for image in few
        for wanted in diameters_px
    ]


def _magnified(image: LabelledImage, factor: float) -> LabelledImage:
    edge = max(1, int(_EDGE_PX / factor))
    pixels, labels = image.pixels[:edge, :edge], image.labels[:edge, :edge]
    size = max(1, round(labels.shape[1] * factor)), max(1, round(labels.shape[0] * factor))
    larger = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    return LabelledImage(image.stem, larger, contiguous(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)))
