"""The card says what model.toml and the evaluations say, and is known to be old when they change."""

from pathlib import Path
from typing import Any

import pytest

import pipelines
from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.package import load_package, read_description
from pipelines.segmentation.packages.card import card, outdated

SHIPPED = sorted(Path(pipelines.__file__).parent.glob("*/model/MODEL_CARD.md"))
FAMILIAR = """
[quality]
val_ap_050 = 0.9
val_count_error = 0.05
val_images = 1234
before_quantisation_ap_050 = 0.903
chosen_on = "val"
[training]
data = "our own | plates"
licence = "CC0-1.0"
sources = ["Plate 7 of our reader"]
limits = ["Bright field only."]
citations = ["Us, 2026"]
"""


def pool(ap: float, images: int = 3) -> dict[str, Any]:
    return {
        "images": images,
        "objects": 1500,
        "average_precision": [ap, ap - 0.1, ap - 0.3],
        "count_error": 0.04,
        "count_bias": -0.02,
    }


def evaluation(name: str = "discs", ap: float = 0.91) -> dict[str, Any]:
    interval = {"ap_050": [0.88, 0.93], "count_error": [0.02, 0.06]}
    return {
        "model": {"name": name, "version": "1.0.0", "sha256": "ab" * 32, "precision": None},
        "settings": {"diameter_px": None, "native": False, "limit": 10},
        "ious": [0.5, 0.7, 0.9],
        "summary": pool(ap),
        "by_source": {"BBBC039": pool(0.95, 1), "": pool(0.85, 2)},
        "intervals": interval | {"by_source": {"BBBC039": {"ap_050": None}, "": interval}},
        "images": [],
    }


@pytest.fixture
def told(fresh_package: Path) -> Path:
    toml = fresh_package / "model.toml"
    text = toml.read_text(encoding="utf-8").replace('[training]\nanything = "goes here"\n', FAMILIAR)
    toml.write_text(text, encoding="utf-8")
    return fresh_package


def test_it_says_what_was_measured_by_source_with_intervals(told: Path) -> None:
    lines = card(load_package(told), {"test": evaluation()}).splitlines()
    everything = "| all | 3 | 1,500 | 0.910 (0.880–0.930) | 0.810 | 0.610 | 4.0% (2.0%–6.0%) | -2.0% |"
    assert everything in lines
    assert "| BBBC039 | 1 | 1,500 | 0.950 | 0.850 | 0.650 | 4.0% | -2.0% |" in lines
    assert any(line.startswith("**test**, measured with") and line.endswith("… and limit = 10") for line in lines)


def test_it_says_what_model_toml_says(told: Path) -> None:
    package = load_package(told)
    text = card(package)
    for digest in package.description.files.digests.values():
        assert digest in text
    assert "# Model card: discs 1.0.0" in text
    assert "| val | 0.9000 | 5.00% | 1,234 |" in text
    assert "| before quantisation | 0.9030 | – | – |" in text
    assert "| data | our own \\| plates |" in text
    assert "- Plate 7 of our reader" in text
    assert text.index("## Limits") < text.index("- Bright field only.") < text.index("- Us, 2026")
    assert "Not for diagnosis" in text
    assert "minimum focus" in text


def test_it_compares_precisions(told: Path) -> None:
    text = card(load_package(told), precisions={"FP32": evaluation(ap=0.912), "INT8": evaluation(ap=0.909)})
    assert "| FP32 | 0.9120 | 0.8120 | 0.6120 | +0.00 | 4.00% |" in text
    assert "| INT8 | 0.9090 | 0.8090 | 0.6090 | +0.30 | 4.00% |" in text


def test_an_evaluation_of_another_model_is_refused(told: Path) -> None:
    with pytest.raises(ModelPackageInvalid, match=r"is of cells 1\.0\.0, the card of discs 1\.0\.0"):
        card(load_package(told), {"test": evaluation("cells")})


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("val_ap_050 = 0.9", "val_ap_050 = 0.95", "the figures of [quality]"),
        ('version = "1.0.0"', 'version = "1.0.1"', "its name and version"),
    ],
)
def test_a_card_that_is_older_than_its_model_is_known(told: Path, old: str, new: str, wrong: str) -> None:
    toml = told / "model.toml"
    text = card(load_package(told))
    assert outdated(text, load_package(told).description) == []
    toml.write_text(toml.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert outdated(text, load_package(told).description) == [wrong]


def test_a_card_written_by_hand_may_say_what_it_likes_but_no_other_digest(told: Path) -> None:
    description = load_package(told).description
    assert outdated("# Mine", description) == []
    assert outdated(f"# Mine\n{'0' * 64}", description) == ["the digest 000000000000…"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parents[1].name)
def test_the_cards_that_ship_agree_with_their_models(path: Path) -> None:
    assert outdated(path.read_text(encoding="utf-8"), read_description(path.parent)[0]) == []
