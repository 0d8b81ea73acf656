"""Rows, columns and edges that stand out are told; noise and outliers are not."""

import random

import pytest

from dashboard.plates.effects import effects_of, noise_of
from labrelay.plates.wells import Well
from tests.dashboard.plates.samples import whole

SIZES = [(4, 6), (8, 12), (16, 24), (32, 48)]


def plate(rows: int, columns: int, seed: int = 1) -> dict[Well, float]:
    drawn = random.Random(seed)
    return {well: drawn.gauss(500, 40) for well in whole(rows, columns)}


@pytest.mark.parametrize("size", SIZES)
def test_a_plate_of_noise_has_no_effect(size: tuple[int, int]) -> None:
    for seed in range(12 if size[0] < 32 else 3):
        assert effects_of(plate(*size, seed=seed), *size) == []


def test_outliers_are_no_effect() -> None:
    values = plate(8, 12)
    values.update({Well(2, column): 9000.0 for column in (3, 7, 9)})
    assert effects_of(values, 8, 12) == []


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_a_planted_row_is_told(factor: float) -> None:
    values = {well: value * (factor if well.row == 3 else 1) for well, value in plate(8, 12).items()}
    (effect,) = effects_of(values, 8, 12)
    assert (effect.kind, effect.name) == ("row", "C")
    assert effect.share == pytest.approx(factor - 1, abs=0.08)
    assert ("higher" in effect.sentence) is (factor > 1)


def test_a_planted_column_is_told() -> None:
    values = {well: value * (1.4 if well.column == 7 else 1) for well, value in plate(16, 24).items()}
    assert [(each.kind, each.name) for each in effects_of(values, 16, 24)] == [("column", "7")]


def test_a_planted_edge_is_told_once() -> None:
    values = {
        well: value * (0.7 if well.row in (1, 8) or well.column in (1, 12) else 1)
        for well, value in plate(8, 12).items()
    }
    (effect,) = effects_of(values, 8, 12)
    assert (effect.kind, "edge" in effect.sentence) == ("edge", True)


def test_a_sure_but_small_effect_is_not_told() -> None:
    values = {well: 500 + (10 if well.row == 3 else 0) + 0.01 * (well.column % 3) for well in whole()}
    assert effects_of(values, 8, 12) == []


def test_few_wells_tell_nothing() -> None:
    assert effects_of({well: 1.0 + 9 * (well.row == 1) for well in whole(2, 3)}, 2, 3) == []


def test_the_noise_is_what_rows_and_columns_leave_over() -> None:
    drawn = random.Random(2)
    values = {well: 40 * well.row + 25 * well.column + drawn.gauss(0, 7) for well in whole(16, 24)}
    assert noise_of(values) == pytest.approx(7, rel=0.25)
