"""A short seeded selection of the faults, and the harness itself; the long run is `make faults`."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault, NotInjected
from tests.faults.harness import Harness
from tests.faults.oracle import files_below
from tests.faults.system import Places, TwoSides, two_sides
from tests.faults.table import Row
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

SEED = 20_261_122
BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoSides]:
    places = Places.below(tmp_path_factory.mktemp("faults"))
    with two_sides(places, random.Random(SEED), bento=False) as sides:
        yield sides


def after(sides: TwoSides, *faults: Fault) -> Row:
    """The row after one round of these faults."""
    harness = Harness(sides, faults, random.Random(SEED))
    harness.round(list(faults))
    return harness.report.rows[faults[0].name]


@pytest.mark.parametrize(
    "names",
    [["kill -9 gateway"], ["Redis emptied (FLUSHALL)", "connections reset, also mid-body"]],
    ids=lambda names: " and ".join(names),
)
def test_nothing_is_lost_doubled_or_stuck(sides: TwoSides, names: list[str]) -> None:
    row = after(sides, *[BY_NAME[name] for name in names])
    assert row.times, row.not_injected
    assert not row.bad, row.document()


def test_a_planted_loss_is_found(sides: TwoSides) -> None:
    row = after(sides, Fault("an output is deleted", deleting, settle_s=5))
    assert (row.lost, row.doubled, row.stuck) == (1, 0, 0)


def test_a_planted_double_is_found(sides: TwoSides) -> None:
    row = after(sides, Fault("an output lies under another job's name too", copying, settle_s=30))
    assert (row.lost, row.doubled, row.stuck) == (0, 1, 0)


def test_a_fault_that_does_not_come_about_counts_zero(sides: TwoSides) -> None:
    row = after(sides, Fault("there is nothing to hit", failing))
    assert (row.times, row.missed, row.bad) == (0, True, 0)
    assert row.not_injected == "nobody is there"


@contextmanager
def deleting(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    output_of(sides, "loss/planted.tif").unlink()
    yield


@contextmanager
def copying(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    output = output_of(sides, "double/planted.tif")
    shutil.copyfile(output, output.with_name(f"other~12345678{output.suffix}"))
    yield


def output_of(sides: TwoSides, name: str) -> Path:
    """The finished output of a file that is written now, the only one of its folder."""
    sides.stream.write(name)
    until(lambda: [job["stage"] for job in sides.jobs_of(name)] == ["complete"], "complete")
    (output,) = files_below(sides.places.results / Path(name).parent)
    return output


@contextmanager
def failing(sides: TwoSides, chance: random.Random) -> Iterator[None]:
    raise NotInjected("nobody is there")
    yield
