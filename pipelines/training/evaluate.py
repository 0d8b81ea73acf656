"""Measure a model package on labelled images, through OpenVINO and the very code that the pipeline runs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import label_instances
from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.training.data import LabelledImage
from pipelines.training.scores import ImageScore, score


def predictions(package: ModelPackage, images: list[LabelledImage]) -> Iterator[NDArray[np.float32]]:
    """Foreground and seed map (2, H, W) of each image."""
    network, told = Network(package), package.description.input
    for image in images:
        yield network.predict(normalise(image.pixels, told.low_percentile, told.high_percentile, told.minimum_range))


def evaluate(folder: Path, images: list[LabelledImage]) -> list[ImageScore]:
    """Score a model package on each image, at the scale it was recorded.

    Raises:
        ModelPackageInvalid: The package is incomplete or changed.
    """
    package = load_package(folder)
    return [
        score(image.stem, image.labels, label_instances(prediction, package.instances))
        for image, prediction in zip(images, predictions(package, images), strict=True)
    ]
