"""Patterns: what is captured, at which depth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_watcher.filters import Filter, pattern
from labrelay.settings.model import WatchedFolder


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**/*", "a.tif", True),
        ("**/*", "p/q/a.tif", True),
        ("*.tif", "p/q/a.tif", True),
        ("*.tif", "a.tiff", False),
        ("plate1/*.tif", "plate1/a.tif", True),
        ("plate1/*.tif", "plate1/deep/a.tif", False),
        ("plate1/**/*.tif", "plate1/deep/er/a.tif", True),
        ("plate1/**", "plate1/deep/a.tif", True),
        ("A0?_w[12].tif", "A01_w2.tif", True),
        ("A0?_w[!12].tif", "A01_w2.tif", False),
        ("a+b(1).tif", "a+b(1).tif", True),
        ("**/.*", ".hidden", True),
        ("**/.*", "p/.hidden", True),
        ("**/.*", "p/a.tif", False),
    ],
)
def test_a_pattern_matches_as_written(glob: str, path: str, *, matches: bool) -> None:
    assert bool(pattern(glob).fullmatch(path)) is matches


def test_an_excluded_folder_excludes_all_below_it() -> None:
    chosen = Filter(WatchedFolder(path=".", exclude=("**/.*", "calibration")))
    assert not chosen.admits(".git/objects/a.tif")
    assert not chosen.admits("p/calibration/a.tif")
    assert chosen.admits("p/calibrated/a.tif")


def test_without_recursion_only_the_upper_files_count() -> None:
    chosen = Filter(WatchedFolder(path=".", recursive=False))
    assert chosen.admits("a.tif")
    assert not chosen.admits("p/a.tif")


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_no_pattern_and_no_path_raise(glob: str, path: str) -> None:
    assert Filter(WatchedFolder(path=".", include=(glob,))).admits(path) in (True, False)


@given(st.text(st.characters(exclude_characters="*?[]/", exclude_categories=["Cs"]), min_size=1))
def test_a_name_without_wildcards_matches_itself(name: str) -> None:
    assert pattern(name).fullmatch(f"deep/{name}")
