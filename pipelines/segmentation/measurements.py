"""Measures every labelled object and sums the image up; pixels always, µm where the pixel size is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from pipelines.images.reader import Image

# scikit-image's name → column of the table.
_COLUMNS = {
    "label": "label",
    "centroid-0": "y_px",
    "centroid-1": "x_px",
    "area": "area_px",
    "equivalent_diameter_area": "equivalent_diameter_px",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "intensity_mean": "mean_intensity",
    "intensity_min": "minimum_intensity",
    "intensity_max": "maximum_intensity",
}
_PROPERTIES = ("label", "centroid", "area", "equivalent_diameter_area", "eccentricity", "solidity")
_INTENSITIES = ("intensity_mean", "intensity_min", "intensity_max")
_LENGTHS = ("y", "x", "equivalent_diameter")


@dataclass(frozen=True)
class ObjectTable:
    """One row an object, in the order of the labels; every column (N,), named with its unit."""

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        """Give the number of objects."""
        return len(self.columns["label"])


@dataclass(frozen=True)
class ImageSummary:
    """The image in numbers; means over objects, None without any.

    Attributes:
        count: Number of objects.
        confluence: Share of the image that objects cover, 0 to 1.
        mean_area_px: Mean area in pixels.
        mean_area_um2: Mean area in µm², None also without a pixel size.
        median_diameter_px: Median diameter of circles of the objects' areas, in pixels.
        mean_intensity: Mean over objects of their mean intensity.
    """

    count: int
    confluence: float
    mean_area_px: float | None
    mean_area_um2: float | None
    median_diameter_px: float | None
    mean_intensity: float | None


def measure(image: Image, labels: NDArray[np.int32]) -> ObjectTable:
    """Measure all objects of labels (H, W) in the image; see `ObjectTable`."""
    found = regionprops_table(labels, image.pixels, properties=_PROPERTIES + _INTENSITIES)
    columns = {column: found[name] for name, column in _COLUMNS.items()}
    columns["touches_border"] = np.isin(columns["label"], border_labels(labels)).astype(np.uint8)
    if image.pixel_size_um is not None:
        for name in _LENGTHS:
            columns[f"{name}_um"] = columns[f"{name}_px"] * image.pixel_size_um
        columns["area_um2"] = columns["area_px"] * image.pixel_size_um**2
    return ObjectTable(columns)


def summarise(objects: ObjectTable, labels: NDArray[np.int32]) -> ImageSummary:
    """Sum the objects up to numbers of the whole image."""
    return ImageSummary(
        count=len(objects),
        confluence=float(np.count_nonzero(labels) / labels.size),
        mean_area_px=_mean(objects, "area_px"),
        mean_area_um2=_mean(objects, "area_um2"),
        median_diameter_px=float(np.median(objects.columns["equivalent_diameter_px"])) if len(objects) else None,
        mean_intensity=_mean(objects, "mean_intensity"),
    )


def border_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the labels of the objects that the image's edge cuts."""
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.unique(edges[edges > 0])


def _mean(objects: ObjectTable, column: str) -> float | None:
    values = objects.columns.get(column)
    return float(values.mean()) if values is not None and len(values) else None
