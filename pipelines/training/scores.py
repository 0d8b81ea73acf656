"""Scores of images and their pool, as a table for people and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from pipelines.training.matching import Matches, Overlaps

IOUS = (0.5, 0.7, 0.9)


@dataclass(frozen=True)
class ImageScore:
    """One image: true and predicted counts, and the matches at every threshold of `IOUS`."""

    name: str
    true_count: int
    predicted_count: int
    matches: tuple[Matches, ...]


@dataclass(frozen=True)
class Summary:
    """All images together.

    Args:
        images: how many.
        objects: true objects in all of them.
        average_precision: by threshold of `IOUS`, TP / (TP + FP + FN) of the pooled objects.
        count_error: sum of the images' absolute count differences over the true count; errors do not cancel.
        count_bias: signed difference of the pooled counts over the true count; splits and merges cancel.
    """

    images: int
    objects: int
    average_precision: tuple[float, ...]
    count_error: float
    count_bias: float


def score(name: str, labels_true: NDArray[Any], labels_pred: NDArray[Any]) -> ImageScore:
    """Compare one image's objects with the truth."""
    overlaps = Overlaps(labels_true, labels_pred)
    return ImageScore(name, overlaps.true_count, overlaps.pred_count, tuple(overlaps.match(iou) for iou in IOUS))


def summary(scores: list[ImageScore]) -> Summary:
    """Pool the objects of all images."""
    pooled = [sum((s.matches[place] for s in scores), Matches()) for place in range(len(IOUS))]
    differences = np.array([s.predicted_count - s.true_count for s in scores])
    objects = sum(s.true_count for s in scores)
    return Summary(
        images=len(scores),
        objects=objects,
        average_precision=tuple(m.average_precision for m in pooled),
        count_error=float(np.abs(differences).sum() / max(objects, 1)),
        count_bias=float(differences.sum() / max(objects, 1)),
    )


def table(scores: list[ImageScore]) -> Table:
    """Every image and the pool, to print."""
    result = Table("image", "true", "found", *(f"AP@{iou}" for iou in IOUS), "count error")
    for s in scores:
        result.add_row(s.name, *_cells(s.true_count, s.predicted_count, [m.average_precision for m in s.matches]))
    pool = summary(scores)
    found = sum(s.predicted_count for s in scores)
    result.add_section()
    result.add_row(f"all {pool.images} images", *_cells(pool.objects, found, list(pool.average_precision)))
    return result


def _cells(true: int, found: int, precisions: list[float]) -> list[str]:
    error = f"{(found - true) / true:+.1%}" if true else f"{found:+d}"
    return [str(true), str(found), *(f"{value:.3f}" for value in precisions), error]


def as_json(scores: list[ImageScore]) -> dict[str, Any]:
    """Thresholds, pool and images in plain types."""
    return {"ious": list(IOUS), "summary": asdict(summary(scores)), "images": [asdict(s) for s in scores]}
