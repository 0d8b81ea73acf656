"""The specimen: nuclei, alone and in touching clusters, and the label of every pixel."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.instrument.nucleus import Nucleus, Stamp, draw_nucleus, stamp
from pipelines.instrument.optics import Light, smooth_noise

Labels = npt.NDArray[np.int32]
Centre = tuple[float, float]

LARGEST_OVERLAP = 0.06
"""Share of a nucleus that may lie on others: enough to touch, too little to hide one."""
SMALLEST_VISIBLE = 0.4
"""Share of a nucleus that must lie inside the image: a sliver at the border is fair to nobody."""
_TRIES_PER_NUCLEUS = 12


@dataclass(frozen=True)
class Population:
    """What grows in a field.

    Attributes:
        count: Number of nuclei wanted; a full field takes fewer.
        crowding: Share of nuclei that grow at another one's side.
        brightness: Typical light over the background in counts.
        texture: Strength of the chromatin's grain, as a share of the light.
    """

    count: int
    crowding: float
    brightness: float
    texture: float


@dataclass
class Specimen:
    """Nuclei in their places.

    Attributes:
        light: Light that they send out in counts, (H, W) float32.
        labels: 0 is background, 1 … count are nuclei, the later one on top, (H, W) int32.
        placed: Each nucleus with its centre (down, right).
    """

    light: Light
    labels: Labels
    placed: list[tuple[Nucleus, Centre]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of nuclei."""
        return len(self.placed)


def grow(shape: tuple[int, int], population: Population, rng: np.random.Generator) -> Specimen:
    """Grow a population on an empty field of `shape` (H, W)."""
    specimen = Specimen(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.int32))
    for _ in range(population.count * _TRIES_PER_NUCLEUS):
        if specimen.count >= population.count:
            break
        nucleus = draw_nucleus(population.brightness, rng)
        centre = _place(specimen, nucleus, population.crowding, rng)
        mark = stamp(nucleus, centre, shape)
        if mark is not None and _fits(specimen, mark):
            _add(specimen, nucleus, centre, mark)
    if specimen.count:
        specimen.light *= _chromatin(shape, population.texture, rng)
    return specimen


def _place(specimen: Specimen, nucleus: Nucleus, crowding: float, rng: np.random.Generator) -> Centre:
    if not specimen.placed or rng.random() > crowding:
        height, width = specimen.labels.shape
        return float(rng.uniform(0, height)), float(rng.uniform(0, width))
    neighbour, (down, right) = specimen.placed[rng.integers(len(specimen.placed))]
    direction = float(rng.uniform(-math.pi, math.pi))
    touching = float(neighbour.radius(direction) + nucleus.radius(direction + math.pi))
    distance = touching - float(rng.uniform(-2.5, 1.5))
    return down + distance * math.sin(direction), right + distance * math.cos(direction)


def _fits(specimen: Specimen, candidate: Stamp) -> bool:
    inside = candidate.cover >= 0.5
    area = int(np.count_nonzero(inside))
    if area < SMALLEST_VISIBLE * candidate.whole_area:
        return False
    overlap = np.count_nonzero(specimen.labels[candidate.window][inside])
    return bool(overlap <= LARGEST_OVERLAP * area)


def _add(specimen: Specimen, nucleus: Nucleus, centre: Centre, mark: Stamp) -> None:
    specimen.placed.append((nucleus, centre))
    below = specimen.light[mark.window]
    # Touching nuclei press each other thinner, so light in an overlap is less than the sum.
    specimen.light[mark.window] = np.maximum(below, mark.light) + 0.35 * np.minimum(below, mark.light)
    specimen.labels[mark.window][mark.cover >= 0.5] = specimen.count


def _chromatin(shape: tuple[int, int], texture: float, rng: np.random.Generator) -> Light:
    grain = 0.8 * smooth_noise(shape, 1.3, rng) + 0.6 * smooth_noise(shape, 4.0, rng)
    return np.asarray(np.clip(1 + texture * grain, 0.3, 2.0), dtype=np.float32)
