"""Measures every labelled object and sums the image up; pixels always, µm where the pixel size is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.images.reader import Image
from pipelines.segmentation.hulls import hull_areas
from pipelines.segmentation.intensities import background_level, intensities
from pipelines.segmentation.runs import ObjectRuns, object_runs
from pipelines.segmentation.shapes import areas, axes, centroids, eccentricities, perimeters

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class ObjectTable:
    """One row an object, in the order of the labels.

    Attributes:
        columns: By name, which ends with the unit; each (N,).
        background: Level of the image outside objects, or None when they cover all of it.
        pixel_size_um: Edge of a pixel in µm, or None when it isn't known.
    """

    columns: Mapping[str, NDArray[Any]]
    background: float | None = None
    pixel_size_um: float | None = None

    def __len__(self) -> int:
        """Give the number of objects."""
        return len(self.columns["label"])


@dataclass(frozen=True)
class ImageSummary:
    """The image in numbers; means and medians over objects, None without any.

    Attributes:
        count: Number of objects.
        border_count: How many of them the image's edge cuts.
        confluence: Share of the image that objects cover, 0 to 1.
        density_per_mm2: Objects in a mm² of the image, None without a pixel size.
        mean_area_px: Mean area in pixels.
        mean_area_um2: Mean area in µm², None also without a pixel size.
        median_diameter_px: Median diameter of circles of the objects' areas, in pixels.
        median_diameter_um: The same in µm, None also without a pixel size.
        mean_intensity: Mean over objects of their mean intensity.
        mean_above_background: The same less the background's level.
        background_intensity: Median of the pixels outside objects, None when there are none.
    """

    count: int
    border_count: int
    confluence: float
    density_per_mm2: float | None
    mean_area_px: float | None
    mean_area_um2: float | None
    median_diameter_px: float | None
    median_diameter_um: float | None
    mean_intensity: float | None
    mean_above_background: float | None
    background_intensity: float | None


def measure(image: Image, labels: NDArray[np.int32]) -> ObjectTable:
    """Measure all objects of labels (H, W) in the image; see `ObjectTable`."""
    objects = object_runs(labels)
    background = background_level(image.pixels, labels)
    columns: Columns = {"label": objects.labels}
    columns |= _with_units(_sizes(labels, objects), image.pixel_size_um)
    columns |= _forms(columns, objects)
    columns |= intensities(image.pixels, labels, objects, background)
    columns["touches_border"] = np.isin(objects.labels, border_labels(labels)).astype(np.uint8)
    return ObjectTable(columns, background, image.pixel_size_um)


def summarise(objects: ObjectTable, labels: NDArray[np.int32]) -> ImageSummary:
    """Sum the objects up to numbers of the whole image."""
    columns, size_um = objects.columns, objects.pixel_size_um
    return ImageSummary(
        count=len(objects),
        border_count=int(columns["touches_border"].sum()),
        confluence=float(columns["area_px"].sum() / labels.size),
        density_per_mm2=None if size_um is None else len(objects) / (labels.size * size_um**2 / 1e6),
        mean_area_px=_over(np.mean, columns.get("area_px")),
        mean_area_um2=_over(np.mean, columns.get("area_um2")),
        median_diameter_px=_over(np.median, columns.get("equivalent_diameter_px")),
        median_diameter_um=_over(np.median, columns.get("equivalent_diameter_um")),
        mean_intensity=_over(np.mean, columns["mean_intensity"]),
        mean_above_background=_over(np.mean, columns["mean_above_background"]),
        background_intensity=objects.background,
    )


def border_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the labels of the objects that the image's edge cuts."""
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.unique(edges[edges > 0])


def _sizes(labels: NDArray[np.int32], objects: ObjectRuns) -> Columns:
    y, x = centroids(objects)
    area = areas(objects)
    major, minor = axes(objects)
    return {
        "x_px": x,
        "y_px": y,
        "area_px": area,
        "equivalent_diameter_px": np.sqrt(4.0 * area / np.pi),
        "major_axis_px": major,
        "minor_axis_px": minor,
        "perimeter_px": perimeters(labels, objects),
    }


def _with_units(sizes: Columns, pixel_size_um: float | None) -> Columns:
    """Set µm beside px, and µm² for the area."""
    if pixel_size_um is None:
        return sizes
    columns: Columns = {}
    for name, values in sizes.items():
        columns[name] = values
        if name == "area_px":
            columns["area_um2"] = values * pixel_size_um**2
        else:
            columns[f"{name.removesuffix('_px')}_um"] = values * pixel_size_um
    return columns


def _forms(sizes: Columns, objects: ObjectRuns) -> Columns:
    area, perimeter = sizes["area_px"], sizes["perimeter_px"]
    around = np.divide(4.0 * np.pi * area, perimeter**2, out=np.ones(len(area)), where=perimeter > 0)
    return {
        "eccentricity": eccentricities(sizes["major_axis_px"], sizes["minor_axis_px"]),
        "circularity": np.minimum(around, 1.0),  # short perimeters are too short
        "solidity": area / hull_areas(objects),
    }


def _over(mean: Any, values: NDArray[Any] | None) -> float | None:
    if values is None or not len(values) or np.isnan(values[0]):
        return None
    return float(mean(values))
