"""What a training run leaves behind beside its weights: what it learnt from, and its curve."""

import csv
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.normalise import normalise
from pipelines.segmentation.scale import equivalent_diameters, typical_diameter
from pipelines.training.augment import Augmentation
from pipelines.training.data import LabelledImage

RECORD = "run.json"


@dataclass(frozen=True)
class Normalisation:
    """The values `normalise` gets, in training as in the running pipeline."""

    low_percentile: float = 1.0
    high_percentile: float = 99.8
    minimum_range: float = 20.0

    def __call__(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Normalise a whole image."""
        return normalise(pixels, self.low_percentile, self.high_percentile, self.minimum_range)


@dataclass(frozen=True)
class CurvePoint:
    """State at a checkpoint: seconds and steps so far, learning rate, mean loss since the last one, val loss."""

    seconds: float
    step: int
    learning_rate: float
    loss: float
    val_loss: float


@dataclass(frozen=True)
class RunRecord:
    """What a model was trained on and for; goes into its package.

    Args:
        data: names of the data sets, for people.
        licence: of the data.
        images: how many were learnt from.
        objects: how many objects they hold.
        median_diameter_px: of these objects, at the size at which they were learnt.
        typical_diameter_px: the same weighted by themselves, see `scale.typical_diameter`.
        diameters_px: smallest and largest diameter shown, after scaling.
        reduction: how many times smaller than recorded the images were learnt.
        low_percentile: of the normalisation.
        high_percentile: of the normalisation.
        minimum_range: of the normalisation, in standard deviations of the noise.
        command: what to type to do it again, without paths of this machine.
    """

    data: str
    licence: str
    images: int
    objects: int
    median_diameter_px: float
    typical_diameter_px: float
    diameters_px: tuple[float, float]
    reduction: float
    low_percentile: float
    high_percentile: float
    minimum_range: float
    command: str

    @classmethod
    def of(
        cls,
        images: list[LabelledImage],
        data: str,
        licence: str,
        normalisation: Normalisation,
        augmentation: Augmentation,
        command: str,
    ) -> "RunRecord":
        """The record of a run that learns from `images`."""
        sizes = np.concatenate([equivalent_diameters(image.labels) for image in images]) / augmentation.reduction
        return cls(
            data=data,
            licence=licence,
            images=len(images),
            objects=sum(image.objects for image in images),
            median_diameter_px=float(np.median(sizes)) if sizes.size else 0.0,
            typical_diameter_px=typical_diameter(sizes) if sizes.size else 0.0,
            diameters_px=augmentation.diameters_px,
            reduction=augmentation.reduction,
            command=command,
            **asdict(normalisation),
        )

    def write(self, run: Path) -> None:
        """Keep the record in the run's folder."""
        run.mkdir(parents=True, exist_ok=True)
        (run / RECORD).write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    @classmethod
    def read(cls, run: Path) -> "RunRecord":
        """Read the record of a run's folder."""
        values = json.loads((run / RECORD).read_text(encoding="utf-8"))
        return cls(**(values | {"diameters_px": tuple(values["diameters_px"])}))


def append(path: Path, point: CurvePoint) -> None:
    """Add a line to the curve, a CSV file with a header."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(field.name for field in fields(CurvePoint))
        writer.writerow(f"{value:.6g}" for value in asdict(point).values())
