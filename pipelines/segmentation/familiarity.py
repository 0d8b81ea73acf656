"""How far an image lies from those that a model was trained on."""

import math

import numpy as np

from pipelines.segmentation.features import Features
from pipelines.segmentation.quality_sections import Familiar


def unfamiliarity(found: Features, familiar: Familiar) -> float:
    """Give the Mahalanobis distance ÷ √(number of features): about 1 for an image like those of the training."""
    off = np.array([found[name] for name in familiar.features]) - np.array(familiar.centre)
    return math.sqrt(float(off @ np.array(familiar.precision) @ off) / len(off))
