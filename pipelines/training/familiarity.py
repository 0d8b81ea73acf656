"""Learns from training images what is usual for them: thresholds of quality control, and features with their spread."""

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.features import FEATURES
from pipelines.segmentation.package import DESCRIPTION_FILE
from pipelines.segmentation.quality import DEFAULT_THRESHOLDS, Quality
from pipelines.segmentation.segment import Segmenter
from pipelines.training.data import LabelledImage
from pipelines.training.description import as_toml

Sections = dict[str, dict[str, Any]]
Table = NDArray[np.float64]

ENOUGH: Final = 150
"""Of fewer images the quarters are looked at, too: they tell how much images of the same kind differ."""

QUARTERED_PX: Final = 512
"""Shortest edge of an image whose quarters still show a few objects."""

FEWEST: Final = 20
"""Fewer samples than this tell nothing of what is usual."""

_RARE, _MARGIN = 0.02, 1.1
_FOLDS: Final = 10
_LEAST_SPREAD: Final = 0.03
_LEAST_SHRINKAGE: Final = 0.1
_FARTHEST: Final = 3.0


def reference(
    folder: Path, images: Sequence[LabelledImage], tell: Callable[[int], object] = lambda done: None
) -> Sections:
    """Give `[quality_control]` and `[familiar]` for a model package, from the images that the model was trained on.

    About one in fifty of these images is flagged by each threshold. With fewer than `FEWEST` usable images there is
    no `[familiar]`, and familiarity isn't judged.

    Args:
        folder: The model package; its own `[quality_control]` and `[familiar]` have no influence.
        images: Images of the training.
        tell: Gets the number of samples done so far.

    Raises:
        ModelPackageInvalid: The package is incomplete or changed.
    """
    segmenter, samples = Segmenter(folder), _samples(images)
    judged: list[tuple[int, Quality]] = []
    for group, pixels in samples:
        judged.append((group, segmenter.segment(Image(pixels, None, "training")).quality))
        tell(len(judged))
    usable = [(group, found.features) for group, found in judged if found.features is not None]
    sections: Sections = {"quality_control": _thresholds([found for _, found in judged])}
    if len(usable) >= FEWEST:
        table = np.array([[found[name] for name in FEATURES] for _, found in usable])
        sections["familiar"] = familiar(table, np.array([group for group, _ in usable]))
    return sections


def familiar(table: Table, groups: NDArray[np.int_]) -> dict[str, Any]:
    """Describe what rows of features (N, F), in the order of `FEATURES`, are usually like.

    The threshold lies a tenth beyond the distance that one in fifty has when it is judged by the others; `groups` (N,)
    says which rows come from one image and are left out together.
    """
    centre, precision = _spread(table)
    folds = groups % _FOLDS
    apart = [_distances(table[folds == fold], *_spread(table[folds != fold])) for fold in np.unique(folds)]
    threshold = float(np.quantile(np.concatenate(apart), 1 - _RARE)) * _MARGIN
    return {
        "features": list(FEATURES),
        "centre": _rounded(centre),
        "precision": [_rounded(row) for row in precision],
        "threshold": float(f"{threshold:.4g}"),
    }


def write_sections(folder: Path, sections: Sections) -> None:
    """Put sections into a package's model.toml in place of those of the same names."""
    path = folder / DESCRIPTION_FILE
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    path.write_text(as_toml(content | sections), encoding="utf-8")


def _samples(images: Sequence[LabelledImage]) -> list[tuple[int, NDArray[Any]]]:
    """Images, and of few also their quarters, each with the number of its image."""
    whole = [(number, image.pixels) for number, image in enumerate(images)]
    if len(images) >= ENOUGH:
        return whole
    large = [(number, pixels) for number, pixels in whole if min(pixels.shape) >= QUARTERED_PX]
    return whole + [(number, quarter) for number, pixels in large for quarter in _quarters(pixels)]


def _quarters(pixels: NDArray[Any]) -> list[NDArray[Any]]:
    return [quarter for half in np.array_split(pixels, 2) for quarter in np.array_split(half, 2, axis=1)]


def _thresholds(judged: Sequence[Quality]) -> dict[str, float]:
    """Where one in fifty lies, and some more; only focus, which has no usual value, may be stricter than by default."""
    limits = {}
    for name, default in DEFAULT_THRESHOLDS.model_dump().items():
        figure = f"qc_{name.partition('_')[2]}"
        values = [quality.figures[figure] for quality in judged if figure in quality.figures]
        limits[name] = _limit(name, default, values)
    return limits


def _limit(name: str, default: float, values: Sequence[float]) -> float:
    if not values:
        return default
    if name.startswith("minimum"):
        return float(f"{np.quantile(values, _RARE) / _MARGIN:.3g}")
    beyond = float(f"{np.quantile(values, 1 - _RARE) * _MARGIN:.3g}")
    return max(default, min(beyond, 1.0))


def _spread(table: Table) -> tuple[Table, Table]:
    """Centre (F,) and precision (F, F) of rows (N, F), neither much moved by a few strange rows.

    Medians and median absolute deviations; the covariance is that of rows drawn in to three deviations, shrunk towards
    the identity as far as their number demands (Ledoit & Wolf, J. Multivariate Analysis 2004), and a tenth at least.
    """
    centre = np.median(table, axis=0)
    usual = np.median(np.abs(table - centre), axis=0) / 0.6745
    scale = np.maximum(np.maximum(usual, table.std(axis=0) / 2), _LEAST_SPREAD)
    drawn_in = np.clip((table - centre) / scale, -_FARTHEST, _FARTHEST)
    precision = np.linalg.inv(_shrunk(drawn_in))
    return centre, precision / np.outer(scale, scale)


def _shrunk(rows: Table) -> Table:
    count, features = rows.shape
    covariance = rows.T @ rows / count
    target = np.trace(covariance) / features * np.eye(features)
    apart = float(((covariance - target) ** 2).sum())
    error = float(((rows**2).sum(axis=1) ** 2).sum() / count - (covariance**2).sum()) / count
    share = min(1.0, max(error / max(apart, 1e-12), _LEAST_SHRINKAGE))
    return np.asarray((1 - share) * covariance + share * target)


def _distances(table: Table, centre: Table, precision: Table) -> Table:
    off = table - centre
    squares = np.einsum("ij,jk,ik->i", off, precision, off)
    return np.asarray(np.sqrt(squares / table.shape[1]))


def _rounded(values: Table) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
