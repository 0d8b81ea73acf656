"""Pair predicted objects with true ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching


@dataclass(frozen=True)
class Matches:
    """Objects found (tp), invented (fp) and missed (fn); adding two pools their images."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: "Matches") -> "Matches":
        return Matches(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def average_precision(self) -> float:
        """TP / (TP + FP + FN), as in DSB 2018, StarDist and Cellpose; 1 where there is nothing and nothing found."""
        total = self.tp + self.fp + self.fn
        return self.tp / total if total else 1.0

    @property
    def precision(self) -> float:
        """Share of what was found that is true: TP / (TP + FP); 1 where nothing was found."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was found: TP / (TP + FN); 1 where there is nothing."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0


def match(labels_true: NDArray[Any], labels_pred: NDArray[Any], iou: float) -> Matches:
    """Pair objects one to one so that as many as possible overlap by at least `iou`.

    Args:
        labels_true: (H, W) integers, 0 background; numbers may have gaps.
        labels_pred: the same shape.
        iou: intersection over union, above 0 up to 1.

    Raises:
        ValueError: Shapes differ.
    """
    return Overlaps(labels_true, labels_pred).match(iou)


class Overlaps:
    """Overlaps of all objects of two label images, counted once for any number of thresholds."""

    def __init__(self, labels_true: NDArray[Any], labels_pred: NDArray[Any]) -> None:
        if labels_true.shape != labels_pred.shape:
            raise ValueError(f"Labels of {labels_true.shape} cannot be compared with {labels_pred.shape}.")
        true, self.true_count, true_areas = _ranked(labels_true)
        pred, self.pred_count, pred_areas = _ranked(labels_pred)
        shape = self.true_count + 1, self.pred_count + 1
        # Building a sparse matrix adds up what falls on the same place: faster than sorting pairs of labels.
        common = csr_matrix((np.ones(true.size, np.int64), (true, pred)), shape=shape)[1:, 1:].tocoo()
        self._true, self._pred = common.row, common.col
        self._iou = common.data / (true_areas[common.row] + pred_areas[common.col] - common.data)

    def match(self, iou: float) -> Matches:
        """Count the pairs at one threshold."""
        tp = len(self.pairs(iou)[0])
        return Matches(tp, self.pred_count - tp, self.true_count - tp)

    def pairs(self, iou: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pair at one threshold (Hopcroft-Karp, as at low thresholds one object may fit several).

        Returns:
            Places (pairs,) of the true and of the predicted objects, counted from 1 in the order of their labels.
        """
        fit = self._iou >= iou
        if not fit.any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        shape = self.true_count, self.pred_count
        graph = csr_matrix((np.ones(int(fit.sum())), (self._true[fit], self._pred[fit])), shape=shape)
        partners = np.asarray(maximum_bipartite_matching(graph, perm_type="column"), np.int64)
        paired = np.flatnonzero(partners >= 0)
        return paired + 1, partners[paired] + 1


def _ranked(labels: NDArray[Any]) -> tuple[NDArray[np.int64], int, NDArray[np.int64]]:
    """Pixels numbered 0 (background), 1..N; N; areas of objects 1..N."""
    flat = labels.ravel().astype(np.int64)
    if flat.max(initial=0) > flat.size:
        flat = np.unique(np.append(flat, 0), return_inverse=True)[1][:-1]
    areas = np.bincount(flat, minlength=1)
    areas[0] = 0
    present = areas > 0
    numbers = np.where(present, np.cumsum(present), 0).astype(np.int64)
    return numbers[flat], int(present.sum()), areas[present].astype(np.int64)
