"""Join pieces of one object: those whose pixels point at the same centre (after Neven et al., CVPR 2019)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Labels = NDArray[np.int32]


def joined(labels: Labels, offsets: NDArray[np.float32], agreement: float) -> Labels:
    """Make one object of neighbours that point at places nearer than `agreement` radii of the larger one.

    Two halves of one nucleus both point at its middle; two nuclei that touch point two radii apart.

    Args:
        labels: (H, W), 0 background, 1..N.
        offsets: (2, H, W), rows and columns from each pixel to the centre of its object, in pixels.
        agreement: in radii of a circle with the area of the larger one.

    Returns:
        (H, W) int32, 0 background; numbers may have gaps.
    """
    first, second = neighbours(labels)
    if not first.size:
        return labels
    centres, radii = _centres(labels, offsets)
    apart = np.hypot(*(centres[:, first] - centres[:, second]))
    one = apart < agreement * np.maximum(radii[first], radii[second])
    links = coo_matrix((np.ones(int(one.sum())), (first[one], second[one])), shape=(radii.size, radii.size))
    groups = connected_components(links, directed=False)[1].astype(np.int32)
    # The background is linked to nothing, so its group holds it alone; it must be 0 again.
    return np.where(groups == groups[0], 0, groups + 1).astype(np.int32)[labels]


def neighbours(labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of objects that share an edge of a pixel, the smaller number first, each pair once."""
    pairs = np.concatenate([_pairs(labels[1:], labels[:-1]), _pairs(labels[:, 1:], labels[:, :-1])], axis=1)
    count = int(labels.max(initial=0)) + 1
    codes = np.unique(pairs.min(axis=0, initial=count) * count + pairs.max(axis=0, initial=0))
    return codes // count, codes % count


def _pairs(one: Labels, other: Labels) -> NDArray[np.int64]:
    touching = (one != other) & (one > 0) & (other > 0)
    return np.stack([one[touching], other[touching]]).astype(np.int64)


def _centres(labels: Labels, offsets: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean place (2, N + 1) that each object's pixels point at, and radius (N + 1,) of a circle of its area."""
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns]
    areas = np.maximum(np.bincount(numbers), 1)
    places = [rows + offsets[0, rows, columns], columns + offsets[1, rows, columns]]
    return np.stack([np.bincount(numbers, place) for place in places]) / areas, np.sqrt(areas / np.pi)
