"""A model's card becomes blocks without any markup of its own; every shipped card's words are all there."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipelines
from dashboard.models.card import blocks_of, plain

CARDS = sorted(Path(pipelines.__file__).parent.glob("*/model/MODEL_CARD.md"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.parent.name)
def test_every_word_of_a_shipped_card_is_shown(path: Path) -> None:
    card = path.read_text(encoding="utf-8")
    shown = " ".join(" ".join([block.text, *(cell for row in block.rows for cell in row)]) for block in blocks_of(card))
    words = re.findall(r"\w+", plain(re.sub(r"^\s*[|:\-\s]+$", "", card, flags=re.MULTILINE)))
    assert re.findall(r"\w+", shown) == words
    assert {"heading", "text", "table"} <= {block.kind for block in blocks_of(card)}


@given(st.text(alphabet="#|-`* \nab<", max_size=120))
def test_any_text_is_read(card: str) -> None:
    assert all(block.kind in {"heading", "text", "list", "table", "code"} for block in blocks_of(card))
