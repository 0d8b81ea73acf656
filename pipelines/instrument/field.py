"""One field of view: an image as a microscope would save it, and the truth about it."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from pipelines.instrument.debris import background, scatter_debris
from pipelines.instrument.optics import Light, Pixels, draw_microscope, expose, illumination, point_spread
from pipelines.instrument.specimen import Labels, Population, Specimen, grow

PIXEL_SIZE_UM = 0.65
"""Edge of a pixel in micrometres: a 10x objective on a 6.5 µm camera, as for BBBC039's 28-pixel nuclei."""


@dataclass(frozen=True)
class FieldOptions:
    """What every field of a plate has in common.

    Attributes:
        height: Height in pixels.
        width: Width in pixels.
        nuclei: Mean number of nuclei in 512 × 512 pixels; wells differ from it by up to 45 %.
        crowding: Share of nuclei that grow at another one's side.
        blank: True for a well without nuclei and debris: only medium, haze and noise.
    """

    height: int = 512
    width: int = 512
    nuclei: float = 80.0
    crowding: float = 0.4
    blank: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.height, self.width


@dataclass(frozen=True)
class Field:
    """An image with its truth.

    Attributes:
        pixels: 12-bit counts, (H, W) uint16.
        labels: 0 is background, 1 … count are nuclei, (H, W) int32.
        count: True number of nuclei.
    """

    pixels: Pixels
    labels: Labels
    count: int


def make_field(seed: int, well: str, site: int, options: FieldOptions | None = None) -> Field:
    """Make the image of one site of one well; the same arguments give the same pixels.

    The seed alone fixes the microscope, seed and well how dense and bright the cells are.

    Args:
        seed: Seed of the plate, 0 or more.
        well: Name of the well, such as `A01`.
        site: Number of the site in the well, from 1.
        options: Size and density.
    """
    options = options or FieldOptions()
    microscope = draw_microscope(np.random.default_rng([seed]))
    rng = np.random.default_rng([seed, crc32(well.encode()), site])
    population = _population(seed, well, options, rng)
    specimen = grow(options.shape, population, rng)
    light = _light(specimen, population.brightness, options, rng) * illumination(options.shape, microscope)
    return Field(expose(light, microscope, rng), specimen.labels, specimen.count)


def _population(seed: int, well: str, options: FieldOptions, rng: np.random.Generator) -> Population:
    well_rng = np.random.default_rng([seed, crc32(well.encode())])
    density = options.nuclei * well_rng.uniform(0.55, 1.45) * options.height * options.width / 512**2
    return Population(
        count=0 if options.blank else int(rng.poisson(density)),
        crowding=options.crowding,
        brightness=float(well_rng.uniform(380, 650)),
        texture=float(well_rng.uniform(0.13, 0.2)),
    )


def _light(specimen: Specimen, brightness: float, options: FieldOptions, rng: np.random.Generator) -> Light:
    medium = background(options.shape, rng)
    if options.blank:
        return medium
    in_focus = specimen.light + scatter_debris(options.shape, brightness, rng)
    return np.asarray(medium + point_spread(in_focus, float(rng.uniform(0.9, 1.4))), dtype=np.float32)
