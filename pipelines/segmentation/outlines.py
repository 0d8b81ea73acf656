"""Where objects end: the pixels along their edges."""

import numpy as np
from numpy.typing import NDArray


def outlines(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark the pixels (H, W) of objects that have a pixel of something else above, below, left or right of them."""
    edges = np.zeros(labels.shape, np.bool_)
    below, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= below
    edges[:-1] |= below
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges & (labels > 0)
