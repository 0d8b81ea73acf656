"""What model.toml may say of quality control: `[quality_control]` and `[familiar]`, both of which may be left out."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.segmentation.features import FEATURES


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class QualityThresholds(_Section):
    """`[quality_control]`: beyond these an image is flagged; `pipelines.training.familiarity` sets them for a model.

    Attributes:
        minimum_focus: Sharpness of the objects, see `focus`.
        maximum_saturated: Pixels that share the brightest value ÷ pixels of objects.
        maximum_background: Background's median ÷ the camera's highest value.
        maximum_unevenness: Spread of the background across the field ÷ contrast of the image.
        maximum_debris: Share of the background that stands out as much as objects do.
        maximum_clipped: Share of the objects that the image's edge cuts.
    """

    minimum_focus: float = Field(default=7.0, ge=0)
    maximum_saturated: float = Field(default=0.1, ge=0, le=1)
    maximum_background: float = Field(default=0.5, ge=0, le=1)
    maximum_unevenness: float = Field(default=0.25, ge=0)
    maximum_debris: float = Field(default=0.01, ge=0, le=1)
    maximum_clipped: float = Field(default=0.6, ge=0, le=1)


class Familiar(_Section):
    """`[familiar]`: what the features of images are like that the model was trained on.

    Attributes:
        features: Names from `features.FEATURES`, in the order of `centre` and `precision`.
        centre: Each feature's median over training images.
        precision: Inverse of the features' covariance, row by row.
        threshold: Distance beyond which an image counts as unlike all that the model was trained on.
    """

    features: tuple[str, ...] = Field(min_length=1)
    centre: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    threshold: float = Field(gt=0)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if unknown := [name for name in self.features if name not in FEATURES]:
            raise ValueError(f"features that this version of labrelay doesn't know: {', '.join(unknown)}")
        count = len(self.features)
        if len(set(self.features)) != count or len(self.centre) != count:
            raise ValueError("features must differ, and centre must hold one number for each")
        if any(len(row) != count for row in self.precision) or len(self.precision) != count:
            raise ValueError("precision must have one row and one column for each feature")
        if not _is_inverse_covariance(np.array(self.precision)):
            raise ValueError("precision must be symmetric and positive definite")
        return self


def _is_inverse_covariance(matrix: NDArray[np.float64]) -> bool:
    symmetric = np.allclose(matrix, matrix.T, rtol=1e-3, atol=1e-6)
    return bool(symmetric and np.linalg.eigvalsh(matrix).min() > 0)
