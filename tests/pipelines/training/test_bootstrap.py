"""Intervals against cases whose intervals are known."""

import numpy as np
import pytest

from pipelines.training.bootstrap import interval, intervals
from pipelines.training.matching import Matches
from pipelines.training.scores import ImageScore


def scored(hits: int, of: int) -> ImageScore:
    return ImageScore("", of, hits, (Matches(hits, 0, of - hits),))


def test_a_share_of_single_objects_has_the_interval_of_a_binomial() -> None:
    scores = [scored(int(place < 320), 1) for place in range(400)]
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert intervals(scores)["ap_050"] == pytest.approx((0.8 - half, 0.8 + half), abs=0.006)
    assert intervals(scores)["count_error"] == pytest.approx((0.2 - half, 0.2 + half), abs=0.006)


def test_objects_that_fail_together_widen_the_interval() -> None:
    alone = intervals([scored(int(place % 5 > 0), 1) for place in range(400)])["ap_050"]
    together = intervals([scored(20 * int(place % 5 > 0), 20) for place in range(20)])["ap_050"]
    assert alone is not None
    assert together is not None
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_images_that_are_all_alike_leave_nothing_to_chance() -> None:
    assert intervals([scored(3, 4)] * 10) == {"ap_050": (0.75, 0.75), "count_error": (0.25, 0.25)}


def test_the_same_scores_get_the_same_interval_and_a_single_image_none() -> None:
    scores = [scored(place % 4, 4) for place in range(20)]
    assert intervals(scores) == intervals(scores)
    assert intervals(scores[:1]) == {"ap_050": None, "count_error": None}


def test_resamples_of_blank_images_alone_count_as_told() -> None:
    assert interval([0, 0], [0, 0], empty=1.0) == (1.0, 1.0)
