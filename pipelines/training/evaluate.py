"""Measure a model package on labelled images, by the very code that the pipeline runs.

`python -m pipelines.training.evaluate …` is the same as `python -m pipelines.training evaluate …`.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.package import DESCRIPTION_FILE, ModelPackage
from pipelines.segmentation.segment import Segmenter
from pipelines.training.data import LabelledImage
from pipelines.training.errors import ModelUnknown
from pipelines.training.scores import IOUS, ImageScore, score

_PIPELINES = Path(__file__).parents[1]


def predictions(package: ModelPackage, images: list[LabelledImage]) -> Iterator[NDArray[np.float32]]:
    """The network's maps (heads, H, W) of each image, at the scale it was recorded."""
    network, told = Network(package), package.description.input
    for image in images:
        yield network.predict(normalise(image.pixels, told.low_percentile, told.high_percentile, told.minimum_range))


def evaluate(
    folder: Path, images: Iterable[LabelledImage], diameter_px: float | None = None, precision: str | None = None
) -> list[ImageScore]:
    """Score a model package on each image, as the pipeline would segment it.

    Args:
        folder: The model package.
        images: Labelled images, read as the pipeline reads them.
        diameter_px: Typical diameter of the objects in pixels; without it the pipeline decides at what size to look.
        precision: In what to compute, see `Network`; without it as the pipeline does on this machine.

    Raises:
        ModelPackageInvalid: The package is incomplete or changed.
        InferenceFailed: OpenVINO gave up.
    """
    segmenter = Segmenter(folder, precision=precision)
    return [judge(segmenter, image, diameter_px)[0] for image in images]


def judge(
    segmenter: Segmenter, image: LabelledImage, diameter_px: float | None = None, ious: Sequence[float] = IOUS
) -> tuple[ImageScore, NDArray[np.int32]]:
    """Segment one image and score what was found; the labels found (H, W) come with the score.

    Raises:
        InferenceFailed: OpenVINO gave up.
    """
    found = segmenter.segment(image.image, diameter_px)
    result = score(image.stem, image.labels, found.labels, ious, image.source)
    return replace(result, flags=found.flags, scale=found.scale), found.labels


def native_diameter(segmenter: Segmenter) -> float:
    """The diameter in pixels that makes the pipeline look at an image at its own size."""
    return segmenter.package.description.scale.median_diameter_px


def package_folder(model: str) -> Path:
    """Find a model package by the name of a pipeline that ships (`nuclei`, `cells`) or by its folder.

    Raises:
        ModelUnknown: It is neither.
    """
    for folder in (Path(model), _PIPELINES / model / "model"):
        if (folder / DESCRIPTION_FILE).is_file():
            return folder
    shipped = sorted(path.parents[1].name for path in _PIPELINES.glob(f"*/model/{DESCRIPTION_FILE}"))
    raise ModelUnknown(f"{model} is neither a folder with a {DESCRIPTION_FILE} nor one of {', '.join(shipped)}.")


if __name__ == "__main__":
    from pipelines.training.__main__ import main

    main(["evaluate", *sys.argv[1:]])
