"""Objects as GeoJSON (RFC 7946) that QuPath imports as detections: outlines in pixels, with measurements.

Coordinates count from the image's upper left corner, as QuPath's do: the first pixel reaches from 0 to 1.
"""

import json
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.contours import Ring, rings
from pipelines.segmentation.measurements import ObjectTable

Polygon = list[Ring]
"""An outer ring, then its holes."""


def as_geojson(labels: NDArray[np.int32], objects: ObjectTable) -> bytes:
    """Write labels (H, W) with their measurements as a FeatureCollection, in the order of the table."""
    found = polygons(labels)
    names = [name for name in objects.columns if name != "label"]
    rows = zip(*(objects.columns[name].tolist() for name in names), strict=True)
    features = [
        _feature(
            label, found[label], {name: value for name, value in zip(names, row, strict=True) if _is_number(value)}
        )
        for label, row in zip(objects.columns["label"].tolist(), rows, strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, separators=(",", ":"), allow_nan=False).encode()


def polygons(labels: NDArray[np.int32]) -> dict[int, list[Polygon]]:
    """Give the polygons of every object; several when it has pieces."""
    shells: dict[int, list[Polygon]] = {}
    holes: list[tuple[int, Ring]] = []
    for label, ring in rings(labels):
        if _area(ring) > 0:
            shells.setdefault(label, []).append([ring])
        else:
            holes.append((label, ring))
    for label, hole in holes:
        _around(hole, shells[label]).append(hole)
    return shells


def _around(hole: Ring, shells: list[Polygon]) -> Polygon:
    """The smallest of an object's pieces that a hole lies in."""
    if len(shells) == 1:
        return shells[0]
    dx, dy = np.sign(hole[1] - hole[0])
    x, y = hole[0] + np.array((dx + dy, dy - dx)) / 2.0  # the middle of a pixel on the ring's left: in the hole
    enclosing = [each for each in shells if cv2.pointPolygonTest(each[0].astype(np.int32), (x, y), False) > 0]
    return min(enclosing, key=lambda each: _area(each[0]))


def _area(ring: Ring) -> float:
    """Half the shoelace sum: positive for rings that run clockwise on the screen."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _feature(label: int, parts: list[Polygon], measurements: dict[str, Any]) -> dict[str, Any]:
    closed = [[[*ring.tolist(), ring[0].tolist()] for ring in part] for part in parts]
    single = len(closed) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": closed[0] if single else closed,
        },
        "properties": {"objectType": "detection", "name": str(label), "measurements": measurements},
    }


def _is_number(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
