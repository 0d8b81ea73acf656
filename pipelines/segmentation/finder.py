"""Finds the objects of one image at any scale, in bounded memory."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import label_instances
from pipelines.segmentation.normalise import GreyRange, grey_range
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.quality import prediction_sample
from pipelines.segmentation.sampling import resized
from pipelines.segmentation.scale import equivalent_diameters, labels_brought_to
from pipelines.segmentation.stopwatch import Stopwatch
from pipelines.segmentation.windows import Mosaic, windows

WHOLE_PX: Final = 5_000_000
"""An image up to this size is looked at as a whole to estimate its scale: nearly always that look is the result."""

REGION_PX: Final = 1024
ENOUGH_OBJECTS: Final = 30

Labels = NDArray[np.int32]
Maps = NDArray[np.float32]


class Predictor(Protocol):
    """A network, compiled or not; see `network.Network`."""

    def predict(self, pixels: NDArray[Any], greys: Sequence[GreyRange] = ()) -> Maps:
        """Predict maps (heads, H, W) of an image (H, W) or (C, H, W)."""


@dataclass(frozen=True)
class Look:
    """What the network saw in an image at one scale.

    Attributes:
        labels: (H, W) int32, 0 background, objects 1…N.
        prediction: (2, h, w) float32, a sample of foreground and seeds; of several windows (2, 1, n).
    """

    labels: Labels
    prediction: Maps


class Finder:
    """One image, at which the network looks as often as it takes.

    Args:
        package: The model.
        network: Its network.
        pixels: (H, W) or (C, H, W), as recorded.
        watch: Gets the seconds of the steps `normalise`, `network` and `instances`.
    """

    def __init__(self, package: ModelPackage, network: Predictor, pixels: NDArray[Any], watch: Stopwatch) -> None:
        self._package, self._network, self._watch = package, network, watch
        self._channels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
        self._greys: dict[float, Sequence[GreyRange]] = {}
        self._looks: dict[float, Look] = {}

    def look(self, factor: float) -> Look:
        """Find all objects, as the network sees them at a scale (its edge length ÷ the image's).

        Raises:
            PlaneNotFound: The network looks at another number of channels.
            InferenceFailed: OpenVINO gave up.
        """
        return self._looks[factor] if factor in self._looks else self._joined(self._channels, factor)

    def diameters(self, factor: float) -> NDArray[np.float64]:
        """Diameters in pixels (N,) of the objects that the network sees at a scale; of large images in a few regions.

        Raises:
            PlaneNotFound: The network looks at another number of channels.
            InferenceFailed: OpenVINO gave up.
        """
        _, height, width = self._channels.shape
        if height * width <= WHOLE_PX:
            self._looks[factor] = self.look(factor)
            return equivalent_diameters(self._looks[factor].labels)
        found = np.empty(0)
        for rows, columns in regions(height, width):
            look = self._joined(self._channels[:, rows, columns], factor)
            found = np.append(found, equivalent_diameters(look.labels))
            if len(found) >= ENOUGH_OBJECTS:
                break
        return found

    def _joined(self, channels: NDArray[Any], factor: float) -> Look:
        _, height, width = channels.shape
        cut = windows(height, width, factor)
        if len(cut) == 1:
            return self._within(channels, factor)
        mosaic, samples = Mosaic(height, width), []
        for window in cut:
            look = self._within(channels[:, window.rows.read, window.columns.read], factor)
            with self._watch.step("instances"):
                mosaic.add(window, look.labels)
            samples.append(look.prediction.reshape(2, 1, -1)[..., :: len(cut)].copy())
        return Look(mosaic.labels, np.concatenate(samples, axis=2))

    def _within(self, channels: NDArray[Any], factor: float) -> Look:
        greys = self._ranges(factor)
        with self._watch.step("network"):
            seen = channels if factor == 1.0 else _resized(channels, factor)
            prediction = self._network.predict(seen, greys)
        with self._watch.step("instances"):
            labels = label_instances(prediction, self._package.instances)
            _, height, width = channels.shape
            labels = labels if factor == 1.0 else labels_brought_to(labels, (height, width))
            return Look(labels, prediction_sample(prediction))

    def _ranges(self, factor: float) -> Sequence[GreyRange]:
        """Grey ranges of the whole image, so that windows agree; averaging takes noise away, enlarging doesn't."""
        if factor not in self._greys:
            told = self._package.description.input
            with self._watch.step("normalise"):
                seen = self._channels if factor >= 1.0 else _resized(self._channels, factor)
                self._greys[factor] = [
                    grey_range(plane, told.low_percentile, told.high_percentile, told.minimum_range) for plane in seen
                ]
        return self._greys[factor]


def regions(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Give five squares of an image (height, width), the middle one first, then those between it and the corners."""
    places = [(0.5, 0.5), *itertools.product((0.2, 0.8), repeat=2)]
    for down, right in places:
        top, left = (max(0, round(share * edge) - REGION_PX // 2) for share, edge in ((down, height), (right, width)))
        yield slice(top, top + REGION_PX), slice(left, left + REGION_PX)


def _resized(channels: NDArray[Any], factor: float) -> NDArray[Any]:
    return np.stack([resized(plane, factor) for plane in channels])
