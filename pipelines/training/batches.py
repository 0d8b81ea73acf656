"""Batches of augmented crops, drawn from labelled images for as long as one likes."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pipelines.training.augment import Augmentation, blank, random_scale, random_view, vary
from pipelines.training.data import LabelledImage, TrainingDataInvalid, diameters
from pipelines.training.record import Normalisation
from pipelines.training.targets import targets

# Diameter taken for images without objects, so that they are scaled as much as others.
_EMPTY_PX = 20.0


@dataclass(frozen=True)
class _Prepared:
    planes: NDArray[np.float32]
    diameter_px: float


class Batches:
    """Draws crops: images with many objects more often, at changing magnification, and now and then a blank."""

    def __init__(
        self,
        images: list[LabelledImage],
        normalisation: Normalisation,
        augmentation: Augmentation,
        rng: Generator,
        size: int = 192,
        batch: int = 8,
    ) -> None:
        """Prepare image, foreground and seed map of every image once.

        Raises:
            TrainingDataInvalid: No image holds an object.
        """
        if not any(image.objects for image in images):
            raise TrainingDataInvalid("No image holds a labelled object: there is nothing to learn from.")
        self._prepared = [_prepare(image, normalisation) for image in images]
        weights = np.sqrt([max(image.objects, 1) for image in images])
        self._shares = weights / weights.sum()
        self._normalisation, self._augmentation, self._rng = normalisation, augmentation, rng
        self._size, self._batch = size, batch

    def draw(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Images (batch, 1, size, size) and targets (batch, 2, size, size), float32."""
        crops = np.stack([self._crop() for _ in range(self._batch)])
        return crops[:, :1], np.clip(crops[:, 1:], 0.0, 1.0)

    def _crop(self) -> NDArray[np.float32]:
        if self._rng.random() < self._augmentation.blank_share:
            return self._blank()
        chosen = self._prepared[self._rng.choice(len(self._prepared), p=self._shares)]
        scale = random_scale(chosen.diameter_px, self._augmentation, self._rng)
        view = random_view(chosen.planes, scale, self._size, self._rng)
        view[..., 0] = vary(np.ascontiguousarray(view[..., 0]), self._normalisation.minimum_range, self._rng)
        return view.transpose(2, 0, 1)

    def _blank(self) -> NDArray[np.float32]:
        percentiles = self._normalisation.low_percentile, self._normalisation.high_percentile
        crop = np.zeros((3, self._size, self._size), np.float32)
        crop[0] = blank(self._size, percentiles, self._normalisation.minimum_range, self._rng)
        return crop


def _prepare(image: LabelledImage, normalisation: Normalisation) -> _Prepared:
    sizes = diameters(image.labels)
    planes = np.concatenate([normalisation(image.pixels)[None], targets(image.labels)])
    return _Prepared(
        np.ascontiguousarray(planes.transpose(1, 2, 0)), float(np.median(sizes)) if sizes.size else _EMPTY_PX
    )
