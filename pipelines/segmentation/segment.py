"""From an image to labelled, measured and judged objects: the one function that pipelines call."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.instances import label_instances
from pipelines.segmentation.measurements import ImageSummary, ObjectTable, measure, summarise
from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.segmentation.quality import DEFAULT_THRESHOLDS, QualityThresholds, quality_flags
from pipelines.segmentation.scale import Scale, estimated_scale, known_scale, labels_resized, resized


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """What was found in one image.

    Attributes:
        labels: (H, W) int32, 0 background, objects 1…N.
        objects: Measurements of every object.
        summary: Numbers of the whole image.
        scale: At what size the network saw the image, and why.
        flags: Quality flags, none for a good image.
        seconds: Wall-clock seconds by step.
    """

    labels: NDArray[np.int32]
    objects: ObjectTable
    summary: ImageSummary
    scale: Scale
    flags: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def count(self) -> int:
        """Number of objects."""
        return self.summary.count


class Stopwatch:
    """Adds up the seconds that named steps take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time within the block to a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class Segmenter:
    """A loaded model, ready for any number of images from any number of threads."""

    def __init__(
        self,
        package_folder: Path,
        cache_dir: Path | None = None,
        threads: int | None = None,
        thresholds: QualityThresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        """Load and compile a model package.

        Raises:
            ModelPackageInvalid: The package is incomplete, changed or wrong.
        """
        self.package: ModelPackage = load_package(package_folder)
        self._network = Network(self.package, cache_dir, threads)
        self._thresholds = thresholds

    def segment(self, image: Image, diameter_px: float | None = None, diameter_um: float | None = None) -> Segmentation:
        """Find, measure and judge the objects of an image.

        Args:
            image: The image.
            diameter_px: Typical diameter of the objects in pixels, when known.
            diameter_um: The same in µm; used when the image's pixel size is known.

        Raises:
            InferenceFailed: OpenVINO gave up.
        """
        watch = Stopwatch()
        known = known_scale(self.package.description.scale, diameter_px, diameter_um, image.pixel_size_um)
        if known is not None:
            labels, scale = self._labels(image, known.factor, watch), known
        else:
            labels, scale = self._labels_at_estimated_scale(image, watch)
        return self._judged(image, labels, scale, watch)

    def _labels_at_estimated_scale(self, image: Image, watch: Stopwatch) -> tuple[NDArray[np.int32], Scale]:
        labels = self._labels(image, 1.0, watch)
        scale = estimated_scale(self.package.description.scale, labels)
        return (labels if scale.factor == 1.0 else self._labels(image, scale.factor, watch)), scale

    def _labels(self, image: Image, factor: float, watch: Stopwatch) -> NDArray[np.int32]:
        known = self.package.description.input
        with watch.step("normalise"):
            seen = image.pixels if factor == 1.0 else resized(image.pixels, factor)
            normalised = normalise(seen, known.low_percentile, known.high_percentile, known.minimum_range)
        with watch.step("network"):
            prediction = self._network.predict(normalised)
        with watch.step("instances"):
            labels = label_instances(prediction, self.package.instances)
            height, width = image.pixels.shape
            return labels if factor == 1.0 else labels_resized(labels, (height, width))

    def _judged(self, image: Image, labels: NDArray[np.int32], scale: Scale, watch: Stopwatch) -> Segmentation:
        with watch.step("measurements"):
            objects = measure(image, labels)
            summary = summarise(objects, labels)
        with watch.step("quality"):
            flags = quality_flags(image, labels, self._thresholds)
        return Segmentation(labels, objects, summary, scale, flags, watch.seconds)
