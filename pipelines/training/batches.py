"""Batches of augmented crops, drawn from labelled images for as long as one likes."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.segmentation.scale import equivalent_diameters
from pipelines.training.augment import Augmentation, blank, random_scale, random_view, vary
from pipelines.training.data import LabelledImage, TrainingDataInvalid, reduced
from pipelines.training.record import Normalisation
from pipelines.training.targets import Targets, targets

# Diameter taken for images without objects, so that they are scaled as much as others.
_EMPTY_PX = 20.0

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Images (N, 1, H, W) and what is to be learnt of them, see `Targets`; float32."""

    images: Map
    maps: Map
    importance: Map
    precision: Map


@dataclass(frozen=True)
class _Recorded:
    image: Map
    labels: NDArray[np.int32]
    diameter_px: float


class Batches:
    """Draws crops: images with many objects more often, at changing magnification, and now and then a blank."""

    def __init__(
        self,
        images: list[LabelledImage],
        normalisation: Normalisation,
        augmentation: Augmentation,
        rng: Generator,
        size: int = 256,
        batch: int = 8,
    ) -> None:
        """Normalise every image once, and bring it to the size at which it shall be learnt.

        Raises:
            TrainingDataInvalid: No image holds an object.
        """
        if not any(image.objects for image in images):
            raise TrainingDataInvalid("No image holds a labelled object: there is nothing to learn from.")
        self._recorded = [_recorded(image, normalisation, augmentation.reduction) for image in images]
        weights = np.sqrt([max(image.objects, 1) for image in images])
        self._shares = weights / weights.sum()
        self._normalisation, self._augmentation, self._rng = normalisation, augmentation, rng
        self._size, self._batch = size, batch

    def draw(self) -> Batch:
        """The next batch."""
        crops = [self._crop() for _ in range(self._batch)]
        images = np.stack([image[np.newaxis] for image, _ in crops])
        wanted = [one for _, one in crops]
        maps, importance, precision = (
            np.stack([getattr(one, name) for one in wanted]) for name in Targets.__annotations__
        )
        return Batch(images, maps, importance, precision)

    def _crop(self) -> tuple[Map, Targets]:
        if self._rng.random() < self._augmentation.blank_share:
            return self._blank(), targets(np.zeros((self._size, self._size), np.int32))
        chosen = self._recorded[self._rng.choice(len(self._recorded), p=self._shares)]
        scale = random_scale(chosen.diameter_px, self._augmentation, self._rng)
        around = chosen.labels if self._rng.random() < self._augmentation.object_share else None
        image, labels = random_view(chosen.image, chosen.labels, scale, self._size, self._rng, around)
        return vary(image, self._normalisation.minimum_range, self._rng), targets(labels)

    def _blank(self) -> Map:
        percentiles = self._normalisation.low_percentile, self._normalisation.high_percentile
        return blank(self._size, percentiles, self._normalisation.minimum_range, self._rng)


def _recorded(image: LabelledImage, normalisation: Normalisation, reduction: float) -> _Recorded:
    sizes = equivalent_diameters(image.labels)
    small = reduced(LabelledImage(image.stem, normalisation(image.pixels), image.labels), reduction)
    return _Recorded(small.pixels, small.labels, float(np.median(sizes)) / reduction if sizes.size else _EMPTY_PX)
