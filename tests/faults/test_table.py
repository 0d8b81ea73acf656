"""A run is well only when nothing was found and every required fault came about."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.system import TwoSides
from tests.faults.table import Report


@contextmanager
def nothing(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    yield


@pytest.fixture
def report() -> Report:
    return Report.of([Fault("a", nothing), Fault("b", nothing, required=False)])


def test_a_required_fault_that_never_came_about_fails_the_run(report: Report) -> None:
    assert not report.well
    report.rows["a"].times = 1
    assert report.well, "b isn't required"


@pytest.mark.parametrize("what", ["lost", "doubled", "stuck", "strange"])
def test_whatever_is_found_fails_the_run(report: Report, what: str) -> None:
    report.rows["a"].times = 1
    setattr(report.rows["b"], what, 1)
    assert not report.well
    assert report.document()[what] == 1


def test_the_document_has_what_the_table_has(report: Report) -> None:
    row = report.rows["a"]
    row.times, row.recovered_s, row.wasted, report.files = 3, [1.0, 5.0, 2.04], 4, 12
    document: dict[str, Any] = report.document()
    assert {key: document[key] for key in ("injected", "files", "lost", "doubled", "stuck")} == {
        "injected": 3,
        "files": 12,
        "lost": 0,
        "doubled": 0,
        "stuck": 0,
    }
    told = document["by_fault"][0]
    assert (told["fault"], told["recover_median_s"], told["recover_max_s"], told["inferences_wasted"]) == ("a", 2, 5, 4)
    assert "| a | 3 | 0 | 0 | 0 | 2.0 | 5.0 | 4 |" in report.markdown()


def test_each_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
