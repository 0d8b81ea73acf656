"""Pools, data sets and the order of the worst."""

from pipelines.training.matching import Matches
from pipelines.training.report import Report
from pipelines.training.scores import ImageScore, by_source, summary

GOOD = ImageScore("good", 10, 10, (Matches(10, 0, 0),), "b")
BAD = ImageScore("bad", 10, 4, (Matches(4, 0, 6),), "a")
WORSE = ImageScore("worse", 20, 8, (Matches(8, 0, 12),), "a")
BLANK = ImageScore("blank", 0, 3, (Matches(0, 3, 0),), "b")


def test_the_worst_are_those_of_the_lowest_precision_then_of_most_errors() -> None:
    report = Report("val", [GOOD, BAD, WORSE, BLANK], (0.5,))
    assert [one.name for one in report.worst(3)] == ["blank", "worse", "bad"]


def test_what_is_found_on_blank_images_is_told_apart() -> None:
    pool = summary([GOOD, BLANK])
    assert (pool.found, pool.found_on_blank, pool.count_error) == (13, 3, 0.3)
    assert (pool.precision, pool.recall) == (10 / 13, 1.0)


def test_sources_are_pooled_apart() -> None:
    assert {name: [s.name for s in part] for name, part in by_source([GOOD, BAD, WORSE]).items()} == {
        "a": ["bad", "worse"],
        "b": ["good"],
    }


def test_no_image_at_all_makes_an_empty_pool() -> None:
    assert (summary([]).images, summary([]).average_precision) == (0, (1.0,))
