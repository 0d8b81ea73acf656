from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay import capability
from labrelay.capability import Fence
from labrelay.errors import Forbidden

FENCES = st.builds(Fence, st.uuids().map(str), st.uuids().map(str), st.integers(1, 99), st.integers(0, 99))


@given(FENCES, FENCES)
def test_a_capability_is_good_for_its_own_attempt_only(mine: Fence, other: Fence) -> None:
    key = b"k" * 32
    capability.verify(key, mine, capability.sign(key, mine))
    if other != mine:
        with pytest.raises(Forbidden):
            capability.verify(key, other, capability.sign(key, mine))


def test_the_query_carries_the_fence() -> None:
    fence = Fence("j", "t", 2, 3)
    query = parse_qs(capability.query(b"k", fence))
    assert capability.parse_fence("j", "t", query["attempt"][0]) == fence


@pytest.mark.parametrize("text", ["", "1", "1.", "a.b", "-1.2", "1.2.3"])
def test_a_changed_attempt_is_refused(text: str) -> None:
    with pytest.raises(Forbidden):
        capability.parse_fence("j", "t", text)


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = capability.load_key(tmp_path / "secrets")
    assert capability.load_key(tmp_path / "secrets") == first
    assert len(first) == 32
    (file,) = (tmp_path / "secrets").iterdir()
    assert file.stat().st_mode & 0o077 == 0
