"""Scores of images and of their pool."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.scale import Scale
from pipelines.training.matching import Matches, Overlaps

IOUS = (0.5, 0.7, 0.9)
"""Thresholds by which models are tuned and described."""

FINE_IOUS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
"""Thresholds at which they are evaluated."""


@dataclass(frozen=True)
class ImageScore:
    """One image: true and predicted counts, the matches at every threshold, and what the pipeline said of it.

    Args:
        name: of the image, without its suffix.
        true_count: objects in the labels.
        predicted_count: objects found.
        matches: at each threshold; the first one is 0.5.
        source: the data set that the image comes from.
        flags: quality flags.
        scale: at what size the network saw the image, if known.
    """

    name: str
    true_count: int
    predicted_count: int
    matches: tuple[Matches, ...]
    source: str = ""
    flags: tuple[str, ...] = ()
    scale: Scale | None = None


@dataclass(frozen=True)
class Summary:
    """All images together.

    Args:
        images: how many.
        objects: true objects in all of them.
        found: predicted objects in all of them.
        found_on_blank: predicted objects in those without any true one.
        average_precision: by threshold, TP / (TP + FP + FN) of the pooled objects.
        count_error: sum of the images' absolute count differences over the true count; errors do not cancel.
        count_bias: signed difference of the pooled counts over the true count; splits and merges cancel.
        precision: TP / (TP + FP) at the first threshold.
        recall: TP / (TP + FN) at the first threshold.
    """

    images: int
    objects: int
    found: int
    found_on_blank: int
    average_precision: tuple[float, ...]
    count_error: float
    count_bias: float
    precision: float
    recall: float


def score(
    name: str, labels_true: NDArray[Any], labels_pred: NDArray[Any], ious: Sequence[float] = IOUS, source: str = ""
) -> ImageScore:
    """Compare one image's objects with the truth."""
    overlaps = Overlaps(labels_true, labels_pred)
    matches = tuple(overlaps.match(iou) for iou in ious)
    return ImageScore(name, overlaps.true_count, overlaps.pred_count, matches, source)


def summary(scores: Sequence[ImageScore]) -> Summary:
    """Pool the objects of all images."""
    thresholds = zip(*(one.matches for one in scores), strict=True)
    pooled = [sum(matches, Matches()) for matches in thresholds] or [Matches()]
    differences = np.array([s.predicted_count - s.true_count for s in scores])
    objects = sum(s.true_count for s in scores)
    return Summary(
        images=len(scores),
        objects=objects,
        found=sum(s.predicted_count for s in scores),
        found_on_blank=sum(s.predicted_count for s in scores if not s.true_count),
        average_precision=tuple(m.average_precision for m in pooled),
        count_error=float(np.abs(differences).sum() / max(objects, 1)),
        count_bias=float(differences.sum() / max(objects, 1)),
        precision=pooled[0].precision,
        recall=pooled[0].recall,
    )


def by_source(scores: Sequence[ImageScore]) -> dict[str, list[ImageScore]]:
    """The images of each data set, in the order of the sets' names."""
    return {name: [s for s in scores if s.source == name] for name in sorted({s.source for s in scores})}


def as_json(scores: Sequence[ImageScore]) -> list[dict[str, Any]]:
    """Images in plain types."""
    return [asdict(one) for one in scores]
