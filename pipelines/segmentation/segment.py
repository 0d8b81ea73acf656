"""From an image to labelled, measured and judged objects: the one function that pipelines call."""

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.finder import Finder, Look, Predictor
from pipelines.segmentation.measurements import ImageSummary, ObjectTable, measure, summarise
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import ModelPackage, load_package
from pipelines.segmentation.quality import Evidence, Quality, judge
from pipelines.segmentation.scale import Scale, known_scale, searched_scale
from pipelines.segmentation.stopwatch import Stopwatch


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """What was found in one image.

    Attributes:
        labels: (H, W) int32, 0 background, objects 1…N.
        objects: Measurements of every object.
        summary: Numbers of the whole image.
        scale: At what size the network saw the image, and why.
        quality: How far the result can be trusted.
        seconds: Wall-clock seconds by step.
    """

    labels: NDArray[np.int32]
    objects: ObjectTable
    summary: ImageSummary
    scale: Scale
    quality: Quality
    seconds: dict[str, float]

    @property
    def count(self) -> int:
        """Number of objects."""
        return self.summary.count

    @property
    def flags(self) -> tuple[str, ...]:
        """Quality flags, none for a good image."""
        return self.quality.flags


class Segmenter:
    """A loaded model, ready for any number of images from any number of threads.

    Attributes:
        package: The model.
        network: Its network, compiled.
        precision: In what the network computes on this machine.
    """

    def __init__(
        self,
        package_folder: Path,
        cache_dir: Path | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> None:
        """Load and compile a model package; the arguments are those of `Network`.

        Raises:
            ModelPackageInvalid: The package is incomplete, changed or wrong.
        """
        self.package: ModelPackage = load_package(package_folder)
        network = Network(self.package, cache_dir, threads, precision)
        self.network: Predictor = network
        self.precision = network.precision

    def segment(self, image: Image, diameter_px: float | None = None, diameter_um: float | None = None) -> Segmentation:
        """Find, measure and judge the objects of an image; the same image gives the same labels every time.

        Args:
            image: The image. However large it is, little memory is needed beside its pixels and its labels.
            diameter_px: Typical diameter of the objects in pixels, when known.
            diameter_um: The same in µm; used when the image's pixel size is known.

        Raises:
            PlaneNotFound: The model looks at another number of channels than were read.
            InferenceFailed: OpenVINO gave up.
        """
        watch, sizes = Stopwatch(), self.package.description.scale
        seen = np.stack([image.pixels, *image.further]) if image.further else image.pixels
        finder = Finder(self.package, self.network, seen, watch)
        scale = known_scale(sizes, diameter_px, diameter_um, image.pixel_size_um)
        scale = scale or searched_scale(sizes, finder.diameters, image.pixel_size_um)
        return self._judged(image, finder.look(scale.factor), scale, watch)

    def _judged(self, image: Image, look: Look, scale: Scale, watch: Stopwatch) -> Segmentation:
        with watch.step("measurements"):
            objects = measure(image, look.labels)
            summary = summarise(objects, look.labels)
        with watch.step("quality"):
            evidence = Evidence(image.pixels, look.labels, objects, look.prediction, scale.factor)
            told = self.package.description
            quality = judge(evidence, told.quality_control, told.familiar)
        return Segmentation(look.labels, objects, summary, scale, quality, watch.seconds)
