import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.segmentation.familiarity import unfamiliarity
from pipelines.segmentation.features import FEATURES
from pipelines.segmentation.quality_sections import Familiar
from pipelines.training.familiarity import familiar, write_sections

Table = NDArray[np.float64]


@pytest.fixture
def table() -> Table:
    """Two hundred rows whose features depend on each other, and ten that are nonsense."""
    random = np.random.default_rng(0)
    mixed = random.normal(0, 1, (200, 5)) @ random.normal(0, 1, (5, len(FEATURES)))
    usual = mixed + random.normal(0, 0.3, mixed.shape) + 2.0
    return np.concatenate([usual, np.full((10, len(FEATURES)), 50.0)])


def _distance(row: Table, told: Familiar) -> float:
    return unfamiliarity(dict(zip(FEATURES, row, strict=True)), told)


def test_a_few_strange_images_don_t_change_what_is_usual(table: Table) -> None:
    told = Familiar.model_validate(familiar(table, np.arange(len(table))))
    assert np.abs(np.array(told.centre) - 2.0).max() < 1.5
    near = [_distance(row, told) for row in table[:200]]
    assert 0.3 < np.median(near) < 1.5
    assert min(_distance(row, told) for row in table[200:]) > max(near)


def test_about_one_in_fifty_lies_beyond_the_threshold(table: Table) -> None:
    told = Familiar.model_validate(familiar(table[:200], np.arange(200)))
    beyond = np.mean([_distance(row, told) > told.threshold for row in table[:200]])
    assert beyond <= 0.03


def test_what_is_usual_one_by_one_but_not_together_is_far(table: Table) -> None:
    told = Familiar.model_validate(familiar(table[:200], np.arange(200)))
    shuffled = np.random.default_rng(1).permuted(table[:200], axis=0)
    assert np.mean([_distance(row, told) > told.threshold for row in shuffled]) > 0.8


def test_sections_replace_those_of_the_same_name_and_leave_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "model.toml"
    file.write_text('name = "a"\n\n[familiar]\nthreshold = 1.0\n\n[scale]\nmedian = 3\n', encoding="utf-8")
    write_sections(tmp_path, {"familiar": {"precision": [[1.0, 0.5], [0.5, 1e-05]]}})
    expected = {"name": "a", "scale": {"median": 3}, "familiar": {"precision": [[1.0, 0.5], [0.5, 1e-05]]}}
    assert tomllib.loads(file.read_text(encoding="utf-8")) == expected
    write_sections(tmp_path, {"familiar": {"threshold": 2.0}})
    assert tomllib.loads(file.read_text(encoding="utf-8")) == expected | {"familiar": {"threshold": 2.0}}
