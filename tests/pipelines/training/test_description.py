"""What is written as model.toml reads back as it was."""

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.training.description import as_toml

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
TABLES = st.recursive(
    st.dictionaries(st.text("ab c.-ä\"'", min_size=1, max_size=4), VALUES, max_size=3),
    lambda inner: st.dictionaries(
        st.text("xy.z", min_size=1, max_size=3), inner | st.lists(inner | VALUES), max_size=3
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_any_content_comes_back(content: dict[str, Any]) -> None:
    assert tomllib.loads(as_toml(content)) == content


def test_the_shipped_description_comes_back() -> None:
    file = Path(__file__).parents[3] / "pipelines" / "nuclei" / "model" / "model.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    assert tomllib.loads(as_toml(content)) == content


def test_what_is_none_is_left_out() -> None:
    assert as_toml({"a": None, "b": {"c": None, "d": 1}}) == "[b]\nd = 1\n"
