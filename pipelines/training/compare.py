"""Compare label masks that a pipeline delivered with labels drawn by people."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.training.data import sources
from pipelines.training.errors import TrainingDataInvalid
from pipelines.training.masks import read_labels
from pipelines.training.scores import FINE_IOUS, ImageScore, score

RESULT_SUFFIX = "_labels.tif"


@dataclass(frozen=True)
class Comparison:
    """Scores of all labelled images; names of those without a result, and of results without labels.

    An image without a result counts with all its objects missed; a result without labels can't be judged.
    """

    scores: list[ImageScore]
    missing: list[str]
    unlabelled: list[str]


def compare(results: Path, labels: Path) -> Comparison:
    """Score `<sub-folder>/<stem>_labels.tif` below `results` against `<sub-folder>/<stem>.png` below `labels`.

    Raises:
        TrainingDataInvalid: No labels, or a mask of another size than its labels.
    """
    truths = {path.relative_to(labels).with_suffix("").as_posix(): path for path in sorted(labels.rglob("*.png"))}
    if not truths:
        raise TrainingDataInvalid(f"There are no labels (.png) below {labels}.")
    masks = [path for path in sorted(results.rglob(f"*{RESULT_SUFFIX}")) if not _is_hidden(path, results)]
    found = {_name(path, results): path for path in masks}
    known = sources(labels.parent)
    whole = labels.resolve().parent.name
    scores = [_score(name, path, found.get(name), known.get(name, whole)) for name, path in truths.items()]
    return Comparison(scores, sorted(truths.keys() - found.keys()), sorted(found.keys() - truths.keys()))


def _is_hidden(result: Path, results: Path) -> bool:
    """Below a folder such as `.labrelay`, where `labrelay run` keeps its own copies."""
    return any(part.startswith(".") for part in result.relative_to(results).parts)


def _name(result: Path, results: Path) -> str:
    return result.relative_to(results).as_posix().removesuffix(RESULT_SUFFIX)


def _score(name: str, truth: Path, result: Path | None, source: str) -> ImageScore:
    labels = read_labels(truth)
    objects = np.zeros_like(labels) if result is None else read_labels(result)
    if objects.shape != labels.shape:
        raise TrainingDataInvalid(f"{result} is {objects.shape}, its labels {truth} are {labels.shape}.")
    return score(name, labels, objects, FINE_IOUS, source)
