"""Judges an image and what was found in it: every figure, its limit, and a flag where the limit is passed."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labrelay.contracts.quality import (
    BACKGROUND_HIGH,
    BACKGROUND_UNEVEN,
    DEBRIS,
    EMPTY,
    OBJECTS_CLIPPED,
    OUT_OF_FOCUS,
    SATURATED,
    UNFAMILIAR,
)
from pipelines.segmentation import levels
from pipelines.segmentation.familiarity import unfamiliarity
from pipelines.segmentation.features import Features, features
from pipelines.segmentation.focus import focus
from pipelines.segmentation.glimpse import SAMPLES, Glimpse, glimpses
from pipelines.segmentation.measurements import ObjectTable
from pipelines.segmentation.quality_sections import Familiar, QualityThresholds
from pipelines.segmentation.sampling import sampled

DEFAULT_THRESHOLDS: Final = QualityThresholds()
NOT_JUDGED: Final = "not judged: the model package has no [familiar] section"
TOO_LITTLE: Final = "not judged: too little to see"
_FEW_OBJECTS: Final = 5
_PREDICTED: Final = 62_500


@dataclass(frozen=True)
class Finding:
    """One thing that was judged.

    Attributes:
        flag: What a value beyond the limit is called.
        figure: What the value is called: as its threshold, without "minimum" or "maximum".
        value: None where there is nothing to measure: no objects, or a float image without a full scale.
        limit: Threshold.
        beyond: Compares value and limit.
    """

    flag: str
    figure: str
    value: float | None
    limit: float
    beyond: Callable[[float, float], bool] = operator.gt

    @property
    def flagged(self) -> bool:
        """Whether the value passes the limit."""
        return self.value is not None and bool(self.beyond(self.value, self.limit))


@dataclass(frozen=True)
class Quality:
    """How far a result can be trusted.

    Attributes:
        empty: Whether no object was found.
        findings: All that was judged, also what is good.
        features: What familiarity was judged by; None where there was too little to see.
        familiarity: `judged`, or why not.
    """

    empty: bool
    findings: tuple[Finding, ...]
    features: Features | None
    familiarity: str

    @property
    def flags(self) -> tuple[str, ...]:
        """What is doubtful; nothing for a good image."""
        return (EMPTY,) * self.empty + tuple(finding.flag for finding in self.findings if finding.flagged)

    @property
    def figures(self) -> dict[str, float]:
        """Every value that could be measured, as `qc_focus` and so on."""
        return {f"qc_{finding.figure}": finding.value for finding in self.findings if finding.value is not None}

    def told(self) -> dict[str, Any]:
        """Values with their limits, for the provenance."""
        judged = {
            finding.figure: {"value": finding.value, "limit": finding.limit, "flagged": finding.flagged}
            for finding in self.findings
        }
        return {"flags": list(self.flags), "familiarity": self.familiarity, "figures": judged}


@dataclass(frozen=True)
class Evidence:
    """What quality is judged by.

    Attributes:
        pixels: (H, W), as recorded.
        labels: (H, W) int32, 0 background.
        objects: Measurements of the objects.
        prediction: (≥ 2, h, w) float32, `prediction_sample` of the network's maps.
        factor: Edge length that the network saw ÷ edge length of the image.
    """

    pixels: NDArray[Any]
    labels: NDArray[np.int32]
    objects: ObjectTable
    prediction: NDArray[np.float32]
    factor: float

    @cached_property
    def diameters_px(self) -> NDArray[np.float64]:
        """(N,) diameters of the objects in the image."""
        return np.asarray(self.objects.columns["equivalent_diameter_px"], np.float64)


def prediction_sample(prediction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Foreground and seeds of about 60,000 pixels of (≥ 2, H, W), copied so that the whole can be let go."""
    return sampled(prediction[:2], _PREDICTED).copy()


def judge(
    evidence: Evidence, thresholds: QualityThresholds = DEFAULT_THRESHOLDS, familiar: Familiar | None = None
) -> Quality:
    """Judge an image and its objects; it takes about as long for a huge image as for one of a million pixels."""
    seen = glimpses(evidence.pixels, evidence.labels, evidence.factor) if len(evidence.objects) else []
    diameters = evidence.diameters_px * evidence.factor
    covered = float(np.mean(sampled(evidence.labels, SAMPLES) > 0))
    found = features(seen, diameters, evidence.prediction, covered)
    findings = [
        Finding(OUT_OF_FOCUS, "focus", _focus(seen, diameters), thresholds.minimum_focus, operator.lt),
        *_light(evidence, thresholds),
        Finding(OBJECTS_CLIPPED, "clipped", _clipped_share(evidence.objects), thresholds.maximum_clipped),
    ]
    if familiar is not None:
        far = unfamiliarity(found, familiar) if found is not None else None
        findings.append(Finding(UNFAMILIAR, "unfamiliarity", far, familiar.threshold))
    judged = NOT_JUDGED if familiar is None else TOO_LITTLE if found is None else "judged"
    return Quality(not len(evidence.objects), tuple(findings), found, judged)


def _focus(seen: Sequence[Glimpse], diameters: NDArray[np.float64]) -> float | None:
    return focus(seen, float(np.median(diameters))) if len(diameters) else None


def _light(evidence: Evidence, limits: QualityThresholds) -> list[Finding]:
    pixels, inside = sampled(evidence.pixels, SAMPLES), sampled(evidence.labels, SAMPLES) > 0
    top = levels.full_scale(evidence.pixels)
    step = evidence.labels.shape[0] / inside.shape[0]
    margin = round(float(np.median(evidence.diameters_px)) / 4 / step) if inside.any() else 0
    level = levels.background_level(pixels, ~inside, top)
    return [
        Finding(SATURATED, "saturated", levels.saturated_share(pixels, inside, top), limits.maximum_saturated),
        Finding(BACKGROUND_HIGH, "background", level, limits.maximum_background),
        Finding(BACKGROUND_UNEVEN, "unevenness", levels.unevenness(pixels, ~inside), limits.maximum_unevenness),
        Finding(DEBRIS, "debris", levels.debris_share(pixels, inside, margin), limits.maximum_debris),
    ]


def _clipped_share(objects: ObjectTable) -> float | None:
    """Share of the objects that the image's edge cuts; None with fewer than five objects."""
    return float(np.mean(objects.columns["touches_border"])) if len(objects) >= _FEW_OBJECTS else None
